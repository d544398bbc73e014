//! The way of a newcomer: from a clean clone to a report of what differs in an app, in under five minutes and fewer than
//! ten commands, the build aside.

use std::{process::Command, time::Instant};

use super::walk::{Reader, Step, page};
use crate::support::tools::repository;

const PAGE: &str = "docs/first-five-minutes.md";

/// Words that are read in a minute.
const READ: f64 = 200.0;

/// Keys that are pressed in a minute.
const TYPED: f64 = 200.0;

/// The heading after which the report has been seen.
const AFTERWARDS: &str = "\n## Let it be true";

/// Getting and building the program, which takes the time that it takes: here, a copy of this clone, and this build.
const BEFOREHAND: [&str; 3] = ["git clone ", "cd appaccess", "cargo install "];

fn words(text: &str) -> f64 {
    u32::try_from(text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count())
        .map_or(f64::MAX, f64::from)
}

/// Minutes that somebody reads the page and types its commands.
fn minutes(text: &str, steps: &[Step]) -> f64 {
    let keys: usize = steps.iter().filter_map(Step::typed).map(|shown| shown.line.chars().count() + 1).sum();
    words(text) / READ + u32::try_from(keys).map_or(f64::MAX, f64::from) / TYPED
}

#[tokio::test]
async fn a_newcomer_sees_what_differs_in_under_five_minutes_and_fewer_than_ten_commands() {
    let scratch = tempfile::TempDir::new().unwrap();
    let cloned = Command::new("git")
        .args(["clone", "--quiet", "--depth", "1"])
        .arg(format!("file://{}", repository().display()))
        .arg(scratch.path().join("appaccess"))
        .output()
        .expect("git starts");
    assert!(cloned.status.success(), "{}", String::from_utf8_lossy(&cloned.stderr));

    let document = page(PAGE);
    let until = document.text.find(AFTERWARDS).expect("the page goes on after the report");
    let report = super::Document { path: document.path.clone(), text: document.text[..until].to_owned() };
    let (steps, all) = (report.steps(), document.steps());
    let typed = all.iter().filter_map(Step::typed).count();
    assert!(typed < 10, "{PAGE} has {typed} commands");

    let begun = Instant::now();
    let mut reader = Reader::new(scratch.path());
    reader.enter("appaccess");
    let is_ours = |step: &&Step| {
        !step.typed().is_some_and(|shown| BEFOREHAND.iter().any(|before| shown.line.starts_with(before)))
    };
    let ours: Vec<Step> = all.iter().filter(is_ours).cloned().collect();
    assert_eq!(all.len() - ours.len(), BEFOREHAND.len(), "the page begins with a clone and a build");
    let faults = reader.walk(&ours).await;
    assert!(faults.is_empty(), "this is what was printed:\n\n{}", faults.join("\n"));
    let run = begun.elapsed().as_secs_f64() / 60.0;

    let to_the_report = minutes(&report.text, &steps);
    let to_the_end = minutes(&document.text, &all);
    println!(
        "to the report: {} commands, {to_the_report:.1} minutes of reading and typing; to the end of the page: {typed} \
         commands, {to_the_end:.1} minutes; its commands took {:.1} s",
        steps.iter().filter_map(Step::typed).count(),
        run * 60.0
    );
    assert!(to_the_report + run < 5.0, "{to_the_report} minutes of reading and typing, {run} of waiting");
}
