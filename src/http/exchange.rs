//! One call until it is definite: places in flight, budget, deadlines, the cap on the body, and another try.

use std::time::Duration;

use ::http::{HeaderMap, Method};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::client::Inner;
use super::rate::{Class, Held};
use super::request::{Response, Safety};
use super::retry::{Seen, Verdict, back_off, judge, random};
use super::transport::{FailureKind, Incoming, Outgoing, TransportError};
use super::watch::{News, Wait, Why};
use super::{HttpError, headers, redact};

/// What is kept of the body of an answer that is no success: a message, never data.
const ERROR_BYTES: usize = 256 * 1024;

/// Up to this long, waiting for our own budget is its ordinary pace and not counted as waiting.
const PACE: Duration = Duration::from_mins(1);

/// Waits of this length are told.
const TOLD: Duration = Duration::from_secs(1);

/// A request with its credential. Never printed.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) safety: Safety,
    /// Counted by the vendor apart from everything else.
    pub(super) apart: bool,
    /// The access token in `headers`, if it is one that can be renewed.
    pub(super) token: Option<SecretString>,
}

impl Call {
    fn class(&self) -> Class {
        if self.safety == Safety::Read { Class::Read } else { Class::Write }
    }

    fn is_change(&self) -> bool {
        self.safety != Safety::Read
    }
}

/// How an attempt ended.
enum Ended {
    Answered(Response),
    Failed { error: TransportError, status: Option<u16> },
    TooLarge { status: u16 },
}

/// What went before.
#[derive(Default)]
struct Tries {
    attempts: u32,
    /// Whether an earlier attempt of a change may have done it.
    ambiguous: bool,
}

impl Tries {
    /// An error says that nothing was done; that is not so if an earlier attempt may have done it.
    fn settle(&self, error: HttpError) -> HttpError {
        match error {
            HttpError::Unknown { .. } => error,
            _ if self.ambiguous => {
                HttpError::Unknown { status: None, detail: error.detail().map(ToOwned::to_owned), source: None }
            }
            _ => error,
        }
    }
}

impl Inner {
    /// Sends a call until the outcome is definite or not worth another try. 401 is an answer here.
    pub(super) async fn deliver(&self, call: &Call) -> Result<Response, HttpError> {
        let mut tries = Tries::default();
        loop {
            tries.attempts += 1;
            let ended = self.attempt(call).await.map_err(|error| tries.settle(error))?;
            let seen = self.note(call, &ended);
            let verdict = judge(call.safety, seen);
            let (wait, ended) = match (verdict, ended) {
                (Verdict::Answer, Ended::Answered(Response { status: 401, .. })) if tries.ambiguous => {
                    return Err(HttpError::Unknown { status: Some(401), detail: None, source: None });
                }
                (Verdict::Answer, Ended::Answered(response)) => return Ok(response),
                (Verdict::Answer | Verdict::Refused | Verdict::Lost, ended) => {
                    return Err(tries.settle(self.failed(call, ended, &tries, None)));
                }
                (Verdict::Limited, ended) if call.apart && seen.quota().is_spent() => {
                    let wait = seen.quota().resets_in.unwrap_or(headers::WAIT.0);
                    return Err(tries.settle(self.failed(call, ended, &tries, Some(wait))));
                }
                (Verdict::Limited, ended) => {
                    let wait = self.limit(seen, tries.attempts);
                    if tries.attempts >= self.settings.limits.attempts {
                        return Err(tries.settle(self.failed(call, ended, &tries, Some(wait))));
                    }
                    // The budget now holds everybody back, this call with its next attempt too.
                    continue;
                }
                (Verdict::Again | Verdict::AgainAmbiguous, ended) => {
                    tries.ambiguous |= verdict == Verdict::AgainAmbiguous;
                    let wait = seen.retry_after().unwrap_or_else(|| back_off(tries.attempts, random()));
                    (wait, ended)
                }
            };
            if tries.attempts >= self.settings.limits.attempts || !self.wait(wait, Why::Retry).await {
                return Err(tries.settle(self.failed(call, ended, &tries, None)));
            }
        }
    }

    /// Sends a call once, when there is a place for it and the budget permits it.
    async fn attempt(&self, call: &Call) -> Result<Ended, HttpError> {
        let class = call.class();
        let _place = self.credential.budget.place(class).await;
        self.pace(class).await?;
        self.count(class, true);
        self.settings.watch.tell(|| News::Sent);
        // No path and no query: they may name people.
        tracing::debug!(method = %call.method, host = call.url.host_str(), "calling");
        let started = Instant::now();
        let limits = self.settings.limits;
        let outgoing = Outgoing {
            method: call.method.clone(),
            url: call.url.clone(),
            headers: self.outgoing_headers(call),
            body: call.body.clone(),
        };
        let error = match timeout_at(started + limits.headers, self.transport.exchange(outgoing)).await {
            Ok(Ok(incoming)) => return Ok(receive(incoming, limits.body, started + limits.total).await),
            Ok(Err(error)) => error,
            Err(_) => TransportError::new(FailureKind::TimedOut),
        };
        if matches!(error.kind, FailureKind::NotSent | FailureKind::Certificate | FailureKind::AddressRefused) {
            self.count(class, false);
        }
        Ok(Ended::Failed { error, status: None })
    }

    /// Waits until the budget gives a request.
    async fn pace(&self, class: Class) -> Result<(), HttpError> {
        let began = Instant::now();
        loop {
            let now = Instant::now();
            let Err(Held { wait, limit }) = self.credential.budget.take(class, now) else { return Ok(()) };
            if !limit && now + wait <= began + PACE {
                self.tell(wait, Why::Pace);
                sleep(wait).await;
            } else if !self.wait(wait, if limit { Why::Limited } else { Why::Pace }).await {
                return Err(rate_limited(wait));
            }
        }
    }

