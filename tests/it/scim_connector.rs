//! The SCIM connector against a simulated vendor: the fewest requests, every habit of a server, every fault.

use std::collections::{BTreeMap, BTreeSet};

use appaccess::connector::{Reader, Scope, Writer, scim};
use appaccess::sim::scim::{Dialect, Fault, Filters, MembersRemoval, Options, Paging, Server};
use appaccess_core::access::{Completeness, LookUp, Slot, Text};
use appaccess_core::plan::Action;
use serde_json::json;

use crate::support::scim_access::{Access, first_sync, members, names, number_of, person, work};

async fn start(dialect: Dialect) -> Server {
    Server::start(dialect).await.expect("the loopback interface has a free port")
}

fn access_to(server: &Server, change: impl FnOnce(&mut scim::Settings)) -> Access {
    Access::open(server.base_url(), &server.token(), change)
}

/// A connector that has met this server before.
fn acquainted(server: &Server, page_size: u64) -> Access {
    access_to(server, |settings| {
        settings.profile.page_size = page_size;
        settings.learnt = BTreeMap::from([("totalsProven".to_owned(), "true".to_owned())]);
    })
}

fn pages(count: u64, size: u64) -> u64 {
    count.div_ceil(size).max(1)
}

#[tokio::test]
async fn a_reading_takes_one_request_for_each_page() {
    const PAGE: u64 = 7;
    for count in [0, 1, PAGE - 1, PAGE, PAGE + 1, 10 * PAGE + 1] {
        let server = start(Dialect::default()).await;
        server.edit(|state| {
            for number in 0..count {
                let id = state.add_user(&format!("p{number}@example.com"));
                state.add_group(&format!("Group {number}"), &[&id]);
            }
        });
        let mut access = acquainted(&server, PAGE);
        access.scope = Scope::of_groups(names(usize::try_from(count).expect("a small number")));
        let observation = access.observe().await;
        assert_eq!(observation.accounts.len() as u64, count);
        assert!(observation.accounts.iter().all(|account| account.entitlements.len() == 1));
        assert_eq!((server.reads(), server.mutations()), (2 * pages(count, PAGE), 0), "{count} users and groups");
    }
}

#[tokio::test]
async fn a_first_sync_takes_one_request_for_each_account_and_one_for_each_hundred_members() {
    const MOST: u64 = 7;
    for people in [0, 1, MOST - 1, MOST, MOST + 1, 10 * MOST + 1] {
        let server = start(Dialect { page_cap: 1000, ..Dialect::default() }).await;
        let mut access = access_to(&server, |settings| settings.profile.members_patch_max = 7);
        access.scope = Scope::of_groups(names(1));
        access.observe().await;
        access.apply(first_sync(usize::try_from(people).expect("a small number"), 1)).await;
        let (reads, changes) = (server.reads(), server.mutations());
        assert_eq!((reads, changes), (2, people + pages(people, MOST)), "{people} people");
        assert_eq!(server.snapshot().groups["Group 0"].len() as u64, people);
    }
}

#[tokio::test]
async fn a_total_is_doubted_once_per_server() {
    let server = start(Dialect { total_is_page_size: true, page_cap: 3, ..Dialect::default() }).await;
    server.edit(|state| (0..5).for_each(|number| drop(state.add_user(&format!("p{number}@example.com")))));
    let access = access_to(&server, |_| {});
    let observation = access.reader.observe(&access.scope).await.expect("the server answers");
    assert!(!observation.is_complete(), "{:?}", observation.completeness);

    let honest = start(Dialect::default()).await;
    honest.edit(|state| state.add_user("p1@example.com"));
    let access = access_to(&honest, |_| {});
    access.observe().await;
    assert_eq!(honest.reads(), 3);
    access.observe().await;
    assert_eq!(honest.reads(), 5);
}

