//! One pass over one target app: read, resolve, plan, guard, apply, read back, remember. Nothing else decides anything.
//!
//! The operator, `run`, `apply` and the tests call [`pass`]; `plan` calls [`look`], which is handed a reader and cannot
//! change anything.

mod apply;
mod books;
mod decisions;
mod examine;
mod fleet;
mod look;
mod merge;
pub mod pace;
mod people;
mod progress;
mod report;
mod seed;
mod verify;

use std::sync::Arc;

use appaccess_core::{
    access::{AppPolicy, Memory},
    plan::{Action, Change, Outcome, Plan},
    resolve::World,
    status::Failure,
};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub use decisions::{declared as declared_decisions, misfit, refusal};
pub use examine::{Examination, Examined, Holdings, everything};
pub use fleet::{AppReport, AppResult, Credentials, Declared, Fleet, duplicate_of, mode};
pub use look::{Look, Options, look};
pub use people::{directory_interval, read_directories, remember_directories};
pub use progress::{AppProgress, Progress, Step};
pub use report::{Report, failure};
pub use seed::Seed;

use crate::{
    connector::{Calls, ConnectorError, Reader, Writer},
    store::{self, StoreError, Update},
};

/// Tells the time; a test hands in its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of the machine.
#[must_use]
pub fn machine_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// Why a pass ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The app did not answer as asked.
    #[error("could not work on the app")]
    Connector(#[from] ConnectorError),
    /// The store could not be read or written: without it nothing is sent.
    #[error("could not use the store")]
    Store(#[from] StoreError),
}

/// Everything that a pass over one app needs.
pub struct Task<'a> {
    /// The policy of the target app.
    pub policy: &'a AppPolicy,
    /// Everything declared.
    pub world: &'a World,
    /// Reads the app.
    pub reader: &'a dyn Reader,
    /// Changes the app.
    pub writer: &'a dyn Writer,
    /// The store, as its one writer.
    pub store: &'a store::Writer,
    /// How judgement differs from the ordinary.
    pub options: Options,
    /// Tells the time.
    pub clock: &'a Clock,
    /// Asks for a stop between two changes.
    pub stop: &'a CancellationToken,
    /// Told how far it came.
    pub progress: AppProgress,
}

/// Works on one target app once.
///
/// # Errors
/// [`SyncError`]; what was done before is in the store and the journal.
pub async fn pass(task: &Task<'_>, memory: Memory) -> Result<Report, SyncError> {
    let now = (task.clock)();
    let before = task.reader.calls();
    let first = look(task.policy, task.world, task.reader, memory, &task.options, now).await?;
    let mut remembered = first.memory.clone();
    books::keep(&mut remembered, &first, now);
    let update = Update::between(&first.memory, &remembered);
    task.store.keep(&task.policy.app, now, &update).await?;
    if first.plan.to_be_sent().next().is_none() {
        return finish(task, Report::quiet(first, remembered, spent(before, task.reader.calls())), now).await;
    }
    let applied = apply::apply(task, &first, remembered).await?;
    let now = (task.clock)();
    let report = report::after(task, first, applied, spent(before, task.reader.calls()), now);
    finish(task, report, now).await
}

/// Writes down what the pass leaves: the last complete reading, decisions that are used up, a hold that is news.
async fn finish(task: &Task<'_>, report: Report, now: Timestamp) -> Result<Report, SyncError> {
    let mut remembered = report.memory.clone();
    books::close(&mut remembered, &report, now);
    let update = Update::between(&report.memory, &remembered);
    if update.is_empty() {
        return Ok(report);
    }
    task.store.keep(&task.policy.app, now, &update).await?;
    Ok(report.with_memory(task, remembered, now))
}

/// What was sent between two counts.
fn spent(before: Calls, after: Calls) -> Calls {
    Calls { reads: after.reads.saturating_sub(before.reads), writes: after.writes.saturating_sub(before.writes) }
}

/// One change of the plan that a pass started from, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The change.
    pub change: Change,
    /// What came of it.
    pub outcome: Outcome,
}

/// What is said of changes that nobody tried.
#[must_use]
pub fn untried(plan: &Plan) -> Vec<Done> {
    let outcome = |change: &Change| match change {
        change if change.held.is_some() => Outcome::Held,
        change if change.action == Action::Adopt && change.permitted => Outcome::Applied,
        _ => Outcome::Pending,
    };
    plan.changes.iter().map(|change| Done { change: change.clone(), outcome: outcome(change) }).collect()
}

/// A failure as conditions and documents show it.
impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Connector(error) => failure(&error),
            SyncError::Store(error) => Self {
                reason: error.reason().to_owned(),
                message: error.to_string(),
                remedy: error.remedy().to_owned(),
            },
        }
    }
}