    /// Waits, if the time for waiting has room for it.
    async fn wait(&self, duration: Duration, why: Why) -> bool {
        let Some(_guard) = self.waiting.begin(duration, self.settings.limits.waiting, Instant::now()) else {
            return false;
        };
        self.tell(duration, why);
        sleep(duration).await;
        true
    }

    /// Says that a wait begins, if it is long enough for somebody to wonder.
    fn tell(&self, duration: Duration, why: Why) {
        if duration < TOLD {
            return;
        }
        let host = self.settings.base.host_str().unwrap_or_default();
        tracing::info!(host, seconds = duration.as_secs(), why = why.word(), "waiting");
        self.settings.watch.tell(|| News::Waits(Wait { host: host.to_owned(), duration, why }));
    }

    /// Reads time and limits out of an attempt.
    fn note(&self, call: &Call, ended: &Ended) -> Seen {
        match ended {
            Ended::Failed { error, .. } => Seen::Failed(error.kind),
            Ended::TooLarge { .. } => Seen::TooLarge,
            Ended::Answered(response) => {
                let now = Timestamp::now();
                let quota = headers::quota(&response.headers, now);
                // A token endpoint on another host counts for itself.
                if call.url.host() == self.settings.base.host() && !call.apart {
                    self.credential.budget.learn(quota, Instant::now());
                    self.note_quota(quota, now);
                }
                let retry_after = headers::retry_after(&response.headers, now);
                Seen::Status { code: response.status, retry_after, quota }
            }
        }
    }

    /// Makes the whole credential wait, and says for how long.
    fn limit(&self, seen: Seen, attempt: u32) -> Duration {
        let own = || back_off(attempt, random()).max(headers::WAIT.0);
        if let Seen::Status { retry_after: None, quota, .. } = seen
            && quota.is_spent()
            && let Some(resets_in) = quota.resets_in
        {
            // Learnt already, to the second: no reason to go slower afterwards.
            return resets_in;
        }
        let wait = seen.retry_after().unwrap_or_else(own);
        self.credential.budget.limit(wait, Instant::now());
        wait
    }

    /// The error for a call that is given up.
    fn failed(&self, call: &Call, ended: Ended, tries: &Tries, wait: Option<Duration>) -> HttpError {
        let attempts = tries.attempts;
        let host = || call.url.host_str().unwrap_or_default().to_owned();
        match ended {
            Ended::TooLarge { .. } if !call.is_change() => HttpError::BodyTooLarge { limit: self.settings.limits.body },
            Ended::TooLarge { status } => HttpError::Unknown { status: Some(status), detail: None, source: None },
            Ended::Failed { error, status } => match error.kind {
                FailureKind::AddressRefused => HttpError::AddressRefused { host: host() },
                FailureKind::NotSent | FailureKind::Certificate => {
                    HttpError::Unreachable { host: host(), attempts, source: error }
                }
                FailureKind::Lost | FailureKind::TimedOut if call.is_change() => {
                    HttpError::Unknown { status, detail: None, source: Some(error) }
                }
                FailureKind::Lost | FailureKind::TimedOut => HttpError::Interrupted { attempts, source: error },
            },
            Ended::Answered(response) => {
                let detail = redact::detail(&response.body, &self.hidden(call));
                match (response.status, wait) {
                    (_, Some(wait)) => rate_limited(wait),
                    (403, _) => HttpError::Forbidden { detail },
                    (status @ (302 | 303), _) if call.is_change() => {
                        HttpError::Unknown { status: Some(status), detail, source: None }
                    }
                    (status @ 300..=399, _) => HttpError::Redirected { status },
                    (status, _) if call.safety == Safety::Once || (call.is_change() && status != 503) => {
                        HttpError::Unknown { status: Some(status), detail, source: None }
                    }
                    (status, _) => HttpError::Unavailable { status, attempts, detail },
                }
            }
        }
    }
}

/// Reads a body up to a cap and a deadline. The body of an error is only a message: what came of it is enough.
async fn receive(incoming: Incoming, cap: usize, deadline: Instant) -> Ended {
    let Incoming { status, headers, mut body } = incoming;
    let success = (200..300).contains(&status);
    let cap = if success { cap } else { ERROR_BYTES };
    // A server that says so spares us the reading.
    if success && headers::content_length(&headers).is_some_and(|length| length > cap) {
        return Ended::TooLarge { status };
    }
    let mut bytes = BytesMut::new();
    loop {
        let error = match timeout_at(deadline, body.next()).await {
            Ok(Some(Ok(piece))) if bytes.len().saturating_add(piece.len()) <= cap => {
                bytes.extend_from_slice(&piece);
                continue;
            }
            Ok(Some(Ok(_))) if success => return Ended::TooLarge { status },
            Ok(None | Some(Ok(_))) => break,
            Ok(Some(Err(error))) => error,
            Err(_) => TransportError::new(FailureKind::TimedOut),
        };
        if success {
            return Ended::Failed { error, status: Some(status) };
        }
        break;
    }
    let server_date = headers::server_date(&headers);
    Ended::Answered(Response { status, headers, body: bytes.freeze(), server_date })
}

fn rate_limited(wait: Duration) -> HttpError {
    let until = SignedDuration::try_from(wait).ok().and_then(|wait| Timestamp::now().checked_add(wait).ok());
    HttpError::RateLimited { until: until.unwrap_or(Timestamp::MAX), wait }
}
