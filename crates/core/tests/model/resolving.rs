//! Claims and people become desired edges: three-valued.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{Allow, Edge, Mail, ObjectName, PeopleScope, PersonKey, Slot, SlotPattern},
    resolve::{Freshness, Leavers, MatchOperator, ProblemKind, State, Subject, SubjectEntry},
};

use crate::{
    declare::{
        Granting, claim, directory, from, grant, group_of_okta, known, literal, okta, people_with, person, team,
        team_of, until, user,
    },
    installation::{Installation, hours, minutes},
};

/// `desired`, `absent` or `unknown`.
fn state_of(world: &Installation, person: PersonKey, slot: Slot) -> &'static str {
    match world.desired().state(&Edge::new(person, slot)) {
        State::Desired(_) => "desired",
        State::Absent => "absent",
        State::Unknown(_) => "unknown",
    }
}

/// What is known about a literal person and group `Studio`.
fn state(world: &Installation, name: &str) -> &'static str {
    state_of(world, literal(name), Slot::group("Studio"))
}

fn studio(granting: Granting) -> Installation {
    let mut world = Installation::full();
    world.declare("studio", vec![granting.group("Studio")]);
    world
}

fn problems(world: &Installation) -> Vec<(ProblemKind, String)> {
    let reports = world.desired().reports;
    reports.into_values().flat_map(|report| report.problems).map(|problem| (problem.kind, problem.message)).collect()
}

#[test]
fn a_team_gives_its_members_and_the_members_of_its_teams() {
    let mut world = studio(grant("staff").of(team("outer")));
    world.has_team("inner", team_of(vec![user("ana")]));
    world.has_team("outer", team_of(vec![team("inner"), user("joel")]));
    for (name, expected) in [("ana", "desired"), ("joel", "desired"), ("mara", "absent")] {
        assert_eq!(state(&world, name), expected, "{name}");
    }
    let desired = world.desired();
    let edge = &desired.edges[&Edge::new(literal("ana"), Slot::account())];
    assert_eq!(&*edge.claims[0].subject, "ana@birch.studio", "the member as written in the team");
    assert_eq!(edge.claims[0].name, claim("studio", "staff"));
}

#[test]
fn a_team_that_is_missing_cyclic_or_unreadable_leaves_everybody_unknown() {
    let missing = studio(grant("staff").of(team("nowhere")));
    let mut cyclic = studio(grant("staff").of(team("a")));
    cyclic.has_team("a", team_of(vec![team("b")]));
    cyclic.has_team("b", team_of(vec![team("a"), user("ana")]));
    let mut broken = studio(grant("staff").of(team("a")));
    broken.has_team("a", appaccess_core::resolve::Team { undecodable: true, ..team_of(vec![user("ana")]) });
    for world in [&missing, &broken] {
        assert_eq!(state(world, "ana"), "unknown");
        assert_eq!(problems(world)[0].0, ProblemKind::Unresolved);
    }
    assert_eq!(state(&cyclic, "ana"), "desired", "who is certain stays certain");
    assert_eq!(state(&cyclic, "joel"), "unknown");
}

#[test]
fn a_team_of_another_namespace_has_to_be_shared() {
    let mut world = studio(grant("staff").of(SubjectEntry::always(Subject::Team(ObjectName::new("people", "all")))));
    world.world.teams.insert(ObjectName::new("people", "all"), team_of(vec![user("ana")]));
    assert_eq!(state(&world, "ana"), "unknown");
    let team = world.world.teams.values_mut().next().unwrap();
    team.share_with.insert("access".into());
    assert_eq!(state(&world, "ana"), "desired");
}

#[test]
fn an_exception_takes_out_and_an_unresolved_one_leaves_everybody_unknown() {
    let world = studio(grant("staff").of(user("ana")).of(user("joel")).except(user("joel")));
    assert_eq!((state(&world, "ana"), state(&world, "joel")), ("desired", "absent"));
    let world = studio(grant("staff").of(user("ana")).except(team("nowhere")));
    assert_eq!(state(&world, "ana"), "unknown");
}

