//! One person's way through teams and directories, and what stops a claim, over small worlds.

use std::collections::BTreeMap;

use super::*;
use crate::{
    access::{Mail, Provisioning},
    resolve::{DirectoryView, Freshness, Team, Wanted},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn name(name: &str) -> ObjectName {
    ObjectName::new("it", name)
}

fn user(mail: &str) -> SubjectEntry {
    SubjectEntry::always(Subject::User(mail.into()))
}

fn of_team(team: &str) -> SubjectEntry {
    SubjectEntry::always(Subject::Team(name(team)))
}

fn team(parts: Vec<SubjectEntry>, except: Vec<SubjectEntry>) -> Team {
    Team { parts, except, ..Team::default() }
}

fn ana() -> PersonKey {
    PersonKey::Mail(Mail::parse("ana@fern.example").unwrap())
}

/// A world with one grant on `it/app`.
fn world(grant: Grant, teams: Vec<(&str, Team)>) -> World {
    let access = Access { name: name("claims"), app: name("app"), grants: vec![grant] };
    World {
        accesses: BTreeMap::from([(access.name.clone(), access)]),
        teams: teams.into_iter().map(|(team, parts)| (name(team), parts)).collect(),
        ..World::default()
    }
}

fn seen(world: &World, person: &PersonKey) -> Traced {
    let policy = AppPolicy::new(name("app"));
    let capabilities = Capabilities::new(Provisioning::Create);
    trace(world, &policy, &capabilities, &Memory::default(), person, at(1000)).remove(0)
}

fn names(way: &Way) -> Vec<String> {
    way.steps.iter().map(|step| step.subject.to_string()).collect()
}

#[test]
fn the_way_leads_through_every_team() {
    let grant = Grant { subjects: vec![user("tom@fern.example"), of_team("all")], ..Grant::default() };
    let teams =
        vec![("all", team(vec![of_team("makers")], vec![])), ("makers", team(vec![user("ana@fern.example")], vec![]))];
    let traced = seen(&world(grant, teams), &ana());
    assert_eq!(traced.stops, []);
    assert_eq!(names(&traced.ways[0]), ["team it/all", "team it/makers", "ana@fern.example"]);
    assert_eq!(traced.ways[0].steps[0].index, 1);
}

#[test]
fn teams_that_contain_each_other_come_to_an_end() {
    let grant = Grant { subjects: vec![of_team("a")], ..Grant::default() };
    let teams = vec![
        ("a", team(vec![of_team("b")], vec![])),
        ("b", team(vec![of_team("a"), user("ana@fern.example")], vec![])),
    ];
    let traced = seen(&world(grant, teams), &ana());
    assert_eq!(names(&traced.ways[0]), ["team it/a", "team it/b", "ana@fern.example"]);
}

#[test]
fn an_exception_is_named_where_it_stands() {
    let grant = Grant { subjects: vec![of_team("all")], ..Grant::default() };
    let all = team(vec![user("ana@fern.example")], vec![user("ana@fern.example")]);
    let traced = seen(&world(grant, vec![("all", all)]), &ana());
    assert_eq!(traced.stops, [Stop::Excepted]);
    assert_eq!(traced.ways[0].exception.as_ref().unwrap().team, Some(name("all")));

    let grant =
        Grant { subjects: vec![user("ana@fern.example")], except: vec![user("ana@fern.example")], ..Grant::default() };
    let traced = seen(&world(grant, vec![]), &ana());
    assert_eq!(traced.ways[0].exception.as_ref().unwrap().team, None);
}

#[test]
fn an_exception_that_is_over_or_has_not_begun_takes_nobody_out() {
    let over = SubjectEntry { until: Some(at(500)), ..user("ana@fern.example") };
    let later = SubjectEntry { from: Some(at(2000)), ..user("ana@fern.example") };
    let grant = Grant { subjects: vec![of_team("all")], except: vec![over.clone()], ..Grant::default() };
    let former = team(vec![later.clone()], vec![]);
    let all = team(vec![user("ana@fern.example")], vec![over, later, of_team("former")]);
    let traced = seen(&world(grant, vec![("all", all), ("former", former)]), &ana());
    assert_eq!(traced.stops, []);
    assert_eq!(traced.ways[0].exception, None);
}

#[test]
fn an_exception_that_counts_is_told_and_not_one_before_it_that_is_over() {
    let over = SubjectEntry { until: Some(at(500)), ..user("ana@fern.example") };
    let except = vec![over, user("ana@fern.example")];
    let grant = Grant { subjects: vec![user("ana@fern.example")], except, ..Grant::default() };
    let traced = seen(&world(grant, vec![]), &ana());
    assert_eq!(traced.stops, [Stop::Excepted]);
    assert_eq!(traced.ways[0].exception.as_ref().unwrap().steps[0].index, 1);
}

#[test]
fn a_name_is_known_however_it_is_written() {
    let subjects =
        vec![user("Ana@Fern.example"), user("Tom.Berg"), SubjectEntry::always(Subject::Service("CI-Bot".into()))];
    let world = world(Grant { subjects, ..Grant::default() }, vec![]);
    for text in ["ana@fern.example", "ANA@fern.example", "tom.berg", "ci-bot"] {
        let Found::Person(person) = find_person(&world, text, at(0)) else { panic!("{text}") };
        assert!(known_names(&world).contains(&person.label), "{text}: {person:?}");
    }
}

#[test]
fn a_window_that_is_not_open_is_told_with_its_time() {
    let over = Grant { subjects: vec![user("ana@fern.example")], until: Some(at(500)), ..Grant::default() };
    assert_eq!(seen(&world(over, vec![]), &ana()).stops, [Stop::Over(at(500))]);
    let entry = SubjectEntry { from: Some(at(2000)), ..user("ana@fern.example") };
    let later = Grant { subjects: vec![entry], ..Grant::default() };
    assert_eq!(seen(&world(later, vec![]), &ana()).stops, [Stop::NotBegun(at(2000))]);
}

#[test]
fn what_does_not_name_the_person_or_is_not_there_is_told_apart() {
    let other = Grant { subjects: vec![user("tom@fern.example")], ..Grant::default() };
    let traced = seen(&world(other, vec![]), &ana());
    assert_eq!((traced.stops.as_slice(), traced.names_the_person()), ([Stop::NotNamed].as_slice(), false));
    let missing = Grant { subjects: vec![of_team("lost")], ..Grant::default() };
    assert!(matches!(seen(&world(missing, vec![]), &ana()).stops.as_slice(), [Stop::Unsure(_)]));
    let wanted = vec![Wanted { kind: "group".into(), name: "Studio".into(), level: None }];
    let unsupported = Grant { subjects: vec![user("ana@fern.example")], wanted, ..Grant::default() };
    assert!(matches!(seen(&world(unsupported, vec![]), &ana()).stops.as_slice(), [Stop::NotSupported(_)]));
}

#[test]
fn another_namespace_may_claim_nothing_unless_it_is_allowed() {
    let grant = Grant { subjects: vec![user("ana@fern.example")], ..Grant::default() };
    let mut world = world(grant, vec![]);
    let mut access = world.accesses.pop_first().unwrap().1;
    access.name = ObjectName::new("red", "claims");
    world.accesses.insert(access.name.clone(), access);
    assert_eq!(seen(&world, &ana()).stops, [Stop::NamespaceNotAllowed]);
}

#[test]
fn a_person_is_found_by_any_address_and_by_the_key() {
    let key = PersonKey::Known { directory: name("okta"), id: "00u1".into() };
    let mail = |text: &str| Mail::parse(text).unwrap();
    let person = Person {
        label: "ana@fern.example".into(),
        mail: Some(mail("ana@fern.example")),
        also: [mail("ana.old@fern.example")].into(),
        ..Person::literal(key)
    };
    let view = DirectoryView {
        domains: ["fern.example".into()].into(),
        people: BTreeMap::from([("00u1".into(), person.clone())]),
        groups: BTreeMap::new(),
        attributes: BTreeSet::new(),
        share_with: BTreeSet::new(),
        freshness: Freshness::Fresh,
        leavers: Leavers::Report,
        left: BTreeMap::from([("00u1".into(), "disabled".into())]),
        breaker: false,
    };
    let world = World { directories: BTreeMap::from([(name("okta"), view)]), ..World::default() };
    for text in ["ana@fern.example", "ANA.old@fern.example", "it/okta:00u1", "it/okta/00u1", "id:it/okta:00u1"] {
        assert_eq!(find_person(&world, text, at(0)), Found::Person(Box::new(person.clone())), "{text}");
    }
    assert!(matches!(find_person(&world, "ghost@fern.example", at(0)), Found::Unsure(..)));
    assert_eq!(left(&world, &person.key), Some((name("okta"), "disabled".into(), false)));
    assert!(known_names(&world).contains("ana.old@fern.example"));
}
