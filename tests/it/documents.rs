//! The documents tell the truth: what they link to and name is there, their YAML is accepted, and every reason that a user
//! can meet is explained.

mod book;
mod commands;
mod generated;
mod kinds;
mod ladder;
mod newcomer;
mod playground;
mod shown;
mod walk;

use std::{
    collections::BTreeSet,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use appaccess::load::files;

use crate::support::tools::repository;

/// Where the documents are.
const DOCUMENTS: [&str; 8] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs", "examples", "charts"];

/// Where reasons are explained.
const REASONS: &str = "docs/safety.md";

/// What begins a path of the repository.
const FOLDERS: [&str; 8] = ["src/", "crates/", "tests/", "docs/", "examples/", "crds/", "benches/", "charts/"];

struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    fn name(&self) -> String {
        self.path.strip_prefix(repository()).unwrap_or(&self.path).display().to_string()
    }

    /// The text without its blocks of code.
    fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }

    /// The blocks of code of one language.
    fn blocks(&self, language: &str) -> Vec<&str> {
        let blocks = self.text.split("```").skip(1).step_by(2);
        blocks.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

fn documents() -> Vec<Document> {
    let mut open: Vec<PathBuf> = DOCUMENTS.iter().map(|name| repository().join(name)).collect();
    let mut documents = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            documents.push(Document { path, text });
        }
    }
    assert!(documents.len() > DOCUMENTS.len(), "the documents have moved");
    documents.sort_by(|left, right| left.path.cmp(&right.path));
    documents
}

/// The words in code font.
fn code_words(prose: &str) -> impl Iterator<Item = &str> {
    prose.split('`').skip(1).step_by(2)
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| format!("{name}{}{}", part[..1].to_uppercase(), &part[1..]))
}

/// Text between quotation marks that reads like a reason: a capital, letters only, and a second capital or not.
fn quoted_words(source: &str) -> impl Iterator<Item = &str> {
    let words = source.split('"').skip(1).step_by(2);
    words.filter(|word| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

/// The part of a source file from `start` to the end of the function that follows.
fn function_after<'a>(source: &'a str, start: &str) -> &'a str {
    let from = source.find(start).unwrap_or_else(|| panic!("`{start}` has moved: teach this test where it is now"));
    let rest = &source[from..];
    let end = rest.find("\n    }\n").unwrap_or(rest.len());
    &rest[..end]
}

/// Every reason that conditions, documents and messages can show.
fn reasons() -> BTreeSet<String> {
    const FUNCTIONS: [(&str, &str); 6] = [
        ("crates/core/src/plan/change.rs", "impl HeldReason"),
        ("crates/core/src/status/access.rs", "impl ProblemKind"),
        ("src/connector/error.rs", "pub const fn reason"),
        ("src/store/error.rs", "pub const fn reason"),
        ("src/load/secrets.rs", "pub const fn reason"),
        ("src/load/roster.rs", "pub const fn reason"),
    ];
    const FILES: [&str; 4] = [
        "src/load/references.rs",
        "src/load/references/claims.rs",
        "src/load/references/people.rs",
        "src/sync/fleet.rs",
    ];
    let mut reasons = BTreeSet::new();
    for (path, start) in FUNCTIONS {
        let source = read(path);
        let found: BTreeSet<String> = quoted_words(function_after(&source, start)).map(str::to_owned).collect();
        assert!(found.len() > 2, "{path} says its reasons in another way: teach this test to read them");
        reasons.extend(found);
    }
    for path in FILES {
        let source = read(path);
        let told = source.split("#[cfg(test)]").next().unwrap_or_default();
        reasons.extend(quoted_words(told).map(str::to_owned));
    }
    let paging = read("crates/scim/src/paging/mod.rs");
    let variants = variants_of(&paging, "pub enum Reason");
    reasons.extend(variants);
    reasons.extend(doubts(&repository().join("src/connector")));
    reasons.extend(
        [
            "ObservationCliff",
            "RosterIncomplete",
            "AmbiguousGroup",
            "NotListable",
            "TargetAppNotRead",
            "Undecodable",
            "UnknownDigest",
            "Used",
            "Expired",
            "NotFound",
        ]
        .map(str::to_owned),
    );
    reasons
}

/// Why readings of the connectors may not be whole, as they word it.
fn doubts(folder: &Path) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            reasons.extend(doubts(&path));
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for marker in ["doubt(", "reason: "] {
            let told = source.split(marker).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
            let words = told.filter_map(|rest| rest.split('"').next());
            let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
            reasons.extend(words.filter(is_word).map(str::to_owned));
        }
    }
    reasons
}

