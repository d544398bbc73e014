//! The real components that other tests stand on: they are there, they answer, and they refuse strangers.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::cluster::{self, Cluster};
use crate::support::peers::{Peer, TOKEN};
use crate::support::process::Process;
use crate::support::recorder::Recorder;
use crate::support::tools::repository;
use crate::support::wait::eventually;

const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

const DEFINITION: &str = include_str!("fixtures/boat-definition.yaml");

#[tokio::test]
async fn the_api_server_takes_an_object_from_kubectl_and_shows_it_to_a_client() {
    let cluster = Cluster::shared().await;
    let namespace = cluster.namespace("real").await;
    let object = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: note, namespace: {namespace}}}}}");
    assert_eq!(cluster.apply(&object).await.ok(), "configmap/note created\n");

    let notes = kube::Api::<k8s_openapi::api::core::v1::ConfigMap>::namespaced(cluster.client().await, &namespace);
    assert!(notes.get_opt("note").await.expect("the API server answers").is_some());
}

#[tokio::test]
async fn kubectl_refuses_an_unknown_field_and_says_which() {
    let cluster = Cluster::shared().await;
    let refused = cluster.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: note}, date: {a: b}}").await;
    assert!(!refused.succeeded);
    assert!(refused.stderr.contains("unknown field \"date\""), "{}", refused.stderr);
}

#[tokio::test]
async fn a_definition_is_served_once_it_is_installed() {
    let cluster = Cluster::shared().await;
    let folder = TempDir::new().expect("a scratch folder can be made");
    let file = folder.path().join("definition.yaml");
    std::fs::write(&file, DEFINITION).expect("the scratch folder takes a file");
    cluster.install_definitions(&file).await;
    let namespace = cluster.namespace("boats").await;
    let boat =
        format!("{{apiVersion: tests.example.com/v1, kind: Boat, metadata: {{name: a, namespace: {namespace}}}}}");
    assert_eq!(cluster.apply(&boat).await.ok(), "boat.tests.example.com/a created\n");
}

#[tokio::test]
async fn the_api_server_tells_one_client_s_requests_from_another_s() {
    let cluster = Cluster::shared().await;
    let namespace = cluster.namespace("counted").await;
    let quiet = cluster.account(&namespace, "quiet").await;
    let busy = cluster.almighty_account(&namespace, "busy").await;

    let client = cluster::client(&busy.kubeconfig).await;
    let notes = kube::Api::<k8s_openapi::api::core::v1::ConfigMap>::namespaced(client, &namespace);
    notes.list(&kube::api::ListParams::default()).await.expect("the almighty may list");
    notes.delete("absent", &kube::api::DeleteParams::default()).await.expect_err("there is nothing to delete");

    let requests = cluster.requests(&busy.user);
    let verbs: Vec<&str> = requests.iter().map(|request| request.verb.as_str()).collect();
    assert_eq!(verbs, ["list", "delete"]);
    assert!(requests.iter().all(|request| request.is_about("configmaps") && request.path.contains(&namespace)));
    assert_eq!(cluster.writes(&busy.user).len(), 1);
    assert!(cluster.requests(&quiet.user).is_empty());
}

#[tokio::test]
async fn an_account_without_rights_is_refused() {
    let cluster = Cluster::shared().await;
    let namespace = cluster.namespace("powerless").await;
    let account = cluster.account(&namespace, "stranger").await;
    let client = cluster::client(&account.kubeconfig).await;
    let secrets = kube::Api::<k8s_openapi::api::core::v1::Secret>::namespaced(client, &namespace);
    let error = secrets.list(&kube::api::ListParams::default()).await.expect_err("no role was given");
    assert!(error.to_string().contains("forbidden"), "{error}");

    let name = ["auth", "whoami", "--output=jsonpath={.status.userInfo.username}", "--token", &account.token];
    assert_eq!(cluster.kubectl(name, "").await.ok(), account.user);
}

#[tokio::test]
async fn an_api_server_that_was_stopped_comes_back_with_all_that_it_knew() {
    let mut cluster = Cluster::start().await;
    let namespace = cluster.namespace("kept").await;
    cluster.stop_api_server();
    let refused = cluster.kubectl(["get", "namespace", &namespace], "").await;
    assert!(!refused.succeeded);
    cluster.start_api_server().await;
    cluster.kubectl(["get", "namespace", &namespace], "").await.ok();
}

#[tokio::test]
async fn scim2_server_serves_its_users_to_the_holder_of_the_token_alone() {
    serves_users_to_the_holder_of_the_token_alone(&Peer::scim2_server().await).await;
}

#[tokio::test]
async fn scim2_server_with_cursors_serves_its_users_to_the_holder_of_the_token_alone() {
    let peer = Peer::scim2_server_with_cursors().await;
    let provider = peer.call(Method::GET, "/ServiceProviderConfig", None).await;
    assert_eq!(provider.body["pagination"]["cursor"], true);
    serves_users_to_the_holder_of_the_token_alone(&peer).await;
}

#[tokio::test]
async fn scimmy_serves_its_users_to_the_holder_of_the_token_alone() {
    serves_users_to_the_holder_of_the_token_alone(&Peer::scimmy().await).await;
}

