//! Credentials without a cluster: files, Secret documents, environment. A value never reaches a message or a log.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::{self, File},
    io::{self, Read},
    path::PathBuf,
};

use k8s_openapi::ByteString;
use secrecy::SecretString;

use super::{
    ObjectName,
    validate::{is_label, is_subdomain},
};

/// A credential's value: no `Display`, no serialisation, wiped when dropped.
pub type SecretValue = SecretString;

/// Largest value, in bytes.
pub const LARGEST_VALUE: usize = 64 * 1024;

/// What begins every environment variable that holds a credential.
pub const ENVIRONMENT_PREFIX: &str = "APPACCESS_SECRET_";

/// Keys that connectors and directories ask for.
const KEYS: [&str; 9] =
    ["token", "username", "password", "email", "clientId", "clientSecret", "privateKey", "serviceAccount", "host"];

/// Most keys of one Secret.
const MOST_KEYS: usize = 64;

/// Why a credential cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no such Secret.
    #[error("there is no Secret {0}: add it below --secrets, among the files, or as environment variable {variable}", variable = variable(.0, "token"))]
    Missing(ObjectName),
    /// The Secret has no such key.
    #[error("the Secret {secret} has no key {key}")]
    KeyMissing {
        /// The Secret.
        secret: ObjectName,
        /// The key that it lacks.
        key: String,
    },
    /// The value is larger than 64 KiB.
    #[error("key {key} of the Secret {secret} is larger than 64 KiB")]
    TooLarge {
        /// The Secret.
        secret: ObjectName,
        /// The key.
        key: String,
    },
    /// The value is not UTF-8.
    #[error("key {key} of the Secret {secret} is not UTF-8 text")]
    NotText {
        /// The Secret.
        secret: ObjectName,
        /// The key.
        key: String,
    },
    /// The value is empty.
    #[error("key {key} of the Secret {secret} is empty")]
    Empty {
        /// The Secret.
        secret: ObjectName,
        /// The key.
        key: String,
    },
    /// The file cannot be read.
    #[error("cannot read key {key} of the Secret {secret}")]
    Unreadable {
        /// The Secret.
        secret: ObjectName,
        /// The key.
        key: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another Secret would be read from the same environment variable.
    #[error("the environment variable {variable} could mean a key of {secret} or of {other}: use --secrets")]
    Collision {
        /// The variable.
        variable: String,
        /// The Secret that is asked for.
        secret: ObjectName,
        /// The other one.
        other: ObjectName,
    },
    /// Namespace, name or key cannot be those of a Secret.
    #[error("{secret} with key {key:?} is no name of a Secret")]
    InvalidName {
        /// The Secret.
        secret: ObjectName,
        /// The key.
        key: String,
    },
}

impl SecretError {
    /// The stable word for conditions and JSON.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing(_) => "SecretMissing",
            Self::KeyMissing { .. } => "KeyMissing",
            Self::TooLarge { .. } | Self::NotText { .. } | Self::Empty { .. } => "SecretInvalid",
            Self::Unreadable { .. } => "SecretUnreadable",
            Self::Collision { .. } => "SecretAmbiguous",
            Self::InvalidName { .. } => "SecretNameInvalid",
        }
    }
}

/// Secrets among the files.
#[derive(Default)]
pub struct SecretDocuments(BTreeMap<ObjectName, BTreeMap<String, Stored>>);

/// What a Secret document holds under a key; judged when it is asked for.
enum Stored {
    Value(SecretValue),
    NotText,
    TooLarge,
}

impl fmt::Debug for SecretDocuments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl SecretDocuments {
    /// Takes up a Secret; `stringData` wins over `data`, as in a cluster. False if it is there already.
    pub(crate) fn insert(
        &mut self,
        name: ObjectName,
        data: BTreeMap<String, ByteString>,
        string_data: BTreeMap<String, String>,
    ) -> bool {
        if self.0.contains_key(&name) {
            return false;
        }
        let decoded = data.into_iter().map(|(key, bytes)| (key, stored(bytes.0)));
        let written = string_data.into_iter().map(|(key, text)| (key, stored(text.into_bytes())));
        self.0.insert(name, decoded.chain(written).collect());
        true
    }

    /// Names of the Secrets.
    pub fn names(&self) -> impl Iterator<Item = &ObjectName> {
        self.0.keys()
    }
}

fn stored(bytes: Vec<u8>) -> Stored {
    if bytes.len() > LARGEST_VALUE {
        return Stored::TooLarge;
    }
    String::from_utf8(bytes).map_or(Stored::NotText, |text| Stored::Value(trimmed(&text)))
}

/// One trailing newline is the editor's, not the credential's.
fn trimmed(text: &str) -> SecretValue {
    let text = text.strip_suffix('\n').unwrap_or(text);
    SecretValue::from(text.strip_suffix('\r').unwrap_or(text))
}

