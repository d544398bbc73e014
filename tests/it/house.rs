//! The rules of the house, kept by reading the project's own files: who may know whom, how long things may be, and what
//! is never written. A folder that does not exist breaks none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::tools::repository;

mod source;

use source::{Source, Token};

/// Where Rust code of the project is.
const CODE: [&str; 4] = ["src", "crates", "tests", "benches"];

/// Crates whose licence, size or second TLS implementation we do not want. `deny.toml` says the same.
const BANNED: [&str; 7] =
    ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "tokio-native-tls", "hyper-tls"];

/// Fails with all violations at once, so that one run shows the whole work.
fn nothing_in(violations: &[String], remedy: &str) {
    assert!(violations.is_empty(), "{remedy}\n{}", violations.join("\n"));
}

fn at(file: &Source, token: Token<'_>) -> String {
    format!("  {}:{}: {}", file.path, token.line, token.text)
}

/// Where these tokens stand in a row, by the first of them.
fn places_of(file: &Source, sequence: &[&str]) -> Vec<String> {
    let tokens = file.tokens();
    let windows = tokens.windows(sequence.len());
    let hits = windows.filter(|window| window.iter().map(|token| token.text).eq(sequence.iter().copied()));
    hits.map(|window| at(file, window[0])).collect()
}

/// Every place in `folders` where one of these sequences of tokens stands.
fn places_in(folders: &[&str], sequences: &[&[&str]]) -> Vec<String> {
    let files = source::rust(folders);
    let pairs = files.iter().flat_map(|file| sequences.iter().map(move |sequence| (file, *sequence)));
    pairs.flat_map(|(file, sequence)| places_of(file, sequence)).collect()
}

/// The packages of the lockfile, each with the names of those that it needs, for whatever purpose.
fn locked_packages() -> BTreeMap<String, BTreeSet<String>> {
    let lockfile = fs::read_to_string(repository().join("Cargo.lock")).expect("the lockfile is in the repository");
    let mut packages = BTreeMap::<String, BTreeSet<String>>::new();
    for package in lockfile.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| line.strip_prefix("name = ")).expect("a package has a name");
        let needs = package.lines().filter_map(|line| line.strip_prefix(" \""));
        let needs = needs.filter_map(|line| line.split(['"', ' ']).next()).map(str::to_owned);
        packages.entry(name.trim_matches('"').to_owned()).or_default().extend(needs);
    }
    packages
}

fn all_that_is_needed_by(name: &str) -> BTreeSet<String> {
    let packages = locked_packages();
    let mut open = vec![name.to_owned()];
    let mut needed = BTreeSet::new();
    while let Some(package) = open.pop() {
        let needs = packages.get(&package).into_iter().flatten().cloned();
        open.extend(needs.filter(|need| needed.insert(need.clone())));
    }
    needed
}

#[test]
fn core_and_scim_can_name_no_client_no_runtime_and_no_shell() {
    const OUTSIDE: [&str; 9] =
        ["kube", "kube-client", "k8s-openapi", "reqwest", "hyper", "axum", "sqlx", "tokio", "appaccess"];
    for package in ["appaccess-core", "appaccess-scim"] {
        let needed = all_that_is_needed_by(package);
        let wrong: Vec<_> = OUTSIDE.iter().filter(|name| needed.contains(**name)).collect();
        assert!(wrong.is_empty(), "{package} must stay pure, but it needs {wrong:?}");
    }
}

#[test]
fn the_lockfile_is_read_with_what_its_packages_need() {
    let needed = all_that_is_needed_by("appaccess");
    assert!(["appaccess-core", "kube", "rustls", "ring", "tokio"].iter().all(|name| needed.contains(*name)));
}

#[test]
fn core_knows_no_wire_form_no_clock_and_no_chance() {
    let words =
        ["serde", "serde_json", "SystemTime", "Instant", "rand", "getrandom", "HashMap", "HashSet", "async", "tokio"];
    let mut sequences: Vec<&[&str]> = words.iter().map(std::slice::from_ref).collect();
    sequences.extend([&["Timestamp", ":", ":", "now"][..], &["Zoned", ":", ":", "now"]]);
    nothing_in(
        &places_in(&["crates/core/src"], &sequences),
        "the core takes time as a parameter and derives no wire form",
    );
}

#[test]
fn the_seams_to_apps_and_people_know_no_shell_and_the_shells_not_each_other() {
    const UNKNOWN_TO: [(&str, &[&str]); 4] = [
        ("src/connector", &["operator", "cli"]),
        ("src/directory", &["operator", "cli"]),
        ("src/operator", &["cli"]),
        ("src/cli", &["operator"]),
    ];
    let mut violations = Vec::new();
    for (folder, unknown) in UNKNOWN_TO {
        for file in source::rust(&[folder, &format!("{folder}.rs")]) {
            let tokens = file.tokens();
            let named = modules_named(&tokens);
            violations.extend(named.filter(|token| unknown.contains(&token.text)).map(|token| at(&file, token)));
        }
    }
    nothing_in(&violations, "these modules must not know each other: move what they share below both");
}

