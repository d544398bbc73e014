//! The half that writes. Every request says how things should be, so that it can be repeated; only the making of an
//! account cannot.

use std::{fmt, sync::Arc};

use appaccess_core::{
    access::{AccountId, Mail, Person, Text},
    plan::Action,
};
use futures::future::BoxFuture;
use http::Method;
use serde_json::{Map, Value, json};

use super::{
    ADMINISTRATOR, LEVELS,
    batch::{self, Kind, kind},
    shared::Shared,
    wire::Made,
};
use crate::{
    connector::{
        Applied, ConnectorError, Work, Writer,
        failure::change_failed,
        rest::{refused, send},
    },
    http::{Client, Request, Response, Safety, Target},
};

/// The status under which work is refused that rests on other work which failed (RFC 4918 section 11.4).
const FAILED_DEPENDENCY: u16 = 424;

/// The half of a connector that changes the account.
pub(in crate::connector) struct AhaWriter {
    shared: Arc<Shared>,
    client: Client,
}

impl fmt::Debug for AhaWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AhaWriter").finish_non_exhaustive()
    }
}

impl Writer for AhaWriter {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        batch::batches(work)
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Vec<Result<Applied, ConnectorError>>> {
        Box::pin(async move {
            match self.carry_out(batch).await {
                Ok(made) => batch.iter().map(|work| Ok(applied(work, made.as_ref()))).collect(),
                Err(error) => {
                    let others: Vec<ConnectorError> = batch.iter().skip(1).map(|_| error.for_another()).collect();
                    std::iter::once(error).chain(others).take(batch.len()).map(Err).collect()
                }
            }
        })
    }
}

fn applied(work: &Work, made: Option<&AccountId>) -> Applied {
    Applied { account: made.filter(|_| kind(work) == Kind::Create).cloned(), entitlement: None }
}

impl AhaWriter {
    pub(super) fn new(shared: Arc<Shared>, client: Client) -> Self {
        Self { shared, client }
    }

    /// Carries out one batch; the account that was made, where one was.
    async fn carry_out(&self, batch: &[Work]) -> Result<Option<AccountId>, ConnectorError> {
        if let Some(create) = batch.iter().find(|work| kind(work) == Kind::Create) {
            let first = batch.iter().find(|work| kind(work) == Kind::Give);
            return self.create(create, first).await.map(Some);
        }
        match batch {
            [] => Ok(()),
            [one] if kind(one) == Kind::Give => self.give(one).await,
            [one] if kind(one) == Kind::Take => self.take(one).await,
            all if all.iter().all(|work| kind(work) == Kind::Write) => self.write(all).await,
            _ => Err(ConnectorError::NotSupported { what: "do this over Aha!'s interface".to_owned() }),
        }?;
        Ok(None)
    }

    /// Makes an account in its first product. An address that Aha! knows already is refused there; the next reading shows
    /// whose it is.
    async fn create(&self, create: &Work, first: Option<&Work>) -> Result<AccountId, ConnectorError> {
        let Some(first) = first else {
            let what =
                "create an account outside a product: claim a `product` for the person, with `manage.memberships` on";
            return Err(ConnectorError::NotSupported { what: what.to_owned() });
        };
        let person = create.person.as_ref();
        let Some((person, mail)) = person.and_then(|person| Some((person, person.mail.as_ref()?))) else {
            return Err(ConnectorError::NotSupported { what: "create an account without a mail address".to_owned() });
        };
        let (given, family) = names_of(person, mail);
        let product = self.product(first)?;
        let user = json!({
            "email": mail.as_str(),
            "first_name": &*given,
            "last_name": &*family,
            "role": level(first),
        });
        let path = ["products", &product, "users"];
        let response =
            self.send("create an account", Method::POST, &path, Safety::Once, Some(json!({"user": user}))).await?;
        if !response.is_success() {
            return Err(refused(&response));
        }
        let made: Result<Made, _> = serde_json::from_slice(&response.body);
        let made = made.map_err(|_| ConnectorError::OutcomeUnknown {
            what: "the account was made, and the answer does not tell its id".to_owned(),
        })?;
        Ok(AccountId(made.user.id.0))
    }

    /// Gives a role in a product, or another one: the same request.
    async fn give(&self, work: &Work) -> Result<(), ConnectorError> {
        let (account, product) = (account_of(work)?, self.product(work)?);
        let body = json!({"product_role": {"role": level(work), "product_id": &*product}});
        let path = ["users", account, "product_roles"];
        let response =
            self.send("give a role in a product", Method::POST, &path, Safety::Idempotent, Some(body)).await?;
        done(&response)
    }

