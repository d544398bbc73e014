//! What the simulated workspace promises, asked over real sockets of the loopback interface.

use serde_json::{Value, json};

use super::{Fault, Membership, Options, Role, RolesForm, Server};

/// A client that says plainly what it sends and gets.
struct Client {
    http: reqwest::Client,
    server: Server,
}

struct Reply {
    status: u16,
    last_page: Option<String>,
    allow: Option<String>,
    body: Value,
}

impl Reply {
    /// Status and code of a refusal.
    fn refusal(&self) -> (u16, u64) {
        (self.status, self.body["code"].as_u64().unwrap_or_default())
    }

    fn rows(&self) -> usize {
        self.body.as_array().expect("a bare array").len()
    }
}

impl Client {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, server: Server::start(Options::default()).await.expect("a free port") }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>, keys: &[(&str, &str)]) -> Reply {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.server.base_url()));
        for (name, value) in keys {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (last_page, allow) = (header("last-page"), header("allow"));
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        Reply { status, last_page, allow, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    /// A call below the workspace, with its key.
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let path = format!("/workspaces/{}{path}", self.server.workspace());
        self.send(method, &path, body, &[("x-api-key", &self.server.key())]).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }
}

#[tokio::test]
async fn the_key_is_asked_for_before_anything_else() {
    let client = Client::new().await;
    let key = client.server.key();
    let bearer = format!("Bearer {key}");
    for (keys, code) in [
        (vec![], 1000),
        (vec![("authorization", bearer.as_str())], 1000),
        (vec![("x-api-key", key.as_str()), ("x-addon-token", "t")], 1000),
        (vec![("x-api-key", "another")], 4003),
        (vec![("x-addon-token", "t")], 4017),
    ] {
        let reply = client.send("GET", "/nowhere", None, &keys).await;
        assert_eq!(reply.refusal(), (401, code));
    }
    let known = client.send("GET", "/nowhere", None, &[("x-api-key", &key)]).await;
    assert_eq!(known.refusal(), (404, 3000));
    client.server.edit(super::State::revoke_key);
    assert_eq!(client.send("GET", "/user", None, &[("x-api-key", &key)]).await.refusal(), (401, 4003));
}

#[tokio::test]
async fn lists_are_bare_arrays_that_tell_their_last_page() {
    let client = Client::new().await;
    client.server.edit(|state| (0..4).for_each(|number| drop(state.add(&format!("p{number}@example.com")))));
    let first = client.get("/users?page-size=3").await;
    assert_eq!((first.rows(), first.last_page.as_deref()), (3, Some("false")));
    let second = client.get("/users?page-size=3&page=2").await;
    assert_eq!((second.rows(), second.last_page.as_deref()), (2, Some("true")));
    let beyond = client.get("/users?page=9").await;
    assert_eq!((beyond.rows(), beyond.last_page.as_deref()), (0, Some("true")));
    assert_eq!(client.get("/users?page=x").await.refusal(), (400, 3000));
    assert_eq!(client.get("/users?page-size=0").await.refusal(), (400, 501));
    assert_eq!(client.get("/users?pageSize=3").await.refusal(), (400, 501), "that name is for bodies");
    client.server.edit(|state| (state.page_max, state.tells_last_page) = (2, false));
    let capped = client.get("/users?page-size=200").await;
    assert_eq!((capped.rows(), capped.last_page), (2, None));
}

#[tokio::test]
async fn memberships_and_roles_are_told_only_to_who_asks() {
    let client = Client::new().await;
    let plain = client.get("/users").await;
    assert_eq!(plain.body[0]["memberships"], json!([]));
    assert_eq!(plain.body[0].get("roles"), None);
    let whole = client.get("/users?memberships=WORKSPACE&include-roles=true").await;
    assert_eq!(whole.body[0]["memberships"][0]["membershipStatus"], "ACTIVE");
    assert_eq!(whole.body[0]["roles"][0]["name"], "OWNER");
    for (form, shown) in [
        (RolesForm::Words, json!(["OWNER"])),
        (RolesForm::Nothing, json!([])),
        (RolesForm::Entities, json!([{"role": "OWNER", "entities": [{"id": client.server.workspace(), "name": ""}]}])),
    ] {
        client.server.edit(|state| state.roles_form = form);
        assert_eq!(client.get("/users?include-roles=true").await.body[0]["roles"], shown);
    }
}

#[tokio::test]
async fn limited_and_deleted_accounts_come_only_when_asked_for() {
    let client = Client::new().await;
    client.server.edit(|state| {
        state.add_limited("Kiosk");
        let gone = state.add("gone@example.com");
        state.edit(&gone, |user| user.account_status = "DELETED");
    });
    assert_eq!(client.get("/users").await.rows(), 1);
    assert_eq!(client.get("/users?account-statuses=ACTIVE,LIMITED").await.rows(), 2);
    assert_eq!(client.get("/users?account-statuses=DELETED").await.rows(), 1);
    assert_eq!(client.get("/users?account-statuses=GONE").await.refusal(), (400, 501));
}

