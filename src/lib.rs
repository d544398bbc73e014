//! `appaccess` declares who has access to which SaaS app, and keeps it so.

pub mod api;
pub mod cli;
pub mod connector;
pub mod doctor;
pub mod http;
pub mod import;
pub mod load;
pub mod operator;
pub mod sim;
pub mod store;
pub mod sync;