/// Brings people and groups in, then changes something of each, and checks what the server holds.
async fn people_come_and_change(name: &str, server: &Server) -> Access {
    let mut access = access_to(server, |settings| settings.profile.page_size = 5);
    access.scope = Scope::of_groups(names(2));
    access.reader.capabilities().await.expect("the server describes itself, or not");
    access.observe().await;
    access.apply(first_sync(12, 2)).await;
    let before = access.reader.observe(&access.scope).await.expect("the server answers");
    assert_eq!((before.accounts.len(), members(&before, "Group 0")), (12, 6), "{name}");

    let id = |number: usize| number_of(&before, number).id.clone();
    let mut renamed = work(Action::Update, Some(&person(0)), Some(&id(0)), Slot::account());
    renamed.change.attributes =
        BTreeMap::from([("userName".into(), (Some("p0@example.com".into()), Some("pat@example.com".into())))]);
    let mut all = vec![
        renamed,
        work(Action::Grant, Some(&person(0)), Some(&id(0)), Slot::new("role", "editor")),
        work(Action::Suspend, Some(&person(1)), Some(&id(1)), Slot::account()),
    ];
    all.extend(
        [2, 4, 6].map(|number| work(Action::Revoke, Some(&person(number)), Some(&id(number)), Slot::group("Group 0"))),
    );
    access.apply(all).await;

    let seen = server.snapshot();
    assert_eq!(seen.users["pat@example.com"].id, &*id(0).0, "{name}");
    assert_eq!(seen.users["pat@example.com"].roles, BTreeSet::from(["editor".to_owned()]), "{name}");
    assert_eq!(seen.users["pat@example.com"].display_name.as_deref(), Some("Pat Number0"), "{name}");
    assert_eq!(seen.users.values().filter(|user| !user.active).count(), 1, "{name}");
    let left = ["p10@example.com", "p8@example.com", "pat@example.com"].map(str::to_owned);
    assert_eq!(seen.groups["Group 0"], BTreeSet::from(left), "{name}");
    assert_eq!(seen.groups["Group 1"].len(), 6, "{name}");
    access
}

#[tokio::test]
async fn people_come_and_change_whatever_the_habits_of_the_server() {
    let with = |change: fn(&mut Dialect)| {
        let mut dialect = Dialect::default();
        change(&mut dialect);
        dialect
    };
    let habits = [
        ("as the RFC says", Dialect::default()),
        ("no PATCH", with(|it| it.patch = false)),
        ("no PATCH, nothing told", with(|it| (it.patch, it.discovery) = (false, false))),
        ("no PUT", with(|it| it.put = false)),
        ("PATCH without a body", with(|it| it.patch_without_body = true)),
        ("active without a path", with(|it| it.active_without_path_only = true)),
        ("removal by list", with(|it| it.members_removal = MembersRemoval::ValueList)),
        ("removal to the letter", with(|it| it.members_removal = MembersRemoval::Literal)),
        ("members not taken at creation", with(|it| it.members_in_create = false)),
        ("lists without members", with(|it| it.lists_without_members = true)),
        ("filters ignored", with(|it| it.filters = Filters::Ignored)),
        ("filters refused", with(|it| it.filters = Filters::Refused(501))),
        ("cursors only", with(|it| it.paging = Paging::Cursor)),
        ("paging ignored", with(|it| it.paging = Paging::Ignored)),
        ("pages wrap around", with(|it| it.paging = Paging::WrapsAround)),
        ("small pages", with(|it| it.page_cap = 2)),
        ("few members at once", with(|it| it.members_patch_max = Some(2))),
        ("awkward ids", with(|it| it.awkward_ids = true)),
        ("no versions", with(|it| it.etag = false)),
        ("numeric status", with(|it| it.numeric_error_status = true)),
        ("strict about attributes", with(|it| it.refuses_unknown_attributes = true)),
        ("no discovery", with(|it| it.discovery = false)),
    ];
    for (name, dialect) in habits {
        people_come_and_change(name, &start(dialect).await).await;
    }
}

#[tokio::test]
async fn what_was_learnt_once_is_not_tried_again() {
    for change in [
        |dialect: &mut Dialect| dialect.active_without_path_only = true,
        |dialect: &mut Dialect| dialect.members_removal = MembersRemoval::ValueList,
        |dialect: &mut Dialect| (dialect.patch, dialect.discovery) = (false, false),
    ] {
        let mut dialect = Dialect::default();
        change(&mut dialect);
        let server = start(dialect).await;
        let first = people_come_and_change("first", &server).await;
        let mut again = access_to(&server, |settings| settings.learnt = first.reader.learnt());
        again.scope = Scope::of_groups(names(2));
        let now = again.observe().await;
        server.clear_requests();
        let id = |number: usize| number_of(&now, number).id.clone();
        again
            .apply(vec![
                work(Action::Suspend, Some(&person(3)), Some(&id(3)), Slot::account()),
                work(Action::Revoke, Some(&person(8)), Some(&id(8)), Slot::group("Group 0")),
            ])
            .await;
        let refused: Vec<_> = server.requests().into_iter().filter(|sent| sent.status >= Some(400)).collect();
        assert_eq!(refused, []);
    }
}

