//! Why a command could not be carried out, in three lines: what, why, what to do.

use std::{error::Error, io, path::PathBuf};

use super::{cluster::ClusterError, exit::Exit};
use crate::{load::files::LoadError, store::StoreError};

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// Flags that do not go together, or a value that makes no sense.
    #[error("{what}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The files are wrong; each fault was shown.
    #[error("nothing was contacted: faults in the files: {count}")]
    Invalid {
        /// How many.
        count: usize,
    },
    /// A path that was named cannot be read.
    #[error("the files cannot be read")]
    Load(#[from] LoadError),
    /// The store does not do what it must.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// A file of ours cannot be read or written.
    #[error("cannot {verb} {path}")]
    File {
        /// `read` or `write`.
        verb: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What a saved plan or a decision rests on is not so any more.
    #[error("{what}")]
    Refused {
        /// What is not so.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The shell of the cluster could not start, or not go on.
    #[error("the operator ended")]
    Cluster {
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The API server did not do what was asked.
    #[error("cannot {what}")]
    ApiServer {
        /// What was tried.
        what: String,
        /// Why.
        #[source]
        source: ClusterError,
    },
    /// The process lacks something that it needs from the machine.
    #[error("cannot {what}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl CommandError {
    /// Wrong usage: `what` says what was not done and, behind a colon, why.
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), remedy: remedy.into() }
    }

    /// Refused for what the world looks like, not for how it was asked; `what` as in [`Self::usage`].
    pub(crate) fn refused(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), remedy: remedy.into() }
    }

    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. }
            | Self::Invalid { .. }
            | Self::Load(_)
            | Self::ApiServer { source: ClusterError::Kubeconfig(_) | ClusterError::Nowhere(_), .. }
            | Self::Store(StoreError::Location { .. }) => Exit::Usage,
            Self::Store(_)
            | Self::File { .. }
            | Self::Refused { .. }
            | Self::Cluster { .. }
            | Self::ApiServer { .. }
            | Self::Machine { .. } => Exit::Failed,
        }
    }

    /// What a person can do.
    pub(crate) fn remedy(&self) -> &str {
        match self {
            Self::Usage { remedy, .. } | Self::Refused { remedy, .. } => remedy,
            Self::Invalid { .. } => "correct the files; `appaccess validate` checks them without any app",
            Self::Load(LoadError::Unreadable { .. }) => "name a file, a folder or `-` that this user can read",
            Self::Load(_) => "name the files by `-f`",
            Self::Store(error) => error.remedy(),
            Self::ApiServer { source: ClusterError::Request(_) | ClusterError::Late, .. } => {
                "check that the API server can be reached, that appaccess is installed, and what you may do there"
            }
            Self::ApiServer { .. } => "name a kubeconfig by KUBECONFIG, and one of its contexts by --context",
            Self::File { .. } => "check the path and its permissions",
            Self::Cluster { .. } => "correct what is named and start it again",
            Self::Machine { .. } => "check the limits of this machine and user, and try again",
        }
    }

    /// What could not be done, and why: the causes where there are any, else what stands behind the first colon.
    pub(crate) fn what_and_why(&self) -> (String, String) {
        let (what, causes) = (self.to_string(), self.causes());
        match what.split_once(": ") {
            Some((what, why)) if causes.is_empty() => (what.to_owned(), why.to_owned()),
            _ => (what, causes.join(": ")),
        }
    }

    /// The causes below, outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }
}
