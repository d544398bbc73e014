//! PostgreSQL servers of the tests' own, on loopback, each in a folder that goes with it.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};
use tokio::sync::OnceCell;

use super::process::{Process, free_port};
use super::tools;
use super::wait::eventually;

/// The user of the system whom a server runs as when the tests run as root, which PostgreSQL refuses: nobody.
const NOBODY: u32 = 65_534;
/// The user of the database whom only a password lets in.
pub(crate) const GUARDED: &str = "guarded";
/// That password.
pub(crate) const PASSWORD: &str = "an open secret";
/// What a crash of the machine would lose does not matter here, and every connection is on loopback.
const SETTINGS: [&str; 11] = [
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=300",
    "shared_buffers=32MB",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "log_min_messages=fatal",
    "ssl=on",
    "ssl_cert_file=certificate.pem",
    "ssl_key_file=key.pem",
];

/// A server, running or stopped.
pub(crate) struct Server {
    port: u16,
    /// Whether the tests run as root.
    is_root: bool,
    folder: tempfile::TempDir,
    process: Option<Process>,
}

/// The server that all tests share which do not stop it. It ends with the test binary.
pub(crate) async fn shared() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER.get_or_init(|| Server::begin(true)).await
}

/// The location of a new, empty database on the shared server.
pub(crate) async fn database() -> String {
    shared().await.database().await
}

/// Runs statements on the database at `location`.
pub(crate) async fn execute(location: &str, statements: &str) {
    let mut connection = PgConnection::connect(location).await.expect("the server lets the tests in");
    let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()));
    statements.execute(&mut connection).await.expect("the server runs it");
    connection.close().await.expect("the connection can be closed");
}

impl Server {
    /// A server for one test.
    pub(crate) async fn start() -> Self {
        Self::begin(false).await
    }

    async fn begin(is_shared: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("appaccess-postgresql-").tempdir().expect("a scratch folder");
        let is_root = folder.path().metadata().expect("the scratch folder is there").uid() == 0;
        let mut server = Self { port: free_port(), is_root, folder, process: None };
        server.give_away(server.folder.path());
        server.make();
        server.begin_to_serve(is_shared).await;
        execute(&server.url("postgres", "postgres"), &format!("CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'"))
            .await;
        server
    }

    /// Stops it in the middle of whatever it does: connections break, and what was not committed is undone.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, where it was and with all that was committed.
    pub(crate) async fn start_again(&mut self) {
        self.begin_to_serve(false).await;
    }

    /// The location of a new, empty database.
    pub(crate) async fn database(&self) -> String {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("store_{}", MADE.fetch_add(1, Ordering::Relaxed));
        execute(&self.url("postgres", "postgres"), &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        self.url("postgres", &name)
    }

    /// The location of a database, for a user.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The file with its certificate, which is for the name localhost and which nobody vouches for.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.data().join("certificate.pem")
    }

    /// Makes the files of a server that asks nobody but [`GUARDED`] for a password.
    fn make(&self) {
        let mut command = self.program("initdb");
        command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let output = command.arg("--pgdata").arg(self.data()).output().expect("initdb can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rules = format!("host all {GUARDED} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
        std::fs::write(self.data().join("pg_hba.conf"), rules).expect("the rules can be written");
        for (name, tag, bytes) in [
            ("certificate.pem", "CERTIFICATE", include_bytes!("../../../src/http/tests/self_signed.der").as_slice()),
            ("key.pem", "PRIVATE KEY", include_bytes!("../../../src/http/tests/self_signed.key.der").as_slice()),
        ] {
            let path = self.data().join(name);
            std::fs::write(&path, pem::encode(&pem::Pem::new(tag, bytes))).expect("the certificate can be written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("we have made it");
            self.give_away(&path);
        }
    }

    fn give_away(&self, path: &Path) {
        if self.is_root {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
        }
    }

    /// Starts it and waits until it answers. One that is shared ends with the test binary, whose values are never dropped.
    async fn begin_to_serve(&mut self, is_shared: bool) {
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        let log = self.folder.path().join("log");
        // The signal for an end at once, after which nothing is left behind.
        let mut process = Process::start_to_end_by("QUIT", &command, &log, is_shared.then_some(self.folder.path()));
        let location = self.url("postgres", "postgres");
        eventually("PostgreSQL answers", async || {
            let ended = process.last_words();
            assert!(ended.is_none(), "PostgreSQL ended: {}", ended.unwrap_or_default());
            let connection = PgConnection::connect(&location).await.ok()?;
            connection.close().await.ok()
        })
        .await;
        self.process = Some(process);
    }

    /// A program of PostgreSQL, as somebody who is not root.
    fn program(&self, name: &str) -> Command {
        let program = programs().join(name);
        let mut command = if self.is_root {
            let mut command = Command::new("setpriv");
            let who = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
            command.args(who).arg("--clear-groups").arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn programs() -> &'static Path {
    static PROGRAMS: std::sync::LazyLock<PathBuf> = std::sync::LazyLock::new(tools::postgresql);
    &PROGRAMS
}
