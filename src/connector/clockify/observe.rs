//! One reading of the workspace, with proof of whether that is all.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{Completeness, Observation, ObservedAccount, Text};

use super::{
    Kind,
    beside::{Beside, Standing, held},
    listing::Listed,
    roles::{self, Held, Holders, names_entities},
    shared::{Noted, Shared, mail_of},
    wire::{Group, Named, User},
};
use crate::connector::{ConnectorError, Scope, rest::Gathered};

/// Most members whom the listing lacks that are asked for by id.
const ASKED_MAX: usize = 20;

/// The lists of one reading.
struct Lists {
    users: Listed<User>,
    groups: Option<Listed<Group>>,
    projects: Option<Listed<Named>>,
    /// Who is admin, where the listing of users is not proven to tell.
    searched: Option<Holders>,
    /// The ids of the members, as the workspace itself tells them.
    members: BTreeSet<Text>,
}

impl Shared {
    /// Reads the workspace.
    pub(super) async fn observe(&self, scope: &Scope) -> Result<Observation, ConnectorError> {
        let own = self.discover().await?.own;
        let lists = Box::pin(self.read(scope)).await?;
        let held: Vec<Vec<Held>> = lists.users.rows.iter().map(held).collect();
        let listed = self.listed_holders(&lists.users.rows, &held);
        let mut beside = Beside::of(self.believed(lists.searched, listed).await?);
        self.learn_entities(&held);

        let mut gathered = Gathered::default();
        for (what, doubt) in [
            ("users", lists.users.doubt),
            ("groups", lists.groups.as_ref().and_then(|listed| listed.doubt)),
            ("projects", lists.projects.as_ref().and_then(|listed| listed.doubt)),
        ] {
            if let Some((reason, why)) = doubt {
                gathered.doubt(reason, format!("the listing of {what} is not complete: {why}"));
            }
        }
        if let Some(id) = self.first_missing(&lists.users.rows, &lists.members).await? {
            gathered.doubt("EndedEarly", format!("the listing lacks the account {id}, a member of the workspace"));
        }
        let mut catalogues = Vec::new();
        if let Some(groups) = lists.groups {
            let (ids, twice) = beside.take_groups(groups.rows, scope);
            note_ambiguous(&mut gathered, &twice, scope);
            self.seen(|seen| seen.groups.clone_from(&ids));
            catalogues.push((Kind::Group, ids.clone()));
            catalogues.push((Kind::TeamManager, ids));
        }
        if let Some(projects) = lists.projects {
            catalogues.push((Kind::ProjectManager, beside.take_projects(projects.rows, scope)));
        }
        self.take_users(&mut gathered, &lists.users.rows, &held, &beside, &own);
        note_our_own(&mut gathered, &beside.holders, &own);
        self.seen(|seen| {
            seen.beside = beside;
            seen.user_calls = lists.users.calls;
        });
        Ok(finish(gathered, catalogues))
    }

    async fn read(&self, scope: &Scope) -> Result<Lists, ConnectorError> {
        let (roles_listed, entities) = self.learnt(|learnt| (learnt.roles_listed, learnt.entities_listed));
        let wants_groups = scope.has(Kind::Group.word()) || scope.has(Kind::TeamManager.word());
        let wants_projects = entities && scope.has(Kind::ProjectManager.word());
        // Boxed, as five lists under way at once are too much for a stack.
        let groups = Box::pin(async {
            let managers = scope.has(Kind::TeamManager.word());
            if wants_groups { self.groups(None, managers).await.map(Some) } else { Ok(None) }
        });
        let projects = Box::pin(async { if wants_projects { self.projects().await.map(Some) } else { Ok(None) } });
        let searched = Box::pin(async { if roles_listed { Ok(None) } else { self.holders().await.map(Some) } });
        let users = Box::pin(self.users(&[("status", "ALL")]));
        let (users, groups, projects, searched, members) =
            futures::future::try_join5(users, groups, projects, searched, self.members()).await?;
        Ok(Lists { users, groups, projects, searched, members })
    }

    async fn members(&self) -> Result<BTreeSet<Text>, ConnectorError> {
        let memberships = self.own_workspace().await?.memberships.into_iter();
        let here = memberships.filter(|membership| membership.is_of(&self.workspace));
        Ok(here.filter_map(|membership| Some(membership.user_id?.0)).collect())
    }

