//! What a target app must say, and what a credential is bound to, before anything is sent.

use serde_json::{Value, json};

use super::*;

fn spec(value: Value) -> TargetAppSpec {
    serde_json::from_value(value).unwrap()
}

fn scim(base: &str) -> TargetAppSpec {
    spec(json!({"connector": {"scim": {"baseUrl": base}}, "credentials": {"secretRef": {"name": "key"}}}))
}

fn keys(pairs: &[(&str, &str)]) -> Keys {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))).collect()
}

fn opened(spec: &TargetAppSpec, pairs: &[(&str, &str)]) -> Result<Connection, ConnectorError> {
    open(spec, Supplies { keys: keys(pairs), ..Supplies::default() }, &Options::default())
}

#[test]
fn one_tenant_has_one_key_however_it_is_written() {
    let object = ObjectName::new("access", "app");
    for (base, key) in [
        ("https://Scim.Example.com/v2", "scim:https://scim.example.com/v2"),
        ("HTTPS://scim.example.com:443/v2/", "scim:https://scim.example.com/v2"),
        ("https://scim.example.com:8443/v2", "scim:https://scim.example.com:8443/v2"),
        ("https://scim.example.com", "scim:https://scim.example.com"),
    ] {
        assert_eq!(target_key(&scim(base), &object), key);
    }
    let harvest = spec(json!({"connector": {"harvest": {"accountId": 7}}}));
    assert_eq!(target_key(&harvest, &object), "harvest:7");
    let manual = spec(json!({"connector": {"manual": {"roster": {"file": "a.csv"}}}}));
    assert_eq!(target_key(&manual, &object), "manual:access/app");
}

#[test]
fn a_missing_key_is_named() {
    let error = opened(&scim("https://scim.example.com"), &[("password", "t")]).unwrap_err();
    assert!(matches!(&error, ConnectorError::KeyMissing { key } if key == "token"), "{error}");
}

#[test]
fn a_secret_that_names_its_host_goes_nowhere_else() {
    let app = scim("https://scim.example.com/v2");
    for host in ["scim.example.com", "SCIM.example.com:443", "other.example.com, scim.example.com"] {
        opened(&app, &[("token", "t"), ("host", host)]).expect(host);
    }
    for host in ["other.example.com", "scim.example.com:8443", "example.com", ""] {
        let error = opened(&app, &[("token", "t"), ("host", host)]).expect_err(host);
        assert_eq!(error.reason(), "CredentialHostMismatch");
    }
}

#[test]
fn the_address_must_be_among_the_declared_hosts() {
    let mut app = scim("https://scim.example.com/v2");
    app.credentials.as_mut().unwrap().hosts = vec!["other.example.com".to_owned()];
    assert_eq!(opened(&app, &[("token", "t")]).unwrap_err().reason(), "CredentialHostMismatch");
}

#[test]
fn an_override_wins_over_the_profile() {
    let app = spec(json!({
        "connector": {"scim": {
            "baseUrl": "https://scim.example.com",
            "profile": "poggio",
            "overrides": {"groups": true, "paging": "none", "membersPatchMax": 7, "userUpdate": "put"},
        }},
    }));
    let Connector::Scim(connector) = &app.connector else { panic!("it is one of SCIM") };
    let profile = scim_settings::profile(connector).unwrap();
    assert_eq!((profile.groups, profile.members_patch_max), (true, 7));
    assert!(!profile.dropped_attributes.is_empty());
}
