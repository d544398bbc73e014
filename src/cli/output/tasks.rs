//! What people are asked to do, as a text, as a checklist, as CSV and as JSON. Decides nothing but the order of what is
//! told.

use std::fmt::Write as _;

use appaccess_core::plan::{self, Outcome};
use csv::{QuoteStyle, WriterBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    build,
    document::{Entitlement, ErrorEntry},
    escape::{code_span, printable},
    text::{painted, place, three_lines},
    words::{self, counted},
};
use crate::sync::{AppReport, AppResult, Done};

/// The schema of what `tasks` prints.
pub(crate) const TASKS_SCHEMA: &str = "appaccess.dev/tasks/v1";
/// The columns of the CSV.
const HEADER: [&str; 15] = [
    "id", "app", "does", "person", "account", "type", "name", "from", "to", "clicks", "cause", "reason", "opened",
    "due", "overdue",
];

/// What `tasks` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/tasks/v1"))]
pub(crate) struct TasksDocument {
    /// `appaccess.dev/tasks/v1`.
    pub(crate) schema: &'static str,
    /// What people are asked to do, by app, in the order in which it is best done.
    pub(crate) tasks: Vec<Task>,
    /// What failed, with what to do about it: tasks of an app that could not be read are not known.
    pub(crate) errors: Vec<ErrorEntry>,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Task {
    /// Short, and the same from run to run.
    pub(crate) id: String,
    /// The target app as `namespace/name`.
    pub(crate) app: String,
    /// What is to be done: `create`, `update`, `activate`, `grant`, `change`, `revoke`, `suspend` or `delete`.
    pub(crate) does: &'static str,
    /// For whom: mail or login; null for accounts of nobody known.
    pub(crate) person: Option<String>,
    /// The account as the app or its roster names it; null where there is none yet.
    pub(crate) account: Option<String>,
    /// What.
    pub(crate) entitlement: Entitlement,
    /// The value before.
    pub(crate) from: Option<String>,
    /// The value after.
    pub(crate) to: Option<String>,
    /// Where to click; null where nobody said.
    pub(crate) clicks: Option<String>,
    /// `declared`, `leaver`, `expired`, `withdrawn`, `exclusive` or `unmanaged`.
    pub(crate) cause: &'static str,
    /// The claims that carry it, or that carried it.
    pub(crate) because: Vec<String>,
    /// The cause in words.
    pub(crate) reason: String,
    /// Since when somebody is asked to do it (RFC 3339); null before an `apply`, `run` or the operator has asked.
    pub(crate) opened: Option<String>,
    /// Until when it should be done (RFC 3339); null where it may take for ever.
    pub(crate) due: Option<String>,
    /// Whether that time has passed.
    pub(crate) overdue: bool,
    /// The change in words.
    #[serde(skip)]
    what: String,
    /// What a person reads where nobody is known.
    #[serde(skip)]
    whose: String,
}

/// The open tasks of what was read.
pub(crate) fn document(reports: &[AppReport], errors: Vec<ErrorEntry>) -> TasksDocument {
    let tasks = reports.iter().flat_map(|report| match &report.result {
        AppResult::Worked(worked) => {
            let app = report.app.to_string();
            worked.look.plan.tasks().filter_map(|(change, _)| task(&app, change)).collect()
        }
        _ => Vec::new(),
    });
    TasksDocument { schema: TASKS_SCHEMA, tasks: tasks.collect(), errors }
}

fn task(app: &str, change: &plan::Change) -> Option<Task> {
    let done = Done { change: change.clone(), outcome: Outcome::Pending };
    let shown = build::change(&done, build::Told::Plan);
    let asked = shown.task.clone()?;
    Some(Task {
        what: words::action(&shown),
        whose: words::whose(&shown).to_owned(),
        id: asked.id,
        app: app.to_owned(),
        does: asked.does,
        person: shown.person,
        account: shown.account,
        entitlement: shown.entitlement,
        from: shown.from,
        to: shown.to,
        clicks: asked.clicks,
        cause: shown.cause,
        because: shown.because,
        reason: shown.reason,
        opened: asked.opened,
        due: asked.due,
        overdue: asked.overdue,
    })
}

impl TasksDocument {
    /// Whether somebody is late.
    pub(crate) fn is_overdue(&self) -> bool {
        self.tasks.iter().any(|task| task.overdue)
    }

