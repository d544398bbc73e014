//! Reading files: everything that is wrong is told with its place, and nothing wrong hides what is right.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::Cursor,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use appaccess::{
    api::Kind,
    load::{
        Finding, Loaded, ObjectName, files, references,
        secrets::{SecretDocuments, SecretError, SecretSource, SecretValue},
    },
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::definitions::examples;

const TEAM: &str = "apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {name: design}\nspec: {members: [{user: a@x.example}]}\n";

fn load(text: &str) -> Loaded {
    files::read_with(&["-".into()], || Cursor::new(text.to_owned())).expect("standard input can be read")
}

fn read(path: &Path) -> Loaded {
    files::read(&[path.to_owned()]).expect("the path can be read")
}

fn problems(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

/// When the examples hold.
fn december() -> Timestamp {
    "2026-12-20T12:00:00Z".parse().unwrap()
}

fn reasons(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.reason).collect()
}

/// The examples as they are meant to be read: a folder whose name begins with a number is one, else a file is.
fn whole_examples() -> BTreeSet<PathBuf> {
    let folder = |file: &Path| {
        let is_numbered = |folder: &&Path| {
            let name = folder.file_name().and_then(OsStr::to_str);
            name.is_some_and(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        };
        file.ancestors().skip(1).find(is_numbered).map(Path::to_path_buf)
    };
    examples().into_iter().map(|file| folder(&file).unwrap_or(file)).collect()
}

#[test]
fn every_example_is_valid_and_complete() {
    for example in whole_examples() {
        let loaded = read(&example);
        assert_eq!(problems(&loaded), [""; 0], "{}", example.display());
        assert!(!loaded.is_empty() && loaded.broken.is_empty());
        let dangling = references(&loaded, december())
            .into_iter()
            .filter(|finding| finding.object != "AccessApproval it/boards-november");
        assert_eq!(dangling.collect::<Vec<_>>(), [], "{}", example.display());
    }
}

#[test]
fn one_bad_document_does_not_hide_the_others() {
    let text = format!("apiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nspec: [\n---\n{TEAM}---\nkind: Other\n");
    let loaded = load(&text);
    assert_eq!(loaded.teams.len(), 1);
    assert_eq!(loaded.other_kinds, 1);
    assert_eq!(loaded.problems.len(), 1);
    assert_eq!((loaded.broken[0].kind, &loaded.broken[0].name), (Kind::AppAccess, &None));
}

#[test]
fn problems_name_file_line_object_and_field() {
    let text = format!(
        "# head\n---\n{TEAM}---\napiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata:\n  name: b\n  namespace: it\nspec:\n  members:\n    - user: a\n    - usr: b\n"
    );
    let loaded = load(&text);
    let told = problems(&loaded);
    assert!(
        told.contains(&"-:16: Team it/b: spec.members[1].usr: is an unknown field; did you mean user?".to_owned()),
        "{told:#?}"
    );
}

#[test]
fn unquoted_words_that_kubectl_takes_for_something_else_are_refused() {
    for (value, kind) in [
        ("no", "a boolean"),
        ("on", "a boolean"),
        ("y", "a boolean"),
        ("0123", "a number"),
        ("1_000", "a number"),
        ("12:30", "a number"),
    ] {
        let text = format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {{name: t}}\nspec:\n  members:\n    - user: {value} # him\n"
        );
        let told = problems(&load(&text));
        let expected = format!(
            "-:6: Team default/t: spec.members[0].user: is {value} without quotes, which YAML 1.1 and kubectl may take for {kind}; quote it: \"{value}\""
        );
        assert_eq!(told, [expected]);
        let quoted = text.replace(&format!("user: {value}"), &format!("user: '{value}'"));
        assert_eq!(problems(&load(&quoted)), [""; 0], "{value}");
    }
    for value in ["1.0", "true", "5"] {
        let told = problems(&load(&TEAM.replace("a@x.example", value)));
        assert!(told[0].contains(&format!("quote it: \"{value}\"")), "{told:?}");
    }
    assert!(problems(&load(&TEAM.replace("a@x.example", "null")))[0].contains("has no value"));
}

