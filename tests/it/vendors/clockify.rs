//! Clockify: invitations, roles of an unknown form, what the plan lacks, what people have to do, and the fewest calls.

mod floors;
mod oddities;

use appaccess::{
    connector::Keys,
    sim::clockify::{Membership, Options, Role, RolesForm, Server},
    sync::Report,
};
use appaccess_core::{
    access::Completeness,
    plan::{Action, Outcome},
};
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::support::installation::{Installation, story};

type World = Installation<Server>;

/// No guard in the way, and an owner who is nobody of the company.
const UNGUARDED: &str = "mode: Full\nclassify: {service: [boss@clockify.example]}\nsafety: {approveFirst: false, settle: \
                         1s, maxRemovals: {people: 1000}, approve: []}";

fn keys(key: &str) -> Keys {
    Keys::from([("token".to_owned(), SecretString::from(key))])
}

/// A workspace with an owner, and an admin whose key we have.
async fn workspace() -> World {
    let server = Server::start(Options::default()).await.unwrap();
    server.edit(|state| {
        let owner = state.add("boss@clockify.example");
        state.set_role(&owner, Role::Owner);
    });
    let (id, base, key) = (server.workspace(), server.base_url().to_owned(), server.key());
    let connector = format!("{{clockify: {{workspaceId: \"{id}\", baseUrl: \"{base}\"}}}}");
    let mut world = Installation::of(server, &connector, keys(&key)).await;
    world.app(UNGUARDED);
    world
}

fn mail(name: &str) -> String {
    format!("{name}@birch.example.com")
}

/// A grant to these people; the rest of it as YAML.
fn grant(name: &str, people: &[&str], rest: &str) -> String {
    let subjects: Vec<String> = people.iter().map(|name| format!("{{user: {}}}", mail(name))).collect();
    format!("- name: {name}\n  subjects: [{}]\n  {rest}\n", subjects.join(", "))
}

fn studio(people: &[&str]) -> String {
    grant("staff", people, "groups: [Studio]")
}

fn seed(world: &World, people: &[&str]) -> Vec<String> {
    world.vendor.edit(|state| people.iter().map(|name| state.add(&mail(name))).collect())
}

fn membership(world: &World, name: &str) -> &'static str {
    world.vendor.snapshot()[&mail(name)].membership
}

/// What is said about the claims of a grant.
fn problems(report: &Report, grant: &str) -> Vec<String> {
    let resolved = report.look.desired.reports.values().flat_map(|report| &report.problems);
    let all = resolved.chain(&report.look.plan.problems).filter(|problem| &*problem.claim.grant == grant);
    all.map(|problem| problem.message.clone()).collect()
}

/// What failed, with what the app said.
fn failures(report: &Report) -> Vec<String> {
    let failed = report.done.iter().filter_map(|done| match &done.outcome {
        Outcome::Failed { message, .. } => Some(format!("{}: {message}", done.change.label)),
        _ => None,
    });
    failed.collect()
}

#[tokio::test]
async fn people_are_invited_once_and_join_before_they_accept() {
    let mut world = workspace().await;
    world.grants(&format!("{}{}", studio(&["ana", "joel"]), grant("admins", &["joel"], "roles: [admin]")));
    let planned = world.plan().await;
    assert_eq!((planned.look.plan.to_be_sent().count(), world.vendor.mutations()), (6, 0));
    let report = world.work().await;
    assert_eq!(
        story(&report),
        [
            "invite ana@birch.example.com: applied",
            "invite joel@birch.example.com: applied",
            "create Studio group Studio: applied",
            "grant ana@birch.example.com group Studio: applied",
            "grant joel@birch.example.com group Studio: applied",
            "grant joel@birch.example.com role: applied",
        ]
    );
    let joel = world.vendor.snapshot()[&mail("joel")].clone();
    assert_eq!((joel.membership, joel.role, joel.groups.len()), ("PENDING", Role::Admin, 1));
    assert_eq!(world.vendor.edit(|state| state.mailed.clone()), [mail("ana"), mail("joel")]);

    world.vendor.clear_requests();
    let quiet = world.work().await;
    assert_eq!(story(&quiet), [""; 0]);
    assert_eq!((world.vendor.mutations(), quiet.look.plan.counts.invited), (0, 2));
}

