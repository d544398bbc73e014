//! The cluster as a person at a shell meets it: objects that others wrote are shown, and decisions are added. It must not
//! know the engine: the operator does the work there.

pub(super) mod decide;
pub(super) mod doctor;
pub(super) mod explain;
mod objects;
pub(super) mod show;

use std::time::Duration;

use appaccess_core::access::ObjectName;
use clap::Args;
use kube::{
    Client, Config,
    config::{InferConfigError, KubeConfigOptions, KubeconfigError},
};

use super::{error::CommandError, output::words, plugin::Call};
use crate::{
    api::{
        access_plan::{AccessPlan, PlanRow},
        reference::Entitlement,
    },
    load::Loaded,
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the API server may take for one answer.
const ANSWER: Duration = Duration::from_secs(30);

/// Whether the cluster is meant, and which.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClusterFlags {
    /// The objects of the cluster instead of files and a store
    #[arg(long)]
    pub(crate) cluster: bool,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pub(crate) context: Option<String>,
    /// Only this namespace of the cluster, which bare names are in, too
    #[arg(short, long, value_name = "NAME", requires = "cluster")]
    pub(crate) namespace: Option<String>,
    /// All namespaces of the cluster, as without --namespace; for `kubectl appaccess`, which takes that of the context
    #[arg(short = 'A', long, requires = "cluster", conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
}

impl ClusterFlags {
    /// Whether objects of this name are meant: all of them, or those of one namespace.
    fn covers(&self, name: &ObjectName) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| *name.namespace == **namespace)
    }

    /// Refuses flags that say which cluster, where none is meant.
    pub(super) fn refuse_without(&self) -> Result<(), CommandError> {
        let given = [
            (self.context.is_some(), "--context"),
            (self.namespace.is_some(), "--namespace"),
            (self.all_namespaces, "--all-namespaces"),
        ];
        // For a plugin of `kubectl` they say which names are meant, too.
        let counts = self.cluster || Call::of_this_process() == Call::Plugin;
        match given.into_iter().find(|(given, _)| *given && !counts) {
            None => Ok(()),
            Some((_, flag)) => Err(CommandError::usage(
                format!("nothing was done: {flag} says which part of a cluster is meant, and no cluster is"),
                format!("add --cluster, or leave out {flag}"),
            )),
        }
    }

    /// The one namespace that is asked about, by the names of apps or else by the flag. Whoever asks about one need not be
    /// allowed to read the others.
    fn asked<'a>(&'a self, chosen: &'a [ObjectName]) -> Option<&'a str> {
        match chosen.split_first() {
            Some((first, rest)) => {
                rest.iter().all(|name| name.namespace == first.namespace).then_some(&*first.namespace)
            }
            None => self.namespace.as_deref(),
        }
    }

    /// The flags as they are to be written again, with a space before them.
    pub(super) fn again(&self) -> String {
        let context = self.context.as_ref().map(|context| format!(" --context {}", super::flags::quoted(context)));
        // A plugin of `kubectl` means the cluster unless it is told otherwise.
        let cluster = if Call::of_this_process() == Call::Plugin { "" } else { " --cluster" };
        format!("{cluster}{}", context.unwrap_or_default())
    }
}

/// Why the cluster did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// The kubeconfig does not lead to it.
    #[error("the kubeconfig does not lead to a cluster")]
    Kubeconfig(#[from] KubeconfigError),
    /// Neither a kubeconfig nor a pod's environment is there.
    #[error("neither a kubeconfig nor the environment of a pod is there")]
    Nowhere(#[from] InferConfigError),
    /// The API server refused, or could not be reached.
    #[error("the API server did not do it")]
    Request(#[from] kube::Error),
    /// The API server did not answer in time.
    #[error("the API server did not answer within {} s", ANSWER.as_secs())]
    Late,
}

/// Connects to the cluster that is meant; sends nothing.
async fn connect(flags: &ClusterFlags) -> Result<Client, CommandError> {
    let configuration = match &flags.context {
        Some(context) => {
            let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
            Config::from_kubeconfig(&options).await.map_err(ClusterError::from)
        }
        None => Config::infer().await.map_err(ClusterError::from),
    };
    let connected = configuration.and_then(|mut configuration| {
        configuration.connect_timeout = Some(CONNECT);
        configuration.read_timeout = Some(ANSWER);
        configuration.write_timeout = Some(ANSWER);
        Client::try_from(configuration).map_err(ClusterError::from)
    });
    connected.map_err(|source| CommandError::ApiServer { what: "reach the cluster".to_owned(), source })
}

/// Waits for one answer, and no longer than that may take.
async fn answered<T>(what: &str, request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, CommandError> {
    let outcome = match tokio::time::timeout(ANSWER, request).await {
        Ok(outcome) => outcome.map_err(ClusterError::from),
        Err(_) => Err(ClusterError::Late),
    };
    outcome.map_err(|source| CommandError::ApiServer { what: what.to_owned(), source })
}

/// Refuses an app that the cluster does not have.
fn known(loaded: &Loaded, chosen: &[ObjectName]) -> Result<(), CommandError> {
    match chosen.iter().find(|name| !loaded.target_apps.contains_key(*name)) {
        None => Ok(()),
        Some(missing) => Err(CommandError::refused(
            format!("there is no TargetApp {missing} in the cluster"),
            "see all of them by `appaccess plan --cluster`",
        )),
    }
}

/// The rows of a plan in words, in its order.
fn rows(plan: &AccessPlan) -> Vec<String> {
    plan.spec.rows.iter().map(row).collect()
}

/// A row: whose, what, and why.
fn row(row: &PlanRow) -> String {
    let account = row.account.as_ref().map(|id| format!("account {id}"));
    let whose = match (&row.person, account) {
        (Some(person), Some(account)) => format!("{person} ({account})"),
        (Some(person), None) => person.clone(),
        (None, Some(account)) => account,
        (None, None) => "nobody's account".to_owned(),
    };
    let change = match (&row.from, &row.to) {
        (None, None) => String::new(),
        (from, to) => {
            let nothing = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            format!(" {} → {}", nothing(from), nothing(to))
        }
    };
    let action = word(row.action);
    let why = row.reason.clone().unwrap_or_else(|| word(row.cause));
    format!("{whose}: {action} {}{change}  ({}; {why})", entitlement(&row.entitlement), row.held)
}

fn entitlement(held: &Entitlement) -> String {
    let name = if held.name.is_empty() { String::new() } else { format!(" {}", held.name) };
    let level = held.level.as_ref().map(|level| format!(" ({level})")).unwrap_or_default();
    format!("{}{name}{level}", held.type_)
}

/// The word by which a value is written in an object.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// How many changes a plan holds, and for how many people.
fn waiting(plan: &AccessPlan) -> String {
    let changes = words::counted(plan.spec.changes, "change", "changes");
    format!("{changes} for {}", words::counted(plan.spec.people, "person", "people"))
}

/// The name of an object of the cluster.
fn name_of(metadata: &kube::api::ObjectMeta) -> ObjectName {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
    ObjectName { namespace: text(&metadata.namespace), name: text(&metadata.name) }
}
