//! Access roles, permissions of managers, and business roles.

use appaccess_core::plan::Outcome;

use super::{access_of, grant, mail, seed, seen, settle, staff, world};
use crate::support::installation::{names, story};

#[tokio::test]
async fn a_role_comes_with_the_person_goes_up_and_falls_back_to_the_lowest() {
    let mut world = world().await;
    world.grants(&staff(&["ana"], "roles: [manager]"));
    let report = world.work().await;
    assert_eq!(story(&report), ["create ana@birch.example.com: applied", "grant ana@birch.example.com role: applied"]);
    assert_eq!(world.vendor.mutations(), 1, "one request makes the person with the role");

    world.grants(&staff(&["ana"], "roles: [administrator]"));
    assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: applied"]);
    assert_eq!(access_of(&world, "ana"), ["administrator"]);

    world.grants(&staff(&["ana"], "reason: no role any more"));
    settle(&world).await;
    assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: applied"]);
    assert_eq!(access_of(&world, "ana"), ["member"]);
    assert!(world.work().await.look.plan.is_in_sync());
}

#[tokio::test]
async fn what_others_gave_a_manager_is_kept_when_permissions_come_and_go() {
    let mut world = world().await;
    let (ana, mate) = (seed(&world, "ana"), seed(&world, "mate"));
    world.vendor.edit(|state| {
        state.set_access(ana, &["manager", "estimates_manager"]);
        state.set_teammates(ana, &[mate]);
    });
    let permission = "roles: [manager]\n  entitlements: [{type: permission, name: project_creator}]";
    world.grants(&staff(&["ana"], permission));
    assert_eq!(story(&world.work().await), ["grant ana@birch.example.com permission project_creator: applied"]);
    let all = ["estimates_manager", "manager", "people_manager", "project_creator"];
    assert_eq!(access_of(&world, "ana"), all);

    world.grants(&staff(&["ana"], "roles: [manager]"));
    settle(&world).await;
    assert_eq!(story(&world.work().await), ["revoke ana@birch.example.com permission project_creator: applied"]);
    assert_eq!(access_of(&world, "ana"), ["estimates_manager", "manager", "people_manager"]);
    assert_eq!(seen(&world, "ana").teammates, 1);
}

