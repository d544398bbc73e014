//! What Toggl refuses, what a plan lacks, and limits: told on the claim that it is about, while the others go on.

use std::time::Duration;

use appaccess::sim::toggl::{Fault, Habits, Plan, Quota};
use appaccess_core::access::AccountState;
use jiff::SignedDuration;

use super::{World, grant, mail, outcomes, problems};

fn told<'a>(lines: &'a [String], start: &str) -> &'a str {
    lines.iter().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start} is in {lines:?}"))
}

#[tokio::test]
async fn one_address_that_is_refused_keeps_nobody_else_out() {
    let mut world = World::new().await;
    world.on.grants("- name: staff\n  subjects: [{user: ana@birch.example.com}, {user: odd@localhost}, {user: joel@birch.example.com}]");
    let (report, _) = world.pass().await;
    let lines = outcomes(&report);
    assert!(told(&lines, "invite odd@localhost").contains("Invalid e-mail"), "{lines:?}");
    for name in ["ana", "joel"] {
        assert_eq!(world.seen(name).state, "invited");
    }
    assert_eq!(world.vendor().snapshot().mailed.len(), 2, "nobody is mailed twice");
}

#[tokio::test]
async fn a_plan_that_is_full_says_so_and_an_inactive_member_is_reactivated_rather_than_invited() {
    let mut world = World::with(Habits { plan: Plan::Free, active_limit: Some(2), ..Habits::default() }).await;
    world.claim(&["ana", "joel"], "roles: [member]");
    let (report, (_, writes)) = world.pass().await;
    let lines = outcomes(&report);
    assert!(told(&lines, "invite ana").contains("Active user limit is 2"), "{lines:?}");
    assert_eq!(writes, 1, "it is not tried one by one");

    world.vendor().edit(|state| state.habits.active_limit = None);
    // Somebody makes and switches off the account while the invitation is on its way.
    let (fault, mut gate) = Fault::held();
    world.vendor().fault(fault.on_path("/organizations/500/invitations"));
    let by_hand = async {
        gate.reached(1).await;
        world.vendor().edit(|state| {
            state.add_person(&mail("ana"));
            state.set_inactive(&mail("ana"), true);
        });
        gate.open();
    };
    let (report, ()) = futures::join!(world.on.work(), by_hand);
    assert_eq!((world.seen("ana").state, world.seen("joel").state), ("active", "invited"), "{:?}", outcomes(&report));
    assert_eq!(world.vendor().snapshot().mailed, [mail("joel")]);
}

#[tokio::test]
async fn an_invitation_is_never_sent_again_by_itself() {
    let mut world = World::new().await;
    world.claim(&["ana"], "roles: [member]");
    world.pass().await;
    world.on.wait(SignedDuration::from_hours(24 * 45));
    let (report, calls) = world.pass().await;
    let ana = report.look.observation.accounts.iter().find(|account| account.label() == mail("ana")).unwrap();
    assert_eq!((ana.state, ana.invited_at.is_some(), calls.1), (AccountState::Invited, true, 0));

    // It expired, and Toggl took the person out.
    world.vendor().edit(|state| state.remove_person(&mail("ana")));
    for _ in 0..2 {
        let (report, calls) = world.pass().await;
        let lines = outcomes(&report);
        assert!(told(&lines, "invite ana").contains("without having accepted"), "{lines:?}");
        assert_eq!(calls.1, 0);
    }
    world.vendor().edit(|state| state.add_invited(&mail("ana")));
    assert_eq!(world.pass().await.1.1, 0, "a person invited them again");
    assert_eq!(world.vendor().snapshot().mailed.len(), 1);
}

