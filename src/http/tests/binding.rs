//! Where a credential goes, and where it never goes.

use std::net::IpAddr;

use super::world::{CANARY, Reply, Vendor, client, settings, token, url};
use crate::http::address::may_connect;
use crate::http::{Auth, BoundHosts, Client, Get, HttpError, Request, Safety, Settings, Target, is_public};

/// The reason for which a client for this base is refused, if it is.
fn refusal(base: &str, hosts: Option<&[&str]>, allow_loopback: bool) -> Option<&'static str> {
    let mut settings = Settings { base: url(base), ..settings(&Vendor::replying([Reply::status(200)])) };
    settings.hosts = match hosts {
        Some(hosts) => BoundHosts::parse(hosts.iter().copied()).unwrap(),
        None => BoundHosts::of_base(&settings.base),
    };
    settings.allow_loopback = allow_loopback;
    Client::new(settings).err().map(|error| error.reason())
}

/// A base, what the credential is bound to (by default the base), and why it is refused.
type Row = (&'static str, Option<&'static [&'static str]>, Option<&'static str>);

#[tokio::test]
async fn a_client_exists_only_for_a_bound_public_https_host() {
    let mismatch = Some("CredentialHostMismatch");
    let rows: &[Row] = &[
        ("https://api.vendor.example/v2", None, None),
        ("https://api.vendor.example:443/v2", None, None),
        ("https://API.vendor.example/v2", Some(&["api.VENDOR.example"]), None),
        ("https://api.vendor.example:8443/v2", None, mismatch),
        ("https://api.vendor.example:8443/v2", Some(&["api.vendor.example:8443"]), None),
        ("https://api.vendor.example:8443/v2", Some(&["api.vendor.example"]), None),
        ("https://api.vendor.example:8444/v2", Some(&["api.vendor.example:8443"]), mismatch),
        ("https://api.vendor.example/v2", Some(&["api.vendor.example:8443"]), mismatch),
        ("https://evil.example/v2", Some(&["api.vendor.example"]), mismatch),
        ("https://api.vendor.example.evil.example/", Some(&["api.vendor.example"]), mismatch),
        ("https://sub.api.vendor.example/", Some(&["api.vendor.example"]), mismatch),
        ("https://api.vendor.example./", Some(&["api.vendor.example"]), mismatch),
        ("https://api.vendor.example/", Some(&[]), mismatch),
        ("http://api.vendor.example/v2", None, Some("InvalidUrl")),
        ("ftp://api.vendor.example/v2", None, Some("InvalidUrl")),
        ("https://user@api.vendor.example/v2", None, Some("InvalidUrl")),
        ("https://:password@api.vendor.example/v2", None, Some("InvalidUrl")),
        ("https://api.vendor.example/v2?tenant=1", None, Some("InvalidUrl")),
        ("https://api.vendor.example/v2#here", None, Some("InvalidUrl")),
        ("https://10.0.0.1/", None, Some("AddressRefused")),
        ("https://169.254.169.254/", None, Some("AddressRefused")),
        ("https://[fd00:ec2::254]/", None, Some("AddressRefused")),
        ("https://[::ffff:10.0.0.1]/", None, Some("AddressRefused")),
        ("https://0x7f.1/", None, Some("AddressRefused")),
        ("https://2130706433/", None, Some("AddressRefused")),
        ("https://localhost/", None, Some("AddressRefused")),
        ("https://app.localhost./", None, Some("AddressRefused")),
        ("http://127.0.0.1:8080/", None, Some("InvalidUrl")),
    ];
    for (base, hosts, expected) in rows {
        assert_eq!(refusal(base, *hosts, false), *expected, "{base} bound to {hosts:?}");
    }
}

#[tokio::test]
async fn loopback_is_open_with_the_flag_and_nothing_else_is() {
    let rows = [
        ("http://127.0.0.1:8080/scim", None),
        ("http://127.9.9.9:8080/scim", None),
        ("http://[::1]:8080/scim", None),
        ("http://localhost:8080/scim", None),
        ("https://localhost:8443/scim", None),
        ("http://10.0.0.1:8080/", Some("InvalidUrl")),
        ("https://10.0.0.1/", Some("AddressRefused")),
        ("https://[::ffff:127.0.0.1]/", Some("AddressRefused")),
        ("http://vendor.example/", Some("InvalidUrl")),
    ];
    for (base, expected) in rows {
        assert_eq!(refusal(base, None, true), expected, "{base}");
    }
}

#[test]
fn hosts_are_names_with_or_without_a_port() {
    for entry in [
        "",
        " ",
        "https://a.example",
        "a.example/",
        "a@b.example",
        "a.example:",
        "a.example:x",
        "a.example:99999",
        "*.example",
        "a b",
    ] {
        assert!(matches!(BoundHosts::parse([entry]), Err(HttpError::InvalidHost { .. })), "{entry:?}");
    }
    for entry in ["a.example", "a.example:443", "127.0.0.1:1", "[::1]", "[::1]:8080", "bücher.example"] {
        assert!(BoundHosts::parse([entry]).is_ok(), "{entry:?}");
    }
    assert!(BoundHosts::parse(std::iter::repeat_n("a.example", 65)).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_link_is_followed_only_to_a_bound_host() {
    let vendor = Vendor::replying([Reply::status(200)]);
    let client = client(&vendor);
    let rows = [
        ("https://api.vendor.example/v2/Users?page=2", None),
        ("/v2/Users?page=2", None),
        ("?page=2", None),
        ("https://evil.example/v2/Users", Some("CredentialHostMismatch")),
        ("//evil.example/v2/Users", Some("CredentialHostMismatch")),
        ("https://api.vendor.example:8443/", Some("CredentialHostMismatch")),
        ("http://api.vendor.example/v2/Users", Some("InvalidUrl")),
        ("https://api.vendor.example@evil.example/", Some("InvalidUrl")),
        ("file:///etc/passwd", Some("InvalidUrl")),
        ("https://[", Some("InvalidUrl")),
    ];
    for (link, expected) in rows {
        let before = vendor.requests();
        let result = match Target::link(client.base(), link) {
            Ok(target) => client.reader().get(Get::new(target)).await.map(drop),
            Err(error) => Err(error),
        };
        assert_eq!(result.as_ref().err().map(HttpError::reason), expected, "{link}");
        assert_eq!(vendor.requests() - before, usize::from(expected.is_none()), "{link}");
    }
}

#[tokio::test]
async fn the_token_endpoint_must_be_bound_too() {
    let mut settings = settings(&Vendor::replying([Reply::status(200)]));
    let token_url = url("https://login.vendor.example/token");
    settings.auth = Auth::OAuth2 {
        token_url: token_url.clone(),
        scopes: Vec::new(),
        client_id: "id".into(),
        client_secret: CANARY.into(),
    };
    let refused = Client::new(settings.clone());
    assert!(matches!(refused, Err(HttpError::CredentialHostMismatch { .. })), "{refused:?}");
    settings.hosts = settings.hosts.and(&token_url);
    assert!(Client::new(settings).is_ok());
}

#[tokio::test(start_paused = true)]
async fn ids_cannot_leave_their_segment() {
    let vendor = Vendor::replying([Reply::status(200)]);
    let client = client(&vendor);
    for id in ["a/b", "a?b=c", "a#b", "%2e%2e", "a b", "ü", "..;x", "a\\b", "\u{0}", "a@b.example"] {
        let target = Target::path(["Users", id]).unwrap();
        client.reader().get(Get::new(target).query("filter", "userName eq \"a+b&c\"")).await.unwrap();
        let arrived = vendor.arrived.lock().unwrap();
        let url = &arrived.last().unwrap().url;
        let segments: Vec<_> = url.path_segments().unwrap().collect();
        assert_eq!(segments.len(), 3, "{url}");
        let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
        assert_eq!(decoded, id);
        assert_eq!(url.query(), Some("filter=userName%20eq%20%22a%2Bb%26c%22"));
    }
    for id in ["", ".", "..", &"x".repeat(1025)] {
        assert!(matches!(Target::path(["Users", id]), Err(HttpError::InvalidSegment { .. })), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_credential_wins_over_any_header_of_a_request() {
    use ::http::HeaderValue;
    use ::http::header::AUTHORIZATION;
    let vendor = Vendor::replying([Reply::status(200)]);
    let request = Request::change(::http::Method::DELETE, Target::path(["Users", "1"]).unwrap(), Safety::Idempotent)
        .header(AUTHORIZATION, HeaderValue::from_static("Bearer other"));
    client(&vendor).send(request).await.unwrap();
    let arrived = vendor.arrived.lock().unwrap();
    assert_eq!(arrived[0].headers.get_all(AUTHORIZATION).iter().count(), 1);
    assert_eq!(arrived[0].headers[AUTHORIZATION], format!("Bearer {CANARY}"));
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_credential_has_its_header() {
    let header =
        |name: &str, prefix: &str| Auth::Header { name: name.into(), prefix: prefix.into(), token: "t0".into() };
    let basic = Auth::Basic { username: "Aladdin".into(), password: "open sesame".into() };
    let rows = [
        (token(), "authorization", format!("Bearer {CANARY}")),
        (header("X-Api-Key", ""), "x-api-key", "t0".to_owned()),
        (header("Authorization", "SSWS "), "authorization", "SSWS t0".to_owned()),
        (basic, "authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()),
    ];
    for (auth, name, value) in rows {
        let vendor = Vendor::replying([Reply::status(200)]);
        let client = Client::new(Settings { auth, ..settings(&vendor) }).unwrap();
        client.reader().get(Get::new(Target::path([]).unwrap())).await.unwrap();
        let arrived = vendor.arrived.lock().unwrap();
        assert_eq!(arrived[0].headers[name], value);
        assert!(arrived[0].headers[name].is_sensitive());
        assert_eq!(arrived[0].url.as_str(), "https://api.vendor.example/v2");
    }
}

#[tokio::test]
async fn a_credential_that_cannot_be_sent_is_refused_without_being_shown() {
    let header = |name: &str| Auth::Header { name: name.into(), prefix: String::new(), token: CANARY.into() };
    let bearer = |token: &str| Auth::Bearer(token.into());
    let with_colon = Auth::Basic { username: format!("{CANARY}:x").into(), password: CANARY.into() };
    let newline = format!("{CANARY}\n");
    let rows = [
        bearer(""),
        bearer(&newline),
        bearer(&format!(" {CANARY}")),
        bearer("schlüssel"),
        header("Host"),
        header("a b"),
        with_colon,
    ];
    for auth in rows {
        let error = Client::new(Settings { auth, ..settings(&Vendor::replying([Reply::status(200)])) }).unwrap_err();
        assert_eq!(error.reason(), "CredentialsInvalid");
        assert!(!format!("{error} {error:?}").contains(CANARY));
    }
}

/// Addresses of this machine, of private networks, for documentation and of the other special uses.
const NOT_PUBLIC: &str = "0.0.0.0 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 \
    240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 ::8.8.8.8 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";
/// Addresses just beside them.
const PUBLIC: &str = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888";

#[test]
fn only_public_addresses_are_public() {
    for (addresses, expected) in [(NOT_PUBLIC, false), (PUBLIC, true)] {
        for address in addresses.split_whitespace() {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }
}

#[test]
fn a_name_for_this_machine_means_this_machine() {
    let [loopback, public]: [IpAddr; 2] = ["127.0.0.1", "8.8.8.8"].map(|address| address.parse().unwrap());
    assert!(may_connect("localhost", loopback, true));
    assert!(!may_connect("localhost", public, true));
    assert!(!may_connect("localhost", loopback, false));
    assert!(may_connect("vendor.example", public, false));
    assert!(!may_connect("vendor.example", loopback, false));
}
