//! A process that ends anywhere: the next one observes, finishes the work, and does nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use appaccess::sim::scim::Snapshot;
use appaccess_core::access::{Edge, ObjectName};
use jiff::SignedDuration;

use crate::support::{
    crash::{Switch, mortal_pass},
    installation::{APP, Installation, story},
};

/// More passes than this are not needed after any crash.
const RECOVERY: usize = 4;

/// People by immutable id, mail and whether they are still there, and the grants.
struct Declared {
    people: &'static [(&'static str, &'static str, bool)],
    grants: &'static str,
}

impl Declared {
    fn declare(&self, world: &mut Installation) {
        let people: Vec<String> = self
            .people
            .iter()
            .map(|(id, user, active)| format!("        - {{id: \"{id}\", user: {user}, active: {active}}}\n"))
            .collect();
        world.grants(self.grants);
        world.add(&format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people:\n{}  domains: [birch.example.com]\n  leavers: Act\n",
            people.concat()
        ));
    }
}

const FIRST: Declared = Declared {
    people: &[
        ("1", "ana@birch.example.com", true),
        ("2", "joel@birch.example.com", true),
        ("3", "lea@birch.example.com", true),
        ("4", "max@birch.example.com", true),
    ],
    grants: "- name: staff\n  subjects: [{user: ana@birch.example.com}, {user: joel@birch.example.com}, {user: lea@birch.example.com}, {user: max@birch.example.com}]\n  groups: [Studio, Desk]",
};

/// Ana has another address and a role, Joel is out of a group, Lea has left, Max is withdrawn, Zoe has come.
const SECOND: Declared = Declared {
    people: &[
        ("1", "anna@birch.example.com", true),
        ("2", "joel@birch.example.com", true),
        ("3", "lea@birch.example.com", false),
        ("4", "max@birch.example.com", true),
        ("5", "zoe@birch.example.com", true),
    ],
    grants: "- name: staff\n  subjects: [{user: anna@birch.example.com}, {user: joel@birch.example.com}, {user: lea@birch.example.com}, {user: zoe@birch.example.com}]\n  groups: [Studio]\n\
             - name: desk\n  subjects: [{user: anna@birch.example.com}]\n  groups: [Desk]\n  roles: [editor]",
};

async fn new_world() -> Installation {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 50}}");
    world
}

async fn before_the_first_sync() -> Installation {
    let mut world = new_world().await;
    FIRST.declare(&mut world);
    world
}

async fn before_many_changes() -> Installation {
    let mut world = before_the_first_sync().await;
    world.work().await;
    SECOND.declare(&mut world);
    world.vendor.clear_requests();
    world.pass().await;
    world.wait(SignedDuration::from_mins(1));
    world
}

/// How a world ends: what the vendor holds, without its ids, and what is ours.
type End =
    (BTreeMap<String, (bool, Option<String>, BTreeSet<String>)>, BTreeMap<String, BTreeSet<String>>, BTreeSet<Edge>);

async fn end(world: &Installation) -> End {
    let Snapshot { users, groups } = world.vendor.snapshot();
    let users = users.into_iter().map(|(name, user)| (name, (user.active, user.external_id, user.roles))).collect();
    let memory = world.store.memory(&ObjectName::parse(APP).unwrap(), world.now()).await.unwrap();
    (users, groups, memory.inventory.into_keys().collect())
}

/// The steps of a pass without a fault, the changes that it asked for, and the end.
async fn reference(world: &Installation) -> (usize, u64, End) {
    let switch = Switch::new(None);
    let report = mortal_pass(world, &switch).await.expect("nothing ends it").unwrap();
    assert!(report.look.plan.is_in_sync(), "{:#?}", story(&report));
    let quiet = world.work().await;
    assert!(quiet.look.plan.is_in_sync(), "{:#?}", story(&quiet));
    (switch.steps(), world.vendor.mutations(), end(world).await)
}

async fn recovers(world: &Installation) {
    for _ in 0..RECOVERY {
        if world.work().await.look.plan.is_in_sync() {
            return;
        }
    }
    panic!("the work is not finished: {:#?}", world.work().await.look.plan.changes);
}

/// Ends the process at every step in turn.
async fn survives_every_end(prepare: impl AsyncFn() -> Installation) {
    let world = prepare().await;
    world.vendor.clear_requests();
    let (steps, mutations, wanted) = Box::pin(reference(&world)).await;
    assert!(steps > 10, "{steps} steps are too few to be all");
    for step in 0..steps {
        let world = prepare().await;
        world.vendor.clear_requests();
        assert!(mortal_pass(&world, &Switch::new(Some(step))).await.is_none(), "step {step} of {steps} is reached");
        recovers(&world).await;
        assert_eq!(end(&world).await, wanted, "after an end at step {step} of {steps}");
        assert_eq!(world.vendor.mutations(), mutations, "step {step} of {steps}: {:#?}", world.vendor.requests());
        let quiet = world.work().await;
        assert_eq!(quiet.calls.writes, 0, "step {step} of {steps}");
        let open = world.store.unfinished(&ObjectName::parse(APP).unwrap()).await.unwrap();
        assert!(open.is_empty(), "step {step} of {steps}: every intent has its result line, {open:#?}");
    }
}

#[tokio::test]
async fn a_first_sync_that_ends_anywhere_is_finished_and_makes_no_second_account() {
    Box::pin(survives_every_end(before_the_first_sync)).await;
}

#[tokio::test]
async fn changes_and_removals_that_end_anywhere_are_finished_and_not_made_twice() {
    Box::pin(survives_every_end(before_many_changes)).await;
}