#[tokio::test]
async fn a_level_that_the_plan_lacks_is_refused_alone() {
    let mut world = World::with(Habits { plan: Plan::Starter, ..Habits::default() }).await;
    world.vendor().edit(|state| {
        state.add_person(&mail("ana"));
        state.add_person(&mail("joel"));
    });
    let level = |level: &str| format!("entitlements: [{{type: workspace, name: Main, level: {level}}}]");
    world.on.grants(&format!(
        "{}\n{}",
        grant("lead", &["ana"], &level("teamlead")),
        grant("admin", &["joel"], &level("admin"))
    ));
    let (report, _) = world.pass().await;
    let lines = outcomes(&report);
    assert!(told(&lines, "change ana").contains("Invalid role_id"), "{lines:?}");
    assert_eq!(world.seen("joel").workspaces["Main"], "admin");
}

#[tokio::test]
async fn roles_that_cannot_be_matched_go_by_the_legacy_flags() {
    for (listed, renamed) in [(false, false), (true, true)] {
        let mut world = World::with(Habits { roles_listed: listed, roles_renamed: renamed, ..Habits::default() }).await;
        world.vendor().edit(|state| state.add_person(&mail("ana")));
        world.claim(&["ana"], "roles: [admin]\n  entitlements: [{type: workspace, name: Main, level: admin}]");
        let (report, _) = world.pass().await;
        let ana = world.seen("ana");
        if listed {
            // A name that says nothing is shown as it is, and the claim puts the known one in its place by the flag.
            assert!(outcomes(&report).iter().all(|line| !line.contains("refused")), "{:?}", outcomes(&report));
        } else {
            assert_eq!((ana.role.as_str(), ana.workspaces["Main"].as_str()), ("admin", "admin"));
            assert_eq!(world.pass().await.1.1, 0);
        }
    }
}

#[tokio::test]
async fn groups_that_cannot_be_read_are_told_on_their_claim_and_the_others_go_on() {
    let mut world = World::with(Habits { groups_listed: false, ..Habits::default() }).await;
    world.vendor().edit(|state| state.add_person(&mail("ana")));
    let claims =
        format!("{}\n{}", grant("group", &["ana"], "groups: [Studio]"), grant("role", &["ana"], "roles: [admin]"));
    world.on.grants(&claims);
    let (first, _) = world.pass().await;
    assert!(!first.look.observation.is_complete(), "nothing may be removed on such a reading");
    let (second, _) = world.pass().await;
    let said = problems(&second);
    assert!(told(&said, "group: ").contains("do not let groups be read"), "{said:?}");
    assert!(second.look.observation.is_complete());
    assert!(second.look.capabilities.absent.contains_key("group"));
    assert_eq!(world.seen("ana").role, "admin");
    world.vendor().edit(|state| state.habits.groups_listed = true);
    world.on.wait(SignedDuration::from_hours(25));
    world.pass().await;
    assert!(world.seen("ana").groups.contains("Studio"), "it is tried again after a day");
}

#[tokio::test]
async fn an_account_alone_needs_a_default_workspace_and_a_wrong_one_is_named() {
    let mut world = World::new().await;
    world.without_default_workspace();
    let claims = format!(
        "- name: alone\n  subjects: [{{user: ana@birch.example.com}}]\n{}",
        grant("placed", &["joel"], "entitlements: [{type: workspace, name: Main}]")
    );
    world.on.grants(&claims);
    let (report, _) = world.pass().await;
    let said = problems(&report);
    assert!(told(&said, "alone: ").contains("no account without anything in it"), "{said:?}");
    assert_eq!(world.seen("joel").state, "invited");

    world.claim(&["kim"], "roles: [member]");
    let lines = outcomes(&world.pass().await.0);
    assert!(told(&lines, "invite kim").contains("`defaultWorkspaceId`"), "{lines:?}");

    let base = world.vendor().base_url().to_owned();
    world.on.another =
        Some(format!("{{toggl: {{organizationId: \"500\", defaultWorkspaceId: \"9\", baseUrl: \"{base}\"}}}}"));
    world.on.app(super::UNGUARDED);
    let lines = outcomes(&world.pass().await.0);
    assert!(told(&lines, "invite kim").contains("is `defaultWorkspaceId` 9 a workspace"), "{lines:?}");
}

