//! What is particular to the vendors that have a profile, seen from outside.

use super::*;

#[tokio::test]
async fn an_app_without_an_import_tells_one_user_and_never_all() {
    for dialect in [Dialect::poggio(), Dialect::sixsense()] {
        let client = Client::with(dialect).await;
        let id = client.server.edit(|state| state.add_user("ana@birch.example.com"));
        assert_eq!(client.get("/Users").await.status, 403);
        assert_eq!(client.get("/Users?filter=active eq true").await.status, 403);
        assert_eq!(client.get("/Users?filter=userName eq \"ana@birch.example.com\"").await.total(), 1);
        assert_eq!(client.get("/Users?filter=userName eq \"joel@birch.example.com\"").await.total(), 0);
        assert_eq!(client.get(&format!("/Users/{id}")).await.status, 200);
        assert_eq!(client.get("/Groups").await.status, 404);
        assert_eq!(client.delete(&format!("/Users/{id}")).await.status, 405);
        assert_eq!(client.create_user("no mail address").await.status, 400);
    }
}

#[tokio::test]
async fn poggio_takes_few_attributes_and_refuses_the_others() {
    let client = Client::with(Dialect::poggio()).await;
    let user = |more: (&str, Value)| json!({"schemas": [USER], "userName": "ana@birch.example.com", more.0: more.1});
    for more in [("title", json!("Lead")), ("externalId", json!("7")), ("roles", json!([{"value": "admin"}]))] {
        assert_eq!(client.write("POST", "/Users", user(more)).await.status, 400);
    }
    let created = client.write("POST", "/Users", user(("displayName", json!("Ana Ruiz")))).await;
    assert_eq!(created.status, 201);
    let path = format!("/Users/{}", created.body["id"].as_str().unwrap());
    assert_eq!(client.patch(&path, json!([{"op": "add", "path": "title", "value": "Lead"}])).await.status, 400);
    assert_eq!(client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await.status, 200);
}

#[tokio::test]
async fn the_eleventh_user_of_clockwise_puts_everybody_on_the_paid_plan() {
    let client = Client::with(Dialect::clockwise("u1")).await;
    let ids = client.seed(10);
    assert_eq!(client.server.paid_users().len(), 0);
    assert_eq!(client.create_user("u11").await.status, 201);
    assert_eq!(client.server.paid_users().len(), 11);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(client.patch(&format!("/Users/{}", ids[3]), off).await.status, 200);
    assert_eq!(client.server.paid_users().len(), 0);
}

#[tokio::test]
async fn an_administrator_of_clockwise_can_be_switched_off_and_not_renamed() {
    let client = Client::with(Dialect::clockwise("u1")).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    let rename = json!([{"op": "replace", "path": "userName", "value": "boss"}]);
    assert_eq!(client.patch(&path, rename).await.status, 400);
    assert_eq!(client.write("PUT", &path, json!({"schemas": [USER], "userName": "boss"})).await.status, 400);
    assert_eq!(client.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await.status, 200);
}

#[tokio::test]
async fn a_read_by_id_may_be_refused() {
    let client = Client::with(Dialect { reads_by_id: false, ..Dialect::default() }).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    assert_eq!(client.get(&path).await.status, 405);
    assert_eq!(client.get("/Users").await.total(), 1);
}

#[tokio::test]
async fn workos_and_clockify_keep_to_the_rfc() {
    let client = Client::with(Dialect::workos()).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    assert_eq!(client.delete(&path).await.status, 204);
    let client = Client::with(Dialect::clockify()).await;
    let path = format!("/Users/{}", client.seed(1)[0]);
    assert_eq!(client.delete(&path).await.status, 405, "a deletion is nowhere documented");
    assert_eq!(client.get("/Groups").await.status, 200);
}
