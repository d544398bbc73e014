//! Why a person has, lacks or will lose each thing.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    access::{Claim, Edge, Memory, PersonKey, Slot, Text},
    plan::{Action, Change, Plan},
    resolve::{Desired, State},
};

/// What is so about one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The app shows it and claims carry it.
    Has,
    /// Claims carry it and the app does not show it.
    WillGet,
    /// It is ours and nothing carries it any more.
    WillLose,
    /// Nobody can tell whether it is wanted, and why.
    Unknown(Text),
}

/// The explanation of one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What.
    pub slot: Slot,
    /// What is so.
    pub standing: Standing,
    /// The claims that carry it now.
    pub claims: Vec<Claim>,
    /// When the last of them ends.
    pub until: Option<Timestamp>,
    /// The change that would bring it about, where there is one.
    pub change: Option<Change>,
}

/// Explains everything about one person in one app, ordered by slot.
#[must_use]
pub fn explain(person: &PersonKey, desired: &Desired, memory: &Memory, plan: &Plan) -> Vec<Explanation> {
    let of_person = |edge: &&Edge| edge.person == *person;
    let wanted = desired.edges.keys().chain(desired.maybe.keys()).chain(memory.inventory.keys()).filter(of_person);
    let changed =
        plan.changes.iter().filter(|change| change.person.as_ref() == Some(person)).map(|change| &change.slot);
    let slots: BTreeSet<&Slot> = wanted.map(|edge| &edge.slot).chain(changed).collect();
    slots.into_iter().map(|slot| explain_slot(person, slot, desired, plan)).collect()
}

fn explain_slot(person: &PersonKey, slot: &Slot, desired: &Desired, plan: &Plan) -> Explanation {
    let edge = Edge::new(person.clone(), slot.clone());
    let change = plan
        .changes
        .iter()
        .find(|change| change.person.as_ref() == Some(person) && change.slot == *slot && change.action != Action::Adopt)
        .cloned();
    let (standing, claims, until) = match desired.state(&edge) {
        State::Desired(wanted) => {
            let standing = if change.is_some() { Standing::WillGet } else { Standing::Has };
            (standing, wanted.claims.clone(), wanted.until)
        }
        State::Absent => (Standing::WillLose, Vec::new(), None),
        State::Unknown(why) => (Standing::Unknown(why), Vec::new(), None),
    };
    Explanation { slot: slot.clone(), standing, claims, until, change }
}
