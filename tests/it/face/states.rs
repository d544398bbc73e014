//! Every state that an object can be in, by real passes over a simulated app: what tools see, and whether the conditions
//! read as sentences. The table of `docs/cluster.md` says the same.

use std::fmt::Write as _;

use appaccess::{
    api::{AccessApproval, AccessPlan, AppAccess, Directory, Kind, TargetApp, TargetAppStatus, Team},
    connector::Keys,
    load,
    operator::{
        events::notices,
        status::{self, Fault, Standing},
    },
    sim::scim::{Fault as Trouble, Scim, Server},
    sync::{AppReport, AppResult, read_directories, remember_directories},
};
use appaccess_core::{
    access::{Mode, ObjectName},
    resolve::team_members,
    status::Failure,
};
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Value, json};

use super::kstatus::{Seen, seen, waited_for};
use crate::support::{
    installation::{APP, Installation},
    tools::repository,
};

const NOW: &str = "mode: Full\nsafety: {approveFirst: false, settle: 10m}";
const BOTH: &str = "- {name: staff, subjects: [{user: ada@example.com}, {user: bo@example.com}], groups: [Crew]}";
const ADA: &str = "- {name: staff, subjects: [{user: ada@example.com}], groups: [Crew]}";

/// A directory that nobody has read yet.
const UNREAD: &str = "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {name: people, namespace: access}\n\
                      spec: {domains: [acme.com], source: {scim: {tokens: {secretRef: {name: tokens}}}}}\n";

/// The states so far.
#[derive(Default)]
struct Gallery {
    text: String,
    table: Vec<String>,
}

