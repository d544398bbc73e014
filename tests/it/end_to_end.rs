//! The main job on real parts: what is declared in the cluster becomes so in the app, and nothing else does.

use appaccess::api::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::stage::{APP, Stage, condition, crew};
use crate::support::wait::eventually;

const SAFETY: &str = "interval: 4s, safety: {settle: 1s, maxRemovals: {people: 1, percent: 0}}";

#[tokio::test]
async fn declared_access_becomes_real_access() {
    let stage = Stage::new().await;
    add_user(&stage, "old@example.com").await;
    stage.apply_secret().await;

    drift_is_reported_and_nothing_changed(&stage).await;
    people_and_groups_are_created(&stage).await;
    the_first_removal_waits_for_its_approval(&stage).await;
    edits_behind_our_back_are_repaired_or_reported(&stage).await;
    a_withdrawn_claim_is_removed_within_the_budget(&stage).await;
    a_mass_withdrawal_is_held(&stage).await;
    a_quiet_pass_changes_and_writes_nothing(&stage).await;
}

async fn add_user(stage: &Stage, name: &str) {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "active": true,
        "emails": [{"value": name, "primary": true}],
    });
    assert_eq!(stage.peer.call(Method::POST, "/Users", Some(&user)).await.status, 201);
}

async fn drift_is_reported_and_nothing_changed(stage: &Stage) {
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo", "cy", "di", "ed", "flo"])).await;
    let app = stage.until("six are missing", Kind::TargetApp, APP, |app| app["status"]["counts"]["missing"] == 6).await;
    assert_eq!(app["status"]["driftTotal"], 1);
    assert_eq!(app["status"]["drift"][0]["label"], "old@example.com");
    assert_eq!(condition(&app, "InSync")["status"], "False");
    assert_eq!(condition(&app, "Ready")["status"], "True");
    assert!(stage.recorder.changes().is_empty(), "{:?}", stage.recorder.changes());
}

async fn people_and_groups_are_created(stage: &Stage) {
    stage.apply(&stage.app(&format!("mode: Full, {SAFETY}"))).await;
    stage.until("all six are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 6).await;
    let access = stage.until_condition(Kind::AppAccess, "crew", "InSync", "True", "Applied").await;
    assert_eq!(access["status"]["summary"]["applied"], 12, "six accounts and six memberships");
    assert_eq!(stage.active().await.len(), 7);
    assert_eq!(stage.members("Crew").await.len(), 6);
}

async fn the_first_removal_waits_for_its_approval(stage: &Stage) {
    stage.apply(&crew(&["bo", "cy", "di", "ed", "flo"])).await;
    let app = stage.until_condition(Kind::TargetApp, APP, "PlanHeld", "True", "ApprovalRequired").await;
    let plan = stage
        .until("shows the hold", Kind::AccessPlan, APP, |plan| {
            plan["spec"]["digest"] == app["status"]["hold"]["digest"]
        })
        .await;
    assert_eq!(plan["spec"]["people"], 1);
    assert_eq!(plan["metadata"]["ownerReferences"][0]["uid"], app["metadata"]["uid"]);
    assert!(plan["spec"]["rows"].as_array().unwrap().iter().all(|row| row["person"] == "ada@example.com"));
    assert_eq!(stage.active().await.len(), 7, "nobody has lost anything");

    stage.apply(&approval("ada-goes", plan["spec"]["digest"].as_str().unwrap())).await;
    stage.until_condition(Kind::TargetApp, APP, "PlanHeld", "False", "NothingHeld").await;
    assert!(!stage.active().await.contains(&"ada@example.com".to_owned()));
    assert_eq!(stage.members("Crew").await.len(), 5);
    stage.until_condition(Kind::AccessApproval, "ada-goes", "Ready", "True", "Used").await;
    eventually("the plan is gone", async || stage.get(Kind::AccessPlan, APP).await.is_none().then_some(())).await;
}

fn approval(name: &str, digest: &str) -> String {
    let not_after = jiff::Timestamp::now().saturating_add(jiff::SignedDuration::from_hours(24)).unwrap();
    format!(
        "{{apiVersion: appaccess.dev/v1alpha1, kind: AccessApproval, metadata: {{name: {name}}}, spec: {{\
         appRef: {{name: {APP}}}, digest: \"{digest}\", decision: Approve, notAfter: \"{not_after}\"}}}}"
    )
}

async fn edits_behind_our_back_are_repaired_or_reported(stage: &Stage) {
    let group = stage.group("Crew").await.unwrap();
    let bo = stage.users().await["bo@example.com"]["id"].as_str().unwrap().to_owned();
    let removal = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "remove", "path": format!("members[value eq \"{bo}\"]")}],
    });
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    assert!(stage.peer.call(Method::PATCH, &path, Some(&removal)).await.status < 300);
    add_user(stage, "stranger@example.com").await;

    eventually("the member is back", async || stage.members("Crew").await.contains(&bo).then_some(())).await;
    let app =
        stage.until("the stranger is reported", Kind::TargetApp, APP, |app| app["status"]["driftTotal"] == 2).await;
    let shown: Vec<&Value> = app["status"]["drift"].as_array().unwrap().iter().map(|row| &row["label"]).collect();
    assert!(shown.contains(&&json!("stranger@example.com")), "{shown:?}");
    assert!(stage.active().await.contains(&"stranger@example.com".to_owned()), "the policy is to report");
}

async fn a_withdrawn_claim_is_removed_within_the_budget(stage: &Stage) {
    stage.apply(&crew(&["cy", "di", "ed", "flo"])).await;
    eventually("the account is suspended", async || {
        (!stage.active().await.contains(&"bo@example.com".to_owned())).then_some(())
    })
    .await;
    let app = stage.until("four are in sync", Kind::TargetApp, APP, |app| {
        app["status"]["counts"]["inSync"] == 4 && app["status"]["observedGeneration"] == app["metadata"]["generation"]
    });
    assert_eq!(condition(&app.await, "PlanHeld")["status"], "False");
    assert_eq!(stage.members("Crew").await.len(), 4);
}

async fn a_mass_withdrawal_is_held(stage: &Stage) {
    stage.apply(&crew(&["flo"])).await;
    let app = stage.until_condition(Kind::TargetApp, APP, "PlanHeld", "True", "ThresholdExceeded").await;
    assert_eq!(app["status"]["hold"]["people"], 3);
    assert_eq!(condition(&app, "Ready")["reason"], "PlanHeld");
    assert_eq!(stage.members("Crew").await.len(), 4, "nobody has lost anything");
}

async fn a_quiet_pass_changes_and_writes_nothing(stage: &Stage) {
    stage.reconcile("before").await;
    stage.recorder.forget();
    let before = stage.writes().len();
    stage.reconcile("now").await;
    let writes = stage.writes().split_off(before);
    let about: Vec<_> = writes.iter().map(|write| (write.verb.as_str(), write.path.as_str())).collect();
    assert_eq!(writes.len(), 1, "the answer to the one who asked, and nothing else: {about:?}");
    assert!(writes[0].is_about("targetapps"));

    let passes = || stage.recorder.calls().iter().filter(|call| call.path.starts_with("/Groups")).count();
    let so_far = passes();
    eventually("two more passes by the interval", async || (passes() > so_far + 1).then_some(())).await;
    assert_eq!(stage.writes().len(), before + 1, "{:?}", stage.writes().split_off(before + 1));
    assert!(stage.recorder.changes().is_empty(), "{:?}", stage.recorder.changes());
}
