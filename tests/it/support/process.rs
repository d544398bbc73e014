//! Child processes that end with the test binary, however that ends: returned, panicked, interrupted or killed.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// Runs `$3 …` until it ends, or ends it by the signal `$2` when standard input closes; then removes the folder `$1`, where
/// one is given.
///
/// Statics are never dropped and a killed process runs nothing at all, but the kernel always closes its pipes. The signals
/// are ignored because Ctrl-C reaches the whole process group: the watcher must outlive the test binary.
const SUPERVISOR: &str = r#"
trap '' INT TERM HUP
scratch=$1
signal=$2
shift 2
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
( read -r _ <&3; kill "-$signal" "$child" ) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill -KILL "$watcher" 2>/dev/null
[ -z "$scratch" ] || rm -rf "$scratch" 2>/dev/null
exit "$code"
"#;

/// How many lines of a log a failure shows.
const TAIL: usize = 30;

/// A program that runs until this value is dropped. It is killed by its process id, without a word: all that it keeps is
/// thrown away.
pub(crate) struct Process {
    supervisor: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, with all its output in the file `log`; `scratch` is removed when it has ended.
    pub(crate) fn start(command: &Command, log: &Path, scratch: Option<&Path>) -> Self {
        Self::start_to_end_by("KILL", command, log, scratch)
    }

    /// The same for a program that must not be killed outright: it ends by the signal of that name.
    pub(crate) fn start_to_end_by(signal: &str, command: &Command, log: &Path, scratch: Option<&Path>) -> Self {
        let output = File::create(log).expect("the log file of a process can be made");
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", SUPERVISOR, "supervisor"]).arg(scratch.unwrap_or(Path::new(""))).arg(signal);
        supervisor.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            supervisor.env(name, value.expect("a process of the tests only adds to the environment"));
        }
        if let Some(folder) = command.get_current_dir() {
            supervisor.current_dir(folder);
        }
        let supervisor = supervisor
            .stdin(Stdio::piped())
            .stderr(output.try_clone().expect("the log file can be shared by both outputs"))
            .stdout(output)
            .spawn()
            .expect("sh can be started");
        Self { supervisor, log: log.to_path_buf() }
    }

    /// The last lines that it printed, where it has ended by itself.
    pub(crate) fn last_words(&mut self) -> Option<String> {
        let status = self.supervisor.try_wait().expect("the supervisor can be asked")?;
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        Some(format!("{status}\n{}", lines[lines.len().saturating_sub(TAIL)..].join("\n")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // Nothing to be done about an error here, and the panic of a failing test must stay the one that is shown.
        let _ = self.supervisor.wait();
    }
}

/// A port on the loopback address that nobody listens on.
///
/// From below the range that the system hands out by itself, so that no outgoing connection takes it before its server
/// does; each process and each call begins elsewhere.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = u16::try_from(std::process::id() % u32::from(COUNT)).expect("a remainder of a 16-bit number");
    (0..COUNT)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(process.wrapping_mul(37)) % COUNT + FIRST)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of twelve thousand ports is free")
}
