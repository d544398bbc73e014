//! What the simulated account promises, asked over real sockets of the loopback interface.

use serde_json::{Value, json};

use super::{Fault, Plan, Role, Server};

const ANA: &str = "ana@birch.example.com";

/// A client that says plainly what it sends and gets.
struct Client {
    http: reqwest::Client,
    server: Server,
}

/// What came back.
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }
}

impl Client {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().user_agent("tests").build().expect("a client");
        Self { http, server: Server::start().await.expect("a free port") }
    }

    async fn call_as(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.server.base_url())).bearer_auth(key);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole body");
        Reply { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Reply {
        self.call_as(&self.server.token(), "GET", path, None).await
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        self.call_as(&self.server.token(), method, path, Some(body)).await
    }

    async fn create(&self, product: &str, email: &str, role: &str) -> Reply {
        let user = json!({"email": email, "first_name": "Ana", "last_name": "Ruiz", "role": role});
        self.send("POST", &format!("/products/{product}/users"), json!({"user": user})).await
    }
}

#[tokio::test]
async fn a_user_is_made_in_a_product_with_a_word_and_shown_with_a_number() {
    let client = Client::new().await;
    let product = client.server.edit(|state| state.add_product("App", "APP"));
    let made = client.create("APP", ANA, "contributor").await;
    assert_eq!((made.status, &made.body["role"]), (200, &json!(30)));
    assert_eq!(made.body["user"]["name"], "Ana Ruiz");
    let id = made.body["user"]["id"].as_str().expect("a text").to_owned();

    let got = client.get(&format!("/users/{id}")).await;
    let user = &got.body["user"];
    assert_eq!(user["accessed_at"], Value::Null);
    assert_eq!(
        user["product_roles"],
        json!([{"role": 30, "role_description": "Contributor", "product_id": product, "product_name": "App"}])
    );
    assert_eq!((&user["enabled"], &user["administrator"]), (&json!(true), &json!(false)));
    assert_eq!(client.create("APP", ANA, "viewer").await.status, 422, "an address is taken once");
    assert_eq!(client.create("NONE", "joel@birch.example.com", "viewer").await.status, 404);
    assert_eq!(client.create("APP", "joel@birch.example.com", "developer").await.status, 422);
}

#[tokio::test]
async fn a_name_in_two_parts_is_wanted_and_one_is_shown() {
    let client = Client::new().await;
    client.server.edit(|state| state.add_product("App", "APP"));
    let user = json!({"user": {"email": ANA, "first_name": "Ana", "role": "viewer"}});
    let refused = client.send("POST", "/products/APP/users", user).await;
    assert_eq!((refused.status, &refused.body["error"]), (422, &json!("last_name can't be blank")));
}

#[tokio::test]
async fn a_change_is_answered_without_the_wrapping_of_a_read() {
    let client = Client::new().await;
    let id = client.server.edit(|state| state.add_person(ANA));
    let path = format!("/users/{id}");
    let changed = client.send("PUT", &path, json!({"user": {"enabled": false, "email": "a@birch.example.com"}})).await;
    assert_eq!((changed.status, &changed.body["enabled"]), (200, &json!(false)));
    assert_eq!(client.get(&path).await.body["user"]["email"], "a@birch.example.com");
    for wrong in [
        json!({"enabled": false}),
        json!({"user": {"enabled": "false"}}),
        json!({"user": {"administrator": true}}),
        json!({"user": {"role": "viewer"}}),
        json!({"user": {"administrator_roles": {"administer_all": "true"}}}),
    ] {
        assert_eq!(client.send("PUT", &path, wrong.clone()).await.status, 400, "{wrong}");
    }
    let made = client.send("PUT", &path, json!({"user": {"administrator": "true"}})).await;
    assert_eq!(made.body["administrator_roles"]["administer_billing"], true);
}

