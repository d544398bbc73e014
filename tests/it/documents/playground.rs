//! Pages whose commands are those of somebody in the playground of the first five minutes, with a cluster at hand.

use std::path::Path;

use super::{
    shown::Shown,
    walk::{Reader, page},
};
use crate::support::{
    cluster::Cluster,
    tools::{control_plane, repository},
};

/// These pages.
const IN_THE_PLAYGROUND: [&str; 4] = ["docs/operations.md", "docs/migrating.md", "docs/faq.md", "docs/concepts.md"];

/// What a page shows beside and cannot be run here: a hold in a cluster takes an operator to make it, and pods somebody to
/// start them.
const NOT_HERE: [&str; 4] = [
    "appaccess approve access/tracker --cluster",
    "kubectl --namespace access scale statefulset/appaccess --replicas=0",
    "kubectl --namespace access wait pod --selector=app.kubernetes.io/name=appaccess --for=delete --timeout=2m",
    "kubectl --namespace access scale statefulset/appaccess --replicas=1",
];

/// A reader in the playground, with its app running, and with a cluster of their own or one that others use, too.
async fn reader_with(cluster: &Cluster, folder: &Path) -> Reader {
    let mut reader = Reader::new(folder);
    let line = "appaccess demo --serve playground".to_owned();
    reader.serve(&Shown { line, prints: ["…", "  appaccess plan -f access"].map(str::to_owned).into() }).await;
    reader.enter("playground");
    reader.set("APPACCESS_SECRETS", "secrets");
    reader.set("APPACCESS_ALLOW_LOOPBACK", "1");
    reader.set("KUBECONFIG", &cluster.kubeconfig().display().to_string());
    reader.find_programs_in(&control_plane());
    reader
}

/// The same with a cluster that holds what is declared in the playground.
async fn reader_in_the_playground(folder: &Path) -> Reader {
    let cluster = Cluster::shared().await;
    let reader = reader_with(cluster, folder).await;
    cluster.install_definitions(&repository().join("crds")).await;
    cluster.kubectl(["create", "namespace", "access"], "").await;
    for file in ["tracker.yaml", "studio.yaml"] {
        let text = std::fs::read_to_string(folder.join("playground/access").join(file)).unwrap();
        cluster.apply(&text).await.ok();
    }
    reader
}

#[tokio::test]
async fn the_five_minutes_of_the_readme_come_true() {
    let mut document = page("README.md");
    let from = document.text.find("## Five minutes").expect("the README has them");
    let until = document.text.find("## In a cluster").expect("the README goes on with a cluster");
    document.text = document.text[from..until].to_owned();
    let folder = tempfile::TempDir::new().unwrap();
    let mut steps = document.steps();
    steps.retain(|step| !step.typed().is_some_and(|shown| shown.line.starts_with("cargo install")));
    assert!(steps.len() > 6, "{steps:?}");
    let faults = Reader::new(folder.path()).walk(&steps).await;
    assert!(faults.is_empty(), "this is what was printed:\n\n{}", faults.join("\n"));
}

#[tokio::test]
async fn the_cluster_of_the_readme_comes_true() {
    let mut document = page("README.md");
    let from = document.text.find("## In a cluster").expect("the README has a cluster");
    let until = document.text.find("To install it in the cluster").expect("the README goes on with the chart");
    document.text = document.text[from..until].to_owned();
    let steps = document.steps();
    assert!(steps.len() > 7, "{steps:?}");
    let folder = tempfile::TempDir::new().unwrap();
    // The operator works on all that it finds, so this cluster is nobody else's.
    let cluster = Cluster::start().await;
    let faults = reader_with(&cluster, folder.path()).await.walk(&steps).await;
    assert!(faults.is_empty(), "this is what was printed:\n\n{}", faults.join("\n"));
}

#[tokio::test]
async fn the_pages_of_the_playground_come_true() {
    let mut faults = Vec::new();
    for name in IN_THE_PLAYGROUND {
        let folder = tempfile::TempDir::new().unwrap();
        let mut reader = reader_in_the_playground(folder.path()).await;
        let mut steps = page(name).steps();
        steps.retain(|step| !step.typed().is_some_and(|shown| NOT_HERE.contains(&shown.line.as_str())));
        faults.extend(reader.walk(&steps).await.into_iter().map(|fault| format!("{name}\n{fault}")));
    }
    assert!(faults.is_empty(), "this is what was printed:\n\n{}", faults.join("\n"));
}
