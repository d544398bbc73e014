//! The same over the program that people run: files in, exit codes out.

use secrecy::ExposeSecret;

use crate::{
    contract::{
        Stand,
        world::{World, mail},
    },
    support::shell::Shell,
};

pub(in crate::contract) async fn the_command_line_does_the_same<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("stranger"));
    let shell = Shell::new();
    for (key, value) in world.stand().keys() {
        shell.file(&format!("secrets/access/token/{key}"), value.expose_secret());
    }
    let run = async |command: &str| {
        let line = format!("{command} -f access --secrets secrets --allow-loopback -o json");
        shell.run(&line).await
    };

    world.claim_of_directory(&["ana", "joel"], &[], &[S::STUDIO]);
    shell.file("access/all.yaml", &world.on.text());
    let valid = shell.run("validate -f access").await;
    assert_eq!(valid.code, 0, "{valid:?}");
    let plan = run("plan --detailed-exitcode").await;
    assert_eq!(plan.code, 2, "{plan:?}");
    assert!(world.seen("ana").is_none());

    for pass in 0..3 {
        world.forget_requests();
        let applied = run("apply --yes").await;
        assert_eq!(applied.code, 0, "pass {pass}: {applied:?}");
        world.stand().accept_invitations();
    }
    assert_eq!(world.mutations(), 0, "the last pass was silent");
    assert!(world.holds("ana", &S::STUDIO) && world.holds("joel", &S::STUDIO));

    world.claim_of_directory(&["ana", "joel"], &["joel"], &[S::STUDIO]);
    shell.file("access/all.yaml", &world.on.text());
    let applied = run("apply --yes").await;
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(!world.is_in("joel") && world.is_in("ana") && world.is_in("stranger"));
    let plan = run("plan --detailed-exitcode").await;
    assert_eq!(plan.code, 0, "{plan:?}");
}

pub(in crate::contract) async fn the_doctor_finds_it_well_and_changes_nothing<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.settle().await;
    world.stand().accept_invitations();
    world.forget_requests();
    let shell = Shell::new();
    for (key, value) in world.stand().keys() {
        shell.file(&format!("secrets/access/token/{key}"), value.expose_secret());
    }
    shell.file("access/all.yaml", &world.on.text());
    let well = shell.run("doctor -f access --secrets secrets --allow-loopback -o json").await;
    assert_eq!(well.code, 0, "{well:?}");
    let document = well.document();
    let app = &document["apps"][0];
    assert_eq!(app["complete"], true);
    let findings = app["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["severity"] != "error"), "{findings:?}");
    for check in ["Credential", "Capabilities", "Listing", "Quota"] {
        assert!(findings.iter().any(|finding| finding["check"] == check), "{check} is missing in {findings:?}");
    }
    assert_eq!(world.mutations(), 0);
    assert_eq!(app["calls"]["reads"], world.reads(), "every request is counted");

    world.stand().expire_key();
    let ill = shell.run("doctor -f access --secrets secrets --allow-loopback -o json").await;
    assert_eq!(ill.code, 1, "{ill:?}");
    let findings = ill.document()["apps"][0]["findings"].clone();
    let wrong = findings.as_array().unwrap().iter().find(|finding| finding["severity"] == "error").cloned().unwrap();
    assert_eq!(wrong["check"], "Credential");
    assert!(wrong["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{wrong}");
}
