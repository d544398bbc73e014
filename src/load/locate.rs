//! Where a field stands in the files, for whoever tells of many of them. It must not know what is told.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
};

use super::{
    Place,
    document::{self, Document},
    files::LARGEST_FILE,
    path::{Path, Step},
};

/// Finds the places of fields. Each file is read once, and each place looked up once.
#[derive(Debug, Default)]
pub struct Locator {
    files: RefCell<BTreeMap<String, Vec<Part>>>,
    found: RefCell<BTreeMap<(Place, String), Place>>,
}

/// One document of a file.
#[derive(Debug)]
struct Part {
    /// The line by which it is known.
    content_line: usize,
    first_line: usize,
    text: String,
    /// Where each line begins in the text.
    begins: Vec<usize>,
    /// The lists that were looked into, each with the lines of its items and that after the last.
    lists: BTreeMap<Path, Vec<usize>>,
}

impl Locator {
    /// The place of a field, such as `spec.grants[0]`, within the document that stands at `place`; that place itself where
    /// the file cannot be read again.
    #[must_use]
    pub fn locate(&self, place: &Place, field: &str) -> Place {
        let key = (place.clone(), field.to_owned());
        let look_up = || Place { file: place.file.clone(), line: self.line_of(place, field).unwrap_or(place.line) };
        self.found.borrow_mut().entry(key).or_insert_with(look_up).clone()
    }

    fn line_of(&self, place: &Place, field: &str) -> Option<usize> {
        let mut files = self.files.borrow_mut();
        let parts = files.entry(place.file.clone()).or_insert_with(|| parts(&place.file).unwrap_or_default());
        let part = parts.iter_mut().find(|part| part.content_line == place.line)?;
        Some(part.line_of(&Path::parse(field)))
    }
}

impl Part {
    fn new(document: Document<'_>) -> Self {
        let text = document.text.to_owned();
        let ends = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            content_line: document.first_content_line(),
            first_line: document.first_line,
            begins: std::iter::once(0).chain(ends).collect(),
            lists: BTreeMap::new(),
            text,
        }
    }

    fn document(&self) -> Document<'_> {
        Document { text: &self.text, first_line: self.first_line }
    }

    /// The line of a field. To find it the document is parsed, so that of a list of many items only the one is parsed.
    fn line_of(&mut self, path: &Path) -> usize {
        self.within_item(path).unwrap_or_else(|| self.document().line_of(path))
    }

    fn within_item(&mut self, path: &Path) -> Option<usize> {
        let first = path.0.iter().position(|step| matches!(step, Step::Index(_)))?;
        let (list, rest) = path.0.split_at(first);
        let (Step::Index(index), rest) = rest.split_first()? else { return None };
        let list = Path(list.to_vec());
        if !self.lists.contains_key(&list) {
            let lines = self.items(&list).unwrap_or_default();
            self.lists.insert(list.clone(), lines);
        }
        let [from, to] = *self.lists.get(&list)?.get(*index..)?.first_chunk()?;
        let text = self.lines(from, to)?;
        // What an alias stands for may be written elsewhere.
        if text.contains('*') {
            return None;
        }
        let path = Path(std::iter::once(Step::Index(0)).chain(rest.iter().cloned()).collect());
        Some(Document { text, first_line: from }.line_of(&path))
    }

    /// The lines on which the items of a list begin, and that after the last, where each begins on a line of its own.
    fn items(&self, list: &Path) -> Option<Vec<usize>> {
        let from = self.document().line_of(&list.index(0));
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let after = self.first_line + self.begins.len();
        let depth = indent(self.lines(from, from + 1)?);
        let mut items = Vec::new();
        let mut end = after;
        for line in from..after {
            let text = self.lines(line, line + 1)?;
            let bare = text.trim();
            if bare.is_empty() || bare.starts_with('#') || indent(text) > depth {
                continue;
            }
            if indent(text) < depth || !bare.starts_with("- ") {
                end = line;
                break;
            }
            items.push(line);
        }
        // Had a line of some long text been taken for an item, the last would be elsewhere.
        let final_index = items.len().checked_sub(1)?;
        if self.document().line_of(&list.index(final_index)) != *items.last()? {
            return None;
        }
        items.push(end);
        Some(items)
    }

    /// The text from a line of the file up to another.
    fn lines(&self, from: usize, to: usize) -> Option<&str> {
        let begin = |line: usize| self.begins.get(line.checked_sub(self.first_line)?).copied();
        self.text.get(begin(from)?..begin(to).unwrap_or(self.text.len()))
    }
}

