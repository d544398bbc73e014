//! Objects, from files or the cluster, become the core's input.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{Mail, ObjectName, Person, PersonKey, PersonName, Text},
    resolve::{
        Access, DirectoryView, Freshness, Grant, Leavers, Match, MatchOperator, Reading, Subject, SubjectEntry, Team,
        Undecodable, Verdict, Wanted, World,
    },
};

use super::{Loaded, Located, Objects};
use crate::api::{
    self, AppAccessSpec, DirectorySpec, Kind, TeamSpec,
    app_access::SubjectForm,
    reference::{self, Operator},
    source::InlineSource,
};

/// What is known of one directory beside its object: the people that it last listed, judged.
#[derive(Clone, Debug)]
pub struct DirectoryReading {
    /// Its people, by immutable id.
    pub people: BTreeMap<Text, Person>,
    /// Its groups: names to ids of people.
    pub groups: BTreeMap<Text, BTreeSet<Text>>,
    /// Whether it can be relied on.
    pub freshness: Freshness,
    /// Who left.
    pub verdict: Verdict,
}

/// Everything declared, with what the directories say.
#[must_use]
pub fn world(loaded: &Loaded, readings: &BTreeMap<ObjectName, DirectoryReading>) -> World {
    let mut world = World::default();
    for (name, access) in &loaded.app_accesses {
        let spec = &access.object.spec;
        let app = reference(&name.namespace, &spec.app_ref);
        if !loaded.target_apps.contains_key(&app) {
            world.missing_apps.insert(app);
        }
        if let Some(access) = claims(name, spec) {
            world.accesses.insert(name.clone(), access);
        } else {
            // What is left of it would say that the others were withdrawn.
            let app = Some(reference(&name.namespace, &spec.app_ref));
            world.undecodable.push(Undecodable { name: name.clone(), app });
        }
    }
    for (name, written) in &loaded.teams {
        world.teams.insert(name.clone(), team(name, &written.object.spec));
    }
    for broken in &loaded.broken {
        let Some(name) = &broken.name else { continue };
        match broken.kind {
            Kind::AppAccess => world.undecodable.push(Undecodable { name: name.clone(), app: None }),
            Kind::Team => drop(world.teams.insert(name.clone(), Team { undecodable: true, ..Team::default() })),
            _ => {}
        }
    }
    let owners = domain_owners(loaded);
    for (name, directory) in &loaded.directories {
        let owned = owners.iter().filter(|(_, owner)| **owner == *name).map(|(domain, _)| domain.clone()).collect();
        world.directories.insert(name.clone(), view(&directory.object.spec, owned, readings.get(name)));
        aliases(&directory.object.spec, &mut world.aliases);
    }
    world
}

/// Which directory owns each mail domain: the older object, in files the first by name.
#[must_use]
pub fn domain_owners(loaded: &Loaded) -> BTreeMap<Text, ObjectName> {
    let mut owners: BTreeMap<Text, ObjectName> = BTreeMap::new();
    for (name, directory) in by_age(&loaded.directories) {
        for domain in &directory.object.spec.domains {
            owners.entry(domain.to_ascii_lowercase().into()).or_insert_with(|| name.clone());
        }
    }
    owners
}

/// `None` where a subject has not exactly one form.
fn claims(name: &ObjectName, spec: &AppAccessSpec) -> Option<Access> {
    let namespace = &name.namespace;
    Some(Access {
        name: name.clone(),
        app: reference(namespace, &spec.app_ref),
        grants: spec.grants.iter().map(|grant| one_grant(namespace, grant)).collect::<Option<_>>()?,
    })
}

fn reference(namespace: &str, reference: &reference::Reference) -> ObjectName {
    ObjectName::new(reference.namespace.as_deref().unwrap_or(namespace), &reference.name)
}

fn one_grant(namespace: &str, grant: &api::app_access::Grant) -> Option<Grant> {
    let wanted = |kind: &str, name: &str, level: Option<&String>| Wanted {
        kind: kind.into(),
        name: name.into(),
        level: level.map(|level| level.as_str().into()),
    };
    let roles = grant.roles.iter().map(|role| wanted("role", role, None));
    let groups = grant.groups.iter().map(|group| wanted("group", group, None));
    let others = grant.entitlements.iter().map(|entry| wanted(&entry.type_, &entry.name, entry.level.as_ref()));
    Some(Grant {
        name: grant.name.as_str().into(),
        subjects: entries(namespace, &grant.subjects)?,
        except: entries(namespace, &grant.except)?,
        wanted: roles.chain(groups).chain(others).collect(),
        from: grant.from.as_ref().map(api::Time::timestamp),
        until: grant.until.as_ref().map(api::Time::timestamp),
        reason: grant.reason.as_deref().map(Text::from),
    })
}

