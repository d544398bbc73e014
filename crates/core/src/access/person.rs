//! People, as directories or declarations know them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{Mail, ObjectName, Text};

/// The identity of a person. Immutable: a change of mail address is not a change of person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonKey {
    /// Known to a directory by its immutable id.
    Known {
        /// The directory.
        directory: ObjectName,
        /// The directory's immutable id.
        id: Text,
    },
    /// A literal `user:` in a mail domain that no directory owns.
    Mail(Mail),
    /// A literal `user:` of an app that has no mails: the login as written, in lower case.
    Login(Text),
    /// A literal `service:` login, in lower case.
    Service(Text),
}

impl PersonKey {
    /// A text that identifies the person for ever: used in digests and in the store.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Known { directory, id } => format!("id:{directory}:{id}"),
            Self::Mail(mail) => format!("mail:{mail}"),
            Self::Login(login) => format!("login:{login}"),
            Self::Service(login) => format!("service:{login}"),
        }
    }

    /// The inverse of [`PersonKey::canonical`]; `None` for any other text.
    #[must_use]
    pub fn from_canonical(text: &str) -> Option<Self> {
        let (form, rest) = text.split_once(':')?;
        match form {
            "id" => {
                let (directory, id) = rest.split_once(':')?;
                Some(Self::Known { directory: ObjectName::parse(directory).ok()?, id: id.into() })
            }
            "mail" => Mail::parse(rest).ok().map(Self::Mail),
            "login" => Some(Self::Login(rest.into())),
            "service" => Some(Self::Service(rest.into())),
            _ => None,
        }
    }
}

impl fmt::Display for PersonKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { directory, id } => write!(formatter, "{directory}:{id}"),
            Self::Mail(mail) => mail.fmt(formatter),
            Self::Login(login) | Self::Service(login) => formatter.write_str(login),
        }
    }
}

/// Given and family name. Nothing is invented: what nobody told stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonName {
    /// Given name.
    pub given: Option<Text>,
    /// Family name.
    pub family: Option<Text>,
}

/// What is known about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The identity.
    pub key: PersonKey,
    /// What a person reads: the mail, else the login.
    pub label: Text,
    /// The main mail address; `None` for logins.
    pub mail: Option<Mail>,
    /// Further addresses and former ones, under which an account of this person may be found.
    pub also: BTreeSet<Mail>,
    /// The user name, where it is not the mail.
    pub login: Option<Text>,
    /// Given and family name.
    pub name: PersonName,
    /// Name to show, title, department and whatever else the directory lists.
    pub attributes: BTreeMap<Text, Text>,
    /// False when the directory says disabled.
    pub active: bool,
}

impl Person {
    /// Given and family name: as told, else a name to show, parted at its last gap, so that the app shows the same.
    /// Nothing is made up.
    #[must_use]
    pub fn full_name(&self) -> Option<(&str, &str)> {
        if let (Some(given), Some(family)) = (&self.name.given, &self.name.family) {
            return Some((given, family));
        }
        let shown = self.attributes.get("displayName")?.trim();
        let (given, family) = shown.rsplit_once(char::is_whitespace)?;
        Some((given.trim_end(), family))
    }

    /// A literal person: a key and nothing more.
    #[must_use]
    pub fn literal(key: PersonKey) -> Self {
        let label: Text = key.to_string().into();
        let (mail, login) = match &key {
            PersonKey::Mail(mail) => (Some(mail.clone()), None),
            PersonKey::Login(login) | PersonKey::Service(login) => (None, Some(login.clone())),
            PersonKey::Known { .. } => (None, None),
        };
        Self {
            key,
            label,
            mail,
            also: BTreeSet::new(),
            login,
            name: PersonName::default(),
            attributes: BTreeMap::new(),
            active: true,
        }
    }

    /// All addresses under which an account of this person may be found.
    pub fn mails(&self) -> impl Iterator<Item = &Mail> {
        self.mail.iter().chain(&self.also)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_the_store() {
        for key in [
            PersonKey::Known { directory: ObjectName::new("it", "okta"), id: "00u:1/2".into() },
            PersonKey::Mail(Mail::parse("ana@birch.studio").unwrap()),
            PersonKey::Login("ana".into()),
            PersonKey::Service("ci:bot".into()),
        ] {
            assert_eq!(PersonKey::from_canonical(&key.canonical()), Some(key));
        }
        assert_eq!(PersonKey::from_canonical("ana"), None);
    }
}
