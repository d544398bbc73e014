//! Which apps a file is about, and who owns them. It must not know paths or forges beyond what an owner looks like.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use appaccess_core::{
    access::{Mail, ObjectName},
    resolve::{Subject, SubjectEntry, World},
};

use crate::{
    api::connector::{Connector, Roster},
    cli::error::CommandError,
    load::{Loaded, Place, locate::Locator, world},
};

/// Files with the apps that they are about.
#[derive(Debug)]
pub(super) struct Owned {
    /// The owners of each app that names some.
    owners: BTreeMap<ObjectName, BTreeSet<String>>,
    files: BTreeMap<String, BTreeSet<ObjectName>>,
    notes: Vec<String>,
}

impl Owned {
    /// Refuses owners that no forge takes, and files that name none at all.
    pub(super) fn new(loaded: &Loaded) -> Result<Self, CommandError> {
        let mut owners = BTreeMap::new();
        for (name, target) in &loaded.target_apps {
            for (index, owner) in target.object.spec.owners.iter().enumerate() {
                if !is_owner(owner) {
                    let place = Locator::default().locate(&target.place, &format!("spec.owners[{index}]"));
                    let what = format!("{place}: TargetApp {name} names the owner `{owner}`, which no forge takes");
                    let remedy =
                        "write @name, @organization/team or a mail address, or a group of GitLab as @group/subgroup";
                    return Err(CommandError::usage(what, remedy));
                }
            }
            let named: BTreeSet<String> = target.object.spec.owners.iter().cloned().collect();
            if !named.is_empty() {
                owners.insert(name.clone(), named);
            }
        }
        if owners.is_empty() {
            let remedy = "write owners: [\"@organization/team\"] into the TargetApps";
            return Err(CommandError::usage("no TargetApp among the files has `owners`", remedy));
        }
        let mut owned = Self { owners, files: BTreeMap::new(), notes: Vec::new() };
        owned.look(loaded);
        owned.note(loaded);
        Ok(owned)
    }

    fn look(&mut self, loaded: &Loaded) {
        let world = world(loaded, &BTreeMap::new());
        let everything: BTreeSet<ObjectName> = loaded.target_apps.keys().cloned().collect();
        for (name, target) in &loaded.target_apps {
            self.add(&target.place, [name.clone()]);
            if let Connector::Manual(manual) = &target.object.spec.connector {
                match &manual.roster {
                    Roster::File(file) => {
                        let path = Path::new(&target.place.file).with_file_name(file);
                        // What is not there has no owner yet.
                        if path.is_file() {
                            self.add(&Place { file: path.display().to_string(), line: 1 }, [name.clone()]);
                        }
                    }
                    Roster::ConfigMapRef(reference) => {
                        let map = loaded.config_maps.get(&ObjectName::new(&name.namespace, &reference.name));
                        if let Some(map) = map {
                            self.add(&map.place, [name.clone()]);
                        }
                    }
                }
            }
        }
        for (name, access) in &loaded.app_accesses {
            let app = world.accesses.get(name).map(|access| access.app.clone());
            self.add(&access.place, app);
        }
        let teams = apps_by_team(loaded, &world);
        for (name, team) in &loaded.teams {
            self.add(&team.place, teams.get(name).cloned().unwrap_or_default());
        }
        // Its mail domains and its leavers count in every app.
        loaded.directories.values().for_each(|directory| self.add(&directory.place, everything.clone()));
        for (name, approval) in &loaded.approvals {
            let app = approval.object.spec.app_ref.as_ref();
            let about = app.map(|app| ObjectName::new(app.namespace.as_deref().unwrap_or(&name.namespace), &app.name));
            match about {
                Some(app) => self.add(&approval.place, [app]),
                None => self.add(&approval.place, everything.clone()),
            }
        }
    }

    fn add(&mut self, place: &Place, apps: impl IntoIterator<Item = ObjectName>) {
        self.files.entry(place.file.clone()).or_default().extend(apps);
    }

