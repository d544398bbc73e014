//! The chart: well formed, strict about its values, with a pod that may do nothing but its work, installed, upgraded and
//! taken away on a real API server.

mod deployed;
mod life;
mod values;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::support::{
    chart::{IMAGE, RELEASE, chart, documents, of_kind, rights, run, template},
    cluster::Cluster,
};

/// Typical set-ups, and one that turns at everything else.
const SETUPS: [&[&str]; 5] = [
    &[],
    &["--values=examples/install/helm/small.yaml"],
    &["--values=examples/install/helm/platform.yaml"],
    POSTGRES,
    &[
        "--set=store.type=postgres,store.postgres.secretName=database,store.postgres.replicas=3,peopleRoles.create=false",
        "--set=metrics.service.port=9090,resources.limits.memory=1Gi,serviceAccount.annotations.team=access",
        "--set=admission.approvals.trustedUsers={gitops},crds.annotations.kept=by-somebody,podLabels.team=access",
        "--set=image.digest=sha256:0f343b0931126a20f133d67c2b018a3b1f5e0a52c6a3c7d5e5a9b2a1d4c3e2f1",
        "--set-json=operator.extraEnvironment=[{\"name\":\"SSL_CERT_FILE\",\"value\":\"/authority/ca.crt\"}]",
        "--set=operator.listenAddress=::,serviceAccount.create=false,serviceAccount.name=there",
        "--set=credentials.ownNamespace=false,credentials.secretNames={planner-token}",
        "--set=admission.approvals.requireDecidedBy=true,networkPolicy.enabled=true,networkPolicy.dnsPorts={5353}",
        "--set-json=networkPolicy.extraEgress=[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]}]",
    ],
];

const POSTGRES: &[&str] = &["--values=examples/install/helm/postgres.yaml"];

fn rendered(arguments: &[&str]) -> Vec<Value> {
    documents(&template("access", arguments).ok())
}

/// What runs the pods of a rendered chart.
fn workload(documents: &[Value]) -> &Value {
    let found: Vec<&Value> = ["StatefulSet", "Deployment"].iter().flat_map(|kind| of_kind(documents, kind)).collect();
    let [one] = found.as_slice() else { panic!("one workload, not {}", found.len()) };
    one
}

#[test]
fn the_chart_lints_in_every_set_up() {
    for setup in SETUPS {
        let chart = chart();
        let fixed = ["lint", "--strict", chart.to_str().unwrap(), IMAGE];
        run(None, fixed.iter().chain(setup)).ok();
    }
}

#[test]
fn the_pod_may_do_nothing_but_its_work_in_every_set_up() {
    for setup in SETUPS {
        let all = rendered(setup);
        let pod = &workload(&all)["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["enableServiceLinks"], false);
        let [container] = pod["containers"].as_array().unwrap().as_slice() else { panic!("one container") };
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        assert!(container["resources"]["limits"]["memory"].is_string());
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            assert_eq!(container[probe]["httpGet"]["port"], "metrics", "{probe}");
        }
    }
}

#[test]
fn the_store_is_a_volume_of_one_pod_or_a_database_that_two_pods_share() {
    let state = |workload: &Value| workload["spec"]["template"]["spec"]["containers"][0]["env"][0].clone();
    let volume = rendered(&[]);
    let volume = workload(&volume);
    assert_eq!((&volume["kind"], &volume["spec"]["replicas"]), (&"StatefulSet".into(), &1.into()));
    assert_eq!(state(volume)["value"], "/var/lib/appaccess/state.db");
    assert_eq!(volume["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"], "1Gi");
    assert_eq!(volume["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"], "Retain");

    let postgres = rendered(POSTGRES);
    let postgres = workload(&postgres);
    assert_eq!((&postgres["kind"], &postgres["spec"]["replicas"]), (&"Deployment".into(), &2.into()));
    let (secret, url) = (&state(postgres)["valueFrom"]["secretKeyRef"], state(postgres)["name"].clone());
    assert_eq!(
        (url, &secret["name"], &secret["key"]),
        ("APPACCESS_STATE".into(), &"appaccess-database".into(), &"url".into())
    );
    // The URL is a credential: it stands in no argument.
    assert!(!postgres["spec"]["template"]["spec"]["containers"][0]["args"].to_string().contains("state"));
    let volumes = postgres["spec"]["template"]["spec"]["volumes"].as_array().unwrap();
    assert_eq!(volumes.len(), 1, "nothing but scratch space");
}

