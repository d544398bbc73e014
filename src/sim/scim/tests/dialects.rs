//! Each habit by which a vendor departs from the RFC, seen from outside.

use std::collections::BTreeSet;

use super::*;
use crate::sim::scim::{Filters, MembersRemoval, Paging};

fn dialect(edit: impl FnOnce(&mut Dialect)) -> Dialect {
    let mut dialect = Dialect::default();
    edit(&mut dialect);
    dialect
}

#[tokio::test]
async fn a_filter_may_be_ignored_or_refused() {
    let client = Client::with(dialect(|dialect| dialect.filters = Filters::Ignored)).await;
    client.seed(3);
    assert_eq!(client.get("/Users?filter=userName eq \"u1\"").await.total(), 3);
    for status in [400, 501] {
        client.server.edit_dialect(|dialect| dialect.filters = Filters::Refused(status));
        assert_eq!(client.get("/Users?filter=userName eq \"u1\"").await.status, status);
    }
    assert_eq!(client.get("/Users").await.total(), 3);
}

#[tokio::test]
async fn patch_or_put_may_be_refused() {
    let client = Client::with(dialect(|dialect| (dialect.patch, dialect.put) = (false, false))).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    assert_eq!(client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await.status, 501);
    assert_eq!(client.write("PUT", &path, json!({"schemas": [USER], "userName": "u1"})).await.status, 405);
}

#[tokio::test]
async fn attributes_may_be_dropped_silently() {
    let dropped = ["title", "name.givenName", appaccess_scim::resource::DEPARTMENT, "userName"];
    let dropped: BTreeSet<String> = dropped.map(str::to_owned).into();
    let client = Client::with(dialect(|dialect| dialect.dropped_attributes = dropped)).await;
    let extension = appaccess_scim::urn::ENTERPRISE_USER;
    let body = json!({
        "schemas": [USER, extension], "userName": "ana", "title": "Lead", "name": {"givenName": "Ana", "familyName": "R"},
        extension: {"department": "R&D"},
    });
    let created = client.write("POST", "/Users", body).await;
    assert_eq!((created.status, &created.body["userName"]), (201, &json!("ana")));
    assert_eq!(created.body["name"], json!({"familyName": "R"}));
    assert_eq!((created.body.get("title"), created.body.get(extension)), (None, None));
    let path = format!("/Users/{}", created.body["id"].as_str().unwrap());
    let patched = client.patch(&path, json!([{"op": "add", "path": "title", "value": "Lead"}])).await;
    assert_eq!((patched.status, patched.body.get("title")), (200, None));
}

#[tokio::test]
async fn unknown_attributes_may_be_refused() {
    let client = Client::with(dialect(|dialect| dialect.refuses_unknown_attributes = true)).await;
    let body = json!({"schemas": [USER], "userName": "ana", "shoeSize": 44});
    assert_eq!(client.write("POST", "/Users", body.clone()).await.status, 400);
    client.server.edit_dialect(|dialect| dialect.refuses_unknown_attributes = false);
    assert_eq!(client.write("POST", "/Users", body).await.body.get("shoeSize"), None);
}

#[tokio::test]
async fn paging_may_be_ignored_or_start_over() {
    let client = Client::with(dialect(|dialect| dialect.paging = Paging::Ignored)).await;
    client.seed(25);
    assert_eq!(client.get("/Users?startIndex=11&count=10").await.names().len(), 25);
    client.server.edit_dialect(|dialect| dialect.paging = Paging::FirstPageOnly);
    let second = client.get("/Users?startIndex=11&count=10").await;
    assert_eq!((second.names()[0], second.names().len(), second.total()), ("u1", 10, 25));
    client.server.edit_dialect(|dialect| dialect.paging = Paging::WrapsAround);
    assert_eq!(client.get("/Users?startIndex=11&count=10").await.names()[0], "u11");
    assert_eq!(client.get("/Users?startIndex=26&count=10").await.names()[0], "u1");
    client.server.edit_dialect(|dialect| dialect.total_is_page_size = true);
    assert_eq!(client.get("/Users?count=10").await.total(), 10);
}

