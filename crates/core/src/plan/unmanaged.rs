//! Third comparison: what the app holds and nobody declared.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::{
    Action, Cause, DriftKind,
    classify::classify,
    draft::Draft,
    identity::{Index, person_names},
    owned::later,
};
use crate::{
    access::{
        AccountId, AccountState, Class, Completeness, Edge, Evidence, ObservedAccount, PersonKey, Slot, Text,
        UnmanagedAction,
    },
    resolve::State,
};

impl Draft<'_> {
    pub(super) fn compare_unmanaged(&mut self) {
        let doubtful = self.accounts_of_doubtful_people();
        let input = self.input;
        for account in &input.observation.accounts {
            let holder = self.identities.person(&account.id);
            let owned = || holder.is_some_and(|person| self.owns_account(person));
            if self.identities.is_owned(&account.id)
                || owned()
                || self.spoken_for.contains(&account.id)
                || doubtful.contains(&account.id)
            {
                self.no_longer_unmanaged(&account.id);
                continue;
            }
            self.compare_stranger(account);
        }
        let counted = input.memory.unmanaged_since.keys();
        for id in counted.filter(|id| input.observation.account(id).is_none() && input.observation.is_complete()) {
            self.no_longer_unmanaged(id);
        }
        self.compare_exclusive_groups(&doubtful);
    }

    fn no_longer_unmanaged(&mut self, account: &AccountId) {
        if self.input.memory.unmanaged_since.contains_key(account) {
            self.bookkeeping.no_longer_unmanaged.insert(account.clone());
        }
    }

    /// Accounts that answer to somebody about whom nobody can tell.
    fn accounts_of_doubtful_people(&self) -> BTreeSet<AccountId> {
        if self.canonical.desired.maybe.is_empty() {
            return BTreeSet::new();
        }
        let index = Index::new(self.input);
        let desired = &self.canonical.desired;
        let mut doubtful = BTreeSet::new();
        for person in desired.maybe.keys().map(|edge| &edge.person) {
            let names: Vec<Text> = match desired.people.get(person) {
                Some(known) => person_names(known).collect(),
                None => match person {
                    PersonKey::Mail(mail) => vec![mail.text().clone()],
                    PersonKey::Login(login) | PersonKey::Service(login) => vec![login.clone()],
                    PersonKey::Known { .. } => {
                        let mails = desired.directory_mails.iter().filter(|(_, key)| *key == person);
                        mails.map(|(mail, _)| mail.clone()).collect()
                    }
                },
            };
            doubtful.extend(names.iter().flat_map(|name| index.named(name)).map(|account| account.id.clone()));
        }
        doubtful
    }

    fn compare_stranger(&mut self, account: &ObservedAccount) {
        let stranger = classify(self.input, &self.canonical.desired, account);
        self.classes.insert(account.id.clone(), stranger.class);
        let rule = self.input.policy.unmanaged.rule(stranger.class);
        let subject = self.subject(stranger.person.as_ref(), Some(account));
        let buried = self.tombstone_of(account);
        if account.state == AccountState::Suspended && rule.action != UnmanagedAction::Delete {
            self.no_longer_unmanaged(&account.id);
            return;
        }
        let kind = if buried { DriftKind::Readded } else { stranger.class.into() };
        let (action, word) = match rule.action {
            UnmanagedAction::Ignore if !buried => return,
            UnmanagedAction::Ignore | UnmanagedAction::Report => {
                self.report(kind, &subject, Slot::account(), None, Some("Report"));
                return;
            }
            UnmanagedAction::Suspend => (Action::Suspend, "Suspend"),
            UnmanagedAction::Delete if self.deletes(account) => (Action::Delete, "Delete"),
            UnmanagedAction::Delete if account.state == AccountState::Suspended => {
                self.no_longer_unmanaged(&account.id);
                return;
            }
            UnmanagedAction::Delete => (Action::Suspend, "Delete"),
        };
        self.report(kind, &subject, Slot::account(), None, Some(word));
        let certain = self.input.observation.completeness == Completeness::Complete
            && stranger.firm
            && !self.canonical.desired.anyone.contains_key(&Slot::account())
            && self.canonical.desired.unreadable.is_empty();
        if !certain {
            return;
        }
        let since = self.input.memory.unmanaged_since.get(&account.id).copied();
        if since.is_none() && rule.after.is_some() && self.keeps_books() {
            self.bookkeeping.unmanaged_since.insert(account.id.clone());
        }
        let after = rule.after.unwrap_or_default();
        let due = later(since.unwrap_or(self.input.now), after).filter(|due| *due > self.input.now);
        let evidence = Evidence::Policy(format!("unmanaged.{}: {word}", stranger.class.as_str()).into());
        let change = self.change(&subject, action, Slot::account(), Cause::Unmanaged, evidence);
        change.due = due;
    }

    /// Whether an account can be deleted as it is: where only people can, once it is suspended.
    fn deletes(&self, account: &ObservedAccount) -> bool {
        let can = self.input.capabilities;
        can.delete || (can.by_hand.deletes() && account.state == AccountState::Suspended)
    }

    fn tombstone_of(&self, account: &ObservedAccount) -> bool {
        self.canonical
            .tombstones
            .iter()
            .any(|(edge, tombstone)| edge.slot.is_account() && tombstone.account == account.id)
    }

    /// Members of groups that are ours alone whom nobody declared.
    fn compare_exclusive_groups(&mut self, doubtful: &BTreeSet<AccountId>) {
        let groups = self.exclusive_groups();
        if groups.is_empty() || !self.input.observation.is_complete() {
            return;
        }
        let input = self.input;
        let owned_memberships: BTreeSet<(&AccountId, &Slot)> = self
            .canonical
            .inventory
            .iter()
            .filter(|(edge, _)| groups.contains(&edge.slot))
            .map(|(edge, owned)| (&owned.account, &edge.slot))
            .collect();
        for account in &input.observation.accounts {
            let is_linked = self.identities.person(&account.id).is_some();
            // Nobody can tell whose it is: somebody doubtful, or one of several people who are declared.
            if doubtful.contains(&account.id) || (self.spoken_for.contains(&account.id) && !is_linked) {
                continue;
            }
            for slot in account.entitlements.keys().filter(|slot| groups.contains(*slot)) {
                if owned_memberships.contains(&(&account.id, slot)) {
                    continue;
                }
                self.compare_extra_member(account, slot);
            }
        }
    }

    fn compare_extra_member(&mut self, account: &ObservedAccount, slot: &Slot) {
        let desired = &self.canonical.desired;
        let stranger = classify(self.input, desired, account);
        let person = self.identities.person(&account.id).cloned().or(stranger.person);
        if desired.anyone.contains_key(slot) || !desired.unreadable.is_empty() {
            return;
        }
        if let Some(person) = &person
            && !matches!(desired.state(&Edge::new(person.clone(), slot.clone())), State::Absent)
        {
            return;
        }
        let subject = self.subject(person.as_ref(), Some(account));
        self.report(DriftKind::ExtraMember, &subject, slot.clone(), None, Some("Exclusive"));
        let evidence = Evidence::Policy(format!("ownership of {slot}: Exclusive").into());
        let change = self.change(&subject, Action::Revoke, slot.clone(), Cause::Exclusive, evidence);
        change.from = None;
    }

    /// Groups that claims or our inventory name and that are ours alone.
    fn exclusive_groups(&self) -> BTreeSet<Slot> {
        let ownership = &self.input.policy.ownership;
        let mut groups: BTreeSet<Slot> = ownership.groups.keys().map(|name| Slot::group(name)).collect();
        if ownership.default_exclusive {
            let edges = self.canonical.desired.edges.keys().chain(self.canonical.inventory.keys());
            let named: FxHashSet<&Slot> = edges.map(|edge| &edge.slot).collect();
            groups.extend(named.into_iter().cloned());
        }
        groups.retain(|slot| ownership.is_exclusive(slot));
        groups
    }
}

/// Accounts that count as in use.
pub(super) fn is_in_use(account: &ObservedAccount) -> bool {
    account.state == AccountState::Active
}

impl Class {
    /// All classes, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Service, Self::Guest, Self::Orphan, Self::Unknown];
}
