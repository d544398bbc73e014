//! The half that writes: hands each batch to what knows users or groups, and sends the requests.

use std::{fmt, sync::Arc};

use appaccess_core::access::Text;
use appaccess_scim::patch::PatchBody;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, header};
use serde_json::Value;

use super::{
    batch::{self, Kind, kind},
    shared::{Collection, Shared},
};
use crate::{
    connector::{Applied, ConnectorError, Work, Writer},
    http::{Client, HttpError, Request, Response, Safety, check_depth},
};

/// Deepest JSON that is parsed of an answer to a change.
const DEPTH_MAX: usize = 64;

/// The status under which work is refused that rests on other work which failed (RFC 4918 section 11.4).
const FAILED_DEPENDENCY: u16 = 424;

/// The half of a connector that changes the app.
pub struct ScimWriter {
    pub(super) shared: Arc<Shared>,
    client: Client,
}

impl fmt::Debug for ScimWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScimWriter").finish_non_exhaustive()
    }
}

/// The outcomes of a batch, one for each piece of work.
pub(super) type Outcomes = Vec<Result<Applied, ConnectorError>>;

impl Writer for ScimWriter {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        batch::batches(work, self.shared.members_max())
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Outcomes> {
        Box::pin(self.carry_out(batch))
    }
}

impl ScimWriter {
    pub(super) fn new(shared: Arc<Shared>, client: Client) -> Self {
        Self { shared, client }
    }

    async fn carry_out(&self, batch: &[Work]) -> Outcomes {
        let has = |wanted: &[Kind]| batch.iter().any(|work| wanted.contains(&kind(work)));
        if has(&[Kind::Other]) {
            return all(batch, || Err(unknown_to_scim()));
        }
        if has(&[Kind::CreateAccount]) {
            return self.create_account(batch).await;
        }
        if has(&[Kind::CreateGroup, Kind::AddMember, Kind::RemoveMember]) {
            return self.change_group(batch).await;
        }
        match batch {
            [] => Vec::new(),
            [one] if kind(one) == Kind::DeleteAccount => vec![self.delete_account(one).await],
            _ => self.change_account(batch).await,
        }
    }

    /// Sends a change. An answer that nests too deep is taken without its body: the change was made all the same.
    pub(super) async fn send(
        &self,
        method: Method,
        (collection, id): (Collection, Option<&str>),
        safety: Safety,
        body: Option<&Value>,
        if_match: Option<&str>,
    ) -> Result<Response, HttpError> {
        let mut request = Request::change(method, self.shared.target(collection, id)?, safety);
        if let Some(body) = body {
            request = request.body(appaccess_scim::media::SCIM_JSON, body.to_string());
            if let Ok(media) = HeaderValue::try_from(&self.shared.wire.content_type) {
                request = request.header(header::CONTENT_TYPE, media);
            }
        }
        for (name, value) in self.shared.headers() {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(tag) = if_match.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            request = request.header(header::IF_MATCH, tag);
        }
        let mut response = self.client.send(request).await?;
        if check_depth(&response.body, DEPTH_MAX).is_err() {
            response.body.clear();
        }
        Ok(response)
    }

    pub(super) async fn patch(
        &self,
        collection: Collection,
        id: &str,
        body: &PatchBody,
    ) -> Result<Response, HttpError> {
        let safety = Safety::Idempotent;
        self.send(Method::PATCH, (collection, Some(id)), safety, Some(&body.to_value()), None).await
    }
}

/// The same outcome for every piece of work.
pub(super) fn all(batch: &[Work], outcome: impl Fn() -> Result<Applied, ConnectorError>) -> Outcomes {
    batch.iter().map(|_| outcome()).collect()
}

/// One result for every piece of work of a request.
pub(super) fn shared_outcome(batch: &[Work], outcome: Result<(), ConnectorError>) -> Outcomes {
    match outcome {
        Ok(()) => all(batch, || Ok(Applied::default())),
        Err(error) => with_first(batch.len(), error),
    }
}

/// An error for each of `count` pieces of work; the first has the cause.
pub(super) fn with_first(count: usize, error: ConnectorError) -> Outcomes {
    let others: Vec<ConnectorError> = (1..count).map(|_| error.for_another()).collect();
    std::iter::once(error).chain(others).take(count).map(Err).collect()
}

/// The account that a piece of work is about.
pub(super) fn account_of(work: &Work) -> Result<&Text, ConnectorError> {
    let account = work.account.as_ref().or(work.change.account.as_ref());
    account.map(|account| &account.0).ok_or_else(|| ConnectorError::Refused {
        status: FAILED_DEPENDENCY,
        detail: "the account was not created".to_owned(),
    })
}

fn unknown_to_scim() -> ConnectorError {
    ConnectorError::NotSupported { what: "do this over SCIM".to_owned() }
}

/// Whether a server says that it does not have this method here at all.
pub(super) fn is_method_refused(response: &Response) -> bool {
    matches!(response.status, 405 | 501)
}
