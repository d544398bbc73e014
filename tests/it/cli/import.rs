//! `import` from a shell, on simulated apps of several habits: what it writes is valid, and a plan with it is empty.

use std::collections::BTreeSet;

use appaccess::sim::scim::{Dialect, Fault, Options, Paging, Server};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::json;

use crate::support::shell::Shell;

const FLAGS: &str = "--secrets secrets --allow-loopback";

/// An app that holds `users` (name, whether active, which of the groups) and these groups.
#[derive(Clone, Debug)]
struct Held {
    users: Vec<(String, bool, BTreeSet<usize>)>,
    groups: Vec<String>,
}

fn held() -> impl Strategy<Value = Held> {
    let name =
        prop_oneof!["[a-z]{1,6}@fern\\.example", "[A-Z][a-z]{2,4}@Fern\\.example", "[a-z]{2,6}", Just("no".to_owned())];
    let group = prop_oneof!["[A-Z][a-z]{2,8}", "[A-Z][a-z]{1,4} / [a-z]{1,4}", "[0-9]{2,4}", Just("on".to_owned())];
    let users = proptest::collection::btree_map(
        name,
        (any::<bool>(), proptest::collection::btree_set(0..4_usize, 0..4)),
        0..12,
    );
    let groups = proptest::collection::btree_set(group, 0..5);
    (users, groups).prop_map(|(users, groups)| {
        let mut lower = BTreeSet::new();
        let users = users.into_iter().map(|(name, (active, groups))| (name, active, groups));
        let users = users.filter(|(name, ..)| lower.insert(name.to_lowercase())).collect();
        let mut folded = BTreeSet::new();
        Held { users, groups: groups.into_iter().filter(|name| folded.insert(name.to_lowercase())).collect() }
    })
}

async fn app(dialect: Dialect, held: &Held) -> Server {
    let vendor = Server::start(Options::from(dialect)).await.expect("the simulator starts");
    vendor.edit(|state| {
        let ids: Vec<String> = held
            .users
            .iter()
            .map(|(name, active, _)| {
                let mails = if name.contains('@') { json!([{"value": name, "primary": true}]) } else { json!([]) };
                state.add_user_with(name, &json!({"active": active, "emails": mails}))
            })
            .collect();
        for (index, group) in held.groups.iter().enumerate() {
            let members = ids.iter().zip(&held.users).filter(|(_, (.., groups))| groups.contains(&index));
            let members: Vec<&str> = members.map(|(id, _)| id.as_str()).collect();
            state.add_group(group, &members);
        }
    });
    vendor
}

