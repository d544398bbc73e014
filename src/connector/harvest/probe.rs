//! Whose the token is and what the account is: asked once a day, and told apart where Harvest only says no.

use appaccess_core::access::AccountId;
use jiff::{SignedDuration, Timestamp};

use super::{
    access::Access,
    shared::Shared,
    wire::{Accounts, Company, UsableAccount, User},
};
use crate::{
    connector::{ConnectorError, rest},
    http::{Get, Response, Target},
};

/// How long an answer is good for.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Most accounts that a message names.
const NAMED_MAX: usize = 5;

/// The words under which answers are kept.
const PROBED: &str = "probed";
const CREDENTIAL: &str = "credential";
const OWN: &str = "own";
const PLAN: &str = "plan";

impl Shared {
    /// Sees to it that it is known whose the token is, and that it sees everybody.
    pub(super) async fn probe(&self) -> Result<(), ConnectorError> {
        let _once = self.probing.lock().await;
        if self.is_known() {
            return Ok(());
        }
        let me = self.me().await?;
        sees_everybody(&me)?;
        let company = self.company().await?;
        let now = self.now().to_string();
        self.seen(|seen| {
            let words = [(PROBED, now), (CREDENTIAL, self.credential.clone()), (OWN, me.id.0.to_string())];
            seen.learnt = words.into_iter().map(|(word, value)| (word.to_owned(), value)).collect();
            seen.learnt.extend(company.plan_type.map(|plan| (PLAN.to_owned(), rest::bounded(&plan).to_string())));
        });
        Ok(())
    }

    /// The account of the token's own person.
    pub(super) fn own(&self) -> Option<AccountId> {
        self.seen(|seen| seen.learnt.get(OWN).map(|id| AccountId::new(id)))
    }

    /// What is known of the token's person does not hold any more: it is asked anew.
    pub(super) fn forget_own(&self) {
        self.seen(|seen| drop(seen.learnt.remove(PROBED)));
    }

    /// Whether the answers are of this credential and recent.
    fn is_known(&self) -> bool {
        let now = self.now();
        self.seen(|seen| {
            let probed = seen.learnt.get(PROBED).and_then(|at| at.parse::<Timestamp>().ok());
            let age = probed.map(|at| now.duration_since(at));
            let is_recent = age.is_some_and(|age| age >= SignedDuration::ZERO && age < GOOD_FOR);
            is_recent && seen.learnt.get(CREDENTIAL) == Some(&self.credential) && seen.learnt.contains_key(OWN)
        })
    }

    async fn me(&self) -> Result<User, ConnectorError> {
        let what = "see whose the token is";
        let refused = match self.get(what, &["users", "me"]).await {
            Ok(response) if matches!(response.status, 400 | 404 | 422) => rest::unexpected(what, &response),
            Ok(response) => return rest::parse(what, &response),
            Err(error @ (ConnectorError::CredentialsRejected | ConnectorError::Forbidden { .. })) => error,
            Err(error) => return Err(error),
        };
        Err(self.foreign_account().await.unwrap_or(refused))
    }

    /// Whether the token is good and the account is none of its own: Harvest's answer does not tell that from a bad
    /// token, its identity service does.
    async fn foreign_account(&self) -> Option<ConnectorError> {
        let what = "list the accounts of the token";
        let get = Get::new(Target::path(["accounts"]).ok()?);
        let response: Response = rest::fetch(self.identity.as_ref()?, what, get).await.ok()?;
        let told: Accounts = rest::parse(what, &response).ok()?;
        let is_harvest =
            |account: &&UsableAccount| account.product.as_deref().is_none_or(|product| product == "harvest");
        let usable: Vec<&str> = told.accounts.iter().filter(is_harvest).map(|account| &*account.id.0).collect();
        let declared = self.account.to_str().ok()?;
        if usable.contains(&declared) {
            return None;
        }
        let named: Vec<&str> = usable.iter().copied().take(NAMED_MAX).collect();
        let others =
            if named.is_empty() { "it can use none".to_owned() } else { format!("it can use {}", named.join(", ")) };
        Some(ConnectorError::Settings(format!(
            "`accountId` {declared} is not among the Harvest accounts of the token: {others}"
        )))
    }

    /// What the account is. That it may not be asked says nothing; that it is closed does.
    async fn company(&self) -> Result<Company, ConnectorError> {
        let company = match self.one::<Company>("read the company", &["company"]).await {
            Ok(company) => company.unwrap_or_default(),
            Err(ConnectorError::Forbidden { .. } | ConnectorError::Protocol { .. }) => Company::default(),
            Err(error) => return Err(error),
        };
        if company.is_active == Some(false) {
            let what = "be managed: this Harvest account is closed, or its trial has ended".to_owned();
            return Err(ConnectorError::NotSupported { what });
        }
        Ok(company)
    }
}

/// Whether the token's person sees all people: anybody but an administrator sees some of them, and no answer says so.
pub(super) fn sees_everybody(me: &User) -> Result<(), ConnectorError> {
    let main = Access::read(me.access_roles.as_deref().unwrap_or_default()).main;
    if main.as_deref() == Some("administrator") {
        return Ok(());
    }
    let role = main.map_or_else(|| "without a role".to_owned(), |main| format!("a `{main}`"));
    let what = format!("see everybody: its person is {role} in Harvest and must be an `administrator`");
    Err(ConnectorError::Forbidden { what })
}
