//! Other ways in than helm, and what all of them run: the plain manifests are the chart's rendering, and the image is one
//! static program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use appaccess::api::Kind;
use serde_json::Value;

use crate::support::{
    chart::{IMAGE, RELEASE, chart, documents, of_kind, run, template},
    cluster::Cluster,
    tools::repository,
};

/// The folders of plain manifests, each with the chart's values that it is made from.
const PLAIN: [(&str, &str); 2] = [("volume", "small.yaml"), ("postgres", "postgres.yaml")];

fn folder(name: &str) -> PathBuf {
    repository().join("examples/install/kustomize").join(name)
}

fn values(file: &str) -> String {
    format!("--values={}", repository().join("examples/install/helm").join(file).display())
}

/// What helm alone says of itself in a manifest.
const OF_HELM: [&str; 3] = ["helm.sh/chart:", "app.kubernetes.io/managed-by:", "# Source:"];

fn without_helm(text: &str) -> String {
    let kept = text.lines().filter(|line| !OF_HELM.iter().any(|mark| line.trim_start().starts_with(mark)));
    kept.collect::<Vec<_>>().join("\n") + "\n"
}

/// Documents by kind and name, without what marks them as helm's.
fn by_name(documents: Vec<Value>) -> BTreeMap<String, Value> {
    let named = documents.into_iter().map(|mut document| {
        let annotations = document["metadata"].get_mut("annotations").and_then(Value::as_object_mut);
        if annotations.is_some_and(|annotations| annotations.remove("helm.sh/resource-policy").is_some()) {
            document["metadata"].as_object_mut().unwrap().remove("annotations");
        }
        let name = document["metadata"]["name"].as_str().unwrap();
        (format!("{} {name}", document["kind"].as_str().unwrap()), document)
    });
    named.collect()
}

#[test]
fn the_plain_manifests_are_those_of_the_chart() {
    let update = std::env::var_os("UPDATE_INSTALL").is_some();
    for (name, file) in PLAIN {
        let text = without_helm(&template("access", &[&values(file), "--set=crds.install=false"]).ok());
        let path = folder(name).join("manifests.yaml");
        if update {
            fs::write(&path, &text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, text, "{} is stale: run `make generate`", path.display());
    }
}

#[tokio::test]
async fn kustomize_gives_what_the_chart_gives_and_the_namespace() {
    let cluster = Cluster::shared().await;
    cluster.kubectl(["create", "namespace", "access"], "").await;
    crate::definitions::install(cluster).await;
    for (name, file) in PLAIN {
        let folder = folder(name);
        let folder = folder.to_str().unwrap();
        let built = documents(&cluster.kubectl(["kustomize", folder], "").await.ok());
        let mut built = by_name(built);
        let namespace = built.remove("Namespace access").expect("the namespace is part of it");
        assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        let rendered = documents(&without_helm(&template("access", &[values(file)]).ok()));
        let rendered = by_name(rendered);
        assert!(built.keys().eq(rendered.keys()), "{:?} and {:?}", built.keys(), rendered.keys());
        for (name, document) in &built {
            assert!(*document == rendered[name], "kustomize changes {name}");
        }
        let dry = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--kustomize", folder];
        cluster.kubectl(dry, "").await.ok();
    }
}

#[tokio::test]
async fn an_overlay_moves_everything_into_another_namespace() {
    let scratch = tempfile::TempDir::new().unwrap();
    for part in ["examples/install/kustomize", "charts/appaccess/files/crds"] {
        let to = scratch.path().join(part);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let copied = Command::new("cp").arg("-r").arg(repository().join(part)).arg(to).status();
        assert!(copied.is_ok_and(|status| status.success()));
    }
    let overlay = scratch.path().join("overlay");
    fs::create_dir(&overlay).unwrap();
    let text = "resources: [../examples/install/kustomize/volume]\nnamespace: it-access\n";
    fs::write(overlay.join("kustomization.yaml"), text).unwrap();
    let cluster = Cluster::shared().await;
    let built = documents(&cluster.kubectl(["kustomize", overlay.to_str().unwrap()], "").await.ok());
    assert_eq!(of_kind(&built, "Namespace")[0]["metadata"]["name"], "it-access");
    for document in &built {
        let namespaces = [&document["metadata"]["namespace"], &document["subjects"][0]["namespace"]];
        assert!(namespaces.iter().all(|found| found.is_null() || *found == "it-access"), "{document}");
    }
    crate::definitions::install(cluster).await;
    cluster.kubectl(["create", "namespace", "it-access"], "").await;
    let dry = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--kustomize"];
    cluster.kubectl(dry.into_iter().chain(overlay.to_str()), "").await.ok();
}

#[tokio::test]
async fn definitions_that_were_applied_by_hand_are_taken_over_and_upgraded_where_that_is_said() {
    let cluster = Cluster::start().await;
    let namespace = cluster.namespace("access").await;
    let definitions = repository().join("crds");
    let apply = ["apply", "--server-side", "--filename", definitions.to_str().unwrap()];
    cluster.kubectl(apply, "").await.ok();
    let scratch = tempfile::TempDir::new().unwrap();
    let copied = Command::new("cp").arg("-r").arg(chart()).arg(scratch.path()).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let later = scratch.path().join("appaccess");
    let helm = |verb: &str, chart: &Path, flags: &[&str]| {
        let fixed = [verb, RELEASE, chart.to_str().unwrap(), IMAGE, "--namespace", &namespace];
        run(Some(&cluster.kubeconfig()), fixed.iter().chain(flags))
    };
    let refused = helm("install", &chart(), &[]);
    assert!(!refused.succeeded && refused.stderr.contains("cannot be imported"), "{}", refused.stderr);
    helm("install", &chart(), &["--take-ownership"]).ok();

    let team = later.join("files/crds/teams.yaml");
    let text = fs::read_to_string(&team).unwrap();
    let changed = text.replacen("description: ", "description: LATER ", 1);
    assert_ne!(text, changed);
    fs::write(&team, changed).unwrap();
    let refused = helm("upgrade", &later, &[]);
    assert!(!refused.succeeded && refused.stderr.contains("conflict"), "{}", refused.stderr);
    helm("upgrade", &later, &["--force-conflicts"]).ok();
    let found = cluster.kubectl(["get", "customresourcedefinition", "teams.appaccess.dev", "--output=yaml"], "").await;
    assert!(found.ok().contains("LATER"));
}

#[test]
fn the_definitions_of_the_chart_are_all_named_for_kustomize() {
    let text = fs::read_to_string(chart().join("files/crds/kustomization.yaml")).unwrap();
    let kustomization: Value = serde_yaml::from_str(&text).unwrap();
    let named: Vec<&str> =
        kustomization["resources"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let mut expected: Vec<String> =
        Kind::ALL.iter().map(|kind| format!("{}.yaml", kind.definition().spec.names.plural)).collect();
    expected.sort();
    assert_eq!(named, expected);
}

/// The instructions of the Dockerfile, one per stage and line, lines that go on joined.
fn stages() -> Vec<Vec<(String, String)>> {
    let text = fs::read_to_string(repository().join("Dockerfile")).unwrap().replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut stages: Vec<Vec<(String, String)>> = Vec::new();
    for (instruction, rest) in lines.map(|line| line.split_once(' ').expect("an instruction and what it is about")) {
        if instruction == "FROM" {
            stages.push(Vec::new());
        }
        stages.last_mut().expect("FROM comes first").push((instruction.to_owned(), rest.trim().to_owned()));
    }
    stages
}

fn about<'a>(stage: &'a [(String, String)], instruction: &str) -> Vec<&'a str> {
    stage.iter().filter(|(name, _)| name == instruction).map(|(_, rest)| rest.as_str()).collect()
}

