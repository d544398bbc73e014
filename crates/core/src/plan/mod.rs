//! Desired, observed and owned edges become a plan: a pure value, printed, counted, reviewed, and only then applied.

mod beside;
mod canonical;
mod change;
mod classify;
mod cost;
mod count;
mod declared;
mod draft;
mod guard;
mod hold;
mod identity;
mod intent;
mod order;
mod outcome;
mod owned;
mod proof;
mod reason;
mod task;
mod unmanaged;
mod unmet;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use change::{Action, Cause, Change, Drift, DriftKind, HeldReason};
pub use cost::{Activity, Cost, Declared, cost, declared_cost};
pub use guard::{Holders, approves, is_protected};
pub use hold::{Hold, digest_text, hold_digest, row};
pub use intent::{Withdrawal, intent_digest, withdrawals};
pub use outcome::Outcome;
pub use proof::TAKEN;
pub use task::{Task, mark_tasks};

use crate::{
    access::{
        AccountId, AppPolicy, Capabilities, ClaimName, Class, Edge, LookUp, Memory, Mode, Observation, OpenTask,
        OwnedEdge, PersonKey, RemovalRecord, Text, Tombstone, WithdrawnClaim,
    },
    resolve::{ClaimProblem, Desired},
};

/// Everything a plan rests on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What the target app's owner decided.
    pub policy: &'a AppPolicy,
    /// What the app can do.
    pub capabilities: &'a Capabilities,
    /// Who should hold what.
    pub desired: &'a Desired,
    /// What the app holds.
    pub observation: &'a Observation,
    /// What we remember.
    pub memory: &'a Memory,
    /// How judgement differs from the ordinary.
    pub options: Options<'a>,
    /// The time.
    pub now: Timestamp,
}

/// How a plan is judged beside the policy.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent circumstances of one plan")]
pub struct Options<'a> {
    /// Withdrawn claims do not settle (`--no-settle`).
    pub no_settle: bool,
    /// There is no memory to rest on: no settling and no `approveFirst`.
    pub stateless: bool,
    /// Edges whose withdrawal a pull request's intent digest approved.
    pub approved_withdrawals: Option<&'a BTreeSet<Edge>>,
    /// The target app or its namespace is terminating: nothing is removed.
    pub terminating: bool,
    /// The app's clock and ours disagree: an end that seems to have passed proves nothing by itself.
    pub clock_is_doubtful: bool,
}

/// How many accounts there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// People wanted.
    pub declared: u64,
    /// Accounts read.
    pub seen: u64,
    /// Declared, with nothing to change.
    pub in_sync: u64,
    /// Declared without an account.
    pub missing: u64,
    /// Ours that should go.
    pub extra: u64,
    /// Not ours: orphans.
    pub orphans: u64,
    /// Not ours: unknown.
    pub unknown: u64,
    /// Invited and not accepted yet.
    pub invited: u64,
    /// With at least one change held.
    pub held: u64,
    /// With at least one change failed; filled in after applying.
    pub failed: u64,
}

