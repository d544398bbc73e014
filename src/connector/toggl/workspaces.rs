//! Levels in a workspace, and people who leave one.

use std::collections::BTreeMap;

use appaccess_core::access::Text;
use http::Method;
use serde_json::{Value, json};

use super::{
    ids::WorkspaceUserId,
    wire::{Place, User},
    writer::{Outcomes, TogglWriter, by_person, raw},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::Safety,
};

/// The place in the workspace that a piece of work is about.
fn place_of<'a>(user: &'a User, work: &Work) -> Option<&'a Place> {
    match &work.entitlement {
        Some(id) => user.place(id),
        None => user.places.iter().find(|place| place.name == work.change.slot.name),
    }
}

impl TogglWriter {
    /// Changes levels, each by a request of its own.
    pub(super) async fn change_levels(&self, batch: &[Work]) -> Outcomes {
        let mut outcomes = Vec::new();
        for work in batch {
            outcomes.push(self.change_level(work).await.map(|()| Applied::default()));
        }
        outcomes
    }

    async fn change_level(&self, work: &Work) -> Result<(), ConnectorError> {
        let user = self.known_user(work).await?;
        let Some((workspace, id)) =
            place_of(&user, work).and_then(|place| Some((&place.workspace, place.user.as_ref()?)))
        else {
            let detail = format!("the person is not in {}", work.change.slot);
            return Err(ConnectorError::Refused { status: 404, detail });
        };
        let level = work.change.to.as_deref().unwrap_or("user");
        let (field, value) = self.shared.learn(|learnt| learnt.roles.workspace_field(level));
        let path = ["workspaces", workspace.as_str(), "workspace_users", id.as_str()];
        let what = "change a level in a workspace";
        let response = self.send(what, Method::PUT, &path, Safety::Idempotent, &json!({field: value})).await?;
        if response.is_success() {
            return Ok(());
        }
        if raw(&response).contains("role") {
            // The roles may have changed since they were read.
            self.shared.learn(|learnt| learnt.at = None);
        }
        Err(rest::refused(&response))
    }

    /// Takes people out of one workspace.
    pub(super) async fn leave_workspace(&self, batch: &[Work]) -> Outcomes {
        let mut answers: BTreeMap<Text, Result<Applied, ConnectorError>> = BTreeMap::new();
        let mut open: BTreeMap<Text, WorkspaceUserId> = BTreeMap::new();
        let mut workspace = None;
        for work in batch {
            let whose = work.change.whose();
            match self.known_user(work).await {
                Err(error) => drop(answers.insert(whose, Err(error))),
                Ok(user) => match place_of(&user, work).and_then(|place| Some((place, place.user.clone()?))) {
                    Some((place, id)) => {
                        workspace = Some(place.workspace.clone());
                        open.insert(whose, id);
                    }
                    // Whoever is not in it has left it.
                    None => drop(answers.insert(whose, Ok(Applied::default()))),
                },
            }
        }
        if let Some(workspace) = workspace {
            let sent = match self.leave(workspace.as_str(), &open).await {
                Err(ConnectorError::Refused { .. }) if open.len() > 1 => None,
                other => Some(other),
            };
            for (whose, id) in &open {
                let outcome = match &sent {
                    Some(Ok(())) => Ok(Applied::default()),
                    Some(Err(error)) => Err(error.for_another()),
                    // All of them or none: what is wrong with one of them must not keep the others.
                    None => {
                        let alone = BTreeMap::from([(whose.clone(), id.clone())]);
                        self.leave(workspace.as_str(), &alone).await.map(|()| Applied::default())
                    }
                };
                answers.insert(whose.clone(), outcome);
            }
        }
        by_person(batch, answers)
    }

    async fn leave(&self, workspace: &str, people: &BTreeMap<Text, WorkspaceUserId>) -> Result<(), ConnectorError> {
        let ids: Vec<Value> = people.values().map(WorkspaceUserId::to_value).collect();
        let path = ["workspaces", workspace, "workspace_users"];
        let what = "take people out of a workspace";
        let body = json!({"delete": ids});
        let response = self.send_to_organization(what, Method::PATCH, &path, Safety::Idempotent, &body).await?;
        if response.is_success() {
            return Ok(());
        }
        if people.len() == 1 && raw(&response).contains("Wrong workspace user IDs") {
            return self.left_already(workspace, people, rest::refused(&response)).await;
        }
        Err(rest::refused(&response))
    }

    /// Whether the one whom the app does not know in the workspace is not in it any more.
    async fn left_already(
        &self,
        workspace: &str,
        people: &BTreeMap<Text, WorkspaceUserId>,
        refusal: ConnectorError,
    ) -> Result<(), ConnectorError> {
        let complete = self.shared.read_users().await?;
        let is_in = |user: &User| {
            user.place(workspace).is_some_and(|place| people.values().any(|id| place.user.as_ref() == Some(id)))
        };
        let still = self.shared.seen(|seen| seen.users.values().any(is_in));
        if complete && !still { Ok(()) } else { Err(refusal) }
    }
}