#[test]
fn the_image_holds_one_program_its_roots_of_trust_and_nobody_who_is_root() {
    let stages = stages();
    let [build, image] = stages.as_slice() else { panic!("two stages") };
    let toolchain = fs::read_to_string(repository().join("rust-toolchain.toml")).unwrap();
    let version = toolchain.split("channel = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let minor = version.rsplit_once('.').unwrap().0;
    assert_eq!(
        about(build, "FROM"),
        [format!("rust:{minor}-alpine AS build")],
        "the compiler that the project is built by"
    );
    assert!(about(build, "RUN").iter().any(|run| run.contains("cargo build --locked --release")));

    assert_eq!(about(image, "FROM"), ["scratch"]);
    assert!(about(image, "RUN").is_empty());
    let copied = about(image, "COPY");
    assert!(copied.iter().all(|copy| copy.starts_with("--from=build ")), "nothing but what was built");
    let roots = "/etc/ssl/certs/ca-certificates.crt";
    assert!(
        copied.iter().any(|copy| copy.ends_with(roots)) && about(image, "ENV") == [format!("SSL_CERT_FILE={roots}")]
    );
    assert_eq!(about(image, "ENTRYPOINT"), ["[\"/appaccess\"]"]);

    let all = documents(&template("access", &["--show-only=templates/statefulset.yaml"]).ok());
    let pod = &all[0]["spec"]["template"]["spec"];
    let user = &pod["securityContext"]["runAsUser"];
    assert!(user.as_u64().is_some_and(|user| user >= 10_000));
    assert_eq!(about(image, "USER"), [format!("{user}:{user}")]);
    assert_eq!(about(image, "EXPOSE"), [pod["containers"][0]["ports"][0]["containerPort"].to_string()]);
}

#[test]
fn what_is_let_into_the_build_of_the_image_is_what_cargo_needs_and_no_more() {
    let text = fs::read_to_string(repository().join(".dockerignore")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.first(), Some(&"*"), "what is not named stays outside");
    let scratch = tempfile::TempDir::new().unwrap();
    let let_in = lines.iter().filter_map(|line| line.strip_prefix('!')).collect::<Vec<_>>().join(" ");
    let copy = format!("cp --recursive --parents {let_in} '{}'", scratch.path().display());
    let copied = Command::new("bash").args(["-ec", &copy]).current_dir(repository()).status();
    assert!(copied.is_ok_and(|status| status.success()), "{copy}");
    let metadata = ["metadata", "--no-deps", "--offline", "--format-version=1"];
    let read = Command::new(env!("CARGO")).args(metadata).current_dir(scratch.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let packages: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(packages["packages"].as_array().map(Vec::len), Some(3), "the workspace is whole");
}

#[test]
fn the_chart_is_of_the_version_of_the_program() {
    let text = fs::read_to_string(chart().join("Chart.yaml")).unwrap();
    let chart: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_chart_packs_into_a_release_that_can_be_installed_from_a_file() {
    let scratch = tempfile::TempDir::new().unwrap();
    let (from, to) = (chart(), scratch.path().to_str().unwrap());
    run(None, ["package", from.to_str().unwrap(), "--destination", to]).ok();
    let packed = fs::read_dir(scratch.path()).unwrap().next().unwrap().unwrap().path();
    let rendered = run(None, ["template", "appaccess", packed.to_str().unwrap(), "--namespace=access", IMAGE]).ok();
    assert_eq!(of_kind(&documents(&rendered), "CustomResourceDefinition").len(), Kind::ALL.len());
}
