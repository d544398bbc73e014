//! First comparison: everybody who is declared, against what the app holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Action, Cause, Change, DriftKind, HeldReason,
    draft::{Draft, Subject, seen_claims},
    identity::{Link, account_edge, canonical_login},
};
use crate::{
    access::{
        AccountHold, AccountState, Adopt, Completeness, Edge, Evidence, Finding, Level, LoginSource, LookUp,
        ObservedAccount, Origin, OwnedEdge, Person, PersonKey, Provisioning, Slot, Text,
    },
    resolve::{ClaimProblem, DesiredEdge, ProblemKind, State},
};

/// After so many readings that do not show a created account it counts as failed.
const READINGS_UNTIL_FAILED: u32 = 3;

impl Draft<'_> {
    pub(super) fn compare_declared(&mut self) {
        let canonical = self.canonical;
        let mut by_person: BTreeMap<&PersonKey, BTreeMap<&Slot, &DesiredEdge>> = BTreeMap::new();
        for (edge, desired) in &canonical.desired.edges {
            if matches!(canonical.desired.state(edge), State::Desired(_)) {
                by_person.entry(&edge.person).or_default().insert(&edge.slot, desired);
            }
        }
        let mut missing_groups = BTreeSet::new();
        for (person, slots) in by_person {
            let Some(person) = canonical.desired.people.get(person) else { continue };
            self.compare_person(person, &slots, &mut missing_groups);
        }
        self.note_groups();
    }

    fn compare_person(&mut self, person: &Person, slots: &BTreeMap<&Slot, &DesiredEdge>, missing: &mut BTreeSet<Slot>) {
        let account_slot = Slot::account();
        let Some(account_claims) = slots.get(&account_slot).copied() else { return };
        let evidence = Evidence::Claims(account_claims.claims.clone());
        match self.identities.link(&person.key).cloned() {
            Some(Link::Account(id)) => {
                let Some(account) = self.input.observation.account(&id) else { return };
                self.spoken_for.insert(id);
                self.compare_account(person, account, slots, missing);
            }
            Some(Link::Ambiguous(accounts)) => {
                self.spoken_for.extend(accounts);
                let subject = self.subject(Some(&person.key), None);
                let action = self.provisioning();
                self.change(&subject, action, account_slot, Cause::Declared, evidence).held =
                    Some(HeldReason::AmbiguousMatch);
            }
            Some(Link::Reused(id)) => {
                let account = self.input.observation.account(&id);
                self.spoken_for.insert(id);
                let subject = self.subject(Some(&person.key), account);
                self.change(&subject, Action::Activate, account_slot, Cause::Declared, evidence).held =
                    Some(HeldReason::IdentityReused);
            }
            None => self.compare_missing(person, slots, evidence, missing),
        }
    }

    fn provisioning(&self) -> Action {
        match self.input.capabilities.provisioning {
            Provisioning::Create => Action::Create,
            Provisioning::Invite => Action::Invite,
        }
    }

    /// Somebody declared whom the reading does not show.
    fn compare_missing(
        &mut self,
        person: &Person,
        slots: &BTreeMap<&Slot, &DesiredEdge>,
        evidence: Evidence,
        missing: &mut BTreeSet<Slot>,
    ) {
        if !self.is_proven_missing(person) {
            return;
        }
        let subject = self.subject(Some(&person.key), None);
        let action = self.provisioning();
        self.change(&subject, action, Slot::account(), Cause::Declared, evidence);
        for (&slot, desired) in slots.iter().filter(|(slot, _)| !slot.is_account()) {
            self.give(&subject, slot, desired, missing);
        }
    }

    /// S1: an owned account that a reading lacks is looked up by its id, and on an incomplete reading the person too.
    fn is_proven_missing(&mut self, person: &Person) -> bool {
        let edge = account_edge(&person.key);
        let observation = self.input.observation;
        if let Some(owned) = self.canonical.inventory.get(&edge) {
            let question = LookUp::Account(owned.account.clone());
            match observation.findings.get(&question) {
                Some(Finding::NotFound) if owned.unseen > 0 => {
                    self.note_unverified(&edge, owned);
                    return false;
                }
                Some(Finding::NotFound) => {}
                Some(_) => return false,
                None => {
                    self.look_ups.insert(question);
                    return false;
                }
            }
        }
        if observation.completeness == Completeness::Complete {
            return true;
        }
        let question = LookUp::Person(person.key.clone());
        match observation.findings.get(&question) {
            Some(Finding::NotFound) => true,
            Some(_) => false,
            None => {
                if self.input.capabilities.look_up {
                    self.look_ups.insert(question);
                } else {
                    self.unknown.insert(edge, "the reading is incomplete and the app has no look-up".into());
                }
                false
            }
        }
    }

    /// A created account that the app does not show yet stays ours, and is never created again on that ground.
    fn note_unverified(&mut self, edge: &Edge, owned: &OwnedEdge) {
        self.unverified.insert(edge.person.clone(), owned.unseen > READINGS_UNTIL_FAILED);
        if owned.unseen <= READINGS_UNTIL_FAILED {
            let again = OwnedEdge { unseen: owned.unseen.saturating_add(1), ..owned.clone() };
            self.bookkeeping.owned.insert(self.canonical.stored(edge).clone(), again);
        }
    }

    fn compare_account(
        &mut self,
        person: &Person,
        account: &ObservedAccount,
        slots: &BTreeMap<&Slot, &DesiredEdge>,
        missing: &mut BTreeSet<Slot>,
    ) {
        let subject = self.subject(Some(&person.key), Some(account));
        let edge = account_edge(&person.key);
        let owned = self.canonical.inventory.get(&edge).filter(|owned| owned.account == account.id);
        if owned.is_none() && self.input.policy.adopt == Adopt::Never {
            self.report(DriftKind::NotOwned, &subject, Slot::account(), None, None);
            return;
        }
        for (&slot, &desired) in slots {
            let observed = if slot.is_account() { Some(&None) } else { account.entitlements.get(slot) };
            if let Some(level) = observed {
                self.compare_held(&subject, slot, desired, level.as_ref());
            } else {
                self.give(&subject, slot, desired, missing);
            }
        }
        if account.state == AccountState::Suspended {
            let claims = slots.get(&Slot::account()).map(|desired| desired.claims.clone()).unwrap_or_default();
            self.change(&subject, Action::Activate, Slot::account(), Cause::Declared, Evidence::Claims(claims));
        }
        self.compare_attributes(person, account, &subject);
    }

    /// An entitlement that the account holds already: adopted where it is not ours, changed where the value differs.
    fn compare_held(&mut self, subject: &Subject, slot: &Slot, desired: &DesiredEdge, observed: Option<&Level>) {
        let (Some(person), Some(account)) = (&subject.person, &subject.account) else { return };
        let edge = Edge::new(person.clone(), slot.clone());
        let owned = self.canonical.inventory.get(&edge).filter(|owned| owned.account == *account);
        let same = desired.value.is_none() || desired.value.as_ref() == observed;
        if owned.is_none() {
            if same && self.input.policy.adopt == Adopt::Never {
                self.report(DriftKind::NotOwned, subject, slot.clone(), observed.cloned(), None);
                return;
            }
            let claims = Evidence::Claims(desired.claims.clone());
            let value = observed.cloned();
            let change = self.change(subject, Action::Adopt, slot.clone(), Cause::Declared, claims);
            change.to.clone_from(&value);
            if change.permitted {
                self.own(&edge, subject, desired, value, Origin::Adopted);
            } else if same {
                return;
            }
        } else {
            self.refresh(&edge, desired, observed);
        }
        if !same {
            self.change_value(subject, slot, desired, observed, owned);
        }
    }

    fn change_value(
        &mut self,
        subject: &Subject,
        slot: &Slot,
        desired: &DesiredEdge,
        observed: Option<&Level>,
        owned: Option<&OwnedEdge>,
    ) {
        let lowers = self.input.capabilities.lowers(slot, observed, desired.value.as_ref());
        let was_claimed = owned.is_some_and(|owned| owned.value.as_ref() == observed);
        let (cause, evidence) = match (lowers, owned.filter(|_| was_claimed)) {
            (false, _) => (Cause::Declared, Evidence::Claims(desired.claims.clone())),
            (true, Some(owned)) => (Cause::Withdrawn, Evidence::Gone(owned.claims.keys().cloned().collect())),
            (true, None) => (Cause::Exclusive, Evidence::Policy("the declared value".into())),
        };
        let due = (cause == Cause::Withdrawn).then(|| self.settling(subject, slot)).flatten();
        let change = self.change(subject, Action::Change, slot.clone(), cause, evidence);
        change.from = observed.cloned();
        change.to.clone_from(&desired.value);
        change.due = due;
    }

    /// When a lowered value has settled; starts the clock where it does not run yet.
    fn settling(&mut self, subject: &Subject, slot: &Slot) -> Option<jiff::Timestamp> {
        let person = subject.person.clone()?;
        let edge = Edge::new(person, slot.clone());
        self.settle(&edge, false)
    }

    fn give(&mut self, subject: &Subject, slot: &Slot, desired: &DesiredEdge, missing: &mut BTreeSet<Slot>) {
        let evidence = Evidence::Claims(desired.claims.clone());
        let kind = self.input.capabilities.kind(slot);
        let catalogue = self.input.observation.catalogue.get(&slot.kind);
        let exists = slot.name.is_empty() || catalogue.is_none_or(|names| names.contains_key(&slot.name));
        if !exists {
            if !kind.is_some_and(|kind| kind.creatable) {
                self.problems.extend(desired.claims.iter().map(|claim| ClaimProblem {
                    claim: claim.name.clone(),
                    kind: ProblemKind::NotSupported,
                    message: format!(
                        "{} has no {slot}, and none can be created; create it there",
                        self.input.policy.app
                    ),
                }));
                return;
            }
            if !self.input.observation.is_complete() {
                self.unknown.insert(
                    Edge::new(subject.person.clone().unwrap_or(PersonKey::Login("".into())), slot.clone()),
                    "the reading is incomplete, so the group may exist".into(),
                );
                return;
            }
            if missing.insert(slot.clone()) {
                let group = Subject { person: None, label: slot.name.clone(), account: None };
                self.change(&group, Action::Create, slot.clone(), Cause::Declared, evidence.clone());
            }
        }
        let change = self.change(subject, Action::Grant, slot.clone(), Cause::Declared, evidence);
        change.to.clone_from(&desired.value);
    }

    /// Takes an edge into the books.
    fn own(&mut self, edge: &Edge, subject: &Subject, desired: &DesiredEdge, value: Option<Level>, origin: Origin) {
        let Some(account) = subject.account.clone() else { return };
        let owned = OwnedEdge {
            account,
            value,
            origin,
            since: self.input.now,
            claims: seen_claims(desired),
            until: desired.until,
            hold: AccountHold::None,
            unseen: 0,
        };
        self.bookkeeping.owned.insert(edge.clone(), owned);
        if self.canonical.tombstones.contains_key(edge) {
            self.bookkeeping.revived.insert(edge.clone());
        }
    }

    /// Keeps the books of an owned edge true: claims, end, and that it was seen.
    fn refresh(&mut self, edge: &Edge, desired: &DesiredEdge, observed: Option<&Level>) {
        let Some(owned) = self.canonical.inventory.get(edge) else { return };
        let stored = self.canonical.stored(edge).clone();
        if self.input.memory.withdrawn.contains_key(&stored) && desired.value.as_ref() == observed {
            self.bookkeeping.restored.insert(stored.clone());
        }
        let mut now = owned.clone();
        now.claims = seen_claims(desired);
        now.until = desired.until;
        now.unseen = 0;
        if desired.value.is_none() || desired.value.as_ref() == observed {
            now.value = observed.cloned();
        }
        if stored != *edge {
            self.bookkeeping.forgotten.insert(stored);
            self.bookkeeping.owned.insert(edge.clone(), now);
        } else if now != *owned {
            self.bookkeeping.owned.insert(stored, now);
        }
    }

    fn compare_attributes(&mut self, person: &Person, account: &ObservedAccount, subject: &Subject) {
        let wanted = wanted_attributes(self.input.capabilities, person);
        let not_kept = self.input.memory.not_kept.get(&account.id);
        let mut attributes = BTreeMap::new();
        for (name, value) in wanted {
            let observed = observed_attribute(account, &name);
            if same_attribute(&name, observed.as_deref(), &value) {
                continue;
            }
            if not_kept.is_some_and(|known| known.get(&name) == Some(&value)) {
                let slot = Slot { kind: "attribute".into(), name };
                self.report(DriftKind::Attribute, subject, slot, observed, None);
                continue;
            }
            attributes.insert(name, (observed, Some(value)));
        }
        if attributes.is_empty() {
            return;
        }
        let claims = self.canonical.desired.edges.get(&account_edge(&person.key));
        let evidence = Evidence::Claims(claims.map(|desired| desired.claims.clone()).unwrap_or_default());
        let change: &mut Change = self.change(subject, Action::Update, Slot::account(), Cause::Declared, evidence);
        change.attributes = attributes;
    }

    /// Remembers the vendor's ids of groups that claims name.
    fn note_groups(&mut self) {
        let Some(groups) = self.input.observation.catalogue.get("group") else { return };
        if !self.keeps_books() {
            return;
        }
        let named: BTreeSet<&Text> = self
            .canonical
            .desired
            .edges
            .keys()
            .filter(|edge| edge.slot.is_group())
            .map(|edge| &edge.slot.name)
            .collect();
        for name in named {
            if let Some(id) = groups.get(name)
                && self.input.memory.groups.get(name) != Some(id)
            {
                self.bookkeeping.groups.insert(name.clone(), id.clone());
            }
        }
    }
}

