//! One spelling for every name before anything is compared: what the app would turn it into.

use std::{borrow::Cow, collections::BTreeMap};

use rustc_hash::{FxHashMap, FxHashSet};

use super::Input;
use crate::{
    access::{Edge, OwnedEdge, PersonKey, Slot, Text, Tombstone},
    resolve::Desired,
};

/// Desired and owned edges in the app's own spelling, under the identities of today.
#[derive(Debug)]
pub(super) struct Canonical<'a> {
    pub(super) desired: Cow<'a, Desired>,
    pub(super) inventory: Cow<'a, BTreeMap<Edge, OwnedEdge>>,
    pub(super) tombstones: Cow<'a, BTreeMap<Edge, Tombstone>>,
    /// Owned edges that are stored under another name: today's to the stored one.
    pub(super) renamed: BTreeMap<Edge, Edge>,
}

impl<'a> Canonical<'a> {
    pub(super) fn new(input: &Input<'a>) -> Self {
        let spelling = Spelling::new(input);
        if spelling.changed.is_empty() && input.desired.directory_mails.is_empty() {
            return Self {
                desired: Cow::Borrowed(input.desired),
                inventory: Cow::Borrowed(&input.memory.inventory),
                tombstones: Cow::Borrowed(&input.memory.tombstones),
                renamed: BTreeMap::new(),
            };
        }
        let desired = if input.desired.slots().any(|slot| spelling.of(slot).is_some()) {
            Cow::Owned(input.desired.with_slots(|slot| spelling.of(slot)))
        } else {
            Cow::Borrowed(input.desired)
        };
        let today = |edge: &Edge| -> Option<Edge> {
            let slot = spelling.of(&edge.slot);
            let person = person_of_today(input.desired, &edge.person);
            (slot.is_some() || person.is_some()).then(|| {
                Edge::new(person.unwrap_or_else(|| edge.person.clone()), slot.unwrap_or_else(|| edge.slot.clone()))
            })
        };
        let renamed: BTreeMap<Edge, Edge> =
            input.memory.inventory.keys().filter_map(|edge| Some((today(edge)?, edge.clone()))).collect();
        let inventory = rename(&input.memory.inventory, today);
        let tombstones = rename(&input.memory.tombstones, today);
        Self { desired, inventory, tombstones, renamed }
    }

    /// The key under which the store knows an owned edge.
    pub(super) fn stored<'b>(&'b self, edge: &'b Edge) -> &'b Edge {
        if self.renamed.is_empty() { edge } else { self.renamed.get(edge).unwrap_or(edge) }
    }
}

fn rename<V: Clone>(edges: &BTreeMap<Edge, V>, today: impl Fn(&Edge) -> Option<Edge>) -> Cow<'_, BTreeMap<Edge, V>> {
    if edges.keys().all(|edge| today(edge).is_none()) {
        return Cow::Borrowed(edges);
    }
    Cow::Owned(edges.iter().map(|(edge, value)| (today(edge).unwrap_or_else(|| edge.clone()), value.clone())).collect())
}

/// A literal mail whose domain a directory has taken over since is that directory's person.
fn person_of_today(desired: &Desired, person: &PersonKey) -> Option<PersonKey> {
    let PersonKey::Mail(mail) = person else { return None };
    desired.directory_mails.get(mail.as_str()).cloned()
}

/// The app's spelling of names that it takes without regard to case, and of groups that were renamed there.
struct Spelling {
    /// The slots with another spelling, and that.
    changed: FxHashMap<Slot, Slot>,
}

impl Spelling {
    fn new(input: &Input<'_>) -> Self {
        let mut names = BTreeMap::new();
        let folds = input.capabilities.kinds.values().any(|entitlement| entitlement.fold_case);
        let declared = if folds { distinct(input.desired.slots()) } else { Vec::new() };
        for (kind, entitlement) in &input.capabilities.kinds {
            let catalogue = input.observation.catalogue.get(kind);
            if entitlement.fold_case {
                for name in catalogue.into_iter().flat_map(BTreeMap::keys) {
                    names.insert((kind.clone(), name.to_lowercase()), name.clone());
                }
                for slot in declared.iter().filter(|slot| slot.kind == *kind) {
                    names.entry((kind.clone(), slot.name.to_lowercase())).or_insert_with(|| slot.name.clone());
                }
            }
        }
        let groups = input.observation.catalogue.get("group");
        for (declared, id) in &input.memory.groups {
            let key = (Text::from("group"), declared.to_lowercase());
            let known = groups.is_some_and(|groups| groups.contains_key(declared))
                || names.get(&key).is_some_and(|name| groups.is_some_and(|groups| groups.contains_key(name)));
            if known {
                continue;
            }
            let by_id = groups.and_then(|groups| groups.iter().find(|(_, known)| *known == id));
            if let Some((name, _)) = by_id {
                names.insert(key, name.clone());
            }
        }
        Self { changed: changed(input, &names) }
    }

    /// Another spelling of a slot, where there is one.
    fn of(&self, slot: &Slot) -> Option<Slot> {
        if self.changed.is_empty() { None } else { self.changed.get(slot).cloned() }
    }
}

/// The slots of what is compared whose spelling is not the app's. Each is looked at once, however many hold it.
fn changed(input: &Input<'_>, names: &BTreeMap<(Text, String), Text>) -> FxHashMap<Slot, Slot> {
    if names.is_empty() {
        return FxHashMap::default();
    }
    let books = input.memory.inventory.keys().chain(input.memory.tombstones.keys()).map(|edge| &edge.slot);
    let compared = distinct(input.desired.slots().chain(books)).into_iter().filter(|slot| !slot.name.is_empty());
    let changed = compared.filter_map(|slot| {
        let name = names.get(&(slot.kind.clone(), slot.name.to_lowercase()))?;
        (*name != slot.name).then(|| (slot.clone(), Slot { kind: slot.kind.clone(), name: name.clone() }))
    });
    changed.collect()
}

/// Each slot once, in the order in which they first come.
fn distinct<'a>(slots: impl Iterator<Item = &'a Slot>) -> Vec<&'a Slot> {
    let mut seen = FxHashSet::default();
    slots.filter(|slot| seen.insert(*slot)).collect()
}
