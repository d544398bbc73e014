//! The rows of a hold in words, as the plan says them. It must not know stores, files or who decides.

use std::collections::BTreeMap;

use appaccess_core::{
    access::{AccountId, PersonKey},
    plan::Cause,
};

/// The parts of a row, as they went into the digest.
struct Row<'a> {
    who: &'a str,
    kind: &'a str,
    name: &'a str,
    from: &'a str,
    to: &'a str,
    cause: &'a str,
    /// Attribute, value before, value after.
    attributes: Vec<[&'a str; 3]>,
}

/// A row as it went into the digest, in words. What is not understood is shown as it is.
pub(super) fn in_words(row: &str, people: &BTreeMap<AccountId, PersonKey>) -> String {
    let Some(row) = Row::read(row) else { return row.to_owned() };
    let (sign, action) = row.action();
    let Some(who) = row.whose(people) else { return format!("{sign} {action}  ({})", row.cause) };
    format!("{who}: {sign} {action}  ({})", row.cause)
}

impl<'a> Row<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut rest = text;
        let [who, kind, name, from, to, cause] = parts(&mut rest)?;
        let mut attributes = Vec::new();
        while !rest.is_empty() {
            attributes.push(parts(&mut rest)?);
        }
        Some(Self { who, kind, name, from, to, cause, attributes })
    }

    /// Whose it is; `None` for a group itself.
    fn whose(&self, people: &BTreeMap<AccountId, PersonKey>) -> Option<String> {
        if let Some(id) = self.who.strip_prefix("account:") {
            return Some(match people.get(&AccountId::new(id)) {
                Some(person) => format!("{person} (account {id})"),
                None => format!("account {id}"),
            });
        }
        let person = || PersonKey::from_canonical(self.who).map_or_else(|| self.who.to_owned(), |who| who.to_string());
        (self.who != "group").then(person)
    }

    /// What it does, behind the sign that the plan writes before it.
    fn action(&self) -> (char, String) {
        let Self { who, kind, name, from, to, .. } = self;
        let adds = self.cause == Cause::Declared.as_str();
        if !self.attributes.is_empty() {
            let told = |value: &str| if value.is_empty() { "nothing".to_owned() } else { value.to_owned() };
            let each = self.attributes.iter().map(|[name, from, to]| format!("{name}: {} → {}", told(from), told(to)));
            return ('~', format!("update {}", each.collect::<Vec<_>>().join(", ")));
        }
        match (*kind, *to) {
            ("account", "suspended") => return ('-', "suspend account".to_owned()),
            ("account", "deleted") => return ('-', "delete account".to_owned()),
            ("account", _) if who.starts_with("account:") => return ('+', "activate account".to_owned()),
            ("account", _) => return ('+', "create or invite account".to_owned()),
            _ if *who == "group" => return ('+', format!("create {kind} {name}")),
            _ => {}
        }
        let named = if name.is_empty() { String::new() } else { format!(" {name}") };
        if !from.is_empty() && !to.is_empty() {
            return (if adds { '~' } else { '-' }, format!("change {kind}{named} {from} → {to}"));
        }
        let level = match ([*from, *to].into_iter().find(|value| !value.is_empty()), name.is_empty()) {
            (Some(value), true) => format!(" {value}"),
            (Some(value), false) => format!(" ({value})"),
            (None, _) => String::new(),
        };
        if adds { ('+', format!("grant {kind}{named}{level}")) } else { ('-', format!("revoke {kind}{named}{level}")) }
    }
}

/// Parts of a row, each preceded by its length, taken from its front.
fn parts<'a, const COUNT: usize>(rest: &mut &'a str) -> Option<[&'a str; COUNT]> {
    let mut parts = [""; COUNT];
    for part in &mut parts {
        let (length, after) = rest.split_once(':')?;
        let (text, after) = after.split_at_checked(length.parse().ok()?)?;
        *part = text;
        *rest = after.strip_prefix(';')?;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use appaccess_core::access::{AccountId, Mail, PersonKey};

    use super::in_words;

    /// The row of these parts.
    fn row(parts: &[&str]) -> String {
        parts.iter().flat_map(|part| [part.len().to_string(), format!(":{part};")]).collect()
    }

    #[test]
    fn a_row_of_a_hold_is_shown_as_the_plan_shows_it() {
        let lea = PersonKey::Mail(Mail::parse("lea@freelance.example").unwrap());
        let people = BTreeMap::from([(AccountId::new("u_7"), lea)]);
        let rows: [(&[&str], &str); 9] = [
            (&["group", "Freelance", "", "", "withdrawn"], "- revoke group Freelance  (withdrawn)"),
            (&["group", "Studio", "", "", "declared"], "+ grant group Studio  (declared)"),
            (&["workspace", "Delivery", "", "user", "declared"], "+ grant workspace Delivery (user)  (declared)"),
            (&["workspace", "Delivery", "user", "", "expired"], "- revoke workspace Delivery (user)  (expired)"),
            (&["role", "", "admin", "member", "withdrawn"], "- change role admin → member  (withdrawn)"),
            (&["role", "", "member", "admin", "declared"], "~ change role member → admin  (declared)"),
            (&["role", "", "admin", "", "withdrawn"], "- revoke role admin  (withdrawn)"),
            (&["account", "", "", "suspended", "leaver"], "- suspend account  (leaver)"),
            (
                &["account", "", "", "", "declared", "title", "", "Editor"],
                "~ update title: nothing → Editor  (declared)",
            ),
        ];
        for (parts, words) in rows {
            let parts: Vec<&str> = ["account:u_7"].into_iter().chain(parts.iter().copied()).collect();
            assert_eq!(in_words(&row(&parts), &people), format!("lea@freelance.example (account u_7): {words}"));
        }
        let made = row(&["mail:ana@birch.studio", "account", "", "", "active", "declared"]);
        assert_eq!(in_words(&made, &people), "ana@birch.studio: + create or invite account  (declared)");
        let group = row(&["group", "group", "Studio", "", "", "declared"]);
        assert_eq!(in_words(&group, &people), "+ create group Studio  (declared)");
        let nobody = row(&["account:u_9", "account", "", "", "deleted", "unmanaged"]);
        assert_eq!(in_words(&nobody, &people), "account u_9: - delete account  (unmanaged)");
        for broken in ["9:short", "", "1:a;", "0:;0:;0:;0:;0:;0:;x"] {
            assert_eq!(in_words(broken, &people), broken);
        }
    }
}