/// The words within `use` declarations, and those after `crate::` elsewhere.
fn modules_named<'a>(tokens: &'a [Token<'a>]) -> impl Iterator<Item = Token<'a>> {
    let mut in_use = false;
    tokens.iter().enumerate().filter_map(move |(index, token)| {
        in_use = (in_use || token.text == "use") && token.text != ";";
        let path = index.checked_sub(3).map(|start| &tokens[start..index]);
        let after_crate = path.is_some_and(|path| path.iter().map(|part| part.text).eq(["crate", ":", ":"]));
        (in_use || after_crate).then_some(*token)
    })
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let files = source::rust(&CODE);
    let long = files.iter().map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > 500);
    let violations: Vec<_> = long.map(|(file, lines)| format!("  {}: {lines} lines", file.path)).collect();
    nothing_in(&violations, "split these files by what they know");
}

#[test]
fn no_function_is_longer_than_60_lines() {
    let mut violations = Vec::new();
    for file in source::rust(&CODE) {
        let tokens = file.tokens();
        let long = source::functions(&tokens).into_iter().filter(|function| function.lines > 60);
        violations
            .extend(long.map(|long| format!("  {}:{}: {} has {} lines", file.path, long.line, long.name, long.lines)));
    }
    nothing_in(&violations, "split these functions by what they decide");
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let files = source::rust(&CODE);
    let silent = files.iter().filter(|file| !file.text.starts_with("//!"));
    let violations: Vec<_> = silent.map(|file| format!("  {}", file.path)).collect();
    nothing_in(&violations, "begin these files with a `//!` line: what the module is for, and what it must not know");
}

#[test]
fn nothing_is_left_for_later_and_no_lint_is_silenced_without_a_reason() {
    const LEFT: [&[&str]; 6] = [
        &["todo", "!"],
        &["unimplemented", "!"],
        &["dbg", "!"],
        &["#", "[", "ignore"],
        &["#", "[", "allow"],
        &["#", "!", "[", "allow"],
    ];
    nothing_in(&places_in(&CODE, &LEFT), "finish these, and write `expect(lint, reason = \"…\")` in place of `allow`");
}

#[test]
fn no_test_waits_for_a_time() {
    let sleeping: [&[&str]; 2] = [&["sleep", "("], &["sleep_until", "("]];
    nothing_in(&places_in(&["tests"], &sleeping), "wait for a condition with `support::wait::eventually`");
    let ticking: Vec<_> = places_in(&["tests"], &[&["interval", "("]]);
    let elsewhere: Vec<_> = ticking.into_iter().filter(|place| !place.contains("tests/it/support/wait.rs:")).collect();
    nothing_in(&elsewhere, "only `support::wait::eventually` looks again after a time");
}

#[test]
fn no_file_names_a_place_on_somebody_s_machine() {
    // In two halves, or this file would break its own rule.
    const PLACES: [&str; 4] =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/me"), concat!("C:", "\\\\")];
    let extensions = ["rs", "toml", "md", "yaml", "yml", "json", "sh", "mjs", "txt", "tpl"];
    let mut violations = Vec::new();
    for file in source::files(&[""], &extensions) {
        let lines = file.text.lines().enumerate();
        let wrong = lines.filter(|(_, line)| PLACES.iter().any(|place| line.contains(place)));
        violations.extend(wrong.map(|(index, line)| format!("  {}:{}: {}", file.path, index + 1, line.trim())));
    }
    nothing_in(&violations, "these lines are true on one machine only");
}

#[test]
fn lockfiles_of_the_test_peers_name_no_registry() {
    let files = source::files(&["tests/peers"], &["json", "txt"]);
    assert!(files.len() >= 3, "the lockfiles of the test peers have moved");
    let telling = ["\"resolved\"", "--index-url", "--extra-index-url", "--find-links"];
    let wrong = files.iter().filter(|file| telling.iter().any(|word| file.text.contains(word)));
    let violations: Vec<_> = wrong.map(|file| format!("  {}", file.path)).collect();
    nothing_in(&violations, "take the registry's address out: everyone installs from the one that they are set up for");
}

#[test]
fn banned_crates_are_neither_in_the_lockfile_nor_missing_in_the_ban_list() {
    let packages = locked_packages();
    let locked: Vec<_> = BANNED.iter().filter(|name| packages.contains_key(**name)).collect();
    assert!(locked.is_empty(), "the lockfile has {locked:?}: see `cargo tree --invert NAME` for who brings them");
    let denied = fs::read_to_string(repository().join("deny.toml")).expect("deny.toml is in the repository");
    let missing: Vec<_> = BANNED.iter().filter(|name| !denied.contains(&format!("crate = \"{name}\""))).collect();
    assert!(missing.is_empty(), "deny.toml does not ban {missing:?}");
}
