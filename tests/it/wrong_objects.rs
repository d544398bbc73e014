//! Wrong objects are refused by `validate` and by a real API server alike, and each is told what to write instead.

use std::io::Cursor;

use appaccess::{
    api::Kind,
    load::{Loaded, files},
};
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{definitions, support::cluster::Cluster};

const CASES: &str = include_str!("fixtures/wrong-objects.yaml");
const WHOLE: &str = include_str!("fixtures/whole-objects.yaml");

/// One wrong object.
#[derive(Deserialize)]
struct Wrong {
    name: String,
    kind: String,
    spec: Value,
    /// The field that is wrong.
    path: String,
    /// Part of what is said about it.
    says: String,
    server: Server,
}

/// How the API server says it.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Server {
    /// By the same rule, in the same words.
    Same,
    /// By the bounds of the schema, in words of its own that name the field.
    Own,
}

impl Wrong {
    fn all() -> Vec<Self> {
        serde_yaml::from_str(CASES).expect("the cases are YAML")
    }

    fn object(&self) -> Value {
        json!({
            "apiVersion": "appaccess.dev/v1alpha1",
            "kind": self.kind,
            "metadata": {"name": "wrong"},
            "spec": self.spec,
        })
    }
}

fn load(text: &str) -> Loaded {
    files::read_with(&["-".into()], || Cursor::new(text.to_owned())).expect("standard input can be read")
}

#[test]
fn validate_refuses_each_and_says_what_to_write() {
    let cases = Wrong::all();
    assert!(cases.len() >= 40, "{}", cases.len());
    for wrong in cases {
        let loaded = load(&wrong.object().to_string());
        let told = |problem: &appaccess::load::Problem| {
            problem.path == wrong.path && problem.to_string().contains(&wrong.says)
        };
        assert!(loaded.problems.iter().any(told), "{}: {}: {:#?}", wrong.name, wrong.path, loaded.problems);
        assert!(loaded.is_empty(), "{}", wrong.name);
        assert_eq!(loaded.broken.len(), 1, "{}: it is unknown, not withdrawn", wrong.name);
    }
}

#[tokio::test]
async fn both_take_objects_that_say_everything() {
    let loaded = load(WHOLE);
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.len(), 14);
    let cluster = Cluster::shared().await;
    definitions::install(cluster).await;
    let namespace = cluster.namespace("whole").await;
    let outcome =
        cluster.kubectl(["apply", "--validate=strict", "--namespace", &namespace, "--filename=-"], WHOLE).await;
    assert!(outcome.succeeded, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn what_was_read_is_written_as_it_was() {
    let loaded = load(WHOLE);
    let written = |value: Result<Value, _>| value.map(|value: Value| value.to_string()).expect("it can be written");
    let apps = loaded.target_apps.values().map(|app| written(serde_json::to_value(&app.object)));
    let claims = loaded.app_accesses.values().map(|access| written(serde_json::to_value(&access.object)));
    let directories = loaded.directories.values().map(|directory| written(serde_json::to_value(&directory.object)));
    let again = load(&apps.chain(claims).chain(directories).collect::<Vec<_>>().join("\n---\n"));
    assert_eq!(again.problems, []);
    let objects = |loaded: &Loaded| {
        let apps: Vec<_> = loaded.target_apps.values().map(|app| app.object.clone()).collect();
        let claims: Vec<_> = loaded.app_accesses.values().map(|access| access.object.clone()).collect();
        let directories: Vec<_> = loaded.directories.values().map(|directory| directory.object.clone()).collect();
        (apps, claims, directories)
    };
    assert_eq!(objects(&again), objects(&loaded));
}

#[tokio::test]
async fn a_real_api_server_refuses_each_alike() {
    let cluster = Cluster::shared().await;
    definitions::install(cluster).await;
    let namespace = cluster.namespace("wrong").await;
    let client = cluster.client().await;
    for wrong in Wrong::all() {
        let refusal = create(&client, &namespace, &wrong).await.expect_err(&wrong.name);
        let field = wrong.path.rsplit('.').next().and_then(|field| field.split('[').next()).unwrap_or_default();
        let expected = if wrong.server == Server::Same { &wrong.says } else { field };
        assert!(refusal.contains(expected), "{}: {expected}: {refusal}", wrong.name);
    }
}

/// Creates an object as a dry run under strict field validation; the refusal where there is one.
async fn create(client: &Client, namespace: &str, wrong: &Wrong) -> Result<(), String> {
    let plural = Kind::from_name(&wrong.kind).expect("a kind of ours").definition().spec.names.plural;
    let path =
        format!("/apis/appaccess.dev/v1alpha1/namespaces/{namespace}/{plural}?dryRun=All&fieldValidation=Strict");
    let request = http::Request::post(path).header("content-type", "application/json");
    match client.request_text(request.body(wrong.object().to_string().into_bytes()).expect("a request")).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) => Err(status.message.clone()),
        Err(error) => panic!("the API server did not answer: {error}"),
    }
}
