//! Faults of a simulated vendor, queued by a test and used up by the requests that they match.

use std::collections::VecDeque;

use tokio::sync::watch;

use super::call::{Answer, Body, Call};

/// What goes wrong.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// The vendor's own error with this status comes in place of any work.
    Status { status: u16, headers: Vec<(&'static str, String)> },
    /// This answer comes in place of any work.
    Answer(Answer),
    /// The work is done, and this status answered.
    AfterCommit(u16),
    /// The work is done, and the connection closed in the middle of the answer.
    CutOff,
    /// This many resources are missing at the end of a page whose total is right.
    Truncated(usize),
    /// The answer shows the state before the last write.
    Stale,
    /// The request waits.
    Held { after_commit: bool, waiting: watch::Sender<u64>, released: watch::Receiver<bool> },
}

/// A fault, and the requests that it befalls: by default the next one that it makes sense for.
#[derive(Debug, Clone)]
pub struct Fault {
    pub(super) kind: Kind,
    method: Option<String>,
    path: String,
    reads_only: bool,
    mutations_only: bool,
    skip: u32,
    times: u32,
}

impl Fault {
    fn of(kind: Kind) -> Self {
        Self { kind, method: None, path: String::new(), reads_only: false, mutations_only: false, skip: 0, times: 1 }
    }

    /// An answer with this status, in the vendor's own form, and nothing done: 500, 503, 403, …
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::of(Kind::Status { status, headers: Vec::new() })
    }

    /// 429 with this `Retry-After`: seconds, a date, or rubbish; none when not told.
    #[must_use]
    pub fn throttled(retry_after: Option<&str>) -> Self {
        let mut fault = Self::status(429);
        if let (Kind::Status { headers, .. }, Some(after)) = (&mut fault.kind, retry_after) {
            headers.push(("retry-after", after.to_owned()));
        }
        fault
    }

    /// An answer of any kind and nothing done: a login page, an empty body, an error object with status 200.
    #[must_use]
    pub fn raw(status: u16, content_type: &'static str, body: &str) -> Self {
        Self::answer(Answer { body: Body::Text(content_type, body.to_owned()), ..Answer::empty(status) })
    }

    /// This very answer, headers among it, and nothing done.
    #[must_use]
    pub fn answer(answer: Answer) -> Self {
        Self::of(Kind::Answer(answer))
    }

    /// A change is made, but the answer is this status.
    #[must_use]
    pub fn after_commit(status: u16) -> Self {
        Self::of(Kind::AfterCommit(status)).mutations()
    }

    /// The work is done, but the connection is closed in the middle of the answer.
    #[must_use]
    pub fn cut_off() -> Self {
        Self::of(Kind::CutOff)
    }

    /// A listing lacks this many resources at its end, while its total is right.
    #[must_use]
    pub fn truncated(missing: usize) -> Self {
        Self::of(Kind::Truncated(missing)).on_method("GET")
    }

    /// A read shows the state before the last write.
    #[must_use]
    pub fn stale() -> Self {
        Self::of(Kind::Stale).reads()
    }

    /// The request waits before any work until the gate is opened.
    #[must_use]
    pub fn held() -> (Self, Gate) {
        Self::held_at(false)
    }

    /// The work is done, then the answer waits until the gate is opened.
    #[must_use]
    pub fn held_after_commit() -> (Self, Gate) {
        Self::held_at(true)
    }

    fn held_at(after_commit: bool) -> (Self, Gate) {
        let (waiting, arrived) = watch::channel(0);
        let (release, released) = watch::channel(false);
        (Self::of(Kind::Held { after_commit, waiting, released }), Gate { arrived, release })
    }

    /// Befalls requests with this method only.
    #[must_use]
    pub fn on_method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Befalls requests only whose path below the base address begins so: `/Users`.
    #[must_use]
    pub fn on_path(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.path);
        self
    }

    /// Befalls only requests that read.
    #[must_use]
    pub fn reads(mut self) -> Self {
        self.reads_only = true;
        self
    }

    /// Befalls only requests that ask for a change.
    #[must_use]
    pub fn mutations(mut self) -> Self {
        self.mutations_only = true;
        self
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn after(mut self, passes: u32) -> Self {
        self.skip = passes;
        self
    }

    /// Befalls this many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, call: &Call, read: bool, is_listing: bool) -> bool {
        let path = call.path.as_ref().map(|segments| format!("/{}", segments.join("/"))).unwrap_or_default();
        self.method.as_ref().is_none_or(|method| *method == call.method)
            && path.starts_with(&self.path)
            && (is_listing || !matches!(self.kind, Kind::Truncated(_)))
            && (read || !self.reads_only)
            && !(read && self.mutations_only)
    }
}

/// Holds requests back until a test lets them go. Dropping it lets them go too.
#[derive(Debug)]
pub struct Gate {
    arrived: watch::Receiver<u64>,
    release: watch::Sender<bool>,
}

impl Gate {
    /// Waits until this many requests in all have come to the gate. False when the server is gone and none will come.
    pub async fn reached(&mut self, requests: u64) -> bool {
        self.arrived.wait_for(|arrived| *arrived >= requests).await.is_ok()
    }

    /// Lets all requests go, those to come as well.
    pub fn open(&self) {
        self.release.send_replace(true);
    }
}

/// Comes to a gate and waits until it is open or gone.
pub(super) async fn wait(waiting: &watch::Sender<u64>, released: &watch::Receiver<bool>) {
    waiting.send_modify(|arrived| *arrived += 1);
    let mut released = released.clone();
    // An error means that the gate was dropped, which opens it.
    let _ = released.wait_for(|released| *released).await;
}

/// The faults still to come, in the order in which they were queued.
#[derive(Debug, Default)]
pub(super) struct Queue(VecDeque<Fault>);

impl Queue {
    pub(super) fn push(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push_back(fault);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a stale answer is still to come.
    pub(super) fn expects_stale(&self) -> bool {
        self.0.iter().any(|fault| matches!(fault.kind, Kind::Stale))
    }

    /// The fault that befalls a call: the first that matches. One that still lets requests pass counts this one.
    pub(super) fn take(&mut self, call: &Call, read: bool, is_listing: bool) -> Option<Kind> {
        let position = self.0.iter().position(|fault| fault.matches(call, read, is_listing))?;
        let fault = self.0.get_mut(position)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.0.remove(position);
        }
        Some(kind)
    }
}