#[tokio::test]
async fn roles_change_by_the_call_that_gives_them_and_go_without_an_answer() {
    let client = Client::new().await;
    let (id, product) = client.server.edit(|state| (state.add_person(ANA), state.add_product("App", "APP")));
    let path = format!("/users/{id}/product_roles");
    for (word, number) in [("viewer", 50), ("reviewer", 40), ("contributor", 30), ("product_owner", 20)] {
        let body = json!({"product_role": {"role": word, "product_id": "APP"}});
        let given = client.send("POST", &path, body).await;
        assert_eq!((given.status, &given.body["role"]), (200, &json!(number)));
    }
    assert_eq!(client.get(&path).await.body["pagination"]["total_records"], 1);
    let token = client.server.token();
    let gone = client.call_as(&token, "DELETE", &format!("{path}/{product}"), None).await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    assert_eq!(client.call_as(&token, "DELETE", &format!("{path}/{product}"), None).await.status, 404);
    let none = client.send("POST", &path, json!({"product_role": {"role": "none", "product_id": product}})).await;
    assert_eq!((none.status, &none.body["role"]), (200, &Value::Null));
}

#[tokio::test]
async fn lists_come_in_pages_of_at_most_two_hundred() {
    let client = Client::new().await;
    client.server.edit(|state| (1..=449).for_each(|number| drop(state.add_person(&format!("p{number}@x.example")))));
    let page = client.get("/users?page=3&per_page=500").await;
    assert_eq!(page.body["users"].as_array().expect("users").len(), 50);
    assert_eq!(page.body["pagination"], json!({"total_records": 450, "total_pages": 3, "current_page": 3}));
    let one = client.get("/users?email=P7@x.example").await;
    assert_eq!(one.body["pagination"]["total_records"], 1);
    assert_eq!(client.get("/users?sort=name").await.status, 400);
}

#[tokio::test]
async fn a_wrong_key_meets_a_page_for_people() {
    let client = Client::new().await;
    let refused = client.call_as("another", "GET", "/me", None).await;
    assert_eq!((refused.status, refused.header("content-type")), (401, "text/html; charset=utf-8"));
    client.server.edit(|state| state.revoke_key(true));
    assert_eq!(client.get("/me").await.status, 401);
}

#[tokio::test]
async fn every_answer_says_how_many_requests_are_left() {
    let client = Client::new().await;
    client.server.edit(|state| state.set_quota(Some(1)));
    let last = client.get("/me").await;
    assert_eq!((last.status, last.header("x-ratelimit-remaining")), (200, "0"));
    let none = client.get("/me").await;
    assert_eq!((none.status, none.header("x-ratelimit-limit")), (429, "300"));
    client.server.edit(|state| state.set_quota(None));
    client.server.fault(Fault::throttled(None));
    let thrown = client.get("/me").await;
    assert_eq!((thrown.status, thrown.header("x-ratelimit-remaining")), (429, "0"));
}

#[tokio::test]
async fn a_key_is_of_one_user_and_changes_are_for_administrators() {
    let client = Client::new().await;
    let id = client.server.edit(|state| {
        state.set_own_administrator(false);
        state.add_person(ANA)
    });
    let me = client.get("/me").await;
    assert_eq!(me.body["user"]["accounts"][0]["account"]["domain"], "birch");
    assert_eq!(me.body["user"]["administrator"], Value::Null, "it does not tell whether it administers");
    assert_eq!(client.send("PUT", &format!("/users/{id}"), json!({"user": {"enabled": false}})).await.status, 403);
    client.server.edit(|state| state.set_own_administrator(true));
    let own = client.server.edit(|state| state.own_id());
    let itself = client.send("PUT", &format!("/users/{own}"), json!({"user": {"enabled": false}})).await;
    assert_eq!(itself.status, 422);
    let last = client.send("PUT", &format!("/users/{own}"), json!({"user": {"administrator": "false"}})).await;
    assert_eq!(last.status, 422);
}

