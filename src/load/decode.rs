//! From the values of a document to the object that it declares.

use std::{collections::BTreeMap, rc::Rc};

use k8s_openapi::api::core::v1::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Broken, DEFAULT_NAMESPACE, Loaded, Located, ObjectName, Objects, Place, Problem,
    document::{Document, Malformed},
    path::Path,
    plain, suggest,
    validate::{Checker, Doubt, DoubtKind, Violation},
};
use crate::api::{self, Kind};

/// Most misspelt values that are told of one object.
const MOST_MISSPELT: usize = 50;

/// Takes up documents one after the other.
pub(super) struct Decoder {
    checker: Rc<Checker>,
    loaded: Loaded,
}

/// A document of a file, or an item of a list in one.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    document: Document<'a>,
    base: &'a Path,
}

impl Source<'_> {
    /// Where the document begins; of a list, the list, since looking up each of many items would take too long.
    fn place(&self) -> Place {
        Place { file: self.file.to_owned(), line: self.document.first_content_line() }
    }

    fn problem(&self, object: Option<String>, violation: &Violation) -> Problem {
        let path = self.base.join(&violation.path);
        // A number may have been written in another way than it reads.
        let written = violation.wants_quotes.then(|| self.document.plain_text(&path)).flatten();
        let help = written.map_or_else(|| violation.help.clone(), |written| quoted(&shortened(written)));
        Problem {
            place: Place { file: self.file.to_owned(), line: self.document.line_of(&path) },
            object,
            path: violation.path(),
            message: violation.message.clone(),
            help,
        }
    }
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { checker: Checker::of_this_thread(), loaded: Loaded::default() }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.loaded.problems.push(problem);
    }

    /// All that was taken up, in order.
    pub(super) fn finish(mut self) -> Loaded {
        self.loaded.problems.sort();
        self.loaded.problems.dedup();
        self.loaded.broken.sort();
        self.loaded.broken.dedup();
        self.loaded
    }

    /// Takes up one document.
    pub(super) fn document(&mut self, file: &str, document: Document<'_>) {
        match document.read() {
            Ok(value) => {
                self.value(Source { file, document, base: &Path::default() }, value);
            }
            Err(malformed) => self.malformed(file, document, malformed),
        }
    }

    /// A document that is no YAML may still be one of ours: then what it claims is unknown.
    fn malformed(&mut self, file: &str, document: Document<'_>, malformed: Malformed) {
        let place = Place { file: file.to_owned(), line: document.first_line };
        for kind in Kind::ALL.into_iter().filter(|_| document.text.contains(api::GROUP)) {
            if document.text.lines().any(|line| line.trim_end() == format!("kind: {kind}")) {
                self.loaded.broken.push(Broken { kind, name: None, place: place.clone() });
            }
        }
        let Malformed { line, message, help } = malformed;
        let place = Place { line, ..place };
        self.problem(Problem { place, object: None, path: String::new(), message, help });
    }

    fn value(&mut self, source: Source<'_>, value: Value) {
        let Value::Object(_) = &value else {
            if !value.is_null() {
                self.loaded.other_kinds += 1;
            }
            return;
        };
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        match (api_version.as_str(), kind.as_str()) {
            ("v1", "List") => self.list(source, value),
            ("v1", "Namespace") => self.namespace(&value),
            ("v1", "Secret") => self.secret(source, value),
            ("v1", "ConfigMap") => self.config_map(source, &value),
            _ => match named_kind(&api_version, &kind) {
                Ok(Some(kind)) => self.object(source, kind, value),
                Ok(None) => self.loaded.other_kinds += 1,
                Err(violation) => {
                    let problem = source.problem(None, &violation);
                    self.problem(problem);
                    if let Some(kind) = Kind::from_name(&kind) {
                        self.broken(source, kind, name_of(&value));
                    }
                }
            },
        }
    }

    /// What `kubectl get -o yaml` prints.
    fn list(&mut self, source: Source<'_>, mut value: Value) {
        let Value::Array(items) = value["items"].take() else { return };
        for (index, item) in items.into_iter().enumerate() {
            let base = source.base.key("items").index(index);
            let is_list = item["kind"] == "List";
            if !is_list {
                self.value(Source { base: &base, ..source }, item);
            }
        }
    }

    fn namespace(&mut self, value: &Value) {
        let Some(name) = value["metadata"]["name"].as_str() else { return };
        let labels = texts(&value["metadata"]["labels"]);
        self.loaded.namespaces.insert(name.to_owned(), labels);
    }

    fn config_map(&mut self, source: Source<'_>, value: &Value) {
        if let Some(name) = name_of(value) {
            let object = texts(&value["data"]);
            self.loaded.config_maps.insert(name, Located { object, place: source.place() });
        }
    }

    /// A credential. Nothing of its values may reach a message.
    fn secret(&mut self, source: Source<'_>, value: Value) {
        let Some(name) = name_of(&value) else { return };
        let object = Some(format!("Secret {name}"));
        let data = Path::default().key("stringData");
        for (key, text) in value["stringData"].as_object().into_iter().flatten() {
            let path = data.key(key);
            let doubtful = match text {
                Value::String(text) => {
                    plain::mistaken_for(text).is_some()
                        && source.document.plain_text(&source.base.join(&path)).is_some()
                }
                _ => true,
            };
            if doubtful {
                let violation = Violation::new(&path, "is not text for every reader of YAML", "quote it");
                self.problem(source.problem(object, &violation));
                return;
            }
        }
        let taken = serde_json::from_value::<Secret>(value).ok().is_some_and(|secret| {
            self.loaded.secrets.insert(name, secret.data.unwrap_or_default(), secret.string_data.unwrap_or_default())
        });
        if !taken {
            let violation = Violation::new(
                &Path::default(),
                "cannot be read, or stands twice among the files",
                "write each value base64-encoded below data, or quoted below stringData",
            );
            self.problem(source.problem(object, &violation));
        }
    }

    fn object(&mut self, source: Source<'_>, kind: Kind, mut value: Value) {
        if let Some(fields) = value.as_object_mut() {
            fields.remove("status");
        }
        let name = name_of(&value);
        let mut violations = self.checker.check(kind, &value);
        violations.extend(self.spelling(source, kind, &value));
        let title = name.as_ref().map_or_else(|| kind.to_string(), |name| format!("{kind} {name}"));
        for violation in &violations {
            self.problem(source.problem(Some(title.clone()), violation));
        }
        let Some(name) = name.filter(|_| violations.is_empty()) else {
            self.broken(source, kind, name_of(&value));
            return;
        };
        if let Some(fields) = value.as_object_mut()
            && let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.insert("namespace".to_owned(), (&*name.namespace).into());
        }
        if let Err(message) = self.insert(source.place(), kind, &name, value) {
            // What the schema takes and the type does not says itself what to write.
            let (message, help) = match message.split_once(": write ") {
                Some((message, rest)) => (message.to_owned(), format!("write {rest}")),
                None => (message, "remove or rename one of the two".to_owned()),
            };
            self.problem(source.problem(Some(title), &Violation::new(&Path::default(), message, help)));
            self.broken(source, kind, Some(name));
        }
    }

    /// Unquoted words that another reader would not take for text.
    fn spelling(&self, source: Source<'_>, kind: Kind, value: &Value) -> Vec<Violation> {
        let doubts = self.checker.doubtful(kind, value);
        doubts.into_iter().filter_map(|doubt| misspelt(source, &doubt)).take(MOST_MISSPELT).collect()
    }

    fn broken(&mut self, source: Source<'_>, kind: Kind, name: Option<ObjectName>) {
        self.loaded.broken.push(Broken { kind, name, place: source.place() });
    }

    fn insert(&mut self, place: Place, kind: Kind, name: &ObjectName, value: Value) -> Result<(), String> {
        let broken = &mut self.loaded.broken;
        match kind {
            Kind::TargetApp => insert(&mut self.loaded.target_apps, broken, place, kind, name, value),
            Kind::AppAccess => insert(&mut self.loaded.app_accesses, broken, place, kind, name, value),
            Kind::Team => insert(&mut self.loaded.teams, broken, place, kind, name, value),
            Kind::Directory => insert(&mut self.loaded.directories, broken, place, kind, name, value),
            Kind::AccessApproval => insert(&mut self.loaded.approvals, broken, place, kind, name, value),
            Kind::AccessPlan => insert(&mut self.loaded.plans, broken, place, kind, name, value),
        }
    }
}

