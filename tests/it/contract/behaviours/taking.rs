//! Leavers, withdrawals, returns, and who is never touched.

use appaccess_core::{access::AccountState, plan::HeldReason};

use crate::{
    contract::{
        Stand,
        world::{World, mail},
    },
    support::installation::story,
};

pub(in crate::contract) async fn an_unknown_account_is_left_alone<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("stranger"));
    world.stand().give(&mail("stranger"), S::STUDIO);
    let before = world.seen("stranger");
    world.claim(&["ana"], &[S::STUDIO]);
    let report = world.settle().await;
    world.everybody_accepts().await;
    world.wait_to_settle();
    world.settle().await;
    assert_eq!(world.seen("stranger"), before);
    assert!(report.look.plan.drift.iter().any(|drift| *drift.label == *mail("stranger")), "it is told");
}

pub(in crate::contract) async fn the_credentials_own_account_is_never_touched<S: Stand>() {
    let mut world = World::<S>::new().await;
    let own = world.stand().own_account().expect("it is only asked of those with an account");
    let before = world.stand().people().remove(&own);
    assert!(before.is_some());
    world.spec(
        "mode: Full\nunmanaged:\n  unknown: {action: Suspend}\n  orphan: {action: Suspend}\n  service: {action: \
         Suspend}\nsafety:\n  approveFirst: false\n  maxRemovals: {people: 1000}\n  approve: []",
    );
    world.stand().seed(&mail("stranger"));
    world.claim(&["ana"], &[S::STUDIO]);
    world.pass().await;
    world.wait_to_settle();
    world.pass().await;
    assert_eq!(world.stand().people().remove(&own), before);
    assert!(!world.is_in("stranger"), "others go, as the policy says");
}

pub(in crate::contract) async fn a_leaver_is_out_in_one_pass_at_its_floor_of_calls<S: Stand>() {
    let mut world = World::<S>::new().await;
    for name in ["ana", "joel"] {
        world.stand().seed(&mail(name));
    }
    world.claim_of_directory(&["ana", "joel"], &[], &[S::STUDIO]);
    world.settle().await;
    world.claim_of_directory(&["ana", "joel"], &["joel"], &[S::STUDIO]);
    world.forget_requests();
    let report = world.settle().await;
    assert!(!world.is_in("joel"), "{:?}", story(&report));
    assert!(world.is_in("ana") && world.holds("ana", &S::STUDIO));
    assert_eq!(world.mutations(), S::FLOOR.leaver_writes, "{:?}", world.stand().server().requests());
    world.forget_requests();
    world.settle().await;
    assert_eq!(world.mutations(), 0);
}

pub(in crate::contract) async fn a_withdrawn_person_is_out_after_settling<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    assert!(world.is_in("joel"), "it settles first");
    world.wait_to_settle();
    let report = world.settle().await;
    assert!(!world.is_in("joel"), "{:?}", story(&report));
    assert!(world.is_in("ana"));
}

pub(in crate::contract) async fn whoever_comes_back_gets_the_same_account<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("joel"));
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    let before = world.seen("joel").unwrap();
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    world.wait_to_settle();
    world.settle().await;
    assert!(!world.is_in("joel"));

    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    let after = world.seen("joel").unwrap();
    assert_eq!(after.id, before.id);
    assert_eq!(after.state, AccountState::Active);
    assert!(world.holds("joel", &S::STUDIO), "{after:?}");
}

pub(in crate::contract) async fn a_delete_that_the_vendor_lacks_becomes_a_suspension<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.spec(
        "mode: Full\noffboarding: {withdrawn: {action: Delete}}\nsafety:\n  approveFirst: false\n  maxRemovals: \
         {people: 1000}\n  approve: []",
    );
    world.stand().seed(&mail("joel"));
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    world.wait_to_settle();
    world.settle().await;
    assert!(!world.is_in("joel"), "gone or suspended: nobody can log in");
    world.forget_requests();
    world.settle().await;
    assert_eq!(world.mutations(), 0, "it is not tried again and again");
}

pub(in crate::contract) async fn a_new_address_in_the_app_keeps_the_account<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("ana"));
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    let before = world.seen("ana").unwrap();
    let all = world.stand().people().len();
    world.stand().change_mail(&mail("ana"), "ana.married@birch.example.com");
    world.pass().await;
    let people = world.stand().people();
    assert_eq!(people.len(), all, "nobody was made");
    let same: Vec<_> = people.values().filter(|seen| seen.id == before.id).collect();
    assert!(matches!(same.as_slice(), [seen] if seen.state == AccountState::Active), "{same:?}");
}

pub(in crate::contract) async fn the_last_holder_of_the_highest_role_stays<S: Stand>() {
    let (low, high) = S::LOW_AND_HIGH.expect("it is only asked of those with values");
    let mut world = World::<S>::new().await;
    let keep = format!(
        "mode: Full\nsafety:\n  approveFirst: false\n  maxRemovals: {{people: 1000}}\n  keepAtLeast: [{{role: {}, \
         count: 100}}]",
        high.name
    );
    world.spec(&keep);
    world.stand().seed(&mail("ana"));
    world.claim(&["ana"], &[high]);
    world.settle().await;
    assert!(world.holds("ana", &high));
    world.claim(&["ana"], &[low]);
    world.pass().await;
    world.wait_to_settle();
    let report = world.pass().await;
    assert!(world.holds("ana", &high));
    assert!(report.done.iter().any(|done| done.change.held == Some(HeldReason::LastAdmin)), "{:?}", story(&report));
}
