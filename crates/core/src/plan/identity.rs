//! Whose account is whose: the vendor's id first, a name last, and never a guess.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{Input, canonical::Canonical};
use crate::access::{
    AccountId, AccountState, Edge, Finding, LookUp, Mail, ObservedAccount, Person, PersonKey, Slot, Text,
};

/// The account of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// This one.
    Account(AccountId),
    /// Nobody can tell which of these.
    Ambiguous(Vec<AccountId>),
    /// This one, but it belonged to somebody else.
    Reused(AccountId),
}

/// Accounts by person and people by account.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    links: BTreeMap<PersonKey, Link>,
    people: BTreeMap<AccountId, PersonKey>,
}

impl Identities {
    /// The account of a person; `None` where the reading shows none.
    #[must_use]
    pub fn link(&self, person: &PersonKey) -> Option<&Link> {
        self.links.get(person)
    }

    /// The person of an account.
    #[must_use]
    pub fn person(&self, account: &AccountId) -> Option<&PersonKey> {
        self.people.get(account)
    }

    /// Links everybody who is desired, owned, or only perhaps wanted.
    pub(super) fn new(input: &Input<'_>, canonical: &Canonical<'_>) -> Self {
        let index = Index::new(input);
        let mut identities = Self::default();
        let owners = owners(canonical);
        for (account, person) in &owners {
            if input.observation.account(account).is_some() {
                identities.links.insert((*person).clone(), Link::Account((*account).clone()));
                identities.people.insert((*account).clone(), (*person).clone());
            }
        }
        let mut claimed: BTreeMap<AccountId, Vec<PersonKey>> = BTreeMap::new();
        for person in canonical.desired.people.values() {
            if identities.links.contains_key(&person.key) {
                continue;
            }
            match index.find(input, person) {
                Candidates::None => {}
                Candidates::Many(accounts) => {
                    identities.links.insert(person.key.clone(), Link::Ambiguous(accounts));
                }
                Candidates::One(account) => claimed.entry(account).or_default().push(person.key.clone()),
            }
        }
        for (account, people) in claimed {
            identities.settle(input, canonical, &owners, account, &people);
        }
        identities
    }

    /// One account that somebody without an owned account answers to.
    fn settle(
        &mut self,
        input: &Input<'_>,
        canonical: &Canonical<'_>,
        owners: &BTreeMap<&AccountId, &PersonKey>,
        account: AccountId,
        people: &[PersonKey],
    ) {
        let [person] = people else {
            for person in people {
                self.links.insert(person.clone(), Link::Ambiguous(vec![account.clone()]));
            }
            return;
        };
        let former = owners.get(&account).copied().filter(|owner| *owner != person);
        let link = match former {
            Some(former) if may_hand_over(canonical, former) => Link::Account(account.clone()),
            Some(former) if canonical.desired.people.contains_key(former) => Link::Ambiguous(vec![account.clone()]),
            Some(_) => Link::Reused(account.clone()),
            None if belonged_to_another(input, canonical, &account, person) => Link::Reused(account.clone()),
            None => Link::Account(account.clone()),
        };
        if matches!(link, Link::Account(_)) {
            self.people.insert(account, person.clone());
        }
        self.links.insert(person.clone(), link);
    }
}

/// The people whom the inventory names as holders of accounts.
fn owners<'a>(canonical: &'a Canonical<'_>) -> BTreeMap<&'a AccountId, &'a PersonKey> {
    let accounts = canonical.inventory.iter().filter(|(edge, _)| edge.slot.is_account());
    accounts.map(|(edge, owned)| (&owned.account, &edge.person)).collect()
}

/// Whether an owned account may pass to another key of the same address: the directory that knew the former holder is
/// gone, so that the same person is now known by mail alone.
pub(super) fn may_hand_over(canonical: &Canonical<'_>, former: &PersonKey) -> bool {
    let PersonKey::Known { directory, .. } = former else { return false };
    !canonical.desired.known_ids.contains_key(directory) && !canonical.desired.people.contains_key(former)
}

