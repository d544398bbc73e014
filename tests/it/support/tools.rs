//! Where the programs are that the tests run against. What is missing is an error with its remedy, never a skipped test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root folder of the project.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with `kube-apiserver`, `etcd` and `kubectl`.
pub(crate) fn control_plane() -> PathBuf {
    place_of("control-plane", "KUBEBUILDER_ASSETS")
}

/// The program `helm`.
pub(crate) fn helm() -> PathBuf {
    place_of("helm", "APPACCESS_TEST_HELM")
}

/// The program that says what Flux and Argo CD would say of an object.
pub(crate) fn gitops() -> PathBuf {
    place_of("gitops", "APPACCESS_TEST_GITOPS")
}

/// The program `scim2-server`.
pub(crate) fn scim2_server() -> PathBuf {
    place_of("scim2-server", "APPACCESS_TEST_SCIM2_SERVER")
}

/// The script that Node.js runs to serve SCIM by the library scimmy.
pub(crate) fn scimmy() -> PathBuf {
    place_of("scimmy", "APPACCESS_TEST_SCIMMY")
}

/// The folder with `postgres` and `initdb`.
pub(crate) fn postgresql() -> PathBuf {
    place_of("postgresql", "APPACCESS_TEST_POSTGRES")
}

/// Asks the script that gets the tools, so that only one place knows where they live.
fn place_of(tool: &str, key: &str) -> PathBuf {
    let output = Command::new("bash")
        .arg(repository().join("tests/tools/get.sh"))
        .args(["--where", tool])
        .output()
        .expect("bash runs tests/tools/get.sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("tests/tools/get.sh prints text");
    let places: BTreeMap<&str, &str> = lines.lines().filter_map(|line| line.split_once('=')).collect();
    PathBuf::from(places.get(key).expect("tests/tools/get.sh prints the place of the tool that it was asked for"))
}
