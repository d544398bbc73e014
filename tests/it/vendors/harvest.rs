//! Harvest: people who are mailed as soon as they are made, lists that are replaced whole, and an archive.

mod access;
mod floors;
mod people;
mod trouble;

use appaccess::{
    connector::Keys,
    sim::harvest::{SeenPerson, Server},
    sync::AppResult,
};
use appaccess_core::status::Failure;
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::support::installation::Installation;

type World = Installation<Server>;

/// Safety out of the way.
const UNGUARDED: &str =
    "mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 1000}, approve: []}";

/// An account with its owner alone, to whom the token belongs.
async fn world() -> World {
    let vendor = Server::start().await.expect("a free port");
    let account = vendor.account_id();
    let connector = connector(&vendor, &account);
    let keys = Keys::from([("token".to_owned(), SecretString::from(vendor.token()))]);
    let mut world = Installation::of(vendor, &connector, keys).await;
    world.app(UNGUARDED);
    world
}

fn connector(vendor: &Server, account: &str) -> String {
    format!("{{harvest: {{accountId: \"{account}\", baseUrl: \"{}\"}}}}", vendor.api_url())
}

fn mail(name: &str) -> String {
    format!("{name}@birch.example.com")
}

/// A subject with a name, as part of a flow list.
fn subject(name: &str) -> String {
    format!("{{user: {}, name: {{given: {name}, family: Birch}}}}", mail(name))
}

/// A grant for these people, with further fields of it.
fn grant(label: &str, people: &[&str], fields: &str) -> String {
    let subjects: Vec<String> = people.iter().map(|name| subject(name)).collect();
    format!("- name: {label}\n  subjects: [{}]\n  {fields}\n", subjects.join(", "))
}

fn staff(people: &[&str], fields: &str) -> String {
    grant("staff", people, fields)
}

/// Adds an active person whose name is as [`subject`] declares it.
fn seed(world: &World, name: &str) -> u64 {
    world.vendor.edit(|state| state.add_person(name, "Birch", &mail(name)))
}

fn seen(world: &World, name: &str) -> SeenPerson {
    world.vendor.snapshot().people.remove(&mail(name)).expect(name)
}

fn access_of(world: &World, name: &str) -> Vec<String> {
    seen(world, name).access.into_iter().collect()
}

/// Withdrawn claims settle.
async fn settle(world: &World) {
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
}

async fn failed(world: &World) -> Failure {
    match world.pass().await.result {
        AppResult::Failed(failure) | AppResult::Stalled(failure) => failure,
        other => panic!("the pass did not fail: {other:?}"),
    }
}
