//! Writes to the API server: only what differs from what the object shows, never from an older picture of it, and never
//! once somebody else may be the writer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use appaccess_core::access::ObjectName;
use kube::{
    Api, Client, Resource,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, Preconditions},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    MANAGER,
    deadline::{CallError, ONE_OBJECT, within, write},
    metrics::Metrics,
    status::fit,
};
use crate::api::{
    API_VERSION, AccessApproval, AccessPlan, AppAccess, Directory, GROUP, Kind, TargetApp, Team, VERSION,
};

/// Remembers what was written last, until the watches show it.
#[derive(Clone)]
pub(super) struct Ledger {
    client: Client,
    metrics: Arc<Metrics>,
    lost: CancellationToken,
    written: Arc<Mutex<HashMap<(Kind, ObjectName), Written>>>,
}

/// A status as it was written.
#[derive(Clone, Debug)]
struct Written {
    uid: Option<String>,
    version: u64,
    status: Value,
}

/// An object as its watch shows it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) kind: Kind,
    pub(super) name: ObjectName,
    pub(super) uid: Option<String>,
    pub(super) version: Option<String>,
    pub(super) status: Value,
}

impl Shown {
    /// An object with its status.
    pub(super) fn new(kind: Kind, object: &impl Resource, status: &impl Serialize) -> Self {
        Self {
            kind,
            name: super::watch::name_of(object),
            uid: object.meta().uid.clone(),
            version: object.meta().resource_version.clone(),
            status: serde_json::to_value(status).unwrap_or_default(),
        }
    }

    fn number(&self) -> u64 {
        self.version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(u64::MAX)
    }
}

impl Ledger {
    /// `lost` says when nothing may be written any more.
    pub(super) fn new(client: Client, metrics: Arc<Metrics>, lost: CancellationToken) -> Self {
        Self { client, metrics, lost, written: Arc::default() }
    }

    /// The object as of our last write at least: read again where its watch has not shown that yet.
    pub(super) async fn latest<K>(&self, kind: Kind, object: Arc<K>) -> Result<Arc<K>, CallError>
    where
        K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let shown = Shown::new(kind, &*object, &Value::Null);
        if self.newer(&shown).is_none() {
            return Ok(object);
        }
        let api: Api<K> = Api::namespaced(self.client.clone(), &shown.name.namespace);
        Ok(Arc::new(within(ONE_OBJECT, api.get(&shown.name.name)).await?))
    }

    /// What was written and is not shown yet.
    fn newer(&self, shown: &Shown) -> Option<Written> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let last = written.get(&(shown.kind, shown.name.clone()))?;
        (last.uid == shown.uid && last.version > shown.number()).then(|| last.clone())
    }

    /// Forgets the objects for which this is false.
    pub(super) fn retain(&self, is_there: impl Fn(Kind, &ObjectName) -> bool) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|(kind, name), _| is_there(*kind, name));
    }

    /// Writes the status where it differs. Whether it was written. An object that is gone needs none.
    pub(super) async fn status(&self, shown: &Shown, status: &impl Serialize) -> Result<bool, CallError> {
        let status = fit(serde_json::to_value(status).unwrap_or_default());
        let newer = self.newer(shown);
        if newer.as_ref().map_or(&shown.status, |written| &written.status) == &status {
            return Ok(false);
        }
        // Another object of that name is refused by its uid.
        let patch = json!({
            "apiVersion": API_VERSION,
            "kind": shown.kind.name(),
            "metadata": {"uid": shown.uid},
            "status": status,
        });
        let (api, name) = (self.api(shown.kind, &shown.name), &*shown.name.name);
        let parameters = PatchParams::apply(MANAGER).force();
        let answer = write(&self.lost, api.patch_status(name, &parameters, &Patch::Apply(&patch))).await;
        let object = match answer {
            Ok(object) => object,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        self.metrics.written(shown.kind.name());
        let version = object.metadata.resource_version.and_then(|version| version.parse().ok()).unwrap_or(0);
        let written = Written { uid: shown.uid.clone(), version, status };
        let mut all = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((shown.kind, shown.name.clone()), written);
        Ok(true)
    }

    /// Creates or changes an object of ours.
    pub(super) async fn apply(
        &self,
        kind: Kind,
        name: &ObjectName,
        object: &Value,
    ) -> Result<DynamicObject, CallError> {
        let parameters = PatchParams::apply(MANAGER).force();
        let patched =
            write(&self.lost, self.api(kind, name).patch(&name.name, &parameters, &Patch::Apply(object))).await?;
        self.metrics.written(kind.name());
        Ok(patched)
    }

    /// Deletes an object of ours, unless it is another one by now.
    pub(super) async fn delete(&self, kind: Kind, name: &ObjectName, uid: Option<String>) -> Result<(), CallError> {
        let parameters = DeleteParams {
            preconditions: Some(Preconditions { uid, resource_version: None }),
            ..DeleteParams::default()
        };
        match write(&self.lost, self.api(kind, name).delete(&name.name, &parameters)).await {
            Ok(_) => self.metrics.written(kind.name()),
            Err(error) if error.is_not_found() || error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn api(&self, kind: Kind, name: &ObjectName) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: GROUP.to_owned(),
            version: VERSION.to_owned(),
            api_version: API_VERSION.to_owned(),
            kind: kind.name().to_owned(),
            plural: plural(kind),
        };
        Api::namespaced_with(self.client.clone(), &name.namespace, &resource)
    }
}

fn plural(kind: Kind) -> String {
    let plural = match kind {
        Kind::TargetApp => TargetApp::plural(&()),
        Kind::AppAccess => AppAccess::plural(&()),
        Kind::Team => Team::plural(&()),
        Kind::Directory => Directory::plural(&()),
        Kind::AccessApproval => AccessApproval::plural(&()),
        Kind::AccessPlan => AccessPlan::plural(&()),
    };
    plural.into_owned()
}
