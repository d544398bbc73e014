//! What is read, and that reading changes nothing.

use appaccess_core::access::AccountState;

use crate::contract::{
    Stand,
    world::{World, mail},
};

pub(in crate::contract) async fn a_plan_sends_nothing_that_changes<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("old"));
    world.claim(&["ana"], &[S::STUDIO]);
    world.forget_requests();
    let report = world.on.plan().await;
    assert_eq!(world.mutations(), 0);
    assert_eq!(report.look.plan.counts.missing, 1);
    assert!(world.reads() > 0);
    assert_eq!(report.calls.reads, world.reads(), "every request is counted");
}

pub(in crate::contract) async fn observe_sends_nothing_that_changes<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("old"));
    world.spec("mode: Observe");
    world.claim(&["ana"], &[S::STUDIO]);
    world.forget_requests();
    let report = world.pass().await;
    assert_eq!(world.mutations(), 0);
    assert!(report.done.iter().all(|done| !done.change.permitted));
    assert!(world.seen("ana").is_none());
}

pub(in crate::contract) async fn the_reading_is_complete_and_tells_everybody<S: Stand>() {
    let world = World::<S>::new().await;
    world.stand().seed_many(7);
    let report = world.on.plan().await;
    assert!(report.look.observation.is_complete(), "{:?}", report.look.observation.completeness);
    for (who, seen) in world.stand().people() {
        let told = report.look.observation.accounts.iter().find(|account| *account.id.0 == *seen.id);
        let told = told.unwrap_or_else(|| panic!("{who} is not told"));
        assert_eq!(told.state, seen.state, "{who}");
    }
}

pub(in crate::contract) async fn ten_thousand_accounts_are_read_whole<S: Stand>() {
    let world = World::<S>::new().await;
    world.stand().seed_many(10_000);
    let all = world.stand().people().len();
    let report = world.on.plan().await;
    assert!(report.look.observation.is_complete(), "{:?}", report.look.observation.completeness);
    assert_eq!(report.look.observation.accounts.len(), all);
}

pub(in crate::contract) async fn ids_and_unknown_fields_in_any_form_are_read<S: Stand>() {
    let mut world = World::<S>::new().await;
    let id = world.stand().seed(&mail("ana"));
    world.stand().answer_strangely();
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    assert_eq!(world.seen("ana").unwrap().id, id);
    assert!(world.holds("ana", &S::STUDIO) && world.holds("joel", &S::STUDIO));
    world.forget_requests();
    world.pass().await;
    assert_eq!(world.mutations(), 0);
}

pub(in crate::contract) async fn names_in_any_script_are_kept<S: Stand>() {
    let mut world = World::<S>::new().await;
    // Addresses beyond ASCII are not everywhere; names are.
    let text = "- name: staff\n  subjects:\n    - {user: zoe@birch.example.com, name: {given: Zoë, family: Żółć}}\n    - \
                {user: li@birch.example.com, name: {given: 小龙, family: 李}}";
    let least = S::AT_LEAST.map_or_else(String::new, |least| {
        let level = least.level.map(|level| format!(", level: {level}")).unwrap_or_default();
        format!("\n  entitlements: [{{type: {}, name: {}{level}}}]", least.kind, least.name)
    });
    world.on.grants(&format!("{text}{least}"));
    world.settle().await;
    world.everybody_accepts().await;
    assert!(world.is_in("zoe") && world.is_in("li"));
    world.forget_requests();
    let report = world.pass().await;
    assert_eq!(world.mutations(), 0, "{:?}", report.done);
    assert!(world.stand().people().values().all(|seen| seen.state == AccountState::Active));
}