#[test]
fn unquoted_keys_of_maps_are_looked_at_too() {
    let text = "{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: t}, spec: {match: {directory: d, matchLabels: {on: a}}}}";
    assert!(problems(&load(text))[0].contains("has a key that is on without quotes"));
    assert_eq!(problems(&load(&text.replace("{on:", "{'on':"))), [""; 0]);
}

#[test]
fn numbers_are_ids_only_as_they_read() {
    let app = |id: &str| {
        format!(
            "{{apiVersion: appaccess.dev/v1alpha1, kind: TargetApp, metadata: {{name: t}}, spec: {{connector: {{toggl: {{organizationId: {id}}}}}, credentials: {{secretRef: {{name: s}}}}}}}}"
        )
    };
    assert_eq!(problems(&load(&app("8112233"))), [""; 0]);
    assert_eq!(problems(&load(&app("\"0123\""))), [""; 0]);
    for id in ["0123", "0x1F", "1e3", "-5"] {
        assert!(!load(&app(id)).problems.is_empty(), "{id}");
    }
}

#[test]
fn of_two_objects_with_one_name_neither_counts() {
    let loaded = load(&format!("{TEAM}---\n{TEAM}"));
    assert!(loaded.teams.is_empty());
    assert_eq!(loaded.broken.len(), 2);
    assert!(problems(&loaded)[0].contains("stands twice, first at -:1"), "{:?}", problems(&loaded));
}

#[test]
fn mistyped_kinds_and_versions_are_not_passed_over() {
    for (wrong, says) in [
        (TEAM.replace("kind: Team", "kind: Teams"), "did you mean Team?"),
        (TEAM.replace("v1alpha1", "v1"), "write appaccess.dev/v1alpha1"),
        (TEAM.replace("appaccess.dev", "appacess.dev"), "write appaccess.dev/v1alpha1"),
        (TEAM.replace("metadata", "metdata"), "did you mean metadata?"),
        (TEAM.replace("{name: design}", "{name: Design}"), "write lower-case letters"),
        (TEAM.replace("{name: design}", "{name: a, lables: {}}"), "did you mean labels?"),
    ] {
        let told = problems(&load(&wrong));
        assert!(told.iter().any(|told| told.contains(says)), "{says}: {told:?}");
    }
    assert_eq!(load(&TEAM.replace("appaccess.dev", "teams.example.com")).other_kinds, 1);
}

#[test]
fn a_list_as_kubectl_prints_it_is_read() {
    let team = "{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: t, namespace: it, uid: x}, spec: {}, status: {members: 3}}";
    let loaded = load(&format!("apiVersion: v1\nkind: List\nitems: [{team}]\n"));
    assert_eq!(problems(&loaded), [""; 0]);
    assert!(loaded.teams.contains_key(&ObjectName::new("it", "t")));
}

#[test]
fn folders_are_read_in_order_once_and_without_loops() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::write(folder.path().join("a.yaml"), TEAM).unwrap();
    fs::write(folder.path().join("below/b.yml"), TEAM.replace("design", "build")).unwrap();
    fs::write(folder.path().join("c.txt"), "not: [yaml").unwrap();
    symlink(folder.path(), folder.path().join("below/loop")).unwrap();
    symlink(folder.path().join("a.yaml"), folder.path().join("again.yaml")).unwrap();
    let loaded = read(folder.path());
    assert_eq!(problems(&loaded), [""; 0]);
    assert_eq!(loaded.teams.len(), 2);
}

