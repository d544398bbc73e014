//! Reading and inviting people.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{
    render,
    state::{Role, State, User},
    vendor::{
        Outcome, admins_only, body, flag, foreign, get_only, invalid, not_in_plan, page_of, paged, parameters, text,
        values, wrong_method,
    },
};
use crate::sim::service::{Answer, Call};

const ACCOUNT_STATUSES: [&str; 6] =
    ["ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED", "DELETED", "LIMITED", "LIMITED_DELETED"];
const SORT_COLUMNS: [&str; 7] = ["ID", "EMAIL", "NAME", "NAME_LOWERCASE", "ACCESS", "HOURLYRATE", "COSTRATE"];

/// What a listing or a search asks for.
struct Question {
    email: Option<String>,
    name: Option<String>,
    status: Option<String>,
    account_statuses: Vec<String>,
    memberships: String,
    sort_column: String,
    descending: bool,
    include_roles: bool,
    roles: Vec<String>,
    groups: Vec<String>,
}

impl Question {
    fn check(&self) -> Result<(), Answer> {
        let is_one = |value: &str, of: &[&str], field: &str| {
            if of.contains(&value) {
                Ok(())
            } else {
                Err(invalid(&format!("You entered invalid value for field: [{field}]")))
            }
        };
        let status = self.status.as_deref().unwrap_or("ALL");
        is_one(status, &["PENDING", "ACTIVE", "DECLINED", "INACTIVE", "ALL"], "status")?;
        is_one(&self.memberships, &["ALL", "NONE", "WORKSPACE", "PROJECT", "USERGROUP"], "memberships")?;
        is_one(&self.sort_column, &SORT_COLUMNS, "sort-column")?;
        for word in &self.account_statuses {
            is_one(word, &ACCOUNT_STATUSES, "account-statuses")?;
        }
        for word in &self.roles {
            is_one(word, &["WORKSPACE_ADMIN", "OWNER", "TEAM_MANAGER", "PROJECT_MANAGER"], "roles")?;
        }
        Ok(())
    }

    fn wants(&self, state: &State, id: &str, user: &User) -> bool {
        let contains = |part: &Option<String>, whole: Option<&str>| {
            part.as_deref().is_none_or(|part| whole.unwrap_or_default().to_lowercase().contains(&part.to_lowercase()))
        };
        let default = ["ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED"];
        let account = if self.account_statuses.is_empty() {
            default.contains(&user.account_status)
        } else {
            self.account_statuses.iter().any(|status| status == user.account_status)
        };
        let status = self.status.as_deref().is_none_or(|status| status == "ALL" || status == user.membership.word());
        let in_group = |group: &String| state.groups.get(group).is_some_and(|group| group.members.contains(id));
        account
            && status
            && contains(&self.email, user.email.as_deref())
            && contains(&self.name, user.name.as_deref())
            && (self.roles.is_empty() || self.roles.iter().any(|role| holds(user, role)))
            && (self.groups.is_empty() || self.groups.iter().any(in_group))
    }

    fn rows(&self, state: &State) -> Vec<Value> {
        let mut found: Vec<(&String, &User)> =
            state.users.iter().filter(|(id, user)| self.wants(state, id, user)).collect();
        let by_name = |user: &User| user.name.clone().unwrap_or_default().to_lowercase();
        let compare = |left: &(&String, &User), right: &(&String, &User)| match self.sort_column.as_str() {
            "EMAIL" => left.1.email.cmp(&right.1.email),
            "NAME" | "NAME_LOWERCASE" => by_name(left.1).cmp(&by_name(right.1)),
            _ => Ordering::Equal,
        };
        found.sort_by(|left, right| compare(left, right).then_with(|| left.0.cmp(right.0)));
        if self.descending {
            found.reverse();
        }
        let memberships = matches!(self.memberships.as_str(), "ALL" | "WORKSPACE");
        found.into_iter().map(|row| render::user(state, row, memberships, self.include_roles)).collect()
    }
}

/// In a search, owners count as admins.
fn holds(user: &User, role: &str) -> bool {
    match role {
        "OWNER" => user.role == Role::Owner,
        "WORKSPACE_ADMIN" => user.role >= Role::Admin,
        "PROJECT_MANAGER" => !user.projects.is_empty(),
        "TEAM_MANAGER" => !user.manages.is_empty(),
        _ => false,
    }
}

/// `…/users`: list and invite.
pub(super) fn collection(state: &mut State, call: &Call) -> Outcome {
    match call.method.as_str() {
        "GET" => list(state, call),
        "POST" => invite(state, call),
        method => Err(wrong_method(method, "GET, POST")),
    }
}

fn list(state: &State, call: &Call) -> Outcome {
    let known = [
        "email",
        "name",
        "status",
        "account-statuses",
        "project-id",
        "memberships",
        "include-roles",
        "sort-column",
        "sort-order",
        "page",
        "page-size",
    ];
    parameters(call, &known)?;
    let owned = |name: &str| call.parameter(name).map(str::to_owned);
    let question = Question {
        email: owned("email"),
        name: owned("name"),
        status: owned("status"),
        account_statuses: values(call, "account-statuses").map(str::to_owned).collect(),
        memberships: owned("memberships").unwrap_or_else(|| "NONE".to_owned()),
        sort_column: owned("sort-column").unwrap_or_else(|| "EMAIL".to_owned()),
        descending: call.parameter("sort-order") == Some("DESCENDING"),
        include_roles: flag(call, "include-roles")?,
        roles: Vec::new(),
        groups: Vec::new(),
    };
    question.check()?;
    paged(state, call, question.rows(state))
}

