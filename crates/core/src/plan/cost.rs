//! What an app costs a month, now and after the permitted changes. Whole hundredths, never floats.

use std::collections::BTreeSet;

use super::{Action, Input, Plan, count::number, unmanaged::is_in_use};
use crate::access::{AccountId, Pricing, Text};

/// Monthly cost of an app, in hundredths of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The currency, as written.
    pub currency: Text,
    /// What is paid now.
    pub monthly: u64,
    /// What is paid after the permitted changes.
    pub monthly_after: u64,
    /// What is paid for seats that no active declared holder uses, in whole packs.
    pub monthly_waste: u64,
    /// Seats that the vendor bills.
    pub used: u64,
    /// Seats that were bought.
    pub purchased: Option<u64>,
    /// Seats that are paid for and that no active declared holder uses.
    pub unused: u64,
}

/// Works out the cost of an app.
#[must_use]
pub fn cost(pricing: &Pricing, input: &Input<'_>, plan: &Plan) -> Cost {
    let active = number(input.observation.accounts.iter().filter(|account| is_in_use(account)).count());
    let seats = input.observation.seats;
    let used = seats.map_or(active, |seats| seats.used);
    let purchased = pricing.purchased.or(seats.and_then(|seats| seats.purchased));
    let holders = active_declared_holders(pricing, input, plan);
    let paid = purchased.unwrap_or_else(|| whole_packs(used, pricing.pack));
    let unused = paid.saturating_sub(holders);
    let wasted = unused / pricing.pack.max(1) * pricing.pack.max(1);
    let open = || plan.changes.iter().filter(|change| change.is_open() && change.slot.is_account());
    let gained = open().filter(|change| gains_seat(change.action)).count();
    let lost = open().filter(|change| loses_seat(change.action)).count();
    let used_after = used.saturating_add(number(gained)).saturating_sub(number(lost));
    let paid_after = purchased.map_or_else(
        || whole_packs(used_after, pricing.pack),
        |bought| bought.max(whole_packs(used_after, pricing.pack)),
    );
    Cost {
        currency: pricing.currency.clone(),
        monthly: paid.saturating_mul(pricing.monthly_price),
        monthly_after: paid_after.saturating_mul(pricing.monthly_price),
        monthly_waste: wasted.saturating_mul(pricing.monthly_price),
        used,
        purchased,
        unused,
    }
}

/// Whether an action takes up a seat.
pub(super) fn gains_seat(action: Action) -> bool {
    matches!(action, Action::Create | Action::Invite | Action::Activate)
}

fn loses_seat(action: Action) -> bool {
    matches!(action, Action::Suspend | Action::Delete)
}

fn whole_packs(seats: u64, pack: u64) -> u64 {
    seats.div_ceil(pack.max(1)).saturating_mul(pack.max(1))
}

/// Declared people whose account is active and was used lately enough, where the app tells.
fn active_declared_holders(pricing: &Pricing, input: &Input<'_>, plan: &Plan) -> u64 {
    let declared: BTreeSet<&AccountId> = plan.accounts.values().collect();
    let holders = input.observation.accounts.iter().filter(|account| {
        let idle = pricing.inactive_after.zip(account.last_active).is_some_and(|(limit, last)| {
            let seconds = input.now.as_second().saturating_sub(last.as_second());
            u64::try_from(seconds).unwrap_or(0) > limit.as_secs()
        });
        declared.contains(&account.id) && is_in_use(account) && !idle
    });
    number(holders.count())
}
