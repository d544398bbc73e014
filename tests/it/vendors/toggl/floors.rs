//! What each kind of change takes in calls, exactly, and what it leaves behind.

use appaccess::sim::toggl::Fault;
use jiff::SignedDuration;

use super::{World, grant, mail, outcomes};
use crate::support::installation::story;

/// Rows of a page, as the simulator gives them.
const PAGE: u64 = 200;
/// People in one invitation.
const INVITED: u64 = 50;
/// The plan and the roles once a day, and once whose the credential is.
const DISCOVERY: u64 = 3;

fn pages(people: u64) -> u64 {
    people.div_ceil(PAGE).max(1)
}

#[tokio::test]
async fn first_sync_and_steady_state_take_the_floor_at_any_size() {
    for people in [1, 2, INVITED, INVITED + 1, PAGE - 1, PAGE] {
        let mut world = World::new().await;
        let names: Vec<String> = (0..people).map(|number| format!("p{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // Claims hold 256 subjects at most.
        let halves: Vec<String> = names
            .chunks(200)
            .enumerate()
            .map(|(number, names)| grant(&format!("staff-{number}"), names, "groups: [Studio]"))
            .collect();
        world.on.grants(&halves.join("\n"));
        let (report, calls) = world.pass().await;
        assert_eq!(outcomes(&report).iter().filter(|line| !line.ends_with("applied")).count(), 0);
        // The owner is there before.
        let everybody = people + 1;
        // One account is looked up by its address where a listing would take more than one page.
        let read_back = people.min(pages(1)).max(if people < pages(1) { people } else { pages(everybody) });
        assert_eq!(calls, (DISCOVERY + pages(1) + 1 + read_back + 1, people.div_ceil(INVITED) + 1), "{people} people");

        world.everybody_accepts();
        world.pass().await;
        let written = world.on.store.writes();
        let (quiet, calls) = world.pass().await;
        assert_eq!((story(&quiet).len(), calls), (0, (pages(everybody) + 1, 0)), "{people} people");
        assert_eq!(world.on.store.writes(), written, "a quiet pass writes nothing");
    }
}

#[tokio::test]
async fn without_claims_on_groups_a_steady_pass_is_the_pages_of_the_users() {
    let mut world = World::new().await;
    world.add_many(2 * PAGE);
    world.claim(&["p0"], "roles: [member]");
    world.pass().await;
    assert_eq!(world.pass().await.1, (3, 0), "401 people");
    world.on.wait(SignedDuration::from_hours(24));
    assert_eq!(world.pass().await.1, (5, 0), "plan and roles are read again after a day, the own account is not");
}

#[tokio::test]
async fn newcomers_with_their_workspace_level_and_groups_take_one_call_together() {
    let mut world = World::new().await;
    world.vendor().edit(|state| {
        state.add_workspace("Delivery");
        state.set_level(&mail("owner"), "Delivery", "admin");
        state.add_group("Studio", &[]);
    });
    let fields =
        "groups: [Studio]\n  roles: [member]\n  entitlements: [{type: workspace, name: Delivery, level: teamlead}]";
    world.claim(&["ana", "joel"], fields);
    let (report, (_, writes)) = world.pass().await;
    assert_eq!(writes, 1, "{:?}", story(&report));
    let ana = world.seen("ana");
    assert_eq!((ana.state, ana.workspaces["Delivery"].as_str()), ("invited", "teamlead"));
    assert!(!ana.workspaces.contains_key("Main"), "the default workspace is for those who claim none");
    assert!(ana.groups.contains("Studio"));
    assert!(world.pass().await.0.look.plan.changes.is_empty());
}

#[tokio::test]
async fn what_an_invitation_brings_by_itself_is_no_drift_and_is_never_taken() {
    let mut world = World::new().await;
    world.claim(&["ana"], "groups: [Studio]");
    world.pass().await;
    world.everybody_accepts();
    let (report, _) = world.pass().await;
    assert!(world.seen("ana").workspaces.contains_key("Main"));
    assert!(report.look.plan.drift.iter().all(|drift| *drift.label != *mail("ana")), "{:?}", report.look.plan.drift);
    assert!(report.look.plan.is_in_sync());
}

#[tokio::test]
async fn role_level_and_workspace_of_one_person_take_a_call_each_and_keep_rates() {
    let mut world = World::new().await;
    world.vendor().edit(|state| {
        state.add_workspace("Delivery");
        state.set_level(&mail("owner"), "Delivery", "admin");
        state.add_person(&mail("ana"));
        state.set_rate(&mail("ana"), "Main", 120.0);
    });
    world.claim(&["ana"], "roles: [member]");
    world.pass().await;

    world.claim(&["ana"], "roles: [admin]");
    assert_eq!(world.pass().await.1, (2, 1), "the role, and a read-back");
    assert_eq!(world.seen("ana").role, "admin");

    let in_delivery =
        |level: &str| format!("roles: [admin]\n  entitlements: [{{type: workspace, name: Delivery, level: {level}}}]");
    world.claim(&["ana"], &in_delivery("user"));
    assert_eq!(world.pass().await.1, (3, 1), "the set is read anew before it is sent back whole");
    assert_eq!(world.vendor().edit(|state| state.rate(&mail("ana"), "Main")), Some(120.0), "nothing of it is lost");

    world.claim(&["ana"], &in_delivery("projectlead"));
    assert_eq!(world.pass().await.1, (2, 1));
    assert_eq!(world.seen("ana").workspaces["Delivery"], "projectlead");

    world.claim(&["ana"], "roles: [admin]");
    world.pass().await;
    world.minutes_pass(1);
    assert_eq!(world.pass().await.1, (2, 1), "out of the workspace");
    assert_eq!(world.seen("ana").workspaces.keys().collect::<Vec<_>>(), ["Main"]);
}

#[tokio::test]
async fn a_leaver_takes_one_call_and_an_invitation_is_ended_by_deletion() {
    let mut world = World::new().await;
    world.vendor().edit(|state| state.add_person(&mail("ana")));
    let fields = "groups: [Studio]\n  roles: [admin]\n  entitlements: [{type: workspace, name: Main, level: admin}]";
    world.claim(&["ana", "joel"], fields);
    world.pass().await;
    assert_eq!(world.seen("joel").state, "invited");

    world.claim(&["kim"], "groups: [Studio]");
    world.pass().await;
    world.minutes_pass(1);
    // Of more than three removals the first goes alone; here it is somebody's role or group.
    for _ in 0..3 {
        world.pass().await;
    }
    let ana = world.seen("ana");
    assert_eq!((ana.state, ana.role.as_str(), ana.groups.len(), ana.workspaces.len()), ("suspended", "member", 0, 0));
    assert!(world.person("joel").is_none(), "nobody can accept any more");
    assert_eq!(world.pass().await.1.1, 0);

    world.claim(&["ana", "kim", "joel"], "groups: [Studio]");
    let id = ana.id;
    world.pass().await;
    assert_eq!((world.seen("ana").state, world.seen("ana").id), ("active", id), "reactivated, not invited");
    assert_eq!(world.seen("joel").state, "invited", "whose invitation we ended ourselves is invited again");
}

#[tokio::test]
async fn a_change_of_a_group_keeps_what_somebody_else_did_a_moment_before() {
    let mut world = World::new().await;
    world.vendor().edit(|state| {
        for name in ["ana", "joel", "kim"] {
            state.add_person(&mail(name));
        }
        state.add_group("Studio", &[&mail("ana")]);
    });
    world.claim(&["ana"], "groups: [Studio]");
    world.pass().await;
    world.claim(&["ana", "joel"], "groups: [Studio]");
    // The groups are read to plan, and again right before the change.
    let (fault, mut gate) = Fault::held();
    world.vendor().fault(fault.on_method("GET").on_path("/organizations/500/groups").after(1));
    world.vendor().clear_requests();
    let by_hand = async {
        gate.reached(1).await;
        world.vendor().edit(|state| state.set_member("Studio", &mail("kim"), true));
        gate.open();
    };
    futures::join!(world.on.work(), by_hand);
    let members = world.vendor().snapshot().groups["Studio"].clone();
    assert_eq!(members, ["ana", "joel", "kim"].map(mail).into());
    assert_eq!(world.vendor().mutations(), 1);
}

#[tokio::test]
async fn a_new_group_that_is_not_shown_yet_is_neither_made_again_nor_missed() {
    let mut world = World::new().await;
    world.vendor().edit(|state| {
        state.add_person(&mail("ana"));
        state.add_person(&mail("joel"));
        state.habits.group_delay = 3;
    });
    world.claim(&["ana"], "groups: [Studio]");
    let (report, calls) = world.pass().await;
    assert_eq!(calls.1, 1, "{:?}", outcomes(&report));
    assert!(outcomes(&report).iter().all(|line| line.ends_with("applied")), "{:?}", outcomes(&report));
    world.claim(&["ana", "joel"], "groups: [Studio]");
    let (report, calls) = world.pass().await;
    assert_eq!(calls.1, 1, "{:?}", outcomes(&report));
    world.minutes_pass(2);
    assert_eq!(world.pass().await.1.1, 0);
    assert_eq!(world.vendor().snapshot().groups["Studio"].len(), 2);
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_as_documented_from_then_on() {
    let world = World::new().await;
    world.add_many(60);
    world.vendor().edit(|state| {
        state.habits.page_max = 50;
        state.habits.page_refused = true;
    });
    let (report, calls) = world.pass().await;
    assert!(report.look.observation.is_complete());
    assert_eq!(calls, (DISCOVERY + 3, 0), "one refusal");
    assert_eq!(world.pass().await.1, (2, 0));
    world.vendor().edit(|state| state.habits.page_refused = false);
    let smaller = World::new().await;
    smaller.add_many(60);
    smaller.vendor().edit(|state| state.habits.page_max = 25);
    let (report, _) = smaller.pass().await;
    assert_eq!(report.look.observation.accounts.len(), 61, "pages that are smaller than asked for are all read");
}
