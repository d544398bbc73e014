//! How much of the time for waiting is spent. Waits that overlap count once, as nobody waits twice at the same time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The account of one client's waits.
#[derive(Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    spent: Duration,
    waiters: u32,
    /// When the present stretch of waiting began.
    since: Option<Instant>,
}

impl Waiting {
    /// Begins a wait if the budget has room for it. It ends when the guard is dropped, in time or cancelled.
    pub(super) fn begin(&self, wait: Duration, budget: Duration, now: Instant) -> Option<WaitGuard<'_>> {
        let mut state = self.state();
        let running = state.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let left = budget.saturating_sub(state.spent.saturating_add(running));
        if wait > left {
            return None;
        }
        state.waiters += 1;
        state.since.get_or_insert(now);
        Some(WaitGuard(self))
    }

    /// Forgets what was spent, at the start of a new pass.
    pub(super) fn renew(&self, now: Instant) {
        let mut state = self.state();
        state.spent = Duration::ZERO;
        state.since = state.since.map(|_| now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that is going on.
pub(super) struct WaitGuard<'a>(&'a Waiting);

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiters = state.waiters.saturating_sub(1);
        if state.waiters == 0
            && let Some(since) = state.since.take()
        {
            state.spent = state.spent.saturating_add(Instant::now().saturating_duration_since(since));
        }
    }
}
