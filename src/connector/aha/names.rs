//! How products are spelled: one spelling for each at a time, whichever claims use. Pure.
//!
//! A product answers to its name where that is its alone, to its reference prefix and to its id. Observed roles carry the
//! spelling that claims use, so that the same product is the same slot on both sides.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::Text;

use super::{learnt::Spelling, wire::Product};
use crate::connector::rest::bounded;

/// The products that are known, each by one spelling.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    spelled: BTreeMap<Text, Text>,
    ids: BTreeMap<Text, Text>,
    /// Whether these are all products that claims can name.
    pub(super) are_whole: bool,
}

impl Names {
    /// Spells `products`. `in_use` are the names of claims and books; `spellings` is what was in use last, and is kept up
    /// to date.
    pub(super) fn new<'a>(
        products: impl IntoIterator<Item = &'a Product>,
        in_use: &BTreeSet<&Text>,
        spellings: &mut BTreeMap<Text, Spelling>,
        are_whole: bool,
    ) -> Self {
        let products: BTreeMap<&Text, &Product> =
            products.into_iter().map(|product| (&product.id.0, product)).collect();
        let mut owners: BTreeMap<Text, usize> = BTreeMap::new();
        for product in products.values() {
            if let Some(name) = name_of(product) {
                *owners.entry(name).or_default() += 1;
            }
        }
        let mut names = Self { are_whole, ..Self::default() };
        for (id, product) in products {
            let candidates = candidates(product, &owners);
            let spelling = choose(&candidates, in_use, id, spellings);
            names.ids.insert(spelling.clone(), id.clone());
            names.spelled.insert(id.clone(), spelling);
        }
        names
    }

    /// The spelling of a product; one that is not known goes by the name that a role told, where no other has it, else by
    /// its id.
    pub(super) fn of(&self, id: &Text, told: Option<&str>) -> Text {
        if let Some(known) = self.spelled.get(id) {
            return known.clone();
        }
        let told = told.filter(|told| !told.trim().is_empty()).map(bounded);
        told.filter(|told| !self.ids.contains_key(told)).unwrap_or_else(|| id.clone())
    }

    /// The id of a product by its spelling.
    pub(super) fn id(&self, spelling: &str) -> Option<&Text> {
        self.ids.get(spelling)
    }

    /// All spellings with the ids.
    pub(super) fn catalogue(&self) -> BTreeMap<Text, Text> {
        self.ids.clone()
    }
}

/// Whether a text has the form of a key that a product can be asked for by: an id or a reference prefix.
pub(super) fn is_key(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether a product answers to a text in any way.
pub(super) fn answers_to(product: &Product, text: &str) -> bool {
    let is = |field: &Option<String>| field.as_ref().is_some_and(|field| *bounded(field) == *text);
    *product.id.0 == *text || is(&product.reference_prefix) || is(&product.name)
}

fn name_of(product: &Product) -> Option<Text> {
    product.name.as_deref().filter(|name| !name.trim().is_empty()).map(bounded)
}

/// What a product answers to, the best first. What is another's name is none of its own.
fn candidates(product: &Product, owners: &BTreeMap<Text, usize>) -> Vec<Text> {
    let name = name_of(product);
    let is_free = |text: &Text| !owners.contains_key(text) || name.as_ref() == Some(text);
    let unique = name.clone().filter(|name| owners.get(name) == Some(&1));
    let prefix = product.reference_prefix.as_deref().filter(|prefix| !prefix.is_empty()).map(bounded);
    let prefix = prefix.filter(|prefix| is_free(prefix) && Some(prefix) != name.as_ref());
    unique.into_iter().chain(prefix).chain([product.id.0.clone()]).collect()
}

/// The spelling in use. Of two in use the newer counts, so that whoever writes a claim anew takes nothing away: what the
/// books still name by the old spelling is then no longer seen there. Where both stay in use, so does the choice.
fn choose(candidates: &[Text], in_use: &BTreeSet<&Text>, id: &Text, spellings: &mut BTreeMap<Text, Spelling>) -> Text {
    let used: Vec<&Text> = candidates.iter().filter(|candidate| in_use.contains(candidate)).collect();
    let last = spellings.get(id).filter(|last| used.contains(&&last.now)).cloned();
    let next = match (used.as_slice(), last) {
        ([], _) => {
            spellings.remove(id);
            return candidates.first().unwrap_or(id).clone();
        }
        ([one], _) => Spelling { now: Text::clone(one), before: None },
        ([first, ..], None) => Spelling { now: Text::clone(first), before: None },
        (several, Some(last)) => {
            let newer = several.iter().find(|text| **text != &last.now && Some(**text) != last.before.as_ref());
            match newer {
                Some(newer) => Spelling { now: Text::clone(newer), before: Some(last.now) },
                None => last,
            }
        }
    };
    let now = next.now.clone();
    spellings.insert(id.clone(), next);
    now
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn product(id: &str, prefix: &str, name: &str) -> Product {
        serde_json::from_value(json!({"id": id, "reference_prefix": prefix, "name": name})).unwrap()
    }

    /// The spelling of product 131 for these names in use.
    fn spelled(in_use: &[&str], spellings: &mut BTreeMap<Text, Spelling>) -> String {
        let texts: Vec<Text> = in_use.iter().map(|&name| name.into()).collect();
        let products = [product("131", "APP", "App"), product("132", "WEB", "Web")];
        Names::new(&products, &texts.iter().collect(), spellings, true).of(&"131".into(), None).to_string()
    }

    #[test]
    fn a_product_goes_by_what_claims_call_it() {
        for (in_use, expected) in
            [(&["App"][..], "App"), (&["APP"], "APP"), (&["131"], "131"), (&["Web", "Other"], "App"), (&[], "App")]
        {
            assert_eq!(spelled(in_use, &mut BTreeMap::new()), expected);
        }
    }

    #[test]
    fn of_two_spellings_the_newer_counts_and_stays() {
        let mut spellings = BTreeMap::new();
        for (in_use, expected) in [
            (&["App"][..], "App"),
            (&["App", "APP"], "APP"),
            (&["App", "APP"], "APP"),
            (&["APP"], "APP"),
            (&["App", "APP"], "App"),
            (&["App"], "App"),
        ] {
            assert_eq!(spelled(in_use, &mut spellings), expected, "{in_use:?}");
        }
        spelled(&[], &mut spellings);
        assert!(spellings.is_empty(), "what nobody names is forgotten");
    }

    #[test]
    fn a_name_that_two_products_share_is_nobodys() {
        let products = [product("1", "A", "Same"), product("2", "B", "Same"), product("3", "Same", "C")];
        let names = Names::new(&products, &BTreeSet::new(), &mut BTreeMap::new(), true);
        let all: Vec<String> = ["1", "2", "3"].iter().map(|&id| names.of(&id.into(), None).to_string()).collect();
        assert_eq!(all, ["A", "B", "C"]);
        assert_eq!(names.id("Same"), None);
        assert_eq!(&*names.of(&"9".into(), Some("Nine")), "Nine");
        assert_eq!(&*names.of(&"9".into(), Some("C")), "9", "a told name is not taken from another");
        assert_eq!(&*names.of(&"9".into(), None), "9");
    }

    #[test]
    fn a_key_has_neither_spaces_nor_slashes() {
        assert!(is_key("PRJ3") && is_key("131414752") && is_key("a_b-c"));
        assert!(!is_key("") && !is_key("My product") && !is_key("../me") && !is_key(&"A".repeat(65)));
    }
}
