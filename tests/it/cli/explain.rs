//! `explain` from a shell: in a repository with two authors, before and after an apply, offline and with a reading, and
//! what it says where nobody can tell.

use std::process::Command;

use appaccess::sim::scim::{Options, Server};
use appaccess::store::{Intent, ResultLine, Store, Update};
use appaccess_core::access::{AccountId, ObjectName, PersonKey, Slot};
use appaccess_core::plan::{Action, Cause};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::schema::assert_valid;
use crate::support::shell::{Ended, Shell};

const ACCESS: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: Directory
metadata: {name: staff, namespace: studio}
spec:
  source:
    inline:
      people:
        - {id: p1, user: tom@fern.example, name: Tom Berg}
        - {id: p2, user: ines@fern.example, also: [ines.old@fern.example]}
      groups:
        - {name: everybody, members: [tom@fern.example, ines@fern.example]}
  domains: [fern.example]
---
apiVersion: appaccess.dev/v1alpha1
kind: Team
metadata: {name: makers, namespace: studio}
spec:
  directoryGroups:
    - {directory: staff, group: everybody}
---
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata:
  name: everybody
  namespace: studio
  annotations: {appaccess.dev/pull-request: \"41\", appaccess.dev/approved-by: mara}
spec:
  appRef: {name: planner}
  grants:
    - name: makers
      subjects:
        - team: {name: makers}
      groups: [Studio]
      reason: order 88
    - name: autumn
      subjects:
        - user: lea@freelance.example
      groups: [Freelance]
      until: \"2099-12-15T18:00:00Z\"
    - name: spring
      subjects:
        - user: ines@fern.example
      except:
        - user: tom@fern.example
      groups: [Archive]
      until: \"2021-05-31T18:00:00Z\"
    - name: guests
      subjects:
        - team: {name: makers}
      except:
        - user: tom@fern.example
      groups: [Guests]
";

fn app(base: &str) -> String {
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: planner, namespace: studio}}\nspec:\n  \
         connector: {{scim: {{baseUrl: \"{base}\"}}}}\n  credentials: {{secretRef: {{name: planner-token}}}}\n  \
         mode: Full\n"
    )
}

/// Commits everything under the name of an author, at a time that is always the same.
fn commit(shell: &Shell, author: &str, day: u8, subject: &str) {
    let at = format!("2026-11-{day:02}T09:00:00Z");
    for arguments in [vec!["init", "--quiet"], vec!["add", "access.yaml"], vec!["commit", "--quiet", "-m", subject]] {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(shell.path());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{role}_NAME"), author).env(format!("GIT_{role}_EMAIL"), "x@fern.example");
            git.env(format!("GIT_{role}_DATE"), &at);
        }
        assert!(git.status().expect("git is there").success());
    }
}

async fn studio() -> (Server, Shell) {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    let shell = Shell::new();
    shell.file("app.yaml", &app(vendor.base_url()));
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    shell.file(
        "access.yaml",
        &ACCESS.replace("        - user: lea@freelance.example\n", "        - user: lou@freelance.example\n"),
    );
    commit(&shell, "Mara Lind", 2, "Let everybody into the planner");
    shell.file("access.yaml", ACCESS);
    commit(&shell, "Joel Vik", 9, "Lea comes for Lou");
    (vendor, shell)
}

const FILES: &str = "-f app.yaml -f access.yaml";
const REACH: &str = "--secrets secrets --allow-loopback --timeout 5s";

async fn explain(shell: &Shell, line: &str) -> Ended {
    shell.run(&format!("explain {FILES} {line}")).await
}

/// The screen with the times of this run, and the ids that it made, taken out.
fn screen(name: &str, ended: &Ended) {
    let mut steady = String::new();
    let mut rest = ended.stdout.as_str();
    while let Some(found) = rest.find("20") {
        let (before, from) = rest.split_at(found);
        steady.push_str(before);
        let word = from.get(..20).unwrap_or(from);
        let is_time = word.ends_with('Z') && word.as_bytes().get(10) == Some(&b'T');
        let is_ours = is_time && !word.starts_with("2099") && !word.starts_with("2021");
        let (shown, length) = if is_ours { ("TIME", 20) } else { ("20", 2) };
        steady.push_str(shown);
        rest = from.get(length..).unwrap_or_default();
    }
    steady.push_str(rest);
    let is_id = |word: &str| {
        word.len() == 17 && word.starts_with('u') && word.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
    };
    let words = steady.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()).map(|word| {
        let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        if is_id(bare) { word.replace(bare, "ID") } else { word.to_owned() }
    });
    let steady: String = words.collect();
    assert!(
        steady.lines().all(|line| line.chars().count() <= 100 || name.ends_with("markdown") || name.ends_with("json")),
        "{steady}"
    );
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, steady);
    });
}

