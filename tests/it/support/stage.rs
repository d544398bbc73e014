//! A cluster with the operator in it, as the program that users run, under an account of its own; before it a SCIM server
//! that somebody else wrote, with every request to it noted.

use std::path::PathBuf;
use std::process::Command;

use kube::Api;
use kube::api::{ApiResource, DynamicObject};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use appaccess::api::{API_VERSION, GROUP, Kind, VERSION};

use super::audit::ApiRequest;
use super::chart;
use super::cluster::{Account, Cluster};
use super::peers::{Peer, TOKEN};
use super::process::{Process, free_port};
use super::recorder::Recorder;
use super::tools::repository;
use super::wait::eventually;

/// The name of the target app of [`Stage::app`], and of its Secret.
pub(crate) const APP: &str = "boards";

/// Everything that an operator's test needs. All of it ends with this value.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) peer: Peer,
    pub(crate) recorder: Recorder,
    /// The namespace of the target app.
    pub(crate) namespace: String,
    /// Whom the operator acts as.
    pub(crate) account: Account,
    operator: Option<Process>,
    port: u16,
    /// Where its store is, if not in a file of the stage's.
    location: Option<String>,
    scratch: TempDir,
}

impl Stage {
    /// A cluster with the definitions, an empty SCIM server, and a running operator that may read the Secrets of the
    /// namespace.
    pub(crate) async fn new() -> Self {
        let mut stage = Self::without_operator().await;
        stage.start_operator();
        stage
    }

    /// The same with the operator not yet started.
    pub(crate) async fn without_operator() -> Self {
        let cluster = Cluster::start().await;
        cluster.install_definitions(&repository().join("crds")).await;
        let peer = Peer::scim2_server().await;
        let recorder = Recorder::before(&peer.base).await;
        let namespace = cluster.namespace("it").await;
        // The account and its rights are those of the chart: they are enough, or no test of the operator passes.
        cluster.apply(&chart::rights(&namespace)).await.ok();
        let account = cluster.sign_in(&namespace, chart::RELEASE).await;
        let scratch = TempDir::new().expect("a scratch folder can be made");
        Self { cluster, peer, recorder, namespace, account, operator: None, port: free_port(), location: None, scratch }
    }

    /// Lets the operator read the Secrets of a namespace.
    pub(crate) async fn let_read_secrets(&self, namespace: &str) {
        let subject = format!("--user={}", self.account.user);
        let role = format!("--clusterrole={}-credentials", chart::RELEASE);
        let arguments = ["create", "rolebinding", "operator", &role, &subject, "--namespace", namespace];
        self.cluster.kubectl(arguments, "").await.ok();
    }

    /// The operator's command line, for the holder of the lease by that name.
    pub(crate) fn command(&self, identity: &str) -> Command {
        self.command_at(identity, self.port)
    }