#[test]
fn files_that_are_too_large_or_no_text_are_problems() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("large.yaml"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    fs::write(folder.path().join("noise.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(folder.path().join("team.yaml"), TEAM).unwrap();
    let loaded = read(folder.path());
    assert_eq!(loaded.teams.len(), 1);
    let told = problems(&loaded);
    assert!(told[0].contains("larger than 1 MiB") && told[1].contains("not UTF-8"), "{told:?}");
    assert!(files::read(&[folder.path().join("missing.yaml")]).is_err());
}

#[test]
fn a_pipe_in_a_folder_is_told_and_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    fs::write(folder.path().join("team.yaml"), TEAM).unwrap();
    let loaded = read(folder.path());
    assert_eq!(loaded.teams.len(), 1);
    let told = problems(&loaded);
    assert!(told[0].ends_with("the file is a pipe, a socket or a device; take it out of the folder"), "{told:?}");
}

#[test]
fn what_nobody_sees_is_in_no_name() {
    let app = |group: &str| {
        format!(
            "{{apiVersion: appaccess.dev/v1alpha1, kind: AppAccess, metadata: {{name: a}}, spec: {{appRef: {{name: b}}, grants: [{{name: g, reason: \"two\\nlines\", subjects: [{{user: a@x.example}}], groups: [{group}]}}]}}}}"
        )
    };
    assert_eq!(problems(&load(&app("\"Ünïcode 日本\""))), [""; 0]);
    for (group, says) in [
        ("\"a\\e[31mb\"", "holds U+001B"),
        ("\"a\\0b\"", "holds U+0000"),
        ("\"a\\nb\"", "holds U+000A"),
        ("\"a\\u202Eb\"", "holds U+202E"),
        ("\"  \"", "holds nothing but blanks"),
    ] {
        let told = problems(&load(&app(group)));
        assert!(told.len() == 1 && told[0].contains(says) && told[0].contains("groups[0]"), "{group}: {told:?}");
    }
    let person = app("x").replace("a@x.example", "\"a\\u202E@x.example\"");
    assert!(problems(&load(&person))[0].contains("holds U+202E"), "{:?}", problems(&load(&person)));
}

#[test]
fn every_fault_says_what_is_there_and_what_to_write() {
    let app = |price: &str, date: &str| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: t}}\nspec:\n  connector: {{toggl: {{organizationId: '1'}}}}\n  credentials: {{secretRef: {{name: s}}}}\n  seats: {{price: {price}, currency: USD, per: month, renewsOn: {date}}}\n"
        )
    };
    for (text, line, says, help) in [
        (app("9.00", "'2027-01-01'"), 7, "is a number and must be text", "quote it: \"9.00\""),
        (app("'1'", "'2027-02-30'"), 7, "is \"2027-02-30\", a day that does not exist", "write a day of the calendar"),
        (app("'1'", "soon"), 7, "is \"soon\", which does not fit", "write"),
        (app("'1'", "'2027-01-01'").replace("  seats", "\tseats"), 7, "a tab stands where", "write spaces"),
        (TEAM.replace("spec:", "kind: Team\nspec:"), 4, "the key \"kind\" stands twice", "keep one of the two"),
        (
            TEAM.replace("apiVersion: appaccess.dev/v1alpha1\n", ""),
            1,
            "apiVersion: is missing",
            "write appaccess.dev/v1alpha1",
        ),
        (TEAM.replace("a@x.example", "@x"), 4, "no value may begin with `@`", "quote it: \"@x\""),
        (TEAM.replace("a@x.example", "1e3"), 4, "is a number and must be text", "quote it: \"1e3\""),
        (format!("{TEAM}---\n{TEAM}"), 6, "stands twice, first at -:1", "remove or rename one of the two"),
    ] {
        let loaded = load(&text);
        let told = loaded.problems.first().unwrap_or_else(|| panic!("{text}"));
        let all = told.to_string();
        assert!(all.contains(says) && told.help.starts_with(help), "{text}: {all}");
        assert_eq!(told.place.line, line, "{text}: {all}");
    }
}

#[test]
fn people_of_an_inline_directory_are_distinct() {
    let text = "{apiVersion: appaccess.dev/v1alpha1, kind: Directory, metadata: {name: d}, spec: {source: {inline: {people: [{id: '1', user: a@x.example}, {id: '2', user: b@x.example, also: [A@x.example]}]}}}}";
    assert!(problems(&load(text))[0].contains("which people[0] has already"));
}

