//! Two operators over one database: one works, the other waits and takes over; and the database goes away and comes back.

use std::process::Stdio;

use appaccess::api::Kind;
use tokio::process::{Child, Command};

use crate::support::cluster::Account;
use crate::support::postgres::{Server, execute};
use crate::support::process::free_port;
use crate::support::stage::{APP, Stage, crew};
use crate::support::wait::eventually;

const SAFETY: &str = "mode: Full, interval: 1h, safety: {settle: 1s, approveFirst: false}";

/// An operator and where it answers.
struct Replica {
    process: Child,
    port: u16,
}

impl Replica {
    fn start(stage: &Stage, identity: &str) -> Self {
        Self::start_as(stage, identity, &stage.account)
    }

    /// The same under another account.
    fn start_as(stage: &Stage, identity: &str, account: &Account) -> Self {
        let port = free_port();
        let mut command = Command::from(stage.command_at(identity, port));
        command.env("KUBECONFIG", &account.kubeconfig);
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        Self { process: command.spawn().expect("the operator can be started"), port }
    }

    async fn until_ready(&self, stage: &Stage) {
        self.until_it_says(stage, 200, "ready\n").await;
    }

    async fn until_it_says(&self, stage: &Stage, status: u16, words: &str) {
        eventually("it says whether it is ready", async || {
            let answer = stage.ask_at(self.port, "/readyz").await?;
            (answer.0 == status && answer.1.contains(words)).then_some(())
        })
        .await;
    }

    /// Ends it without a word.
    async fn kill(mut self) {
        self.process.kill().await.expect("it still runs");
    }

    /// Stops it, unless it has ended because its lease did.
    async fn stop_if_it_runs(mut self) {
        if self.process.try_wait().expect("it is ours").is_none() {
            self.stop().await;
        }
    }

    /// Asks it to stop, and waits until it has.
    async fn stop(mut self) {
        let process = self.process.id().expect("it still runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status().await;
        assert!(asked.expect("kill can be started").success());
        assert!(self.process.wait().await.expect("it ends").success());
    }
}

async fn until_in_sync(stage: &Stage, people: usize) {
    stage.until("all are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == people).await;
}

/// How many accounts were made, whoever made them.
fn made(stage: &Stage) -> usize {
    stage.recorder.changes().iter().filter(|call| call.method == "POST" && call.path == "/Users").count()
}

#[tokio::test]
async fn two_operators_on_one_database_take_turns_and_its_absence_loses_and_doubles_nothing() {
    let mut server = Server::start().await;
    let mut stage = Stage::without_operator().await;
    stage.keep_store_at(server.database().await);
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo"])).await;

    let one = Replica::start(&stage, "one");
    one.until_ready(&stage).await;
    let two = Replica::start(&stage, "two");
    two.until_it_says(&stage, 200, "standing by: one is the writer until").await;
    until_in_sync(&stage, 2).await;

    one.stop().await;
    two.until_ready(&stage).await;
    stage.apply(&crew(&["ada", "bo", "cy"])).await;
    until_in_sync(&stage, 3).await;
    let again = Replica::start(&stage, "one");
    again.until_it_says(&stage, 200, "standing by: two is the writer until").await;

    server.stop();
    again.until_it_says(&stage, 503, "the database of the store cannot be reached").await;
    stage.apply(&crew(&["ada", "bo", "cy", "di"])).await;
    server.start_again().await;
    until_in_sync(&stage, 4).await;
    assert_eq!(made(&stage), 4, "{:?}", stage.recorder.changes());
    assert_eq!(stage.active().await.len(), 4);

    // Where the database was away for longer than the lease, two has ended, and one has taken over already.
    two.stop_if_it_runs().await;
    again.until_ready(&stage).await;
    stage.reconcile("over-the-same-memory").await;
    assert_eq!(made(&stage), 4, "it knows what the other has done");
}

#[tokio::test]
async fn an_operator_that_is_killed_is_replaced_once_its_lease_has_ended() {
    let server = Server::start().await;
    let mut stage = Stage::without_operator().await;
    let database = server.database().await;
    stage.keep_store_at(database.clone());
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada"])).await;
    let one = Replica::start(&stage, "one");
    one.until_ready(&stage).await;
    until_in_sync(&stage, 1).await;
    let two = Replica::start(&stage, "two");
    two.until_it_says(&stage, 200, "standing by: one is the writer until").await;

    one.kill().await;
    // What half a minute brings about by itself.
    execute(&database, "UPDATE writer SET held_until = '2000-01-01T00:00:00.000000000Z'").await;
    two.until_ready(&stage).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    until_in_sync(&stage, 2).await;
    assert_eq!(made(&stage), 2, "{:?}", stage.recorder.changes());
    two.stop().await;
}

#[tokio::test]
async fn who_could_not_take_over_is_not_ready_and_does_not_replace_the_one_that_works() {
    let stage = Stage::without_operator().await;
    let one = Replica::start(&stage, "one");
    one.until_ready(&stage).await;
    let newcomer = stage.cluster.account(&stage.namespace, "newcomer").await;
    let two = Replica::start_as(&stage, "two", &newcomer);
    two.until_it_says(&stage, 503, "standing by: one is the writer until").await;
    two.until_it_says(&stage, 503, "cluster: TargetApp: targetapps.appaccess.dev is forbidden").await;

    let user = format!("--user={}", newcomer.user);
    let binding = ["create", "clusterrolebinding", "newcomer", "--clusterrole=cluster-admin", &user];
    stage.cluster.kubectl(binding, "").await.ok();
    two.until_it_says(&stage, 200, "standing by: one is the writer until").await;
    one.stop().await;
    two.until_ready(&stage).await;
}

/// A directory that takes whoever is missing twice for a leaver, with these people.
fn directory(people: &[&str]) -> String {
    let people: Vec<String> = people.iter().map(|name| format!("{{id: {name}, user: {name}@example.com}}")).collect();
    format!(
        "{{apiVersion: appaccess.dev/v1alpha1, kind: Directory, metadata: {{name: staff}}, spec: {{domains: [example.com], \
         leavers: Act, leaverProof: DisabledOrDeleted, source: {{inline: {{people: [{}]}}}}}}}}",
        people.join(", ")
    )
}

#[tokio::test]
async fn an_absence_that_two_operators_see_within_an_interval_is_one_and_takes_nothing_away() {
    let stage = Stage::without_operator().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&directory(&["ada", "bo"])).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    let one = Replica::start(&stage, "one");
    until_in_sync(&stage, 2).await;

    stage.apply(&directory(&["ada"])).await;
    let absent = |directory: &serde_json::Value| directory["status"]["counts"]["absent"] == 1;
    stage.until("one is absent", Kind::Directory, "staff", absent).await;
    let mut working = one;
    for identity in ["two", "three"] {
        let next = Replica::start(&stage, identity);
        next.until_it_says(&stage, 200, "standing by").await;
        working.stop().await;
        next.until_ready(&stage).await;
        stage.reconcile(identity).await;
        let directory = stage.get(Kind::Directory, "staff").await.unwrap();
        let counts = &directory["status"]["counts"];
        assert_eq!((&counts["absent"], &counts["leavers"]), (&1.into(), &0.into()), "{directory}");
        assert_eq!(stage.active().await, ["ada@example.com", "bo@example.com"]);
        working = next;
    }
    working.stop().await;
}
