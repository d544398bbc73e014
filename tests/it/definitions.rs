//! The definitions in `crds/` are those of the code, fit for an API server, and small.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use appaccess::api::{self, Kind};
use serde_json::Value;

use crate::support::{chart::chart, cluster::Cluster};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("crds")
}

fn schema_of(kind: Kind) -> Value {
    let definition = serde_json::to_value(kind.definition()).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// Visits every schema node with its path.
fn walk(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    if let Some(properties) = schema["properties"].as_object() {
        for (name, child) in properties {
            walk(child, &format!("{path}.{name}"), visit);
        }
    }
    if schema["items"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), visit);
    }
    if schema["additionalProperties"].is_object() {
        walk(&schema["additionalProperties"], &format!("{path}{{}}"), visit);
    }
}

#[test]
fn the_files_are_those_of_the_code() {
    let update = std::env::var_os("UPDATE_CRDS").is_some();
    for kind in Kind::ALL {
        let name = format!("{}.yaml", kind.definition().spec.names.plural);
        let text = api::crd_yaml(&kind.definition());
        for folder in [folder(), chart().join("files/crds")] {
            let path = folder.join(&name);
            if update {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let file = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(file, text, "{} is stale: run `make generate`", path.display());
            let definitions = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
            assert_eq!(definitions.filter(|name| name != "kustomization.yaml").count(), Kind::ALL.len());
        }
    }
}

#[test]
fn every_definition_is_below_200_kib() {
    for kind in Kind::ALL {
        let size = serde_json::to_vec(&kind.definition()).unwrap().len();
        assert!(size < 200 * 1024, "{kind}: {size} bytes");
    }
}

#[test]
fn every_list_map_and_string_that_people_write_is_bounded() {
    for kind in Kind::ALL {
        let schema = schema_of(kind);
        walk(&schema["properties"]["spec"], "spec", &mut |path, node| {
            let bounded = match node["type"].as_str() {
                Some("string") => node["maxLength"].is_u64() || node["enum"].is_array(),
                Some("array") => node["maxItems"].is_u64(),
                Some("object") => node["additionalProperties"].is_null() || node["maxProperties"].is_u64(),
                Some("integer") => !node["minimum"].is_null(),
                Some("boolean") => true,
                _ => node["x-kubernetes-int-or-string"] == true && node["maxLength"].is_u64(),
            };
            assert!(bounded, "{kind} {path} is not bounded: {node}");
        });
    }
}

#[test]
fn every_field_tells_what_it_is_for() {
    for kind in Kind::ALL {
        walk(&schema_of(kind), "", &mut |path, node| {
            let is_field = !path.ends_with("[]") && !path.ends_with("{}") && !path.is_empty();
            let described = node["description"].as_str().is_some_and(|text| text.len() > 3);
            assert!(!is_field || described, "{kind} {path} has no description");
        });
    }
}

#[test]
fn every_rule_says_what_to_write() {
    for kind in Kind::ALL {
        walk(&schema_of(kind), "", &mut |path, node| {
            for rule in node["x-kubernetes-validations"].as_array().into_iter().flatten() {
                assert!(rule["message"].as_str().is_some_and(|text| text.len() > 10), "{kind} {path}: {rule}");
            }
        });
    }
}

#[test]
fn nothing_destructive_is_a_default() {
    for kind in Kind::ALL {
        walk(&schema_of(kind)["properties"]["spec"], "spec", &mut |path, node| {
            let default = &node["default"];
            let harmless = default.is_null() || default == "Observe" || default == true || default == 0;
            assert!(harmless, "{kind} {path} defaults to {default}");
        });
    }
}

#[tokio::test]
async fn a_real_api_server_takes_every_definition_and_every_example() {
    let cluster = Cluster::shared().await;
    install(cluster).await;
    for example in examples() {
        let text = fs::read_to_string(&example).unwrap();
        let namespaces: BTreeSet<&str> =
            text.lines().filter_map(|line| line.split("namespace: ").nth(1)?.split([',', '}']).next()).collect();
        for namespace in namespaces {
            cluster.kubectl(["create", "namespace", namespace], "").await;
        }
        let outcome = cluster.apply(&text).await;
        assert!(outcome.succeeded, "{}: {}", example.display(), outcome.stderr);
        assert!(!outcome.stderr.to_lowercase().contains("unrecognized"), "{}", outcome.stderr);
    }
}

/// Makes a cluster serve our kinds.
pub(crate) async fn install(cluster: &Cluster) {
    cluster.install_definitions(&folder()).await;
}

/// The example files with objects of ours, those of folders among them, in order.
pub(crate) fn examples() -> Vec<PathBuf> {
    let mut open = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") && has_objects(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Examples for other tools, such as values for helm, have none.
fn has_objects(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap();
    text.lines().any(|line| line.starts_with("apiVersion: appaccess.dev/"))
}
