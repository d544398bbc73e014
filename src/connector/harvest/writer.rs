//! The half that writes: hands each batch to what knows people or business roles, and sends the requests.

use std::{fmt, sync::Arc};

use appaccess_core::access::AccountId;
use futures::future::BoxFuture;
use http::Method;
use serde_json::Value;

use super::{
    batch::{self, Phase, phase},
    shared::{ACCOUNT, Shared},
};
use crate::{
    connector::{Applied, ConnectorError, Work, Writer, failure::change_failed, rest},
    http::{Client, Request, Response, Safety, Target},
};

/// The status under which work is refused that rests on other work which failed (RFC 4918 section 11.4).
const FAILED_DEPENDENCY: u16 = 424;

/// The half of a connector that changes the account.
pub(in crate::connector) struct HarvestWriter {
    pub(super) shared: Arc<Shared>,
    client: Client,
}

impl fmt::Debug for HarvestWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HarvestWriter").finish_non_exhaustive()
    }
}

/// The outcomes of a batch, one for each piece of work.
pub(super) type Outcomes = Vec<Result<Applied, ConnectorError>>;

impl Writer for HarvestWriter {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        batch::batches(work)
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Outcomes> {
        Box::pin(self.carry_out(batch))
    }
}

impl HarvestWriter {
    pub(super) fn new(shared: Arc<Shared>, client: Client) -> Self {
        Self { shared, client }
    }

    async fn carry_out(&self, batch: &[Work]) -> Outcomes {
        let has = |wanted: &[Phase]| batch.iter().any(|work| wanted.contains(&phase(work)));
        if has(&[Phase::Other]) {
            let unknown = || ConnectorError::NotSupported { what: "do this by its interface".to_owned() };
            return batch.iter().map(|_| Err(unknown())).collect();
        }
        if has(&[Phase::RoleGain, Phase::RoleLoss]) {
            return self.change_role(batch).await;
        }
        if has(&[Phase::Create]) {
            return self.create_person(batch).await;
        }
        match batch {
            [one] if phase(one) == Phase::Delete => vec![self.delete_person(one).await],
            _ => self.change_person(batch).await,
        }
    }

    /// Sends a change of the account.
    pub(super) async fn send(
        &self,
        what: &str,
        (method, segments): (Method, &[&str]),
        safety: Safety,
        body: Option<&Value>,
    ) -> Result<Response, ConnectorError> {
        let target = Target::path(segments.iter().copied()).map_err(|error| change_failed(what, error))?;
        let mut request = Request::change(method, target, safety).header(ACCOUNT, self.shared.account.clone());
        if let Some(body) = body {
            request = request.body("application/json", body.to_string());
        }
        rest::send(&self.client, what, request).await
    }
}

/// The person that a piece of work is about.
pub(super) fn account_of(work: &Work) -> Result<&AccountId, ConnectorError> {
    work.account.as_ref().or(work.change.account.as_ref()).ok_or_else(|| ConnectorError::Refused {
        status: FAILED_DEPENDENCY,
        detail: "the account was not created".to_owned(),
    })
}

/// One outcome for each of `count` pieces of work; of an error the first has the cause.
pub(super) fn for_all(count: usize, outcome: Result<(), ConnectorError>) -> Outcomes {
    match outcome {
        Ok(()) => (0..count).map(|_| Ok(Applied::default())).collect(),
        Err(error) => {
            let others: Vec<ConnectorError> = (1..count).map(|_| error.for_another()).collect();
            std::iter::once(error).chain(others).take(count).map(Err).collect()
        }
    }
}