#[tokio::test]
async fn a_bad_credential_and_a_lack_of_rights_are_told_apart() {
    let mut world = World::new().await;
    world.claim(&["ana"], "roles: [member]");
    world.vendor().edit(|state| state.habits.authorized = false);
    assert_eq!(world.failed().await.reason, "Forbidden");
    world.vendor().edit(|state| {
        state.habits.authorized = true;
        state.add_person(&mail("plain"));
        state.set_caller(&mail("plain"));
    });
    let failure = world.failed().await;
    assert_eq!(failure.reason, "Forbidden", "what a plain member is shown might not be all");
    assert!(failure.message.contains("organisation admin"), "{failure:?}");
    world.vendor().change_token("another");
    assert_eq!(world.failed().await.reason, "CredentialsInvalid");
}

#[tokio::test]
async fn an_address_that_is_not_ours_to_change_is_drift_and_not_tried_again() {
    let mut world = World::new().await;
    world.vendor().edit(|state| {
        state.add_person(&mail("ana.private"));
        state.set_elsewhere(&mail("ana.private"));
    });
    let id = world.seen("ana.private").id;
    world.on.app(&format!("{}\naccounts: [{{person: {}, id: \"{id}\"}}]", super::UNGUARDED, mail("ana")));
    world.claim(&["ana"], "roles: [member]");
    let (_, calls) = world.pass().await;
    assert_eq!(calls.1, 0, "the app says beforehand that it would refuse");
    let (report, calls) = world.pass().await;
    assert_eq!(calls.1, 0);
    assert!(report.look.plan.changes.is_empty(), "{:?}", outcomes(&report));
    assert!(report.look.plan.drift.iter().any(|drift| drift.kind.as_str() == "attribute"));

    world.vendor().edit(|state| state.add_person(&mail("joel.old")));
    let id = world.seen("joel.old").id;
    world.on.app(&format!("{}\naccounts: [{{person: {}, id: \"{id}\"}}]", super::UNGUARDED, mail("joel")));
    world.claim(&["joel"], "roles: [member]");
    world.pass().await;
    assert_eq!(world.seen("joel").id, id, "else the address follows the person");
}

#[tokio::test]
async fn a_spent_quota_ends_the_pass_with_the_time_of_its_renewal() {
    let mut world =
        World::with(Habits { quota: Some(Quota { remaining: 1, resets_in: 1180 }), ..Habits::default() }).await;
    world.on.fleet.connectors.timeout = Some(Duration::ZERO);
    world.claim(&["ana"], "roles: [member]");
    let failure = world.failed().await;
    assert_eq!(failure.reason, "RateLimited", "{failure:?}");
    assert!(world.vendor().mutations() == 0 && world.vendor().reads() <= 2, "{:?}", world.vendor().requests());
    world.vendor().edit(|state| state.habits.quota = None);
    world.on.restart();
    let (report, _) = world.pass().await;
    assert!(outcomes(&report).iter().all(|line| line.ends_with("applied")), "{:?}", outcomes(&report));
}

#[tokio::test]
async fn the_owner_is_out_of_reach_and_others_go_on() {
    let mut world = World::new().await;
    world.vendor().edit(|state| {
        for name in ["ana", "joel"] {
            state.add_person(&mail(name));
        }
        state.set_role(&mail("joel"), "admin");
        state.set_paying(&mail("ana"));
        state.set_caller(&mail("joel"));
    });
    world.on.app(
        &format!("{}\nunmanaged: {{unknown: {{action: Delete}}}}", super::UNGUARDED)
            .replace("approveFirst: false", "approveFirst: false, keepAtLeast: []"),
    );
    world.claim(&["kim"], "roles: [member]");
    for _ in 0..3 {
        world.on.pass().await;
    }
    assert_eq!(world.seen("owner").state, "active");
    assert_eq!(world.seen("ana").state, "active", "she pays");
    assert_eq!(world.seen("joel").state, "active", "it is the credential's own account");
    let lines = outcomes(&world.pass().await.0);
    assert!(
        lines.iter().any(|line| line.contains("owner of the organisation") || line.contains("paying user")),
        "{lines:?}"
    );
}
