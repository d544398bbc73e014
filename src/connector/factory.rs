//! From a `TargetApp` to its connector: one arm per connector, and nothing is sent.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use appaccess_core::access::{EntitlementKind, ObjectName, Text};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ConnectorError, Reader, Writer, failure::not_opened, scim};
use crate::{
    api::{
        TargetAppSpec,
        connector::{Connector, ScimAuth, ScimConnector},
    },
    http::{Auth, BoundHosts, Client, Limits, RateSettings, Settings, Shared, ToldQuota, Watch, is_loopback},
};

mod aha;
mod clockify;
mod harvest;
mod manual;
mod scim_settings;
mod toggl;

/// What the keys of a Secret hold.
pub type Keys = BTreeMap<String, SecretString>;

/// What stands outside the object itself and the connector needs.
#[derive(Clone, Debug, Default)]
pub struct Supplies {
    /// The keys of the credential's Secret.
    pub keys: Keys,
    /// The roster of an app without an interface, as its file or `ConfigMap` holds it.
    pub roster: Option<String>,
    /// What was learnt before; see [`Reader::learnt`].
    pub learnt: BTreeMap<String, String>,
}

/// What the process decides for all connectors.
#[derive(Clone)]
pub struct Options {
    /// Accept loopback addresses, plain HTTP among them.
    pub allow_loopback: bool,
    /// How long one pass may wait for limits and retries; five minutes where absent.
    pub timeout: Option<Duration>,
    /// Told of the work.
    pub watch: Watch,
    /// The present time.
    pub clock: scim::Clock,
    /// What all clients of the process share.
    pub shared: Shared,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow_loopback: false,
            timeout: None,
            watch: Watch::default(),
            clock: Arc::new(Timestamp::now),
            shared: Shared::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("allow_loopback", &self.allow_loopback)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// An open connector: its two halves.
#[derive(Clone)]
pub struct Connection {
    /// What reads.
    pub reader: Arc<dyn Reader>,
    /// What writes.
    pub writer: Arc<dyn Writer>,
    /// Whose time for waiting begins anew with each pass; none where nothing is sent.
    client: Option<Client>,
    /// The rate of the credential.
    rate: Option<RateSettings>,
}

impl Connection {
    /// The two halves of a connector, over the client that both use.
    fn new(reader: impl Reader + 'static, writer: impl Writer + 'static, client: Client) -> Self {
        let rate = Some(client.rate());
        Self { reader: Arc::new(reader), writer: Arc::new(writer), client: Some(client), rate }
    }

    /// The two halves of a connector that sends nothing.
    fn without_requests(reader: impl Reader + 'static, writer: impl Writer + 'static) -> Self {
        Self { reader: Arc::new(reader), writer: Arc::new(writer), client: None, rate: None }
    }

    /// Gives the full time for waiting again, at the start of a pass.
    pub fn begin_pass(&self) {
        if let Some(client) = &self.client {
            client.renew_waiting();
        }
    }

    /// How fast the credential may be used; `None` where nothing is sent.
    #[must_use]
    pub fn rate(&self) -> Option<RateSettings> {
        self.rate
    }

    /// What the app last said about the credential's quota; `None` where it says nothing of it.
    #[must_use]
    pub fn quota(&self) -> Option<ToldQuota> {
        self.client.as_ref()?.quota()
    }

    /// The host that the credential is sent to; `None` where nothing is sent.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        Some(self.client.as_ref()?.base().host_str()?.to_owned())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("rate", &self.rate).finish_non_exhaustive()
    }
}

/// What the connector of a target app declares before anything is asked: its entitlement types, with their order and
/// what cannot be granted. `None` where only the app tells.
#[must_use]
pub fn declared_kinds(spec: &TargetAppSpec) -> Option<BTreeMap<Text, EntitlementKind>> {
    match &spec.connector {
        Connector::Aha(_) => Some(super::aha::kinds()),
        Connector::Clockify(_) => Some(super::clockify::kinds()),
        Connector::Harvest(_) => Some(super::harvest::kinds()),
        Connector::Toggl(_) => Some(super::toggl::kinds()),
        Connector::Scim(_) | Connector::Manual(_) => None,
    }
}

