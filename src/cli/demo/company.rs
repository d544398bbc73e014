//! A company of six apps for the demonstration: four with an interface of their own, one that speaks SCIM and cannot list,
//! and one with no interface at all. As many have left and as many seats are unused in each as the guides count.

use std::fmt::Write as _;

use appaccess_core::access::{AccountState, Mail};

use super::{
    guides::ESTIMATE,
    stage::{DemoError, Stage, approval},
};
use crate::{
    sim::{aha, clockify, harvest, scim, toggl},
    sync::{AppReport, AppResult, Report},
};

const GIVEN: [&str; 25] = [
    "ana", "ben", "cleo", "dana", "eli", "finn", "gil", "hana", "ida", "jon", "kim", "lea", "mara", "noa", "omar",
    "piet", "quin", "rosa", "sam", "tess", "uma", "vera", "wim", "xena", "zoe",
];
const FAMILY: [&str; 20] = [
    "adler", "birch", "cole", "diaz", "egli", "frey", "gray", "hahn", "ito", "jung", "kaya", "lind", "moss", "nair",
    "osei", "park", "ruiz", "silva", "tran", "wolf",
];

/// One app of the company.
pub(super) struct App {
    /// The name of its `TargetApp`, of its Secret and of the group whose members use it.
    pub(super) name: &'static str,
    /// The vendor.
    pub(super) vendor: &'static str,
    /// How it is reached.
    pub(super) how: &'static str,
    /// How many of the company use it.
    users: usize,
    /// Price of a seat and month: the guides' list prices for Clockify, Toggl and Harvest, ours for the others.
    price: &'static str,
}

/// The apps, in the order of the story.
pub(super) const APPS: [App; 6] = [
    App { name: "billing", vendor: "Harvest", how: "its API", users: 120, price: "14.00" },
    App { name: "client-time", vendor: "Toggl Track", how: "its API", users: 60, price: "18.00" },
    App { name: "onboarding", vendor: "Appcues", how: "by hand", users: 15, price: "25.00" },
    App { name: "roadmap", vendor: "Aha!", how: "its API", users: 40, price: "59.00" },
    App { name: "sales-notes", vendor: "Poggio", how: "SCIM", users: 30, price: "20.00" },
    App { name: "time", vendor: "Clockify", how: "its API", users: 200, price: "15.99" },
];

/// The company.
pub(super) struct Company {
    clockify: clockify::Server,
    toggl: toggl::Server,
    harvest: harvest::Server,
    aha: aha::Server,
    poggio: scim::Server,
    stage: Stage,
    pub(super) mode: &'static str,
    approved: Vec<(String, String)>,
}

/// The address of somebody by number.
fn mail(number: usize) -> String {
    let given = GIVEN.get(number % GIVEN.len()).copied().unwrap_or_default();
    let family = FAMILY.get(number / GIVEN.len() % FAMILY.len()).copied().unwrap_or_default();
    format!("{given}.{family}@birch.example.com")
}

/// Those who have left the company: the last of its people.
fn left() -> impl Iterator<Item = usize> {
    ESTIMATE.people - ESTIMATE.orphaned..ESTIMATE.people
}

/// Everybody with an account in an app: its users, and those who have left.
fn holders(app: &App) -> impl Iterator<Item = String> {
    (0..app.users).chain(left()).map(mail)
}

fn holders_of(name: &str) -> Vec<String> {
    APPS.iter().filter(|app| app.name == name).flat_map(holders).collect()
}

