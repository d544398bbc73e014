//! Changes of people: creation that never makes a second one, access roles read before they are replaced, archiving,
//! and deletion, which Harvest refuses for whoever recorded time.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AccountId, Mail, Person},
    plan::Action,
};
use http::Method;
use serde_json::{Map, Value, json};

use super::{
    PERMISSION,
    access::{Access, Edit, FOR_MANAGERS_ONLY},
    batch::{Phase, phase},
    wire::User,
    writer::{HarvestWriter, Outcomes, account_of, for_all},
};
use crate::{
    connector::{Applied, ConnectorError, Work, rest},
    http::Safety,
};

fn cannot(what: &str) -> ConnectorError {
    ConnectorError::NotSupported { what: what.to_owned() }
}

impl HarvestWriter {
    /// Makes a person, with the access roles that are granted along.
    pub(super) async fn create_person(&self, batch: &[Work]) -> Outcomes {
        let (access, gives_extras) =
            edit(batch).applied(&Access { main: Some("member".to_owned()), ..Access::default() });
        let person = batch.iter().find(|work| phase(work) == Phase::Create).and_then(|work| work.person.as_ref());
        let made = match person {
            Some(person) => self.create(person, &access).await,
            None => Err(cannot("create an account of whom nothing is known")),
        };
        let made = match made {
            Ok(id) => id,
            Err(error) => return for_all(batch.len(), Err(error)),
        };
        let outcome = |work: &Work| match phase(work) {
            Phase::Create => Ok(Applied { account: Some(made.clone()), entitlement: None }),
            _ if is_extra(work) && !gives_extras => Err(cannot(FOR_MANAGERS_ONLY)),
            _ => Ok(Applied::default()),
        };
        batch.iter().map(outcome).collect()
    }

    async fn create(&self, person: &Person, access: &Access) -> Result<AccountId, ConnectorError> {
        let mail = person.mail.as_ref().ok_or_else(|| cannot("create an account without a mail address"))?;
        let Some((first, last)) = person.full_name() else {
            return Err(cannot(
                "create an account without a first and a last name: add `name: {given: …, family: …}` to the subject, \
                 or a full name to the person in the directory",
            ));
        };
        let body = json!({
            "first_name": first, "last_name": last, "email": mail.as_str(), "access_roles": access.to_names(),
        });
        let what = "create people";
        match self.send(what, (Method::POST, &["users"]), Safety::Once, Some(&body)).await {
            Ok(response) if response.is_success() => match serde_json::from_slice::<User>(&response.body) {
                Ok(user) => Ok(AccountId(user.id.0)),
                Err(_) => self.made(mail).await.ok_or_else(|| ConnectorError::OutcomeUnknown {
                    what: "the app took the person and gave it no id".to_owned(),
                }),
            },
            Ok(response) => {
                let mut said = rest::said(&response);
                if response.status == 422 && said.to_ascii_lowercase().contains(mail.as_str()) {
                    said.push_str(" (if somebody has this address already, the next reading tells who)");
                }
                Err(ConnectorError::Refused { status: response.status, detail: said })
            }
            Err(unknown @ ConnectorError::OutcomeUnknown { .. }) => self.made(mail).await.ok_or(unknown),
            Err(error) => Err(error),
        }
    }

    /// The person whom a request made that was not answered: among the newest, alone, and not there before.
    async fn made(&self, mail: &Mail) -> Option<AccountId> {
        let found = self.shared.newest(mail).await.ok()?;
        let [one] = found.as_slice() else { return None };
        let is_new = self.shared.seen(|seen| seen.listing_calls.is_some() && !seen.people.contains(one));
        is_new.then(|| one.clone())
    }

    /// All that changes for one person: one request, or two where a name changes with a return from the archive.
    pub(super) async fn change_person(&self, batch: &[Work]) -> Outcomes {
        let Some(first) = batch.first() else { return Vec::new() };
        let id = match account_of(first) {
            Ok(id) => id,
            Err(error) => return for_all(batch.len(), Err(error)),
        };
        let (mut fields, gives_extras) = match self.access_fields(id, &edit(batch)).await {
            Ok(fields) => fields,
            // Who is gone has nothing left to lose.
            Err(ConnectorError::Refused { status: 404, .. }) if is_removal(batch) => {
                return for_all(batch.len(), Ok(()));
            }
            Err(error) => return for_all(batch.len(), Err(error)),
        };
        let active = active(batch);
        fields.extend(active.map(|active| ("is_active".to_owned(), Value::from(active))));
        let names = names(batch);
        let archived = self.shared.seen(|seen| seen.archived.contains(id));
        let names_outcome = if archived && active.is_none() && !names.is_empty() {
            self.patch_person(id, fields, is_removal(batch))
                .await
                .map(|()| Err(cannot("change name or address of an archived person: it does once the person is back")))
        } else if active == Some(true) && !names.is_empty() {
            match self.patch_person(id, fields, false).await {
                Ok(()) => Ok(self.patch_person(id, names, false).await),
                Err(error) => Err(error),
            }
        } else {
            fields.extend(names);
            self.patch_person(id, fields, is_removal(batch)).await.map(|()| Ok(()))
        };
        let names_outcome = match names_outcome {
            Ok(outcome) => outcome,
            Err(error) => return for_all(batch.len(), Err(error)),
        };
        let outcome = |work: &Work| match &names_outcome {
            Err(error) if work.change.action == Action::Update => Err(error.for_another()),
            _ if is_extra(work) && work.change.action == Action::Grant && !gives_extras => {
                Err(cannot(FOR_MANAGERS_ONLY))
            }
            _ => Ok(Applied::default()),
        };
        batch.iter().map(outcome).collect()
    }