#[tokio::test]
async fn a_search_by_role_counts_the_owner_among_the_admins_and_is_a_read() {
    let client = Client::new().await;
    client.server.edit(|state| {
        let ana = state.add("ana@example.com");
        state.set_role(&ana, Role::Admin);
        state.add("joel@example.com");
    });
    client.server.clear_requests();
    let admins = client.call("POST", "/users/info", Some(json!({"roles": ["WORKSPACE_ADMIN"], "pageSize": 10}))).await;
    assert_eq!((admins.rows(), admins.last_page.as_deref()), (2, Some("true")));
    assert_eq!(client.call("POST", "/users/info", Some(json!({"roles": ["OWNER"]}))).await.rows(), 1);
    let wrong = client.call("POST", "/users/info", Some(json!({"page-size": 10}))).await;
    assert_eq!(wrong.refusal(), (400, 501));
    assert_eq!((client.server.reads(), client.server.mutations()), (3, 0));
}

#[tokio::test]
async fn an_invitation_is_answered_with_the_workspace_and_waits_to_be_accepted() {
    let client = Client::new().await;
    let reply = client.call("POST", "/users?send-email=true", Some(json!({"email": "ana@example.com"}))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["memberships"][1]["membershipStatus"], "PENDING");
    assert_eq!(client.server.edit(|state| state.mailed.clone()), ["ana@example.com"]);
    let again = client.call("POST", "/users", Some(json!({"email": "ANA@example.com"}))).await;
    assert_eq!(again.refusal(), (400, 501));
    assert_eq!(client.call("POST", "/users", Some(json!({"email": "ana"}))).await.refusal(), (400, 501));
    client.server.edit(|state| state.seats = Some(2));
    let full = client.call("POST", "/users", Some(json!({"email": "joel@example.com"}))).await;
    assert_eq!(full.refusal(), (400, 501));
    client.server.edit(|state| (state.seats, state.plan) = (None, "FREE".to_owned()));
    let free = client.call("POST", "/users", Some(json!({"email": "joel@example.com"}))).await;
    assert_eq!(free.status, 402);
}

#[tokio::test]
async fn nobody_can_be_removed_and_the_owner_not_even_deactivated() {
    let client = Client::new().await;
    let ana = client.server.edit(|state| state.add("ana@example.com"));
    let removed = client.call("DELETE", &format!("/users/{ana}"), None).await;
    assert_eq!(removed.refusal(), (400, 400));
    assert!(removed.body["message"].as_str().unwrap().contains("Use Cake to remove user"));
    let status = |word: &str| Some(json!({"status": word}));
    assert_eq!(client.call("PUT", &format!("/users/{ana}"), status("INACTIVE")).await.status, 200);
    assert_eq!(client.server.snapshot()["ana@example.com"].membership, "INACTIVE");
    let own = client.server.edit(|state| state.own().to_owned());
    assert_eq!(client.call("PUT", &format!("/users/{own}"), status("INACTIVE")).await.refusal(), (400, 501));
    assert_eq!(client.call("PUT", "/users/unknown", status("INACTIVE")).await.refusal(), (400, 501));
    assert_eq!(client.call("PUT", &format!("/users/{ana}"), status("GONE")).await.refusal(), (400, 501));
}

#[tokio::test]
async fn one_who_never_accepted_comes_back_as_invited_and_one_who_declined_does_not() {
    let client = Client::new().await;
    let ana = client.server.edit(|state| state.add_invited("ana@example.com"));
    let set = |word: &'static str| {
        let path = format!("/users/{ana}");
        let client = &client;
        async move { client.call("PUT", &path, Some(json!({"status": word}))).await.status }
    };
    assert_eq!((set("INACTIVE").await, set("ACTIVE").await), (200, 200));
    assert_eq!(client.server.snapshot()["ana@example.com"].membership, "PENDING");
    client.server.edit(|state| state.set_membership(&ana, Membership::Declined));
    assert_eq!(set("ACTIVE").await, 400);
}

