//! An object of the cluster that may not be one that this build reads, or break its rules: one bad object must not stop the watch of its kind,
//! nor be taken for withdrawn. Knows nothing of watches.

use std::borrow::Cow;

use appaccess_core::access::ObjectName;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    api::{API_VERSION, Kind, connector::Connector},
    connector::tenant_key,
    load::validate::Checker,
};

/// Longest message of a decoder that is kept.
const LONGEST_MESSAGE: usize = 512;

/// A decoded object, or what is left of one.
#[derive(Clone, Debug)]
pub(super) struct Guarded<K>(pub(super) Result<K, Box<Unreadable>>);

/// What could be read of an object that does not fit its kind.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    /// Who it is.
    pub(super) metadata: ObjectMeta,
    /// Why it does not fit.
    pub(super) fault: Fault,
    /// The target app that it names, where that much can be read.
    pub(super) app: Option<ObjectName>,
    /// The tenant that it manages, where that much can be read.
    pub(super) tenant: Option<String>,
    /// The mail domains that it owns, where that much can be read.
    pub(super) domains: Vec<String>,
    /// Its status as it stands.
    pub(super) status: Value,
}

/// Why an object does not fit its kind. The texts are bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not of the shape that this build reads: what the decoder says.
    Undecodable(String),
    /// It breaks a rule of the definition of this build, which the cluster's may lack or may have got later: the rule.
    Invalid(String),
}

impl Unreadable {
    fn new(value: &Value, metadata: ObjectMeta, fault: Fault) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let reference = &value["spec"]["appRef"];
        let namespace = text(&reference["namespace"]).or_else(|| metadata.namespace.clone());
        let app = namespace.zip(text(&reference["name"])).map(|(namespace, name)| ObjectName::new(&namespace, &name));
        // A namespace of another type than text may have meant anything.
        let app = app.filter(|_| reference["namespace"].is_null() || reference["namespace"].is_string());
        let domains = value["spec"]["domains"].as_array().into_iter().flatten().filter_map(text).collect();
        let own = metadata.namespace.as_deref().zip(metadata.name.as_deref());
        let connector = Connector::deserialize(&value["spec"]["connector"]).ok();
        let tenant = own
            .zip(connector)
            .map(|((namespace, name), connector)| tenant_key(&connector, &ObjectName::new(namespace, name)));
        Self { metadata, fault, app, tenant, domains, status: value["status"].clone() }
    }
}

impl<'de, K: DeserializeOwned + Resource<DynamicType = ()>> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let fault = match K::deserialize(&value) {
            Ok(object) => match violation::<K>(&value) {
                None => return Ok(Self(Ok(object))),
                Some(violation) => Fault::Invalid(bounded(&violation)),
            },
            Err(error) => Fault::Undecodable(bounded(&error.to_string())),
        };
        let metadata = ObjectMeta::deserialize(&value["metadata"]).map_err(de::Error::custom)?;
        Ok(Self(Err(Box::new(Unreadable::new(&value, metadata, fault)))))
    }
}

/// The first rule of this build's definition that the object breaks. A watch brings an object only when it has changed, so
/// that no judgement is worth keeping. Plans are ours, and nothing rests on them.
fn violation<K: Resource<DynamicType = ()>>(object: &Value) -> Option<String> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == K::kind(&()))?;
    if kind == Kind::AccessPlan {
        return None;
    }
    // The rest of the head is the API server's own, which may be newer than this build.
    let head = json!({"name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"]});
    let document = json!({"apiVersion": API_VERSION, "kind": kind.name(), "metadata": head, "spec": object["spec"]});
    let violation = Checker::of_this_thread().check(kind, &document).into_iter().next()?;
    let help = if violation.help.is_empty() { String::new() } else { format!("; {}", violation.help) };
    Some(format!("{} {}{help}", violation.path(), violation.message))
}

fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

impl<K: Resource> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dynamic)
    }

    fn group(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dynamic)
    }

    fn version(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dynamic)
    }

    fn plural(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dynamic)
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.as_ref().map_or_else(|unreadable| &unreadable.metadata, K::meta)
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.0 {
            Ok(object) => object.meta_mut(),
            Err(unreadable) => &mut unreadable.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{AppAccess, TargetApp};

    fn read(spec: &Value) -> Guarded<AppAccess> {
        serde_json::from_value(json!({
            "apiVersion": "appaccess.dev/v1alpha1", "kind": "AppAccess",
            "metadata": {"name": "staff", "namespace": "red", "uid": "1"}, "spec": spec,
        }))
        .unwrap()
    }

    fn grant(subject: &Value) -> Value {
        json!({"name": "staff", "subjects": [subject], "groups": ["Staff"]})
    }

    #[test]
    fn one_that_breaks_a_rule_is_not_taken_for_what_is_left_of_it() {
        for subject in [json!({}), json!({"user": "ada@example.com", "team": {"name": "red"}})] {
            let unreadable = read(&json!({"appRef": {"name": "boards"}, "grants": [grant(&subject)]})).0.unwrap_err();
            assert_eq!(unreadable.app, Some(ObjectName::new("red", "boards")));
            assert!(
                matches!(&unreadable.fault, Fault::Invalid(rule) if rule.starts_with("spec.grants[0].subjects[0] ")),
                "{:?}",
                unreadable.fault
            );
        }
    }

    #[test]
    fn an_object_of_the_kind_is_decoded() {
        let read = read(&json!({"appRef": {"name": "boards"}, "grants": [grant(&json!({"user": "ada@example.com"}))]}));
        assert_eq!(read.0.unwrap().spec.app_ref.name, "boards");
    }

    #[test]
    fn of_another_the_name_and_the_app_that_it_names_are_kept() {
        let read = read(&json!({"appRef": {"name": "boards", "namespace": "it"}, "grants": "all of them"}));
        assert_eq!(read.meta().name.as_deref(), Some("staff"));
        let unreadable = read.0.unwrap_err();
        assert_eq!(unreadable.app, Some(ObjectName::new("it", "boards")));
        assert!(matches!(&unreadable.fault, Fault::Undecodable(error) if error.contains("all of them")));
    }

    #[test]
    fn of_a_target_app_the_tenant_is_kept_where_its_connector_can_be_read() {
        let tenant = |connector: &Value| {
            let read: Guarded<TargetApp> = serde_json::from_value(json!({
                "apiVersion": "appaccess.dev/v1alpha1", "kind": "TargetApp",
                "metadata": {"name": "boards", "namespace": "it", "uid": "1"},
                "spec": {"connector": connector, "mode": "Everything"},
            }))
            .unwrap();
            read.0.unwrap_err().tenant
        };
        let key = "scim:https://boards.example.com/scim".to_owned();
        assert_eq!(tenant(&json!({"scim": {"baseUrl": "https://BOARDS.example.com/scim/"}})), Some(key));
        assert_eq!(tenant(&json!({"carrier-pigeon": {}})), None);
    }

    #[test]
    fn an_app_that_cannot_be_read_may_be_any() {
        for reference in [json!(7), json!({"name": ["boards"]}), json!({"name": "boards", "namespace": 7})] {
            assert_eq!(read(&json!({"appRef": reference, "grants": []})).0.unwrap_err().app, None);
        }
    }
}
