//! The cluster's objects as the engine takes them, at one moment, and what of them matters to which app.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use appaccess_core::{
    access::ObjectName,
    resolve::{DirectoryView, Freshness, Leavers, Subject, SubjectEntry, World},
};
use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::{cluster::Cluster, guarded::Guarded, watch::Shelf};
use crate::{
    api::{APPROVED_BY, AccessApproval, COMMIT, Kind, PULL_REQUEST, RECONCILE_AT, TargetApp, reference::Reference},
    connector::target_key,
    load::{self, Broken, DirectoryReading, Loaded, Located, Objects, Place},
};

/// Everything declared at one moment, judged.
pub(super) struct Snapshot {
    /// The objects.
    pub(super) loaded: Loaded,
    /// The same as the core's input.
    pub(super) world: World,
    /// What the directories say.
    pub(super) readings: BTreeMap<ObjectName, DirectoryReading>,
    /// Namespaces that are being deleted.
    pub(super) terminating: BTreeSet<String>,
    /// Target apps that cannot be read, of which the tenant is known.
    unreadable: BTreeMap<ObjectName, Unread>,
    /// Whether objects may be missing that were never withdrawn: nothing is removed.
    pub(super) recovering: bool,
    /// For each target app a number that changes with anything that matters to it.
    pub(super) marks: BTreeMap<ObjectName, u64>,
}

/// What is known of a target app that cannot be read.
struct Unread {
    tenant: String,
    created: Option<Timestamp>,
}

/// The target apps that cannot be read, as far as their tenant is known.
fn unreadable(cluster: &Cluster) -> BTreeMap<ObjectName, Unread> {
    let all = cluster.target_apps.objects().into_iter();
    all.filter_map(|(name, object)| {
        let broken = object.0.as_ref().err()?;
        let created = broken.metadata.creation_timestamp.as_ref().map(|time| time.0);
        Some((name, Unread { tenant: broken.tenant.clone()?, created }))
    })
    .collect()
}

/// The objects of the cluster.
pub(super) fn objects(cluster: &Cluster) -> Loaded {
    let mut loaded = Loaded { namespaces: cluster.labels(), ..Loaded::default() };
    let broken = &mut loaded.broken;
    loaded.target_apps = readable(&cluster.target_apps, Kind::TargetApp, broken);
    loaded.app_accesses = readable(&cluster.app_accesses, Kind::AppAccess, broken);
    loaded.teams = readable(&cluster.teams, Kind::Team, broken);
    loaded.directories = readable(&cluster.directories, Kind::Directory, broken);
    loaded.approvals = readable(&cluster.approvals, Kind::AccessApproval, broken);
    loaded
}

fn readable<K: Resource + Clone>(shelf: &Shelf<Guarded<K>>, kind: Kind, broken: &mut Vec<Broken>) -> Objects<K> {
    let place = Place { file: "cluster".to_owned(), line: 0 };
    let mut objects = Objects::new();
    for (name, object) in shelf.objects() {
        match &object.0 {
            Ok(object) => drop(objects.insert(name, Located { object: object.clone(), place: place.clone() })),
            Err(_) => broken.push(Broken { kind, name: Some(name), place: place.clone() }),
        }
    }
    objects
}

impl Snapshot {
    /// Puts together what the cluster holds and what the directories say.
    pub(super) fn new(
        cluster: &Cluster,
        loaded: Loaded,
        readings: BTreeMap<ObjectName, DirectoryReading>,
    ) -> Arc<Self> {
        let mut world = load::world(&loaded, &readings);
        for undecodable in &mut world.undecodable {
            let object = cluster.app_accesses.get(&undecodable.name);
            let named = object.and_then(|object| object.0.as_ref().err().and_then(|broken| broken.app.clone()));
            undecodable.app = named.or_else(|| undecodable.app.take());
        }
        for broken in loaded.broken.iter().filter(|broken| broken.kind == Kind::Directory) {
            let Some(name) = &broken.name else { continue };
            let domains =
                cluster.directories.get(name).and_then(|object| Some(object.0.as_ref().err()?.domains.clone()));
            world.directories.insert(name.clone(), unreadable_directory(domains.unwrap_or_default()));
        }
        let terminating = cluster.terminating();
        let recovering = cluster.is_recovering();
        let unreadable = unreadable(cluster);
        let mut snapshot =
            Self { loaded, world, readings, terminating, unreadable, recovering, marks: BTreeMap::new() };
        snapshot.marks = snapshot.marks();
        Arc::new(snapshot)
    }

