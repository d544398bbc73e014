//! The contract of the connectors: one list of behaviours, and every connector shows each of them over its simulator or
//! declares, with a reason, that its vendor cannot. The table of `docs/connectors.md` is made from it.
//!
//! A new connector is one [`Stand`] in a file of its own, and one line of `stands!` at the end of this one.

mod aha;
mod behaviours;
mod clockify;
mod harvest;
mod operator;
mod profiled;
mod scim;
mod table;
mod toggl;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use appaccess::{
    connector::Keys,
    sim::service::{Server, Service},
};
use appaccess_core::access::AccountState;

/// An entitlement as a claim words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// `group`, `role`, or the connector's own type.
    pub(crate) kind: &'static str,
    /// Its name; for a `Single` type its value.
    pub(crate) name: &'static str,
    /// Its level, where the type has levels.
    pub(crate) level: Option<&'static str>,
}

impl Wanted {
    /// An entitlement without a level.
    pub(crate) const fn new(kind: &'static str, name: &'static str) -> Self {
        Self { kind, name, level: None }
    }

    /// An entitlement with a level.
    pub(crate) const fn at(kind: &'static str, name: &'static str, level: &'static str) -> Self {
        Self { kind, name, level: Some(level) }
    }

    /// How [`Seen::holds`] says that somebody holds it: `group Studio`, `role admin`, `product App=viewer`.
    pub(crate) fn held(&self) -> String {
        let level = self.level.map(|level| format!("={level}")).unwrap_or_default();
        format!("{} {}{level}", self.kind, self.name)
    }
}

/// An account as the simulator holds it, read behind the connector's back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The vendor's id, as the connector tells it.
    pub(crate) id: String,
    /// Active, suspended or invited.
    pub(crate) state: AccountState,
    /// What it holds, as [`Wanted::held`] words it. A lowest role that everybody has may be left out.
    pub(crate) holds: BTreeSet<String>,
}

/// How many requests are the least that the vendor's interface permits; each connector's page explains them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    /// Reads of a pass in which nothing differs and nothing is new, with claims on [`Stand::STUDIO`].
    pub(crate) steady_reads: u64,
    /// Changing requests that bring `people` newcomers into the app and into [`Stand::STUDIO`].
    pub(crate) newcomers_writes: fn(people: u64) -> u64,
    /// Changing requests that put a leaver out, whose account stays suspended.
    pub(crate) leaver_writes: u64,
}

/// A vendor's simulator with its connector, as the contract sees it.
pub(crate) trait Stand: Sized + Send + Sync {
    /// The simulator.
    type Vendor: Service;

    /// The column of the table: the connector, or `scim` with its profile.
    const NAME: &'static str;
    /// An entitlement that exists, or comes into being by the first claim; every claim of the contract may name it.
    const STUDIO: Wanted;
    /// Another one of another name.
    const PAYROLL: Wanted;
    /// A value below [`Stand::HIGH`] and the higher one, of one slot: a role or a level. `None` where nothing has levels.
    const LOW_AND_HIGH: Option<(Wanted, Wanted)>;
    /// What a grant must name so that there is an account at all; `None` where an account can stand alone.
    const AT_LEAST: Option<Wanted> = None;
    /// What must be told with each credential and tenant: further fields of the spec, as a YAML block.
    const SPEC: &'static str = "";
    /// The fewest requests.
    const FLOOR: Floor;
    /// The example of the connector's page, below `examples/`.
    const EXAMPLE: Option<&'static str> = None;

    /// Starts the simulator: a tenant with the credential's own account in it, the owner where the vendor has one, and
    /// what [`Stand::STUDIO`] and [`Stand::PAYROLL`] name unless a claim makes it.
    async fn start() -> Self;

    /// The simulator on its socket.
    fn server(&self) -> &Server<Self::Vendor>;

    /// The connector as a YAML flow mapping: `{toggl: {organizationId: "500", baseUrl: "…"}}`.
    fn connector(&self) -> String;

    /// The same with a tenant that is not there.
    fn wrong_tenant(&self) -> String;

    /// What the Secret holds.
    fn keys(&self) -> Keys;

    /// Why this vendor cannot show a behaviour; `None` where it can.
    fn cannot(behaviour: &str) -> Option<&'static str>;

    /// Adds an active account behind the connector's back that holds what everybody holds ([`Stand::AT_LEAST`] too).
    fn seed(&self, mail: &str) -> String;

    /// Adds so many active accounts, `p0@birch.example.com` and on.
    fn seed_many(&self, people: usize) {
        for number in 0..people {
            self.seed(&format!("p{number}@birch.example.com"));
        }
    }

