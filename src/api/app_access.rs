//! `AppAccess`: who should have what in one target app.
#![expect(clippy::duplicated_attributes, reason = "two columns may have the same type")]
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Time,
    reference::{DirectoryGroup, Entitlement, Match, Reference},
    schema,
};

/// Claims: who should have what in one target app.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "appaccess.dev",
    version = "v1alpha1",
    kind = "AppAccess",
    namespaced,
    shortname = "aa",
    category = "appaccess-all",
    status = "AppAccessStatus",
    derive = "PartialEq",
    doc = "Declares who should have what in one target app.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "App", type_ = "string", json_path = ".spec.appRef.name"),
    printcolumn(name = "Edges", type_ = "integer", json_path = ".status.summary.edges"),
    printcolumn(name = "Applied", type_ = "integer", json_path = ".status.summary.applied"),
    printcolumn(name = "Held", type_ = "integer", json_path = ".status.summary.held"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppAccessSpec {
    /// The target app, named exactly.
    pub app_ref: Reference,
    /// What is granted to whom.
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub grants: Vec<Grant>,
}

/// One grant: some people and what they get. With no role, group or entitlement it gives the account alone.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.from) || !has(self.until) || timestamp(self.until) > timestamp(self.from)").message("let until be later than from"))]
pub struct Grant {
    /// Label of the grant, unique within the object. The claim is called `namespace/object#name` everywhere.
    #[schemars(schema_with = "grant_name")]
    pub name: String,
    /// Who gets it.
    #[schemars(length(min = 1, max = 256))]
    pub subjects: Vec<Subject>,
    /// Who does not get it although named above. One that cannot be found makes the whole grant unknown, so that
    /// nothing is added or removed for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub except: Vec<Subject>,
    /// Roles of the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub roles: Vec<String>,
    /// Groups of the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub groups: Vec<String>,
    /// What else the connector offers, such as workspaces or products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub entitlements: Vec<Entitlement>,
    /// When it begins. Before that the claim does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// When it ends. After that the claim does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Why, for reviewers. Carried into plan and journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reason: Option<String>,
}

/// Exactly one of `user`, `service`, `team`, `directoryGroup`, `match`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("[has(self.user), has(self.service), has(self.team), has(self.directoryGroup), has(self.match)].exists_one(given, given)").message("write exactly one of: user, service, team, directoryGroup, match"),
    validation = Rule::new("!has(self.name) || has(self.user)").message("write name beside user only"),
    validation = Rule::new("!has(self.from) || !has(self.until) || timestamp(self.until) > timestamp(self.from)").message("let until be later than from")
)]
pub struct Subject {
    /// A person, by mail address, or by login where the app has no mails. An address that a directory knows is that person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::login")]
    pub user: Option<String>,
    /// A service account, by login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::login")]
    pub service: Option<String>,
    /// Everybody in a Team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Reference>,
    /// Everybody in a group of a Directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_group: Option<DirectoryGroup>,
    /// Everybody in a Directory whose attributes fit.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub match_: Option<Match>,
    /// Name of the person for a new account, beside `user` and where no directory knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// When it begins for this subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// When it ends for this subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// The one form that a `Subject` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectForm<'a> {
    /// A person, by mail address or login.
    User(&'a str),
    /// A service account, by login.
    Service(&'a str),
    /// Everybody in a Team.
    Team(&'a Reference),
    /// Everybody in a group of a Directory.
    DirectoryGroup(&'a DirectoryGroup),
    /// Everybody in a Directory whose attributes fit.
    Match(&'a Match),
}

impl Subject {
    /// The form that is given; `None` unless it is exactly one.
    #[must_use]
    pub fn form(&self) -> Option<SubjectForm<'_>> {
        let mut forms = [
            self.user.as_deref().map(SubjectForm::User),
            self.service.as_deref().map(SubjectForm::Service),
            self.team.as_ref().map(SubjectForm::Team),
            self.directory_group.as_ref().map(SubjectForm::DirectoryGroup),
            self.match_.as_ref().map(SubjectForm::Match),
        ]
        .into_iter()
        .flatten();
        let form = forms.next()?;
        forms.next().is_none().then_some(form)
    }
}

/// Name of a person.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonName {
    /// Given name.
    #[schemars(length(min = 1, max = 256))]
    pub given: String,
    /// Family name.
    #[schemars(length(min = 1, max = 256))]
    pub family: String,
}

fn grant_name(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::matching(
        63,
        "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        "write a short label in lower-case letters, digits, '-' and '.', such as staff",
    )
}

/// What became of the claims.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AppAccessStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Counts over all claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ClaimSummary>,
    /// What is not applied, and why; the first 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub rows: Vec<ClaimRow>,
    /// Where the declaration comes from, as the annotations claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ClaimedSource>,
}

/// Counts over all claims of an `AppAccess`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ClaimSummary {
    /// Subjects as written.
    #[serde(default)]
    pub subjects: u32,
    /// Edges claimed: a person and one thing that they hold.
    #[serde(default)]
    pub edges: u32,
    /// Edges that the app shows.
    #[serde(default)]
    pub applied: u32,
    /// Edges still to come.
    #[serde(default)]
    pub pending: u32,
    /// Edges that wait for a decision.
    #[serde(default)]
    pub held: u32,
    /// Edges whose change failed.
    #[serde(default)]
    pub failed: u32,
    /// Edges of which nothing can be said now.
    #[serde(default)]
    pub unknown: u32,
    /// Edges that end within 14 days.
    #[serde(default)]
    pub expiring: u32,
}

/// One edge that is not applied.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ClaimRow {
    /// Name of the grant.
    #[schemars(length(max = 63))]
    pub grant: String,
    /// Person, or the subject as written.
    #[schemars(length(max = 320))]
    pub subject: String,
    /// What is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Entitlement>,
    /// How it stands.
    pub state: ClaimState,
    /// Stable reason in one word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// The reason in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub message: Option<String>,
}

/// How a claimed edge stands.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimState {
    /// Still to come.
    Pending,
    /// Waits for a decision.
    Held,
    /// The change failed.
    Failed,
    /// Nothing can be said now.
    Unknown,
    /// The target app does not allow it.
    Refused,
}

/// Where a declaration comes from, as its annotations claim: nobody has checked it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedSource {
    /// Annotation `appaccess.dev/commit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub commit: Option<String>,
    /// Annotation `appaccess.dev/pull-request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub pull_request: Option<String>,
    /// Annotation `appaccess.dev/approved-by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub approved_by: Option<String>,
}
