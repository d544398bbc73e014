//! Invitations: one request for many people, who are named one by one where one of them is refused.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use appaccess_core::access::{AccountId, AccountState, Text};
use http::Method;
use serde_json::{Map, Value, json};

use super::{
    ids::number,
    observe::canonical,
    wire::{Invited, InvitedOne},
    writer::{Outcomes, TogglWriter, by_person, raw},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::{Response, Safety},
};

/// Somebody who is to be invited.
struct Invitee {
    whose: Text,
    /// The address in canonical form.
    mail: Text,
}

/// What comes of invitations, by whose they are.
type Answers = BTreeMap<Text, Result<Applied, ConnectorError>>;

fn refused(status: u16, detail: &str) -> ConnectorError {
    ConnectorError::Refused { status, detail: detail.to_owned() }
}

/// Whether a text names this address as a whole.
fn names_mail(text: &str, mail: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || "@.!#$%&*+-/=?^_`{|}~".contains(letter);
    text.to_lowercase().split(|letter| !is_part(letter)).any(|word| word.trim_end_matches('.') == mail)
}

/// Whether somebody has got an answer since the last time.
fn answers_grew(answers: &Answers, known: &mut usize) -> bool {
    let before = std::mem::replace(known, answers.len());
    answers.len() > before
}

/// Whether a refusal is about how many people there may be: nobody in particular is at fault.
fn is_about_a_limit(text: &str) -> bool {
    text.to_lowercase().contains("limit")
}

impl TogglWriter {
    /// Invites people who share a set of workspaces, and groups if the batch has any.
    pub(super) async fn invite(&self, batch: &[Work]) -> Outcomes {
        let mut answers = Answers::new();
        let mut open = Vec::new();
        for work in batch.iter().filter(|work| work.change.slot.is_account()) {
            let whose = work.change.whose();
            let mail = work.person.as_ref().and_then(|person| person.mail.as_ref());
            match mail.map(|mail| Text::from(mail.as_str())) {
                None => drop(answers.insert(whose, Err(refused(0, "an invitation needs a mail address")))),
                Some(mail) => match self.invited_before(&mail) {
                    Some(error) => drop(answers.insert(whose, Err(error))),
                    None => open.push(Invitee { whose, mail }),
                },
            }
        }
        match self.form(batch) {
            Ok(form) => self.invite_all(open, &form, &mut answers).await,
            Err(error) => answers.extend(open.into_iter().map(|one| (one.whose, Err(error.for_another())))),
        }
        by_person(batch, answers)
    }

    /// An invitation that ended without being accepted is for a person to send again.
    fn invited_before(&self, mail: &Text) -> Option<ConnectorError> {
        let at = self.shared.learn(|learnt| learnt.invited.get(mail).copied())?;
        let day = at.strftime("%Y-%m-%d");
        Some(refused(
            0,
            &format!(
                "was invited on {day} and is gone without having accepted; nobody is invited twice, so invite them in Toggl"
            ),
        ))
    }

    /// The body of the request but for the addresses.
    fn form(&self, batch: &[Work]) -> Result<Map<String, Value>, ConnectorError> {
        let roles = self.shared.learn(|learnt| learnt.roles.clone());
        let mut places: BTreeMap<Text, Text> = BTreeMap::new();
        let mut groups = BTreeSet::new();
        for work in batch {
            let slot = &work.change.slot;
            let id = || work.entitlement.clone().ok_or_else(|| refused(404, &format!("there is no {slot}")));
            match &*slot.kind {
                "workspace" => drop(places.insert(id()?, work.change.to.clone().unwrap_or_else(|| "user".into()))),
                "group" => drop(groups.insert(id()?)),
                _ => {}
            }
        }
        if places.is_empty() {
            let default = self.shared.default_workspace.clone().ok_or_else(|| {
                refused(0, "an invitation needs a workspace: claim one for this person, or set `defaultWorkspaceId`")
            })?;
            places.insert(default, "user".into());
        }
        let places = places.into_iter().map(|(workspace, level)| {
            let (field, value) = roles.workspace_field(&level);
            json!({"workspace_id": number(&workspace), field: value})
        });
        let mut form = Map::from_iter([("workspaces".to_owned(), Value::Array(places.collect()))]);
        if !groups.is_empty() {
            form.insert("groups".to_owned(), groups.iter().map(|group| number(group)).collect());
        }
        Ok(form)
    }

