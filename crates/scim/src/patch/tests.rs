//! What PATCH promises, in every dialect that is sent; knows the public face only.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{path::AttributePath, urn};

fn user() -> Value {
    json!({
        "schemas": [urn::USER], "id": "1", "userName": "ana@example.com", "active": true,
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [{"type": "home", "value": "a@home.example", "primary": true}],
        "groups": [{"value": "g"}], "meta": {"version": "W/\"1\""},
    })
}

fn group(members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [urn::GROUP], "id": "g", "displayName": "Studio", "members": members})
}

fn patch(kind: ResourceKind, mut resource: Value, operations: &Value) -> Result<(Value, bool), PatchError> {
    let body = json!({"schemas": [urn::PATCH_OP], "Operations": operations});
    let applied = PatchRequest::parse(&body, kind)?.apply(&mut resource, CaseRules::default())?;
    Ok((resource, applied.changed))
}

fn patched_user(operations: &Value) -> Value {
    patch(ResourceKind::User, user(), operations).unwrap().0
}

fn members_after(operations: &Value) -> Vec<String> {
    let (resource, _) = patch(ResourceKind::Group, group(&["a", "b", "c"]), operations).unwrap();
    let members = resource["members"].as_array().cloned().unwrap_or_default();
    members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn active_is_switched_off_in_every_dialect() {
    for operations in [
        json!([{"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
        json!([{"op": "REPLACE", "value": {"active": false}}]),
        json!([{"op": "replace", "path": null, "value": {"active": "false"}}]),
        json!([{"op": "Add", "path": "", "value": {"ACTIVE": [false]}}]),
        json!({"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": [false]}),
    ] {
        assert_eq!(patched_user(&operations)["active"], json!(false), "{operations}");
    }
}

#[test]
fn dotted_and_qualified_keys_are_expanded_and_the_servers_own_are_left_out() {
    let after = patched_user(&json!([{"op": "replace", "value": {
        "id": "2", "schemas": [], "meta": {}, "name.givenName": "Anna", "displayName": "Anna R.",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "R&D",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"costCenter": "7"},
    }}]));
    assert_eq!(after["id"], "1");
    assert_eq!(after["name"], json!({"givenName": "Anna", "familyName": "Ruiz"}));
    assert_eq!(after["displayName"], "Anna R.");
    assert_eq!(after[urn::ENTERPRISE_USER], json!({"department": "R&D", "costCenter": "7"}));
}

#[test]
fn a_manager_may_come_as_a_bare_text_and_go_by_an_empty_one() {
    let path = format!("{}:manager", urn::ENTERPRISE_USER);
    let set = json!({"op": "add", "path": path, "value": "271"});
    let clear = json!({"op": "replace", "path": path, "value": ""});
    assert_eq!(patched_user(&json!([set]))[urn::ENTERPRISE_USER], json!({"manager": {"value": "271"}}));
    assert_eq!(patched_user(&json!([set, clear])), user());
}

#[test]
fn a_filtered_value_that_is_missing_is_made_from_the_filter() {
    for op in ["Add", "replace"] {
        let after =
            patched_user(&json!([{"op": op, "path": "emails[type eq \"work\"].value", "value": "a@x.example"}]));
        assert_eq!(after["emails"][1], json!({"type": "work", "value": "a@x.example"}));
    }
    let refused = json!([{"op": "replace", "path": "emails[type ne \"home\"].value", "value": "a@x.example"}]);
    assert_eq!(patch(ResourceKind::User, user(), &refused), Err(PatchError::NoTarget));
}

#[test]
fn at_most_one_value_is_primary() {
    let after =
        patched_user(&json!([{"op": "add", "path": "emails", "value": {"value": "w@x.example", "primary": "True"}}]));
    assert_eq!(after["emails"][0]["primary"], false);
    assert_eq!(after["emails"][1]["primary"], true);
}

#[test]
fn roles_may_come_as_json_in_a_text() {
    let after = patched_user(&json!([{"op": "Add", "path": "roles", "value": "{\"value\":\"admin\"}"}]));
    assert_eq!(after["roles"], json!([{"value": "admin"}]));
}

#[test]
fn a_removal_with_a_value_list_removes_just_these_members() {
    let remove = |value: Value| members_after(&json!([{"op": "Remove", "path": "members", "value": value}]));
    assert_eq!(remove(json!([{"$ref": null, "value": "b"}])), ["a", "c"]);
    assert_eq!(remove(json!({"value": "b", "type": "User"})), ["a", "c"]);
    assert_eq!(remove(json!([])), ["a", "b", "c"]);
    assert_eq!(remove(json!([{"value": "z"}])), ["a", "b", "c"]);
    assert!(remove(Value::Null).is_empty());
    assert_eq!(members_after(&json!([{"op": "remove", "path": "members[value eq \"b\"]"}])), ["a", "c"]);
    assert!(members_after(&json!([{"op": "remove", "path": "members"}])).is_empty());
}

#[test]
fn members_are_added_once_and_replaced_as_a_whole() {
    assert_eq!(
        members_after(&json!([{"op": "add", "path": "members", "value": [{"value": "c"}, {"value": "d"}]}])),
        ["a", "b", "c", "d"]
    );
    assert_eq!(members_after(&json!([{"op": "replace", "path": "members", "value": [{"value": "x"}]}])), ["x"]);
}

#[test]
fn what_is_there_already_changes_nothing() {
    for operation in [
        json!({"op": "add", "path": "members", "value": [{"value": "a"}]}),
        json!({"op": "replace", "path": "members", "value": [{"value": "b"}, {"value": "c"}, {"value": "a"}]}),
        json!({"op": "remove", "path": "members[value eq \"z\"]"}),
        json!({"op": "replace", "value": {"id": "g", "displayName": "Studio"}}),
    ] {
        let (_, changed) = patch(ResourceKind::Group, group(&["a", "b", "c"]), &json!([operation])).unwrap();
        assert!(!changed, "{operation}");
    }
}

#[test]
fn refusals_carry_the_right_keyword_and_change_nothing() {
    let fine = json!({"op": "replace", "path": "title", "value": "x"});
    for (operation, kind) in [
        (json!({"op": "remove"}), ErrorKind::NoTarget),
        (json!({"op": "move", "path": "title"}), ErrorKind::InvalidSyntax),
        (json!({"op": "replace", "path": "id", "value": "2"}), ErrorKind::Mutability),
        (json!({"op": "add", "path": "groups", "value": [{"value": "g"}]}), ErrorKind::Mutability),
        (json!({"op": "remove", "path": "userName"}), ErrorKind::Mutability),
        (json!({"op": "replace", "path": "title[", "value": "x"}), ErrorKind::InvalidPath),
        (json!({"op": "replace", "path": "active", "value": "maybe"}), ErrorKind::InvalidValue),
        (json!({"op": "replace", "path": "title", "value": {"a": 1}}), ErrorKind::InvalidValue),
        (json!({"op": "replace", "path": "name", "value": "Ana"}), ErrorKind::InvalidValue),
        (json!({"op": "replace", "path": "title[a eq 1]", "value": "x"}), ErrorKind::NoTarget),
    ] {
        let error = patch(ResourceKind::User, user(), &json!([fine, operation])).unwrap_err();
        assert_eq!(error.kind(), kind, "{operation}");
    }
    let mut resource = user();
    let body = json!({"Operations": [fine, {"op": "remove", "path": "userName"}]});
    let request = PatchRequest::parse(&body, ResourceKind::User).unwrap();
    assert!(request.apply(&mut resource, CaseRules::default()).is_err());
    assert_eq!(resource, user());
}

#[test]
fn unknown_attributes_are_counted_but_not_alone() {
    let body = json!({"operations": [{"op": "add", "value": {"shoeSize": 44, "title": "x", "a b": 1}}]});
    assert_eq!(PatchRequest::parse(&body, ResourceKind::User).unwrap().unknown, 2);
    let body = json!({"operations": [{"op": "add", "path": "shoeSize", "value": 44}]});
    assert_eq!(PatchRequest::parse(&body, ResourceKind::User), Err(PatchError::UnknownAttribute));
}

#[test]
fn member_changes_are_packed_into_the_fewest_bodies() {
    let ids = |range: std::ops::Range<usize>| range.map(|id| format!("m{id}")).collect::<Vec<_>>();
    let bodies = member_changes(&ids(0..250), &ids(300..401), MembersRemoveForm::Filter, 100);
    assert_eq!(bodies.len(), 4);
    let mut resource = group(&[]);
    resource["members"] = ids(300..403).iter().map(|id| json!({"value": id})).collect();
    for body in &bodies {
        let body = body.to_value();
        PatchRequest::parse(&body, ResourceKind::Group).unwrap().apply(&mut resource, CaseRules::default()).unwrap();
    }
    assert_eq!(resource["members"].as_array().unwrap().len(), 252);
    assert!(member_changes::<String>(&[], &[], MembersRemoveForm::ValueList, 0).is_empty());
    assert_eq!(member_changes(&["a"], &["b"], MembersRemoveForm::ValueList, 1).len(), 2);
}

#[test]
fn a_careful_client_sends_lower_case_paths_and_booleans() {
    let body = PatchBody::new(vec![OutgoingOperation::active(false)]).to_value();
    assert_eq!(
        body,
        json!({"schemas": [urn::PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": false}]})
    );
    let removal = OutgoingOperation::remove_members(&["a\"b"], MembersRemoveForm::Filter);
    assert_eq!(
        serde_json::to_value(&removal).unwrap(),
        json!([{"op": "remove", "path": "members[value eq \"a\\\"b\"]"}])
    );
}

#[test]
fn a_replacement_keeps_everything_but_what_the_server_sets() {
    let mut current = user();
    current["nonStandard"] = json!({"kept": true});
    let changes = PatchBody::new(vec![OutgoingOperation::replace(&AttributePath::core("title"), "Lead")]);
    let body = replacement(&current, ResourceKind::User, &changes).unwrap();
    assert_eq!(body["title"], "Lead");
    assert_eq!(body["nonStandard"], json!({"kept": true}));
    assert_eq!((body.get("meta"), body.get("groups")), (None, None));
    assert_eq!(body["emails"], current["emails"]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = proptest::sample::select(vec![
        "",
        "a",
        "add",
        "Replace",
        "remove",
        "active",
        "members",
        "emails[type eq \"work\"].value",
        "name.givenName",
        "true",
        "userName",
        "{\"value\":\"x\"}",
        "members[value eq \"a\"]",
        urn::ENTERPRISE_USER,
        "roles",
        "primary",
        "[",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let key = proptest::sample::select(vec![
            "op",
            "path",
            "value",
            "type",
            "primary",
            "active",
            "name.givenName",
            "members",
            "emails",
            "id",
            "x",
            urn::ENTERPRISE_USER,
        ]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(key.prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let path = proptest::sample::select(vec![
        "members",
        "members[value eq \"a\"]",
        "displayName",
        "externalId",
        "members[value eq \"x\"]",
    ]);
    let ids = proptest::collection::vec(proptest::sample::select(vec!["a", "b", "x", "y"]), 0..4);
    (proptest::sample::select(vec!["add", "replace", "remove"]), path, ids).prop_map(|(op, path, ids)| {
        let value = match path {
            "members" => ids.iter().map(|id| json!({"value": id})).collect(),
            "displayName" | "externalId" => json!(ids.first().copied().unwrap_or("n")),
            _ => json!({"value": if path.contains('x') { "x" } else { "a" }}),
        };
        json!({"op": op, "path": path, "value": value})
    })
}

proptest! {
    #[test]
    fn applying_an_operation_twice_is_applying_it_once(operation in operation(), members in proptest::collection::btree_set("[a-c]", 0..3)) {
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        if let Ok((once, changed)) = patch(ResourceKind::Group, group(&members), &json!([operation])) {
            prop_assert_eq!(changed, once != group(&members));
            let (twice, changed) = patch(ResourceKind::Group, once.clone(), &json!([operation])).unwrap();
            prop_assert_eq!(twice, once);
            prop_assert!(!changed);
        }
    }

    #[test]
    fn no_body_makes_the_parser_panic(body in any_json(), operations in proptest::collection::vec(any_json(), 0..3)) {
        for kind in [ResourceKind::User, ResourceKind::Group] {
            for body in [body.clone(), json!({"Operations": operations})] {
                if let Ok(request) = PatchRequest::parse(&body, kind) {
                    let _ = request.apply(&mut user(), CaseRules::default());
                    let _ = request.apply(&mut body.clone(), CaseRules::default());
                }
            }
        }
    }

    #[test]
    fn operations_made_of_likely_parts_do_not_panic(
        op in proptest::sample::select(vec!["add", "replace", "remove"]),
        path in proptest::sample::select(vec!["emails", "emails[type eq \"work\"]", "emails[primary eq true].value", "name", "active", "roles.value", "members"]),
        value in any_json(),
    ) {
        for kind in [ResourceKind::User, ResourceKind::Group] {
            let _ = patch(kind, user(), &json!([{"op": op, "path": path, "value": value}]));
        }
    }
}
