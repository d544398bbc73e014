//! One YAML document: its values as JSON, within a budget, and where a field stands in the text.

use std::{cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{
    malformed,
    path::{Path, Step},
};

/// Most values that one document may hold, with every alias written out.
const MOST_VALUES: usize = 200_000;
/// Most bytes of text that one document may hold, with every alias written out.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Deepest nesting. The deepest field of ours is at half of it.
const DEEPEST: usize = 32;

/// The text of one document and the line of the file, from 1, that it begins on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    pub(crate) text: &'a str,
    pub(crate) first_line: usize,
}

/// Why a document is no YAML that we take.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) line: usize,
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: String,
}

/// Splits a file where documents begin and end. A marker in the first column ends a document whatever stands before it,
/// so that one broken document leaves the others readable.
pub(crate) fn split(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut has_content) = (0, 1, false);
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let bare = line.trim_end();
        let marks = |marker: &str| {
            bare == marker || bare.strip_prefix(marker).is_some_and(|rest| rest.starts_with([' ', '\t']))
        };
        if marks("---") && has_content {
            documents.push(Document { text: text.get(start..offset).unwrap_or_default(), first_line });
            (start, first_line) = (offset, number + 1);
        }
        has_content = has_content || marks("---") || !(bare.is_empty() || bare.starts_with(['#', '%']));
        offset += line.len();
        if marks("...") {
            documents.push(Document { text: text.get(start..offset).unwrap_or_default(), first_line });
            (start, first_line, has_content) = (offset, number + 2, false);
        }
    }
    if has_content {
        documents.push(Document { text: text.get(start..).unwrap_or_default(), first_line });
    }
    documents
}

impl Document<'_> {
    /// The values of the document; `Null` where there are none.
    pub(crate) fn read(&self) -> Result<Value, Malformed> {
        let budget = Budget { values: Cell::new(MOST_VALUES), bytes: Cell::new(MOST_BYTES) };
        Tree { budget: &budget, depth: 0 }.deserialize(serde_yaml::Deserializer::from_str(self.text)).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line());
            // The place is told apart, in lines of the file.
            let text = error.to_string();
            let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
            let message =
                message.rsplit_once(": ").filter(|_| message.starts_with("spec")).map_or(message, |(_, rest)| rest);
            let column = error.location().map_or(1, |location| location.column());
            let written = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            let (message, help) = malformed::explained(message, written, column);
            Malformed { line: self.first_line + line.saturating_sub(1), message, help }
        })
    }

    /// The line of the file on which the content begins. Told by the text alone where a mapping begins with a plain key, as
    /// nearly all do: to parse the document once more for it takes as long as to read it.
    pub(crate) fn first_content_line(&self) -> usize {
        let mut lines = self.text.lines().enumerate();
        let content = lines.find(|(_, line)| {
            let bare = line.trim();
            !(bare.is_empty() || bare.starts_with('#') || line.trim_end() == "---")
        });
        match content {
            Some((index, line)) if line.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                self.first_line + index
            }
            _ => self.line_of(&Path::default()),
        }
    }

    /// The line of the file on which the field stands, or the nearest one above it that exists.
    pub(crate) fn line_of(&self, path: &Path) -> usize {
        let mut steps = path.0.as_slice();
        while let Some((last, above)) = steps.split_last() {
            if let Some((line, _)) = self.locate(steps, matches!(last, Step::Key(_))) {
                return line;
            }
            steps = above;
        }
        self.locate(&[], false).map_or(self.first_line, |(line, _)| line)
    }

    /// Whether `text` stands between quotes wherever it stands in the document: then no value can be that text unquoted.
    /// Spares the look at each place, of which there may be many.
    pub(crate) fn only_quotes(&self, text: &str) -> bool {
        !text.is_empty()
            && self.text.match_indices(text).all(|(start, _)| {
                let before = self.text.get(..start).and_then(|before| before.chars().next_back());
                let after = self.text.get(start + text.len()..).and_then(|after| after.chars().next());
                before == after && matches!(before, Some('"' | '\''))
            })
    }

    /// The text of the value at `path` as it stands there if it is neither quoted nor a block, else `None`.
    pub(crate) fn plain_text(&self, path: &Path) -> Option<&str> {
        plain(self.locate(&path.0, false)?.1)
    }

    /// The same for the key of the last step.
    pub(crate) fn plain_key(&self, path: &Path) -> Option<&str> {
        plain(self.locate(&path.0, true)?.1)
    }

    /// Line in the file, and the text from there on. The reader tells places only in its errors, so this reads up to the
    /// place and fails there.
    fn locate(&self, steps: &[Step], key: bool) -> Option<(usize, &str)> {
        let error = Locate { steps, key }.deserialize(serde_yaml::Deserializer::from_str(self.text)).err()?;
        let location = error.location()?;
        let line = self.text.split('\n').nth(location.line().checked_sub(1)?)?;
        let column = line.char_indices().nth(location.column().checked_sub(1)?).map_or(line.len(), |(index, _)| index);
        Some((self.first_line + location.line() - 1, line.get(column..)?))
    }
}

/// The plain scalar that begins `text`, without anchors; `None` where a quote, a block or a tag begins it.
fn plain(text: &str) -> Option<&str> {
    let mut text = text;
    while let Some(anchor) = text.strip_prefix('&') {
        text = anchor.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    }
    if text.starts_with(['"', '\'', '|', '>', '!']) {
        return None;
    }
    let end = [" #", ": ", ",", "]", "}"].into_iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    Some(text.get(..end)?.trim_end().trim_end_matches(':'))
}

struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn spend<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        let (Some(values), Some(bytes)) = (self.values.get().checked_sub(1), self.bytes.get().checked_sub(bytes))
        else {
            return Err(E::custom(malformed::TOO_LARGE));
        };
        self.values.set(values);
        self.bytes.set(bytes);
        Ok(())
    }
}

/// Builds the values of a document.
#[derive(Clone, Copy)]
struct Tree<'b> {
    budget: &'b Budget,
    depth: usize,
}

impl Tree<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEEPEST {
            return Err(E::custom(malformed::TOO_DEEP));
        }
        Ok(Tree { budget: self.budget, depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number, a boolean, a list or a mapping")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom(malformed::NO_NUMBER))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.budget.spend(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let inner = self.deeper()?;
        let mut fields = Map::new();
        while let Some(key) = mapping.next_key_seed(Key { stop_at: None, known: Some(&fields) })? {
            self.budget.spend(key.len())?;
            let value = mapping.next_value_seed(inner)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

/// Reads a key, which must be text. With `stop_at` it fails at that key, so as to tell its place.
#[derive(Clone, Copy)]
struct Key<'k> {
    stop_at: Option<&'k str>,
    /// The keys before it, none of which it may be.
    known: Option<&'k Map<String, Value>>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(malformed::TEXT_KEY)
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        if self.known.is_some_and(|known| known.contains_key(key)) {
            return Err(E::custom(format_args!("the key {key:?} {}", malformed::TWICE)));
        }
        if self.stop_at == Some(key) { Err(E::custom("here")) } else { Ok(key.to_owned()) }
    }
}

/// Fails at a path, so as to tell its place.
#[derive(Clone, Copy)]
struct Locate<'p> {
    steps: &'p [Step],
    key: bool,
}

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("here")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((step, further)) = self.steps.split_first() else { return Err(de::Error::custom("here")) };
        let mut position = 0;
        loop {
            let more = if *step == Step::Index(position) {
                list.next_element_seed(Locate { steps: further, key: self.key })?
            } else {
                list.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if more.is_none() {
                return Ok(());
            }
            position += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<(), A::Error> {
        let Some((step, further)) = self.steps.split_first() else { return Err(de::Error::custom("here")) };
        let wanted = if let Step::Key(key) = step { Some(key.as_str()) } else { None };
        let stop_at = wanted.filter(|_| self.key && further.is_empty());
        while let Some(key) = mapping.next_key_seed(Key { stop_at, known: None })? {
            if Some(key.as_str()) == wanted {
                mapping.next_value_seed(Locate { steps: further, key: self.key })?;
            } else {
                mapping.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Document<'_> {
        Document { text, first_line: 1 }
    }

    #[test]
    fn documents_are_split_at_their_markers() {
        let text = "# head\n---\na: 1\n---\nb: |\n  ---\n  x\n...\n# tail\nc: 3\n";
        let documents = split(text);
        let lines: Vec<_> = documents.iter().map(|document| document.first_line).collect();
        assert_eq!(lines, [1, 4, 9]);
        assert_eq!(documents[1].read().unwrap()["b"], "---\nx\n");
    }

    #[test]
    fn a_broken_document_leaves_the_others() {
        let documents = split("a: [\n---\nb: 2\n");
        assert!(documents[0].read().is_err());
        assert_eq!(documents[1].read().unwrap()["b"], 2);
    }

    #[test]
    fn fields_are_found_by_line() {
        let document = Document { text: "a: 1\nb:\n  - c: 1\n    d: \"x\"\n", first_line: 10 };
        let path = Path::parse("b[0].d");
        assert_eq!(document.line_of(&path), 13);
        assert_eq!(document.line_of(&Path::parse("b[0].missing")), 12);
        assert_eq!(document.line_of(&Path::parse("nothing")), 10);
    }

    #[test]
    fn plain_scalars_are_told_from_quoted_ones() {
        let document = only("a: no\nb: \"no\"\nc: {d: y, e: 'y'}\nf: &x no\ng: |-\n  no\non: 1\nh: *x\n");
        let plain = |path: &str| document.plain_text(&Path::parse(path));
        assert_eq!([plain("a"), plain("b"), plain("c.d"), plain("c.e")], [Some("no"), None, Some("y"), None]);
        assert_eq!([plain("f"), plain("g"), plain("h")], [Some("no"), None, Some("no")]);
        assert_eq!(document.plain_key(&Path::parse("on")), Some("on"));
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = format!("*a{}", level - 1);
            let line = format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", "));
            text.push_str(&line);
        }
        assert!(only(&text).read().is_err());
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), ["*a"; 200].join(", "));
        assert!(only(&long).read().unwrap_err().message.contains("too large"));
    }

    #[test]
    fn duplicate_keys_and_keys_that_are_not_text_are_refused() {
        let twice = only("a:\n  b: 1\n  c: 2\n  b: 3\n").read().unwrap_err();
        assert!(twice.message.contains("twice") && twice.line == 4, "{twice:?}");
        assert!(only("1: a\n").read().is_err());
        assert!(only(&format!("{}1{}", "[".repeat(40), "]".repeat(40))).read().is_err());
    }
}
