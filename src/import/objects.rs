//! Grants become objects, as few as their bounds permit.

use appaccess_core::access::ObjectName;

use super::{
    LeftOut, Options, Source,
    grants::{Grant, Grants},
    names::of_app,
    yaml,
};

/// Most grants of one object.
const MOST_GRANTS: usize = 64;
/// Most bytes of the grants of one object: with its head and comments it stays below 128 KiB.
const MOST_BYTES: usize = 96 * 1024;

/// One object to write down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// `AppAccess` or `Team`.
    pub kind: &'static str,
    /// Its name.
    pub name: ObjectName,
    /// Its text, without a marker of documents.
    pub yaml: String,
}

/// What an import comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The objects: teams first, then the claims that name them.
    pub objects: Vec<Object>,
    /// Who or what is not declared, ordered; the first object with claims says it, too.
    pub left_out: Vec<LeftOut>,
    /// Grants in all.
    pub grants: usize,
}

impl Imported {
    /// All objects as one text, and what was left out where there is no object to say it.
    #[must_use]
    pub fn text(&self) -> String {
        if self.objects.is_empty() {
            return yaml::comments(&self.left_out);
        }
        let documents: Vec<&str> = self.objects.iter().map(|object| object.yaml.as_str()).collect();
        documents.join("---\n")
    }
}

pub(super) fn objects(source: &Source<'_>, options: &Options, grants: Grants, left_out: Vec<LeftOut>) -> Imported {
    let app = &source.policy.app;
    let Grants { grants, teams } = grants;
    let count = grants.len();
    let mut objects: Vec<Object> =
        teams.iter().map(|team| Object { kind: "Team", name: team.name.clone(), yaml: yaml::team(team) }).collect();
    let mut names = names(app, options);
    for (index, grants) in split(app, &grants).into_iter().enumerate() {
        let Some(name) = names.next() else { break };
        let comments = if index == 0 { yaml::comments(&left_out) } else { String::new() };
        let yaml = format!("{comments}{}", yaml::access(&name, app, &grants));
        objects.push(Object { kind: "AppAccess", name, yaml });
    }
    Imported { objects, left_out, grants: count }
}

/// `planner-import`, then `planner-import-2` and on; those that are taken are passed over.
fn names<'a>(app: &'a ObjectName, options: &'a Options) -> impl Iterator<Item = ObjectName> + 'a {
    let base = of_app(&app.name);
    let numbered = (1_u64..).map(move |number| match number {
        1 => format!("{base}-import"),
        number => format!("{base}-import-{number}"),
    });
    numbered.map(|name| ObjectName::new(&app.namespace, &name)).filter(|name| !options.taken.contains(name))
}

/// The texts of the grants of each object.
fn split(app: &ObjectName, grants: &[Grant]) -> Vec<Vec<String>> {
    let mut objects: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for grant in grants {
        let text = yaml::grant(app, grant);
        let is_full =
            objects.last().is_none_or(|grants| grants.len() >= MOST_GRANTS || bytes + text.len() > MOST_BYTES);
        if is_full {
            objects.push(Vec::new());
            bytes = 0;
        }
        bytes += text.len();
        if let Some(last) = objects.last_mut() {
            last.push(text);
        }
    }
    objects
}
