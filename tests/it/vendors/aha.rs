//! What is particular to Aha!: accounts that are made inside products, two spellings of roles, products by name, prefix or
//! id, and the requests that each change takes.

use appaccess::{
    connector::Keys,
    sim::{
        aha::{Role, Server},
        service::Fault,
    },
    sync::Report,
};
use appaccess_core::{
    access::{AccountId, ObservedAccount, Slot},
    plan::Outcome,
    resolve::ProblemKind,
};
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::support::installation::{Installation, story};

pub(super) const UNGUARDED: &str =
    "mode: Full\nsafety: {approveFirst: false, maxRemovals: {people: 1000}, approve: []}";

/// The account `birch` with the products App (`APP`) and Web (`WEB`).
pub(super) async fn account() -> Installation<Server> {
    let server = Server::start().await.unwrap();
    server.edit(|state| {
        state.add_product("App", "APP");
        state.add_product("Web", "WEB");
    });
    let connector = format!("{{aha: {{domain: birch, baseUrl: \"{}\"}}}}", server.base_url());
    let keys = Keys::from([("token".to_owned(), SecretString::from(server.token()))]);
    let mut world = Installation::of(server, &connector, keys).await;
    world.app(UNGUARDED);
    world
}

pub(super) fn mail(name: &str) -> String {
    format!("{name}@birch.example.com")
}

/// A grant to one person: roles, and products as `name: level`.
pub(super) fn grant(name: &str, roles: &[&str], products: &[(&str, &str)]) -> String {
    let products: Vec<String> = products
        .iter()
        .map(|(product, level)| format!("{{type: product, name: \"{product}\", level: {level}}}"))
        .collect();
    let roles = if roles.is_empty() { String::new() } else { format!("\n  roles: [{}]", roles.join(", ")) };
    let products =
        if products.is_empty() { String::new() } else { format!("\n  entitlements: [{}]", products.join(", ")) };
    format!("- name: {name}\n  subjects: [{{user: {}}}]{roles}{products}", mail(name))
}

/// The changing requests since the last clearing, with ids left out.
pub(super) fn changes(server: &Server) -> Vec<String> {
    let changing = server.requests().into_iter().filter(appaccess::sim::service::Recorded::is_mutation);
    let without_ids = |path: &str| -> String {
        let segments = path.trim_start_matches("/api/v1/").split('/');
        let shown = segments.map(|segment| if segment.parse::<u64>().is_ok() { "ID" } else { segment });
        shown.collect::<Vec<_>>().join("/")
    };
    changing.map(|request| format!("{} {}", request.method, without_ids(&request.path))).collect()
}

pub(super) fn products(server: &Server, name: &str) -> Vec<(String, Role)> {
    let person = server.snapshot().people.remove(&mail(name));
    person.map(|person| person.products.into_iter().collect()).unwrap_or_default()
}

pub(super) fn observed<'a>(report: &'a Report, server: &Server, name: &str) -> &'a ObservedAccount {
    let id = server.snapshot().people[&mail(name)].id.clone();
    report.look.observation.account(&AccountId::new(&id)).unwrap()
}

pub(super) fn problems(report: &Report) -> Vec<(ProblemKind, String)> {
    let resolved = report.look.desired.reports.values().flat_map(|report| &report.problems);
    let all = resolved.chain(&report.look.plan.problems);
    all.map(|problem| (problem.kind, problem.message.clone())).collect()
}

