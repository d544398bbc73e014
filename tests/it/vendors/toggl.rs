//! Toggl Track: what is particular to it, beside the contract of all connectors.

mod floors;
mod refusals;

use appaccess::{
    connector::Keys,
    sim::toggl::{Habits, Options, SeenPerson, Server},
    sync::{AppResult, Report},
};
use appaccess_core::status::Failure;
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::support::installation::Installation;

/// Safety out of the way where a test is not about it.
const UNGUARDED: &str =
    "mode: Full\nsafety: {settle: 1s, approveFirst: false, maxRemovals: {people: 1000}, approve: []}";

struct World {
    on: Installation<Server>,
}

fn mail(name: &str) -> String {
    format!("{name}@birch.example.com")
}

impl World {
    async fn new() -> Self {
        Self::with(Habits::default()).await
    }

    async fn with(habits: Habits) -> Self {
        let vendor = Server::start(Options { habits }).await.unwrap();
        let main = vendor.edit(|state| state.workspace_id("Main").unwrap());
        let keys = Keys::from([("token".to_owned(), SecretString::from(vendor.token()))]);
        let connector = format!(
            "{{toggl: {{organizationId: 500, defaultWorkspaceId: \"{main}\", baseUrl: \"{}\"}}}}",
            vendor.base_url()
        );
        let mut on = Installation::of(vendor, &connector, keys).await;
        on.app(UNGUARDED);
        Self { on }
    }

    /// The same without a workspace for invitations that name none.
    fn without_default_workspace(&mut self) {
        let base = self.on.vendor.base_url().to_owned();
        self.on.another = Some(format!("{{toggl: {{organizationId: \"500\", baseUrl: \"{base}\"}}}}"));
        self.on.app(UNGUARDED);
    }

    fn vendor(&self) -> &Server {
        &self.on.vendor
    }

    /// Adds so many people, `p0` and on.
    fn add_many(&self, people: u64) {
        self.vendor().edit(|state| {
            for number in 0..people {
                state.add_person(&mail(&format!("p{number}")));
            }
        });
    }

    /// Declares one grant for these people, with further fields of it.
    fn claim(&mut self, people: &[&str], fields: &str) {
        self.on.grants(&grant("staff", people, fields));
    }

    /// A pass, with what it sent: reads and changes.
    async fn pass(&self) -> (Report, (u64, u64)) {
        self.vendor().clear_requests();
        let report = self.on.work().await;
        let calls = (report.calls.reads, report.calls.writes);
        assert_eq!(calls, (self.vendor().reads(), self.vendor().mutations()), "{:#?}", self.vendor().requests());
        (report, calls)
    }

    async fn failed(&self) -> Failure {
        match self.on.pass().await.result {
            AppResult::Failed(failure) => failure,
            other => panic!("the pass did not fail: {other:?}"),
        }
    }

    fn person(&self, name: &str) -> Option<SeenPerson> {
        self.vendor().snapshot().people.remove(&mail(name))
    }

    fn seen(&self, name: &str) -> SeenPerson {
        self.person(name).unwrap_or_else(|| panic!("{name} is in"))
    }

    fn everybody_accepts(&self) {
        self.vendor().edit(appaccess::sim::toggl::State::accept_all);
    }

    fn minutes_pass(&self, minutes: i64) {
        self.on.wait(SignedDuration::from_mins(minutes));
    }
}

/// A grant as YAML.
fn grant(name: &str, people: &[&str], fields: &str) -> String {
    let subjects: Vec<String> = people.iter().map(|name| format!("{{user: {}}}", mail(name))).collect();
    format!("- name: {name}\n  subjects: [{}]\n  {fields}", subjects.join(", "))
}

/// What is said of claims: `grant: message`.
fn problems(report: &Report) -> Vec<String> {
    let resolved = report.look.desired.reports.values().flat_map(|report| &report.problems);
    let all = resolved.chain(&report.look.plan.problems);
    all.map(|problem| format!("{}: {}", problem.claim.grant, problem.message)).collect()
}

/// Outcomes of a pass as `action label: message or word`.
fn outcomes(report: &Report) -> Vec<String> {
    let told = report.done.iter().map(|done| {
        let what = match &done.outcome {
            appaccess_core::plan::Outcome::Failed { message, .. } => message.clone(),
            other => other.as_str().to_owned(),
        };
        format!("{} {}: {what}", done.change.action.as_str(), done.change.label)
    });
    told.collect()
}
