//! The whole engine against servers with habits and faults: what is declared is reached, reported or left, never undone.

use std::collections::BTreeSet;

use appaccess::{
    connector,
    sim::scim::{Dialect, Fault, Filters, MembersRemoval, Paging},
    sync::AppResult,
};
use appaccess_core::plan::DriftKind;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::installation::{Installation, names, story};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// More passes than a new server needs to be known.
const PASSES: usize = 3;
/// More people than a page holds.
const PEOPLE: usize = 12;

fn mail(number: usize) -> String {
    format!("p{number}@birch.example.com")
}

/// People by number in a group, and further people with an account alone.
fn grants(members: &[usize], others: &[usize]) -> String {
    let subjects = |numbers: &[usize]| -> String {
        let users: Vec<String> = numbers.iter().map(|number| format!("{{user: {}}}", mail(*number))).collect();
        users.join(", ")
    };
    let grant = |name: &str, numbers: &[usize], more: &str| {
        let some = (!numbers.is_empty()).then(|| subjects(numbers));
        some.map(|subjects| format!("- name: {name}\n  subjects: [{subjects}]\n{more}")).unwrap_or_default()
    };
    let grants = [grant("staff", members, "  groups: [Studio]\n"), grant("accounts", others, "")];
    grants.concat()
}

async fn reach(world: &Installation, habit: &str) {
    for _ in 0..PASSES {
        if world.work().await.look.plan.is_in_sync() {
            break;
        }
    }
    world.vendor.clear_requests();
    let quiet = world.work().await;
    assert!(quiet.look.plan.is_in_sync(), "{habit}: {:#?}", story(&quiet));
    assert_eq!(world.vendor.mutations(), 0, "{habit}: {:#?}", story(&quiet));
}

async fn people_come_and_go(habit: &str, dialect: Dialect) {
    let mut world = Installation::with(dialect).await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 50}}");
    let all: Vec<usize> = (0..PEOPLE).collect();
    world.grants(&grants(&all, &[]));
    reach(&world, habit).await;
    assert_eq!((world.active().len(), world.members("Studio").len()), (PEOPLE, PEOPLE), "{habit}");

    // One goes, one stays with the account alone, one comes.
    world.grants(&grants(&(2..=PEOPLE).collect::<Vec<_>>(), &[1]));
    world.work().await;
    world.wait(MINUTE);
    reach(&world, habit).await;
    let wanted: BTreeSet<String> = (1..=PEOPLE).map(mail).collect();
    assert_eq!(world.active(), wanted, "{habit}");
    assert_eq!(world.members("Studio"), wanted.into_iter().filter(|name| *name != mail(1)).collect(), "{habit}");
    assert_eq!(world.vendor.snapshot().users.len(), PEOPLE + 1, "{habit}: nobody has two accounts");
}

#[tokio::test]
async fn people_come_and_go_whatever_the_habits_of_the_server() {
    let standard = Dialect::default;
    let habits = [
        ("no PATCH", Dialect { patch: false, ..standard() }),
        ("PATCH answers nothing", Dialect { patch_without_body: true, ..standard() }),
        ("switched without a path only", Dialect { active_without_path_only: true, ..standard() }),
        ("ignores paging", Dialect { paging: Paging::Ignored, ..standard() }),
        ("cursors", Dialect { paging: Paging::Cursor, ..standard() }),
        ("starts over beyond the end", Dialect { paging: Paging::WrapsAround, ..standard() }),
        ("small pages", Dialect { page_cap: 5, ..standard() }),
        ("ignores filters", Dialect { filters: Filters::Ignored, ..standard() }),
        ("refuses filters", Dialect { filters: Filters::Refused(501), ..standard() }),
        ("lists without members", Dialect { lists_without_members: true, ..standard() }),
        ("groups are made without members", Dialect { members_in_create: false, ..standard() }),
        ("members by list", Dialect { members_removal: MembersRemoval::ValueList, ..standard() }),
        ("members to the letter", Dialect { members_removal: MembersRemoval::Literal, ..standard() }),
        ("few members at once", Dialect { members_patch_max: Some(3), ..standard() }),
        ("case counts", Dialect { case_sensitive_user_name: true, ..standard() }),
        ("no discovery, no versions", Dialect { discovery: false, etag: false, ..standard() }),
        ("awkward ids", Dialect { awkward_ids: true, ..standard() }),
    ];
    for (habit, dialect) in habits {
        Box::pin(people_come_and_go(habit, dialect)).await;
    }
}

