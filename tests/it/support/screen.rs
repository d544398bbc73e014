//! What people see: a terminal of a width of one's choice, and screens that are kept as they are.
//!
//! The terminal is made by `script` of util-linux, which every Debian has: a pseudo terminal takes calls to the system that
//! this workspace forbids itself.

use std::process::{Command, Stdio};

use super::shell::{Ended, Shell};

/// The widest line that a screen may have, but for words that cannot be broken.
const WIDEST: usize = 100;

/// Keeps a screen as it is; who changes it looks at the file.
pub(crate) fn assert_screen(name: &str, text: &str) {
    for line in text.lines().filter(|line| columns(line) > WIDEST) {
        assert!(is_unbreakable(line), "{name}: {} columns: {line}", columns(line));
    }
    assert_document(name, text);
}

/// Keeps what programs or forges read, which has no width.
pub(crate) fn assert_document(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Columns as they are seen, colours apart.
pub(crate) fn columns(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(without_styles(line).as_str())
}

/// The text without styles.
pub(crate) fn without_styles(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Whether a line holds one word, or one command, after what sets it in.
pub(crate) fn is_unbreakable(line: &str) -> bool {
    let bare = without_styles(line);
    let bare = bare.trim_start();
    bare.split_whitespace().count() == 1 || bare.starts_with("appaccess ") || bare.starts_with("kubectl ")
}

impl Shell {
    /// Runs a line of `sh` on a terminal that is so wide, in which `appaccess` is the binary. What is seen there is in
    /// `stdout`, whichever stream it went to, with `\n` at the end of lines.
    pub(crate) fn on_terminal(&self, line: &str, columns: usize, environment: &[(&str, &str)]) -> Ended {
        let binary = env!("CARGO_BIN_EXE_appaccess");
        let line = format!("stty cols {columns} rows 50; appaccess() {{ {binary} \"$@\"; }}; {line}");
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(self.path()).env_clear();
        command.envs([("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color"), ("SHELL", "/bin/sh")]);
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        let output = command.output().expect("`script` of util-linux is there");
        Ended {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("what it prints is text").replace("\r\n", "\n"),
            stderr: String::from_utf8(output.stderr).expect("what it says is text"),
        }
    }
}
