//! What a reviewer reads of a change, and who must review it: from the files alone.

use std::fs;

use serde_json::{Value, json};

use crate::cli::schema::assert_valid;
use crate::support::shell::{Ended, Shell};
use crate::support::tools::repository;

const PLAN: &str = "plan -f head.yaml --base base.yaml --at 2027-03-01T09:00:00Z";

fn fixture(name: &str) -> String {
    let path = repository().join("tests/it/fixtures/pull-request").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A folder with what was and what is to be.
fn studio() -> Shell {
    let shell = Shell::new();
    shell.file("base.yaml", &fixture("base.yaml"));
    shell.file("head.yaml", &fixture("head.yaml"));
    shell
}

async fn reviewed(shell: &Shell) -> Value {
    let ended = shell.run(&format!("{PLAN} -o json")).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.document()
}

fn app<'a>(document: &'a Value, name: &str) -> &'a Value {
    let mut apps = document["apps"].as_array().expect("a list").iter();
    apps.find(|app| app["app"] == name).unwrap_or_else(|| panic!("{name} is not in {document:#}"))
}

#[tokio::test]
async fn a_change_is_told_as_text_as_a_comment_and_as_a_document() {
    let shell = studio();
    let text = shell.run(PLAN).await;
    assert_eq!((text.code, text.stderr.as_str()), (0, ""), "{text:?}");
    insta::assert_snapshot!("review_text", text.stdout);
    let markdown = shell.run(&format!("{PLAN} -o markdown")).await;
    insta::assert_snapshot!("review_markdown", markdown.stdout);
    let json = shell.run(&format!("{PLAN} -o json --detailed-exitcode")).await;
    assert_eq!(json.code, 2, "{json:?}");
    assert_valid(&shell.run("schema plan").await.document(), &json.document());
    insta::assert_snapshot!("review_json", json.stdout);
}

#[tokio::test]
async fn what_moves_between_claims_is_withdrawn_and_lost_by_nobody() {
    let document = reviewed(&studio()).await;
    let planner = app(&document, "studio/planner");
    let rows = planner["intent"]["withdrawn"].as_array().expect("a list");
    let of = |person: &str| rows.iter().filter(|row| row["person"] == person).collect::<Vec<_>>();
    assert!(of("bo@fern.example").iter().all(|row| row["loses"] == false), "{rows:?}");
    assert_eq!(of("bo@fern.example")[0]["keeps"], json!(["studio/everybody#makers-of-old"]));
    assert!(of("tom@fern.example").iter().all(|row| row["loses"] == true), "{rows:?}");
}

#[tokio::test]
async fn the_owners_before_the_change_approve_it_and_what_they_guard_is_told() {
    let document = reviewed(&studio()).await;
    let review = &app(&document, "studio/planner")["review"];
    assert_eq!(review["owners"], json!(["@fern/it", "vera@fern.example"]));
    let setting = |field: &str| {
        let mut settings = review["settings"].as_array().expect("a list").iter();
        settings.find(|setting| setting["field"] == field).cloned().unwrap_or_default()
    };
    assert_eq!(setting("safety.maxRemovals.people")["effect"], "narrows");
    assert_eq!(setting("owners")["from"], "vera@fern.example");
    let mode = &app(&document, "studio/boards")["review"]["settings"][0];
    assert_eq!(
        (&mode["from"], &mode["to"], &mode["effect"]),
        (&json!("Observe"), &json!("Additive"), &json!("widens"))
    );
    assert_eq!(document["touched"][0]["object"], "Directory studio/okta");
    assert_eq!(app(&document, "studio/wiki")["review"]["presence"], "removed");
}

#[tokio::test]
async fn a_selection_of_other_people_is_no_silent_change() {
    let document = reviewed(&studio()).await;
    let settings = app(&document, "studio/planner")["review"]["settings"].as_array().expect("a list").clone();
    let of_match = settings.iter().filter(|setting| setting["field"] == "studio/everybody#sales.match");
    let told: Vec<String> = of_match.map(|setting| format!("{} {}", setting["from"], setting["to"])).collect();
    assert!(told.len() == 2 && told[0].contains("Design") && told[1].contains("Sales"), "{told:?}");
}

#[tokio::test]
async fn what_people_do_by_hand_is_told_as_a_task() {
    let document = reviewed(&studio()).await;
    let change = &app(&document, "studio/parking")["changes"][0];
    assert_eq!((&change["action"], &change["person"]), (&json!("task"), &json!("nora@fern.example")));
    assert_eq!(change["task"]["does"], "create");
}

