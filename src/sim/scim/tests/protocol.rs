//! The vendor in its plain form keeps to the RFC and refuses what does not.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn a_user_lives_from_post_to_delete() {
    let client = Client::plain().await;
    let created = client.create_user("ana@example.com").await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("content-type"), "application/scim+json");
    let id = created.body["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), created.body["meta"]["location"].as_str().unwrap());
    assert_eq!(created.header("etag"), created.body["meta"]["version"].as_str().unwrap());
    let path = format!("/Users/{id}");
    assert_eq!(client.get(&path).await.body, created.body);

    let patched = client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!((patched.status, &patched.body["active"]), (200, &json!(false)));
    let body = json!({"schemas": [USER], "id": id, "userName": "ana2@example.com", "active": true, "title": "Lead"});
    let put = client.write("PUT", &path, body).await;
    assert_eq!((put.status, &put.body["title"]), (200, &json!("Lead")));
    assert_eq!(put.body["meta"]["created"], created.body["meta"]["created"]);

    assert_eq!(client.delete(&path).await.status, 204);
    for reply in [client.get(&path).await, client.delete(&path).await] {
        assert_eq!((reply.status, &reply.body["status"]), (404, &json!("404")));
    }
    assert_eq!(client.create_user("ana2@example.com").await.status, 201);
}

#[tokio::test]
async fn a_user_name_is_unique_without_case() {
    let client = Client::plain().await;
    client.create_user("ana@example.com").await;
    let ben = client.create_user("ben@example.com").await.body["id"].as_str().unwrap().to_owned();
    let again = client.create_user("ANA@example.com").await;
    assert_eq!((again.status, &again.body["scimType"]), (409, &json!("uniqueness")));
    let renamed = json!([{"op": "replace", "path": "userName", "value": "Ana@example.com"}]);
    assert_eq!(client.patch(&format!("/Users/{ben}"), renamed).await.status, 409);
    let own = json!([{"op": "replace", "path": "userName", "value": "BEN@example.com"}]);
    assert_eq!(client.patch(&format!("/Users/{ben}"), own).await.status, 200);
    assert_eq!(client.server.snapshot().users.into_keys().collect::<Vec<_>>(), ["BEN@example.com", "ana@example.com"]);
}

#[tokio::test]
async fn a_wrong_token_is_refused_before_anything_else() {
    let client = Client::plain().await;
    for path in ["/Users", "/nothing", "/Users/x"] {
        let reply = client.send(client.http.get(format!("{}{path}", client.server.base_url()))).await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"));
        let wrong = client.http.get(format!("{}{path}", client.server.base_url())).bearer_auth("wrong");
        assert_eq!(client.send(wrong).await.status, 401);
    }
    assert_eq!(client.server.reads(), 6);
}

#[tokio::test]
async fn pages_come_in_a_stable_order_under_a_cap() {
    let client = Client::with(Dialect { page_cap: 4, ..Dialect::default() }).await;
    client.seed(10);
    let page = client.get("/Users?startIndex=1&count=100").await;
    assert_eq!((page.names(), page.total()), (vec!["u1", "u2", "u3", "u4"], 10));
    assert_eq!((&page.body["startIndex"], &page.body["itemsPerPage"]), (&json!(1), &json!(4)));
    assert_eq!(client.get("/Users?startIndex=9&count=3").await.names(), ["u9", "u10"]);
    assert_eq!(client.get("/Users?startIndex=0&count=1").await.names(), ["u1"]);
    assert!(client.get("/Users?startIndex=11").await.names().is_empty());
    for count in ["0", "-5"] {
        let page = client.get(&format!("/Users?count={count}")).await;
        assert_eq!((page.names().len(), page.total()), (0, 10));
    }
    assert_eq!(client.get("/Users?count=x").await.status, 400);
}

