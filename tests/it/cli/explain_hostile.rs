//! `explain` in a repository that belongs to somebody else: its settings name commands wherever git takes one, and none of
//! them is run.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::shell::Shell;

const ACCESS: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata: {name: everybody, namespace: studio}
spec:
  appRef: {name: planner}
  grants:
    - name: makers
      subjects:
        - user: ana@fern.example
";

const APP: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {name: planner, namespace: studio}
spec:
  connector: {scim: {baseUrl: \"https://planner.example/scim/v2\"}}
  credentials: {secretRef: {name: planner-token}}
";

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Eve").env(format!("GIT_{role}_EMAIL"), "eve@evil.example");
    }
    // That a command of the settings fails is no matter here.
    git.status().expect("git is there");
}

/// A repository with two commits and a line that is not committed.
fn repository() -> Shell {
    let shell = Shell::new();
    shell.file("app.yaml", APP);
    shell.file("access.yaml", &ACCESS.replace("ana@", "joel@"));
    git(shell.path(), &["init", "--quiet"]);
    for text in [ACCESS.replace("ana@", "lou@"), ACCESS.to_owned()] {
        git(shell.path(), &["add", "."]);
        git(shell.path(), &["commit", "--quiet", "-m", "a commit"]);
        shell.file("access.yaml", &text);
    }
    shell
}

async fn explained(shell: &Shell) -> String {
    let ended = shell.run("explain ana@fern.example -f app.yaml -f access.yaml").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("names ana@fern.example, access.yaml:9"), "{ended:?}");
    ended.stdout
}

#[tokio::test]
async fn no_command_that_the_settings_of_a_repository_name_is_run() {
    let settings = [
        ("*.yaml filter=evil", "filter.evil.clean", "MARK; cat"),
        ("*.yaml filter=evil", "filter.evil.process", "MARK"),
        ("*.yaml filter=unspecified", "filter.unspecified.clean", "MARK; cat"),
        ("*.yaml filter=unset", "filter.unset.clean", "MARK; cat"),
        ("[attr]odd filter=a=b\n*.yaml odd", "filter.a=b.clean", "MARK; cat"),
        ("*.yaml diff=evil", "diff.evil.textconv", "MARK; cat"),
        ("*.yaml diff=evil", "diff.evil.command", "MARK"),
        ("", "core.fsmonitor", "MARK; false"),
        ("", "core.pager", "MARK; cat"),
        ("", "alias.blame", "!MARK"),
    ];
    for (attributes, key, command) in settings {
        for file in [".gitattributes", ".git/info/attributes"] {
            let shell = repository();
            let mark = shell.path().join("RAN");
            shell.file(file, &format!("{attributes}\n"));
            let command = command.replace("MARK", &format!("touch '{}'", mark.display()));
            git(shell.path(), &["config", key, &command]);
            explained(&shell).await;
            assert!(!mark.exists(), "{key} with {attributes:?} in {file}");
        }
    }
}

#[tokio::test]
async fn what_a_partial_clone_lacks_is_not_fetched() {
    let shell = repository();
    let mark = shell.path().join("RAN");
    let objects = shell.path().join(".git/objects");
    let settings = [
        ("core.repositoryFormatVersion", "1".to_owned()),
        ("extensions.partialClone", "origin".to_owned()),
        ("remote.origin.promisor", "true".to_owned()),
        ("remote.origin.url", shell.path().join(".git").display().to_string()),
        ("remote.origin.uploadPack", format!("touch '{}'; git-upload-pack", mark.display())),
        ("protocol.file.allow", "always".to_owned()),
    ];
    for (key, value) in settings {
        git(shell.path(), &["config", key, &value]);
    }
    let first = Command::new("git").args(["rev-parse", "HEAD~1:access.yaml"]).current_dir(shell.path()).output();
    let name = String::from_utf8(first.expect("git is there").stdout).expect("a name is text");
    let (folder, file) = name.trim().split_at(2);
    std::fs::remove_file(objects.join(folder).join(file)).expect("the object is there");
    explained(&shell).await;
    assert!(!mark.exists());
}

#[tokio::test]
async fn the_repository_of_a_hook_that_started_it_is_not_taken_for_that_of_the_files() {
    let mut shell = repository();
    let told = explained(&shell).await;
    assert!(told.contains("not committed yet"), "{told}");
    for (name, value) in [("GIT_DIR", "/nowhere"), ("GIT_WORK_TREE", "/nowhere"), ("GIT_ATTR_SOURCE", "x")] {
        shell.set(name, value);
    }
    shell.set("GIT_TRACE", &shell.path().join("trace").display().to_string());
    assert_eq!(explained(&shell).await, told);
    assert!(!shell.path().join("trace").exists());
}
