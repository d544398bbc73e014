//! Wrong usage and wrong files: nothing is contacted, the exit code is 64, and the message says what to do.

use super::schema::assert_valid;
use crate::support::shell::Shell;

pub(super) const TWO: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {name: planner, namespace: studio}
spec:
  connector: {scim: {baseUrl: https://planner.example.com/scim/v2}}
  credentials: {secretRef: {name: planner-token}}
---
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata: {name: everybody, namespace: studio}
spec:
  appRef: {name: planner}
  grants:
    - name: makers
      subjects: [{user: ines@fern.example}]
      groups: [Studio]
";

/// The likeliest mistakes, each with the exit code and what its message must say.
const MISTAKES: [(&str, i32, &str); 26] = [
    ("", 64, "Usage: appaccess"),
    ("pln -f two.yaml", 64, "a similar subcommand exists: 'plan'"),
    ("plan", 64, "--filename <PATH>"),
    ("plan -f nowhere.yaml", 64, "name a file, a folder or `-` that this user can read"),
    ("plan -f unknown-field.yaml", 64, "did you mean mode?"),
    ("plan -f two.yaml --app studio/planer", 64, "write one of studio/planner"),
    ("plan -f two.yaml --at yesterday", 64, "--at <TIME>"),
    ("plan -f two.yaml --timeout never", 64, "--timeout <DURATION>"),
    ("plan -f two.yaml --state mysql://db/x", 64, "`mysql://…` does not name a store: only `sqlite:` and `postgres:`"),
    (
        "plan -f two.yaml --state postgres://me:secret@db/x?pasword=secret",
        64,
        "give `--state` a path, `sqlite:PATH`, `p",
    ),
    ("apply -f two.yaml", 64, "then add --yes"),
    ("apply -f two.yaml --yes --at 2027-01-01T00:00:00Z", 64, "unexpected argument '--at'"),
    ("approve studio/planner", 64, "then add --yes"),
    ("validate -f two.yaml --app studio/planer", 64, "write one of studio/planner"),
    ("apply nowhere.plan --yes", 64, "name a path that is there and that this user can read"),
    ("apply / --yes", 64, "name a path that is there and that this user can read"),
    ("plan -f two.yaml --state /", 64, "give `--state` the path of a file"),
    ("history --since 2026-11-03 --until 2026-11-01", 64, "name the earlier time by --since"),
    ("history --at 2999-01-01", 64, "2999-01-01T23:59:59Z has not come yet"),
    ("apply today.plan", 64, "then add --yes"),
    ("plan -f two.yaml --context prod", 64, "add --cluster, or leave out --context"),
    ("plan -f two.yaml -n studio", 64, "add --cluster, or leave out --namespace"),
    ("plan -f two.yaml -A", 64, "add --cluster, or leave out --all-namespaces"),
    ("plan -f two.yaml --base two.yaml --state x.db", 64, "leave out --state"),
    ("plan -f two.yaml --base two.yaml --no-settle", 64, "cannot be used with"),
    ("plan -f two.yaml --at 2027-01-01T00:00:00Z --out x", 64, "cannot be used with"),
];

/// What, why and what to do, each once, in plain words. Mistakes in flags have the form of the library that reads them: what,
/// and the usage.
fn assert_three_parts(line: &str, said: &str) {
    assert!(!said.to_lowercase().contains("error: error"), "{line}: {said}");
    for trace in ["Some(", "None", "Err(", "{ ", "::"] {
        assert!(!said.contains(trace), "{line}: {said}");
    }
    if said.contains("Usage: appaccess") || said.contains("try '--help'") {
        return;
    }
    let count = |begins: &str| said.lines().filter(|line| line.starts_with(begins)).count();
    let errors = count("error: ");
    assert!(errors > 0 && count("  why: ") == errors && count("  do:  ") == errors, "{line}: {said}");
    for part in said.lines().filter_map(|line| Some(line.split_once(": ")?.1.trim_start())) {
        let is_name =
            ["TargetApp", "AppAccess", "No such file", "Is a directory"].iter().any(|name| part.starts_with(name));
        let first = part.chars().next().unwrap_or_default();
        assert!(!first.is_uppercase() || is_name, "{line}: {part}");
        assert!(!part.ends_with('.'), "a fragment has no full stop: {part}");
    }
}

#[tokio::test]
async fn the_likeliest_mistakes_are_told_with_what_to_do() {
    let shell = Shell::new();
    shell.file("two.yaml", TWO);
    shell.file("unknown-field.yaml", &TWO.replace("  credentials:", "  mod: Full\n  credentials:"));
    for (line, code, message) in MISTAKES {
        let ended = shell.run(line).await;
        assert_eq!(ended.code, code, "{line}: {ended:?}");
        assert!(ended.stderr.contains(message), "{line}: {ended:?}");
        assert_eq!(ended.stdout, "", "{line}");
        assert!(!ended.stderr.contains("secret"), "{line}: {ended:?}");
        assert_three_parts(line, &ended.stderr);
    }
    let ended = shell.run("plan -f two.yaml --secrets two.yaml").await;
    assert!(ended.code == 64 && ended.stderr.contains("it is no folder"), "{ended:?}");
    assert!(!shell.path().join(".appaccess").exists(), "nothing was made");
}

#[tokio::test]
async fn the_guard_of_loopback_is_switched_by_known_words_alone() {
    let mut shell = Shell::new();
    shell.file("two.yaml", TWO);
    shell.set("APPACCESS_ALLOW_LOOPBACK", "banana");
    let ended = shell.run("plan -f two.yaml").await;
    assert_eq!(ended.code, 64, "{ended:?}");
    assert!(ended.stderr.contains("write 1 or 0"), "{ended:?}");
    for word in ["1", "true", "yes", "0", "false", "no", ""] {
        shell.set("APPACCESS_ALLOW_LOOPBACK", word);
        assert_eq!(shell.run("validate -f two.yaml").await.code, 0, "{word}");
    }
}

#[tokio::test]
async fn whatever_ends_a_command_is_in_the_document_that_programs_read() {
    let shell = Shell::new();
    shell.file("two.yaml", TWO);
    shell.file("broken.yaml", &TWO.replace("appRef:", "apRef:"));
    for (line, code, schema, reason) in [
        ("plan -f broken.yaml", 64, "plan", "FilesInvalid"),
        ("apply -f broken.yaml --yes", 64, "plan", "FilesInvalid"),
        ("apply -f two.yaml", 64, "plan", "WrongUsage"),
        ("plan -f nowhere", 64, "plan", "FilesUnreadable"),
        ("doctor -f broken.yaml", 64, "doctor", "FilesInvalid"),
        ("tasks -f broken.yaml", 64, "tasks", "FilesInvalid"),
        ("validate -f nowhere", 64, "errors", "FilesUnreadable"),
        ("explain ana@x.example -f broken.yaml", 64, "errors", "FilesInvalid"),
        ("history --state nope.db", 1, "errors", "Refused"),
        ("codeowners -f two.yaml --root .", 64, "errors", "WrongUsage"),
    ] {
        let ended = shell.run(&format!("{line} -o json")).await;
        assert_eq!(ended.code, code, "{line}: {ended:?}");
        let document = ended.document();
        assert_eq!(document["schema"], format!("appaccess.dev/{schema}/v1"), "{line}");
        assert_valid(&shell.run(&format!("schema {schema}")).await.document(), &document);
        let first = &document["errors"][0];
        assert_eq!(first["reason"], reason, "{line}: {document:#}");
        assert!(first["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{line}: {document:#}");
    }
}

#[tokio::test]
async fn a_mistake_in_a_flag_fits_the_screen() {
    let mut shell = Shell::new();
    shell.set("COLUMNS", "60");
    let ended = shell.run("plan -f x --timeout 5").await;
    assert_eq!(ended.code, 64, "{ended:?}");
    assert!(ended.stderr.lines().all(|line| line.chars().count() <= 60), "{}", ended.stderr);
    assert!(ended.stderr.contains("Usage: ") || ended.stderr.contains("--help"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_a_file_lacks_is_told_on_the_line_of_its_field() {
    let shell = Shell::new();
    shell.file("lost.yaml", &TWO.replace("{user: ines@fern.example}", "{team: {name: gone}}"));
    let ended = shell.run("validate -f lost.yaml").await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.stderr.contains("lost.yaml:15: AppAccess studio/everybody spec.grants[0].subjects[0].team"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn valid_files_are_told_so_and_a_reference_to_nothing_is_a_failure_and_no_fault() {
    let shell = Shell::new();
    shell.file("two.yaml", TWO);
    shell.file("lost.yaml", &TWO.replace("appRef: {name: planner}", "appRef: {name: other}"));
    shell.file("broken.yaml", &TWO.replace("appRef:", "apRef:"));
    assert_eq!(shell.run("validate -f two.yaml").await.code, 0);
    let schema = shell.run("schema validate").await.document();
    for (file, code) in [("two.yaml", 0), ("lost.yaml", 1), ("broken.yaml", 64)] {
        let ended = shell.run(&format!("validate -f {file} -o json")).await;
        assert_eq!(ended.code, code, "{file}: {ended:?}");
        assert_valid(&schema, &ended.document());
    }
    let ended = shell.run_with_input("validate -f -", TWO).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "2 objects, nothing wrong\n"));
    let ended = shell.run("validate -f broken.yaml").await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (64, "1 object, 2 faults, 0 references to what is not there or not permitted\n")
    );
    let ended = shell.run_with_input("validate -f -", "kind: Other\napiVersion: v1\n").await;
    assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "the one sentence is an error: {ended:?}");
}

#[tokio::test]
async fn a_change_of_files_is_shown_from_files_alone() {
    let shell = Shell::new();
    shell.file("base.yaml", TWO);
    shell.file("head.yaml", &TWO.replace("user: ines@fern.example", "user: tom@fern.example"));
    let ended = shell.run("plan -f head.yaml --base base.yaml --detailed-exitcode -o json").await;
    let document = ended.document();
    assert_valid(&shell.run("schema plan").await.document(), &document);
    let app = &document["apps"][0];
    let withdrawn = app["intent"]["withdrawn"].as_array().expect("a list");
    let who: Vec<_> = withdrawn.iter().map(|row| (&row["person"], &row["entitlement"]["type"])).collect();
    assert_eq!(format!("{who:?}").matches("ines@fern.example").count(), 2, "{document:#}");
    assert!(app["complete"].is_null() && app.get("hold").is_none(), "{app:#}");
    let granted: Vec<_> = app["changes"].as_array().expect("a list").iter().map(|change| &change["person"]).collect();
    assert_eq!(granted, ["tom@fern.example", "tom@fern.example"]);
    // The mode is Observe: nothing of it is permitted, so that nothing is pending.
    assert_eq!(ended.code, 0, "{ended:?}");
    let full = TWO.replacen("spec:\n", "spec:\n  mode: Full\n", 1);
    shell.file("base.yaml", &full);
    shell.file("head.yaml", &full.replace("user: ines@fern.example", "user: tom@fern.example"));
    assert_eq!(shell.run("plan -f head.yaml --base base.yaml --detailed-exitcode").await.code, 2);
    let same = shell.run("plan -f base.yaml --base base.yaml --detailed-exitcode").await;
    assert_eq!(same.code, 0, "{same:?}");
}

#[tokio::test]
async fn definitions_help_and_version_are_printed() {
    let shell = Shell::new();
    let definitions = shell.run("crds").await;
    assert_eq!(definitions.stdout.matches("kind: CustomResourceDefinition").count(), 6);
    assert_eq!(shell.run("--help").await.code, 0);
    assert_eq!(shell.run("--version").await.stdout, format!("appaccess {}\n", env!("CARGO_PKG_VERSION")));
}
