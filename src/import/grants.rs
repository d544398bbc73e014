//! People with the same entitlements become one grant; with teams, entitlements of the same people do.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{ObjectName, PersonKey},
    resolve::team_members,
};

use super::{
    Options, Source,
    holders::Item,
    names::{digest, of_app, of_items, unique},
    trial::Settled,
    yaml::size as yaml_size,
};

/// Most subjects of one grant, and bytes of their names: far below what an object may hold.
const MOST_SUBJECTS: (usize, usize) = (256, 40 * 1024);
/// Most entitlements of one sort in one grant, and bytes of their names.
const MOST_ITEMS: (usize, usize) = (64, 24 * 1024);
/// Most members of a team.
const MOST_MEMBERS: usize = 1000;

/// Who is named in a grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum People {
    /// People by name, each with whether the invitation has yet to be accepted.
    Users(Vec<(String, bool)>),
    /// Everybody of a team.
    Team(ObjectName),
}

/// One grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// Its label.
    pub(super) name: String,
    /// Who.
    pub(super) people: People,
    /// What beside the account.
    pub(super) items: Vec<Item>,
}

/// A team that there was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewTeam {
    /// Its name.
    pub(super) name: ObjectName,
    /// Its members by name.
    pub(super) members: Vec<String>,
}

/// What is declared.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// The grants, in the order in which they are written.
    pub(super) grants: Vec<Grant>,
    /// The teams that they name and that there were not, by name.
    pub(super) teams: Vec<NewTeam>,
}

/// People, by their place, and what all of them hold.
type Shared = (Vec<usize>, Vec<Item>);

