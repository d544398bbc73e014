//! Teams, directories and people that objects name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, ObjectName, Subject, claims::is_shared, resolve};
use crate::api::{
    Kind,
    app_access::{Subject as Claimed, SubjectForm},
    reference::{DirectoryGroup, Match, Reference},
    source::{InlineSource, Source},
};

/// Checks teams, directories, and the allowances that name them.
pub(super) fn check(findings: &mut Findings<'_>) {
    for (name, team) in &findings.loaded.teams {
        let subject = Subject { kind: Kind::Team, name, place: &team.place };
        let spec = &team.object.spec;
        for (index, member) in spec.members.iter().enumerate() {
            user(findings, subject, &format!("spec.members[{index}].user"), &member.user);
        }
        teams(findings, subject, "spec.teams", &spec.teams);
        groups(findings, subject, "spec.directoryGroups", &spec.directory_groups);
        if let Some(attributes) = &spec.match_ {
            match_(findings, subject, "spec.match", attributes);
        }
        subjects(findings, subject, "spec.except", &spec.except);
    }
    for (name, app) in &findings.loaded.target_apps {
        let subject = Subject { kind: Kind::TargetApp, name, place: &app.place };
        for (index, allow) in app.object.spec.allow.iter().enumerate() {
            let Some(people) = &allow.people else { continue };
            teams(findings, subject, &format!("spec.allow[{index}].people.teams"), &people.teams);
            groups(findings, subject, &format!("spec.allow[{index}].people.directoryGroups"), &people.directory_groups);
        }
    }
    cycles(findings);
    domains(findings);
    inline_members(findings);
}

/// Checks subjects of a claim, or of an `except`.
pub(super) fn subjects(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, entries: &[Claimed]) {
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match entry.form() {
            Some(SubjectForm::User(login)) => user(findings, subject, &format!("{path}.user"), login),
            Some(SubjectForm::Team(reference)) => team(findings, subject, &format!("{path}.team"), reference),
            Some(SubjectForm::DirectoryGroup(reference)) => {
                group(findings, subject, &format!("{path}.directoryGroup"), reference);
            }
            Some(SubjectForm::Match(attributes)) => match_(findings, subject, &format!("{path}.match"), attributes),
            Some(SubjectForm::Service(_)) | None => {}
        }
    }
}

fn teams(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, references: &[Reference]) {
    for (index, reference) in references.iter().enumerate() {
        team(findings, subject, &format!("{path}[{index}]"), reference);
    }
}

fn team(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, reference: &Reference) {
    let name = resolve(subject, reference);
    let known = findings.loaded.teams.get(&name);
    let shared = known.is_some_and(|team| is_shared(&name, &team.object.spec.share_with, &subject.name.namespace));
    if !shared && !findings.is_broken(Kind::Team, &name) {
        let message = format!("names the team {name}, which is not there or not shared with this namespace");
        findings.add(
            subject,
            path,
            "TeamNotFound",
            message,
            "write the name of a Team, and this namespace in its shareWith",
        );
    }
}

fn groups(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, references: &[DirectoryGroup]) {
    for (index, reference) in references.iter().enumerate() {
        group(findings, subject, &format!("{path}[{index}]"), reference);
    }
}

fn group(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, reference: &DirectoryGroup) {
    let name = directory_name(subject, &reference.directory, reference.namespace.as_ref());
    if !directory(findings, subject, path, &name, true) {
        return;
    }
    let groups = inline(findings, &name).map(|inline| &inline.groups);
    if groups.is_some_and(|groups| !groups.iter().any(|group| group.name == reference.group)) {
        let message = format!("names the group {:?}, which the directory {name} does not have", reference.group);
        findings.add(subject, path, "GroupNotFound", message, "write the name of one of its groups");
    }
}

fn match_(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, attributes: &Match) {
    let name = directory_name(subject, &attributes.directory, attributes.namespace.as_ref());
    if !directory(findings, subject, path, &name, true) {
        return;
    }
    let Some(known) = findings.loaded.directories.get(&name) else { return };
    let wanted = attributes.match_labels.keys().chain(attributes.match_expressions.iter().map(|entry| &entry.key));
    for key in wanted.filter(|key| !known.object.spec.attributes.contains(key)) {
        let message = format!("matches on {key:?}, which the directory {name} does not list in attributes");
        findings.add(subject, path, "AttributeNotListed", message, "add it to the attributes of the Directory");
    }
}

/// Whether there is such a directory, to be named from here; a finding where there is none.
pub(super) fn directory(
    findings: &mut Findings<'_>,
    subject: Subject<'_>,
    path: &str,
    name: &ObjectName,
    must_share: bool,
) -> bool {
    let known = findings.loaded.directories.get(name);
    let usable = known.is_some_and(|directory| {
        !must_share || is_shared(name, &directory.object.spec.share_with, &subject.name.namespace)
    });
    if !usable && !findings.is_broken(Kind::Directory, name) {
        let message = format!("names the directory {name}, which is not there or not shared with this namespace");
        let help = "write the name of a Directory, and this namespace in its shareWith";
        findings.add(subject, path, "DirectoryNotFound", message, help);
    }
    usable
}

