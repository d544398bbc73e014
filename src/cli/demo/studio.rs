//! A small studio for the demonstration: one simulated vendor, and what is declared about it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::stage::{DemoError, Stage, approval};
use crate::{
    sim::scim::{Server, State},
    sync::AppReport,
};

/// What stands in the files at one moment of the story.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) mode: &'static str,
    pub(super) joel_is_active: bool,
    pub(super) design: &'static [&'static str],
    pub(super) freelancer: bool,
    pub(super) approved: Vec<String>,
}

/// The studio.
pub(super) struct Studio {
    pub(super) vendor: Server,
    stage: Stage,
}

impl Studio {
    /// Starts the vendor with what a grown app looks like: people, a group, a stranger and a robot.
    pub(super) async fn open() -> Result<Self, DemoError> {
        let vendor = Server::start(crate::sim::scim::Options::default()).await.map_err(DemoError::Vendor)?;
        vendor.edit(furnish);
        vendor.clear_requests();
        let stage = Stage::open([("tracker-token", vendor.token())]).await?;
        Ok(Self { vendor, stage })
    }

    /// Time passes.
    pub(super) fn wait(&self, duration: SignedDuration) {
        self.stage.wait(duration);
    }

    /// A plan, which changes nothing.
    pub(super) async fn plan(&self, files: &Files) -> Result<Vec<AppReport>, DemoError> {
        self.stage.plan(&files.text(self.vendor.base_url(), self.stage.now())).await
    }

    /// One pass, as `run` and the operator make it.
    pub(super) async fn pass(&self, files: &Files) -> Result<Vec<AppReport>, DemoError> {
        self.stage.pass(&files.text(self.vendor.base_url(), self.stage.now())).await
    }

    /// How many transactions were written to the store.
    pub(super) fn store_writes(&self) -> u64 {
        self.stage.store_writes()
    }
}

/// What a grown app looks like: an admin, a stranger, a robot, and a group that somebody made long ago.
pub(super) fn furnish(state: &mut State) {
    let mara = state.add_user_with("mara@birch.example.com", &json!({"roles": [{"value": "admin"}]}));
    let joel = state.add_user_with("joel@birch.example.com", &json!({"roles": [{"value": "editor"}]}));
    state.add_user_with("piet@birch.example.com", &json!({"roles": [{"value": "editor"}]}));
    state.add_user("deploy-bot");
    state.add_group("Studio", &[&joel]);
    state.add_group("Payroll", &[&mara]);
}

impl Files {
    fn text(&self, base: &str, now: Timestamp) -> String {
        let freelance = if self.freelancer {
            "    - name: freelance\n      subjects: [{user: lea@freelance.example.org}]\n      groups: [Studio]\n      \
             reason: contract 2026-17"
        } else {
            ""
        };
        let design: Vec<String> = self.design.iter().map(|name| format!("{name}@birch.example.com")).collect();
        let mut text = include_str!("app.yaml")
            .replace("@BASE@", base)
            .replace("@MODE@", self.mode)
            .replace("@JOEL@", if self.joel_is_active { "true" } else { "false" })
            .replace("@DESIGN@", &design.join(", "))
            .replace("@FREELANCE@", freelance);
        for (number, digest) in self.approved.iter().enumerate() {
            text.push_str(&approval(number, "tracker", digest, now));
        }
        text
    }
}
