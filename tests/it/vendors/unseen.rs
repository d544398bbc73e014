//! Apps that hide whoever is suspended: what cannot be seen is neither forgotten nor made a second time.

use appaccess::sim::scim::Dialect;
use appaccess_core::access::AccountHold;
use jiff::SignedDuration;

use super::{counted, subjects};
use crate::support::installation::{Installation, names, story};

async fn hiding() -> Installation {
    let mut world = Installation::with(Dialect { inactive_hidden: true, ..Dialect::default() }).await;
    let overrides = "{inactiveVisible: false, pageSize: 10}";
    world.another = Some(format!("{{scim: {{baseUrl: \"{}\", overrides: {overrides}}}}}", world.vendor.base_url()));
    world
}

fn app(world: &mut Installation, more: &str) {
    world.app(&format!("mode: Full\nsafety: {{approveFirst: false, settle: 1s, approve: []}}\n{more}"));
}

#[tokio::test]
async fn an_account_that_we_suspended_stays_ours_and_is_switched_on_again() {
    let mut world = hiding().await;
    app(&mut world, "");
    world.grants(&subjects(&["ana", "lea"]));
    world.work().await;
    let id = world.vendor.snapshot().users["lea@birch.example.com"].id.clone();
    world.grants(&subjects(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    assert_eq!(story(&world.work().await), ["suspend lea@birch.example.com: applied"]);
    let (quiet, calls) = counted(&world).await;
    assert_eq!((story(&quiet), calls.1), (Vec::new(), 0));
    let held = quiet.memory.inventory.values().filter(|owned| owned.hold != AccountHold::None).count();
    assert_eq!(held, 1, "what cannot be seen is not forgotten");

    world.grants(&subjects(&["ana", "lea"]));
    assert_eq!(story(&world.work().await), ["activate lea@birch.example.com: applied"]);
    let users = world.vendor.snapshot().users;
    assert_eq!(users.len(), 2, "no second account");
    assert_eq!(users["lea@birch.example.com"].id, id);
    assert_eq!(world.active(), names(["ana@birch.example.com", "lea@birch.example.com"]));
    assert_eq!(counted(&world).await.1.1, 0);
}

#[tokio::test]
async fn many_suspended_at_once_are_not_taken_for_a_listing_that_broke() {
    let mut world = hiding().await;
    app(&mut world, "");
    let people: Vec<String> = (0..6).map(|number| format!("p{number}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    world.grants(&subjects(&people));
    world.work().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 5}}");
    world.grants(&subjects(&people[..1]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    assert_eq!(world.active().len(), 1);
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 2, percent: 0}}");
    let (quiet, calls) = counted(&world).await;
    assert!(quiet.look.observation.is_complete());
    assert_eq!(calls.1, 0);
}

#[tokio::test]
async fn an_account_that_somebody_deleted_while_it_was_hidden_is_made_anew() {
    let mut world = hiding().await;
    app(&mut world, "");
    world.grants(&subjects(&["ana", "lea"]));
    world.work().await;
    world.grants(&subjects(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    let id = world.vendor.edit(|state| state.user_id("lea@birch.example.com")).unwrap();
    world.vendor.edit(|state| state.remove(&id));
    world.grants(&subjects(&["ana", "lea"]));
    assert_eq!(story(&world.work().await), ["activate lea@birch.example.com: failed"]);
    assert_eq!(story(&world.work().await), ["create lea@birch.example.com: applied"]);
    assert_eq!(counted(&world).await.1.1, 0);
}

#[tokio::test]
async fn a_hidden_account_is_deleted_when_its_time_has_come() {
    let mut world = hiding().await;
    app(&mut world, "offboarding: {withdrawn: {action: Suspend, deleteAfter: 7d}}");
    world.grants(&subjects(&["ana", "lea"]));
    world.work().await;
    world.grants(&subjects(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    assert_eq!(story(&world.work().await), [""; 0]);
    world.wait(SignedDuration::from_hours(24 * 8));
    assert_eq!(story(&world.work().await), ["delete lea@birch.example.com: pending"], "it settles like any removal");
    world.wait(SignedDuration::from_mins(1));
    assert_eq!(story(&world.work().await), ["delete lea@birch.example.com: applied"]);
    assert_eq!(world.vendor.snapshot().users.len(), 1);
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn a_stranger_s_hidden_account_is_not_made_twice_and_waits_for_a_decision() {
    let mut world = hiding().await;
    app(&mut world, "");
    let id = world.vendor.edit(|state| state.add_user("lea@birch.example.com"));
    world.vendor.edit(|state| state.set(&id, "active", false.into()));
    world.grants(&subjects(&["lea"]));
    assert_eq!(story(&world.work().await), ["create lea@birch.example.com: AmbiguousMatch"]);
    let (again, (_, sent)) = counted(&world).await;
    assert_eq!((story(&again).len(), sent), (1, 0));
}
