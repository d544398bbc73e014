//! Whose account is whose: the vendor's id first, a name last, and never a guess.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use rustc_hash::FxHashMap;

use super::{Input, canonical::Canonical};
use crate::access::{
    AccountId, AccountState, Edge, Finding, LookUp, Mail, ObservedAccount, Person, PersonKey, Slot, Text,
};

/// The account of one person.
#[derive(Clone, Debug)]
pub(super) enum Link<'a> {
    /// This one.
    Account(&'a AccountId),
    /// Nobody can tell which of these.
    Ambiguous(Vec<&'a AccountId>),
    /// This one, but it belonged to somebody else.
    Reused(&'a AccountId),
}

/// Accounts by person and people by account.
#[derive(Debug)]
pub(super) struct Identities<'a> {
    links: FxHashMap<&'a PersonKey, Link<'a>>,
    accounts: FxHashMap<&'a AccountId, Holder<'a>>,
}

/// What is known about one account.
#[derive(Clone, Copy, Debug, Default)]
struct Holder<'a> {
    /// As read.
    observed: Option<&'a ObservedAccount>,
    /// Whom the inventory names as its holder.
    owner: Option<&'a PersonKey>,
    /// Whose it is.
    person: Option<&'a PersonKey>,
}

impl<'a> Identities<'a> {
    /// The account of a person; `None` where the reading shows none.
    pub(super) fn link(&self, person: &PersonKey) -> Option<&Link<'a>> {
        self.links.get(person)
    }

    /// The person of an account.
    pub(super) fn person(&self, account: &AccountId) -> Option<&'a PersonKey> {
        self.accounts.get(account)?.person
    }

    /// The account with this id, as read.
    pub(super) fn account(&self, id: &AccountId) -> Option<&'a ObservedAccount> {
        self.accounts.get(id)?.observed
    }

    /// Whether the inventory names the person of an account as its holder.
    pub(super) fn is_owned(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_some_and(|holder| holder.person.is_some() && holder.person == holder.owner)
    }

    /// Links everybody who is desired, owned, or only perhaps wanted.
    pub(super) fn new(input: &'a Input<'a>, canonical: &'a Canonical<'a>) -> Self {
        let mut identities = Self::owned(input, canonical);
        let people = canonical.desired.people.values();
        let others: Vec<&Person> = people.filter(|person| !identities.links.contains_key(&person.key)).collect();
        if others.is_empty() {
            return identities;
        }
        let index = Index::new(input);
        let mut claimed: BTreeMap<&AccountId, Vec<&PersonKey>> = BTreeMap::new();
        for person in others {
            match index.find(input, person) {
                Candidates::None => {}
                Candidates::Many(accounts) => {
                    identities.links.insert(&person.key, Link::Ambiguous(accounts));
                }
                Candidates::One(account) => claimed.entry(account).or_default().push(&person.key),
            }
        }
        for (account, people) in claimed {
            identities.settle(input, canonical, account, &people);
        }
        identities
    }

    /// The accounts that were read, and whose they are by the inventory.
    fn owned(input: &'a Input<'a>, canonical: &'a Canonical<'a>) -> Self {
        let read = input.observation.accounts.iter();
        let mut accounts: FxHashMap<&AccountId, Holder<'_>> =
            read.map(|account| (&account.id, Holder { observed: Some(account), ..Holder::default() })).collect();
        for (edge, owned) in canonical.inventory.iter().filter(|(edge, _)| edge.slot.is_account()) {
            accounts.entry(&owned.account).or_default().owner = Some(&edge.person);
        }
        let mut links = FxHashMap::default();
        links.reserve(accounts.len());
        for (account, holder) in &mut accounts {
            if let (Some(_), Some(owner)) = (holder.observed, holder.owner) {
                links.insert(owner, Link::Account(account));
                holder.person = Some(owner);
            }
        }
        Self { links, accounts }
    }

    /// One account that somebody without an owned account answers to.
    fn settle(
        &mut self,
        input: &Input<'_>,
        canonical: &Canonical<'_>,
        account: &'a AccountId,
        people: &[&'a PersonKey],
    ) {
        let [person] = *people else {
            for &person in people {
                self.links.insert(person, Link::Ambiguous(vec![account]));
            }
            return;
        };
        let owner = self.accounts.get(account).and_then(|holder| holder.owner);
        let link = match owner.filter(|owner| *owner != person) {
            Some(former) if may_hand_over(canonical, former) => Link::Account(account),
            Some(former) if canonical.desired.people.contains_key(former) => Link::Ambiguous(vec![account]),
            Some(_) => Link::Reused(account),
            None if belonged_to_another(input, canonical, account, person) => Link::Reused(account),
            None => Link::Account(account),
        };
        if matches!(link, Link::Account(_)) {
            self.accounts.entry(account).or_default().person = Some(person);
        }
        self.links.insert(person, link);
    }
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

enum Candidates<'a> {
    None,
    One(&'a AccountId),
    Many(Vec<&'a AccountId>),
}

/// Accounts by the names under which they can be found.
pub(super) struct Index<'a> {
    by_external: FxHashMap<&'a str, Vec<&'a ObservedAccount>>,
    by_name: FxHashMap<Cow<'a, str>, Vec<&'a ObservedAccount>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(input: &Input<'a>) -> Self {
        let mut by_external: FxHashMap<&str, Vec<&ObservedAccount>> = FxHashMap::default();
        let mut by_name: FxHashMap<Cow<'_, str>, Vec<&ObservedAccount>> = FxHashMap::default();
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

    fn find(&self, input: &Input<'a>, person: &Person) -> Candidates<'a> {
        let linked = person_names(person).find_map(|name| input.policy.accounts.get(&name));
        if let Some(linked) = linked {
            return input.observation.account(linked).map_or(Candidates::None, |account| Candidates::One(&account.id));
        }
        if let PersonKey::Known { id, .. } = &person.key {
            match self.by_external.get(&**id).map(Vec::as_slice) {
                Some([one]) => return Candidates::One(&one.id),
                Some(many) if many.len() > 1 => {
                    return Candidates::Many(many.iter().map(|account| &account.id).collect());
                }
                _ => {}
            }
        }
        let mut found: BTreeSet<&AccountId> =
            person_names(person).flat_map(|name| self.named(&name)).map(|account| &account.id).collect();
        if !input.observation.findings.is_empty() {
            match input.observation.findings.get(&LookUp::Person(person.key.clone())) {
                Some(Finding::Found(account)) => drop(found.insert(account)),
                Some(Finding::Ambiguous(accounts)) => found.extend(accounts),
                Some(Finding::NotFound) | None => {}
            }
        }
        match found.len() {
            0 => Candidates::None,
            1 => found.pop_first().map_or(Candidates::None, Candidates::One),
            _ => Candidates::Many(found.into_iter().collect()),
        }
    }
}

/// The names under which an account can be found, each once: mails and canonical login.
fn names(account: &ObservedAccount) -> Vec<Cow<'_, str>> {
    let mut names: Vec<Cow<'_, str>> = Vec::with_capacity(account.mails.len() + 1);
    for mail in &account.mails {
        if !names.iter().any(|name| name == mail.as_str()) {
            names.push(mail.as_str().into());
        }
    }
    // A login that is one of the mails, letter by letter, is in canonical form already.
    if !names.iter().any(|name| **name == *account.login) {
        let login = canonical_login(&account.login);
        if !names.iter().any(|name| **name == *login) {
            names.push(login.to_string().into());
        }
    }
    names
}

/// The names under which a person's account can be found.
pub(super) fn person_names(person: &Person) -> impl Iterator<Item = Text> {
    let login = person.login.iter().map(|login| canonical_login(login));
    person.mails().map(|mail| mail.text().clone()).chain(login)
}

/// A login as a key: a mail in canonical form, anything else in ASCII lower case.
pub(super) fn canonical_login(login: &str) -> Text {
    Mail::parse(login).map_or_else(|_| login.to_ascii_lowercase().into(), |mail| mail.as_str().into())
}

/// The edge of a person's account.
pub(super) fn account_edge(person: &PersonKey) -> Edge {
    Edge::new(person.clone(), Slot::account())
}