/// One person of a directory, with a title that the app is to keep.
async fn with_a_title(dialect: Dialect, title: &str) -> Installation {
    let mut world = Installation::with(dialect).await;
    world.connector = ", mapping: {attributes: [title]}".to_owned();
    world.app("mode: Full");
    world.grants(&grants(&[1], &[]));
    world.add(&format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  source:\n    \
         inline: {{people: [{{id: \"1\", user: {}, attributes: {{title: {title}}}}}]}}\n  domains: [birch.example.com]\n  \
         attributes: [title]\n",
        mail(1)
    ));
    world
}

#[tokio::test]
async fn an_attribute_that_the_server_drops_is_reported_and_not_written_for_ever() {
    let dialect = Dialect { dropped_attributes: ["title".to_owned()].into(), ..Dialect::default() };
    let world = with_a_title(dialect, "Baker").await;
    world.vendor.edit(|state| state.add_user_with(&mail(1), &json!({"externalId": "1"})));
    world.work().await;
    world.work().await;
    world.vendor.clear_requests();
    let report = world.work().await;
    assert_eq!(world.vendor.mutations(), 0, "{:#?}", story(&report));
    let drift: Vec<DriftKind> = report.look.plan.drift.iter().map(|drift| drift.kind).collect();
    assert_eq!(drift, [DriftKind::Attribute]);
}

#[tokio::test]
async fn an_attribute_that_the_server_keeps_is_put_right() {
    let world = with_a_title(Dialect::default(), "Baker").await;
    world.work().await;
    let title = || world.vendor.snapshot().users[&mail(1)].title.clone();
    assert_eq!(title().as_deref(), Some("Baker"));
    world.vendor.edit(|state| {
        let id = state.user_id(&mail(1)).unwrap();
        state.set(&id, "title", json!("Cook"));
    });
    world.work().await;
    assert_eq!(title().as_deref(), Some("Baker"));
}

#[tokio::test]
async fn a_deletion_that_only_deactivates_is_done_once() {
    let mut world = Installation::with(Dialect { soft_delete: true, ..Dialect::default() }).await;
    world.app(
        "mode: Full\noffboarding: {withdrawn: {action: Delete}}\n\
         safety: {approveFirst: false, approve: [], settle: 1s}",
    );
    world.grants(&grants(&[1, 2], &[]));
    world.work().await;
    world.grants(&grants(&[1], &[]));
    world.work().await;
    world.wait(MINUTE);
    let report = world.work().await;
    assert!(report.done.iter().all(|done| done.outcome.as_str() == "applied"), "{:#?}", story(&report));
    assert_eq!(world.active(), names(["p1@birch.example.com"]));
    world.vendor.clear_requests();
    world.work().await;
    world.work().await;
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn a_server_that_shows_its_first_page_only_loses_nobody_and_gets_nobody_twice() {
    let mut world = Installation::with(Dialect { paging: Paging::FirstPageOnly, ..Dialect::default() }).await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    let all: Vec<usize> = (0..PEOPLE).collect();
    world.grants(&grants(&all, &[]));
    world.work().await;
    world.work().await;
    assert_eq!(world.active().len(), PEOPLE);

    world.grants(&grants(&all[..PEOPLE - 1], &[]));
    world.work().await;
    world.wait(MINUTE);
    world.vendor.clear_requests();
    let report = world.work().await;
    assert!(!report.look.observation.is_complete());
    assert_eq!(world.active().len(), PEOPLE, "no removal rests on a partial reading");
    let created = world.vendor.requests().into_iter().filter(|request| request.method == "POST").count();
    assert_eq!(created, 0, "who is not shown is looked up");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_change_makes_no_second_account() {
    for path in ["/Users", "/Groups"] {
        let mut world = Installation::new().await;
        world.grants(&grants(&[1, 2], &[]));
        world.vendor.fault(Fault::cut_off().mutations().on_path(path));
        world.pass().await;
        reach(&world, path).await;
        assert_eq!((world.vendor.snapshot().users.len(), world.members("Studio").len()), (2, 2), "{path}");
        assert_eq!(world.vendor.snapshot().groups.len(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_change_that_answers_500_after_it_was_made_is_not_made_twice() {
    let mut world = Installation::new().await;
    world.grants(&grants(&[1, 2], &[]));
    world.vendor.fault(Fault::after_commit(500).on_path("/Groups"));
    world.pass().await;
    reach(&world, "a group").await;
    assert_eq!((world.vendor.snapshot().groups.len(), world.members("Studio").len()), (1, 2));
}

#[tokio::test]
async fn a_limit_with_a_long_wait_pauses_the_app_and_loses_nothing() {
    let mut world = Installation::new().await;
    world.fleet.connectors.timeout = Some(std::time::Duration::from_millis(100));
    world.grants(&grants(&(0..30).collect::<Vec<_>>(), &[]));
    world.vendor.fault(Fault::throttled(Some("3600")).mutations().after(1));
    let report = world.work().await;
    assert_eq!(report.failure.as_ref().map(|failure| failure.reason.as_str()), Some("RateLimited"));
    let sent = world.vendor.mutations();
    assert!(sent <= 1 + 8, "the first, and those under way with the one that met the limit, not {sent}");
    assert_eq!(world.active().len() as u64, sent - 1);

    world.vendor.clear_requests();
    match world.pass().await.result {
        AppResult::Failed(failure) => assert_eq!(failure.reason, "RateLimited"),
        other => panic!("the limit lasts: {other:?}"),
    }
    assert_eq!((world.vendor.reads(), world.vendor.mutations()), (0, 0));

    // A process that knows nothing of the limit goes on where the other stopped.
    world.fleet.connectors.shared = connector::Options::default().shared;
    reach(&world, "after the limit").await;
    assert_eq!(world.vendor.snapshot().users.len(), 30);
}

#[tokio::test]
async fn an_account_that_is_shown_late_is_unverified_and_never_made_twice() {
    let mut world = Installation::new().await;
    world.grants(&grants(&[], &[1]));
    world.vendor.fault(Fault::stale().on_path("/Users").after(1).times(2));
    let report = world.work().await;
    assert_eq!(story(&report), ["create p1@birch.example.com: unverified"]);
    let second = world.work().await;
    assert_eq!(world.vendor.mutations(), 1, "{:#?}", story(&second));
    reach(&world, "shown late").await;
    assert_eq!(world.vendor.snapshot().users.len(), 1);
    assert_eq!(story(&world.work().await), [""; 0]);
}
