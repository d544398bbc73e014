//! What an app holds, written down.

use secrecy::ExposeSecret;

use crate::{
    contract::{
        Stand,
        world::{World, mail},
    },
    support::shell::Shell,
};

pub(in crate::contract) async fn a_plan_with_an_import_has_nothing_to_do<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.stand().seed(&mail("old"));
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.settle().await;
    world.everybody_accepts().await;
    world.claim(&["ana", "joel", "zoe"], &[S::STUDIO]);
    world.settle().await;
    world.forget_requests();

    let shell = Shell::new();
    for (key, value) in world.stand().keys() {
        shell.file(&format!("secrets/access/token/{key}"), value.expose_secret());
    }
    world.grants(&[]);
    let base = world.on.text();
    let base = base.split("---\n").next().unwrap_or_default();
    shell.file("app.yaml", base);
    let reach = "--secrets secrets --allow-loopback";
    let imported = shell.run(&format!("import -f app.yaml --app access/app {reach}")).await;
    assert_eq!(imported.code, 0, "{imported:?}");
    shell.file("imported.yaml", &imported.stdout);
    for name in ["ana", "joel", "zoe", "old"] {
        assert!(imported.stdout.contains(&format!("- user: {}", mail(name))), "{name}: {imported:?}");
    }
    let plan = shell.run(&format!("plan -f app.yaml -f imported.yaml {reach} --detailed-exitcode -o json")).await;
    assert_eq!(plan.code, 0, "{plan:?}\n{}", imported.stdout);
    let document = plan.document();
    let changes = document["apps"][0]["changes"].as_array().expect("a list");
    let others: Vec<_> = changes.iter().filter(|change| change["action"] != "adopt").collect();
    assert!(!changes.is_empty() && others.is_empty(), "{others:#?}\n{}", imported.stdout);
    assert_eq!(world.mutations(), 0);
}
