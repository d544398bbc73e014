//! Pages that are walked from the top to the end, as a reader would: files are written as shown, commands run in a shell,
//! and what they print is what the page shows. `…` stands for what differs from run to run, and for lines left out.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Document, shown::Shown};
use crate::support::{process::Process, tools::repository, wait::eventually};

/// What a reader does next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Writes a file.
    File { name: String, text: String },
    /// Types a command.
    Type(Shown),
}

/// What a command left behind.
#[derive(Debug)]
struct Said {
    code: i32,
    lines: Vec<String>,
}

/// A reader with a shell of their own.
pub(super) struct Reader {
    folder: PathBuf,
    environment: Vec<(String, String)>,
    /// Programs that go on running, such as a simulated app.
    servers: Vec<Process>,
}

impl Document {
    /// What a reader does, from the top to the end. A file is a block of YAML after a sentence that ends with a colon and
    /// names one file of that sort.
    pub(super) fn steps(&self) -> Vec<Step> {
        let parts: Vec<&str> = self.text.split("```").collect();
        let mut steps = Vec::new();
        for pair in parts.chunks(2) {
            let [prose, block] = pair else { continue };
            let (language, text) = block.split_once('\n').unwrap_or_default();
            match language {
                "yaml" => steps.extend(named_file(prose).map(|name| Step::File { name, text: text.to_owned() })),
                "sh" | "console" => {
                    steps.extend(super::shown::commands(text, language == "console").into_iter().map(Step::Type));
                }
                _ => {}
            }
        }
        steps
    }
}

fn is_yaml(word: &str) -> bool {
    !word.contains(' ') && Path::new(word).extension().is_some_and(|extension| extension == "yaml")
}

/// The one YAML file that the sentence before a block names.
fn named_file(prose: &str) -> Option<String> {
    let paragraph = prose.trim_end().rsplit("\n\n").next()?.strip_suffix(':')?;
    let mut files = super::code_words(paragraph).filter(|word| is_yaml(word));
    files.next().filter(|_| files.next().is_none()).map(str::to_owned)
}

impl Reader {
    /// Somebody in that folder, who has installed the program and has set nothing else.
    pub(super) fn new(folder: &Path) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_appaccess"));
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().unwrap_or(program).display());
        let environment = vec![("PATH".to_owned(), path), ("HOME".to_owned(), folder.display().to_string())];
        Self { folder: folder.to_path_buf(), environment, servers: Vec::new() }
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Finds programs in one more folder, before all others.
    pub(super) fn find_programs_in(&mut self, folder: &Path) {
        let before = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
        self.set("PATH", &format!("{}:{}", folder.display(), before.unwrap_or_default()));
    }

    /// Goes into a folder below.
    pub(super) fn enter(&mut self, folder: &str) {
        self.folder.push(folder);
    }

    /// Starts what runs until it is stopped, and waits until it has said what the page shows, where it shows anything.
    pub(super) async fn serve(&mut self, shown: &Shown) {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("cd '{}' && exec {}", self.folder.display(), shown.line.trim_end_matches(" &")));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let log = self.folder.join(format!(".server-{}.log", self.servers.len()));
        self.servers.push(Process::start(&command, &log, None));
        let shown_lines = trimmed(&shown.prints);
        if shown_lines.is_empty() {
            return;
        }
        eventually(&format!("`{}` has said all that is shown", shown.line), async || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<String> = said.lines().map(str::to_owned).collect();
            (!lines.is_empty() && fits(&shown_lines, &trimmed(&lines))).then_some(())
        })
        .await;
    }

    /// Takes these steps; what came out otherwise than shown.
    pub(super) async fn walk(&mut self, steps: &[Step]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut open = Vec::new();
        for step in steps {
            match step {
                Step::Type(shown) if goes_on_running(&shown.line) => {
                    faults.extend(self.type_all(&std::mem::take(&mut open)));
                    self.serve(shown).await;
                }
                other => open.push(other.clone()),
            }
        }
        faults.extend(self.type_all(&open));
        faults
    }

    /// Runs the steps in one shell, so that a folder once entered and a variable once set stay.
    fn type_all(&self, steps: &[Step]) -> Vec<String> {
        let mut script = String::new();
        for step in steps {
            match step {
                Step::File { name, text } => {
                    let file = format!(
                        "mkdir -p \"$(dirname '{name}')\" && cat > '{name}' <<'END-OF-FILE'\n{text}END-OF-FILE\n"
                    );
                    script.push_str(&file);
                }
                Step::Type(shown) => {
                    let line = &shown.line;
                    let end = format!("code=$?; printf '\\n{MARK} %s\\n' $code");
                    let _ = writeln!(script, "(exit $code)\n{{ {line}\n}} 2>&1 </dev/null\n{end}");
                }
            }
        }
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(&self.folder).env_clear().stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("bash starts");
        let said = said(&String::from_utf8_lossy(&output.stdout));
        let typed: Vec<&Shown> = steps.iter().filter_map(Step::typed).collect();
        assert_eq!(said.len(), typed.len(), "{script}\n{said:?}\n{}", String::from_utf8_lossy(&output.stderr));
        let next = typed.iter().skip(1).map(|shown| shown.line.as_str()).chain([""]);
        typed.iter().zip(next).zip(&said).filter_map(|((shown, next), said)| fault(shown, next, said)).collect()
    }
}

