//! Poggio: users by mail address, no groups, no listing. Everything is known person by person.

use appaccess::sim::scim::{Dialect, Fault, Filters};
use appaccess_core::{
    access::{Completeness, Mode},
    status::Severity,
};
use jiff::SignedDuration;

use super::{counted, directory, problems, subjects};
use crate::support::installation::{Installation, names, story};

async fn poggio_with(dialect: Dialect) -> Installation {
    let mut world = Installation::with(dialect).await;
    world.connector = ", profile: poggio".to_owned();
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    world
}

async fn poggio() -> Installation {
    poggio_with(Dialect::poggio()).await
}

#[tokio::test]
async fn people_are_looked_up_one_by_one_created_once_and_then_left_in_peace() {
    let mut world = poggio().await;
    world.vendor.edit(|state| state.add_user("joel@birch.example.com"));
    world.vendor.edit(|state| state.add_user("stranger@birch.example.com"));
    world.grants(&subjects(&["ana", "joel"]));

    let planned = world.plan().await;
    assert_eq!(planned.look.plan.to_be_sent().count(), 1, "only Ana is to be created");
    assert_eq!(world.vendor.mutations(), 0);
    let first = world.work().await;
    assert_eq!(story(&first), ["create ana@birch.example.com: applied"]);
    assert_eq!(first.look.observation.completeness, Completeness::NotListable);
    assert_eq!(first.severity(Mode::Full), Severity::Done, "an app without a listing is no error");
    let read = first.conditions(Mode::Full).into_iter().find(|condition| condition.kind == "ReadComplete").unwrap();
    assert_eq!(&*read.reason, "NotListable");
    assert!(read.message.contains("never seen"), "{}", read.message);

    let writes = world.store.writes();
    let (quiet, (_, sent)) = counted(&world).await;
    assert_eq!((story(&quiet), sent, world.store.writes()), (Vec::new(), 0, writes));
    assert_eq!(quiet.look.plan.counts.in_sync, 2);
    assert!(quiet.look.plan.drift.is_empty(), "a stranger is never seen");
    assert!(world.active().contains("stranger@birch.example.com"));
}

#[tokio::test]
async fn calls_are_the_floor_of_an_app_that_is_read_person_by_person() {
    for people in [2, 3, 7] {
        let mut world = poggio().await;
        let staff: Vec<String> = (0..people).map(|number| format!("p{number}")).collect();
        let staff: Vec<&str> = staff.iter().map(String::as_str).collect();
        world.grants(&subjects(&staff));
        let people = u64::try_from(people).unwrap();
        // Discovery once a day; a look-up, a creation and a read-back for each.
        assert_eq!(counted(&world).await.1, (2 + 2 * people, people));
        assert_eq!(counted(&world).await.1, (people, 0), "a steady pass asks once for each");
        world.grants(&subjects(&staff[1..]));
        world.work().await;
        world.wait(SignedDuration::from_mins(1));
        assert_eq!(counted(&world).await.1, (people - 1 + 1, 1), "a removal is sent and read back");
        assert_eq!(counted(&world).await.1, (people - 1, 0), "whoever is out is not asked for again");
    }
}