/// The grants that declare all of this.
pub(super) fn grants(source: &Source<'_>, options: &Options, settled: &[Settled]) -> Grants {
    let mut shared = if options.as_teams { by_people(settled) } else { by_items(settled) };
    // As people write it: roles, groups, the rest, and accounts alone at the end.
    shared.sort_by(|left, right| (left.1.is_empty(), &left.1).cmp(&(right.1.is_empty(), &right.1)));
    let labels: Vec<(String, String)> = shared.iter().map(|(_, items)| (of_items(items), digest(items))).collect();
    let known = if options.as_teams { teams(source) } else { Vec::new() };
    let mut found = Grants::default();
    for ((people, items), name) in shared.into_iter().zip(unique(&labels)) {
        let team = options.as_teams.then(|| team(source, options, settled, &known, &people, &items, &name)).flatten();
        let people = match team {
            Some((name, new)) => {
                found.teams.extend(new);
                vec![People::Team(name)]
            }
            None => subjects(settled, &people),
        };
        let parts = items_of_grants(items);
        for (place, people) in people.into_iter().enumerate() {
            for (part, items) in parts.iter().enumerate() {
                let number = place * parts.len() + part + 1;
                let name = if number == 1 { name.clone() } else { format!("{name}.{number}") };
                found.grants.push(Grant { name, people: people.clone(), items: items.clone() });
            }
        }
    }
    found.teams.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

/// Everybody stands in one grant, with those who hold the very same.
fn by_items(settled: &[Settled]) -> Vec<Shared> {
    let mut shared: BTreeMap<Vec<Item>, Vec<usize>> = BTreeMap::new();
    for (index, one) in settled.iter().enumerate() {
        shared.entry(one.items.iter().cloned().collect()).or_default().push(index);
    }
    shared.into_iter().map(|(items, people)| (people, items)).collect()
}

/// Every entitlement stands in one grant, with those that the very same people hold.
fn by_people(settled: &[Settled]) -> Vec<Shared> {
    let mut holders: BTreeMap<&Item, Vec<usize>> = BTreeMap::new();
    let mut alone = Vec::new();
    for (index, one) in settled.iter().enumerate() {
        if one.items.is_empty() {
            alone.push(index);
        }
        for item in &one.items {
            holders.entry(item).or_default().push(index);
        }
    }
    let mut shared: BTreeMap<Vec<usize>, Vec<Item>> = BTreeMap::new();
    for (item, people) in holders {
        shared.entry(people).or_default().push(item.clone());
    }
    let mut shared: Vec<Shared> = shared.into_iter().collect();
    if !alone.is_empty() {
        shared.push((alone, Vec::new()));
    }
    shared
}

/// The teams that the namespace of the app may name, with who is in each now.
fn teams(source: &Source<'_>) -> Vec<(ObjectName, BTreeSet<PersonKey>)> {
    let namespace = &source.policy.app.namespace;
    let shared = source
        .world
        .teams
        .iter()
        .filter(|(name, team)| name.namespace == *namespace || team.share_with.contains(namespace));
    let resolved = shared.map(|(name, _)| (name, team_members(source.world, name, source.now)));
    let sure = resolved.filter(|(_, members)| members.problems.is_empty() && !members.people.is_empty());
    sure.map(|(name, members)| (name.clone(), members.people)).collect()
}

/// The team that these people are, or that they make where several entitlements are theirs.
fn team(
    source: &Source<'_>,
    options: &Options,
    settled: &[Settled],
    known: &[(ObjectName, BTreeSet<PersonKey>)],
    people: &[usize],
    items: &[Item],
    label: &str,
) -> Option<(ObjectName, Option<NewTeam>)> {
    let members: Vec<&Settled> = people.iter().filter_map(|index| settled.get(*index)).collect();
    let keys: BTreeSet<PersonKey> = members.iter().map(|member| member.person.clone()).collect();
    if let Some((name, _)) = known.iter().find(|(_, people)| *people == keys) {
        return Some((name.clone(), None));
    }
    if items.len() < 2 || members.len() < 2 || members.len() > MOST_MEMBERS {
        return None;
    }
    let app = &source.policy.app;
    let base = format!("{}-{label}", of_app(&app.name));
    let names = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
    let mut names = names.map(|name| ObjectName::new(&app.namespace, &name));
    let name = names.find(|name| !source.world.teams.contains_key(name) && !options.taken.contains(name))?;
    let mut members: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
    members.sort();
    Some((name.clone(), Some(NewTeam { name, members })))
}

/// These people as the subjects of as many grants as it takes.
fn subjects(settled: &[Settled], people: &[usize]) -> Vec<People> {
    let mut users: Vec<(String, bool)> =
        people.iter().filter_map(|index| settled.get(*index)).map(|one| (one.name.clone(), one.invited)).collect();
    users.sort();
    let (most, bytes) = MOST_SUBJECTS;
    let mut parts: Vec<Vec<(String, bool)>> = Vec::new();
    let mut room = (0, 0);
    for user in users {
        let size = yaml_size(&user.0);
        if room.0 == 0 || room.1 < size {
            parts.push(Vec::new());
            room = (most, bytes);
        }
        room = (room.0 - 1, room.1.saturating_sub(size));
        if let Some(part) = parts.last_mut() {
            part.push(user);
        }
    }
    parts.into_iter().map(People::Users).collect()
}

/// These entitlements, as much in each grant as it may hold; one empty part where there are none.
fn items_of_grants(items: Vec<Item>) -> Vec<Vec<Item>> {
    let (most, bytes) = MOST_ITEMS;
    let mut parts: Vec<Vec<Item>> = vec![Vec::new()];
    let mut room = (most, bytes);
    for item in items {
        let texts = [Some(&item.kind), Some(&item.name), item.level.as_ref()].into_iter().flatten();
        let size: usize = texts.map(|text| yaml_size(text)).sum();
        if room.0 == 0 || room.1 < size {
            parts.push(Vec::new());
            room = (most, bytes);
        }
        room = (room.0 - 1, room.1.saturating_sub(size));
        if let Some(part) = parts.last_mut() {
            part.push(item);
        }
    }
    parts
}
