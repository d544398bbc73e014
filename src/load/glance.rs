//! Names in files, at a glance, for completions: little is read, within a short time, and what cannot be read is passed
//! over in silence. It must not judge anything.

use std::{
    collections::{BTreeSet, VecDeque},
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{DEFAULT_NAMESPACE, ObjectName, document, files::LARGEST_FILE};
use crate::api::{self, Kind};

/// Most files that are looked into.
const MOST_FILES: usize = 500;
/// Most entries of folders that are looked at, of whatever kind.
const MOST_ENTRIES: usize = 5_000;
/// Deepest folder below one that is named.
const DEEPEST: usize = 8;
/// Most bytes in all.
const MOST_BYTES: u64 = 8 * LARGEST_FILE;
/// Most names.
const MOST_NAMES: usize = 2_000;
/// Nobody waits longer for a completion.
const LONGEST: Duration = Duration::from_millis(300);

/// The objects of a kind among the files and folders.
#[must_use]
pub fn objects(paths: &[PathBuf], kind: Kind) -> BTreeSet<ObjectName> {
    let mut found = BTreeSet::new();
    Glance::default().documents(paths, kind.name(), &mut |object| {
        let text = |field: &str| object["metadata"][field].as_str();
        if object["kind"] == kind.name()
            && let Some(name) = text("name")
        {
            found.insert(ObjectName::new(text("namespace").unwrap_or(DEFAULT_NAMESPACE), name));
        }
        found.len() < MOST_NAMES
    });
    found
}

/// The mail addresses of people that objects among the files and folders name.
#[must_use]
pub fn people(paths: &[PathBuf]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    Glance::default().documents(paths, "user:", &mut |object| {
        users(&object["spec"], &mut found);
        found.len() < MOST_NAMES
    });
    found
}

fn users(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(user) = fields.get("user").and_then(Value::as_str).filter(|user| user.contains('@')) {
                found.insert(user.to_owned());
            }
            fields.values().for_each(|field| users(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| users(item, found)),
        _ => {}
    }
}

/// What has been looked at so far.
struct Glance {
    until: Instant,
    files: usize,
    entries: usize,
    bytes: u64,
}

impl Default for Glance {
    fn default() -> Self {
        Self { until: Instant::now() + LONGEST, files: 0, entries: 0, bytes: 0 }
    }
}

impl Glance {
    /// Hands over each object of ours whose text holds `word`, until there is nothing left, or too much.
    fn documents(mut self, paths: &[PathBuf], word: &str, take: &mut impl FnMut(&Value) -> bool) {
        let mut waiting: VecDeque<(PathBuf, usize)> = paths.iter().map(|path| (path.clone(), 0)).collect();
        while let Some((path, depth)) = waiting.pop_front() {
            if Instant::now() >= self.until || self.files >= MOST_FILES || self.bytes >= MOST_BYTES {
                return;
            }
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if metadata.is_dir() {
                waiting.extend(self.folder(&path, depth));
            } else if metadata.is_file() && !self.file(&path, word, take) {
                return;
            }
        }
    }

    /// What is worth a look in a folder. Folders that are links may lead in circles, and hidden ones hold nothing of ours.
    fn folder(&mut self, folder: &Path, depth: usize) -> Vec<(PathBuf, usize)> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let left = MOST_ENTRIES.saturating_sub(self.entries);
        let mut found = Vec::new();
        for entry in entries.take(left).filter_map(Result::ok) {
            self.entries += 1;
            let path = entry.path();
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_hidden && depth < DEEPEST;
            if is_folder || (is_yaml && !is_hidden) {
                found.push((path, depth + 1));
            }
        }
        found.sort();
        found
    }

    /// Whether to go on.
    fn file(&mut self, path: &Path, word: &str, take: &mut impl FnMut(&Value) -> bool) -> bool {
        self.files += 1;
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text));
        self.bytes += text.len() as u64;
        if read.is_err() {
            return true;
        }
        let documents = document::split(text.trim_start_matches('\u{feff}')).into_iter();
        let ours = documents.filter(|document| document.text.contains(word) && document.text.contains(api::GROUP));
        for document in ours {
            if Instant::now() >= self.until {
                return false;
            }
            let Ok(value) = document.read() else { continue };
            let items = value["items"].as_array().filter(|_| value["kind"] == "List");
            let objects = items.map_or_else(|| std::slice::from_ref(&value), Vec::as_slice);
            if !objects.iter().filter(|object| is_ours(object)).all(&mut *take) {
                return false;
            }
        }
        true
    }
}

fn is_ours(object: &Value) -> bool {
    object["apiVersion"].as_str().is_some_and(|version| version.starts_with(api::GROUP))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "kind: TargetApp\napiVersion: appaccess.dev/v1alpha1\nmetadata: {name: planner, namespace: studio}\n\
        ---\nthis: [is no YAML\n---\nkind: TargetApp\napiVersion: apps/v1\nmetadata: {name: other}\n\
        ---\nkind: Team\napiVersion: appaccess.dev/v1alpha1\nmetadata: {name: TargetApp}\n\
        spec: {members: [{user: ana@birch.example}, {user: ''}, {team: x}]}\n";

    #[test]
    fn objects_and_people_are_found_and_what_cannot_be_read_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/.hidden")).unwrap();
        fs::write(folder.path().join("a/b.yaml"), FILE).unwrap();
        fs::write(folder.path().join("a/.hidden/c.yaml"), FILE.replace("planner", "hidden")).unwrap();
        fs::write(folder.path().join("a/d.txt"), FILE.replace("planner", "text")).unwrap();
        fs::write(folder.path().join("a/e.yaml"), [0xff, 0xfe]).unwrap();
        let paths = [folder.path().to_owned(), folder.path().join("nothing")];
        let names: Vec<String> = objects(&paths, Kind::TargetApp).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["studio/planner"]);
        assert_eq!(people(&paths).into_iter().collect::<Vec<_>>(), ["ana@birch.example"]);
    }
}