impl Gallery {
    /// Shows an object in a state, which tools must see so.
    fn hang(&mut self, kind: Kind, state: &str, object: &Value, expected: Seen) {
        assert_eq!(seen(object), expected, "{kind}, {state}: {object:#}");
        let waited = waited_for(object);
        assert_eq!(waited, expected == Seen::Current, "{kind}, {state}: kubectl wait and kstatus disagree");
        let ready = object["status"]["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "Ready");
        let column = |field: &str| ready.and_then(|ready| ready[field].as_str()).unwrap_or("–");
        let kubectl = if waited { "succeeds" } else { "waits" };
        self.table.push(format!(
            "| {kind} | {state} | {} {} | {kubectl} | {expected} |",
            column("status"),
            column("reason")
        ));
        let _ = writeln!(self.text, "{kind}, {state}: {expected}");
        for condition in object["status"]["conditions"].as_array().into_iter().flatten() {
            let word = |field: &str| condition[field].as_str().unwrap_or_default();
            let message = tidy(word("message"));
            assert_sentence(&message);
            let _ = writeln!(self.text, "  {}={} {}: {message}", word("type"), word("status"), word("reason"));
        }
        for row in object["status"]["rows"].as_array().into_iter().flatten() {
            let who = if row["subject"] == "" { &row["grant"] } else { &row["subject"] };
            let message = tidy(row["message"].as_str().unwrap_or_default());
            assert_sentence(&message);
            let _ = writeln!(
                self.text,
                "  - {} {}: {message}",
                who.as_str().unwrap_or_default(),
                row["state"].as_str().unwrap_or_default()
            );
        }
        self.text.push('\n');
    }

    /// Shows the target app and its claims after a pass.
    fn of_pass(&mut self, world: &Installation<impl Sized>, state: &str, report: &AppReport, seen: (Seen, Seen)) {
        self.hang(Kind::TargetApp, state, &target_app(world, report), seen.0);
        self.hang(Kind::AppAccess, state, &app_access(world, report), seen.1);
    }
}

/// A message without what differs from run to run.
fn tidy(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        let (before, digest) = word.split_once("sha256:").unwrap_or((word, ""));
        let rest: String = digest.chars().skip_while(char::is_ascii_hexdigit).collect();
        if digest.is_empty() { word.to_owned() } else { format!("{before}sha256:…{rest}") }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn assert_sentence(message: &str) {
    assert!(message.ends_with(['.', '…']), "no sentence: {message}");
    assert!(!message.contains("  ") && !message.contains(".;") && !message.contains(".."), "no sentence: {message}");
    for wrong in [" 1 changes", " 1 edges", " 1 people", " 1 entitlements", " 1 tasks", " 1 differences"] {
        assert!(!format!(" {message}").contains(wrong), "{wrong}: {message}");
    }
}

/// An object as an API server shows it, in its third generation and with this status.
fn object(of: &impl Serialize, status: &impl Serialize) -> Value {
    let mut object = serde_json::to_value(of).unwrap();
    object["metadata"]["generation"] = json!(3);
    object["status"] = serde_json::to_value(status).unwrap();
    object
}

fn target_app(world: &Installation<impl Sized>, report: &AppReport) -> Value {
    let mut app: TargetApp = world.load().target_apps[&ObjectName::parse(APP).unwrap()].object.clone();
    app.metadata.generation = Some(3);
    object(&app, &status::app_status(&app, report, world.now()))
}

fn access(world: &Installation<impl Sized>) -> (ObjectName, AppAccess) {
    let loaded = world.load();
    let (name, located) = loaded.app_accesses.iter().next().unwrap();
    let mut access = located.object.clone();
    access.metadata.generation = Some(3);
    (name.clone(), access)
}

fn app_access(world: &Installation<impl Sized>, report: &AppReport) -> Value {
    let (name, access) = access(world);
    let status = match &report.result {
        AppResult::Worked(worked) => status::access_status(&name, &access, Some(worked), world.now()),
        other => status::waiting_access_status(&access, other, world.now()),
    };
    object(&access, &status)
}

/// Two people in the app, and nothing to do.
async fn settled() -> Installation<Server> {
    let mut world = Installation::new().await;
    world.app(NOW);
    world.grants(BOTH);
    world.work().await;
    world
}

const FINE: (Seen, Seen) = (Seen::Current, Seen::Current);
const WAITS: (Seen, Seen) = (Seen::InProgress, Seen::InProgress);

async fn working(gallery: &mut Gallery) {
    let mut world = settled().await;
    gallery.of_pass(&world, "nothing differs", &world.pass().await, FINE);

    world.vendor.edit(|state| state.add_user("stranger@example.net"));
    gallery.of_pass(&world, "an account that nobody declared", &world.pass().await, FINE);

    world.grants(ADA);
    gallery.of_pass(&world, "a withdrawn claim settles", &world.pass().await, FINE);

    world.app("mode: Observe");
    world.grants("- {name: staff, subjects: [{user: cy@example.com}], groups: [Crew]}");
    gallery.of_pass(&world, "the mode lets us only report", &world.pass().await, FINE);

    world.app("mode: Full");
    let mut planned = world.pass().await;
    let mut fresh = settled().await;
    fresh.grants("- {name: staff, subjects: [{user: cy@example.com}], groups: [Crew]}");
    planned.result = AppResult::Worked(Box::new(fresh.plan().await));
    gallery.of_pass(&fresh, "changes are under way", &planned, WAITS);

    let report = world.pass().await;
    let mut seen_before = target_app(&world, &report);
    seen_before["metadata"]["generation"] = json!(4);
    gallery.hang(Kind::TargetApp, "edited since the last pass", &seen_before, Seen::InProgress);
    let mut deleted = target_app(&world, &report);
    deleted["metadata"]["deletionTimestamp"] = json!("2026-12-01T00:00:00Z");
    assert_eq!(seen(&deleted), Seen::Terminating);
    for kind in Kind::ALL {
        let new = json!({"metadata": {"generation": 1}, "status": status_of_a_new(kind)});
        gallery.hang(kind, "nobody has looked at it yet", &new, Seen::InProgress);
    }
}

/// The status that an API server gives to a new object of the kind.
fn status_of_a_new(kind: Kind) -> Value {
    let definition = serde_json::to_value(kind.definition()).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"].clone()
}

async fn held(gallery: &mut Gallery) {
    let mut world = settled().await;
    world.app("mode: Full\nsafety: {settle: 1s}");
    world.grants("- {name: nobody, subjects: [{user: ada@example.com}]}");
    world.pass().await;
    world.wait(SignedDuration::from_secs(5));
    let report = world.pass().await;
    gallery.of_pass(&world, "removals wait for a decision", &report, (Seen::InProgress, Seen::Current));

    let AppResult::Worked(worked) = &report.result else { panic!("{report:?}") };
    let spec = status::plan_spec("app", worked).unwrap();
    let mut plan = AccessPlan::new("app", spec);
    plan.metadata.generation = Some(3);
    gallery.hang(Kind::AccessPlan, "it waits", &object(&plan, &status::plan_status(&plan, world.now())), Seen::Current);
    plan.spec.changes = 501;
    let large = object(&plan, &status::plan_status(&plan, world.now()));
    gallery.hang(Kind::AccessPlan, "too large to be approved unseen", &large, Seen::InProgress);

    let mut world = settled().await;
    world.app("mode: Full\nseats: {price: \"5.00\", currency: USD, per: month, purchased: 2}");
    world.grants(&format!("{BOTH}\n- {{name: more, subjects: [{{user: cy@example.com}}]}}"));
    gallery.of_pass(&world, "more seats are needed", &world.pass().await, WAITS);
}

async fn out_of_reach(gallery: &mut Gallery) {
    let mut world = settled().await;
    world.vendor.fault(Trouble::status(503).times(100));
    gallery.of_pass(&world, "the app fails", &world.pass().await, WAITS);
    world.vendor.clear_faults();
    world.vendor.fault(Trouble::truncated(1).on_path("/Users").times(100));
    gallery.of_pass(&world, "the reading is not complete", &world.pass().await, (Seen::InProgress, Seen::Current));
    world.vendor.clear_faults();
    world.vendor.fault(Trouble::status(400).mutations().times(100));
    world.grants(&format!("{BOTH}\n- {{name: more, subjects: [{{user: cy@example.com}}]}}"));
    gallery.of_pass(&world, "the app refuses a change", &world.pass().await, WAITS);
    world.vendor.clear_faults();
    world.vendor.service(Scim::revoke_token);
    gallery.of_pass(&world, "the credential is worthless", &world.pass().await, WAITS);
    world.put_keys(Keys::new());
    gallery.of_pass(&world, "the Secret lacks the key", &world.pass().await, WAITS);

    let mut world = settled().await;
    world.grants(&format!("{BOTH}\n- {{name: more, subjects: [{{user: cy@acme.com}}]}}"));
    world.add(UNREAD);
    let unread = app_access(&world, &world.pass().await);
    gallery.hang(Kind::AppAccess, "a directory cannot be read", &unread, seen(&unread));

    let mut world = settled().await;
    world.app("mode: Full\nsuspend: true");
    gallery.of_pass(&world, "suspended", &world.pass().await, FINE);
    world.another = Some("{scim: {baseUrl: \"http://planner.example/scim\"}}".to_owned());
    world.app("mode: Full");
    gallery.of_pass(&world, "the settings are wrong", &world.pass().await, (Seen::Failed, Seen::InProgress));

    let mut world = settled().await;
    let older = world.text().split("---\n").next().unwrap().replace("name: app,", "name: a-first,");
    world.add(&older);
    gallery.of_pass(&world, "an older one has the same tenant", &world.pass().await, (Seen::Failed, Seen::InProgress));
}

async fn by_hand(gallery: &mut Gallery) {
    let connector = "{manual: {roster: {configMapRef: {name: badges}}, tasks: {dueIn: 5d}}}";
    let mut world = Installation::of((), connector, Keys::default()).await;
    world.app(NOW);
    world.grants("- {name: staff, subjects: [{user: ada@example.com}]}");
    world.add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: badges, namespace: access}\ndata: {badges.csv: \"user\\nbo@example.com\\n\"}\n");
    world.pass().await;
    gallery.of_pass(&world, "a person has a task", &world.pass().await, FINE);
    world.wait(SignedDuration::from_hours(24 * 6));
    gallery.of_pass(&world, "a task is overdue", &world.pass().await, WAITS);

    let ada = "subjects: [{user: ada@example.com}]";
    world.grants(&format!("- {{name: one, {ada}, roles: [maker]}}\n- {{name: two, {ada}, roles: [tester]}}"));
    world.add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: badges, namespace: access}\ndata: {badges.csv: \"user,role\\nada@example.com,maker\\n\"}\n");
    let conflict = app_access(&world, &world.pass().await);
    gallery.hang(Kind::AppAccess, "two claims on what one can hold once", &conflict, Seen::InProgress);
}