#[tokio::test]
async fn filters_and_projections_are_honoured() {
    let client = Client::plain().await;
    client.server.edit(|state| {
        state.add_user_with(
            "ana@example.com",
            &json!({"externalId": "e1", "title": "Lead", "name": {"givenName": "Ana", "familyName": "R"}}),
        );
        state.add_user("ben@example.com");
    });
    for (query, found) in [
        ("userName+eq+%22ANA@example.com%22", 1),
        ("userName%20eq%20%22nobody%22", 0),
        ("externalId eq \"e1\" and userName eq \"ana@example.com\"", 1),
        ("externalId eq \"E1\"", 0),
        ("meta.lastModified gt \"2026-01-01T00:00:01Z\"", 1),
        ("active eq true", 2),
    ] {
        assert_eq!(client.get(&format!("/Users?filter={query}")).await.total(), found, "{query}");
    }
    let bad = client.get("/Users?filter=userName").await;
    assert_eq!((bad.status, &bad.body["scimType"]), (400, &json!("invalidFilter")));

    let page = client.get("/Users?attributes=userName,name.givenName&count=1").await;
    let keys: BTreeSet<&String> = page.body["Resources"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["id", "name", "schemas", "userName"]);
    assert_eq!(page.body["Resources"][0]["name"], json!({"givenName": "Ana"}));
    let page = client.get("/Users?excludedAttributes=title,meta&count=1").await;
    assert_eq!((page.body["Resources"][0].get("title"), page.body["Resources"][0].get("meta")), (None, None));
    assert_eq!(client.get("/Users?attributes=a&excludedAttributes=b").await.status, 400);
}

#[tokio::test]
async fn groups_hold_members_that_exist_and_lose_the_deleted() {
    let client = Client::plain().await;
    let ids = client.seed(3);
    let body = json!({"schemas": [GROUP], "displayName": "Studio", "members": [{"value": ids[0]}, {"value": ids[0]}]});
    let created = client.write("POST", "/Groups", body).await;
    assert_eq!(created.body["members"], json!([{"value": ids[0], "type": "User"}]));
    let path = format!("/Groups/{}", created.body["id"].as_str().unwrap());
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ids[1]}, {"value": ids[2]}]}]);
    assert_eq!(client.patch(&path, add).await.status, 200);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]);
    assert_eq!(client.patch(&path, add).await.status, 400);
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ids[1])}]);
    assert_eq!(client.patch(&path, remove).await.status, 200);
    let listed = json!([{"op": "remove", "path": "members", "value": [{"value": ids[0]}]}]);
    assert_eq!(client.patch(&path, listed).await.status, 400);
    assert_eq!(client.get(&format!("/Users/{}", ids[0])).await.body["groups"][0]["display"], "Studio");
    client.delete(&format!("/Users/{}", ids[0])).await;
    assert_eq!(client.server.snapshot().groups["Studio"], BTreeSet::from(["u3".to_owned()]));
    let again = client.write("POST", "/Groups", json!({"schemas": [GROUP], "displayName": "STUDIO"})).await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn a_version_guards_against_lost_changes() {
    let client = Client::plain().await;
    let id = client.seed(1).remove(0);
    let path = format!("/Users/{id}");
    let tag = client.get(&path).await.header("etag").to_owned();
    let unchanged = client.send(client.request("GET", &path).header("if-none-match", &tag)).await;
    assert_eq!(unchanged.status, 304);
    client.patch(&path, json!([{"op": "replace", "path": "active", "value": true}])).await;
    assert_eq!(client.get(&path).await.header("etag"), tag, "a change to what is there is no change");
    client.server.edit(|state| state.set(&id, "title", json!("behind your back")));
    let body = json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": false}]});
    let stale = client.request("PATCH", &path).header("content-type", "application/json").header("if-match", &tag);
    assert_eq!(client.send(stale.body(body.to_string())).await.status, 412);
    assert_eq!(client.send(client.request("DELETE", &path).header("if-match", &tag)).await.status, 412);
}

#[tokio::test]
async fn careless_requests_are_refused() {
    let client = Client::plain().await;
    let id = client.seed(1).remove(0);
    let user = format!("/Users/{id}");
    for (method, path, body, status) in [
        ("POST", "/Users", json!({"userName": "x"}), 400),
        ("POST", "/Users", json!({"schemas": [USER]}), 400),
        ("POST", "/Users", json!({"schemas": [USER], "userName": "x", "active": "true"}), 400),
        ("POST", "/Users", json!({"schemas": [USER], "userName": "x", "emails": "x@example.com"}), 400),
        ("POST", "/Users", json!([]), 400),
        ("POST", "/Groups", json!({"schemas": [GROUP]}), 400),
        ("PUT", "/Users/nobody", json!({"schemas": [USER], "userName": "x"}), 404),
        ("PUT", &user, json!({"schemas": [USER], "userName": "x", "id": "other"}), 400),
        ("PATCH", &user, json!({"Operations": [{"op": "add", "path": "title", "value": "x"}]}), 400),
        ("PATCH", &user, json!({"schemas": [PATCH_OP], "Operations": []}), 400),
        (
            "PATCH",
            &user,
            json!({"schemas": [PATCH_OP], "Operations": [{"op": "Add", "path": "title", "value": "x"}]}),
            400,
        ),
        (
            "PATCH",
            &user,
            json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": "False"}]}),
            400,
        ),
        (
            "PATCH",
            &user,
            json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "id", "value": "x"}]}),
            400,
        ),
        ("POST", &user, json!({}), 405),
        ("DELETE", "/Schemas", json!({}), 405),
        ("POST", "/ServiceProviderConfig", json!({}), 405),
        ("POST", "/Bulk", json!({}), 501),
        ("POST", "/users", json!({}), 404),
    ] {
        let reply = client.write(method, path, body.clone()).await;
        assert_eq!(reply.status, status, "{method} {path} {body}");
        assert_eq!(reply.body["schemas"], json!([appaccess_scim::urn::ERROR]), "{method} {path} {body}");
    }
    let text = client.request("POST", "/Users").header("content-type", "text/plain").body("{}");
    assert_eq!(client.send(text).await.status, 415);
    assert_eq!(client.server.snapshot().users.len(), 1);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_unread() {
    let options = Options { body_max: 1000, ..Options::default() };
    let client = Client { server: Server::start(options).await.unwrap(), ..Client::plain().await };
    assert_eq!(client.create_user(&"x".repeat(2000)).await.status, 413);
    assert_eq!(client.create_user("x").await.status, 201);
}

