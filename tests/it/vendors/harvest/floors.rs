//! The fewest calls: what a pass sends is the floor of the connector's page, and not one more.

use appaccess::sync::Report;

use super::{World, grant, seed, staff, world};

/// Whose the token is, and what the account is.
const PROBE: u64 = 2;
/// Rows of a page, so that a listing of a few people has several.
const PAGE: usize = 10;

fn pages(rows: usize) -> u64 {
    u64::try_from(rows.div_ceil(PAGE).max(1)).unwrap()
}

/// A pass with its calls, reads and writes, on which the engine and the vendor agree.
async fn counted(world: &World) -> (Report, (u64, u64)) {
    world.vendor.clear_requests();
    let report = world.work().await;
    let calls = (report.calls.reads, report.calls.writes);
    assert_eq!(calls, (world.vendor.reads(), world.vendor.mutations()), "{:#?}", world.vendor.requests());
    (report, calls)
}

fn people(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("p{number}")).collect()
}

/// Grants for all of these people, a few in each, which hold these further fields.
fn all(names: &[String], fields: &str) -> String {
    let chunks = names.chunks(200).enumerate();
    chunks
        .map(|(index, chunk)| {
            let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
            grant(&format!("g{index}"), &chunk, fields)
        })
        .collect()
}

#[tokio::test]
async fn every_pass_takes_its_floor_at_each_size_around_a_page() {
    for number in [1, PAGE - 2, PAGE - 1, PAGE, 3 * PAGE] {
        let mut world = world().await;
        world.vendor.edit(|state| state.habits.page_max = PAGE);
        let names = people(number);
        let made = u64::try_from(number).unwrap();
        // The token's own person stands in the listing too.
        let (before, after) = (pages(1), pages(number + 1));
        world.grants(&all(&names, "roles: [member]"));

        let (_, first) = counted(&world).await;
        assert_eq!(first, (PROBE + before + after, made), "{number}");
        let (_, steady) = counted(&world).await;
        assert_eq!(steady, (after, 0), "{number}");
    }
}

#[tokio::test]
async fn business_roles_take_one_more_listing_and_two_calls_for_any_number_of_changes() {
    let mut world = world().await;
    let names = people(3);
    for name in &names {
        seed(&world, name);
    }
    world.vendor.edit(|state| state.add_role("Designer", &[]));
    let designer = "entitlements: [{type: business-role, name: Designer}]";
    world.grants(&all(&names, designer));
    // The listings, the role as it is now, everybody as they are then.
    assert_eq!(counted(&world).await.1, (PROBE + 2 + 1 + 1, 1));
    assert_eq!(counted(&world).await.1, (2, 0));

    let writer = "entitlements: [{type: business-role, name: Designer}, {type: business-role, name: Writer}]";
    world.grants(&all(&names, writer));
    // A role that is made is seen in a listing of its own.
    assert_eq!(counted(&world).await.1, (2 + 2, 1));
    assert_eq!(counted(&world).await.1, (2, 0));
}

#[tokio::test]
async fn one_changed_person_takes_one_change_and_a_manager_one_look_before_it() {
    let mut world = world().await;
    for name in ["ana", "joel"] {
        seed(&world, name);
    }
    let both = |role: &str| {
        format!("{}{}", grant("a", &["ana"], &format!("roles: [{role}]")), grant("j", &["joel"], "roles: [member]"))
    };
    world.grants(&both("member"));
    counted(&world).await;
    world.grants(&both("manager"));
    assert_eq!(counted(&world).await.1, (1 + 1 + 1, 1));
    world.grants(&both("administrator"));
    assert_eq!(counted(&world).await.1, (1 + 1, 1), "what an administrator had before makes no difference");
}

#[tokio::test]
async fn a_thousand_and_more_people_are_read_in_one_page() {
    let mut world = world().await;
    let names = people(2005);
    for name in &names {
        seed(&world, name);
    }
    let declared: Vec<&str> = names.iter().take(1).map(String::as_str).collect();
    world.grants(&staff(&declared, "roles: [member]"));
    let (report, calls) = counted(&world).await;
    assert_eq!((report.look.observation.accounts.len(), report.look.observation.is_complete()), (2006, true));
    assert_eq!(calls, (PROBE + 2, 0));
}
