//! Judges an object as the API server would: the very schema of its definition, then its rules, then what neither can say.

mod meaning;
mod metadata;
mod rules;
mod structure;
mod texts;
mod told;

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use kube::core::cel::{ErrorKind, Validator};
use serde_json::Value;

pub(crate) use self::{
    meaning::is_visible,
    metadata::{is_label, is_subdomain},
    structure::{Doubt, DoubtKind},
};
use self::{rules::Rules, texts::Texts};
use super::path::{Path, Step};
use crate::api::Kind;

/// Most violations that are told of one object.
const MOST_VIOLATIONS: usize = 50;

/// What is wrong with a field, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub(crate) path: Path,
    /// What is wrong.
    pub message: String,
    /// What to write instead; empty where the message says it already.
    pub help: String,
    /// Whether the value is to be quoted as it stands in the file.
    pub(crate) wants_quotes: bool,
}

impl Violation {
    /// The field, as `spec.grants[0].until`.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    pub(crate) fn new(path: &Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { path: path.clone(), message: message.into(), help: help.into(), wants_quotes: false }
    }

    /// A value that must be text and was read as something else.
    pub(crate) fn unquoted(path: &Path, message: impl Into<String>, value: &Value) -> Self {
        Self { wants_quotes: true, ..Self::new(path, message, format!("quote it: \"{value}\"")) }
    }
}

/// The schemas and rules of all kinds, each compiled when it is first needed.
pub struct Checker {
    validator: Validator,
    compiled: BTreeMap<Kind, OnceCell<Compiled>>,
}

struct Compiled {
    schema: Value,
    /// The rules that are judged without the interpreter.
    texts: Texts,
    rules: RefCell<Rules>,
    /// Messages by rule, for those that could not be evaluated.
    messages: BTreeMap<String, String>,
}

thread_local! {
    static CHECKER: Rc<Checker> = Rc::new(Checker::new());
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

impl Checker {
    /// A checker of the kinds of this build.
    #[must_use]
    pub fn new() -> Self {
        let compiled = Kind::ALL.into_iter().map(|kind| (kind, OnceCell::new())).collect();
        Self { validator: Validator::new(), compiled }
    }

    /// The checker of this thread: to compile what a kind needs takes far longer than to check objects.
    pub(crate) fn of_this_thread() -> Rc<Self> {
        CHECKER.with(Rc::clone)
    }

    /// All that is wrong with `object`, in order; at most 50 violations. `object` is the whole document, without `status`.
    #[must_use]
    pub fn check(&self, kind: Kind, object: &Value) -> Vec<Violation> {
        let mut violations = Vec::new();
        metadata::check(object, &mut violations);
        let Some(compiled) = self.compiled(kind) else { return violations };
        let spec = Path::default().key("spec");
        let schema = &compiled.schema["properties"]["spec"];
        match object.get("spec") {
            Some(value) => structure::check(schema, value, &spec, &mut violations),
            None => violations.push(Violation::new(&spec, "is missing", "write spec:")),
        }
        if violations.is_empty() {
            compiled.texts.check(object, &Path::default(), &mut violations);
            self.check_rules(compiled, object, &mut violations);
        }
        if violations.is_empty() {
            meaning::check(kind, object, &mut violations);
        }
        violations.sort();
        violations.dedup();
        violations.truncate(MOST_VIOLATIONS);
        violations
    }

    /// Values and keys whose spelling in the file matters, because other readers of YAML may take them for something else.
    pub(crate) fn doubtful(&self, kind: Kind, object: &Value) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if let (Some(compiled), Some(spec)) = (self.compiled(kind), object.get("spec")) {
            structure::doubtful(
                &compiled.schema["properties"]["spec"],
                spec,
                &Path::default().key("spec"),
                &mut doubts,
            );
        }
        doubts
    }

    fn check_rules(&self, compiled: &Compiled, object: &Value, violations: &mut Vec<Violation>) {
        let mut rules = compiled.rules.borrow_mut();
        let Err(errors) = self.validator.validate_compiled(rules.of(object), object, None) else { return };
        for error in errors.as_slice() {
            // A rule that cannot be evaluated is one that does not hold: the server says the same, in more words.
            let known = compiled.messages.get(&error.rule).filter(|_| error.kind != ErrorKind::ValidationFailure);
            let path = Path::parse(&error.field_path);
            let help = known.unwrap_or(&error.message);
            violations.push(told::violation(&path, at(object, &path), help));
        }
    }

    fn compiled(&self, kind: Kind) -> Option<&Compiled> {
        Some(self.compiled.get(&kind)?.get_or_init(|| {
            let definition = kind.definition();
            let version = definition.spec.versions.into_iter().next();
            let schema = version.and_then(|version| version.schema).and_then(|schema| schema.open_api_v3_schema);
            let schema = serde_json::to_value(schema).unwrap_or_default();
            let mut left = schema.clone();
            let texts = Texts::take(&mut left);
            let mut messages = BTreeMap::new();
            collect_messages(&left, &mut messages);
            Compiled { rules: RefCell::new(Rules::new(left)), schema, texts, messages }
        }))
    }
}

/// The value at `path`, or nothing.
fn at<'a>(object: &'a Value, path: &Path) -> &'a Value {
    path.0.iter().fold(object, |value, step| match step {
        Step::Key(key) => &value[key],
        Step::Index(index) => &value[*index],
    })
}

fn collect_messages(schema: &Value, messages: &mut BTreeMap<String, String>) {
    match schema {
        Value::Object(node) => {
            if let (Some(Value::String(rule)), Some(Value::String(message))) = (node.get("rule"), node.get("message")) {
                messages.insert(rule.clone(), message.clone());
            }
            node.values().for_each(|child| collect_messages(child, messages));
        }
        Value::Array(items) => items.iter().for_each(|child| collect_messages(child, messages)),
        _ => {}
    }
}