#[test]
fn dangling_references_are_findings_and_not_problems() {
    let text = r"
{apiVersion: appaccess.dev/v1alpha1, kind: AppAccess, metadata: {name: a, namespace: red}, spec: {appRef: {name: gone}, grants: [
  {name: g, subjects: [{team: {name: gone}}, {directoryGroup: {directory: gone, group: x}}]}]}}
---
{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: one}, spec: {teams: [{name: two}]}}
---
{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: two}, spec: {teams: [{name: one}]}}
---
{apiVersion: appaccess.dev/v1alpha1, kind: TargetApp, metadata: {name: a}, spec: {connector: {scim: {baseUrl: 'https://X.example/scim/'}}, credentials: {secretRef: {name: s}}}}
---
{apiVersion: appaccess.dev/v1alpha1, kind: TargetApp, metadata: {name: b}, spec: {connector: {scim: {baseUrl: 'https://x.example:443/scim'}}, credentials: {secretRef: {name: s}},
  allow: [{namespaces: {names: [red]}, groups: ['{namespace}/*'], maxDuration: 30d}]}}
---
{apiVersion: appaccess.dev/v1alpha1, kind: AppAccess, metadata: {name: b, namespace: red}, spec: {appRef: {name: b, namespace: default}, grants: [
  {name: fine, subjects: [{user: a}], groups: [red/all], until: '2027-01-01T00:00:00Z'},
  {name: other, subjects: [{user: a}], groups: [blue/all], until: '2027-01-01T00:00:00Z'},
  {name: endless, subjects: [{user: a}]},
  {name: long, subjects: [{user: a, until: '2027-03-01T00:00:00Z'}], groups: [red/all], from: '2027-01-01T00:00:00Z', until: '2027-06-01T00:00:00Z'},
  {name: early, subjects: [{user: a, until: '2027-01-20T00:00:00Z'}], groups: [red/all], from: '2027-01-01T00:00:00Z', until: '2027-06-01T00:00:00Z'}]}}
";
    let loaded = load(text);
    assert_eq!(problems(&loaded), [""; 0]);
    let mut found = reasons(&references(&loaded, december()));
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "DirectoryNotFound",
            "DuplicateTarget",
            "NotAccepted",
            "NotAccepted",
            "NotAccepted",
            "NotAccepted",
            "NotAccepted",
            "TeamCyclic",
            "TeamCyclic",
            "TeamNotFound"
        ]
    );
}

#[test]
fn a_typo_in_an_owned_domain_is_found() {
    let text =
        fs::read_to_string(examples().into_iter().find(|file| file.ends_with("two-teams.yaml")).unwrap()).unwrap();
    let loaded = load(&text.replace("{user: cleo@harbour.example}", "{user: clio@harbour.example}"));
    assert_eq!(reasons(&references(&loaded, december())), ["PersonNotFound"]);
}

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn exposed(value: Result<SecretValue, SecretError>) -> String {
    value.expect("there is such a credential").expose_secret().to_owned()
}

#[test]
fn credentials_come_from_the_folder_then_the_documents_then_the_environment() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("it/api")).unwrap();
    fs::write(folder.path().join("it/api/token"), "from-folder\n").unwrap();
    let loaded = load(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: docs, namespace: it}\ndata: {token: ZnJvbS1kb2N1bWVudA==}\nstringData: {user: me}\n",
    );
    assert_eq!(problems(&loaded), [""; 0]);
    let variables = environment(&[("APPACCESS_SECRET_IT_MY_KEY_TOKEN", "from-environment"), ("HOME", "/")]);
    let source = SecretSource::new(Some(folder.path().to_owned()), loaded.secrets, variables, []);
    assert_eq!(exposed(source.read("it", "api", "token")), "from-folder");
    assert_eq!(exposed(source.read("it", "docs", "token")), "from-document");
    assert_eq!(exposed(source.read("it", "my-key", "token")), "from-environment");
    assert_eq!(source.read_all("it", "docs").unwrap().into_keys().collect::<Vec<_>>(), ["token", "user"]);
}

