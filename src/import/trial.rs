//! The proof of an import: a plan over what is to be declared, as it would be made by the engine. Whatever it would change
//! is declared under another name, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        Adopt, AppPolicy, Evidence, Manage, Memory, Mode, ObjectName, PersonKey, Slot, Text, Unmanaged,
        UnmanagedAction, UnmanagedRule,
    },
    plan::{Action, Change, Input, Options as Judgement, plan},
    resolve::{Access, Grant, Subject, SubjectEntry, Wanted, World, resolve},
};

use super::{
    LeftOut, Source,
    holders::{Holder, Item},
};

/// Rounds after which whoever still does not fit is left out.
const MOST_ROUNDS: usize = 32;

/// One account that is declared.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// The name that a claim writes.
    pub(super) name: String,
    /// Whom that name means.
    pub(super) person: PersonKey,
    /// Whether the invitation has yet to be accepted.
    pub(super) invited: bool,
    /// What is held.
    pub(super) items: BTreeSet<Item>,
}

/// Why a declaration would change something.
enum Offence {
    /// The account is not found, or not left as it is, under this name.
    Name(String),
    /// One entitlement would change.
    Item(Slot),
}

/// Tries until a plan has nothing to do.
pub(super) fn settle(source: &Source<'_>, holders: Vec<Holder>, left_out: &mut Vec<LeftOut>) -> Vec<Settled> {
    let policy = unbound(source.policy);
    let mut world = World { undecodable: Vec::new(), ..source.world.clone() };
    let mut holders = holders;
    for round in 0.. {
        let Judged { offences, people } = judge(source, &policy, &mut world, &holders);
        if offences.is_empty() {
            let settled = holders.into_iter().zip(people).filter_map(|(holder, person)| settled(holder, person?));
            return settled.collect();
        }
        holders = amended(holders, offences, round >= MOST_ROUNDS, source.capabilities.account_alone, left_out);
    }
    Vec::new()
}

fn settled(holder: Holder, person: PersonKey) -> Option<Settled> {
    let Holder { invited, names, items, .. } = holder;
    Some(Settled { name: names.into_iter().next()?, person, invited, items: items.into_values().collect() })
}

