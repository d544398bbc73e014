//! `demo`: the whole story in one process, on simulated vendors on loopback and with the very engine of `run`.

mod company;
mod guides;
mod serve;
mod six_apps;
mod stage;
mod studio;

use std::{fmt::Write as _, path::PathBuf};

use appaccess_core::plan::Outcome;
use clap::Args;
use jiff::SignedDuration;
use stage::DemoError;
use studio::{Files, Studio};

use super::{
    error::CommandError,
    exit::Exit,
    output::{
        self, Next,
        build::{Told, plan_document},
    },
};
use crate::sync::{AppReport, AppResult, Report};

/// The flags of `demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess demo\n  \
    appaccess demo --serve playground\n\n\
    Needs no network and no credential. Without --serve it ends by itself and leaves nothing behind.")]
pub struct Flags {
    /// Tell no story: keep one simulated app running until Ctrl-C, to try every command on
    ///
    /// FOLDER, which must be empty or not there yet, gets the YAML that declares the app and who should have what in it,
    /// and the app's credential.
    #[arg(long, value_name = "FOLDER")]
    serve: Option<PathBuf>,
}

/// Tells both stories and checks at each step that they came out as told.
pub(super) async fn run(flags: &Flags) -> Result<Exit, CommandError> {
    if let Some(folder) = &flags.serve {
        return serve::run(folder).await;
    }
    match tell().await {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            output::three_lines(&error.to_string(), &why, "report it with this output");
            Ok(Exit::Failed)
        }
    }
}

async fn tell() -> Result<(), DemoError> {
    let studio = Studio::open().await?;
    let mut files = Files {
        mode: "Observe",
        joel_is_active: true,
        design: &["joel", "ana", "kim", "noa"],
        freelancer: true,
        approved: Vec::new(),
    };
    say(&format!(
        "A studio uses a time tracker that speaks SCIM, here simulated at {}.\nFour people should be in its group Studio, \
         Mara should be its admin, and a freelancer\nhas a contract. Two YAML objects and an inline directory say so.",
        studio.vendor.base_url()
    ));
    observe(&studio, &files).await?;
    files.mode = "Full";
    reach(&studio, &files).await?;
    joiner(&studio, &mut files).await?;
    leaver(&studio, &mut files).await?;
    hold(&studio, &mut files).await?;
    behind_our_back(&studio, &files).await?;
    mass_withdrawal(&studio, &mut files).await?;
    silence(&studio, &files).await?;
    six_apps::tell().await
}

async fn observe(studio: &Studio, files: &Files) -> Result<(), DemoError> {
    title("1", "Observe, the default: drift is found, nothing is touched");
    let reports = studio.plan(files).await?;
    show(&reports, Told::Plan);
    check(studio.vendor.mutations() == 0, "a plan sent a change")?;
    let drift = worked(&reports)?.look.plan.drift.len();
    check(drift == 2, "two accounts of nobody should be reported")?;
    say("Piet left long ago and deploy-bot was never declared: both are reported and left alone.");
    Ok(())
}

async fn reach(studio: &Studio, files: &Files) -> Result<(), DemoError> {
    title("2", "mode: Full: what is declared becomes real, and is read back");
    let reports = studio.pass(files).await?;
    show(&reports, Told::Outcomes);
    check(all_applied(worked(&reports)?), "every addition should be applied")
}

async fn joiner(studio: &Studio, files: &mut Files) -> Result<(), DemoError> {
    title("3", "A joiner: Zoe is added to the directory's group `design`");
    files.design = &["joel", "ana", "kim", "noa", "zoe"];
    let reports = studio.pass(files).await?;
    show(&reports, Told::Outcomes);
    check(all_applied(worked(&reports)?), "the joiner should be applied")
}

async fn leaver(studio: &Studio, files: &mut Files) -> Result<(), DemoError> {
    title("4", "A leaver: the directory says that Joel is disabled");
    files.joel_is_active = false;
    let reports = studio.pass(files).await?;
    show(&reports, Told::Outcomes);
    let joel = studio.vendor.snapshot().users.get("joel@birch.example.com").is_some_and(|user| user.active);
    check(!joel, "the leaver should be out")?;
    say("A leaver waits for nothing: out within one pass, and the app was read again to be sure.");
    Ok(())
}