    /// The access roles to send, where they change: read right before, unless what is there makes no difference. With
    /// it whether extras are given.
    async fn access_fields(
        &self,
        id: &AccountId,
        edit: &Edit<'_>,
    ) -> Result<(Map<String, Value>, bool), ConnectorError> {
        let list = |access: &Access| Map::from_iter([("access_roles".to_owned(), json!(access.to_names()))]);
        if edit.is_empty() {
            return Ok((Map::new(), true));
        }
        if let Some(known) = edit.known() {
            return Ok((list(&known), false));
        }
        let Some(user) = self.shared.person(id).await? else {
            return Err(ConnectorError::Refused { status: 404, detail: "the person is not there any more".to_owned() });
        };
        let Some(names) = &user.access_roles else {
            return Err(cannot("tell the access roles of this person, so they cannot be changed safely"));
        };
        let now = Access::read(names);
        let (after, gives_extras) = edit.applied(&now);
        Ok((if after == now { Map::new() } else { list(&after) }, gives_extras))
    }

    /// Changes fields of a person; nothing to change is done already, and so is a loss for somebody who is gone.
    async fn patch_person(
        &self,
        id: &AccountId,
        fields: Map<String, Value>,
        is_removal: bool,
    ) -> Result<(), ConnectorError> {
        if fields.is_empty() {
            return Ok(());
        }
        let to = (Method::PATCH, &["users", &*id.0][..]);
        let response = self.send("change people", to, Safety::Idempotent, Some(&Value::Object(fields))).await?;
        if response.is_success() || (is_removal && response.status == 404) {
            return Ok(());
        }
        Err(rest::refused(&response))
    }

    /// Deletes a person. Whoever recorded time or expenses cannot be deleted and is archived instead: nobody can log in
    /// any more, which is what the read-back asks for.
    pub(super) async fn delete_person(&self, work: &Work) -> Result<Applied, ConnectorError> {
        let id = account_of(work)?;
        let to = (Method::DELETE, &["users", &*id.0][..]);
        let response = self.send("delete people", to, Safety::Idempotent, None).await?;
        if response.is_success() || response.status == 404 {
            return Ok(Applied::default());
        }
        if response.status != 422 {
            return Err(rest::refused(&response));
        }
        let archive = Map::from_iter([("is_active".to_owned(), Value::Bool(false))]);
        self.patch_person(id, archive, true).await?;
        tracing::warn!(account = %id, "Harvest does not delete who recorded time or expenses: archived instead");
        Ok(Applied::default())
    }
}

fn is_extra(work: &Work) -> bool {
    &*work.change.slot.kind == PERMISSION
}

fn is_removal(batch: &[Work]) -> bool {
    batch.iter().all(|work| work.change.is_removal())
}

/// What becomes of the access roles.
fn edit(batch: &[Work]) -> Edit<'_> {
    let mut edit = Edit { main: None, add: BTreeSet::new(), remove: BTreeSet::new() };
    for work in batch {
        let change = &work.change;
        match change.action {
            Action::Grant | Action::Change if change.slot.is_role() => edit.main = change.to.as_deref(),
            Action::Revoke if change.slot.is_role() => edit.main = Some("member"),
            Action::Grant if is_extra(work) => drop(edit.add.insert(&change.slot.name)),
            Action::Revoke if is_extra(work) => drop(edit.remove.insert(&change.slot.name)),
            _ => {}
        }
    }
    edit
}

/// Whether the person is to be archived or brought back.
fn active(batch: &[Work]) -> Option<bool> {
    batch.iter().find_map(|work| match work.change.action {
        Action::Activate => Some(true),
        Action::Suspend => Some(false),
        _ => None,
    })
}

/// Name and address, as Harvest calls them.
fn names(batch: &[Work]) -> Map<String, Value> {
    let updates = batch.iter().filter(|work| work.change.action == Action::Update);
    let values = updates.flat_map(|work| &work.change.attributes);
    let fields = values.filter_map(|(name, (_, after))| {
        let field = match &**name {
            "givenName" => "first_name",
            "familyName" => "last_name",
            "userName" | "mail" => "email",
            _ => return None,
        };
        Some((field.to_owned(), Value::from(&**after.as_ref()?)))
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use appaccess_core::access::PersonKey;

    use super::*;

    #[test]
    fn a_name_to_show_is_parted_and_half_a_name_is_none() {
        let mut person = Person::literal(PersonKey::Mail(Mail::parse("ana@example.com").unwrap()));
        assert_eq!(person.full_name(), None);
        for (shown, parts) in [
            ("Ana María  Ruiz ", Some(("Ana María", "Ruiz"))),
            ("王 小明", Some(("王", "小明"))),
            ("Madonna", None),
            ("", None),
        ] {
            person.attributes.insert("displayName".into(), shown.into());
            assert_eq!(person.full_name(), parts, "{shown}");
        }
        person.name.given = Some("Ana".into());
        assert_eq!(person.full_name(), None);
        person.name.family = Some("Ruiz".into());
        assert_eq!(person.full_name(), Some(("Ana", "Ruiz")));
    }
}