/// All of them, or `None`: a list without the one that cannot be told would name other people.
fn entries(namespace: &str, written: &[api::app_access::Subject]) -> Option<Vec<SubjectEntry>> {
    written.iter().map(|subject| entry(namespace, subject)).collect()
}

fn entry(namespace: &str, written: &api::app_access::Subject) -> Option<SubjectEntry> {
    let subject = match written.form()? {
        SubjectForm::User(user) => Subject::User(user.into()),
        SubjectForm::Service(login) => Subject::Service(login.into()),
        SubjectForm::Team(team) => Subject::Team(reference(namespace, team)),
        SubjectForm::DirectoryGroup(group) => directory_group(namespace, group),
        SubjectForm::Match(terms) => Subject::Match(selection(namespace, terms)),
    };
    let name = written.name.as_ref();
    Some(SubjectEntry {
        subject,
        from: written.from.as_ref().map(api::Time::timestamp),
        until: written.until.as_ref().map(api::Time::timestamp),
        name: PersonName {
            given: name.map(|name| name.given.as_str().into()),
            family: name.map(|name| name.family.as_str().into()),
        },
    })
}

fn directory_group(namespace: &str, group: &reference::DirectoryGroup) -> Subject {
    Subject::DirectoryGroup {
        directory: ObjectName::new(group.namespace.as_deref().unwrap_or(namespace), &group.directory),
        group: group.group.as_str().into(),
    }
}

fn selection(namespace: &str, written: &reference::Match) -> Match {
    let labels = written.match_labels.iter().map(|(key, value)| {
        (Text::from(key.as_str()), MatchOperator::In, BTreeSet::from([Text::from(value.as_str())]))
    });
    let expressions = written.match_expressions.iter().map(|term| {
        let operator = match term.operator {
            Operator::In => MatchOperator::In,
            Operator::NotIn => MatchOperator::NotIn,
            Operator::Exists => MatchOperator::Exists,
            Operator::DoesNotExist => MatchOperator::DoesNotExist,
        };
        (Text::from(term.key.as_str()), operator, term.values.iter().map(|value| Text::from(value.as_str())).collect())
    });
    Match {
        directory: ObjectName::new(written.namespace.as_deref().unwrap_or(namespace), &written.directory),
        terms: labels.chain(expressions).collect(),
    }
}

fn team(name: &ObjectName, spec: &TeamSpec) -> Team {
    let namespace = &name.namespace;
    let members = spec.members.iter().map(|member| SubjectEntry {
        from: member.from.as_ref().map(api::Time::timestamp),
        until: member.until.as_ref().map(api::Time::timestamp),
        ..SubjectEntry::always(Subject::User(member.user.as_str().into()))
    });
    let teams = spec.teams.iter().map(|team| SubjectEntry::always(Subject::Team(reference(namespace, team))));
    let groups = spec.directory_groups.iter().map(|group| SubjectEntry::always(directory_group(namespace, group)));
    let matches = spec.match_.iter().map(|terms| SubjectEntry::always(Subject::Match(selection(namespace, terms))));
    let Some(except) = entries(namespace, &spec.except) else {
        return Team { undecodable: true, ..Team::default() };
    };
    Team {
        parts: members.chain(teams).chain(groups).chain(matches).collect(),
        except,
        share_with: spec.share_with.iter().map(|namespace| namespace.as_str().into()).collect(),
        undecodable: false,
    }
}

fn view(spec: &DirectorySpec, domains: BTreeSet<Text>, reading: Option<&DirectoryReading>) -> DirectoryView {
    let unread = Freshness::Stale("it has not been read yet".into());
    DirectoryView {
        domains,
        people: reading.map(|reading| reading.people.clone()).unwrap_or_default(),
        groups: reading.map(|reading| reading.groups.clone()).unwrap_or_default(),
        attributes: spec.attributes.iter().map(|name| name.as_str().into()).collect(),
        share_with: spec.share_with.iter().map(|namespace| namespace.as_str().into()).collect(),
        freshness: reading.map_or(unread, |reading| reading.freshness.clone()),
        leavers: match spec.leavers {
            api::directory::Leavers::Report => Leavers::Report,
            api::directory::Leavers::Act => Leavers::Act,
        },
        left: reading.map(|reading| reading.verdict.left.clone()).unwrap_or_default(),
        breaker: reading.is_some_and(|reading| reading.verdict.breaker.is_some()),
    }
}

fn aliases(spec: &DirectorySpec, aliases: &mut BTreeMap<Mail, BTreeSet<Mail>>) {
    for alias in &spec.aliases {
        let Ok(person) = Mail::parse(&alias.person) else { continue };
        aliases.entry(person).or_default().extend(alias.also.iter().filter_map(|also| Mail::parse(also).ok()));
    }
}