#[tokio::test]
async fn a_deletion_that_only_deactivates_is_recognised_on_reading_back() {
    let server = start(Dialect { soft_delete: true, ..Dialect::default() }).await;
    let access = access_to(&server, |_| {});
    access.apply(first_sync(1, 0)).await;
    let id = number_of(&access.observe().await, 0).id.clone();
    assert!(access.reader.capabilities().await.expect("the server describes itself").delete);
    access.apply(vec![work(Action::Delete, Some(&person(0)), Some(&id), Slot::account())]).await;
    let back = access.reader.read_back(&access.scope, &BTreeSet::from([id]), &BTreeSet::new()).await;
    assert!(back.is_ok());
    assert!(!access.reader.capabilities().await.expect("the server describes itself").delete);
}

#[tokio::test]
async fn a_server_that_ignores_filters_never_says_that_nobody_is_there() {
    let server = start(Dialect { filters: Filters::Ignored, ..Dialect::default() }).await;
    let access = access_to(&server, |_| {});
    access.apply(first_sync(2, 0)).await;
    let question = LookUp::Person(person(7).key);
    let error = access.reader.look_up(&question, Some(&person(7))).await.expect_err("the answer proves nothing");
    assert_eq!(error.reason(), "NotSupported");
    assert!(!access.reader.capabilities().await.expect("the server describes itself").look_up);
}

#[tokio::test]
async fn an_account_whose_creation_was_not_answered_is_found_and_not_made_twice() {
    for fault in [Fault::after_commit(500), Fault::after_commit(503), Fault::cut_off()] {
        let server = start(Dialect::default()).await;
        server.fault(fault.on_method("POST").on_path("/Users"));
        let access = access_to(&server, |_| {});
        access.apply(first_sync(1, 0)).await;
        assert_eq!(server.pending_faults(), 0);
        assert_eq!(server.snapshot().users.len(), 1);
        assert_eq!(server.mutations(), 1);
    }
}

#[tokio::test]
async fn a_creation_that_failed_is_not_called_done() {
    let server = start(Dialect::default()).await;
    server.fault(Fault::status(500).on_method("POST").on_path("/Users"));
    let access = access_to(&server, |_| {});
    let outcome = access.writer.apply(&first_sync(1, 0)).await;
    assert_eq!(outcome[0].as_ref().expect_err("nothing was made").reason(), "OutcomeUnknown");
    assert_eq!(server.mutations(), 1);
}

#[tokio::test]
async fn a_group_whose_creation_was_not_answered_gets_its_members() {
    let server = start(Dialect::default()).await;
    server.fault(Fault::after_commit(500).on_method("POST").on_path("/Groups"));
    let access = access_to(&server, |_| {});
    access.apply(first_sync(3, 1)).await;
    assert_eq!(server.snapshot().groups["Group 0"].len(), 3);
}

#[tokio::test]
async fn members_that_are_too_many_for_one_request_go_in_halves() {
    let server = Server::start(Options { body_max: 400, ..Options::default() }).await.expect("a port is free");
    let access = access_to(&server, |_| {});
    let mut people = first_sync(8, 1);
    people.retain(|work| work.change.slot.is_account());
    access.apply(people).await;
    access.apply(vec![work(Action::Create, None, None, Slot::group("Group 0"))]).await;
    let now = access.observe().await;
    let grants = (0..8).map(|number| {
        work(Action::Grant, Some(&person(number)), Some(&number_of(&now, number).id), Slot::group("Group 0"))
    });
    access.apply(grants.collect()).await;
    assert_eq!(server.snapshot().groups["Group 0"].len(), 8);
}

