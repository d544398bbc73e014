//! The named profiles. Each says only what its vendor documents; what is not published stays as in `generic`.

use std::borrow::Cow;

use super::{Cliff, Profile};

/// The names of all profiles.
pub const NAMES: [&str; 6] = ["6sense", "clockify", "clockwise", "generic", "poggio", "workos"];

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

/// Clockify help, "SCIM user provisioning". The form of requests is not published.
fn clockify() -> Profile {
    Profile {
        notes: vec![
            "one edition of the vendor's help says that existing groups are deleted when SCIM is switched on",
            "group names follow the client: a group renamed inside the app is renamed back",
            "the time zone belongs to the user once changed in the app",
        ],
        ..Profile::default()
    }
}

/// `WorkOS` Directory Sync: one address and token for each directory. The form of requests is not published.
fn workos() -> Profile {
    Profile {
        notes: vec!["a customer reports that users who are switched on again do not get their groups back"],
        ..Profile::default()
    }
}

/// Clockwise, by way of `WorkOS`; the vendor's help on seats.
fn clockwise() -> Profile {
    let cutover = Cliff {
        id: "clockwise/paid-plan-cutover",
        at_users: 11,
        message: "with more than 10 users in the directory everyone in it moves to the paid plan, everybody else of the \
                  domain to the free one",
    };
    Profile {
        cliffs: vec![cutover],
        notes: vec!["reported as discontinued on 2026-03-27", "the attributes of administrators cannot be updated"],
        ..workos()
    }
}

/// Poggio docs, "Provision users with SCIM": users are created, updated and switched off; no groups.
fn poggio() -> Profile {
    let dropped = ["name.givenName", "name.familyName"];
    Profile {
        groups: false,
        dropped_attributes: dropped.map(str::to_owned).into(),
        notes: vec!["the user name is the mail address"],
        ..Profile::default()
    }
}

/// 6sense support: users are created, updated, switched off and on; no groups.
fn sixsense() -> Profile {
    Profile {
        groups: false,
        notes: vec![
            "the user name is the mail address",
            "users who are not in the directory must be disabled by hand before SCIM is switched on",
        ],
        ..Profile::default()
    }
}
