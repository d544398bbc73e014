//! Any app that speaks SCIM 2.0 as the RFCs say.

use std::collections::{BTreeMap, BTreeSet};

use appaccess::{
    connector::Keys,
    sim::{
        scim::{Options, Scim as Vendor, Server},
        service,
    },
};
use appaccess_core::access::AccountState;
use secrecy::SecretString;
use serde_json::json;

use super::{Floor, Seen, Stand, Wanted};

pub(super) struct Scim {
    pub(super) server: service::Server<Vendor>,
}

impl Stand for Scim {
    type Vendor = Vendor;

    const NAME: &'static str = "scim";
    const STUDIO: Wanted = Wanted::new("group", "Studio");
    const PAYROLL: Wanted = Wanted::new("group", "Payroll");
    const LOW_AND_HIGH: Option<(Wanted, Wanted)> = Some((Wanted::new("role", "editor"), Wanted::new("role", "admin")));
    const SPEC: &'static str = "roles: {order: [viewer, editor, admin]}";
    // Users and groups, one page each.
    const FLOOR: Floor = Floor { steady_reads: 2, newcomers_writes: |people| people + 1, leaver_writes: 2 };

    const EXAMPLE: Option<&'static str> = Some("small-studio.yaml");

    async fn start() -> Self {
        Self { server: Server::start(Options::default()).await.expect("a port is free") }
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn connector(&self) -> String {
        format!("{{scim: {{baseUrl: \"{}\"}}}}", self.server.base_url())
    }

    fn wrong_tenant(&self) -> String {
        format!("{{scim: {{baseUrl: \"{}/nowhere\"}}}}", self.server.base_url())
    }

    fn keys(&self) -> Keys {
        Keys::from([("token".to_owned(), SecretString::from(self.server.token()))])
    }

    fn cannot(behaviour: &str) -> Option<&'static str> {
        match behaviour {
            "a_person_who_was_invited_is_not_invited_again" => {
                Some("SCIM knows no invitations: an account exists as soon as it is created.")
            }
            "the_credentials_own_account_is_never_touched" => {
                Some("SCIM does not tell whose account the credential belongs to; name it under `classify.service`.")
            }
            _ => None,
        }
    }

    fn seed(&self, mail: &str) -> String {
        self.server.edit(|state| state.add_user_with(mail, &json!({"roles": [{"value": "viewer"}]})))
    }

    fn give(&self, mail: &str, wanted: Wanted) {
        self.server.edit(|state| {
            let user = state.user_id(mail).expect("the user is there");
            if wanted.kind == "role" {
                state.set(&user, "roles", json!([{"value": wanted.name}]));
                return;
            }
            let group = state.group_id(wanted.name).unwrap_or_else(|| state.add_group(wanted.name, &[]));
            state.add_member(&group, &user);
        });
    }

    fn people(&self) -> BTreeMap<String, Seen> {
        let snapshot = self.server.snapshot();
        let groups_of = |name: &String| -> BTreeSet<String> {
            let groups = snapshot.groups.iter().filter(|(_, members)| members.contains(name));
            groups.map(|(group, _)| format!("group {group}")).collect()
        };
        let people = snapshot.users.iter().map(|(name, user)| {
            let roles = self.server.edit(|state| state.resource(&user.id).map(|value| value["roles"].clone()));
            let roles = roles.as_ref().and_then(|roles| roles.as_array()).cloned().unwrap_or_default();
            let mut holds = groups_of(name);
            holds.extend(roles.iter().filter_map(|role| Some(format!("role {}", role.get("value")?.as_str()?))));
            let state = if user.active { AccountState::Active } else { AccountState::Suspended };
            (name.to_lowercase(), Seen { id: user.id.clone(), state, holds })
        });
        people.collect()
    }

    fn accept_invitations(&self) {}

    fn change_mail(&self, from: &str, to: &str) {
        self.server.edit(|state| {
            let id = state.user_id(from).expect("the user is there");
            state.set(&id, "userName", json!(to));
            state.set(&id, "emails", json!([{"value": to, "type": "work", "primary": true}]));
        });
    }

    fn expire_key(&self) {
        self.server.service(Vendor::revoke_token);
    }

    fn answer_strangely(&self) {
        self.server.edit_dialect(|dialect| dialect.unknown_fields = true);
    }

    fn own_account(&self) -> Option<String> {
        None
    }
}
