//! What somebody who keeps no store may rest on instead: what the files before a change declared counts as ours, as far as
//! the app shows it. Changes nothing.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{Adopt, AppPolicy, Capabilities, Completeness, Edge, Memory, Mode, ObjectName},
    plan::{Withdrawal, withdrawals},
    resolve::{Desired, World, resolve},
    status::Failure,
};
use jiff::{SignedDuration, Timestamp};

use super::{Declared, Fleet, Look, Options, SyncError, fleet::stopped, look::look_for};
use crate::{connector::target_key, load::policy::policy, store::Update};

/// Ends of claims that are looked back at, the latest of them: each costs a resolution.
const MOST_ENDS: usize = 64;

/// What a change of the files means for one app, without a store.
#[derive(Debug, Default)]
pub struct Seed {
    /// The edges that the base declared and the app shows.
    pub memory: Memory,
    /// The edges that lose a claim between base and head, with every claim that each loses.
    pub withdrawn: Vec<(Edge, Withdrawal)>,
}

impl Fleet {
    /// Reads one app of `head` and tells what of it is ours by what `base` declared. Nothing is, where `base` did not
    /// declare the app or had another tenant in its place.
    ///
    /// # Errors
    /// The app could not be read as a whole: what a change withdraws cannot be told then.
    pub async fn seed(&self, base: Declared<'_>, head: Declared<'_>, name: &ObjectName) -> Result<Seed, Failure> {
        let targets = (base.loaded.target_apps.get(name), head.loaded.target_apps.get(name));
        let (Some(before), Some(after)) = targets else { return Ok(Seed::default()) };
        let (before, after) = (&before.object, &after.object);
        let now = (self.clock)();
        let same = target_key(&before.spec, name) == target_key(&after.spec, name);
        if !same || stopped(head, name, after, now).is_some() {
            return Ok(Seed::default());
        }
        let ready = self.open(head, None, name, after, &Options::default()).await?;
        let reader = &*ready.connection.reader;
        let capabilities = reader.capabilities().await.map_err(SyncError::from)?;
        let then = policy(name, &before.spec, &base.loaded.namespaces);
        let declared = declared_by_base(base.world, &then, &capabilities, now);
        let intended = resolve(head.world, &ready.policy, &capabilities, &Memory::default(), now);
        let withdrawn = withdrawals(&declared, &intended);
        // Whether it is ours was settled by whoever applied the base; what may be done with it is settled by the pass.
        let taking = AppPolicy { mode: Mode::Full, adopt: Adopt::Matched, ..ready.policy };
        let options = Options { stateless: true, ..Options::default() };
        let look = look_for(&taking, reader, capabilities, declared, Memory::default(), &options, now).await;
        let look = look.map_err(SyncError::from)?;
        if let Completeness::Incomplete { reason, message } = &look.observation.completeness {
            return Err(Failure {
                reason: reason.to_string(),
                message: message.to_string(),
                remedy: "run it again: without a whole reading nobody can tell what is ours".into(),
            });
        }
        Ok(Seed { memory: taken(&look, now), withdrawn })
    }
}

/// What the base declares, with what it declared until its time ran out.
fn declared_by_base(world: &World, policy: &AppPolicy, capabilities: &Capabilities, now: Timestamp) -> Desired {
    let at = |time| resolve(world, policy, capabilities, &Memory::default(), time);
    let mut desired = at(now);
    let just_before = |end: Timestamp| end.checked_sub(SignedDuration::from_secs(1)).ok();
    for time in ends(world, now).into_iter().rev().take(MOST_ENDS).filter_map(just_before) {
        let past = at(time);
        for (edge, carried) in past.edges {
            if carried.until.is_some_and(|until| until <= now) {
                desired.edges.entry(edge).or_insert(carried);
            }
        }
        for (key, person) in past.people {
            desired.people.entry(key).or_insert(person);
        }
    }
    desired
}

/// Every end that has passed.
fn ends(world: &World, now: Timestamp) -> BTreeSet<Timestamp> {
    let grants = world.accesses.values().flat_map(|access| &access.grants);
    let of_grants = grants.flat_map(|grant| grant.subjects.iter().map(|entry| entry.until).chain([grant.until]));
    let of_teams = world.teams.values().flat_map(|team| team.parts.iter().map(|entry| entry.until));
    of_grants.chain(of_teams).flatten().filter(|end| *end <= now).collect()
}

/// What adopting would take into the books.
fn taken(look: &Look, now: Timestamp) -> Memory {
    let mut memory = Memory::default();
    let books = Update::of(&look.plan.bookkeeping, now);
    Update { inventory: books.inventory, groups: books.groups, ..Update::default() }.apply_to(&mut memory);
    memory
}
