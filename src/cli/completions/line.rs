//! The line that a shell wants to have completed, as far as it tells where names come from. Pure.

use std::path::PathBuf;

use crate::cli::flags::DEFAULT_STATE;

/// What stands on the line already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What `-f` names; the current folder where it names nothing.
    pub(super) files: Vec<PathBuf>,
    /// What `--state` names, or where the store is by default.
    pub(super) state: String,
    /// Words that are neither flags nor the values of these two, the program among them.
    pub(super) words: Vec<String>,
}

impl Line {
    /// Reads the words of the line as a shell hands them over, after `--`.
    pub(super) fn after_dashes(arguments: impl IntoIterator<Item = String>, state: Option<String>) -> Self {
        Self::read(arguments.into_iter().skip_while(|word| word != "--").skip(1), state)
    }

    /// Reads the words of the line.
    pub(super) fn read(words: impl IntoIterator<Item = String>, state: Option<String>) -> Self {
        let mut arguments = words.into_iter();
        let mut line = Self {
            files: Vec::new(),
            state: state.filter(|state| !state.is_empty()).unwrap_or_else(|| DEFAULT_STATE.to_owned()),
            words: Vec::new(),
        };
        while let Some(word) = arguments.next() {
            let long = |flag: &str| word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')).map(str::to_owned);
            let file = match word.as_str() {
                "-f" | "--filename" => arguments.next(),
                short if short.starts_with("-f") => short.get(2..).map(str::to_owned),
                _ => long("--filename"),
            };
            let store = if word == "--state" { arguments.next() } else { long("--state") };
            match (file, store) {
                (Some(file), _) if !file.is_empty() && file != "-" => line.files.push(file.into()),
                (_, Some(store)) => line.state = store,
                (None, None) if !word.starts_with('-') => line.words.push(word),
                _ => {}
            }
        }
        if line.files.is_empty() {
            line.files.push(".".into());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Line {
        Line::after_dashes(line.split(' ').map(str::to_owned), None)
    }

    #[test]
    fn kubectl_hands_over_the_words_alone() {
        let words = "kubectl_complete-appaccess approve -f a --state x.db".split(' ').map(str::to_owned);
        let line = Line::read(words, None);
        assert_eq!((line.files, line.state.as_str()), (vec![PathBuf::from("a")], "x.db"));
    }

    #[test]
    fn files_and_store_are_taken_from_the_line_in_every_spelling() {
        let line = read("appaccess -- appaccess plan -f a -fb --filename c --filename=d -f - --state x.db --app s");
        assert_eq!(line.files, ["a", "b", "c", "d"].map(PathBuf::from));
        assert_eq!(line.state, "x.db");
        assert_eq!(line.words, ["appaccess", "plan", "s"]);
    }

    #[test]
    fn without_them_it_is_the_current_folder_and_the_default_store() {
        let line = read("appaccess -- appaccess plan --app");
        assert_eq!(line.files, [PathBuf::from(".")]);
        assert_eq!(line.state, DEFAULT_STATE);
        let line = Line::read(Vec::new(), Some("other.db".into()));
        assert_eq!((line.state.as_str(), line.words.len()), ("other.db", 0));
        assert_eq!(read("appaccess -- appaccess approve -f ").files, [PathBuf::from(".")]);
    }
}