/// What an inline directory says: its object is the reading.
#[must_use]
pub fn inline_people(
    name: &ObjectName,
    source: &InlineSource,
) -> (BTreeMap<Text, Person>, BTreeMap<Text, BTreeSet<Text>>) {
    let mut people = BTreeMap::new();
    let mut by_name: BTreeMap<Text, Text> = BTreeMap::new();
    for written in &source.people {
        let mail = Mail::parse(&written.user).ok();
        let user: Text =
            mail.as_ref().map_or_else(|| written.user.to_ascii_lowercase().into(), |mail| mail.as_str().into());
        let id: Text = written.id.as_ref().map_or_else(|| user.clone(), |id| id.as_str().into());
        let mut attributes: BTreeMap<Text, Text> =
            written.attributes.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect();
        attributes.extend(written.name.as_ref().map(|name| ("displayName".into(), name.as_str().into())));
        let person = Person {
            key: PersonKey::Known { directory: name.clone(), id: id.clone() },
            label: user.clone(),
            login: mail.is_none().then(|| user.clone()),
            mail,
            also: written.also.iter().filter_map(|also| Mail::parse(also).ok()).collect(),
            name: PersonName::default(),
            attributes,
            active: written.is_active(),
        };
        by_name.insert(user, id.clone());
        by_name.insert(id.clone(), id.clone());
        people.insert(id, person);
    }
    let groups = source.groups.iter().map(|group| {
        let members = group.members.iter().filter_map(|member| {
            let name = Mail::parse(member).map_or_else(|_| member.to_ascii_lowercase(), |mail| mail.to_string());
            by_name.get(name.as_str()).or_else(|| by_name.get(member.as_str())).cloned()
        });
        (Text::from(group.name.as_str()), members.collect())
    });
    let groups = groups.collect();
    (people, groups)
}

/// An inline directory as one complete reading of these people.
#[must_use]
pub fn inline_reading(people: &BTreeMap<Text, Person>) -> Reading {
    let people = people.iter().map(|(id, person)| (id.clone(), person.active)).collect();
    Reading { people, deleted: BTreeSet::new() }
}

/// Objects in the order of their age: by creation where the cluster tells, by name in files.
#[must_use]
pub fn by_age<T: kube::ResourceExt>(objects: &Objects<T>) -> Vec<(&ObjectName, &Located<T>)> {
    let mut sorted: Vec<_> = objects.iter().collect();
    sorted.sort_by_key(|(name, located)| (located.object.creation_timestamp().map(|time| time.0), (*name).clone()));
    sorted
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::load::Place;

    fn located<T: DeserializeOwned>(kind: &str, spec: &Value) -> Objects<T> {
        let object = json!({
            "apiVersion": api::API_VERSION, "kind": kind, "metadata": {"name": "staff", "namespace": "red"}, "spec": spec,
        });
        let place = Place { file: "cluster".to_owned(), line: 0 };
        Objects::from([(
            ObjectName::new("red", "staff"),
            Located { object: serde_json::from_value(object).unwrap(), place },
        )])
    }

    /// One that the definition forbids, but that decodes.
    fn formless() -> [Value; 2] {
        [json!({}), json!({"user": "ada@example.com", "service": "robot"})]
    }

    #[test]
    fn an_access_with_a_subject_that_cannot_be_told_is_unknown_as_a_whole() {
        for odd in formless() {
            for grant in [
                json!({"name": "all", "subjects": [{"user": "bo@example.com"}, odd]}),
                json!({"name": "all", "subjects": [{"user": "bo@example.com"}], "except": [odd]}),
            ] {
                let spec = json!({"appRef": {"name": "boards", "namespace": "it"}, "grants": [grant]});
                let loaded = Loaded { app_accesses: located("AppAccess", &spec), ..Loaded::default() };
                let world = world(&loaded, &BTreeMap::new());
                assert!(world.accesses.is_empty());
                let app = Some(ObjectName::new("it", "boards"));
                assert_eq!(world.undecodable, [Undecodable { name: ObjectName::new("red", "staff"), app }]);
            }
        }
    }

    #[test]
    fn a_team_with_an_exception_that_cannot_be_told_is_unknown() {
        for odd in formless() {
            let spec = json!({"members": [{"user": "bo@example.com"}], "except": [odd]});
            let loaded = Loaded { teams: located("Team", &spec), ..Loaded::default() };
            let world = world(&loaded, &BTreeMap::new());
            assert!(world.teams[&ObjectName::new("red", "staff")].undecodable);
        }
    }
}
