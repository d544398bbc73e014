//! What reached the simulated vendor, for tests to count.

use std::collections::VecDeque;

/// Most requests that are kept; the counts go on beyond.
const KEPT_MAX: usize = 100_000;

/// One request that reached the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path as it was sent, below the host.
    pub path: String,
    /// The query as it was sent; empty when there was none.
    pub query: String,
    /// The status that was answered; `None` while the request is held, or when the client went away.
    pub status: Option<u16>,
    /// Size of the request's body, in bytes.
    pub body_bytes: usize,
    /// Whether the vendor takes it for one that only reads.
    pub reads: bool,
}

impl Recorded {
    /// Whether the request asks for a change, whatever became of it.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        !self.reads
    }
}

/// All requests since the last clearing.
#[derive(Debug, Default)]
pub(super) struct Journal {
    kept: VecDeque<Recorded>,
    /// How many were dropped from the front since the start.
    dropped: u64,
    pub(super) reads: u64,
    pub(super) mutations: u64,
}

impl Journal {
    /// Takes note of a request; the number is for [`Journal::answered`].
    pub(super) fn note(&mut self, recorded: Recorded) -> u64 {
        if recorded.is_mutation() {
            self.mutations += 1;
        } else {
            self.reads += 1;
        }
        if self.kept.len() >= KEPT_MAX {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(recorded);
        self.dropped + self.kept.len() as u64 - 1
    }

    pub(super) fn answered(&mut self, number: u64, status: u16) {
        let position = number.checked_sub(self.dropped).and_then(|position| usize::try_from(position).ok());
        if let Some(recorded) = position.and_then(|position| self.kept.get_mut(position)) {
            recorded.status = Some(status);
        }
    }

    pub(super) fn all(&self) -> Vec<Recorded> {
        self.kept.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.dropped += self.kept.len() as u64;
        self.kept.clear();
        self.reads = 0;
        self.mutations = 0;
    }
}