#[test]
fn outside_its_window_a_claim_does_not_exist() {
    let mut world = Installation::full();
    let (soon, later) = (world.in_time(hours(1)), world.in_time(hours(2)));
    world.declare("studio", vec![grant("staff").of(user("ana")).group("Studio").from(soon).until(later)]);
    assert_eq!(world.desired().next_boundary, Some(soon));
    for (wait, expected) in [(0, "absent"), (60, "desired"), (59, "desired"), (1, "absent")] {
        world.wait(minutes(wait));
        assert_eq!(state(&world, "ana"), expected);
    }
    assert_eq!(world.desired().next_boundary, None);
}

#[test]
fn a_subject_has_a_window_of_its_own() {
    let mut world = Installation::full();
    let (soon, later) = (world.in_time(hours(1)), world.in_time(hours(2)));
    let staff = grant("staff").of(until(user("ana"), soon)).of(from(user("joel"), soon)).group("Studio").until(later);
    world.declare("studio", vec![staff]);
    assert_eq!((state(&world, "ana"), state(&world, "joel")), ("desired", "absent"));
    let ends = |world: &Installation, name: &str| {
        world.desired().edges[&Edge::new(literal(name), Slot::group("Studio"))].until
    };
    assert_eq!(ends(&world, "ana"), Some(soon));
    world.wait(hours(1));
    assert_eq!((state(&world, "ana"), state(&world, "joel")), ("absent", "desired"));
    assert_eq!(ends(&world, "joel"), Some(later));
}

#[test]
fn claims_on_one_edge_merge_to_the_last_end_and_the_highest_value() {
    let mut world = Installation::full();
    let end = world.in_time(hours(1));
    let member = grant("staff").of(user("ana")).role("member");
    world.declare("studio", vec![member, grant("admins").of(user("ana")).role("admin").until(end)]);
    let desired = world.desired();
    let role = &desired.edges[&Edge::new(literal("ana"), Slot::new("role", ""))];
    assert_eq!((role.value.as_deref(), role.until, role.claims.len()), (Some("admin"), None, 2));
}

#[test]
fn two_values_without_an_order_are_a_conflict_and_nothing_is_changed() {
    let mut world = Installation::full();
    world.capabilities.kinds.get_mut("role").unwrap().shape = appaccess_core::access::Shape::Single { order: vec![] };
    let staff = grant("staff").of(user("ana")).role("member");
    world.declare("studio", vec![staff, grant("admins").of(user("ana")).role("admin")]);
    assert_eq!(state_of(&world, literal("ana"), Slot::new("role", "")), "unknown");
    assert_eq!(state_of(&world, literal("ana"), Slot::account()), "desired");
    assert!(problems(&world).iter().all(|(kind, _)| *kind == ProblemKind::Conflict));
}

#[test]
fn what_the_app_does_not_have_is_a_problem_of_that_claim_alone() {
    let world = studio(grant("staff").of(user("ana")).entitled("product", "X", None).role("owner"));
    assert_eq!(state(&world, "ana"), "desired");
    let kinds: Vec<_> = problems(&world).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [ProblemKind::NotSupported, ProblemKind::NotSupported]);
}

#[test]
fn a_directory_owns_its_domain_and_a_typo_creates_nobody() {
    let mut world = studio(grant("staff").of(user("kim@acme.com")).of(user("kin@acme.com")));
    world.has_directory(directory(vec![person("1", "kim")]));
    assert_eq!(state_of(&world, known("1"), Slot::account()), "desired");
    let typo = PersonKey::Mail(Mail::parse("kin@acme.com").unwrap());
    assert_eq!(state_of(&world, typo, Slot::account()), "unknown");
}

