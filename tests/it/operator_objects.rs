//! What one object does to the others: broken, deleted, doubled, or in need of a Secret.

use appaccess::api::Kind;
use serde_json::{Value, json};

use crate::support::stage::{APP, Stage, claims, condition, crew};
use crate::support::wait::eventually;

const SAFETY: &str = "mode: Full, interval: 3s, safety: {settle: 1s, approveFirst: false}";

/// Two passes more than now, by the listings that they begin with.
async fn two_more_passes(stage: &Stage) {
    let passes = || stage.recorder.calls().iter().filter(|call| call.path.starts_with("/Groups")).count();
    let so_far = passes();
    eventually("two more passes", async || (passes() > so_far + 2).then_some(())).await;
}

/// Lets the API server take any `AppAccess`, as an older or a newer definition may.
async fn loosen(stage: &Stage) {
    let mut definition = serde_json::to_value(Kind::AppAccess.definition()).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = json!({
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                       "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
    });
    stage.cluster.kubectl(["replace", "--filename=-"], &definition.to_string()).await.ok();
    eventually("the looser definition is served", async || {
        let odd =
            crew(&["ada"]).replace("grants: [", "grants: everything, also: [").replace("name: crew}", "name: probe}");
        let arguments = ["apply", "--dry-run=server", "--namespace", &stage.namespace, "--filename=-"];
        stage.cluster.kubectl(arguments, &odd).await.succeeded.then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_undecodable_claim_stops_nobody_and_removes_nothing() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    stage.apply(&claims("others", &["cy"], "groups: [Others]")).await;
    stage.until("three are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 3).await;

    loosen(&stage).await;
    stage
        .kubectl(&["patch", "appaccesses", "crew", "--type=merge", "--patch", r#"{"spec":{"grants":"everything"}}"#])
        .await;
    stage.until_condition(Kind::AppAccess, "crew", "Stalled", "True", "Undecodable").await;

    // The others go on, in both directions.
    stage.apply(&claims("others", &["di"], "groups: [Others]")).await;
    eventually("di is there", async || stage.active().await.contains(&"di@example.com".to_owned()).then_some(())).await;
    two_more_passes(&stage).await;
    let active = stage.active().await;
    assert!(["ada", "bo"].iter().all(|name| active.contains(&format!("{name}@example.com"))), "{active:?}");
    assert_eq!(stage.members("Crew").await.len(), 2);

    // One that decodes and breaks a rule is not taken for what is left of it.
    let shapeless = json!({"spec": {"grants": [{"name": "crew", "subjects": [{"user": "ada@example.com"}, {}], "groups": ["Crew"]}]}});
    stage.kubectl(&["patch", "appaccesses", "crew", "--type=merge", "--patch", &shapeless.to_string()]).await;
    let crew_now = stage.until_condition(Kind::AppAccess, "crew", "Stalled", "True", "Invalid").await;
    let message = condition(&crew_now, "Stalled")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("spec.grants[0].subjects[1]"), "{message}");
    two_more_passes(&stage).await;
    assert_eq!(stage.members("Crew").await.len(), 2);

    stage.apply(&crew(&["ada", "bo"])).await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    assert_eq!(condition(&stage.get(Kind::AppAccess, "crew").await.unwrap(), "Stalled"), Value::Null);
}

#[tokio::test]
async fn deleted_claims_are_withdrawn_and_a_deleted_target_app_removes_nothing() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    stage.apply(&claims("others", &["cy"], "groups: [Others]")).await;
    stage.until("three are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 3).await;

    // The singular is not taken for the category of all our kinds.
    assert!(stage.kubectl(&["get", "appaccess", "others", "--output=name"]).await.ends_with("/others\n"));
    assert!(stage.kubectl(&["get", "appaccess-all", "--output=name"]).await.contains(&format!("/{APP}\n")));
    stage.kubectl(&["delete", "appaccess", "others"]).await;
    eventually("cy is out", async || (!stage.active().await.contains(&"cy@example.com".to_owned())).then_some(()))
        .await;
    stage.until("two are left", Kind::TargetApp, APP, |app| app["status"]["counts"]["declared"] == 2).await;

    stage.recorder.forget();
    stage.kubectl(&["delete", "targetapp", APP]).await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "False", "NotPermitted").await;
    assert!(stage.recorder.changes().is_empty(), "{:?}", stage.recorder.changes());
    assert_eq!(stage.active().await, ["ada@example.com", "bo@example.com"]);
    assert_eq!(stage.members("Crew").await.len(), 2);

    // Its series are gone with it.
    let series = format!("{}/{APP}", stage.namespace);
    eventually("the app is not measured any more", async || {
        stage.ask("/metrics").await.filter(|(_, metrics)| !metrics.contains(&series))
    })
    .await;
}

#[tokio::test]
async fn a_missing_secret_is_named_and_a_later_one_is_used() {
    let stage = Stage::new().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada"])).await;
    let app = stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "SecretMissing").await;
    let message = condition(&app, "Ready")["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&format!("{}/{APP}", stage.namespace)) && message.contains("create it"), "{message}");
    assert_eq!(condition(&app, "CredentialsValid")["status"], "False");
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "False", "TargetAppNotRead").await;
    assert!(stage.recorder.calls().is_empty(), "nothing is asked without a credential");

    stage.apply_secret().await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
}

#[tokio::test]
async fn secrets_are_read_by_name_and_in_the_namespace_of_the_app_alone() {
    let stage = Stage::new().await;
    let other = stage.cluster.namespace("other").await;
    stage.let_read_secrets(&other).await;
    let secret = format!("{{apiVersion: v1, kind: Secret, metadata: {{name: {APP}}}, stringData: {{token: stolen}}}}");
    stage.cluster.kubectl(["apply", "--namespace", &other, "--filename=-"], &secret).await.ok();
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.until("it was read", Kind::TargetApp, APP, |app| app["status"]["counts"]["seen"] == 0).await;

    let requests = stage.cluster.requests(&stage.account.user);
    let secrets: Vec<_> = requests.iter().filter(|request| request.is_about("secrets")).collect();
    assert!(!secrets.is_empty());
    for request in secrets {
        let object = request.object_ref.as_ref().unwrap();
        assert_eq!((request.verb.as_str(), object.name.as_str()), ("get", APP));
        assert_eq!(object.namespace, stage.namespace);
    }
    assert!(!stage.log().contains(crate::support::peers::TOKEN));
}

#[tokio::test]
async fn a_secret_of_a_namespace_that_the_chart_was_not_told_of_is_refused() {
    let mut stage = Stage::new().await;
    stage.namespace = stage.cluster.namespace("elsewhere").await;
    stage.apply_secret().await;
    stage.apply(&stage.app(SAFETY)).await;
    let app = stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "SecretUnreadable").await;
    let message = condition(&app, "Ready")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("let the operator `get` Secrets in this namespace"), "{message}");
    assert!(stage.recorder.calls().is_empty());

    stage.let_read_secrets(&stage.namespace).await;
    stage.reconcile("now-that-it-may").await;
    stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
}

#[tokio::test]
async fn of_two_target_apps_with_one_tenant_the_younger_does_nothing_until_it_is_alone() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app("interval: 1h")).await;
    stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
    // Kubernetes tells ages in whole seconds.
    let first = stage.get(Kind::TargetApp, APP).await.unwrap();
    eventually("a second has passed", async || {
        let created: jiff::Timestamp = first["metadata"]["creationTimestamp"].as_str()?.parse().ok()?;
        (jiff::Timestamp::now().as_second() > created.as_second() + 1).then_some(())
    })
    .await;
    stage.apply(&stage.app_named("anew", SAFETY)).await;
    stage.apply(&crew(&["ada"]).replace("appRef: {name: boards}", "appRef: {name: anew}")).await;
    let younger = stage.until_condition(Kind::TargetApp, "anew", "Stalled", "True", "DuplicateTarget").await;
    let message = condition(&younger, "Ready")["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&format!("{}/{APP}", stage.namespace)), "{message}");
    assert!(stage.recorder.changes().is_empty());

    stage.kubectl(&["delete", "targetapp", APP]).await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    assert_eq!(stage.active().await, ["ada@example.com"]);
}
