//! Changes of accounts: creation that never makes a second one, changes of one account in one request, and deletion.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AccountId, Mail, Person, Text},
    plan::Action,
};
use appaccess_scim::{
    dialect::{ActiveForm, UserUpdate},
    patch::{OutgoingOperation, PatchBody},
    path::AttributePath,
    resource::{DEPARTMENT, UserDraft},
};
use http::{Method, header};
use serde_json::{Value, json};

use super::{
    batch::{Kind, kind},
    exchange::{change_failed, refused},
    mapping,
    shared::{Collection, parse_user},
    writer::{Outcomes, ScimWriter, account_of, is_method_refused, shared_outcome, with_first},
};
use crate::{
    connector::{Applied, ConnectorError, Work},
    http::{HttpError, Response, Safety},
};

impl ScimWriter {
    /// Makes an account, with the roles that are granted along with it.
    pub(super) async fn create_account(&self, batch: &[Work]) -> Outcomes {
        let roles = batch.iter().filter(|work| kind(work) == Kind::Gain).filter_map(role).collect();
        let person = batch.iter().find(|work| kind(work) == Kind::CreateAccount).and_then(|work| work.person.as_ref());
        let created = match person {
            Some(person) => self.create_for(person, roles).await,
            None => Err(nobody()),
        };
        match created {
            Ok(id) => {
                let applied = |work: &Work| Applied {
                    account: (kind(work) == Kind::CreateAccount).then(|| id.clone()),
                    entitlement: None,
                };
                batch.iter().map(|work| Ok(applied(work))).collect()
            }
            Err(error) => with_first(batch.len(), error),
        }
    }

    async fn create_for(&self, person: &Person, roles: Vec<String>) -> Result<AccountId, ConnectorError> {
        let draft = self.shared.mapping.draft(person, roles).ok_or_else(nobody)?;
        if self.shared.profile().user_name_is_mail && Mail::parse(&draft.user_name).is_err() {
            return Err(ConnectorError::Refused { status: 0, detail: "its user names are mail addresses".to_owned() });
        }
        let body = draft.to_value(self.shared.dropped());
        let mut sent = self.post_user(&body).await;
        if let Ok(response) = &sent
            && response.status == 400
            && let Ok(Some(fewer)) = self.without_unpublished(&draft, &body).await
        {
            sent = self.post_user(&fewer).await;
        }
        match sent {
            Ok(response) if response.is_success() => self.created_id(person, &draft, &response).await,
            Ok(response) if response.status == 409 => self.taken(person, &draft, &response).await,
            Ok(response) => Err(refused(&response)),
            Err(error) if error.outcome_unknown() => self.perhaps_created(person, &draft, error).await,
            Err(error) => Err(change_failed("create users", error)),
        }
    }

    async fn post_user(&self, body: &Value) -> Result<Response, HttpError> {
        self.send(Method::POST, (Collection::Users, None), Safety::Once, Some(body), None).await
    }

    /// The body without what a strict server does not publish; `None` where that is all of it.
    async fn without_unpublished(&self, draft: &UserDraft, body: &Value) -> Result<Option<Value>, ConnectorError> {
        let Some(published) = self.shared.published_attributes().await? else { return Ok(None) };
        let is_published = |name: &str| published.iter().any(|known| known.eq_ignore_ascii_case(name));
        let sent = ["externalId", "displayName", "name", "emails", "active", "title", "roles", DEPARTMENT];
        let mut dropped: BTreeSet<String> = self.shared.dropped().clone();
        dropped.extend(sent.into_iter().filter(|name| !is_published(name)).map(str::to_owned));
        let fewer = draft.to_value(&dropped);
        Ok((fewer != *body).then_some(fewer))
    }

    /// The id of what was just created: from the answer, else by looking.
    async fn created_id(
        &self,
        person: &Person,
        draft: &UserDraft,
        response: &Response,
    ) -> Result<AccountId, ConnectorError> {
        if let Some(user) = parse_user(&response.body) {
            return Ok(AccountId::new(&user.id));
        }
        let location = response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        if let Some(id) = location.and_then(id_of_location) {
            return Ok(AccountId(id));
        }
        self.look_for(person, draft).await?.ok_or_else(|| ConnectorError::OutcomeUnknown {
            what: "the app took the account and gave it no id".to_owned(),
        })
    }

