//! `history` from a shell: what was done and on whose word, who had access when, and what it says without a store.

use appaccess::sim::scim::{Options, Server};
use serde_json::{Value, json};

use super::schema::assert_valid;
use super::story::files;
use crate::support::shell::Shell;

/// A store with an apply, an approved removal, and the times before, between and after.
async fn story() -> (Shell, Vec<String>) {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    let shell = Shell::new();
    shell.file("apps.yaml", &files(vendor.base_url(), "Full", &["ines", "tom"]));
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    let reach = "-f apps.yaml --secrets secrets --allow-loopback";
    let now = || jiff::Timestamp::now().to_string();
    let mut times = vec![now()];
    assert_eq!(shell.run(&format!("apply {reach} --yes")).await.code, 0);
    times.push(now());
    shell.file("apps.yaml", &files(vendor.base_url(), "Full", &["ines"]));
    let held = shell.run(&format!("apply {reach} --yes --no-settle")).await;
    assert_eq!(held.code, 3, "{held:?}");
    assert_eq!(shell.run("approve studio/planner --by mara@fern.example --yes").await.code, 0);
    let removed = shell.run(&format!("apply {reach} --yes --no-settle")).await;
    assert_eq!(removed.code, 0, "{removed:?}");
    times.push(now());
    (shell, times)
}

fn people(document: &Value) -> Vec<String> {
    let held = document["apps"][0]["held"].as_array().expect("a list").iter();
    held.map(|held| {
        format!(
            "{} {}",
            held["person"].as_str().expect("a name"),
            held["entitlement"]["type"].as_str().expect("a word")
        )
    })
    .collect()
}

#[tokio::test]
async fn what_was_done_is_told_with_whose_word_and_who_had_access_at_each_time() {
    let (shell, times) = story().await;
    let all = shell.run("history -o json").await;
    assert_eq!(all.code, 0, "{all:?}");
    let document = all.document();
    assert_valid(&shell.run("schema history").await.document(), &document);
    let lines = document["lines"].as_array().expect("a list");
    assert!(lines.iter().all(|line| line["outcome"] == "applied" && line["verified"].is_string()), "{document:#}");
    let times_told: Vec<&str> = lines.iter().map(|line| line["time"].as_str().expect("a time")).collect();
    assert!(times_told.is_sorted(), "the latest last");
    let tom = shell.run("history TOM@fern.example -o json").await.document();
    let does: Vec<&str> =
        tom["lines"].as_array().expect("a list").iter().map(|line| line["does"].as_str().expect("a word")).collect();
    assert_eq!(does, ["create", "grant", "revoke", "suspend"], "{tom:#}");
    assert!(tom["lines"][2]["approved"]["digest"].is_string(), "{tom:#}");
    assert_eq!(tom["lines"][0]["approved"], Value::Null);
    let text = shell.run("history tom@fern.example").await;
    assert!(text.stdout.contains("approved by mara@fern.example"), "{text:?}");
    let last = shell.run("history --limit 1 -o json").await.document();
    assert_eq!((last["lines"].as_array().map(Vec::len), &last["more"]), (Some(1), &json!(true)));

    let schema = shell.run("schema access").await.document();
    let mut told = Vec::new();
    for time in &times {
        let at = shell.run(&format!("history --at {time} -o json")).await;
        assert_eq!(at.code, 0, "{at:?}");
        assert_valid(&schema, &at.document());
        told.push(people(&at.document()));
    }
    assert_eq!(told[0], Vec::<String>::new(), "before anything was done");
    assert_eq!(
        told[1],
        ["ines@fern.example account", "ines@fern.example group", "tom@fern.example account", "tom@fern.example group"]
    );
    assert_eq!(told[2], ["ines@fern.example account", "ines@fern.example group"]);
    let csv = shell.run(&format!("history tom@fern.example --app studio/planner --at {} -o csv", times[1])).await;
    assert_eq!(csv.stdout.lines().count(), 3, "{csv:?}");
}

#[tokio::test]
async fn no_store_nobody_known_and_a_time_to_come_are_said() {
    let shell = Shell::new();
    let nothing = shell.run("history").await;
    assert_eq!((nothing.code, nothing.stdout.as_str()), (1, ""), "{nothing:?}");
    assert!(nothing.stderr.contains("there is no store at .appaccess/state.db"), "{nothing:?}");
    assert!(!shell.path().join(".appaccess").exists());
    let (shell, _) = story().await;
    let typo = shell.run("history tmo@fern.example").await;
    assert!(typo.code == 1 && typo.stderr.contains("did you mean tom@fern.example"), "{typo:?}");
    let elsewhere = shell.run("history --app studio/other").await;
    assert!(elsewhere.code == 1 && elsewhere.stderr.contains("it knows studio/planner"), "{elsewhere:?}");
    for line in
        ["history --at 2999-01-01", "history --at yesterday", "history --at 2026-01-01 --limit 3", "history --limit 0"]
    {
        assert_eq!(shell.run(line).await.code, 64, "{line}");
    }
}
