//! Whether a JSON resource fulfils a filter.

use std::{borrow::Cow, cmp::Ordering};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Filter, FilterError, Literal, Operator};
use crate::{json, path::AttributePath, schema};

/// How texts are compared where servers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseRules {
    /// `userName` is compared exactly, against the RFC, as some servers do.
    pub user_name_exact: bool,
}

/// What the names of a filter are relative to: a resource, or one value of a multi-valued attribute.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) object: &'a Map<String, Value>,
    pub(crate) parent: Option<&'a AttributePath>,
    pub(crate) rules: CaseRules,
}

impl Filter {
    /// Whether a resource fulfils the filter: texts by the case rules of [`schema::is_case_exact`], instants as
    /// instants, a multi-valued attribute if any value does. An attribute without a value fulfils `ne` only.
    ///
    /// Fails with [`FilterError::Unordered`] when booleans are compared by order.
    pub fn matches(&self, resource: &Value, rules: CaseRules) -> Result<bool, FilterError> {
        let empty = Map::new();
        self.holds(Scope { object: resource.as_object().unwrap_or(&empty), parent: None, rules })
    }

    pub(crate) fn holds(&self, scope: Scope<'_>) -> Result<bool, FilterError> {
        match self {
            Self::Or(parts) => {
                for part in parts {
                    if part.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::And(parts) => {
                for part in parts {
                    if !part.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(part) => part.holds(scope).map(|held| !held),
            Self::Present(path) => Ok(scope.values(path).iter().any(|value| is_present(value))),
            Self::Compare { path, operator, value } => scope.compare(path, *operator, value),
            Self::Any { path, filter } => {
                for value in scope.elements(path) {
                    let Some(object) = value.as_object() else { continue };
                    if filter.holds(Scope { object, parent: Some(path), rules: scope.rules })? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

impl<'a> Scope<'a> {
    /// The values of the attribute itself, a list taken apart.
    fn elements(&self, path: &AttributePath) -> Vec<&'a Value> {
        let object = match &path.schema {
            None => Some(self.object),
            Some(schema) => json::get(self.object, schema).and_then(Value::as_object),
        };
        match object.and_then(|object| json::get(object, &path.attribute)) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(value) => vec![value],
        }
    }

    /// The values that the path names: of a complex value without a named sub-attribute its `value`.
    fn values(&self, path: &AttributePath) -> Vec<&'a Value> {
        let elements = self.elements(path).into_iter();
        match &path.sub_attribute {
            Some(sub) => elements.filter_map(|value| json::get(value.as_object()?, sub)).collect(),
            None => elements
                .map(|value| value.as_object().and_then(|object| json::get(object, "value")).unwrap_or(value))
                .collect(),
        }
    }

    fn compare(&self, path: &AttributePath, operator: Operator, literal: &Literal) -> Result<bool, FilterError> {
        let values = self.values(path);
        if *literal == Literal::Null {
            let absent = values.iter().all(|value| json::is_unassigned(value));
            return Ok(match operator {
                Operator::Equal => absent,
                Operator::NotEqual => !absent,
                _ => false,
            });
        }
        if values.is_empty() {
            return Ok(operator == Operator::NotEqual);
        }
        let full = self.full_path(path);
        for value in values {
            if self.compare_one(&full, value, operator, literal)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn full_path<'p>(&self, path: &'p AttributePath) -> Cow<'p, AttributePath> {
        match self.parent {
            None => Cow::Borrowed(path),
            Some(parent) => Cow::Owned(parent.child(&path.attribute)),
        }
    }

    fn compare_one(
        &self,
        path: &AttributePath,
        value: &Value,
        operator: Operator,
        literal: &Literal,
    ) -> Result<bool, FilterError> {
        let told = match literal {
            Literal::Boolean(told) => json::boolean(value).map(|value| (value, *told)),
            Literal::Text(text) => value.as_bool().zip(json::boolean_text(text)),
            _ => None,
        };
        if let Some((value, told)) = told {
            return match operator {
                Operator::Equal => Ok(value == told),
                Operator::NotEqual => Ok(value != told),
                _ => Err(FilterError::Unordered),
            };
        }
        if value.is_boolean() && operator.is_order() {
            return Err(FilterError::Unordered);
        }
        match (value, literal) {
            (Value::String(value), Literal::Text(text)) => Ok(self.compare_texts(path, value, operator, text)),
            (Value::Number(value), Literal::Number(number)) => {
                let order = match (value.as_i64(), number.as_i64()) {
                    (Some(value), Some(number)) => Some(value.cmp(&number)),
                    _ => value.as_f64().zip(number.as_f64()).and_then(|(value, number)| value.partial_cmp(&number)),
                };
                Ok(order.is_some_and(|order| fits(operator, order)))
            }
            _ => Ok(operator == Operator::NotEqual),
        }
    }

    fn compare_texts(&self, path: &AttributePath, value: &str, operator: Operator, text: &str) -> bool {
        if schema::is_instant(path)
            && let (Ok(value), Ok(text)) = (value.parse::<Timestamp>(), text.parse::<Timestamp>())
        {
            return fits(operator, value.cmp(&text));
        }
        let is_user_name = path.sub_attribute.is_none() && path.attribute.eq_ignore_ascii_case("userName");
        if schema::is_case_exact(path) || (is_user_name && self.rules.user_name_exact) {
            return compare_folded(value, operator, text);
        }
        compare_folded(&fold(value), operator, &fold(text))
    }
}

fn compare_folded(value: &str, operator: Operator, text: &str) -> bool {
    match operator {
        Operator::Contains => value.contains(text),
        Operator::StartsWith => value.starts_with(text),
        Operator::EndsWith => value.ends_with(text),
        _ => fits(operator, value.cmp(text)),
    }
}

/// The form in which texts are compared without case.
fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

fn fits(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

fn is_present(value: &Value) -> bool {
    !json::is_unassigned(value) && value.as_str() != Some("")
}