    /// Takes a role in a product. Where there is none, or nobody, there is nothing left to take.
    async fn take(&self, work: &Work) -> Result<(), ConnectorError> {
        let (account, product) = (account_of(work)?, self.product(work)?);
        let path = ["users", account, "product_roles", &product];
        let what = "take a role in a product";
        let response = self.send(what, Method::DELETE, &path, Safety::Idempotent, None).await?;
        if response.status == 404 { Ok(()) } else { done(&response) }
    }

    /// Says of a user itself what it should be.
    async fn write(&self, batch: &[Work]) -> Result<(), ConnectorError> {
        let mut user = Map::new();
        for work in batch {
            put(&mut user, work);
        }
        let Some(first) = batch.first().filter(|_| !user.is_empty()) else { return Ok(()) };
        let account = account_of(first)?;
        let body = Some(json!({"user": user}));
        let path = ["users", account];
        let response = self.send("change a user", Method::PUT, &path, Safety::Idempotent, body).await?;
        // Nobody can log in with an account that is gone.
        let is_gone = response.status == 404 && batch.iter().all(|work| work.change.action == Action::Suspend);
        if is_gone { Ok(()) } else { done(&response) }
    }

    /// The id of the product that a piece of work names.
    fn product(&self, work: &Work) -> Result<Text, ConnectorError> {
        let name = &work.change.slot.name;
        let seen = || self.shared.seen.lock().names.as_ref().and_then(|names| names.id(name).cloned());
        work.entitlement.clone().or_else(seen).ok_or_else(|| ConnectorError::Refused {
            status: 404,
            detail: format!("the account shows no product `{name}` to this API key"),
        })
    }

    async fn send(
        &self,
        what: &str,
        method: Method,
        path: &[&str],
        safety: Safety,
        body: Option<Value>,
    ) -> Result<Response, ConnectorError> {
        let target = Target::path(path.iter().copied()).map_err(|error| change_failed(what, error))?;
        let mut request = Request::change(method, target, safety);
        if let Some(body) = body {
            request = request.body("application/json", body.to_string());
        }
        send(&self.client, what, request).await
    }
}

fn done(response: &Response) -> Result<(), ConnectorError> {
    if response.is_success() { Ok(()) } else { Err(refused(response)) }
}

/// What a piece of work puts into the body of a user. Administration is written as a word.
fn put(user: &mut Map<String, Value>, work: &Work) {
    let change = &work.change;
    match change.action {
        Action::Activate => drop(user.insert("enabled".to_owned(), true.into())),
        Action::Suspend => drop(user.insert("enabled".to_owned(), false.into())),
        Action::Update => {
            let wanted = |name: &str| change.attributes.get(name).and_then(|(_, wanted)| wanted.as_deref());
            if let Some(mail) = wanted("mail").or_else(|| wanted("userName")) {
                user.insert("email".to_owned(), mail.into());
            }
        }
        Action::Grant | Action::Change | Action::Revoke => {
            let is_administrator = change.to.as_deref() == Some(ADMINISTRATOR);
            user.insert("administrator".to_owned(), is_administrator.to_string().into());
        }
        _ => {}
    }
}

/// The level that a piece of work gives, as it is written; the lowest where none is named.
fn level(work: &Work) -> &str {
    let [lowest, ..] = LEVELS;
    work.change.to.as_deref().unwrap_or(lowest)
}

/// The account that a piece of work is about.
fn account_of(work: &Work) -> Result<&str, ConnectorError> {
    let account = work.account.as_ref().or(work.change.account.as_ref());
    account.map(|account| &*account.0).ok_or_else(|| ConnectorError::Refused {
        status: FAILED_DEPENDENCY,
        detail: "the account was not created".to_owned(),
    })
}

/// First and last name: Aha! wants both. Of a name that nobody told, the parts of the address stand in.
fn names_of(person: &Person, mail: &Mail) -> (Text, Text) {
    let (local, domain) = mail.as_str().split_once('@').unwrap_or((mail.as_str(), mail.domain()));
    let told = |name: &Option<Text>| name.clone().filter(|name| !name.trim().is_empty());
    (
        told(&person.name.given).unwrap_or_else(|| local.into()),
        told(&person.name.family).unwrap_or_else(|| domain.into()),
    )
}

#[cfg(test)]
mod tests {
    use appaccess_core::access::PersonKey;

    use super::*;

    #[test]
    fn a_name_that_nobody_told_is_the_address() {
        let mail = Mail::parse("ana@birch.studio").unwrap();
        let mut person = Person::literal(PersonKey::Mail(mail.clone()));
        assert_eq!(names_of(&person, &mail), ("ana".into(), "birch.studio".into()));
        person.name.given = Some("Ana".into());
        person.name.family = Some("Ruiz".into());
        assert_eq!(names_of(&person, &mail), ("Ana".into(), "Ruiz".into()));
    }
}
