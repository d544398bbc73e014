//! The named profiles. Each says only what its vendor documents. What is not published stays as in `generic` where a server
//! can be asked without harm, and is not done where it cannot.

use std::{borrow::Cow, collections::BTreeSet};

use super::{Cliff, DeleteMeans, Profile};
use crate::resource::DEPARTMENT;

/// The names of all profiles.
pub const NAMES: [&str; 6] = ["6sense", "clockify", "clockwise", "generic", "poggio", "workos"];

/// What every vendor leaves open that publishes no list of attributes.
const UNPUBLISHED: [&str; 1] = ["roles"];

impl Profile {
    /// The profile of this name; `None` when there is none. See [`NAMES`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let profile = match name {
            "generic" => Self::default(),
            "clockify" => clockify(),
            "workos" => workos(),
            "clockwise" => clockwise(),
            "poggio" => poggio(),
            "6sense" => sixsense(),
            _ => return None,
        };
        Some(Self { name: Cow::Owned(name.to_owned()), ..profile })
    }
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// Clockify help, "SCIM user provisioning" (Enterprise plan): users, groups and their members follow the client. Neither
/// the form of requests nor a list of attributes is published, and a deletion is not mentioned.
fn clockify() -> Profile {
    Profile {
        delete_means: DeleteMeans::Unknown,
        dropped_attributes: names(UNPUBLISHED),
        notes: vec![
            "SCIM is part of the Enterprise plan, and only the owner of the workspace can switch it on",
            "one edition of the vendor's help says that existing groups are deleted when SCIM is switched on: write them \
             down before",
            "group names follow the client: a group renamed inside the app is renamed back",
            "the time zone belongs to the user once changed in the app; it is never sent",
        ],
        ..Profile::default()
    }
}

/// `WorkOS` Directory Sync: one address and one token for each directory. The form of requests is not published; a client
/// of this endpoint is expected to keep to RFC 7644.
fn workos() -> Profile {
    Profile {
        notes: vec![
            "each directory has an address and a token of its own: copy the whole address",
            "a customer reports that users who are switched on again do not get their groups back",
        ],
        ..Profile::default()
    }
}

/// Clockwise, by way of `WorkOS`; the vendor's help on seats. A later edition of it says that names come from elsewhere and
/// that no account is created or deleted, so that nothing rests on either.
fn clockwise() -> Profile {
    let cutover = Cliff {
        id: "clockwise/paid-plan-cutover",
        at_users: 11,
        message: "with more than 10 users in the directory everyone in it moves to the paid plan, everybody else of the \
                  domain to the free one",
    };
    Profile {
        cliffs: vec![cutover],
        fixed_users: true,
        delete_means: DeleteMeans::Unknown,
        dropped_attributes: names(UNPUBLISHED),
        notes: vec![
            "third parties report that the product was shut down on 2026-03-27; no notice of the vendor is known",
            "the attributes of administrators cannot be updated: such a difference is shown and left",
            "each directory has an address and a token of its own: copy the whole address",
        ],
        ..workos()
    }
}

/// Poggio docs, "Provision users with SCIM": users are created, updated and switched off by a user name, which is the mail
/// address, and a shown name. No groups and no import, so that nothing can be listed. Whether one user can be found by a
/// filter or by id is not published: it is tried, and done without where it is refused.
fn poggio() -> Profile {
    Profile {
        groups: false,
        read_listable: false,
        user_name_is_mail: true,
        delete_means: DeleteMeans::Unknown,
        dropped_attributes: names(["externalId", "name", "roles", "title", DEPARTMENT]),
        notes: vec![
            "there is no import: accounts are looked up one by one, and those that nobody declared are never seen",
            "users land in the default workspace of the SAML settings",
            "SCIM needs the Enterprise plan and SAML 2.0; the address is shown inside the product only",
        ],
        ..Profile::default()
    }
}

/// 6sense support: users are created, updated in name and mail, switched off and on. No groups, no import: nothing can be
/// listed. Whether one user can be found by a filter or by id is not published, as with Poggio.
fn sixsense() -> Profile {
    Profile {
        groups: false,
        read_listable: false,
        user_name_is_mail: true,
        delete_means: DeleteMeans::Unknown,
        dropped_attributes: names(["roles", "title", DEPARTMENT]),
        notes: vec![
            "there is no import: accounts are looked up one by one, and those that nobody declared are never seen",
            "users who are not in the directory must be disabled by hand before SCIM is switched on",
            "SCIM is switched on by the vendor's customer success manager, and single sign-on comes first",
        ],
        ..Profile::default()
    }
}
