//! A running Harvest: the service behind the socket, and what tests ask of it.

use std::io;

use serde_json::Value;

use super::{
    refusal::Refusal,
    state::{Snapshot, State},
    vendor,
};
use crate::sim::service::{self, Answer, Call, Service};

/// A Harvest account behind its API.
#[derive(Debug, Clone)]
pub struct Harvest {
    pub(super) state: State,
    pub(super) account: String,
    pub(super) token: String,
}

impl Harvest {
    /// The token is good for nothing any more.
    pub fn revoke_token(&mut self) {
        "another-token".clone_into(&mut self.token);
    }
}

impl Service for Harvest {
    type State = State;

    /// The API is below `/v2`, the identity service below `/api/v2`.
    const PREFIX: &'static str = "";

    fn answer(&mut self, call: &Call) -> Answer {
        vendor::answer(self, call)
    }

    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn error(&self, status: u16, detail: &str) -> Answer {
        Refusal::new(status, detail).into_answer()
    }

    fn truncate(&self, answer: &mut Answer, missing: usize) {
        let Some(body) = answer.json_mut() else { return };
        for name in ["users", "roles"] {
            if let Some(rows) = body.get_mut(name).and_then(Value::as_array_mut) {
                rows.truncate(rows.len().saturating_sub(missing));
            }
        }
    }

    fn is_listing(&self, call: &Call) -> bool {
        call.is_read() && matches!(call.segments().as_slice(), ["v2", "users" | "roles"])
    }
}

/// A running Harvest account. Stops when it is dropped.
pub type Server = service::Server<Harvest>;

impl Server {
    /// Starts the account on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start() -> io::Result<Self> {
        let (account, token) = ("889900".to_owned(), "simulated-token".to_owned());
        Self::serve(Harvest { state: State::default(), account, token }).await
    }

    /// The base address of the API, version included.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/v2", self.base_url())
    }

    /// The personal access token that it takes.
    #[must_use]
    pub fn token(&self) -> String {
        self.service(|harvest| harvest.token.clone())
    }

    /// The id of the account.
    #[must_use]
    pub fn account_id(&self) -> String {
        self.service(|harvest| harvest.account.clone())
    }

    /// What the account holds now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.edit(|state| state.snapshot())
    }
}
