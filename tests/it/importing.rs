//! What an import writes leads to an empty plan on every habit of the simulated SCIM vendor, and on servers that others
//! wrote. The other vendors show it in their contract.

use std::collections::BTreeSet;

use appaccess::{
    import,
    load::world,
    sim::scim::{Dialect, Filters, MembersRemoval, Paging, Server},
    sync::{Declared, read_directories},
};
use appaccess_core::{access::ObjectName, plan::Action, status::Failure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    installation::{APP, Installation},
    peers::{Peer, TOKEN},
};

/// Imports, plans with the text, and returns it; or why nothing could be read.
async fn imported<V>(on: &mut Installation<V>, as_teams: bool) -> Result<String, Failure> {
    on.grants("[]");
    let base = on.text().split("---\n").next().unwrap().to_owned();
    on.declare(&base);
    let loaded = on.load();
    let readings = read_directories(&loaded, None, on.now()).await.unwrap();
    let app = ObjectName::parse(APP).unwrap();
    let world = world(&loaded, &readings);
    let held = on.fleet.holdings(Declared { loaded: &loaded, world: &world }, &app, on.now()).await?;
    let source = import::Source {
        policy: &held.policy,
        capabilities: &held.capabilities,
        observation: &held.observation,
        world: &world,
        now: on.now(),
    };
    let text = import::import(&source, &import::Options { as_teams, taken: BTreeSet::new() }).text();
    on.add(&text);
    let plan = on.plan().await.look.plan;
    let other: Vec<_> = plan.changes.iter().filter(|change| change.action != Action::Adopt).collect();
    assert!(other.is_empty() && plan.problems.is_empty(), "{other:#?} {:?}\n{text}", plan.problems);
    Ok(text)
}

fn habits() -> Vec<(&'static str, Dialect)> {
    let rfc = Dialect::default;
    let only = |name: &str| BTreeSet::from([name.to_owned()]);
    vec![
        ("the RFC", rfc()),
        ("filters are ignored", Dialect { filters: Filters::Ignored, ..rfc() }),
        ("filters are refused with 400", Dialect { filters: Filters::Refused(400), ..rfc() }),
        ("filters are refused with 501", Dialect { filters: Filters::Refused(501), ..rfc() }),
        ("paging by index and cursor", Dialect { paging: Paging::IndexAndCursor, page_cap: 2, ..rfc() }),
        ("paging by cursor", Dialect { paging: Paging::Cursor, page_cap: 2, ..rfc() }),
        ("paging ignored", Dialect { paging: Paging::Ignored, ..rfc() }),
        ("paging with the first page only", Dialect { paging: Paging::FirstPageOnly, page_cap: 2, ..rfc() }),
        ("paging that wraps around", Dialect { paging: Paging::WrapsAround, page_cap: 2, ..rfc() }),
        ("paging in small pages", Dialect { page_cap: 2, ..rfc() }),
        ("paging with the total of a page", Dialect { total_is_page_size: true, page_cap: 2, ..rfc() }),
        ("no PATCH", Dialect { patch: false, ..rfc() }),
        ("no PUT", Dialect { put: false, ..rfc() }),
        ("PATCH without a body", Dialect { patch_without_body: true, ..rfc() }),
        ("active without a path", Dialect { active_without_path_only: true, ..rfc() }),
        ("drops a name", Dialect { dropped_attributes: only("displayName"), ..rfc() }),
        ("drops addresses", Dialect { dropped_attributes: only("emails"), ..rfc() }),
        ("drops our key", Dialect { dropped_attributes: only("externalId"), ..rfc() }),
        ("refuses unknown attributes", Dialect { refuses_unknown_attributes: true, ..rfc() }),
        ("deletes softly", Dialect { soft_delete: true, ..rfc() }),
        ("tells letters apart", Dialect { case_sensitive_user_name: true, ..rfc() }),
        ("hides who is switched off", Dialect { inactive_hidden: true, ..rfc() }),
        ("no groups", Dialect { groups: false, ..rfc() }),
        ("lists without members", Dialect { lists_without_members: true, ..rfc() }),
        ("users do not tell their groups", Dialect { users_tell_groups: false, ..rfc() }),
        ("neither tells", Dialect { lists_without_members: true, users_tell_groups: false, ..rfc() }),
        ("members later", Dialect { members_in_create: false, ..rfc() }),
        ("unknown members", Dialect { unknown_members: true, ..rfc() }),
        ("removal by value list", Dialect { members_removal: MembersRemoval::ValueList, ..rfc() }),
        ("removal by both", Dialect { members_removal: MembersRemoval::Both, ..rfc() }),
        ("removal to the letter", Dialect { members_removal: MembersRemoval::Literal, ..rfc() }),
        ("few members at once", Dialect { members_patch_max: Some(1), ..rfc() }),
        ("no versions", Dialect { etag: false, ..rfc() }),
        ("no discovery", Dialect { discovery: false, ..rfc() }),
        ("a status as a number", Dialect { numeric_error_status: true, ..rfc() }),
        ("awkward ids", Dialect { awkward_ids: true, ..rfc() }),
        ("unknown fields", Dialect { unknown_fields: true, ..rfc() }),
        ("no read by id", Dialect { reads_by_id: false, ..rfc() }),
        ("no DELETE", Dialect { delete: false, ..rfc() }),
        ("names are addresses", Dialect { user_name_is_mail: true, ..rfc() }),
        ("clockify", Dialect::clockify()),
        ("workos", Dialect::workos()),
        ("clockwise", Dialect::clockwise("ada@fern.example")),
        ("poggio", Dialect::poggio()),
        ("6sense", Dialect::sixsense()),
    ]
}

