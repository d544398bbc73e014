//! The vendor as a service on a socket: credential, limits, then the route.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    body::Refusal,
    groups,
    habits::{Habits, Quota},
    invitations, organization,
    state::{Snapshot, State},
    update, users, workspaces,
};
use crate::sim::service::{self, Answer, Call, Service};

/// What a simulated vendor is started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How it behaves.
    pub habits: Habits,
}

/// A Toggl Track organisation.
#[derive(Debug, Clone)]
pub struct Toggl {
    state: State,
    token: String,
}

/// Which quota a request counts against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bucket {
    Me,
    Organization,
}

impl Toggl {
    fn quota(&mut self, bucket: Bucket) -> &mut Option<Quota> {
        match bucket {
            Bucket::Me => &mut self.state.habits.me_quota,
            Bucket::Organization => &mut self.state.habits.quota,
        }
    }

    fn text(&self, status: u16, text: &str) -> Answer {
        if self.state.habits.quoted_texts {
            Answer::json(status, Value::String(text.to_owned()))
        } else {
            Answer::text(status, text)
        }
    }

    fn render(&self, value: Value) -> Answer {
        match value {
            Value::String(text) => self.text(200, &text),
            value => Answer::json(200, value),
        }
    }

    /// HTTP Basic with the token as the user name and a fixed word as the password.
    fn is_known(&self, call: &Call) -> bool {
        let given = call.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let decoded = given.and_then(|given| STANDARD.decode(given).ok());
        decoded.is_some_and(|decoded| decoded == format!("{}:api_token", self.token).as_bytes())
    }

    /// Refuses what is over a limit, before any work.
    fn limited(&mut self, bucket: Bucket) -> Option<Answer> {
        if let Some(left) = &mut self.state.habits.burst {
            if *left == 0 {
                self.state.habits.burst = None;
                return Some(self.text(429, "Too many requests"));
            }
            *left -= 1;
        }
        let quota = self.quota(bucket).as_mut()?;
        if quota.remaining == 0 {
            return Some(self.error(402, "You have hit your hourly limit for API calls."));
        }
        quota.remaining -= 1;
        None
    }

    fn route(&mut self, call: &Call) -> Result<Answer, Refusal> {
        let segments = call.segments();
        let number = |text: &str| text.parse::<u64>().ok();
        if let ["organizations", id, ..] = segments.as_slice()
            && number(id) != Some(self.state.organization)
        {
            // What another organisation's id is answered with depends on the call; this is the plainest (inferred).
            return Err(Refusal(404, "Invalid organization ID".to_owned()));
        }
        if !self.state.habits.authorized && segments.first() != Some(&"me") {
            return Err(Refusal(403, "Forbidden".to_owned()));
        }
        if call.method == "GET" { self.read(call, &segments) } else { self.write(call, &segments) }
    }

    fn read(&mut self, call: &Call, segments: &[&str]) -> Result<Answer, Refusal> {
        let state = &mut self.state;
        let value = match segments {
            ["me", "logged"] => return Ok(Answer::empty(200)),
            ["me", rest @ ..] => organization::me(state, rest)?,
            ["organizations", _] => organization::organization(state),
            ["organizations", _, "users"] | ["organizations", _, "users", "detailed"] => {
                return users::list(state, call);
            }
            ["organizations", _, "roles"] => organization::roles(state)?,
            ["organizations", _, "groups"] => groups::list(state, call)?,
            _ => return Err(Refusal(404, "Not found".to_owned())),
        };
        Ok(self.render(value))
    }

    fn write(&mut self, call: &Call, segments: &[&str]) -> Result<Answer, Refusal> {
        let state = &mut self.state;
        let id = |text: &str| text.parse::<u64>().map_err(|_| Refusal(404, "Not found".to_owned()));
        let value = match (call.method.as_str(), segments) {
            ("PUT", ["organizations", _, "users", user]) => update::user(state, id(user)?, call)?,
            ("PATCH", ["organizations", _, "users"]) => users::delete(state, call)?,
            ("POST", ["organizations", _, "invitations"]) => invitations::invite(state, call)?,
            ("PUT", ["organizations", _, "invitations", invitation, "resend"]) => {
                invitations::resend(state, id(invitation)?)?
            }
            ("POST", ["organizations", _, "groups"]) => groups::create(state, call)?,
            ("PUT", ["organizations", _, "groups", group]) => groups::replace(state, id(group)?, call)?,
            ("PATCH", ["organizations", _, "groups", group]) => groups::patch(state, id(group)?, call)?,
            ("DELETE", ["organizations", _, "groups", group]) => groups::delete(state, id(group)?)?,
            ("PUT", ["workspaces", workspace, "workspace_users", user]) => {
                workspaces::change(state, id(workspace)?, id(user)?, call)?
            }
            ("DELETE", ["workspaces", workspace, "workspace_users", user]) => {
                workspaces::remove(state, id(workspace)?, id(user)?)?
            }
            ("PATCH", ["organizations", _, "workspaces", workspace, "workspace_users"]) => {
                workspaces::remove_many(state, id(workspace)?, call)?
            }
            _ => return Err(Refusal(405, "Method not allowed".to_owned())),
        };
        Ok(self.render(value))
    }
}

impl Service for Toggl {
    type State = State;

    const PREFIX: &'static str = "/api/v9";

    fn answer(&mut self, call: &Call) -> Answer {
        // Wrong credentials are 403, not 401; the text is inferred.
        if !self.is_known(call) {
            return self.text(403, "Incorrect username and/or password");
        }
        let bucket = if call.segments().first() == Some(&"me") { Bucket::Me } else { Bucket::Organization };
        if let Some(limited) = self.limited(bucket) {
            return limited;
        }
        let answer = self.route(call).unwrap_or_else(|Refusal(status, text)| self.text(status, &text));
        match *self.quota(bucket) {
            Some(quota) => told(answer, quota),
            None => answer,
        }
    }

    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn error(&self, status: u16, detail: &str) -> Answer {
        let answer = self.text(status, detail);
        let resets_in = self.state.habits.quota.map_or(1, |quota| quota.resets_in);
        if status == 402 { told(answer, Quota { remaining: 0, resets_in }) } else { answer }
    }

    fn truncate(&self, answer: &mut Answer, missing: usize) {
        if let Some(list) = answer.json_mut().and_then(Value::as_array_mut) {
            list.truncate(list.len().saturating_sub(missing));
        }
    }

    fn is_listing(&self, call: &Call) -> bool {
        matches!(call.segments().as_slice(), ["organizations", _, "users" | "groups"])
    }
}

fn told(answer: Answer, quota: Quota) -> Answer {
    answer
        .with_header("x-toggl-quota-remaining", quota.remaining.to_string())
        .with_header("x-toggl-quota-resets-in", quota.resets_in.to_string())
}

/// A running vendor. Stops when it is dropped.
pub type Server = service::Server<Toggl>;

impl Server {
    /// Starts a vendor on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let state = State { habits: options.habits, ..State::default() };
        Self::serve(Toggl { state, token: "toggl-simulated-token".to_owned() }).await
    }

    /// The API token that it takes.
    #[must_use]
    pub fn token(&self) -> String {
        self.service(|toggl| toggl.token.clone())
    }

    /// Makes another API token the only one that is taken.
    pub fn change_token(&self, token: &str) {
        self.service(|toggl| token.clone_into(&mut toggl.token));
    }

    /// The organisation as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.edit(|state| state.snapshot())
    }
}
