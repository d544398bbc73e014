//! Who wrote a line, by `git blame`: asked where there is git and the file is in a repository, and silently left out
//! elsewhere, and where git would put the file through a filter. Whatever git prints is taken for text from outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time::timeout,
};

use crate::load::Place;

/// How long git may take for one file.
const PATIENCE: Duration = Duration::from_secs(5);
/// Files that are asked about.
const MOST_FILES: usize = 50;
/// Lines of one file that are asked about.
const MOST_LINES: usize = 100;
/// Bytes of an answer.
const MOST_BYTES: u64 = 256 * 1024;
/// Letters of a name or a subject.
const LONGEST: usize = 200;
/// Variables of git that say how the machine is, not which repository is meant.
const KEPT: [&str; 3] = ["GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];
/// Letters of a commit's name.
const SHORT_HASH: usize = 10;

/// Who last wrote a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This commit.
    Commit(Commit),
    /// Nobody yet: the line differs from what was committed.
    NotCommitted,
}

/// One commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    /// The first letters of its name.
    pub(super) hash: String,
    /// When it was written.
    pub(super) at: Option<Timestamp>,
    /// By whom, as claimed.
    pub(super) author: String,
    /// Its first line.
    pub(super) subject: String,
}

/// Who wrote these lines, as far as git can tell.
pub(super) async fn origins(places: &BTreeSet<Place>) -> BTreeMap<Place, Origin> {
    let mut by_file: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for place in places.iter().filter(|place| place.file != "-" && place.line > 0) {
        by_file.entry(&place.file).or_default().push(place.line);
    }
    let mut origins = BTreeMap::new();
    for (file, lines) in by_file.into_iter().take(MOST_FILES) {
        let Some(answer) = ask(file, lines.iter().take(MOST_LINES)).await else { continue };
        let found = parse(&answer).into_iter();
        origins.extend(found.map(|(line, origin)| (Place { file: file.to_owned(), line }, origin)));
    }
    origins
}

/// Asks git about lines of one file; `None` where there is no git, no repository, or no answer in time.
async fn ask(file: &str, lines: impl Iterator<Item = &usize>) -> Option<String> {
    // Over links, so that the repository is the one that holds the text.
    let real = std::fs::canonicalize(file).ok()?;
    let (folder, name) = (real.parent()?, Path::new(real.file_name()?));
    // A file that is not committed is put through the filter that its attributes name, which is a command of the
    // settings. All attributes are asked for: of one alone, "unspecified" could be the name of a filter.
    let mut attributes = git(folder);
    attributes.args(["check-attr", "-z", "--all", "--"]).arg(name);
    if names_a_filter(&answer(attributes).await?) {
        return None;
    }
    let mut blame = git(folder);
    blame.args(["blame", "--porcelain", "--no-textconv"]);
    for line in lines {
        blame.arg(format!("-L{line},{line}"));
    }
    blame.arg("--").arg(name);
    answer(blame).await
}

/// Whether what git says of a file's attributes has a filter among them, set or not: each is a path, a name and a value.
fn names_a_filter(attributes: &str) -> bool {
    attributes.split('\0').skip(1).step_by(3).any(|name| name == "filter")
}