#[test]
fn the_pod_starts_the_operator_with_arguments_that_it_takes() {
    let program = env!("CARGO_BIN_EXE_appaccess");
    for setup in SETUPS {
        let all = rendered(setup);
        let container = &workload(&all)["spec"]["template"]["spec"]["containers"][0];
        let arguments = container["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap());
        let output = std::process::Command::new(program).args(arguments).arg("--help").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let help = String::from_utf8_lossy(&output.stdout);
        let variables = container["env"].as_array().unwrap().iter().map(|variable| variable["name"].as_str().unwrap());
        for name in variables.filter(|name| name.starts_with("APPACCESS_")) {
            assert!(help.contains(name), "`appaccess operator` reads no {name}");
        }
    }
}

#[test]
fn switches_add_what_they_name_and_nothing_else() {
    const SWITCHED: [(&str, &str); 3] = [
        ("networkPolicy.enabled=true", "NetworkPolicy"),
        ("podDisruptionBudget.enabled=true", "PodDisruptionBudget"),
        ("metrics.serviceMonitor.enabled=true", "ServiceMonitor"),
    ];
    let plain = rendered(&[]).len();
    for (switch, kind) in SWITCHED {
        let all = rendered(&["--set", switch]);
        assert_eq!((of_kind(&all, kind).len(), all.len()), (1, plain + 1), "{kind}");
    }
    for (switch, kinds) in [
        ("crds.install=false", "CustomResourceDefinition"),
        ("peopleRoles.create=false", "-approver"),
        ("serviceAccount.create=false,serviceAccount.name=there", "kind: ServiceAccount\nmetadata:"),
        ("admission.approvals.enabled=false", "ValidatingAdmissionPolicy"),
        ("metrics.service.enabled=false", "kind: Service\n"),
    ] {
        assert!(template("access", &["--set", "operator.concurrency=8"]).ok().contains(kinds), "{kinds}");
        assert!(!template("access", &["--set", switch]).ok().contains(kinds), "{kinds} is there without {switch}");
    }
    let all = rendered(&["--set", "credentials.namespaces={sales,access,hr}"]);
    let bindings = of_kind(&all, "RoleBinding");
    let namespaces: Vec<&str> = bindings.iter().filter_map(|one| one["metadata"]["namespace"].as_str()).collect();
    assert_eq!(namespaces, ["access", "sales", "hr"]);
}

#[test]
fn the_network_is_open_to_names_the_api_server_and_the_apps_and_to_what_is_added() {
    let all = rendered(SETUPS[4]);
    let policy = of_kind(&all, "NetworkPolicy")[0];
    let [ports, added] = policy["spec"]["egress"].as_array().unwrap().as_slice() else { panic!("two rules") };
    let open = ports["ports"].as_array().unwrap().iter();
    let open: Vec<String> =
        open.map(|port| format!("{} {}", port["protocol"].as_str().unwrap(), port["port"])).collect();
    assert_eq!(open, ["UDP 5353", "TCP 5353", "TCP 443", "TCP 6443", "TCP 5432"]);
    assert_eq!(added["to"][0]["ipBlock"]["cidr"], "10.0.0.0/8");
    assert!(ports.get("to").is_none(), "wherever the apps are");
    let chart = chart();
    let switches = "--set=networkPolicy.enabled=true,metrics.serviceMonitor.enabled=true";
    let notes = run(None, ["install", RELEASE, chart.to_str().unwrap(), IMAGE, "--dry-run=client", switches]).ok();
    assert!(notes.contains("WARNING: the network policy lets nobody in"), "{notes}");
}

/// The shared cluster with the chart in it, but for the definitions (which are there) and the policy, which would be in
/// the way of other tests.
struct Installed {
    cluster: &'static Cluster,
    namespace: String,
}

static INSTALLED: OnceCell<Installed> = OnceCell::const_new();

impl Installed {
    async fn shared() -> &'static Self {
        INSTALLED
            .get_or_init(async || {
                let cluster = Cluster::shared().await;
                crate::definitions::install(cluster).await;
                let namespace = cluster.namespace("chart").await;
                let without = "--set=crds.install=false,admission.approvals.enabled=false";
                cluster.apply(&template(&namespace, &[without]).ok()).await.ok();
                Self { cluster, namespace }
            })
            .await
    }

    /// Whether `--as` that user may do `what` (a verb and a resource) in a namespace.
    async fn may(&self, user: &str, what: &str, namespace: &str) -> bool {
        let account = format!("--as={user}");
        let mut arguments = vec!["auth", "can-i", "--namespace", namespace, &account];
        arguments.extend(what.split(' '));
        self.cluster.kubectl(arguments, "").await.stdout.trim() == "yes"
    }
}