    /// The app says that the account exists. It is ours to go on with only if it carries our key.
    async fn taken(
        &self,
        person: &Person,
        draft: &UserDraft,
        response: &Response,
    ) -> Result<AccountId, ConnectorError> {
        let found = self.shared.find(person).await.unwrap_or_default();
        match found.as_slice() {
            [one] if one.external_id.is_some() && one.external_id.as_deref() == draft.external_id.as_deref() => {
                Ok(one.id.clone())
            }
            [] => Err(refused(response)),
            [_] => Err(ambiguous("an account of this name exists and is not known to be ours")),
            _ => Err(ambiguous("more than one account answers to this person")),
        }
    }

    /// Nobody knows whether the account was created: one look.
    async fn perhaps_created(
        &self,
        person: &Person,
        draft: &UserDraft,
        error: HttpError,
    ) -> Result<AccountId, ConnectorError> {
        match self.look_for(person, draft).await {
            Ok(Some(id)) => Ok(id),
            _ => Err(change_failed("create users", error)),
        }
    }

    /// The one account that can be what was just sent.
    async fn look_for(&self, person: &Person, draft: &UserDraft) -> Result<Option<AccountId>, ConnectorError> {
        let found = self.shared.find(person).await?;
        let [one] = found.as_slice() else { return Ok(None) };
        let theirs = one.external_id.as_deref();
        let is_same = theirs.is_none() || theirs == draft.external_id.as_deref();
        let is_same = is_same && one.login.eq_ignore_ascii_case(&draft.user_name);
        Ok(is_same.then(|| one.id.clone()))
    }

    /// Changes one account: all of the batch in one request where the server takes it so.
    pub(super) async fn change_account(&self, batch: &[Work]) -> Outcomes {
        let Some(id) = batch.first().map(account_of) else { return Vec::new() };
        let id = match id {
            Ok(id) => Text::clone(id),
            Err(error) => return with_first(batch.len(), error),
        };
        let work_mail = self.shared.seen(|seen| seen.work_mails.contains(&AccountId(Text::clone(&id))));
        let operations = operations(batch, work_mail);
        let active = batch.iter().rev().find_map(|work| match work.change.action {
            Action::Activate => Some(true),
            Action::Suspend => Some(false),
            _ => None,
        });
        if operations.is_empty() && active.is_none() {
            let what = "keep these attributes".to_owned();
            return with_first(batch.len(), ConnectorError::NotSupported { what });
        }
        let outcome = self.change_user(&id, &operations, active).await;
        if let Err(error) = &outcome
            && self.is_settled(batch, error)
        {
            return shared_outcome(batch, Ok(()));
        }
        if outcome.is_ok() {
            self.expect(&id, batch, active);
        }
        shared_outcome(batch, outcome)
    }

    /// Whether a refusal leaves nothing to be done: nobody has to be suspended who is not there, and where a vendor keeps
    /// some users as they are the read-back shows what it did not take.
    fn is_settled(&self, batch: &[Work], error: &ConnectorError) -> bool {
        let ConnectorError::Refused { status, .. } = error else { return false };
        let profile = self.shared.profile();
        let all = |wanted: Action| batch.iter().all(|work| work.change.action == wanted);
        (all(Action::Suspend) && profile.not_found_statuses.contains(status))
            || (all(Action::Update) && profile.fixed_users && matches!(status, 400 | 403 | 409 | 422))
    }

    async fn change_user(
        &self,
        id: &str,
        operations: &[OutgoingOperation],
        active: Option<bool>,
    ) -> Result<(), ConnectorError> {
        let profile = self.shared.profile();
        let by_patch = profile.user_update == UserUpdate::Patch;
        let Some(active) = active else {
            return self.update_user(id, operations, profile.user_update).await;
        };
        if operations.is_empty() {
            return self.switch(id, active).await;
        }
        if by_patch && profile.active_form != ActiveForm::Put {
            let switch = [switch_operation(active, profile.active_form)];
            let together = if active { [&switch, operations] } else { [operations, &switch] }.concat();
            let response = self.patch_user(id, &PatchBody::new(together)).await?;
            if response.is_success() && shows(&response, active) {
                return Ok(());
            }
            if !matches!(response.status, 400 | 405 | 501) && !response.is_success() {
                return Err(refused(&response));
            }
        }
        // A deactivated user may take no other change, so that switching on comes first and switching off last.
        if active {
            self.switch(id, active).await?;
            return self.update_user(id, operations, self.shared.profile().user_update).await;
        }
        self.update_user(id, operations, profile.user_update).await?;
        self.switch(id, active).await
    }

