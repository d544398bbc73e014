//! Completions as a shell gets them: commands and flags, and the names of apps from the files on the line.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{story::studio, usage::TWO};
use crate::support::peers::Peer;
use crate::support::shell::Shell;

const BINARY: &str = env!("CARGO_BIN_EXE_appaccess");

/// What the program answers to a shell that has these words on its line, the last one under way.
fn answered(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut command = Command::new(BINARY);
    command.arg("--").args(words).current_dir(folder).env_clear();
    command.env("APPACCESS_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    let output = command.output().expect("the binary starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    let text = String::from_utf8(output.stdout).expect("what it prints is text");
    text.lines().map(str::to_owned).collect()
}

fn access() -> Shell {
    let shell = Shell::new();
    shell.file("access/two.yaml", TWO);
    shell.file("other.yaml", &TWO.replace("planner,", "parking,").replace("namespace: studio", "namespace: office"));
    shell.file("access/broken.yaml", "kind: TargetApp\napiVersion: appaccess.dev/v1alpha1\nmetadata: {name: [\n");
    shell
}

#[test]
fn commands_flags_and_words_are_completed() {
    let shell = access();
    let complete = |words: &[&str]| answered(shell.path(), words);
    assert_eq!(complete(&["appaccess", "val"]), ["validate"]);
    assert_eq!(complete(&["appaccess", "plan", "--detailed"]), ["--detailed-exitcode"]);
    assert_eq!(complete(&["appaccess", "schema", "dec"]), ["decision"]);
    assert_eq!(complete(&["appaccess", "plan", "-o", "m"]), ["markdown"]);
}

#[test]
fn apps_are_completed_from_the_files_on_the_line_else_from_the_folder() {
    let shell = access();
    let complete = |words: &[&str]| answered(shell.path(), words);
    assert_eq!(complete(&["appaccess", "plan", "-f", "access", "--app", ""]), ["studio/planner"]);
    assert_eq!(complete(&["appaccess", "doctor", "--filename=other.yaml", "--app", "of"]), ["office/parking"]);
    assert_eq!(complete(&["appaccess", "apply", "--app", ""]), ["office/parking", "studio/planner"]);
    assert_eq!(complete(&["appaccess", "import", "-f", "access", "--app", "x"]), [""; 0]);
    assert_eq!(complete(&["appaccess", "plan", "-f", "nowhere", "--app", ""]), [""; 0], "a fault is silent");
}

#[tokio::test]
async fn what_can_be_decided_is_completed_from_the_store() {
    let peer = Peer::scim2_server().await;
    let (shell, reach) = studio(&peer.base, "Full", &["ines"]);
    assert_eq!(shell.run(&format!("apply {reach} --yes")).await.code, 0);
    shell.file("apps.yaml", &super::story::files(&peer.base, "Full", &[]));
    let held = shell.run(&format!("apply {reach} --yes --no-settle -o json")).await;
    let digest = held.document()["apps"][0]["hold"]["digest"].as_str().expect("it is held").to_owned();
    let bare = digest.strip_prefix("sha256:").expect("it names its algorithm");
    std::fs::remove_file(shell.path().join("apps.yaml")).expect("the names come from the store");
    let complete = |words: &[&str]| answered(shell.path(), words);
    // With nothing typed the flags are offered, too.
    let first = |words: &[&str]| complete(words).into_iter().next().unwrap_or_default();
    assert_eq!(first(&["appaccess", "approve", ""]), "studio/planner");
    assert_eq!(complete(&["appaccess", "reject", "studio/planner", &bare[..12]]), [bare]);
    assert_eq!(complete(&["appaccess", "approve", "studio/other", &bare[..12]]), [""; 0]);
    assert_eq!(complete(&["appaccess", "approve", "--state", "postgres://db.example/x", "s"]), [""; 0]);
    let decided = shell.run(&format!("approve studio/planner {bare} --yes")).await;
    assert_eq!(decided.code, 0, "a digest counts without its algorithm: {decided:?}");
}

#[test]
fn bash_completes_by_the_script_under_whichever_name_the_program_bears() {
    let shell = access();
    let folder = shell.path().join("bin");
    std::fs::create_dir(&folder).expect("the scratch folder takes folders");
    for name in ["appaccess", "kubectl-appaccess"] {
        std::os::unix::fs::symlink(BINARY, folder.join(name)).expect("the scratch folder takes links");
        let script = format!(
            "source <({name} completions bash)\n\
             complete -p {name} >/dev/null || exit 1\n\
             COMP_WORDS=({name} plan -f access --app '') COMP_CWORD=5 COMP_TYPE=9\n\
             \"$(complete -p {name} | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\" {name} '' --app\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut command = Command::new("bash");
        command.args(["--norc", "-c", &script]).current_dir(shell.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        let output = command.output().expect("bash starts");
        let seen = String::from_utf8_lossy(&output.stdout);
        assert_eq!(seen.trim(), "studio/planner", "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn every_shell_gets_its_script_and_an_unknown_one_is_told_what_to_do() {
    let shell = Shell::new();
    for name in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = shell.run(&format!("completions {name}")).await;
        assert!(ended.code == 0 && ended.stdout.contains("APPACCESS_COMPLETE"), "{name}: {ended:?}");
    }
    let mut shell = shell;
    shell.set("APPACCESS_COMPLETE", "csh");
    let ended = shell.run("plan").await;
    assert!(ended.code == 64 && ended.stderr.contains("  do:  "), "{ended:?}");
}