/// Four people, one of them switched off, in two groups whose names need care.
fn furnish(vendor: &Server) {
    vendor.edit(|state| {
        let ids: Vec<String> = ["ada", "bo", "cy", "di"]
            .into_iter()
            .map(|name| {
                let mail = format!("{name}@fern.example");
                state.add_user_with(
                    &mail,
                    &json!({"active": name != "di", "emails": [{"value": mail, "primary": true}]}),
                )
            })
            .collect();
        state.add_group("Studio / Nord", &[&ids[0], &ids[1]]);
        state.add_group("on", &[&ids[1], &ids[3]]);
    });
}

#[tokio::test]
async fn an_import_leads_to_an_empty_plan_on_every_habit_of_a_scim_vendor() {
    for (habit, dialect) in habits() {
        for as_teams in [false, true] {
            let is_listable = dialect.listable;
            let mut on = Installation::with(dialect.clone()).await;
            match habit {
                "clockify" | "workos" | "clockwise" | "poggio" | "6sense" => {
                    on.connector = format!(", profile: {habit}");
                }
                _ => {}
            }
            on.app("mode: Full");
            furnish(&on.vendor);
            match imported(&mut on, as_teams).await {
                Ok(text) => {
                    assert!(is_listable, "{habit}");
                    for name in ["ada", "bo", "cy"] {
                        assert!(text.contains(&format!("- user: {name}@fern.example\n")), "{habit}: {text}");
                    }
                    assert!(!text.contains("- user: di@"), "{habit}: {text}");
                }
                Err(failure) => {
                    let is_partial = !is_listable || habit.starts_with("paging");
                    assert!(is_partial, "{habit}: {failure:?}");
                }
            }
            assert_eq!(on.vendor.mutations(), 0, "{habit}");
        }
    }
}

async fn of_a_peer(peer: Peer) -> String {
    let mut ids = Vec::new();
    for name in ["ada", "bo", "cy"] {
        let mail = format!("{name}@fern.example");
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": mail, "active": true,
            "displayName": name, "emails": [{"value": mail, "primary": true, "type": "work"}],
        });
        let made = peer.call(Method::POST, "/Users", Some(&user)).await;
        assert_eq!(made.status, 201, "{made:?}");
        ids.push(made.body["id"].clone());
    }
    for (group, members) in [("Studio", &ids[..2]), ("on", &ids[1..])] {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        let made = json!({"schemas": [schema], "displayName": group, "members": members});
        let made = peer.call(Method::POST, "/Groups", Some(&made)).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let base = peer.base.clone();
    let mut on = Installation::over(peer, &base, TOKEN).await;
    let teams = imported(&mut on, true).await.unwrap();
    assert!(teams.contains("- user: bo@fern.example"), "{teams}");
    imported(&mut on, false).await.unwrap()
}

const OF_A_PEER: &str = "\
    - name: studio
      subjects:
        - user: ada@fern.example
      groups:
        - Studio
    - name: studio-on
      subjects:
        - user: bo@fern.example
      groups:
        - Studio
        - \"on\"
    - name: \"on\"
      subjects:
        - user: cy@fern.example
      groups:
        - \"on\"
";

#[tokio::test]
async fn an_import_from_scim2_server_leads_to_an_empty_plan() {
    let text = of_a_peer(Peer::scim2_server().await).await;
    assert!(text.ends_with(OF_A_PEER), "{text}");
}

#[tokio::test]
async fn an_import_from_scimmy_leads_to_an_empty_plan() {
    let text = of_a_peer(Peer::scimmy().await).await;
    assert!(text.ends_with(OF_A_PEER), "{text}");
}
