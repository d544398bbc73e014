//! The second part of the story: a company of 500, six apps that nobody keeps, and the guides' figures beside ours.

use std::{fmt::Write as _, time::Instant};

use super::{
    check,
    company::{APPS, Company, Row, rows, worked},
    guides::{ESTIMATE, dollars},
    say,
    stage::DemoError,
    title,
};

/// Tells it, and checks at each step that it came out as told.
pub(super) async fn tell() -> Result<(), DemoError> {
    let mut company = Company::open().await?;
    let before = observe(&company).await?;
    company.mode = "Full";
    hold(&mut company).await?;
    let after = put_right(&company).await?;
    beside_the_guides(&before, &after);
    silence(&company).await
}

async fn observe(company: &Company) -> Result<Vec<Row>, DemoError> {
    title("9", "A company of 500 and six apps that nobody keeps: one look at all of them");
    say(&format!(
        "Each app was given what the guides count: {} people who have left and can still log in, and {}\nseats that \
         nobody uses. Four are reached by the vendor's API, Poggio by SCIM, Appcues by hand.",
        ESTIMATE.orphaned, ESTIMATE.unused
    ));
    let started = Instant::now();
    let rows = rows(&company.pass().await?)?;
    let took = started.elapsed();
    table(&rows);
    say(&format!(
        "{:.1} s on this machine, {} requests, no change sent. Poggio cannot list: whoever is there unasked\n\
         is not seen, and the page says so. What has no API is a roster that somebody exported.",
        took.as_secs_f64(),
        rows.iter().map(|row| row.calls).sum::<u64>()
    ));
    check(company.mutations() == 0, "Observe sent a change")?;
    check(rows.iter().all(|row| row.left.is_none_or(|left| left == ESTIMATE.orphaned)), "seven should be found")?;
    check(rows.iter().all(|row| usize::try_from(row.unused) == Ok(ESTIMATE.unused)), "twelve seats should be unused")?;
    Ok(rows)
}

async fn hold(company: &mut Company) -> Result<(), DemoError> {
    title("10", "mode: Full: the first removals of each app wait for a decision");
    let reports = company.pass().await?;
    let mut waiting = 0;
    for app in &APPS {
        let Some(hold) = &worked(&reports, app.name)?.look.plan.hold else { continue };
        waiting += 1;
        say(&format!("{:<12} {} people held: {}", app.name, hold.people, hold.digest));
        company.approve(app.name, &hold.digest);
    }
    check(waiting == 5, "five apps should hold their first removals")?;
    check(company.mutations() == 0, "a held change was sent")?;
    say("Somebody reads the rows and approves these digests, by reviewed AccessApprovals.");
    Ok(())
}

async fn put_right(company: &Company) -> Result<Vec<Row>, DemoError> {
    title("11", "Approved: out of every app that has an interface; tasks for the one that has none");
    company.pass().await?;
    let reports = company.pass().await?;
    let rows = rows(&reports)?;
    table(&rows);
    let by_hand = |row: &&Row| row.app.how == "by hand";
    check(
        rows.iter().filter(|row| !by_hand(row)).all(|row| row.left.is_none_or(|left| left == 0)),
        "nobody who left should be able to log in",
    )?;
    check(rows.iter().find(by_hand).is_some_and(|row| row.tasks == ESTIMATE.orphaned), "there should be seven tasks")?;
    let report = worked(&reports, "onboarding")?;
    if let Some((change, task)) = report.look.plan.tasks().next() {
        say(&format!(
            "Task {}: {} {}; done when a newer roster shows it.",
            task.id,
            change.action.as_str(),
            change.label
        ));
    }
    Ok(rows)
}

async fn silence(company: &Company) -> Result<(), DemoError> {
    title("12", "And from then on");
    let sent = company.mutations();
    let rows = rows(&company.pass().await?)?;
    let mut text = String::from("Requests of a quiet pass:");
    for row in &rows {
        let _ = write!(text, " {} {},", row.app.vendor, row.calls);
    }
    text.pop();
    say(&format!("{text}.\nChanges: {}.", company.mutations() - sent));
    check(company.mutations() == sent, "a quiet pass should be silent")
}

fn beside_the_guides(before: &[Row], after: &[Row]) {
    let [licences, work, misses] = ESTIMATE.dollars.map(dollars);
    let wasted: u64 = before.iter().map(|row| row.waste).sum();
    let found: usize = before.iter().filter_map(|row| row.left).sum();
    let still: usize = after.iter().filter_map(|row| row.left).sum();
    say(&format!(
        "\nThe guides, for one app in a company of {}:\n  {} orphaned accounts, {} unused licences, {} hours of work, and \
         {} a year\n  ({licences} licences, {work} work, {misses} missed compliance; Stitchflow's aggregate)\nHere, over six \
         apps:\n  {found} such accounts found, {still} left and each of them a task; {} a month for seats that\n  nobody \
         declared uses, to be handed back at the renewal. Hours and compliance we cannot measure.",
        ESTIMATE.people,
        ESTIMATE.orphaned,
        ESTIMATE.unused,
        ESTIMATE.hours,
        dollars(ESTIMATE.total()),
        money(wasted)
    ));
}

/// Cents as dollars.
fn money(cents: u64) -> String {
    format!("{}.{:02}", dollars(u32::try_from(cents / 100).unwrap_or(u32::MAX)), cents % 100)
}

fn table(rows: &[Row]) {
    let mut text = format!(
        "{:<12} {:<12} {:<8} {:>8} {:>14} {:>6} {:>12} {:>12} {:>6}\n",
        "app", "vendor", "reached", "accounts", "left, still in", "tasks", "unused seats", "wasted/month", "calls"
    );
    for row in rows {
        let left = row.left.map_or_else(|| "cannot list".to_owned(), |left| left.to_string());
        let _ = writeln!(
            text,
            "{:<12} {:<12} {:<8} {:>8} {left:>14} {:>6} {:>12} {:>12} {:>6}",
            row.app.name,
            row.app.vendor,
            row.app.how,
            row.accounts,
            row.tasks,
            row.unused,
            money(row.waste),
            row.calls
        );
    }
    say(text.trim_end());
}