    async fn patch_user(&self, id: &str, body: &PatchBody) -> Result<Response, ConnectorError> {
        let response =
            self.patch(Collection::Users, id, body).await.map_err(|error| change_failed("change users", error))?;
        if is_method_refused(&response) {
            self.shared.learn(|learnt| learnt.dialect.patch_refused = true);
        }
        Ok(response)
    }

    /// Changes attributes in the way that the server takes.
    async fn update_user(
        &self,
        id: &str,
        operations: &[OutgoingOperation],
        how: UserUpdate,
    ) -> Result<(), ConnectorError> {
        let body = PatchBody::new(operations.to_vec());
        if how == UserUpdate::Patch {
            let response = self.patch_user(id, &body).await?;
            if response.is_success() {
                return Ok(());
            }
            if !is_method_refused(&response) {
                return Err(refused(&response));
            }
        }
        if how == UserUpdate::PutMerge {
            return self.put_merge(id, &body).await;
        }
        self.put(Collection::Users, id, &body).await.map(drop)
    }

    /// Sends only what changes, to a server that is known to keep the rest.
    async fn put_merge(&self, id: &str, changes: &PatchBody) -> Result<(), ConnectorError> {
        let bare = json!({"schemas": [appaccess_scim::urn::USER], "id": id});
        let kind = appaccess_scim::schema::ResourceKind::User;
        let body = appaccess_scim::patch::replacement(&bare, kind, changes)
            .map_err(|error| ConnectorError::NotSupported { what: format!("change this by PUT: {error}") })?;
        let sent = self.send(Method::PUT, (Collection::Users, Some(id)), Safety::Idempotent, Some(&body), None).await;
        let response = sent.map_err(|error| change_failed("change users", error))?;
        if response.is_success() { Ok(()) } else { Err(refused(&response)) }
    }

    /// Switches an account on or off. A form that is refused or does nothing gives way to the next, once per server.
    async fn switch(&self, id: &str, active: bool) -> Result<(), ConnectorError> {
        let first = self.shared.profile().active_form;
        let forms: &[ActiveForm] = match first {
            ActiveForm::PatchPath => &[ActiveForm::PatchPath, ActiveForm::PatchNoPath, ActiveForm::Put],
            ActiveForm::PatchNoPath => &[ActiveForm::PatchNoPath, ActiveForm::PatchPath, ActiveForm::Put],
            ActiveForm::Put => &[ActiveForm::Put],
        };
        let mut refusal = None;
        for form in forms {
            if *form == ActiveForm::Put {
                let body = PatchBody::new(vec![OutgoingOperation::active(active)]);
                let put = self.put(Collection::Users, id, &body).await;
                return match (put, refusal) {
                    (Ok(_), _) => {
                        self.learn_form(first, ActiveForm::Put);
                        Ok(())
                    }
                    (Err(ConnectorError::Refused { .. }), Some(refusal)) => Err(refusal),
                    (Err(error), _) => Err(error),
                };
            }
            let response = self.patch_user(id, &PatchBody::new(vec![switch_operation(active, *form)])).await?;
            if response.is_success() && shows(&response, active) {
                self.learn_form(first, *form);
                return Ok(());
            }
            if !response.is_success() {
                if !matches!(response.status, 400 | 405 | 501) {
                    return Err(refused(&response));
                }
                refusal = refusal.or(Some(refused(&response)));
            }
        }
        Err(refusal.unwrap_or_else(nobody))
    }

    fn learn_form(&self, before: ActiveForm, form: ActiveForm) {
        if before != form {
            self.shared.learn(|learnt| learnt.dialect.active_form = Some(form));
        }
    }

    /// Takes note of what the next reading should show.
    fn expect(&self, id: &Text, batch: &[Work], active: Option<bool>) {
        let kept = |name: &str| name != mapping::USER_NAME && name != mapping::MAIL;
        self.shared.seen(|seen| {
            let expected = seen.expected.entry(AccountId(Text::clone(id))).or_default();
            expected.active = active.or(expected.active);
            for (name, (_, after)) in batch.iter().flat_map(|work| &work.change.attributes) {
                if kept(name) {
                    expected.attributes.insert(Text::clone(name), after.clone());
                }
            }
        });
    }