/// What may not stay as it is takes its next name, loses the entitlement, or is left out.
fn amended(
    holders: Vec<Holder>,
    mut offences: BTreeMap<usize, Vec<Offence>>,
    last: bool,
    account_alone: bool,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Holder> {
    let mut kept = Vec::with_capacity(holders.len());
    for (index, mut holder) in holders.into_iter().enumerate() {
        let mut reason = None;
        for offence in offences.remove(&index).unwrap_or_default() {
            match offence {
                Offence::Name(why) => reason = Some(why),
                Offence::Item(slot) => {
                    if let Some(item) = holder.items.remove(&slot) {
                        let (label, what) = (holder.label.clone(), item.words());
                        left_out.push(LeftOut {
                            label,
                            what,
                            reason: "a plan would change it; declare it where that is wanted".to_owned(),
                        });
                    }
                    if holder.items.is_empty() && !account_alone {
                        reason = Some("it holds nothing that can be declared, and the app has no account alone".into());
                        holder.names.truncate(1);
                    }
                }
            }
        }
        if let Some(reason) = reason {
            holder.names.remove(0);
            if holder.names.is_empty() || last {
                left_out.push(LeftOut { label: holder.label, what: String::new(), reason });
                continue;
            }
        }
        kept.push(holder);
    }
    kept
}

/// The policy with nothing in the way of what a plan would do.
fn unbound(policy: &AppPolicy) -> AppPolicy {
    let report = UnmanagedRule { action: UnmanagedAction::Report, after: None };
    AppPolicy {
        mode: Mode::Full,
        manage: Manage { accounts: true, memberships: true, roles: true, attributes: true },
        adopt: Adopt::Matched,
        unmanaged: Unmanaged { orphan: report, unknown: report, guest: report, service: report },
        ..policy.clone()
    }
}

struct Judged {
    offences: BTreeMap<usize, Vec<Offence>>,
    /// Whose account each is.
    people: Vec<Option<PersonKey>>,
}

fn judge(source: &Source<'_>, policy: &AppPolicy, world: &mut World, holders: &[Holder]) -> Judged {
    let name = ObjectName::new(&policy.app.namespace, "import");
    let grants = holders.iter().enumerate().map(|(index, holder)| grant(index, holder)).collect();
    world.accesses = BTreeMap::from([(name.clone(), Access { name: name.clone(), app: policy.app.clone(), grants })]);
    let (capabilities, observation, memory, now) =
        (source.capabilities, source.observation, &Memory::default(), source.now);
    let desired = resolve(world, policy, capabilities, memory, now);
    let options = Judgement::default();
    let plan = plan(&Input { policy, capabilities, desired: &desired, observation, memory, options, now });
    let accounts: BTreeMap<_, usize> =
        holders.iter().enumerate().map(|(index, holder)| (&holder.account, index)).collect();
    let mut judged = Judged { offences: BTreeMap::new(), people: vec![None; holders.len()] };
    for change in &plan.changes {
        let about: Vec<usize> = match change.account.as_ref() {
            Some(account) => accounts.get(account).copied().into_iter().collect(),
            None => claimants(change),
        };
        for index in about {
            match offence(change) {
                Some(offence) => judged.offences.entry(index).or_default().push(offence),
                None if change.slot.is_account() && change.action == Action::Adopt => {
                    if let Some(person) = judged.people.get_mut(index) {
                        person.clone_from(&change.person);
                    }
                }
                None => {}
            }
        }
    }
    let problems = desired.reports.values().flat_map(|report| &report.problems).chain(&plan.problems);
    let mut why: BTreeMap<usize, String> = BTreeMap::new();
    for problem in problems {
        if let Ok(index) = problem.claim.grant.parse() {
            why.entry(index).or_insert_with(|| problem.message.clone());
        }
    }
    for (index, person) in judged.people.iter().enumerate() {
        if person.is_none() && !judged.offences.contains_key(&index) {
            let reason = why.remove(&index).unwrap_or_else(|| "nobody can tell whose account it is".to_owned());
            judged.offences.insert(index, vec![Offence::Name(reason)]);
        }
    }
    judged
}

/// The claim of one account, by its place.
fn grant(index: usize, holder: &Holder) -> Grant {
    let user = holder.names.first().map(String::as_str).unwrap_or_default();
    let wanted = holder.items.values().map(|item| Wanted {
        kind: item.kind.clone(),
        name: item.name.clone(),
        level: item.level.clone(),
    });
    Grant {
        name: index.to_string().into(),
        subjects: vec![SubjectEntry::always(Subject::User(user.into()))],
        wanted: wanted.collect(),
        ..Grant::default()
    }
}

/// The places of those whose claims led to a change.
fn claimants(change: &Change) -> Vec<usize> {
    let Evidence::Claims(claims) = &change.evidence else { return Vec::new() };
    claims.iter().filter_map(|claim| claim.name.grant.parse().ok()).collect()
}

/// Why a change must not be there; `None` where it may.
fn offence(change: &Change) -> Option<Offence> {
    let is_known = matches!(change.person, Some(PersonKey::Known { .. }));
    match change.action {
        Action::Adopt => None,
        // What a directory says about its people is not for a claim to say.
        Action::Update if is_known => None,
        _ if !matches!(change.evidence, Evidence::Claims(_)) => None,
        Action::Update => {
            let names: Vec<&str> = change.attributes.keys().map(|name: &Text| &**name).collect();
            Some(Offence::Name(format!(
                "a plan would change its {}; declare it where that is wanted",
                names.join(" and ")
            )))
        }
        _ if !change.slot.is_account() => Some(Offence::Item(change.slot.clone())),
        _ if change.held.is_some() => Some(Offence::Name("several accounts answer to its names".to_owned())),
        _ => Some(Offence::Name("it is not found again by its names".to_owned())),
    }
}