/// Where the command line finds credentials: for each Secret the folder, else the documents, else the environment.
pub struct SecretSource {
    folder: Option<PathBuf>,
    documents: SecretDocuments,
    environment: BTreeMap<String, SecretValue>,
    declared: BTreeSet<ObjectName>,
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SecretSource").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl SecretSource {
    /// `folder` holds `<namespace>/<secret>/<key>`; of `environment` only what begins with [`ENVIRONMENT_PREFIX`] is kept;
    /// `declared` are all Secrets that objects name, so that a variable that could mean two of them is refused.
    pub fn new(
        folder: Option<PathBuf>,
        documents: SecretDocuments,
        environment: impl IntoIterator<Item = (String, String)>,
        declared: impl IntoIterator<Item = ObjectName>,
    ) -> Self {
        let environment = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX))
            .map(|(name, value)| (name, SecretValue::from(value)))
            .collect();
        Self { folder, documents, environment, declared: declared.into_iter().collect() }
    }

    /// The value of one key.
    ///
    /// # Errors
    /// Where there is no such Secret or key, or where its value is no credential; see [`SecretError`].
    pub fn read(&self, namespace: &str, name: &str, key: &str) -> Result<SecretValue, SecretError> {
        let secret = ObjectName::new(namespace, name);
        if !is_label(namespace) || !is_subdomain(name) || !is_key(key) {
            return Err(SecretError::InvalidName { secret, key: key.to_owned() });
        }
        let value = if let Some(folder) = self.folder_of(&secret) {
            read_file(&secret, key, &folder.join(key))?
        } else if let Some(keys) = self.documents.0.get(&secret) {
            from_document(&secret, key, keys)?
        } else {
            self.in_environment(&secret, key)?
        };
        if secrecy::ExposeSecret::expose_secret(&value).is_empty() {
            return Err(SecretError::Empty { secret, key: key.to_owned() });
        }
        Ok(value)
    }

    /// All keys with their values, for a Secret each value of which counts.
    ///
    /// # Errors
    /// As [`SecretSource::read`], for the first key that fails.
    pub fn read_all(&self, namespace: &str, name: &str) -> Result<BTreeMap<String, SecretValue>, SecretError> {
        let secret = ObjectName::new(namespace, name);
        let keys: Vec<String> = if let Some(folder) = self.folder_of(&secret) {
            keys_of_folder(&folder)
        } else if let Some(keys) = self.documents.0.get(&secret) {
            keys.keys().cloned().collect()
        } else {
            let prefix = variable(&secret, "");
            let names = self.environment.keys().filter_map(|name| name.strip_prefix(&prefix));
            names.map(str::to_ascii_lowercase).collect()
        };
        if keys.is_empty() {
            return Err(SecretError::Missing(secret));
        }
        keys.into_iter().take(MOST_KEYS).map(|key| Ok((key.clone(), self.read(namespace, name, &key)?))).collect()
    }

    fn folder_of(&self, secret: &ObjectName) -> Option<PathBuf> {
        if !is_label(&secret.namespace) || !is_subdomain(&secret.name) {
            return None;
        }
        let folder = self.folder.as_ref()?.join(&*secret.namespace).join(&*secret.name);
        folder.is_dir().then_some(folder)
    }

    fn in_environment(&self, secret: &ObjectName, key: &str) -> Result<SecretValue, SecretError> {
        let variable = variable(secret, key);
        let Some(value) = self.environment.get(&variable) else {
            let prefix = self::variable(secret, "");
            let has_others = self.environment.keys().any(|name| name.starts_with(&prefix));
            return Err(if has_others {
                SecretError::KeyMissing { secret: secret.clone(), key: key.to_owned() }
            } else {
                SecretError::Missing(secret.clone())
            });
        };
        let others = self.declared.iter().filter(|other| *other != secret);
        let mut meant =
            others.filter(|other| KEYS.iter().chain([&key]).any(|key| self::variable(other, key) == variable));
        if let Some(other) = meant.next() {
            return Err(SecretError::Collision { variable, secret: secret.clone(), other: other.clone() });
        }
        let text = secrecy::ExposeSecret::expose_secret(value);
        if text.len() > LARGEST_VALUE {
            return Err(SecretError::TooLarge { secret: secret.clone(), key: key.to_owned() });
        }
        Ok(trimmed(text))
    }
}

/// The environment variable for one key: upper case, `-` and `.` as `_`.
#[must_use]
pub fn variable(secret: &ObjectName, key: &str) -> String {
    let part = |text: &str| text.replace(['-', '.'], "_").to_ascii_uppercase();
    format!("{ENVIRONMENT_PREFIX}{}_{}_{}", part(&secret.namespace), part(&secret.name), part(key))
}

fn from_document(secret: &ObjectName, key: &str, keys: &BTreeMap<String, Stored>) -> Result<SecretValue, SecretError> {
    let (secret, key) = (secret.clone(), key.to_owned());
    match keys.get(&key) {
        Some(Stored::Value(value)) => Ok(value.clone()),
        Some(Stored::NotText) => Err(SecretError::NotText { secret, key }),
        Some(Stored::TooLarge) => Err(SecretError::TooLarge { secret, key }),
        None => Err(SecretError::KeyMissing { secret, key }),
    }
}

fn read_file(secret: &ObjectName, key: &str, path: &std::path::Path) -> Result<SecretValue, SecretError> {
    let (secret, key) = (secret.clone(), key.to_owned());
    let mut bytes = Vec::new();
    let outcome = File::open(path).and_then(|file| file.take(LARGEST_VALUE as u64 + 1).read_to_end(&mut bytes));
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SecretError::KeyMissing { secret, key }),
        Err(source) => Err(SecretError::Unreadable { secret, key, source }),
        Ok(_) => match stored(bytes) {
            Stored::Value(value) => Ok(value),
            Stored::NotText => Err(SecretError::NotText { secret, key }),
            Stored::TooLarge => Err(SecretError::TooLarge { secret, key }),
        },
    }
}

/// Keys of a mounted Secret. Its own links begin with `..`.
fn keys_of_folder(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut keys: Vec<String> = entries
        .filter(|entry| fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_key(name))
        .collect();
    keys.sort();
    keys
}

/// A key as a cluster takes it, and no way out of its folder.
fn is_key(key: &str) -> bool {
    (1..=253).contains(&key.len())
        && !key.starts_with("..")
        && key != "."
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