#[tokio::test]
async fn paid_seats_depend_on_the_plan_and_run_out() {
    let client = Client::new().await;
    client.server.edit(|state| {
        state.add_product("App", "APP");
        state.set_seats(Some(1));
    });
    assert_eq!(client.create("APP", ANA, "viewer").await.status, 200, "a viewer is free");
    assert_eq!(client.create("APP", "joel@birch.example.com", "contributor").await.status, 422);
    client.server.edit(|state| state.set_plan(Plan::Premium));
    assert_eq!(client.create("APP", "joel@birch.example.com", "viewer").await.status, 422, "nobody is free");
    let users = client.get("/users").await;
    assert_eq!(users.body["users"][1]["paid_seat"], true);
}

#[tokio::test]
async fn a_product_line_is_told_by_its_key_only() {
    let client = Client::new().await;
    let line = client.server.edit(|state| {
        state.add_person(ANA);
        let line = state.add_line("Suite", "SUITE");
        state.set_role(ANA, "SUITE", Some(Role::Developer));
        line
    });
    assert_eq!(client.get("/products").await.body["pagination"]["total_records"], 0);
    assert_eq!(client.get("/products/SUITE").await.body["product"]["id"], json!(line));
    let members = client.get("/products/SUITE/users").await;
    assert_eq!(members.body["project_users"][0]["role"], 35);
    let roles = client.get("/users?email=ana@birch.example.com").await;
    assert_eq!(roles.body["users"][0]["product_roles"][0]["product_name"], Value::Null);
}

#[tokio::test]
async fn custom_roles_are_of_one_plan_and_have_numbers_for_ids() {
    let client = Client::new().await;
    let (id, product) = client.server.edit(|state| (state.add_person(ANA), state.add_product("App", "APP")));
    let (path, number) = (format!("/users/{id}/user_roles"), product.parse::<u64>().expect("a number"));
    let body = json!({"user_role": {"custom_role_id": 409, "product_id": number}});
    assert_eq!(client.send("POST", &path, body.clone()).await.status, 403);
    client.server.edit(|state| state.set_plan(Plan::EnterprisePlus));
    let given = client.send("POST", &path, body).await;
    assert_eq!((&given.body["role_id"], &given.body["scope"]["id"]), (&json!(409), &json!(number)));
    assert_eq!(client.get(&path).await.body["pagination"]["total_records"], 1);
}

#[tokio::test]
async fn teams_answer_nothing_and_seat_groups_show_those_of_the_key() {
    let client = Client::new().await;
    let (team, id) = client.server.edit(|state| {
        let id = state.add_person(ANA);
        let mine = state.add_seat_group("Mine", 10, true);
        state.add_seat_group("Others", 5, false);
        state.set_seat_group(ANA, &mine);
        (state.add_team("Crew"), id)
    });
    let path = format!("/teams/{team}/team_memberships");
    let joined = client.send("POST", &path, json!({"team_membership": {"user_id": id}})).await;
    assert_eq!((joined.status, joined.body), (204, Value::Null));
    assert_eq!(client.get(&path).await.body["team_memberships"][0]["team_member"]["email"], ANA);
    let groups = client.get("/paid_seat_groups").await;
    let groups = groups.body["paid_seat_groups"].as_array().expect("groups").clone();
    assert_eq!(groups.len(), 1);
    assert_eq!((&groups[0]["capacity"], &groups[0]["allocated_seats"]), (&json!(10), &json!(1)));
}

#[tokio::test]
async fn a_cut_listing_keeps_its_totals() {
    let client = Client::new().await;
    client.server.edit(|state| state.add_person(ANA));
    client.server.fault(Fault::truncated(1));
    let cut = client.get("/users").await;
    assert_eq!(cut.body["users"].as_array().expect("users").len(), 1);
    assert_eq!(cut.body["pagination"]["total_records"], 2);
}
