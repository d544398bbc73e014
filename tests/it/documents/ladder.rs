//! The examples, from one app and three people to a company: each is valid, comes true on simulated apps and is silent
//! afterwards, and its README shows what its commands print.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use appaccess::sim::{clockify, scim, service::Server};
use serde_json::Value;

use super::walk::{Reader, page};
use crate::support::tools::repository;

/// The simulated apps that stand behind the addresses of an example.
#[derive(Default)]
struct Apps {
    scim: BTreeMap<String, scim::Server>,
    clockify: BTreeMap<String, clockify::Server>,
}

impl Apps {
    /// The text with the addresses of simulated apps in place of those of the example, and without their rate limits.
    async fn behind(&mut self, text: &str) -> String {
        let mut ours = text.to_owned();
        for (_, spec) in target_apps(text) {
            if let Some(base) = spec["connector"]["scim"]["baseUrl"].as_str() {
                if !self.scim.contains_key(base) {
                    self.scim.insert(base.to_owned(), scim::Server::start(scim::Options::default()).await.unwrap());
                }
                ours = ours.replace(base, self.scim[base].base_url());
            }
            if let Some(id) = spec["connector"]["clockify"]["workspaceId"].as_str() {
                if !self.clockify.contains_key(id) {
                    let server = clockify::Server::start(clockify::Options::default()).await.unwrap();
                    self.clockify.insert(id.to_owned(), server);
                }
                let server = &self.clockify[id];
                let with_base = format!("{}\", baseUrl: \"{}", server.workspace(), server.base_url());
                ours = ours.replace(id, &with_base);
            }
        }
        ours.replace("  credentials:", "  rateLimit: {requests: 10000, per: 1s}\n  credentials:")
    }

    /// The credential of an app.
    fn token(&self, spec: &Value) -> Option<String> {
        let of_scim = spec["connector"]["scim"]["baseUrl"].as_str().map(|base| self.scim[base].token());
        let of_clockify = spec["connector"]["clockify"]["workspaceId"].as_str().map(|id| self.clockify[id].key());
        of_scim.or(of_clockify)
    }
}

/// The target apps of a text: namespace and spec.
fn target_apps(text: &str) -> Vec<(String, Value)> {
    let documents = text.split("\n---\n").map(|document| serde_yaml::from_str::<Value>(document).unwrap());
    let apps = documents.filter(|document| document["kind"] == "TargetApp");
    apps.map(|app| (app["metadata"]["namespace"].as_str().unwrap_or("default").to_owned(), app["spec"].clone()))
        .collect()
}

fn copy(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, files);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            files.push(target);
        }
    }
}

/// Somebody in a copy of the example, with its apps simulated and their credentials at hand.
async fn reader(name: &str, folder: &Path) -> (Reader, Apps) {
    let mut files = Vec::new();
    copy(&repository().join("examples").join(name), folder, &mut files);
    files.sort();
    let mut apps = Apps::default();
    let mut reader = Reader::new(folder);
    reader.set("APPACCESS_ALLOW_LOOPBACK", "1");
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let text = fs::read_to_string(file).unwrap();
        fs::write(file, apps.behind(&text).await).unwrap();
        for (namespace, spec) in target_apps(&text) {
            let secret = spec["credentials"]["secretRef"]["name"].as_str();
            if let Some((secret, token)) = secret.zip(apps.token(&spec)) {
                let name =
                    format!("APPACCESS_SECRET_{namespace}_{secret}_TOKEN").to_uppercase().replace(['-', '.'], "_");
                reader.set(&name, &token);
            }
        }
    }
    (reader, apps)
}

/// The steps of the ladder: folders that begin with a number.
fn steps() -> Vec<String> {
    let entries = fs::read_dir(repository().join("examples")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut steps: Vec<String> = names.filter(|name| name.starts_with(|first: char| first.is_ascii_digit())).collect();
    steps.sort();
    assert!(steps.len() >= 8, "the examples have moved: {steps:?}");
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_prints_what_its_readme_shows() {
    let mut faults = Vec::new();
    for name in steps() {
        let folder = tempfile::TempDir::new().unwrap();
        let (mut reader, _apps) = reader(&name, folder.path()).await;
        let steps = page(&format!("examples/{name}/README.md")).steps();
        assert!(steps.iter().filter_map(super::walk::Step::typed).count() > 0, "{name} shows how it is used");
        faults.extend(reader.walk(&steps).await.into_iter().map(|fault| format!("examples/{name}/README.md\n{fault}")));
    }
    assert!(faults.is_empty(), "this is what was printed:\n\n{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_comes_true_and_is_silent_afterwards() {
    for name in steps() {
        let folder = tempfile::TempDir::new().unwrap();
        let (mut reader, apps) = reader(&name, folder.path()).await;
        let edits = "for file in $(find . -name '*.yaml'); do sed -i.before 's/mode: Observe/mode: Full/' $file; done";
        let lines =
            ["appaccess validate -f . -q", edits, "appaccess apply -f . --yes -q", "appaccess apply -f . --yes -q"];
        let typed = |line: &str| super::shown::Shown { line: line.to_owned(), prints: Vec::new() };
        let steps = lines.map(|line| super::walk::Step::Type(typed(line)));
        let faults = reader.walk(&steps[..3]).await;
        assert!(faults.is_empty(), "{name}: {}", faults.join("\n"));
        apps.scim.values().for_each(scim::Server::clear_requests);
        apps.clockify.values().for_each(clockify::Server::clear_requests);
        let faults = reader.walk(&steps[3..]).await;
        assert!(faults.is_empty(), "{name}, again: {}", faults.join("\n"));
        let changes: u64 = apps.scim.values().map(Server::mutations).sum();
        let others: u64 = apps.clockify.values().map(Server::mutations).sum();
        assert_eq!(changes + others, 0, "{name} is silent");
    }
}

#[test]
fn every_step_is_told_of_in_the_readme_of_the_examples() {
    let text = page("examples/README.md").text;
    for name in steps() {
        assert!(text.contains(&format!("]({name})")), "examples/README.md does not lead to {name}");
    }
}
