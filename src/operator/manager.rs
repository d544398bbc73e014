//! From changes in the cluster to turns: one picture of everything declared, and a worker for each target app.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use appaccess_core::access::ObjectName;
use tokio::{task::JoinHandle, time::Instant};

use super::{
    Context,
    directories::Directories,
    serve,
    snapshot::{Snapshot, objects},
    watch::News,
    worker::Worker,
};
use crate::{api::Kind, store::StoreError};

/// Changes that come close together are looked at together.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// However many come, no longer than this.
const LONGEST_DEBOUNCE: Duration = Duration::from_secs(2);
/// How long after a failure of the store everything is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often it is looked at whether the watches still work.
const PULSE: Duration = Duration::from_secs(15);

/// Runs the workers until the stop, then waits until all of them have ended.
pub(super) async fn manage(context: Arc<Context>, news: News) {
    let mut manager =
        Manager { context, directories: Directories::default(), workers: BTreeMap::new(), ending: BTreeMap::new() };
    manager.run(&news).await;
    manager.end().await;
}

struct Manager {
    context: Arc<Context>,
    directories: Directories,
    workers: BTreeMap<ObjectName, Worker>,
    /// Workers of apps that are gone and that have not ended yet.
    ending: BTreeMap<ObjectName, JoinHandle<()>>,
}

impl Manager {
    async fn run(&mut self, news: &News) {
        let stop = self.context.stop.clone();
        loop {
            let wait = match self.look().await {
                Ok(next) => next.min(PULSE),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the directories could not be judged");
                    self.context.readiness.set("directories", Some(format!("{error}; {}", error.remedy())));
                    if matches!(error, StoreError::LostWriter) {
                        self.context.lost.cancel();
                    }
                    AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = news.notified() => settle(news).await,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Looks at everything and hands it on; how long until a directory is due.
    async fn look(&mut self) -> Result<Duration, StoreError> {
        let context = Arc::clone(&self.context);
        let loaded = objects(&context.cluster);
        // Asked after the objects were taken: what was lost meanwhile must not look withdrawn.
        let trouble = context.cluster.trouble();
        context.readiness.set(serve::CLUSTER, trouble.clone());
        if let Some(trouble) = trouble {
            if context.snapshot.send_replace(None).is_some() {
                tracing::warn!(%trouble, "nothing is decided until the cluster can be relied on again");
            }
            return Ok(PULSE);
        }
        let now = (context.fleet.clock)();
        let readings = self.directories.read(&loaded, &context.writer, now).await?;
        context.readiness.set("directories", None);
        let snapshot = Snapshot::new(&context.cluster, loaded, readings);
        context.metrics.undecodable(snapshot.loaded.broken.len());
        context.snapshot.send_replace(Some(Arc::clone(&snapshot)));
        self.assign(&snapshot);
        Ok(self.directories.next(now))
    }

    /// A worker for each app that is there, and for no other; those whose app has news are woken.
    fn assign(&mut self, snapshot: &Snapshot) {
        self.ending.retain(|_, task| !task.is_finished());
        let gone: BTreeSet<ObjectName> =
            self.workers.keys().filter(|name| !snapshot.marks.contains_key(*name)).cloned().collect();
        for name in &gone {
            if let Some(worker) = self.workers.remove(name) {
                self.ending.insert(name.clone(), worker.end());
            }
        }
        for (name, mark) in &snapshot.marks {
            if let Some(worker) = self.workers.get_mut(name) {
                worker.wake(*mark);
            } else {
                let worker = Worker::start(&self.context, name, *mark, self.ending.remove(name));
                self.workers.insert(name.clone(), worker);
            }
        }
        let cluster = &self.context.cluster;
        self.context.ledger.retain(|kind, name| match kind {
            Kind::AppAccess => cluster.app_accesses.get(name).is_some(),
            Kind::Team => cluster.teams.get(name).is_some(),
            Kind::Directory => cluster.directories.get(name).is_some(),
            Kind::AccessApproval => cluster.approvals.get(name).is_some(),
            // A plan appears in its watch only after it was written.
            Kind::TargetApp | Kind::AccessPlan => cluster.target_apps.get(name).is_some(),
        });
    }

    async fn end(self) {
        let tasks: Vec<JoinHandle<()>> =
            self.workers.into_values().map(Worker::end).chain(self.ending.into_values()).collect();
        for task in tasks {
            // A worker that ended by a fault has said so.
            let _ = task.await;
        }
    }
}

/// Returns once no news came for a while.
async fn settle(news: &News) {
    let latest = Instant::now() + LONGEST_DEBOUNCE;
    loop {
        let quiet = (Instant::now() + DEBOUNCE).min(latest);
        if tokio::time::timeout_at(quiet, news.notified()).await.is_err() {
            return;
        }
    }
}
