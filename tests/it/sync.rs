//! One pass after another over a simulated vendor: declared access becomes real access, carefully.

use appaccess::sim::scim::{Dialect, Fault, Paging};
use appaccess_core::status::Severity;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::installation::{Installation, names, story};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Ana and Joel in a group; more people on demand.
fn staff(people: &[&str]) -> String {
    let subjects: Vec<String> = people.iter().map(|name| format!("{{user: {name}@birch.example.com}}")).collect();
    format!("- name: staff\n  subjects: [{}]\n  groups: [Studio]", subjects.join(", "))
}

#[tokio::test]
async fn declared_people_and_groups_are_created_once() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel"]));

    let report = world.work().await;
    assert_eq!(
        story(&report),
        [
            "create ana@birch.example.com: applied",
            "create joel@birch.example.com: applied",
            "create Studio group Studio: applied",
            "grant ana@birch.example.com group Studio: applied",
            "grant joel@birch.example.com group Studio: applied",
        ]
    );
    assert_eq!(world.active(), names(["ana@birch.example.com", "joel@birch.example.com"]));
    assert_eq!(world.members("Studio"), names(["ana@birch.example.com", "joel@birch.example.com"]));
    assert!(report.look.plan.is_in_sync());

    world.vendor.clear_requests();
    let writes = world.store.writes();
    let quiet = world.work().await;
    assert_eq!(story(&quiet), [""; 0]);
    assert_eq!(world.vendor.mutations(), 0);
    assert_eq!(world.store.writes(), writes, "a quiet pass writes nothing");
    assert_eq!((quiet.calls.reads, quiet.calls.writes), (2, 0));
}

#[tokio::test]
async fn observe_reports_and_sends_nothing() {
    let mut world = Installation::new().await;
    world.vendor.edit(|state| state.add_user("old@birch.example.com"));
    world.vendor.clear_requests();
    world.app("mode: Observe");
    world.grants(&staff(&["ana"]));

    let report = world.work().await;
    assert_eq!(world.vendor.mutations(), 0);
    assert_eq!(report.look.plan.counts.missing, 1);
    assert_eq!(report.look.plan.drift.len(), 1);
    assert!(report.done.iter().all(|done| !done.change.permitted));
    assert_eq!(report.severity(appaccess_core::access::Mode::Observe), Severity::Done);
}

#[tokio::test]
async fn a_removal_settles_waits_for_its_first_decision_and_is_read_back() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel", "lea"]));
    world.work().await;

    world.grants(&staff(&["ana", "joel"]));
    let settling = world.work().await;
    assert_eq!(
        story(&settling),
        ["revoke lea@birch.example.com group Studio: pending", "suspend lea@birch.example.com: pending"]
    );
    assert!(settling.done.iter().all(|done| done.change.due.is_some()));
    assert_eq!(settling.look.plan.hold, None, "what settles is not held");

    world.wait(MINUTE * 11);
    let held = world.work().await;
    assert_eq!(
        story(&held),
        [
            "revoke lea@birch.example.com group Studio: ApprovalRequired",
            "suspend lea@birch.example.com: ApprovalRequired"
        ]
    );
    assert_eq!(world.members("Studio").len(), 3);

    let digest = held.look.plan.hold.clone().unwrap().digest;
    world.approve(&digest);
    let done = world.work().await;
    assert_eq!(
        story(&done),
        ["revoke lea@birch.example.com group Studio: applied", "suspend lea@birch.example.com: applied"]
    );
    assert_eq!(world.active(), names(["ana@birch.example.com", "joel@birch.example.com"]));
    assert_eq!(world.members("Studio"), names(["ana@birch.example.com", "joel@birch.example.com"]));
    assert_eq!(done.look.plan.hold, None);

    world.vendor.clear_requests();
    let writes = world.store.writes();
    assert_eq!(story(&world.work().await), [""; 0]);
    assert_eq!((world.vendor.mutations(), world.store.writes() - writes), (0, 0));

    world.grants(&staff(&["ana"]));
    world.work().await;
    world.wait(MINUTE * 11);
    let second = world.work().await;
    assert_eq!(
        story(&second),
        ["revoke joel@birch.example.com group Studio: applied", "suspend joel@birch.example.com: applied"],
        "only the first removals wait; later ones go within the budget"
    );
}

