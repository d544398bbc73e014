//! The one task of a target app: no two passes over one app at once, whatever happens to it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use appaccess_core::access::ObjectName;
use futures::FutureExt;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Context,
    snapshot::Snapshot,
    timing::{LONGEST, Outlook, next_look, wait},
    turn::{Turn, turn},
};
use crate::sync::pace::{self, Spent};

/// A running worker, as its manager sees it.
pub(super) struct Worker {
    wake: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    /// What mattered to its app when it was last woken.
    mark: u64,
}

impl Worker {
    /// Starts the worker of an app, once the one before it has ended.
    pub(super) fn start(context: &Arc<Context>, name: &ObjectName, mark: u64, before: Option<JoinHandle<()>>) -> Self {
        let wake = Arc::new(Notify::new());
        let stop = context.stop.child_token();
        let one = One { context: Arc::clone(context), name: name.clone(), wake: Arc::clone(&wake), stop: stop.clone() };
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // However it ended: it has.
                let _ = before.await;
            }
            let (metrics, app) = (Arc::clone(&one.context.metrics), one.name.to_string());
            metrics.begin(&app, (one.context.fleet.clock)());
            one.work().await;
            // Not earlier: a pass under way still counts when it ends.
            metrics.forget(&app);
        });
        Self { wake, stop, task, mark }
    }

    /// Asks for a pass, if something has changed.
    pub(super) fn wake(&mut self, mark: u64) {
        if self.mark != mark {
            self.mark = mark;
            self.wake.notify_one();
        }
    }

    /// Asks it to end between two changes.
    pub(super) fn end(self) -> JoinHandle<()> {
        self.stop.cancel();
        self.task
    }
}

struct One {
    context: Arc<Context>,
    name: ObjectName,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

impl One {
    async fn work(self) {
        let mut failures: u32 = 0;
        let mut spent = None;
        while let Some(last) = self.take_turn().await {
            failures = if last.failed { failures.saturating_add(1) } else { 0 };
            spent = Spent::after(spent, last.spent);
            let outlook = self.outlook(&last, failures, spent);
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.wake.notified() => failures = 0,
                () = self.rest(&outlook) => {}
            }
        }
    }

    /// Until the next look. A clock that was set meanwhile is noticed.
    async fn rest(&self, outlook: &Outlook) {
        let mut left = wait(outlook);
        while let Some(nap) = next_look(outlook, left, (self.context.fleet.clock)()) {
            tokio::time::sleep(nap).await;
            left = left.saturating_sub(nap);
        }
    }

    /// Waits for its turn and takes it; `None` at the end.
    async fn take_turn(&self) -> Option<Turn> {
        loop {
            let place = tokio::select! {
                () = self.stop.cancelled() => return None,
                place = self.context.places.acquire() => place.ok()?,
            };
            // Taken after the waiting, so that it is not older than that.
            let Some(snapshot) = self.context.snapshot.borrow().clone() else {
                drop(place);
                self.knowledge().await?;
                continue;
            };
            let taken = AssertUnwindSafe(turn(&self.context, &snapshot, &self.name, &self.stop)).catch_unwind().await;
            return Some(match taken {
                Ok(Some(turn)) => turn,
                // Gone, or not readable any more: the manager ends this worker, or wakes it again.
                Ok(None) => Turn::default(),
                Err(_) => {
                    tracing::error!(app = %self.name, "a turn ended by a fault of ours");
                    Turn { failed: true, ..Turn::default() }
                }
            });
        }
    }

    /// Waits until something can be decided again; `None` at the end.
    async fn knowledge(&self) -> Option<()> {
        let mut snapshots = self.context.snapshot.subscribe();
        tokio::select! {
            () = self.stop.cancelled() => None,
            known = snapshots.wait_for(|snapshot: &Option<Arc<Snapshot>>| snapshot.is_some()) => known.ok().map(drop),
        }
    }

    fn outlook(&self, last: &Turn, failures: u32, spent: Option<Spent>) -> Outlook {
        let now = (self.context.fleet.clock)();
        let snapshot = self.context.snapshot.borrow().clone();
        let sharing = snapshot.map_or(1, |snapshot| pace::sharing(&snapshot.loaded, &self.name));
        let app = self.context.cluster.target_apps.get(&self.name);
        let interval = app.and_then(|app| Some(pace::interval(&app.0.as_ref().ok()?.spec, spent, sharing)));
        let interval = interval.unwrap_or(pace::INTERVAL).min(LONGEST);
        self.context.metrics.interval(&self.name.to_string(), interval);
        Outlook { now, interval, boundary: last.boundary, failures, chance: self.chance(now) }
    }

    /// From 0 to 1, another one for each app and time.
    fn chance(&self, now: jiff::Timestamp) -> f64 {
        let mut hash = DefaultHasher::new();
        (&self.name, now.as_nanosecond()).hash(&mut hash);
        f64::from(u32::try_from(hash.finish() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}
