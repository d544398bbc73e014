//! Toggl Track, an organisation with one workspace to which invitations lead.

use std::collections::BTreeMap;

use appaccess::{
    connector::Keys,
    sim::{
        service,
        toggl::{Options, Server, Toggl as Vendor},
    },
};
use appaccess_core::access::AccountState;
use secrecy::SecretString;

use super::{Floor, Seen, Stand, Wanted};

pub(super) struct Toggl {
    server: service::Server<Vendor>,
}

impl Toggl {
    fn connector_of(&self, organization: u64) -> String {
        let workspace = self.server.edit(|state| state.workspace_id("Main").expect("it is there"));
        let base = self.server.base_url();
        format!(
            "{{toggl: {{organizationId: \"{organization}\", defaultWorkspaceId: \"{workspace}\", baseUrl: \"{base}\"}}}}"
        )
    }
}

impl Stand for Toggl {
    type Vendor = Vendor;

    const NAME: &'static str = "toggl";
    const STUDIO: Wanted = Wanted::new("group", "Studio");
    const PAYROLL: Wanted = Wanted::new("group", "Payroll");
    const LOW_AND_HIGH: Option<(Wanted, Wanted)> = Some((Wanted::new("role", "member"), Wanted::new("role", "admin")));
    // One page of users, and the groups; one invitation for all, with the group; one change for all that a leaver loses.
    const FLOOR: Floor = Floor { steady_reads: 2, newcomers_writes: |_| 1, leaver_writes: 1 };
    const EXAMPLE: Option<&'static str> = Some("apps/toggl.yaml");

    async fn start() -> Self {
        Self { server: Server::start(Options::default()).await.expect("a port is free") }
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn connector(&self) -> String {
        self.connector_of(500)
    }

    fn wrong_tenant(&self) -> String {
        self.connector_of(501)
    }

    fn keys(&self) -> Keys {
        Keys::from([("token".to_owned(), SecretString::from(self.server.token()))])
    }

    fn cannot(_behaviour: &str) -> Option<&'static str> {
        None
    }

    fn seed(&self, mail: &str) -> String {
        self.server.edit(|state| state.add_person(mail)).to_string()
    }

    fn provide(&self, kind: &str, name: &str) {
        self.server.edit(|state| {
            if kind == "workspace" && state.workspace_id(name).is_none() {
                state.add_workspace(name);
                // Whoever makes a workspace is in it.
                state.set_level("owner@birch.example.com", name, "admin");
            }
        });
    }

    fn give(&self, mail: &str, wanted: Wanted) {
        self.server.edit(|state| match wanted.kind {
            "role" => state.set_role(mail, wanted.name),
            "workspace" => state.set_level(mail, wanted.name, wanted.level.unwrap_or("user")),
            _ => {
                if !state.snapshot().groups.contains_key(wanted.name) {
                    state.add_group(wanted.name, &[]);
                }
                state.set_member(wanted.name, mail, true);
            }
        });
    }

    fn people(&self) -> BTreeMap<String, Seen> {
        let people = self.server.snapshot().people.into_iter().map(|(mail, person)| {
            let state = match person.state {
                "active" => AccountState::Active,
                "suspended" => AccountState::Suspended,
                _ => AccountState::Invited,
            };
            let places = person.workspaces.iter().map(|(name, level)| format!("workspace {name}={level}"));
            let groups = person.groups.iter().map(|name| format!("group {name}"));
            let holds = [format!("role {}", person.role)].into_iter().chain(places).chain(groups).collect();
            (mail.to_lowercase(), Seen { id: person.id, state, holds })
        });
        people.collect()
    }

    fn accept_invitations(&self) {
        self.server.edit(appaccess::sim::toggl::State::accept_all);
    }

    fn change_mail(&self, from: &str, to: &str) {
        self.server.edit(|state| state.rename(from, to));
    }

    fn expire_key(&self) {
        self.server.change_token("another-token");
    }

    fn answer_strangely(&self) {
        self.server.edit(|state| {
            state.habits.text_ids = true;
            state.habits.null_lists = true;
            state.habits.quoted_texts = false;
        });
    }

    fn own_account(&self) -> Option<String> {
        Some("owner@birch.example.com".to_owned())
    }
}
