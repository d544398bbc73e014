//! The example of a connector's page, run as it stands but for the address of the app.

use serde::Deserialize as _;
use serde_yaml::Value;

use crate::{
    contract::{Stand, world::World},
    support::{installation::APP, tools::repository},
};

/// The documents of the example, for the target app of the installation.
fn documents<S: Stand>(stand: &S, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(repository().join("examples").join(file)).unwrap();
    let mut documents: Vec<Value> =
        serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap()).collect();
    let (namespace, name) = APP.split_once('/').unwrap();
    for document in &mut documents {
        document["metadata"]["namespace"] = namespace.into();
        match document["kind"].as_str().unwrap() {
            "TargetApp" => {
                document["metadata"]["name"] = name.into();
                document["spec"]["connector"] = serde_yaml::from_str(&stand.connector()).unwrap();
                document["spec"]["mode"] = "Full".into();
                document["spec"]["rateLimit"] = serde_yaml::from_str("{requests: 100000, per: 1s}").unwrap();
                document["spec"]["credentials"].as_mapping_mut().unwrap().remove("hosts");
            }
            "AppAccess" => document["spec"]["appRef"] = serde_yaml::from_str(&format!("{{name: {name}}}")).unwrap(),
            _ => {}
        }
    }
    documents
}

/// The entries of a list, where there is one.
fn each<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_sequence).into_iter().flatten()
}

pub(in crate::contract) async fn the_example_of_its_page_comes_true<S: Stand>() {
    let mut world = World::<S>::new().await;
    let file = S::EXAMPLE.expect("each connector has an example, or says why not");
    let documents = documents(world.stand(), file);
    let grants: Vec<&Value> = documents.iter().flat_map(|document| each(&document["spec"], "grants")).collect();
    assert!(!grants.is_empty(), "{file} declares somebody");
    for grant in &grants {
        each(grant, "groups").for_each(|name| world.stand().provide("group", name.as_str().unwrap()));
        for entitlement in each(grant, "entitlements") {
            let text = |field: &str| entitlement[field].as_str().unwrap();
            world.stand().provide(text("type"), text("name"));
        }
    }
    let whole: Vec<String> = documents.iter().map(|document| serde_yaml::to_string(document).unwrap()).collect();
    world.on.declare(&whole.join("---\n"));
    for _ in 0..2 {
        let report = world.settle().await;
        let problems: Vec<_> = report.look.desired.reports.values().flat_map(|report| &report.problems).collect();
        assert!(
            problems.is_empty() && report.look.plan.problems.is_empty(),
            "{problems:?} {:?}",
            report.look.plan.problems
        );
        assert_eq!(report.look.plan.hold, None);
        world.stand().accept_invitations();
    }
    let people = world.stand().people();
    for user in grants.iter().flat_map(|grant| each(grant, "subjects")).filter_map(|subject| subject["user"].as_str()) {
        assert!(people.contains_key(user), "{user} is in: {people:?}");
    }
    world.pass().await;
    world.forget_requests();
    world.pass().await;
    assert_eq!(world.mutations(), 0, "then it is silent");
}
