//! Whether the definition of a kind stands: while one is being deleted, the API server deletes its objects, and nobody has
//! withdrawn those. Knows nothing of watches.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, Resource};

use super::deadline::{CallError, ONE_OBJECT, within};
use crate::api::GROUP;

/// How a definition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is served and is not being deleted; its uid, empty for a kind that is built into the API server.
    Stands(String),
    /// It is not there, or is being deleted.
    Gone,
}

/// Where the definition of a kind can be asked for.
#[derive(Clone)]
pub(super) struct Definition(Option<(Api<CustomResourceDefinition>, String)>);

impl Definition {
    /// The definition of `K`. Only kinds of ours have one that may go.
    pub(super) fn of<K: Resource<DynamicType = ()>>(client: &Client) -> Self {
        let name = format!("{}.{}", K::plural(&()), K::group(&()));
        Self((K::group(&()) == GROUP).then(|| (Api::all(client.clone()), name)))
    }

    /// How it stands now. The answer is not older than the question: a definition is marked as going before the first of
    /// its objects goes.
    pub(super) async fn standing(&self) -> Result<Standing, CallError> {
        let Some((api, name)) = &self.0 else { return Ok(Standing::Stands(String::new())) };
        match within(ONE_OBJECT, api.get_metadata(name)).await {
            Ok(definition) if definition.metadata.deletion_timestamp.is_none() => {
                Ok(Standing::Stands(definition.metadata.uid.unwrap_or_default()))
            }
            Ok(_) => Ok(Standing::Gone),
            Err(error) if error.is_not_found() => Ok(Standing::Gone),
            Err(error) => Err(error),
        }
    }
}