#[tokio::test]
async fn a_new_manager_comes_with_permissions_in_one_request() {
    let mut world = world().await;
    let fields = "roles: [manager]\n  entitlements: [{type: permission, name: project_creator}]";
    world.grants(&staff(&["ana"], fields));
    world.work().await;
    assert_eq!(access_of(&world, "ana"), ["manager", "project_creator"]);
    assert_eq!(world.vendor.mutations(), 1);
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn a_permission_for_anybody_but_a_manager_is_refused_alone() {
    let mut world = world().await;
    let permission = "entitlements: [{type: permission, name: project_creator}]";
    seed(&world, "joel");
    world.grants(&format!(
        "{}{}",
        grant("wrong", &["ana", "joel"], permission),
        grant("right", &["ana", "joel"], "entitlements: [{type: business-role, name: Designer}]")
    ));
    let report = world.work().await;
    for name in ["ana", "joel"] {
        let done = report.done.iter();
        let refused = done.filter(|done| *done.change.slot.kind == *"permission" && *done.change.label == *mail(name));
        for done in refused.filter(|done| done.change.action.as_str() == "grant") {
            assert!(
                matches!(&done.outcome, Outcome::Failed { message, .. } if message.contains("`manager`")),
                "{done:?}"
            );
        }
        assert_eq!(
            (access_of(&world, name), seen(&world, name).roles),
            (vec!["member".to_owned()], names(["Designer"]))
        );
    }
}

#[tokio::test]
async fn roles_and_permissions_that_harvest_lacks_are_refused_with_a_word_on_what_there_is() {
    let mut world = world().await;
    world.grants(&format!(
        "{}{}{}{}",
        grant("right", &["ana"], "roles: [member]"),
        grant("role", &["joel"], "roles: [emperor]"),
        grant("permission", &["kim"], "entitlements: [{type: permission, name: people_manager}]"),
        grant("group", &["lea"], "groups: [Studio]"),
    ));
    let report = world.work().await;
    assert!(seen(&world, "ana").active);
    let problems = report.look.desired.reports.values().flat_map(|report| &report.problems);
    let problems: Vec<String> =
        problems.chain(&report.look.plan.problems).map(|problem| problem.message.clone()).collect();
    for words in [["emperor", "administrator"], ["people_manager", "permission"], ["Studio", "business-role"]] {
        assert!(problems.iter().any(|said| words.iter().all(|word| said.contains(word))), "{words:?} in {problems:?}");
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let mut world = world().await;
    let ana = seed(&world, "ana");
    world.vendor.edit(|state| {
        state.set_access(ana, &["administrator"]);
    });
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, keepAtLeast: [{role: administrator, count: 2}]}");
    world.grants(&staff(&["ana"], "roles: [administrator]"));
    world.work().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    settle(&world).await;
    assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: LastAdmin"]);
    assert_eq!(access_of(&world, "ana"), ["administrator"]);
}

#[tokio::test]
async fn holders_of_a_business_role_who_are_not_ours_stay() {
    let mut world = world().await;
    let stranger = seed(&world, "stranger");
    for name in ["ana", "joel"] {
        seed(&world, name);
    }
    world.vendor.edit(|state| state.add_role("Designer", &[stranger]));
    let designer = "entitlements: [{type: business-role, name: Designer}]";
    world.grants(&staff(&["ana", "joel"], designer));
    world.vendor.clear_requests();
    world.work().await;
    assert_eq!(world.vendor.mutations(), 1, "both in one request");
    assert_eq!(world.vendor.snapshot().roles["Designer"].len(), 3);

    let both = format!("{}{}", staff(&["ana"], designer), grant("bare", &["joel"], "reason: moved"));
    world.grants(&both);
    settle(&world).await;
    assert_eq!(story(&world.work().await), ["revoke joel@birch.example.com business-role Designer: applied"]);
    assert_eq!(
        world.vendor.snapshot().roles["Designer"],
        names(["ana@birch.example.com", "stranger@birch.example.com"])
    );
}

#[tokio::test]
async fn a_holder_whom_somebody_adds_meanwhile_is_not_lost() {
    let mut world = world().await;
    let (late, role) = (seed(&world, "late"), world.vendor.edit(|state| state.add_role("Designer", &[])));
    seed(&world, "ana");
    world.grants(&staff(&["ana"], "entitlements: [{type: business-role, name: Designer}]"));
    let (fault, mut gate) = appaccess::sim::service::Fault::held();
    world.vendor.fault(fault.on_path(&format!("/v2/roles/{role}")).reads());
    let pass = world.work();
    let meanwhile = async {
        assert!(gate.reached(1).await);
        world.vendor.edit(|state| state.hold_role(role, late));
        gate.open();
    };
    let (report, ()) = futures::join!(pass, meanwhile);
    assert_eq!(story(&report), ["grant ana@birch.example.com business-role Designer: applied"]);
    assert_eq!(world.vendor.snapshot().roles["Designer"], names(["ana@birch.example.com", "late@birch.example.com"]));
}

#[tokio::test]
async fn a_business_role_is_not_made_beside_one_in_other_letters() {
    let mut world = world().await;
    world.vendor.edit(|state| state.add_role("Designer", &[]));
    world.grants(&staff(&["ana"], "entitlements: [{type: business-role, name: designer}]"));
    let report = world.work().await;
    assert_eq!(world.vendor.snapshot().roles.keys().collect::<Vec<_>>(), ["Designer"]);
    let told = report.done.iter().find(|done| done.change.person.is_none()).unwrap();
    assert!(matches!(&told.outcome, Outcome::Failed { message, .. } if message.contains("`Designer`")), "{told:?}");
    assert!(seen(&world, "ana").active);
}

#[tokio::test]
async fn names_in_any_script_and_ids_in_any_form_are_kept() {
    let mut world = world().await;
    world.vendor.edit(|state| {
        state.habits.ids_as_texts = true;
        state.habits.unknown_fields = true;
    });
    seed(&world, "ana");
    let role = "entitlements: [{type: business-role, name: \"Дизайн 🎨\"}]";
    world.grants(&staff(&["ana", "joel"], role));
    world.work().await;
    assert_eq!(world.vendor.snapshot().roles["Дизайн 🎨"], names(["ana@birch.example.com", "joel@birch.example.com"]));
    world.vendor.edit(|state| state.habits.ids_as_texts = false);
    assert_eq!(story(&world.work().await), [""; 0]);
}
