//! The promises, watched over thousands of generated lives. Each is a test of its own; all watch the same lives.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    generate::{Edit, Life, life},
    installation::{Installation, Pass},
    promises::{PROMISES, Watch},
};

/// How many lives or cases: `APPACCESS_CASES`, 2,000 where that is not set.
pub(crate) fn cases() -> u32 {
    std::env::var("APPACCESS_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

/// The same lives on each run, others for another `APPACCESS_SEED`.
pub(crate) fn runner(name: u8) -> TestRunner {
    let seed: u64 = std::env::var("APPACCESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut bytes = [name; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// One pass with what was there before it.
pub(crate) struct Step<'a> {
    pub(crate) before: &'a Installation,
    pub(crate) after: &'a Installation,
    pub(crate) pass: &'a Pass,
    /// Whether it is the last of its life.
    pub(crate) is_last: bool,
}

/// Lives one life; the first promise of `watched` that is broken, by name, with what happened.
fn broken(life: &Life, watched: &BTreeSet<&'static str>) -> Option<(&'static str, String)> {
    let mut world = life.begin();
    let mut watch = Watch::default();
    let edits = std::iter::once(None).chain(life.edits.iter().map(Some));
    for (at, edit) in edits.enumerate() {
        if let Some(edit) = edit {
            edit.make(&mut world);
        }
        let before = world.clone();
        let pass = world.pass();
        let step = Step { before: &before, after: &world, pass: &pass, is_last: at == life.edits.len() };
        for (name, promise) in PROMISES.iter().filter(|(name, _)| watched.contains(name)) {
            if let Err(what) = promise(&watch, &step) {
                return Some((*name, format!("{what}\nsent {:#?}\nheld {:#?}", pass.sent(), pass.held())));
            }
        }
        watch.note(&step);
        Edit::mend(&mut world);
    }
    None
}

/// Leaves out of a life what is not needed to break a promise.
fn shrunk(mut life: Life, promise: &'static str) -> (Life, String) {
    let watched = BTreeSet::from([promise]);
    let mut what = broken(&life, &watched).map_or_else(String::new, |(_, what)| what);
    let mut index = 0;
    while index < life.edits.len() {
        let mut smaller = life.clone();
        smaller.edits.remove(index);
        match broken(&smaller, &watched) {
            Some((_, still)) => (life, what) = (smaller, still),
            None => index += 1,
        }
    }
    (life, what)
}

static BROKEN: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let mut runner = runner(1);
    let mut found = BTreeMap::new();
    let mut watched: BTreeSet<&'static str> = PROMISES.iter().map(|(name, _)| *name).collect();
    for _ in 0..cases() {
        let life = life(7).new_tree(&mut runner).expect("a life").current();
        while let Some((name, _)) = broken(&life, &watched) {
            watched.remove(name);
            let (life, what) = shrunk(life.clone(), name);
            found.insert(name, format!("{what}\nin {life:#?}"));
        }
    }
    found
});

/// Whether a promise was kept in every life.
pub(crate) fn kept(promise: &'static str) {
    assert!(PROMISES.iter().any(|(name, _)| *name == promise), "{promise} is watched");
    if let Some(what) = BROKEN.get(promise) {
        panic!("{what}");
    }
}
