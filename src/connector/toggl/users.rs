//! Changes of one person: role, address, workspaces, suspension and reactivation, in one request where it is taken.

use appaccess_core::{access::Text, plan::Action};
use http::Method;
use serde_json::{Map, Value, json};

use super::{
    wire::User,
    writer::{Outcomes, TogglWriter, raw, shared_outcome},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::Safety,
};

/// One field of the request, and the work that it does.
struct Part {
    field: &'static str,
    value: Value,
    work: Vec<usize>,
}

/// What Toggl protects whatever it is asked; asking would only cost a call.
pub(super) fn protected_owner() -> ConnectorError {
    ConnectorError::Refused {
        status: 0,
        detail: "this is the owner of the organisation, whom Toggl protects: let the owner hand it over there"
            .to_owned(),
    }
}

fn kept(user: &User, revoked: impl Fn(&str) -> bool) -> Vec<Value> {
    let places = user.places.iter().filter(|place| !revoked(&place.name));
    places.filter_map(|place| serde_json::from_str(&place.raw).ok()).collect()
}

impl TogglWriter {
    /// Changes one person.
    pub(super) async fn change_user(&self, batch: &[Work]) -> Outcomes {
        let Some(first) = batch.first() else { return Vec::new() };
        let user = match self.known_user(first).await {
            Ok(user) => user,
            Err(error) => return shared_outcome(batch, Err(error)),
        };
        if user.is_owner() && batch.iter().any(|work| work.change.is_removal()) {
            return shared_outcome(batch, Err(protected_owner()));
        }
        let joins =
            batch.iter().any(|work| &*work.change.slot.kind == "workspace" && work.change.action == Action::Grant);
        // A set that is sent back whole must not undo what somebody else has just done.
        let user = if joins { self.read_again(&user).await } else { Ok(user) };
        let parts = match user.and_then(|user| Ok((self.parts(batch, &user)?, user))) {
            Ok((parts, user)) => (parts, user),
            Err(error) => return shared_outcome(batch, Err(error)),
        };
        let (parts, user) = parts;
        let mut outcomes: Vec<Result<(), ConnectorError>> = batch.iter().map(|_| Ok(())).collect();
        self.send_parts(&user, &parts, &mut outcomes).await;
        outcomes.into_iter().map(|outcome| outcome.map(|()| Applied::default())).collect()
    }

    /// Sends all parts at once, and one by one where that is refused, so that what is wrong with one stops no other.
    async fn send_parts(&self, user: &User, parts: &[Part], outcomes: &mut [Result<(), ConnectorError>]) {
        if parts.is_empty() {
            return;
        }
        let together: Map<String, Value> =
            parts.iter().map(|part| (part.field.to_owned(), part.value.clone())).collect();
        match self.put_user(user, &Value::Object(together)).await {
            Ok(()) => {}
            Err(ConnectorError::Refused { .. }) if parts.len() > 1 => {
                for part in parts {
                    let sent = self.put_user(user, &json!({part.field: part.value})).await;
                    note(&part.work, sent, outcomes);
                }
            }
            Err(error) => {
                let work: Vec<usize> = parts.iter().flat_map(|part| part.work.iter().copied()).collect();
                note(&work, Err(error), outcomes);
            }
        }
    }

    async fn put_user(&self, user: &User, body: &Value) -> Result<(), ConnectorError> {
        let path = ["users", user.member.as_str()];
        let what = "change a user";
        let response = self.send_to_organization(what, Method::PUT, &path, Safety::Idempotent, body).await?;
        if response.is_success() {
            return Ok(());
        }
        let text = raw(&response);
        // Whoever has other organisations keeps their own address: it is not ours to change, and shows as such.
        if text.contains("multiple organizations") && body.as_object().is_some_and(|body| body.len() == 1) {
            return Ok(());
        }
        if text.contains("nvalid role") || text.contains("nvalid workspace role") {
            // The roles may have changed since they were read.
            self.shared.learn(|learnt| learnt.at = None);
        }
        Err(rest::refused(&response))
    }

