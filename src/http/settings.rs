//! What a client is made of: base URL, bound hosts, credential, limits. Checked here, before anything is sent.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use super::address::{is_loopback_name, may_connect};
use super::rate::RateSettings;
use super::watch::Watch;
use super::{HttpError, Shared, redact};

/// The most entries of `credentials.hosts`.
const HOSTS: usize = 64;

/// How the credential is shown to the server.
#[derive(Clone)]
pub enum Auth {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(SecretString),
    /// A header of the vendor's own, such as `X-Api-Key`, with an optional prefix before the secret (written as it is).
    Header {
        /// Name of the header.
        name: String,
        /// Text before the secret, with its space if it needs one; empty for none.
        prefix: String,
        /// The secret.
        token: SecretString,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// User name; treated as secret too, as some vendors put the token here.
        username: SecretString,
        /// Password.
        password: SecretString,
    },
    /// OAuth 2.0 client credentials (RFC 6749 section 4.4), authenticated by HTTP Basic at the token endpoint.
    OAuth2 {
        /// The token endpoint; its host must be bound too.
        token_url: Url,
        /// Scopes to ask for.
        scopes: Vec<String>,
        /// Client id.
        client_id: SecretString,
        /// Client secret.
        client_secret: SecretString,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bearer(_) => "Bearer(..)",
            Self::Header { .. } => "Header(..)",
            Self::Basic { .. } => "Basic(..)",
            Self::OAuth2 { .. } => "OAuth2(..)",
        })
    }
}

/// Where a credential may go: `name` (any port) or `name:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundHosts(Vec<(String, Option<u16>)>);

impl BoundHosts {
    /// Reads the entries of `credentials.hosts`.
    ///
    /// # Errors
    /// [`HttpError::InvalidHost`] with the first entry that is not a host.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, HttpError> {
        let mut hosts = Vec::new();
        for entry in entries {
            let invalid = || HttpError::InvalidHost { entry: redact::sanitise(entry, &[]) };
            if hosts.len() == HOSTS || entry.contains(['/', '@', '?', '#', '\\', '*']) || entry.trim() != entry {
                return Err(invalid());
            }
            let (name, port) = match entry.rsplit_once(':') {
                Some((name, port)) if !name.is_empty() && !entry.ends_with(']') => {
                    (name, Some(port.parse().map_err(|_| invalid())?))
                }
                _ => (entry, None),
            };
            // The same parser as for URLs, so that both spellings of a host end up the same.
            let url = Url::parse(&format!("https://{name}")).map_err(|_| invalid())?;
            match url.host_str() {
                Some(host) if url.port().is_none() && url.path() == "/" => hosts.push((host.to_owned(), port)),
                _ => return Err(invalid()),
            }
        }
        Ok(Self(hosts))
    }

    /// The binding where nothing is declared: the host of the base URL, on port 443; on loopback, on its own port.
    #[must_use]
    pub fn of_base(base: &Url) -> Self {
        let host = base.host_str().unwrap_or_default().to_owned();
        let port = if is_loopback(base) { base.port_or_known_default() } else { Some(443) };
        Self(vec![(host, port)])
    }

    /// Adds the host of `url` on its port: for a token endpoint that counts among the hosts.
    #[must_use]
    pub fn and(mut self, url: &Url) -> Self {
        self.0.extend(Self::of_base(url).0);
        self
    }

    fn permits(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|(name, bound)| name == host && bound.is_none_or(|bound| bound == port))
    }
}

/// Bounds of a single request; the times are those of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a body. 32 MiB.
    pub body: usize,
    /// From sending to the end of the headers. 30 s.
    pub headers: Duration,
    /// From sending to the end of the body. 2 min.
    pub total: Duration,
    /// How often one request is sent at most. 6.
    pub attempts: u32,
    /// How long one client may wait for limits and retries before it reports instead. 5 min, `--timeout`.
    pub waiting: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 32 * 1024 * 1024,
            headers: Duration::from_secs(30),
            total: Duration::from_mins(2),
            attempts: 6,
            waiting: Duration::from_mins(5),
        }
    }
}

/// All that a client is made of. Start with [`Settings::new`] and change what differs.
#[derive(Clone)]
pub struct Settings {
    /// The whole base, version path included.
    pub base: Url,
    /// Where the credential may go.
    pub hosts: BoundHosts,
    /// The credential.
    pub auth: Auth,
    /// Permits loopback addresses, plain HTTP among them (`--allow-loopback`).
    pub allow_loopback: bool,
    /// The rate of the credential, shared by all its clients.
    pub rate: RateSettings,
    /// Bounds of a single request.
    pub limits: Limits,
    /// The `User-Agent` header.
    pub user_agent: &'static str,
    /// Told of the work.
    pub watch: Watch,
    /// What the clients of one process share.
    pub shared: Shared,
}

impl Settings {
    /// The defaults, bound to the host of `base` alone.
    #[must_use]
    pub fn new(base: Url, auth: Auth, shared: Shared) -> Self {
        Self {
            hosts: BoundHosts::of_base(&base),
            base,
            auth,
            allow_loopback: false,
            rate: RateSettings::default(),
            limits: Limits::default(),
            // Some vendors, Harvest among them, refuse a client that names nobody to turn to.
            user_agent: concat!("appaccess/", env!("CARGO_PKG_VERSION"), " (", env!("CARGO_PKG_REPOSITORY"), ")"),
            watch: Watch::default(),
            shared,
        }
    }

    /// Whether a URL may be sent to with the credential: scheme, user-info, binding, then the address if it is written
    /// as one (names are checked when they are resolved).
    pub(super) fn check(&self, url: &Url) -> Result<(), HttpError> {
        let host = url.host_str().unwrap_or_default();
        let invalid = |why| Err(HttpError::InvalidUrl { host: host.to_owned(), why });
        if !url.username().is_empty() || url.password().is_some() {
            return invalid("it contains a user name or password");
        }
        match url.scheme() {
            "https" => {}
            "http" if self.allow_loopback && is_loopback(url) => {}
            "http" => return invalid("plain http is only accepted for loopback, with --allow-loopback"),
            _ => return invalid("it must begin with https://"),
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.hosts.permits(host, port) {
            return Err(HttpError::CredentialHostMismatch { host: format!("{host}:{port}") });
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        let refused = match address {
            Some(address) => !may_connect(host, address, self.allow_loopback),
            None => is_loopback_name(host) && !self.allow_loopback,
        };
        if refused { Err(HttpError::AddressRefused { host: host.to_owned() }) } else { Ok(()) }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("base", &self.base.host_str())
            .field("hosts", &self.hosts)
            .field("auth", &self.auth)
            .field("allow_loopback", &self.allow_loopback)
            .field("rate", &self.rate)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Whether a URL names this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => is_loopback_name(name),
        None => false,
    }
}