/// The variants of an enum without fields.
fn variants_of(source: &str, start: &str) -> BTreeSet<String> {
    let from = source.find(start).unwrap_or_else(|| panic!("`{start}` has moved"));
    let body = source[from..].split("\n}").next().unwrap_or_default();
    let lines = body.lines().skip(1).map(str::trim);
    let names = lines.filter(|line| !line.starts_with(['/', '#'])).filter_map(|line| line.strip_suffix(','));
    names.map(str::to_owned).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    let mut broken = Vec::new();
    for document in documents() {
        let prose = document.prose();
        let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap_or_default();
            let folder = document.path.parent().unwrap_or(Path::new(""));
            if !folder.join(file).exists() {
                broken.push(format!("  {}: {link}", document.name()));
            }
        }
    }
    assert!(broken.is_empty(), "these links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_path_that_is_named_exists() {
    let mut missing = Vec::new();
    for document in documents() {
        let prose = document.prose();
        let is_path = |word: &&str| FOLDERS.iter().any(|folder| word.starts_with(folder));
        for word in code_words(&prose).filter(is_path).filter(|word| !word.contains(['*', ' ', '<'])) {
            if !repository().join(word).exists() {
                missing.push(format!("  {}: {word}", document.name()));
            }
        }
    }
    assert!(missing.is_empty(), "these files are named and are not there:\n{}", missing.join("\n"));
}

#[test]
fn every_declaration_in_the_documents_is_accepted() {
    let mut read = 0;
    for document in documents() {
        for block in document.blocks("yaml").into_iter().filter(|block| block.contains("appaccess.dev/")) {
            let loaded = files::read_with(&[PathBuf::from("-")], || Cursor::new(block.to_owned())).unwrap();
            assert!(loaded.problems.is_empty(), "{}: {:?}\n{block}", document.name(), loaded.problems);
            assert!(!loaded.is_empty(), "{}: nothing of ours in\n{block}", document.name());
            read += 1;
        }
    }
    assert!(read >= 2, "the documents show declarations");
}

#[test]
fn every_block_of_yaml_is_yaml() {
    for document in documents() {
        for text in document.blocks("yaml").into_iter().flat_map(|block| block.split("\n---\n")) {
            let read = serde_yaml::from_str::<serde_json::Value>(text);
            assert!(read.is_ok(), "{}: {:?}\n{text}", document.name(), read.err());
        }
    }
}

#[test]
fn every_metric_that_is_named_is_one_of_the_operator_s() {
    let known = read("docs/metrics.md");
    let known: BTreeSet<&str> = code_words(&known).collect();
    for document in documents().iter().filter(|document| document.name().starts_with("docs/")) {
        let words = document.text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for metric in words.filter(|word| word.starts_with("appaccess_")) {
            assert!(known.contains(metric), "{}: {metric} is not in docs/metrics.md", document.name());
        }
    }
}

#[test]
fn every_reason_is_explained_with_what_to_do() {
    let text = read(REASONS);
    let explained: BTreeSet<&str> = code_words(&text).collect();
    let silent: Vec<String> = reasons().into_iter().filter(|reason| !explained.contains(reason.as_str())).collect();
    assert!(silent.is_empty(), "say in {REASONS} what these mean and what to do: {silent:?}");
}

#[test]
fn no_reason_is_explained_that_nobody_can_meet() {
    let text = read(REASONS);
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let explained = rows.filter_map(|row| row.split('|').nth(1)).flat_map(code_words);
    let known = reasons();
    let invented: Vec<&str> = explained.filter(|reason| !known.contains(*reason)).collect();
    assert!(invented.is_empty(), "{REASONS} explains what no code says: {invented:?}");
}

#[test]
fn every_profile_and_override_is_described() {
    let text = read("docs/scim.md");
    let described: BTreeSet<&str> = code_words(&text).collect();
    let fields = read("src/api/scim_overrides.rs");
    let fields =
        fields.split("\n}").next().unwrap_or_default().lines().filter_map(|line| line.strip_prefix("    pub "));
    let mut names: Vec<String> = fields.filter_map(|field| field.split(':').next()).map(camel_case).collect();
    assert!(names.len() > 15, "the overrides have moved");
    names.extend(appaccess_scim::dialect::NAMES.map(str::to_owned));
    let silent: Vec<&String> = names.iter().filter(|name| !described.contains(name.as_str())).collect();
    assert!(silent.is_empty(), "docs/scim.md does not say what these are: {silent:?}");
}