    fn note(&mut self, loaded: &Loaded) {
        let silent = loaded.target_apps.keys().filter(|name| !self.owners.contains_key(*name));
        self.notes
            .extend(silent.map(|name| format!("TargetApp {name} has no `owners`: any owner of any app may approve")));
        for (file, apps) in &self.files {
            let different: BTreeSet<_> = apps.iter().filter_map(|app| self.owners.get(app)).collect();
            if different.len() > 1 {
                let note = format!("{file} is about apps with different owners: each of them may approve all of it");
                self.notes.push(note);
            }
        }
    }

    /// Every owner of any app, in order.
    pub(super) fn everybody(&self) -> Vec<String> {
        self.owners.values().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Each file with its owners, in order.
    pub(super) fn files(&self) -> Vec<(String, Vec<String>)> {
        let owners = |apps: &BTreeSet<ObjectName>| -> Vec<String> {
            let named: BTreeSet<String> =
                apps.iter().filter_map(|app| self.owners.get(app)).flatten().cloned().collect();
            if named.is_empty() { self.everybody() } else { named.into_iter().collect() }
        };
        self.files.iter().map(|(file, apps)| (file.clone(), owners(apps))).collect()
    }

    /// What whoever reads the result should know.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// `@name`, `@organization/team`, `@group/subgroup/…`, or a mail address.
fn is_owner(text: &str) -> bool {
    let is_name = |name: &str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_') && name.chars().all(plain)
    };
    let is_mail = || {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._%+-@".contains(letter);
        text.chars().all(plain) && Mail::parse(text).is_ok()
    };
    text.strip_prefix('@').map_or_else(is_mail, |path| path.split('/').all(is_name))
}

/// The apps in which each team counts, through other teams and through `allow`, too.
fn apps_by_team(loaded: &Loaded, world: &World) -> BTreeMap<ObjectName, BTreeSet<ObjectName>> {
    let named = |entry: &SubjectEntry| match &entry.subject {
        Subject::Team(team) => Some(team.clone()),
        _ => None,
    };
    let mut open: Vec<(ObjectName, ObjectName)> = Vec::new();
    for access in world.accesses.values() {
        let entries = access.grants.iter().flat_map(|grant| grant.subjects.iter().chain(&grant.except));
        open.extend(entries.filter_map(named).map(|team| (team, access.app.clone())));
    }
    for (app, target) in &loaded.target_apps {
        let people = target.object.spec.allow.iter().filter_map(|allow| allow.people.as_ref());
        let teams = people.flat_map(|people| &people.teams);
        open.extend(teams.map(|team| {
            let namespace = team.namespace.as_deref().unwrap_or(&app.namespace);
            (ObjectName::new(namespace, &team.name), app.clone())
        }));
    }
    let mut apps: BTreeMap<ObjectName, BTreeSet<ObjectName>> = BTreeMap::new();
    while let Some((team, app)) = open.pop() {
        if apps.entry(team.clone()).or_default().insert(app.clone()) {
            let parts = world.teams.get(&team).into_iter().flat_map(|team| team.parts.iter().chain(&team.except));
            open.extend(parts.filter_map(named).map(|part| (part, app.clone())));
        }
    }
    apps
}

#[cfg(test)]
mod tests {
    use super::is_owner;

    #[test]
    fn an_owner_is_a_name_a_team_or_a_mail_address() {
        for good in ["@vera", "@fern/it", "@fern/it/access", "vera.b+x@fern.example", "@a_b.c-d"] {
            assert!(is_owner(good), "{good}");
        }
        for bad in [
            "",
            "vera",
            "@",
            "@fern/",
            "@@maintainer",
            "@fern//it",
            "@a b",
            "@a#b",
            "a b@x.example",
            "@-a",
            "#@x.example",
        ] {
            assert!(!is_owner(bad), "{bad}");
        }
    }
}
