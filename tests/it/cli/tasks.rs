//! An app without an interface from a shell: a roster beside the YAML, tasks as text, checklist, CSV and JSON.

use super::schema::assert_valid;
use crate::support::shell::Shell;

const FILES: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {name: parking, namespace: office}
spec:
  connector:
    manual:
      roster: {file: rosters/parking.csv}
      columns: {user: E-Mail, active: Status}
      tasks: {dueIn: 5d, instructions: \"Garage portal, Badges, search by mail, then Edit.\"}
  mode: Full
---
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata: {name: parking, namespace: office}
spec:
  appRef: {name: parking}
  grants:
    - name: commuters
      subjects: [{user: rosa@quay.example}, {user: tom@quay.example}]
";

fn office(roster: &str) -> Shell {
    let shell = Shell::new();
    shell.file("access/parking.yaml", FILES);
    shell.file("access/rosters/parking.csv", roster);
    shell
}

/// The text with the ids of tasks taken out.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .map(|word| {
            let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            if is_id(bare) { word.replace(bare, "ID") } else { word.to_owned() }
        })
        .collect()
}

const PLAN: &str = "\
office/parking  mode Full, 1 account read
  Adopted: 1 taken into our books; the app is not touched
    ~ rosa@quay.example: account
  Tasks, for somebody to do by hand:
  tom@quay.example
    + create account  task ID; declared by office/parking#commuters
    where: Garage portal, Badges, search by mail, then Edit.

Plan: 0 to add, 0 to change, 0 to remove, 1 task for a person.

Next:
  appaccess apply -f access  takes into our books what is there already; the apps are not touched
  appaccess tasks -f access  lists what people are asked to do
";

const TASKS: &str = "\
office/parking  1 task
  where: Garage portal, Badges, search by mail, then Edit.
  ID  not asked for yet: `appaccess apply` starts its clock
    tom@quay.example: create account
    declared by office/parking#commuters

1 task.
";

#[tokio::test]
async fn what_cannot_be_automated_is_listed_until_a_newer_roster_shows_it() {
    let shell = office("E-Mail;Status\r\nrosa@quay.example;active\r\n");
    let plan = shell.run("plan -f access").await;
    assert_eq!((plan.code, without_ids(&plan.stdout).as_str()), (0, PLAN), "{plan:?}");
    let detailed = shell.run("plan -f access --detailed-exitcode -o json").await;
    assert_eq!(detailed.code, 2, "{detailed:?}");
    assert_valid(&shell.run("schema plan").await.document(), &detailed.document());
    let change = detailed.document()["apps"][0]["changes"][1].clone();
    assert_eq!((&change["action"], &change["task"]["does"]), (&"task".into(), &"create".into()), "{change}");
    assert!(change["task"]["opened"].is_null(), "a plan starts no clock");
    assert_eq!(detailed.document()["apps"][0]["calls"], serde_json::json!({"reads": 0, "writes": 0}));
    let tasks = shell.run("tasks -f access").await;
    assert_eq!((tasks.code, without_ids(&tasks.stdout).as_str()), (0, TASKS), "{tasks:?}");
    assert!(!shell.path().join(".appaccess").exists(), "listing makes no store");

    let applied = shell.run("apply -f access --yes -o json").await;
    assert_eq!(applied.code, 0, "{applied:?}");
    let change = applied.document()["apps"][0]["changes"][1].clone();
    assert_eq!(change["outcome"], "pending");
    assert!(change["task"]["due"].is_string(), "{change}");
    let document = shell.run("tasks -f access -o json").await.document();
    assert_valid(&shell.run("schema tasks").await.document(), &document);
    assert_eq!(document["tasks"][0]["id"], change["task"]["id"]);
    assert_eq!(document["tasks"][0]["due"], change["task"]["due"]);
    let csv = shell.run("tasks -f access -o csv").await;
    assert!(csv.stdout.starts_with("\"id\",\"app\",\"does\",") && csv.stdout.lines().count() == 2, "{csv:?}");
    let list = shell.run("tasks -f access -o markdown").await;
    assert!(list.stdout.contains("- [ ] `") && list.stdout.contains("`create account`"), "{list:?}");

    shell
        .file("access/rosters/parking.csv", "E-Mail;Status\r\nrosa@quay.example;active\r\ntom@quay.example;active\r\n");
    let done = shell.run("apply -f access --yes").await;
    assert_eq!(done.code, 0, "{done:?}");
    let none = shell.run("tasks -f access").await;
    assert_eq!((none.code, none.stdout.as_str()), (0, "Nobody is asked to do anything.\n"), "{none:?}");
}

#[tokio::test]
async fn an_overdue_task_is_exit_3() {
    let shell = office("E-Mail,Status\nrosa@quay.example,active\n");
    shell.file("access/parking.yaml", &FILES.replace("dueIn: 5d", "dueIn: 1s"));
    let applied = shell.run("apply -f access --yes").await;
    assert_eq!(applied.code, 0, "{applied:?}");
    let late = crate::support::wait::eventually("the task is overdue", async || {
        let tasks = shell.run("tasks -f access").await;
        (tasks.code == 3).then_some(tasks)
    })
    .await;
    assert!(late.stdout.contains("1 task, 1 overdue."), "{late:?}");
    assert_eq!(shell.run("apply -f access --yes").await.code, 3);
    assert_eq!(shell.run("plan -f access").await.code, 3);
}

#[tokio::test]
async fn a_roster_that_is_not_there_or_not_ours_is_named_and_the_other_apps_go_on() {
    let shell = office("E-Mail,Status\nrosa@quay.example,active\n");
    let second = FILES.replace("name: parking", "name: lockers").replace("rosters/parking.csv", "rosters/lockers.csv");
    shell.file("access/lockers.yaml", &second);
    let tasks = shell.run("tasks -f access").await;
    assert_eq!(tasks.code, 1, "{tasks:?}");
    assert!(tasks.stdout.contains("TargetApp office/lockers: RosterMissing"), "{tasks:?}");
    assert!(tasks.stdout.contains("tom@quay.example: create account"), "{tasks:?}");
    shell.file("access/rosters/lockers.csv", "E-Mail,State\nrosa@quay.example,active\n");
    let wrong = shell.run("tasks -f access --app office/lockers").await;
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(wrong.stdout.contains("has no column \"Status\"; its header says E-Mail, State"), "{wrong:?}");
}

#[tokio::test]
async fn the_example_of_appcues_comes_true() {
    let shell = Shell::new();
    shell.file("access/appcues.yaml", include_str!("../../../examples/apps/appcues.yaml"));
    shell.file("access/rosters/appcues.csv", include_str!("../../../examples/apps/rosters/appcues.csv"));
    let tasks = shell.run("tasks -f access -o json").await;
    assert_eq!(tasks.code, 0, "{tasks:?}");
    let document = tasks.document();
    let told = document["tasks"].as_array().expect("a list").iter().map(|task| {
        let text = |field: &str| task[field].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}>{}", text("does"), text("person"), task["entitlement"]["type"], text("from"), text("to"))
    });
    let told: Vec<String> = told.collect();
    for wanted in [
        "create joel@birch.studio \"account\" ->-",
        "grant joel@birch.studio \"role\" ->Editor",
        "change ana@birch.studio \"role\" Viewer>Editor",
    ] {
        assert!(told.iter().any(|line| line == wanted), "{wanted} is not in {told:#?}");
    }
    assert!(!tasks.stdout.contains("old@birch.studio"), "an unknown account is nobody's task");
    let text = shell.run("tasks -f access").await;
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 100), "{text:?}");
}