#[tokio::test]
async fn viewers_requesters_owners_and_approvers_may_do_what_their_names_say() {
    const EVERYBODY: [&str; 3] = ["list targetapps", "get accessplans", "watch accessapprovals"];
    const ROLES: [(&str, &[&str], &[&str]); 4] = [
        ("viewer", &[], &["create appaccesses", "patch targetapps", "create accessapprovals", "get secrets"]),
        (
            "requester",
            &["create appaccesses", "delete appaccesses", "patch teams"],
            &["create accessapprovals", "create targetapps", "update directories", "patch accessplans", "get secrets"],
        ),
        (
            "owner",
            &["create targetapps", "patch directories", "delete targetapps"],
            &["create accessapprovals", "create appaccesses", "get secrets"],
        ),
        (
            "approver",
            &["create accessapprovals"],
            &["update accessapprovals", "delete accessapprovals", "create appaccesses", "patch targetapps"],
        ),
    ];
    let installed = Installed::shared().await;
    let namespace = &installed.namespace;
    for (role, can, cannot) in ROLES {
        let binding = ["create", "rolebinding", role, "--namespace", namespace];
        let what = [format!("--clusterrole={RELEASE}-{role}"), format!("--user={role}")];
        installed.cluster.kubectl(binding.into_iter().chain(what.iter().map(String::as_str)), "").await.ok();
        for what in EVERYBODY.iter().chain(can) {
            assert!(installed.may(role, what, namespace).await, "a {role} may not {what}");
        }
        for what in cannot {
            assert!(!installed.may(role, what, namespace).await, "a {role} may {what}");
        }
        for what in ["patch targetapps --subresource=status", "list appaccesses --all-namespaces"] {
            assert!(!installed.may(role, what, namespace).await, "a {role} may {what}");
        }
    }
    let labels = "--output=jsonpath={.metadata.labels}";
    for (role, _, _) in ROLES {
        let name = format!("{RELEASE}-{role}");
        let labels = installed.cluster.kubectl(["get", "clusterrole", &name, labels], "").await.ok();
        let gathered =
            ["view", "edit", "admin"].map(|into| labels.contains(&format!("aggregate-to-{into}\":\"true\"")));
        let expected = match role {
            "viewer" => [true, true, true],
            "requester" => [false, true, true],
            "owner" => [false, false, true],
            _ => [false, false, false],
        };
        assert_eq!(gathered, expected, "{role}: {labels}");
    }
}

#[tokio::test]
async fn the_rights_of_its_account_end_where_its_work_ends() {
    let installed = Installed::shared().await;
    let namespace = &installed.namespace;
    let other = installed.cluster.namespace("other").await;
    let account = format!("system:serviceaccount:{namespace}:{RELEASE}");
    for what in ["get secrets/any", "get configmaps/any", "patch targetapps --subresource=status"] {
        assert!(installed.may(&account, what, namespace).await, "{what}");
    }
    for (what, place) in [
        ("get secrets/any", other.as_str()),
        ("get configmaps/any", &other),
        ("list secrets", namespace),
        ("watch secrets", namespace),
        ("update secrets/any", namespace),
        ("update targetapps", namespace),
        ("get appaccesses", namespace),
        ("patch appaccesses", namespace),
        ("delete appaccesses", namespace),
        ("create accessapprovals", namespace),
        ("list pods", namespace),
        ("create pods", namespace),
        ("get customresourcedefinitions/crontabs.example.com", namespace),
        ("patch customresourcedefinitions/teams.appaccess.dev", namespace),
        ("impersonate users", namespace),
        ("bind clusterroles", namespace),
        ("escalate clusterroles", namespace),
        ("create serviceaccounts/token", namespace),
    ] {
        assert!(!installed.may(&account, what, place).await, "{what} in {place}");
    }
}

