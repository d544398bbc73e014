//! `kubectl appaccess`: the real `kubectl` finds the binary under that name and calls it.

use std::os::unix::fs::symlink;

use serde_json::json;
use tempfile::TempDir;

use crate::{
    definitions,
    support::{cluster::Cluster, shell::Ended, tools},
};

/// Somebody with `kubectl`, two links to the binary, and a context whose namespace is `namespace`.
struct Person {
    folder: TempDir,
}

impl Person {
    fn new(cluster: &Cluster, namespace: &str) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["kubectl-appaccess", "kubectl_complete-appaccess"] {
            symlink(env!("CARGO_BIN_EXE_appaccess"), folder.path().join(name)).unwrap();
        }
        let text = std::fs::read_to_string(cluster.kubeconfig()).unwrap();
        let mut kubeconfig: serde_json::Value = serde_json::from_str(&text).unwrap();
        kubeconfig["contexts"][0]["context"]["namespace"] = json!(namespace);
        std::fs::write(folder.path().join("config"), kubeconfig.to_string()).unwrap();
        Self { folder }
    }

    /// Runs a line that begins with `kubectl`.
    async fn types(&self, line: &str) -> Ended {
        let mut command = tokio::process::Command::new(tools::control_plane().join("kubectl"));
        command.args(line.split_whitespace().skip(1)).current_dir(self.folder.path()).env_clear();
        command.env("PATH", self.folder.path()).env("HOME", self.folder.path());
        command.env("KUBECONFIG", self.folder.path().join("config")).kill_on_drop(true);
        let output = command.output().await.unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn objects(namespace: &str) -> String {
    let digest = format!("sha256:{}", "6f".repeat(32));
    let app = json!({
        "apiVersion": "appaccess.dev/v1alpha1", "kind": "TargetApp", "metadata": {"name": "planner", "namespace": namespace},
        "spec": {"connector": {"scim": {"baseUrl": "https://planner.example/scim/v2"}}, "mode": "Full",
                 "credentials": {"secretRef": {"name": "planner-token"}}},
    });
    let plan = json!({
        "apiVersion": "appaccess.dev/v1alpha1", "kind": "AccessPlan", "metadata": {"name": "planner", "namespace": namespace},
        "spec": {"appRef": {"name": "planner"}, "digest": digest, "reasons": ["ThresholdExceeded"], "people": 1, "allowed": 0,
                 "changes": 1, "rows": [{"action": "suspend", "person": "tom@fern.example", "account": "u_7", "cause": "withdrawn",
                                         "entitlement": {"type": "account", "name": ""}, "held": "ThresholdExceeded"}]},
    });
    format!("{app}\n---\n{plan}\n")
}

#[tokio::test]
async fn kubectl_calls_the_binary_by_its_name_over_the_namespace_of_the_context() {
    let cluster = Cluster::shared().await;
    definitions::install(cluster).await;
    let namespace = cluster.namespace("plugin").await;
    let other = cluster.namespace("plugin-other").await;
    cluster.apply(&format!("{}---\n{}", objects(&namespace), objects(&other))).await.ok();
    let person = Person::new(cluster, &namespace);

    let plan = person.types("kubectl appaccess plan").await;
    assert_eq!(plan.code, 3, "{plan:?}");
    super::snapshot("plugin_plan", &plan.stdout.replace(&namespace, "it"));
    assert!(!plan.stdout.contains(&other), "another namespace: {plan:?}");
    let everywhere = person.types("kubectl appaccess plan --all-namespaces").await.stdout;
    assert!(everywhere.contains(&namespace) && everywhere.contains(&other), "{everywhere}");
    let there = person.types(&format!("kubectl appaccess plan -n {other} --app planner")).await.stdout;
    assert!(there.starts_with(&format!("{other}/planner ")), "{there}");

    let approved = person.types("kubectl appaccess approve planner --yes").await;
    assert_eq!(approved.code, 0, "{approved:?}");
    let decisions = person.types("kubectl get accessapprovals --output=name").await.stdout;
    assert_eq!(decisions.lines().count(), 1, "{decisions}");
    let nothing = person.types("kubectl appaccess approve nobody --yes").await;
    assert!(nothing.code == 1 && nothing.stderr.contains("`kubectl appaccess plan"), "{nothing:?}");

    let context = person.types("kubectl appaccess plan --context nowhere").await;
    assert_eq!(context.code, 64, "{context:?}");
    let files = person.types("kubectl appaccess validate -f config").await;
    assert!(files.code != 3 && !files.stderr.contains("cluster"), "files are files: {files:?}");
}

#[tokio::test]
async fn help_and_usage_speak_as_kubectl_does_and_words_are_completed() {
    let cluster = Cluster::shared().await;
    let person = Person::new(cluster, "default");
    let help = person.types("kubectl appaccess plan --help").await;
    assert_eq!(help.code, 0, "{help:?}");
    assert!(help.stdout.contains("Usage: kubectl appaccess plan "), "{}", help.stdout);
    assert!(help.stdout.contains("  kubectl appaccess plan -f access/"), "{}", help.stdout);
    assert!(!help.stdout.contains("\n  appaccess "), "{}", help.stdout);
    let wrong = person.types("kubectl appaccess apply --no-such-flag").await;
    assert!(wrong.code == 64 && wrong.stderr.contains("Usage: kubectl appaccess apply"), "{wrong:?}");

    let completed = person.types("kubectl __complete appaccess appr").await;
    assert!(completed.stdout.starts_with("approve\tLet held changes pass"), "{completed:?}");
    let flags = person.types("kubectl __complete appaccess plan --all-n").await;
    assert!(flags.stdout.starts_with("--all-namespaces"), "{flags:?}");
}
