//! What a terminal gets that a pipe does not: colour, a line of progress, and lines that fit.

use appaccess::sim::scim::{Fault, Options, Server};

use super::{story::studio, usage::TWO};
use crate::support::{
    screen::{columns, is_unbreakable, without_styles},
    shell::Shell,
};

/// Files with a fault of each sort, so that there is much to say.
fn faulty() -> Shell {
    let shell = Shell::new();
    shell.file("two.yaml", TWO);
    shell.file("broken.yaml", &TWO.replace("appRef:", "apRef:").replace("studio", "elsewhere"));
    shell
}

const VALIDATE: &str = "appaccess validate -f two.yaml -f broken.yaml";

#[test]
fn colour_is_for_terminals_and_for_those_who_ask_for_it() {
    let shell = faulty();
    let coloured = |line: &str, environment: &[(&str, &str)]| {
        shell.on_terminal(line, 100, environment).stdout.contains("\u{1b}[1m\u{1b}[31merror:")
    };
    assert!(coloured(VALIDATE, &[]));
    assert!(coloured(VALIDATE, &[("NO_COLOR", "")]), "an empty NO_COLOR says nothing");
    assert!(!coloured(VALIDATE, &[("NO_COLOR", "1")]));
    assert!(!coloured(VALIDATE, &[("TERM", "dumb")]));
    assert!(!coloured(&format!("{VALIDATE} 2>&1 | cat"), &[]));
    assert!(coloured(&format!("{VALIDATE} 2>&1 | cat"), &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&format!("{VALIDATE} 2>&1 | cat"), &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn logs_follow_the_same_rules_for_colour() {
    let shell = faulty();
    let coloured = |environment: &[(&str, &str)]| {
        let seen = shell.on_terminal("appaccess validate -vvv -f two.yaml >/dev/null", 100, environment).stdout;
        seen.contains('\u{1b}')
    };
    assert!(!coloured(&[("NO_COLOR", "1")]));
    assert!(!coloured(&[("TERM", "dumb")]));
}

#[test]
fn nothing_is_wider_than_the_terminal_and_nothing_is_lost() {
    let shell = faulty();
    let words = |text: &str| without_styles(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let wide = shell.on_terminal(VALIDATE, 200, &[]).stdout;
    for width in [40, 80, 100, 200] {
        let seen = shell.on_terminal(VALIDATE, width, &[]).stdout;
        for line in seen.lines() {
            assert!(columns(line) <= width || is_unbreakable(line), "{width}: {line}");
        }
        assert_eq!(words(&seen), words(&wide), "{width}");
    }
}

#[test]
fn what_goes_into_a_file_has_a_hundred_columns_on_every_terminal() {
    let shell = faulty();
    let kept = |width| {
        let line = format!("{VALIDATE} > out.txt 2>&1; cat out.txt");
        shell.on_terminal(&line, width, &[]).stdout
    };
    let file = kept(200);
    assert_eq!(file, kept(40));
    assert!(file.lines().any(|line| columns(line) > 60), "{file}");
    assert!(file.lines().all(|line| columns(line) <= 100 || is_unbreakable(line)), "{file}");
}

/// An app that asks for three seconds of patience.
async fn slow() -> (Server, Shell) {
    let vendor = Server::start(Options::default()).await.expect("the simulator starts");
    vendor.fault(Fault::throttled(Some("3")));
    let (shell, _) = studio(vendor.base_url(), "Observe", &["ines"]);
    shell.file("secrets/studio/planner-token/token", &vendor.token());
    (vendor, shell)
}

const PLAN: &str = "appaccess plan -f apps.yaml --secrets secrets --allow-loopback";

/// Runs on a terminal beside the simulator.
async fn seen(shell: Shell, line: String, environment: &'static [(&'static str, &'static str)]) -> String {
    let run = move || shell.on_terminal(&line, 100, environment).stdout;
    tokio::task::spawn_blocking(run).await.expect("the terminal is closed")
}

#[tokio::test]
async fn long_work_shows_what_it_waits_for_and_takes_the_line_away_at_the_end() {
    let (_vendor, shell) = slow().await;
    let seen = seen(shell, format!("{PLAN} >/dev/null"), &[]).await;
    assert!(seen.contains("studio/planner: "), "{seen:?}");
    assert!(seen.contains("s for 127.0.0.1: asked to slow down (429)"), "{seen:?}");
    assert!(seen.ends_with("\r\u{1b}[2K"), "the line is gone: {seen:?}");
    assert!(!seen.contains("WARN"), "what the line says is not logged, too: {seen:?}");
}

#[tokio::test]
async fn no_line_is_shown_to_a_pipe_a_dumb_terminal_or_who_wants_quiet() {
    for (line, environment) in [
        (format!("{PLAN} 2>&1 >/dev/null | cat"), &[][..]),
        (format!("{PLAN} --quiet >/dev/null"), &[]),
        (format!("{PLAN} >/dev/null"), &[("TERM", "dumb")]),
    ] {
        let (_vendor, shell) = slow().await;
        let seen = seen(shell, line.clone(), environment).await;
        assert!(!seen.contains("\u{1b}[2K"), "{line}: {seen:?}");
        let told = seen.contains("waiting");
        assert_eq!(told, !line.contains("--quiet"), "a wait that no line shows is logged: {line}: {seen:?}");
    }
}

#[tokio::test]
async fn a_log_line_does_not_tear_the_line_of_progress() {
    let (_vendor, shell) = slow().await;
    let seen = seen(shell, format!("{PLAN} -vv >/dev/null"), &[("NO_COLOR", "1")]).await;
    assert!(seen.contains("asked to slow down (429)\r\u{1b}[2K"), "{seen:?}");
    // What ends a line of the terminal is a log line alone: the line of progress is cleared before it, and has no end.
    for line in seen.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let logged = line.rsplit("\r\u{1b}[2K").next().unwrap_or(line);
        assert!(logged.contains("appaccess") && !logged.starts_with("studio/planner: "), "{line:?}");
    }
}

#[tokio::test]
async fn a_document_is_all_that_stands_on_standard_output_however_much_is_said_beside_it() {
    let (vendor, shell) = slow().await;
    let reach = "-f apps.yaml --secrets secrets --allow-loopback";
    shell.file("before.yaml", "");
    for line in [
        "validate -f apps.yaml".to_owned(),
        format!("plan {reach}"),
        format!("plan {reach} --app studio/planner --base apps.yaml"),
        format!("tasks {reach}"),
        format!("doctor {reach}"),
        format!("apply {reach} --yes"),
    ] {
        vendor.fault(Fault::throttled(Some("1")));
        for noise in ["-q", "-v", "-vvv --log-format json"] {
            let ended = shell.run(&format!("{line} -o json {noise}")).await;
            assert!(ended.document()["schema"].is_string(), "{line} {noise}: {ended:?}");
            assert!(!ended.stdout.contains('\u{1b}'), "{line} {noise}");
        }
    }
}
