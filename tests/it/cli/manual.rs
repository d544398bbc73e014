//! Manual pages: one for each command, which the tools for them render without a word of complaint.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::shell::Shell;

/// The sections that every page has.
const SECTIONS: [&str; 6] =
    [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH \"EXIT STATUS\"", ".SH ENVIRONMENT", ".SH FILES"];

#[tokio::test]
async fn every_command_has_a_page_with_all_sections_that_renders_without_a_warning() {
    let shell = Shell::new();
    let ended = shell.run("man --out pages").await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
    let help = shell.run("--help").await.stdout;
    let commands = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list");
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<&str> = names.filter(|name| !name.is_empty() && *name != "help").collect();
    assert!(names.len() > 12, "{names:?}");
    let pages = names.iter().map(|name| format!("appaccess-{name}.1")).chain(["appaccess.1".to_owned()]);
    for page in pages {
        let path = shell.path().join("pages").join(&page);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
        for section in SECTIONS {
            assert!(text.contains(section), "{page} lacks {section}");
        }
        let arguments = ["-man", "-ww", "-Tutf8", "-rLL=100n"];
        match Command::new("groff").args(arguments).arg(&path).stdin(Stdio::null()).output() {
            Ok(rendered) => {
                let warnings = String::from_utf8_lossy(&rendered.stderr);
                assert!(rendered.status.success() && warnings.is_empty(), "{page}: {warnings}");
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
        }
    }
}

#[tokio::test]
async fn one_page_is_printed_by_its_name_and_a_wrong_name_is_told() {
    let shell = Shell::new();
    let plan = shell.run("man plan").await;
    assert!(plan.code == 0 && plan.stdout.contains("appaccess\\-plan"), "{plan:?}");
    assert!(plan.stdout.contains(".SH EXAMPLES") && plan.stdout.contains("APPACCESS_STATE"), "{plan:?}");
    assert!(shell.run("man").await.stdout.contains(".SH SUBCOMMANDS"));
    let wrong = shell.run("man pln").await;
    assert_eq!((wrong.code, wrong.stdout.as_str()), (64, ""), "{wrong:?}");
}
