//! The demonstration tells its story to the end, and what it tells is what happened.

use std::process::{Command, Stdio};

use tokio::process::Command as Background;

use crate::support::wait::eventually;

#[tokio::test]
async fn a_simulated_app_runs_until_it_is_told_to_stop_and_no_folder_is_written_over() {
    let scratch = tempfile::TempDir::new().unwrap();
    let serve = || {
        let mut command = Background::new(env!("CARGO_BIN_EXE_appaccess"));
        command.args(["demo", "--serve", "playground"]).current_dir(scratch.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    };
    let running = serve().spawn().unwrap();
    let id = running.id().unwrap();
    let token = scratch.path().join("playground/secrets/access/tracker-token/token");
    eventually("the folder is furnished", async || token.exists().then_some(())).await;
    let refused = serve().output().await.unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(64), "{why}");
    assert!(why.contains("playground is not empty"), "{why}");
    Command::new("kill").args(["-TERM", &id.to_string()]).status().unwrap();
    let ended = running.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(String::from_utf8(ended.stderr).unwrap().contains("has stopped"));
}

use crate::support::screen::{columns, is_unbreakable};

#[test]
fn the_demo_tells_the_whole_story_and_ends_by_itself() {
    let output = Command::new(env!("CARGO_BIN_EXE_appaccess")).arg("demo").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}\n{errors}");
    for line in [
        "1. Observe, the default: drift is found, nothing is touched",
        "deploy-bot",
        "zoe@birch.example.com",
        "left: access/people says disabled",
        "ApprovalRequired",
        "nobody declared it, and ownership of group Payroll: Exclusive",
        "ThresholdExceeded",
        "2 reads, 0 changes sent, 0 writes to the store.",
        "9. A company of 500 and six apps that nobody keeps: one look at all of them",
        "client-time  Toggl Track  its API        68              7      0           12      $216.00",
        "Somebody reads the rows and approves these digests",
        "onboarding   Appcues      by hand        22              7      7           12      $300.00",
        "7 orphaned accounts, 12 unused licences, 101 hours of work, and $11,754 a year",
        "35 such accounts found, 7 left and each of them a task; $1,823.88 a month",
        "Requests of a quiet pass: Harvest 1, Toggl Track 1, Appcues 0, Aha! 2, Poggio 30, Clockify 5. Changes: 0.",
    ] {
        // Long lines are broken where the screen ends.
        assert!(words(&told).contains(&words(line)), "`{line}` is missing from\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no colour outside a terminal");
    for line in told.lines().filter(|line| columns(line) > 100) {
        assert!(is_unbreakable(line), "wider than a hundred columns: {line}");
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
