//! The half that writes: hands each batch to what knows it, and sends the requests.

use std::{collections::BTreeMap, fmt, sync::Arc};

use appaccess_core::access::{AccountId, AccountState, Text};
use futures::future::BoxFuture;
use http::Method;
use serde_json::Value;

use super::{
    batch::{self, Kind},
    shared::Shared,
    wire::User,
};
use crate::{
    connector::{Applied, ConnectorError, Work, Writer, rest},
    http::{Client, Request, Response, Safety, Target},
};

/// The status under which work is refused that rests on other work which failed (RFC 4918 section 11.4).
const FAILED_DEPENDENCY: u16 = 424;

/// The half of a connector that changes the organisation.
pub struct TogglWriter {
    pub(super) shared: Arc<Shared>,
    client: Client,
}

impl fmt::Debug for TogglWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TogglWriter").finish_non_exhaustive()
    }
}

/// The outcomes of a batch, one for each piece of work.
pub(super) type Outcomes = Vec<Result<Applied, ConnectorError>>;

impl Writer for TogglWriter {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        batch::batches(work, |work| self.is_invited(work))
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Outcomes> {
        Box::pin(self.carry_out(batch))
    }
}

impl TogglWriter {
    pub(super) fn new(shared: Arc<Shared>, client: Client) -> Self {
        Self { shared, client }
    }

    /// Whether the person of a piece of work has not accepted an invitation yet.
    fn is_invited(&self, work: &Work) -> bool {
        let user = work.account.as_ref().or(work.change.account.as_ref()).and_then(|id| self.shared.user(&id.0));
        user.is_some_and(|user| user.state == AccountState::Invited)
    }

    async fn carry_out(&self, batch: &[Work]) -> Outcomes {
        if let Some(kind) = batch::kind_of_batch(batch, |work| self.is_invited(work)) {
            return self.carry_out_kind(kind, batch).await;
        }
        // What would have carried the others along was held back at the last moment: each goes alone.
        let mut outcomes = Vec::new();
        for one in batch.chunks(1) {
            let kind = batch::kind_of_batch(one, |work| self.is_invited(work)).unwrap_or(Kind::Other);
            outcomes.extend(self.carry_out_kind(kind, one).await);
        }
        outcomes
    }

    async fn carry_out_kind(&self, kind: Kind, batch: &[Work]) -> Outcomes {
        match kind {
            Kind::Invite => self.invite(batch).await,
            Kind::Gain | Kind::Lose | Kind::Suspend => self.change_user(batch).await,
            Kind::GroupGain | Kind::GroupLoss => self.change_group(batch).await,
            Kind::Level => self.change_levels(batch).await,
            Kind::Leave => self.leave_workspace(batch).await,
            Kind::Remove => self.remove(batch).await,
            Kind::Other => {
                let unknown = || ConnectorError::NotSupported { what: "do this through its interface".to_owned() };
                batch.iter().map(|_| Err(unknown())).collect()
            }
        }
    }

    /// Sends a change. A 403 may be a credential that was taken back meanwhile: then nothing more needs to be tried.
    pub(super) async fn send(
        &self,
        what: &str,
        method: Method,
        segments: &[&str],
        safety: Safety,
        body: &Value,
    ) -> Result<Response, ConnectorError> {
        let target = Target::path(segments.iter().copied())
            .map_err(|error| ConnectorError::Refused { status: 0, detail: error.to_string() })?;
        let request = Request::change(method, target, safety).body("application/json", body.to_string());
        match rest::send(&self.client, what, request).await {
            Err(ConnectorError::Refused { status: 403, detail }) => {
                match self.shared.forbidden(what.to_owned()).await {
                    ConnectorError::CredentialsRejected => Err(ConnectorError::CredentialsRejected),
                    _ => Err(ConnectorError::Refused { status: 403, detail }),
                }
            }
            other => other,
        }
    }

    /// Sends a change below the organisation.
    pub(super) async fn send_to_organization(
        &self,
        what: &str,
        method: Method,
        segments: &[&str],
        safety: Safety,
        body: &Value,
    ) -> Result<Response, ConnectorError> {
        let path: Vec<&str> =
            ["organizations", &self.shared.organization].into_iter().chain(segments.iter().copied()).collect();
        self.send(what, method, &path, safety, body).await
    }

    /// A user whose ids a change needs, as last seen or, where nobody has seen them yet, as read now.
    pub(super) async fn known_user(&self, work: &Work) -> Result<User, ConnectorError> {
        let account = account_of(work)?;
        if let Some(user) = self.shared.user(&account.0) {
            return Ok(user);
        }
        let mail = work.person.as_ref().and_then(|person| person.mail.as_ref());
        match mail {
            Some(mail) => drop(self.shared.users_of_mail(mail.as_str()).await?),
            None => drop(self.shared.read_users().await?),
        }
        self.shared.user(&account.0).ok_or_else(|| ConnectorError::Refused {
            status: 404,
            detail: "the account is not in the organisation".to_owned(),
        })
    }
}

/// One outcome for all of a batch; the first has the cause.
pub(super) fn shared_outcome(batch: &[Work], outcome: Result<(), ConnectorError>) -> Outcomes {
    match outcome {
        Ok(()) => batch.iter().map(|_| Ok(Applied::default())).collect(),
        Err(error) => {
            let others: Vec<_> = batch.iter().skip(1).map(|_| Err(error.for_another())).collect();
            std::iter::once(Err(error)).take(batch.len()).chain(others).collect()
        }
    }
}

/// The outcomes of work by whose it is.
pub(super) fn by_person(batch: &[Work], mut outcomes: BTreeMap<Text, Result<Applied, ConnectorError>>) -> Outcomes {
    let outcome_of = |work: &Work| match outcomes.get_mut(&work.change.whose()) {
        Some(Ok(applied)) => Ok(applied.clone()),
        Some(Err(error)) => {
            let again = error.for_another();
            Err(std::mem::replace(error, again))
        }
        None => Err(ConnectorError::Refused { status: 0, detail: "it was not sent".to_owned() }),
    };
    batch.iter().map(outcome_of).collect()
}

/// The account that a piece of work is about.
pub(super) fn account_of(work: &Work) -> Result<&AccountId, ConnectorError> {
    work.account.as_ref().or(work.change.account.as_ref()).ok_or_else(|| ConnectorError::Refused {
        status: FAILED_DEPENDENCY,
        detail: "the account was not made".to_owned(),
    })
}

/// What a refusal says, as it came: for finding the name or the id that it is about, never for showing.
pub(super) fn raw(response: &Response) -> String {
    serde_json::from_slice::<String>(&response.body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&response.body).into_owned())
}

/// Whether a text holds this id as a whole number of its own.
pub(super) fn names_id(text: &str, id: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit()).any(|word| word == id)
}
