//! Apps without an interface: a roster in, tasks out; done is only what a newer roster shows.

use appaccess::{
    connector::Keys,
    sync::{AppResult, Report},
};
use appaccess_core::{
    access::{Directive, Memory, ObjectName},
    status::Severity,
};
use jiff::SignedDuration;

use crate::support::installation::{APP, Installation};

const SPEC: &str = "mode: Full\nsafety: {approveFirst: false, settle: 10m}";
const STAFF: &str =
    "- name: staff\n  subjects: [{user: ana@birch.studio}, {user: joel@birch.studio}]\n  groups: [Garage]";
const ANA_ALONE: &str = "- name: staff\n  subjects: [{user: ana@birch.studio}]\n  groups: [Garage]";

/// A garage whose badges are kept by hand.
struct Garage {
    on: Installation<()>,
    grants: String,
    roster: String,
    more: String,
}

impl Garage {
    async fn new(roster: &str) -> Self {
        let connector = "{manual: {roster: {configMapRef: {name: badges}}, tasks: {dueIn: 5d, instructions: \"Garage portal, Badges\"}}}";
        let on = Installation::of((), connector, Keys::default()).await;
        let mut this = Self { on, grants: STAFF.into(), roster: roster.into(), more: String::new() };
        this.on.app(SPEC);
        this.declare();
        this
    }

    fn declare(&mut self) {
        self.on.grants(&self.grants);
        let lines = self.roster.lines().map(|line| format!("    {line}\n")).collect::<Vec<_>>().concat();
        let data = if lines.is_empty() { "{}".to_owned() } else { format!("\n  badges.csv: |\n{lines}") };
        self.on.add(&format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: badges, namespace: access}}\ndata: {data}\n"
        ));
        if !self.more.is_empty() {
            self.on.add(&self.more);
        }
    }

    fn exports(&mut self, roster: &str) {
        roster.clone_into(&mut self.roster);
        self.declare();
    }

    fn claims(&mut self, grants: &str) {
        grants.clone_into(&mut self.grants);
        self.declare();
    }

    async fn memory(&self) -> Memory {
        self.on.store.memory(&ObjectName::parse(APP).unwrap(), self.on.now()).await.unwrap()
    }

    /// What the pass failed with.
    async fn failure(&self) -> (String, String) {
        match self.on.pass().await.result {
            AppResult::Failed(failure) => (failure.reason, failure.message),
            other => panic!("the pass worked: {other:?}"),
        }
    }
}

fn tasks(report: &Report) -> Vec<String> {
    let tasks = report.look.plan.tasks();
    tasks.map(|(change, _)| format!("{} {} {}", change.action.as_str(), change.label, change.slot)).collect()
}

fn ready(report: &Report) -> String {
    let ready = report.conditions(appaccess_core::access::Mode::Full).remove(0);
    format!("{} {}", ready.status.as_str(), ready.reason)
}

const BOTH: &str = "user,active,groups\nana@birch.studio,yes,Garage\njoel@birch.studio,yes,Garage;Roof";

#[tokio::test]
async fn what_is_declared_is_a_task_until_a_newer_roster_shows_it() {
    let mut garage = Garage::new("user,active,groups\nana@birch.studio,yes,\nporter@birch.studio,yes,Garage").await;
    let first = garage.on.work().await;
    let wanted = [
        "create joel@birch.studio account",
        "grant ana@birch.studio group Garage",
        "grant joel@birch.studio group Garage",
    ];
    assert_eq!(tasks(&first), wanted);
    assert_eq!((first.calls.reads, first.calls.writes), (0, 0), "nothing is asked and nothing is sent");
    assert_eq!(ready(&first), "True TasksOpen");
    let before = garage.memory().await;
    assert_eq!(before.sequence, 0, "no intent was journalled");
    garage.on.wait(SignedDuration::from_hours(1));
    let second = garage.on.work().await;
    assert_eq!(tasks(&second), wanted);
    assert_eq!(garage.memory().await, before, "a second pass writes nothing");
    garage.exports(
        "user,active,groups\nana@birch.studio,yes,Garage\njoel@birch.studio,yes,\nporter@birch.studio,yes,Garage",
    );
    assert_eq!(tasks(&garage.on.work().await), ["grant joel@birch.studio group Garage"]);
    garage.exports(
        "user,active,groups\nana@birch.studio,yes,Garage\njoel@birch.studio,yes,Garage\nporter@birch.studio,yes,Garage",
    );
    let done = garage.on.work().await;
    assert_eq!(tasks(&done), [""; 0]);
    let after = garage.memory().await;
    assert_eq!((after.tasks.len(), after.inventory.len()), (0, 4), "what was done is ours, the porter is not");
    let kinds: Vec<&str> = done.look.plan.drift.iter().map(|drift| drift.kind.as_str()).collect();
    assert_eq!(kinds, ["unknown"], "the porter is left alone");
}

