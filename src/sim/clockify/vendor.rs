//! The vendor itself: one call in, one answer out, over a state that it changes. Knows neither sockets nor time.

use serde_json::{Map, Value, json};

use super::{
    groups, members, people, render,
    state::{Role, State},
};
use crate::sim::service::{Answer, Call};

/// What a call comes to: an answer, or a refusal, which is one as well.
pub(super) type Outcome = Result<Answer, Answer>;

/// A refusal in the vendor's form.
pub(super) fn refusal(status: u16, code: u32, message: &str) -> Answer {
    Answer::json(status, json!({"message": message, "code": code}))
}

/// Validation, and everything that is not there: 400 with code 501.
pub(super) fn invalid(message: &str) -> Answer {
    refusal(400, 501, message)
}

/// Unknown, deleted and foreign ids look the same. The noun is inferred.
pub(super) fn foreign(noun: &str) -> Answer {
    invalid(&format!("{noun} doesn't belong to Workspace"))
}

/// A feature that the plan lacks. Status and body are inferred.
pub(super) fn not_in_plan() -> Answer {
    refusal(402, 402, "Feature is not available on your subscription plan")
}

/// A method that a route does not have.
pub(super) fn wrong_method(method: &str, allowed: &str) -> Answer {
    refusal(405, 3000, &format!("Request method '{method}' is not supported")).with_header("allow", allowed)
}

/// Answers any call.
pub(super) fn answer(state: &mut State, call: &Call) -> Answer {
    if let Err(refused) = authorised(state, call) {
        return refused;
    }
    if let Some(left) = &mut state.quota {
        if *left == 0 {
            return Answer::json(429, json!({"message": "Too many requests"}));
        }
        *left -= 1;
    }
    let mut answer = route(state, call).unwrap_or_else(|refused| refused);
    if state.unknown_fields
        && let Some(body) = answer.json_mut()
    {
        add_unknown(body);
    }
    answer
}

/// A field that nobody knows, on every object.
fn add_unknown(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(add_unknown),
        Value::Object(object) => {
            object.values_mut().for_each(add_unknown);
            object.insert("cakeNovelty".to_owned(), json!({"deep": [1, null]}));
        }
        _ => {}
    }
}

/// The key is asked for before anything else, whatever the address. A bearer token counts as none.
fn authorised(state: &State, call: &Call) -> Result<(), Answer> {
    match (call.header("x-api-key"), call.header("x-addon-token")) {
        (Some(key), None) if call.header("authorization").is_none() => {
            if state.key.as_deref() == Some(key) {
                Ok(())
            } else {
                Err(refusal(401, 4003, "Api key does not exist"))
            }
        }
        (None, Some(_)) => Err(refusal(401, 4017, "Token is not valid")),
        _ => Err(refusal(401, 1000, "Multiple or none auth tokens present")),
    }
}

fn route(state: &mut State, call: &Call) -> Outcome {
    let segments = call.segments();
    match segments.as_slice() {
        ["user"] => own_user(state, call),
        ["workspaces"] => workspaces(state, call),
        ["workspaces", id, rest @ ..] => {
            // Whether another's workspace is answered so is inferred.
            if *id != state.workspace {
                return Err(foreign("Workspace"));
            }
            in_workspace(state, call, rest)
        }
        _ => Err(no_route(call)),
    }
}

fn in_workspace(state: &mut State, call: &Call, rest: &[&str]) -> Outcome {
    match rest {
        [] => {
            get_only(call)?;
            parameters(call, &[])?;
            Ok(Answer::json(200, render::workspace(state)))
        }
        ["users"] => people::collection(state, call),
        ["users", "info"] => people::search(state, call),
        ["users", id] => members::one(state, call, id),
        ["users", id, "roles"] => members::roles(state, call, id),
        ["users", id, "managers"] => people::managers(state, call, id),
        ["member-profile", id] => people::profile(state, call, id),
        ["user-groups"] => groups::collection(state, call),
        ["user-groups", id] => groups::one(state, call, id),
        ["user-groups", id, "users"] => groups::members(state, call, id),
        ["user-groups", group, "users", user] => groups::member(state, call, group, user),
        ["projects"] => groups::projects(state, call),
        _ => Err(no_route(call)),
    }
}

fn no_route(call: &Call) -> Answer {
    refusal(404, 3000, &format!("No static resource v1/{}.", call.segments().join("/")))
}

