//! First comparison: everybody who is declared, against what the app holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Action, Cause, Change, DriftKind, HeldReason,
    beside::Beside,
    draft::{Draft, Subject, seen_claims},
    identity::{Link, account_edge, canonical_login},
};
use crate::{
    access::{
        AccountHold, AccountState, Adopt, Capabilities, ClaimName, Edge, Evidence, Level, LoginSource, Mail,
        ObservedAccount, Origin, OwnedEdge, Person, PersonKey, Provisioning, SeenClaim, Slot, Text,
    },
    resolve::{ClaimProblem, DesiredEdge, ProblemKind},
};

/// An edge that counts as desired, and what the books say of it.
pub(super) struct Wanted<'a> {
    pub(super) edge: &'a Edge,
    pub(super) desired: &'a DesiredEdge,
    pub(super) owned: Option<&'a OwnedEdge>,
}

impl Draft<'_> {
    pub(super) fn compare_declared(&mut self) {
        self.note_vanished();
        let canonical = self.canonical;
        let mut people = Beside::new(&canonical.desired.people);
        let mut inventory = Beside::new(&canonical.inventory);
        let mut edges = canonical.desired.edges.iter().peekable();
        let mut slots: Vec<Wanted<'_>> = Vec::new();
        let mut missing_groups = BTreeSet::new();
        while let Some((first, _)) = edges.peek() {
            let key = &first.person;
            slots.clear();
            while let Some((edge, desired)) = edges.next_if(|(edge, _)| edge.person == *key) {
                slots.push(Wanted { edge, desired, owned: inventory.get(edge) });
            }
            let person = people.get(key).filter(|_| canonical.desired.is_wanted(key));
            if let Some(person) = person {
                self.compare_person(person, &slots, &mut missing_groups);
            }
        }
        self.note_groups();
    }

    fn compare_person(&mut self, person: &Person, slots: &[Wanted<'_>], missing: &mut BTreeSet<Slot>) {
        let Some(wanted) = slots.iter().find(|wanted| wanted.edge.slot.is_account()) else { return };
        let evidence = || Evidence::Claims(wanted.desired.claims.clone());
        match self.identities.link(&person.key).cloned() {
            Some(Link::Account(id)) => {
                let Some(account) = self.identities.account(id) else { return };
                if wanted.owned.is_none_or(|owned| owned.account != *id) {
                    self.spoken_for.insert(id.clone());
                }
                if !self.is_proven_moved(wanted, account) {
                    return;
                }
                self.compare_account(person, account, slots, missing);
            }
            Some(Link::Ambiguous(accounts)) => {
                self.spoken_for.extend(accounts.into_iter().cloned());
                let subject = self.subject(Some(&person.key), None);
                let action = self.provisioning();
                self.change(&subject, action, Slot::account(), Cause::Declared, evidence()).held =
                    Some(HeldReason::AmbiguousMatch);
            }
            Some(Link::Reused(id)) => {
                let account = self.identities.account(id);
                self.spoken_for.insert(id.clone());
                let subject = self.subject(Some(&person.key), account);
                self.change(&subject, Action::Activate, Slot::account(), Cause::Declared, evidence()).held =
                    Some(HeldReason::IdentityReused);
            }
            None => self.compare_missing(person, slots, evidence(), missing),
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
        slots: &[Wanted<'_>],
        evidence: Evidence,
        missing: &mut BTreeSet<Slot>,
    ) {
        if let Some(owned) = self.out_of_sight(person).cloned() {
            self.compare_unseen(person, slots, &owned, evidence);
            return;
        }
        if !self.is_proven_missing(person) || self.lacks_name(person, &evidence) {
            return;
        }
        let subject = self.subject(Some(&person.key), None);
        let action = self.provisioning();
        let taken = self.is_taken(person).then_some(HeldReason::AmbiguousMatch);
        let made = self.change(&subject, action, Slot::account(), Cause::Declared, evidence);
        made.held = taken;
        let is_made = made.permitted;
        let first = self.changes.len();
        for wanted in slots.iter().filter(|wanted| !wanted.edge.slot.is_account()) {
            self.give(&subject, &wanted.edge.slot, wanted.desired, missing);
        }
        // Nothing can be given to an account that is not to be made.
        for change in self.changes.iter_mut().skip(first).filter(|change| change.person.is_some()) {
            change.permitted &= is_made;
        }
    }

    /// Somebody declared whose account is ours and cannot be seen: it is switched on where we switched it off, or where only
    /// what is switched off is out of sight.
    fn compare_unseen(&mut self, person: &Person, slots: &[Wanted<'_>], owned: &OwnedEdge, evidence: Evidence) {
        if owned.hold != AccountHold::None || self.input.capabilities.hides_suspended {
            let mut subject = self.subject(Some(&person.key), None);
            subject.account = Some(owned.account.clone());
            self.change(&subject, Action::Activate, Slot::account(), Cause::Declared, evidence);
        } else if let Some(wanted) = slots.iter().find(|wanted| wanted.edge.slot.is_account()) {
            self.refresh(wanted.edge, owned, wanted.desired, None);
        }
    }

    fn compare_account(
        &mut self,
        person: &Person,
        account: &ObservedAccount,
        slots: &[Wanted<'_>],
        missing: &mut BTreeSet<Slot>,
    ) {
        let subject = Subject {
            person: Some(person.key.clone()),
            label: person.label.clone(),
            account: Some(account.id.clone()),
        };
        let account_claims = slots.iter().find(|wanted| wanted.edge.slot.is_account());
        let owned = account_claims.and_then(|wanted| wanted.owned).filter(|owned| owned.account == account.id);
        if owned.is_none() && self.input.policy.adopt == Adopt::Never {
            self.report(DriftKind::NotOwned, &subject, Slot::account(), None, None);
            return;
        }
        for wanted in slots {
            let slot = &wanted.edge.slot;
            let observed = if slot.is_account() { Some(&None) } else { account.entitlements.get(slot) };
            if let Some(level) = observed {
                self.compare_held(&subject, wanted, level.as_ref());
            } else {
                self.give(&subject, slot, wanted.desired, missing);
            }
        }
        if account.state == AccountState::Suspended {
            let claims = account_claims.map(|wanted| wanted.desired.claims.clone()).unwrap_or_default();
            self.change(&subject, Action::Activate, Slot::account(), Cause::Declared, Evidence::Claims(claims));
        }
        self.compare_attributes(person, account, &subject);
    }

    /// An entitlement that the account holds already: adopted where it is not ours, changed where the value differs.
    fn compare_held(&mut self, subject: &Subject, wanted: &Wanted<'_>, observed: Option<&Level>) {
        let Wanted { edge, desired, .. } = *wanted;
        let slot = &edge.slot;
        let owned = wanted.owned.filter(|owned| subject.account.as_ref() == Some(&owned.account));
        let same = desired.value.is_none() || desired.value.as_ref() == observed;
        if owned.is_none() && self.input.policy.adopt == Adopt::Never {
            // Raising makes the edge ours; what is there and not ours is left alone.
            if same || self.input.capabilities.lowers(slot, observed, desired.value.as_ref()) {
                self.report(DriftKind::NotOwned, subject, slot.clone(), observed.cloned(), None);
                return;
            }
        } else if let Some(owned) = owned {
            self.refresh(edge, owned, desired, observed);
        } else {
            let claims = Evidence::Claims(desired.claims.clone());
            let value = observed.cloned();
            let change = self.change(subject, Action::Adopt, slot.clone(), Cause::Declared, claims);
            change.to.clone_from(&value);
            if change.permitted {
                self.own(edge, subject, desired, value, Origin::Adopted);
            } else if same {
                return;
            }
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
        if lowers && !self.may_lower(subject, slot) {
            return;
        }
        let (cause, evidence) = match (lowers, owned) {
            (false, _) => (Cause::Declared, Evidence::Claims(desired.claims.clone())),
            (true, owned) => self.reason_to_lower(subject, slot, observed, owned),
        };
        let due = (cause == Cause::Withdrawn).then(|| self.settling(subject, slot)).flatten();
        let change = self.change(subject, Action::Change, slot.clone(), cause, evidence);
        change.from = observed.cloned();
        change.to.clone_from(&desired.value);
        change.due = due;
    }

    /// Why a value goes down: the claims that carried it ended or are gone, or nobody ever claimed it.
    fn reason_to_lower(
        &self,
        subject: &Subject,
        slot: &Slot,
        observed: Option<&Level>,
        owned: Option<&OwnedEdge>,
    ) -> (Cause, Evidence) {
        let of_value = |seen: &SeenClaim| seen.level.as_ref() == observed;
        let carried: BTreeMap<&ClaimName, &SeenClaim> =
            owned.into_iter().flat_map(|owned| &owned.claims).filter(|(_, seen)| of_value(seen)).collect();
        if carried.is_empty() {
            return (Cause::Exclusive, Evidence::Policy("the declared value".into()));
        }
        let ended: Option<Vec<Timestamp>> = carried.values().map(|seen| seen.until).collect();
        let ended = ended.and_then(|ends| ends.into_iter().max()).filter(|end| *end <= self.input.now);
        let edge = subject.person.clone().map(|person| Edge::new(person, slot.clone()));
        let clock = edge.and_then(|edge| self.input.memory.withdrawn.get(self.canonical.stored(&edge)));
        match ended {
            Some(end) if clock.is_none_or(|clock| clock.since >= end) => (Cause::Expired, Evidence::Ended(end)),
            _ => (Cause::Withdrawn, Evidence::Gone(carried.into_keys().cloned().collect())),
        }
    }

    /// S1 and S10: lowering is a removal, so it rests on a reading that may be relied on and on claims that can all be
    /// read.
    fn may_lower(&mut self, subject: &Subject, slot: &Slot) -> bool {
        let Some(person) = &subject.person else { return false };
        let edge = Edge::new(person.clone(), slot.clone());
        if let Some(why) = self.may_be_more(&edge) {
            self.unknown.insert(edge, why);
            return false;
        }
        self.may_remove()
    }

    /// When a lowered value has settled; starts the clock where it does not run yet.
    fn settling(&mut self, subject: &Subject, slot: &Slot) -> Option<Timestamp> {
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

    /// Whether the books say all of an owned edge already: the ordinary case, told without a copy.
    fn is_true(&self, edge: &Edge, owned: &OwnedEdge, desired: &DesiredEdge, observed: Option<&Level>) -> bool {
        let claims = || {
            owned.claims.len() == desired.claims.len()
                && desired.claims.iter().all(|claim| {
                    owned.claims.get(&claim.name).is_some_and(|seen| {
                        seen.subject == claim.subject && seen.until == claim.until && seen.level == claim.level
                    })
                })
        };
        let value = owned.value.as_ref() == observed && (desired.value.is_none() || desired.value.as_ref() == observed);
        value
            && owned.unseen == 0
            && owned.hold == AccountHold::None
            && owned.until == desired.until
            && claims()
            && std::ptr::eq(self.canonical.stored(edge), edge)
            && !self.input.memory.withdrawn.contains_key(edge)
    }

    /// Keeps the books of an owned edge true: claims, end, and that it was seen.
    ///
    /// While a value waits to be lowered, the claims that carried it stay written down: they tell why it goes. While
    /// some claim cannot be read, so do all that were seen.
    fn refresh(&mut self, edge: &Edge, owned: &OwnedEdge, desired: &DesiredEdge, observed: Option<&Level>) {
        if self.is_true(edge, owned, desired, observed) {
            return;
        }
        let stored = self.canonical.stored(edge).clone();
        let same = desired.value.is_none() || desired.value.as_ref() == observed;
        let lowers = !same && self.input.capabilities.lowers(&edge.slot, observed, desired.value.as_ref());
        if !lowers || stored != *edge {
            self.stop_clock(edge);
        }
        let mut now = OwnedEdge { unseen: 0, ..owned.clone() };
        if !lowers {
            now.claims = seen_claims(desired);
            now.until = desired.until;
        }
        if now.claims != owned.claims && self.may_be_more(edge).is_some() {
            now.until = owned.until.zip(desired.until).map(|(old, new)| old.max(new));
            for (name, seen) in &owned.claims {
                now.claims.entry(name.clone()).or_insert_with(|| seen.clone());
            }
        }
        if same {
            now.value = observed.cloned();
        }
        let state = self.input.observation.account(&owned.account).map(|account| account.state);
        if state != Some(AccountState::Suspended) {
            now.hold = AccountHold::None;
        }
        if stored != *edge {
            self.bookkeeping.forgotten.insert(stored);
            self.bookkeeping.owned.insert(edge.clone(), now);
        } else if now != *owned {
            self.bookkeeping.owned.insert(stored, now);
        }
    }

    fn compare_attributes(&mut self, person: &Person, account: &ObservedAccount, subject: &Subject) {
        if shows_all(self.input.capabilities, person, account) {
            return;
        }
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
        let mut news = groups.clone();
        news.retain(|name, id| self.input.memory.groups.get(name) != Some(id));
        if news.is_empty() {
            return;
        }
        for edge in self.canonical.desired.edges.keys().filter(|edge| edge.slot.is_group()) {
            self.bookkeeping.groups.extend(news.remove_entry(&edge.slot.name));
        }
    }
}

/// What the app should show of a person. What nobody told is left alone.
fn wanted_attributes(capabilities: &Capabilities, person: &Person) -> BTreeMap<Text, Text> {
    let mut wanted = BTreeMap::new();
    let mail = person.mail.as_ref().map(|mail| mail.text().clone());
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

/// Whether the app shows of a person, letter by letter, all that it should: the ordinary case, told without a copy.
fn shows_all(capabilities: &Capabilities, person: &Person, account: &ObservedAccount) -> bool {
    let mail = person.mail.as_ref().map(Mail::as_str);
    let names = !capabilities.renames
        || (capabilities.login.in_use(person).is_none_or(|login| **login == *account.login)
            && (mail.is_none() || account.mails.first().is_none_or(|observed| Some(observed.as_str()) == mail)));
    let shows = |name: &str, value: Option<&Text>| value.is_none() || account.attributes.get(name) == value;
    names
        && capabilities.attributes.iter().all(|name| match &**name {
            "name" => {
                shows("givenName", person.name.given.as_ref()) && shows("familyName", person.name.family.as_ref())
            }
            // These are compared in their own way.
            "userName" | "mail" => !person.attributes.contains_key(name),
            _ => shows(name, person.attributes.get(name)),
        })
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
        self.in_use(person).cloned()
    }

    fn in_use(self, person: &Person) -> Option<&Text> {
        let mail = || person.mail.as_ref().map(Mail::text);
        match self {
            Self::Mail => mail().or(person.login.as_ref()),
            Self::Login => person.login.as_ref().or_else(mail),
            Self::Id => match &person.key {
                PersonKey::Known { id, .. } => Some(id),
                _ => person.login.as_ref().or_else(mail),
            },
        }
    }
}