#[test]
fn an_alias_is_the_same_person() {
    let mut world = studio(grant("staff").of(user("kimberly@elsewhere.example")));
    world.has_directory(directory(vec![person("1", "kim")]));
    let [kim, alias] = ["kim@acme.com", "kimberly@elsewhere.example"].map(|mail| Mail::parse(mail).unwrap());
    world.world.aliases.insert(kim, BTreeSet::from([alias]));
    assert_eq!(state_of(&world, known("1"), Slot::account()), "desired");
}

#[test]
fn an_address_of_two_people_names_nobody() {
    let mut world = studio(grant("staff").of(user("kim@acme.com")));
    world.has_directory(directory(vec![person("1", "kim"), person("2", "kim")]));
    assert!(world.desired().edges.is_empty());
    assert_eq!(state_of(&world, known("1"), Slot::account()), "unknown");
}

#[test]
fn a_match_takes_an_attribute_that_is_lacking_for_does_not_exist_only() {
    let cases = [
        (MatchOperator::In, ["desired", "absent", "absent"]),
        (MatchOperator::NotIn, ["absent", "desired", "absent"]),
        (MatchOperator::Exists, ["desired", "desired", "absent"]),
        (MatchOperator::DoesNotExist, ["absent", "absent", "desired"]),
    ];
    for (operator, expected) in cases {
        let mut world = studio(grant("staff").of(people_with("department", operator, &["design"])));
        let mut people = vec![person("1", "kim"), person("2", "lou"), person("3", "max")];
        people[0].attributes.insert("department".into(), "design".into());
        people[1].attributes.insert("department".into(), "sales".into());
        world.has_directory(directory(people));
        let states = ["1", "2", "3"].map(|id| state_of(&world, known(id), Slot::group("Studio")));
        assert_eq!(states, expected, "{operator:?}");
    }
}

#[test]
fn a_match_over_an_attribute_that_is_not_listed_is_unresolved() {
    let mut world = studio(grant("staff").of(people_with("salary", MatchOperator::Exists, &[])));
    world.has_directory(directory(vec![person("1", "kim")]));
    assert_eq!(state_of(&world, known("1"), Slot::account()), "unknown");
}

#[test]
fn a_stale_directory_leaves_its_people_unknown() {
    let mut world = studio(grant("staff").of(group_of_okta("eng")).of(user("lou@acme.com")).of(user("ana")));
    world.has_directory(directory(vec![person("1", "kim"), person("2", "lou")]));
    world.directory().groups.insert("eng".into(), BTreeSet::from(["1".into()]));
    assert_eq!(state_of(&world, known("1"), Slot::account()), "desired");
    world.directory().freshness = Freshness::Stale("no answer".into());
    for id in ["1", "2"] {
        assert_eq!(state_of(&world, known(id), Slot::account()), "unknown");
    }
    assert_eq!(state(&world, "ana"), "desired", "the others go on");
}

#[test]
fn a_leaver_is_absent_whatever_is_claimed_and_unknown_where_leavers_are_only_reported() {
    let mut world = studio(grant("staff").of(user("kim@acme.com")));
    world.has_directory(directory(vec![person("1", "kim")]));
    world.directory().left.insert("1".into(), "disabled".into());
    assert_eq!(state_of(&world, known("1"), Slot::account()), "absent");
    world.directory().leavers = Leavers::Report;
    assert_eq!(state_of(&world, known("1"), Slot::account()), "unknown");
}

#[test]
fn whom_a_directory_no_longer_lists_is_unknown_and_so_are_all_of_a_missing_directory() {
    let mut world = Installation::full();
    world.has_directory(directory(vec![]));
    assert_eq!(state_of(&world, known("1"), Slot::account()), "unknown");
    world.world.directories.remove(&okta());
    assert_eq!(state_of(&world, known("1"), Slot::account()), "unknown");
}

#[test]
fn an_object_that_cannot_be_read_may_claim_anything_of_its_app() {
    let mut world = studio(grant("staff").of(user("ana")));
    world.breaks("studio");
    assert_eq!((state(&world, "ana"), state(&world, "joel")), ("unknown", "unknown"));
    world.world.undecodable[0].app = Some(ObjectName::new("access", "another"));
    assert_eq!(state(&world, "joel"), "absent");
}

