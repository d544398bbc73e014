//! Who of an app may be declared at all, under which names, and what they hold that a claim can give.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AccountId, AccountState, Class, Level, Memory, ObservedAccount, Person, PersonKey, Shape, Slot, Text},
    plan::{Input, Options as Judgement, plan},
    resolve::{Desired, World, resolve},
};

use super::{LeftOut, Source};
use crate::load::is_visible;

/// Longest name of a person or thing that a claim can write, in characters.
const LONGEST_NAME: usize = 320;
/// Longest level, in characters.
const LONGEST_LEVEL: usize = 128;

/// One entitlement in the words of a claim. Ordered: roles, groups, then the others by type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    /// 0 for roles, 1 for groups, 2 for others.
    rank: u8,
    /// The type.
    pub(super) kind: Text,
    /// The name; the value of a type of which one is held.
    pub(super) name: Text,
    /// The level, for types with levels.
    pub(super) level: Option<Level>,
}

impl Item {
    pub(super) fn new(kind: &Text, name: &Text, level: Option<&Level>) -> Self {
        let rank = match &**kind {
            "role" => 0,
            "group" => 1,
            _ => 2,
        };
        Self { rank, kind: kind.clone(), name: name.clone(), level: level.cloned() }
    }

    /// As people read it: `workspace Delivery (user)`.
    pub(super) fn words(&self) -> String {
        match &self.level {
            Some(level) => format!("{} {} ({level})", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }
}

/// One account that may be declared.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    /// The account.
    pub(super) account: AccountId,
    /// What a person reads.
    pub(super) label: String,
    /// Whether it has yet to accept its invitation.
    pub(super) invited: bool,
    /// The names under which it may be declared, the best first; never empty.
    pub(super) names: Vec<String>,
    /// What it holds beside itself, by slot.
    pub(super) items: BTreeMap<Slot, Item>,
}

/// Those who may be declared, and those who may not.
pub(super) fn holders(source: &Source<'_>) -> (Vec<Holder>, Vec<LeftOut>) {
    let world = World { accesses: BTreeMap::new(), undecodable: Vec::new(), ..source.world.clone() };
    let (policy, capabilities, memory, now) = (source.policy, source.capabilities, &Memory::default(), source.now);
    let desired = resolve(&world, policy, capabilities, memory, now);
    let options = Judgement::default();
    let observation = source.observation;
    let nobody = plan(&Input { policy, capabilities, desired: &desired, observation, memory, options, now });
    let mut holders = Vec::new();
    let mut left_out = Vec::new();
    for account in &observation.accounts {
        let label = account.label().to_owned();
        let leave = |reason: String| LeftOut { label: label.clone(), what: String::new(), reason };
        if nobody.classes.get(&account.id) == Some(&Class::Service) {
            left_out.push(leave(format!(
                "a service account, perhaps our own; as a claim it would be `service: {}`",
                account.login
            )));
            continue;
        }
        if account.state == AccountState::Suspended {
            left_out.push(leave("suspended".to_owned()));
            continue;
        }
        match names(source, &desired, account) {
            Ok(names) => {
                let (items, without) = items(source, account);
                left_out.extend(without.into_iter().map(|(what, reason)| LeftOut {
                    label: label.clone(),
                    what,
                    reason,
                }));
                if items.is_empty() && !capabilities.account_alone {
                    left_out
                        .push(leave("it holds nothing that can be declared, and the app has no account alone".into()));
                    continue;
                }
                let invited = account.state == AccountState::Invited;
                holders.push(Holder { account: account.id.clone(), label, invited, names, items });
            }
            Err(reason) => left_out.push(leave(reason)),
        }
    }
    (holders, left_out)
}

/// The names under which an account may be declared, or why there is none.
fn names(source: &Source<'_>, desired: &Desired, account: &ObservedAccount) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    let linked = source.policy.accounts.iter().filter(|(_, id)| **id == account.id);
    names.extend(linked.map(|(person, _)| person.to_string()));
    if let Some(key) = directory_person(desired, account) {
        if let Some(says) = desired.leavers.get(key).map(|(says, _)| says).or(desired.reported_leavers.get(key)) {
            return Err(format!("the directory says that this person left: {says}"));
        }
        let person = of_directory(source.world, key);
        let known = person.into_iter().flat_map(|person| {
            person.mails().map(ToString::to_string).chain(person.login.as_ref().map(ToString::to_string))
        });
        names.extend(known);
    } else {
        let owned = account.mails.iter().find(|mail| desired.owned_domains.contains_key(mail.domain()));
        if let Some(mail) = owned.filter(|_| names.is_empty()) {
            return Err(format!("a directory owns the domain {} and does not know this person", mail.domain()));
        }
        names.extend(account.mails.iter().map(ToString::to_string));
        names.push(account.login.to_string());
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| fits(name) && seen.insert(name.clone()));
    if names.is_empty() { Err("it has no address or login that a claim can name".to_owned()) } else { Ok(names) }
}

/// Whoever a directory knows by the key that the app keeps, or by one of the account's names.
fn directory_person<'a>(desired: &'a Desired, account: &ObservedAccount) -> Option<&'a PersonKey> {
    let mut keys = desired.directory_mails.values();
    let external = account.external_id.as_ref();
    let by_id =
        external.and_then(|external| keys.find(|key| matches!(key, PersonKey::Known { id, .. } if id == external)));
    let mails = account.mails.iter().map(|mail| mail.as_str().into());
    let mut names = mails.chain([account.login.to_lowercase().into()]);
    by_id.or_else(|| names.find_map(|name: Text| desired.directory_mails.get(&name)))
}

