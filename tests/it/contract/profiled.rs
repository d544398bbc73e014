//! The profiles of SCIM apps that can list, each over a simulator of that vendor's habits.

use std::{collections::BTreeMap, marker::PhantomData};

use appaccess::{
    connector::Keys,
    sim::scim::{Dialect, Scim as Vendor, Server},
};
use serde_json::json;

use super::{Floor, Seen, Stand, Wanted, scim::Scim};

/// A profile of SCIM.
pub(super) trait Profile: Send + Sync {
    const NAME: &'static str;
    const PROFILE: &'static str;
    const EXAMPLE: Option<&'static str>;
    const ROLES: bool;
    const SPEC: &'static str;

    fn dialect() -> Dialect;
}

pub(super) struct Clockify;

impl Profile for Clockify {
    const NAME: &'static str = "scim: clockify";
    const PROFILE: &'static str = "clockify";
    const EXAMPLE: Option<&'static str> = Some("apps/clockify-scim.yaml");
    const ROLES: bool = false;
    const SPEC: &'static str = "";

    fn dialect() -> Dialect {
        Dialect::clockify()
    }
}

pub(super) struct Clockwise;

impl Profile for Clockwise {
    const NAME: &'static str = "scim: clockwise";
    const PROFILE: &'static str = "clockwise";
    const EXAMPLE: Option<&'static str> = Some("apps/clockwise.yaml");
    const ROLES: bool = false;
    const SPEC: &'static str = "acknowledgedCliffs: [clockwise/paid-plan-cutover]";

    fn dialect() -> Dialect {
        Dialect::clockwise("administrator@birch.example.com")
    }
}

/// A stand for one profile.
pub(super) struct Profiled<P>(Scim, PhantomData<P>);

impl<P: Profile + 'static> Stand for Profiled<P> {
    type Vendor = Vendor;

    const NAME: &'static str = P::NAME;
    const STUDIO: Wanted = Scim::STUDIO;
    const PAYROLL: Wanted = Scim::PAYROLL;
    const LOW_AND_HIGH: Option<(Wanted, Wanted)> = if P::ROLES { Scim::LOW_AND_HIGH } else { None };
    const SPEC: &'static str = P::SPEC;
    const FLOOR: Floor = Scim::FLOOR;
    const EXAMPLE: Option<&'static str> = P::EXAMPLE;

    async fn start() -> Self {
        Self(Scim { server: Server::start(P::dialect()).await.expect("a port is free") }, PhantomData)
    }

    fn server(&self) -> &Server {
        self.0.server()
    }

    fn connector(&self) -> String {
        format!("{{scim: {{baseUrl: \"{}\", profile: {}}}}}", self.server().base_url(), P::PROFILE)
    }

    fn wrong_tenant(&self) -> String {
        format!("{{scim: {{baseUrl: \"{}/nowhere\", profile: {}}}}}", self.server().base_url(), P::PROFILE)
    }

    fn keys(&self) -> Keys {
        self.0.keys()
    }

    fn cannot(behaviour: &str) -> Option<&'static str> {
        match behaviour {
            "a_value_goes_up_and_down"
            | "a_role_that_the_app_lacks_is_refused_alone"
            | "the_last_holder_of_the_highest_role_stays"
                if !P::ROLES =>
            {
                Some("The vendor documents no roles over SCIM, and no other value that has an order.")
            }
            _ => Scim::cannot(behaviour),
        }
    }

    fn seed(&self, mail: &str) -> String {
        self.server().edit(|state| state.add_user_with(mail, &json!({})))
    }

    fn give(&self, mail: &str, wanted: Wanted) {
        self.0.give(mail, wanted);
    }

    fn people(&self) -> BTreeMap<String, Seen> {
        self.0.people()
    }

    fn accept_invitations(&self) {}

    fn change_mail(&self, from: &str, to: &str) {
        self.0.change_mail(from, to);
    }

    fn expire_key(&self) {
        self.0.expire_key();
    }

    fn answer_strangely(&self) {
        self.0.answer_strangely();
    }

    fn own_account(&self) -> Option<String> {
        None
    }
}