#[tokio::test]
async fn the_approval_that_is_proposed_is_one_that_counts() {
    let shell = studio();
    let document = reviewed(&shell).await;
    let intent = app(&document, "studio/planner")["intent"]["digest"].clone();
    let block = app(&document, "studio/planner")["review"]["approval"].as_str().expect("a text").to_owned();
    let head = fixture("head.yaml");
    shell.file("head.yaml", &format!("{block}---\n{head}"));
    let approved = reviewed(&shell).await;
    let planner = app(&approved, "studio/planner");
    assert_eq!(planner["intent"]["digest"], intent, "an approval withdraws nothing");
    let name = planner["review"]["approvedBy"].as_str().expect("it is approved");
    assert!(name.starts_with("studio/planner-"), "{name}");
    let reasons = |planner: &Value| -> Vec<String> {
        let warnings = planner["review"]["warnings"].as_array().expect("a list").iter();
        warnings.map(|warning| warning["reason"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert!(reasons(app(&document, "studio/planner")).contains(&"ThresholdExceeded".to_owned()));
    assert!(!reasons(planner).contains(&"ThresholdExceeded".to_owned()));
}

/// A repository with the two sides as folders.
fn with_repository() -> Shell {
    let shell = Shell::new();
    shell.file(".git/HEAD", "ref: refs/heads/main\n");
    shell.file("access/all apps.yaml", &fixture("base.yaml"));
    shell.file("access/rosters/parking.csv", "user\nvera@fern.example\n");
    shell.file("access/people/lots.yaml", LOTS);
    shell
}

const LOTS: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata: {name: more-lots, namespace: studio}
spec:
  appRef: {name: parking}
  grants:
    - name: yard
      subjects: [{team: {name: neighbours}}]
";

fn of_team(name: &str) -> String {
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {{name: {name}, namespace: studio}}\nspec:\n  members: [{{user: uma@fern.example}}]\n"
    )
}

#[tokio::test]
async fn each_file_is_owned_by_the_owners_of_the_apps_that_it_is_about() {
    let shell = with_repository();
    shell.file("access/people/neighbours.yaml", &of_team("neighbours"));
    shell.file("access/people/unused.yaml", &of_team("unused"));
    let printed = shell.run("codeowners -f access").await;
    assert_eq!(printed.code, 0, "{printed:?}");
    insta::assert_snapshot!("codeowners", printed.stdout);
    insta::assert_snapshot!("codeowners_notes", printed.stderr);
    let json = shell.run("codeowners -f access -o json").await;
    assert_valid(&shell.run("schema codeowners").await.document(), &json.document());
    assert_eq!(json.document()["entries"][0]["pattern"], "/access/");
}

#[tokio::test]
async fn a_stale_file_fails_the_check_and_what_others_wrote_stays() {
    let shell = with_repository();
    shell.file("CODEOWNERS", "* @fern/everybody\n");
    let check = "codeowners -f access --root . --check CODEOWNERS";
    let stale = shell.run(check).await;
    assert_eq!(stale.code, 1, "{stale:?}");
    assert!(stale.stderr.contains("appaccess codeowners -f access --root . --out CODEOWNERS"), "{stale:?}");
    let written = shell.run("codeowners -f access --root . --out CODEOWNERS").await;
    assert_eq!(written.code, 0, "{written:?}");
    let text = fs::read_to_string(shell.path().join("CODEOWNERS")).expect("it is there");
    assert!(text.starts_with("* @fern/everybody\n\n# appaccess: begin\n"), "{text}");
    assert_eq!(shell.run(check).await.code, 0);
    shell.file("access/people/neighbours.yaml", &of_team("neighbours"));
    assert_eq!(shell.run(&format!("{check} -o json")).await.document()["stale"], true);
    let nothing = shell.run("codeowners -f access --check .github/CODEOWNERS").await;
    assert_eq!(nothing.code, 1, "{nothing:?}");
    assert!(nothing.stderr.contains("error: .github/CODEOWNERS is not there"), "{nothing:?}");
    let made = shell.run("codeowners -f access --out .github/CODEOWNERS").await;
    assert_eq!(made.code, 0, "the one folder that forges look into is made: {made:?}");
    assert_eq!(shell.run("codeowners -f access --check .github/CODEOWNERS").await.code, 0);
    let deep = shell.run("codeowners -f access --out no/such/CODEOWNERS").await;
    assert_eq!(deep.code, 1, "{deep:?}");
}

#[tokio::test]
async fn a_file_whose_marks_do_not_fit_is_refused_and_left_as_it_is() {
    let shell = with_repository();
    let text = "* @fern/everybody\n# appaccess: begin\n/a @x\n/theirs @fern/other\n";
    shell.file("CODEOWNERS", text);
    for flag in ["--out", "--check"] {
        let ended = shell.run(&format!("codeowners -f access {flag} CODEOWNERS")).await;
        assert_eq!(ended.code, 64, "{ended:?}");
        assert!(ended.stderr.contains("error: CODEOWNERS:2\n  why: `# appaccess: begin` stands there"), "{ended:?}");
        assert_eq!(fs::read_to_string(shell.path().join("CODEOWNERS")).expect("it is there"), text);
    }
}

#[tokio::test]
async fn what_no_forge_could_take_is_refused_with_what_to_do() {
    let refused = |ended: Ended, what: &str| {
        assert_eq!(ended.code, 64, "{ended:?}");
        assert!(ended.stderr.contains(what) && ended.stderr.contains("do:"), "{ended:?}");
    };
    let shell = with_repository();
    shell.file("access/all apps.yaml", &fixture("base.yaml").replace("\"@fern/office\"", "the office"));
    let office = shell.run("codeowners -f access").await;
    let lines = fs::read_to_string(shell.path().join("access/all apps.yaml")).expect("it is there");
    let line = lines.lines().position(|line| line.contains("the office")).expect("it names the office") + 1;
    assert!(office.stderr.contains(&format!("access/all apps.yaml:{line}\n")), "{office:?}");
    refused(office, "names the owner `the office`, which no forge takes");
    refused(shell.run("codeowners -f access --root nowhere").await, "--root nowhere cannot be read");
    let shell = with_repository();
    shell.file("access/people/a#b.yaml", &of_team("neighbours"));
    refused(shell.run("codeowners -f access").await, "cannot be written into a CODEOWNERS file");
    let shell = with_repository();
    refused(shell.run("codeowners -f access --root access/people").await, "not below the root of the repository");
    shell.file("access/all apps.yaml", &of_team("neighbours"));
    refused(shell.run("codeowners -f access").await, "no TargetApp among the files has `owners`");
    refused(shell.run("codeowners -f -").await, "standard input has no owner");
    let nowhere = Shell::new();
    nowhere.file("apps.yaml", &fixture("base.yaml"));
    refused(nowhere.run("codeowners -f apps.yaml").await, "`.git`");
}
