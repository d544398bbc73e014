//! Who is made, renamed, archived, brought back and deleted.

use appaccess_core::{plan::Outcome, resolve::ProblemKind};

use super::{UNGUARDED, failed, grant, mail, seed, seen, settle, staff, world};
use crate::support::installation::{names, story};

#[tokio::test]
async fn declared_people_are_made_once_with_one_mail_each() {
    let mut world = world().await;
    world.grants(&staff(&["ana", "joel"], "entitlements: [{type: business-role, name: Designer}]"));
    let planned = world.plan().await;
    assert_eq!(planned.look.plan.to_be_sent().count(), 5);
    assert_eq!(world.vendor.mutations(), 0);

    let report = world.work().await;
    assert_eq!(
        story(&report),
        [
            "create ana@birch.example.com: applied",
            "create joel@birch.example.com: applied",
            "create business-role Designer business-role Designer: applied",
            "grant ana@birch.example.com business-role Designer: applied",
            "grant joel@birch.example.com business-role Designer: applied",
        ]
        .map(|line| line.replace("create business-role Designer", "create Designer"))
    );
    let ana = seen(&world, "ana");
    assert_eq!((ana.first_name.as_str(), ana.last_name.as_str()), ("ana", "Birch"));
    assert_eq!((ana.access, ana.roles), (names(["member"]), names(["Designer"])));
    assert!(report.look.plan.is_in_sync());

    world.vendor.clear_requests();
    let writes = world.store.writes();
    let quiet = world.work().await;
    assert_eq!(story(&quiet), [""; 0]);
    assert_eq!((world.vendor.mutations(), world.store.writes()), (0, writes));
    assert!(world.vendor.snapshot().mails.values().all(|mails| *mails == 1));
}

#[tokio::test]
async fn a_claim_without_a_name_is_refused_alone_and_says_what_to_add() {
    let mut world = world().await;
    let nameless = format!("- name: nameless\n  subjects: [{{user: {}}}]\n", mail("zoe"));
    world.grants(&format!("{}{nameless}", grant("staff", &["ana"], "roles: [member]")));
    let plan = world.plan().await;
    let [problem] = plan.look.plan.problems.as_slice() else { panic!("{:?}", plan.look.plan.problems) };
    assert_eq!((problem.kind, &*problem.claim.grant), (ProblemKind::NotSupported, "nameless"));
    assert!(problem.message.contains("name: {given: …, family: …}"), "{}", problem.message);
    let report = world.work().await;
    assert!(seen(&world, "ana").active);
    assert!(report.done.iter().all(|done| *done.change.label != *mail("zoe")), "nothing is tried");
    assert_eq!(world.vendor.requests().iter().filter(|request| request.method == "POST").count(), 1);
}