fn standing<'a>(document: &'a Value, kind: &str, name: &str) -> &'a Value {
    let things = document["apps"][0]["things"].as_array().expect("a list");
    let is_meant = |thing: &&Value| thing["entitlement"]["type"] == kind && thing["entitlement"]["name"] == name;
    things.iter().find(is_meant).map_or(&Value::Null, |thing| &thing["standing"])
}

#[tokio::test]
async fn who_wrote_the_claim_is_told_offline_and_what_the_store_remembers_after_an_apply() {
    let (vendor, shell) = studio().await;
    let before = explain(&shell, "tom@fern.example").await;
    assert_eq!(before.code, 0, "{before:?}");
    screen("explain_declared", &before);
    assert_eq!(vendor.mutations(), 0);

    let applied = shell.run(&format!("apply {FILES} {REACH} --yes")).await;
    assert_eq!(applied.code, 0, "{applied:?}");
    let after = explain(&shell, "tom@fern.example").await;
    screen("explain_has", &after);
    screen("explain_has_markdown", &explain(&shell, "tom@fern.example -o markdown").await);
    screen("explain_until", &explain(&shell, "lea@freelance.example").await);
    screen("explain_lacks", &explain(&shell, "ines.old@fern.example --app studio/planner").await);
    screen("explain_live", &explain(&shell, &format!("tom@fern.example --live {REACH}")).await);
    screen("explain_json", &explain(&shell, "lea@freelance.example -o json").await);
    let document = explain(&shell, "tom@fern.example -o json").await.document();
    assert_valid(&shell.run("schema explain").await.document(), &document);
    assert_eq!(document["person"]["key"], "id:studio/staff:p1");
    let account = &document["apps"][0]["things"][0];
    assert_eq!((&account["standing"], &account["owned"]["origin"]), (&json!("has"), &json!("created")));
    assert_eq!(account["last"]["outcome"], "applied");
    let step = &account["claims"][0]["ways"][0]["steps"][0];
    assert_eq!((&step["names"], &step["place"]["line"]), (&json!("team studio/makers"), &json!(32)), "{step:#}");
    assert_eq!(
        (&step["commit"]["author"], &step["commit"]["subject"]),
        (&json!("Mara Lind"), &json!("Let everybody into the planner"))
    );
    assert_eq!(standing(&document, "group", "Guests"), "lacks", "an exception takes them out");

    // Nobody asks the app unless it is asked for; then it is read, and nothing more.
    let writes = vendor.mutations();
    vendor.edit(|state| {
        let id = state.user_id("tom@fern.example").expect("it was made");
        state.remove(&id);
    });
    assert_eq!(explain(&shell, "tom@fern.example").await.stdout, after.stdout);
    let live = explain(&shell, &format!("tom@fern.example --live {REACH} -o json")).await.document();
    assert_eq!((&live["apps"][0]["basis"], standing(&live, "account", "")), (&json!("app"), &json!("willGet")));
    assert_eq!(vendor.mutations(), writes);
}

#[tokio::test]
async fn what_will_go_is_told_with_its_time_and_what_is_held_with_its_decision() {
    let (_vendor, shell) = studio().await;
    let applied = shell.run(&format!("apply {FILES} {REACH} --yes")).await;
    assert_eq!(applied.code, 0, "{applied:?}");
    // Taken out of the directory's group, not committed yet.
    shell.file(
        "access.yaml",
        &ACCESS
            .replace("members: [tom@fern.example, ines@fern.example]", "members: [ines@fern.example]")
            .replace("        - user: lea@freelance.example\n", "        - user: mia@freelance.example\n"),
    );
    screen("explain_will_lose", &explain(&shell, "tom@fern.example").await);
    screen("explain_not_committed", &explain(&shell, "mia@freelance.example").await);
    let held = shell.run(&format!("apply {FILES} {REACH} --yes --no-settle")).await;
    assert_eq!(held.code, 3, "{held:?}");
    let live = explain(&shell, &format!("lea@freelance.example --live {REACH}")).await;
    screen("explain_settles_live", &live);
}

