//! One line on a terminal that says what is being done, so that long work does not look like none.

use std::io::{self, IsTerminal as _, Write as _};

/// A line that goes away with this value. Silent where nobody watches.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    /// Says what is being done.
    pub(crate) fn start(what: &str, quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        if shown {
            let _ = write!(io::stderr(), "\r\u{1b}[2K{what}…");
        }
        Self { shown }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}
