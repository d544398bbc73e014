//! SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) as a library without I/O: it knows neither sockets nor clocks nor who calls it.
//!
//! One set of types serves both sides. A client builds bodies ([`patch`], [`resource`]), reads listings ([`list`]) and
//! is told by a state machine what to ask next and whether the reading was complete ([`paging`]). A server parses what
//! identity providers really send ([`patch`], [`filter`]) and applies it to JSON resources. How servers differ is data
//! ([`dialect`]), never a branch on a vendor's name.

pub mod dialect;
pub mod discovery;
pub mod error;
pub mod etag;
pub mod filter;
pub mod fingerprint;
pub mod json;
pub mod list;
pub mod media;
pub mod paging;
pub mod patch;
pub mod path;
pub mod resource;
pub mod schema;
pub mod urn;