    /// Sends until everybody has an answer. Each refusal settles somebody or halves who is left, so that it ends.
    async fn invite_all(&self, open: Vec<Invitee>, form: &Map<String, Value>, answers: &mut Answers) {
        let mut waiting = VecDeque::from([open]);
        let mut known = answers.len();
        while let Some(mut people) = waiting.pop_front() {
            if people.is_empty() {
                continue;
            }
            let response = match self.send_invitation(&people, form).await {
                Ok(response) if response.is_success() => {
                    self.take_answer(people, &response, answers).await;
                    known = answers.len();
                    continue;
                }
                Ok(response) => response,
                Err(error) => {
                    answers.extend(people.into_iter().map(|one| (one.whose, Err(error.for_another()))));
                    continue;
                }
            };
            let text = raw(&response);
            if let Some(at) = people.iter().position(|one| names_mail(&text, &one.mail)) {
                let named = people.swap_remove(at);
                let answer = self.refused_one(&named, &text, &response).await;
                answers.insert(named.whose, answer);
            } else if response.status != 400 || people.len() == 1 || is_about_a_limit(&text) {
                let error = self.refused_all(&response, &text);
                answers.extend(people.drain(..).map(|one| (one.whose, Err(error.for_another()))));
            }
            // A refusal should mean that nobody was invited. That is nowhere said, so it is looked at.
            if let Err(error) = self.leave_out_invited(&mut people, answers).await {
                answers.extend(people.drain(..).map(|one| (one.whose, Err(error.for_another()))));
            }
            if !answers_grew(answers, &mut known) && people.len() > 1 {
                waiting.push_front(people.split_off(people.len() / 2));
            }
            waiting.push_front(people);
        }
    }

    async fn send_invitation(&self, people: &[Invitee], form: &Map<String, Value>) -> Result<Response, ConnectorError> {
        let mut body = form.clone();
        body.insert("emails".to_owned(), people.iter().map(|one| &*one.mail).collect());
        let what = "invite people";
        self.send_to_organization(what, Method::POST, &["invitations"], Safety::Once, &Value::Object(body)).await
    }

    /// Everybody was invited; whoever the answer gives no id for is looked up.
    async fn take_answer(&self, people: Vec<Invitee>, response: &Response, answers: &mut Answers) {
        let told: Invited = serde_json::from_slice(&response.body).unwrap_or_default();
        let ids: BTreeMap<Text, Text> = told
            .data
            .iter()
            .flatten()
            .filter_map(InvitedOne::who)
            .map(|(mail, user)| (Text::from(mail.as_str()), user.0))
            .collect();
        let now = self.shared.now();
        for one in people {
            self.shared.learn(|learnt| learnt.note_invited(&one.mail, now));
            let account = match ids.get(&one.mail) {
                Some(id) => Some(id.clone()),
                // Without an id the next reading finds who was invited.
                None => self
                    .shared
                    .users_of_mail(&one.mail)
                    .await
                    .ok()
                    .and_then(|found| Some(found.first()?.account.clone())),
            };
            if let Some(account) = &account {
                self.shared.seen(|seen| drop(seen.invited.insert(account.clone(), one.mail.clone())));
            }
            let applied = Applied { account: account.map(AccountId), entitlement: None };
            answers.insert(one.whose, Ok(applied));
        }
    }

    /// Somebody whom the refusal names. Who is there already and switched off is switched on again instead.
    async fn refused_one(&self, named: &Invitee, text: &str, response: &Response) -> Result<Applied, ConnectorError> {
        if !text.contains("already an inactive member") {
            return Err(rest::refused(response));
        }
        let found = self.shared.users_of_mail(&named.mail).await?;
        let user = found.into_iter().find(|user| user.state == AccountState::Suspended);
        let user = user.ok_or_else(|| rest::refused(response))?;
        let path = ["users", user.member.as_str()];
        let body = json!({"inactive": false});
        let what = "reactivate a user";
        let response = self.send_to_organization(what, Method::PUT, &path, Safety::Idempotent, &body).await?;
        if !response.is_success() {
            return Err(rest::refused(&response));
        }
        Ok(Applied { account: Some(AccountId(user.account)), entitlement: None })
    }

    /// The refusal of everybody, with the field of ours that it may be about.
    fn refused_all(&self, response: &Response, text: &str) -> ConnectorError {
        match (rest::refused(response), &self.shared.default_workspace) {
            (ConnectorError::Refused { status, detail }, Some(workspace)) if text.contains("workspace ID") => {
                ConnectorError::Refused {
                    status,
                    detail: format!("{detail}; is `defaultWorkspaceId` {workspace} a workspace of this organisation?"),
                }
            }
            (error, _) => error,
        }
    }

    /// Takes out whoever is invited already.
    async fn leave_out_invited(&self, people: &mut Vec<Invitee>, answers: &mut Answers) -> Result<(), ConnectorError> {
        if people.is_empty() {
            return Ok(());
        }
        let listed = self.shared.list_users(&[("active_status", "invited")]).await?;
        let invited: BTreeMap<Text, Text> =
            listed.users.into_values().map(|user| (canonical(&user.email), user.account)).collect();
        people.retain(|one| {
            let Some(account) = invited.get(&one.mail) else { return true };
            let account = Some(AccountId(account.clone()));
            answers.insert(one.whose.clone(), Ok(Applied { account, entitlement: None }));
            false
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_whole_addresses_only() {
        let text = "User with e-mail 'Ba@x.example' is already an inactive member of the organization";
        assert!(names_mail(text, "ba@x.example"));
        assert!(!names_mail(text, "a@x.example") && !names_mail(text, "ba@x.exam"));
        assert!(names_mail("Invalid e-mail: a+b@x.example.", "a+b@x.example"));
    }
}
