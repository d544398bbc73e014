//! `demo --serve`: one simulated app that goes on running, and a folder with what is declared about it, so that somebody
//! can try every command by hand. It must not know the story that `demo` tells.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use tokio::signal::unix::{SignalKind, signal};

use super::{
    super::{error::CommandError, exit::Exit, flags::quoted, output},
    studio::furnish,
};
use crate::sim::scim;

/// Where the credential of the app stands below `secrets/`.
const TOKEN: &str = "secrets/access/tracker-token/token";

/// Writes the files, and serves the app until the process is told to stop.
pub(super) async fn run(folder: &Path) -> Result<Exit, CommandError> {
    refuse_what_is_used(folder)?;
    let failed = |source| CommandError::Machine { what: "start the simulated app", source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let vendor = scim::Server::start(scim::Options::default()).await.map_err(failed)?;
    vendor.edit(furnish);
    furnish_folder(folder, vendor.base_url(), &vendor.token())?;
    output::painted(&invitation(folder, vendor.base_url()))?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    output::note("\nThe simulated app has stopped, and what was in it is gone. The folder is yours.\n");
    Ok(Exit::Done)
}

/// A folder with something in it may hold somebody's work: the address of an earlier app, with edits of theirs.
fn refuse_what_is_used(folder: &Path) -> Result<(), CommandError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(false) => Err(CommandError::usage(
            format!("{} is not empty", folder.display()),
            "name a folder that is not there yet, or remove this one",
        )),
        Err(source) => Err(CommandError::File { verb: "read", path: folder.to_path_buf(), source }),
    }
}

fn furnish_folder(folder: &Path, base: &str, token: &str) -> Result<(), CommandError> {
    write(&folder.join("access/tracker.yaml"), &include_str!("files/tracker.yaml").replace("@BASE@", base))?;
    write(&folder.join("access/studio.yaml"), include_str!("files/studio.yaml"))?;
    write(&folder.join(TOKEN), token)
}

/// Writes a file that its owner alone can read: one of them is a credential.
fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    let written = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
    };
    written().map_err(|source| CommandError::File { verb: "write", path: path.to_path_buf(), source })
}

fn invitation(folder: &Path, base: &str) -> String {
    let folder = quoted(&folder.display().to_string());
    format!(
        "A simulated app listens at {base}\n\
         until you press Ctrl-C. It has four accounts, and nobody has looked after them for years.\n\
         \n\
         What is declared about it:\n\
         \x20 {folder}/access/tracker.yaml  the app\n\
         \x20 {folder}/access/studio.yaml   who should have what in it\n\
         \n\
         In another terminal:\n\
         \x20 cd {folder}\n\
         \x20 export APPACCESS_SECRETS=secrets APPACCESS_ALLOW_LOOPBACK=1\n\
         \x20 appaccess plan -f access\n"
    )
}

#[cfg(test)]
mod tests {
    use super::refuse_what_is_used;

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        assert!(refuse_what_is_used(folder.path()).is_ok(), "an empty one is taken");
        assert!(refuse_what_is_used(&folder.path().join("new")).is_ok(), "one that is not there, too");
        std::fs::write(folder.path().join("mine"), "").unwrap();
        assert!(refuse_what_is_used(folder.path()).is_err());
        assert!(refuse_what_is_used(&folder.path().join("mine")).is_err(), "a file is no folder");
    }
}
