//! Why a change is made, in words.

use super::{Cause, Change};
use crate::access::{ClaimName, Evidence};

impl Change {
    /// The names of the claims that carry the edge, or that carried it.
    #[must_use]
    pub fn because(&self) -> Vec<String> {
        match &self.evidence {
            Evidence::Claims(claims) => {
                let mut names: Vec<String> = claims.iter().map(|claim| claim.name.to_string()).collect();
                names.dedup();
                names
            }
            Evidence::Gone(names) => names.iter().map(ClaimName::to_string).collect(),
            Evidence::Directory { .. } | Evidence::Ended(_) | Evidence::Policy(_) => Vec::new(),
        }
    }

    /// One line: the cause with its evidence, and the reason that the grant gives.
    #[must_use]
    pub fn reason(&self) -> String {
        let names = self.because().join(", ");
        match (&self.evidence, self.cause) {
            (Evidence::Claims(claims), _) => match claims.iter().find_map(|claim| claim.reason.as_ref()) {
                Some(reason) => format!("declared by {names} ({reason})"),
                None => format!("declared by {names}"),
            },
            (Evidence::Directory { directory, says }, _) => format!("left: {directory} says {says}"),
            (Evidence::Ended(at), _) => format!("ended at {at}"),
            (Evidence::Gone(_), _) if names.is_empty() => "no claim is left".to_owned(),
            (Evidence::Gone(_), _) => format!("no longer declared by {names}"),
            (Evidence::Policy(policy), Cause::Exclusive) => format!("nobody declared it, and {policy}"),
            (Evidence::Policy(policy), _) => format!("nobody declared the account, and {policy}"),
        }
    }
}
