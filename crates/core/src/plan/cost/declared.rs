//! What an app costs by the declarations alone, before and after a change of them. It knows no reading of the app.

use super::{Cost, seating::Seating, whole_packs};
use crate::{
    access::{PersonKey, Pricing},
    resolve::Desired,
};

/// One side of a change.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// What a seat costs; `None` where nobody said.
    pub pricing: Option<&'a Pricing>,
    /// Who is to have what.
    pub desired: &'a Desired,
}

/// The cost before and after a change of the declarations; `None` where nobody says afterwards what a seat costs.
///
/// Everybody for whom `is_person` holds takes a seat, at the price of their dearest role, in whole packs, and uses it.
/// Where the price before was in another currency, or not told, the one afterwards counts for both.
#[must_use]
pub fn declared_cost(
    before: Declared<'_>,
    after: Declared<'_>,
    is_person: impl Fn(&PersonKey) -> bool,
) -> Option<Cost> {
    let pricing = after.pricing?;
    let earlier = before.pricing.filter(|earlier| earlier.currency == pricing.currency).unwrap_or(pricing);
    let side = |pricing: &Pricing, desired: &Desired| {
        let seating = Seating::declared(pricing, desired, &is_person);
        let needed = whole_packs(seating.taken(), pricing.pack);
        let paid = pricing.purchased.map_or(needed, |bought| bought.max(needed));
        (seating.taken(), seating.account_for(pricing, paid))
    };
    let (used, (monthly, monthly_waste, unused)) = side(earlier, before.desired);
    let (used_after, (monthly_after, monthly_waste_after, unused_after)) = side(pricing, after.desired);
    Some(Cost {
        currency: pricing.currency.clone(),
        monthly,
        monthly_after,
        monthly_waste,
        monthly_waste_after,
        used,
        used_after,
        purchased: pricing.purchased,
        unused,
        unused_after,
        activity: None,
        renews_on: pricing.renews_on,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Edge, Mail, Period, Slot},
        resolve::DesiredEdge,
    };

    fn desired(people: &[(&str, Option<&str>)]) -> Desired {
        let mut desired = Desired::default();
        for (mail, role) in people {
            let person = PersonKey::Mail(Mail::parse(mail).expect("it is an address"));
            desired.edges.insert(Edge::new(person.clone(), Slot::account()), DesiredEdge::default());
            if let Some(role) = role {
                let edge = DesiredEdge { value: Some((*role).into()), ..DesiredEdge::default() };
                desired.edges.insert(Edge::new(person, Slot::new("role", "")), edge);
            }
        }
        desired
    }

    fn pricing() -> Pricing {
        let mut pricing = Pricing::new(100_000, Period::Month, "EUR");
        pricing.by_role.insert("admin".into(), 250_000);
        pricing.pack = 2;
        pricing
    }

    fn cost(before: &[(&str, Option<&str>)], after: &[(&str, Option<&str>)], pricing: &Pricing) -> Cost {
        let (before, after) = (desired(before), desired(after));
        let side = |desired| Declared { pricing: Some(pricing), desired };
        declared_cost(side(&before), side(&after), |_| true).expect("there is a price")
    }

    #[test]
    fn seats_cost_by_the_dearest_role_and_in_whole_packs() {
        let cost = cost(&[("a@x.example", None)], &[("a@x.example", Some("admin")), ("b@x.example", None)], &pricing());
        assert_eq!((cost.monthly.to_string(), cost.monthly_after.to_string()), ("20.00".into(), "35.00".into()));
        assert_eq!((cost.used, cost.used_after, cost.unused, cost.unused_after), (1, 2, 1, 0));
    }

    #[test]
    fn what_was_bought_is_paid_for_and_what_goes_beyond_is_paid_on_top() {
        let mut pricing = pricing();
        pricing.pack = 1;
        pricing.purchased = Some(2);
        let people = [("a@x.example", None), ("b@x.example", None), ("c@x.example", None)];
        let cost = cost(&people[..1], &people, &pricing);
        assert_eq!((cost.monthly.to_string(), cost.monthly_after.to_string()), ("20.00".into(), "30.00".into()));
        assert_eq!((cost.monthly_waste.to_string(), cost.purchased), ("10.00".into(), Some(2)));
    }

    #[test]
    fn a_price_in_another_currency_is_compared_with_nothing() {
        let people = desired(&[("a@x.example", None)]);
        let (earlier, now) = (Pricing::new(50_000, Period::Month, "USD"), Pricing::new(70_000, Period::Month, "EUR"));
        let cost = declared_cost(
            Declared { pricing: Some(&earlier), desired: &people },
            Declared { pricing: Some(&now), desired: &people },
            |_| true,
        );
        let cost = cost.expect("there is a price");
        assert_eq!((cost.monthly.to_string(), cost.monthly_after.to_string()), ("7.00".into(), "7.00".into()));
        let without = declared_cost(
            Declared { pricing: Some(&earlier), desired: &people },
            Declared { pricing: None, desired: &people },
            |_| true,
        );
        assert_eq!(without, None);
    }
}
