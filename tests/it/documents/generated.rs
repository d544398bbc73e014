//! Pages that are written from the code: how they are marked, updated and compared.

use std::{collections::BTreeSet, fs};

use crate::support::tools::repository;

/// What stands at the top of such a page.
pub(super) const MARK: &str = "<!-- Written from the code by `make generate`. Do not edit. -->\n\n";

/// Whether pages are to be written rather than compared.
pub(super) fn updates() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Compares the pages of a folder with what they must be, and finds pages that belong to nothing any more.
pub(super) fn check(folder: &str, pages: &[(String, String)]) {
    let path = repository().join(folder);
    if updates() {
        fs::create_dir_all(&path).unwrap();
        for old in fs::read_dir(&path).unwrap() {
            fs::remove_file(old.unwrap().path()).unwrap();
        }
        for (name, text) in pages {
            fs::write(path.join(name), text).unwrap();
        }
    }
    for (name, text) in pages {
        let page = fs::read_to_string(path.join(name)).unwrap_or_default();
        assert!(page == *text, "{folder}/{name} is stale: run `make generate`");
    }
    let wanted: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    for entry in fs::read_dir(&path).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(wanted.contains(name.as_str()), "{folder}/{name} belongs to nothing: run `make generate`");
    }
}

/// A text as it stands in one cell of a table: one line, no bar, nothing that reads like HTML outside code.
pub(super) fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let parts = line.split('`').enumerate();
    let safe = parts.map(|(at, part)| if at % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() });
    safe.collect::<Vec<_>>().join("`")
}
