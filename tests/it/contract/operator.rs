//! Every connector under the operator, on a real API server, all apps side by side.

use appaccess::api::Kind;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    Stand,
    world::{World, mail},
};
use crate::support::{
    stage::{Stage, condition},
    wait::eventually,
};

/// The documents of an installation for a namespace and name of their own.
fn renamed<S: Stand>(world: &World<S>, namespace: &str) -> String {
    let name = object_name::<S>();
    world
        .on
        .text()
        .replace("name: app, namespace: access", &format!("name: {name}, namespace: {namespace}"))
        .replace("appRef: {name: app}", &format!("appRef: {{name: {name}}}"))
        .replace("name: staff, namespace: access", &format!("name: {name}, namespace: {namespace}"))
        .replace("secretRef: {name: token}", &format!("secretRef: {{name: {name}}}"))
        .replace("mode: Full", "mode: Full\n  interval: 2s")
}

fn object_name<S: Stand>() -> String {
    S::NAME.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// What a target app says of itself, as far as a failure needs it.
fn said(app: &Value) -> Value {
    json!({"ready": condition(app, "Ready"), "counts": app["status"]["counts"]})
}

/// Two people get in, a stranger stays, one leaves: each over custom resources alone.
pub(super) async fn keeps<S: Stand>(stage: &Stage) {
    if S::cannot("the_operator_keeps_it").is_some() {
        return;
    }
    let mut world = World::<S>::new().await;
    let name = object_name::<S>();
    world.stand().seed(&mail("stranger"));
    let keys: serde_json::Map<String, Value> =
        world.stand().keys().iter().map(|(key, value)| (key.clone(), json!(value.expose_secret()))).collect();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": keys});
    stage.apply(&secret.to_string()).await;

    world.spec("mode: Full\nsafety: {settle: 1s, approveFirst: false, maxRemovals: {people: 1000}}");
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    stage.apply(&renamed(&world, &stage.namespace)).await;
    eventually(&format!("{name}: both are in"), async || {
        world.stand().accept_invitations();
        let both = ["ana", "joel"].iter().all(|name| world.holds(name, &S::STUDIO));
        both.then_some(())
    })
    .await;
    let app = stage
        .until("in sync", Kind::TargetApp, &name, |app| {
            condition(app, "Ready")["status"] == "True" && app["status"]["counts"]["inSync"] == 2
        })
        .await;
    assert_eq!(condition(&app, "Ready")["status"], "True", "{}", said(&app));
    assert!(app["status"]["capabilities"].as_array().is_some_and(|words| !words.is_empty()), "{name}");

    world.claim(&["ana"], &[S::STUDIO]);
    stage.apply(&renamed(&world, &stage.namespace)).await;
    eventually(&format!("{name}: joel is out"), async || (!world.is_in("joel")).then_some(())).await;
    assert!(world.is_in("ana") && world.is_in("stranger"));
}

#[tokio::test]
async fn the_operator_keeps_every_app() {
    let stage = Stage::new().await;
    Box::pin(super::under_one_operator(&stage)).await;
}
