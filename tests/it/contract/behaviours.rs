//! The behaviours themselves, each once for all connectors.

mod command_line;
mod example;
mod giving;
mod importing;
mod reading;
mod refusing;
mod taking;
mod trouble;

pub(super) use command_line::*;
pub(super) use example::*;
pub(super) use giving::*;
pub(super) use importing::*;
pub(super) use reading::*;
pub(super) use refusing::*;
pub(super) use taking::*;
pub(super) use trouble::*;