    /// The older target app of the same tenant that cannot be read. What it claimed goes on being its own.
    pub(super) fn older_unreadable(&self, name: &ObjectName, app: &TargetApp) -> Option<ObjectName> {
        let (tenant, age) = (target_key(&app.spec, name), (app.creation_timestamp().map(|time| time.0), name));
        let same = self.unreadable.iter().filter(|(_, unreadable)| unreadable.tenant == tenant);
        let older = same.filter(|(other, unreadable)| (unreadable.created, *other) < age);
        older.map(|(other, _)| other.clone()).next()
    }

    /// The accesses that name this app.
    pub(super) fn accesses_of<'a>(&'a self, app: &'a ObjectName) -> impl Iterator<Item = &'a ObjectName> {
        self.world.accesses.values().filter(move |access| access.app == *app).map(|access| &access.name)
    }

    /// The decisions about this app.
    pub(super) fn approvals_of<'a>(
        &'a self,
        app: &'a ObjectName,
    ) -> impl Iterator<Item = (&'a ObjectName, &'a AccessApproval)> {
        self.loaded.approvals.iter().filter_map(move |(name, located)| {
            (subject(name, located.object.spec.app_ref.as_ref()).as_ref() == Some(app))
                .then_some((name, &located.object))
        })
    }

    fn marks(&self) -> BTreeMap<ObjectName, u64> {
        let common = self.common_mark();
        let mut tenants: BTreeMap<String, Vec<&ObjectName>> = BTreeMap::new();
        for (name, app) in &self.loaded.target_apps {
            tenants.entry(target_key(&app.object.spec, name)).or_default().push(name);
        }
        let mut marks = BTreeMap::new();
        for (name, app) in &self.loaded.target_apps {
            let mut mark = DefaultHasher::new();
            common.hash(&mut mark);
            identity(&app.object, &[RECONCILE_AT], &mut mark);
            tenants.get(&target_key(&app.object.spec, name)).hash(&mut mark);
            self.terminating.contains(&*name.namespace).hash(&mut mark);
            if !app.object.spec.allow.is_empty() {
                self.loaded.namespaces.hash(&mut mark);
            }
            for access in self.accesses_of(name) {
                if let Some(located) = self.loaded.app_accesses.get(access) {
                    identity(&located.object, &[COMMIT, PULL_REQUEST, APPROVED_BY], &mut mark);
                }
            }
            for team in self.teams_of(name) {
                match self.loaded.teams.get(&team) {
                    Some(located) => identity(&located.object, &[], &mut mark),
                    None => team.hash(&mut mark),
                }
            }
            for (_, approval) in self.approvals_of(name) {
                identity(approval, &[], &mut mark);
            }
            marks.insert(name.clone(), mark.finish());
        }
        marks
    }

    /// What matters to every app.
    fn common_mark(&self) -> u64 {
        let mut mark = DefaultHasher::new();
        self.recovering.hash(&mut mark);
        for broken in &self.loaded.broken {
            (broken.kind, &broken.name).hash(&mut mark);
        }
        for undecodable in &self.world.undecodable {
            undecodable.app.hash(&mut mark);
        }
        for (name, located) in &self.loaded.directories {
            identity(&located.object, &[], &mut mark);
            let Some(reading) = self.readings.get(name) else { continue };
            let verdict = &reading.verdict;
            (&verdict.left, &verdict.absent, verdict.breaker.is_some()).hash(&mut mark);
            format!("{:?}", reading.freshness).hash(&mut mark);
        }
        mark.finish()
    }

    /// The teams that the claims on an app name, and those that these name.
    fn teams_of(&self, app: &ObjectName) -> BTreeSet<ObjectName> {
        let mut open: Vec<ObjectName> = Vec::new();
        for access in self.world.accesses.values().filter(|access| access.app == *app) {
            for grant in &access.grants {
                open.extend(named_teams(grant.subjects.iter().chain(&grant.except)));
            }
        }
        let mut teams = BTreeSet::new();
        while let Some(team) = open.pop() {
            if let Some(content) = self.world.teams.get(&team)
                && !teams.contains(&team)
            {
                open.extend(named_teams(content.parts.iter().chain(&content.except)));
            }
            teams.insert(team);
        }
        teams
    }
}