/// What the app should show of a person. What nobody told is left alone.
fn wanted_attributes(capabilities: &crate::access::Capabilities, person: &Person) -> BTreeMap<Text, Text> {
    let mut wanted = BTreeMap::new();
    let mail = person.mail.as_ref().map(|mail| Text::from(mail.as_str()));
    if capabilities.renames {
        let login = capabilities.login.of(person);
        wanted.extend(login.map(|login| ("userName".into(), login)));
        wanted.extend(mail.map(|mail| ("mail".into(), mail)));
    }
    for name in &capabilities.attributes {
        match &**name {
            "name" => {
                wanted.extend(person.name.given.clone().map(|given| ("givenName".into(), given)));
                wanted.extend(person.name.family.clone().map(|family| ("familyName".into(), family)));
            }
            _ => wanted.extend(person.attributes.get(name).map(|value| (name.clone(), value.clone()))),
        }
    }
    wanted
}

fn observed_attribute(account: &ObservedAccount, name: &str) -> Option<Text> {
    match name {
        "userName" => Some(account.login.clone()),
        "mail" => account.mails.first().map(|mail| mail.as_str().into()),
        _ => account.attributes.get(name).cloned(),
    }
}

/// User names and mails compare in canonical form; a mail that the app does not keep at all is none of our business.
fn same_attribute(name: &str, observed: Option<&str>, wanted: &str) -> bool {
    match (name, observed) {
        ("mail", None) => true,
        ("userName" | "mail", Some(observed)) => canonical_login(observed) == canonical_login(wanted),
        (_, observed) => observed == Some(wanted),
    }
}

impl LoginSource {
    /// The user name of a person; `None` where the person has none of this kind.
    #[must_use]
    pub fn of(self, person: &Person) -> Option<Text> {
        let mail = || person.mail.as_ref().map(|mail| Text::from(mail.as_str()));
        match self {
            Self::Mail => mail().or_else(|| person.login.clone()),
            Self::Login => person.login.clone().or_else(mail),
            Self::Id => match &person.key {
                PersonKey::Known { id, .. } => Some(id.clone()),
                _ => person.login.clone().or_else(mail),
            },
        }
    }
}
