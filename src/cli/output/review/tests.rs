//! What a forge makes of a comment: tables stay tables, nobody is called, nothing leads elsewhere, and it is taken at all.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{markdown::LARGEST, *};
use crate::cli::output::document::{
    App, Calls, Change, Cost, Counts, Entitlement, ErrorEntry, Intent, PLAN_SCHEMA, Waits, Withdrawn,
};

fn entitlement(name: &str) -> Entitlement {
    Entitlement { kind: "group".into(), name: name.into(), level: Some(name.into()) }
}

fn change(name: &str) -> Change {
    Change {
        action: "grant",
        person: Some(name.into()),
        account: None,
        entitlement: entitlement(name),
        from: None,
        to: None,
        attributes: None,
        cause: "declared",
        because: vec![name.into()],
        reason: format!("declared by {name} ({name})"),
        permitted: false,
        held: None,
        due: None,
        held_when_due: None,
        outcome: None,
        error: None,
        task: None,
        does: "grant",
        label: name.into(),
        removal: false,
    }
}

fn withdrawn(name: &str, loses: bool) -> Withdrawn {
    Withdrawn {
        person: name.into(),
        entitlement: entitlement(name),
        because: vec![name.into()],
        from: (!loses).then(|| name.into()),
        to: None,
        keeps: vec![name.into()],
        until: loses.then(|| name.into()),
        loses,
        permitted: loses,
    }
}

fn review_of(names: &[String]) -> Review {
    let first = names.first().map(String::as_str).unwrap_or_default();
    let setting = |name: &String| Setting {
        field: name.clone(),
        from: Some(name.clone()),
        to: Some(name.clone()),
        effect: "widens",
    };
    let window = |name: &String| Window {
        what: "endsLater",
        person: name.clone(),
        entitlement: entitlement(name),
        from: Some(name.clone()),
        to: Some(name.clone()),
        at: None,
        before: Some("2027-01-01T00:00:00Z".into()),
        effect: "gains",
        permitted: false,
        because: vec![name.clone()],
    };
    Review {
        presence: "kept",
        by_hand: true,
        owners: names.to_vec(),
        people: People { gaining: 1, losing: 2, gaining_later: 3, losing_later: 4 },
        claims: names.iter().map(|name| ClaimRow { claim: format!("{name}#x"), presence: "changed" }).collect(),
        settings: names.iter().map(setting).collect(),
        windows: names.iter().map(window).collect(),
        warnings: vec![Warning { reason: "Protected", message: "is protected".into(), about: names.to_vec() }],
        uncounted: names.to_vec(),
        decisions: vec![DecisionRow {
            object: first.into(),
            presence: "removed",
            digest: first.into(),
            decision: "Approve",
            not_after: first.into(),
            of_this_change: false,
            refused: Some(first.into()),
        }],
        approved_by: None,
        approval: Some(format!("kind: AccessApproval\nmetadata: {{name: {first}}}\n")),
        later: Vec::new(),
    }
}

fn document(apps: usize, names: &[String]) -> PlanDocument {
    let first = names.first().cloned().unwrap_or_default();
    let app = App {
        app: first.clone(),
        mode: "Full".into(),
        complete: None,
        waits: Waits::Intent {
            intent: Intent {
                digest: first.clone(),
                withdrawn: names.iter().map(|name| withdrawn(name, name.len() % 2 == 0)).collect(),
            },
            review: Box::new(review_of(names)),
        },
        counts: Counts::default(),
        changes: names.iter().map(|name| change(name)).collect(),
        drift: Vec::new(),
        cost: Some(Cost {
            currency: "EUR".into(),
            monthly: "60.00".into(),
            monthly_after: "67.50".into(),
            monthly_waste: "0.00".into(),
            monthly_waste_after: "0.00".into(),
            used: 1,
            used_after: 2,
            purchased: Some(2),
            unused: 0,
            unused_after: 0,
            activity: None,
            renews_on: None,
        }),
        conditions: Vec::new(),
        calls: Calls::default(),
    };
    let error = |name: &String| ErrorEntry {
        app: None,
        object: name.clone(),
        reason: name.clone(),
        message: name.clone(),
        remedy: name.clone(),
        place: None,
    };
    let touched = |name: &String| Touched {
        object: name.clone(),
        presence: "changed",
        settings: review_of(std::slice::from_ref(name)).settings,
    };
    PlanDocument {
        schema: PLAN_SCHEMA,
        apps: vec![app; apps],
        errors: names.iter().map(error).collect(),
        touched: Some(names.iter().map(touched).collect()),
        tried: false,
    }
}

