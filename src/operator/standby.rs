//! Whether a process that stands by could do the work: asked of the API server with the rights and the way there that it
//! would have, so that it does not take the place of one that works. Changes nothing, and keeps nothing of what it reads.

use std::{sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Resource, api::ListParams};
use serde::de::DeserializeOwned;

use super::{
    deadline::{ONE_OBJECT, within},
    definition::{Definition, Standing},
    serve::Readiness,
};
use crate::api::{AccessApproval, AccessPlan, AppAccess, Directory, TargetApp, Team};

/// How often it is tried until it goes well.
const AGAIN: Duration = Duration::from_secs(2);
/// How often it is looked at whether it still does.
const PERIOD: Duration = Duration::from_mins(1);

/// Keeps `readiness` true about the cluster, for as long as it is polled.
pub(super) async fn watch(client: Client, readiness: Arc<Readiness>) {
    loop {
        let trouble = trouble(&client).await;
        if let Some(trouble) = &trouble {
            tracing::warn!(%trouble, "not fit to take over");
        }
        let wait = if trouble.is_some() { AGAIN } else { PERIOD };
        readiness.set("cluster", trouble);
        tokio::time::sleep(wait).await;
    }
}

/// Why the work could not be done; `None` where each kind can be read.
async fn trouble(client: &Client) -> Option<String> {
    let each = [
        kind::<TargetApp>(client).await,
        kind::<AppAccess>(client).await,
        kind::<Team>(client).await,
        kind::<Directory>(client).await,
        kind::<AccessApproval>(client).await,
        kind::<AccessPlan>(client).await,
        kind::<Namespace>(client).await,
    ];
    let all: Vec<String> = each.into_iter().filter_map(Result::err).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Asks for one object of a kind, and for its definition.
async fn kind<K>(client: &Client) -> Result<(), String>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let kind = K::kind(&());
    let api: Api<K> = Api::all(client.clone());
    let listed = within(ONE_OBJECT, api.list_metadata(&ListParams::default().limit(1))).await;
    listed.map_err(|error| format!("{kind}: {error}"))?;
    match Definition::of::<K>(client).standing().await {
        Ok(Standing::Stands(_)) => Ok(()),
        Ok(Standing::Gone) => Err(format!("{kind}: its definition is not there; apply it (`appaccess crds`)")),
        Err(error) => Err(format!("{kind}: whether its definition stands cannot be told: {error}")),
    }
}