fn own_user(state: &State, call: &Call) -> Outcome {
    get_only(call)?;
    parameters(call, &["include-memberships"])?;
    flag(call, "include-memberships")?;
    let own = state.users.get_key_value(&state.own).ok_or_else(|| foreign("User"))?;
    Ok(Answer::json(200, render::user(state, own, false, false)))
}

/// All workspaces of the key's user, not paged; with `roles` those where the user holds one of them.
fn workspaces(state: &State, call: &Call) -> Outcome {
    get_only(call)?;
    parameters(call, &["roles"])?;
    let own = state.users.get(&state.own).map_or(Role::Member, |user| user.role);
    let held = match own {
        Role::Owner => "OWNER",
        Role::Admin => "WORKSPACE_ADMIN",
        Role::Member => "",
    };
    let asked: Vec<&str> = values(call, "roles").collect();
    let shown = asked.is_empty() || asked.contains(&held);
    let all: Vec<Value> = shown.then(|| render::workspace(state)).into_iter().collect();
    Ok(Answer::json(200, Value::Array(all)))
}

/// Refuses every method but GET.
pub(super) fn get_only(call: &Call) -> Result<(), Answer> {
    if call.method == "GET" { Ok(()) } else { Err(wrong_method(&call.method, "GET")) }
}

/// Changes are for admins and the owner. The body of the refusal is recorded in part only.
pub(super) fn admins_only(state: &State) -> Result<(), Answer> {
    let own = state.users.get(&state.own).map_or(Role::Member, |user| user.role);
    if own == Role::Member { Err(refusal(403, 403, "Access Denied")) } else { Ok(()) }
}

/// Refuses a query parameter that no document names.
pub(super) fn parameters(call: &Call, known: &[&str]) -> Result<(), Answer> {
    let stranger = call.query.iter().find(|(name, _)| !known.contains(&name.as_str()));
    stranger.map_or(Ok(()), |(name, _)| Err(invalid(&format!("no document names the parameter `{name}`"))))
}

/// The values of a list in the query: repeated, or with commas.
pub(super) fn values<'a>(call: &'a Call, name: &'a str) -> impl Iterator<Item = &'a str> {
    let found = call.query.iter().filter(move |(key, _)| key == name);
    found.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty())
}

/// A `"true"` or `"false"` of the query; absent is false.
pub(super) fn flag(call: &Call, name: &str) -> Result<bool, Answer> {
    match call.parameter(name) {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(invalid(&format!("You entered invalid value for field: [{name}]"))),
    }
}

/// The body as an object with no other than the known fields.
pub(super) fn body(call: &Call, known: &[&str]) -> Result<Map<String, Value>, Answer> {
    let is_json = call.header("content-type").is_some_and(|media| media.starts_with("application/json"));
    if !is_json {
        return Err(refusal(415, 3000, "Content-Type is not supported"));
    }
    let Some(Value::Object(object)) = call.json() else {
        return Err(refusal(400, 3000, "Failed to read request"));
    };
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(stranger) => Err(invalid(&format!("no document names the field `{stranger}`"))),
        None => Ok(object),
    }
}

/// A text of a body that must be there.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, Answer> {
    let value = object.get(name).filter(|value| !value.is_null());
    let value = value.ok_or_else(|| invalid(&format!("{name} must not be null")))?;
    value.as_str().ok_or_else(|| invalid(&format!("You entered invalid value for field: [{name}]")))
}

/// A page of a list, with `Last-Page`; past the end it is empty.
pub(super) fn paged(state: &State, call: &Call, rows: Vec<Value>) -> Outcome {
    let number = |name: &str, default: usize| match call.parameter(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| {
            refusal(400, 3000, &format!("Method parameter '{name}': Failed to convert value of type 'String': {text}"))
        }),
    };
    let (page, size) = (number("page", 1)?, number("page-size", 50)?);
    page_of(state, rows, page, size)
}

/// A page by its number, from 1 on.
pub(super) fn page_of(state: &State, rows: Vec<Value>, page: usize, size: usize) -> Outcome {
    if page < 1 || size < 1 {
        return Err(invalid("You entered invalid value for field: [page]"));
    }
    let size = size.min(state.page_max);
    let before = (page - 1).saturating_mul(size);
    let last = rows.len() <= before.saturating_add(size);
    let shown: Vec<Value> = rows.into_iter().skip(before).take(size).collect();
    let answer = Answer::json(200, Value::Array(shown));
    Ok(if state.tells_last_page { answer.with_header("last-page", last.to_string()) } else { answer })
}