/// Opens the connector of a target app with what the keys of its Secret hold and what was learnt before.
///
/// # Errors
/// [`ConnectorError::Settings`] names what to correct, [`ConnectorError::KeyMissing`] what the Secret lacks;
/// [`ConnectorError::HostNotAllowed`] where Secret, hosts and address do not agree.
pub fn open(spec: &TargetAppSpec, supplies: Supplies, options: &Options) -> Result<Connection, ConnectorError> {
    match &spec.connector {
        Connector::Scim(connector) => open_scim(connector, spec, supplies, options),
        Connector::Aha(connector) => aha::open(connector, spec, supplies, options),
        Connector::Clockify(connector) => clockify::open(connector, spec, supplies, options),
        Connector::Harvest(connector) => harvest::open(connector, spec, supplies, options),
        Connector::Manual(connector) => manual::open(connector, spec, supplies),
        Connector::Toggl(connector) => toggl::open(connector, spec, supplies, options),
    }
}

/// What makes two target apps the same tenant of the same app: the connector and the tenant's id; for `scim` the base
/// address, for `manual` the object itself.
#[must_use]
pub fn target_key(spec: &TargetAppSpec, object: &ObjectName) -> String {
    tenant_key(&spec.connector, object)
}

/// The same of an object of which nothing but the connector may be known.
#[must_use]
pub(crate) fn tenant_key(connector: &Connector, object: &ObjectName) -> String {
    let tenant = match connector {
        Connector::Scim(connector) => canonical_base(&connector.base_url),
        Connector::Clockify(connector) => connector.workspace_id.to_string(),
        Connector::Toggl(connector) => connector.organization_id.to_string(),
        Connector::Harvest(connector) => connector.account_id.to_string(),
        Connector::Aha(connector) => connector.domain.to_ascii_lowercase(),
        Connector::Manual(_) => object.to_string(),
    };
    format!("{}:{tenant}", connector.name())
}

/// Scheme and host in lower case, without a default port and a trailing slash.
fn canonical_base(text: &str) -> String {
    let shown = Url::parse(text).map_or_else(|_| text.to_owned(), |url| url.to_string());
    shown.trim_end_matches('/').to_owned()
}

fn open_scim(
    connector: &ScimConnector,
    spec: &TargetAppSpec,
    supplies: Supplies,
    options: &Options,
) -> Result<Connection, ConnectorError> {
    let Supplies { keys, learnt, .. } = supplies;
    let keys = &keys;
    let base = address("baseUrl", &connector.base_url)?;
    let auth = auth(connector.auth.as_ref(), keys)?;
    let token_url = match &auth {
        Auth::OAuth2 { token_url, .. } => Some(token_url.clone()),
        _ => None,
    };
    let declared = spec.credentials.as_ref().map(|credentials| credentials.hosts.as_slice()).unwrap_or_default();
    agree(declared, &base, keys)?;
    let mut settings = Settings::new(base, auth, options.shared.clone());
    if !declared.is_empty() {
        settings.hosts = BoundHosts::parse(declared.iter().map(String::as_str)).map_err(not_opened)?;
    }
    if let Some(token_url) = token_url {
        settings.hosts = settings.hosts.and(&token_url);
    }
    let profile = scim_settings::profile(connector)?;
    settings.allow_loopback = options.allow_loopback;
    settings.watch.clone_from(&options.watch);
    settings.rate = rate(spec, profile.rate);
    if let Some(waiting) = options.timeout {
        settings.limits = Limits { waiting, ..settings.limits };
    }
    let client = Client::new(settings).map_err(not_opened)?;
    let order = spec.roles.as_ref().map(|roles| roles.order.iter().map(|role| role.as_str().into()).collect());
    let (reader, writer) = scim::open(scim::Settings {
        profile,
        wire: scim_settings::wire(connector),
        mapping: scim_settings::mapping(&connector.mapping),
        role_order: order.unwrap_or_default(),
        learnt,
        clock: Arc::clone(&options.clock),
        ..scim::Settings::new(client.clone())
    })?;
    Ok(Connection::new(reader, writer, client))
}

/// How a vendor's own interface is reached.
struct VendorAccess<'a> {
    /// The base address that the vendor documents.
    base: &'a str,
    /// `baseUrl` of the object, where it is another.
    declared_base: Option<&'a str>,
    /// Further hosts of the vendor that the credential may go to.
    hosts: &'a [&'a str],
    /// How the credential is shown.
    auth: Auth,
    /// What the vendor grants.
    rate: RateSettings,
}