#[tokio::test]
async fn a_listing_that_lacks_somebody_is_never_complete() {
    for (name, dialect, fault) in [
        ("truncated", Dialect::default(), Some(Fault::truncated(1).on_path("/Users").times(9))),
        ("the first page only", Dialect { paging: Paging::FirstPageOnly, page_cap: 3, ..Dialect::default() }, None),
    ] {
        let server = start(dialect).await;
        server.edit(|state| (0..5).for_each(|number| drop(state.add_user(&format!("p{number}@example.com")))));
        if let Some(fault) = fault {
            server.fault(fault);
        }
        let access = access_to(&server, |_| {});
        let observation = access.reader.observe(&access.scope).await.expect("the server answers");
        assert!(matches!(observation.completeness, Completeness::Incomplete { .. }), "{name}");
    }
}

#[tokio::test]
async fn two_groups_of_one_name_leave_it_open_which_is_meant() {
    let server = start(Dialect::default()).await;
    server.edit(|state| (state.add_group("Staff", &[]), state.add_group("staff", &[])));
    let mut access = access_to(&server, |_| {});
    assert!(access.observe().await.catalogue["group"].is_empty());
    access.scope = Scope::of_groups([Text::from("STAFF")]);
    let observation = access.reader.observe(&access.scope).await.expect("the server answers");
    let Completeness::Incomplete { reason, .. } = observation.completeness else { panic!("it is ambiguous") };
    assert_eq!(&*reason, "AmbiguousGroup");
}

#[tokio::test]
async fn attributes_that_a_server_drops_are_learnt() {
    let dropped = BTreeSet::from(["title".to_owned()]);
    let server = start(Dialect { dropped_attributes: dropped, ..Dialect::default() }).await;
    let access = access_to(&server, |settings| settings.mapping.attributes = vec!["title".into()]);
    access.apply(first_sync(1, 0)).await;
    let id = number_of(&access.observe().await, 0).id.clone();
    let mut promoted = work(Action::Update, Some(&person(0)), Some(&id), Slot::account());
    promoted.change.attributes = BTreeMap::from([("title".into(), (None, Some("Baker".into())))]);
    access.apply(vec![promoted]).await;
    access.observe().await;
    assert_eq!(access.reader.learnt().get("droppedAttributes").map(String::as_str), Some("title"));
}

#[tokio::test]
async fn reading_back_asks_for_what_was_changed_or_for_everything_whichever_is_less() {
    let server = start(Dialect::default()).await;
    let mut access = acquainted(&server, 4);
    access.scope = Scope::of_groups(names(1));
    access.apply(first_sync(20, 1)).await;
    let now = access.observe().await;
    let ids: BTreeSet<_> = now.accounts.iter().map(|account| account.id.clone()).collect();
    for (accounts, requests) in [(1, 2), (4, 5), (6, 6)] {
        server.clear_requests();
        let some = ids.iter().take(accounts).cloned().collect();
        access.reader.read_back(&access.scope, &some, &names(1)).await.expect("the server answers");
        assert_eq!(server.reads(), requests, "{accounts} accounts and a group");
    }
}

#[tokio::test]
async fn an_app_without_groups_is_read_unless_a_group_matters() {
    let server = start(Dialect { groups: false, discovery: false, ..Dialect::default() }).await;
    let mut access = access_to(&server, |_| {});
    assert!(access.observe().await.accounts.is_empty());
    access.scope = Scope::of_groups(names(1));
    assert!(access.reader.observe(&access.scope).await.is_err());
}

#[tokio::test]
async fn where_roles_have_an_order_an_account_has_one() {
    let server = start(Dialect::default()).await;
    let access = access_to(&server, |settings| settings.role_order = vec!["member".into(), "admin".into()]);
    let mut given = work(Action::Grant, Some(&person(0)), None, Slot::new("role", ""));
    given.change.to = Some("member".into());
    access.apply(vec![first_sync(1, 0).remove(0), given]).await;
    assert_eq!(server.mutations(), 1);
    let id = number_of(&access.observe().await, 0).id.clone();
    let mut raised = work(Action::Change, Some(&person(0)), Some(&id), Slot::new("role", ""));
    (raised.change.from, raised.change.to) = (Some("member".into()), Some("admin".into()));
    access.apply(vec![raised]).await;
    let seen = number_of(&access.observe().await, 0).entitlements.clone();
    assert_eq!(seen, BTreeMap::from([(Slot::new("role", ""), Some(Text::from("admin")))]));
}

