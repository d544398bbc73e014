//! What is particular to each vendor: its quirks, refusals and floors of calls, against its simulator.

mod aha;
mod aha_trouble;
mod clockify;
mod clockify_scim;
mod clockwise;
mod examples;
mod harvest;
mod manual;
mod poggio;
mod sixsense;
mod toggl;
mod unseen;

use appaccess::sync::Report;

use crate::support::installation::Installation;

/// People of the one domain of these tests, as the subjects of a grant.
fn subjects(people: &[&str]) -> String {
    let people: Vec<String> = people.iter().map(|name| format!("{{user: {name}@birch.example.com}}")).collect();
    format!("- name: staff\n  subjects: [{}]", people.join(", "))
}

/// A directory that owns the domain of these tests: id, name and whether the person is still there.
fn directory(people: &[(&str, &str, bool)]) -> String {
    let people = people.iter().map(|(id, name, active)| {
        format!("        - {{id: \"{id}\", user: {name}@birch.example.com, active: {active}}}\n")
    });
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
         source:\n    inline:\n      people:\n{}  domains: [birch.example.com]\n  leavers: Act\n",
        people.collect::<String>()
    )
}

/// A pass with its reads and writes, on which the engine and the vendor agree.
async fn counted(world: &Installation) -> (Report, (u64, u64)) {
    world.vendor.clear_requests();
    let report = world.work().await;
    let calls = (report.calls.reads, report.calls.writes);
    assert_eq!(calls, (world.vendor.reads(), world.vendor.mutations()), "{:#?}", world.vendor.requests());
    (report, calls)
}

/// What is wrong with claims, as their objects are told.
fn problems(report: &Report) -> Vec<String> {
    let reports = report.look.desired.reports.values();
    reports.flat_map(|report| &report.problems).map(|problem| problem.message.clone()).collect()
}
