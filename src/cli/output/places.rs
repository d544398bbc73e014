//! Where the object of an error stands in the files. Decides nothing.

use appaccess_core::access::{ClaimName, ObjectName};

use super::document::{ErrorEntry, Line};
use crate::load::{Loaded, Place, locate::Locator};

/// Adds to each error the line of its object; objects of a cluster have none.
pub(crate) fn locate_errors(errors: &mut [ErrorEntry], loaded: &Loaded) {
    let locator = Locator::default();
    for entry in errors.iter_mut().filter(|entry| entry.place.is_none()) {
        entry.place = place(&entry.object, &entry.reason, loaded, &locator);
    }
}

fn place(object: &str, reason: &str, loaded: &Loaded, locator: &Locator) -> Option<Line> {
    let (kind, name) = object.split_once(' ')?;
    let (at, field) = match kind {
        "TargetApp" => {
            let app = loaded.target_apps.get(&ObjectName::parse(name).ok()?)?;
            let field = if reason.starts_with("Secret") { "spec.credentials" } else { "" };
            (&app.place, field.to_owned())
        }
        "Directory" => (&loaded.directories.get(&ObjectName::parse(name).ok()?)?.place, String::new()),
        "AppAccess" => {
            let claim = ClaimName::parse(name);
            let object =
                claim.as_ref().map_or_else(|| ObjectName::parse(name).ok(), |claim| Some(claim.object.clone()));
            let access = loaded.app_accesses.get(&object?)?;
            let grants = &access.object.spec.grants;
            let index = claim.and_then(|claim| grants.iter().position(|grant| *grant.name == *claim.grant));
            (&access.place, index.map_or_else(|| "spec.appRef".to_owned(), |index| format!("spec.grants[{index}]")))
        }
        _ => return None,
    };
    line(at, &field, locator)
}

/// The line of a field, of the object itself where no field is named.
fn line(at: &Place, field: &str, locator: &Locator) -> Option<Line> {
    if at.line == 0 {
        return None;
    }
    let found = if field.is_empty() { at.clone() } else { locator.locate(at, field) };
    Some(Line { file: found.file, line: u64::try_from(found.line).unwrap_or(u64::MAX) })
}