fn directory_name(subject: Subject<'_>, name: &str, namespace: Option<&String>) -> ObjectName {
    ObjectName::new(namespace.map_or(&subject.name.namespace, String::as_str), name)
}

fn inline<'a>(findings: &Findings<'a>, name: &ObjectName) -> Option<&'a InlineSource> {
    match &findings.loaded.directories.get(name)?.object.spec.source {
        Source::Inline(inline) => Some(inline),
        _ => None,
    }
}

/// A literal address in a domain that an inline directory owns must exist there: a typo creates nobody.
fn user(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, login: &str) {
    let login = login.to_lowercase();
    let Some((_, domain)) = login.rsplit_once('@') else { return };
    let owns = |domains: &[String]| domains.iter().any(|owned| owned.eq_ignore_ascii_case(domain));
    let Some((name, owner)) = findings.loaded.directories.iter().find(|(_, entry)| owns(&entry.object.spec.domains))
    else {
        return;
    };
    let Source::Inline(people) = &owner.object.spec.source else { return };
    let aliases = owner.object.spec.aliases.iter().flat_map(|alias| &alias.also);
    let mut known =
        people.people.iter().flat_map(|person| std::iter::once(&person.user).chain(&person.also)).chain(aliases);
    if !known.any(|address| address.to_lowercase() == login) {
        let message = format!("names {login}, whom the directory {name} does not know although it owns the domain");
        findings.add(
            subject,
            path,
            "PersonNotFound",
            message,
            "correct the address, or add the person to the directory",
        );
    }
}

/// Teams that contain themselves.
fn cycles(findings: &mut Findings<'_>) {
    let mut edges: BTreeMap<&ObjectName, Vec<ObjectName>> = BTreeMap::new();
    for (name, team) in &findings.loaded.teams {
        let subject = Subject { kind: Kind::Team, name, place: &team.place };
        edges.insert(name, team.object.spec.teams.iter().map(|reference| resolve(subject, reference)).collect());
    }
    for (name, team) in &findings.loaded.teams {
        let mut reached = BTreeSet::new();
        let mut pending: Vec<&ObjectName> = edges.get(name).into_iter().flatten().collect();
        while let Some(next) = pending.pop() {
            if reached.insert(next) {
                pending.extend(edges.get(next).into_iter().flatten());
            }
        }
        if reached.contains(name) {
            let subject = Subject { kind: Kind::Team, name, place: &team.place };
            let message = "contains itself, directly or through another team".to_owned();
            findings.add(subject, "spec.teams", "TeamCyclic", message, "take one of the teams on the way out");
        }
    }
}

/// A mail domain has one owner; the later directory by name is stalled.
fn domains(findings: &mut Findings<'_>) {
    let mut owners: BTreeMap<String, &ObjectName> = BTreeMap::new();
    for (name, directory) in &findings.loaded.directories {
        for (index, domain) in directory.object.spec.domains.iter().enumerate() {
            let domain = domain.to_lowercase();
            if let Some(owner) = owners.get(&domain) {
                let message = format!("claims {domain}, which the directory {owner} owns");
                let subject = Subject { kind: Kind::Directory, name, place: &directory.place };
                findings.add(
                    subject,
                    &format!("spec.domains[{index}]"),
                    "DuplicateDomain",
                    message,
                    "leave it to one of them",
                );
            } else {
                owners.insert(domain, name);
            }
        }
    }
}

/// Members of an inline group must be people of the directory.
fn inline_members(findings: &mut Findings<'_>) {
    for (name, directory) in &findings.loaded.directories {
        let Source::Inline(source) = &directory.object.spec.source else { continue };
        let mut known: BTreeSet<String> = BTreeSet::new();
        for person in &source.people {
            known.insert(person.user.to_lowercase());
            known.extend(person.id.iter().map(|id| id.as_str().to_lowercase()));
            known.extend(person.also.iter().map(|also| also.to_lowercase()));
        }
        for (index, group) in source.groups.iter().enumerate() {
            for (position, member) in group.members.iter().enumerate() {
                if !known.contains(&member.to_lowercase()) {
                    let path = format!("spec.source.inline.groups[{index}].members[{position}]");
                    let subject = Subject { kind: Kind::Directory, name, place: &directory.place };
                    let message = format!("names {member:?}, who is not among the people");
                    findings.add(
                        subject,
                        &path,
                        "PersonNotFound",
                        message,
                        "write the user or id of one of the people",
                    );
                }
            }
        }
    }
}
