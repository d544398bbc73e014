//! Newcomers, adoption, silence, and what it costs in requests.

use appaccess_core::access::AccountState;

use crate::{
    contract::{
        Stand,
        world::{Grant, World, mail},
    },
    support::installation::story,
};

pub(in crate::contract) async fn a_declared_person_gets_an_account<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    assert!(world.is_in("ana"));
    world.everybody_accepts().await;
    assert_eq!(world.seen("ana").unwrap().state, AccountState::Active);
    assert!(world.holds("ana", &S::STUDIO), "{:?}", world.seen("ana"));
}

pub(in crate::contract) async fn a_person_who_was_invited_is_not_invited_again<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    assert_eq!(world.seen("ana").unwrap().state, AccountState::Invited);
    for _ in 0..3 {
        world.forget_requests();
        let report = world.pass().await;
        assert_eq!(world.mutations(), 0, "{:?}", story(&report));
        assert_eq!(report.look.plan.counts.invited, 1);
        assert_eq!(report.look.plan.counts.missing, 0);
    }
    // Not even by a process that remembers nothing.
    world.on.forget().await;
    world.on.restart();
    world.forget_requests();
    world.pass().await;
    assert_eq!(world.mutations(), 0);
}

pub(in crate::contract) async fn an_account_that_exists_is_adopted_not_made_again<S: Stand>() {
    let mut world = World::<S>::new().await;
    let id = world.stand().seed(&mail("ana"));
    let before = world.stand().people().len();
    world.claim(&["ana"], &[]);
    world.forget_requests();
    let report = world.settle().await;
    assert_eq!(world.mutations(), 0, "{:?}", story(&report));
    assert_eq!(world.seen("ana").unwrap().id, id);
    assert_eq!(world.stand().people().len(), before);
    assert_eq!(report.look.plan.counts.in_sync, 1);
}

pub(in crate::contract) async fn an_address_in_other_letters_is_the_same_person<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed("Ana@Birch.Example.com");
    let before = world.stand().people().len();
    world.claim(&["ana"], &[]);
    world.settle().await;
    assert_eq!(world.stand().people().len(), before, "nobody was made");
}

pub(in crate::contract) async fn a_second_pass_is_silent<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    world.pass().await;
    world.forget_requests();
    let written = world.on.store.writes();
    let report = world.pass().await;
    assert_eq!(world.mutations(), 0, "{:?}", story(&report));
    assert_eq!(story(&report), [""; 0]);
    assert_eq!(world.on.store.writes(), written, "a quiet pass writes nothing");
    assert!(report.look.plan.is_in_sync());
}

pub(in crate::contract) async fn a_steady_pass_takes_its_floor_of_calls<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana", "joel", "kim"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    world.pass().await;
    world.forget_requests();
    let report = world.pass().await;
    assert_eq!((world.reads(), world.mutations()), (S::FLOOR.steady_reads, 0));
    assert_eq!(report.calls.reads, S::FLOOR.steady_reads);
}

pub(in crate::contract) async fn newcomers_take_their_floor_of_calls<S: Stand>() {
    for people in [1_u64, 2, 5] {
        let mut world = World::<S>::new().await;
        // What the first claim of a group costs is the same for any number of people.
        world.claim(&["founder"], &[S::STUDIO]);
        world.settle().await;
        world.everybody_accepts().await;
        let names: Vec<String> = (0..people).map(|number| format!("new{number}")).collect();
        let mut everybody: Vec<&str> = names.iter().map(String::as_str).collect();
        everybody.push("founder");
        world.claim(&everybody, &[S::STUDIO]);
        world.forget_requests();
        let mut writes = 0;
        // Where a membership has to wait for an invitation, it is the next pass that gives it.
        for _ in 0..2 {
            world.settle().await;
            writes += world.mutations();
            world.stand().accept_invitations();
            world.forget_requests();
        }
        assert!(names.iter().all(|name| world.holds(name, &S::STUDIO)));
        assert_eq!(writes, (S::FLOOR.newcomers_writes)(people), "{people} newcomers");
    }
}

pub(in crate::contract) async fn an_entitlement_is_given_and_taken<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("ana"));
    world.claim(&["ana"], &[]);
    world.settle().await;
    assert!(!world.holds("ana", &S::STUDIO));

    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    assert!(world.holds("ana", &S::STUDIO));

    world.claim(&["ana"], &[]);
    world.settle().await;
    assert!(world.holds("ana", &S::STUDIO), "a withdrawn claim settles first");
    world.wait_to_settle();
    world.settle().await;
    assert!(!world.holds("ana", &S::STUDIO));
    assert!(world.is_in("ana"));
}

pub(in crate::contract) async fn a_value_goes_up_and_down<S: Stand>() {
    let (low, high) = S::LOW_AND_HIGH.expect("it is only asked of those with values");
    let mut world = World::<S>::new().await;
    for name in ["ana", "boss"] {
        world.stand().seed(&mail(name));
    }
    // So that it is not the last one who goes down.
    world.stand().give(&mail("boss"), high);
    world.claim(&["ana"], &[low]);
    world.settle().await;
    assert!(!world.holds("ana", &high));

    world.claim(&["ana"], &[high]);
    world.settle().await;
    assert!(world.holds("ana", &high), "{:?}", world.seen("ana"));

    world.claim(&["ana"], &[low]);
    world.settle().await;
    assert!(world.holds("ana", &high), "a lower value settles first");
    world.wait_to_settle();
    world.settle().await;
    assert!(!world.holds("ana", &high), "{:?}", world.seen("ana"));
    assert!(world.is_in("ana"));
}

pub(in crate::contract) async fn somebody_moves_from_one_entitlement_to_another<S: Stand>() {
    let mut world = World::<S>::new().await;
    for name in ["ana", "joel"] {
        world.stand().seed(&mail(name));
    }
    let grants = |moved: bool| {
        let ana = if moved { S::PAYROLL } else { S::STUDIO };
        [("ana", ana), ("joel", S::PAYROLL)]
    };
    for moved in [false, true] {
        let wanted = grants(moved);
        let grants: Vec<Grant<'_>> = wanted
            .iter()
            .map(|(name, wanted)| Grant {
                name,
                people: std::slice::from_ref(name),
                wanted: std::slice::from_ref(wanted),
            })
            .collect();
        world.grants(&grants);
        world.settle().await;
        world.wait_to_settle();
        world.settle().await;
    }
    assert!(world.holds("ana", &S::PAYROLL) && !world.holds("ana", &S::STUDIO), "{:?}", world.seen("ana"));
    assert!(world.holds("joel", &S::PAYROLL));
}