#[tokio::test]
async fn a_leaver_goes_by_the_id_of_the_account_and_comes_back_to_the_same() {
    let mut world = poggio().await;
    world.grants(&subjects(&["ana", "lea"]));
    world.add(&directory(&[("1", "ana", true), ("2", "lea", true)]));
    world.work().await;
    let id = world.vendor.snapshot().users["lea@birch.example.com"].id.clone();

    world.grants(&subjects(&["ana", "lea"]));
    world.add(&directory(&[("1", "ana", true), ("2", "lea", false)]));
    assert_eq!(story(&world.work().await), ["suspend lea@birch.example.com: applied"]);
    assert_eq!(world.active(), names(["ana@birch.example.com"]));
    assert_eq!(story(&world.work().await), [""; 0]);

    world.grants(&subjects(&["ana", "lea"]));
    world.add(&directory(&[("1", "ana", true), ("2", "lea", true)]));
    assert_eq!(story(&world.work().await), ["activate lea@birch.example.com: applied"]);
    assert_eq!(world.vendor.snapshot().users["lea@birch.example.com"].id, id);
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn a_new_address_is_an_update_of_the_same_account() {
    let mut world = poggio().await;
    world.grants(&subjects(&["lea"]));
    world.add(&directory(&[("2", "lea", true)]));
    world.work().await;
    let id = world.vendor.snapshot().users["lea@birch.example.com"].id.clone();
    world.grants(&subjects(&["lea.smith"]));
    world.add(&directory(&[("2", "lea.smith", true)]));
    assert_eq!(story(&world.work().await), ["update lea.smith@birch.example.com: applied"]);
    let users = world.vendor.snapshot().users;
    assert_eq!(users.len(), 1);
    assert_eq!(users["lea.smith@birch.example.com"].id, id);
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn groups_and_roles_are_refused_alone_and_with_a_reason() {
    let mut world = poggio().await;
    let grants = format!(
        "{}\n- name: grouped\n  subjects: [{{user: joel@birch.example.com}}]\n  groups: [Sales]\n- name: ranked\n  \
         subjects: [{{user: kim@birch.example.com}}]\n  roles: [admin]",
        subjects(&["ana"])
    );
    world.grants(&grants);
    let report = world.work().await;
    assert_eq!(world.active().len(), 3, "the accounts themselves are there");
    let problems = problems(&report);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("no group") && problems[1].contains("no role"), "{problems:?}");
}

#[tokio::test]
async fn without_a_look_up_somebody_is_created_once_and_taken_names_wait_for_a_decision() {
    for (filters, listable) in
        [(Filters::Refused(501), false), (Filters::Refused(400), false), (Filters::Ignored, true)]
    {
        let mut world = poggio_with(Dialect { filters, listable, ..Dialect::poggio() }).await;
        let taken = world.vendor.edit(|state| state.add_user("joel@birch.example.com"));
        world.grants(&subjects(&["ana", "joel"]));
        let first = world.work().await;
        assert_eq!(
            story(&first),
            ["create ana@birch.example.com: applied", "create joel@birch.example.com: AmbiguousMatch"],
            "{filters:?}"
        );
        let (second, (_, sent)) = counted(&world).await;
        assert_eq!(story(&second), ["create joel@birch.example.com: AmbiguousMatch"]);
        assert_eq!(sent, 0, "what was answered with a conflict is not tried again");
        assert_eq!(second.severity(Mode::Full), Severity::Held);
        assert_eq!(world.vendor.snapshot().users.len(), 2);

        world.app(&format!("mode: Full\naccounts: [{{person: joel@birch.example.com, id: {taken}}}]"));
        let linked = world.work().await;
        assert_eq!(story(&linked), [""; 0], "its owner said whose account it is");
        assert_eq!(linked.look.plan.counts.in_sync, 2);
        assert_eq!(linked.look.plan.hold, None);
    }
}

#[tokio::test]
async fn what_was_created_and_cannot_be_read_is_believed_and_taken_back_by_its_id() {
    let blind = Dialect { reads_by_id: false, filters: Filters::Refused(501), ..Dialect::poggio() };
    let mut world = poggio_with(blind).await;
    world.grants(&subjects(&["ana", "lea"]));
    let first = world.work().await;
    assert_eq!(story(&first), ["create ana@birch.example.com: unverified", "create lea@birch.example.com: unverified"]);
    let (second, calls) = counted(&world).await;
    assert_eq!((story(&second), calls), (Vec::new(), (0, 0)), "nothing can be asked, and nothing is to be done");
    assert_eq!((second.look.plan.counts.in_sync, second.look.plan.counts.missing), (2, 0));

    world.grants(&subjects(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    assert_eq!(story(&world.work().await), ["suspend lea@birch.example.com: unverified"]);
    assert_eq!(world.active(), names(["ana@birch.example.com"]));
    assert_eq!(counted(&world).await.1, (0, 0));

    world.grants(&subjects(&["ana", "lea"]));
    assert_eq!(story(&world.work().await), ["activate lea@birch.example.com: unverified"]);
    assert_eq!(world.active().len(), 2);
    assert_eq!(counted(&world).await.1, (0, 0));
}

#[tokio::test]
async fn an_error_after_the_creation_makes_no_second_account() {
    let mut world = poggio().await;
    world.grants(&subjects(&["ana"]));
    world.vendor.fault(Fault::after_commit(500).on_path("/Users"));
    world.pass().await;
    world.work().await;
    assert_eq!(world.vendor.snapshot().users.len(), 1);
    assert_eq!(counted(&world).await.1, (1, 0));
}

#[tokio::test]
async fn a_login_that_is_no_mail_address_is_refused_before_it_is_sent() {
    let mut world = poggio().await;
    world.grants("- name: bots\n  subjects: [{service: build-bot}]");
    let report = world.work().await;
    assert_eq!(story(&report), ["create build-bot: failed"]);
    assert_eq!(world.vendor.snapshot().users.len(), 0);
}
