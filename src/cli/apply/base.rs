//! `apply --base`: for pipelines that keep no state. What the base declared counts as ours, for this run alone.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{Decision, Directive, Edge, Memory, ObjectName, Text},
    plan::Withdrawal,
    status::Failure,
};
use tokio_util::sync::CancellationToken;

use super::{Flags, confirm};
use crate::{
    cli::{
        base::{Side, intent},
        error::CommandError,
        flags::FileFlags,
        lease::Lease,
        output::{Next, build::Told},
        plan::{Planned, finished},
        session::{self, Session},
    },
    load::{DirectoryReading, world},
    store::{Store, Update},
    sync::{AppReport, AppResult, Declared, Options, Seed, declared_decisions, read_directories},
};

/// What each app starts from.
struct Start {
    /// How it is judged; nothing where the app could not be read.
    options: BTreeMap<ObjectName, Result<Options, Failure>>,
}

/// Looks, asks where that is wanted, and applies.
pub(super) async fn run(
    session: &Session,
    flags: &Flags,
    asks: bool,
    stop: &CancellationToken,
    next: &Next,
    quiet: bool,
) -> Result<Planned, CommandError> {
    let store = Store::open(":memory:").await?;
    let lease = Lease::take(&store, &session.fleet.clock, stop).await?;
    let now = session.now();
    let readings = read_directories(&session.loaded, None, now).await?;
    let world = world(&session.loaded, &readings);
    let declared = Declared { loaded: &session.loaded, world: &world };
    let start = {
        let _progress = session.progress("reading the apps", quiet);
        start(session, flags, declared, &lease).await?
    };
    if asks {
        let reports = start.each(session, declared, &lease, Told::Plan).await;
        confirm(&finished(session, reports, &readings, Told::Plan), flags, next)?;
    }
    let _progress = session.progress("changing the apps", quiet);
    let reports = start.each(session, declared, &lease, Told::Outcomes).await;
    lease.release().await;
    store.close().await;
    Ok(finished(session, reports, &readings, Told::Outcomes))
}

/// Writes down what is ours, in a store that ends with this run.
async fn start(session: &Session, flags: &Flags, head: Declared<'_>, lease: &Lease) -> Result<Start, CommandError> {
    let now = session.now();
    let files = FileFlags { filename: flags.base.clone(), app: Vec::new() };
    let loaded = session::faultless(&files)?;
    let readings: BTreeMap<ObjectName, DirectoryReading> = read_directories(&loaded, None, now).await?;
    let world = world(&loaded, &readings);
    let base = Declared { loaded: &loaded, world: &world };
    let (before, after) = (Side::new(&loaded), Side::new(&session.loaded));
    let mut options = BTreeMap::new();
    let chosen = |name: &&ObjectName| session.chosen.is_empty() || session.chosen.contains(*name);
    for name in session.loaded.target_apps.keys().filter(chosen) {
        let seed = session.fleet.seed(base, head, name).await;
        let judged = match seed {
            Err(failure) => Err(failure),
            Ok(seed) => {
                let update = Update::between(&Memory::default(), &seed.memory);
                lease.writer().keep(name, now, &update).await?;
                let decisions = declared_decisions(&session.loaded, name, now);
                let approved = intent(&before, &after, name, now).filter(|(digest, _)| approves(&decisions, digest));
                let approved_withdrawals = approved.map(|(_, rows)| covered(&seed, &rows)).unwrap_or_default();
                Ok(Options { stateless: true, approved_withdrawals, ..Options::default() })
            }
        };
        options.insert(name.clone(), judged);
    }
    Ok(Start { options })
}

/// Whether somebody said yes, and nobody no.
fn approves(decisions: &[Decision], digest: &Text) -> bool {
    let says =
        |directive| decisions.iter().any(|decision| decision.digest == *digest && decision.directive == directive);
    says(Directive::Approve) && !says(Directive::Reject)
}

/// The edges whose every lost claim is among the rows that the digest stands for: somebody who left a group, say, is not.
fn covered(seed: &Seed, rows: &BTreeSet<Withdrawal>) -> BTreeSet<Edge> {
    let beyond: BTreeSet<&Edge> =
        seed.withdrawn.iter().filter(|(_, row)| !rows.contains(row)).map(|(edge, _)| edge).collect();
    seed.withdrawn.iter().map(|(edge, _)| edge).filter(|edge| !beyond.contains(edge)).cloned().collect()
}

impl Start {
    /// One app after another, each judged by what was approved for it.
    async fn each(&self, session: &Session, declared: Declared<'_>, lease: &Lease, told: Told) -> Vec<AppReport> {
        let mut reports = Vec::new();
        for (name, options) in &self.options {
            match options {
                Ok(options) => {
                    let (fleet, only) = (&session.fleet, BTreeSet::from([name.clone()]));
                    let writer = lease.writer();
                    reports.extend(match told {
                        Told::Plan => fleet.plan(declared, Some(writer.store()), &only, options, session.now()).await,
                        Told::Outcomes => fleet.pass(declared, writer, &only, options).await,
                    });
                }
                Err(failure) => {
                    let mode = declared.loaded.target_apps.get(name).map(|app| crate::sync::mode(&app.object));
                    let result = AppResult::Failed(failure.clone());
                    reports.extend(mode.map(|mode| AppReport { app: name.clone(), mode, result }));
                }
            }
        }
        reports
    }
}
