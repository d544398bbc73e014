//! What a saved plan rests on, as one digest: every object that was loaded, credentials apart.

use appaccess_core::plan::digest_text;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::load::{Loaded, Objects, roster};

/// SHA-256 over all objects, in order of kind and name. Where they stand in which file does not matter.
pub(super) fn digest(loaded: &Loaded) -> String {
    let mut hash = Sha256::new();
    add(&mut hash, &loaded.target_apps);
    add(&mut hash, &loaded.app_accesses);
    add(&mut hash, &loaded.teams);
    add(&mut hash, &loaded.directories);
    add(&mut hash, &loaded.approvals);
    add(&mut hash, &loaded.config_maps);
    for (name, labels) in &loaded.namespaces {
        line(&mut hash, name, labels);
    }
    digest_text(&hash.finalize())
}

/// SHA-256 over the rosters that stand in files.
pub(super) fn digest_of_rosters(loaded: &Loaded) -> String {
    let mut hash = Sha256::new();
    for (name, text) in roster::files(loaded) {
        line(&mut hash, &name.to_string(), &text);
    }
    digest_text(&hash.finalize())
}

fn add<T: Serialize>(hash: &mut Sha256, objects: &Objects<T>) {
    for (name, located) in objects {
        line(hash, &name.to_string(), &located.object);
    }
    hash.update(b"\n");
}

fn line(hash: &mut Sha256, name: &str, object: &impl Serialize) {
    let text = serde_json::to_string(object).unwrap_or_default();
    hash.update(format!("{}:{name}:{}:{text}\n", name.len(), text.len()));
}
