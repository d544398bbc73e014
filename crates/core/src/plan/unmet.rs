//! Claims on names that the app does not have and that nobody can create: what they carried before is left alone.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::{canonical::Canonical, draft::Draft};
use crate::access::{ClaimName, Edge, PersonKey, Slot, Text};

/// What claims name in vain: with the claim where somebody is named, by person or type alone where nobody can tell whom
/// a claim names.
#[derive(Default)]
struct Unmet<'a> {
    claims: BTreeSet<(&'a PersonKey, &'a Text, &'a ClaimName)>,
    people: BTreeSet<(&'a PersonKey, &'a Text)>,
    types: BTreeSet<&'a Text>,
}

impl Unmet<'_> {
    fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.people.is_empty() && self.types.is_empty()
    }

    /// Whether a claim that carried an edge may still mean it.
    fn may_mean(&self, edge: &Edge, claim: &ClaimName) -> bool {
        let (person, kind) = (&edge.person, &edge.slot.kind);
        self.claims.contains(&(person, kind, claim))
            || self.people.contains(&(person, kind))
            || self.types.contains(kind)
    }
}

impl<'a> Draft<'a> {
    /// Finds what is ours on the word of a claim that now names something of the same type that is not there: it may be
    /// mistyped.
    pub(super) fn note_unmet(&mut self) {
        let canonical = self.canonical;
        let can_lack = |kind: &Text| {
            let creatable = self.input.capabilities.kinds.get(kind).is_some_and(|kind| kind.creatable);
            !creatable && self.input.observation.catalogue.contains_key(kind)
        };
        if !self.input.capabilities.kinds.keys().any(can_lack) {
            return;
        }
        let unmet = self.unmet();
        if unmet.is_empty() {
            return;
        }
        for (edge, owned) in canonical.inventory.iter() {
            let named = canonical.desired.edges.get(edge);
            let names_it = |claim: &ClaimName| {
                named.is_some_and(|desired| desired.claims.iter().any(|named| named.name == *claim))
            };
            let mut claims = owned.claims.keys().filter(|claim| !names_it(claim));
            if claims.any(|claim| unmet.may_mean(edge, claim)) {
                let why = format!("a claim that carried it names a {} that the app does not have", edge.slot.kind);
                self.left_alone.insert(edge.clone(), why.into());
            }
        }
    }

    fn unmet(&self) -> Unmet<'a> {
        let canonical: &'a Canonical<'a> = self.canonical;
        let desired = &canonical.desired;
        let mut known: FxHashMap<&Slot, bool> = FxHashMap::default();
        let mut lacks = |slot| *known.entry(slot).or_insert_with(|| self.lacks(slot));
        let mut unmet = Unmet::default();
        for (edge, claimed) in &desired.edges {
            if lacks(&edge.slot) {
                let claims = claimed.claims.iter();
                unmet.claims.extend(claims.map(|claim| (&edge.person, &edge.slot.kind, &claim.name)));
            }
        }
        let doubtful = desired.maybe.keys().filter(|edge| lacks(&edge.slot));
        unmet.people.extend(doubtful.map(|edge| (&edge.person, &edge.slot.kind)));
        unmet.types.extend(desired.anyone.keys().filter(|slot| lacks(slot)).map(|slot| &slot.kind));
        unmet
    }

    /// Whether the app does not have what a slot names, and nobody can create it.
    fn lacks(&self, slot: &Slot) -> bool {
        let catalogue = self.input.observation.catalogue.get(&slot.kind);
        let is_missing = !slot.name.is_empty() && catalogue.is_some_and(|names| !names.contains_key(&slot.name));
        is_missing && !self.input.capabilities.kind(slot).is_some_and(|kind| kind.creatable)
    }

    /// Why there may be more claims on an edge than can be read, so that nothing of it may go.
    pub(super) fn may_be_more(&self, edge: &Edge) -> Option<Text> {
        self.left_alone.get(edge).cloned().or_else(|| self.canonical.desired.may_be_more(edge))
    }
}
