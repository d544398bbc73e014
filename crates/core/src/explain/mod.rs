//! Why a person has, lacks or will lose each thing, and who held what at a time. Decides nothing: it reads what was
//! desired, remembered and planned.

mod replay;

use std::collections::BTreeSet;

use jiff::Timestamp;

pub use replay::{Deed, Holding, Owned, Proof, holdings_at};

use crate::{
    access::{
        AccountHold, Claim, Edge, Level, Memory, Observation, ObservedAccount, OwnedEdge, PersonKey, Slot, Text,
        Tombstone, WithdrawnClaim,
    },
    plan::{Action, Change, Plan},
    resolve::{Desired, State, Traced},
};

/// What is so about one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The app shows it, or the store remembers it, and claims carry it.
    Has,
    /// Claims carry it, and neither app nor store says whether it is there.
    Declared,
    /// Claims carry it and it is not there.
    WillGet,
    /// Claims carry it with another value than it has.
    WillChange,
    /// It is ours, or a policy names it, and nothing carries it any more.
    WillLose,
    /// It is ours, nothing carries it any more, and nobody takes it away.
    Kept,
    /// The app shows it, it is not ours, and nothing carries it.
    Undeclared,
    /// It is not there, and nothing carries it.
    Lacks,
    /// Nobody can tell whether it is wanted, and why.
    Unknown(Text),
}

impl Standing {
    /// The word of documents.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Has => "has",
            Self::Declared => "declared",
            Self::WillGet => "willGet",
            Self::WillChange => "willChange",
            Self::WillLose => "willLose",
            Self::Kept => "kept",
            Self::Undeclared => "undeclared",
            Self::Lacks => "lacks",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// What was looked at beside the declarations.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// Nothing.
    Files,
    /// What we remember.
    Store,
    /// What we remember, and what the app holds.
    App(&'a Observation),
}

/// Everything that is known about one person in one app.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who.
    pub person: &'a PersonKey,
    /// Who should hold what.
    pub desired: &'a Desired,
    /// What we remember.
    pub memory: &'a Memory,
    /// What has to change.
    pub plan: &'a Plan,
    /// What the plan rests on.
    pub sight: Sight<'a>,
    /// The claims as this person sees them.
    pub traced: &'a [Traced],
}

/// The explanation of one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What.
    pub slot: Slot,
    /// What is so.
    pub standing: Standing,
    /// Its value: as the app shows it, else as we remember it, else as it is claimed.
    pub value: Option<Level>,
    /// The claims that carry it now.
    pub claims: Vec<Claim>,
    /// When the last of them ends.
    pub until: Option<Timestamp>,
    /// What the inventory says.
    pub owned: Option<OwnedEdge>,
    /// What is remembered of its removal.
    pub tombstone: Option<Tombstone>,
    /// Since when it has no claim.
    pub withdrawn: Option<WithdrawnClaim>,
    /// The change that would bring it about, where there is one.
    pub change: Option<Change>,
}

/// Explains everything about one person in one app, the account first, then by type and name.
#[must_use]
pub fn explain(question: &Question<'_>) -> Vec<Explanation> {
    let Question { person, desired, memory, plan, .. } = question;
    let of_person = |edge: &&Edge| edge.person == **person;
    let edges = desired.edges.keys().chain(desired.maybe.keys()).chain(memory.inventory.keys());
    let edges = edges.chain(memory.tombstones.keys()).filter(of_person).map(|edge| &edge.slot);
    let changed = plan.changes.iter().filter(|change| change.person.as_ref() == Some(*person));
    let changed = changed.map(|change| &change.slot);
    let drifted = plan.drift.iter().filter(|drift| drift.person.as_ref() == Some(*person)).map(|drift| &drift.slot);
    let claimed = question.traced.iter().filter(|traced| traced.names_the_person());
    let claimed = claimed.flat_map(|traced| &traced.slots).map(|(slot, _)| slot);
    let account = question.account();
    let held = account.into_iter().flat_map(|account| account.entitlements.keys());
    let all: BTreeSet<&Slot> = edges.chain(changed).chain(drifted).chain(claimed).chain(held).collect();
    let mut slots: Vec<Slot> = all.into_iter().cloned().collect();
    if account.is_some() && !slots.contains(&Slot::account()) {
        slots.push(Slot::account());
    }
    slots.sort_by_key(|slot| (!slot.is_account(), slot.clone()));
    slots.into_iter().map(|slot| question.one(slot)).collect()
}

