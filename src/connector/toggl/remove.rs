//! Deletions, and the end of invitations that nobody accepted: one request for many people.

use std::collections::BTreeMap;

use appaccess_core::{
    access::{AccountState, Text},
    plan::Action,
};
use http::Method;
use serde_json::{Value, json};

use super::{
    observe::canonical,
    users::protected_owner,
    wire::User,
    writer::{Outcomes, TogglWriter, by_person, names_id, raw},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::{Response, Safety},
};

/// What comes of removals, by whose account it is.
type Answers = BTreeMap<Text, Result<Applied, ConnectorError>>;

/// Whose account goes.
struct Leaving {
    user: User,
    /// The account is to be suspended only: deleting it is how an invitation ends.
    suspends: bool,
}

impl TogglWriter {
    /// Deletes people. All that they hold goes with them.
    pub(super) async fn remove(&self, batch: &[Work]) -> Outcomes {
        let mut answers = Answers::new();
        let mut open: BTreeMap<Text, Leaving> = BTreeMap::new();
        for work in batch.iter().filter(|work| work.change.slot.is_account()) {
            let whose = work.change.whose();
            match self.known_user(work).await {
                // Whoever is not there is gone already.
                Err(ConnectorError::Refused { status: 404, .. }) => drop(answers.insert(whose, Ok(Applied::default()))),
                Err(error) => drop(answers.insert(whose, Err(error))),
                Ok(user) if user.is_owner() => drop(answers.insert(whose, Err(protected_owner()))),
                Ok(user) => {
                    let suspends = work.change.action == Action::Suspend;
                    open.insert(whose, Leaving { user, suspends });
                }
            }
        }
        self.remove_all(open, &mut answers).await;
        by_person(batch, answers)
    }

    /// Sends until everybody has an answer. Each refusal settles somebody, or all are tried one by one.
    async fn remove_all(&self, mut open: BTreeMap<Text, Leaving>, answers: &mut Answers) {
        while !open.is_empty() {
            let response = match self.send_removal(open.values()).await {
                Ok(response) => response,
                Err(error) => {
                    answers.extend(open.into_keys().map(|whose| (whose, Err(error.for_another()))));
                    return;
                }
            };
            if response.is_success() {
                self.forget_invitations(open.values());
                answers.extend(open.into_keys().map(|whose| (whose, Ok(Applied::default()))));
                return;
            }
            let text = raw(&response);
            let named: Vec<Text> = open
                .iter()
                .filter(|(_, leaving)| names_id(&text, leaving.user.member.as_str()))
                .map(|(whose, _)| whose.clone())
                .collect();
            if named.is_empty() {
                for (whose, leaving) in open {
                    let outcome = self.remove_alone(&leaving).await;
                    answers.insert(whose, outcome);
                }
                return;
            }
            let gone = text.contains("do not belong");
            for whose in named {
                open.remove(&whose);
                // The listing showed somebody who has gone since: that is what was wanted.
                let outcome = if gone { Ok(Applied::default()) } else { Err(rest::refused(&response)) };
                answers.insert(whose, outcome);
            }
        }
    }

    async fn send_removal<'a>(&self, people: impl Iterator<Item = &'a Leaving>) -> Result<Response, ConnectorError> {
        let ids: Vec<Value> = people.map(|leaving| leaving.user.member.to_value()).collect();
        let (what, body) = ("delete users", json!({"delete": ids}));
        self.send_to_organization(what, Method::PATCH, &["users"], Safety::Idempotent, &body).await
    }

    /// That deleting a pending user ends the invitation is nowhere said: where it is refused, the account is switched off.
    async fn remove_alone(&self, leaving: &Leaving) -> Result<Applied, ConnectorError> {
        let response = self.send_removal(std::iter::once(leaving)).await?;
        if response.is_success() {
            self.forget_invitations(std::iter::once(leaving));
            return Ok(Applied::default());
        }
        if !leaving.suspends || leaving.user.state != AccountState::Invited {
            return Err(rest::refused(&response));
        }
        let path = ["users", leaving.user.member.as_str()];
        let (what, body) = ("suspend a user", json!({"inactive": true}));
        let response = self.send_to_organization(what, Method::PUT, &path, Safety::Idempotent, &body).await?;
        if response.is_success() { Ok(Applied::default()) } else { Err(rest::refused(&response)) }
    }

    /// Whose invitation we ended ourselves may be invited again.
    fn forget_invitations<'a>(&self, people: impl Iterator<Item = &'a Leaving>) {
        self.shared.learn(|learnt| {
            for leaving in people {
                learnt.invited.remove(&canonical(&leaving.user.email));
            }
        });
    }
}