impl Company {
    /// Starts the vendors with what years of clicking leave behind.
    pub(super) async fn open() -> Result<Self, DemoError> {
        let clockify = clockify::Server::start(clockify::Options::default()).await.map_err(DemoError::Vendor)?;
        let toggl = toggl::Server::start(toggl::Options::default()).await.map_err(DemoError::Vendor)?;
        let harvest = harvest::Server::start().await.map_err(DemoError::Vendor)?;
        let aha = aha::Server::start().await.map_err(DemoError::Vendor)?;
        let poggio = scim::Server::start(scim::Dialect::poggio()).await.map_err(DemoError::Vendor)?;
        clockify.edit(|state| holders_of("time").iter().for_each(|mail| drop(state.add(mail))));
        toggl.edit(|state| {
            for mail in holders_of("client-time") {
                state.add_person(&mail);
            }
        });
        harvest.edit(|state| {
            for mail in holders_of("billing") {
                let (given, family) = mail.split('@').next().and_then(|name| name.split_once('.')).unwrap_or_default();
                state.add_person(given, family, &mail);
            }
        });
        aha.edit(|state| {
            state.add_product("Roadmap", "RM");
            for mail in holders_of("roadmap") {
                state.add_person(&mail);
                state.set_role(&mail, "Roadmap", Some(aha::Role::Contributor));
            }
        });
        poggio.edit(|state| holders_of("sales-notes").iter().for_each(|mail| drop(state.add_user(mail))));
        let stage = Stage::open([
            ("time", clockify.key()),
            ("client-time", toggl.token()),
            ("billing", harvest.token()),
            ("roadmap", aha.token()),
            ("sales-notes", poggio.token()),
        ])
        .await?;
        Ok(Self { clockify, toggl, harvest, aha, poggio, stage, mode: "Observe", approved: Vec::new() })
    }

    /// One pass over all six apps, as `run` and the operator make it.
    pub(super) async fn pass(&self) -> Result<Vec<AppReport>, DemoError> {
        self.stage.pass(&self.text()).await
    }

    /// A reviewed approval of a hold.
    pub(super) fn approve(&mut self, app: &str, digest: &str) {
        self.approved.push((app.to_owned(), digest.to_owned()));
    }

    /// Changes that were sent to any of the vendors so far.
    pub(super) fn mutations(&self) -> u64 {
        self.clockify.mutations()
            + self.toggl.mutations()
            + self.harvest.mutations()
            + self.aha.mutations()
            + self.poggio.mutations()
    }

    fn connector(&self, app: &App) -> String {
        match app.name {
            "time" => {
                let (id, base) = (self.clockify.workspace(), self.clockify.base_url());
                format!("{{clockify: {{workspaceId: \"{id}\", baseUrl: \"{base}\"}}}}")
            }
            "client-time" => {
                let id = self.toggl.edit(|state| state.organization());
                format!("{{toggl: {{organizationId: \"{id}\", baseUrl: \"{}\"}}}}", self.toggl.base_url())
            }
            "billing" => {
                let (id, base) = (self.harvest.account_id(), self.harvest.api_url());
                format!("{{harvest: {{accountId: \"{id}\", baseUrl: \"{base}\"}}}}")
            }
            "roadmap" => format!("{{aha: {{domain: birch, baseUrl: \"{}\"}}}}", self.aha.base_url()),
            "sales-notes" => format!("{{scim: {{baseUrl: \"{}\", profile: poggio}}}}", self.poggio.base_url()),
            _ => "{manual: {roster: {configMapRef: {name: onboarding}}, tasks: {dueIn: 72h}}}".to_owned(),
        }
    }

    /// Everything declared: six apps, one claim each, the directory, and the roster of the app without an interface.
    fn text(&self) -> String {
        let mut text = String::new();
        for app in &APPS {
            self.declare(&mut text, app);
        }
        directory(&mut text);
        roster(&mut text);
        for (number, (app, digest)) in self.approved.iter().enumerate() {
            text.push_str(&approval(number, app, digest, self.stage.now()));
        }
        text
    }