fn shell(vendor: &Server) -> Shell {
    let shell = Shell::new();
    shell.file(
        "apps.yaml",
        &format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: planner, namespace: studio}}\nspec:\n  \
             connector: {{scim: {{baseUrl: \"{}\"}}}}\n  credentials: {{secretRef: {{name: token}}}}\n  mode: Full\n  \
             rateLimit: {{requests: 100000, per: 1s}}\n",
            vendor.base_url()
        ),
    );
    shell.file("secrets/studio/token/token", &vendor.token());
    shell
}

/// That what was imported is valid and that a plan with it has nothing to do.
async fn leads_to_an_empty_plan(shell: &Shell, held: &Held, further: &str) {
    let imported = shell.run(&format!("import -f apps.yaml --app studio/planner {FLAGS}{further}")).await;
    assert_eq!(imported.code, 0, "{imported:?}");
    shell.file("imported.yaml", &imported.stdout);
    let valid = shell.run("validate -f apps.yaml -f imported.yaml").await;
    assert_eq!(valid.code, 0, "{valid:?}\n{}", imported.stdout);
    let plan = shell.run(&format!("plan -f apps.yaml -f imported.yaml {FLAGS} --detailed-exitcode -o json")).await;
    assert_eq!(plan.code, 0, "{plan:?}\n{}", imported.stdout);
    let document = plan.document();
    let changes = document["apps"][0]["changes"].as_array().expect("a list");
    assert!(changes.iter().all(|change| change["action"] == "adopt"), "{changes:#?}\n{}", imported.stdout);
    for (name, active, _) in &held.users {
        let label = name.to_lowercase();
        let is_adopted = changes.iter().any(|change| {
            change["entitlement"]["type"] == "account"
                && change["person"].as_str().map(str::to_lowercase) == Some(label.clone())
        });
        assert_eq!(is_adopted, *active, "{name}\n{}", imported.stdout);
    }
}

#[tokio::test]
async fn a_plan_with_an_import_is_empty_whatever_the_app_holds_and_however_it_answers() {
    let mut runner = TestRunner::deterministic();
    let dialects = [
        Dialect::default(),
        Dialect { paging: Paging::Cursor, page_cap: 3, ..Dialect::default() },
        Dialect { lists_without_members: true, awkward_ids: true, discovery: false, ..Dialect::default() },
    ];
    for dialect in dialects {
        for further in ["", " --as-teams"] {
            let held = held().new_tree(&mut runner).expect("a case can be made").current();
            let vendor = app(dialect.clone(), &held).await;
            leads_to_an_empty_plan(&shell(&vendor), &held, further).await;
            assert_eq!(vendor.mutations(), 0);
        }
    }
}

/// A studio of a dozen people, as one finds it.
fn studio() -> Held {
    let groups = ["Design", "Engineering", "Sales – EMEA", "On call"];
    let people = [
        ("ada", true, &[1, 3][..]),
        ("bo", true, &[1, 3]),
        ("cy", true, &[0]),
        ("di", true, &[0]),
        ("ed", true, &[2]),
        ("flo", true, &[2]),
        ("gus", true, &[2]),
        ("hal", false, &[1]),
        ("ida", true, &[]),
        ("jo", false, &[]),
        ("kim", true, &[1, 3]),
        ("lea", true, &[1]),
    ];
    let users = people
        .into_iter()
        .map(|(name, active, groups)| (format!("{name}@fern.example"), active, groups.iter().copied().collect()));
    Held { users: users.collect(), groups: groups.map(str::to_owned).to_vec() }
}

#[tokio::test]
async fn what_is_written_reads_as_if_by_hand() {
    let held = studio();
    let vendor = app(Dialect::default(), &held).await;
    vendor.edit(|state| {
        state.add_user_with("mia", &json!({"emails": [{"value": "m.ito@fern.example", "primary": true}]}))
    });
    let shell = shell(&vendor);
    for (name, further) in [("import", ""), ("import_as_teams", " --as-teams")] {
        let ended = shell.run(&format!("import -f apps.yaml --app studio/planner {FLAGS}{further}")).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        crate::face::snapshot(name, &format!("{}\n$ standard error\n{}", ended.stdout, ended.stderr));
        leads_to_an_empty_plan(&shell, &held, further).await;
    }
}

#[tokio::test]
async fn an_import_into_a_folder_writes_over_nothing_unless_it_is_told_to() {
    let held = Held {
        users: vec![("ana@fern.example".into(), true, BTreeSet::from([0])), ("no".into(), true, BTreeSet::new())],
        groups: vec!["Studio".into()],
    };
    let vendor = app(Dialect::default(), &held).await;
    let shell = shell(&vendor);
    let line = format!("import -f apps.yaml --app studio/planner {FLAGS} --out access");
    let first = shell.run(&line).await;
    assert_eq!((first.code, first.stdout.as_str()), (0, ""), "{first:?}");
    let path = shell.path().join("access/planner-import.yaml");
    let text = std::fs::read_to_string(&path).expect("the file is there");
    assert!(text.contains("user: \"no\"\n") && text.contains("- Studio\n"), "{text}");
    std::fs::write(&path, "# mine\n").expect("the file can be written");
    let second = shell.run(&line).await;
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.stderr.contains("--overwrite"), "{second:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file is there"), "# mine\n");
    assert_eq!(shell.run(&format!("{line} --overwrite")).await.code, 0);
    assert_eq!(std::fs::read_to_string(&path).expect("the file is there"), text);
    let again = shell.run(&format!("import -f apps.yaml -f access --app studio/planner {FLAGS}")).await;
    assert_eq!((again.code, &again.stdout), (0, &text), "the same name again, for it takes its place");
    assert!(again.stderr.contains("1 object is about this app already"), "{again:?}");
}

#[tokio::test]
async fn nothing_is_written_on_a_reading_that_is_not_whole() {
    let held = Held { users: vec![("ana@fern.example".into(), true, BTreeSet::new())], groups: vec![] };
    let vendor = app(Dialect::default(), &held).await;
    vendor.fault(Fault::truncated(1).on_path("/Users").times(50));
    let ended = shell(&vendor).run(&format!("import -f apps.yaml --app studio/planner {FLAGS}")).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
    let without = shell(&vendor).run("import -f apps.yaml").await;
    assert_eq!(without.code, 64, "{without:?}");
}