fn named_teams<'a>(entries: impl Iterator<Item = &'a SubjectEntry>) -> impl Iterator<Item = ObjectName> {
    entries.filter_map(|entry| match &entry.subject {
        Subject::Team(name) => Some(name.clone()),
        _ => None,
    })
}

/// What a decision is about: it stands in the namespace of that.
pub(super) fn subject(name: &ObjectName, reference: Option<&Reference>) -> Option<ObjectName> {
    let reference = reference?;
    Some(ObjectName::new(reference.namespace.as_deref().unwrap_or(&name.namespace), &reference.name))
}

/// Which object it is, in which version of what people wrote, and these annotations.
pub(super) fn identity(object: &impl ResourceExt, annotations: &[&str], mark: &mut DefaultHasher) {
    object.meta().uid.hash(mark);
    object.meta().generation.hash(mark);
    object.meta().deletion_timestamp.is_some().hash(mark);
    for annotation in annotations {
        object.annotations().get(*annotation).hash(mark);
    }
}

/// A directory that cannot be decoded: who is in it is unknown, and so is everybody in its domains.
fn unreadable_directory(domains: Vec<String>) -> DirectoryView {
    DirectoryView {
        domains: domains.into_iter().map(|domain| domain.to_ascii_lowercase().as_str().into()).collect(),
        people: BTreeMap::new(),
        groups: BTreeMap::new(),
        attributes: BTreeSet::new(),
        share_with: BTreeSet::new(),
        freshness: Freshness::Stale("its object cannot be decoded".into()),
        leavers: Leavers::Report,
        left: BTreeMap::new(),
        breaker: false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::load::files;

    #[test]
    fn an_app_is_the_younger_beside_an_older_one_of_its_tenant_that_cannot_be_read() {
        let text = "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {name: anew, namespace: it}\n\
                    spec: {connector: {toggl: {organizationId: \"7\"}}, credentials: {secretRef: {name: toggl}}}\n";
        let loaded = files::read_with(&["-".into()], || Cursor::new(text.to_owned())).unwrap();
        let anew = ObjectName::new("it", "anew");
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut app = loaded.target_apps[&anew].object.clone();
        app.metadata.creation_timestamp = Some(Time(at(10)));
        let older_than = |tenant: &str, created| {
            let unread = Unread { tenant: tenant.to_owned(), created: Some(at(created)) };
            let snapshot = Snapshot {
                loaded: Loaded::default(),
                world: World::default(),
                readings: BTreeMap::new(),
                terminating: BTreeSet::new(),
                unreadable: BTreeMap::from([(ObjectName::new("it", "boards"), unread)]),
                recovering: false,
                marks: BTreeMap::new(),
            };
            snapshot.older_unreadable(&anew, &app).is_some()
        };
        assert!(older_than("toggl:7", 9));
        assert!(!older_than("toggl:7", 11), "it is the younger one");
        assert!(!older_than("toggl:8", 9), "it manages something else");
    }
}