    /// A person as they are now: by a listing where that is one request anyway, as it then serves the next person too.
    async fn read_again(&self, user: &User) -> Result<User, ConnectorError> {
        if self.shared.seen(|seen| seen.pages) <= 1 {
            self.shared.read_users().await?;
        } else {
            self.shared.users_of_mail(&user.email).await?;
        }
        self.shared.user(&user.account).ok_or_else(|| ConnectorError::Refused {
            status: 404,
            detail: "the account is not in the organisation any more".to_owned(),
        })
    }

    /// The fields of the request.
    fn parts(&self, batch: &[Work], user: &User) -> Result<Vec<Part>, ConnectorError> {
        let roles = self.shared.learn(|learnt| learnt.roles.clone());
        let mut parts = Vec::new();
        let (mut left_groups, mut left_places, mut joined) = (Vec::new(), Vec::new(), Vec::new());
        for (index, work) in batch.iter().enumerate() {
            let change = &work.change;
            let mut part = |field, value| parts.push(Part { field, value, work: vec![index] });
            match (&*change.slot.kind, change.action) {
                ("account", Action::Suspend) => part("inactive", Value::Bool(true)),
                ("account", Action::Activate) => part("inactive", Value::Bool(false)),
                ("account", Action::Update) => {
                    if let Some(mail) = new_address(work).filter(|_| user.can_edit_email) {
                        part("email", Value::from(&*mail));
                    }
                }
                ("role", _) => {
                    let to = change.to.as_deref().filter(|_| change.action != Action::Revoke).unwrap_or("member");
                    if *user.role != *to {
                        let (field, value) = roles.organization_field(to);
                        part(field, value);
                    }
                }
                ("group", Action::Revoke) => left_groups.push(index),
                ("workspace", Action::Revoke) => left_places.push(index),
                ("workspace", Action::Grant) => joined.push(index),
                _ => return Err(ConnectorError::NotSupported { what: format!("change {} so", change.slot) }),
            }
        }
        let name_of = |index: &usize| batch.get(*index).map(|work| work.change.slot.name.clone());
        if !left_groups.is_empty() {
            let left: Vec<Text> = left_groups.iter().filter_map(name_of).collect();
            let stays = user.groups.iter().filter(|(_, name)| !left.contains(name));
            let value = stays.map(|(id, _)| id.to_value()).collect();
            parts.push(Part { field: "groups", value, work: left_groups });
        }
        if !left_places.is_empty() || !joined.is_empty() {
            let left: Vec<Text> = left_places.iter().filter_map(name_of).collect();
            let mut places = kept(user, |name| left.iter().any(|left| **left == *name));
            for work in joined.iter().filter_map(|index| batch.get(*index)) {
                let id = work.entitlement.clone().ok_or_else(|| ConnectorError::Refused {
                    status: 404,
                    detail: format!("there is no {}", work.change.slot),
                })?;
                if user.place(&id).is_none() {
                    let (field, value) = roles.workspace_field(work.change.to.as_deref().unwrap_or("user"));
                    places.push(json!({"workspace_id": super::ids::number(&id), field: value}));
                }
            }
            let work = left_places.into_iter().chain(joined).collect();
            parts.push(Part { field: "workspaces", value: Value::Array(places), work });
        }
        Ok(parts)
    }
}

/// The address that an update asks for.
fn new_address(work: &Work) -> Option<Text> {
    let attributes = &work.change.attributes;
    let of = |name: &str| attributes.get(name).and_then(|(_, wanted)| wanted.clone());
    of("mail").or_else(|| of("userName")).filter(|mail| mail.contains('@'))
}

fn note(work: &[usize], sent: Result<(), ConnectorError>, outcomes: &mut [Result<(), ConnectorError>]) {
    let Err(error) = sent else { return };
    for index in work {
        if let Some(outcome) = outcomes.get_mut(*index) {
            *outcome = Err(error.for_another());
        }
    }
}