/// What is wrong with the spelling of a value, if it is written without quotes and another reader may mistake it.
fn misspelt(source: Source<'_>, doubt: &Doubt) -> Option<Violation> {
    let document = source.document;
    let harmless = match doubt.kind {
        DoubtKind::Number => document.text.contains(&doubt.text),
        DoubtKind::Text | DoubtKind::Key => document.only_quotes(&doubt.text),
    };
    if harmless {
        return None;
    }
    let path = source.base.join(&doubt.path);
    let written = match doubt.kind {
        DoubtKind::Key => document.plain_key(&path),
        DoubtKind::Text | DoubtKind::Number => document.plain_text(&path),
    }?;
    let taken_for = plain::mistaken_for(written)?;
    let written = shortened(written);
    let what = if doubt.kind == DoubtKind::Key { "has a key that is" } else { "is" };
    Some(Violation::new(
        &doubt.path,
        format!("{what} {written} without quotes, which YAML 1.1 and kubectl may take for {taken_for}"),
        quoted(&written),
    ))
}

/// The value as it stands in the file, as far as it is shown.
fn shortened(written: &str) -> String {
    written.chars().take(64).collect()
}

fn quoted(written: &str) -> String {
    format!("quote it: \"{written}\"")
}

/// Takes up an object. Of two with one name neither counts: which one is meant cannot be told.
fn insert<T: DeserializeOwned>(
    objects: &mut Objects<T>,
    broken: &mut Vec<Broken>,
    place: Place,
    kind: Kind,
    name: &ObjectName,
    value: Value,
) -> Result<(), String> {
    let earlier = objects.get(name).map(|object| object.place.clone());
    let earlier = earlier.or_else(|| {
        broken
            .iter()
            .find(|broken| broken.kind == kind && broken.name.as_ref() == Some(name))
            .map(|broken| broken.place.clone())
    });
    if let Some(earlier) = earlier {
        objects.remove(name);
        broken.push(Broken { kind, name: Some(name.clone()), place: earlier.clone() });
        return Err(format!("stands twice, first at {earlier}"));
    }
    let object = serde_json::from_value(value).map_err(|error| error.to_string())?;
    objects.insert(name.clone(), Located { object, place });
    Ok(())
}

