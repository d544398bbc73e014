//! Decisions from a shell: what is shown, what counts, what is told next, and that every command that is offered works.

use appaccess::sim::scim::{Options, Server};

use super::story::files;
use crate::support::shell::{Ended, Shell};

const REACH: &str = "-f apps.yaml --secrets secrets --allow-loopback";

/// An app whose files name these people, with a credential that works.
async fn studio(people: &[&str]) -> (Server, Shell) {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    let shell = Shell::new();
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    declare(&vendor, &shell, people);
    (vendor, shell)
}

fn declare(vendor: &Server, shell: &Shell, people: &[&str]) {
    shell.file("apps.yaml", &files(vendor.base_url(), "Full", people));
}

/// Applied, and then somebody is taken out of the files.
async fn with_a_withdrawal() -> (Server, Shell) {
    let (vendor, shell) = studio(&["ines", "tom"]).await;
    assert_eq!(shell.run(&format!("apply {REACH} --yes")).await.code, 0);
    declare(&vendor, &shell, &["ines"]);
    (vendor, shell)
}

/// The commands that a text offers, without the name of the program.
fn next(ended: &Ended) -> Vec<String> {
    let offered = ended.stdout.split_once("Next:\n").map(|(_, next)| next.to_owned()).unwrap_or_default();
    let commands = offered.lines().filter_map(|line| line.trim().strip_prefix("appaccess ").map(str::to_owned));
    commands.map(|line| line.split("  ").next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn who_says_no_is_not_outvoted_and_a_later_yes_is_refused_with_the_reason() {
    let (_vendor, shell) = with_a_withdrawal().await;
    assert_eq!(shell.run(&format!("apply {REACH} --yes --no-settle")).await.code, 3);
    assert_eq!(shell.run("approve studio/planner --by mara --yes").await.code, 0);
    let rejected = shell.run("reject studio/planner --by noor --yes").await;
    assert_eq!(rejected.code, 0, "{rejected:?}");
    assert!(rejected.stderr.contains("what was approved before counts no longer"), "{rejected:?}");
    for line in [format!("plan {REACH} --no-settle"), format!("apply {REACH} --no-settle --yes")] {
        let held = shell.run(&line).await;
        assert!(held.code == 3 && held.stdout.contains("Rejected:"), "{held:?}");
    }
    let outvoted = shell.run("approve studio/planner --yes").await;
    assert!(outvoted.code == 1 && outvoted.stderr.contains("was rejected by noor"), "{outvoted:?}");
}

#[tokio::test]
async fn held_rows_are_shown_as_the_plan_shows_them() {
    let (vendor, shell) = studio(&["ines"]).await;
    let yaml = files(vendor.base_url(), "Full", &["ines"]);
    shell.file("apps.yaml", &yaml.replace("  seats:", "  safety: {approve: [{group: Studio}]}\n  seats:"));
    let held = shell.run(&format!("apply {REACH} --yes")).await;
    assert_eq!(held.code, 3, "{held:?}");
    let approved = shell.run("approve studio/planner --yes -o json").await;
    let rows = approved.document()["rows"].to_string();
    assert!(rows.contains("+ grant group Studio  (declared)") && !rows.contains("nothing"), "{rows}");
}

#[tokio::test]
async fn every_command_that_is_offered_next_does_what_it_says() {
    let (_vendor, shell) = with_a_withdrawal().await;
    let held = shell.run(&format!("plan {REACH} --no-settle")).await;
    assert_eq!(held.code, 3, "{held:?}");
    let [write] = next(&held).try_into().expect("one command");
    assert!(write.starts_with("apply") && write.contains("--no-settle"), "{held:?}");
    let written = shell.run(&format!("{write} --yes")).await;
    assert_eq!(written.code, 3, "{written:?}");
    let [approve] = next(&written).try_into().expect("one command");
    assert_eq!(shell.run(&format!("{approve} --yes")).await.code, 0);
    let free = shell.run(&format!("plan {REACH} --no-settle")).await;
    assert_eq!(free.code, 0, "{free:?}");
    let [apply] = next(&free).try_into().expect("one command");
    let applied = shell.run(&format!("{apply} --yes")).await;
    assert!(applied.code == 0 && applied.stdout.contains("applied"), "{applied:?}");
    assert!(next(&shell.run(&format!("plan {REACH} --no-settle")).await).is_empty());
}

#[tokio::test]
async fn what_is_only_taken_into_our_books_is_no_difference_and_no_change() {
    let (vendor, shell) = with_a_withdrawal().await;
    declare(&vendor, &shell, &["ines", "tom"]);
    let plan = shell.run(&format!("plan {REACH} --state other.db")).await;
    assert!(plan.stdout.contains("Nothing differs in the apps; 4 of what they hold"), "{plan:?}");
    assert!(plan.tidy().contains("takes into our books what is there already"), "{plan:?}");
    let [apply] = next(&plan).try_into().expect("one command");
    assert_eq!(shell.run(&format!("{apply} --yes")).await.code, 0);
    assert!(next(&shell.run(&format!("plan {REACH} --state other.db")).await).is_empty());
}

#[tokio::test]
async fn what_settles_tells_that_it_will_wait_for_a_decision() {
    let (_vendor, shell) = with_a_withdrawal().await;
    let plan = shell.run(&format!("plan {REACH}")).await;
    assert!(plan.tidy().contains("then waits for a decision (ApprovalRequired)"), "{plan:?}");
    let document = shell.run(&format!("plan {REACH} -o json")).await.document();
    assert_eq!(document["apps"][0]["changes"][0]["heldWhenDue"], "ApprovalRequired", "{document}");
}

#[tokio::test]
async fn what_the_mode_does_not_allow_has_no_outcome() {
    let (vendor, shell) = studio(&["ines"]).await;
    shell.file("apps.yaml", &files(vendor.base_url(), "Observe", &["ines"]));
    let applied = shell.run(&format!("apply {REACH} --yes -o json")).await;
    assert_eq!(applied.code, 0, "{applied:?}");
    let changes = applied.document()["apps"][0]["changes"].as_array().expect("a list").clone();
    assert!(!changes.is_empty() && changes.iter().all(|change| change["outcome"].is_null()), "{changes:?}");
}

#[tokio::test]
async fn an_app_that_was_mistyped_is_named_as_it_is() {
    let (_vendor, shell) = with_a_withdrawal().await;
    for name in ["planner", "studio/plannr"] {
        let unknown = shell.run(&format!("approve {name} --yes")).await;
        assert!(unknown.code == 1 && unknown.stderr.contains("did you mean studio/planner?"), "{unknown:?}");
    }
}

#[tokio::test]
async fn an_error_says_where_its_object_stands() {
    let (vendor, shell) = studio(&["ines"]).await;
    let yaml = files(vendor.base_url(), "Full", &["ines"]).replace("{user: ines@fern.example}", "{team: {name: lost}}");
    shell.file("apps.yaml", &yaml);
    let plan = shell.run(&format!("plan {REACH} -o json")).await;
    let places: Vec<i64> = plan.document()["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|error| error["place"]["line"].as_i64())
        .collect();
    let grant = yaml.lines().position(|line| line.contains("name: makers")).and_then(|at| i64::try_from(at + 1).ok());
    assert_eq!(places, Vec::from_iter(grant), "{plan:?}");
    std::fs::remove_dir_all(shell.path().join("secrets")).expect("the folder is there");
    let line = yaml.lines().position(|line| line.contains("credentials:")).map_or(0, |at| at + 1);
    for command in ["plan", "apply --yes", "tasks", "import --app studio/planner"] {
        let ended = shell.run(&format!("{command} {REACH}")).await;
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(said.contains(&format!("at:  apps.yaml:{line}")), "{command}: {said}");
    }
}