/// `…/users/info`: the same by POST, with roles and groups.
pub(super) fn search(state: &State, call: &Call) -> Outcome {
    if call.method != "POST" {
        return Err(wrong_method(&call.method, "POST"));
    }
    parameters(call, &[])?;
    let known = [
        "accountStatuses",
        "email",
        "includeRoles",
        "memberships",
        "name",
        "page",
        "pageSize",
        "projectId",
        "roles",
        "sortColumn",
        "sortOrder",
        "status",
        "userGroups",
    ];
    let asked = body(call, &known)?;
    let owned = |name: &str| asked.get(name).and_then(Value::as_str).map(str::to_owned);
    let question = Question {
        email: owned("email"),
        name: owned("name"),
        status: owned("status"),
        account_statuses: list_of(&asked, "accountStatuses")?,
        memberships: owned("memberships").unwrap_or_else(|| "NONE".to_owned()),
        sort_column: owned("sortColumn").unwrap_or_else(|| "EMAIL".to_owned()),
        descending: owned("sortOrder").as_deref() == Some("DESCENDING"),
        include_roles: asked.get("includeRoles").and_then(Value::as_bool).unwrap_or_default(),
        roles: list_of(&asked, "roles")?,
        groups: list_of(&asked, "userGroups")?,
    };
    question.check()?;
    let number = |name: &str, default: u64| asked.get(name).map_or(Some(default), Value::as_u64);
    let (page, size) = number("page", 1).zip(number("pageSize", 50)).ok_or_else(|| invalid("page must be a number"))?;
    let fits = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    page_of(state, question.rows(state), fits(page), fits(size))
}

fn list_of(asked: &Map<String, Value>, name: &str) -> Result<Vec<String>, Answer> {
    let Some(value) = asked.get(name) else { return Ok(Vec::new()) };
    let texts = value.as_array().map(|list| list.iter().map(|value| value.as_str().map(str::to_owned)).collect());
    texts.flatten().ok_or_else(|| invalid(&format!("You entered invalid value for field: [{name}]")))
}

/// Invites by mail, on a paid plan and while a seat is free. The refusals of an address that is known already and of a
/// full workspace are inferred.
fn invite(state: &mut State, call: &Call) -> Outcome {
    admins_only(state)?;
    parameters(call, &["send-email"])?;
    let mails = call.parameter("send-email").is_none() || flag(call, "send-email")?;
    let asked = body(call, &["email"])?;
    let email = text(&asked, "email")?;
    let (local, domain) = email.split_once('@').unwrap_or_default();
    if local.is_empty() || !domain.contains('.') || email.contains(char::is_whitespace) {
        return Err(invalid("You entered invalid value for field: [email]"));
    }
    if !state.is_paid() {
        return Err(not_in_plan());
    }
    if state.id_of(email).is_some() {
        return Err(invalid("User already belongs to Workspace"));
    }
    if !state.has_seat() {
        return Err(invalid("All paid seats of the workspace are taken"));
    }
    let email = email.to_owned();
    state.invite(&email);
    if mails {
        state.mailed.push(email);
    }
    Ok(Answer::json(200, render::workspace(state)))
}

/// `…/member-profile/{id}`. PATCH changes nothing of what access is about, and is left out.
pub(super) fn profile(state: &State, call: &Call, id: &str) -> Outcome {
    if call.method != "GET" {
        return Err(wrong_method(&call.method, "GET, PATCH"));
    }
    parameters(call, &[])?;
    let user = state.users.get(id).ok_or_else(|| foreign("User"))?;
    Ok(Answer::json(
        200,
        json!({
            "email": user.email,
            "name": user.name,
            "hasPassword": user.accepted,
            "hasPendingApprovalRequest": false,
            "imageUrl": "",
            "userCustomFieldValues": [],
            "weekStart": "MONDAY",
            "workCapacity": "PT7H",
            "workingDays": ["MONDAY"],
            "workspaceNumber": 1,
        }),
    ))
}

/// `…/users/{id}/managers`: who manages a person, alone or through a group.
pub(super) fn managers(state: &State, call: &Call, id: &str) -> Outcome {
    get_only(call)?;
    parameters(call, &["sort-column", "sort-order", "page", "page-size"])?;
    if !state.users.contains_key(id) {
        return Err(foreign("User"));
    }
    let manages = |user: &User| {
        user.manages
            .iter()
            .any(|managed| managed == id || state.groups.get(managed).is_some_and(|group| group.members.contains(id)))
    };
    let managing = state.users.iter().filter(|(_, user)| manages(user));
    let rows = managing.map(|row| render::user(state, row, false, false)).collect();
    paged(state, call, rows)
}
