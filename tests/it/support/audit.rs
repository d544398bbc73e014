//! What reached the API server, by its own audit log: who asked for what.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

/// One request, as the API server saw it before it acted.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiRequest {
    user: User,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub(crate) verb: String,
    /// The path with its query.
    #[serde(rename = "requestURI")]
    pub(crate) path: String,
    /// What it was about; absent for `/healthz` and the like.
    pub(crate) object_ref: Option<ObjectReference>,
}

#[derive(Clone, Debug, Deserialize)]
struct User {
    username: String,
}

/// The object, or the kind of objects, that a request was about. Empty text stands for what the request did not name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ObjectReference {
    #[serde(rename = "apiGroup")]
    pub(crate) group: String,
    /// The plural, such as `targetapps`.
    pub(crate) resource: String,
    /// `status`, for one.
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl ApiRequest {
    /// Whether it may have changed something that is stored. Questions that are asked by `create`, such as an access
    /// review, change nothing.
    pub(crate) fn writes(&self) -> bool {
        const WRITING: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];
        const ASKING: [&str; 2] = ["authorization.k8s.io", "authentication.k8s.io"];
        let asks = self.object_ref.as_ref().is_some_and(|object| ASKING.contains(&object.group.as_str()));
        WRITING.contains(&self.verb.as_str()) && !asks
    }

    /// Whether it was about objects of this kind, by its plural.
    pub(crate) fn is_about(&self, resource: &str) -> bool {
        self.object_ref.as_ref().is_some_and(|object| object.resource == resource)
    }
}

/// The policy that logs each request once, at its arrival: an answer that a client has read was logged before.
pub(super) fn policy() -> String {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["ResponseStarted", "ResponseComplete", "Panic"],
        "rules": [{"level": "None", "users": ["system:apiserver"]}, {"level": "Metadata"}],
    })
    .to_string()
}

/// All requests of one user, in the order of their arrival. A last line that is still being written is left out.
pub(super) fn requests(log: &Path, user: &str) -> Vec<ApiRequest> {
    let text = fs::read_to_string(log).expect("the API server keeps its audit log");
    let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    complete
        .lines()
        .map(|line| serde_json::from_str::<ApiRequest>(line).expect("a line of the audit log is an event"))
        .filter(|request| request.user.username == user)
        .collect()
}
