//! The vendor as a service on a socket.

use std::{collections::BTreeMap, io};

use serde_json::json;

use super::{
    state::{SeenPerson, State},
    vendor,
};
use crate::sim::service::{self, Answer, Call, Service};

/// What a simulated workspace is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The API key that it takes.
    pub key: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { key: "simulated-clockify-key".to_owned() }
    }
}

/// A Clockify workspace.
#[derive(Debug, Clone)]
pub struct Clockify {
    state: State,
}

impl Service for Clockify {
    type State = State;

    const PREFIX: &'static str = "/api/v1";

    fn answer(&mut self, call: &Call) -> Answer {
        vendor::answer(&mut self.state, call)
    }

    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// `{message, code}`. The bodies of 402, 403, 429 and 5xx are inferred.
    fn error(&self, status: u16, detail: &str) -> Answer {
        match status {
            401 => Answer::json(401, json!({"message": "Api key does not exist", "code": 4003})),
            403 => Answer::json(403, json!({"message": "Access Denied", "code": 403})),
            429 => Answer::json(429, json!({"message": "Too many requests"})),
            _ => Answer::json(status, json!({"message": detail, "code": status})),
        }
    }

    fn truncate(&self, answer: &mut Answer, missing: usize) {
        if let Some(rows) = answer.json_mut().and_then(|body| body.as_array_mut()) {
            rows.truncate(rows.len().saturating_sub(missing));
        }
    }

    fn is_listing(&self, call: &Call) -> bool {
        matches!(call.segments().as_slice(), ["workspaces", _, "users" | "user-groups" | "projects"])
    }

    fn is_read(&self, call: &Call) -> bool {
        call.is_read()
            || (call.method == "POST" && matches!(call.segments().as_slice(), ["workspaces", _, "users", "info"]))
    }
}

/// A running workspace. Stops when it is dropped.
pub type Server = service::Server<Clockify>;

impl Server {
    /// Starts a workspace on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::serve(Clockify { state: State::new(&options.key) }).await
    }

    /// The API key that it takes; empty once it is revoked.
    #[must_use]
    pub fn key(&self) -> String {
        self.edit(|state| state.key.clone().unwrap_or_default())
    }

    /// The id of the workspace.
    #[must_use]
    pub fn workspace(&self) -> String {
        self.edit(|state| state.workspace.clone())
    }

    /// Everybody by mail address.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, SeenPerson> {
        self.edit(|state| state.snapshot())
    }
}