async fn claims(gallery: &mut Gallery) {
    let mut world = settled().await;
    let until = world.now() + SignedDuration::from_hours(24);
    for (state, grant, expected) in [
        (
            "an end is near",
            format!("- {{name: staff, subjects: [{{user: ada@example.com}}], groups: [Crew], until: \"{until}\"}}"),
            Seen::Current,
        ),
        (
            "nothing is claimed now",
            "- {name: staff, subjects: [{user: ada@example.com}], until: \"2026-01-01T00:00:00Z\"}".into(),
            Seen::Current,
        ),
        ("a team is not there", "- {name: staff, subjects: [{team: {name: nobody}}]}".into(), Seen::InProgress),
        (
            "the app cannot give it",
            "- {name: staff, subjects: [{user: ada@example.com}], entitlements: [{type: product, name: App}]}".into(),
            Seen::InProgress,
        ),
    ] {
        world.grants(&grant);
        gallery.hang(Kind::AppAccess, state, &app_access(&world, &world.pass().await), expected);
    }
    let (name, access) = access(&world);
    let dangling = object(&access, &status::access_status(&name, &access, None, world.now()));
    gallery.hang(Kind::AppAccess, "its target app is not there", &dangling, Seen::InProgress);
    for (state, fault) in [
        (
            "this version cannot decode it",
            Fault::Undecodable("invalid type: string \"everybody\", expected a sequence".into()),
        ),
        ("it breaks a rule", Fault::Invalid("spec.grants[0].subjects[0] write exactly one of: user, team".into())),
    ] {
        let status = status::undecodable_status(&json!({}), Some(3), &fault, world.now());
        gallery.hang(Kind::AppAccess, state, &object(&access, &status), Seen::Failed);
        for kind in [Kind::TargetApp, Kind::Team, Kind::Directory, Kind::AccessApproval] {
            gallery.hang(kind, state, &json!({"metadata": {"generation": 3}, "status": status}), Seen::Failed);
        }
    }
}

