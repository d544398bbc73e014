//! The flags that commands share: one meaning, one text, one environment variable each.

use std::path::PathBuf;

use appaccess_core::access::ObjectName;
use clap::{ArgAction, Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::completions::names;
use crate::{api, store::Location};

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people; colour only on a terminal.
    #[default]
    Text,
    /// For a pull request.
    Markdown,
    /// One document, as `appaccess schema` describes it.
    Json,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how; to standard error.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LogFlags {
    /// How logs on standard error are written
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "APPACCESS_LOG_FORMAT",
        help_heading = "Logs"
    )]
    pub(crate) log_format: LogFormat,
    /// Log more: once what is done, twice how
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Logs")]
    pub(crate) verbose: u8,
    /// Log errors alone, and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Logs")]
    pub(crate) quiet: bool,
}

/// How a result is printed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct OutputFlags {
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) output: Format,
}

/// Which files are read, and which apps are meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct FileFlags {
    /// File, folder (with all below it) or `-` for standard input; repeatable
    #[arg(short, long, value_name = "PATH", required = true)]
    pub(crate) filename: Vec<PathBuf>,
    /// Only this target app; a bare NAME is in namespace `default`; repeatable
    #[arg(long, value_name = "NS/NAME", value_parser = ObjectName::parse, add = ArgValueCompleter::new(names::apps))]
    pub(crate) app: Vec<ObjectName>,
}

/// How apps are reached.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReachFlags {
    /// Credentials as files: DIR/<namespace>/<secret name>/<key>
    ///
    /// Without it, and for Secrets that are not there, documents of kind Secret among the files count, else the
    /// environment variables `APPACCESS_SECRET_<NAMESPACE>_<NAME>_<KEY>`.
    #[arg(long, value_name = "DIR", env = "APPACCESS_SECRETS", value_parser = folder)]
    pub(crate) secrets: Option<PathBuf>,
    /// Permit apps on loopback addresses, plain HTTP among them
    #[arg(long, env = "APPACCESS_ALLOW_LOOPBACK", value_parser = switch, action = ArgAction::SetTrue)]
    pub(crate) allow_loopback: bool,
    /// How long to wait in all for limits and retries of an app
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub(crate) timeout: api::Duration,
}

impl ReachFlags {
    /// The flags as they are to be written again, each with a space before it.
    pub(crate) fn again(&self) -> String {
        let folder =
            self.secrets.as_ref().map(|folder| format!(" --secrets {}", quoted(&folder.display().to_string())));
        let loopback = if self.allow_loopback { " --allow-loopback" } else { "" };
        format!("{}{loopback}", folder.unwrap_or_default())
    }
}

/// Where the default store is.
pub(crate) const DEFAULT_STATE: &str = ".appaccess/state.db";

/// Which store is used.
#[derive(Args, Clone, Debug)]
pub(crate) struct StateFlags {
    /// The store: what is ours, what was done, what was decided
    #[arg(long, value_name = "PATH|URL", default_value = DEFAULT_STATE, env = "APPACCESS_STATE", hide_env_values = true)]
    pub(crate) state: Location,
}

impl StateFlags {
    /// The flag as it is to be written again, with a space before it; nothing for the default. A URL may hold a
    /// credential and is never repeated.
    pub(crate) fn again(&self) -> String {
        match &*self.state {
            DEFAULT_STATE => String::new(),
            url if url.contains("://") || url.starts_with("postgres") && url.contains(':') => " --state URL".to_owned(),
            path => format!(" --state {}", quoted(path)),
        }
    }
}

/// How withdrawn claims are judged.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct JudgementFlags {
    /// Remove what was withdrawn at once, without the wait of `safety.settle`
    #[arg(long)]
    pub(crate) no_settle: bool,
}

/// A switch, as an environment variable turns it.
pub(crate) fn switch(word: &str) -> Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "" | "0" | "false" | "no" => Ok(false),
        _ => Err("write 1 or 0".to_owned()),
    }
}

/// What is no file. A folder may come later, as where Secrets are mounted.
fn folder(path: &str) -> Result<PathBuf, String> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => Err("it is no folder".to_owned()),
        _ => Ok(path.into()),
    }
}

impl JudgementFlags {
    /// The flag as it is to be written again, with a space before it.
    pub(crate) const fn again(self) -> &'static str {
        if self.no_settle { " --no-settle" } else { "" }
    }
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl FileFlags {
    /// The flags as they are to be written again.
    pub(crate) fn again(&self) -> String {
        let files = self.filename.iter().map(|path| format!("-f {}", quoted(&path.display().to_string())));
        let apps = self.app.iter().map(|app| format!("--app {}", quoted(&app.to_string())));
        files.chain(apps).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_more_into_it() {
        assert_eq!(quoted("access/apps.yaml"), "access/apps.yaml");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $x"), r"'it'\''s $x'");
        assert_eq!(quoted(""), "''");
    }
}
