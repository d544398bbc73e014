//! The operator as a process: stopped, killed, cut off from the API server, asked, and watched.

use std::{os::unix::process::ExitStatusExt, process::Stdio};

use appaccess::{api::Kind, store::Store};
use reqwest::Method;
use serde_json::json;

use crate::support::process::free_port;
use crate::support::stage::{APP, Stage, crew};
use crate::support::wait::eventually;

const SAFETY: &str = "mode: Full, interval: 1h, safety: {settle: 1s, approveFirst: false}";

async fn running() -> Stage {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    stage.until("both are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 2).await;
    stage
}

#[tokio::test]
async fn an_api_server_that_comes_back_finds_the_operator_at_work_and_nobody_removed() {
    let mut stage = running().await;
    stage.recorder.forget();
    stage.cluster.stop_api_server();
    stage.cluster.start_api_server().await;
    stage.apply(&crew(&["ada", "bo", "cy"])).await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    stage.until("three are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 3).await;
    assert_eq!(stage.active().await.len(), 3);
    let removing = stage.recorder.changes().into_iter().filter(|call| call.method == Method::DELETE).count();
    assert_eq!(removing, 0);
}

#[tokio::test]
async fn a_killed_operator_goes_on_where_it_was() {
    let mut stage = running().await;
    stage.kill_operator();
    stage.recorder.forget();
    stage.apply(&crew(&["ada", "bo", "cy"])).await;
    stage.start_operator();
    stage.until("three are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 3).await;
    let made = stage.recorder.changes().into_iter().filter(|call| call.path == "/Users").count();
    assert_eq!(made, 1, "{:?}", stage.recorder.changes());
}

#[tokio::test]
async fn a_stop_is_graceful_and_gives_the_lease_back() {
    let mut stage = Stage::without_operator().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    let mut operator = tokio::process::Command::from(stage.command("another"));
    let operator = operator.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut operator = operator.spawn().expect("the operator can be started");
    stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
    terminate(operator.id().expect("it still runs"));
    let status = operator.wait().await.expect("it ends");
    assert_eq!((status.code(), status.signal()), (Some(0), None));

    // Under another name, which would have to wait for a lease that was not given back.
    stage.start_operator();
    let log = eventually("it has looked at the lease", async || {
        stage.ask("/readyz").await.filter(|(status, _)| *status == 200).map(|_| stage.log())
    })
    .await;
    assert!(!log.contains("another process is the writer"), "{log}");
    stage.reconcile("again").await;
}

#[tokio::test]
async fn a_second_operator_stands_by_and_goes_on_where_the_first_one_stops() {
    let mut stage = Stage::without_operator().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    let mut first = tokio::process::Command::from(stage.command_at("first", free_port()));
    let first = first.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut first = first.spawn().expect("the operator can be started");
    stage.until("both are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 2).await;

    stage.start_operator();
    let ready = async || stage.ask("/readyz").await.filter(|(status, _)| *status == 200).map(|(_, text)| text);
    let text = eventually("the second one answers", ready).await;
    assert!(text.starts_with("standing by: first is the writer until "), "{text}");

    stage.recorder.forget();
    terminate(first.id().expect("it still runs"));
    first.wait().await.expect("it ends");
    stage.apply(&crew(&["ada", "bo", "cy"])).await;
    stage.until("three are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 3).await;
    let made = stage.recorder.changes().into_iter().filter(|call| call.path == "/Users").count();
    assert_eq!(made, 1, "{:?}", stage.recorder.changes());
    assert_eq!(ready().await.as_deref(), Some("ready\n"));
}

#[tokio::test]
async fn an_operator_whose_store_another_has_taken_over_sends_nothing_more_and_fails() {
    let mut stage = running().await;
    stage.reconcile("settled").await;
    let store = Store::open(&stage.state().to_string_lossy()).await.expect("the store can be opened");
    // As a second process does that was started under the same name.
    let term = jiff::SignedDuration::from_mins(10);
    store.become_writer("test", jiff::Timestamp::now(), term).await.expect("its own name may take over");
    stage.recorder.forget();
    stage.apply(&crew(&["ada", "bo", "cy"])).await;

    let words = eventually("the operator has ended", async || stage.last_words()).await;
    assert!(!words.starts_with("exit status: 0"), "{words}");
    assert!(words.contains("somebody else has become the writer"), "{words}");
    assert!(stage.recorder.changes().is_empty(), "{:?}", stage.recorder.changes());
    assert_eq!(stage.active().await.len(), 2);
}

fn terminate(process: u32) {
    let killed = std::process::Command::new("kill").args(["-TERM", &process.to_string()]).status();
    assert!(killed.expect("kill can be started").success());
}

#[tokio::test]
async fn a_pass_that_was_asked_for_is_answered_and_repairs() {
    let stage = running().await;
    let ada = stage.users().await["ada@example.com"]["id"].as_str().unwrap().to_owned();
    let group = stage.group("Crew").await.unwrap()["id"].as_str().unwrap().to_owned();
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}],
    });
    stage.peer.call(Method::PATCH, &format!("/Groups/{group}"), Some(&patch)).await;
    assert_eq!(stage.members("Crew").await.len(), 1);
    stage.reconcile("2026-11-21T20:00:00Z").await;
    assert_eq!(stage.members("Crew").await.len(), 2);
}

#[tokio::test]
async fn it_is_ready_only_while_every_kind_is_known() {
    let stage = running().await;
    // Nothing but the operator itself stands between a claim that is gone and its removal.
    let safety = "safety: {settle: 1s, approveFirst: false, maxRemovals: {people: 100, percent: 100}}";
    stage.apply(&stage.app(&format!("mode: Full, interval: 3s, {safety}"))).await;
    stage.reconcile("with-a-large-budget").await;
    assert_eq!(stage.ask("/healthz").await.unwrap().0, 200);
    assert_eq!(stage.ask("/readyz").await.unwrap(), (200, "ready\n".to_owned()));
    let metrics = stage.ask("/metrics").await.unwrap().1;
    let app = format!("app=\"{}/{APP}\"", stage.namespace);
    for series in ["appaccess_passes_total", "appaccess_accounts_declared", "appaccess_requests_total"] {
        assert!(metrics.lines().any(|line| line.starts_with(series) && line.contains(&app)), "{series}:\n{metrics}");
    }
    assert!(!metrics.contains("@example.com"));

    // All claims vanish at once with their definition: nobody has withdrawn them.
    stage.recorder.forget();
    stage.cluster.kubectl(["delete", "crd", "appaccesses.appaccess.dev"], "").await.ok();
    let told = eventually("it says that it cannot decide", async || {
        stage.ask("/readyz").await.filter(|(status, _)| *status == 503)
    })
    .await;
    assert!(told.1.contains("AppAccess"), "{}", told.1);
    stage.cluster.install_definitions(&crate::support::tools::repository().join("crds")).await;
    eventually("it is ready again", async || stage.ask("/readyz").await.filter(|(status, _)| *status == 200)).await;
    stage.reconcile("without-claims").await;
    assert_eq!(stage.active().await.len(), 2, "nobody has lost anything");
    assert!(stage.recorder.changes().is_empty(), "{:?}", stage.recorder.changes());

    stage.apply(&crew(&["ada", "bo"])).await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    assert!(stage.recorder.changes().is_empty(), "{:?}", stage.recorder.changes());
}
