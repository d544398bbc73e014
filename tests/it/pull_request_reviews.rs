//! What a review must not pass over: later access, exceptions, guards behind long lists, decisions, and what else was chosen.

use serde_json::{Value, json};

use crate::support::shell::{Ended, Shell};
use crate::support::tools::repository;

const PLAN: &str = "plan -f head.yaml --base base.yaml --at 2026-11-20T09:00:00Z --detailed-exitcode";

fn target(name: &str, more: &str) -> String {
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: {name}, namespace: studio}}\nspec:\n  \
         connector: {{scim: {{baseUrl: \"https://{name}.example.com/scim/v2\"}}}}\n  credentials: {{secretRef: {{name: \
         {name}-token}}}}\n  roles: {{order: [member, admin]}}\n{more}---\n"
    )
}

fn claims(app: &str, grants: &[&str]) -> String {
    let grants: Vec<String> = grants.iter().map(|grant| format!("    - {{{grant}}}\n")).collect();
    let grants = grants.concat();
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata: {{name: of-{app}, namespace: studio}}\nspec:\n  \
         appRef: {{name: {app}}}\n  grants:\n{grants}---\n"
    )
}

fn full(grants: &[&str]) -> String {
    target("planner", "  mode: Full\n") + &claims("planner", grants)
}

async fn reviewed_by(line: &str, base: &str, head: &str) -> Ended {
    let shell = Shell::new();
    shell.file("base.yaml", base);
    shell.file("head.yaml", head);
    shell.run(line).await
}

async fn reviewed(base: &str, head: &str) -> Ended {
    reviewed_by(PLAN, base, head).await
}

/// Fails unless the text has the words, and something is pending.
fn assert_pending(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, 2, "{ended:?}");
    for word in words {
        assert!(ended.stdout.contains(word), "no `{word}` in\n{}", ended.stdout);
    }
}

const MEMBER: &str = "name: staff, subjects: [{user: ana@fern.example}], roles: [member]";

#[tokio::test]
async fn a_role_that_somebody_gets_later_is_told() {
    let head = full(&[
        MEMBER,
        "name: boss, subjects: [{user: ana@fern.example}], roles: [admin], from: \"2027-01-01T00:00:00Z\"",
    ]);
    let ended = reviewed(&full(&[MEMBER]), &head).await;
    assert_pending(&ended, &["role member → admin", "from 2027-01-01T00:00:00Z on", "later 1 person gains something"]);

    let until = |until: &str| {
        full(&[MEMBER, &format!("name: boss, subjects: [{{user: ana@fern.example}}], roles: [admin]{until}")])
    };
    let ended =
        reviewed(&until(", until: \"2026-12-31T00:00:00Z\""), &until(", until: \"2029-12-31T00:00:00Z\"")).await;
    assert_pending(
        &ended,
        &["from 2029-12-31T00:00:00Z on, before: from 2026-12-31T00:00:00Z on", "later 1 person gains"],
    );
    let ended = reviewed(&until(", until: \"2026-12-31T00:00:00Z\""), &until("")).await;
    assert_pending(&ended, &["was to change 2026-12-31T00:00:00Z, and does so no more", "later 1 person gains"]);
}

#[tokio::test]
async fn a_second_window_after_a_gap_is_told() {
    let first = "name: first, subjects: [{user: kim@fern.example}], until: \"2026-12-10T00:00:00Z\"";
    let second = "name: second, subjects: [{user: kim@fern.example}], from: \"2026-12-20T00:00:00Z\"";
    let ended = reviewed(&full(&[first]), &full(&[first, second])).await;
    assert_pending(
        &ended,
        &["+ kim@fern.example: account  begins 2026-12-20T00:00:00Z", "later 1 person gains something"],
    );
}

#[tokio::test]
async fn an_end_brought_forward_below_an_endless_claim_is_a_loss() {
    let admin = |until: &str| {
        full(&[
            MEMBER,
            &format!("name: boss, subjects: [{{user: ana@fern.example}}], roles: [admin], until: \"{until}\""),
        ])
    };
    let ended = reviewed(&admin("2029-01-01T00:00:00Z"), &admin("2027-01-01T00:00:00Z")).await;
    assert_pending(&ended, &["- ana@fern.example: role admin", "1 person loses something"]);
}

#[tokio::test]
async fn the_broken_glass_is_told_before_it_breaks() {
    let example = |name: &str| {
        let path = repository().join("examples/08-break-glass").join(name);
        std::fs::read_to_string(path).expect("the example is there")
    };
    let head = format!("{}\n---\n{}", example("access.yaml"), example("glass.yaml"));
    let ended = reviewed(&example("access.yaml"), &head).await;
    assert_pending(&ended, &["role reader → admin  from 2027-02-03T02:00:00Z on", "later 1 person gains something"]);
    insta::assert_snapshot!("review_of_broken_glass", ended.stdout);
    let longer = head.replace("2027-02-03T08", "2027-02-04T08");
    let ended = reviewed(&example("access.yaml"), &longer).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stdout.contains("NotPermitted"), "{ended:?}");
}

