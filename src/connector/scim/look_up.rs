//! Answers to questions about one account. Whatever comes back is checked against what was asked: servers ignore
//! filters, and what they answer then must neither be taken for the person nor for nobody.

use std::collections::BTreeMap;

use appaccess_core::access::{AccountId, LookUp, Mail, ObservedAccount, Person, Text};
use appaccess_scim::{error::ErrorKind, filter::Filter, list, path::AttributePath, resource::UserView};

use super::{
    exchange::{self, read_failed, unexpected},
    listing::not_a_list,
    shared::{Collection, Shared, note_user, parse_user},
};
use crate::{
    connector::ConnectorError,
    http::{Get, Response},
};

/// Most names that are tried for one person.
const NAMES_MAX: usize = 10;

/// Most accounts that one question can be answered with.
const FOUND_MAX: usize = 100;

/// One question by one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    attribute: &'static str,
    value: Text,
}

impl Key {
    fn fits(&self, user: &UserView<'_>, case_sensitive: bool) -> bool {
        match self.attribute {
            "externalId" => user.external_id.as_deref() == Some(&*self.value),
            _ if case_sensitive => *user.user_name == *self.value,
            _ => user.user_name.to_lowercase() == self.value.to_lowercase(),
        }
    }
}

impl Shared {
    /// Answers one question.
    pub(super) async fn look_up(
        &self,
        question: &LookUp,
        person: Option<&Person>,
    ) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let mut found = match (question, person) {
            (LookUp::Account(id), _) => self.account(id).await?.into_iter().collect(),
            (LookUp::Person(_), Some(person)) => self.find(person).await?,
            (LookUp::Person(_), None) => {
                let what = "look somebody up of whom nothing is known".to_owned();
                return Err(ConnectorError::NotSupported { what });
            }
        };
        // Who is in a group, groups tell: without what they told, a member would seem to be in none.
        self.seen(|seen| {
            for account in &mut found {
                let groups = seen.memberships.get(&account.id).into_iter().flatten();
                account.entitlements.extend(groups.map(|group| (group.clone(), None)));
            }
        });
        Ok(found)
    }

    /// The account with this id, as it is now; `None` when the app says that there is none.
    pub(super) async fn account(&self, id: &AccountId) -> Result<Option<ObservedAccount>, ConnectorError> {
        let Some(response) = self.resource(Collection::Users, &id.0).await? else { return Ok(None) };
        let user = parse_user(&response.body).filter(|user| *user.id == *id.0).ok_or_else(|| {
            ConnectorError::Protocol { what: "a user was answered with something else than that user".to_owned() }
        })?;
        let account = self.mapping.observed(&user, &self.role_order);
        self.seen(|seen| note_user(seen, &user, &account.id));
        self.check(&account);
        Ok(Some(account))
    }

    /// The accounts of a person: by our own key where the app can filter on it, then by every name.
    pub(super) async fn find(&self, person: &Person) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let profile = self.profile();
        let can = |name: &str| profile.user_filter_attributes.iter().any(|known| known.eq_ignore_ascii_case(name));
        let cannot =
            || ConnectorError::NotSupported { what: "look up one person: it cannot or does not filter".to_owned() };
        if can("externalId")
            && let Some(value) = self.mapping.external_id(person)
        {
            let found = self.matching(&Key { attribute: "externalId", value }).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        if !can("userName") {
            return Err(cannot());
        }
        let mut found = BTreeMap::new();
        for value in self.names(person) {
            for account in self.matching(&Key { attribute: "userName", value }).await? {
                found.insert(account.id.clone(), account);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Every user name under which an account of this person may be found, the expected one first.
    fn names(&self, person: &Person) -> Vec<Text> {
        let expected = self.mapping.user_name(person);
        let mails = person.mails().map(|mail| Text::from(Mail::as_str(mail)));
        let mut names: Vec<Text> = Vec::new();
        for name in expected.into_iter().chain(mails).chain(person.login.clone()) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) && names.len() < NAMES_MAX {
                names.push(name);
            }
        }
        names
    }

    /// A look-up by filter was refused. Whether an app that cannot list its users takes one at all is found out by trying.
    fn no_look_up(&self, response: &Response) -> ConnectorError {
        let refused = match response.status {
            405 | 501 => true,
            400 => exchange::kind(response) == Some(ErrorKind::InvalidFilter) || !self.profile().read_listable,
            404 => !self.profile().read_listable,
            _ => false,
        };
        if !refused {
            return unexpected("a look-up of one user", response);
        }
        self.learn(|learnt| learnt.dialect.filter_ignored = true);
        ConnectorError::NotSupported { what: format!("look up one person: it answers status {}", response.status) }
    }

    async fn matching(&self, key: &Key) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let what = "look up a user";
        let filter = Filter::equals(AttributePath::core(key.attribute), &key.value).to_string();
        let target = self.target(Collection::Users, None).map_err(|error| read_failed(what, error))?;
        let get = Get::new(target).query("filter", &filter);
        let response = self.get(get).await.map_err(|error| read_failed(what, error))?;
        if !response.is_success() {
            return Err(self.no_look_up(&response));
        }
        let case_sensitive = self.profile().case_sensitive_user_name;
        let (mut found, mut strangers) = (Vec::new(), 0_usize);
        let head = list::read(&response.body, |user: UserView<'_>| {
            if user.has_id() && key.fits(&user, case_sensitive) {
                if found.len() < FOUND_MAX {
                    let account = self.mapping.observed(&user, &self.role_order);
                    self.seen(|seen| note_user(seen, &user, &account.id));
                    found.push(account);
                }
            } else {
                strangers += 1;
            }
        })
        .map_err(|error| not_a_list(Collection::Users, &error))?;
        if strangers > 0 {
            self.learn(|learnt| learnt.dialect.filter_ignored = true);
        }
        let more = head.total_results.is_some_and(|total| total > head.received) || head.next_cursor.is_some();
        if found.is_empty() && (strangers > 0 || more) {
            let what = "look up one person: it answers a filter with people who do not fit it".to_owned();
            return Err(ConnectorError::NotSupported { what });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_only_what_was_asked() {
        let user = |name: &str| UserView { id: "1".into(), user_name: name.to_owned().into(), ..UserView::default() };
        let key = Key { attribute: "userName", value: "ana@example.com".into() };
        assert!(key.fits(&user("ANA@example.com"), false));
        assert!(!key.fits(&user("ANA@example.com"), true));
        assert!(!key.fits(&user("anna@example.com"), false));
        let key = Key { attribute: "externalId", value: "A1".into() };
        let external = |id: &str| UserView { external_id: Some(id.to_owned().into()), ..user("x") };
        assert!(key.fits(&external("A1"), false));
        assert!(!key.fits(&external("a1"), false));
        assert!(!key.fits(&user("A1"), false));
    }
}