#[test]
fn what_is_no_credential_has_a_precise_reason() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("it/api")).unwrap();
    fs::write(folder.path().join("it/api/empty"), "\n").unwrap();
    fs::write(folder.path().join("it/api/large"), vec![b'x'; 64 * 1024 + 1]).unwrap();
    fs::write(folder.path().join("it/api/noise"), [0xff]).unwrap();
    let source = SecretSource::new(Some(folder.path().to_owned()), SecretDocuments::default(), [], []);
    for (name, key, reason) in [
        ("api", "empty", "SecretInvalid"),
        ("api", "large", "SecretInvalid"),
        ("api", "noise", "SecretInvalid"),
        ("api", "token", "KeyMissing"),
        ("gone", "token", "SecretMissing"),
        ("..", "token", "SecretNameInvalid"),
        ("api", "../token", "SecretNameInvalid"),
    ] {
        let error = source.read("it", name, key).expect_err(key);
        assert_eq!(error.reason(), reason, "{error}");
    }
}

#[test]
fn a_variable_that_could_mean_two_secrets_is_refused() {
    let names = [ObjectName::new("a-b", "c"), ObjectName::new("a", "b-c")];
    let variables = environment(&[("APPACCESS_SECRET_A_B_C_TOKEN", "hidden-value")]);
    let source = SecretSource::new(None, SecretDocuments::default(), variables, names);
    let error = source.read("a", "b-c", "token").expect_err("it is ambiguous");
    assert_eq!(error.reason(), "SecretAmbiguous");
    assert!(!format!("{error} {error:?} {source:?}").contains("hidden-value"));
}

#[test]
fn a_value_of_a_secret_is_in_no_message() {
    for text in [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {token: hidden-value}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: [hidden-value]}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: hidden-value, token: hidden-value}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  token: hidden-value\n bad\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: 0123}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: hidden-value}\n",
    ] {
        let loaded = load(text);
        let told = format!("{:?} {:?} {loaded:?}", loaded.problems, problems(&loaded));
        assert!(!told.contains("hidden-value") && !told.contains("0123"), "{told}");
    }
}

#[test]
fn an_unquoted_word_is_found_among_many_quoted_times() {
    let member = |index: usize| format!("    - {{user: u{index}, until: \"2027-01-01T00:00:00Z\"}}\n");
    let members: String = (0..300).map(member).collect();
    let text = format!("{}spec:\n  members:\n{members}    - user: no\n", TEAM.split("spec:").next().unwrap());
    let told = problems(&load(&text));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("-:306: Team default/design: spec.members[300].user: is no without quotes"),
        "{told:?}"
    );
}

#[test]
fn the_secrets_that_objects_name_are_known() {
    let text = fs::read_to_string(examples().into_iter().find(|file| file.ends_with("pushed-directory.yaml")).unwrap());
    let named = load(&text.unwrap()).declared_secrets();
    assert_eq!(
        named.into_iter().collect::<Vec<_>>(),
        [ObjectName::new("it", "inbound-tokens"), ObjectName::new("it", "toggl")]
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_file_holds_reading_it_ends_in_objects_or_problems(
        tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..60),
    ) {
        let text = tokens.concat();
        let loaded = load(&text);
        let lines = text.lines().count().max(1);
        proptest::prop_assert!(loaded.problems.iter().all(|problem| (1..=lines + 1).contains(&problem.place.line)));
        let _ = references(&loaded, december());
    }
}

/// What YAML and our kinds are made of.
const TOKENS: &[&str] = &[
    "apiVersion: appaccess.dev/v1alpha1\n",
    "kind: Team\n",
    "kind: AppAccess\n",
    "metadata: {name: a}\n",
    "spec:\n",
    "spec: ",
    "  members:\n",
    "    - user: ",
    "  grants:\n",
    "no",
    "2026-12-15",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "\n",
    "---\n",
    "--- ",
    "...\n",
    "&a ",
    "*a",
    "*b",
    "!!str ",
    "|\n",
    ">-\n",
    "  ",
    "\t",
    "#",
    "- ",
    "? ",
    "<<: *a\n",
    "é",
    "\u{1F600}",
    "\u{0}",
    "%YAML 1.1\n",
    "~",
    "1.0",
];