#[tokio::test]
async fn whom_a_group_takes_out_is_told_when_that_ends() {
    const TEAM: &str = "apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {name: everybody, namespace: studio}\nspec: {directoryGroups: [{directory: okta, group: All}]}\n---\n";
    let open = |subject: &str, except: &str| {
        TEAM.to_owned() + &full(&[&format!("name: boss, subjects: [{{{subject}}}], roles: [admin]{except}")])
    };
    for subject in ["directoryGroup: {directory: okta, group: All}", "team: {name: everybody}"] {
        for except in ["user: bob@fern.example", "service: robot", "team: {name: everybody}"] {
            let ended = reviewed(&open(subject, &format!(", except: [{{{except}}}]")), &open(subject, "")).await;
            assert_pending(&ended, &["! studio/of-planner#boss.except: − ", "reaches further"]);
        }
    }
    let named = |except: &str| full(&[&format!("name: staff, subjects: [{{user: ana@fern.example}}]{except}")]);
    let ended = reviewed(&named(", except: [{user: bob@fern.example}]"), &named("")).await;
    assert_eq!(ended.code, 0, "where everybody is named, it means nothing: {ended:?}");
    assert!(ended.stdout.contains("nothing follows: studio/of-planner#staff (changed)"), "{ended:?}");
}

#[tokio::test]
async fn nothing_that_widens_hides_behind_a_long_list() {
    let list = |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(", ");
    let links = list(150, &|number| format!("{{person: p{number}@fern.example, id: \"u{number}\"}}"));
    let open = format!(
        "  accounts: [{links}]\n  mode: Full\n  safety: {{approveFirst: false, maxRemovals: {{people: 1000}}}}\n"
    );
    let members = list(120, &|number| format!("{{user: p{number}@fern.example}}"));
    let team = format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {{name: all, namespace: studio}}\nspec: {{members: [{members}], shareWith: [elsewhere]}}\n---\n"
    );
    let people = list(120, &|number| format!("{{user: p{number}@fern.example}}"));
    let directory = format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: lists, namespace: studio}}\nspec: {{source: {{inline: {{people: [{people}]}}}}, maxShrink: {{people: 900}}}}\n---\n"
    );
    let head = target("planner", &open) + &team + &directory;
    let widening =
        ["! mode: Observe → Full", "! safety.approveFirst: true → false", "! safety.maxRemovals.people: 3 → 1000"];
    let ended = reviewed(&target("planner", ""), &head).await;
    assert_pending(&ended, &widening);
    assert_pending(&ended, &["more fields", "! shareWith: + elsewhere", "! maxShrink.people: 5 → 900"]);
    assert_pending(&reviewed("", &head).await, &widening[..1]);
    let markdown = reviewed_by(&format!("{PLAN} -o markdown"), &target("planner", ""), &head).await;
    assert_pending(&markdown, &["| ⚠ | `mode` | `Observe → Full` |", "`shareWith` `+ elsewhere`"]);
}

fn approval(reference: &str, decision: &str) -> String {
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: AccessApproval\nmetadata: {{name: yes, namespace: studio}}\nspec: \
         {{{reference}, digest: \"sha256:{}\", decision: {decision}, notAfter: \"2026-12-01T00:00:00Z\"}}\n---\n",
        "7".repeat(64)
    )
}

#[tokio::test]
async fn a_decision_is_a_change_whatever_it_is_about() {
    let base = full(&[MEMBER]);
    let head = base.clone() + &approval("directoryRef: {name: okta}", "Approve");
    let ended = reviewed(&base, &head).await;
    assert_pending(
        &ended,
        &["AccessApproval studio/yes  added", "! decision: + Approve", "directoryRef: + studio/okta"],
    );
    assert_pending(&reviewed(&head, &base).await, &["AccessApproval studio/yes  removed", "− Approve"]);
    let of_app = base.clone() + &approval("appRef: {name: planner}", "Reject");
    assert_pending(&reviewed(&base, &of_app).await, &["Decision: AccessApproval studio/yes: Reject of"]);
    assert_pending(&reviewed(&of_app, &base).await, &["taken out by this"]);
    let of_nobody = base.clone() + &approval("appRef: {name: nobody}", "Approve");
    assert_pending(&reviewed(&base, &of_nobody).await, &["appRef: + studio/nobody"]);
}

#[tokio::test]
async fn nobody_is_said_to_keep_everything_where_a_directory_changes() {
    let directory = |people: &str| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: okta, namespace: studio}}\nspec: {{domains: [fern.example], source: {{inline: {{people: [{people}], groups: [{{name: staff, members: [b]}}]}}}}}}\n---\n"
        )
    };
    let everybody =
        full(&["name: all, subjects: [{directoryGroup: {directory: okta, group: staff}}], roles: [member]"]);
    let bo = "{id: b, user: bo@fern.example}";
    let base = directory(&format!("{bo}, {{id: a, user: ana@fern.example}}")) + &everybody;
    let ended = reviewed(&base, &(directory(bo) + &everybody)).await;
    assert_pending(&ended, &["ana@fern.example", "1 app has no claim that changes", "whom the directory or"]);
    assert!(ended.stdout.contains("nobody gains or loses anything by name"), "{ended:?}");
    assert!(!ended.stdout.contains("not touched"), "{ended:?}");
}