#[tokio::test]
async fn a_leaver_is_a_task_at_once_and_gone_when_the_roster_lacks_them() {
    let mut garage = Garage::new(BOTH).await;
    let people = |active: bool| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             domains: [birch.studio]\n  leavers: Act\n  source:\n    inline:\n      people:\n        \
             - {{id: \"1\", user: ana@birch.studio}}\n        - {{id: \"2\", user: joel@birch.studio, active: {active}}}\n"
        )
    };
    garage.more = people(true);
    garage.declare();
    assert_eq!(tasks(&garage.on.work().await), [""; 0]);
    garage.more = people(false);
    garage.declare();
    let leaver = garage.on.work().await;
    assert_eq!(tasks(&leaver), ["revoke joel@birch.studio group Garage", "suspend joel@birch.studio account"]);
    assert!(leaver.look.plan.changes.iter().all(|change| change.cause.as_str() == "leaver"));
    garage.exports("user,active,groups\nana@birch.studio,yes,Garage");
    let gone = garage.on.work().await;
    assert_eq!(tasks(&gone), [""; 0]);
    assert!(garage.memory().await.inventory.keys().all(|edge| edge.person.to_string().ends_with(":1")));
}

#[tokio::test]
async fn a_withdrawn_claim_settles_and_is_then_a_task_whose_deadline_counts() {
    let mut garage = Garage::new(BOTH).await;
    garage.on.work().await;
    garage.claims(ANA_ALONE);
    assert_eq!(tasks(&garage.on.work().await), [""; 0], "it settles first");
    garage.on.wait(SignedDuration::from_mins(10));
    let asked = garage.on.work().await;
    assert_eq!(tasks(&asked), ["revoke joel@birch.studio group Garage", "suspend joel@birch.studio account"]);
    let (_, task) = asked.look.plan.tasks().next().unwrap();
    assert_eq!(task.clicks.as_deref(), Some("Garage portal, Badges"));
    let due = task.due.unwrap();
    assert_eq!(due.duration_since(garage.on.now()), SignedDuration::from_hours(5 * 24));
    garage.on.wait(SignedDuration::from_hours(5 * 24));
    let late = garage.on.work().await;
    assert_eq!(ready(&late), "False TasksOverdue");
    assert_eq!(late.severity(appaccess_core::access::Mode::Full), Severity::Held);
    assert_eq!(late.look.plan.tasks().next().unwrap().1.due, Some(due), "the clock goes on");
    garage.exports("user,active,groups\nana@birch.studio,yes,Garage\njoel@birch.studio,no,Roof");
    let done = garage.on.work().await;
    assert_eq!((tasks(&done), ready(&done)), (Vec::new(), "True InSync".to_owned()));
    assert!(garage.memory().await.tasks.is_empty());
}

#[tokio::test]
async fn half_a_roster_asks_nobody_to_remove_or_to_make_anything() {
    let mut garage = Garage::new(BOTH).await;
    garage.on.work().await;
    garage.claims(ANA_ALONE);
    garage.on.work().await;
    garage.on.wait(SignedDuration::from_mins(10));
    garage.exports("user,active,groups\nana@birch.studio,yes,Garage\njoel@birch.studio,perhaps,Garage");
    let report = garage.on.work().await;
    assert_eq!((tasks(&report), ready(&report)), (Vec::new(), "False RosterIncomplete".to_owned()));
    garage.claims("- name: staff\n  subjects: [{user: mara@birch.studio}]");
    assert_eq!(tasks(&garage.on.work().await), [""; 0], "who is not in half a roster may be in the other half");
    assert_eq!(garage.memory().await.inventory.len(), 4, "and nobody is forgotten");
    garage.claims(ANA_ALONE);
    garage.exports(BOTH);
    assert_eq!(tasks(&garage.on.work().await).len(), 2);
}