#[tokio::test]
async fn its_account_reads_the_secrets_that_are_named_where_they_are_and_may_be_one_that_is_there() {
    let installed = Installed::shared().await;
    let own = installed.cluster.namespace("own").await;
    let apps = installed.cluster.namespace("apps").await;
    let namespaces = format!("--set=credentials.namespaces={{{apps}}},credentials.secretNames={{planner-token}}");
    let narrow = [
        "--show-only=templates/rbac.yaml",
        &namespaces,
        "--set=fullnameOverride=narrow,credentials.ownNamespace=false,serviceAccount.create=false,serviceAccount.name=there",
    ];
    installed.cluster.kubectl(["create", "serviceaccount", "there", "--namespace", &own], "").await.ok();
    installed.cluster.apply(&template(&own, &narrow).ok()).await.ok();
    let account = format!("system:serviceaccount:{own}:there");
    for (what, place, may) in [
        ("get secrets/planner-token", &apps, true),
        ("get secrets/database", &apps, false),
        ("get configmaps/any", &apps, true),
        ("get secrets/planner-token", &own, false),
        ("get configmaps/any", &own, false),
        ("list targetapps", &own, true),
    ] {
        assert_eq!(installed.may(&account, what, place).await, may, "{what} in {place}");
    }
}

/// What helm says after an install.
fn show_notes(notes: &str) {
    insta::assert_snapshot!("chart_notes", notes);
}

#[test]
fn a_wider_right_is_seen_in_review() {
    insta::assert_snapshot!("chart_rights", rights("access"));
}

#[tokio::test]
async fn its_pods_are_let_into_a_restricted_namespace_and_lesser_ones_are_not() {
    let installed = Installed::shared().await;
    let namespace = installed.cluster.namespace("restricted").await;
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    installed.cluster.kubectl(["label", "namespace", &namespace, enforce], "").await.ok();
    let create = async |pod: &Value| {
        let arguments = ["create", "--dry-run=server", "--namespace", &namespace, "--filename=-"];
        installed.cluster.kubectl(arguments, &pod.to_string()).await
    };
    for setup in SETUPS {
        let all = rendered(setup);
        let mut pod = workload(&all)["spec"]["template"].clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = RELEASE.into();
        // A StatefulSet mounts the claim that it makes.
        for claim in workload(&all)["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
            let name = claim["metadata"]["name"].clone();
            let volume = serde_json::json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
            pod["spec"]["volumes"].as_array_mut().unwrap().push(volume);
        }
        create(&pod).await.ok();

        let mut lesser = pod.clone();
        lesser["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into();
        let refused = create(&lesser).await;
        assert!(!refused.succeeded && refused.stderr.contains("violates PodSecurity"), "{}", refused.stderr);
    }
}

#[tokio::test]
async fn a_real_api_server_takes_every_set_up() {
    let installed = Installed::shared().await;
    for namespace in ["access", "it-access", "finance-access"] {
        installed.cluster.kubectl(["create", "namespace", namespace], "").await;
    }
    for setup in SETUPS {
        // The kind of the Prometheus operator is not served here.
        let (others, monitors): (Vec<Value>, Vec<Value>) =
            rendered(setup).into_iter().partition(|document| document["kind"] != "ServiceMonitor");
        assert!(monitors.len() <= 1);
        let manifests = others.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n");
        let arguments = ["apply", "--dry-run=server", "--validate=strict", "--filename=-"];
        installed.cluster.kubectl(arguments, &manifests).await.ok();
    }
}
