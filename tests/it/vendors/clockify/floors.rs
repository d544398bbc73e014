//! The exact number of requests, counted by the simulator.

use super::*;

/// Reads and changing requests since the last clearing.
fn calls(world: &World) -> (u64, u64) {
    (world.vendor.reads(), world.vendor.mutations())
}

fn many(people: u64) -> Vec<String> {
    (0..people).map(|number| format!("p{number}")).collect()
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_first_sync_takes_its_floor() {
    for people in [1_u64, 2, 20, 21, 60] {
        let mut world = workspace().await;
        world.grants(&studio(&borrowed(&many(people))));
        let report = world.work().await;
        assert!(failures(&report).is_empty());
        // Discovery; users, workspace, groups and the search for admin and owner; ids of the invited; read back.
        let reads = 3 + 5 + people.div_ceil(20) + 3;
        // The group, the invitations, the members.
        assert_eq!(calls(&world), (reads, 1 + 2 * people), "{people} people");
        assert_eq!((report.calls.reads, report.calls.writes), calls(&world), "every request is counted");
        world.vendor.clear_requests();
        assert!(world.work().await.look.plan.is_in_sync());
        assert_eq!(calls(&world), (3, 0));
    }
}

#[tokio::test]
async fn a_steady_pass_takes_a_page_for_each_two_hundred_people() {
    for people in [0_u64, 197, 198, 450] {
        let mut world = workspace().await;
        seed(&world, &borrowed(&many(people)));
        seed(&world, &["ana"]);
        world.grants(&grant("staff", &["ana"], "groups: []"));
        world.work().await;
        world.vendor.clear_requests();
        world.work().await;
        assert_eq!(calls(&world), ((people + 3).div_ceil(200) + 1, 0), "{people} people");
        world.wait(SignedDuration::from_hours(25));
        world.vendor.clear_requests();
        world.work().await;
        assert_eq!(calls(&world), ((people + 3).div_ceil(200) + 1 + 3, 0), "discovery is made again once a day");
    }
}

#[tokio::test]
async fn one_change_in_a_large_workspace_is_read_back_alone() {
    let mut world = workspace().await;
    seed(&world, &borrowed(&many(450)));
    world.grants(&studio(&["p1", "p2"]));
    world.work().await;
    world.grants(&studio(&["p1"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.vendor.clear_requests();
    let report = world.work().await;
    assert_eq!(
        story(&report),
        ["revoke p2@birch.example.com group Studio: applied", "suspend p2@birch.example.com: applied"]
    );
    // Three pages of users, workspace and groups; then the groups and one person again.
    assert_eq!(calls(&world), (5 + 2, 2));
}

#[tokio::test]
async fn one_page_larger_than_the_server_s_is_read_whole() {
    for tells_last_page in [true, false] {
        let mut world = workspace().await;
        world.vendor.edit(|state| (state.page_max, state.tells_last_page) = (50, tells_last_page));
        seed(&world, &borrowed(&many(120)));
        world.grants(&grant("staff", &["p1"], "groups: []"));
        let report = world.work().await;
        assert!(report.look.observation.is_complete(), "{:?}", report.look.observation.completeness);
        assert_eq!(report.look.observation.accounts.len(), 122);
    }
}
