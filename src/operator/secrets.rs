//! Credentials, read by name on each pass and only from the namespace of the object that names them. Never listed, never
//! watched, never shown.

use std::{sync::Arc, time::Duration};

use appaccess_core::status::Failure;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use secrecy::SecretString;

use super::deadline::{CallError, within};
use crate::{connector::Keys, sync::Credentials};

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
