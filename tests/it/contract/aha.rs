//! Aha!, by its own interface.

use std::collections::{BTreeMap, BTreeSet};

use appaccess::{
    connector::Keys,
    sim::aha::{Aha as Vendor, Role, Server},
};
use appaccess_core::access::AccountState;
use secrecy::SecretString;

use super::{Floor, Seen, Stand, Wanted};

pub(super) struct Aha {
    server: Server,
}

fn role(level: &str) -> Role {
    match level {
        "product_owner" => Role::Owner,
        "contributor" => Role::Contributor,
        "reviewer" => Role::Reviewer,
        _ => Role::Viewer,
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Owner => "product_owner",
        Role::Contributor => "contributor",
        Role::Developer => "developer",
        Role::Reviewer => "reviewer",
        Role::Viewer => "viewer",
    }
}

impl Stand for Aha {
    type Vendor = Vendor;

    const NAME: &'static str = "aha";
    const STUDIO: Wanted = Wanted::at("product", "Studio", "contributor");
    const PAYROLL: Wanted = Wanted::at("product", "Payroll", "viewer");
    const LOW_AND_HIGH: Option<(Wanted, Wanted)> =
        Some((Wanted::new("role", "user"), Wanted::new("role", "administrator")));
    // An account is made in a product.
    const AT_LEAST: Option<Wanted> = Some(Wanted::at("product", "Lobby", "viewer"));
    // Users and products, one page each. A newcomer takes a request for each of two products, a leaver one for each and one
    // for the account.
    const FLOOR: Floor = Floor { steady_reads: 2, newcomers_writes: |people| 2 * people, leaver_writes: 3 };
    const EXAMPLE: Option<&'static str> = Some("apps/aha.yaml");

    async fn start() -> Self {
        let server = Server::start().await.expect("a port is free");
        server.edit(|state| {
            for (name, prefix) in [("Lobby", "LOB"), ("Studio", "STU"), ("Payroll", "PAY")] {
                state.add_product(name, prefix);
            }
        });
        Self { server }
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn connector(&self) -> String {
        format!("{{aha: {{domain: birch, baseUrl: \"{}\"}}}}", self.server.base_url())
    }

    fn wrong_tenant(&self) -> String {
        format!("{{aha: {{domain: elm, baseUrl: \"{}\"}}}}", self.server.base_url())
    }

    fn keys(&self) -> Keys {
        Keys::from([("token".to_owned(), SecretString::from(self.server.token()))])
    }

    fn cannot(behaviour: &str) -> Option<&'static str> {
        (behaviour == "a_person_who_was_invited_is_not_invited_again")
            .then_some("Aha! shows no invitations: an account is active as soon as it is made.")
    }

    fn seed(&self, mail: &str) -> String {
        self.server.edit(|state| {
            let id = state.add_person(mail);
            state.set_role(mail, "Lobby", Some(Role::Viewer));
            id
        })
    }

    fn seed_many(&self, people: usize) {
        // By address each would be looked for among all.
        self.server.edit(|state| state.add_people(people, "birch.example.com", "Lobby", Role::Viewer));
    }

    fn provide(&self, _kind: &str, name: &str) {
        self.server.edit(|state| {
            if !state.has_product(name) {
                state.add_product(name, &name.to_uppercase().replace(' ', ""));
            }
        });
    }

    fn give(&self, mail: &str, wanted: Wanted) {
        let is_known = self.server.edit(|state| match wanted.kind {
            "role" => state.set_administrator(mail, wanted.name == "administrator"),
            _ => state.set_role(mail, wanted.name, Some(role(wanted.level.unwrap_or_default()))),
        });
        assert!(is_known, "{mail} and {} are there", wanted.name);
    }

    fn people(&self) -> BTreeMap<String, Seen> {
        let people = self.server.snapshot().people.into_iter().map(|(mail, person)| {
            let state = if person.enabled { AccountState::Active } else { AccountState::Suspended };
            let products = person.products.iter();
            let mut holds: BTreeSet<String> =
                products.map(|(product, role)| format!("product {product}={}", word(*role))).collect();
            holds.extend(person.administrator.then(|| "role administrator".to_owned()));
            (mail.to_lowercase(), Seen { id: person.id, state, holds })
        });
        people.collect()
    }

    fn accept_invitations(&self) {}

    fn change_mail(&self, from: &str, to: &str) {
        assert!(self.server.edit(|state| state.set_email(from, to)), "{from} is there");
    }

    fn expire_key(&self) {
        self.server.edit(|state| state.revoke_key(true));
    }

    fn answer_strangely(&self) {
        self.server.edit(|state| {
            state.show_numbers(true);
            state.show_unknown_fields(true);
            state.hide_name("Studio");
        });
    }

    fn own_account(&self) -> Option<String> {
        Some("access-robot@birch.example.com".to_owned())
    }
}