    /// The tasks of each app.
    fn by_app(&self) -> Vec<(&str, &[Task])> {
        let chunks = self.tasks.chunk_by(|left, right| left.app == right.app);
        chunks.filter_map(|tasks| Some((tasks.first()?.app.as_str(), tasks))).collect()
    }
}

/// How many there are, and how many are late.
fn headline(tasks: &[Task]) -> String {
    let overdue = tasks.iter().filter(|task| task.overdue).count();
    let open = counted(tasks.len(), "task", "tasks");
    if overdue > 0 { format!("{open}, {overdue} overdue") } else { open }
}

/// Until when, in words.
fn deadline(task: &Task) -> String {
    match (&task.opened, &task.due) {
        (None, _) => "not asked for yet: `appaccess apply` starts its clock".to_owned(),
        (Some(opened), None) => format!("open since {opened}"),
        (Some(_), Some(due)) if task.overdue => format!("overdue since {due}"),
        (Some(_), Some(due)) => format!("until {due}"),
    }
}

/// For a terminal.
pub(crate) fn text(document: &TasksDocument) -> String {
    let bold = anstyle::Style::new().bold();
    let red = anstyle::AnsiColor::Red.on_default();
    let mut text = String::new();
    for (app, tasks) in document.by_app() {
        let _ = writeln!(text, "{}  {}", painted(bold, &printable(app)), headline(tasks));
        let mut clicks = None;
        for task in tasks {
            if task.clicks.is_some() && clicks != task.clicks.as_ref() {
                clicks = task.clicks.as_ref();
                let _ = writeln!(text, "  where: {}", printable(task.clicks.as_deref().unwrap_or_default()));
            }
            let time = printable(&deadline(task));
            let time = if task.overdue { painted(red, &time) } else { time };
            let _ = writeln!(text, "  {}  {time}", painted(bold, &printable(&task.id)));
            let _ = writeln!(text, "    {}", printable(&format!("{}: {}", task.whose, task.what)));
            let _ = writeln!(text, "    {}", printable(&task.reason));
        }
        text.push('\n');
    }
    for entry in &document.errors {
        text.push_str(&three_lines(&format!("{}: {}", entry.object, entry.reason), &entry.message, &entry.remedy));
        text.push_str(&place(entry));
        text.push('\n');
    }
    if document.tasks.is_empty() && document.errors.is_empty() {
        text.push_str("Nobody is asked to do anything.\n");
    } else {
        let _ = writeln!(text, "{}", painted(bold, &format!("{}.", headline(&document.tasks))));
    }
    text
}

/// A checklist for an issue or a message.
pub(crate) fn markdown(document: &TasksDocument) -> String {
    let mut text = format!("### {}\n", headline(&document.tasks));
    for (app, tasks) in document.by_app() {
        let _ = writeln!(text, "\n{}: {}\n", code_span(app), headline(tasks));
        for task in tasks {
            let what = format!("{} {}", code_span(&task.whose), code_span(&task.what));
            let time = if task.overdue { format!("**{}**", deadline(task)) } else { deadline(task) };
            let _ = writeln!(text, "- [ ] {} {what}, {time}", code_span(&task.id));
            let _ = writeln!(text, "      {}", code_span(&task.reason));
            if let Some(clicks) = &task.clicks {
                let _ = writeln!(text, "      {}", code_span(clicks));
            }
        }
    }
    for entry in &document.errors {
        let object = code_span(&format!("{}: {}", entry.object, entry.reason));
        let _ = writeln!(text, "\n- ⚠ {object} {}: {}", code_span(&entry.message), code_span(&entry.remedy));
    }
    text
}

/// For a spreadsheet: every cell is quoted, and none is a formula.
pub(crate) fn csv(document: &TasksDocument) -> Result<String, csv::Error> {
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for task in &document.tasks {
        let empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            task.id.clone(),
            task.app.clone(),
            task.does.to_owned(),
            task.person.clone().unwrap_or_else(|| task.whose.clone()),
            empty(&task.account),
            task.entitlement.kind.clone(),
            task.entitlement.name.clone(),
            empty(&task.from),
            empty(&task.to),
            empty(&task.clicks),
            task.cause.to_owned(),
            task.reason.clone(),
            empty(&task.opened),
            empty(&task.due),
            task.overdue.to_string(),
        ];
        writer.write_record(cells.map(|cell| harmless(&cell)))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that no spreadsheet takes for a formula: what could begin one stands behind an apostrophe.
pub(super) fn harmless(cell: &str) -> String {
    let shown = printable(cell);
    let begins = shown.trim_start().chars().next();
    match begins {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{shown}"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::width::fit, *};

    fn task(id: &str, whose: &str, due: Option<&str>, overdue: bool) -> Task {
        Task {
            id: id.to_owned(),
            app: "office/parking".to_owned(),
            does: "suspend",
            person: Some(whose.to_owned()),
            account: Some(whose.to_owned()),
            entitlement: Entitlement { kind: "account".into(), name: String::new(), level: None },
            from: None,
            to: None,
            clicks: Some("Garage portal → Badges: search by mail, open the badge, then Edit and Block. It takes effect at night; tell the porter if it is urgent.".to_owned()),
            cause: "withdrawn",
            because: vec!["office/parking#commuters".to_owned()],
            reason: "no longer declared by office/parking#commuters".to_owned(),
            opened: due.map(|_| "2026-11-15T10:00:00Z".to_owned()),
            due: due.map(str::to_owned),
            overdue,
            what: "suspend account".to_owned(),
            whose: whose.to_owned(),
        }
    }

    fn some() -> TasksDocument {
        TasksDocument {
            schema: TASKS_SCHEMA,
            tasks: vec![
                task("3f9a21bc04", "rosa@quay.example", Some("2026-11-20T10:00:00Z"), true),
                task("77c1d0aa12", "=cmd|' /C calc'!A0", None, false),
            ],
            errors: Vec::new(),
        }
    }

    #[test]
    fn a_text_fits_a_terminal() {
        let text = anstream::adapter::strip_str(&fit(&text(&some()), 100)).to_string();
        assert_eq!(
            text,
            "office/parking  2 tasks, 1 overdue\n  \
             where: Garage portal → Badges: search by mail, open the badge, then Edit and Block. It takes\n         \
             effect at night; tell the porter if it is urgent.\n  \
             3f9a21bc04  overdue since 2026-11-20T10:00:00Z\n    \
             rosa@quay.example: suspend account\n    \
             no longer declared by office/parking#commuters\n  \
             77c1d0aa12  not asked for yet: `appaccess apply` starts its clock\n    \
             =cmd|' /C calc'!A0: suspend account\n    \
             no longer declared by office/parking#commuters\n\n\
             2 tasks, 1 overdue.\n"
        );
    }

    #[test]
    fn a_checklist_has_one_box_a_task_and_no_markup_from_outside() {
        let text = markdown(&some());
        assert_eq!(text.matches("- [ ] ").count(), 2);
        assert!(text.contains("- [ ] `3f9a21bc04` `rosa@quay.example` `suspend account`, **overdue since"), "{text}");
    }

    #[test]
    fn no_cell_is_a_formula() {
        let text = csv(&some()).unwrap();
        assert!(text.contains("\"'=cmd|' /C calc'!A0\""), "{text}");
        for cell in ["=1", "+1", "-1", "@x", " =1", "＝1"] {
            assert!(harmless(cell).starts_with('\''), "{cell}");
        }
        assert_eq!(harmless("\t=1"), "\\u{9}=1");
        assert_eq!(harmless("ana@birch.studio"), "ana@birch.studio");
        assert_eq!(text.lines().count(), 3);
    }
}
