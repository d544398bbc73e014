//! All the watches together.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Resource, core::PartialObjectMeta};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    definition::Definition,
    guarded::Guarded,
    watch::{News, Shelf, follow},
};
use crate::api::{AccessApproval, AccessPlan, AppAccess, Directory, TargetApp, Team};

/// What the cluster holds. Clones share it.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) target_apps: Shelf<Guarded<TargetApp>>,
    pub(super) app_accesses: Shelf<Guarded<AppAccess>>,
    pub(super) teams: Shelf<Guarded<Team>>,
    pub(super) directories: Shelf<Guarded<Directory>>,
    pub(super) approvals: Shelf<Guarded<AccessApproval>>,
    pub(super) plans: Shelf<Guarded<AccessPlan>>,
    namespaces: Shelf<PartialObjectMeta<Namespace>>,
}

impl Cluster {
    pub(super) fn new() -> Self {
        Self {
            target_apps: Shelf::new("TargetApp"),
            app_accesses: Shelf::new("AppAccess"),
            teams: Shelf::new("Team"),
            directories: Shelf::new("Directory"),
            approvals: Shelf::new("AccessApproval"),
            plans: Shelf::new("AccessPlan"),
            namespaces: Shelf::new("Namespace"),
        }
    }

    /// Starts the watches among `tasks`.
    pub(super) fn follow(&self, client: &Client, news: &News, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
        let mut watch = Watching { client, news, stop, tasks };
        watch.start(&self.target_apps);
        watch.start(&self.app_accesses);
        watch.start(&self.teams);
        watch.start(&self.directories);
        watch.start(&self.approvals);
        watch.start(&self.plans);
        watch.start(&self.namespaces);
    }

    /// Why nothing may be decided; `None` where it may.
    pub(super) fn trouble(&self) -> Option<String> {
        let each = [
            self.target_apps.trouble(),
            self.app_accesses.trouble(),
            self.teams.trouble(),
            self.directories.trouble(),
            self.approvals.trouble(),
            self.plans.trouble(),
            self.namespaces.trouble(),
        ];
        let all: Vec<String> = each.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Whether a definition came back so lately that objects may be missing that were never withdrawn.
    pub(super) fn is_recovering(&self) -> bool {
        self.app_accesses.is_recovering()
            || self.teams.is_recovering()
            || self.directories.is_recovering()
            || self.target_apps.is_recovering()
    }

    /// The labels of each namespace.
    pub(super) fn labels(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let all = self.namespaces.objects().into_iter();
        all.map(|(name, namespace)| (name.name.to_string(), namespace.metadata.labels.clone().unwrap_or_default()))
            .collect()
    }

    /// The namespaces that are being deleted.
    pub(super) fn terminating(&self) -> BTreeSet<String> {
        let all = self.namespaces.objects().into_iter();
        all.filter(|(_, namespace)| namespace.metadata.deletion_timestamp.is_some())
            .map(|(name, _)| name.name.to_string())
            .collect()
    }
}

struct Watching<'a> {
    client: &'a Client,
    news: &'a News,
    stop: &'a CancellationToken,
    tasks: &'a mut JoinSet<()>,
}

impl Watching<'_> {
    fn start<K>(&mut self, objects: &Shelf<K>)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
    {
        let api = Api::all(self.client.clone());
        let definition = Definition::of::<K>(self.client);
        self.tasks.spawn(follow(api, objects.clone(), definition, self.news.clone(), self.stop.clone()));
    }
}
