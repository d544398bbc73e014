//! One reading of the account: users with their roles, and the products that claims can name, with proof of whether that
//! is all. And the answers to single questions.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{
    AccountId, Completeness, LookUp, Mail, Observation, ObservedAccount, Person, Seats, Text,
};

use super::{
    PRODUCT,
    listing::Listed,
    names::{Names, answers_to, is_key},
    shared::Shared,
    wire::{OneProduct, OneUser, Product, ProductsPage, User, UsersPage},
};
use crate::connector::{
    ConnectorError, ReadBack, Scope,
    rest::{get, parse},
};

/// Most names that are asked for one by one in a reading.
const PROBES_MAX: usize = 20;
/// Most addresses that are tried for one person.
const MAILS_MAX: usize = 10;

/// The products that a reading found.
#[derive(Default)]
struct Products {
    known: BTreeMap<Text, Product>,
    /// Why the listing is not whole.
    doubt: Option<Completeness>,
    /// Whether the account's products could be listed at all.
    is_listed: bool,
}

impl Shared {
    /// Reads the account. Products are read only where something names one.
    pub(super) async fn observe(&self, scope: &Scope) -> Result<Observation, ConnectorError> {
        let own = self.own_account().await?;
        let in_use: BTreeSet<&Text> = scope.names(PRODUCT).collect();
        let products = async { if in_use.is_empty() { Ok(Products::default()) } else { self.products().await } };
        let (users, products) = futures::future::try_join(self.list::<UsersPage>(&[]), products).await?;
        let (users, completeness) = self.note_users(users);
        let products = self.with_unlisted(products, &in_use, &users).await?;
        let doubt = products.doubt.unwrap_or(Completeness::Complete);
        let names = {
            let mut learnt = self.learnt.lock();
            Names::new(products.known.values(), &in_use, &mut learnt.spellings, products.is_listed)
        };
        self.seen.lock().names = Some(names.clone());
        let mut observation = self.put_together(&users, &names, &own)?;
        observation.completeness = worse([completeness, doubt, observation.completeness]);
        Ok(observation)
    }

    fn note_users(&self, listed: Listed<User>) -> (BTreeMap<Text, User>, Completeness) {
        self.seen.lock().user_pages = Some(listed.pages);
        listed.rows.finish()
    }

    /// All products. Where the key may not list them names cannot be refused, and roles tell what they tell.
    async fn products(&self) -> Result<Products, ConnectorError> {
        match self.list::<ProductsPage>(&[]).await {
            Ok(listed) => {
                let (known, completeness) = listed.rows.finish();
                let doubt = (completeness != Completeness::Complete).then_some(completeness);
                Ok(Products { known, doubt, is_listed: true })
            }
            Err(ConnectorError::Forbidden { .. }) => Ok(Products::default()),
            Err(error) => Err(error),
        }
    }

    /// Adds what the listing leaves out and something names: people hold roles in products, such as product lines, that
    /// no listing shows. Those that somebody holds a role in exist; the others are asked for by their key.
    async fn with_unlisted(
        &self,
        mut products: Products,
        in_use: &BTreeSet<&Text>,
        users: &BTreeMap<Text, User>,
    ) -> Result<Products, ConnectorError> {
        for role in users.values().flat_map(|user| user.product_roles.iter().flatten()) {
            let id = &role.product_id;
            products.known.entry(id.0.clone()).or_insert_with(|| Product {
                id: id.clone(),
                reference_prefix: None,
                name: role.product_name.clone(),
            });
        }
        let is_open = |name: &Text| is_key(name) && !products.known.values().any(|product| answers_to(product, name));
        let open: Vec<Text> = in_use.iter().copied().filter(|name| is_open(name)).take(PROBES_MAX).cloned().collect();
        for key in open {
            if let Some(found) = self.product(&key).await? {
                products.known.insert(found.id.0.clone(), found);
            }
        }
        Ok(products)
    }

    /// One product by its id or reference prefix; `None` where there is none that the key may see.
    async fn product(&self, key: &str) -> Result<Option<Product>, ConnectorError> {
        let what = "read a product";
        let response = match get(&self.http, what, &["products", key], &[]).await {
            Ok(response) if response.status == 404 => return Ok(None),
            Err(ConnectorError::Forbidden { .. }) => return Ok(None),
            other => other?,
        };
        let found = parse::<OneProduct>(what, &response)?.product;
        Ok(answers_to(&found, key).then_some(found))
    }