async fn people(gallery: &mut Gallery) {
    let mut world = Installation::new().await;
    let directory = |left: usize, more: &str| {
        let people = (0..9).map(|id| format!("{{id: p{id}, user: p{id}@acme.com, active: {}}}", id >= left));
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: people, namespace: access}}\nspec: {{{more}\
             domains: [acme.com], leavers: Act, maxShrink: {{people: 2, percent: 1}}, source: {{inline: {{people: [{}]}}}}}}\n",
            people.collect::<Vec<_>>().join(", ")
        )
    };
    for (state, text, lost, expected) in [
        ("read", directory(1, ""), None, Seen::Current),
        ("too many left at once", directory(6, ""), None, Seen::InProgress),
        ("nobody can read it", UNREAD.to_owned(), None, Seen::InProgress),
        (
            "an older one owns its domain",
            directory(1, ""),
            Some("the older Directory it/people owns the domain acme.com; take it out of one of them"),
            Seen::Failed,
        ),
    ] {
        world.declare(&text);
        let (mut directory, reading) = read(&world).await;
        directory.metadata.generation = Some(3);
        let status = status::directory_status(&directory, &reading, lost, world.now());
        gallery.hang(Kind::Directory, state, &object(&directory, &status), expected);
    }
    for (state, parts, expected) in [
        ("every part was found", "members: [{user: ada@example.com}]", Seen::Current),
        ("a part is not there", "members: [{user: ada@example.com}], teams: [{name: nobody}]", Seen::InProgress),
    ] {
        world.declare(&format!("apiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {{name: crew, namespace: access}}\nspec: {{{parts}}}\n"));
        let loaded = world.load();
        let (name, located) = loaded.teams.iter().next().unwrap();
        let mut team: Team = located.object.clone();
        team.metadata.generation = Some(3);
        let members = team_members(&load::world(&loaded, &std::collections::BTreeMap::new()), name, world.now());
        gallery.hang(Kind::Team, state, &object(&team, &status::team_status(&team, &members, world.now())), expected);
    }
    decisions(gallery, &world);
}

