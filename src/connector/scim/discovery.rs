//! What the app can do: discovery at most once a day, and what the profile and experience add to it.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{ByHand, Capabilities, Cliff, EntitlementKind, Provisioning, Shape, Text};
use appaccess_scim::{
    dialect::{DeleteMeans, MembersRead, Profile},
    discovery,
    resource::DEPARTMENT,
};

use super::{GroupUpdate, exchange::read_failed, learnt::Discovered, shared::Shared};
use crate::{
    connector::ConnectorError,
    http::{Get, HttpError, Target},
};

impl Shared {
    /// What the app can do. Two documents are asked for, unless that was done within a day.
    pub(super) async fn capabilities(&self) -> Result<Capabilities, ConnectorError> {
        let mut discovering = self.discovering.lock().await;
        let now = self.now();
        if !self.learnt(|learnt| learnt.discovered.is_some_and(|told| told.is_fresh(now))) {
            let configuration = self.document("ServiceProviderConfig").await?;
            let types = self.document("ResourceTypes").await?;
            let told = discovery::Capabilities::read(configuration.as_deref(), types.as_deref(), None);
            self.learn(|learnt| {
                learnt.discovered = Some(Discovered {
                    at: now,
                    patch: told.patch,
                    groups: told.groups,
                    cursor_only: told.pagination.cursor && !told.pagination.index,
                    page_max: told.pagination.max_page_size,
                });
            });
            *discovering = Some(told);
        }
        drop(discovering);
        Ok(self.describe(&self.profile()))
    }

    /// One discovery document; `None` where the server has none. A document that cannot be had says nothing, but a
    /// credential that is refused or a server that is down does.
    pub(super) async fn document(&self, name: &'static str) -> Result<Option<Vec<u8>>, ConnectorError> {
        let what = format!("read {name}");
        let target = Target::path([name]).map_err(|error| read_failed(&what, error))?;
        match self.get(Get::new(target)).await {
            Ok(response) => Ok(response.is_success().then(|| response.body.to_vec())),
            Err(
                HttpError::Forbidden { .. }
                | HttpError::Redirected { .. }
                | HttpError::TooDeep { .. }
                | HttpError::BodyTooLarge { .. }
                | HttpError::Unavailable { .. },
            ) => Ok(None),
            Err(error) => Err(read_failed(&what, error)),
        }
    }

    fn describe(&self, profile: &Profile) -> Capabilities {
        let mut kinds = BTreeMap::new();
        let mut absent = BTreeMap::new();
        if profile.groups && !profile.read_listable {
            // Memberships are read in listings of groups, and joined with the users that a listing shows.
            let why = "the app cannot list, so that nobody can tell who is in a group";
            absent.insert(Text::from("group"), Text::from(why));
        } else if !profile.groups {
            absent.insert(Text::from("group"), Text::from("there are no groups in its SCIM interface"));
        } else {
            let creatable = self.wire.group_create && self.wire.group_update != GroupUpdate::None;
            let group = EntitlementKind { creatable, fold_case: true, ..EntitlementKind::set() };
            if profile.members_read != MembersRead::None {
                kinds.insert("group".into(), group);
            }
        }
        let dropped = &self.dropped();
        let keeps = |attribute: &str| {
            let path = if attribute == "department" { DEPARTMENT } else { attribute };
            !dropped.iter().any(|name| name.eq_ignore_ascii_case(path))
        };
        if keeps("roles") {
            let role = if self.role_order.is_empty() {
                EntitlementKind::set()
            } else {
                EntitlementKind { shape: Shape::Single { order: self.role_order.clone() }, ..EntitlementKind::set() }
            };
            kinds.insert("role".into(), role);
        } else {
            let why =
                "its vendor names no roles among what SCIM keeps; where it keeps them, override `droppedAttributes`";
            absent.insert(Text::from("role"), Text::from(why));
        }
        let cliffs = profile.cliffs.iter().map(|cliff| Cliff {
            id: cliff.id.into(),
            accounts: cliff.at_users.saturating_sub(1),
            message: cliff.message.into(),
        });
        Capabilities {
            kinds,
            absent,
            provisioning: Provisioning::Create,
            needs_full_name: false,
            suspend: true,
            delete: self.deletes(profile),
            look_up: !profile.user_filter_attributes.is_empty(),
            bills_invited: false,
            look_up_id: profile.reads_by_id,
            hides_suspended: !profile.inactive_visible,
            account_alone: true,
            attributes: self.mapping.attributes.iter().filter(|attribute| keeps(attribute)).cloned().collect(),
            renames: true,
            login: self.mapping.user_name,
            cliffs: cliffs.collect(),
            by_hand: ByHand { delete: profile.delete_means == DeleteMeans::Unknown, ..ByHand::default() },
            notes: profile.notes.iter().map(|note| Text::from(*note)).collect(),
        }
    }

    /// Whether a deletion is ever sent.
    pub(super) fn deletes(&self, profile: &Profile) -> bool {
        self.wire.delete && !matches!(profile.delete_means, DeleteMeans::Deactivate | DeleteMeans::Unknown)
    }

    /// The attributes that the server publishes for users, asked for when a strict server refused one.
    pub(super) async fn published_attributes(&self) -> Result<Option<BTreeSet<String>>, ConnectorError> {
        let mut discovering = self.discovering.lock().await;
        if let Some(told) = &*discovering
            && told.user_attributes.is_some()
        {
            return Ok(told.user_attributes.clone());
        }
        let schemas = self.document("Schemas").await?;
        let told = discovery::Capabilities::read(None, None, schemas.as_deref());
        let published = told.user_attributes.clone();
        *discovering = Some(told);
        Ok(published)
    }
}
