//! `operator`: the flags of the shell of the cluster. That shell itself is handed in by `main`: the two do not know each
//! other.

use std::{error::Error, net::SocketAddr, num::NonZeroUsize};

use clap::{ArgAction, Args};
use futures::future::BoxFuture;

use super::{error::CommandError, exit::Exit};
use crate::store::Location;

/// The flags of `operator`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "The cluster is that of KUBECONFIG, else that of the pod.\n\n\
    Examples:\n  \
    appaccess operator\n  \
    appaccess operator --state state.db --listen 127.0.0.1:8080 --log-format json\n  \
    APPACCESS_STATE=postgres://appaccess@database.example/appaccess appaccess operator")]
pub struct Flags {
    /// The store: what is ours, what was done, what was decided
    #[arg(
        long,
        value_name = "PATH|URL",
        default_value = "/var/lib/appaccess/state.db",
        env = "APPACCESS_STATE",
        hide_env_values = true
    )]
    pub state: Location,
    /// Where /metrics, /healthz and /readyz are served
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080", env = "APPACCESS_LISTEN")]
    pub listen: SocketAddr,
    /// How many target apps are worked on at once
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    pub concurrency: NonZeroUsize,
    /// Permit apps on loopback addresses, plain HTTP among them
    #[arg(long, env = "APPACCESS_ALLOW_LOOPBACK", value_parser = super::flags::switch, action = ArgAction::SetTrue)]
    pub allow_loopback: bool,
    /// Name under which the store's lease is held; that of the pod or the host where absent
    #[arg(long, value_name = "NAME", env = "APPACCESS_IDENTITY")]
    pub identity: Option<String>,
}

/// The shell of the cluster: runs until it is stopped.
pub type Shell = fn(Flags) -> BoxFuture<'static, Result<(), Box<dyn Error + Send + Sync>>>;

pub(super) async fn run(flags: Flags, shell: Shell) -> Result<Exit, CommandError> {
    shell(flags).await.map_err(|source| CommandError::Cluster { source })?;
    Ok(Exit::Done)
}
