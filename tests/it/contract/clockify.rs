//! Clockify by its own API.

use std::collections::{BTreeMap, BTreeSet};

use appaccess::{
    connector::Keys,
    sim::{
        clockify::{Clockify as Vendor, Membership, Options, Role, Server, State},
        service,
    },
};
use appaccess_core::access::AccountState;
use secrecy::SecretString;

use super::{Floor, Seen, Stand, Wanted};

pub(super) struct Clockify {
    server: service::Server<Vendor>,
}

impl Stand for Clockify {
    type Vendor = Vendor;

    const NAME: &'static str = "clockify";
    const STUDIO: Wanted = Wanted::new("group", "Studio");
    const PAYROLL: Wanted = Wanted::new("group", "Payroll");
    const LOW_AND_HIGH: Option<(Wanted, Wanted)> = Some((Wanted::new("role", "member"), Wanted::new("role", "admin")));
    // The owner is nobody of the company.
    const SPEC: &'static str = "classify: {service: [boss@clockify.example]}";
    // Users, groups and the workspace. Each newcomer is invited and joins the group; a leaver leaves it and is shut out.
    const FLOOR: Floor = Floor { steady_reads: 3, newcomers_writes: |people| 2 * people, leaver_writes: 2 };
    const EXAMPLE: Option<&'static str> = Some("apps/clockify.yaml");

    async fn start() -> Self {
        let server = Server::start(Options::default()).await.expect("a port is free");
        // The key belongs to an admin, and somebody else owns the workspace.
        server.edit(|state| {
            let owner = state.add("boss@clockify.example");
            state.set_role(&owner, Role::Owner);
        });
        Self { server }
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn connector(&self) -> String {
        let (workspace, base) = (self.server.workspace(), self.server.base_url().to_owned());
        format!("{{clockify: {{workspaceId: \"{workspace}\", baseUrl: \"{base}\"}}}}")
    }

    fn wrong_tenant(&self) -> String {
        format!("{{clockify: {{workspaceId: \"64a687e2ffffffffffffffff\", baseUrl: \"{}\"}}}}", self.server.base_url())
    }

    fn keys(&self) -> Keys {
        Keys::from([("token".to_owned(), SecretString::from(self.server.key()))])
    }

    fn cannot(_: &str) -> Option<&'static str> {
        None
    }

    fn seed(&self, mail: &str) -> String {
        self.server.edit(|state| state.add(mail))
    }

    fn provide(&self, kind: &str, name: &str) {
        self.server.edit(|state| {
            if kind == "project-manager" {
                state.add_project(name);
            } else if state.group_id(name).is_none() {
                state.add_group(name);
            }
        });
    }

    fn give(&self, mail: &str, wanted: Wanted) {
        self.server.edit(|state| {
            let user = state.id_of(mail).expect("the user is there");
            if wanted.kind == "role" {
                let role = if wanted.name == "admin" { Role::Admin } else { Role::Member };
                state.set_role(&user, role);
                return;
            }
            let group = state.group_id(wanted.name).unwrap_or_else(|| state.add_group(wanted.name));
            state.join(&group, &user);
        });
    }

    fn people(&self) -> BTreeMap<String, Seen> {
        let people = self.server.snapshot().into_iter().map(|(mail, seen)| {
            let state = match seen.membership {
                "ACTIVE" => AccountState::Active,
                "PENDING" => AccountState::Invited,
                _ => AccountState::Suspended,
            };
            let mut holds: BTreeSet<String> = seen.groups.iter().map(|group| format!("group {group}")).collect();
            let role = match seen.role {
                Role::Owner => "role owner",
                Role::Admin => "role admin",
                Role::Member => "role member",
            };
            holds.insert(role.to_owned());
            (mail.to_lowercase(), Seen { id: seen.id, state, holds })
        });
        people.collect()
    }

    fn accept_invitations(&self) {
        self.server.edit(|state| {
            let invited = state.snapshot().into_values().filter(|seen| seen.membership == Membership::Pending.word());
            invited.for_each(|seen| state.accept(&seen.id));
        });
    }

    fn change_mail(&self, from: &str, to: &str) {
        self.server.edit(|state| {
            let id = state.id_of(from).expect("the user is there");
            state.edit(&id, |user| user.email = Some(to.to_owned()));
        });
    }

    fn expire_key(&self) {
        self.server.edit(State::revoke_key);
    }

    fn answer_strangely(&self) {
        self.server.edit(|state| state.unknown_fields = true);
    }

    fn own_account(&self) -> Option<String> {
        Some("owner@clockify.example".to_owned())
    }
}
