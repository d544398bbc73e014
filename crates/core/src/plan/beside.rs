//! Two ordered collections walked side by side: one comparison a step instead of a search for each key.

use std::{collections::btree_map, iter::Peekable};

/// The values of an ordered map for keys that are asked for in ascending order, each once.
pub(super) struct Beside<'a, K, V> {
    entries: Peekable<btree_map::Iter<'a, K, V>>,
}

impl<'a, K: Ord, V> Beside<'a, K, V> {
    pub(super) fn new(map: &'a btree_map::BTreeMap<K, V>) -> Self {
        Self { entries: map.iter().peekable() }
    }

    /// The value of `key`, which is greater than all keys asked for before.
    pub(super) fn get(&mut self, key: &K) -> Option<&'a V> {
        while self.entries.next_if(|(known, _)| *known < key).is_some() {}
        self.entries.next_if(|(known, _)| *known == key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_key_finds_its_value_and_no_other() {
        let map: BTreeMap<u8, u8> = (0..40).filter(|key| key % 3 == 0).map(|key| (key, key + 1)).collect();
        let mut beside = Beside::new(&map);
        for key in (0..50).filter(|key| key % 2 == 0) {
            assert_eq!(beside.get(&key), map.get(&key), "{key}");
        }
    }
}