#[tokio::test]
async fn an_account_is_made_with_its_first_role_in_one_request() {
    let mut world = account().await;
    world.grants(&grant("ana", &["administrator"], &[("App", "contributor"), ("Web", "reviewer")]));
    world.vendor.clear_requests();
    world.work().await;
    assert_eq!(
        changes(&world.vendor),
        ["POST products/ID/users", "POST users/ID/product_roles", "PUT users/ID"],
        "the account with App, then Web, then the administration"
    );
    let ana = world.vendor.snapshot().people.remove(&mail("ana")).unwrap();
    assert!(ana.enabled && ana.administrator);
    assert_eq!(ana.name, "ana birch.example.com", "what nobody told is the address");
    assert_eq!(
        products(&world.vendor, "ana"),
        [("App".to_owned(), Role::Contributor), ("Web".to_owned(), Role::Reviewer)]
    );
    world.vendor.clear_requests();
    assert_eq!(story(&world.work().await), [""; 0]);
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn the_role_that_everybody_has_costs_nothing() {
    let mut world = account().await;
    world.grants(&grant("ana", &["user"], &[("App", "viewer")]));
    world.vendor.clear_requests();
    let report = world.work().await;
    assert_eq!(world.vendor.mutations(), 1);
    assert!(report.done.iter().all(|done| done.outcome == Outcome::Applied), "{:?}", story(&report));
}

#[tokio::test]
async fn the_first_sync_takes_its_floor_of_calls_for_any_number_of_people() {
    for people in [1_u64, 4, 25] {
        let mut world = account().await;
        let grants: Vec<String> =
            (0..people).map(|number| grant(&format!("p{number}"), &[], &[("App", "viewer")])).collect();
        world.grants(&grants.join("\n"));
        world.vendor.clear_requests();
        let report = world.work().await;
        // Whose the key is, users, products; then the users again.
        assert_eq!((world.vendor.reads(), world.vendor.mutations()), (4, people), "{people} people");
        assert_eq!((report.calls.reads, report.calls.writes), (4, people));
    }
}

#[tokio::test]
async fn a_steady_pass_takes_one_read_for_two_hundred_accounts() {
    // The key's own user is one of the accounts.
    for (people, pages) in [(1, 1), (198, 1), (199, 1), (200, 2), (450, 3)] {
        let mut world = account().await;
        world.vendor.edit(|state| state.add_people(people, "birch.example.com", "App", Role::Viewer));
        world.grants(&grant("p0", &[], &[("App", "viewer")]));
        world.work().await;
        world.vendor.clear_requests();
        let report = world.work().await;
        assert_eq!((world.vendor.reads(), world.vendor.mutations()), (pages + 1, 0), "{people} accounts");
        assert_eq!(report.look.observation.accounts.len(), people + 1);
    }
}

#[tokio::test]
async fn one_change_among_many_accounts_is_read_back_alone() {
    let mut world = account().await;
    world.vendor.edit(|state| state.add_people(450, "birch.example.com", "App", Role::Viewer));
    world.grants(&grant("p7", &[], &[("App", "viewer")]));
    world.work().await;
    world.grants(&grant("p7", &[], &[("App", "product_owner")]));
    world.vendor.clear_requests();
    world.work().await;
    assert_eq!(changes(&world.vendor), ["POST users/ID/product_roles"]);
    assert_eq!(world.vendor.reads(), 3 + 1 + 1, "three pages of users, one of products, one user");
    assert_eq!(products(&world.vendor, "p7"), [("App".to_owned(), Role::Owner)]);
}

#[tokio::test]
async fn a_product_answers_to_name_prefix_and_id_and_a_line_to_its_key() {
    let mut world = account().await;
    let (ids, line) = world.vendor.edit(|state| {
        let ids = [state.add_product("Docs", "DOC"), state.add_product("Same", "S1"), state.add_product("Same", "S2")];
        (ids, state.add_line("Suite", "SUITE"))
    });
    world.grants(&grant("ana", &[], &[("App", "viewer"), ("WEB", "viewer"), (&ids[0], "viewer"), ("SUITE", "viewer")]));
    let said = problems(&world.work().await);
    assert!(said.is_empty(), "{said:?}");
    let held: Vec<String> = products(&world.vendor, "ana").into_iter().map(|(name, _)| name).collect();
    assert_eq!(held, ["App", "Docs", "Suite", "Web"]);
    world.vendor.clear_requests();
    assert_eq!(story(&world.work().await), [""; 0]);
    assert_eq!((world.vendor.reads(), world.vendor.mutations()), (3, 0), "users, products, and the line by its key");

    world.grants(&grant("ana", &[], &[("App", "viewer"), ("Same", "viewer"), ("S2", "viewer"), (&line, "viewer")]));
    let report = world.work().await;
    let said = problems(&report);
    assert!(
        matches!(said.as_slice(), [(ProblemKind::NotSupported, message)] if message.contains("Same")),
        "a name that two products have is nobody's: {said:?}"
    );
}

#[tokio::test]
async fn a_claim_that_names_the_same_product_otherwise_takes_nothing_away() {
    let mut world = account().await;
    world.grants(&grant("ana", &[], &[("App", "contributor")]));
    world.work().await;
    for spelling in ["APP", "App"] {
        world.grants(&grant("ana", &[], &[(spelling, "contributor")]));
        world.vendor.clear_requests();
        for _ in 0..3 {
            let report = world.work().await;
            assert!(story(&report).is_empty() && problems(&report).is_empty(), "{spelling}: {:?}", story(&report));
            world.wait(SignedDuration::from_mins(11));
        }
        assert_eq!(world.vendor.mutations(), 0, "{spelling}");
    }
    world.grants(&grant("joel", &[], &[("App", "viewer")]));
    world.work().await;
    world.wait(SignedDuration::from_mins(11));
    world.work().await;
    assert!(products(&world.vendor, "ana").is_empty(), "it was ours all the time");
}

#[tokio::test]
async fn roles_that_do_not_tell_the_name_of_their_product_are_known_by_its_id() {
    let mut world = account().await;
    world.vendor.edit(|state| state.hide_name("App"));
    world.grants(&grant("ana", &[], &[("App", "contributor")]));
    world.work().await;
    world.vendor.clear_requests();
    assert_eq!(story(&world.work().await), [""; 0]);
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn where_products_cannot_be_listed_roles_are_still_told_and_nobody_is_refused_a_name() {
    let mut world = account().await;
    world.vendor.edit(|state| state.add_people(2, "birch.example.com", "App", Role::Viewer));
    let claims = format!("{}\n{}", grant("p0", &[], &[("App", "viewer")]), grant("p1", &[], &[("My thing", "viewer")]));
    world.grants(&claims);
    world.vendor.fault(Fault::status(403).on_path("/products").reads().times(50));
    let report = world.work().await;
    assert!(problems(&report).is_empty(), "{:?}", problems(&report));
    let failed: Vec<_> = report.done.iter().filter(|done| matches!(done.outcome, Outcome::Failed { .. })).collect();
    assert!(
        matches!(failed.as_slice(), [one] if &*one.change.slot.name == "My thing"),
        "it fails where it is sent: {:?}",
        story(&report)
    );
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn an_account_without_a_product_is_refused_and_the_others_go_on() {
    let mut world = account().await;
    let alone = format!("- name: alone\n  subjects: [{{user: {}}}]", mail("lea"));
    let claims = [grant("ana", &["administrator"], &[]), grant("joel", &[], &[("App", "viewer")]), alone].join("\n");
    world.grants(&claims);
    let report = world.work().await;
    let people = world.vendor.snapshot().people;
    assert!(people.contains_key(&mail("joel")) && !people.contains_key(&mail("ana")));
    let failed = report.done.iter().find_map(|done| match &done.outcome {
        Outcome::Failed { reason, message } => Some((reason.clone(), message.clone())),
        _ => None,
    });
    let (reason, message) = failed.unwrap();
    assert!(reason == "NotSupported" && message.contains("product"), "{message}");
    let said = problems(&report);
    assert!(said.iter().any(|(_, message)| message.contains("no account without anything in it")), "{said:?}");
}

#[tokio::test]
async fn a_level_that_can_only_be_read_is_shown_and_never_given() {
    let mut world = account().await;
    world.vendor.edit(|state| {
        state.add_person(&mail("dev"));
        state.set_role(&mail("dev"), "App", Some(Role::Developer));
    });
    world.grants(&grant("dev", &[], &[("App", "developer")]));
    let report = world.work().await;
    let said = problems(&report);
    assert!(said.iter().any(|(_, message)| message.contains("developer") && message.contains("by hand")), "{said:?}");
    let level = observed(&report, &world.vendor, "dev").entitlements[&Slot::new("product", "App")].clone();
    assert_eq!(level.as_deref(), Some("developer"));

    // Nobody knows whether a contributor may do all that a developer may: the change counts as a loss.
    world.grants(&grant("dev", &[], &[("App", "contributor")]));
    world.app("mode: Additive");
    world.work().await;
    assert_eq!(products(&world.vendor, "dev"), [("App".to_owned(), Role::Developer)]);
    world.app(UNGUARDED);
    world.work().await;
    assert_eq!(products(&world.vendor, "dev"), [("App".to_owned(), Role::Contributor)]);
}

#[tokio::test]
async fn who_administers_a_part_becomes_a_whole_administrator_or_none() {
    let mut world = account().await;
    world.vendor.edit(|state| {
        state.add_person(&mail("ana"));
        state.set_billing_administrator(&mail("ana"));
    });
    world.grants(&grant("ana", &["partial-administrator"], &[("App", "viewer")]));
    let said = problems(&world.work().await);
    assert!(said.iter().any(|(_, message)| message.contains("partial-administrator")), "{said:?}");

    world.grants(&grant("ana", &["administrator"], &[("App", "viewer")]));
    world.vendor.clear_requests();
    let report = world.work().await;
    assert_eq!(changes(&world.vendor), ["PUT users/ID"], "{:?}", story(&report));
    world.grants(&grant("ana", &["user"], &[("App", "viewer")]));
    world.work().await;
    world.wait(SignedDuration::from_mins(11));
    world.work().await;
    assert!(!world.vendor.snapshot().people[&mail("ana")].administrator);
}