#[tokio::test]
async fn only_what_was_chosen_is_told() {
    let team = |user: &str| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {{name: lots, namespace: studio}}\nspec: {{members: [{{user: {user}@fern.example}}]}}\n---\n"
        )
    };
    let lots = target("parking", "") + &claims("parking", &["name: yard, subjects: [{team: {name: lots}}]"]);
    let base = full(&[MEMBER]) + &lots + &team("ana");
    let head = full(&[MEMBER]) + &lots + &team("bo") + &claims("nowhere", &[MEMBER]);
    let chosen = |app: &str| format!("{PLAN} --app studio/{app}");
    let ended = reviewed_by(&chosen("planner"), &base, &head).await;
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 2), "{ended:?}");
    assert_pending(&reviewed_by(&chosen("parking"), &base, &head).await, &["Team studio/lots  changed"]);
    let gone = reviewed_by(&chosen("parking"), &base, &full(&[MEMBER])).await;
    assert_pending(&gone, &["studio/parking", "gone from the files"]);
    assert_eq!(reviewed_by(&chosen("nowhere"), &base, &head).await.code, 64);
}

#[tokio::test]
async fn what_the_mode_does_not_allow_is_shown_and_never_pending() {
    let observed = |grants: &[&str]| target("planner", "  mode: Observe\n") + &claims("planner", grants);
    let later = "name: later, subjects: [{user: kim@fern.example}], from: \"2027-01-01T00:00:00Z\"";
    for (base, head, words) in [
        (vec![], vec![MEMBER], "only reported: 1 person would gain something"),
        (vec![MEMBER], vec![], "only reported: 1 person would lose something"),
        (vec![], vec![later], "only reported: 1 person would gain something"),
    ] {
        let always = "name: always, subjects: [{user: uma@fern.example}]";
        let side = |grants: Vec<&'static str>| observed(&[&grants[..], &[always]].concat());
        let ended = reviewed(&side(base), &side(head)).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stdout.contains(words) && ended.stdout.contains("Observe only reports"), "{}", ended.stdout);
    }
}

#[tokio::test]
async fn one_stream_is_not_both_sides() {
    for command in ["plan -f - --base -", "apply -f - --base - --yes"] {
        let ended = Shell::new().run_with_input(command, &full(&[MEMBER])).await;
        assert_eq!(ended.code, 64, "{ended:?}");
        assert!(ended.stderr.contains("both -f and --base name it"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_comment_cuts_no_remedy() {
    let elsewhere = claims("planner", &[MEMBER])
        .replace("namespace: studio", "namespace: elsewhere")
        .replace("{name: planner}", "{name: planner, namespace: studio}");
    let head = target("planner", "") + &elsewhere;
    let ended = reviewed_by(&format!("{PLAN} -o markdown"), &target("planner", ""), &head).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.stdout.contains("or take it out`") && ended.stdout.contains("under \\u{60}allow\\u{60}`"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn more_instants_than_can_be_looked_at_are_told_and_those_that_move_come_first() {
    let hour = |number: usize| {
        format!(
            "20{}-{:02}-{:02}T{:02}:00:00Z",
            27 + number / 6720,
            number / 560 % 12 + 1,
            number / 20 % 28 + 1,
            number % 20
        )
    };
    let people = |role: &str| {
        let grants: Vec<String> = (0..600)
            .map(|number| {
                format!("name: g{number}, subjects: [{{user: p{number}@fern.example, from: \"{}\"}}]", hour(number))
            })
            .collect();
        let last = format!("name: last, subjects: [{{user: ana@fern.example}}], from: \"2031-01-01T00:00:00Z\"{role}");
        let all: Vec<&str> = grants.iter().map(String::as_str).collect();
        let objects = all.chunks(60).enumerate();
        let objects: String = objects
            .map(|(number, chunk)| claims("planner", chunk).replace("of-planner", &format!("of-{number}")))
            .collect();
        target("planner", "  mode: Full\n") + &objects + &claims("planner", &[&last])
    };
    let ended = reviewed(&people(""), &people(", roles: [admin]")).await;
    assert_pending(
        &ended,
        &["+ ana@fern.example: role admin  begins 2031-01-01T00:00:00Z", "TimesLeftOut", "601 instants"],
    );
    assert!(!ended.stdout.contains("p7@fern.example"), "{}", ended.stdout);
    let json = reviewed_by(&format!("{PLAN} -o json"), &people(""), &people(", roles: [admin]")).await.document();
    let warnings: &Value = &json["apps"][0]["review"]["warnings"];
    assert_eq!(warnings[0]["reason"], json!("TimesLeftOut"));
}
