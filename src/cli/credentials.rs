//! Credentials from files, documents and the environment, for the connectors. No value leaves this module but inside a
//! type that cannot be printed.

use appaccess_core::{access::ObjectName, status::Failure};
use futures::future::BoxFuture;

use super::flags::ReachFlags;
use crate::{
    connector::Keys,
    load::{
        Loaded,
        secrets::{SecretError, SecretSource, variable},
    },
    sync::Credentials,
};

/// Credentials without a cluster.
pub(super) struct FileCredentials {
    source: SecretSource,
}

impl FileCredentials {
    /// Takes the Secrets out of what was loaded.
    pub(super) fn new(flags: &ReachFlags, loaded: &mut Loaded) -> Self {
        let named = loaded.target_apps.iter().filter_map(|(name, app)| {
            let credentials = app.object.spec.credentials.as_ref()?;
            Some(ObjectName::new(&name.namespace, &credentials.secret_ref.name))
        });
        let named: Vec<ObjectName> = named.collect();
        let documents = std::mem::take(&mut loaded.secrets);
        // A variable that is no text cannot hold a credential of ours.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { source: SecretSource::new(flags.secrets.clone(), documents, environment, named) }
    }

    fn keys(&self, namespace: &str, secret: &str) -> Result<Keys, Failure> {
        self.source.read_all(namespace, secret).map_err(|error| failure(namespace, secret, &error))
    }
}

impl Credentials for FileCredentials {
    fn read<'a>(&'a self, namespace: &'a str, secret: &'a str) -> BoxFuture<'a, Result<Keys, Failure>> {
        Box::pin(async move { self.keys(namespace, secret) })
    }
}

fn failure(namespace: &str, secret: &str, error: &SecretError) -> Failure {
    let name = ObjectName::new(namespace, secret);
    let remedy = match error {
        SecretError::Missing(_) => format!(
            "put its keys as files below --secrets, add a Secret to the files, or set {}",
            variable(&name, "token")
        ),
        SecretError::KeyMissing { key, .. } => format!("add the key {key} to the Secret"),
        SecretError::TooLarge { .. } | SecretError::NotText { .. } | SecretError::Empty { .. } => {
            "put the credential itself into the key, as text".to_owned()
        }
        SecretError::Unreadable { .. } => "make the file readable for this user".to_owned(),
        SecretError::Collision { .. } => "give the Secrets as files below --secrets".to_owned(),
        SecretError::InvalidName { .. } => "correct `credentials.secretRef` of the TargetApp".to_owned(),
    };
    let message = match error {
        SecretError::Missing(name) => format!("the Secret {name} is not there, so that nothing was sent to the app"),
        other => other.to_string(),
    };
    Failure { reason: error.reason().to_owned(), message, remedy }
}