/// Namespace and name, where they are texts.
fn name_of(value: &Value) -> Option<ObjectName> {
    let name = value["metadata"]["name"].as_str()?;
    let namespace = value["metadata"]["namespace"].as_str().unwrap_or(DEFAULT_NAMESPACE);
    Some(ObjectName::new(namespace, name))
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    let fields = value.as_object().into_iter().flatten();
    fields.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Our kind of that name and version; `None` for others' kinds; what to write where ours is meant and not met.
fn named_kind(api_version: &str, kind: &str) -> Result<Option<Kind>, Violation> {
    let path = |field: &str| Path::default().key(field);
    let known = Kind::from_name(kind);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if api_version == api::API_VERSION {
        return known.map(Some).ok_or_else(|| {
            let names = Kind::ALL.map(Kind::name);
            let help = suggest::nearest(kind, names).map_or_else(
                || format!("write one of: {}", names.join(", ")),
                |nearest| format!("did you mean {nearest}?"),
            );
            Violation::new(&path("kind"), format!("is {kind:?}, which {} does not have", api::API_VERSION), help)
        });
    }
    let near = group == api::GROUP
        || (known.is_some() && (api_version.is_empty() || suggest::nearest(group, [api::GROUP]).is_some()));
    if near {
        let message = match api_version {
            "" => "is missing".to_owned(),
            other => format!("is {other:?}, which this build does not read"),
        };
        return Err(Violation::new(&path("apiVersion"), message, format!("write {}", api::API_VERSION)));
    }
    Ok(None)
}