    /// Makes something of a type exist, where claims cannot: a product, a workspace, a project.
    fn provide(&self, _kind: &str, _name: &str) {}

    /// Gives somebody an entitlement behind the connector's back.
    fn give(&self, mail: &str, wanted: Wanted);

    /// All accounts by mail address or login, those of nobody in particular too.
    fn people(&self) -> BTreeMap<String, Seen>;

    /// Everybody who was invited accepts.
    fn accept_invitations(&self);

    /// Gives an account another mail address behind the connector's back.
    fn change_mail(&self, from: &str, to: &str);

    /// Makes the credential worthless.
    fn expire_key(&self);

    /// From now on answers hold fields that nobody knows, and ids come in the other form (numbers as texts or the other
    /// way round) where the vendor has been seen to do so.
    fn answer_strangely(&self);

    /// The login or mail of the credential's own account, where it has one.
    fn own_account(&self) -> Option<String>;
}

/// Every behaviour, in the order of the table, handed to another macro.
macro_rules! behaviours {
    ($then:ident $([$stand:ty])?) => {
        $then! {
            $([$stand])?
            a_plan_sends_nothing_that_changes
            observe_sends_nothing_that_changes
            the_reading_is_complete_and_tells_everybody
            ten_thousand_accounts_are_read_whole
            ids_and_unknown_fields_in_any_form_are_read
            names_in_any_script_are_kept
            a_declared_person_gets_an_account
            a_person_who_was_invited_is_not_invited_again
            an_account_that_exists_is_adopted_not_made_again
            an_address_in_other_letters_is_the_same_person
            a_second_pass_is_silent
            a_steady_pass_takes_its_floor_of_calls
            newcomers_take_their_floor_of_calls
            an_entitlement_is_given_and_taken
            a_value_goes_up_and_down
            somebody_moves_from_one_entitlement_to_another
            an_unknown_account_is_left_alone
            the_credentials_own_account_is_never_touched
            a_leaver_is_out_in_one_pass_at_its_floor_of_calls
            a_withdrawn_person_is_out_after_settling
            whoever_comes_back_gets_the_same_account
            a_delete_that_the_vendor_lacks_becomes_a_suspension
            a_new_address_in_the_app_keeps_the_account
            the_last_holder_of_the_highest_role_stays
            a_type_that_the_app_lacks_is_refused_alone
            a_name_that_the_app_lacks_is_refused_alone_or_made
            a_role_that_the_app_lacks_is_refused_alone
            a_truncated_listing_removes_nobody
            a_listing_that_breaks_off_removes_nobody
            a_failing_app_is_named_and_nobody_is_removed
            a_limit_is_reported_with_its_time_and_work_goes_on_later
            an_error_after_the_change_makes_nothing_twice
            a_connection_that_breaks_makes_nothing_twice
            a_refused_change_is_told_and_tried_again
            a_worthless_key_is_named
            a_wrong_tenant_is_named
            the_command_line_does_the_same
            the_doctor_finds_it_well_and_changes_nothing
            a_plan_with_an_import_has_nothing_to_do
            the_example_of_its_page_comes_true
        }
    };
}

macro_rules! names {
    ($($behaviour:ident)*) => {
        /// Every behaviour, by the name of its test.
        const BEHAVIOURS: &[&str] = &[$(stringify!($behaviour)),*];
    };
}

macro_rules! tests {
    ([$stand:ty] $($behaviour:ident)*) => {
        $(
            #[tokio::test]
            async fn $behaviour() {
                if <$stand>::cannot(stringify!($behaviour)).is_none() {
                    behaviours::$behaviour::<$stand>().await;
                }
            }
        )*
    };
}

/// The stands: a module of tests for each, and its column of the table.
macro_rules! stands {
    ($($module:ident: $stand:ty,)*) => {
        $(
            mod $module {
                use super::*;

                behaviours!(tests [$stand]);
            }
        )*

        fn columns() -> Vec<table::Column> {
            vec![$(table::Column::of::<$stand>()),*]
        }

        /// Every stand in one cluster, side by side.
        async fn under_one_operator(stage: &crate::support::stage::Stage) {
            futures::join!($(operator::keeps::<$stand>(stage)),*);
        }
    };
}

behaviours!(names);

stands! {
    generic_scim: scim::Scim,
    clockify_scim: profiled::Profiled<profiled::Clockify>,
    clockwise_scim: profiled::Profiled<profiled::Clockwise>,
    over_harvest: harvest::Harvest,
    over_clockify: clockify::Clockify,
    toggl_track: toggl::Toggl,
    over_aha: aha::Aha,
}
