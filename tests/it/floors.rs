//! The fewest calls: what a pass sends to a plain SCIM server is the floor, at every size of a listing, and not one more.

use appaccess::sim::scim::{Dialect, Recorded};
use appaccess::sync::Report;
use jiff::SignedDuration;
use serde_json::Value;

use crate::support::installation::{Installation, story};

/// Resources in a page, as the harness asks for them.
const PAGE: u64 = 10;
/// Most members in one request, by the generic profile.
const MEMBERS: u64 = 100;
/// `ServiceProviderConfig` and `ResourceTypes`, once a day.
const DISCOVERY: u64 = 2;

fn pages(resources: u64) -> u64 {
    resources.div_ceil(PAGE).max(1)
}

/// A listing of everything.
fn listing(users: u64, groups: u64) -> u64 {
    pages(users) + pages(groups)
}

/// A pass in which nothing differs.
fn steady_calls(declared: &Declared) -> u64 {
    listing(declared.users, declared.groups)
}

/// A read-back: a listing of everything, or what was changed one by one where that is less.
fn read_back(declared: &Declared, changed: u64) -> u64 {
    changed.min(steady_calls(declared))
}

/// The third call of discovery, once per server: a first page that reaches its own total is doubted once, since there
/// are servers whose total is only the size of the page.
fn doubt(users: u64) -> u64 {
    u64::from((1..=PAGE).contains(&users))
}

/// Declares people 1 to `users`, each in all of `groups` groups.
#[derive(Debug)]
struct Declared {
    users: u64,
    groups: u64,
    /// The first person has another mail address.
    renamed: bool,
    /// The last person is in no group.
    left: bool,
}

impl Declared {
    fn mail(&self, number: u64) -> String {
        let name = if number == 1 && self.renamed { "renamed".to_owned() } else { format!("p{number}") };
        format!("{name}@birch.example.com")
    }

    fn declare(&self, world: &mut Installation) {
        let people: Vec<String> = (1..=self.users)
            .map(|number| format!("        - {{id: \"id-{number}\", user: {}}}\n", self.mail(number)))
            .collect();
        let ids: Vec<String> = (1..=self.users).map(|number| format!("id-{number}")).collect();
        let subjects = "subjects: [{directoryGroup: {directory: hr, group: all}}]";
        let mut grants = vec![format!("- name: accounts\n  {subjects}\n")];
        let names: Vec<String> = (0..self.groups).map(|group| format!("G{group}")).collect();
        for (index, names) in names.chunks(50).enumerate() {
            let left =
                if self.left { format!("  except: [{{user: {}}}]\n", self.mail(self.users)) } else { String::new() };
            grants.push(format!("- name: groups-{index}\n  {subjects}\n{left}  groups: [{}]\n", names.join(", ")));
        }
        world.grants(&grants.concat());
        world.add(&format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people: {}\n{}      groups: [{{name: all, members: [{}]}}]\n  \
             domains: [birch.example.com]\n",
            if people.is_empty() { "[]" } else { "" },
            people.concat(),
            ids.join(", ")
        ));
    }
}

/// A pass with its calls, reads and writes, on which the engine and the vendor agree.
async fn counted(world: &Installation) -> (Report, (u64, u64)) {
    world.vendor.clear_requests();
    let report = world.work().await;
    let calls = (report.calls.reads, report.calls.writes);
    assert_eq!(calls, (world.vendor.reads(), world.vendor.mutations()), "{:#?}", world.vendor.requests());
    (report, calls)
}

async fn spent(world: &Installation) -> (u64, u64) {
    counted(world).await.1
}

#[tokio::test]
async fn calls_are_the_floor_for_users_without_groups() {
    for users in [0, 1, PAGE - 1, PAGE, PAGE + 1, 10 * PAGE + 1] {
        every_scenario_takes_the_floor(users, 0).await;
    }
}

#[tokio::test]
async fn calls_are_the_floor_for_users_in_a_group() {
    for users in [1, 2, PAGE - 1, PAGE, PAGE + 1, 10 * PAGE + 1] {
        every_scenario_takes_the_floor(users, 1).await;
    }
}

#[tokio::test]
async fn calls_are_the_floor_for_users_in_many_groups() {
    for (users, groups) in [(2, PAGE - 1), (2, PAGE), (2, PAGE + 1), (PAGE + 1, PAGE + 1), (2, 10 * PAGE + 1)] {
        every_scenario_takes_the_floor(users, groups).await;
    }
}

