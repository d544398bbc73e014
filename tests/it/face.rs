//! What people and tools see of the objects in a cluster: conditions, columns, Events, and the name that `kubectl` calls.

mod events;
mod kstatus;
mod kubectl;
mod plugin;
mod states;

/// Compares a screen with `tests/it/snapshots`.
pub(crate) fn snapshot(name: &str, screen: &str) {
    insta::assert_snapshot!(name, screen);
}
