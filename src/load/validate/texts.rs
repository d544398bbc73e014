//! The rules of texts that are plain patterns, judged without the interpreter of rules: that one compiles the pattern anew
//! for each value, which took most of the time of a large set of files. What is left of a rule stays with it.

use std::{cell::OnceCell, collections::BTreeMap, rc::Rc};

use regex::Regex;
use serde_json::Value;

use super::{Violation, told};
use crate::load::path::Path;

/// What stands between the terms of a rule.
const AND: &str = " && ";

/// The rules of one place of a schema, and of the places below it.
#[derive(Default)]
pub(super) struct Texts {
    rules: Vec<TextRule>,
    properties: BTreeMap<String, Texts>,
    /// What all items of a list, or all values of a map, share.
    each: Option<Box<Texts>>,
}

struct TextRule {
    terms: Vec<Term>,
    message: String,
}

/// A term of a rule that is judged here.
enum Term {
    /// `size(self) > 0`.
    NotEmpty,
    /// `self.matches(…)`, or not so.
    Matches { pattern: Rc<Pattern>, wanted: bool },
}

/// A pattern, compiled when it is first needed, once for all rules that have it.
struct Pattern {
    text: String,
    compiled: OnceCell<Option<Regex>>,
}

type Patterns = BTreeMap<String, Rc<Pattern>>;

impl Texts {
    /// Takes out of the schema what can be judged here. A rule of which nothing is left goes from it altogether.
    pub(super) fn take(schema: &mut Value) -> Self {
        Self::of(schema, &mut Patterns::new())
    }

