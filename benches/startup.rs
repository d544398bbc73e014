//! How long the files of an installation keep a command from its first call, against a bare parse of the same YAML: `plan`
//! up to the point where it would ask an app, and `validate` of a thousand objects.
//!
//! The program itself is started, as a shell starts it, so that the time of the whole process counts: loading, the
//! libraries' own beginnings, and the end.

mod measure;

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize as _;

/// The shortest of these runs counts: the others were disturbed.
const RUNS: usize = 15;
/// Objects of the tree that is planned.
const SMALL: usize = 20;
/// Objects of the tree that is validated.
const LARGE: usize = 1_000;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("appaccess-startup-{}", std::process::id()));
    let outcome = measured(&folder);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measured(folder: &Path) -> Result<(), Failure> {
    let nothing = started(folder, &["--version"])?;
    measure::report("appaccess --version / itself", nothing, nothing);
    for (objects, arguments) in [(SMALL, ["plan", "--output", "json"]), (LARGE, ["validate", "--output", "text"])] {
        let tree = folder.join(objects.to_string());
        let text = written(&tree, objects)?;
        let arguments: Vec<&str> = arguments.into_iter().chain(["-f", "."]).collect();
        let work = started(&tree, &arguments)?;
        let floor = measure::shortest(|| parsed(&text));
        let name = format!("{} of {objects} objects, {} KiB / a bare parse of them", arguments[0], text.len() / 1024);
        measure::report(&name, work, floor);
    }
    Ok(())
}

/// Every document, as values of nobody's type.
fn parsed(text: &str) -> usize {
    let documents = serde_yaml::Deserializer::from_str(text);
    documents.filter_map(|document| serde_yaml::Value::deserialize(document).ok()).count()
}

/// The shortest time from start to end of the program in that folder, whatever it says there.
fn started(folder: &Path, arguments: &[&str]) -> Result<Duration, Failure> {
    fs::create_dir_all(folder)?;
    let mut shortest = Duration::MAX;
    for _ in 0..RUNS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_appaccess"));
        command.args(arguments).current_dir(folder).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        command.status()?;
        shortest = shortest.min(begun.elapsed());
    }
    Ok(shortest)
}

/// Writes a tree of so many objects, ten in a file, and returns all its text. The credential of its app is missing, so that
/// a plan ends where it would send its first request.
fn written(tree: &Path, objects: usize) -> Result<String, Failure> {
    fs::create_dir_all(tree)?;
    let mut all = String::new();
    for (number, first) in (0..objects).step_by(10).enumerate() {
        let mut text = String::new();
        for object in first..objects.min(first + 10) {
            write!(text, "{}", if object == 0 { app() } else { access(object) })?;
        }
        fs::write(tree.join(format!("{number:04}.yaml")), &text)?;
        all.push_str(&text);
    }
    Ok(all)
}

fn app() -> String {
    "---\napiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {name: planner, namespace: studio}\nspec:\n  \
     connector: {scim: {baseUrl: https://planner.example.com/scim/v2}}\n  credentials: {secretRef: {name: planner-token}}\n  \
     mode: Full\n"
        .to_owned()
}

fn access(number: usize) -> String {
    let mut text = format!(
        "---\napiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata:\n  name: claim-{number}\n  namespace: studio\n  \
         labels:\n    team: team-{number}\nspec:\n  appRef:\n    name: planner\n  grants:\n"
    );
    for grant in 0..4 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "    - name: grant-{grant}\n      reason: order {number}\n      until: 2027-06-30T00:00:00Z\n      subjects:\n        \
             - user: person-{number}-{grant}@birch.example\n        - user: other-{number}-{grant}@birch.example\n      \
             groups: [Studio {grant}]"
        );
    }
    text
}
