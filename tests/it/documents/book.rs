//! The book: no page is forgotten, it is made without a warning, and every link in it leads somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Document, documents, read};
use crate::support::tools::repository;

/// Pages that are no part of the book.
const OUTSIDE: [&str; 2] = ["docs/SUMMARY.md", "docs/decisions/0000-template.md"];

/// Where the links of a text lead, code left out.
fn links(prose: &str) -> impl Iterator<Item = &str> {
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_page_stands_in_the_summary_once() {
    let summary = read("docs/SUMMARY.md");
    let listed: Vec<String> = links(&summary).map(|link| format!("docs/{link}")).collect();
    let told: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), told.len(), "docs/SUMMARY.md lists a page twice");
    let pages = documents().into_iter().map(|document| document.name());
    let pages: BTreeSet<String> =
        pages.filter(|name| name.starts_with("docs/") && !OUTSIDE.contains(&name.as_str())).collect();
    let forgotten: Vec<_> = pages.difference(&told).collect();
    assert!(forgotten.is_empty(), "put these into docs/SUMMARY.md: {forgotten:?}");
    let gone: Vec<_> = told.difference(&pages).collect();
    assert!(gone.is_empty(), "docs/SUMMARY.md names what is not there: {gone:?}");
}

/// The anchor of a heading, as forges and the book make it.
fn anchor(heading: &str) -> String {
    let words = heading.trim().to_lowercase();
    let kept = words.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn anchors(document: &Document) -> BTreeSet<String> {
    let prose = document.prose();
    let headings = prose
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings.map(anchor).collect()
}

#[test]
fn every_link_to_a_heading_leads_to_one() {
    let mut broken = Vec::new();
    for document in documents() {
        let prose = document.prose();
        for (file, wanted) in links(&prose).filter(|link| !link.contains("://")).filter_map(|link| link.split_once('#'))
        {
            let folder = document.path.parent().unwrap_or(Path::new(""));
            let path = if file.is_empty() { document.path.clone() } else { folder.join(file) };
            let target = Document { text: fs::read_to_string(&path).unwrap_or_default(), path };
            if !anchors(&target).contains(wanted) {
                broken.push(format!("  {}: {file}#{wanted}", document.name()));
            }
        }
    }
    assert!(broken.is_empty(), "these headings are not there:\n{}", broken.join("\n"));
}

/// All pages of the made book.
fn made(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let mut pages: Vec<_> = files.into_iter().filter(|path| path.extension().is_some_and(|of| of == "html")).collect();
    pages.extend(folders.iter().flat_map(|folder| made(folder)));
    pages
}

#[test]
fn the_book_is_made_without_a_warning_and_its_links_lead_somewhere() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = repository().join("tests/tools/book.sh");
    let output = Command::new("bash").arg(script).arg(folder.path()).output().expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut broken = Vec::new();
    let pages = made(folder.path());
    assert!(pages.len() > 40, "the book has its pages: {}", pages.len());
    // The page for what is not there is served from anywhere, and the print edition joins pages of several folders.
    for page in pages.iter().filter(|page| !page.ends_with("404.html") && !page.ends_with("print.html")) {
        let text = fs::read_to_string(page).unwrap();
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let file = link.split(['#', '?']).next().unwrap_or_default();
            let is_ours = !link.contains("://") && !file.is_empty() && !link.starts_with("mailto:");
            if is_ours && !page.parent().unwrap_or(page).join(file).exists() {
                let name = page.strip_prefix(folder.path()).unwrap_or(page).display();
                broken.push(format!("  {name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "these links of the book lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn an_anchor_is_that_of_a_forge() {
    assert_eq!(anchor("What is held, and `why`?"), "what-is-held-and-why");
}
