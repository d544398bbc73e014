//! One line on a terminal that says how far long work came, how fast it goes and what it waits for. Whatever else is
//! printed while it stands there goes through [`aside`], so that neither tears the other.

mod line;

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use appaccess_core::access::ObjectName;

use self::line::{SILENT_FOR, Work};
use super::width;
use crate::{
    http::{News, Why},
    sync,
};

/// How often the line is written anew.
const TICK: Duration = Duration::from_millis(200);
/// To keep below a limit for less than this is nothing to warn of.
const WORTH_A_WORD: Duration = Duration::from_secs(3);
/// To the first column, and nothing to the right of it.
const CLEAR: &str = "\r\u{1b}[2K";

/// Whether the line stands on the terminal at present.
static SHOWN: Mutex<bool> = Mutex::new(false);

/// Prints something else: takes the line away first, and nobody writes it anew meanwhile.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::take(&mut *shown) {
        let _ = io::stderr().write_all(CLEAR.as_bytes());
    }
    print()
}

/// Writes the line, in place of what stood there.
fn draw(line: &str) {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *shown = true;
    // That nobody sees it is no fault.
    let _ = io::stderr().write_all(format!("{CLEAR}{line}").as_bytes());
}

/// What is known of the work of a command, while somebody watches it.
#[derive(Default)]
pub(crate) struct Board(Mutex<Option<(Instant, Work)>>);

impl Board {
    /// What a fleet tells its steps to. Where no line is shown, waits are logged instead.
    pub(crate) fn listener(self: &Arc<Self>) -> sync::Progress {
        let board = Arc::clone(self);
        sync::Progress::by(move |app, step| board.take(app, step))
    }

    fn take(&self, app: &ObjectName, step: &sync::Step) {
        log(app, step);
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *watched {
            Some((began, work)) => work.take(app, step, began.elapsed()),
            None => {
                if let sync::Step::Client(News::Waits(wait)) = step {
                    let (seconds, why) = (wait.duration.as_secs(), wait.why.word());
                    if wait.why == Why::Pace && wait.duration < WORTH_A_WORD {
                        tracing::debug!(%app, host = %wait.host, why, "waiting for a moment");
                    } else {
                        tracing::warn!(%app, host = %wait.host, seconds, why, "waiting");
                    }
                }
            }
        }
    }

    fn line(&self, width: usize) -> Option<String> {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.as_ref().and_then(|(began, work)| work.line(began.elapsed(), width))
    }

    fn watch(&self, work: Option<Work>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = work.map(|work| (Instant::now(), work));
    }
}

/// Says what is done to whoever asked for logs.
fn log(app: &ObjectName, step: &sync::Step) {
    match step {
        sync::Step::Begins => tracing::info!(%app, "opening"),
        sync::Step::Client(News::Listed { what, rows, .. }) => tracing::info!(%app, what, rows, "reading"),
        sync::Step::Client(_) => {}
        sync::Step::Changing { done, of } => tracing::info!(%app, done, of, "changing"),
        sync::Step::ReadingBack => tracing::info!(%app, "reading back"),
        sync::Step::Ends => tracing::info!(%app, "done"),
    }
}

/// A line that goes away with this value. Silent where nobody watches.
pub(crate) struct Progress {
    _shown: Option<Shown>,
}

struct Shown {
    board: Arc<Board>,
    stop: mpsc::Sender<()>,
    writer: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows what becomes of the work on so many `apps` that `board` is told of, from the third second on.
    pub(crate) fn start(what: &'static str, apps: usize, quiet: bool, board: &Arc<Board>) -> Self {
        if quiet || !is_watched() {
            return Self { _shown: None };
        }
        board.watch(Some(Work::new(what, apps)));
        let (stop, stopped) = mpsc::channel();
        let drawn = Arc::clone(board);
        let writer = std::thread::Builder::new().name("progress".into()).spawn(move || {
            let mut pause = SILENT_FOR;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                pause = TICK;
                if let Some(line) = drawn.line(width::of(&io::stderr())) {
                    draw(&line);
                }
            }
        });
        Self { _shown: Some(Shown { board: Arc::clone(board), stop, writer: writer.ok() }) }
    }
}

/// Whether standard error is a terminal that can take a line away again.
fn is_watched() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(writer) = self.writer.take() {
            // It ends at once, and a panic in it is not worth another.
            let _ = writer.join();
        }
        self.board.watch(None);
        aside(|| ());
    }
}
