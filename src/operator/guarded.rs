//! An object of the cluster that may not be one that this build reads: one bad object must not stop the watch of its kind,
//! nor be taken for withdrawn. Knows nothing of watches.

use std::borrow::Cow;

use appaccess_core::access::ObjectName;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};
use serde_json::Value;

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
    pub(super) error: String,
    /// The target app that it names, where that much can be read.
    pub(super) app: Option<ObjectName>,
    /// The mail domains that it owns, where that much can be read.
    pub(super) domains: Vec<String>,
    /// Its status as it stands.
    pub(super) status: Value,
}

impl Unreadable {
    fn new(value: &Value, metadata: ObjectMeta, error: &serde_json::Error) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let reference = &value["spec"]["appRef"];
        let namespace = text(&reference["namespace"]).or_else(|| metadata.namespace.clone());
        let app = namespace.zip(text(&reference["name"])).map(|(namespace, name)| ObjectName::new(&namespace, &name));
        // A namespace of another type than text may have meant anything.
        let app = app.filter(|_| reference["namespace"].is_null() || reference["namespace"].is_string());
        let domains = value["spec"]["domains"].as_array().into_iter().flatten().filter_map(text).collect();
        let error = error.to_string().chars().take(LONGEST_MESSAGE).collect();
        Self { metadata, error, app, domains, status: value["status"].clone() }
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match K::deserialize(&value) {
            Ok(object) => Ok(Self(Ok(object))),
            Err(error) => {
                let metadata = ObjectMeta::deserialize(&value["metadata"]).map_err(de::Error::custom)?;
                Ok(Self(Err(Box::new(Unreadable::new(&value, metadata, &error)))))
            }
        }
    }
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
    use crate::api::AppAccess;

    fn read(spec: &Value) -> Guarded<AppAccess> {
        serde_json::from_value(json!({
            "apiVersion": "appaccess.dev/v1alpha1", "kind": "AppAccess",
            "metadata": {"name": "staff", "namespace": "red", "uid": "1"}, "spec": spec,
        }))
        .unwrap()
    }

    #[test]
    fn an_object_of_the_kind_is_decoded() {
        let read = read(&json!({"appRef": {"name": "boards"}, "grants": []}));
        assert_eq!(read.0.unwrap().spec.app_ref.name, "boards");
    }

    #[test]
    fn of_another_the_name_and_the_app_that_it_names_are_kept() {
        let read = read(&json!({"appRef": {"name": "boards", "namespace": "it"}, "grants": "all of them"}));
        assert_eq!(read.meta().name.as_deref(), Some("staff"));
        let unreadable = read.0.unwrap_err();
        assert_eq!(unreadable.app, Some(ObjectName::new("it", "boards")));
        assert!(unreadable.error.contains("all of them"), "{}", unreadable.error);
    }

    #[test]
    fn an_app_that_cannot_be_read_may_be_any() {
        for reference in [json!(7), json!({"name": ["boards"]}), json!({"name": "boards", "namespace": 7})] {
            assert_eq!(read(&json!({"appRef": reference, "grants": []})).0.unwrap_err().app, None);
        }
    }
}
