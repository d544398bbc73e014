//! Whatever an app holds: a plan with what was imported has nothing to do but to adopt, and whoever is not declared is
//! named with a reason.

use std::{collections::BTreeSet, io::Cursor};

use appaccess_core::{
    access::{
        AccountState, Capabilities, EntitlementKind, Level, Mail, Memory, ObjectName, Observation, ObservedAccount,
        PersonKey, Provisioning, Slot, Text,
    },
    plan::{Action, Input, Options as Judgement, Plan, plan},
    resolve::resolve,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::{Imported, Options, Source, import};
use crate::{
    load::{Loaded, files, policy::policy, world},
    sync::read_directories,
};

const BASE: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {name: app, namespace: it}
spec:
  connector: {clockify: {workspaceId: w}}
  credentials: {secretRef: {name: token}}
  mode: Full
  classify: {service: ['bot-*']}
  accounts: [{person: linked@birch.studio, id: \"3\"}]
---
apiVersion: appaccess.dev/v1alpha1
kind: Directory
metadata: {name: people, namespace: it}
spec:
  domains: [acme.com]
  source:
    inline:
      people:
        - {id: p0, user: p0@acme.com}
        - {id: p1, user: p1@acme.com, also: [p1@birch.studio]}
        - {id: p2, user: p2@acme.com, active: false}
---
apiVersion: appaccess.dev/v1alpha1
kind: Team
metadata: {name: pair, namespace: it}
spec: {members: [{user: p0@acme.com}, {user: p1@acme.com}]}
";

fn load(text: &str) -> Loaded {
    let loaded = files::read_with(&["-".into()], || Cursor::new(text.to_owned())).unwrap();
    assert_eq!(loaded.problems, [], "{text}");
    loaded
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// An app with every shape of entitlement.
fn capabilities(renames: bool, account_alone: bool) -> Capabilities {
    let mut capabilities = Capabilities::new(Provisioning::Invite);
    let role = EntitlementKind { required: true, ..EntitlementKind::single(&["member", "admin", "owner"]) };
    let role = EntitlementKind { not_grantable: ["owner".into()].into(), ..role };
    capabilities.kinds.insert("role".into(), role);
    let group = EntitlementKind { creatable: true, fold_case: true, ..EntitlementKind::set() };
    capabilities.kinds.insert("group".into(), group);
    capabilities.kinds.insert("workspace".into(), EntitlementKind::levelled(&["user", "admin"]));
    Capabilities { renames, account_alone, ..capabilities }
}

/// Runs `work` over what is loaded, with what its directories say.
fn over<T>(loaded: &Loaded, work: impl FnOnce(&appaccess_core::resolve::World) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let readings = runtime.block_on(read_directories(loaded, None, now())).unwrap();
    work(&world(loaded, &readings))
}

fn imported(capabilities: &Capabilities, observation: &Observation, as_teams: bool) -> Imported {
    let loaded = load(BASE);
    let app = ObjectName::new("it", "app");
    let policy = policy(&app, &loaded.target_apps[&app].object.spec, &loaded.namespaces);
    over(&loaded, |world| {
        let source = Source { policy: &policy, capabilities, observation, world, now: now() };
        import(&source, &Options { as_teams, taken: BTreeSet::new() })
    })
}

/// The plan over the base and what was imported, read from its text.
fn planned(capabilities: &Capabilities, observation: &Observation, text: &str) -> Plan {
    let loaded = load(&format!("{BASE}---\n{text}"));
    let app = ObjectName::new("it", "app");
    let policy = policy(&app, &loaded.target_apps[&app].object.spec, &loaded.namespaces);
    over(&loaded, |world| {
        let memory = &Memory::default();
        let desired = resolve(world, &policy, capabilities, memory, now());
        let problems: Vec<_> = desired.reports.values().flat_map(|report| &report.problems).collect();
        assert!(problems.is_empty(), "{problems:?}\n{text}");
        let options = Judgement::default();
        plan(&Input { policy: &policy, capabilities, desired: &desired, observation, memory, options, now: now() })
    })
}

/// That the import of this app changes nothing, and leaves nobody out in silence.
fn check(capabilities: &Capabilities, observation: &Observation, as_teams: bool) -> Imported {
    let imported = imported(capabilities, observation, as_teams);
    let text = imported.text();
    let plan = planned(capabilities, observation, &text);
    assert!(plan.problems.is_empty(), "{:?}\n{text}", plan.problems);
    let mut adopted = BTreeSet::new();
    for change in &plan.changes {
        let of_directory = matches!(change.person, Some(PersonKey::Known { .. }));
        let is_fine = change.action == Action::Adopt || (change.action == Action::Update && of_directory);
        assert!(is_fine, "{change:?}\n{text}");
        adopted.extend(
            change.account.clone().filter(|_| change.action == Action::Adopt).map(|id| (id, change.slot.clone())),
        );
    }
    for account in &observation.accounts {
        let says = |what: &str| imported.left_out.iter().any(|row| row.label == account.label() && row.what == what);
        let declared = adopted.contains(&(account.id.clone(), Slot::account()));
        assert!(declared || says(""), "{} is left out in silence\n{text}", account.label());
        for (slot, level) in account.entitlements.iter().filter(|_| declared) {
            let name = if slot.name.is_empty() { level.as_deref().unwrap_or_default() } else { &slot.name };
            let is_default = &*slot.kind == "role" && name == "member";
            let declared = adopted.contains(&(account.id.clone(), slot.clone()));
            let told = imported.left_out.iter().any(|row| row.label == account.label() && row.what.contains(name));
            assert!(declared || is_default || told, "{} {slot}\n{text}", account.label());
        }
    }
    for object in &imported.objects {
        assert!(object.yaml.len() < 128 * 1024, "{} is too large", object.name);
    }
    imported
}

fn account(id: usize, login: &str, mails: &[&str], groups: &[&str]) -> ObservedAccount {
    let mut account = ObservedAccount::new(&id.to_string(), login);
    if !mails.is_empty() {
        account.mails = mails.iter().map(|mail| Mail::parse(mail).unwrap()).collect();
    }
    for group in groups {
        account.entitlements.insert(Slot::group(group), None);
    }
    account
}

const GROUPS: [&str; 7] = ["Studio", "no", "123", "Studio Nord", "a: b #c", "Zo\u{eb} \u{202e}x", "on"];

fn accounts() -> impl Strategy<Value = Vec<ObservedAccount>> {
    let logins = prop_oneof![
        (0..6_u8).prop_map(|number| format!("p{number}@acme.com")),
        (0..9_u8).prop_map(|number| format!("q{number}@birch.studio")),
        Just("p1@birch.studio".to_owned()),
        Just("linked@birch.studio".to_owned()),
        (0..4_u8).prop_map(|number| format!("login{number}")),
        Just("bot-1".to_owned()),
        Just("no".to_owned()),
        Just("with blank".to_owned()),
    ];
    let mails = proptest::collection::vec((0..9_u8).prop_map(|number| format!("q{number}@birch.studio")), 0..3);
    let held = proptest::sample::subsequence(GROUPS.to_vec(), 0..=GROUPS.len());
    let role =
        prop_oneof![Just(None), Just(Some("member")), Just(Some("admin")), Just(Some("owner")), Just(Some("odd"))];
    let workspace = prop_oneof![
        Just(None),
        Just(Some(("Delivery", Some("user")))),
        Just(Some(("Delivery", Some("admin")))),
        Just(Some(("0x1F", Some("owner")))),
        Just(Some(("Lab", None))),
    ];
    let state = prop_oneof![
        4 => Just(AccountState::Active),
        1 => Just(AccountState::Suspended),
        1 => Just(AccountState::Invited)
    ];
    let external = prop_oneof![4 => Just(None), 1 => Just(Some("p0")), 1 => Just(Some("p2")), 1 => Just(Some("x"))];
    let one = (logins, mails, held, role, workspace, state, external, any::<bool>());
    proptest::collection::vec(one, 0..14).prop_map(|rows| {
        let accounts = rows.into_iter().enumerate().map(|(id, row)| {
            let (login, mails, groups, role, workspace, state, external, service) = row;
            let mails: Vec<&str> = mails.iter().map(String::as_str).collect();
            let mut account = account(id, &login, &mails, &groups);
            account.state = state;
            account.service = service && id % 5 == 0;
            account.external_id = external.map(Text::from);
            if let Some(role) = role {
                account.entitlements.insert(Slot::new("role", ""), Some(Level::from(role)));
            }
            if let Some((name, level)) = workspace {
                account.entitlements.insert(Slot::new("workspace", name), level.map(Level::from));
            }
            account
        });
        accounts.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_with_what_was_imported_has_nothing_to_do(
        accounts in accounts(),
        renames in any::<bool>(),
        account_alone in any::<bool>(),
        as_teams in any::<bool>(),
    ) {
        check(&capabilities(renames, account_alone), &Observation::complete(accounts), as_teams);
    }
}

/// Names that a reader of YAML may take for something else, and such as hide something from people.
fn hostile() -> impl Strategy<Value = String> {
    let words = [
        "yes",
        "1e3",
        "007",
        "0o17",
        "0x1F",
        "~",
        "null",
        "a: b",
        "#x",
        "a #x",
        "- x",
        "x\ny",
        "x\r\ny: z",
        "\u{202e}x",
        "'",
        "\"",
        "{a}",
        "&a",
        "*a",
        "!t",
        "%",
        "@",
        "`",
        "\u{feff}x",
        "\u{85}",
        "\u{2028}",
        "\u{3164}",
        "---",
        "...",
        "\t",
        "x\u{0}",
        "<<",
        "=",
        "2026-12-15",
        "12:30:45",
        ".inf",
        "caf\u{e9}",
        "\\n",
        "|",
        ">",
        "? x",
    ];
    prop_oneof![proptest::sample::select(words.to_vec()).prop_map(str::to_owned), any::<String>(), "[ -~]{1,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_names_come_back_as_they_were(
        logins in proptest::collection::btree_set(hostile(), 0..4),
        groups in proptest::collection::vec(hostile(), 4),
        suspended in any::<bool>(),
    ) {
        let mut folded = BTreeSet::new();
        let logins = logins.into_iter().filter(|login| folded.insert(login.to_lowercase()));
        let accounts: Vec<ObservedAccount> = logins.zip(&groups).enumerate().map(|(id, (login, group))| {
            let mut account = account(id + 10, &login, &[], &[group]);
            account.state = if suspended { AccountState::Suspended } else { AccountState::Active };
            account
        }).collect();
        let imported = check(&capabilities(false, true), &Observation::complete(accounts), false);
        for line in imported.text().lines() {
            assert!(line.chars().all(|letter| letter == ' ' || !(letter.is_control() || letter.is_whitespace())), "{line:?}");
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_app_of_any_size_becomes_objects_in_which_nobody_stands_twice(
        people in 0..400_usize,
        groups in 1..90_usize,
        long in 0..200_usize,
    ) {
        let names: Vec<String> = (0..groups).map(|number| format!("Group {number}{}", "x".repeat(long))).collect();
        let accounts = (0..people).map(|id| {
            account(id + 10, &format!("u{id}.{}@birch.studio", "y".repeat(long / 4)), &[], &[&names[id * 7 % groups]])
        });
        let observation = Observation::complete(accounts.collect());
        let imported = check(&capabilities(false, true), &observation, false);
        let mut named = BTreeSet::new();
        let text = imported.text();
        for user in text.lines().filter_map(|line| line.trim().strip_prefix("- user: ")) {
            assert!(named.insert(user), "{user} stands twice");
        }
        assert_eq!(named.len(), people);
        let objects: BTreeSet<String> = imported.objects.iter().map(|object| object.name.name.to_string()).collect();
        assert_eq!(objects.len(), imported.objects.len());
        assert!(objects.iter().all(|name| crate::load::validate::is_label(name)), "{objects:?}");
        assert!(imported.objects.iter().all(|object| object.yaml.len() < 128 * 1024));
    }
}

#[test]
fn people_with_the_same_entitlements_share_a_grant_that_is_called_after_them() {
    let mut accounts: Vec<ObservedAccount> =
        (0..3).map(|id| account(id, &format!("q{id}@birch.studio"), &[], &["Studio"])).collect();
    accounts[2].state = AccountState::Invited;
    accounts[1].entitlements.insert(Slot::new("role", ""), Some("member".into()));
    accounts.push(account(4, "mara@birch.studio", &[], &[]));
    accounts[3].entitlements.insert(Slot::new("role", ""), Some("admin".into()));
    accounts.push(account(5, "boss@birch.studio", &[], &[]));
    accounts[4].entitlements.insert(Slot::new("role", ""), Some("owner".into()));
    accounts.push(account(6, "gone@birch.studio", &[], &[]));
    accounts[5].state = AccountState::Suspended;
    let imported = check(&capabilities(true, true), &Observation::complete(accounts), false);
    let expected = "\
# Not declared, and why:
# - suspended:
#   - gone@birch.studio
# - the app\u{27}s interface cannot give it:
#   - boss@birch.studio, role owner
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata:
  name: app-import
  namespace: it
spec:
  appRef:
    name: app
  grants:
    - name: admin
      subjects:
        - user: mara@birch.studio
      roles:
        - admin
    - name: studio
      subjects:
        - user: q0@birch.studio
        - user: q1@birch.studio
        - user: q2@birch.studio # invited, not accepted yet
      groups:
        - Studio
    - name: accounts
      subjects:
        - user: boss@birch.studio
";
    assert_eq!(imported.text(), expected);
}

#[test]
fn whoever_a_directory_knows_is_written_by_the_main_address() {
    let accounts = vec![account(0, "p1@birch.studio", &[], &[]), account(1, "p7@acme.com", &[], &[])];
    let imported = check(&capabilities(false, true), &Observation::complete(accounts), false);
    assert!(imported.text().contains("- user: p1@acme.com\n"), "{}", imported.text());
    let left = &imported.left_out[0];
    assert!(left.label == "p7@acme.com" && left.reason.contains("owns the domain acme.com"), "{left:?}");
}

#[test]
fn an_account_that_a_plan_would_rename_is_not_declared() {
    let accounts = vec![account(0, "q1@birch.studio", &["q2@birch.studio"], &[])];
    let observation = Observation::complete(accounts);
    let renaming = check(&capabilities(true, true), &observation, false);
    assert!(renaming.objects.is_empty() && renaming.left_out[0].reason.contains("would change its"), "{renaming:?}");
    assert!(!check(&capabilities(false, true), &observation, false).objects.is_empty());
}

#[test]
fn two_accounts_of_one_address_are_left_to_people() {
    let accounts = (0..2).map(|id| account(id, "q1@birch.studio", &[], &[])).collect();
    let imported = check(&capabilities(false, true), &Observation::complete(accounts), false);
    assert!(imported.objects.is_empty() && imported.left_out[0].reason.contains("several accounts"), "{imported:?}");
}

#[test]
fn people_who_share_several_entitlements_become_a_team_and_those_who_are_one_are_named_by_it() {
    let mut accounts = vec![
        account(0, "p0@acme.com", &[], &["Studio"]),
        account(1, "p1@acme.com", &[], &["Studio"]),
        account(3, "q3@birch.studio", &[], &["no", "on"]),
        account(4, "q4@birch.studio", &[], &["no", "on"]),
    ];
    accounts[2].entitlements.insert(Slot::group("123"), None);
    let imported = check(&capabilities(false, true), &Observation::complete(accounts), true);
    let text = imported.text();
    assert_eq!(imported.objects[0].kind, "Team");
    assert_eq!(imported.objects[0].name, ObjectName::new("it", "app-no-on"));
    assert!(text.contains("    - name: studio\n      subjects:\n        - team:\n            name: pair\n"), "{text}");
    assert!(
        text.contains("    - name: no-on\n      subjects:\n        - team:\n            name: app-no-on\n"),
        "{text}"
    );
    assert!(text.contains("    - name: grant-") || text.contains("- name: \"123\"\n"), "one alone is no team: {text}");
}

#[test]
fn a_large_app_becomes_objects_within_their_bounds() {
    let groups: Vec<String> = (0..150).map(|number| format!("Group {number} {}", "x".repeat(200))).collect();
    let named: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut accounts: Vec<ObservedAccount> =
        (0..600).map(|id| account(id, &format!("p{id}@{}.birch.studio", "y".repeat(50)), &[], &["Studio"])).collect();
    accounts.push(account(1000, "all@birch.studio", &[], &named));
    accounts.extend((0..150).map(|id| account(2000 + id, &format!("g{id}@birch.studio"), &[], &[named[id]])));
    let observation = Observation::complete(accounts);
    let imported = check(&capabilities(false, true), &observation, false);
    assert!(imported.objects.len() > 1 && imported.grants > 150);
    assert!(imported.objects.iter().all(|object| object.yaml.len() < 128 * 1024));
    let objects: BTreeSet<_> = imported.objects.iter().map(|object| object.name.to_string()).collect();
    assert_eq!(objects.len(), imported.objects.len());
    assert_eq!(imported, check(&capabilities(false, true), &observation, false), "the same again");
}

#[test]
fn an_app_without_anybody_is_an_empty_text() {
    let nobody = check(&capabilities(false, true), &Observation::complete(Vec::new()), false);
    assert_eq!(nobody.text(), "");
}