#[tokio::test]
async fn a_mass_withdrawal_is_held_whatever_joins_meanwhile() {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {approveFirst: false, maxRemovals: {people: 2, percent: 0}, settle: 1s}");
    world.grants(&staff(&["a", "b", "c", "d", "e"]));
    world.work().await;

    world.grants(&staff(&["a"]));
    world.work().await;
    world.wait(MINUTE);
    let waiting = world.work().await;
    let hold = waiting.look.plan.hold.clone().unwrap();
    assert_eq!((hold.people, hold.allowed), (4, 2));
    assert_eq!(world.active().len(), 5);

    world.grants(&staff(&["a", "zoe"]));
    let joined = world.work().await;
    assert!(world.active().contains("zoe@birch.example.com"), "additions go on");
    assert_eq!(joined.look.plan.hold.unwrap().digest, hold.digest, "a joiner does not void the digest");

    world.approve(&hold.digest);
    world.work().await;
    assert_eq!(world.active(), names(["a@birch.example.com", "zoe@birch.example.com"]));
}

#[tokio::test]
async fn an_edit_behind_our_back_is_put_right_and_a_stranger_is_reported() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel"]));
    world.work().await;
    world.vendor.edit(|state| {
        let group = state.group_id("Studio").unwrap();
        let ana = state.user_id("ana@birch.example.com").unwrap();
        state.remove_member(&group, &ana);
        state.add_user("eve@elsewhere.example.com");
    });

    let report = world.work().await;
    assert_eq!(story(&report), ["grant ana@birch.example.com group Studio: applied"]);
    assert_eq!(report.look.plan.drift.len(), 1);
    assert!(world.active().contains("eve@elsewhere.example.com"));
}

#[tokio::test]
async fn a_truncated_listing_removes_nobody() {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    world.grants(&staff(&["ana", "joel"]));
    world.work().await;
    world.grants(&staff(&["ana"]));
    world.work().await;
    world.wait(MINUTE);
    for _ in 0..8 {
        world.vendor.fault(Fault::truncated(1).on_path("/Users"));
    }
    world.vendor.clear_requests();
    let report = world.work().await;
    assert!(!report.look.observation.is_complete());
    assert_eq!(world.vendor.mutations(), 0);
    assert_eq!(report.severity(appaccess_core::access::Mode::Full), Severity::Failed);
}

#[tokio::test]
async fn a_listing_that_stays_truncated_gives_nobody_again_what_they_hold() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel", "lea"]));
    world.work().await;
    world.vendor.clear_requests();
    world.vendor.fault(Fault::truncated(1).on_path("/Users").times(u32::MAX));
    for _ in 0..5 {
        let report = world.work().await;
        assert!(!report.look.observation.is_complete());
        assert_eq!(report.look.observation.accounts.len(), 3, "whom the listing lacks is looked up");
        assert_eq!(story(&report), [""; 0]);
        assert!(report.look.plan.is_in_sync());
    }
    assert_eq!(world.vendor.mutations(), 0);

    world.vendor.clear_faults();
    let reads = world.vendor.reads();
    assert!(world.work().await.look.observation.is_complete());
    assert_eq!(world.vendor.reads() - reads, 2, "what a page lost does not make pages smaller for good");
}

#[tokio::test]
async fn a_membership_of_somebody_whom_a_whole_listing_lacks_is_taken_not_forgotten() {
    let mut world = Installation::new().await;
    world.page_size = 1;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    let payroll = "\n- name: payroll\n  subjects: [{user: ana@birch.example.com}]\n  groups: [Payroll]";
    world.grants(&(staff(&["ana", "joel"]) + payroll));
    world.work().await;
    world.grants(&staff(&["ana", "joel"]));
    world.work().await;
    world.wait(MINUTE);

    let joel = world.vendor.edit(|state| state.user_id("joel@birch.example.com").unwrap());
    let only_joel = json!({"totalResults": 1, "Resources": [{"id": joel, "userName": "joel@birch.example.com"}]});
    world.vendor.fault(Fault::raw(200, "application/scim+json", &only_joel.to_string()).on_path("/Users"));
    let report = world.work().await;
    assert!(report.look.observation.is_complete());
    assert_eq!(story(&report), ["revoke ana@birch.example.com group Payroll: applied"]);
    assert_eq!(world.members("Studio").len(), 2);
    assert_eq!(world.members("Payroll").len(), 0);
}

