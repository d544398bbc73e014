//! `doctor` from a shell, on apps that are well and on apps that are not: each fault is named with its step, the others
//! go on, and nothing but reads is sent.

use appaccess::sim::scim::{Fault, Options, Server};
use serde_json::{Value, json};

use super::schema::assert_valid;
use crate::support::shell::{Ended, Shell};

/// A target app with these fields, and its Secret.
fn app(name: &str, base: &str, further: &str) -> String {
    format!(
        "---\napiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: {name}, namespace: studio}}\nspec:\n  \
         connector: {{scim: {{baseUrl: \"{base}\"}}}}\n  credentials: {{secretRef: {{name: {name}-token}}}}\n{further}"
    )
}

fn claims(app: &str, grant: &str) -> String {
    format!(
        "---\napiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata: {{name: staff, namespace: studio}}\nspec:\n  \
         appRef: {{name: {app}}}\n  grants:\n{grant}"
    )
}

const FLAGS: &str = "--secrets secrets --allow-loopback --timeout 1s";

async fn doctor(shell: &Shell, format: &str) -> Ended {
    shell.run(&format!("doctor -f apps.yaml {FLAGS} -o {format}")).await
}

/// The findings of an app that are neither right nor merely worth knowing: check and severity.
fn faults(document: &Value, name: &str) -> Vec<(String, String)> {
    let apps = document["apps"].as_array().expect("a list");
    let app = apps.iter().find(|app| app["app"] == format!("studio/{name}")).expect("every app is told");
    let findings = app["findings"].as_array().expect("a list");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("a text").to_owned();
    let wrong = findings.iter().filter(|finding| finding["severity"] == "error" || finding["severity"] == "warning");
    wrong.map(|finding| (text(finding, "check"), text(finding, "severity"))).collect()
}

fn error(check: &str) -> Vec<(String, String)> {
    vec![(check.to_owned(), "error".to_owned())]
}

#[tokio::test]
async fn an_app_that_is_well_is_told_so_by_reads_alone() {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    let shell = Shell::new();
    let grant = "    - {name: staff, subjects: [{user: ana@fern.example}], groups: [Studio]}\n";
    shell.file("apps.yaml", &(app("planner", vendor.base_url(), "  mode: Full\n") + &claims("planner", grant)));
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    let ended = doctor(&shell, "json").await;
    let document = ended.document();
    assert_eq!((ended.code, faults(&document, "planner")), (0, vec![]), "{document:#}");
    assert_valid(&shell.run("schema doctor").await.document(), &document);
    let planner = &document["apps"][0];
    assert_eq!(planner["complete"], true);
    assert!(planner["capabilities"].as_array().expect("a list").contains(&json!("group")));
    assert_eq!((&planner["quota"]["intervalSeconds"], &planner["calls"]["writes"]), (&json!(600), &json!(0)));
    assert_eq!(planner["quota"]["reads"], 2, "users and groups");
    let text = doctor(&shell, "text").await;
    assert!(text.stdout.ends_with("1 app, 0 errors, 0 warnings.\n"), "{text:?}");
    assert!(text.stdout.contains("ok       HostBinding   the credential goes to 127.0.0.1 alone"), "{text:?}");
    assert_eq!(vendor.mutations(), 0);
    assert!(!shell.path().join(".appaccess").exists(), "no store is made");
}

#[tokio::test]
async fn each_fault_is_named_by_its_step_and_stops_no_other_app() {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    let base = vendor.base_url();
    let tenant = base.replace("/scim/v2", "/tenant-7/scim/v2");
    let elsewhere = "{secretRef: {name: bound-token}, hosts: [scim.fern.example]}";
    let shell = Shell::new();
    let text = [
        app("key", &format!("{base}/"), ""),
        app("tenant", &tenant, ""),
        app("down", "http://127.0.0.1:1/scim/v2", ""),
        app("secretless", "https://scim.fern.example/1", ""),
        app("bound", &format!("{base}/b"), "").replace("{secretRef: {name: bound-token}}", elsewhere),
        app("asleep", "https://scim.fern.example/2", "  suspend: true\n"),
        app("well", &base.replace("127.0.0.1", "localhost"), ""),
    ];
    shell.file("apps.yaml", &text.concat());
    for name in ["tenant", "down", "bound", "well"] {
        shell.file(&format!("secrets/studio/{name}-token/token"), &vendor.token());
    }
    shell.file("secrets/studio/key-token/token", "expired");
    let ended = doctor(&shell, "json").await;
    let document = ended.document();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert_valid(&shell.run("schema doctor").await.document(), &document);
    assert_eq!(faults(&document, "key"), error("Credential"), "{document:#}");
    assert_eq!(faults(&document, "tenant"), error("Answer"), "{document:#}");
    assert_eq!(faults(&document, "down"), error("Reachable"));
    assert_eq!(faults(&document, "secretless"), error("Secret"));
    assert_eq!(faults(&document, "bound"), error("HostBinding"));
    assert_eq!(faults(&document, "asleep"), []);
    assert_eq!(faults(&document, "well"), [], "{document:#}");
    assert_eq!(document["apps"][0]["suspended"], true, "by name: asleep is the first");
    for app in document["apps"].as_array().expect("a list") {
        for finding in app["findings"].as_array().expect("a list") {
            let wants_remedy = finding["severity"] == "error";
            assert!(!wants_remedy || finding["remedy"] != "", "{finding:#}");
        }
    }
    let chosen = shell.run(&format!("doctor -f apps.yaml --app studio/well {FLAGS}")).await;
    assert_eq!(chosen.code, 0, "{chosen:?}");
    let markdown = doctor(&shell, "markdown").await;
    assert!(markdown.stdout.contains("- ⚠ `studio/down` **error** Reachable"), "{markdown:?}");
    assert!(!markdown.stdout.contains(&vendor.token()), "no credential is shown");
    assert_eq!(vendor.mutations(), 0);
}

