//! What profiles, overrides and lessons promise; no server is asked.

use std::collections::BTreeMap;

use super::*;

fn overridden(name: &str, value: &str) -> Result<Profile, OverrideError> {
    Profile::default().with_overrides(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
}

#[test]
fn every_name_has_its_profile() {
    for name in NAMES {
        assert_eq!(Profile::named(name).unwrap().name, name);
    }
    assert_eq!(Profile::named("nobody"), None);
    assert_eq!(Profile::named("generic"), Some(Profile::default()));
}

#[test]
fn the_paid_plan_of_clockwise_begins_with_the_eleventh_user() {
    let clockwise = Profile::named("clockwise").unwrap();
    let crossed = |from, to| clockwise.cliffs_between(from, to).map(|cliff| cliff.id).collect::<Vec<_>>();
    assert_eq!(crossed(9, 10), [""; 0]);
    assert_eq!(crossed(10, 11), ["clockwise/paid-plan-cutover"]);
    assert_eq!(crossed(3, 40), ["clockwise/paid-plan-cutover"]);
    assert_eq!(crossed(11, 40), [""; 0]);
}

#[test]
fn apps_without_groups_have_none() {
    assert!(!Profile::named("6sense").unwrap().groups);
    assert!(!Profile::named("poggio").unwrap().groups);
    assert!(Profile::named("clockify").unwrap().groups);
}

#[test]
fn an_app_without_an_import_cannot_be_listed_and_may_be_asked_for_one_user() {
    for (name, listable) in [("6sense", false), ("poggio", false), ("clockify", true), ("workos", true)] {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.read_listable, listable, "{name}");
        assert!(profile.reads_by_id && profile.user_filter_attributes.contains("userName"), "{name}");
    }
}

#[test]
fn what_no_vendor_mentions_is_not_sent() {
    for name in ["6sense", "clockify", "clockwise", "poggio"] {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.delete_means, DeleteMeans::Unknown, "{name}");
        assert!(profile.dropped_attributes.contains("roles"), "{name}");
    }
    let poggio = Profile::named("poggio").unwrap().dropped_attributes;
    assert!(!poggio.contains("displayName") && !poggio.contains("emails"));
}

#[test]
fn every_special_profile_has_something_to_tell_its_owner() {
    for name in NAMES.into_iter().filter(|name| *name != "generic") {
        assert!(!Profile::named(name).unwrap().notes.is_empty(), "{name}");
    }
}

#[test]
fn every_field_can_be_overridden_and_refuses_rubbish() {
    for field in FIELDS {
        let error = overridden(field, "?!").unwrap_err();
        assert!(matches!(&error, OverrideError::Value { name, .. } if name == field), "{field}");
        assert!(error.to_string().contains("write "), "{error}");
    }
    let values = [
        ("pageSize", "50"),
        ("maxPageSize", "20"),
        ("paging", "cursor"),
        ("userFilterAttributes", "userName, externalId"),
        ("groupFilterAttributes", ""),
        ("droppedAttributes", "title,name.givenName"),
        ("userUpdate", "putMerge"),
        ("userActive", "patchNoPath"),
        ("membersRemoveForm", "valueList"),
        ("membersInCreate", "false"),
        ("membersPatchMax", "7"),
        ("membersRead", "none"),
        ("inactiveVisible", "false"),
        ("deleteMeans", "irreversible"),
        ("groups", "false"),
        ("caseSensitiveUserName", "true"),
        ("notFoundStatuses", "404,410"),
        ("consistencyWindow", "0"),
        ("etag", "false"),
        ("listable", "false"),
        ("readsById", "false"),
        ("userNameIsMail", "true"),
        ("fixedUsers", "true"),
        ("rateRequests", "600"),
        ("ratePerSeconds", "60"),
        ("concurrency", "4"),
    ];
    assert_eq!(values.len(), FIELDS.len());
    for (field, value) in values {
        assert_ne!(overridden(field, value).unwrap(), Profile::default(), "{field}");
    }
}

#[test]
fn an_unknown_field_is_answered_with_the_known_ones() {
    let error = overridden("cliffs", "").unwrap_err().to_string();
    assert!(FIELDS.iter().all(|field| error.contains(field)), "{error}");
}

#[test]
fn bounds_of_numbers_hold() {
    for (field, value) in [
        ("pageSize", "0"),
        ("pageSize", "10001"),
        ("concurrency", "-1"),
        ("notFoundStatuses", "500"),
        ("notFoundStatuses", ""),
    ] {
        assert!(overridden(field, value).is_err(), "{field} {value}");
    }
}

fn everything() -> Learnt {
    Learnt {
        patch_refused: true,
        active_form: Some(ActiveForm::PatchNoPath),
        members_remove_form: Some(MembersRemoveForm::ValueList),
        filter_ignored: true,
        reads_refused: true,
        dropped_attributes: BTreeSet::from(["title".to_owned(), crate::resource::DEPARTMENT.to_owned()]),
        soft_delete: true,
        page_cap: Some(50),
        members_in_create_ignored: true,
        total_is_page_size: true,
    }
}

#[test]
fn what_was_learnt_survives_being_written_down() {
    assert_eq!(Learnt::from_map(&everything().to_map()), everything());
    assert!(Learnt::default().to_map().is_empty());
    assert_eq!(
        Learnt::from_map(&BTreeMap::from([("pageCap".into(), "x".into()), ("new".into(), "y".into())])),
        Learnt::default()
    );
}

#[test]
fn lessons_add_up() {
    let mut learnt = everything();
    learnt.merge(Learnt::default());
    assert_eq!(learnt, everything());
    let mut learnt = Learnt::default();
    learnt.merge(everything());
    assert_eq!(learnt, everything());
    learnt.merge(Learnt { page_cap: Some(20), ..Learnt::default() });
    assert_eq!(learnt.page_cap, Some(20));
}

#[test]
fn a_profile_takes_what_was_learnt() {
    let profile = Profile::default().with_learnt(&everything());
    assert_eq!((profile.user_update, profile.active_form), (UserUpdate::Put, ActiveForm::Put));
    assert_eq!(profile.delete_means, DeleteMeans::Deactivate);
    assert_eq!(profile.effective_page_size(), 50);
    assert!(!profile.reads_by_id);
    assert!(profile.user_filter_attributes.is_empty() && !profile.members_in_create);
    assert_eq!(Profile::default().with_learnt(&Learnt::default()), Profile::default());
    let zoom_like = Profile { user_update: UserUpdate::PutMerge, ..Profile::default() };
    assert_eq!(zoom_like.with_learnt(&everything()).user_update, UserUpdate::PutMerge);
}