#[tokio::test]
async fn a_directory_s_name_to_show_is_enough() {
    let mut world = world().await;
    world.grants(&format!("- name: all\n  subjects: [{{user: {}}}]\n", mail("ana")));
    world.add(
        "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {name: hr, namespace: access}\nspec:\n  \
         source:\n    inline:\n      people: [{id: \"1\", user: ana@birch.example.com, name: Ana María Łukasiewicz}]\n  \
         domains: [birch.example.com]\n",
    );
    world.work().await;
    let ana = seen(&world, "ana");
    assert_eq!((ana.first_name.as_str(), ana.last_name.as_str()), ("Ana María", "Łukasiewicz"));
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn name_and_mail_follow_the_person() {
    let mut world = world().await;
    let directory = |mail: &str| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people: [{{id: \"1\", user: {mail}, name: Ana Birch, also: [ana@birch.example.com]}}]\n  \
             domains: [birch.example.com]\n"
        )
    };
    let claim = |mail: &str| format!("- name: all\n  subjects: [{{user: {mail}}}]\n");
    let id = seed(&world, "ana");
    world.grants(&claim("ana@birch.example.com"));
    world.add(&directory("ana@birch.example.com"));
    world.work().await;

    world.grants(&claim("ana.ruiz@birch.example.com"));
    world.add(&directory("ana.ruiz@birch.example.com"));
    assert_eq!(story(&world.work().await), ["update ana.ruiz@birch.example.com: applied"]);
    assert_eq!(seen(&world, "ana.ruiz").id, id);
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn an_archived_person_comes_back_first_and_is_renamed_then() {
    let mut world = world().await;
    let id = world.vendor.edit(|state| state.add_person("Old", "Name", &mail("ana")));
    world.vendor.edit(|state| state.set_active(id, false));
    world.grants(&staff(&["ana"], "roles: [manager]"));
    let report = world.work().await;
    let ana = seen(&world, "ana");
    assert!(ana.active, "{:?}", story(&report));
    assert_eq!((ana.first_name.as_str(), ana.access), ("ana", names(["manager"])));
    assert_eq!(world.vendor.mutations(), 2, "a name cannot be changed in the archive");
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn where_accounts_are_not_managed_an_archived_person_s_name_waits_and_says_so() {
    let mut world = world().await;
    world.app("mode: Full\nmanage: {accounts: false}");
    let id = world.vendor.edit(|state| state.add_person("Old", "Name", &mail("ana")));
    world.vendor.edit(|state| state.set_active(id, false));
    world.grants(&staff(&["ana"], "roles: [member]"));
    world.vendor.clear_requests();
    let report = world.work().await;
    let update = report.done.iter().find(|done| done.change.action.as_str() == "update").unwrap();
    assert!(matches!(&update.outcome, Outcome::Failed { message, .. } if message.contains("archived")), "{update:?}");
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn a_leaver_is_archived_at_once_and_frees_a_seat() {
    let mut world = world().await;
    let directory = |active: bool| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people:\n        - {{id: \"7\", user: lea@birch.example.com, name: lea Birch, active: {active}}}\n        \
             - {{id: \"8\", user: ana@birch.example.com, name: ana Birch}}\n  domains: [birch.example.com]\n  leavers: Act\n"
        )
    };
    world.vendor.edit(|state| state.set_seats(Some(3)));
    let role = "roles: [manager]\n  entitlements: [{type: business-role, name: Designer}]";
    let claims = staff(&["ana", "lea"], role);
    world.grants(&claims);
    world.add(&directory(true));
    let report = world.work().await;
    assert_eq!(report.look.observation.seats.map(|seats| seats.used), Some(3));

    world.grants(&claims);
    world.add(&directory(false));
    let report = world.work().await;
    assert_eq!(
        story(&report),
        [
            "change lea@birch.example.com role: applied",
            "revoke lea@birch.example.com business-role Designer: applied",
            "suspend lea@birch.example.com: applied"
        ]
    );
    let lea = seen(&world, "lea");
    assert_eq!((lea.active, lea.access, lea.roles), (false, names(["member"]), names([])));
    assert!(seen(&world, "ana").active);
    assert_eq!(report.look.observation.seats.map(|seats| seats.used), Some(2));
    world.vendor.clear_requests();
    world.work().await;
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn who_recorded_time_is_archived_where_deletion_was_asked_for() {
    let mut world = world().await;
    world.app(&format!("{UNGUARDED}\noffboarding: {{withdrawn: {{action: Delete}}}}"));
    let busy = seed(&world, "busy");
    seed(&world, "idle");
    seed(&world, "ana");
    world.vendor.edit(|state| state.track_time(busy));
    world.grants(&staff(&["ana", "busy", "idle"], "roles: [member]"));
    world.work().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    settle(&world).await;
    let report = world.work().await;
    assert_eq!(story(&report), ["delete busy@birch.example.com: applied", "delete idle@birch.example.com: applied"]);
    assert!(!seen(&world, "busy").active);
    assert!(!world.vendor.snapshot().people.contains_key(&mail("idle")));
    world.vendor.clear_requests();
    world.work().await;
    assert_eq!(world.vendor.mutations(), 0, "it is not tried again");
}

#[tokio::test]
async fn the_owner_and_the_token_s_own_person_stay() {
    let mut world = world().await;
    let owner = seed(&world, "boss");
    seed(&world, "ana");
    world.vendor.edit(|state| state.set_owner(owner));
    world.grants(&staff(&["ana", "boss"], "roles: [member]"));
    world.work().await;
    world.app(&format!("{UNGUARDED}\nunmanaged: {{service: {{action: Suspend}}, unknown: {{action: Suspend}}}}"));
    world.grants(&staff(&["ana"], "roles: [member]"));
    settle(&world).await;
    let report = world.work().await;
    let told = report.done.iter().find(|done| *done.change.label == *mail("boss")).unwrap();
    assert!(matches!(&told.outcome, Outcome::Failed { message, .. } if message.contains("owner")), "{told:?}");
    assert!(seen(&world, "boss").active);
    assert!(world.vendor.snapshot().people["ops@vendor.example.com"].active);
}

#[tokio::test]
async fn an_unknown_person_is_reported_and_left_alone() {
    let mut world = world().await;
    seed(&world, "stranger");
    let before = seen(&world, "stranger");
    world.grants(&staff(&["ana"], "roles: [manager]"));
    let report = world.work().await;
    assert_eq!(seen(&world, "stranger"), before);
    let drift: Vec<&str> = report.look.plan.drift.iter().map(|drift| &*drift.label).collect();
    assert_eq!(drift, ["stranger@birch.example.com"]);
}

#[tokio::test]
async fn without_a_free_seat_the_newcomer_is_refused_and_others_go_on() {
    let mut world = world().await;
    seed(&world, "ana");
    world.vendor.edit(|state| state.set_seats(Some(2)));
    world.grants(&staff(&["ana", "joel"], "roles: [manager]"));
    let report = world.work().await;
    let told = report.done.iter().find(|done| *done.change.label == *mail("joel")).unwrap();
    assert!(matches!(&told.outcome, Outcome::Failed { message, .. } if message.contains("seats")), "{told:?}");
    assert_eq!(seen(&world, "ana").access, names(["manager"]));
    world.vendor.edit(|state| state.set_seats(Some(3)));
    world.work().await;
    assert!(seen(&world, "joel").active);
}

#[tokio::test]
async fn a_closed_account_is_named() {
    let mut world = world().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    world.vendor.edit(|state| state.set_account_active(false));
    let failure = failed(&world).await;
    assert!(failure.message.contains("closed"), "{failure:?}");
}