/// What stands after the output of each command.
const MARK: &str = "@@@ ended with";

impl Step {
    /// The command, where it is one.
    pub(super) fn typed(&self) -> Option<&Shown> {
        match self {
            Self::Type(shown) => Some(shown),
            Self::File { .. } => None,
        }
    }
}

fn goes_on_running(line: &str) -> bool {
    line.contains("--serve ") || line.ends_with(" &")
}

fn said(text: &str) -> Vec<Said> {
    let mut said = Vec::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.strip_prefix(MARK).and_then(|code| code.trim().parse().ok()) {
            Some(code) => said.push(Said { code, lines: std::mem::take(&mut lines) }),
            None => lines.push(line.to_owned()),
        }
    }
    said
}

/// A command fails only where the page goes on to show that by `echo $?`.
fn fault(shown: &Shown, next: &str, said: &Said) -> Option<String> {
    let told = trimmed(&shown.prints);
    let lines = trimmed(&said.lines);
    let is_told = said.code == 0 || next == "echo $?";
    let prints_that = told.is_empty() || fits(&told, &lines);
    (!is_told || !prints_that).then(|| format!("$ {}\n{}\n[exit code {}]\n", shown.line, lines.join("\n"), said.code))
}

/// Without blanks at the ends of lines, and without empty lines at the end.
fn trimmed(lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Whether lines are those that a page shows.
fn fits(shown: &[String], lines: &[String]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "…" => (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, others)| line_fits(first, line) && fits(rest, others))
        }
    }
}

fn line_fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut is_open = false;
    for part in parts {
        is_open = true;
        if part.is_empty() {
            continue;
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        is_open = false;
    }
    is_open || rest.is_empty()
}

/// A page of the repository.
pub(super) fn page(name: &str) -> Document {
    let path = repository().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Document { path, text }
}

mod tests {
    use super::{fits, line_fits, named_file};

    #[test]
    fn an_ellipsis_stands_for_any_part_of_a_line_and_for_any_lines() {
        assert!(line_fits("a … c", "a b c") && line_fits("…", "") && line_fits("a…", "abc") && line_fits("…c", "abc"));
        assert!(
            !line_fits("a … c", "a b") && !line_fits("a", "ab") && !line_fits("b…", "ab") && !line_fits("a…b", "abc")
        );
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert!(fits(&lines("a\n…\nd"), &lines("a\nb\nc\nd")) && fits(&lines("…"), &[]));
        assert!(!fits(&lines("a\n…\nd"), &lines("a\nb\nc")) && !fits(&lines("a"), &lines("a\nb")));
    }

    #[test]
    fn a_file_is_named_by_the_sentence_before_its_block() {
        assert_eq!(named_file("x\n\nSave this as `access/a.yaml`:\n\n").as_deref(), Some("access/a.yaml"));
        assert_eq!(named_file("`a.yaml` and `b.yaml`:\n"), None);
        assert_eq!(named_file("So does `a.yaml`.\n"), None);
    }
}
