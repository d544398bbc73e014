//! Keeps the status of what no app's pass writes: teams, directories, decisions, claims on apps that are not there, and
//! objects that cannot be decoded.

use std::{future::Future, sync::Arc, time::Duration};

use appaccess_core::{access::ObjectName, resolve::team_members, status::Failure};
use jiff::Timestamp;
use kube::Resource;
use serde::Serialize;

use super::{
    Context,
    deadline::CallError,
    guarded::Guarded,
    ledger::Shown,
    snapshot::{Snapshot, subject},
    status::{
        Standing, access_status, approval_status, directory_status, team_status, undecodable_status,
        waiting_access_status,
    },
    watch::Shelf,
};
use crate::{
    api::{AccessApproval, Kind, condition},
    load::domain_owners,
    store::StoreError,
    sync::{AppResult, misfit},
};

/// How often everything is looked at although nothing has changed: decisions end by themselves.
const PERIOD: Duration = Duration::from_mins(1);

/// Writes until the stop.
pub(super) async fn keep(context: Arc<Context>) {
    let mut snapshots = context.snapshot.subscribe();
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        if let Some(snapshot) = snapshot
            && let Err(error) = write(&context, &snapshot).await
        {
            tracing::warn!(%error, "the status of some objects could not be written; it is tried again");
        }
        tokio::select! {
            () = context.stop.cancelled() => return,
            changed = snapshots.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Brings every status up to date; the first error after everything was tried.
async fn write(context: &Context, snapshot: &Snapshot) -> Result<(), CallError> {
    let now = (context.fleet.clock)();
    let mut outcome = Outcome::default();
    teams(context, snapshot, now, &mut outcome).await;
    directories(context, snapshot, now, &mut outcome).await;
    dangling(context, snapshot, now, &mut outcome).await;
    for (name, approval) in &snapshot.loaded.approvals {
        outcome.note(judge_approval(context, snapshot, name, &approval.object, now)).await;
    }
    let cluster = &context.cluster;
    undecodable(context, Kind::TargetApp, &cluster.target_apps, now, &mut outcome).await;
    undecodable(context, Kind::AppAccess, &cluster.app_accesses, now, &mut outcome).await;
    undecodable(context, Kind::Team, &cluster.teams, now, &mut outcome).await;
    undecodable(context, Kind::Directory, &cluster.directories, now, &mut outcome).await;
    undecodable(context, Kind::AccessApproval, &cluster.approvals, now, &mut outcome).await;
    outcome.first.map_or(Ok(()), Err)
}

/// The first failure; one bad object does not keep the others from being written.
#[derive(Default)]
struct Outcome {
    first: Option<CallError>,
}

impl Outcome {
    async fn note(&mut self, write: impl Future<Output = Result<(), CallError>>) {
        if let Err(error) = write.await {
            self.first.get_or_insert(error);
        }
    }
}

/// Writes one status.
async fn put(context: &Context, shown: &Shown, status: &impl Serialize) -> Result<(), CallError> {
    context.ledger.status(shown, status).await.map(drop)
}

async fn teams(context: &Context, snapshot: &Snapshot, now: Timestamp, outcome: &mut Outcome) {
    for name in snapshot.loaded.teams.keys() {
        let Some(object) = context.cluster.teams.get(name) else { continue };
        let Ok(team) = &object.0 else { continue };
        let status = team_status(team, &team_members(&snapshot.world, name, now), now);
        outcome.note(put(context, &Shown::new(Kind::Team, team, &team.status), &status)).await;
    }
}

async fn directories(context: &Context, snapshot: &Snapshot, now: Timestamp, outcome: &mut Outcome) {
    let owners = domain_owners(&snapshot.loaded);
    for (name, reading) in &snapshot.readings {
        let Some(object) = context.cluster.directories.get(name) else { continue };
        let Ok(directory) = &object.0 else { continue };
        let lost = directory.spec.domains.iter().find_map(|domain| {
            let owner = owners.get(domain.to_ascii_lowercase().as_str()).filter(|owner| *owner != name)?;
            Some(format!("the older Directory {owner} owns the domain {domain}; take it out of one of them"))
        });
        let status = directory_status(directory, reading, lost.as_deref(), now);
        outcome.note(put(context, &Shown::new(Kind::Directory, directory, &directory.status), &status)).await;
    }
}

/// Claims on apps that are not there, or cannot be decoded.
async fn dangling(context: &Context, snapshot: &Snapshot, now: Timestamp, outcome: &mut Outcome) {
    let broken = |app: &ObjectName| {
        snapshot.loaded.broken.iter().any(|broken| broken.kind == Kind::TargetApp && broken.name.as_ref() == Some(app))
    };
    for access in snapshot.world.accesses.values() {
        if snapshot.loaded.target_apps.contains_key(&access.app) {
            continue;
        }
        let Some(object) = context.cluster.app_accesses.get(&access.name) else { continue };
        let Ok(found) = &object.0 else { continue };
        let status = if broken(&access.app) {
            let undecodable = Failure {
                reason: "Undecodable".into(),
                message: "the target app cannot be decoded".into(),
                remedy: "correct it".into(),
            };
            waiting_access_status(found, &AppResult::Stalled(undecodable), now)
        } else {
            access_status(&access.name, found, None, now)
        };
        outcome.note(put(context, &Shown::new(Kind::AppAccess, found, &found.status), &status)).await;
    }
}

/// Brings the decisions about one app up to date, after a pass that may have used them up.
pub(super) async fn judge_approvals(context: &Context, snapshot: &Snapshot, app: &ObjectName, now: Timestamp) {
    for (name, approval) in snapshot.approvals_of(app) {
        if let Err(error) = judge_approval(context, snapshot, name, approval, now).await {
            tracing::warn!(approval = %name, %error, "the status of a decision could not be written");
        }
    }
}

async fn judge_approval(
    context: &Context,
    snapshot: &Snapshot,
    name: &ObjectName,
    approval: &AccessApproval,
    now: Timestamp,
) -> Result<(), CallError> {
    let standing = match standing(context, snapshot, name, approval, now).await {
        Ok(standing) => standing,
        Err(error) => {
            tracing::warn!(approval = %name, error = &error as &dyn std::error::Error, "the store cannot say what became of a decision");
            return Ok(());
        }
    };
    let Some(object) = context.cluster.approvals.get(name) else { return Ok(()) };
    let Ok(approval) = &object.0 else { return Ok(()) };
    let status = approval_status(approval, &standing, now);
    put(context, &Shown::new(Kind::AccessApproval, approval, &approval.status), &status).await
}

async fn standing(
    context: &Context,
    snapshot: &Snapshot,
    name: &ObjectName,
    approval: &AccessApproval,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    if let Some(why) = misfit(name, approval, now) {
        return Ok(Standing::Refused(why));
    }
    let digest = approval.spec.digest.as_str();
    let is_over = approval.spec.not_after.timestamp() <= now;
    if let Some(app) = subject(name, approval.spec.app_ref.as_ref()) {
        let is_there = snapshot.loaded.target_apps.contains_key(&app);
        let holds = if is_there { context.writer.store().holds(&app, now).await? } else { Vec::new() };
        let hold = holds.iter().find(|hold| *hold.digest == *digest).map(|hold| hold.used_up);
        return Ok(OfApp { is_there, used_up: hold, was_used: was_used(approval), is_over }.standing());
    }
    if is_over {
        return Ok(Standing::Expired);
    }
    let directory = subject(name, approval.spec.directory_ref.as_ref());
    let Some(reading) = directory.and_then(|directory| snapshot.readings.get(&directory)) else {
        return Ok(Standing::NoSubject);
    };
    let waits = reading.verdict.breaker.as_ref().is_some_and(|breaker| *breaker.digest == *digest);
    let kept = reading.verdict.memory.decisions.iter().any(|decision| *decision.digest == *digest);
    Ok(if waits || kept { Standing::Counted } else { Standing::UnknownDigest })
}

/// What is known of a decision about an app.
#[derive(Clone, Copy, Debug)]
struct OfApp {
    is_there: bool,
    /// Whether the hold that it names is used up; `None` where no such hold is known, or not any more.
    used_up: Option<bool>,
    /// Whether it was told before that it is used up.
    was_used: bool,
    is_over: bool,
}

impl OfApp {
    /// What it did is not undone by time, nor by what is forgotten since.
    fn standing(self) -> Standing {
        match self.used_up {
            Some(true) => Standing::Used,
            None if self.was_used => Standing::Used,
            _ if self.is_over => Standing::Expired,
            _ if !self.is_there => Standing::NoSubject,
            Some(false) => Standing::Counted,
            None => Standing::UnknownDigest,
        }
    }
}

/// Whether it was told of this decision that it is used up.
fn was_used(approval: &AccessApproval) -> bool {
    let ready = approval.status.as_ref().and_then(|status| condition::find(&status.conditions, condition::READY));
    ready.is_some_and(|ready| ready.reason == "Used" && ready.observed_generation == approval.metadata.generation)
}

async fn undecodable<K: Resource>(
    context: &Context,
    kind: Kind,
    shelf: &Shelf<Guarded<K>>,
    now: Timestamp,
    outcome: &mut Outcome,
) {
    for object in shelf.objects().into_values() {
        let Err(unreadable) = &object.0 else { continue };
        let shown = Shown::new(kind, &*object, &unreadable.status);
        let generation = unreadable.metadata.generation;
        let status = undecodable_status(&unreadable.status, generation, &unreadable.fault, now);
        outcome.note(put(context, &shown, &status)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_that_did_its_work_or_is_over_is_done_whatever_is_forgotten_since() {
        let waiting = OfApp { is_there: true, used_up: Some(false), was_used: false, is_over: false };
        let used = OfApp { used_up: Some(true), ..waiting };
        let forgotten = OfApp { used_up: None, was_used: true, ..waiting };
        for (known, standing) in [
            (waiting, Standing::Counted),
            (used, Standing::Used),
            (OfApp { is_over: true, ..used }, Standing::Used),
            (forgotten, Standing::Used),
            (OfApp { is_over: true, is_there: false, ..forgotten }, Standing::Used),
            (OfApp { is_over: true, ..waiting }, Standing::Expired),
            (OfApp { is_over: true, is_there: false, used_up: None, ..waiting }, Standing::Expired),
            (OfApp { is_there: false, used_up: None, ..waiting }, Standing::NoSubject),
            (OfApp { used_up: None, ..waiting }, Standing::UnknownDigest),
        ] {
            assert_eq!(known.standing(), standing, "{known:?}");
        }
    }
}