/// What stands outside of code spans and blocks of code.
fn live(comment: &str) -> String {
    let mut text = String::new();
    let mut in_block = false;
    for line in comment.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            assert!(!line.contains('`'), "a block is left: {line}");
        } else {
            assert_eq!(line.matches('`').count() % 2, 0, "a span is left open: {line}");
            text.extend(line.split('`').step_by(2));
            text.push('\n');
        }
    }
    assert!(!in_block, "a block is left open");
    text
}

/// Fails where a forge would make more of the comment than we wrote.
fn assert_harmless(comment: &str) {
    let (first, rest) = comment.split_once('\n').expect("it has lines");
    assert_eq!(first, markdown::MARKER);
    assert!(comment.len() <= LARGEST, "{} bytes", comment.len());
    assert!(comment.chars().count() <= 65_536);
    assert_eq!(crate::cli::output::escape::printable(&comment.replace('\n', " ")), comment.replace('\n', " "));
    let live = live(rest);
    let ours = ["<details><summary>", "</summary>", "</details>"].iter().fold(live, |text, tag| text.replace(tag, ""));
    for danger in ["@", "<", "](", "![", "://", "&", "\\"] {
        let alive = ours.lines().find(|text| !text.starts_with("> ") && text.contains(danger));
        assert_eq!(alive, None, "{danger} is alive");
    }
    assert_eq!(comment.matches("<details>").count(), comment.matches("\n</details>").count());
    let mut columns = None;
    for line in comment.lines() {
        let count = line.starts_with('|').then(|| line.matches('|').count());
        assert!(columns.is_none() || count.is_none() || columns == count, "the table breaks: {line}");
        columns = count;
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let fragments = select(vec![
        "@everyone",
        "`",
        "``",
        "```",
        "|",
        "\\",
        "\\|",
        "<img src=x>",
        "</details>",
        "[a](http://x.example)",
        "![b](x)",
        "\n",
        "\r\n",
        "\u{202e}",
        "\u{200b}",
        "# ",
        "<!-- appaccess:review -->",
        "https://evil.example",
        " ",
        "é",
        "李",
        "&lt;",
        "a/b#c",
        "---",
        "> ",
    ]);
    let parts = vec(prop_oneof![fragments.prop_map(str::to_owned), "\\PC{0,8}"], 0..12);
    parts.prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_breaks_a_table_calls_anybody_or_leads_elsewhere(names in vec(hostile(), 0..40), apps in 0_usize..5) {
        assert_harmless(&markdown::review(&document(apps, &names), "appaccess plan -f access --base before"));
        let text = text::review(&document(apps, &names));
        let hidden = ['\u{202e}', '\u{200b}', '\r'];
        prop_assert!(!text.contains(hidden));
    }
}

#[test]
fn a_change_of_thousands_fits_into_a_comment_and_says_what_it_leaves_out() {
    let names: Vec<String> = (0..600).map(|number| format!("person.number.{number}@fern.example")).collect();
    for apps in [1, 3, 40] {
        let comment = markdown::review(&document(apps, &names), "appaccess plan -f access --base before");
        assert_harmless(&comment);
        assert!(comment.contains("rows are left out"), "{apps} apps");
        assert!(comment.contains("`appaccess plan -f access --base before`"));
        assert!(comment.len() > LARGEST / 2, "{apps} apps leave room: {}", comment.len());
    }
}

#[test]
fn a_change_that_means_nothing_is_said_in_one_line() {
    let mut quiet = document(1, &["a".to_owned()]);
    quiet.errors.clear();
    quiet.touched = None;
    quiet.apps[0].changes.clear();
    let (intent, review) =
        (Intent { digest: "d".into(), withdrawn: Vec::new() }, Review { presence: "kept", ..Review::default() });
    quiet.apps[0].waits = Waits::Intent { intent, review: Box::new(review) };
    let comment = markdown::review(&quiet, "x");
    let expected = "<!-- appaccess:review -->\n### Access: nobody gains or loses anything; 60.00 → 67.50 EUR a month\n\n1 app is not touched.\n";
    assert_eq!(comment, expected);
}

#[test]
fn the_command_that_shows_the_rest_is_whole_and_so_is_every_remedy() {
    let names: Vec<String> = (0..600).map(|number| format!("person.number.{number}@fern.example")).collect();
    let mut document = document(1, &names);
    let remedy = format!("ask {} or take it out", "the owner of the target app ".repeat(12));
    document.errors[0].remedy.clone_from(&remedy);
    let command = format!("appaccess plan{} --base before", " -f access/a/rather/deep/folder".repeat(30));
    let comment = markdown::review(&document, &command);
    assert_harmless(&comment);
    assert!(comment.contains(&format!("All of them are shown by `{command}`")));
    assert!(comment.contains(&format!("`{remedy}`")));
}