#[tokio::test]
async fn nobody_known_and_nobody_to_be_told_are_errors_with_names_that_may_be_meant() {
    let (_vendor, shell) = studio().await;
    let typo = explain(&shell, "tim@fern.exampel").await;
    assert_eq!((typo.code, typo.stdout.as_str()), (1, ""), "{typo:?}");
    assert!(typo.stderr.contains("nobody knows `tim@fern.exampel`"), "{typo:?}");
    let near = explain(&shell, "lae@freelance.example").await;
    assert!(near.code == 1 && near.stderr.contains("did you mean lea@freelance.example"), "{near:?}");
    // In a domain that a directory owns, and not there: nobody can tell who that is.
    shell.file(
        "more.yaml",
        &ACCESS
            .split("---\n")
            .nth(2)
            .expect("three documents")
            .replace("name: everybody", "name: more")
            .replace("- user: lea@freelance.example", "- user: ghost@fern.example"),
    );
    let ghost = shell.run(&format!("explain ghost@fern.example {FILES} -f more.yaml")).await;
    assert_eq!(ghost.code, 1, "{ghost:?}");
    screen("explain_unknown", &ghost);
    let down = explain(&shell, "lea@freelance.example --live --secrets nowhere --allow-loopback -o json").await;
    assert_eq!((down.code, &down.document()["errors"][0]["reason"]), (1, &json!("SecretMissing")));
    assert_eq!(shell.run("explain tom@fern.example -f nowhere.yaml").await.code, 64);
    assert_eq!(explain(&shell, "tom@fern.example --app studio/other").await.code, 64);
    assert_eq!(shell.run("explain tom@fern.example").await.code, 64);
}

#[tokio::test]
async fn without_a_repository_the_lines_are_told_without_commits() {
    let (_vendor, shell) = studio().await;
    std::fs::remove_dir_all(shell.path().join(".git")).expect("it was made");
    let document = explain(&shell, "lea@freelance.example -o json").await.document();
    let step = &document["apps"][0]["things"][0]["claims"][0]["ways"][0]["steps"][0];
    assert_eq!((&step["commit"], &step["place"]["file"]), (&Value::Null, &json!("access.yaml")), "{document:#}");
}

/// Writes into the journal what was done for people who are in no file any more.
async fn remembered(shell: &Shell) {
    let now = jiff::Timestamp::now();
    let folder = shell.path().join(".appaccess");
    std::fs::create_dir_all(&folder).expect("the scratch folder takes folders");
    let store = Store::open(&folder.join("state.db").display().to_string()).await.expect("a store");
    let writer = store.become_writer("test", now, SignedDuration::from_mins(1)).await.expect("nobody holds it");
    let intents = [("gone", "p7"), ("twin", "p8"), ("twin", "p9")].map(|(label, id)| Intent {
        person: PersonKey::from_canonical(&format!("id:studio/staff:{id}")),
        label: format!("{label}@fern.example").into(),
        account: Some(AccountId::new(id)),
        slot: Slot::account(),
        action: Action::Suspend,
        from: None,
        to: None,
        cause: Cause::Leaver,
        because: "studio/staff says disabled".into(),
    });
    let app = ObjectName::new("studio", "planner");
    let numbers = writer.begin(&app, now, &intents).await.expect("journalled");
    let applied = |sequence: &u64| ResultLine { sequence: *sequence, outcome: "applied".into(), error: None };
    let results: Vec<ResultLine> = numbers.iter().map(applied).collect();
    writer.finish(&app, now, &results, &Update::default()).await.expect("journalled");
    store.close().await;
}

#[tokio::test]
async fn whom_the_journal_alone_knows_is_told_as_such_and_two_of_one_name_are_told_apart() {
    let (_vendor, shell) = studio().await;
    remembered(&shell).await;
    let gone = explain(&shell, "Gone@fern.example").await;
    assert_eq!(gone.code, 0, "{gone:?}");
    screen("explain_past", &gone);
    let document = explain(&shell, "gone@fern.example -o json").await.document();
    let person = json!({
        "asked": "gone@fern.example", "key": "id:studio/staff:p7", "name": "gone@fern.example",
        "mails": ["gone@fern.example"], "directory": null, "left": null, "unsure": null, "past": true,
    });
    assert_eq!(document["person"], person);
    let twin = explain(&shell, "twin@fern.example").await;
    assert_eq!((twin.code, twin.stdout.as_str()), (1, ""), "{twin:?}");
    assert!(twin.stderr.contains("id:studio/staff:p8") && twin.stderr.contains("id:studio/staff:p9"), "{twin:?}");
    for key in ["id:studio/staff:p8", "studio/staff:p8"] {
        let told = explain(&shell, &format!("{key} -o json")).await;
        assert_eq!((told.code, &told.document()["person"]["key"]), (0, &json!("id:studio/staff:p8")), "{told:?}");
    }
}

#[tokio::test]
async fn a_name_is_known_however_it_is_written_also_on_an_app_that_does_not_name_it() {
    let (_vendor, shell) = studio().await;
    shell.file("access.yaml", &ACCESS.replace("lea@freelance.example", "Lea@Freelance.example"));
    shell.file("other.yaml", &app("https://other.example/scim").replace("name: planner,", "name: other,"));
    let told = shell.run(&format!("explain lea@freelance.example {FILES} -f other.yaml --app studio/other")).await;
    assert!(told.code == 0 && told.stdout.contains("has nothing here"), "{told:?}");
}
