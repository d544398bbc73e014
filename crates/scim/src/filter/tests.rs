//! What the filter language promises, by examples and by chance; knows the public face only.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn ana() -> Value {
    json!({
        "id": "Id-1", "userName": "Ana@Example.com", "externalId": "E1", "active": true, "title": "Dr. \"A\"",
        "emails": [{"type": "work", "value": "Ana@Example.com", "primary": true}, {"type": "home", "value": "a@home.example"}],
        "meta": {"lastModified": "2026-01-02T03:04:05Z"},
        "roles": [{"value": "admin", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "m1"}},
    })
}

fn holds(filter: &str) -> bool {
    Filter::parse(filter).unwrap().matches(&ana(), CaseRules::default()).unwrap()
}

#[test]
fn filters_that_match() {
    for filter in [
        "userName eq \"ana@example.COM\"",
        "USERNAME EQ \"ana@example.com\"",
        "userName eq 'ana@example.com'",
        "title eq 'Dr. \"A\"'",
        "title eq \"dr. \\\"a\\\"\"",
        "emails eq \"ana@example.com\"",
        "emails.type eq \"HOME\"",
        "emails[type eq \"work\"].value eq \"ana@example.com\"",
        "emails[type eq \"work\" and primary eq True]",
        "roles[primary eq \"True\"]",
        "active eq true and not (active eq false)",
        "id eq \"Id-1\"",
        "missing ne \"x\"",
        "missing eq null",
        "title pr and externalId pr",
        "userName sw \"ana\" and userName ew \".com\" and userName co \"@\"",
        "meta.lastModified gt \"2026-01-02T04:04:04+01:00\"",
        "meta.lastModified le \"2026-01-02T03:04:05.000Z\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"r&d\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq \"m1\"",
        "active eq false and active eq false or userName pr",
        "userName pr or active eq false and active eq false",
        "(userName pr)",
    ] {
        assert!(holds(filter), "{filter}");
    }
}

#[test]
fn filters_that_do_not_match() {
    for filter in [
        "id eq \"id-1\"",
        "externalId eq \"e1\"",
        "missing eq \"x\"",
        "missing pr",
        "emails[type eq \"work\"].value eq \"a@home.example\"",
        "emails[type eq \"home\" and primary eq true]",
        "(userName pr or active eq false) and active eq false",
        "meta.lastModified gt \"2026-01-02T03:04:05Z\"",
        "not (userName pr)",
    ] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn what_cannot_be_parsed_is_refused() {
    for filter in [
        "",
        "userName",
        "userName eq",
        "userName eq x",
        "eq \"x\"",
        "userName eq \"x",
        "userName eq \"\\q\"",
        "(a pr",
        "a pr)",
        "a pr and",
        "a pr b pr",
        "a[b pr",
        "a[b pr].c",
        "a.b.c pr",
        "a.b[c pr]",
        "not a pr",
        "a xx 1",
        "a eq 1 2",
        "a gt true",
        "a eq NaN",
        "a eq infinity",
        "a eq -",
        "é eq 1",
    ] {
        assert!(Filter::parse(filter).is_err(), "{filter}");
    }
    assert_eq!(
        Filter::parse("active gt \"x\"").unwrap().matches(&ana(), CaseRules::default()),
        Err(FilterError::Unordered)
    );
}

#[test]
fn length_depth_and_nodes_are_capped() {
    let deep = |levels: usize| format!("{}a pr{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&deep(DEPTH_MAX)).is_ok());
    assert_eq!(Filter::parse(&deep(DEPTH_MAX + 1)), Err(FilterError::TooDeep));
    assert_eq!(Filter::parse(&"(".repeat(LENGTH_MAX)), Err(FilterError::TooDeep));
    assert_eq!(Filter::parse(&vec!["a pr"; 500].join(" or ")), Err(FilterError::TooManyNodes));
    assert_eq!(Filter::parse(&" ".repeat(LENGTH_MAX + 1)), Err(FilterError::TooLong));
}

#[test]
fn an_exact_user_name_is_a_rule_of_the_server() {
    let filter = Filter::user_name("ana@example.com");
    assert!(filter.matches(&ana(), CaseRules::default()).unwrap());
    assert!(!filter.matches(&ana(), CaseRules { user_name_exact: true }).unwrap());
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,8}"
}

fn path() -> impl Strategy<Value = AttributePath> {
    let schema = prop_oneof![
        Just(None),
        Just(Some(crate::urn::ENTERPRISE_USER.to_owned())),
        Just(Some("urn:acme:scim:1.5:Person".to_owned()))
    ];
    (schema, name(), proptest::option::of(name())).prop_map(|(schema, attribute, sub_attribute)| AttributePath {
        schema,
        attribute,
        sub_attribute,
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::Text),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<f64>().prop_filter_map("finite", Number::from_f64).prop_map(Literal::Number),
        any::<bool>().prop_map(Literal::Boolean),
        Just(Literal::Null)
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let operator = proptest::sample::select(Operator::ALL.to_vec());
    let leaf = prop_oneof![
        path().prop_map(Filter::Present),
        (path(), operator, literal()).prop_filter_map("no order over booleans", |(path, operator, value)| {
            let allowed = !(operator.is_order() && matches!(value, Literal::Boolean(_)));
            allowed.then_some(Filter::Compare { path, operator, value })
        })
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            inner.clone().prop_map(|part| Filter::Not(Box::new(part))),
            (path(), inner).prop_map(|(path, part)| Filter::Any { path: path.parent(), filter: Box::new(part) })
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_filter_parses_to_the_same_tree(filter in filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn a_user_name_cannot_add_a_second_comparison(text in any::<String>()) {
        let printed = Filter::user_name(&text).to_string();
        if printed.len() <= LENGTH_MAX {
            let parsed = Filter::parse(&printed).unwrap();
            prop_assert_eq!(parsed.equalities().map(|terms| terms.len()), Some(1));
            prop_assert_eq!(parsed, Filter::user_name(&text));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = Filter::parse(&text);
        let _ = crate::path::PatchPath::parse(&text);
    }

    #[test]
    fn no_text_of_the_grammar_makes_the_parser_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec!["a", "(", ")", "[", "]", "not", "and", "or", "eq", "pr", "\"x\"", "'", "\"", ".", "1", "-", "true", "é", " ", "\\", "urn:x:1.0:U", ":"]),
            0..30,
        ),
    ) {
        let _ = Filter::parse(&words.concat());
        let _ = Filter::parse(&words.join(" "));
        let _ = crate::path::PatchPath::parse(&words.concat());
    }
}