fn parts(file: &str) -> Option<Vec<Part>> {
    let mut text = String::new();
    // To open a pipe again would wait for somebody to write into it.
    fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    File::open(file).ok()?.take(LARGEST_FILE).read_to_string(&mut text).ok()?;
    let documents = document::split(text.trim_start_matches('\u{feff}'));
    Some(documents.into_iter().map(Part::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_several_documents_are_found_and_what_cannot_be_read_again_is_at_its_document() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml").display().to_string();
        std::fs::write(&file, "a: 1\n---\n# head\nb:\n  - c: 1\n  - c: 2\n").unwrap();
        let at = |line: usize| Place { file: file.clone(), line };
        let locator = Locator::default();
        assert_eq!(locator.locate(&at(4), "b[1].c"), at(6));
        // The file is read once: what is told belongs together.
        std::fs::write(&file, "other: text\n").unwrap();
        assert_eq!(locator.locate(&at(4), "b[0]"), at(5));
        assert_eq!(locator.locate(&at(9), "b[0]"), at(9));
        let gone = Place { file: "nowhere.yaml".to_owned(), line: 3 };
        assert_eq!(locator.locate(&gone, "b"), gone);
    }

    /// Every form in which a list is written that people use, and some that nobody does.
    const LISTS: [&str; 9] = [
        "spec:\n  grants:\n    - name: a\n      subjects:\n        - user: x\n        - user: y\n    - name: b\n  mode: Full\n",
        "spec:\n  grants:\n  - name: a\n    subjects: [{user: x}, {user: y}]\n\n  # a note\n  - name: b\n  mode: Full\n",
        "spec: {grants: [{name: a, subjects: [{user: x},\n {user: y}]}, {name: b}]}\n",
        "spec:\n  grants:\n    -\n      name: a\n      subjects:\n        -\n          user: x\n    -\n      name: b\n",
        "spec:\n  grants:\n    - name: >-\n        - user: no item\n        - no item\n      subjects:\n      - user: x\n    - name: b\n",
        "spec:\n  grants:\n    - name: \"text\n    - that goes on\"\n      subjects: [{user: x}]\n    - name: b\n",
        "who: &who {user: x}\nspec:\n  grants:\n    - name: a\n      subjects:\n        - *who\n        - user: y\n    - name: b\n",
        "spec:\n  grants: []\n  mode: Full\n",
        "spec:\n  grants:\n    - name: a\n      subjects:\n        - user: x\n# the end\n",
    ];

    #[test]
    fn a_field_is_where_the_whole_document_has_it() {
        let fields =
            ["spec.grants[0]", "spec.grants[0].name", "spec.grants[0].subjects[0]", "spec.grants[0].subjects[1]"];
        let further =
            ["spec.grants[1]", "spec.grants[1].name", "spec.grants[1].subjects[0]", "spec.grants[7]", "spec.mode"];
        for text in LISTS {
            for text in [text.to_owned(), text.replace('\n', "\r\n"), text.trim_end().to_owned()] {
                let document = Document { text: &text, first_line: 10 };
                let mut part = Part::new(document);
                for field in fields.into_iter().chain(further) {
                    let path = Path::parse(field);
                    assert_eq!(part.line_of(&path), document.line_of(&path), "{field} in {text:?}");
                }
            }
        }
    }
}