/// A call of git that only reads. A repository may be anybody's: nothing that its settings name is run, and nothing is
/// fetched or locked.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for setting in
        ["core.fsmonitor=false", "core.hooksPath=/dev/null", "core.quotePath=true", "safe.bareRepository=explicit"]
    {
        command.arg("-c").arg(setting);
    }
    command.arg("-C").arg(folder).args(["--no-pager", "--no-optional-locks"]);
    // Such as a hook of git sets: they would lead to another repository. The user's own settings stay.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GIT_") && !text.starts_with("GIT_CONFIG") && !KEPT.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    // What a partial clone lacks would be fetched, by the commands of its settings: no protocol is called "none".
    for (name, value) in
        [("LC_ALL", "C"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("GIT_ALLOW_PROTOCOL", "none")]
    {
        command.env(name, value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// What git prints, in time and within bounds; `None` where it fails.
async fn answer(mut command: Command) -> Option<String> {
    let mut process = command.spawn().ok()?;
    let output = process.stdout.take()?;
    let answered = timeout(PATIENCE, async {
        let text = read(output).await?;
        Some((text, process.wait().await.ok()?))
    });
    let (text, status) = answered.await.ok()??;
    status.success().then_some(text)
}

async fn read(output: impl AsyncRead + Unpin) -> Option<String> {
    let mut bytes = Vec::new();
    output.take(MOST_BYTES).read_to_end(&mut bytes).await.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads the porcelain form: for each line its commit's name and its number, then what is said of a commit the first time
/// that it comes, then the line itself behind a tab.
fn parse(answer: &str) -> BTreeMap<usize, Origin> {
    let mut commits: BTreeMap<&str, Commit> = BTreeMap::new();
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut current = None;
    for line in answer.lines().filter(|line| !line.starts_with('\t')) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let is_hash = word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash {
            let number = rest.split(' ').nth(1).and_then(|number| number.parse().ok());
            lines.extend(number.map(|number: usize| (number, word)));
            current = Some(commits.entry(word).or_default());
            continue;
        }
        let Some(commit) = current.as_mut() else { continue };
        let text = || rest.chars().take(LONGEST).collect();
        match word {
            "author" => commit.author = text(),
            "author-time" => commit.at = rest.parse().ok().and_then(|second| Timestamp::from_second(second).ok()),
            "summary" => commit.subject = text(),
            _ => {}
        }
    }
    let origin = |hash: &str| {
        if hash.bytes().all(|byte| byte == b'0') {
            return Origin::NotCommitted;
        }
        let commit = commits.get(hash).cloned().unwrap_or_default();
        Origin::Commit(Commit { hash: hash.chars().take(SHORT_HASH).collect(), ..commit })
    };
    lines.into_iter().map(|(number, hash)| (number, origin(hash))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "\
1111111111111111111111111111111111111111 3 9 1
author Mara \u{1b}[31mLind
author-mail <mara@birch.studio>
author-time 1793527200
author-tz +0100
summary Add Ana to the studio
filename a.yaml
\t      - user: ana@birch.studio
0000000000000000000000000000000000000000 4 10 1
author Not Committed Yet
author-time 1793527300
summary Version of a.yaml from a.yaml
filename a.yaml
\t111111111111111111111111111111111111111a 1 2
1111111111111111111111111111111111111111 5 11 1
\tauthor nobody
";

    #[test]
    fn each_line_has_its_commit_and_text_of_the_file_is_not_taken_for_gits() {
        let found = parse(ANSWER);
        let Origin::Commit(commit) = &found[&9] else { panic!("{found:?}") };
        assert_eq!((commit.hash.as_str(), commit.subject.as_str()), ("1111111111", "Add Ana to the studio"));
        assert_eq!(commit.at.unwrap().to_string(), "2026-11-01T10:00:00Z");
        assert!(commit.author.contains('\u{1b}'), "it is escaped where it is shown");
        assert_eq!(found[&10], Origin::NotCommitted);
        assert_eq!(found[&11], found[&9]);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_filter_is_seen_whatever_it_is_called_and_not_where_a_path_or_a_value_is_called_so() {
        assert!(names_a_filter("a.yaml\0text\0set\0a.yaml\0filter\0unspecified\0"));
        assert!(!names_a_filter("filter\0text\0filter\0filter\0eol\0lf\0"));
        assert!(!names_a_filter(""));
    }

    #[test]
    fn an_answer_that_makes_no_sense_tells_nothing() {
        for odd in ["", "fatal: no such ref", "author x", "\0\u{7f}", "1111 1 1"] {
            assert!(parse(odd).is_empty(), "{odd:?}");
        }
    }
}
