//! What all simulated vendors share: a socket on loopback, faults that a test queues, and a journal of what reached
//! them. Knows no vendor; a vendor is a [`Service`].

mod call;
mod fault;
mod journal;
mod server;

pub use call::{Answer, Body, Call};
pub use fault::{Fault, Gate};
pub use journal::Recorded;
pub use server::Server;

/// A vendor: one call in, one answer out, over a state that it changes. Knows neither sockets nor time.
pub trait Service: Clone + Send + 'static {
    /// What tests seed and edit behind the client's back.
    type State;

    /// Where the vendor's paths begin, with a slash at its start and none at its end; empty for the root.
    const PREFIX: &'static str;

    /// Answers one call.
    fn answer(&mut self, call: &Call) -> Answer;

    /// What the vendor holds.
    fn state(&mut self) -> &mut Self::State;

    /// How this vendor words an error with this status.
    fn error(&self, status: u16, detail: &str) -> Answer;

    /// Takes `missing` rows from the end of a listing, and leaves all that it says about its size.
    fn truncate(&self, answer: &mut Answer, missing: usize);

    /// Whether a call asks for a listing that [`Service::truncate`] can shorten.
    fn is_listing(&self, call: &Call) -> bool;

    /// Whether a call changes nothing: by its method, or because the vendor has a search that goes by POST.
    fn is_read(&self, call: &Call) -> bool {
        call.is_read()
    }

    /// The vendor as it was before its last write, where it keeps that itself. Else the server keeps a copy from the
    /// moment that a test queues [`Fault::stale`].
    fn before_last_write(&self) -> Option<Self> {
        None
    }

    /// Largest request body, in bytes; a larger one is answered with 413.
    fn body_max(&self) -> usize {
        4 * 1024 * 1024
    }
}
