//! The command line as people and pipelines meet it: the real binary, its texts, documents and exit codes.

mod cluster;
mod cluster_why;
mod completions;
mod deciding;
mod doctor;
mod documents;
mod explain;
mod explain_hostile;
mod history;
mod import;
mod manual;
pub(crate) mod schema;
mod screens;
mod stateless;
pub(crate) mod story;
mod tasks;
mod terminal;
mod usage;
