//! The account itself: one call in, one answer out. Who asks, with which rights, for what.

use serde_json::{Map, Value, json};

use super::{people, refusal::Refusal, roles, server::Harvest, state::State};
use crate::sim::service::{Answer, Call};

/// Seconds after which the limit of 100 requests is counted anew.
const WINDOW: &str = "15";

/// Answers any call.
pub(super) fn answer(harvest: &mut Harvest, call: &Call) -> Answer {
    if let Some(left) = &mut harvest.state.quota {
        if *left == 0 {
            let refusal = Refusal::new(429, "Rate limit exceeded. Try again later.");
            return refusal.into_answer().with_header("retry-after", WINDOW);
        }
        *left -= 1;
    }
    let mut answer = admitted(harvest, call).unwrap_or_else(Refusal::into_answer);
    if harvest.state.habits.ids_as_texts
        && let Some(body) = answer.json_mut()
    {
        ids_to_texts(body);
    }
    answer
}

fn admitted(harvest: &mut Harvest, call: &Call) -> Result<Answer, Refusal> {
    let agent = call.header("user-agent").unwrap_or_default();
    // Inferred: only a missing one is known to be refused; one without a contact breaks the same rule.
    if !(agent.contains('(') && (agent.contains('@') || agent.contains("http"))) {
        return Err(Refusal::new(400, "User-Agent must name the application and a contact"));
    }
    let token = call.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let is_archived = harvest.state.people.get(&harvest.state.own).is_none_or(|person| !person.is_active);
    if token != Some(harvest.token.as_str()) || is_archived {
        let message = "The access token provided is expired, revoked, malformed or invalid for other reasons.";
        return Err(Refusal::new(401, message));
    }
    match call.segments().as_slice() {
        ["api", "v2", "accounts"] if call.method == "GET" => Ok(accounts(harvest)),
        ["v2", below @ ..] => {
            if call.header("harvest-account-id") != Some(harvest.account.as_str()) {
                return Err(Refusal::new(harvest.state.habits.wrong_account, "The account is not available."));
            }
            route(&mut harvest.state, call, below)
        }
        _ => Err(Refusal::not_found()),
    }
}

/// The accounts that the token may use, a product of another kind among them.
fn accounts(harvest: &Harvest) -> Answer {
    let id = harvest.account.parse::<u64>().unwrap_or_default();
    let account = |id: u64, product: &str| json!({"id": id, "name": "Birch Studio", "product": product});
    let me = harvest.state.people.get(&harvest.state.own);
    Answer::json(
        200,
        json!({
            "user": {"id": harvest.state.own, "email": me.map(|person| person.email.as_str())},
            "accounts": [account(id, "harvest"), account(id + 1, "forecast")],
        }),
    )
}

fn route(state: &mut State, call: &Call, below: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), below) {
        ("GET", ["company"]) => Ok(company(state)),
        ("GET", ["users"]) => people::list(state, call),
        ("GET", ["users", "me"]) => people::one(state, state.own),
        ("GET", ["users", id]) => people::read(state, number(id)?),
        ("POST", ["users"]) => people::create(state, &body(call)?),
        ("PATCH", ["users", id]) => people::change(state, number(id)?, &body(call)?),
        ("DELETE", ["users", id]) => people::delete(state, number(id)?),
        ("GET", ["users", id, "teammates"]) => people::teammates(state, number(id)?),
        ("PATCH", ["users", id, "teammates"]) => people::set_teammates(state, number(id)?, &body(call)?),
        ("GET", ["roles"]) => roles::list(state, call),
        ("GET", ["roles", id]) => roles::read(state, number(id)?),
        ("POST", ["roles"]) => roles::create(state, &body(call)?),
        ("PATCH", ["roles", id]) => roles::change(state, number(id)?, &body(call)?),
        ("DELETE", ["roles", id]) => roles::delete(state, number(id)?),
        _ => Err(Refusal::not_found()),
    }
}

fn company(state: &State) -> Answer {
    Answer::json(
        200,
        json!({
            "base_uri": "https://birch.harvestapp.com", "full_domain": "birch.harvestapp.com", "name": "Birch Studio",
            "is_active": state.is_active, "plan_type": state.plan, "week_start_day": "Monday", "clock": "24h",
            "expense_feature": true, "invoice_feature": true, "estimate_feature": true, "approval_feature": true,
        }),
    )
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}

/// The JSON object of a change. A form body is documented too, and not simulated.
fn body(call: &Call) -> Result<Map<String, Value>, Refusal> {
    if !call.header("content-type").is_some_and(|media| media.starts_with("application/json")) {
        return Err(Refusal::new(415, "Content-Type must be application/json"));
    }
    match call.json() {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(Refusal::new(400, "The body is no JSON object")),
    }
}

/// Only an administrator may do this.
pub(super) fn administrators_only(state: &State) -> Result<(), Refusal> {
    let is_administrator = state.people.get(&state.own).is_some_and(|person| person.main() == "administrator");
    if is_administrator { Ok(()) } else { Err(Refusal::forbidden()) }
}

/// Inferred strictness: a field that no document names is refused, so that no client sends one by mistake.
pub(super) fn known_fields(body: &Map<String, Value>, known: &[&str]) -> Result<(), Refusal> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Refusal::invalid(format!("{name} is not a writable field"))),
        None => Ok(()),
    }
}

/// Ids as they are read: numbers.
pub(super) fn ids(value: &Value, what: &str) -> Result<Vec<u64>, Refusal> {
    let ids = value.as_array().map(|ids| ids.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>());
    ids.flatten().ok_or_else(|| Refusal::invalid(format!("{what} must be a list of ids")))
}

fn ids_to_texts(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if name == "id"
                    && let Some(id) = value.as_u64()
                {
                    *value = Value::from(id.to_string());
                } else if name == "user_ids"
                    && let Some(ids) = value.as_array_mut()
                {
                    for id in ids {
                        *id = Value::from(id.to_string());
                    }
                } else {
                    ids_to_texts(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(ids_to_texts),
        _ => {}
    }
}
