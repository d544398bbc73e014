//! The account as a service on a socket.

use std::io;

use super::{
    exchange::{Outcome, Refusal, with_limits},
    others, products,
    state::{Snapshot, State},
    users,
};
use crate::sim::service::{self, Answer, Call, Service};

/// What the rate headers say while no quota is set.
const REMAINING: u32 = 299;

/// An Aha! account.
#[derive(Debug, Clone)]
pub struct Aha {
    state: State,
    key: String,
}

impl Aha {
    fn handle(&mut self, call: &Call) -> Outcome {
        let shown = call.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        if shown != Some(self.key.as_str()) || self.state.is_key_revoked() {
            return Err(Refusal::new(401, "unauthorized"));
        }
        // Aha! asks every client to say who it is; that it refuses one that does not is inferred.
        if call.header("user-agent").is_none_or(str::is_empty) {
            return Err(Refusal::new(400, "User-Agent is missing"));
        }
        if !self.state.spend() {
            return Err(Refusal::new(429, "Too many requests"));
        }
        // Who may read is not documented; that only administrators may change users is inferred.
        if !call.is_read() && !self.state.own_user().is_some_and(|user| user.administers.any()) {
            return Err(Refusal::new(403, "You do not have permission to do this"));
        }
        self.route(call)
    }

    fn route(&mut self, call: &Call) -> Outcome {
        let state = &mut self.state;
        match (call.method.as_str(), call.segments().as_slice()) {
            ("GET", ["me"]) => users::me(state, call),
            ("GET", ["users"]) => users::list(state, call),
            ("GET", ["users", id]) => users::get(state, call, id),
            ("PUT", ["users", id]) => users::update(state, call, id),
            ("GET", ["users", id, "product_roles"]) => users::product_roles(state, call, id),
            ("POST", ["users", id, "product_roles"]) => users::set_role(state, call, id),
            ("DELETE", ["users", id, "product_roles", product]) => users::take_role(state, id, product),
            ("GET", ["users", id, "user_roles"]) => others::custom_roles(state, call, id),
            ("POST", ["users", id, "user_roles"]) => others::give_custom_role(state, call, id),
            ("DELETE", ["users", id, "user_roles", product]) => others::take_custom_role(state, id, product),
            ("GET", ["products"]) => products::list(state, call),
            ("GET", ["products", key]) => products::get(state, call, key),
            ("GET", ["products", key, "users"]) => products::users(state, call, key),
            ("POST", ["products", key, "users"]) => users::create(state, call, key),
            ("GET", ["paid_seat_groups"]) => others::seat_groups(state, call),
            ("GET", ["teams"]) => others::teams(state, call),
            ("GET", ["teams", id, "team_memberships"]) => others::memberships(state, call, id),
            ("POST", ["teams", id, "team_memberships"]) => others::join(state, call, id),
            _ => Err(Refusal::not_found()),
        }
    }
}

impl Service for Aha {
    type State = State;

    const PREFIX: &'static str = "/api/v1";

    fn answer(&mut self, call: &Call) -> Answer {
        let answer = self.handle(call).unwrap_or_else(Refusal::into_answer);
        with_limits(answer, self.state.remaining().unwrap_or(REMAINING))
    }

    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn error(&self, status: u16, detail: &str) -> Answer {
        let answer = Refusal::new(status, detail).into_answer();
        if status == 429 { with_limits(answer, 0) } else { answer }
    }

    fn truncate(&self, answer: &mut Answer, missing: usize) {
        let lists = answer.json_mut().and_then(|body| body.as_object_mut()).into_iter().flatten();
        for rows in lists.filter_map(|(_, value)| value.as_array_mut()) {
            rows.truncate(rows.len().saturating_sub(missing));
        }
    }

    fn is_listing(&self, call: &Call) -> bool {
        call.method == "GET" && matches!(call.segments().as_slice(), ["users" | "products"] | ["products", _, "users"])
    }
}

/// A running account. Stops when it is dropped.
pub type Server = service::Server<Aha>;

impl Server {
    /// Starts the account `birch` on a free port of the loopback interface: one administrator, to whom the key belongs,
    /// and no products.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::serve(Aha { state: State::new("birch"), key: "simulated-key".to_owned() }).await
    }

    /// The API key that it takes.
    #[must_use]
    pub fn token(&self) -> String {
        self.service(|aha| aha.key.clone())
    }

    /// People, with what they hold, as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.service(|aha| aha.state.snapshot())
    }
}