async fn hold(studio: &Studio, files: &mut Files) -> Result<(), DemoError> {
    title("5", "A withdrawn claim: settles, is held the first time, and goes by a decision");
    files.freelancer = false;
    let settling = studio.pass(files).await?;
    show(&settling, Told::Outcomes);
    say("Ten minutes in which a person may be moved between files. (Eleven minutes pass.)");
    studio.wait(SignedDuration::from_mins(11));
    let held = studio.pass(files).await?;
    show(&held, Told::Outcomes);
    let digest = worked(&held)?.look.plan.hold.as_ref().map(|hold| hold.digest.to_string());
    let digest = digest.ok_or_else(|| DemoError::Otherwise("the first removal should be held".into()))?;
    say(&format!(
        "Somebody reads the rows and approves exactly this digest, by a reviewed AccessApproval:\n  {digest}"
    ));
    files.approved.push(digest);
    let done = studio.pass(files).await?;
    show(&done, Told::Outcomes);
    check(worked(&done)?.look.plan.hold.is_none(), "nothing should be held any more")?;
    check(all_applied(worked(&done)?), "the approved removal should be applied")
}

async fn behind_our_back(studio: &Studio, files: &Files) -> Result<(), DemoError> {
    title("6", "An edit behind our back: Ana is dropped from Studio, Kim is added to Payroll");
    studio.vendor.edit(|state| {
        let (studio, payroll) = (state.group_id("Studio"), state.group_id("Payroll"));
        let (ana, kim) = (state.user_id("ana@birch.example.com"), state.user_id("kim@birch.example.com"));
        if let (Some(studio), Some(payroll), Some(ana), Some(kim)) = (studio, payroll, ana, kim) {
            state.remove_member(&studio, &ana);
            state.add_member(&payroll, &kim);
        }
    });
    let reports = studio.pass(files).await?;
    show(&reports, Told::Outcomes);
    check(all_applied(worked(&reports)?), "both should be put right")?;
    say("Studio is shared: Ana's declared place is restored. Payroll is exclusive: Kim's goes, within the budget.");
    Ok(())
}

async fn mass_withdrawal(studio: &Studio, files: &mut Files) -> Result<(), DemoError> {
    title("7", "A bad merge empties the group `design`");
    let before = files.design;
    files.design = &[];
    studio.pass(files).await?;
    studio.wait(SignedDuration::from_mins(11));
    let waiting = studio.pass(files).await?;
    show(&waiting, Told::Outcomes);
    let hold = worked(&waiting)?.look.plan.hold.clone();
    check(hold.is_some_and(|hold| hold.people == 4), "four people should be held")?;
    say("Nobody lost anything. The revert is a pull request; with it the hold is gone.");
    files.design = before;
    let reverted = studio.pass(files).await?;
    check(worked(&reverted)?.look.plan.hold.is_none(), "the hold should be gone with its cause")
}

async fn silence(studio: &Studio, files: &Files) -> Result<(), DemoError> {
    title("8", "Silence: nothing differs, so nothing is sent and nothing is written");
    studio.vendor.clear_requests();
    let writes = studio.store_writes();
    let reports = studio.pass(files).await?;
    let calls = worked(&reports)?.calls;
    let written = studio.store_writes() - writes;
    say(&format!(
        "{} reads, {} changes sent, {written} writes to the store. It stays so until somebody edits a file, or the app.",
        calls.reads, calls.writes
    ));
    check(studio.vendor.mutations() == 0 && written == 0, "a quiet pass should be silent")
}

fn worked(reports: &[AppReport]) -> Result<&Report, DemoError> {
    match reports.first().map(|report| &report.result) {
        Some(AppResult::Worked(report)) => Ok(report),
        other => Err(DemoError::Otherwise(format!("the pass did not work: {other:?}"))),
    }
}

fn all_applied(report: &Report) -> bool {
    report.done.iter().filter(|done| done.change.is_to_be_sent()).all(|done| done.outcome == Outcome::Applied)
}

fn check(came_out: bool, otherwise: &str) -> Result<(), DemoError> {
    if came_out { Ok(()) } else { Err(DemoError::Otherwise(otherwise.to_owned())) }
}

fn title(number: &str, text: &str) {
    let mut line = String::new();
    let _ = write!(line, "\n{number}. {text}\n{}\n", "─".repeat(text.chars().count() + number.len() + 2));
    let _ = output::painted(&line);
}

fn say(text: &str) {
    let _ = output::painted(&format!("{text}\n"));
}

fn show(reports: &[AppReport], told: Told) {
    let (document, _) = plan_document(reports, told);
    let _ = output::painted(&output::as_text(&document, &Next::default()));
}
