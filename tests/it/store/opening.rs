//! A file that is not a usable store is refused with a reason, and left as it is.

use std::fs;
use std::path::{Path, PathBuf};

use appaccess::store::{Store, StoreError};

use super::places::filled;
use super::{MINUTE, app, approval, now, owning};

fn location(folder: &tempfile::TempDir) -> (PathBuf, String) {
    let path = folder.path().join("state.db");
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_store_begins_empty_in_a_folder_that_it_makes_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".appaccess/state.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    assert_eq!(store.memory(&app(), now()).await.unwrap(), appaccess_core::access::Memory::default());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}

#[tokio::test]
async fn reading_alone_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, location) = location(&folder);
    assert!(Store::open_existing(&location).await.unwrap().is_none());
    assert!(Store::open_existing(":memory:").await.unwrap().is_none());
    assert_eq!(names(&folder), Vec::<String>::new());
    fs::write(&path, "").unwrap();
    assert!(Store::open_existing(&location).await.unwrap().is_none(), "an empty file is no store yet");
}

#[tokio::test]
async fn reading_alone_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, location) = location(&folder);
    filled(&location).await;
    let before = fs::read(&path).unwrap();
    let store = Store::open_existing(&location).await.unwrap().unwrap();
    assert_eq!(store.memory(&app(), now()).await.unwrap().inventory.len(), 1);
    let refused = store.become_writer("one", now(), MINUTE).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly), "{refused:?}");
    assert!(matches!(store.decide(&app(), &approval("sha256:1"), now()).await, Err(StoreError::ReadOnly)));
    store.close().await;
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(&folder), ["state.db"]);
}

#[tokio::test]
async fn what_a_process_committed_before_it_was_killed_is_there() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, running) = location(&before);
    let store = Store::open(&running).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    writer.keep(&app(), now(), &owning("u_1")).await.unwrap();
    // The files as they stand on the disk at that moment, the last change only in the log beside the database.
    for name in ["state.db", "state.db-wal"] {
        fs::copy(before.path().join(name), after.path().join(name)).unwrap();
    }
    let (path, killed) = location(&after);
    let bytes = || (fs::read(&path).unwrap(), fs::read(path.with_extension("db-wal")).unwrap());
    let as_left = bytes();
    let reading = Store::open_existing(&killed).await.unwrap().unwrap();
    assert_eq!(reading.memory(&app(), now()).await.unwrap().inventory, owning("u_1").inventory.set);
    reading.close().await;
    assert!(bytes() == as_left, "reading alone changes nothing");
    let writing = Store::open(&killed).await.unwrap();
    assert_eq!(writing.memory(&app(), now()).await.unwrap().inventory, owning("u_1").inventory.set);
    writing.become_writer("one", now(), MINUTE).await.unwrap().keep(&app(), now(), &owning("u_2")).await.unwrap();
}

async fn refused(location: &str) -> StoreError {
    let path = Path::new(location);
    let before = fs::read(path).ok();
    let writing = Store::open(location).await.expect_err("it is no usable store");
    let reading = Store::open_existing(location).await.expect_err("it is no usable store");
    assert_eq!(writing.to_string(), reading.to_string());
    assert_eq!(fs::read(path).ok(), before, "it is left as it is");
    assert!(!writing.remedy().is_empty());
    writing
}

#[tokio::test]
async fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, location) = location(&folder);
    fs::write(&path, "kind: TargetApp\n").unwrap();
    let error = refused(&location).await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn a_cut_file_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (path, location) = location(&folder);
    filled(&location).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = refused(&location).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_with_a_page_overwritten_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (path, location) = location(&folder);
    filled(&location).await;
    let mut bytes = fs::read(&path).unwrap();
    let start = bytes.len() / 2;
    bytes[start..start + 4096].fill(0xaa);
    fs::write(&path, &bytes).unwrap();
    let error = refused(&location).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_is_not_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path().to_str().unwrap()).await;
    assert!(matches!(error, StoreError::NotAFile { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("taken"), "").unwrap();
    let location = folder.path().join("taken/state.db");
    let error = Store::open(location.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    assert!(error.to_string().contains("taken"), "{error}");
}
