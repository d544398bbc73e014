//! What an app costs a month, now and after the permitted changes, and what of it is for nothing. Never floats.

mod declared;
mod seating;

use super::{Action, Input, Plan, count::number, unmanaged::is_in_use};
use crate::access::{AccountState, Amount, Capabilities, Completeness, ObservedAccount, Pricing, Text};

pub use declared::{Declared, declared_cost};
use seating::{Seating, inactive};

/// What an app costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The currency, as written.
    pub currency: Text,
    /// What is paid now.
    pub monthly: Amount,
    /// What is paid after the permitted changes.
    pub monthly_after: Amount,
    /// What is paid for seats that no active declared holder uses, in whole packs.
    pub monthly_waste: Amount,
    /// The same after the permitted changes.
    pub monthly_waste_after: Amount,
    /// Seats that the vendor bills.
    pub used: u64,
    /// The same after the permitted changes.
    pub used_after: u64,
    /// Seats that were bought.
    pub purchased: Option<u64>,
    /// Seats that are paid for and that no active declared holder uses.
    pub unused: u64,
    /// The same after the permitted changes.
    pub unused_after: u64,
    /// What is known of how long ago the declared holders were active; `None` where nobody asked.
    pub activity: Option<Activity>,
    /// When the contract renews.
    pub renews_on: Option<jiff::civil::Date>,
}

/// How long ago declared holders were active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Declared holders whose account can be used.
    pub holders: u64,
    /// Those of them that are known to have been inactive for too long. Their seats count as unused.
    pub inactive: u64,
    /// Those of them of whom nothing is known: they count as active.
    pub unknown: u64,
}

/// Works out the cost of an app.
#[must_use]
pub fn cost(pricing: &Pricing, input: &Input<'_>, plan: &Plan) -> Cost {
    let mut seating = Seating::new(pricing, input, plan);
    let told = input.observation.seats;
    let purchased = pricing.purchased.or(told.and_then(|seats| seats.purchased));
    let used = told.map_or(seating.taken(), |seats| seats.used);
    let paid = purchased.unwrap_or_else(|| whole_packs(used, pricing.pack));
    let (monthly, monthly_waste, unused) = seating.account_for(pricing, paid);
    let before = seating.taken();
    seating.apply(pricing, plan);
    let used_after = used.saturating_add(seating.taken()).saturating_sub(before);
    let needed = whole_packs(used_after, pricing.pack);
    let paid_after = purchased.map_or(needed, |bought| bought.max(needed));
    let (monthly_after, monthly_waste_after, unused_after) = seating.account_for(pricing, paid_after);
    Cost {
        currency: pricing.currency.clone(),
        monthly,
        monthly_after,
        monthly_waste,
        monthly_waste_after,
        used,
        used_after,
        purchased,
        unused,
        unused_after,
        activity: pricing.inactive_after.map(|_| activity(pricing, input, plan)),
        renews_on: pricing.renews_on,
    }
}

/// Whether an action takes up a seat.
pub(super) fn gains_seat(action: Action) -> bool {
    matches!(action, Action::Create | Action::Invite | Action::Activate)
}

/// Whether the vendor bills an account.
fn is_billed(capabilities: &Capabilities, account: &ObservedAccount) -> bool {
    is_in_use(account) || (capabilities.bills_invited && account.state == AccountState::Invited)
}

/// Accounts that the vendor bills, as far as they can be seen; of an app that shows none, those that are ours.
pub(super) fn billed(input: &Input<'_>) -> u64 {
    let accounts = input.observation.accounts.iter();
    let seen = accounts.filter(|account| is_billed(input.capabilities, account)).count();
    number(seen.saturating_add(seating::unseen(input).count()))
}

/// Whether nothing of an app can be seen but what it answers to changes.
fn shows_none(input: &Input<'_>) -> bool {
    input.observation.completeness == Completeness::NotListable && !input.capabilities.look_up_id
}

fn activity(pricing: &Pricing, input: &Input<'_>, plan: &Plan) -> Activity {
    let mut activity = Activity::default();
    for account in seating::holders(input, plan) {
        activity.holders += 1;
        activity.unknown += u64::from(account.last_active.is_none());
        activity.inactive += u64::from(inactive(pricing, input, account));
    }
    activity
}

fn whole_packs(seats: u64, pack: u64) -> u64 {
    seats.div_ceil(pack.max(1)).saturating_mul(pack.max(1))
}
