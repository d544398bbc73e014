//! Harvest, whose business roles stand for groups.

use std::collections::BTreeMap;

use appaccess::{
    connector::Keys,
    sim::{
        harvest::{Harvest as Vendor, Server},
        service,
    },
};
use appaccess_core::access::AccountState;
use secrecy::SecretString;

use super::{Floor, Seen, Stand, Wanted};

pub(super) struct Harvest {
    server: service::Server<Vendor>,
}

impl Harvest {
    fn of_account(&self, account: &str) -> String {
        format!("{{harvest: {{accountId: \"{account}\", baseUrl: \"{}\"}}}}", self.server.api_url())
    }

    fn id(&self, mail: &str) -> u64 {
        self.server.edit(|state| state.id_of(mail)).expect("the person is there")
    }
}

impl Stand for Harvest {
    type Vendor = Vendor;

    const NAME: &'static str = "harvest";
    const STUDIO: Wanted = Wanted::new("business-role", "Studio");
    const PAYROLL: Wanted = Wanted::new("business-role", "Payroll");
    const LOW_AND_HIGH: Option<(Wanted, Wanted)> =
        Some((Wanted::new("role", "manager"), Wanted::new("role", "administrator")));
    // People and business roles, one page each; all newcomers get their business role at once.
    const FLOOR: Floor = Floor { steady_reads: 2, newcomers_writes: |people| people + 1, leaver_writes: 2 };
    const EXAMPLE: Option<&'static str> = Some("apps/harvest.yaml");

    async fn start() -> Self {
        Self { server: Server::start().await.expect("a port is free") }
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn connector(&self) -> String {
        self.of_account(&self.server.account_id())
    }

    fn wrong_tenant(&self) -> String {
        self.of_account("1")
    }

    fn keys(&self) -> Keys {
        Keys::from([("token".to_owned(), SecretString::from(self.server.token()))])
    }

    fn cannot(behaviour: &str) -> Option<&'static str> {
        match behaviour {
            "a_person_who_was_invited_is_not_invited_again" => {
                Some("Harvest mails everybody who is made, who exists at once, and does not tell who has accepted.")
            }
            _ => None,
        }
    }

    fn seed(&self, mail: &str) -> String {
        let local = mail.split('@').next().unwrap_or_default().to_lowercase();
        let mut letters = local.chars();
        let first: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        self.server.edit(|state| state.add_person(&first, "Birch", mail)).to_string()
    }

    fn give(&self, mail: &str, wanted: Wanted) {
        let person = self.id(mail);
        self.server.edit(|state| {
            if wanted.kind == "role" {
                state.set_access(person, &[wanted.name]);
                return;
            }
            let role = state.role_id(wanted.name).unwrap_or_else(|| state.add_role(wanted.name, &[]));
            state.hold_role(role, person);
        });
    }

    fn people(&self) -> BTreeMap<String, Seen> {
        let people = self.server.snapshot().people.into_iter().map(|(mail, seen)| {
            let access = seen.access.iter().map(|role| format!("role {role}"));
            let holds = access.chain(seen.roles.iter().map(|role| format!("business-role {role}"))).collect();
            let state = if seen.active { AccountState::Active } else { AccountState::Suspended };
            (mail, Seen { id: seen.id.to_string(), state, holds })
        });
        people.collect()
    }

    fn accept_invitations(&self) {}

    fn change_mail(&self, from: &str, to: &str) {
        let person = self.id(from);
        self.server.edit(|state| state.set_email(person, to));
    }

    fn expire_key(&self) {
        self.server.service(Vendor::revoke_token);
    }

    fn answer_strangely(&self) {
        self.server.edit(|state| {
            state.habits.unknown_fields = true;
            state.habits.ids_as_texts = true;
        });
    }

    fn own_account(&self) -> Option<String> {
        Some("ops@vendor.example.com".to_owned())
    }
}
