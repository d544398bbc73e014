//! What seats cost, what of it is for nothing, and that nobody loses anything for having been away.

use std::time::Duration;

use appaccess_core::{
    access::{AccountId, AccountState, Period, Pricing, Seats, Slot},
    plan::{Cost, plan},
};
use proptest::prelude::*;

use crate::{
    declare::grant,
    installation::{Installation, Pass, hours},
};

const DAY: Duration = Duration::from_hours(24);

fn monthly(price: u64) -> Pricing {
    Pricing::new(price, Period::Month, "USD")
}

fn staffed(names: &[&str], pricing: Pricing) -> Installation {
    let mut world = Installation::full();
    world.policy.pricing = Some(pricing);
    world.declare("studio", vec![grant("staff").users(names)]);
    world
}

fn cost(pass: &Pass) -> Cost {
    pass.plan.cost.clone().expect("a price is declared")
}

#[test]
fn a_price_of_a_year_is_divided_once_at_the_end() {
    // 100.00 a year for 3 seats is 25.00 a month; a rounded twelfth of 8.3333 would make 24.9999 of it.
    let names = ["ana", "joel", "mara"];
    let mut world = staffed(&names, Pricing::new(1_000_000, Period::Year, "EUR"));
    world.converge();
    assert_eq!(cost(&world.pass()).monthly.to_string(), "25.00");
    world.policy.pricing = Some(Pricing { purchased: Some(12), ..Pricing::new(1, Period::Year, "EUR") });
    assert_eq!(cost(&world.pass()).monthly.to_string(), "0.00");
    world.policy.pricing = Some(Pricing { purchased: Some(600), ..Pricing::new(1, Period::Year, "EUR") });
    assert_eq!(cost(&world.pass()).monthly.to_string(), "0.01");
}

#[test]
fn a_plan_tells_what_the_app_costs_after_it() {
    let mut world = staffed(&["ana", "joel"], monthly(79_900));
    let pass = world.pass();
    let told = cost(&pass);
    assert_eq!((told.used, told.used_after), (0, 2));
    assert_eq!((told.monthly.to_string(), told.monthly_after.to_string()), ("0.00".into(), "15.98".into()));
    assert_eq!(told.unused_after, 0);
    world.wait(hours(1));
    world.declare("studio", vec![grant("staff").users(&["ana"])]);
    world.pass();
    world.wait(hours(1));
    let told = cost(&world.pass());
    assert_eq!((told.used, told.used_after), (2, 1));
    assert_eq!((told.monthly_waste.to_string(), told.monthly_waste_after.to_string()), ("7.99".into(), "0.00".into()));
}

#[test]
fn packs_are_paid_and_wasted_whole() {
    let mut world = staffed(&["ana", "joel", "mara"], Pricing { pack: 5, ..monthly(100_000) });
    world.app.holds("7", "old@birch.studio");
    world.converge();
    let told = cost(&world.pass());
    assert_eq!((told.used, told.monthly.to_string()), (4, "50.00".into()));
    assert_eq!((told.unused, told.monthly_waste.to_string()), (2, "0.00".into()), "no whole pack can be given back");
    world.policy.pricing = Some(Pricing { pack: 5, purchased: Some(15), ..monthly(100_000) });
    let told = cost(&world.pass());
    assert_eq!((told.unused, told.monthly_waste.to_string()), (12, "100.00".into()), "two of three packs");
}

#[test]
fn a_role_with_a_price_of_its_own_counts_so_before_and_after() {
    let pricing = Pricing { by_role: [("admin".into(), 300_000)].into(), ..monthly(100_000) };
    let mut world = staffed(&["joel"], pricing);
    world.declare("admins", vec![grant("admins").users(&["ana"]).role("admin")]);
    let told = cost(&world.pass());
    assert_eq!(told.monthly_after.to_string(), "40.00");
    world.converge();
    assert_eq!(cost(&world.pass()).monthly.to_string(), "40.00");
    world.declare("admins", vec![grant("admins").users(&["ana", "joel"]).role("admin")]);
    let told = cost(&world.pass());
    assert_eq!((told.monthly.to_string(), told.monthly_after.to_string()), ("40.00".into(), "60.00".into()));
}

#[test]
fn only_what_the_vendor_bills_counts() {
    let mut world = staffed(&["ana"], monthly(100_000));
    world.converge();
    world.app.holds("7", "out@birch.studio").state = AccountState::Suspended;
    world.app.holds("8", "new@birch.studio").state = AccountState::Invited;
    assert_eq!(cost(&world.pass()).used, 1);
    world.capabilities.bills_invited = true;
    assert_eq!(cost(&world.pass()).used, 2);

    let pass = world.pass();
    let mut observation = pass.observation.clone();
    observation.seats = Some(Seats { used: 9, purchased: Some(10) });
    let input = world.input(&pass.desired, &observation);
    let told = plan(&input).cost.expect("a price is declared");
    assert_eq!((told.used, told.purchased, told.unused), (9, Some(10), 9), "the vendor counts for itself");
    assert_eq!(told.monthly.to_string(), "100.00");
}

