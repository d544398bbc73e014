//! Clockwise by way of `WorkOS`: the eleventh user moves everybody to the paid plan, and administrators keep their names.

use appaccess::sim::scim::Dialect;
use appaccess_core::{access::Mode, status::Severity};
use serde_json::json;

use super::{counted, directory, subjects};
use crate::support::{
    installation::{Installation, names, story},
    shell::Shell,
};

const ADMIN: &str = "boss@birch.example.com";

async fn clockwise() -> Installation {
    let mut world = Installation::with(Dialect::clockwise(ADMIN)).await;
    world.connector = ", profile: clockwise".to_owned();
    world.page_size = 50;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    world
}

fn people(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("p{number:02}")).collect()
}

fn declare(world: &mut Installation, number: usize) {
    let people = people(number);
    world.grants(&subjects(&people.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[tokio::test]
async fn ten_people_are_free_and_the_eleventh_waits_until_the_owner_has_read_the_trap() {
    let mut world = clockwise().await;
    declare(&mut world, 10);
    world.work().await;
    assert_eq!((world.active().len(), world.vendor.paid_users().len()), (10, 0));

    declare(&mut world, 11);
    let held = world.work().await;
    assert_eq!(story(&held), ["create p10@birch.example.com: Cliff"]);
    assert_eq!(held.severity(Mode::Full), Severity::Held);
    assert_eq!(world.vendor.paid_users().len(), 0, "nobody pays for what nobody decided");
    assert_eq!(story(&world.work().await), ["create p10@birch.example.com: Cliff"]);

    let acknowledged = "mode: Full\nacknowledgedCliffs: [clockwise/paid-plan-cutover]";
    world.app(acknowledged);
    assert_eq!(story(&world.work().await), ["create p10@birch.example.com: applied"]);
    assert_eq!(world.vendor.paid_users().len(), 11);
    assert_eq!(counted(&world).await.1.1, 0);
    declare(&mut world, 12);
    world.app("mode: Full");
    assert_eq!(story(&world.work().await), ["create p11@birch.example.com: applied"], "beyond the trap there is none");
}

#[tokio::test]
async fn a_first_plan_over_the_trap_creates_nobody() {
    let mut world = clockwise().await;
    declare(&mut world, 14);
    let held = world.work().await;
    assert!(story(&held).iter().all(|line| line.ends_with("Cliff")), "{:?}", story(&held));
    assert_eq!(world.active().len(), 0);
}

#[tokio::test]
async fn what_an_administrator_is_called_is_shown_and_left() {
    let mut world = clockwise().await;
    let emails = json!({"emails": [{"value": ADMIN, "type": "work", "primary": true}], "externalId": "1"});
    world.vendor.edit(|state| state.add_user_with(ADMIN, &emails));
    world.grants(&subjects(&["chief"]));
    world.add(&directory(&[("1", "chief", true)]));
    let first = world.work().await;
    assert_eq!(first.severity(Mode::Full), Severity::Done, "{:?}", first.done);
    assert!(world.active().contains(ADMIN), "the vendor keeps the name");
    let (second, (_, sent)) = counted(&world).await;
    assert_eq!((story(&second), sent), (Vec::new(), 0), "what the vendor does not take is not sent again");
    let kinds: Vec<&str> = second.look.plan.drift.iter().map(|drift| drift.kind.as_str()).collect();
    assert_eq!(kinds, ["attribute", "attribute"]);
}

#[tokio::test]
async fn groups_are_pushed_and_a_stranger_is_left_alone() {
    let mut world = clockwise().await;
    world.vendor.edit(|state| state.add_user("stranger@birch.example.com"));
    world.grants(&format!("{}\n  groups: [Planning]", subjects(&["ana", "joel"])));
    world.work().await;
    assert_eq!(world.members("Planning"), names(["ana@birch.example.com", "joel@birch.example.com"]));
    let (quiet, (reads, writes)) = counted(&world).await;
    assert_eq!((quiet.look.plan.counts.unknown, reads, writes), (1, 2, 0));
    assert!(world.active().contains("stranger@birch.example.com"));
}

#[tokio::test]
async fn the_owner_is_told_what_is_known_of_the_product() {
    let world = clockwise().await;
    let report = world.plan().await;
    assert!(report.look.capabilities.notes.iter().any(|note| note.contains("2026-03-27")));
}

#[tokio::test]
async fn the_doctor_warns_of_the_trap_before_it_is_stepped_over_and_of_what_waits() {
    let mut world = clockwise().await;
    declare(&mut world, 9);
    world.app(
        "mode: Full\nseats: {price: \"6.75\", currency: USD, per: month, purchased: 20}\nsafety: {approveFirst: true, settle: 1s}",
    );
    world.work().await;
    let findings = async |world: &Installation| -> Vec<(String, String)> {
        let shell = Shell::new();
        shell.file("secrets/access/token/token", &world.vendor.token());
        shell.file("access/all.yaml", &world.text());
        let looked = shell.run("doctor -f access --secrets secrets --allow-loopback -o json").await;
        assert_eq!(looked.code, 0, "a warning is no failure: {looked:?}");
        let document = looked.document();
        let warnings = document["apps"][0]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["severity"] == "warning");
        let text = |finding: &serde_json::Value, field: &str| finding[field].as_str().unwrap().to_owned();
        warnings.map(|finding| (text(finding, "check"), text(finding, "what"))).collect()
    };
    let warned = findings(&world).await;
    assert!(
        warned.contains(&(
            "Cliff".to_owned(),
            "`clockwise/paid-plan-cutover` comes after 10 active accounts; there are 9".to_owned()
        )),
        "{warned:?}"
    );

    declare(&mut world, 11);
    let warned = findings(&world).await;
    assert!(
        warned.contains(&("Held".to_owned(), "2 changes are held and waiting for a decision".to_owned())),
        "{warned:?}"
    );
}
