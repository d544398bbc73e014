//! The screens as a stranger meets them, kept to be read: help, faults, plans, what was done, what is asked.

use appaccess::sim::scim::{Options, Server};
use serde_json::json;

use super::usage::TWO;
use crate::support::{
    screen::{assert_document, assert_screen},
    shell::Shell,
};

/// What a command showed: its line, both streams and how it ended.
async fn told(shell: &Shell, line: &str) -> String {
    let ended = shell.run(line).await;
    let mut text = format!("$ appaccess {line}\n");
    for stream in [ended.tidy(), ended.stderr.clone()] {
        if !stream.is_empty() {
            text.push_str(&stream);
        }
    }
    format!("{text}[exit {}]\n", ended.code)
}

#[tokio::test]
async fn every_help_text_is_within_a_hundred_columns_and_has_an_example() {
    let shell = Shell::new();
    let help = shell.run("--help").await.stdout;
    assert_screen("help", &help);
    let commands = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list");
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    for name in names.filter(|name| !name.is_empty() && *name != "help") {
        let help = shell.run(&format!("{name} --help")).await.stdout;
        assert!(help.contains("Examples:\n  ") && help.contains("appaccess "), "{name} has no example:\n{help}");
        assert_screen(&format!("help-{name}"), &help);
    }
}

#[tokio::test]
async fn faults_in_files_are_shown_with_place_reason_and_remedy() {
    let shell = Shell::new();
    shell.file("two.yaml", TWO);
    shell.file("fields.yaml", &TWO.replace("appRef:", "apRef:").replace("connector: {scim:", "connector: {skim:"));
    shell.file("lost.yaml", &TWO.replace("appRef: {name: planner}", "appRef: {name: other}"));
    shell.file("indent.yaml", "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {name: planner\nspec:\n");
    shell.file("other.yaml", "apiVersion: v1\nkind: Service\n");
    let mut text = String::new();
    for file in ["two", "fields", "lost", "indent", "other"] {
        text.push_str(&told(&shell, &format!("validate -f {file}.yaml")).await);
        text.push('\n');
    }
    assert_screen("validate", &text);
    assert_document("validate-markdown", &told(&shell, "validate -f lost.yaml -o markdown").await);
    assert_document("validate-json", &told(&shell, "validate -f lost.yaml -o json").await);
}

#[tokio::test]
async fn errors_of_use_are_shown_with_what_why_and_what_to_do() {
    let shell = Shell::new();
    shell.file("two.yaml", TWO);
    let mut text = String::new();
    for line in [
        "plan",
        "pln -f two.yaml",
        "plan -f nowhere.yaml",
        "plan -f two.yaml --app studio/planer",
        "plan -f two.yaml --out x -f -",
        "apply -f two.yaml",
        "apply two.yaml",
        "approve studio/planner",
        "approve studio/planner --yes",
        "run -f -",
        "man pln",
        "import -f two.yaml --app studio/planner",
    ] {
        text.push_str(&told(&shell, line).await);
        text.push('\n');
    }
    assert_screen("errors", &text);
}

/// An app with somebody to add, somebody nobody declared, and a credential that works.
async fn studio() -> (Server, Shell, String) {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    vendor.edit(|state| {
        let mail = |mail: &str| json!({"active": true, "emails": [{"value": mail, "primary": true}]});
        let ines = state.add_user_with("ines@fern.example", &mail("ines@fern.example"));
        let joel = state.add_user_with("joel@fern.example", &mail("joel@fern.example"));
        state.add_group("Studio", &[&joel, &ines]);
    });
    let shell = Shell::new();
    let base = vendor.base_url().to_owned();
    shell.file("access/apps.yaml", &declared(&base, "ines tom"));
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    (vendor, shell, base)
}

fn declared(base: &str, people: &str) -> String {
    let subjects: Vec<String> = people.split(' ').map(|name| format!("{{user: {name}@fern.example}}")).collect();
    TWO.replace("https://planner.example.com/scim/v2", base)
        .replace(
            "  credentials:",
            "  mode: Full\n  seats: {price: \"7.50\", currency: EUR, per: month, purchased: 8}\n  credentials:",
        )
        .replace("{user: ines@fern.example}", &subjects.join(", "))
}

/// Without what differs from run to run: addresses, ids, digests and times.
fn steady(text: &str, address: &str) -> String {
    let words = text.replace(address, "https://planner.example/scim/v2");
    let words = words.split_inclusive(|letter: char| letter.is_whitespace() || "(),;\"".contains(letter));
    let tidied = words.map(|word| {
        let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let is_time = bare.len() >= 19 && bare.as_bytes().get(10) == Some(&b'T');
        let digest = bare.strip_prefix("sha256:");
        match digest {
            Some(hash) if hash.len() == 64 => word.replace(hash, &"0".repeat(64)),
            _ if is_time => word.replace(bare, "2027-01-01T00:00:00Z"),
            _ => word.to_owned(),
        }
    });
    tidied.collect()
}

#[tokio::test]
async fn a_plan_its_application_a_hold_and_its_approval_are_told_from_beginning_to_end() {
    let (_vendor, shell, base) = studio().await;
    let reach = "-f access --secrets secrets --allow-loopback";
    let mut text = String::new();
    let mut tell = async |line: String| {
        text.push_str(&steady(&told(&shell, &line).await, &base));
        text.push('\n');
    };
    tell(format!("plan {reach}")).await;
    tell(format!("apply {reach} --yes")).await;
    tell(format!("plan {reach}")).await;
    shell.file("access/apps.yaml", &declared(&base, "tom"));
    tell(format!("apply {reach} --yes")).await;
    tell(format!("apply {reach} --yes --no-settle")).await;
    tell("approve studio/planner --yes".to_owned()).await;
    tell(format!("apply {reach} --yes --no-settle")).await;
    tell("reject studio/planner --yes".to_owned()).await;
    assert_screen("plan-to-approval", &text);
}

#[tokio::test]
async fn a_plan_as_markdown_and_as_a_document() {
    let (_vendor, shell, base) = studio().await;
    let reach = "-f access --secrets secrets --allow-loopback";
    for format in ["markdown", "json"] {
        let text = told(&shell, &format!("plan {reach} -o {format}")).await;
        assert_document(&format!("plan-{format}"), &steady(&text, &base));
    }
}

#[tokio::test]
async fn what_an_app_holds_and_how_it_is_are_told() {
    let (_vendor, shell, base) = studio().await;
    let reach = "-f access --secrets secrets --allow-loopback";
    let mut text = String::new();
    for line in [
        format!("doctor {reach}"),
        format!("import {reach} --app studio/planner"),
        format!("tasks {reach}"),
        "doctor -f access --allow-loopback".to_owned(),
    ] {
        text.push_str(&steady(&told(&shell, &line).await, &base));
        text.push('\n');
    }
    assert_screen("doctor-and-import", &text);
}

#[tokio::test]
async fn the_same_plan_on_a_narrow_terminal() {
    let (_vendor, shell, base) = studio().await;
    let line = "appaccess plan -f access --secrets secrets --allow-loopback";
    let seen = tokio::task::spawn_blocking(move || shell.on_terminal(line, 40, &[("NO_COLOR", "1")]).stdout).await;
    assert_screen("plan-in-40-columns", &steady(&seen.expect("the terminal is closed"), &base));
}