fn of_directory<'a>(world: &'a World, key: &PersonKey) -> Option<&'a Person> {
    let PersonKey::Known { directory, id } = key else { return None };
    world.directories.get(directory)?.people.get(id)
}

/// Whether a claim can write this name of a person.
fn fits(name: &str) -> bool {
    is_visible(name) && name.chars().count() <= LONGEST_NAME && !name.contains(char::is_whitespace)
}

/// What an account holds that a claim can give, and what it cannot, in words with the reason.
fn items(source: &Source<'_>, account: &ObservedAccount) -> (BTreeMap<Slot, Item>, Vec<(String, String)>) {
    let mut items = BTreeMap::new();
    let mut defaults = BTreeMap::new();
    let mut without = Vec::new();
    for (slot, level) in &account.entitlements {
        match item(source, slot, level.as_ref()) {
            Ok((item, false)) => drop(items.insert(slot.clone(), item)),
            Ok((item, true)) => drop(defaults.insert(slot.clone(), item)),
            Err(reason) => {
                let name = if slot.name.is_empty() { level.as_deref().unwrap_or_default() } else { &slot.name };
                without.push((format!("{} {name}", slot.kind), reason.to_owned()));
            }
        }
    }
    // What everybody holds anyway is said only where nothing else can be said.
    if items.is_empty() && !source.capabilities.account_alone {
        items = defaults;
    }
    (items, without)
}

/// One entitlement as a claim writes it, and whether every account has it unless something else is said.
fn item(source: &Source<'_>, slot: &Slot, level: Option<&Level>) -> Result<(Item, bool), &'static str> {
    let Some(kind) = source.capabilities.kinds.get(&slot.kind) else { return Err("the app has no such type to give") };
    let (name, level) = match (&kind.shape, level) {
        (Shape::Set, _) => (&slot.name, None),
        (Shape::Levelled { .. }, level) => (&slot.name, level),
        (Shape::Single { .. }, Some(value)) => (value, None),
        (Shape::Single { .. }, None) => return Err("the app does not tell its value"),
    };
    let value = if kind.is_single() { Some(name) } else { level };
    if [Some(name), value].into_iter().flatten().any(|given| kind.not_grantable.contains(given)) {
        return Err("the app's interface cannot give it");
    }
    if value.is_some_and(|value| !kind.order().is_empty() && kind.rank(value).is_none()) {
        return Err("nobody knows this value");
    }
    if name.is_empty()
        || name.chars().count() > LONGEST_NAME
        || level.is_some_and(|level| level.chars().count() > LONGEST_LEVEL)
    {
        return Err("its name is too long for a claim, or empty");
    }
    if !is_visible(name) || level.is_some_and(|level| !is_visible(level)) {
        return Err("its name holds what nobody sees, which no claim may");
    }
    let is_default = kind.is_single() && kind.required && kind.order().first() == Some(name);
    Ok((Item::new(&slot.kind, name, level), is_default))
}
