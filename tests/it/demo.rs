//! The demonstration tells its story to the end, and what it tells is what happened.

use std::process::Command;

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
    ] {
        assert!(told.contains(line), "`{line}` is missing from\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no colour outside a terminal");
}
