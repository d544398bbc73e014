//! The objects of the cluster as the engine takes them from files: one that cannot be read is kept as such. Decides
//! nothing.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde::de::DeserializeOwned;

use super::{ClusterError, answered, name_of};
use crate::{
    api::{AccessPlan, AppAccess, Directory, Kind, TargetApp, Team},
    cli::error::CommandError,
    load::{Broken, Loaded, Located, Objects, Place},
};

/// Objects of one answer.
const PAGE: u32 = 500;
/// Pages of one listing.
const MOST_PAGES: usize = 100;

/// Reads objects of every namespace that the caller may read: of all, or else of the one that they ask about.
pub(super) struct Reader<'a> {
    client: &'a Client,
    /// The namespace that is asked about.
    namespace: Option<&'a str>,
    /// Kinds of which that namespace alone could be read.
    pub(super) narrowed: Vec<Kind>,
    /// Objects that this version cannot read.
    broken: Vec<Broken>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(client: &'a Client, namespace: Option<&'a str>) -> Self {
        Self { client, namespace, narrowed: Vec::new(), broken: Vec::new() }
    }

    /// Everything that is declared, without credentials.
    pub(super) async fn everything(&mut self) -> Result<Loaded, CommandError> {
        Ok(Loaded {
            target_apps: self.anywhere::<TargetApp>(Kind::TargetApp).await?,
            app_accesses: self.anywhere::<AppAccess>(Kind::AppAccess).await?,
            teams: self.anywhere::<Team>(Kind::Team).await?,
            directories: self.anywhere::<Directory>(Kind::Directory).await?,
            plans: self.anywhere::<AccessPlan>(Kind::AccessPlan).await?,
            namespaces: self.namespaces().await,
            broken: std::mem::take(&mut self.broken),
            ..Loaded::default()
        })
    }

    /// Apps and what of them waits, in the namespace that is asked about, or in all.
    pub(super) async fn apps(&mut self) -> Result<Loaded, CommandError> {
        Ok(Loaded {
            target_apps: self.within::<TargetApp>(Kind::TargetApp, self.namespace).await?,
            plans: self.within::<AccessPlan>(Kind::AccessPlan, self.namespace).await?,
            broken: std::mem::take(&mut self.broken),
            ..Loaded::default()
        })
    }

    /// What was not seen, in words; `None` where all was.
    pub(super) fn unseen(&self) -> Option<String> {
        let namespace = self.namespace.filter(|_| !self.narrowed.is_empty())?;
        let kinds: Vec<&str> = self.narrowed.iter().map(|kind| kind.name()).collect();
        Some(format!("you may read {} of namespace {namespace} alone: those of others are not seen", kinds.join(", ")))
    }

    /// The objects of one kind in all namespaces, or where that is forbidden in the one that is asked about.
    async fn anywhere<K>(&mut self, kind: Kind) -> Result<Objects<K>, CommandError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        match self.within(kind, None).await {
            Err(error) if is_forbidden(&error) && self.namespace.is_some() => {
                self.narrowed.push(kind);
                self.within(kind, self.namespace).await
            }
            answer => answer,
        }
    }

    async fn within<K>(&mut self, kind: Kind, namespace: Option<&str>) -> Result<Objects<K>, CommandError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let resource = ApiResource::erase::<K>(&());
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        };
        let place = Place { file: "cluster".to_owned(), line: 0 };
        let mut objects = BTreeMap::new();
        for mut object in all(&api, &format!("list the objects of kind {}", kind.name())).await? {
            let name = name_of(&object.metadata);
            object.types = None;
            match serde_json::to_value(&object).and_then(serde_json::from_value) {
                Ok(object) => drop(objects.insert(name, Located { object, place: place.clone() })),
                Err(_) => self.broken.push(Broken { kind, name: Some(name), place: place.clone() }),
            }
        }
        Ok(objects)
    }

    /// The labels of every namespace. Whoever may not list them learns less of what `allow` means by labels, and all else.
    async fn namespaces(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let listed = all(&api, "list the namespaces").await.unwrap_or_default();
        let labels = |namespace: &Namespace| {
            namespace.labels().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        listed.iter().map(|namespace| (namespace.name_any(), labels(namespace))).collect()
    }
}

fn is_forbidden(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::ApiServer { source: ClusterError::Request(kube::Error::Api(status)), .. } if status.code == 403
    )
}

/// Every object of a listing, page by page, within bounds.
async fn all<K>(api: &Api<K>, what: &str) -> Result<Vec<K>, CommandError>
where
    K: Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut found = Vec::new();
    let mut parameters = ListParams::default().limit(PAGE);
    for _ in 0..MOST_PAGES {
        let page = answered(what, api.list(&parameters)).await?;
        let next = page.metadata.continue_.filter(|token| !token.is_empty());
        found.extend(page.items);
        match next {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(found),
        }
    }
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX).saturating_mul(MOST_PAGES);
    Err(CommandError::refused(
        format!("nothing is shown: the cluster has more than {most} objects of one kind"),
        "look at them by `kubectl get`",
    ))
}