#[tokio::test]
async fn cursors_lead_through_the_whole_listing() {
    let client =
        Client::with(dialect(|dialect| (dialect.paging, dialect.page_cap) = (Paging::IndexAndCursor, 2))).await;
    client.seed(5);
    assert_eq!(client.get("/Users").await.body.get("nextCursor"), None);
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/Users?cursor={cursor}&count=10")).await;
        names.extend(page.names().into_iter().map(str::to_owned));
        match page.body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(names, ["u1", "u2", "u3", "u4", "u5"]);
    assert_eq!(client.get("/Users?cursor=zzz").await.body["scimType"], "invalidCursor");
    client.server.edit_dialect(|dialect| dialect.paging = Paging::Cursor);
    assert!(client.get("/Users").await.body["nextCursor"].is_string());
}

#[tokio::test]
async fn delete_may_only_switch_off() {
    let client = Client::with(dialect(|dialect| dialect.soft_delete = true)).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.body["active"], false);
    assert_eq!(client.create_user("u1").await.status, 409);
}

#[tokio::test]
async fn user_names_may_differ_by_case() {
    let client = Client::with(dialect(|dialect| dialect.case_sensitive_user_name = true)).await;
    client.seed(1);
    assert_eq!(client.get("/Users?filter=userName eq \"U1\"").await.total(), 0);
    assert_eq!(client.create_user("U1").await.status, 201);
    assert_eq!(client.create_user("U1").await.status, 409);
}

#[tokio::test]
async fn users_that_are_switched_off_may_be_hidden() {
    let client = Client::with(dialect(|dialect| dialect.inactive_hidden = true)).await;
    let id = client.seed(2).remove(0);
    let path = format!("/Users/{id}");
    client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!(client.get(&path).await.status, 404);
    assert_eq!(client.get("/Users").await.names(), ["u2"]);
    assert_eq!(client.get("/Users?filter=userName eq \"u1\"").await.total(), 0);
    client.patch(&path, json!([{"op": "replace", "path": "active", "value": true}])).await;
    assert_eq!(client.get(&path).await.status, 200);
}

#[tokio::test]
async fn there_may_be_no_groups() {
    let client = Client::with(dialect(|dialect| dialect.groups = false)).await;
    client.seed(1);
    assert_eq!(client.get("/Groups").await.status, 404);
    assert_eq!(client.get("/ResourceTypes").await.total(), 1);
    assert_eq!(client.get("/Users").await.total(), 1);
}

#[tokio::test]
async fn members_may_be_missing_from_listings_and_ignored_on_create() {
    let edit = |dialect: &mut Dialect| (dialect.lists_without_members, dialect.members_in_create) = (true, false);
    let client = Client::with(dialect(|dialect| {
        edit(dialect);
    }))
    .await;
    let ids = client.seed(1);
    let body = json!({"schemas": [GROUP], "displayName": "Studio", "members": [{"value": ids[0]}]});
    let created = client.write("POST", "/Groups", body).await;
    assert_eq!((created.status, created.body.get("members")), (201, None));
    let path = format!("/Groups/{}", created.body["id"].as_str().unwrap());
    client.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": ids[0]}]}])).await;
    assert_eq!(client.get(&path).await.body["members"].as_array().unwrap().len(), 1);
    assert_eq!(client.get("/Groups").await.body["Resources"][0].get("members"), None);
}