#[tokio::test]
async fn a_roster_that_lost_many_is_not_believed_until_somebody_says_so() {
    let rows = (0..12).map(|number| format!("p{number}@birch.studio\n")).collect::<Vec<_>>().concat();
    let mut garage = Garage::new(&format!("user\n{rows}")).await;
    garage.claims("- name: staff\n  subjects: [{user: p0@birch.studio}, {user: p9@birch.studio}]");
    garage.on.work().await;
    garage.exports("user\np0@birch.studio\np1@birch.studio");
    let cut = garage.on.work().await;
    assert_eq!((tasks(&cut), ready(&cut)), (Vec::new(), "False ObservationCliff".to_owned()));
    assert_eq!(garage.memory().await.inventory.len(), 2);
    garage.on.app("mode: Full\nsafety: {approveFirst: false, maxRemovals: {people: 20}}");
    assert_eq!(tasks(&garage.on.work().await), ["create p9@birch.studio account"]);
}

#[tokio::test]
async fn many_leavers_who_were_asked_away_are_no_cliff() {
    let people: Vec<String> = (0..8).map(|number| format!("p{number}@birch.studio")).collect();
    let mut garage = Garage::new(&format!("user\nana@birch.studio\n{}", people.join("\n"))).await;
    let subjects: Vec<String> = people.iter().map(|user| format!("{{user: {user}}}")).collect();
    let until = garage.on.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    garage.claims(&format!("- name: staff\n  subjects: [{}]\n  until: \"{until}\"", subjects.join(", ")));
    garage.on.work().await;
    garage.on.wait(SignedDuration::from_hours(2));
    assert_eq!(tasks(&garage.on.work().await).len(), 8);
    garage.exports("user\nana@birch.studio");
    let done = garage.on.work().await;
    assert_eq!((tasks(&done).len(), ready(&done).as_str()), (0, "True ReportedOnly"));
    assert!(garage.memory().await.inventory.is_empty());
}

#[tokio::test]
async fn an_empty_roster_is_an_error_and_never_an_app_that_nobody_uses() {
    let mut garage = Garage::new(BOTH).await;
    garage.on.work().await;
    let before = garage.memory().await;
    for (roster, reason) in
        [("user,active,groups", "RosterInvalid"), ("", "RosterMissing"), ("mail\nana", "RosterInvalid")]
    {
        garage.exports(roster);
        let (told, message) = garage.failure().await;
        assert_eq!(told, reason, "{message}");
    }
    assert_eq!(garage.memory().await, before);
    garage.on.another = Some("{manual: {roster: {configMapRef: {name: nowhere}}}}".into());
    garage.on.app(SPEC);
    let (reason, message) = garage.failure().await;
    assert_eq!(
        (reason.as_str(), message.as_str()),
        ("RosterMissing", "there is no ConfigMap access/nowhere among the files")
    );
}

#[tokio::test]
async fn a_role_that_the_roster_cannot_show_is_refused_and_the_rest_goes_on() {
    let garage = {
        let mut garage = Garage::new(BOTH).await;
        garage.claims(&format!(
            "{ANA_ALONE}\n- name: admins\n  subjects: [{{user: mara@birch.studio}}]\n  roles: [admin]"
        ));
        garage
    };
    let report = garage.on.work().await;
    let problems: Vec<String> = report
        .look
        .desired
        .reports
        .values()
        .flat_map(|report| &report.problems)
        .map(|problem| problem.message.clone())
        .collect();
    assert!(problems.iter().any(|message| message.contains("no column for it")), "{problems:?}");
    assert!(!tasks(&report).iter().any(|task| task.contains("role")), "{:?}", tasks(&report));
}

#[tokio::test]
async fn a_held_removal_waits_for_its_approval_and_is_then_a_task() {
    let mut garage = Garage::new(BOTH).await;
    garage.on.app("mode: Full\nsafety: {settle: 10m}");
    garage.on.work().await;
    garage.claims(ANA_ALONE);
    garage.on.work().await;
    garage.on.wait(SignedDuration::from_mins(10));
    let held = garage.on.work().await;
    assert_eq!((tasks(&held), ready(&held)), (Vec::new(), "False PlanHeld".to_owned()));
    let digest = held.look.plan.hold.unwrap().digest;
    garage.on.approve(&digest);
    let asked = garage.on.work().await;
    assert_eq!(tasks(&asked).len(), 2);
    let memory = garage.memory().await;
    assert!(memory.first_removals_decided && memory.decisions.iter().all(|one| one.directive == Directive::Approve));
    assert!(!memory.decisions.is_empty(), "it is used up when the roster shows it");
    garage.exports("user,active,groups\nana@birch.studio,yes,Garage\njoel@birch.studio,no,");
    garage.on.work().await;
    assert!(garage.memory().await.decisions.is_empty());
}
