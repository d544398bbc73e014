//! Changes of business roles. The set of holders is replaced whole, so it is read right before it is written, and all
//! changes of one role go in one request.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AccountId, Text},
    plan::Action,
};
use http::Method;
use serde_json::{Value, json};

use super::{
    shared::Shared,
    wire::Role,
    writer::{HarvestWriter, Outcomes, account_of},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::Safety,
};

impl HarvestWriter {
    /// Makes a business role, or changes who holds it.
    pub(super) async fn change_role(&self, batch: &[Work]) -> Outcomes {
        let Some(first) = batch.first() else { return Vec::new() };
        let name = &first.change.slot.name;
        let makes = batch.iter().any(|work| work.change.action == Action::Create);
        let ids_of = |action: Action| -> BTreeSet<&AccountId> {
            let those = batch.iter().filter(|work| work.change.action == action);
            those.filter_map(|work| account_of(work).ok()).collect()
        };
        let (add, remove) = (ids_of(Action::Grant), ids_of(Action::Revoke));
        let known = batch.iter().find_map(|work| work.entitlement.as_ref());
        let done = if makes {
            self.create_role(name, &add).await
        } else {
            self.change_holders(name, known, &add, &remove).await
        };
        let mut done = done;
        let outcome = |work: &Work| match &mut done {
            Ok(id) => {
                let is_made = work.change.action == Action::Create;
                if !is_made {
                    account_of(work)?;
                }
                Ok(Applied { account: None, entitlement: id.clone().filter(|_| is_made) })
            }
            Err(error) => Err(std::mem::replace(error, error.for_another())),
        };
        batch.iter().map(outcome).collect()
    }

    /// Makes a role with its first holders. One that somebody made meanwhile is taken as it is.
    async fn create_role(&self, name: &Text, add: &BTreeSet<&AccountId>) -> Result<Option<Text>, ConnectorError> {
        let is_twin = |known: &&Text| *known != name && known.to_lowercase() == name.to_lowercase();
        let twin = self.shared.seen(|seen| seen.roles.iter().flat_map(|roles| roles.keys()).find(is_twin).cloned());
        if let Some(twin) = twin {
            let what = format!("have `{name}` beside its business role `{twin}`: write the name as Harvest has it");
            return Err(ConnectorError::NotSupported { what });
        }
        let body = json!({"name": &**name, "user_ids": add.iter().map(|id| wire_id(&id.0)).collect::<Vec<_>>()});
        let sent = self.send("create business roles", (Method::POST, &["roles"]), Safety::Once, Some(&body)).await;
        self.shared.seen(|seen| seen.role_made = true);
        let refused = match sent {
            Ok(response) if response.is_success() => {
                return Ok(serde_json::from_slice::<Role>(&response.body).ok().map(|role| role.id.0));
            }
            Ok(response) if response.status == 422 => rest::refused(&response),
            Ok(response) => return Err(rest::refused(&response)),
            Err(unknown @ ConnectorError::OutcomeUnknown { .. }) => unknown,
            Err(error) => return Err(error),
        };
        match self.shared.role_named(name).await {
            Ok(Some(role)) => self.write_holders(&role, add, &BTreeSet::new()).await.map(|()| Some(role.id.0)),
            _ => Err(refused),
        }
    }

    async fn change_holders(
        &self,
        name: &Text,
        known: Option<&Text>,
        add: &BTreeSet<&AccountId>,
        remove: &BTreeSet<&AccountId>,
    ) -> Result<Option<Text>, ConnectorError> {
        let role = match known {
            Some(id) => self.shared.one::<Role>("read a business role", &["roles", id]).await?,
            None => self.shared.role_named(name).await?,
        };
        match role.filter(|role| role.name.as_deref() == Some(&**name)) {
            Some(role) => self.write_holders(&role, add, remove).await.map(|()| None),
            None if add.is_empty() => Ok(None),
            None => {
                let detail = format!("the business role `{name}` is not there any more");
                Err(ConnectorError::Refused { status: 404, detail })
            }
        }
    }

    async fn write_holders(
        &self,
        role: &Role,
        add: &BTreeSet<&AccountId>,
        remove: &BTreeSet<&AccountId>,
    ) -> Result<(), ConnectorError> {
        let Some(user_ids) = &role.user_ids else {
            let what = "tell who holds this business role, so its holders cannot be changed safely".to_owned();
            return Err(ConnectorError::NotSupported { what });
        };
        let before: BTreeSet<&str> = user_ids.iter().map(|id| &*id.0).collect();
        let removed: BTreeSet<&str> = remove.iter().map(|id| &*id.0).collect();
        let mut after: BTreeSet<&str> = before.difference(&removed).copied().collect();
        after.extend(add.iter().map(|id| &*id.0));
        if after == before {
            return Ok(());
        }
        let holders: Vec<Value> = after.into_iter().map(wire_id).collect();
        let body = json!({"name": role.name, "user_ids": holders});
        let to = (Method::PATCH, &["roles", &*role.id.0][..]);
        let response = self.send("change business roles", to, Safety::Idempotent, Some(&body)).await?;
        if response.is_success() { Ok(()) } else { Err(rest::refused(&response)) }
    }
}

impl Shared {
    /// The business role of this name, now; `None` where a whole listing has none.
    async fn role_named(&self, name: &str) -> Result<Option<Role>, ConnectorError> {
        let listing = self.list_roles().await?;
        Ok(listing.rows.into_values().find(|role| role.name.as_deref() == Some(name)))
    }
}

/// An id as Harvest writes it: a number.
fn wire_id(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from)
}
