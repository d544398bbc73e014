//! The examples of SCIM apps that are no stand of the contract: run as they stand, but for address, name and mode.

use appaccess::sim::scim::Dialect;

use crate::support::{
    installation::{Installation, names},
    tools::repository,
};

/// Runs an example until it is silent; everybody in the app after it.
async fn run(file: &str, app: &str, address: &str, dialect: Dialect) -> Installation {
    let mut world = Installation::with(dialect).await;
    let text = std::fs::read_to_string(repository().join("examples/apps").join(file)).unwrap();
    let ours = text
        .replace(address, world.vendor.base_url())
        .replace(&format!("metadata: {{name: {app}, namespace: access}}"), "metadata: {name: app, namespace: access}")
        .replace(&format!("appRef: {{name: {app}}}"), "appRef: {name: app}")
        .replace("mode: Observe", "mode: Full");
    assert!(ours.contains(world.vendor.base_url()) && ours.contains("name: app,"), "{ours}");
    world.declare(&ours);
    let report = world.work().await;
    let claims = report.look.desired.reports.values().flat_map(|report| &report.problems);
    assert_eq!(claims.chain(&report.look.plan.problems).count(), 0);
    world.vendor.clear_requests();
    world.work().await;
    assert_eq!(world.vendor.mutations(), 0, "then it is silent");
    world
}

#[tokio::test]
async fn the_example_of_poggio_comes_true() {
    let world = run("poggio.yaml", "poggio", "https://poggio.example.com/scim/v2", Dialect::poggio()).await;
    assert_eq!(world.active(), names(["ana@birch.example", "joel@birch.example"]));
}

#[tokio::test]
async fn the_example_of_6sense_comes_true() {
    let world = run("6sense.yaml", "6sense", "https://sixsense.example.com/scim/v2", Dialect::sixsense()).await;
    assert!(world.active().contains("mara@birch.example"), "{:?}", world.active());
}