    fn of(schema: &mut Value, patterns: &mut Patterns) -> Self {
        let mut texts = Self::default();
        let Some(node) = schema.as_object_mut() else { return texts };
        if node.get("type").is_some_and(|kind| kind == "string")
            && !node.contains_key("format")
            && let Some(Value::Array(rules)) = node.get_mut("x-kubernetes-validations")
        {
            rules.retain_mut(|rule| texts.take_rule(rule, patterns));
            if rules.is_empty() {
                node.remove("x-kubernetes-validations");
            }
        }
        for (name, child) in node.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            let below = Self::of(child, patterns);
            if !below.is_empty() {
                texts.properties.insert(name.clone(), below);
            }
        }
        for field in ["items", "additionalProperties"] {
            let below = node.get_mut(field).map(|child| Self::of(child, patterns)).filter(|below| !below.is_empty());
            texts.each = texts.each.or_else(|| below.map(Box::new));
        }
        texts
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.properties.is_empty() && self.each.is_none()
    }

    /// Whether something is left of a rule.
    fn take_rule(&mut self, rule: &mut Value, patterns: &mut Patterns) -> bool {
        let is_plain = rule.as_object().is_some_and(|rule| rule.keys().all(|key| key == "rule" || key == "message"));
        let (Some(written), Some(message)) = (rule["rule"].as_str(), rule["message"].as_str()) else { return true };
        if !is_plain {
            return true;
        }
        let (terms, rest) = terms(written, patterns);
        if terms.is_empty() {
            return true;
        }
        self.rules.push(TextRule { terms, message: message.to_owned() });
        let rest = rest.map(str::to_owned);
        let Some(rest) = rest else { return false };
        rule["rule"] = rest.into();
        true
    }

    /// Checks a value and all below it.
    pub(super) fn check(&self, value: &Value, path: &Path, violations: &mut Vec<Violation>) {
        match value {
            Value::String(text) => {
                let broken = self.rules.iter().filter(|rule| !rule.terms.iter().all(|term| term.holds(text)));
                violations.extend(broken.map(|rule| told::violation(path, value, &rule.message)));
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    if let Some(below) = self.properties.get(name).or(self.each.as_deref()) {
                        below.check(field, &path.key(name), violations);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(below) = &self.each {
                        below.check(item, &path.index(index), violations);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Term {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::NotEmpty => !text.is_empty(),
            Self::Matches { pattern, wanted } => {
                let compiled = pattern.compiled.get_or_init(|| Regex::new(&pattern.text).ok());
                compiled.as_ref().is_some_and(|compiled| compiled.is_match(text) == *wanted)
            }
        }
    }
}

/// The terms at the beginning of a rule that are judged here, and what follows them.
fn terms<'a>(rule: &'a str, patterns: &mut Patterns) -> (Vec<Term>, Option<&'a str>) {
    let mut terms = Vec::new();
    let mut rest = rule.trim();
    if !is_conjunction(rest) {
        return (terms, Some(rest));
    }
    while let Some((term, after)) = term(rest, patterns) {
        terms.push(term);
        match after {
            Some(after) => rest = after,
            None => return (terms, None),
        }
    }
    (terms, Some(rest))
}

/// Whether no alternative stands outside parentheses and texts, so that each term must hold.
fn is_conjunction(rule: &str) -> bool {
    let (mut depth, mut in_text) = (0_u32, false);
    for character in rule.chars() {
        match character {
            '\'' => in_text = !in_text,
            _ if in_text => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' | '?' if depth == 0 => return false,
            _ => {}
        }
    }
    true
}

/// One term, and what follows it.
fn term<'a>(rule: &'a str, patterns: &mut Patterns) -> Option<(Term, Option<&'a str>)> {
    let (term, after) = if let Some(after) = rule.strip_prefix("size(self) > 0") {
        (Term::NotEmpty, after)
    } else {
        let (wanted, call) = rule.strip_prefix('!').map_or((true, rule), |call| (false, call));
        let literal = call.strip_prefix("self.matches(")?;
        // A raw text says what it says; in another, an escape would have to be understood.
        let (raw, literal) = literal.strip_prefix('r').map_or((false, literal), |literal| (true, literal));
        let (text, after) = literal.strip_prefix('\'')?.split_once('\'')?;
        if !raw && text.contains('\\') {
            return None;
        }
        let news = || Rc::new(Pattern { text: text.to_owned(), compiled: OnceCell::new() });
        let pattern = Rc::clone(patterns.entry(text.to_owned()).or_insert_with(news));
        (Term::Matches { pattern, wanted }, after.strip_prefix(')')?)
    };
    match after.strip_prefix(AND) {
        Some(after) => Some((term, Some(after))),
        None => after.trim().is_empty().then_some((term, None)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(rule: &str) -> Value {
        json!({"type": "object", "properties": {"names": {"type": "array", "items": {
            "type": "string", "x-kubernetes-validations": [{"rule": rule, "message": "write it so"}],
        }}}})
    }

    fn places(texts: &Texts, value: &Value) -> Vec<String> {
        let mut violations = Vec::new();
        texts.check(value, &Path::default(), &mut violations);
        violations.iter().map(|violation| format!("{} {}", violation.path(), violation.help)).collect()
    }

    #[test]
    fn a_pattern_is_judged_here_and_goes_from_the_schema() {
        let mut schema = schema("size(self) > 0 && !self.matches('[^a-z]')");
        let texts = Texts::take(&mut schema);
        assert!(schema["properties"]["names"]["items"].get("x-kubernetes-validations").is_none());
        assert_eq!(places(&texts, &json!({"names": ["a", "", "B"]})), ["names[1] write it so", "names[2] write it so"]);
    }

    #[test]
    fn what_is_more_than_a_pattern_stays_with_the_rule() {
        let mut schema = schema(r"self.matches(r'^\d+$') && int(self) <= 7");
        let texts = Texts::take(&mut schema);
        let left = &schema["properties"]["names"]["items"]["x-kubernetes-validations"][0]["rule"];
        assert_eq!(left, "int(self) <= 7");
        assert_eq!(places(&texts, &json!({"names": ["9", "x"]})), ["names[1] write it so"]);
    }

    #[test]
    fn what_is_not_understood_is_left_as_it_is() {
        for rule in [
            "self == 'a'",
            "self.matches('a') && self == 'b' || true",
            "self.matches('a') ? true : false",
            r"self.matches('\\d')",
            "self.matches(other)",
        ] {
            let mut with = schema(rule);
            assert!(Texts::take(&mut with).is_empty(), "{rule}");
            assert_eq!(with, schema(rule));
        }
    }
}
