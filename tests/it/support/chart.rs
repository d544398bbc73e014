//! The chart as it renders, for tests of itself and for giving the operator of the tests the very rights that it ships.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize as _;
use serde_json::Value;

use super::tools::{helm, repository};

/// The name of the release in all tests, and with it of the account that the operator acts as.
pub(crate) const RELEASE: &str = "appaccess";

/// The folder of the chart.
pub(crate) fn chart() -> PathBuf {
    repository().join("charts/appaccess")
}

/// How a run of helm ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// What it printed.
    ///
    /// # Panics
    /// When it failed.
    pub(crate) fn ok(self) -> String {
        assert!(self.succeeded, "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs helm, against the cluster of a kubeconfig where one is given.
pub(crate) fn run<S: AsRef<OsStr>>(kubeconfig: Option<&Path>, arguments: impl IntoIterator<Item = S>) -> Ended {
    let mut command = Command::new(helm());
    command.args(arguments);
    // Nobody's cluster but that of the tests.
    command.env("KUBECONFIG", kubeconfig.unwrap_or(Path::new("/dev/null")));
    let output = command.output().expect("helm starts");
    Ended {
        succeeded: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The one value that everybody has to give.
pub(crate) const IMAGE: &str = "--set=image.repository=registry.example/appaccess";

/// Renders the chart for a namespace, with an image and these further arguments, such as `--set`.
pub(crate) fn template<S: AsRef<OsStr>>(namespace: &str, arguments: &[S]) -> Ended {
    let chart = chart();
    let fixed =
        [OsStr::new("template"), OsStr::new(RELEASE), chart.as_os_str(), IMAGE.as_ref(), "--namespace".as_ref()];
    let namespace = [OsStr::new(namespace)];
    run(None, fixed.into_iter().chain(namespace).chain(arguments.iter().map(AsRef::as_ref)))
}

/// The documents of a rendered chart.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text).map(|one| Value::deserialize(one).expect("it is YAML"));
    documents.filter(|document| !document.is_null()).collect()
}

/// Those of one kind.
pub(crate) fn of_kind<'a>(documents: &'a [Value], kind: &str) -> Vec<&'a Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// The operator's account and its rights, as the chart ships them for a namespace.
pub(crate) fn rights(namespace: &str) -> String {
    let show = ["--show-only=templates/serviceaccount.yaml", "--show-only=templates/rbac.yaml"];
    template(namespace, &show).ok()
}