/// What has to be written down although nothing is sent: the next pass rests on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookkeeping {
    /// Edges that become ours, or whose claims, end or value changed.
    pub owned: BTreeMap<Edge, OwnedEdge>,
    /// Owned edges that are gone by themselves.
    pub forgotten: BTreeSet<Edge>,
    /// Settling clocks that start.
    pub withdrawn: BTreeMap<Edge, WithdrawnClaim>,
    /// Settling clocks that stop.
    pub restored: BTreeSet<Edge>,
    /// Claims that are refused from now on.
    pub refused: BTreeSet<ClaimName>,
    /// Claims that are no longer refused.
    pub no_longer_refused: BTreeSet<ClaimName>,
    /// Accounts that are not ours and are seen for the first time under a policy that counts time.
    pub unmanaged_since: BTreeSet<AccountId>,
    /// Accounts that are no longer counted as unmanaged.
    pub no_longer_unmanaged: BTreeSet<AccountId>,
    /// Tombstones that a new claim makes void.
    pub revived: BTreeSet<Edge>,
    /// Edges that somebody gave back by hand after we removed them: evidence, no longer ours.
    pub tombstones: BTreeMap<Edge, Tombstone>,
    /// The vendor's ids of declared groups, where they are news.
    pub groups: BTreeMap<Text, Text>,
    /// What this pass is the first to find withdrawn: the intent digest and the rows of the removals that follow. To be
    /// remembered as a hold that was shown under that digest.
    pub intents: BTreeMap<Text, BTreeSet<Text>>,
    /// What people are asked to do from now on.
    pub tasks: BTreeMap<Text, OpenTask>,
    /// Tasks that are done, or not to be done any more.
    pub tasks_done: BTreeSet<Text>,
    /// Whose loss somebody is asked to bring about, as the budget counts it.
    pub removals: BTreeSet<RemovalRecord>,
    /// Whose gain somebody is asked to bring about.
    pub additions: BTreeSet<RemovalRecord>,
    /// Whether somebody is asked to remove something, so that the first removals are decided.
    pub first_removals_decided: bool,
}

impl Bookkeeping {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What has to change in one target app, and what may not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they are applied.
    pub changes: Vec<Change>,
    /// Differences that no declared change explains.
    pub drift: Vec<Drift>,
    /// The held part, where there is one.
    pub hold: Option<Hold>,
    /// Why settling removals would be held if their time had come now, by [`row`].
    pub held_when_due: BTreeMap<Text, HeldReason>,
    /// Accounts by sort.
    pub counts: Counts,
    /// What it costs; `None` without a price.
    pub cost: Option<Cost>,
    /// Questions that have to be answered before a better plan can be made.
    pub look_ups: BTreeSet<LookUp>,
    /// What to write down.
    pub bookkeeping: Bookkeeping,
    /// People about whom nobody can tell, with the reason: an edge each.
    pub unknown: BTreeMap<Edge, Text>,
    /// The account of each person who has one.
    pub accounts: BTreeMap<PersonKey, AccountId>,
    /// The class of each account that is not ours.
    pub classes: BTreeMap<AccountId, Class>,
    /// Claims that the app as it is now cannot meet.
    pub problems: Vec<ClaimProblem>,
    /// Created accounts that the app still does not show: not yet failed, or failed for good.
    pub unverified: BTreeMap<PersonKey, bool>,
}

impl Plan {
    /// The changes that somebody is asked to carry out now, in order.
    pub fn tasks(&self) -> impl Iterator<Item = (&Change, &Task)> {
        self.changes.iter().filter_map(|change| Some((change, change.open_task()?)))
    }

    /// The changes that go to the app now, in order.
    pub fn to_be_sent(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.is_to_be_sent())
    }

    /// Whether nothing differs, not even in what is only reported.
    #[must_use]
    pub fn is_in_sync(&self) -> bool {
        self.drift.is_empty() && self.changes.iter().all(|change| change.action == Action::Adopt)
    }
}

/// Compares what is desired with what was observed. Pure: the same input gives the same plan, byte for byte.
#[must_use]
pub fn plan(input: &Input<'_>) -> Plan {
    let canonical = canonical::Canonical::new(input);
    let mut draft = draft::Draft::new(input, &canonical);
    draft.note_unmet();
    draft.compare_declared();
    draft.compare_owned();
    draft.compare_unmanaged();
    let mut plan = draft.finish();
    order::sort(&mut plan.changes);
    task::mark_tasks(&input.policy.app, &input.capabilities.by_hand, &mut plan.changes);
    plan.held_when_due = guard::when_due(input, &plan);
    guard::judge(input, &mut plan);
    task::open(input, &mut plan);
    plan.hold = hold::gather(input, &plan.changes);
    if input.policy.mode == Mode::Full && !input.options.stateless {
        plan.bookkeeping.intents.extend(intent::found(input, &canonical, &plan.changes));
    }
    plan.counts = count::count(input, &canonical, &plan);
    plan.cost = input.policy.pricing.as_ref().map(|pricing| cost(pricing, input, &plan));
    plan
}
