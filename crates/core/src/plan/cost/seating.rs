//! Who takes a seat, at which price, and whether somebody declared uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::{gains_seat, is_billed, shows_none};
use crate::{
    access::{AccountHold, AccountId, Amount, Level, ObservedAccount, PersonKey, Pricing, Slot, Text},
    plan::{Action, Change, Input, Plan, count::number, unmanaged::is_in_use},
    resolve::Desired,
};

/// Active accounts of people who are declared.
pub(super) fn holders<'a>(input: &Input<'a>, plan: &'a Plan) -> impl Iterator<Item = &'a ObservedAccount> {
    let declared: BTreeSet<&AccountId> = plan.accounts.values().collect();
    input.observation.accounts.iter().filter(move |account| declared.contains(&account.id) && is_in_use(account))
}

/// Whether an account is known not to have been used for longer than the owner allows. Silence is no inactivity.
pub(super) fn inactive(pricing: &Pricing, input: &Input<'_>, account: &ObservedAccount) -> bool {
    pricing.inactive_after.zip(account.last_active).is_some_and(|(limit, last)| {
        let seconds = input.now.as_second().saturating_sub(last.as_second());
        u64::try_from(seconds).unwrap_or(0) > limit.as_secs()
    })
}

/// Accounts that are ours, switched on as far as we know, and that nothing shows; with whether somebody declared has them.
pub(super) fn unseen<'a>(input: &Input<'a>) -> impl Iterator<Item = (&'a AccountId, bool)> {
    let (observation, desired) = (input.observation, input.desired);
    let ours = if shows_none(input) { Some(&input.memory.inventory) } else { None };
    let accounts = ours.into_iter().flatten().filter(|(edge, owned)| {
        edge.slot.is_account() && owned.hold == AccountHold::None && observation.account(&owned.account).is_none()
    });
    let is_declared = move |person| desired.people.contains_key(person) && desired.is_wanted(person);
    accounts.map(move |(edge, owned)| (&owned.account, is_declared(&edge.person)))
}

/// One seat that the vendor bills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seat {
    roles: BTreeSet<Text>,
    is_used: bool,
}

impl Seat {
    fn price(&self, pricing: &Pricing) -> u64 {
        let of_roles = self.roles.iter().filter_map(|role| pricing.by_role.get(role));
        of_roles.max().copied().unwrap_or(pricing.price)
    }
}

/// The seats that are taken, by account; of somebody who has none yet, by person.
#[derive(Clone, Debug, Default)]
pub(super) struct Seating(BTreeMap<Text, Seat>);

impl Seating {
    pub(super) fn new(pricing: &Pricing, input: &Input<'_>, plan: &Plan) -> Self {
        let used = holders(input, plan).filter(|account| !inactive(pricing, input, account));
        let used: BTreeSet<&AccountId> = used.map(|account| &account.id).collect();
        let accounts = input.observation.accounts.iter().filter(|account| is_billed(input.capabilities, account));
        let seats = accounts.map(|account| {
            let roles = if pricing.by_role.is_empty() { BTreeSet::new() } else { roles(account) };
            (account.id.0.clone(), Seat { roles, is_used: used.contains(&account.id) })
        });
        let unseen = unseen(input).map(|(id, is_used)| (id.0.clone(), Seat { is_used, ..Seat::default() }));
        Self(seats.chain(unseen).collect())
    }

    /// The seats of everybody who is declared, each used.
    pub(super) fn declared(pricing: &Pricing, desired: &Desired, is_person: impl Fn(&PersonKey) -> bool) -> Self {
        let mut seats: BTreeMap<Text, Seat> = BTreeMap::new();
        for (edge, wanted) in desired.edges.iter().filter(|(edge, _)| is_person(&edge.person)) {
            if edge.slot.is_account() {
                seats.entry(edge.person.canonical().into()).or_default().is_used = true;
            } else if edge.slot.is_role() && !pricing.by_role.is_empty() {
                let seat = seats.entry(edge.person.canonical().into()).or_default();
                seat.roles.extend(role(&edge.slot, wanted.value.as_ref()));
            }
        }
        // Who has a role and no account was claimed by nobody as a whole.
        seats.retain(|_, seat| seat.is_used);
        Self(seats)
    }

    /// How many seats are taken.
    pub(super) fn taken(&self) -> u64 {
        number(self.0.len())
    }

    /// Carries out what a plan sends, and what people are asked to do.
    pub(super) fn apply(&mut self, pricing: &Pricing, plan: &Plan) {
        for change in plan.changes.iter().filter(|change| change.is_open()) {
            let key = key(change);
            if change.slot.is_account() {
                if gains_seat(change.action) {
                    self.0.entry(key).or_default().is_used = change.person.is_some();
                } else if matches!(change.action, Action::Suspend | Action::Delete) {
                    self.0.remove(&key);
                }
            } else if change.slot.is_role() && !pricing.by_role.is_empty() {
                self.change_role(&key, change);
            }
        }
    }

    fn change_role(&mut self, key: &Text, change: &Change) {
        let Some(seat) = self.0.get_mut(key) else { return };
        let value = |level: Option<&Level>| role(&change.slot, level);
        if change.action != Action::Grant {
            let before = value(change.from.as_ref());
            seat.roles.retain(|held| Some(held) != before.as_ref());
        }
        if change.action != Action::Revoke {
            seat.roles.extend(value(change.to.as_ref()));
        }
    }

    /// What `paid` seats cost, what of it is for nothing, and how many of them nobody uses. The dearest seats are paid
    /// for first, and the cheapest are what could be given back.
    pub(super) fn account_for(&self, pricing: &Pricing, paid: u64) -> (Amount, Amount, u64) {
        let mut all: Vec<u64> = self.0.values().map(|seat| seat.price(pricing)).collect();
        all.sort_unstable_by(|left, right| right.cmp(left));
        let mut idle: Vec<u64> = self.0.values().filter(|seat| !seat.is_used).map(|seat| seat.price(pricing)).collect();
        let empty = paid.saturating_sub(number(all.len()));
        let used = number(all.len() - idle.len());
        let unused = paid.saturating_sub(used);
        let pack = pricing.pack.max(1);
        let wasted = unused / pack * pack;
        let monthly = sum(&all, paid).saturating_add(empty.saturating_mul(pricing.price));
        // Seats that nobody has at all go back first, as they cost nobody anything but money.
        idle.sort_unstable();
        let from_empty = wasted.min(empty);
        let waste = sum(&idle, wasted - from_empty).saturating_add(from_empty.saturating_mul(pricing.price));
        (pricing.amount(monthly), pricing.amount(waste), unused)
    }
}

fn sum(prices: &[u64], most: u64) -> u64 {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    prices.iter().take(most).fold(0, |sum, price| sum.saturating_add(*price))
}

fn key(change: &Change) -> Text {
    change.account.as_ref().map_or_else(|| change.whose(), |account| account.0.clone())
}

fn roles(account: &ObservedAccount) -> BTreeSet<Text> {
    account
        .entitlements
        .iter()
        .filter(|(slot, _)| slot.is_role())
        .filter_map(|(slot, level)| role(slot, level.as_ref()))
        .collect()
}

/// The word of a role: its name, or its value where an account has one of them only.
fn role(slot: &Slot, level: Option<&Level>) -> Option<Text> {
    if slot.name.is_empty() { level.cloned() } else { Some(slot.name.clone()) }
}