    /// Deletes an account. One that is gone already is deleted.
    pub(super) async fn delete_account(&self, work: &Work) -> Result<Applied, ConnectorError> {
        if !self.shared.deletes(&self.shared.profile()) {
            return Err(ConnectorError::NotSupported { what: "delete accounts".to_owned() });
        }
        let id = account_of(work)?;
        let to = (Collection::Users, Some(&**id));
        let sent = self.send(Method::DELETE, to, Safety::Idempotent, None, None).await;
        let response = sent.map_err(|error| change_failed("delete users", error))?;
        if is_method_refused(&response) {
            return Err(ConnectorError::NotSupported { what: "delete accounts".to_owned() });
        }
        if !response.is_success() && !self.shared.profile().not_found_statuses.contains(&response.status) {
            return Err(refused(&response));
        }
        let (id, now) = (AccountId(Text::clone(id)), self.shared.now());
        self.shared.seen(|seen| {
            let was_active = !seen.inactive.contains(&id);
            let expected = seen.expected.entry(id).or_default();
            (expected.deleted, expected.was_active) = (Some(now), was_active);
        });
        Ok(Applied::default())
    }
}

fn nobody() -> ConnectorError {
    ConnectorError::Refused { status: 0, detail: "nothing is known of the person that could be a user name".to_owned() }
}

fn ambiguous(why: &str) -> ConnectorError {
    ConnectorError::Refused { status: 409, detail: why.to_owned() }
}

/// The last segment of a `Location`, decoded.
fn id_of_location(location: &str) -> Option<Text> {
    let path = location.split(['?', '#']).next()?.trim_end_matches('/');
    let (_, last) = path.rsplit_once('/')?;
    let id = percent_encoding::percent_decode_str(last).decode_utf8().ok()?;
    (!id.is_empty() && !id.eq_ignore_ascii_case("Users")).then(|| mapping::bounded(&id))
}

/// Whether an answer shows the wanted state, or shows nothing at all.
fn shows(response: &Response, active: bool) -> bool {
    parse_user(&response.body).is_none_or(|user| user.active == active)
}

fn switch_operation(active: bool, form: ActiveForm) -> OutgoingOperation {
    match form {
        ActiveForm::PatchNoPath => OutgoingOperation::active_without_path(active),
        ActiveForm::PatchPath | ActiveForm::Put => OutgoingOperation::active(active),
    }
}

/// The role that a piece of work is about: a name of the set, else the value.
fn role(work: &Work) -> Option<String> {
    let slot = &work.change.slot;
    if !slot.is_role() {
        return None;
    }
    let value =
        if slot.name.is_empty() { work.change.to.as_ref().or(work.change.from.as_ref()) } else { Some(&slot.name) };
    value.filter(|value| !value.is_empty()).map(ToString::to_string)
}

/// The operations of a batch but for switching on and off: one for each attribute, roles together.
fn operations(batch: &[Work], work_mail: bool) -> Vec<OutgoingOperation> {
    let roles = AttributePath::core("roles");
    let mut operations = Vec::new();
    let mut added = Vec::new();
    for work in batch {
        let is_single = work.change.slot.name.is_empty();
        match (work.change.action, role(work)) {
            (Action::Update, _) => {
                let attributes = work.change.attributes.iter();
                operations.extend(
                    attributes.filter_map(|(name, (_, after))| mapping::update(name, after.as_deref(), work_mail)),
                );
            }
            (Action::Grant | Action::Change, Some(value)) if is_single => {
                operations.push(OutgoingOperation::replace(&roles, json!([{"value": value}])));
            }
            (Action::Grant | Action::Change, Some(value)) => added.push(json!({"value": value})),
            (Action::Revoke, Some(value)) => operations.push(OutgoingOperation::remove_value(&roles, &value)),
            _ => {}
        }
    }
    if !added.is_empty() {
        operations.push(OutgoingOperation::add(&roles, Value::Array(added)));
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_a_location() {
        for (location, id) in [
            ("https://h.example/scim/v2/Users/k%26K", Some("k&K")),
            ("/scim/v2/Users/7/", Some("7")),
            ("https://h.example/scim/v2/Users", None),
            ("7", None),
        ] {
            assert_eq!(id_of_location(location).as_deref(), id, "{location}");
        }
    }
}
