//! A person at a shell, in an empty folder, with nothing in the environment that matters.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A folder in which commands are run.
pub(crate) struct Shell {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The document on standard output, of which there must be exactly one.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Standard output with what differs from run to run taken out: vendors' ids, digests, ports.
    pub(crate) fn tidy(&self) -> String {
        let words = self.stdout.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
        let tidied = words.map(|word| {
            let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let is_id = bare.len() >= 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_id { word.replace(bare, "ID") } else { word.to_owned() }
        });
        tidied.collect()
    }
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a scratch folder can be made"), environment: Vec::new() }
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("the scratch folder takes folders");
        std::fs::write(path, text).expect("the scratch folder takes a file");
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Runs the binary, with the words of the line as arguments.
    pub(crate) async fn run(&self, line: &str) -> Ended {
        self.run_with_input(line, "").await
    }

    pub(crate) async fn run_with_input(&self, line: &str, input: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_appaccess"));
        command.args(line.split_whitespace()).current_dir(self.path()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("the binary starts");
        let mut stdin = process.stdin.take().expect("standard input is a pipe");
        // A command that reads no input may have ended.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = process.wait_with_output().await.expect("the binary ends");
        Ended {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("what it prints is text"),
            stderr: String::from_utf8(output.stderr).expect("what it says is text"),
        }
    }
}