async fn serves_users_to_the_holder_of_the_token_alone(peer: &Peer) {
    let provider = peer.call(Method::GET, "/ServiceProviderConfig", None).await;
    assert_eq!((provider.status, &provider.body["patch"]["supported"]), (200, &json!(true)));

    let user = json!({"schemas": [SCHEMA], "userName": "ada@example.com", "active": true});
    for token in [None, Some("another-token")] {
        assert_eq!(peer.call_with(token, Method::POST, "/Users", Some(&user)).await.status, 401);
    }
    let created = peer.call(Method::POST, "/Users", Some(&user)).await;
    assert_eq!((created.status, &created.body["userName"]), (201, &json!("ada@example.com")));

    let listed = peer.call(Method::GET, "/Users", None).await;
    assert_eq!((listed.status, &listed.body["totalResults"]), (200, &json!(1)));
    assert_eq!(listed.body["Resources"][0]["id"], created.body["id"]);

    let one = format!("/Users/{}", created.body["id"].as_str().expect("an id is text"));
    assert_eq!(peer.call(Method::DELETE, &one, None).await.status, 204);
    assert_eq!(peer.call(Method::GET, &one, None).await.status, 404);
}

#[tokio::test]
async fn a_recorder_before_a_server_changes_no_answer_and_counts_what_may_change_something() {
    let peer = Peer::scim2_server().await;
    let recorder = Recorder::before(&peer.base).await;
    let client = reqwest::Client::new();
    let users = format!("{}/Users", recorder.base);
    let user = json!({"schemas": [SCHEMA], "userName": "ada@example.com"});

    let stranger = client.post(&users).json(&user).send().await.expect("the recorder answers");
    assert_eq!(stranger.status(), 401);
    let created = client.post(&users).json(&user).bearer_auth(TOKEN).send().await.expect("the recorder answers");
    assert_eq!(created.status(), 201);
    let created: serde_json::Value = created.json().await.expect("the answer is whole");
    let location = created["meta"]["location"].as_str().expect("a created user has an address");
    let read = client.get(location).bearer_auth(TOKEN).send().await.expect("the recorder answers");
    assert_eq!(read.json::<serde_json::Value>().await.expect("the answer is whole"), created);

    let made: Vec<_> = recorder.changes().into_iter().map(|call| (call.path, call.body, call.status)).collect();
    assert_eq!(made, [("/Users".into(), user.clone(), Some(401)), ("/Users".into(), user, Some(201))]);
    assert_eq!(recorder.calls().len(), 3);
    recorder.forget();
    assert!(recorder.calls().is_empty());
}

#[tokio::test]
async fn a_process_that_ends_by_itself_leaves_its_last_words() {
    let folder = TempDir::new().expect("a scratch folder can be made");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "echo the port is taken; exit 3"]);
    let mut process = Process::start(&command, &folder.path().join("log"), None);
    let last_words = eventually("the process has ended", async || process.last_words()).await;
    assert!(last_words.contains("3\nthe port is taken"), "{last_words}");
}

#[tokio::test]
async fn a_process_ends_with_the_value_that_stands_for_it_and_takes_its_scratch_folder_along() {
    let folder = TempDir::new().expect("a scratch folder can be made");
    let scratch = folder.path().join("scratch");
    std::fs::create_dir(&scratch).expect("the scratch folder takes a folder");
    let file = folder.path().join("id");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "echo $$ >\"$1\"; exec tail -f /dev/null", "sh"]).arg(&file);
    let process = Process::start(&command, &folder.path().join("log"), Some(&scratch));
    let id = eventually("the process has said its id", async || {
        std::fs::read_to_string(&file).ok()?.trim().parse::<u32>().ok()
    })
    .await;
    assert!(is_alive(id));
    drop(process);
    assert!(!is_alive(id));
    assert!(!scratch.exists());
}

fn is_alive(process: u32) -> bool {
    let mut ask = std::process::Command::new("sh");
    ask.args(["-c", "kill -0 \"$1\" 2>/dev/null", "sh", &process.to_string()]);
    ask.status().expect("sh can be started").success()
}

#[test]
fn a_missing_tool_is_an_error_that_says_what_why_and_what_to_do() {
    let folder = TempDir::new().expect("a scratch folder can be made");
    for (tool, variable, why, remedy) in [
        ("control-plane", "APPACCESS_TEST_TOOLS", "have not been built", "run 'make tools'"),
        ("control-plane", "KUBEBUILDER_ASSETS", "KUBEBUILDER_ASSETS", "unset KUBEBUILDER_ASSETS"),
        ("scim2-server", "APPACCESS_TEST_TOOLS", "has not been installed", "run 'make tools'"),
        ("scimmy", "APPACCESS_TEST_TOOLS", "has not been installed", "run 'make tools'"),
        ("toolbox", "APPACCESS_TEST_TOOLS", "no tool has that name", "name control-plane"),
    ] {
        let output = std::process::Command::new("bash")
            .arg(repository().join("tests/tools/get.sh"))
            .args(["--where", tool])
            .env_remove("KUBEBUILDER_ASSETS")
            .env(variable, folder.path())
            .output()
            .expect("bash can be started");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{tool}");
        assert!(message.contains(why) && message.contains(remedy), "{tool}: {message}");
    }
}
