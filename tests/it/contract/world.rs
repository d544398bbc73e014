//! An installation around a stand, with claims in the stand's own words.

use std::fmt::Write as _;

use appaccess::sync::{AppResult, Report};
use appaccess_core::{access::AccountState, plan::Outcome, status::Failure};
use jiff::SignedDuration;

use super::{Seen, Stand, Wanted};
use crate::support::installation::Installation;

/// Safety out of the way where a behaviour is not about it.
const UNGUARDED: &str = "mode: Full\nsafety:\n  settle: 10m\n  approveFirst: false\n  maxRemovals: {people: 1000}\n  \
                         approve: []";

pub(super) struct World<S: Stand> {
    pub(super) on: Installation<S>,
}

/// One grant of a declaration.
pub(super) struct Grant<'a> {
    pub(super) name: &'a str,
    pub(super) people: &'a [&'a str],
    pub(super) wanted: &'a [Wanted],
}

/// The mail address of somebody of the company.
pub(super) fn mail(name: &str) -> String {
    format!("{name}@birch.example.com")
}

impl<S: Stand> World<S> {
    /// A vendor with nothing declared about it yet, everything permitted, and no guard in the way.
    pub(super) async fn new() -> Self {
        let stand = S::start().await;
        let (connector, keys) = (stand.connector(), stand.keys());
        let mut this = Self { on: Installation::of(stand, &connector, keys).await };
        this.spec(UNGUARDED);
        this
    }

    /// The stand.
    pub(super) fn stand(&self) -> &S {
        &self.on.vendor
    }

    /// Declares the target app with these fields of its spec beside those that the stand needs.
    pub(super) fn spec(&mut self, spec: &str) {
        let spec = format!("{spec}\n{}", S::SPEC);
        self.on.app(spec.trim_end());
    }

    /// Another connector in place of the stand's own.
    pub(super) fn connector(&mut self, connector: &str) {
        self.on.another = Some(connector.to_owned());
        self.spec(UNGUARDED);
    }

    /// Declares these grants, and nothing else.
    pub(super) fn grants(&mut self, grants: &[Grant<'_>]) {
        let text: Vec<String> = grants.iter().map(grant::<S>).collect();
        self.on.grants(&text.join("\n"));
    }

    /// Declares that these people hold these entitlements.
    pub(super) fn claim(&mut self, people: &[&str], wanted: &[Wanted]) {
        self.grants(&[Grant { name: "staff", people, wanted }]);
    }

    /// Declares that these people of a directory hold these entitlements; those of `left` have left the company.
    pub(super) fn claim_of_directory(&mut self, people: &[&str], left: &[&str], wanted: &[Wanted]) {
        self.claim(people, wanted);
        let rows: Vec<String> = people
            .iter()
            .enumerate()
            .map(|(number, name)| {
                format!(
                    "        - {{id: \"{number}\", user: {}, name: {} Birch, active: {}}}\n",
                    mail(name),
                    given(name),
                    !left.contains(name)
                )
            })
            .collect();
        self.on.add(&format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: people, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people:\n{}  domains: [birch.example.com]\n  leavers: Act\n  \
             maxShrink: {{people: 1000}}\n",
            rows.concat()
        ));
    }

    /// One pass that works.
    pub(super) async fn pass(&self) -> Report {
        self.on.work().await
    }

    /// One pass after which everything declared is so: nothing failed, and a further one would change nothing.
    pub(super) async fn settle(&self) -> Report {
        let report = self.pass().await;
        for done in &report.done {
            assert!(
                matches!(done.outcome, Outcome::Applied | Outcome::Pending),
                "{:?} of {:?}",
                done.outcome,
                done.change
            );
        }
        report
    }

    /// One pass that ends before it has begun.
    pub(super) async fn failed(&self) -> Failure {
        match self.on.pass().await.result {
            AppResult::Failed(failure) | AppResult::Stalled(failure) => failure,
            other => panic!("the pass did not fail: {other:?}"),
        }
    }

    /// How somebody stands in the app.
    pub(super) fn seen(&self, name: &str) -> Option<Seen> {
        self.stand().people().remove(&mail(name))
    }

    /// Whether somebody can log in, or could by accepting an invitation.
    pub(super) fn is_in(&self, name: &str) -> bool {
        self.seen(name).is_some_and(|seen| seen.state != AccountState::Suspended)
    }

    pub(super) fn holds(&self, name: &str, wanted: &Wanted) -> bool {
        self.seen(name).is_some_and(|seen| seen.holds.contains(&wanted.held()))
    }

    /// Everybody who was invited accepts, and a pass sees it.
    pub(super) async fn everybody_accepts(&self) {
        self.stand().accept_invitations();
        self.pass().await;
    }

    /// Withdrawn claims have settled.
    pub(super) fn wait_to_settle(&self) {
        self.on.wait(SignedDuration::from_mins(11));
    }

    pub(super) fn forget_requests(&self) {
        self.stand().server().clear_requests();
    }

    pub(super) fn mutations(&self) -> u64 {
        self.stand().server().mutations()
    }

    pub(super) fn reads(&self) -> u64 {
        self.stand().server().reads()
    }
}

fn given(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn grant<S: Stand>(grant: &Grant<'_>) -> String {
    let subjects: Vec<String> = grant
        .people
        .iter()
        .map(|name| format!("{{user: {}, name: {{given: {}, family: Birch}}}}", mail(name), given(name)))
        .collect();
    let mut text = format!("- name: {}\n  subjects: [{}]", grant.name, subjects.join(", "));
    let mut wanted = grant.wanted.to_vec();
    if let Some(least) = S::AT_LEAST
        && wanted.iter().all(|wanted| (wanted.kind, wanted.name) != (least.kind, least.name))
    {
        wanted.push(least);
    }
    let of = |kind: &str| -> Vec<&str> {
        wanted.iter().filter(|wanted| wanted.kind == kind).map(|wanted| wanted.name).collect()
    };
    for (field, names) in [("groups", of("group")), ("roles", of("role"))] {
        if !names.is_empty() {
            write!(text, "\n  {field}: [{}]", names.join(", ")).unwrap();
        }
    }
    let others: Vec<String> = wanted
        .iter()
        .filter(|wanted| !matches!(wanted.kind, "group" | "role"))
        .map(|wanted| {
            let level = wanted.level.map(|level| format!(", level: {level}")).unwrap_or_default();
            format!("{{type: {}, name: {}{level}}}", wanted.kind, wanted.name)
        })
        .collect();
    if !others.is_empty() {
        write!(text, "\n  entitlements: [{}]", others.join(", ")).unwrap();
    }
    text
}
