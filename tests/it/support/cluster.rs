//! A real Kubernetes control plane: etcd and kube-apiserver, nothing mocked and nothing else. There is no controller
//! manager: namespaces are not emptied, owner references collect nothing, Deployments make no pods.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::sync::OnceCell;

use super::audit::{self, ApiRequest};
use super::process::{Process, free_port};
use super::wait::eventually;
use super::{install_tls_provider, tools};

/// The token of the cluster's administrator, a member of `system:masters`.
const ADMINISTRATOR: &str = "the-token-of-the-administrator";

/// A port may be taken between its choice and its use.
const STARTS: usize = 3;

static SHARED: OnceCell<Cluster> = OnceCell::const_new();

/// A control plane on the loopback address. It is stopped when this value is dropped, the shared one with the test binary.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    etcd_port: u16,
    namespaces: AtomicUsize,
    api_server: Option<Process>,
    etcd: Process,
}

/// Somebody who talks to the API server under a name of their own, so that their requests can be told from others'.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The name that the API server knows them by.
    pub(crate) user: String,
    /// Connects as them.
    pub(crate) kubeconfig: PathBuf,
    /// Their bearer token, good for an hour.
    pub(crate) token: String,
}

/// How a run of `kubectl` ended.
#[derive(Debug)]
pub(crate) struct Kubectl {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Kubectl {
    /// What it printed.
    ///
    /// # Panics
    /// When it failed.
    pub(crate) fn ok(self) -> String {
        assert!(self.succeeded, "kubectl failed: {}", self.stderr);
        self.stdout
    }
}

impl Cluster {
    /// The one that all tests share, each in a namespace of its own. Started by the first test that asks.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    /// One of its own, for a test that stops the API server or changes what is not in a namespace.
    pub(crate) async fn start() -> Self {
        install_tls_provider();
        let programs = tools::control_plane();
        let mut reason = String::new();
        for _ in 0..STARTS {
            let folder = TempDir::new().expect("a scratch folder can be made").keep();
            write_configuration(&folder);
            let (etcd_port, etcd) = start_etcd(&programs, &folder);
            let namespaces = AtomicUsize::new(0);
            let programs = programs.clone();
            let mut cluster =
                Self { programs, folder, port: free_port(), etcd_port, namespaces, api_server: None, etcd };
            match cluster.try_start_api_server().await {
                Ok(()) => return cluster,
                Err(last_words) => reason = last_words,
            }
        }
        panic!("the control plane did not start: {reason}");
    }

    /// Ends the API server in the middle of whatever it does. What etcd holds stays.
    pub(crate) fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    /// Starts the API server on what etcd holds, at the same address and with the same certificate.
    pub(crate) async fn start_api_server(&mut self) {
        if let Err(last_words) = self.try_start_api_server().await {
            panic!("the API server did not start: {last_words}");
        }
    }

    async fn try_start_api_server(&mut self) -> Result<(), String> {
        let process = Process::start(&self.api_server_command(), &self.folder.join("kube-apiserver.log"), None);
        let mut api_server = process;
        let certificate = self.folder.join("certs/apiserver.crt");
        let outcome = eventually("the API server is ready", async || {
            if let Some(last_words) = api_server.last_words().or_else(|| self.etcd.last_words()) {
                return Some(Err(last_words));
            }
            if !certificate.exists() {
                return None;
            }
            if !self.kubeconfig().exists() {
                self.write_kubeconfig("administrator", ADMINISTRATOR);
            }
            let ready = http::Request::get("/readyz").body(Vec::new()).expect("a request without a body");
            (self.client().await.request_text(ready).await.ok()? == "ok").then_some(Ok(()))
        })
        .await;
        self.api_server = Some(api_server);
        outcome
    }

    fn api_server_command(&self) -> Command {
        let mut command = Command::new(self.programs.join("kube-apiserver"));
        command
            .arg(format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port))
            .args(["--bind-address=127.0.0.1", &format!("--secure-port={}", self.port)])
            .arg(option("--cert-dir=", self.folder.join("certs")))
            .arg(option("--service-account-key-file=", self.folder.join("service-account.pub")))
            .arg(option("--service-account-signing-key-file=", self.folder.join("service-account.key")))
            .arg(format!("--service-account-issuer=https://127.0.0.1:{}/", self.port))
            .arg(option("--token-auth-file=", self.folder.join("tokens.csv")))
            .arg(option("--audit-policy-file=", self.folder.join("audit-policy.json")))
            .arg(option("--audit-log-path=", self.audit_log()))
            .args(["--audit-log-mode=blocking", "--audit-log-maxsize=4096"])
            .args(["--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24"])
            .arg("--disable-admission-plugins=ServiceAccount");
        command
    }

    fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// Connects as the administrator.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("administrator.kubeconfig")
    }

    fn write_kubeconfig(&self, name: &str, token: &str) -> PathBuf {
        let file = self.folder.join(format!("{name}.kubeconfig"));
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://127.0.0.1:{}", self.port),
                "certificate-authority": self.folder.join("certs/apiserver.crt"),
            }}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        });
        fs::write(&file, kubeconfig.to_string()).expect("the scratch folder takes a file");
        file
    }

    /// A client of the administrator's, for this test alone: a client belongs to the runtime that made it.
    pub(crate) async fn client(&self) -> Client {
        client(&self.kubeconfig()).await
    }

    /// Runs `kubectl` as the administrator, with `input` on its standard input.
    pub(crate) async fn kubectl<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &str,
    ) -> Kubectl {
        let mut child = tokio::process::Command::new(self.programs.join("kubectl"))
            .arg(option("--kubeconfig=", self.kubeconfig()))
            .arg(option("--cache-dir=", self.folder.join("kubectl-cache")))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("kubectl can be started");
        let mut stdin = child.stdin.take().expect("its standard input is a pipe");
        // A kubectl that reads nothing closes the pipe; what it thinks of that is in its output.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = child.wait_with_output().await.expect("kubectl ends");
        Kubectl {
            succeeded: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Applies manifests with strict field validation, as a careful person would.
    pub(crate) async fn apply(&self, manifests: &str) -> Kubectl {
        self.kubectl(["apply", "--validate=strict", "--filename=-"], manifests).await
    }

    /// Applies the custom resource definitions of a file or folder, and waits until they are served.
    pub(crate) async fn install_definitions(&self, manifests: &Path) {
        let file = option("--filename=", manifests);
        self.kubectl([OsStr::new("apply"), OsStr::new("--server-side"), &file], "").await.ok();
        let established = ["wait", "--for=condition=Established", "--timeout=60s"].map(OsStr::new);
        self.kubectl(established.into_iter().chain([file.as_os_str()]), "").await.ok();
    }

    /// Makes a new namespace whose name begins with `hint`.
    pub(crate) async fn namespace(&self, hint: &str) -> String {
        let name = format!("{hint}-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        self.kubectl(["create", "namespace", &name], "").await.ok();
        name
    }

    /// Makes a `ServiceAccount` and a token for it, by the API that a pod's token comes from. It has no rights yet.
    pub(crate) async fn account(&self, namespace: &str, name: &str) -> Account {
        self.kubectl(["create", "serviceaccount", name, "--namespace", namespace], "").await.ok();
        self.sign_in(namespace, name).await
    }

    /// A token for a `ServiceAccount` that is there.
    pub(crate) async fn sign_in(&self, namespace: &str, name: &str) -> Account {
        let token = self.kubectl(["create", "token", name, "--namespace", namespace], "").await.ok().trim().to_owned();
        let kubeconfig = self.write_kubeconfig(&format!("{namespace}.{name}"), &token);
        Account { user: format!("system:serviceaccount:{namespace}:{name}"), kubeconfig, token }
    }

    /// An account with all rights, everywhere.
    pub(crate) async fn almighty_account(&self, namespace: &str, name: &str) -> Account {
        let account = self.account(namespace, name).await;
        let user = format!("--user={}", account.user);
        let binding = format!("{namespace}-{name}");
        self.kubectl(["create", "clusterrolebinding", &binding, "--clusterrole=cluster-admin", &user], "").await.ok();
        account
    }

    /// All requests of `user` that ever reached this API server. One whose answer was read is among them.
    pub(crate) fn requests(&self, user: &str) -> Vec<ApiRequest> {
        audit::requests(&self.audit_log(), user)
    }

    /// Those of them that may have changed something.
    pub(crate) fn writes(&self, user: &str) -> Vec<ApiRequest> {
        self.requests(user).into_iter().filter(ApiRequest::writes).collect()
    }
}

/// A client for whom a kubeconfig file names, for this test alone.
pub(crate) async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("the kubeconfig of the tests is readable");
    let configuration = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    Client::try_from(configuration.expect("the kubeconfig of the tests is complete")).expect("a client can be built")
}

/// `--name=value` for a value that is a path.
fn option(name: &str, value: impl AsRef<Path>) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    option.push(value.as_ref());
    option
}

fn start_etcd(programs: &Path, folder: &Path) -> (u16, Process) {
    let port = free_port();
    let clients = format!("http://127.0.0.1:{port}");
    let peers = format!("http://127.0.0.1:{}", free_port());
    let mut command = Command::new(programs.join("etcd"));
    command
        .arg(option("--data-dir=", folder.join("etcd")))
        .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("default={peers}"), "--unsafe-no-fsync", "--log-level", "error"]);
    (port, Process::start(&command, &folder.join("etcd.log"), Some(folder)))
}

fn write_configuration(folder: &Path) {
    let (private_key, public_key) = service_account_keys();
    let tokens = format!("{ADMINISTRATOR},administrator,administrator-uid,\"system:masters\"\n");
    for (name, content) in [
        ("service-account.key", private_key),
        ("service-account.pub", public_key),
        ("tokens.csv", tokens),
        ("audit-policy.json", audit::policy()),
    ] {
        fs::write(folder.join(name), content).expect("the scratch folder takes a file");
    }
}

/// A fresh key pair that signs the tokens of service accounts: the private and the public half, as PEM.
fn service_account_keys() -> (String, String) {
    /// What stands before the 65 bytes of a P-256 point in a `SubjectPublicKeyInfo` (RFC 5480 section 2).
    const P256_HEADER: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let private_key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key pair can be generated");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private_key.as_ref(), &random).expect("it is one of this algorithm");
    let public_key = [&P256_HEADER, pair.public_key().as_ref()].concat();
    let encode = |label, content: &[u8]| pem::encode(&pem::Pem::new(label, content));
    (encode("PRIVATE KEY", private_key.as_ref()), encode("PUBLIC KEY", &public_key))
}
