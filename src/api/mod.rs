//! The custom resources of `appaccess.dev/v1alpha1`: their shape, bounds and rules, one file per kind. It must know
//! nothing of files, clusters or apps.

pub mod access_approval;
pub mod access_plan;
pub mod app_access;
pub mod condition;
pub mod connector;
pub mod directory;
mod duration;
pub mod policy;
pub mod reference;
mod scalar;
mod schema;
pub mod scim_overrides;
pub mod source;
pub mod target_app;
pub mod target_app_status;
pub mod team;
mod time;

use std::fmt;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

pub(crate) use self::scalar::{ID_PATTERN, is_id};
pub use self::{
    access_approval::{AccessApproval, AccessApprovalSpec, AccessApprovalStatus},
    access_plan::{AccessPlan, AccessPlanSpec, AccessPlanStatus},
    app_access::{AppAccess, AppAccessSpec, AppAccessStatus},
    directory::{Directory, DirectorySpec, DirectoryStatus},
    duration::{Duration, InvalidDuration},
    scalar::{Id, InvalidMoney, Money},
    target_app::{TargetApp, TargetAppSpec},
    target_app_status::TargetAppStatus,
    team::{Team, TeamSpec, TeamStatus},
    time::{Date, InvalidDate, InvalidTime, Time},
};

/// API group of all kinds.
pub const GROUP: &str = "appaccess.dev";
/// Version of all kinds.
pub const VERSION: &str = "v1alpha1";
/// What stands in `apiVersion`.
pub const API_VERSION: &str = "appaccess.dev/v1alpha1";
/// Annotation that asks for a pass now.
pub const RECONCILE_AT: &str = "appaccess.dev/reconcile-at";
/// Annotation with the commit that a declaration comes from.
pub const COMMIT: &str = "appaccess.dev/commit";
/// Annotation with the pull request that a declaration comes from.
pub const PULL_REQUEST: &str = "appaccess.dev/pull-request";
/// Annotation with who approved a declaration.
pub const APPROVED_BY: &str = "appaccess.dev/approved-by";

/// The kinds, in the order in which a cluster should learn them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `TargetApp`.
    TargetApp,
    /// `AppAccess`.
    AppAccess,
    /// `Team`.
    Team,
    /// `Directory`.
    Directory,
    /// `AccessApproval`.
    AccessApproval,
    /// `AccessPlan`.
    AccessPlan,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::TargetApp, Self::AppAccess, Self::Team, Self::Directory, Self::AccessApproval, Self::AccessPlan];

    /// What stands in `kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TargetApp => "TargetApp",
            Self::AppAccess => "AppAccess",
            Self::Team => "Team",
            Self::Directory => "Directory",
            Self::AccessApproval => "AccessApproval",
            Self::AccessPlan => "AccessPlan",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its definition, as it goes to an API server.
    #[must_use]
    pub fn definition(self) -> CustomResourceDefinition {
        finish(match self {
            Self::TargetApp => TargetApp::crd(),
            Self::AppAccess => AppAccess::crd(),
            Self::Team => Team::crd(),
            Self::Directory => Directory::crd(),
            Self::AccessApproval => AccessApproval::crd(),
            Self::AccessPlan => AccessPlan::crd(),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The definitions of all kinds.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    Kind::ALL.into_iter().map(Kind::definition).collect()
}

/// The definitions of all kinds as YAML documents.
#[must_use]
pub fn crds_yaml() -> String {
    crds().iter().map(crd_yaml).collect::<Vec<_>>().join("---\n")
}

/// One definition as a YAML document.
#[must_use]
pub fn crd_yaml(crd: &CustomResourceDefinition) -> String {
    serde_yaml::to_string(crd).unwrap_or_default()
}

fn finish(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let Some(validation) = version.schema.as_mut() else { continue };
        let finished = validation.open_api_v3_schema.take().and_then(|derived| {
            let mut schema = serde_json::to_value(derived).ok()?;
            schema::finish(&mut schema);
            schema::begin_unobserved(&mut schema);
            serde_json::from_value(schema).ok()
        });
        validation.open_api_v3_schema = finished;
    }
    crd
}