/// Whether an account that nobody owns belonged to somebody else: we removed it from another person, or it carries
/// another person's directory id.
fn belonged_to_another(input: &Input<'_>, canonical: &Canonical<'_>, account: &AccountId, person: &PersonKey) -> bool {
    let buried = canonical
        .tombstones
        .iter()
        .any(|(edge, tombstone)| tombstone.account == *account && edge.slot.is_account() && edge.person != *person);
    let PersonKey::Known { directory, id } = person else { return buried };
    let observed = input.observation.account(account);
    let foreign_id = observed.and_then(|account| account.external_id.as_ref()).is_some_and(|external| {
        let key = PersonKey::Known { directory: directory.clone(), id: external.clone() };
        let desired = &canonical.desired;
        external != id
            && (desired.known_ids.get(directory).is_some_and(|known| known.contains(external))
                || desired.leavers.contains_key(&key)
                || desired.reported_leavers.contains_key(&key)
                || observed.is_some_and(|account| account.state == AccountState::Suspended))
    });
    buried || foreign_id
}

enum Candidates {
    None,
    One(AccountId),
    Many(Vec<AccountId>),
}

/// Accounts by the names under which they can be found.
pub(super) struct Index<'a> {
    by_external: FxHashMap<&'a str, Vec<&'a ObservedAccount>>,
    by_name: FxHashMap<Text, Vec<&'a ObservedAccount>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(input: &Input<'a>) -> Self {
        let mut by_external: FxHashMap<&str, Vec<&ObservedAccount>> = FxHashMap::default();
        let mut by_name: FxHashMap<Text, Vec<&ObservedAccount>> = FxHashMap::default();
        for account in &input.observation.accounts {
            if let Some(external) = &account.external_id {
                by_external.entry(external).or_default().push(account);
            }
            for name in names(account) {
                by_name.entry(name).or_default().push(account);
            }
        }
        Self { by_external, by_name }
    }

    /// Accounts that answer to one of these names.
    pub(super) fn named(&self, name: &str) -> &[&'a ObservedAccount] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    fn find(&self, input: &Input<'_>, person: &Person) -> Candidates {
        let linked = person_names(person).find_map(|name| input.policy.accounts.get(&name));
        if let Some(linked) = linked {
            return input
                .observation
                .account(linked)
                .map_or(Candidates::None, |account| Candidates::One(account.id.clone()));
        }
        if let PersonKey::Known { id, .. } = &person.key {
            match self.by_external.get(&**id).map(Vec::as_slice) {
                Some([one]) => return Candidates::One(one.id.clone()),
                Some(many) if many.len() > 1 => {
                    return Candidates::Many(many.iter().map(|account| account.id.clone()).collect());
                }
                _ => {}
            }
        }
        let named: BTreeSet<AccountId> =
            person_names(person).flat_map(|name| self.named(&name)).map(|account| account.id.clone()).collect();
        let asked = input.observation.findings.get(&LookUp::Person(person.key.clone()));
        let found: BTreeSet<AccountId> = match asked {
            Some(Finding::Found(account)) => named.into_iter().chain([account.clone()]).collect(),
            Some(Finding::Ambiguous(accounts)) => named.into_iter().chain(accounts.iter().cloned()).collect(),
            Some(Finding::NotFound) | None => named,
        };
        let mut found: Vec<AccountId> = found.into_iter().collect();
        match found.len() {
            0 => Candidates::None,
            1 => found.pop().map_or(Candidates::None, Candidates::One),
            _ => Candidates::Many(found),
        }
    }
}

/// The names under which an account can be found: canonical login and mails.
fn names(account: &ObservedAccount) -> BTreeSet<Text> {
    let login = canonical_login(&account.login);
    account.mails.iter().map(|mail| Text::from(mail.as_str())).chain([login]).collect()
}

/// The names under which a person's account can be found.
pub(super) fn person_names(person: &Person) -> impl Iterator<Item = Text> {
    let login = person.login.iter().map(|login| canonical_login(login));
    person.mails().map(|mail| Text::from(mail.as_str())).chain(login)
}

/// A login as a key: a mail in canonical form, anything else in ASCII lower case.
pub(super) fn canonical_login(login: &str) -> Text {
    Mail::parse(login).map_or_else(|_| login.to_ascii_lowercase().into(), |mail| mail.as_str().into())
}

/// The edge of a person's account.
pub(super) fn account_edge(person: &PersonKey) -> Edge {
    Edge::new(person.clone(), Slot::account())
}
