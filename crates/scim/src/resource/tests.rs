//! What views and drafts promise, on bodies as servers write them.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

#[test]
fn a_user_is_borrowed_from_the_body() {
    let body = r#"{"id":"1","userName":"ana@example.com","emails":[{"value":"ana@example.com","type":"work","primary":true}],
        "name":{"givenName":"Ana","extra":{"a":[1]}},"unknown":{"deep":[{"x":1}]},"active":false,"title":null,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","manager":{"value":"2"}},
        "meta":{"version":"W/\"1\""}}"#;
    let user: UserView<'_> = serde_json::from_str(body).unwrap();
    assert!(matches!(user.user_name, Cow::Borrowed("ana@example.com")));
    assert!(matches!(user.emails[0].value, Cow::Borrowed(_)));
    assert_eq!(user.enterprise.department.as_deref(), Some("R&D"));
    assert_eq!(user.meta.version.as_deref(), Some("W/\"1\""));
    assert!(!user.active);
    assert!(user.has_id());
}

#[test]
fn odd_values_are_forgiven() {
    let body = r#"{"id":17,"userName":"a","active":"False","emails":{"value":"a@example.com"},"roles":["admin",{"value":"x","primary":"true"}],
        "title":{"odd":true},"displayName":["odd"],"name":"Ana","meta":null,"groups":null}"#;
    let user: UserView<'_> = serde_json::from_str(body).unwrap();
    assert_eq!((&*user.id, user.active), ("17", false));
    assert_eq!(user.email(), Some("a@example.com"));
    assert_eq!(
        user.roles.iter().map(|role| (&*role.value, role.primary)).collect::<Vec<_>>(),
        [("admin", false), ("x", true)]
    );
    assert_eq!((user.title, user.display_name, user.groups), (None, None, None));
}

#[test]
fn one_value_of_a_wrong_kind_spoils_neither_the_resource_nor_the_page() {
    let odd =
        ["null", "true", "-1", "7", "1.5", "\"x\"", "[]", "[[1],{}]", "[null,true,-1,1.5,[2]]", "{}", "{\"a\":[1]}"];
    let names = [
        "externalId",
        "displayName",
        "name",
        "emails",
        "active",
        "roles",
        "groups",
        "title",
        "meta",
        urn::ENTERPRISE_USER,
    ];
    for (name, value) in names.iter().flat_map(|name| odd.iter().map(move |value| (name, value))) {
        let body = format!(r#"{{"id":"1","userName":"a","{name}":{value}}}"#);
        let user: UserView<'_> = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!((&*user.id, &*user.user_name), ("1", "a"));
    }
}

#[test]
fn a_user_is_active_unless_the_server_says_no() {
    let active = |body: &str| serde_json::from_str::<UserView<'_>>(body).unwrap().active;
    for body in ["{}", r#"{"active":null}"#, r#"{"active":"TRUE"}"#, r#"{"active":1}"#, r#"{"active":"?"}"#] {
        assert!(active(body), "{body}");
    }
    for body in [r#"{"active":false}"#, r#"{"active":"false"}"#, r#"{"active":0}"#] {
        assert!(!active(body), "{body}");
    }
}

#[test]
fn members_that_are_not_told_differ_from_an_empty_list() {
    let members = |body: &str| {
        let group: GroupView<'_> = serde_json::from_str(body).unwrap();
        group.members.is_some().then(|| group.member_ids().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(members("{}"), None);
    assert_eq!(members(r#"{"members":[]}"#), Some(vec![]));
    assert_eq!(
        members(r#"{"members":[{"value":"1","$ref":null},"2",{"display":"x"}]}"#),
        Some(vec!["1".into(), "2".into()])
    );
}

#[test]
fn a_draft_sends_what_is_given_and_nothing_else() {
    let draft = UserDraft { user_name: "ana".into(), ..UserDraft::default() };
    assert_eq!(draft.to_value(&BTreeSet::new()), json!({"schemas": [urn::USER], "userName": "ana"}));
    let group = GroupDraft { display_name: "Studio".into(), ..GroupDraft::default() };
    assert_eq!(group.to_value(), json!({"schemas": [urn::GROUP], "displayName": "Studio"}));
}

#[test]
fn a_draft_leaves_out_what_the_server_drops() {
    let draft = UserDraft {
        user_name: "ana".into(),
        given_name: Some("Ana".into()),
        family_name: Some("Ruiz".into()),
        title: Some("Lead".into()),
        department: Some("R&D".into()),
        active: Some(true),
        ..UserDraft::default()
    };
    let dropped = BTreeSet::from(["TITLE".to_owned(), "name.givenName".to_owned(), DEPARTMENT.to_owned()]);
    let expected = json!({"schemas": [urn::USER], "userName": "ana", "name": {"familyName": "Ruiz"}, "active": true});
    assert_eq!(draft.to_value(&dropped), expected);
    let whole = draft.to_value(&BTreeSet::from(["name".to_owned()]));
    assert_eq!(whole.get("name"), None);
    assert_eq!(whole[urn::ENTERPRISE_USER], json!({"department": "R&D"}));
    assert_eq!(whole["schemas"], json!([urn::USER, urn::ENTERPRISE_USER]));
}
