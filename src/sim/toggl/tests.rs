//! What the simulated vendor promises, asked over real sockets of the loopback interface.

use serde_json::{Value, json};

use super::{Habits, Options, Plan, Quota, Server, State};

struct Client {
    http: reqwest::Client,
    server: Server,
}

struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
    text: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    fn said(&self) -> (u16, &str) {
        (self.status, self.body.as_str().unwrap_or(&self.text))
    }
}

impl Client {
    async fn with(habits: Habits) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, server: Server::start(Options { habits }).await.expect("a free port") }
    }

    async fn plain() -> Self {
        Self::with(Habits::default()).await
    }

    async fn as_user(&self, user: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let url = format!("{}{path}", self.server.base_url());
        let mut request = self.http.request(method, url).basic_auth(user, Some("api_token"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole body");
        Reply { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    async fn get(&self, path: &str) -> Reply {
        self.as_user(&self.server.token(), "GET", path, None).await
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        self.as_user(&self.server.token(), method, path, Some(body)).await
    }

    fn edit<T>(&self, edit: impl FnOnce(&mut State) -> T) -> T {
        self.server.edit(edit)
    }

    /// The three ids of somebody: global, within the organisation, within the first workspace.
    async fn ids(&self, email: &str) -> (u64, u64, u64) {
        let reply = self.get(&format!("/organizations/500/users?filter={email}")).await;
        let row = &reply.body[0];
        let id = |value: &Value| value.as_u64().expect("an id");
        (id(&row["user_id"]), id(&row["id"]), id(&row["workspaces"][0]["workspace_user_id"]))
    }
}

#[tokio::test]
async fn wrong_credentials_are_403_and_not_401() {
    let client = Client::plain().await;
    assert_eq!(client.as_user("wrong", "GET", "/me/logged", None).await.status, 403);
    assert_eq!(client.as_user("wrong", "GET", "/organizations/500/users", None).await.status, 403);
    assert_eq!(client.get("/me/logged").await.status, 200);
    client.edit(|state| state.habits.authorized = false);
    assert_eq!(client.get("/organizations/500/users").await.status, 403);
    assert_eq!(client.get("/me/logged").await.status, 200, "the credential is good, the right is lacking");
}

#[tokio::test]
async fn a_spent_quota_is_402_with_both_headers_and_other_requests_have_their_own() {
    let quota = Some(Quota { remaining: 2, resets_in: 1180 });
    let client = Client::with(Habits { quota, ..Habits::default() }).await;
    let path = "/organizations/500";
    assert_eq!(client.get(path).await.header("x-toggl-quota-remaining"), "1");
    assert_eq!(client.get(path).await.status, 200);
    let spent = client.get(path).await;
    assert_eq!(spent.status, 402);
    assert_eq!((spent.header("x-toggl-quota-remaining"), spent.header("x-toggl-quota-resets-in")), ("0", "1180"));
    let told = client.get("/me/quota").await;
    assert_eq!((&told.body[0]["remaining"], &told.body[1]["organization_id"]), (&json!(0), &Value::Null));
    client.edit(|state| {
        state.habits.quota = None;
        state.habits.burst = Some(1);
    });
    assert_eq!(client.get(path).await.status, 200);
    assert_eq!(client.get(path).await.status, 429);
    assert_eq!(client.get(path).await.status, 200);
}

#[tokio::test]
async fn users_come_in_pages_that_tell_their_place() {
    let client = Client::plain().await;
    client.edit(|state| {
        for number in 0..52 {
            state.add_person(&format!("p{number:02}@birch.example.com"));
        }
    });
    let first = client.get("/organizations/500/users").await;
    assert_eq!(first.body.as_array().expect("rows").len(), 50);
    let told = ["x-page", "x-page-size", "x-pages", "x-records"].map(|name| first.header(name).to_owned());
    assert_eq!(told, ["1", "50", "2", "53"]);
    let second = client.get("/organizations/500/users?page=2&per_page=50&sort_dir=asc").await;
    assert_eq!(second.body.as_array().expect("rows").len(), 3);
    for (query, text) in [
        ("page=0", "page parameter must contain values > 0."),
        ("per_page=x", "Invalid value sent for 'per_page'."),
        ("active_status=gone", "active_status parameter can contain only 'active', 'inactive' or 'invited'."),
        ("sort_dir=up", "sort_dir parameter can contain only 'asc' or 'desc'."),
    ] {
        assert_eq!(client.get(&format!("/organizations/500/users?{query}")).await.said(), (400, text));
    }
    assert_eq!(client.get("/organizations/501/users").await.said(), (404, "Invalid organization ID"));
}

#[tokio::test]
async fn an_invitation_needs_a_workspace_and_refuses_an_inactive_member() {
    let client = Client::plain().await;
    let main = client.edit(|state| state.workspace_id("Main").expect("it is there"));
    let path = "/organizations/500/invitations";
    let invite = |emails: Value| json!({"emails": emails, "workspaces": [{"workspace_id": main, "role": "user"}]});
    let none = client.send("POST", path, json!({"emails": ["a@birch.example.com"], "workspaces": []})).await;
    assert_eq!(none.said(), (400, "at least one workspace is required"));
    assert_eq!(client.send("POST", path, invite(json!([]))).await.said(), (400, "at least one email is required"));

    let reply = client.send("POST", path, invite(json!(["a@birch.example.com", "b@birch.example.com"]))).await;
    assert_eq!(reply.status, 200);
    let told = &reply.body["data"][1]["workspaces"][0];
    assert_eq!(told["user_id"].as_u64(), client.edit(|state| state.user_id("b@birch.example.com")));
    assert_eq!(client.server.snapshot().people["b@birch.example.com"].state, "invited");

    client.edit(|state| state.set_inactive("a@birch.example.com", true));
    let refused = client.send("POST", path, invite(json!(["a@birch.example.com"]))).await;
    let text = "User with e-mail 'a@birch.example.com' is already an inactive member of the organization";
    assert_eq!(refused.said(), (400, text));
    client.edit(|state| state.habits.active_limit = Some(2));
    let full = client.send("POST", path, invite(json!(["c@birch.example.com"]))).await;
    assert_eq!(full.said(), (400, "Active user limit is 2. Upgrade to add more active users"));
}

#[tokio::test]
async fn three_kinds_of_ids_are_not_taken_for_one_another() {
    let client = Client::plain().await;
    client.edit(|state| state.add_person("ana@birch.example.com"));
    let (user, member, in_workspace) = client.ids("ana@birch.example.com").await;
    assert!(user != member && member != in_workspace && user != in_workspace);
    let wrong = client.send("PUT", &format!("/organizations/500/users/{user}"), json!({"inactive": true})).await;
    assert_eq!(wrong.said(), (404, "Invalid organization user ID."));
    let wrong = client.send("PATCH", "/organizations/500/users", json!({"delete": [user]})).await;
    let text = format!("The following organization user IDs do not belong to this organization: '{user}'.");
    assert_eq!(wrong.said(), (400, text.as_str()));
    let main = client.edit(|state| state.workspace_id("Main").expect("it is there"));
    let path = |id: u64| format!("/workspaces/{main}/workspace_users/{id}");
    assert_eq!(client.send("PUT", &path(member), json!({"role": "admin"})).await.status, 400);
    assert_eq!(client.send("PUT", &path(in_workspace), json!({"role": "admin"})).await.said(), (200, "OK"));
    assert_eq!(client.send("PATCH", "/organizations/500/users", json!({"delete": [member]})).await.status, 200);
}

#[tokio::test]
async fn the_owner_and_the_paying_user_are_protected() {
    let client = Client::plain().await;
    client.edit(|state| {
        state.add_person("pays@birch.example.com");
        state.set_role("pays@birch.example.com", "admin");
        state.set_paying("pays@birch.example.com");
    });
    let (_, owner, _) = client.ids("owner@birch.example.com").await;
    let (_, paying, _) = client.ids("pays@birch.example.com").await;
    for (id, body, text) in [
        (owner, json!({"inactive": true}), "Cannot deactivate owner."),
        (owner, json!({"organization_admin": false}), "Cannot remove admin privileges from owner."),
        (paying, json!({"inactive": true}), "Cannot deactivate paying user."),
        (paying, json!({"role_id": 3}), "Cannot remove admin privileges from paying user."),
        (paying, json!({"role_id": 1}), "Invalid organization role."),
        (paying, json!({"role_id": 2, "organization_admin": true}), "Cannot use both admin flags and role_id."),
        (paying, json!({}), "At least one field is required."),
        (paying, json!({"groups": [1]}), "Group '1' is not in Organization '500'."),
    ] {
        let reply = client.send("PUT", &format!("/organizations/500/users/{id}"), body).await;
        assert_eq!(reply.said(), (400, text));
    }
    for (id, who) in [(owner, "organization owner"), (paying, "paying")] {
        let reply = client.send("PATCH", "/organizations/500/users", json!({"delete": [id]})).await;
        assert_eq!(reply.said(), (400, &*format!("Cannot remove the {who} user with organization user ID='{id}'.")));
    }
}

#[tokio::test]
async fn groups_are_replaced_whole_and_a_patch_can_half_fail() {
    let client = Client::plain().await;
    let ana = client.edit(|state| state.add_person("ana@birch.example.com"));
    client.edit(|state| state.habits.group_delay = 1);
    let path = "/organizations/500/groups";
    let made = client.send("POST", path, json!({"name": "Design", "users": [ana]})).await;
    let id = made.body["group_id"].as_u64().expect("an id");
    assert_eq!(client.get(path).await.body, json!([]), "a new group is not seen at once");
    assert_eq!(client.get(path).await.body[0]["users"][0]["user_id"], json!(ana));
    let again = client.send("POST", path, json!({"name": "Design"})).await;
    assert_eq!(again.said(), (400, "Name has already been taken"));
    let one = format!("{path}/{id}");
    let operations =
        json!([{"op": "add", "path": "/users", "value": [1]}, {"op": "remove", "path": "/users", "value": [ana]}]);
    let patched = client.send("PATCH", &one, operations).await;
    assert_eq!(patched.status, 200);
    assert_eq!(patched.body["failure"].as_array().expect("failures").len(), 1);
    client.send("PUT", &one, json!({"name": "Design", "users": [ana]})).await;
    assert_eq!(client.server.snapshot().groups["Design"].len(), 1);
    client.send("PUT", &one, json!({"name": "Design"})).await;
    assert_eq!(client.server.snapshot().groups["Design"].len(), 0, "what is left out of a whole set is gone");
    assert_eq!(client.send("PUT", &format!("{path}/1"), json!({"name": "x"})).await.said(), (404, "Invalid group ID."));
}

#[tokio::test]
async fn a_lower_plan_has_no_leads() {
    let client = Client::with(Habits { plan: Plan::Starter, ..Habits::default() }).await;
    let roles = client.get("/organizations/500/roles").await;
    let names: Vec<&str> =
        roles.body.as_array().expect("roles").iter().filter_map(|role| role["name"].as_str()).collect();
    assert!(!names.contains(&"Team lead"), "{names:?}");
    client.edit(|state| state.add_person("ana@birch.example.com"));
    let (_, _, ana) = client.ids("ana@birch.example.com").await;
    let main = client.edit(|state| state.workspace_id("Main").expect("it is there"));
    let path = format!("/workspaces/{main}/workspace_users/{ana}");
    assert_eq!(client.send("PUT", &path, json!({"role": "teamlead"})).await.said(), (400, "Invalid role_id."));
}

#[tokio::test]
async fn texts_are_raw_or_quoted() {
    let client = Client::plain().await;
    assert_eq!(client.get("/organizations/501").await.text, "\"Invalid organization ID\"");
    client.edit(|state| state.habits.quoted_texts = false);
    assert_eq!(client.get("/organizations/501").await.text, "Invalid organization ID");
}

#[tokio::test]
async fn an_unknown_field_and_a_missing_media_type_are_refused() {
    let client = Client::plain().await;
    let reply = client.send("PATCH", "/organizations/500/users", json!({"delete": [1], "suspend": [2]})).await;
    assert_eq!(reply.status, 400);
    let path = format!("{}/organizations/500/users", client.server.base_url());
    let token = client.server.token();
    let plain =
        client.http.patch(path).basic_auth(token, Some("api_token")).body("{}").send().await.expect("an answer");
    assert_eq!(plain.status(), 415);
}