    /// The listing tells no total; the workspace tells its members. Whoever is a member there and not in the listing
    /// casts doubt on it, unless the app says, asked by id, that there is nobody.
    async fn first_missing(&self, users: &[User], members: &BTreeSet<Text>) -> Result<Option<Text>, ConnectorError> {
        let listed: BTreeSet<&Text> = users.iter().map(User::id).collect();
        for (number, id) in members.iter().filter(|id| !listed.contains(id)).enumerate() {
            if number >= ASKED_MAX || self.profile(id).await?.is_some() {
                return Ok(Some(id.clone()));
            }
        }
        Ok(None)
    }

    fn listed_holders(&self, users: &[User], held: &[Vec<Held>]) -> Holders {
        let mut holders = Holders::default();
        for (user, held) in users.iter().zip(held) {
            holders.take(user.id(), held, &self.workspace);
        }
        holders
    }

    /// Which of both to believe. A workspace always has an owner: a listing that was proven to tell roles and shows none
    /// has lost that proof.
    async fn believed(&self, searched: Option<Holders>, listed: Holders) -> Result<Holders, ConnectorError> {
        match searched {
            None if !listed.owners.is_empty() => Ok(listed),
            None => {
                self.learn(|learnt| learnt.roles_listed = false);
                self.holders().await
            }
            Some(searched) => {
                if searched.proves(&listed) {
                    self.learn(|learnt| learnt.roles_listed = true);
                }
                Ok(searched)
            }
        }
    }

    fn learn_entities(&self, held: &[Vec<Held>]) {
        let managers = || held.iter().flatten().filter(|held| held.role == roles::PROJECT_MANAGER);
        if managers().any(|held| held.entity.is_none()) {
            self.learn(|learnt| learnt.entities_listed = false);
        } else if held.iter().any(|held| names_entities(held, &self.workspace)) {
            self.learn(|learnt| learnt.entities_listed = true);
        }
    }

    fn take_users(
        &self,
        gathered: &mut Gathered<ObservedAccount>,
        users: &[User],
        held: &[Vec<Held>],
        beside: &Beside,
        own: &str,
    ) {
        self.seen(|seen| {
            seen.accounts.clear();
            seen.invited = 0;
        });
        for (user, held) in users.iter().zip(held) {
            let standing = match Standing::of(user, &self.workspace) {
                Ok(Some(standing)) => standing,
                Ok(None) => continue,
                Err(why) => {
                    gathered.doubt("MembershipUnclear", format!("the app showed {why}"));
                    Standing::Active
                }
            };
            self.note(user, standing, beside.holders.role(user.id()));
            gathered.take(user.id(), beside.account(user, held, standing, own));
        }
    }

    /// Takes note of a user that was read.
    pub(super) fn note(&self, user: &User, standing: Standing, role: &'static str) {
        let noted = Noted { mail: mail_of(user), role, shut: standing.shut() };
        self.seen(|seen| {
            seen.invited += usize::from(standing == Standing::Invited);
            seen.accounts.insert(user.id().clone(), noted);
        });
    }
}

/// A group that matters and is there twice: nobody can tell which one is meant.
fn note_ambiguous<T>(gathered: &mut Gathered<T>, twice: &[Text], scope: &Scope) {
    let matters = |name: &&Text| {
        [Kind::Group, Kind::TeamManager]
            .iter()
            .any(|kind| scope.named.get(kind.word()).is_some_and(|names| names.contains(*name)))
    };
    if let Some(name) = twice.iter().find(matters) {
        gathered.doubt("AmbiguousGroup", format!("the app has more than one group of the name `{name}`"));
    }
}

/// What our own account and the admins tell of the listing: they are in it, and only an admin sees everybody.
fn note_our_own(gathered: &mut Gathered<ObservedAccount>, holders: &Holders, own: &str) {
    let absent = holders.admins.iter().map(|id| &**id).chain([own]).find(|id| !gathered.has(id));
    if let Some(id) = absent {
        gathered.doubt("EndedEarly", format!("the listing lacks the account {id}, an admin or our own"));
    }
    if holders.role(own) == "member" {
        let message = "the key belongs to a user who is neither admin nor owner, and may not be shown everybody; use \
                       the key of an admin";
        gathered.doubt("NotAdmin", message.to_owned());
    }
}

fn finish(gathered: Gathered<ObservedAccount>, catalogues: Vec<(Kind, BTreeMap<Text, Text>)>) -> Observation {
    let (accounts, completeness) = gathered.finish();
    let mut observation = Observation::complete(accounts.into_values().collect());
    if let Completeness::Incomplete { .. } = completeness {
        observation.completeness = completeness;
    }
    for (kind, names) in catalogues {
        observation.catalogue.insert(kind.word().into(), names);
    }
    observation
}