#[tokio::test]
async fn discovery_tells_what_there_is() {
    let client = Client::plain().await;
    let documents = ["ServiceProviderConfig", "ResourceTypes", "Schemas"];
    let mut bodies = Vec::new();
    for document in documents {
        bodies.push(client.get(&format!("/{document}")).await.body.to_string().into_bytes());
    }
    let told = appaccess_scim::discovery::Capabilities::read(Some(&bodies[0]), Some(&bodies[1]), Some(&bodies[2]));
    assert!(told.patch && told.etag && told.groups && told.filter.supported && !told.pagination.cursor);
    assert!(
        told.takes_user_attribute("name.givenName") && told.takes_user_attribute(appaccess_scim::resource::DEPARTMENT)
    );
    assert_eq!(client.get(&format!("/Schemas/{USER}")).await.status, 200);
    assert_eq!(client.get("/Schemas?filter=id eq \"x\"").await.status, 403);
}

#[tokio::test]
async fn the_journal_tells_reads_from_mutations() {
    let client = Client::plain().await;
    client.create_user("ana").await;
    client.create_user("ana").await;
    client.get("/Users?count=1").await;
    assert_eq!((client.server.reads(), client.server.mutations()), (1, 2));
    let requests = client.server.requests();
    let statuses: Vec<Option<u16>> = requests.iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(201), Some(409), Some(200)]);
    let last = requests.last().unwrap();
    assert_eq!((last.method.as_str(), last.path.as_str(), last.query.as_str()), ("GET", "/scim/v2/Users", "count=1"));
    assert!(requests[0].is_mutation() && requests[0].body_bytes > 0 && last.body_bytes == 0);
    client.server.clear_requests();
    assert_eq!((client.server.requests().len(), client.server.reads(), client.server.mutations()), (0, 0, 0));
}

#[tokio::test]
async fn edits_behind_the_back_are_seen_but_not_recorded() {
    let client = Client::plain().await;
    let (ana, group) = client.server.edit(|state| {
        let ana = state.add_user("ana");
        let ben = state.add_user("ben");
        let group = state.add_group("Studio", &[&ana]);
        assert!(
            state.add_member(&group, &ben)
                && state.remove_member(&group, &ana)
                && state.set(&ana, "active", json!(false))
        );
        assert!(!state.remove("nobody") && !state.set("nobody", "title", json!("x")));
        assert_eq!((state.user_id("ANA"), state.group_id("studio")), (Some(ana.clone()), Some(group.clone())));
        (ana, group)
    });
    assert!(client.server.requests().is_empty());
    let snapshot = client.server.snapshot();
    assert!(!snapshot.users["ana"].active);
    assert_eq!(snapshot.groups["Studio"], BTreeSet::from(["ben".to_owned()]));
    assert_eq!(client.get(&format!("/Users/{ana}")).await.body["active"], false);
    client.server.edit(|state| assert!(state.remove(&group) && state.resource(&group).is_none()));
    assert_eq!(client.get("/Groups").await.total(), 0);
}

#[tokio::test]
async fn a_stopped_server_answers_no_more() {
    let client = Client::plain().await;
    let Client { http, server } = client;
    let url = format!("{}/Users", server.base_url());
    server.stop().await;
    assert!(http.get(url).send().await.is_err());
}