/// The client for a vendor's own interface. The credential goes to the vendor's hosts only, unless the object binds it to
/// others; loopback, where it is permitted at all, is bound by the address itself.
fn vendor_client(
    access: VendorAccess<'_>,
    spec: &TargetAppSpec,
    keys: &Keys,
    options: &Options,
) -> Result<Client, ConnectorError> {
    let documented = address("baseUrl", access.base)?;
    let base = access.declared_base.map_or_else(|| Ok(documented.clone()), |text| address("baseUrl", text))?;
    let declared = spec.credentials.as_ref().map(|credentials| credentials.hosts.as_slice()).unwrap_or_default();
    agree(declared, &base, keys)?;
    let mut settings = Settings::new(base.clone(), access.auth, options.shared.clone());
    settings.hosts = if declared.is_empty() {
        let named = access.hosts.iter().copied().chain(documented.host_str());
        let built_in = BoundHosts::parse(named).map_err(not_opened)?;
        if options.allow_loopback && is_loopback(&base) { built_in.and(&base) } else { built_in }
    } else {
        BoundHosts::parse(declared.iter().map(String::as_str)).map_err(not_opened)?
    };
    settings.allow_loopback = options.allow_loopback;
    settings.watch.clone_from(&options.watch);
    settings.rate = match &spec.rate_limit {
        Some(limit) => RateSettings::new(limit.requests, limit.per.to_std(), limit.burst),
        None => access.rate,
    };
    if let Some(waiting) = options.timeout {
        settings.limits = Limits { waiting, ..settings.limits };
    }
    Client::new(settings).map_err(not_opened)
}

fn address(field: &str, text: &str) -> Result<Url, ConnectorError> {
    Url::parse(text).map_err(|error| ConnectorError::Settings(format!("`{field}` is not an address: {error}")))
}

fn key(keys: &Keys, name: &str) -> Result<SecretString, ConnectorError> {
    // The environment knows keys in one case only, so that `clientId` comes as `clientid` from there.
    let lower = || keys.get(&name.to_ascii_lowercase());
    let found = keys.get(name).or_else(lower).filter(|value| !value.expose_secret().is_empty()).cloned();
    found.ok_or_else(|| ConnectorError::KeyMissing { key: name.to_owned() })
}

fn auth(form: Option<&ScimAuth>, keys: &Keys) -> Result<Auth, ConnectorError> {
    Ok(match form {
        None | Some(ScimAuth::Bearer(_)) => Auth::Bearer(key(keys, "token")?),
        Some(ScimAuth::Header(header)) => Auth::Header {
            name: header.name.clone(),
            prefix: header.prefix.clone().unwrap_or_default(),
            token: key(keys, "token")?,
        },
        Some(ScimAuth::Basic(_)) => Auth::Basic { username: key(keys, "username")?, password: key(keys, "password")? },
        Some(ScimAuth::OAuth2(form)) => Auth::OAuth2 {
            token_url: address("tokenUrl", &form.token_url)?,
            scopes: form.scopes.clone(),
            client_id: key(keys, "clientId")?,
            client_secret: key(keys, "clientSecret")?,
        },
    })
}

/// A Secret may itself say where it may go. Then every place that the object names must be among those.
fn agree(declared: &[String], base: &Url, keys: &Keys) -> Result<(), ConnectorError> {
    let Some(said) = keys.get("host") else { return Ok(()) };
    let said: Vec<String> =
        said.expose_secret().split([',', ' ', '\n']).map(|host| host.trim().to_ascii_lowercase()).collect();
    let name = base.host_str().unwrap_or_default().to_ascii_lowercase();
    let own = format!("{name}:{}", base.port_or_known_default().unwrap_or_default());
    let named: Vec<String> =
        if declared.is_empty() { vec![own] } else { declared.iter().map(|host| host.to_ascii_lowercase()).collect() };
    let is_said = |host: &String| {
        let without_port = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        said.iter().any(|known| known == host || known == without_port)
    };
    match named.into_iter().find(|host| !is_said(host)) {
        Some(host) => Err(ConnectorError::HostNotAllowed { host }),
        None => Ok(()),
    }
}

fn rate(spec: &TargetAppSpec, profile: appaccess_scim::dialect::Rate) -> RateSettings {
    if let Some(limit) = &spec.rate_limit {
        return RateSettings::new(limit.requests, limit.per.to_std(), limit.burst);
    }
    let per = Duration::from_secs(u64::from(profile.per_seconds));
    let writes_in_flight = usize::try_from(profile.concurrency).unwrap_or(1).max(1);
    RateSettings {
        requests: profile.requests,
        per,
        burst: profile.requests,
        writes_in_flight,
        ..RateSettings::default()
    }
}

#[cfg(test)]
mod tests;