#[tokio::test]
async fn removals_of_members_are_understood_in_one_form_or_both_or_to_the_letter() {
    for (habit, by_filter, by_list) in [
        (MembersRemoval::Filter, Some(2), None),
        (MembersRemoval::ValueList, None, Some(2)),
        (MembersRemoval::Both, Some(2), Some(2)),
        (MembersRemoval::Literal, Some(2), Some(0)),
    ] {
        let client = Client::with(dialect(|dialect| dialect.members_removal = habit)).await;
        let ids = client.seed(3);
        let members: Vec<&str> = ids.iter().map(String::as_str).collect();
        let forms = [
            (json!({"op": "remove", "path": format!("members[value eq \"{}\"]", ids[0])}), by_filter),
            (json!({"op": "remove", "path": "members", "value": [{"value": ids[0]}]}), by_list),
        ];
        for (number, (operation, left)) in forms.into_iter().enumerate() {
            let name = format!("Studio {number}");
            let group = client.server.edit(|state| state.add_group(&name, &members));
            let reply = client.patch(&format!("/Groups/{group}"), json!([operation])).await;
            assert_eq!(reply.status, if left.is_some() { 200 } else { 400 }, "{habit:?}");
            assert_eq!(client.server.snapshot().groups[&name].len(), left.unwrap_or(3), "{habit:?}");
        }
    }
}

#[tokio::test]
async fn member_changes_may_be_limited() {
    let client = Client::with(dialect(|dialect| dialect.members_patch_max = Some(2))).await;
    let ids = client.seed(3);
    let group = client.server.edit(|state| state.add_group("Studio", &[]));
    let add = |ids: &[String]| {
        let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
        json!([{"op": "add", "path": "members", "value": members}])
    };
    assert_eq!(client.patch(&format!("/Groups/{group}"), add(&ids)).await.status, 400);
    assert_eq!(client.patch(&format!("/Groups/{group}"), add(&ids[..2])).await.status, 200);
}

#[tokio::test]
async fn unknown_members_may_be_taken() {
    let client = Client::with(dialect(|dialect| dialect.unknown_members = true)).await;
    let body = json!({"schemas": [GROUP], "displayName": "Studio", "members": [{"value": "later"}]});
    assert_eq!(client.write("POST", "/Groups", body).await.status, 201);
}

#[tokio::test]
async fn active_may_be_taken_only_without_a_path() {
    let client = Client::with(dialect(|dialect| dialect.active_without_path_only = true)).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    assert_eq!(client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await.status, 400);
    assert_eq!(client.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await.status, 200);
    assert!(!client.server.snapshot().users["u1"].active);
}

#[tokio::test]
async fn patch_may_answer_without_a_body_and_versions_may_be_missing() {
    let client = Client::with(dialect(|dialect| (dialect.patch_without_body, dialect.etag) = (true, false))).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    let reply = client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!((reply.status, reply.body), (204, Value::Null));
    let read = client.get(&path).await;
    assert_eq!((read.header("etag"), read.body["meta"].get("version")), ("", None));
    assert_eq!(client.send(client.request("DELETE", &path).header("if-match", "\"old\"")).await.status, 204);
}

#[tokio::test]
async fn discovery_and_the_groups_of_users_may_be_missing_and_statuses_numbers() {
    let client = Client::with(dialect(|dialect| {
        (dialect.discovery, dialect.numeric_error_status, dialect.users_tell_groups) = (false, true, false);
    }))
    .await;
    let reply = client.get("/ServiceProviderConfig").await;
    assert_eq!((reply.status, &reply.body["status"]), (404, &json!(404)));
    let ids = client.seed(1);
    client.server.edit(|state| state.add_group("Studio", &[&ids[0]]));
    assert_eq!(client.get(&format!("/Users/{}", ids[0])).await.body.get("groups"), None);
}

#[tokio::test]
async fn awkward_ids_must_be_escaped_in_paths() {
    let client = Client::with(dialect(|dialect| dialect.awkward_ids = true)).await;
    let created = client.create_user("ana").await;
    let id = created.body["id"].as_str().unwrap();
    assert!(id.contains('/') && id.contains('&') && id.contains('?'));
    assert_eq!(client.get(&format!("/Users/{id}")).await.status, 404);
    let path = created.header("location").strip_prefix(client.server.base_url()).unwrap().to_owned();
    assert_eq!(client.get(&path).await.body["id"], id);
}
