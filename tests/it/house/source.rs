//! Reads the project's own sources for the rules of the house: which files there are, and what their code says apart from
//! comments and literals.

use std::fs;
use std::path::Path;

use crate::support::tools::repository;

/// Folders that hold what others wrote or what a build makes.
const FOREIGN: [&str; 4] = ["target", ".git", "node_modules", ".appaccess"];

/// A text file of the project.
pub(super) struct Source {
    /// From the root of the project, with `/` on every system.
    pub(super) path: String,
    pub(super) text: String,
}

/// A word or a punctuation mark of Rust code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) line: usize,
    pub(super) lines: usize,
}

impl Source {
    /// The code, without comments, literals and lifetimes.
    pub(super) fn tokens(&self) -> Vec<Token<'_>> {
        tokens(&self.text)
    }
}

/// All files at or under `places` with one of these extensions, in the order of their paths. An absent one holds none.
pub(super) fn files(places: &[&str], extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for place in places {
        collect(&repository().join(place), extensions, &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// All Rust files at or under `places`.
pub(super) fn rust(places: &[&str]) -> Vec<Source> {
    files(places, &["rs"])
}

fn collect(path: &Path, extensions: &[&str], found: &mut Vec<Source>) {
    if path.is_file() {
        if extensions.iter().any(|wanted| path.extension().is_some_and(|extension| extension == *wanted)) {
            let relative = path.strip_prefix(repository()).expect("the walk began at the root");
            let text = fs::read_to_string(path).expect("a text file of the project is UTF-8");
            found.push(Source { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
        return;
    }
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries {
        let entry = entry.expect("a folder of the project can be listed");
        if !FOREIGN.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), extensions, found);
        }
    }
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
        let silent = silent_length(rest);
        let length = silent.unwrap_or(if word > 0 { word } else { first.len_utf8() });
        let (piece, tail) = rest.split_at(length);
        if silent.is_none() {
            tokens.push(Token { text: piece, line });
        }
        line += piece.matches('\n').count();
        rest = tail;
    }
    tokens
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// How many bytes at the beginning of `rest` say nothing: white space, a comment, a literal text or a lifetime.
fn silent_length(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    if first.is_whitespace() {
        return Some(first.len_utf8());
    }
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    let body = rest.trim_start_matches(['b', 'c', 'r']);
    let prefix = rest.len() - body.len();
    if rest[..prefix].ends_with('r') && body.trim_start_matches('#').starts_with('"') {
        let fence = &body[..body.find('"')?];
        let end = format!("\"{fence}");
        let start = fence.len() + 1;
        return Some(prefix + body[start..].find(&end).map_or(body.len(), |at| start + at + end.len()));
    }
    match body.chars().next() {
        Some('"') if prefix <= 1 => Some(prefix + quoted(body, '"')),
        Some('\'') if prefix <= 1 => Some(prefix + character_or_lifetime(body)),
        _ => None,
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a literal that begins with `quote` and ends with the next one that no backslash stands before.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        if character == quote && !escaped {
            return at + quote.len_utf8();
        }
        escaped = character == '\\' && !escaped;
    }
    rest.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut characters = rest.chars().skip(1);
    let (second, third) = (characters.next(), characters.next());
    if second == Some('\\') || third == Some('\'') {
        return quoted(rest, '\'');
    }
    1 + rest[1..].find(|character| !is_of_word(character)).unwrap_or(rest.len() - 1)
}

/// All functions that have a body, also those within others.
pub(super) fn functions<'a>(tokens: &[Token<'a>]) -> Vec<Function<'a>> {
    let starts = tokens.windows(2).enumerate().filter(|(_, pair)| pair[0].text == "fn" && is_name(pair[1].text));
    starts.filter_map(|(at, pair)| function(&tokens[at..], pair[1].text)).collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn function<'a>(tokens: &[Token<'a>], name: &'a str) -> Option<Function<'a>> {
    let line = tokens.first()?.line;
    let mut depth = 0_usize;
    let mut in_body = false;
    for token in tokens {
        match token.text {
            ";" if depth == 0 => return None,
            "{" | "(" | "[" => {
                in_body |= token.text == "{" && depth == 0;
                depth += 1;
            }
            "}" | ")" | "]" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if in_body && depth == 0 {
            return Some(Function { name, line, lines: token.line - line + 1 });
        }
    }
    None
}

mod tests {
    use super::{Function, functions, tokens};

    fn texts(code: &str) -> Vec<&str> {
        tokens(code).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let code = r##"a /* x /* y */ " */ "b \" c" 'd' b'\'' r#"e " f"# b"g" 'static '\u{1F600}' // h
            i"##;
        assert_eq!(texts(code), ["a", "i"]);
    }

    #[test]
    fn words_that_begin_like_literals_are_words() {
        assert_eq!(texts("bread crust r2 b c r"), ["bread", "crust", "r2", "b", "c", "r"]);
    }

    #[test]
    fn a_function_is_as_long_as_from_its_first_word_to_its_last_brace() {
        let code = "fn one(x: [u8; 3]) -> u8 {\n if x { '}' } else { \"}\" }\n}\ntrait T { fn none(&self); }\ntype F = fn(u8);\nfn two() {}";
        let expected = [Function { name: "one", line: 1, lines: 3 }, Function { name: "two", line: 6, lines: 1 }];
        assert_eq!(functions(&tokens(code)), expected);
    }
}
