//! Why a command could not be carried out, in three lines: what, why, what to do.

use std::{error::Error, io, path::PathBuf};

use kube::config::KubeconfigError;

use super::{cluster::ClusterError, exit::Exit};
use crate::{
    load::{Problem, files::LoadError},
    store::StoreError,
};

/// What could not be done with a file that is named on the command line.
const READ: &str = "read";

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
    #[error("nothing was contacted: faults in the files: {}", problems.len())]
    Invalid {
        /// Each of them.
        problems: Vec<Problem>,
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
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. }
            | Self::Invalid { .. }
            | Self::Load(_)
            | Self::ApiServer { source: ClusterError::Kubeconfig(_) | ClusterError::Nowhere(_), .. }
            | Self::Store(StoreError::Location { .. } | StoreError::NotAFile { .. })
            // What is read is named on the command line.
            | Self::File { verb: READ, .. } => Exit::Usage,
            Self::Store(_)
            | Self::File { .. }
            | Self::Refused { .. }
            | Self::Cluster { .. }
            | Self::ApiServer { .. }
            | Self::Machine { .. } => Exit::Failed,
        }
    }

    /// A stable CamelCase word for documents.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "WrongUsage",
            Self::Invalid { .. } => "FilesInvalid",
            Self::Load(_) => "FilesUnreadable",
            Self::Store(error) => error.reason(),
            Self::File { .. } => "FileFailed",
            Self::Refused { .. } => "Refused",
            Self::Cluster { .. } => "OperatorEnded",
            Self::ApiServer { .. } => "ClusterFailed",
            Self::Machine { .. } => "MachineFailed",
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
            Self::File { verb: READ, .. } => "name a path that is there and that this user can read",
            Self::File { .. } => "check the path and its permissions",
            Self::Cluster { .. } => "correct what is named and start it again",
            Self::Machine { .. } => "check the limits of this machine and user, and try again",
        }
    }

    /// What could not be done, and why: the causes where there are any, else what stands behind the first colon.
    pub(crate) fn what_and_why(&self) -> (String, String) {
        let (what, mut causes) = (self.to_string(), self.causes());
        if let Self::ApiServer { source, .. } = self {
            causes = said(source, &causes);
        }
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

/// What the client of the cluster says, once: each of its errors repeats those below it, some over several lines.
fn said(error: &ClusterError, causes: &[String]) -> Vec<String> {
    let line = |text: &str| text.lines().next().unwrap_or_default().trim_end_matches([' ', ':']).to_owned();
    let mut causes = causes.iter().map(|cause| line(cause));
    let first: Vec<String> = causes.by_ref().take(1).collect();
    match error {
        // A kubeconfig that is there and says nothing is the cause, not one that is not there.
        ClusterError::Nowhere(nowhere) => match nowhere.source() {
            Some(kubeconfig) if !is_missing(kubeconfig) => {
                vec!["the kubeconfig does not lead to a cluster".to_owned(), line(&leaf(kubeconfig).to_string())]
            }
            _ => first,
        },
        ClusterError::Late => first,
        ClusterError::Kubeconfig(_) | ClusterError::Request(_) => first.into_iter().chain(causes.next_back()).collect(),
    }
}

/// The cause at the bottom.
fn leaf<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error.source().map_or(error, leaf)
}

/// Whether there is no kubeconfig at all.
fn is_missing(error: &(dyn Error + 'static)) -> bool {
    let is_nowhere = matches!(error.downcast_ref(), Some(KubeconfigError::FindPath));
    is_nowhere || leaf(error).downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use kube::config::Kubeconfig;

    use super::*;

    #[test]
    fn what_a_kubeconfig_lacks_is_said_once_and_on_one_line() {
        let broken = Kubeconfig::from_yaml("clusters: [\n  {name: a\nusers: no\n").expect_err("it is no YAML");
        let error = CommandError::ApiServer { what: "reach the cluster".into(), source: broken.into() };
        let (what, why) = error.what_and_why();
        assert_eq!(what, "cannot reach the cluster");
        assert!(why.starts_with("the kubeconfig does not lead to a cluster: ") && why.lines().count() == 1, "{why}");
    }

    #[test]
    fn each_error_says_what_to_do_and_has_a_word_of_its_own() {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let path = PathBuf::from("x");
        let errors = [
            CommandError::usage("nothing was done: why", "do this"),
            CommandError::Invalid { problems: Vec::new() },
            CommandError::Load(LoadError::StandardInputTwice),
            CommandError::Store(StoreError::Full),
            CommandError::File { verb: "read", path, source: missing() },
            CommandError::refused("nothing was done: why", "do that"),
            CommandError::Cluster { source: Box::new(missing()) },
            CommandError::ApiServer { what: "ask".into(), source: ClusterError::Late },
            CommandError::Machine { what: "ask", source: missing() },
        ];
        for error in &errors {
            let (what, why) = error.what_and_why();
            for part in [what.as_str(), error.remedy()] {
                let is_fragment = part.starts_with(char::is_lowercase) && !part.ends_with('.');
                assert!(is_fragment, "{part:?} of {error:?}");
            }
            assert!(
                !why.ends_with('.')
                    && (!why.is_empty() || matches!(error, CommandError::Store(_) | CommandError::Load(_))),
                "{error:?}"
            );
        }
        let different = |texts: Vec<String>| texts.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(different(errors.iter().map(|error| error.reason().to_owned()).collect()), errors.len());
        assert_eq!(different(errors.iter().map(|error| error.remedy().to_owned()).collect()), errors.len());
    }
}