#[test]
fn deleting_somebody_who_is_suspended_frees_no_seat() {
    let mut world = staffed(&["ana"], monthly(100_000));
    world.policy.safety.approve.clear();
    world.policy.offboarding.withdrawn.delete_after = Some(DAY);
    world.declare("more", vec![grant("more").users(&["joel"])]);
    world.converge();
    world.withdraw("more");
    world.pass();
    world.wait(hours(1));
    world.pass();
    world.wait(hours(48));
    world.pass();
    world.wait(hours(1));
    let pass = world.pass();
    assert!(pass.sent().iter().any(|line| line.starts_with("delete")), "{:?}", pass.sent());
    assert_eq!((cost(&pass).used, cost(&pass).used_after), (1, 1));
}

#[test]
fn who_was_away_too_long_wastes_a_seat_and_of_whom_nothing_is_known_does_not() {
    let mut world = staffed(&["ana", "joel", "mara"], Pricing { inactive_after: Some(30 * DAY), ..monthly(100_000) });
    world.converge();
    let long_ago = world.in_time(hours(-24 * 31));
    let lately = world.in_time(hours(-24));
    let ids: Vec<AccountId> = world.app.accounts.keys().cloned().collect();
    world.app.accounts.get_mut(&ids[0]).unwrap().last_active = Some(long_ago);
    world.app.accounts.get_mut(&ids[1]).unwrap().last_active = Some(lately);
    let pass = world.pass();
    let told = cost(&pass);
    let activity = told.activity.expect("somebody asked");
    assert_eq!((activity.holders, activity.inactive, activity.unknown), (3, 1, 1));
    assert_eq!((told.unused, told.monthly_waste.to_string()), (1, "10.00".into()));
    assert!(pass.sent.is_empty(), "nobody loses anything for it");
    world.policy.pricing = Some(monthly(100_000));
    assert_eq!(cost(&world.pass()).activity, None);
}

proptest! {
    #[test]
    fn nobody_ever_loses_anything_for_having_been_away(
        away in proptest::collection::vec(proptest::option::of(0_i64..4000), 4),
        limit in 1_u32..2000,
        purchased in proptest::option::of(0_u64..10),
    ) {
        let pricing = Pricing { inactive_after: Some(DAY * limit), purchased, ..monthly(100_000) };
        let mut world = staffed(&["ana", "joel", "mara"], Pricing { purchased: None, ..pricing.clone() });
        world.app.holds("7", "stranger@birch.studio");
        world.converge();
        let ids: Vec<AccountId> = world.app.accounts.keys().cloned().collect();
        for (id, days) in ids.iter().zip(&away) {
            let last = days.map(|days| world.in_time(hours(-24 * days)));
            world.app.accounts.get_mut(id).unwrap().last_active = last;
        }
        world.policy.pricing = Some(pricing);
        let pass = world.pass();
        prop_assert!(pass.sent.is_empty(), "{:?}", pass.sent());
        prop_assert!(pass.plan.changes.iter().all(|change| !change.is_removal()));
    }

    #[test]
    fn what_is_wasted_is_never_more_than_what_is_paid(
        price in 0_u64..1_000_000,
        admin in 0_u64..1_000_000,
        pack in 1_u64..7,
        purchased in proptest::option::of(0_u64..20),
        strangers in 0_usize..6,
        year in any::<bool>(),
    ) {
        let period = if year { Period::Year } else { Period::Month };
        let pricing =
            Pricing { pack, purchased, by_role: [("admin".into(), admin)].into(), ..Pricing::new(price, period, "USD") };
        let mut world = staffed(&["ana", "joel"], pricing);
        for number in 0..strangers {
            let account = world.app.holds(&format!("s{number}"), &format!("s{number}@birch.studio"));
            if number % 2 == 0 {
                account.entitlements.insert(Slot::new("role", ""), Some("admin".into()));
            }
        }
        for _ in 0..2 {
            let told = cost(&world.pass());
            prop_assert!(told.monthly_waste.hundredths_a_month() <= told.monthly.hundredths_a_month());
            prop_assert!(told.monthly_waste_after.hundredths_a_month() <= told.monthly_after.hundredths_a_month());
            let paid = told.purchased.unwrap_or(told.used.div_ceil(pack) * pack);
            prop_assert!(told.unused <= paid);
        }
    }
}