#[tokio::test]
async fn somebody_whom_only_a_look_up_shows_is_adopted_with_their_groups() {
    let mut world =
        Installation::with(Dialect { paging: Paging::FirstPageOnly, page_cap: 1, ..Dialect::default() }).await;
    world.vendor.edit(|state| {
        let [ana, joel] = ["ana", "joel"].map(|name| state.add_user(&format!("{name}@birch.example.com")));
        state.add_group("Studio", &[&ana, &joel]);
    });
    world.vendor.clear_requests();
    world.grants(&staff(&["ana", "joel"]));
    for _ in 0..3 {
        let report = world.work().await;
        assert!(!report.look.observation.is_complete());
        assert_eq!(story(&report), [""; 0]);
    }
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn a_create_that_answers_500_after_it_was_done_makes_no_second_account() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana"]));
    world.vendor.fault(Fault::after_commit(500).on_path("/Users"));
    world.pass().await;
    world.work().await;
    let users = world.vendor.snapshot().users;
    assert_eq!(users.len(), 1);
    assert_eq!(world.members("Studio").len(), 1);
    assert!(world.work().await.look.plan.is_in_sync());
}

#[tokio::test]
async fn a_leaver_goes_at_once_and_is_never_taken_for_withdrawn() {
    let mut world = Installation::new().await;
    let directory = |active: bool| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people:\n        - {{id: \"7\", user: lea@birch.example.com, active: {active}}}\n        \
             - {{id: \"8\", user: ana@birch.example.com}}\n  domains: [birch.example.com]\n  leavers: Act\n"
        )
    };
    world.grants(&staff(&["ana", "lea"]));
    world.add(&directory(true));
    world.work().await;
    assert_eq!(world.active().len(), 2);

    world.grants(&staff(&["ana", "lea"]));
    world.add(&directory(false));
    let report = world.work().await;
    assert_eq!(
        story(&report),
        ["revoke lea@birch.example.com group Studio: applied", "suspend lea@birch.example.com: applied"]
    );
    assert_eq!(world.active(), names(["ana@birch.example.com"]));
}

#[tokio::test]
async fn a_plan_shows_what_a_pass_would_do_and_writes_nothing() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana"]));
    let writes = world.store.writes();
    let planned = world.plan().await;
    assert_eq!(planned.look.plan.to_be_sent().count(), 3);
    assert_eq!((world.vendor.mutations(), world.store.writes()), (0, writes));
    assert_eq!(world.work().await.done.len(), 3);
}

#[tokio::test]
async fn a_role_is_given_with_the_account_raised_lowered_and_taken() {
    let mut world = Installation::new().await;
    let app = "mode: Full\nroles: {order: [viewer, editor, admin]}\nsafety: {approveFirst: false, settle: 1s, \
               keepAtLeast: []}";
    world.app(app);
    let as_role =
        |role: &str| format!("- name: staff\n  subjects: [{{user: ana@birch.example.com}}]\n  roles: [{role}]");
    let roles = |world: &Installation| world.vendor.snapshot().users["ana@birch.example.com"].roles.clone();
    world.grants(&as_role("editor"));
    let report = world.work().await;
    assert_eq!(story(&report), ["create ana@birch.example.com: applied", "grant ana@birch.example.com role: applied"]);
    assert_eq!(roles(&world), names(["editor"]));
    assert_eq!(world.vendor.mutations(), 1, "one request makes the account with its role");

    world.grants(&as_role("admin"));
    assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: applied"]);
    assert_eq!(roles(&world), names(["admin"]));

    world.grants(&as_role("viewer"));
    assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: pending"], "a lower role settles");
    world.wait(MINUTE);
    assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: applied"]);
    assert_eq!(roles(&world), names(["viewer"]));

    world.grants("- name: staff\n  subjects: [{user: ana@birch.example.com}]");
    world.work().await;
    world.wait(MINUTE);
    assert_eq!(story(&world.work().await), ["revoke ana@birch.example.com role: applied"]);
    assert_eq!(roles(&world), names([]));
    assert!(world.work().await.look.plan.is_in_sync());
}
