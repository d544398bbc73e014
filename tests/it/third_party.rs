//! The whole engine against SCIM servers that others wrote: joiners, silence, a rename, a leaver, a group emptied.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    installation::{Installation, story},
    peers::{Peer, TOKEN},
    recorder::Recorder,
};

const PEOPLE: usize = 200;
const GROUPS: usize = 10;

/// A server of others, with every request to it noted.
struct Vendor {
    peer: Peer,
    way: Recorder,
}

impl Vendor {
    /// The one resource of this name, as the server tells it.
    async fn one(&self, collection: &str, attribute: &str, name: &str) -> Value {
        let filter = format!("{attribute} eq \"{name}\"");
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter).finish();
        let answer = self.peer.call(Method::GET, &format!("/{collection}?{query}"), None).await;
        assert_eq!(answer.body["totalResults"], 1, "{name}: {answer:?}");
        answer.body["Resources"][0].clone()
    }

    async fn user(&self, name: &str) -> Value {
        self.one("Users", "userName", &format!("{name}@birch.example.com")).await
    }

    async fn members(&self, group: &str) -> usize {
        self.one("Groups", "displayName", group).await["members"].as_array().map_or(0, Vec::len)
    }
}

/// What is declared: everybody has an account, and each tenth of them a group.
#[derive(Default)]
struct Declared {
    renamed: bool,
    left: bool,
    emptied: bool,
}

impl Declared {
    fn declare(&self, world: &mut Installation<Vendor>) {
        let person = |number: usize| {
            let user = if number == 7 && self.renamed { "pat".to_owned() } else { format!("p{number}") };
            let active = !(number == 8 && self.left);
            format!("        - {{id: \"id-{number}\", user: {user}@birch.example.com, active: {active}}}\n")
        };
        let members = |wanted: &dyn Fn(usize) -> bool| -> String {
            let ids: Vec<String> =
                (0..PEOPLE).filter(|number| wanted(*number)).map(|number| format!("id-{number}")).collect();
            ids.join(", ")
        };
        let grant = |name: &str, more: &str| {
            format!("- name: {name}\n  subjects: [{{directoryGroup: {{directory: hr, group: {name}}}}}]\n{more}")
        };
        let mut groups = vec![format!("        - {{name: all, members: [{}]}}\n", members(&|_| true))];
        let mut grants = vec![grant("all", "")];
        for group in 0..GROUPS {
            groups.push(format!(
                "        - {{name: g{group}, members: [{}]}}\n",
                members(&|number| number % GROUPS == group)
            ));
            if !(group == 3 && self.emptied) {
                grants.push(grant(&format!("g{group}"), &format!("  groups: [Group {group}]\n")));
            }
        }
        let people: Vec<String> = (0..PEOPLE).map(person).collect();
        world.grants(&grants.concat());
        world.add(&format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people:\n{}      groups:\n{}  domains: [birch.example.com]\n  leavers: Act\n",
            people.concat(),
            groups.concat()
        ));
    }
}

/// A pass that must work, and how many changes it asked for.
async fn changes_of(world: &Installation<Vendor>) -> usize {
    world.vendor.way.forget();
    let report = world.work().await;
    let changes = world.vendor.way.changes();
    assert!(report.failure.is_none(), "{:?}", report.failure);
    assert_eq!(report.calls.writes, changes.len() as u64);
    assert!(changes.iter().all(|call| call.status.is_some_and(|status| status < 300)), "{changes:#?}");
    assert!(report.done.iter().all(|done| done.outcome.as_str() != "failed"), "{:#?}", story(&report));
    changes.len()
}

async fn people_come_change_and_go(peer: Peer) {
    let way = Recorder::before(&peer.base).await;
    let base = way.base.clone();
    let mut world = Installation::over(Vendor { peer, way }, &base, TOKEN).await;
    world.page_size = 50;
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s, maxRemovals: {people: 200}}");

    Declared::default().declare(&mut world);
    assert_eq!(changes_of(&world).await, PEOPLE + GROUPS, "first sync");
    assert_eq!(world.vendor.members("Group 3").await, PEOPLE / GROUPS);
    assert_eq!(changes_of(&world).await, 0, "a second pass writes nothing");

    let before = world.vendor.user("p7").await;
    Declared { renamed: true, ..Declared::default() }.declare(&mut world);
    assert_eq!(changes_of(&world).await, 1, "a rename");
    let after = world.vendor.user("pat").await;
    assert_eq!((&after["id"], &after["externalId"]), (&before["id"], &Value::from("id-7")));
    assert_eq!(after["emails"][0]["value"], "pat@birch.example.com");

    Declared { renamed: true, left: true, ..Declared::default() }.declare(&mut world);
    assert_eq!(changes_of(&world).await, 2, "a leaver: out of the group, and suspended");
    assert_eq!(world.vendor.user("p8").await["active"], false);
    assert_eq!(world.vendor.members("Group 8").await, PEOPLE / GROUPS - 1);

    Declared { renamed: true, left: true, emptied: true }.declare(&mut world);
    assert_eq!(changes_of(&world).await, 0, "it settles");
    world.wait(SignedDuration::from_mins(1));
    let emptied = changes_of(&world).await;
    assert!(emptied <= 2, "the first, read back, and the rest in one request, not {emptied}");
    assert_eq!(world.vendor.members("Group 3").await, 0);
    assert_eq!(world.vendor.user("p3").await["active"], true);
    assert_eq!(changes_of(&world).await, 0, "silence");
}

#[tokio::test]
async fn scim2_server_follows_joiners_a_rename_a_leaver_and_a_group_emptied() {
    Box::pin(people_come_change_and_go(Peer::scim2_server().await)).await;
}

#[tokio::test]
async fn scimmy_follows_joiners_a_rename_a_leaver_and_a_group_emptied() {
    Box::pin(people_come_change_and_go(Peer::scimmy().await)).await;
}
