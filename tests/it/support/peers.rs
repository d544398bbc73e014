//! SCIM servers that others wrote, each with its own habits. A fresh one, empty, for each test that asks.

use std::fs;
use std::path::Path;
use std::process::Command;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Process, free_port};
use super::wait::eventually;
use super::{install_tls_provider, tools};

/// The bearer token that every peer accepts, and the only one.
pub(crate) const TOKEN: &str = "the-token-of-the-tests";

/// A port may be taken between its choice and its use.
const STARTS: usize = 3;

/// A running SCIM server on the loopback address. It is stopped when this value is dropped.
pub(crate) struct Peer {
    /// What a client is configured with: the address that `/Users` is added to.
    pub(crate) base: String,
    client: Client,
    process: Process,
    _scratch: TempDir,
}

/// What a peer answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The JSON of the body; null where there was none.
    pub(crate) body: Value,
}

impl Peer {
    /// scim2-server: paging by index, all filters, `ETag`, no `groups` on users, members that outlive their user.
    pub(crate) async fn scim2_server() -> Self {
        Self::start("/v2", |port, _| scim2_command(port)).await
    }

    /// The same server with paging by cursor (RFC 9865) announced as well.
    pub(crate) async fn scim2_server_with_cursors() -> Self {
        Self::start("/v2", |port, scratch| {
            let file = scratch.join("service-provider-config.json");
            fs::write(&file, with_cursors().to_string()).expect("the scratch folder takes a file");
            let mut command = scim2_command(port);
            command.arg("--service-provider-config").arg(file);
            command
        })
        .await
    }

    /// scimmy: no `ETag`, user names compared with case, a start index past the end that begins anew at the first.
    pub(crate) async fn scimmy() -> Self {
        Self::start("/scim/v2", |port, _| {
            let mut command = Command::new("node");
            command.arg(tools::scimmy()).env("PORT", port.to_string()).env("BEARER_TOKEN", TOKEN);
            command
        })
        .await
    }

    async fn start(path: &str, command: impl Fn(u16, &Path) -> Command) -> Self {
        install_tls_provider();
        let mut reason = String::new();
        for _ in 0..STARTS {
            let scratch = TempDir::new().expect("a scratch folder can be made");
            let port = free_port();
            let process = Process::start(&command(port, scratch.path()), &scratch.path().join("log"), None);
            let client = Client::builder().no_proxy().build().expect("a plain HTTP client can be built");
            let base = format!("http://127.0.0.1:{port}{path}");
            let mut peer = Self { base, client, process, _scratch: scratch };
            match peer.ready().await {
                Ok(()) => return peer,
                Err(last_words) => reason = last_words,
            }
        }
        panic!("the SCIM server did not start: {reason}");
    }

    async fn ready(&mut self) -> Result<(), String> {
        let probe = format!("{}/ServiceProviderConfig", self.base);
        eventually("the SCIM server answers", async || match self.client.get(&probe).send().await {
            Ok(_) => Some(Ok(())),
            Err(_) => self.process.last_words().map(Err),
        })
        .await
    }

    /// Sends a request as its administrator would, behind the back of whatever is tested.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.call_with(Some(TOKEN), method, path, body).await
    }

    /// The same with another token, or none.
    pub(crate) async fn call_with(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/scim+json").body(body.to_string());
        }
        let response = request.send().await.expect("the SCIM server answers");
        let status = response.status().as_u16();
        let text = response.text().await.expect("the SCIM server sends its whole answer");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("the answer is JSON") };
        Answer { status, body }
    }
}

fn scim2_command(port: u16) -> Command {
    let mut command = Command::new(tools::scim2_server());
    command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]);
    command
}

fn with_cursors() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576},
        "filter": {"supported": true, "maxResults": 1000},
        "changePassword": {"supported": true},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 20,
            "maxPageSize": 100,
            "cursorTimeout": 3600,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "the token of the tests",
            "primary": true,
        }],
    })
}
