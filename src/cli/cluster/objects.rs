//! The objects of the cluster as the engine takes them from files: one that cannot be read is kept as such. Decides
//! nothing.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde::de::DeserializeOwned;

use super::{answered, name_of};
use crate::{
    api::{AccessPlan, AppAccess, Directory, Kind, TargetApp, Team},
    cli::error::CommandError,
    load::{Broken, Loaded, Located, Objects, Place},
};

/// Objects of one answer.
const PAGE: u32 = 500;
/// Pages of one listing.
const MOST_PAGES: usize = 100;

/// Everything that is declared, without credentials.
pub(super) async fn read(client: &Client) -> Result<Loaded, CommandError> {
    let mut loaded = Loaded::default();
    loaded.target_apps = all::<TargetApp>(client, Kind::TargetApp, &mut loaded.broken).await?;
    loaded.app_accesses = all::<AppAccess>(client, Kind::AppAccess, &mut loaded.broken).await?;
    loaded.teams = all::<Team>(client, Kind::Team, &mut loaded.broken).await?;
    loaded.directories = all::<Directory>(client, Kind::Directory, &mut loaded.broken).await?;
    loaded.plans = all::<AccessPlan>(client, Kind::AccessPlan, &mut loaded.broken).await?;
    // Whoever may not list namespaces learns less of what `allow` means by labels, and all else.
    let namespaces: Api<Namespace> = Api::all(client.clone());
    if let Ok(listed) = answered("list the namespaces", namespaces.list(&ListParams::default())).await {
        let labels = |namespace: &Namespace| {
            namespace.labels().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        loaded.namespaces = listed.iter().map(|namespace| (namespace.name_any(), labels(namespace))).collect();
    }
    Ok(loaded)
}

async fn all<K>(client: &Client, kind: Kind, broken: &mut Vec<Broken>) -> Result<Objects<K>, CommandError>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::erase::<K>(&()));
    let place = Place { file: "cluster".to_owned(), line: 0 };
    let mut objects = BTreeMap::new();
    let mut parameters = ListParams::default().limit(PAGE);
    for _ in 0..MOST_PAGES {
        let page = answered(&format!("list the objects of kind {}", kind.name()), api.list(&parameters)).await?;
        let next = page.metadata.continue_.filter(|token| !token.is_empty());
        for mut object in page.items {
            let name = name_of(&object.metadata);
            object.types = None;
            match serde_json::to_value(&object).and_then(serde_json::from_value) {
                Ok(object) => drop(objects.insert(name, Located { object, place: place.clone() })),
                Err(_) => broken.push(Broken { kind, name: Some(name), place: place.clone() }),
            }
        }
        match next {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(objects),
        }
    }
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX).saturating_mul(MOST_PAGES);
    Err(CommandError::refused(format!("more than {most} objects of one kind"), "look at them by `kubectl get`"))
}
