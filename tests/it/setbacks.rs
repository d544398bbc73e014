//! What went wrong before does not widen what may go next: restored backups, and answers that nobody wrote down.

use appaccess::{
    load,
    sim::scim::Fault,
    sync::{AppResult, Declared, Report, read_directories},
};
use appaccess_core::access::ObjectName;
use jiff::SignedDuration;

use crate::support::{
    crash::{Switch, mortal_pass},
    installation::{APP, Installation, story},
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn app() -> ObjectName {
    ObjectName::parse(APP).unwrap()
}

fn staff(people: &[&str]) -> String {
    let subjects: Vec<String> = people.iter().map(|name| format!("{{user: {name}@birch.example.com}}")).collect();
    format!("- name: staff\n  subjects: [{}]", subjects.join(", "))
}

fn holds(report: &Report) -> Vec<String> {
    story(report).into_iter().filter(|line| line.ends_with("ApprovalRequired")).collect()
}

impl Installation {
    /// One pass as the operator makes it, over an object whose status shows this number; the number that its status shows
    /// after it.
    async fn shown(&self, status: u64) -> (Report, u64) {
        let loaded = self.load();
        let readings = read_directories(&loaded, Some(&self.store), self.now()).await.unwrap();
        let world = load::world(&loaded, &readings);
        let declared = Declared { loaded: &loaded, world: &world };
        let object = &loaded.target_apps[&app()].object;
        let result = self.fleet.pass_one(declared, &self.writer, &app(), object, &self.options, Some(status)).await;
        let AppResult::Worked(report) = result else { panic!("the pass did not work: {result:?}") };
        self.writer.note_status_sequence(&app(), report.memory.sequence).await.unwrap();
        let sequence = report.memory.sequence;
        (*report, sequence)
    }

    /// Whether the store still knows that something went back in time.
    async fn is_restored(&self) -> bool {
        self.store.memory(&app(), self.now()).await.unwrap().restored
    }
}

/// Four people, and a number in the status that agrees with the store.
async fn four() -> (Installation, u64) {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 5m, maxRemovals: {people: 3, percent: 0}}");
    world.grants(&staff(&["a", "b", "c", "d"]));
    let (_, status) = world.shown(0).await;
    assert_eq!(status, world.store.memory(&app(), world.now()).await.unwrap().sequence, "all that was journalled");
    (world, status)
}

/// From the first pass over this number in the status on, removals wait for one decision, and later ones do not.
async fn removals_wait_for_one_decision(mut world: Installation, status: u64) {
    let (first, status) = world.shown(status).await;
    assert_eq!(story(&first), [""; 0]);
    world.grants(&staff(&["a", "b", "c"]));
    let (settling, status) = world.shown(status).await;
    assert_eq!(story(&settling), ["suspend d@birch.example.com: pending"]);
    world.wait(MINUTE * 6);
    let (_, status) = world.shown(status).await;
    let (held, status) = world.shown(status).await;
    assert_eq!(holds(&held), ["suspend d@birch.example.com: ApprovalRequired"]);
    assert_eq!(world.active().len(), 4);
    let writes = world.store.writes();
    world.shown(status).await;
    assert_eq!(world.store.writes(), writes, "what is known is not written again");

    world.approve(&held.look.plan.hold.unwrap().digest);
    let (_, status) = world.shown(status).await;
    assert_eq!(world.active().len(), 3);
    assert!(!world.is_restored().await);
    world.grants(&staff(&["a", "b"]));
    world.shown(status).await;
    world.wait(MINUTE * 6);
    world.work().await;
    assert_eq!(world.active().len(), 2, "it was decided");
}

#[tokio::test]
async fn s13_a_store_that_was_restored_from_a_backup_makes_removals_wait_in_every_pass() {
    let (world, status) = four().await;
    Box::pin(removals_wait_for_one_decision(world, status + 15)).await;
}

#[tokio::test]
async fn s13_a_cluster_that_was_restored_from_a_backup_makes_removals_wait_in_every_pass() {
    let (world, status) = four().await;
    Box::pin(removals_wait_for_one_decision(world, status - 1)).await;
}

#[tokio::test]
async fn s13_what_settled_when_the_store_was_restored_waits_too() {
    let (mut world, status) = four().await;
    world.grants(&staff(&["a", "b", "c"]));
    let (_, status) = world.shown(status).await;
    let (settling, status) = world.shown(status + 15).await;
    assert_eq!(story(&settling), ["suspend d@birch.example.com: pending"]);
    world.wait(MINUTE * 6);
    let (held, _) = world.shown(status).await;
    assert_eq!(holds(&held), ["suspend d@birch.example.com: ApprovalRequired"]);
    assert_eq!(world.active().len(), 4);
}

#[tokio::test]
async fn s13_a_pass_that_fails_has_noted_the_restored_backup_all_the_same() {
    let (world, status) = four().await;
    world.vendor.fault(Fault::status(500).times(u32::MAX));
    let loaded = world.load();
    let readings = read_directories(&loaded, Some(&world.store), world.now()).await.unwrap();
    let declared = load::world(&loaded, &readings);
    let declared = Declared { loaded: &loaded, world: &declared };
    let object = &loaded.target_apps[&app()].object;
    let failed = world.fleet.pass_one(declared, &world.writer, &app(), object, &world.options, Some(status + 15)).await;
    assert!(matches!(failed, AppResult::Failed(_)), "{failed:?}");
    assert!(world.is_restored().await);
}

/// Six people, of whom two may go a day, and two have just settled.
async fn two_go() -> Installation {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 2, percent: 0}}");
    world.grants(&staff(&["a", "b", "c", "d", "e", "f"]));
    world.work().await;
    world.grants(&staff(&["c", "d", "e", "f"]));
    world.work().await;
    world.wait(MINUTE);
    world
}

#[tokio::test]
async fn s3_a_removal_whose_answer_was_lost_takes_its_part_of_the_budget() {
    let world = two_go().await;
    let switch = Switch::new(None);
    mortal_pass(&world, &switch).await.expect("nothing ends it").unwrap();
    assert_eq!(world.active().len(), 4);
    for step in 0..switch.steps() {
        let mut world = two_go().await;
        assert!(mortal_pass(&world, &Switch::new(Some(step))).await.is_none(), "step {step} is reached");
        world.work().await;
        world.work().await;
        assert_eq!(world.active().len(), 4, "after an end at step {step}");
        world.grants(&staff(&["d", "e", "f"]));
        world.work().await;
        world.wait(MINUTE);
        let report = world.work().await;
        assert_eq!(story(&report), ["suspend c@birch.example.com: ThresholdExceeded"], "after an end at step {step}");
        world.wait(SignedDuration::from_hours(24));
        world.work().await;
        assert_eq!(world.active().len(), 3, "a day later, after an end at step {step}");
    }
}

#[tokio::test]
async fn s3_a_removal_that_an_app_carried_out_and_denied_takes_its_part_of_the_budget() {
    let mut world = two_go().await;
    world.vendor.fault(Fault::after_commit(500).on_path("/Users/"));
    world.pass().await;
    world.work().await;
    world.work().await;
    assert_eq!(world.active().len(), 4);
    world.grants(&staff(&["d", "e", "f"]));
    world.work().await;
    world.wait(MINUTE);
    assert_eq!(story(&world.work().await), ["suspend c@birch.example.com: ThresholdExceeded"]);
}
