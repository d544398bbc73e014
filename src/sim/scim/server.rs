//! The vendor as a service on a socket.

use std::{collections::BTreeSet, io};

use super::{
    dialect::Dialect,
    exchange::Refusal,
    state::{Snapshot, State},
    vendor,
};
use crate::sim::service::{self, Answer, Call, Service};

/// What a simulated vendor is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it behaves.
    pub dialect: Dialect,
    /// The bearer token that it takes.
    pub token: String,
    /// Largest request body, in bytes; a larger one is answered with 413.
    pub body_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { dialect: Dialect::default(), token: "simulated-token".to_owned(), body_max: 4 * 1024 * 1024 }
    }
}

impl From<Dialect> for Options {
    fn from(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }
}

/// A SCIM vendor.
#[derive(Debug, Clone)]
pub struct Scim {
    state: State,
    options: Options,
}

impl Scim {
    /// No token that was handed out is taken any more.
    pub fn revoke_token(&mut self) {
        self.options.token.insert_str(0, "revoked-");
    }
}

impl Service for Scim {
    type State = State;

    const PREFIX: &'static str = "/scim/v2";

    fn answer(&mut self, call: &Call) -> Answer {
        vendor::answer(&mut self.state, &self.options.dialect, &self.options.token, call)
    }

    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn error(&self, status: u16, detail: &str) -> Answer {
        Refusal::new(status, detail).into_answer(self.options.dialect.numeric_error_status)
    }

    fn truncate(&self, answer: &mut Answer, missing: usize) {
        let resources = answer.json_mut().and_then(|body| body.get_mut("Resources"));
        if let Some(list) = resources.and_then(|list| list.as_array_mut()) {
            list.truncate(list.len().saturating_sub(missing));
        }
    }

    fn is_listing(&self, call: &Call) -> bool {
        call.path.as_ref().is_some_and(|segments| segments.len() == 1)
    }

    fn before_last_write(&self) -> Option<Self> {
        Some(Self { state: self.state.before_last_write(), options: self.options.clone() })
    }

    fn body_max(&self) -> usize {
        self.options.body_max
    }
}

/// A running SCIM vendor. Stops when it is dropped.
pub type Server = service::Server<Scim>;

impl Server {
    /// Starts a vendor on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: impl Into<Options>) -> io::Result<Self> {
        let options = options.into();
        let mut state = State::default();
        state.awkward_ids = options.dialect.awkward_ids;
        Self::serve(Scim { state, options }).await
    }

    /// The bearer token that it takes.
    #[must_use]
    pub fn token(&self) -> String {
        self.service(|scim| scim.options.token.clone())
    }

    /// Changes how the vendor behaves from now on.
    pub fn edit_dialect<T>(&self, edit: impl FnOnce(&mut Dialect) -> T) -> T {
        self.service(|scim| {
            let result = edit(&mut scim.options.dialect);
            scim.state.awkward_ids = scim.options.dialect.awkward_ids;
            result
        })
    }

    /// The users who are on the paid plan: nobody, or all who are switched on.
    #[must_use]
    pub fn paid_users(&self) -> BTreeSet<String> {
        self.service(|scim| {
            let Some(free) = scim.options.dialect.free_users else { return BTreeSet::new() };
            let users = scim.state.snapshot().users.into_iter().filter(|(_, user)| user.active);
            let on: BTreeSet<String> = users.map(|(name, _)| name).collect();
            if on.len() > free { on } else { BTreeSet::new() }
        })
    }

    /// The users and groups as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.service(|scim| scim.state.snapshot())
    }
}
