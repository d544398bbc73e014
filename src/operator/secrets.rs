//! Credentials and rosters, read by name on each pass and only from the namespace of the object that names them. Never
//! listed, never watched; a credential is never shown.

use std::{sync::Arc, time::Duration};

use appaccess_core::{access::ObjectName, status::Failure};
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use secrecy::SecretString;

use super::deadline::{CallError, within};
use crate::{
    api::connector::Roster,
    connector::Keys,
    load::{
        Loaded,
        roster::{RosterError, of_config_map},
    },
    sync::Credentials,
};

/// How long one reading may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads Secrets of the cluster.
pub(super) struct ClusterSecrets {
    client: Client,
}

impl ClusterSecrets {
    pub(super) fn new(client: Client) -> Arc<Self> {
        Arc::new(Self { client })
    }
}

impl Credentials for ClusterSecrets {
    fn read<'a>(&'a self, namespace: &'a str, secret: &'a str) -> BoxFuture<'a, Result<Keys, Failure>> {
        Box::pin(async move {
            let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
            match within(PATIENCE, api.get_opt(secret)).await {
                Ok(Some(found)) => keys(namespace, secret, found),
                Ok(None) => Err(missing(namespace, secret)),
                Err(error) => Err(unreadable(namespace, secret, &error)),
            }
        })
    }

    fn roster<'a>(
        &'a self,
        _: &'a Loaded,
        app: &'a ObjectName,
        roster: &'a Roster,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            let reference = match roster {
                Roster::ConfigMapRef(reference) => reference,
                Roster::File(path) => return Err(file_in_cluster(path)),
            };
            let name = ObjectName::new(&app.namespace, &reference.name);
            let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), &app.namespace);
            match within(PATIENCE, api.get_opt(&reference.name)).await {
                Ok(Some(found)) => Ok(of_config_map(&name, reference, &found.data.unwrap_or_default())?),
                Ok(None) => Err(RosterError::Missing { what: format!("ConfigMap {name}") }.into()),
                Err(error) => Err(unreadable_roster(&name, &error)),
            }
        })
    }
}

/// A file stands beside YAML files, and there are none in a cluster.
fn file_in_cluster(path: &str) -> Failure {
    let what = format!("the roster is the file {path}, and in a cluster there is no file beside the object");
    let remedy = "put it into a ConfigMap of the same namespace and name that by `roster.configMapRef`";
    Failure { remedy: remedy.into(), ..RosterError::Place { what }.into() }
}

fn unreadable_roster(name: &ObjectName, error: &CallError) -> Failure {
    let remedy = if error.is_forbidden() {
        "let the operator `get` ConfigMaps in this namespace"
    } else {
        "nothing, if the API server answers again; it is tried again"
    };
    Failure {
        reason: "RosterUnreadable".into(),
        message: format!("ConfigMap {name} could not be read: {error}"),
        remedy: remedy.into(),
    }
}

/// The values, each as a secret from here on.
fn keys(namespace: &str, name: &str, secret: Secret) -> Result<Keys, Failure> {
    let mut keys = Keys::new();
    for (key, value) in secret.data.unwrap_or_default() {
        let Ok(text) = String::from_utf8(value.0) else {
            return Err(Failure {
                reason: "SecretInvalid".into(),
                message: format!("key `{key}` of Secret {namespace}/{name} is not text"),
                remedy: "put the credential there as text".into(),
            });
        };
        // One newline at the end is the editor's, not the credential's.
        let text = text.strip_suffix('\n').unwrap_or(&text);
        keys.insert(key, SecretString::from(text.strip_suffix('\r').unwrap_or(text)));
    }
    Ok(keys)
}

fn missing(namespace: &str, name: &str) -> Failure {
    Failure {
        reason: "SecretMissing".into(),
        message: format!("there is no Secret {namespace}/{name}"),
        remedy: "create it in the namespace of the TargetApp".into(),
    }
}

fn unreadable(namespace: &str, name: &str, error: &CallError) -> Failure {
    let remedy = if error.is_forbidden() {
        "let the operator `get` Secrets in this namespace"
    } else {
        "nothing, if the API server answers again; it is tried again"
    };
    Failure {
        reason: "SecretUnreadable".into(),
        message: format!("Secret {namespace}/{name} could not be read: {error}"),
        remedy: remedy.into(),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use secrecy::ExposeSecret;

    use super::*;

    fn secret(value: &[u8]) -> Secret {
        Secret { data: Some([("token".to_owned(), ByteString(value.to_vec()))].into()), ..Secret::default() }
    }

    #[test]
    fn a_newline_at_the_end_is_not_part_of_a_credential() {
        for written in ["t0ken", "t0ken\n", "t0ken\r\n"] {
            let keys = keys("red", "boards", secret(written.as_bytes())).unwrap();
            assert_eq!(keys["token"].expose_secret(), "t0ken");
        }
    }

    #[test]
    fn what_is_not_text_is_named_by_its_key_and_not_shown() {
        let failure = keys("red", "boards", secret(b"\xff\xfet0ken")).unwrap_err();
        assert!(failure.message.contains("`token`") && !failure.message.contains("t0ken"), "{}", failure.message);
    }
}