/// The directory that is declared, as it is read after everybody was seen once.
async fn read(world: &Installation<Server>) -> (Directory, load::DirectoryReading) {
    let loaded = world.load();
    let mut readings = read_directories(&loaded, Some(&world.store), world.now()).await.unwrap();
    remember_directories(&loaded, &readings, &world.writer, world.now()).await.unwrap();
    let (name, located) = loaded.directories.iter().next().unwrap();
    (located.object.clone(), readings.remove(name).unwrap())
}

fn decisions(gallery: &mut Gallery, world: &Installation<Server>) {
    let approval: AccessApproval = serde_json::from_value(json!({
        "apiVersion": "appaccess.dev/v1alpha1", "kind": "AccessApproval",
        "metadata": {"name": "yes", "namespace": "access", "generation": 3},
        "spec": {"appRef": {"name": "app"}, "digest": format!("sha256:{}", "0".repeat(64)), "decision": "Approve",
                 "notAfter": "2027-02-01T00:00:00Z"},
    }))
    .unwrap();
    for (state, standing, expected) in [
        ("it counts", Standing::Counted, Seen::Current),
        ("its rows are done", Standing::Used, Seen::Current),
        ("its time has passed", Standing::Expired, Seen::Current),
        ("nobody knows the digest", Standing::UnknownDigest, Seen::InProgress),
        ("its subject is not there", Standing::NoSubject, Seen::InProgress),
        ("it does not count", Standing::Refused("`notAfter` is more than 30 days after its creation"), Seen::Failed),
    ] {
        let status = status::approval_status(&approval, &standing, world.now());
        gallery.hang(Kind::AccessApproval, state, &object(&approval, &status), expected);
    }
}

#[tokio::test]
async fn an_app_that_was_not_asked_stands_as_it_stood_and_the_credential_is_named_where_it_is_at_fault() {
    let world = settled().await;
    let mut app: TargetApp = world.load().target_apps[&ObjectName::parse(APP).unwrap()].object.clone();
    let before = status::app_status(&app, &world.pass().await, world.now());
    app.status = Some(before.clone());
    let after = |reason: &str| {
        let failure = Failure { reason: reason.into(), message: "it did not work".into(), remedy: "wait".into() };
        let name = ObjectName::parse(APP).unwrap();
        let report = AppReport { app: name, mode: Mode::Full, result: AppResult::Failed(failure) };
        let after = status::app_status(&app, &report, world.now());
        assert_eq!(truth(&after, "Ready"), "False", "{reason}");
        let told = notices(&before, &after, &report);
        (["CredentialsValid", "Reachable", "ReadComplete"].map(|kind| truth(&after, kind)), told.len())
    };
    for ours in ["StoreUnreachable", "StoreLate", "StoreFull", "WriterLost"] {
        assert_eq!(after(ours), (["True"; 3], 0), "{ours}: no Event of each app");
    }
    for ours in ["RosterUnreadable", "RosterMissing", "InternalError"] {
        assert_eq!(after(ours), (["True"; 3], 1), "{ours}");
    }
    for credential in ["SecretUnreadable", "SecretMissing", "KeyMissing", "CredentialsInvalid"] {
        assert_eq!(after(credential), (["False", "", ""], 1), "{credential}");
    }
    assert_eq!(after("Unreachable"), (["", "False", ""], 1));
}

/// The status of that condition; empty where there is none.
fn truth(status: &TargetAppStatus, kind: &str) -> &'static str {
    let found = status.conditions.iter().find(|condition| condition.type_ == kind);
    let words = ["True", "False", "Unknown"];
    found.and_then(|found| words.into_iter().find(|word| *word == found.status)).unwrap_or_default()
}

#[tokio::test]
async fn tools_see_the_right_thing_in_every_state_and_people_read_sentences() {
    let mut gallery = Gallery::default();
    working(&mut gallery).await;
    held(&mut gallery).await;
    out_of_reach(&mut gallery).await;
    by_hand(&mut gallery).await;
    claims(&mut gallery).await;
    people(&mut gallery).await;
    super::snapshot("states", &gallery.text);
    gallery.table.sort_by_key(|row| Kind::ALL.iter().position(|kind| row.starts_with(&format!("| {kind} |"))));
    let table = gallery.table.join("\n");
    let page = std::fs::read_to_string(repository().join("docs/cluster.md")).unwrap();
    assert!(page.contains(&table), "docs/cluster.md must show this table:\n{table}");
}