#[tokio::test]
async fn what_is_claimed_and_cannot_be_had_is_named_with_its_line() {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    let shell = Shell::new();
    let grants = "    - {name: fine, subjects: [{user: ana@fern.example}]}\n    - name: odd\n      subjects: [{user: \
                  tom@fern.example}]\n      entitlements: [{type: workspace, name: Delivery}]\n";
    shell.file("apps.yaml", &(app("planner", vendor.base_url(), "") + &claims("planner", grants)));
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    let ended = doctor(&shell, "json").await;
    let document = ended.document();
    assert_eq!((ended.code, faults(&document, "planner")), (1, error("Claims")), "{document:#}");
    let findings = document["apps"][0]["findings"].as_array().expect("a list");
    let claim = findings.iter().find(|finding| finding["check"] == "Claims").expect("it is there");
    assert_eq!(claim["place"], json!({"file": "apps.yaml", "line": 16}), "{claim:#}");
    assert_eq!(claim["why"], "claimed by studio/staff#odd");
}

#[tokio::test]
async fn a_listing_that_is_not_whole_is_an_error_and_a_limit_is_told() {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    for number in 0..5 {
        vendor.edit(|state| state.add_user(&format!("p{number}@fern.example")));
    }
    let shell = Shell::new();
    shell.file("apps.yaml", &app("planner", vendor.base_url(), ""));
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    vendor.fault(Fault::truncated(2).on_path("/Users").times(50));
    let document = doctor(&shell, "json").await.document();
    assert_eq!(faults(&document, "planner"), error("Listing"), "{document:#}");
    vendor.clear_faults();
    vendor.fault(Fault::throttled(Some("1800")).times(50));
    let ended = doctor(&shell, "json").await;
    assert_eq!((ended.code, faults(&ended.document(), "planner")), (1, error("Quota")), "{ended:?}");
}

#[tokio::test]
async fn wrong_files_are_contacted_about_nothing() {
    let shell = Shell::new();
    shell.file("apps.yaml", &app("planner", "https://scim.fern.example", "  mod: Full\n"));
    let ended = doctor(&shell, "json").await;
    assert_eq!(ended.code, 64, "{ended:?}");
    let document = ended.document();
    assert_eq!(document["apps"], serde_json::json!([]), "{document:#}");
    assert_eq!(document["errors"][0]["place"]["line"], 8, "{document:#}");
}

const PARKING: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {name: parking, namespace: studio}
spec:
  connector: {manual: {roster: {file: roster.csv}}}
";

#[tokio::test]
async fn nothing_is_said_of_a_credential_where_there_is_none() {
    let shell = Shell::new();
    shell.file("apps.yaml", PARKING);
    shell.file("roster.csv", "user\nines@fern.example\n");
    let looked = shell.run("doctor -f apps.yaml -o json").await;
    assert_eq!(looked.code, 0, "{looked:?}");
    let document = looked.document();
    let findings = document["apps"][0]["findings"].as_array().expect("a list");
    let checks: Vec<&str> = findings.iter().filter_map(|finding| finding["check"].as_str()).collect();
    assert_eq!(checks.first(), Some(&"Roster"), "{checks:?}");
    for check in ["Secret", "HostBinding", "Reachable", "Credential", "Rights", "Answer"] {
        assert!(!checks.contains(&check), "{checks:?}");
    }
}
