//! Mail addresses as keys: one person, one spelling.

use std::fmt;

use super::Text;

/// The longest address that we take, in bytes (RFC 5321 section 4.5.3.1.3 less the angle brackets).
const MAXIMUM_LENGTH: usize = 254;

/// The canonical form of a mail address: local part in ASCII lower case, domain as a lower-case A-label.
///
/// Nothing vendor-specific is guessed: dots and plus-tags count. Addresses that could be read in two ways (quoted
/// local parts, comments, address literals, anything outside ASCII before the `@`) are refused, not repaired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mail(Text);

/// Why a text is not taken as a mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// No `@`, or an empty part beside it.
    #[error("not of the form `name@domain`")]
    Form,
    /// Longer than 254 bytes.
    #[error("longer than 254 bytes")]
    TooLong,
    /// The part before the `@` holds something else than the plain characters of RFC 5322 `dot-atom`.
    #[error("the part before `@` must be plain letters, digits, dots and the signs of RFC 5322")]
    LocalPart,
    /// The domain is no valid host name.
    #[error("the part after `@` is not a valid domain")]
    Domain,
}

impl Mail {
    /// Reads an address and brings it into canonical form.
    ///
    /// # Errors
    /// See [`MailError`].
    pub fn parse(text: &str) -> Result<Self, MailError> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(MailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(MailError::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(MailError::Form);
        }
        if !is_dot_atom(local) {
            return Err(MailError::LocalPart);
        }
        let domain = canonical_domain(domain).ok_or(MailError::Domain)?;
        let canonical = format!("{}@{domain}", local.to_ascii_lowercase());
        if canonical.len() > MAXIMUM_LENGTH {
            return Err(MailError::TooLong);
        }
        Ok(Self(canonical.into()))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical text, shared.
    pub(crate) const fn text(&self) -> &Text {
        &self.0
    }

    /// The domain: what stands after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Mail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The canonical form of a mail domain (lower-case A-label), or `None` where it is no domain.
pub(crate) fn canonical_domain(domain: &str) -> Option<String> {
    let plain =
        domain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let canonical = if plain && !domain.contains("xn--") {
        domain.to_owned()
    } else {
        idna::domain_to_ascii_strict(domain).ok()?
    };
    let labels_are_sound = canonical
        .split('.')
        .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'));
    let is_address = canonical.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (labels_are_sound && !is_address && canonical.len() <= 253).then_some(canonical)
}

fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.bytes().all(|byte| {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
            })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        for (written, canonical) in [
            ("Ana.Ruiz@Birch.Studio", "ana.ruiz@birch.studio"),
            ("ana+tag@birch.studio", "ana+tag@birch.studio"),
            ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ] {
            assert_eq!(Mail::parse(written).unwrap().as_str(), canonical);
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (wrong, why) in [
            ("ana", MailError::Form),
            ("@birch.studio", MailError::Form),
            ("ana@", MailError::Form),
            ("a..b@birch.studio", MailError::LocalPart),
            ("\"a b\"@birch.studio", MailError::LocalPart),
            ("ana(x)@birch.studio", MailError::LocalPart),
            ("\u{0430}na@birch.studio", MailError::LocalPart),
            ("an\u{200b}a@birch.studio", MailError::LocalPart),
            ("ana@[127.0.0.1]", MailError::Domain),
            ("ana@127.0.0.1", MailError::Domain),
            ("ana@birch..studio", MailError::Domain),
            ("ana@birch.studio.", MailError::Domain),
            ("ana@-birch.studio", MailError::Domain),
        ] {
            assert_eq!(Mail::parse(wrong), Err(why), "{wrong:?}");
        }
        assert_eq!(Mail::parse(&format!("{}@birch.studio", "a".repeat(250))), Err(MailError::TooLong));
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(text in "\\PC{1,20}@\\PC{1,20}|[a-zA-Z.+]{1,10}@[a-zA-Z.üß]{1,15}") {
            if let Ok(mail) = Mail::parse(&text) {
                prop_assert_eq!(Mail::parse(mail.as_str()), Ok(mail.clone()));
                prop_assert!(mail.as_str().is_ascii());
            }
        }
    }
}
