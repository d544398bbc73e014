//! What never happens, rule by rule, where the whole pass is needed to show it.

use appaccess::{
    sim::scim::{Dialect, Fault, Server},
    store::JournalFilter,
    sync::{AppReport, AppResult, Report},
};
use appaccess_core::{
    access::{Edge, Mail, ObjectName, PersonKey, Slot},
    plan::Outcome,
};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::support::{
    installation::{APP, Installation, names, story},
    wait::eventually,
};

/// People in a group.
fn staff(people: &[&str]) -> String {
    let subjects: Vec<String> = people.iter().map(|name| format!("{{user: {name}@birch.example.com}}")).collect();
    format!("- name: staff\n  subjects: [{}]\n  groups: [Studio]", subjects.join(", "))
}

fn app() -> ObjectName {
    ObjectName::parse(APP).unwrap()
}

fn failed(report: AppReport) -> String {
    match report.result {
        AppResult::Failed(failure) | AppResult::Stalled(failure) => failure.reason,
        other => panic!("it was to fail: {other:?}"),
    }
}

fn worked(report: AppReport) -> Report {
    match report.result {
        AppResult::Worked(report) => *report,
        other => panic!("it was to work: {other:?}"),
    }
}

/// Another process takes the lease.
async fn somebody_else_becomes_writer(world: &Installation) {
    world.store.become_writer("test", world.now(), SignedDuration::from_hours(1)).await.unwrap();
}

#[tokio::test]
async fn s6_a_writer_that_lost_its_lease_while_it_was_reading_sends_nothing() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel"]));
    let (fault, mut gate) = Fault::held();
    world.vendor.fault(fault.on_path("/Users").reads());
    let (report, ()) = tokio::join!(world.pass(), async {
        assert!(gate.reached(1).await);
        somebody_else_becomes_writer(&world).await;
        gate.open();
    });
    assert_eq!(failed(report), "WriterLost");
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn s6_a_writer_that_lost_its_lease_in_the_middle_sends_no_further_change() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel", "lea"]));
    let (fault, mut gate) = Fault::held();
    world.vendor.fault(fault.mutations());
    let (report, ()) = tokio::join!(world.pass(), async {
        assert!(gate.reached(1).await);
        somebody_else_becomes_writer(&world).await;
        gate.open();
    });
    assert_eq!(failed(report), "WriterLost");
    assert_eq!(world.vendor.mutations(), 1, "only the one under way");
}

#[tokio::test]
async fn s7_every_mutation_has_a_journal_line_before_and_after() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel", "lea"]));
    world.vendor.fault(Fault::status(400).on_path("/Users").mutations().after(1));
    let (fault, mut gate) = Fault::held();
    world.vendor.fault(fault.on_path("/Groups").mutations());
    let (report, ()) = tokio::join!(world.work(), async {
        assert!(gate.reached(1).await);
        let open = world.store.unfinished(&app()).await.unwrap();
        let told: Vec<&str> = open.iter().map(|line| line.intent.action.as_str()).collect();
        assert_eq!(told, ["grant", "grant", "create"], "the group and its members are announced before the request");
        gate.open();
    });
    let lines = world.store.journal(&JournalFilter::default()).await.unwrap();
    assert!(lines.iter().all(|line| line.results.len() == 1), "{lines:#?}");
    let refused = lines.iter().filter(|line| &*line.results[0].outcome == "failed");
    assert!(refused.into_iter().all(|line| line.results[0].error.is_some()));
    let sent = report.done.iter().filter(|done| !matches!(done.outcome, Outcome::Skipped | Outcome::Pending)).count();
    assert_eq!(lines.len(), sent, "{:#?}", story(&report));
    assert_eq!(world.vendor.mutations(), 3 + 1);
}

#[tokio::test]
async fn s8_observe_suspend_and_plan_send_no_mutation() {
    for spec in ["mode: Observe", "mode: Full\nsuspend: true"] {
        let mut world = Installation::new().await;
        world.grants(&staff(&["ana", "joel"]));
        world.work().await;
        world.app(spec);
        world.grants(&staff(&["ana", "zoe"]));
        world.vendor.edit(|state| {
            let ana = state.user_id("ana@birch.example.com").unwrap();
            state.set(&ana, "active", serde_json::Value::Bool(false));
        });
        world.vendor.clear_requests();
        world.pass().await;
        world.wait(SignedDuration::from_hours(24));
        world.pass().await;
        assert_eq!(world.vendor.mutations(), 0, "{spec}");
        world.app("mode: Full");
        let planned = world.plan().await;
        assert!(planned.look.plan.to_be_sent().count() > 0);
        assert_eq!(world.vendor.mutations(), 0, "a plan");
    }
}