#[tokio::test]
async fn whoever_never_accepted_is_shut_out_and_comes_back_without_another_mail() {
    let mut world = workspace().await;
    world.grants(&studio(&["ana"]));
    world.work().await;
    world.grants(&studio(&["joel"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    assert_eq!(membership(&world, "ana"), "INACTIVE");

    world.grants(&studio(&["ana", "joel"]));
    world.work().await;
    assert_eq!(membership(&world, "ana"), "PENDING");
    assert!(world.work().await.look.plan.is_in_sync());
    assert_eq!(world.vendor.edit(|state| state.mailed.clone()), [mail("ana"), mail("joel")]);
}

#[tokio::test]
async fn whoever_declined_is_not_asked_again_and_the_others_go_on() {
    let mut world = workspace().await;
    world.grants(&studio(&["ana"]));
    world.work().await;
    world.vendor.edit(|state| {
        let ana = state.id_of(&mail("ana")).unwrap();
        state.set_membership(&ana, Membership::Declined);
        state.mailed.clear();
    });
    world.grants(&studio(&["ana", "joel"]));
    let report = world.work().await;
    let [failure] = failures(&report).try_into().unwrap();
    assert!(failure.starts_with("ana@") && failure.contains("declined"), "{failure}");
    assert_eq!(membership(&world, "joel"), "PENDING");
    assert_eq!(world.vendor.edit(|state| state.mailed.clone()), [mail("joel")]);
}

#[tokio::test]
async fn a_role_goes_up_and_down_however_the_listing_tells_it() {
    for form in [RolesForm::Grants, RolesForm::Entities, RolesForm::Words, RolesForm::Nothing] {
        let mut world = workspace().await;
        world.vendor.edit(|state| state.roles_form = form);
        seed(&world, &["ana"]);
        let role = |world: &World| world.vendor.snapshot()[&mail("ana")].role;
        world.grants(&grant("staff", &["ana"], "roles: [member]"));
        world.work().await;
        world.grants(&grant("staff", &["ana"], "roles: [admin]"));
        assert_eq!(story(&world.work().await), ["change ana@birch.example.com role: applied"], "{form:?}");
        assert_eq!(role(&world), Role::Admin);
        world.vendor.clear_requests();
        assert_eq!(story(&world.work().await), [""; 0]);
        let reads = if form == RolesForm::Nothing { 4 } else { 2 };
        assert_eq!((world.vendor.reads(), world.vendor.mutations()), (reads, 0), "{form:?}");

        world.grants(&grant("staff", &["ana"], "groups: []"));
        world.work().await;
        world.wait(SignedDuration::from_mins(1));
        world.work().await;
        assert_eq!(role(&world), Role::Member, "a role without a claim goes to the lowest");
    }
}

#[tokio::test]
async fn a_listing_that_stops_telling_roles_is_not_taken_for_a_workspace_without_admins() {
    let mut world = workspace().await;
    seed(&world, &["ana"]);
    world.grants(&grant("staff", &["ana"], "roles: [admin]"));
    world.work().await;
    world.vendor.edit(|state| state.roles_form = RolesForm::Nothing);
    world.vendor.clear_requests();
    assert_eq!(story(&world.work().await), [""; 0]);
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn the_owner_s_role_is_neither_given_nor_taken() {
    let mut world = workspace().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, keepAtLeast: []}");
    let boss = "- name: boss\n  subjects: [{user: boss@clockify.example}]\n  roles: [member]\n";
    world.grants(&format!("{boss}{}", grant("wrong", &["ana"], "roles: [owner]")));
    let report = world.work().await;
    assert!(problems(&report, "wrong")[0].contains("by hand"), "{:?}", problems(&report, "wrong"));
    world.wait(SignedDuration::from_mins(1));
    let failed = failures(&world.work().await);
    assert!(failed.iter().any(|failure| failure.contains("transfer the ownership")), "{failed:?}");
    assert_eq!(world.vendor.snapshot()["boss@clockify.example"].role, Role::Owner);
}

#[tokio::test]
async fn managers_of_groups_and_projects_come_and_go() {
    let mut world = workspace().await;
    let site = world.vendor.edit(|state| {
        state.add_group("Studio");
        state.add_project("Lighthouse");
        state.add_project("Site");
        state.add_project("Site")
    });
    seed(&world, &["ana", "joel"]);
    let leads = |people: &[&str]| {
        let entitlements = format!(
            "entitlements: [{{type: team-manager, name: Studio}}, {{type: project-manager, name: Lighthouse}}, \
             {{type: project-manager, name: \"{site}\"}}]"
        );
        grant("leads", people, &entitlements)
    };
    let manages = |world: &World, name: &str| world.vendor.snapshot()[&mail(name)].manages.len();
    world.grants(&leads(&["ana", "joel"]));
    world.work().await;
    assert_eq!((manages(&world, "ana"), manages(&world, "joel")), (3, 3));
    world.vendor.clear_requests();
    assert_eq!(story(&world.work().await), [""; 0]);
    assert_eq!((world.vendor.reads(), world.vendor.mutations()), (4, 0), "users, workspace, groups, projects");

    world.grants(&format!("{}{}", leads(&["ana"]), grant("staff", &["joel"], "groups: []")));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    assert_eq!((manages(&world, "ana"), manages(&world, "joel")), (3, 0));
    assert_eq!(membership(&world, "joel"), "ACTIVE");
}

#[tokio::test]
async fn what_is_not_there_is_refused_on_its_claim_and_the_others_go_on() {
    let mut world = workspace().await;
    seed(&world, &["ana"]);
    let wrong = [
        ("role", "roles: [emperor]"),
        ("type", "entitlements: [{type: workspace, name: Other}]"),
        ("group", "entitlements: [{type: team-manager, name: Nowhere}]"),
        ("project", "entitlements: [{type: project-manager, name: Nowhere}]"),
    ];
    let wrong_grants: String = wrong.iter().map(|(name, rest)| grant(name, &["ana"], rest)).collect();
    world.grants(&format!("{wrong_grants}{}", studio(&["ana"])));
    let report = world.work().await;
    for (name, _) in wrong {
        assert_eq!(problems(&report, name).len(), 1, "{name}");
    }
    assert!(world.vendor.snapshot()[&mail("ana")].groups.contains("Studio"));
}

#[tokio::test]
async fn what_the_plan_lacks_is_refused_with_its_reason() {
    let mut world = workspace().await;
    world.vendor.edit(|state| {
        state.plan = "FREE".to_owned();
        state.features = ["USER_IMPORT".to_owned()].into();
        state.add_group("Studio");
    });
    seed(&world, &["ana"]);
    let leads = grant("leads", &["ana"], "entitlements: [{type: team-manager, name: Studio}]");
    world.grants(&format!("{leads}{}", studio(&["ana", "joel"])));
    let report = world.work().await;
    let [problem] = problems(&report, "leads").try_into().unwrap();
    assert!(problem.contains("FREE") && problem.contains("MANAGER_ROLE"), "{problem}");
    let [failure] = failures(&report).try_into().unwrap();
    assert!(failure.starts_with("joel@") && failure.contains("needs a paid plan"), "{failure}");
    assert!(world.vendor.snapshot()[&mail("ana")].groups.contains("Studio"), "the others go on");
}

#[tokio::test]
async fn a_project_s_managers_are_left_alone_where_the_listing_does_not_tell_them() {
    let mut world = workspace().await;
    world.vendor.edit(|state| {
        state.roles_form = RolesForm::Words;
        state.add_project("Lighthouse");
    });
    seed(&world, &["ana"]);
    world.grants(&grant("leads", &["ana"], "entitlements: [{type: project-manager, name: Lighthouse}]"));
    let report = world.work().await;
    assert!(problems(&report, "leads")[0].contains("by hand"), "{:?}", problems(&report, "leads"));
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn a_full_workspace_refuses_one_and_takes_the_rest() {
    let mut world = workspace().await;
    world.vendor.edit(|state| state.seats = Some(3));
    world.grants(&studio(&["ana", "joel"]));
    let report = world.work().await;
    let [failure] = failures(&report).try_into().unwrap();
    assert!(failure.contains("paid seats"), "{failure}");
    assert_eq!(world.vendor.snapshot().len(), 3);
}

#[tokio::test]
async fn a_deletion_is_a_suspension_and_a_task_with_its_clicks() {
    let mut world = workspace().await;
    world.app("mode: Full\noffboarding: {withdrawn: {action: Delete}}\nsafety: {approveFirst: false, settle: 1s, approve: []}");
    seed(&world, &["ana", "joel"]);
    world.grants(&studio(&["ana", "joel"]));
    world.work().await;
    world.grants(&studio(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    assert_eq!(membership(&world, "joel"), "INACTIVE");
    world.vendor.clear_requests();
    let report = world.work().await;
    let task = report.done.iter().find_map(|done| done.change.task.as_ref().map(|task| (done.change.action, task)));
    let (action, task) = task.expect("somebody is asked to delete it");
    assert_eq!(action, Action::Delete);
    assert!(task.clicks.as_ref().is_some_and(|clicks| clicks.contains("CAKE.com")), "{task:?}");
    assert_eq!(world.vendor.mutations(), 0);

    // Somebody has clicked.
    world.vendor.edit(|state| {
        let joel = state.id_of(&mail("joel")).unwrap();
        state.remove(&joel);
    });
    world.work().await;
    let done = world.work().await;
    assert!(done.done.iter().all(|done| done.change.task.is_none()), "{:?}", story(&done));
}

#[tokio::test]
async fn the_key_of_a_plain_member_reads_and_removes_nobody() {
    let mut world = workspace().await;
    seed(&world, &["ana", "joel"]);
    world.grants(&studio(&["ana", "joel"]));
    world.work().await;
    world.vendor.edit(|state| {
        let own = state.own().to_owned();
        state.set_role(&own, Role::Member);
    });
    world.grants(&studio(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.vendor.clear_requests();
    let report = world.work().await;
    match &report.look.observation.completeness {
        Completeness::Incomplete { reason, .. } => assert_eq!(&**reason, "NotAdmin"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.vendor.mutations(), 0);
}