    fn declare(&self, text: &mut String, app: &App) {
        let App { name, price, .. } = app;
        let (mode, connector) = (self.mode, self.connector(app));
        let purchased = app.users + ESTIMATE.unused;
        let credentials =
            if app.how == "by hand" { "" } else { &format!("\n  credentials: {{secretRef: {{name: {name}}}}}") };
        let entitlements = if *name == "roadmap" {
            "\n      entitlements: [{type: product, name: Roadmap, level: contributor}]"
        } else {
            ""
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "---\napiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: {name}, namespace: access}}\n\
             spec:\n  connector: {connector}{credentials}\n  mode: {mode}\n  rateLimit: {{requests: 100000, per: 1s}}\n  \
             unmanaged: {{orphan: {{action: Suspend}}}}\n  safety: {{maxRemovals: {{people: 10}}}}\n  \
             seats: {{price: \"{price}\", currency: USD, per: month, purchased: {purchased}}}\n---\n\
             apiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata: {{name: {name}, namespace: access}}\n\
             spec:\n  appRef: {{name: {name}}}\n  grants:\n    - name: users\n      \
             subjects: [{{directoryGroup: {{directory: people, group: {name}}}}}]{entitlements}\n"
        );
    }
}

fn directory(text: &mut String) {
    text.push_str(
        "---\napiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {name: people, namespace: access}\n\
         spec:\n  domains: [birch.example.com]\n  leavers: Act\n  maxShrink: {people: 10, percent: 5}\n  \
         source:\n    inline:\n      people:\n",
    );
    let gone: Vec<usize> = left().collect();
    for number in 0..ESTIMATE.people {
        let active = if gone.contains(&number) { ", active: false" } else { "" };
        let _ = writeln!(text, "        - {{id: \"{number}\", user: {}{active}}}", mail(number));
    }
    text.push_str("      groups:\n");
    for app in &APPS {
        let members: Vec<String> = (0..app.users).map(mail).collect();
        let _ = writeln!(text, "        - {{name: {}, members: [{}]}}", app.name, members.join(", "));
    }
}

fn roster(text: &mut String) {
    text.push_str(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: onboarding, namespace: access}\ndata:\n  roster.csv: |\n    \
         user,active\n",
    );
    for mail in holders_of("onboarding") {
        let _ = writeln!(text, "    {mail},true");
    }
}

/// What a pass tells of one app.
pub(super) struct Row {
    pub(super) app: &'static App,
    /// Accounts that were seen.
    pub(super) accounts: usize,
    /// People who have left and can log in; `None` where the app cannot list.
    pub(super) left: Option<usize>,
    /// Tasks for people.
    pub(super) tasks: usize,
    /// Seats that are paid for and that nobody declared uses.
    pub(super) unused: u64,
    /// What those cost a month, in cents.
    pub(super) waste: u64,
    /// Requests.
    pub(super) calls: u64,
}

/// The rows of a pass, in the order of [`APPS`].
pub(super) fn rows(reports: &[AppReport]) -> Result<Vec<Row>, DemoError> {
    let gone: Vec<Mail> = left().filter_map(|number| Mail::parse(&mail(number)).ok()).collect();
    let row = |app: &'static App| {
        let report = worked(reports, app.name)?;
        let look = &report.look;
        let accounts = &look.observation.accounts;
        let in_still = accounts.iter().filter(|account| {
            account.state == AccountState::Active && account.mails.iter().any(|mail| gone.contains(mail))
        });
        let cost = look.plan.cost.as_ref();
        Ok(Row {
            app,
            accounts: accounts.len(),
            left: (app.how != "SCIM").then(|| in_still.count()),
            tasks: look.plan.tasks().count(),
            unused: cost.map_or(0, |cost| cost.unused),
            waste: cost.map_or(0, |cost| cost.monthly_waste.hundredths_a_month()),
            calls: report.calls.reads + report.calls.writes,
        })
    };
    APPS.iter().map(row).collect()
}

/// The report of one app.
pub(super) fn worked<'a>(reports: &'a [AppReport], name: &str) -> Result<&'a Report, DemoError> {
    match reports.iter().find(|report| *report.app.name == *name).map(|report| &report.result) {
        Some(AppResult::Worked(report)) => Ok(report),
        other => Err(DemoError::Otherwise(format!("the pass over {name} did not work: {other:?}"))),
    }
}
