//! What a location names: a file, a database in memory, or a database on a server. Opens nothing, and never repeats what
//! may hold a password.

use std::{convert::Infallible, fmt, net::IpAddr, ops::Deref, path::PathBuf, str::FromStr};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use super::StoreError;

/// Parameters of a `postgres:` location, besides `options[NAME]`. Others are refused: what is passed over may have been
/// meant to protect.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Further words of the `key=value` form that other programs of PostgreSQL take
/// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>).
const KEYWORDS: &[&str] = &["passfile", "service", "connect_timeout", "client_encoding", "target_session_attrs"];

/// Where a store is, as it was given. Shows of a URL only the scheme, since a password can stand in many places of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Location(String);

impl FromStr for Location {
    type Err = Infallible;

    fn from_str(location: &str) -> Result<Self, Infallible> {
        Ok(Self(location.to_owned()))
    }
}

impl Deref for Location {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown(&self.0))
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&shown(&self.0), formatter)
    }
}

/// What a location names.
#[derive(Debug)]
pub(super) enum Place {
    Memory,
    File(PathBuf),
    /// Not to be printed: it holds the password.
    Server(Server),
}

/// How a server is reached.
pub(super) struct Server(pub(super) Box<PgConnectOptions>);

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Server")
    }
}

/// What `location` names.
pub(super) fn place(location: &str) -> Result<Place, StoreError> {
    let wrong = |why| StoreError::Location { location: shown(location), why };
    if is_for_a_server(location) {
        return Err(wrong("a server is named by a URL that begins with `postgres://`"));
    }
    let path = match location.split_once(':') {
        Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
        Some(("postgres" | "postgresql", _)) => return server(location).map(Place::Server).map_err(wrong),
        Some((_, rest)) if rest.starts_with("//") => return Err(wrong("only `sqlite:` and `postgres:` are known")),
        _ => location,
    };
    match path {
        "" => Err(wrong("it is empty")),
        ":memory:" => Ok(Place::Memory),
        _ if path.contains('\0') => Err(wrong("it holds a NUL character")),
        _ if path.len() < location.len() && path.contains('?') => Err(wrong("parameters are not allowed")),
        _ => Ok(Place::File(PathBuf::from(path))),
    }
}

/// The location as it may be printed.
fn shown(location: &str) -> String {
    if is_for_a_server(location) {
        return "…".to_owned();
    }
    match location.split_once(':') {
        Some((scheme, _)) if scheme != "sqlite" && location.contains("//") => format!("{scheme}://…"),
        Some((scheme @ ("postgres" | "postgresql"), _)) => format!("{scheme}:…"),
        _ => location.to_owned(),
    }
}

/// Whether it names a server in a form that we do not take: `host=… password=…`, or a URL without its scheme. As the path of
/// a file it would be taken silently, and its password printed; such a file is named with `./` before it.
fn is_for_a_server(location: &str) -> bool {
    let ends = location.match_indices('=').filter_map(|(at, _)| location.get(..at));
    let mut keys = ends.filter_map(|before| before.trim_end().rsplit(char::is_whitespace).next());
    let first = location.split('/').next().unwrap_or_default();
    let holds_password = first.split_once(':').is_some_and(|(_, rest)| rest.contains('@'));
    let has_scheme = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| location.starts_with(scheme));
    !has_scheme && (holds_password || keys.any(|key| PARAMETERS.contains(&key) || KEYWORDS.contains(&key)))
}

fn server(location: &str) -> Result<Server, &'static str> {
    let url = Url::parse(location).map_err(|_| "it is not a URL")?;
    if url.cannot_be_a_base() {
        return Err("a URL begins with `postgres://`");
    }
    let is_known = |name: &str| PARAMETERS.contains(&name) || (name.starts_with("options[") && name.ends_with(']'));
    if !url.query_pairs().all(|(name, _)| is_known(&name)) {
        return Err("it has a parameter that is not known");
    }
    let options: PgConnectOptions = location.parse().map_err(|_| "a part or parameter of it has no such value")?;
    let says_mode = url.query_pairs().any(|(name, _)| matches!(&*name, "sslmode" | "ssl-mode"))
        || std::env::var_os("PGSSLMODE").is_some();
    Ok(Server(Box::new(if says_mode || is_near(&options) { options } else { options.ssl_mode(PgSslMode::VerifyFull) })))
}

/// Whether the way to the server does not leave this machine.
fn is_near(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn file(location: &str) -> PathBuf {
        match place(location) {
            Ok(Place::File(path)) => path,
            other => panic!("{location:?} names no file: {other:?}"),
        }
    }

    fn mode(location: &str) -> PgSslMode {
        match place(location) {
            Ok(Place::Server(server)) => server.0.get_ssl_mode(),
            other => panic!("{location:?} names no server: {other:?}"),
        }
    }

    #[test]
    fn a_location_is_a_path_or_a_url() {
        assert_eq!(file(".appaccess/state.db"), Path::new(".appaccess/state.db"));
        assert_eq!(file("sqlite:state.db"), Path::new("state.db"));
        assert_eq!(file("sqlite:///var/state.db"), Path::new("/var/state.db"));
        for odd in ["odd:name.db", "./user=1.db", "tenant=1/state.db", "a@b.db", "mail@host:1.db"] {
            assert_eq!(file(odd), Path::new(odd));
        }
        assert!(matches!(place(":memory:"), Ok(Place::Memory)));
        assert!(matches!(place("sqlite::memory:"), Ok(Place::Memory)));
        for wrong in
            ["", "sqlite:", "mysql://db/x", "sqlite:state.db?mode=ro", "a\0b", "postgres://db:port/x", "postgres:x"]
        {
            assert!(matches!(place(wrong), Err(StoreError::Location { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn a_server_elsewhere_must_prove_who_it_is_unless_the_location_says_otherwise() {
        assert!(matches!(mode("postgres://db.example/x"), PgSslMode::VerifyFull));
        assert!(matches!(mode("postgresql://10.0.0.7/x"), PgSslMode::VerifyFull));
        assert!(matches!(mode("postgres://db.example/x?sslmode=require"), PgSslMode::Require));
        assert!(matches!(mode("postgres://db.example/x?sslmode=disable"), PgSslMode::Disable));
        for near in ["postgres://127.0.0.1/x", "postgres://[::1]/x", "postgres:///x?host=/run/postgresql"] {
            assert!(matches!(mode(near), PgSslMode::Prefer), "{near}");
        }
    }

    #[test]
    fn a_password_is_never_repeated() {
        for wrong in [
            "postgres://ana:secret@db:port/x",
            "postgres://ana:secret@db/x?sslmode=always",
            "postgres://db/x?pasword=secret",
            "postgres:ana:secret@db",
            "mysql://ana:secret@db/x",
            "host=db user=ana password=secret",
            "host = 'db' password = 'secret'",
            "dbname=x password=a://secret options=-csearch_path:y",
            "password=secret",
            "passfile=/home/ana/secret",
            "ana:secret@db/x",
            "ana:secret@db:5432//x",
        ] {
            let error = place(wrong).unwrap_err();
            let Ok(location) = wrong.parse::<Location>();
            let told = format!("{error} {error:?} {location} {location:?}");
            assert!(!told.contains("secret"), "{told}");
        }
        let right = place("postgres://ana:secret@db/x?options[search_path]=ours").unwrap();
        assert!(!format!("{right:?}").contains("secret"));
    }
}