    /// The same for one that listens on another port.
    pub(crate) fn command_at(&self, identity: &str, port: u16) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_appaccess"));
        match &self.location {
            Some(location) => command.arg("operator").env("APPACCESS_STATE", location),
            None => command.arg("operator").arg("--state").arg(self.state()),
        };
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--identity", identity]);
        command.args(["--allow-loopback", "--verbose"]);
        command.env("KUBECONFIG", &self.account.kubeconfig);
        command
    }

    /// Has the operators that are started from now on keep their store at `location`.
    pub(crate) fn keep_store_at(&mut self, location: String) {
        self.location = Some(location);
    }

    /// The file of its store.
    pub(crate) fn state(&self) -> PathBuf {
        self.scratch.path().join("state.db")
    }

    /// Starts it, under the name that it always has.
    pub(crate) fn start_operator(&mut self) {
        self.operator = Some(Process::start(&self.command("test"), &self.scratch.path().join("operator.log"), None));
    }

    /// Ends the operator in the middle of whatever it does.
    pub(crate) fn kill_operator(&mut self) {
        self.operator = None;
    }

    /// How it ended and what it said last, where it has ended by itself.
    pub(crate) fn last_words(&mut self) -> Option<String> {
        self.operator.as_mut()?.last_words()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.scratch.path().join("operator.log")).unwrap_or_default()
    }

    /// What it serves at `path`, where it answers: status and text.
    pub(crate) async fn ask(&self, path: &str) -> Option<(u16, String)> {
        self.ask_at(self.port, path).await
    }

    /// The same of one that listens on another port.
    pub(crate) async fn ask_at(&self, port: u16, path: &str) -> Option<(u16, String)> {
        let client = reqwest::Client::builder().no_proxy().build().expect("a plain HTTP client can be built");
        let response = client.get(format!("http://127.0.0.1:{port}{path}")).send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.text().await.ok()?))
    }

    /// Applies manifests in the namespace of the target app.
    pub(crate) async fn apply(&self, manifests: &str) {
        let arguments = ["apply", "--validate=strict", "--namespace", &self.namespace, "--filename=-"];
        self.cluster.kubectl(arguments, manifests).await.ok();
    }

    /// Runs `kubectl` in the namespace of the target app.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> String {
        let namespace = ["--namespace", &self.namespace];
        self.cluster.kubectl(arguments.iter().chain(&namespace), "").await.ok()
    }

    /// The Secret of the target app.
    pub(crate) async fn apply_secret(&self) {
        self.apply(&format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: {APP}}}, stringData: {{token: {TOKEN}}}}}"
        ))
        .await;
    }

    /// The target app, with these further fields of its spec (YAML, in flow form and without braces).
    pub(crate) fn app(&self, spec: &str) -> String {
        self.app_named(APP, spec)
    }

    /// The same under another name.
    pub(crate) fn app_named(&self, name: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {API_VERSION}, kind: TargetApp, metadata: {{name: {name}}}, spec: {{\
             connector: {{scim: {{baseUrl: \"{}\"}}}}, credentials: {{secretRef: {{name: {APP}}}}}, {spec}}}}}",
            self.recorder.base
        )
    }

    /// An object as it is now; none where it is not there.
    pub(crate) async fn get(&self, kind: Kind, name: &str) -> Option<Value> {
        let resource = ApiResource {
            group: GROUP.to_owned(),
            version: VERSION.to_owned(),
            api_version: API_VERSION.to_owned(),
            kind: kind.name().to_owned(),
            plural: kind.definition().spec.names.plural,
        };
        let client = self.cluster.client().await;
        let api: Api<DynamicObject> = Api::namespaced_with(client, &self.namespace, &resource);
        let object = api.get_opt(name).await.ok()??;
        serde_json::to_value(object).ok()
    }

    /// Waits until the object is as `check` wants it, and returns it.
    pub(crate) async fn until(&self, what: &str, kind: Kind, name: &str, check: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{kind} {name}: {what}"), async || self.get(kind, name).await.filter(&check)).await
    }

    /// Waits until the condition of the object has that status and reason, as of its present generation.
    pub(crate) async fn until_condition(
        &self,
        kind: Kind,
        name: &str,
        type_: &str,
        status: &str,
        reason: &str,
    ) -> Value {
        self.until(&format!("{type_}={status} ({reason})"), kind, name, |object| {
            let condition = condition(object, type_);
            object["status"]["observedGeneration"] == object["metadata"]["generation"]
                && condition["status"] == status
                && condition["reason"] == reason
        })
        .await
    }

    /// Asks for a pass under that name, and waits until it was answered.
    pub(crate) async fn reconcile(&self, asked: &str) -> Value {
        let annotation = format!("appaccess.dev/reconcile-at={asked}");
        self.kubectl(&["annotate", "--overwrite", "targetapp", APP, &annotation]).await;
        self.until(&format!("answered {asked}"), Kind::TargetApp, APP, |app| {
            app["status"]["lastHandledReconcileAt"] == asked
        })
        .await
    }

    /// What the operator wrote to the API server so far.
    pub(crate) fn writes(&self) -> Vec<ApiRequest> {
        self.cluster.writes(&self.account.user)
    }

    /// The users of the SCIM server by user name.
    pub(crate) async fn users(&self) -> std::collections::BTreeMap<String, Value> {
        let listed = self.peer.call(Method::GET, "/Users?count=100", None).await.body;
        let users = listed["Resources"].as_array().cloned().unwrap_or_default();
        users.into_iter().map(|user| (user["userName"].as_str().unwrap_or_default().to_owned(), user)).collect()
    }

    /// Those who can log in.
    pub(crate) async fn active(&self) -> Vec<String> {
        let users = self.users().await.into_iter();
        users.filter(|(_, user)| user["active"] != json!(false)).map(|(name, _)| name).collect()
    }

    /// The group of that name at the SCIM server.
    pub(crate) async fn group(&self, name: &str) -> Option<Value> {
        let listed = self.peer.call(Method::GET, "/Groups?count=100", None).await.body;
        listed["Resources"].as_array()?.iter().find(|group| group["displayName"] == name).cloned()
    }

    /// The ids of its members.
    pub(crate) async fn members(&self, name: &str) -> Vec<String> {
        let group = self.group(name).await.unwrap_or_default();
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().filter_map(|member| member["value"].as_str().map(str::to_owned)).collect()
    }
}

/// The condition of that type; null where there is none.
pub(crate) fn condition(object: &Value, type_: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == type_).unwrap_or_default()
}

/// An `AppAccess` that gives these people an account and a place in the group `Crew`.
pub(crate) fn crew(people: &[&str]) -> String {
    claims("crew", people, "groups: [Crew]")
}

/// An `AppAccess` with one grant.
pub(crate) fn claims(name: &str, people: &[&str], entitlements: &str) -> String {
    let subjects: Vec<String> = people.iter().map(|person| format!("{{user: {person}@example.com}}")).collect();
    format!(
        "{{apiVersion: {API_VERSION}, kind: AppAccess, metadata: {{name: {name}}}, spec: {{appRef: {{name: {APP}}}, \
         grants: [{{name: {name}, subjects: [{}], {entitlements}}}]}}}}",
        subjects.join(", ")
    )
}
