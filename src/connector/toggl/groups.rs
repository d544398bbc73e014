//! Groups: made with their members, or replaced whole by the set that was read just before. The vendor's PATCH would be
//! finer, but its grammar is not published.

use std::collections::BTreeSet;

use appaccess_core::{access::Text, plan::Action};
use http::Method;
use serde_json::{Value, json};

use super::{
    ids::UserId,
    wire::{Group, GroupRow},
    writer::{Outcomes, TogglWriter, account_of, names_id, raw},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::{Response, Safety},
};

/// The members that a batch adds and takes out.
struct Wish<'a> {
    batch: &'a [Work],
    /// What is wrong with single pieces of work.
    refused: Vec<Option<ConnectorError>>,
}

impl Wish<'_> {
    fn new(batch: &[Work]) -> Wish<'_> {
        let member = |work: &Work| {
            if work.change.action == Action::Create {
                return None;
            }
            match account_of(work) {
                Err(error) => Some(error),
                Ok(account) if account.0.bytes().all(|byte| byte.is_ascii_digit()) => None,
                Ok(_) => Some(ConnectorError::Refused {
                    status: 0,
                    detail: "the invitation has to be accepted before the person can be in a group".to_owned(),
                }),
            }
        };
        Wish { batch, refused: batch.iter().map(member).collect() }
    }

    /// The users whom the work that is not refused adds, or takes out.
    fn users(&self, action: Action) -> BTreeSet<UserId> {
        let open = self.batch.iter().zip(&self.refused).filter(|(_, refused)| refused.is_none());
        let wanted = open.map(|(work, _)| work).filter(|work| work.change.action == action);
        wanted.filter_map(|work| account_of(work).ok()).map(|account| UserId(account.0.clone())).collect()
    }

    /// Refuses the work whose user a refusal names; false where it names nobody of ours.
    fn refuse_named(&mut self, text: &str, response: &Response) -> bool {
        let mut any = false;
        for (work, refused) in self.batch.iter().zip(&mut self.refused) {
            let named = account_of(work).is_ok_and(|account| names_id(text, &account.0));
            if named && work.change.action == Action::Grant && refused.is_none() {
                *refused = Some(rest::refused(response));
                any = true;
            }
        }
        any
    }

    fn finish(self, outcome: Result<Option<Group>, ConnectorError>) -> Outcomes {
        let mut cause = None;
        let group = match outcome {
            Ok(group) => group,
            Err(error) => {
                cause = Some(error);
                None
            }
        };
        let works = self.batch.iter().zip(self.refused);
        let outcomes = works.map(|(work, refused)| match (refused, &cause) {
            (Some(error), _) => Err(error),
            (None, Some(error)) => Err(error.for_another()),
            (None, None) => {
                let made = group.as_ref().filter(|_| work.change.action == Action::Create);
                Ok(Applied { account: None, entitlement: made.map(|group| group.id.0.clone()) })
            }
        });
        outcomes.collect()
    }
}

impl TogglWriter {
    /// Makes a group with members, or changes its members.
    pub(super) async fn change_group(&self, batch: &[Work]) -> Outcomes {
        let Some(first) = batch.first() else { return Vec::new() };
        let name = first.change.slot.name.clone();
        let mut wish = Wish::new(batch);
        let outcome = if batch.iter().any(|work| work.change.action == Action::Create) {
            self.create_group(&name, &mut wish).await
        } else {
            let id = batch.iter().find_map(|work| work.entitlement.clone());
            self.replace_group(&name, id.as_ref(), &mut wish).await
        };
        wish.finish(outcome)
    }

    async fn create_group(&self, name: &Text, wish: &mut Wish<'_>) -> Result<Option<Group>, ConnectorError> {
        loop {
            let users = wish.users(Action::Grant);
            let members: Vec<Value> = users.iter().map(UserId::to_value).collect();
            let body = json!({"name": &**name, "users": members});
            let what = "make a group";
            let response = self.send_to_organization(what, Method::POST, &["groups"], Safety::Once, &body).await?;
            if response.is_success() {
                let row: Option<GroupRow> = serde_json::from_slice(&response.body).ok();
                // Without an id the next reading finds the group.
                let made = row.and_then(GroupRow::read).map(|group| Group { users, ..group });
                if let Some(group) = &made {
                    self.note_group(group.clone(), true);
                }
                return Ok(made);
            }
            let text = raw(&response);
            if text.contains("already been taken") {
                // Somebody made it meanwhile, or an earlier request of ours did.
                return self.replace_group(name, None, wish).await;
            }
            if !wish.refuse_named(&text, &response) {
                return Err(rest::refused(&response));
            }
        }
    }

    async fn replace_group(
        &self,
        name: &Text,
        id: Option<&Text>,
        wish: &mut Wish<'_>,
    ) -> Result<Option<Group>, ConnectorError> {
        let group = self.group_now(name, id).await?;
        loop {
            let (add, take) = (wish.users(Action::Grant), wish.users(Action::Revoke));
            let users: BTreeSet<UserId> =
                group.users.union(&add).filter(|user| !take.contains(user)).cloned().collect();
            if users == group.users {
                return Ok(Some(group));
            }
            let members: Vec<Value> = users.iter().map(UserId::to_value).collect();
            let workspaces: Vec<Value> = group.workspaces.iter().map(super::ids::WorkspaceId::to_value).collect();
            let body = json!({"name": &*group.name, "users": members, "workspaces": workspaces});
            let path = ["groups", group.id.as_str()];
            let what = "change the members of a group";
            let response = self.send_to_organization(what, Method::PUT, &path, Safety::Idempotent, &body).await?;
            if response.is_success() {
                let group = Group { users, ..group };
                self.note_group(group.clone(), false);
                return Ok(Some(group));
            }
            let text = raw(&response);
            if !wish.refuse_named(&text, &response) {
                return Err(rest::refused(&response));
            }
        }
    }

    /// A group as it is now, by its id, else by its name. The list comes in one request, so that it serves the next group
    /// too, for a moment.
    async fn group_now(&self, name: &Text, id: Option<&Text>) -> Result<Group, ConnectorError> {
        let known = self.shared.seen(|seen| seen.groups.clone()).filter(|(at, _)| self.shared.serves(*at));
        let groups = if let Some((_, groups)) = known {
            groups
        } else {
            let listed = self.shared.list_groups().await?;
            let groups = listed.map_err(|why| ConnectorError::Refused { status: 403, detail: why })?;
            let now = self.shared.now();
            self.shared.seen(|seen| seen.groups = Some((now, groups.clone())));
            groups
        };
        let fits = |group: &&Group| id.map_or(group.name == *name, |id| group.id.0 == *id);
        groups.iter().find(fits).cloned().ok_or_else(|| ConnectorError::Refused {
            status: 404,
            detail: format!("the group `{name}` is not there, or is too new to be shown"),
        })
    }

    /// Remembers what a group is now.
    fn note_group(&self, group: Group, is_new: bool) {
        let now = self.shared.now();
        self.shared.learn(|learnt| {
            if is_new || learnt.new_groups.contains_key(&group.id.0) {
                learnt.note_group(group.clone(), now);
            }
        });
        self.shared.seen(|seen| {
            if let Some((_, groups)) = &mut seen.groups {
                groups.retain(|known| known.id != group.id);
                groups.push(group);
            }
        });
    }
}
