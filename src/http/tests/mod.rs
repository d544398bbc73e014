//! What the client promises, each against a vendor that answers as told, on a paused clock; what concerns the wire
//! itself against sockets on loopback.

mod binding;
mod limits;
mod oauth;
mod rate;
mod retry;
mod secrets;
mod wire;
mod world;