impl<'a> Question<'a> {
    /// The person's account, as the app shows it.
    #[must_use]
    pub fn account(&self) -> Option<&'a ObservedAccount> {
        let Sight::App(observation) = self.sight else { return None };
        observation.account(self.plan.accounts.get(self.person)?)
    }

    /// Whether the app shows the edge, and its value.
    fn shown(&self, slot: &Slot) -> (bool, Option<Level>) {
        let Some(account) = self.account() else { return (false, None) };
        let held = account.entitlements.get(slot);
        (slot.is_account() || held.is_some(), held.cloned().flatten())
    }

    fn one(&self, slot: Slot) -> Explanation {
        let edge = Edge::new(self.person.clone(), slot);
        let is_about = |change: &&Change| change.person.as_ref() == Some(self.person) && change.slot == edge.slot;
        let further = |change: &&Change| !matches!(change.action, Action::Adopt | Action::Update);
        let changes = self.plan.changes.iter().filter(is_about);
        // Whether it comes or goes matters more than what else is done to it.
        let change = changes.clone().find(further).or_else(|| changes.clone().next());
        let owned = self.memory.inventory.get(&edge);
        let (is_shown, shown) = self.shown(&edge.slot);
        let state = self.desired.state(&edge);
        // A group that is not there yet is made before anybody is let into it.
        let waits_for_group = owned.is_none() && !is_shown && matches!(state, State::Desired(_));
        let change = change.or_else(|| self.made(&edge.slot).filter(|_| waits_for_group));
        let (standing, claims, until) = match state {
            State::Desired(wanted) => {
                let is_known = owned.is_some() || is_shown;
                (self.wanted(change.filter(further), is_known), wanted.claims.clone(), wanted.until)
            }
            State::Absent if self.is_gone(change, is_shown) => (Standing::Lacks, Vec::new(), None),
            State::Absent => (unwanted(change, owned, is_shown), Vec::new(), None),
            State::Unknown(why) => (Standing::Unknown(why), Vec::new(), None),
        };
        let remembered = || owned.and_then(|owned| owned.value.clone());
        let claimed = || self.desired.edges.get(&edge).and_then(|wanted| wanted.value.clone());
        Explanation {
            standing,
            value: shown.or_else(remembered).or_else(claimed),
            claims,
            until,
            owned: owned.cloned(),
            tombstone: self.memory.tombstones.get(&edge).cloned(),
            withdrawn: self.memory.withdrawn.get(&edge).cloned(),
            change: change.cloned(),
            slot: edge.slot,
        }
    }

    /// The change that makes a group.
    fn made(&self, slot: &Slot) -> Option<&'a Change> {
        let is_made = |change: &&Change| change.person.is_none() && change.action == Action::Create;
        self.plan.changes.iter().filter(is_made).find(|change| change.slot == *slot)
    }

    /// Whether the app shows that it is not there, though we may remember it.
    fn is_gone(&self, change: Option<&Change>, is_shown: bool) -> bool {
        let Sight::App(observation) = self.sight else { return false };
        change.is_none() && !is_shown && observation.is_complete()
    }

    fn wanted(&self, change: Option<&Change>, is_known: bool) -> Standing {
        match (self.sight, change) {
            (Sight::Files, _) => Standing::Declared,
            (_, None) if is_known => Standing::Has,
            (_, None) => Standing::Declared,
            (_, Some(change)) if change.action == Action::Change => Standing::WillChange,
            (_, Some(_)) => Standing::WillGet,
        }
    }
}

fn unwanted(change: Option<&Change>, owned: Option<&OwnedEdge>, shown: bool) -> Standing {
    match (change, owned) {
        (Some(change), _) if change.is_removal() => Standing::WillLose,
        (_, Some(owned)) if owned.hold != AccountHold::None => Standing::Lacks,
        (_, Some(_)) => Standing::Kept,
        (_, None) if shown => Standing::Undeclared,
        (_, None) => Standing::Lacks,
    }
}
