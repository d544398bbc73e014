//! Claims that cannot be met as they are written: what they could have carried is left alone, so that a typo takes nothing
//! away.

use super::{Desired, GrantClaims, expand::Members, is_fresh_refusal, permit};
use crate::access::{ClaimName, Edge, Level, OwnedEdge, PersonKey, Slot, Text};

/// Something of a grant that the app cannot give as it is written.
pub(super) struct Unmet {
    /// What is wrong with it, for the author; `None` where that is told elsewhere.
    pub(super) message: Option<String>,
    /// The slot that it is about, where that much can be told.
    pub(super) slot: Option<Slot>,
    /// The type that it is about; `None` where the app has no such type, so that it may be any.
    kind: Option<Text>,
}

impl Unmet {
    /// An entitlement in a slot that is known.
    pub(super) fn of(slot: Slot, message: String) -> Self {
        Self { message: Some(message), kind: Some(slot.kind.clone()), slot: Some(slot) }
    }

    /// An entitlement of a type that the app does not have.
    pub(super) fn of_no_type(message: String) -> Self {
        Self { message: Some(message), slot: None, kind: None }
    }

    /// The account of an app that has none without anything in it.
    pub(super) fn account(message: Option<String>) -> Self {
        let slot = Slot::account();
        Self { message, kind: Some(slot.kind.clone()), slot: Some(slot) }
    }

    /// Whether it may be what an edge was claimed by before it was mistyped.
    fn may_mean(&self, slot: &Slot) -> bool {
        match &self.kind {
            Some(kind) => *kind == slot.kind,
            None => !slot.is_account(),
        }
    }
}

impl GrantClaims<'_> {
    /// Nobody can tell what was meant: neither for whom the grant names nor for what it carried is anything taken away.
    ///
    /// What it names well beside, in `slots`, it says all of.
    pub(super) fn leave_alone(
        &self,
        desired: &mut Desired,
        name: &ClaimName,
        (slots, unmet): (&[(Slot, Option<Level>)], &[Unmet]),
        members: &Members<'_>,
    ) {
        let why: Text = format!("the claim {name} cannot be met as it is written").into();
        for one in unmet {
            if let Some(slot) = &one.slot {
                for unsure in &members.anyone {
                    desired.anyone.entry(slot.clone()).or_insert_with(|| unsure.clone());
                }
                for person in members.certain.keys().chain(members.maybe.keys()) {
                    let edge = Edge::new(person.clone(), slot.clone());
                    if !self.memory.inventory.contains_key(&edge) {
                        desired.maybe.entry(edge).or_insert_with(|| why.clone());
                    }
                }
            }
            self.leave_what_it_carried(desired, name, &why, |person, slot| {
                let is_named = slots.iter().any(|(named, _)| named == slot) && one.slot.as_ref() != Some(slot);
                one.may_mean(slot) && !is_named && members.may_include(person)
            });
        }
    }

    /// The target app that the object names is not there, so that a typo in its name may have led away from this one: what
    /// the grant carried here stays.
    pub(super) fn leave_for_lack_of_app(&self, desired: &mut Desired) {
        if !self.grant.is_live(self.now) {
            return;
        }
        let name = ClaimName::new(self.access.name.clone(), &self.grant.name);
        let is_carried = self.memory.inventory.values().any(|owned| owned.claims.contains_key(&name));
        if !is_carried {
            return;
        }
        let members = self.people.grant_members(self.access, self.grant);
        let why: Text = format!("the claim {name} names the target app {}, which is not there", self.access.app).into();
        self.leave_what_it_carried(desired, &name, &why, |person, _| members.may_include(person));
    }

    /// Leaves alone what we hold on a claim's word. What `allow` no longer permits waits for as long as any refused claim.
    fn leave_what_it_carried(
        &self,
        desired: &mut Desired,
        name: &ClaimName,
        why: &Text,
        is_meant: impl Fn(&PersonKey, &Slot) -> bool,
    ) {
        let carried = self.memory.inventory.iter().filter(|(_, owned)| owned.claims.contains_key(name));
        for (edge, owned) in carried {
            let person = self.people.of_today(&edge.person);
            if !is_meant(&person, &edge.slot) {
                continue;
            }
            if !self.permits_owned(&person, &edge.slot, owned) {
                desired.refused.insert(name.clone());
                if !is_fresh_refusal(self.memory, name, self.now) {
                    continue;
                }
            }
            desired.maybe.entry(Edge::new(person, edge.slot.clone())).or_insert_with(|| why.clone());
        }
    }

    fn permits_owned(&self, person: &PersonKey, slot: &Slot, owned: &OwnedEdge) -> bool {
        permit::permits(self, person, slot, owned.value.as_ref(), owned.until)
    }
}

impl Members<'_> {
    /// Whether somebody may be among them.
    fn may_include(&self, person: &PersonKey) -> bool {
        !self.anyone.is_empty() || self.certain.contains_key(person) || self.maybe.contains_key(person)
    }
}
