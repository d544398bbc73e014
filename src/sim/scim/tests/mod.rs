//! What the simulated vendor promises, asked over real sockets of the loopback interface.

mod dialects;
mod faults;
mod listings;
mod protocol;
mod vendors;

use serde_json::{Value, json};

use super::{Dialect, Options, Server};

const USER: &str = appaccess_scim::urn::USER;
const GROUP: &str = appaccess_scim::urn::GROUP;
const PATCH_OP: &str = appaccess_scim::urn::PATCH_OP;

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
    fn total(&self) -> u64 {
        self.body["totalResults"].as_u64().expect("a total")
    }

    fn names(&self) -> Vec<&str> {
        let resources = self.body["Resources"].as_array().expect("resources");
        let name = |one: &'static str| move |value: &'_ Value| value.get(one).is_some();
        let key = if resources.iter().any(name("userName")) { "userName" } else { "displayName" };
        resources.iter().map(|resource| resource[key].as_str().expect("a name")).collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }
}

impl Client {
    async fn with(dialect: Dialect) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, server: Server::start(Options::from(dialect)).await.expect("a free port") }
    }

    async fn plain() -> Self {
        Self::with(Dialect::default()).await
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let url = format!("{}{path}", self.server.base_url());
        self.http.request(method, url).bearer_auth(self.server.token())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole body");
        Reply { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.request(method, path).header("content-type", "application/scim+json").body(body.to_string());
        self.send(request).await
    }

    async fn patch(&self, path: &str, operations: Value) -> Reply {
        self.write("PATCH", path, json!({"schemas": [PATCH_OP], "Operations": operations})).await
    }

    async fn create_user(&self, user_name: &str) -> Reply {
        self.write("POST", "/Users", json!({"schemas": [USER], "userName": user_name})).await
    }

    /// Seeds users `u1`, `u2`, … and returns their ids.
    fn seed(&self, users: usize) -> Vec<String> {
        self.server.edit(|state| (1..=users).map(|number| state.add_user(&format!("u{number}"))).collect())
    }
}