async fn every_scenario_takes_the_floor(users: u64, groups: u64) {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 500}}");
    let mut declared = Declared { users, groups, renamed: false, left: false };
    declared.declare(&mut world);
    first_sync(&world, &declared).await;
    steady(&world, &declared).await;
    cold_start(&mut world, &declared).await;
    if users > 0 {
        one_user_changed(&mut world, &mut declared).await;
        drift(&world, &declared).await;
    }
    if users > 1 && groups > 0 {
        one_member_leaves(&mut world, &mut declared).await;
    }
}

async fn first_sync(world: &Installation, declared: &Declared) {
    let Declared { users, groups, .. } = *declared;
    let (report, calls) = counted(world).await;
    assert!(report.look.plan.is_in_sync(), "{:#?}", story(&report));
    let changed = users + groups;
    let by_listing = changed >= listing(0, 0);
    let reads = DISCOVERY + listing(0, 0) + read_back(declared, changed) + if by_listing { doubt(users) } else { 0 };
    let writes = users + groups * users.div_ceil(MEMBERS).max(1);
    assert_eq!(calls, (reads, writes), "first sync: {users} users, {groups} groups");
    if !by_listing {
        assert_eq!(spent(world).await, (steady_calls(declared) + doubt(users), 0));
    }
}

async fn steady(world: &Installation, declared: &Declared) {
    assert_eq!(spent(world).await, (steady_calls(declared), 0), "steady: {declared:?}");
}

async fn one_user_changed(world: &mut Installation, declared: &mut Declared) {
    declared.renamed = true;
    declared.declare(world);
    let reads = steady_calls(declared) + read_back(declared, 1);
    assert_eq!(spent(world).await, (reads, 1), "one user changed: {declared:?}");
    assert!(world.active().contains("renamed@birch.example.com"));
}

async fn one_member_leaves(world: &mut Installation, declared: &mut Declared) {
    declared.left = true;
    declared.declare(world);
    assert_eq!(spent(world).await, (steady_calls(declared), 0), "it settles");
    world.wait(SignedDuration::from_mins(1));
    let (report, calls) = counted(world).await;
    // Of more than three removals the first is read back before the rest.
    let canary = u64::from(declared.groups > 3);
    let reads = steady_calls(declared) + canary + read_back(declared, declared.groups - canary);
    assert_eq!(calls, (reads, declared.groups), "one member leaves: {declared:?}: {:#?}", story(&report));
    assert_eq!(world.members("G0").len() as u64, declared.users - 1);
}

async fn cold_start(world: &mut Installation, declared: &Declared) {
    world.forget().await;
    let reads = DISCOVERY + steady_calls(declared) + doubt(declared.users);
    assert_eq!(spent(world).await, (reads, 0), "cold start: {declared:?}");
    steady(world, declared).await;
}

async fn drift(world: &Installation, declared: &Declared) {
    world.vendor.edit(|state| {
        let first = state.user_id("renamed@birch.example.com").unwrap();
        match state.group_id("G0") {
            Some(group) => state.remove_member(&group, &first),
            None => state.set(&first, "active", Value::Bool(false)),
        }
    });
    let reads = steady_calls(declared) + read_back(declared, 1);
    assert_eq!(spent(world).await, (reads, 1), "drift: {declared:?}");
    steady(world, declared).await;
}

#[tokio::test]
async fn one_member_who_leaves_a_group_of_ten_thousand_costs_no_more_than_in_a_group_of_two() {
    let mut world = Installation::with(Dialect { page_cap: 1000, ..Dialect::default() }).await;
    world.page_size = 1000;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    world.vendor.edit(|state| {
        let ids: Vec<String> =
            (0..10_000).map(|number| state.add_user(&format!("p{number}@birch.example.com"))).collect();
        state.add_group("Everyone", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    });
    let account = "- name: account\n  subjects: [{user: p1@birch.example.com}, {user: p2@birch.example.com}]\n";
    let staff = |who: &str| format!("{account}- name: staff\n  subjects: [{who}]\n  groups: [Everyone]");
    world.grants(&staff("{user: p1@birch.example.com}, {user: p2@birch.example.com}"));
    world.work().await;
    world.grants(&staff("{user: p1@birch.example.com}"));
    assert_eq!(spent(&world).await, (10 + 1, 0));

    world.wait(SignedDuration::from_mins(1));
    assert_eq!(spent(&world).await, (10 + 1 + 1, 1));
    assert_eq!(world.members("Everyone").len(), 9_999);
    let sent: Vec<Recorded> = world.vendor.requests().into_iter().filter(Recorded::is_mutation).collect();
    assert!(sent[0].body_bytes < 250, "{} bytes", sent[0].body_bytes);
}