    /// Accounts, catalogue and seats of users that were read.
    fn put_together(
        &self,
        users: &BTreeMap<Text, User>,
        names: &Names,
        own: &AccountId,
    ) -> Result<Observation, ConnectorError> {
        let mut observation = Observation::complete(users.values().map(|user| self.observed(user, names)).collect());
        match users.get(&own.0) {
            // Without the rights of an administrator nobody knows what a listing leaves out, and nothing can be changed.
            Some(user) if user.administrator == Some(false) => {
                let what = "administer users: its user is no administrator of the account".to_owned();
                return Err(ConnectorError::Forbidden { what });
            }
            Some(_) => {}
            None => {
                observation.completeness = Completeness::Incomplete {
                    reason: "OwnAccountMissing".into(),
                    message: "the listing of users lacks the user of the API key".into(),
                };
            }
        }
        if names.are_whole {
            observation.catalogue.insert(PRODUCT.into(), names.catalogue());
        }
        let used = users.values().filter(|user| user.is_billed()).count();
        observation.seats = Some(Seats { used: u64::try_from(used).unwrap_or(u64::MAX), purchased: None });
        Ok(observation)
    }

    /// Reads again what was just changed: each account alone, or all users where that takes fewer requests. Products do
    /// not change meanwhile.
    pub(super) async fn read_back(
        &self,
        scope: &Scope,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<ReadBack, ConnectorError> {
        let (pages, names) = {
            let seen = self.seen.lock();
            (seen.user_pages.unwrap_or(1), seen.names.clone())
        };
        if u64::try_from(accounts.len()).unwrap_or(u64::MAX) < pages {
            let mut found = Vec::new();
            for id in accounts {
                found.extend(self.account(id).await?);
            }
            return Ok(ReadBack::Asked { accounts: found, groups: BTreeMap::new() });
        }
        let Some(names) = names else { return self.observe(scope).await.map(ReadBack::Everything) };
        let own = self.own_account().await?;
        let (users, completeness) = self.note_users(self.list::<UsersPage>(&[]).await?);
        let mut observation = self.put_together(&users, &names, &own)?;
        observation.completeness = worse([completeness, observation.completeness]);
        Ok(ReadBack::Everything(observation))
    }

    /// Answers one question.
    pub(super) async fn look_up(
        &self,
        question: &LookUp,
        person: Option<&Person>,
    ) -> Result<Vec<ObservedAccount>, ConnectorError> {
        match (question, person) {
            (LookUp::Account(id), _) => Ok(self.account(id).await?.into_iter().collect()),
            (LookUp::Person(_), Some(person)) => self.find(person).await,
            (LookUp::Person(_), None) => {
                Err(ConnectorError::NotSupported { what: "look somebody up of whom nothing is known".to_owned() })
            }
        }
    }

    async fn account(&self, id: &AccountId) -> Result<Option<ObservedAccount>, ConnectorError> {
        let what = "read a user";
        let response = get(&self.http, what, &["users", &id.0], &[]).await?;
        if response.status == 404 {
            return Ok(None);
        }
        let user = parse::<OneUser>(what, &response)?.user;
        if user.id.0 != id.0 {
            return Err(ConnectorError::Protocol { what: "a user was answered with another".to_owned() });
        }
        Ok(Some(self.observed(&user, &self.names())))
    }

    /// The accounts of a person, by each of their addresses. A listing that ignores the address it is asked for is read to
    /// its end, so that nobody is taken for missing.
    async fn find(&self, person: &Person) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let names = self.names();
        let mut found = BTreeMap::new();
        for mail in person.mails().take(MAILS_MAX) {
            let (users, completeness) = self.list::<UsersPage>(&[("email", mail.as_str())]).await?.rows.finish();
            if let Completeness::Incomplete { message, .. } = completeness {
                return Err(ConnectorError::Protocol { what: format!("a look-up of one user: {message}") });
            }
            let is_theirs = |user: &&User| {
                let email = user.email.as_deref().and_then(|email| Mail::parse(email).ok());
                email.as_ref() == Some(mail)
            };
            found.extend(users.values().filter(is_theirs).map(|user| (user.id.0.clone(), self.observed(user, &names))));
        }
        Ok(found.into_values().collect())
    }

    fn names(&self) -> Names {
        self.seen.lock().names.clone().unwrap_or_default()
    }
}

/// The first that is not complete.
fn worse<const N: usize>(all: [Completeness; N]) -> Completeness {
    all.into_iter().find(|one| *one != Completeness::Complete).unwrap_or(Completeness::Complete)
}