/// An app that lets `team-red` claim its own groups for people of one domain, for three months at most.
fn trusting() -> Installation {
    let mut world = Installation::full();
    world.policy.roles.privileged.insert("admin".into());
    world.policy.allow.push(Allow {
        namespaces: BTreeSet::from(["team-red".into()]),
        entitlements: vec![
            SlotPattern { kind: "group".into(), name: "{namespace}/*".into() },
            SlotPattern { kind: "role".into(), name: "*".into() },
        ],
        people: PeopleScope { domains: Some(BTreeSet::from(["birch.studio".into()])), ..PeopleScope::default() },
        maximum_duration: Some(hours(90 * 24).unsigned_abs()),
    });
    world
}

#[test]
fn another_namespace_may_claim_what_the_app_allows_it_and_no_more() {
    let mut world = trusting();
    let soon = world.in_time(hours(24));
    let late = world.in_time(hours(91 * 24));
    let cases = [
        ("its group", grant("g").of(user("ana")).group("team-red/dev").until(soon), Slot::group("team-red/dev"), true),
        (
            "another group",
            grant("g").of(user("ana")).group("team-blue/dev").until(soon),
            Slot::group("team-blue/dev"),
            false,
        ),
        (
            "a look-alike",
            grant("g").of(user("ana")).group("team-redder").until(soon),
            Slot::group("team-redder"),
            false,
        ),
        ("a role", grant("g").of(user("ana")).role("member").until(soon), Slot::new("role", ""), true),
        ("a privileged role", grant("g").of(user("ana")).role("admin").until(soon), Slot::new("role", ""), false),
        ("too long", grant("g").of(user("ana")).until(late), Slot::account(), false),
        ("without an end", grant("g").of(user("ana")), Slot::account(), false),
        ("the account alone", grant("g").of(user("ana")).until(soon), Slot::account(), true),
    ];
    for (what, granting, slot, allowed) in cases {
        world.declare_in("team-red", "red", vec![granting]);
        let expected = if allowed { "desired" } else { "unknown" };
        assert_eq!(state_of(&world, literal("ana"), slot), expected, "{what}");
        assert_eq!(problems(&world).is_empty(), allowed, "{what}");
    }
    world.declare_in("team-red", "red", vec![grant("g").of(user("eve@else.example")).until(soon)]);
    assert_eq!(state_of(&world, literal("eve@else.example"), Slot::account()), "unknown");
    world.declare_in("team-blue", "red", vec![grant("g").of(user("ana")).until(soon)]);
    assert_eq!(problems(&world)[0].0, ProblemKind::NotPermitted);
}

#[test]
fn a_refused_claim_is_unknown_for_a_day_and_withdrawn_after_it() {
    let mut world = trusting();
    let end = world.in_time(hours(80 * 24));
    world.declare_in("team-red", "red", vec![grant("g").of(user("ana")).group("team-red/dev").until(end)]);
    world.converge();
    let allow = std::mem::take(&mut world.policy.allow);
    for _ in 0..24 {
        let pass = world.pass();
        assert!(pass.sent.is_empty());
        assert!(pass.settling().is_empty());
        world.wait(hours(1));
    }
    let mut back = world.clone();
    assert_eq!(world.pass().sent.len(), 2, "a day has been waited for");
    back.policy.allow = allow;
    assert!(back.pass().sent.is_empty());
    assert!(back.memory.refused.is_empty());
}

#[test]
fn a_refused_claim_that_is_then_deleted_settles_like_any_other() {
    let mut world = trusting();
    let end = world.in_time(hours(80 * 24));
    world.declare_in("team-red", "red", vec![grant("g").of(user("ana")).until(end)]);
    world.converge();
    world.policy.allow.clear();
    world.pass();
    world.wait(hours(1));
    world.world.accesses.clear();
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.settling(), ["suspend ana@birch.studio account"]);
}