#[tokio::test]
async fn roles_are_granted_by_post_and_taken_back_by_delete_with_a_body() {
    let client = Client::new().await;
    let workspace = client.server.workspace();
    let (ana, project, group) = client
        .server
        .edit(|state| (state.add("ana@example.com"), state.add_project("Lighthouse"), state.add_group("Studio")));
    let path = format!("/users/{ana}/roles");
    let admin = json!({"entityId": workspace, "role": "WORKSPACE_ADMIN"});
    let granted = client.call("POST", &path, Some(admin.clone())).await;
    assert_eq!((granted.status, &granted.body[0]["role"]["name"]), (201, &json!("WORKSPACE_ADMIN")));
    assert_eq!(client.call("DELETE", &path, Some(admin.clone())).await.status, 204);
    assert_eq!(client.call("DELETE", &path, Some(admin)).await.refusal(), (400, 501));
    assert_eq!(client.call("DELETE", &path, None).await.status, 415);
    let of_project = json!({"entityId": project, "role": "PROJECT_MANAGER"});
    assert_eq!(client.call("POST", &path, Some(of_project.clone())).await.status, 201);
    let of_group = json!({"entityId": group, "role": "TEAM_MANAGER", "sourceType": "USER_GROUP"});
    assert_eq!(client.call("POST", &path, Some(of_group)).await.status, 201);
    let owner = json!({"entityId": workspace, "role": "OWNER"});
    assert_eq!(client.call("POST", &path, Some(owner)).await.refusal(), (400, 501));
    let put = client.call("PUT", &path, Some(json!({}))).await;
    assert_eq!((put.status, put.allow.as_deref()), (405, Some("DELETE, POST")));
    let managed = client.get("/user-groups?includeTeamManagers=true").await;
    assert_eq!(managed.body[0]["teamManagers"][0]["id"], json!(ana));
    client.server.edit(|state| state.features.clear());
    assert_eq!(client.call("POST", &path, Some(of_project)).await.status, 402);
}

#[tokio::test]
async fn groups_take_one_person_per_call_and_cannot_be_read_alone() {
    let client = Client::new().await;
    let ana = client.server.edit(|state| state.add("ana@example.com"));
    let made = client.call("POST", "/user-groups", Some(json!({"name": "Studio"}))).await;
    assert_eq!(made.status, 201);
    let id = made.body["id"].as_str().unwrap();
    let again = client.call("POST", "/user-groups", Some(json!({"name": "Studio"}))).await;
    assert_eq!(again.refusal(), (400, 501));
    let long = client.call("POST", "/user-groups", Some(json!({"name": "x".repeat(101)}))).await;
    assert_eq!(long.refusal(), (400, 501));
    let joined = client.call("POST", &format!("/user-groups/{id}/users"), Some(json!({"userId": ana}))).await;
    assert_eq!((joined.status, &joined.body["userIds"]), (200, &json!([ana])));
    let alone = client.get(&format!("/user-groups/{id}")).await;
    assert_eq!((alone.status, alone.allow.as_deref()), (405, Some("DELETE, PUT")));
    let members = client.get(&format!("/user-groups/{id}/users")).await;
    assert_eq!((members.status, members.allow.as_deref()), (405, Some("POST")));
    let left = format!("/user-groups/{id}/users/{ana}");
    assert_eq!(client.call("DELETE", &left, None).await.status, 200);
    assert_eq!(client.call("DELETE", &left, None).await.refusal(), (400, 501));
    let renamed = client.call("PUT", &format!("/user-groups/{id}"), Some(json!({"name": "Atelier"}))).await;
    assert_eq!(renamed.body["name"], "Atelier");
    let deleted = client.call("DELETE", &format!("/user-groups/{id}"), None).await;
    assert_eq!((deleted.status, &deleted.body["name"]), (200, &json!("Atelier")));
}

#[tokio::test]
async fn what_is_not_there_is_a_400_and_another_workspace_too() {
    let client = Client::new().await;
    let profile = client.get("/member-profile/64a687e2ffffffffffffffff").await;
    assert_eq!(profile.refusal(), (400, 501));
    assert_eq!(profile.body["message"], "User doesn't belong to Workspace");
    let own = client.server.edit(|state| state.own().to_owned());
    assert_eq!(client.get(&format!("/member-profile/{own}")).await.body["email"], "owner@clockify.example");
    let key = client.server.key();
    let foreign = client.send("GET", "/workspaces/64a687e2ffffffffffffffff", None, &[("x-api-key", &key)]).await;
    assert_eq!(foreign.refusal(), (400, 501));
    let put = client.call("PUT", "", Some(json!({}))).await;
    assert_eq!((put.status, put.allow.as_deref()), (405, Some("GET")));
}

#[tokio::test]
async fn a_member_s_key_changes_nothing() {
    let client = Client::new().await;
    client.server.edit(|state| {
        let owner = state.add("boss@example.com");
        state.set_role(&owner, Role::Owner);
        let own = state.own().to_owned();
        state.set_role(&own, Role::Member);
    });
    assert_eq!(client.get("/users").await.status, 200);
    let refused = client.call("POST", "/users", Some(json!({"email": "ana@example.com"}))).await;
    assert_eq!((refused.status, &refused.body["message"]), (403, &json!("Access Denied")));
}

#[tokio::test]
async fn the_quota_of_an_hour_ends_and_faults_cut_lists_short() {
    let client = Client::new().await;
    client.server.edit(|state| state.quota = Some(1));
    assert_eq!(client.get("/users").await.status, 200);
    let spent = client.get("/users").await;
    assert_eq!((spent.status, &spent.body["message"]), (429, &json!("Too many requests")));
    client.server.edit(|state| state.quota = None);
    client.server.fault(Fault::truncated(1));
    let cut = client.get("/users").await;
    assert_eq!((cut.rows(), cut.last_page.as_deref()), (0, Some("true")));
}