#[tokio::test]
async fn a_second_client_loses_nothing_where_we_put() {
    let server = start(Dialect { patch: false, ..Dialect::default() }).await;
    server.edit(|state| {
        state.add_user_with(
            "p0@example.com",
            &json!({"externalId": "id-0", "title": "Baker", "nickName": "Ana", "active": true}),
        )
    });
    let access = access_to(&server, |_| {});
    access.reader.capabilities().await.expect("the server describes itself");
    let id = number_of(&access.observe().await, 0).id.clone();
    access.apply(vec![work(Action::Suspend, Some(&person(0)), Some(&id), Slot::account())]).await;
    let stored = server.edit(|state| state.resource(&id.0).cloned()).expect("the user is there");
    assert_eq!(
        (&stored["active"], &stored["title"], &stored["nickName"]),
        (&json!(false), &json!("Baker"), &json!("Ana"))
    );
}

#[tokio::test]
async fn a_credential_that_is_refused_says_so_and_is_not_shown() {
    let server = start(Dialect::default()).await;
    let access = Access::open(server.base_url(), "another-secret-token", |_| {});
    let error = access.reader.observe(&access.scope).await.expect_err("the token is wrong");
    assert_eq!(error.reason(), "CredentialsInvalid");
    assert!(!format!("{error:?}").contains("another-secret-token"));
    for (body, reason) in [("<html>log in</html>", "UnexpectedAnswer"), ("", "UnexpectedAnswer")] {
        let access = access_to(&server, |_| {});
        server.fault(Fault::raw(200, "text/html", body).on_path("/Users"));
        let error = access.reader.observe(&access.scope).await.expect_err("it is no listing");
        assert_eq!(error.reason(), reason);
    }
}

#[tokio::test]
async fn a_server_that_takes_out_everybody_gets_the_others_back_and_is_never_asked_so_again() {
    let server = start(Dialect { members_removal: MembersRemoval::Literal, ..Dialect::default() }).await;
    let mut access = access_to(&server, |_| {});
    access.scope = Scope::of_groups(names(1));
    access.apply(first_sync(5, 1)).await;
    let now = access.observe().await;
    let leaves = |number: usize| {
        work(Action::Revoke, Some(&person(number)), Some(&number_of(&now, number).id), Slot::group("Group 0"))
    };
    // The filter form is refused once, so that the list form is tried, which this server reads to the letter.
    server.fault(Fault::status(400).on_method("PATCH").on_path("/Groups"));
    access.apply(vec![leaves(0)]).await;
    let left = |people: &[usize]| people.iter().map(|number| format!("p{number}@example.com")).collect();
    assert_eq!(server.snapshot().groups["Group 0"], left(&[1, 2, 3, 4]));
    assert_eq!(access.reader.learnt().get("valueListHarms").map(String::as_str), Some("true"));
    access.apply(vec![leaves(1), leaves(2)]).await;
    assert_eq!(server.snapshot().groups["Group 0"], left(&[3, 4]));
}

#[tokio::test]
async fn a_suspended_account_that_is_shown_late_does_not_teach_that_deletion_deactivates() {
    let server = start(Dialect::default()).await;
    let access = access_to(&server, |_| {});
    access.apply(first_sync(1, 0)).await;
    let id = number_of(&access.observe().await, 0).id.clone();
    access.apply(vec![work(Action::Suspend, Some(&person(0)), Some(&id), Slot::account())]).await;
    access.observe().await;
    access.apply(vec![work(Action::Delete, Some(&person(0)), Some(&id), Slot::account())]).await;
    server.fault(Fault::stale().on_path("/Users"));
    assert_eq!(access.observe().await.accounts.len(), 1);
    assert!(access.reader.capabilities().await.expect("the server describes itself").delete);
    assert_eq!(access.observe().await.accounts.len(), 0);
}

#[tokio::test]
async fn a_server_that_shows_only_its_first_page_is_not_asked_for_all_the_others() {
    let server = start(Dialect { paging: Paging::FirstPageOnly, page_cap: 1, ..Dialect::default() }).await;
    server.edit(|state| (0..90).for_each(|number| drop(state.add_user(&format!("p{number}@example.com")))));
    let access = access_to(&server, |_| {});
    let observation = access.reader.observe(&access.scope).await.expect("the server answers");
    assert!(!observation.is_complete());
    assert!(server.reads() < 45, "{}", server.reads());
}
