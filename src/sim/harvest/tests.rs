//! What the simulated account promises, asked over real sockets of the loopback interface.

use serde_json::{Value, json};

use super::Server;
use crate::sim::service::Fault;

struct Client {
    http: reqwest::Client,
    server: Server,
}

struct Reply {
    status: u16,
    retry_after: Option<String>,
    text: String,
    body: Value,
}

impl Reply {
    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    fn emails(&self) -> Vec<&str> {
        self.body["users"].as_array().expect("users").iter().map(|user| user["email"].as_str().unwrap()).collect()
    }
}

impl Client {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, server: Server::start().await.expect("a free port") }
    }

    fn request(&self, method: &str, url: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let url = if url.starts_with("http") { url.to_owned() } else { format!("{}{url}", self.server.api_url()) };
        self.http
            .request(method, url)
            .bearer_auth(self.server.token())
            .header("user-agent", "Tests (tests@birch.example.com)")
            .header("harvest-account-id", self.server.account_id())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
        let text = response.text().await.expect("a whole body");
        Reply { status, retry_after, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    async fn get(&self, url: &str) -> Reply {
        self.send(self.request("GET", url)).await
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> Reply {
        self.send(self.request(method, path).json(&body)).await
    }

    fn seed(&self, people: usize) -> Vec<u64> {
        let add = |number| format!("p{number}@birch.example.com");
        self.server.edit(|state| (1..=people).map(|number| state.add_person("P", "Erson", &add(number))).collect())
    }
}

fn new(email: &str) -> Value {
    json!({"first_name": "Ana", "last_name": "Ruiz", "email": email})
}

#[tokio::test]
async fn token_account_and_user_agent_are_asked_for() {
    let client = Client::new().await;
    let url = format!("{}/users/me", client.server.api_url());
    let bare = || client.http.get(&url).header("user-agent", "Tests (tests@birch.example.com)");
    assert_eq!(client.send(client.http.get(&url).bearer_auth(client.server.token())).await.status, 400);
    let unknown = client.send(bare().bearer_auth("wrong")).await;
    assert_eq!((unknown.status, &unknown.body["error"]), (401, &json!("invalid_token")));
    assert_eq!(client.send(bare().bearer_auth(client.server.token())).await.status, 401, "no account is named");
    assert_eq!(client.get("/users/me").await.body["access_roles"], json!(["administrator"]));
    assert_eq!(client.request("PUT", "/users/1").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_identity_service_lists_the_accounts_of_a_token() {
    let client = Client::new().await;
    let url = format!("{}/api/v2/accounts", client.server.base_url());
    let reply = client.get(&url).await;
    let accounts = reply.body["accounts"].as_array().unwrap();
    let harvest = accounts.iter().find(|account| account["product"] == "harvest").unwrap();
    assert_eq!(harvest["id"].to_string(), client.server.account_id());
}

#[tokio::test]
async fn pages_are_followed_by_links_newest_first_until_there_is_none() {
    let client = Client::new().await;
    client.seed(4);
    let mut url = Some("/users?per_page=2".to_owned());
    let (mut seen, mut pages) = (Vec::new(), Vec::new());
    while let Some(next) = url {
        let reply = client.get(&next).await;
        assert_eq!((&reply.body["total_entries"], &reply.body["total_pages"]), (&json!(5), &json!(3)));
        seen.extend(reply.emails().into_iter().map(str::to_owned));
        pages.push(reply.body["page"].clone());
        url = reply.body["links"]["next"].as_str().map(str::to_owned);
        assert!(url.as_ref().is_none_or(|url| url.contains("cursor=") && url.contains("ref=next_cursor")));
    }
    assert_eq!(seen.first().map(String::as_str), Some("p4@birch.example.com"));
    assert_eq!((seen.len(), pages), (5, vec![json!(1), Value::Null, json!(3)]));
    assert_eq!(client.get("/users?per_page=2001").await.status, 422);
    assert_eq!(client.get("/users?per_page=0").await.status, 422);
}

#[tokio::test]
async fn the_state_and_the_time_of_change_narrow_a_listing() {
    let client = Client::new().await;
    let people = client.seed(2);
    client.server.edit(|state| state.set_active(people[0], false));
    assert_eq!(client.get("/users?is_active=false").await.emails(), ["p1@birch.example.com"]);
    assert_eq!(client.get("/users?is_active=true").await.emails().len(), 2);
    let one = client.get(&format!("/users/{}", people[0])).await;
    let since = one.body["updated_at"].as_str().unwrap();
    assert_eq!(client.get(&format!("/users?updated_since={since}")).await.emails(), ["p1@birch.example.com"]);
}

#[tokio::test]
async fn a_new_person_exists_at_once_and_always_gets_a_mail() {
    let client = Client::new().await;
    let made = client.write("POST", "/users", new("Ana@birch.example.com")).await;
    assert_eq!((made.status, &made.body["access_roles"]), (201, &json!(["member"])));
    assert_eq!(client.server.snapshot().mails["ana@birch.example.com"], 1);
    let again = client.write("POST", "/users", new("ana@birch.example.com")).await;
    assert_eq!(again.status, 422);
    assert!(again.message().contains("ana@birch.example.com"));
    for (field, value) in [("last_name", Value::Null), ("first_name", json!(" ")), ("telephone", json!("1"))] {
        let mut body = new("joel@birch.example.com");
        body[field] = value;
        assert_eq!(client.write("POST", "/users", body).await.status, 422, "{field}");
    }
}

#[tokio::test]
async fn an_archived_person_keeps_name_and_mail_and_uses_no_seat() {
    let client = Client::new().await;
    let path = format!("/users/{}", client.seed(1)[0]);
    client.server.edit(|state| state.set_seats(Some(2)));
    assert_eq!(client.write("POST", "/users", new("ana@birch.example.com")).await.status, 422);
    assert_eq!(client.write("PATCH", &path, json!({"is_active": false})).await.body["is_active"], false);
    for field in ["first_name", "last_name", "email"] {
        assert_eq!(client.write("PATCH", &path, json!({field: "new@birch.example.com"})).await.status, 422);
    }
    assert_eq!(client.write("POST", "/users", new("ana@birch.example.com")).await.status, 201);
    assert_eq!(client.write("PATCH", &path, json!({"is_active": true})).await.status, 422, "no seat is left");
    client.server.edit(|state| state.set_seats(None));
    assert_eq!(client.write("PATCH", &path, json!({"is_active": true})).await.status, 200);
    assert_eq!(client.write("PATCH", &path, json!({"email": "new@birch.example.com"})).await.status, 200);
}

#[tokio::test]
async fn access_roles_are_replaced_whole_and_keep_their_rules() {
    let client = Client::new().await;
    let people = client.seed(2);
    let path = format!("/users/{}", people[0]);
    for wrong in [
        json!([]),
        json!(["manager", "member"]),
        json!(["member", "project_creator"]),
        json!(["administrator", "estimates_manager"]),
        json!(["manager", "people_manager"]),
        json!(["owner"]),
    ] {
        assert_eq!(client.write("PATCH", &path, json!({"access_roles": wrong})).await.status, 422, "{wrong}");
    }
    let manager = json!({"access_roles": ["project_creator", "manager"]});
    let reply = client.write("PATCH", &path, manager).await;
    assert_eq!(reply.body["access_roles"], json!(["manager", "project_creator"]));
    let mates = json!({"teammate_ids": [people[1]]});
    assert_eq!(client.write("PATCH", &format!("{path}/teammates"), mates.clone()).await.status, 200);
    assert_eq!(
        client.write("PATCH", &format!("/users/{}/teammates", people[1]), mates).await.status,
        422,
        "no manager"
    );
    let reply = client.get(&path).await;
    assert_eq!(reply.body["access_roles"], json!(["manager", "project_creator", "people_manager"]));
    client.write("PATCH", &path, json!({"access_roles": ["member"]})).await;
    client.write("PATCH", &path, json!({"access_roles": ["manager"]})).await;
    assert_eq!(client.get(&path).await.body["access_roles"], json!(["manager"]), "the teammates are gone");
}

#[tokio::test]
async fn who_recorded_time_is_not_deleted_and_nobody_archives_owner_or_self() {
    let client = Client::new().await;
    let people = client.seed(3);
    client.server.edit(|state| {
        state.track_time(people[0]);
        state.set_owner(people[1]);
    });
    let path = |id: u64| format!("/users/{id}");
    assert_eq!(client.send(client.request("DELETE", &path(people[0]))).await.status, 422);
    assert_eq!(client.send(client.request("DELETE", &path(people[2]))).await.status, 200);
    assert_eq!(client.send(client.request("DELETE", &path(people[2]))).await.status, 404);
    let own = client.server.edit(|state| state.own());
    for id in [own, people[1]] {
        assert_eq!(client.write("PATCH", &path(id), json!({"is_active": false})).await.status, 422);
    }
}

#[tokio::test]
async fn business_roles_are_full_sets_with_names_of_their_own() {
    let client = Client::new().await;
    let people = client.seed(2);
    let made = client.write("POST", "/roles", json!({"name": "Designer", "user_ids": [people[0]]})).await;
    assert_eq!(made.status, 201);
    assert_eq!(client.write("POST", "/roles", json!({"name": "Designer"})).await.status, 422);
    let path = format!("/roles/{}", made.body["id"]);
    let reply = client.write("PATCH", &path, json!({"name": "Designer", "user_ids": [people[1]]})).await;
    assert_eq!((reply.status, &reply.body["user_ids"]), (200, &json!([people[1]])));
    assert_eq!(client.get(&format!("/users/{}", people[1])).await.body["roles"], json!(["Designer"]));
    assert_eq!(client.get("/roles").await.body["total_entries"], 1);
    assert_eq!(client.send(client.request("DELETE", &path)).await.status, 200);
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_manager_sees_teammates_only_and_changes_no_rights() {
    let client = Client::new().await;
    let people = client.seed(2);
    let own = client.server.edit(|state| {
        state.set_access(state.own(), &["manager"]);
        state.set_teammates(state.own(), &people[..1]);
        state.own()
    });
    assert_eq!(client.get("/users").await.emails(), ["p1@birch.example.com"]);
    assert_eq!(client.get(&format!("/users/{}", people[1])).await.status, 403);
    assert_eq!(client.get(&format!("/users/{own}")).await.status, 200);
    let mate = format!("/users/{}", people[0]);
    assert_eq!(client.write("PATCH", &mate, json!({"first_name": "Ana"})).await.status, 200);
    for field in ["email", "roles", "access_roles", "is_active"] {
        assert_eq!(client.write("PATCH", &mate, json!({field: false})).await.status, 403, "{field}");
    }
    assert_eq!(client.write("POST", "/users", new("ana@birch.example.com")).await.status, 403);
    assert_eq!(client.get("/roles").await.status, 403);
    client.server.edit(|state| state.set_access(own, &["member"]));
    assert_eq!(client.get("/users").await.status, 403);
}

#[tokio::test]
async fn the_limit_is_a_plain_text_with_the_seconds_to_wait() {
    let client = Client::new().await;
    client.server.edit(|state| state.set_quota(Some(1)));
    assert_eq!(client.get("/company").await.body["is_active"], true);
    let reply = client.get("/company").await;
    assert_eq!((reply.status, reply.retry_after.as_deref()), (429, Some("15")));
    assert!(reply.text.starts_with("Rate limit"), "{}", reply.text);
}

#[tokio::test]
async fn a_truncated_page_keeps_its_total() {
    let client = Client::new().await;
    client.seed(3);
    client.server.fault(Fault::truncated(2).on_path("/v2/users"));
    let reply = client.get("/users").await;
    assert_eq!((reply.emails().len(), &reply.body["total_entries"]), (2, &json!(4)));
}

#[tokio::test]
async fn ids_may_be_texts_and_fields_unknown() {
    let client = Client::new().await;
    let person = client.seed(1)[0];
    client.server.edit(|state| {
        state.habits.ids_as_texts = true;
        state.habits.unknown_fields = true;
        state.add_role("Designer", &[person]);
    });
    let reply = client.get("/roles").await;
    assert_eq!(reply.body["roles"][0]["user_ids"], json!([person.to_string()]));
    assert!(reply.body["roles"][0]["colour"].is_object());
    assert_eq!(client.get("/users/me").await.body["pronouns"][0], "they");
}
