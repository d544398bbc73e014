//! What the chart starts, started: the operator with the very arguments and variables that its pods get, under its account,
//! over either store.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use appaccess::api::Kind;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tempfile::TempDir;

use super::{POSTGRES, rendered, workload};
use crate::support::{
    postgres::Server,
    process::{Process, free_port},
    stage::{APP, Stage, crew},
    wait::eventually,
};

/// The test's app is on this machine. All else is as the examples have it.
const LOOPBACK: &str =
    "--set-json=operator.extraEnvironment=[{\"name\":\"APPACCESS_ALLOW_LOOPBACK\",\"value\":\"true\"}]";

/// Where the volume is mounted in a pod.
const VOLUME: &str = "/var/lib/appaccess";

/// A pod as the kubelet would start it, but for its port, its volume and the way to the API server.
struct Pod<'a> {
    name: &'a str,
    container: Value,
    volume: &'a Path,
    port: u16,
}

impl<'a> Pod<'a> {
    fn new(name: &'a str, setup: &[&str], volume: &'a Path) -> Self {
        let all = rendered(&setup.iter().chain(&[LOOPBACK]).copied().collect::<Vec<_>>());
        let container = workload(&all)["spec"]["template"]["spec"]["containers"][0].clone();
        Self { name, container, volume, port: free_port() }
    }

    /// Its variables, with what they refer to.
    async fn environment(&self, stage: &Stage) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for variable in self.container["env"].as_array().unwrap() {
            let from = &variable["valueFrom"];
            let value = if let Some(value) = variable["value"].as_str() {
                value.replace(VOLUME, self.volume.to_str().unwrap())
            } else if let Some(secret) = from.get("secretKeyRef") {
                let field = format!("--output=jsonpath={{.data.{}}}", secret["key"].as_str().unwrap());
                let found = stage.kubectl(&["get", "secret", secret["name"].as_str().unwrap(), &field]).await;
                String::from_utf8(STANDARD.decode(found).unwrap()).unwrap()
            } else {
                assert_eq!(from["fieldRef"]["fieldPath"], "metadata.name");
                self.name.to_owned()
            };
            environment.insert(variable["name"].as_str().unwrap().to_owned(), value);
        }
        environment
    }

    async fn start(&self, stage: &Stage) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_appaccess"));
        for argument in self.container["args"].as_array().unwrap() {
            command.arg(argument.as_str().unwrap().replace("0.0.0.0:8080", &format!("127.0.0.1:{}", self.port)));
        }
        command.envs(self.environment(stage).await).env("KUBECONFIG", &stage.account.kubeconfig);
        Process::start(&command, &self.volume.join(format!("{}.log", self.name)), None)
    }

    /// Waits until its readiness is told with these words.
    async fn until_it_says(&self, stage: &Stage, words: &str) {
        eventually(&format!("{} says: {words}", self.name), async || {
            let (status, said) = stage.ask_at(self.port, "/readyz").await?;
            (status == 200 && said.contains(words)).then_some(())
        })
        .await;
    }

    /// What another command prints in the same container, as by `kubectl exec`.
    async fn exec(&self, stage: &Stage, line: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_appaccess"));
        command.args(line.split(' ')).env_clear().envs(self.environment(stage).await);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

async fn declare(stage: &Stage) {
    stage.apply_secret().await;
    stage.apply(&stage.app("mode: Full, interval: 1h, safety: {settle: 1s}")).await;
    stage.apply(&crew(&["ada", "bo"])).await;
}

async fn until_done(stage: &Stage) {
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    stage.until("all are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 2).await;
}

#[tokio::test]
async fn the_pods_of_the_deployment_work_over_a_database_and_one_stands_by() {
    let server = Server::start().await;
    let stage = Stage::without_operator().await;
    let scratch = TempDir::new().unwrap();
    let url = scratch.path().join("database-url.txt");
    std::fs::write(&url, server.database().await).unwrap();
    let from = format!("--from-file=url={}", url.display());
    stage.kubectl(&["create", "secret", "generic", "appaccess-database", &from]).await;
    declare(&stage).await;

    let (one, two) = (Pod::new("one", POSTGRES, scratch.path()), Pod::new("two", POSTGRES, scratch.path()));
    let _writer = one.start(&stage).await;
    one.until_it_says(&stage, "ready").await;
    let _standing_by = two.start(&stage).await;
    two.until_it_says(&stage, "standing by: one is the writer").await;
    until_done(&stage).await;
    for pod in [&one, &two] {
        let told = pod.exec(&stage, "history -o csv").await;
        assert!(told.contains("ada@example.com"), "{told}");
    }
}

#[tokio::test]
async fn the_pod_of_the_stateful_set_works_over_its_volume_and_tells_its_history() {
    let stage = Stage::without_operator().await;
    let volume = TempDir::new().unwrap();
    declare(&stage).await;
    let pod = Pod::new("appaccess-0", &[], volume.path());
    let _operator = pod.start(&stage).await;
    pod.until_it_says(&stage, "ready").await;
    until_done(&stage).await;
    let told = pod.exec(&stage, "history").await;
    assert!(told.contains("ada@example.com") && told.contains("crew"), "{told}");
}