/// A second app in the same installation, of which somebody is in.
fn second_app(name: &str, base: &str) -> String {
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: {name}, namespace: access}}\nspec:\n  \
         connector: {{scim: {{baseUrl: \"{base}\"}}}}\n  mode: Full\n  credentials: {{secretRef: {{name: token}}}}\n---\n\
         apiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata: {{name: {name}, namespace: access}}\nspec:\n  \
         appRef: {{name: {name}}}\n  grants: [{{name: staff, subjects: [{{user: ana@birch.example.com}}]}}]\n"
    )
}

#[tokio::test]
async fn s10_one_bad_app_delays_no_other() {
    let mut world = Installation::new().await;
    let slow = Server::start(Dialect::default()).await.unwrap();
    let (fault, mut gate) = Fault::held();
    slow.fault(fault.times(1000));
    world.grants(&staff(&["ana", "joel"]));
    // It comes first by name.
    world.add(&second_app("a-slow-one", slow.base_url()));
    let (reports, ()) = tokio::join!(world.pass_all(), async {
        assert!(gate.reached(1).await);
        eventually("the other app is done", async || (world.members("Studio").len() == 2).then_some(())).await;
        assert_eq!(slow.mutations(), 0);
        gate.open();
    });
    assert!(reports.into_iter().map(worked).all(|report| report.failure.is_none()));
    assert_eq!(slow.snapshot().users.len(), 1);
}

#[tokio::test]
async fn s10_an_app_that_fails_fails_alone() {
    let mut world = Installation::new().await;
    let broken = Server::start(Dialect::default()).await.unwrap();
    broken.fault(Fault::raw(200, "text/html", "<html>Sign in</html>").times(1000));
    world.grants(&staff(&["ana", "joel"]));
    world.add(&second_app("a-broken-one", broken.base_url()));
    let mut reports = world.pass_all().await.into_iter();
    assert_eq!(failed(reports.next().unwrap()), "UnexpectedAnswer");
    assert!(worked(reports.next().unwrap()).look.plan.is_in_sync());
    assert_eq!(broken.mutations(), 0);
}

#[tokio::test]
async fn s13_two_target_apps_with_one_key() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel"]));
    let base = format!("{}/", world.vendor.base_url());
    world.add(&second_app("the-same", &base));
    let mut reports = world.pass_all().await.into_iter();
    assert!(worked(reports.next().unwrap()).look.plan.is_in_sync());
    assert_eq!(failed(reports.next().unwrap()), "DuplicateTarget");
    assert_eq!(world.active().len(), 2);
    let writes = world.vendor.mutations();
    world.pass_all().await;
    assert_eq!(world.vendor.mutations(), writes, "nobody undoes the other");
}

#[tokio::test]
async fn a_stop_between_two_changes_leaves_a_consistent_store() {
    let mut world = Installation::new().await;
    world.grants(&staff(&["ana", "joel", "lea"]));
    let (fault, mut gate) = Fault::held_after_commit();
    world.vendor.fault(fault.mutations());
    let (report, ()) = tokio::join!(world.work(), async {
        assert!(gate.reached(1).await);
        world.fleet.stop.cancel();
        gate.open();
    });
    assert_eq!(
        story(&report),
        [
            "create ana@birch.example.com: applied",
            "create joel@birch.example.com: skipped",
            "create lea@birch.example.com: skipped",
            "create Studio group Studio: skipped",
            "grant ana@birch.example.com group Studio: skipped",
            "grant joel@birch.example.com group Studio: skipped",
            "grant lea@birch.example.com group Studio: skipped",
        ]
    );
    assert_eq!(world.vendor.mutations(), 1);
    assert_eq!(world.store.unfinished(&app()).await.unwrap(), []);
    let memory = world.store.memory(&app(), world.now()).await.unwrap();
    let ana = PersonKey::Mail(Mail::parse("ana@birch.example.com").unwrap());
    assert_eq!(memory.inventory.into_keys().collect::<Vec<_>>(), [Edge::new(ana, Slot::account())]);

    world.fleet.stop = CancellationToken::new();
    assert!(world.work().await.look.plan.is_in_sync());
    assert_eq!(world.vendor.mutations(), 3 + 1, "ana is not made again");
    assert_eq!(
        world.members("Studio"),
        names(["ana@birch.example.com", "joel@birch.example.com", "lea@birch.example.com"])
    );
}
