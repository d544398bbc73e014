//! Attribute paths, and the paths of PATCH operations (RFC 7644 sections 3.5.2 and 3.10). Knows no resource.

use std::fmt;

use crate::{
    filter::{Filter, FilterError, Parser},
    urn,
};

/// The name of one attribute: `[schema:]attribute[.sub]`.
///
/// An extension as a whole has its URN as the attribute and no schema. A core schema's prefix is dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath {
    /// The extension schema that the attribute belongs to; `None` for the core schema.
    pub schema: Option<String>,
    /// The attribute.
    pub attribute: String,
    /// The sub-attribute.
    pub sub_attribute: Option<String>,
}

impl AttributePath {
    /// A core attribute without a sub-attribute. The name is taken as it is.
    #[must_use]
    pub fn core(attribute: &str) -> Self {
        Self { schema: None, attribute: attribute.to_owned(), sub_attribute: None }
    }

    /// Parses a path as it stands in `attributes`, `sortBy` or a dotted key. `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (schema, rest) = match urn::split(text) {
            None => (None, text),
            Some((schema, "")) => {
                return is_schema(schema).then(|| Self::core(schema));
            }
            Some((urn::USER | urn::GROUP, rest)) => (None, rest),
            Some((schema, rest)) => (Some(schema), rest),
        };
        let (attribute, sub) = match rest.split_once('.') {
            None => (rest, None),
            Some((attribute, sub)) => (attribute, Some(sub)),
        };
        let valid = is_name(attribute) && sub.is_none_or(is_name) && schema.is_none_or(is_schema);
        valid.then(|| Self {
            schema: schema.map(str::to_owned),
            attribute: attribute.to_owned(),
            sub_attribute: sub.map(str::to_owned),
        })
    }

    /// The same attribute without its sub-attribute.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self { sub_attribute: None, ..self.clone() }
    }

    /// A sub-attribute of this attribute.
    #[must_use]
    pub fn child(&self, sub: &str) -> Self {
        Self { sub_attribute: Some(sub.to_owned()), ..self.clone() }
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(formatter, "{schema}:")?;
        }
        formatter.write_str(&self.attribute)?;
        if let Some(sub) = &self.sub_attribute {
            write!(formatter, ".{sub}")?;
        }
        Ok(())
    }
}

/// Whether a character may stand in an attribute path: that of a name, or a separator.
pub(crate) fn is_path_character(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '$' | '.' | ':' | '/')
}

fn is_name(text: &str) -> bool {
    let body = text.strip_prefix('$').unwrap_or(text);
    body.starts_with(|first: char| first.is_ascii_alphabetic())
        && body.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
}

fn is_schema(text: &str) -> bool {
    urn::is_urn(text) && text.len() > 4 && text.chars().all(|letter| is_path_character(letter) && letter != '/')
}

/// What a PATCH operation is aimed at: `attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchPath {
    /// The attribute, with a sub-attribute only where there is no filter or where it follows the filter.
    pub target: AttributePath,
    /// Which values of a multi-valued attribute.
    pub filter: Option<Filter>,
}

impl PatchPath {
    /// Parses a path; the same caps as for a filter hold.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser::new(text)?;
        let mut target = parser.attribute_path()?;
        let mut filter = None;
        if parser.take('[') {
            if target.sub_attribute.is_some() {
                return Err(parser.unexpected("no filter after a sub-attribute"));
            }
            filter = Some(parser.expression_until(']')?);
            target.sub_attribute = parser.suffix()?;
        }
        parser.end()?;
        Ok(Self { target, filter })
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(filter) = &self.filter else { return self.target.fmt(formatter) };
        write!(formatter, "{}[{filter}]", self.target.parent())?;
        if let Some(sub) = &self.target.sub_attribute {
            write!(formatter, ".{sub}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_the_schema_and_at_the_dot() {
        let path =
            AttributePath::parse("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value").unwrap();
        assert_eq!(path.schema.as_deref(), Some(urn::ENTERPRISE_USER));
        assert_eq!((path.attribute.as_str(), path.sub_attribute.as_deref()), ("manager", Some("value")));
    }

    #[test]
    fn a_core_prefix_is_dropped_and_an_extension_alone_is_an_attribute() {
        assert_eq!(
            AttributePath::parse(&format!("{}:name.givenName", urn::USER)),
            AttributePath::parse("name.givenName")
        );
        assert_eq!(AttributePath::parse(urn::ENTERPRISE_USER), Some(AttributePath::core(urn::ENTERPRISE_USER)));
    }

    #[test]
    fn rubbish_is_not_a_path() {
        for text in ["", ".", "a.", ".a", "a.b.c", "a b", "1a", "urn:", "a[b", "ä"] {
            assert_eq!(AttributePath::parse(text), None, "{text}");
        }
    }

    #[test]
    fn patch_paths_read_and_print_the_same() {
        for text in [
            "members",
            "name.givenName",
            "members[value eq \"a\\\"b\"]",
            "emails[type eq \"work\"].value",
            "members.$ref",
        ] {
            assert_eq!(PatchPath::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "a[", "a[]", "a[b eq 1", "a[b eq 1]]", "a.b[c eq 1]", "a[b eq 1].c.d", "a eq 1"] {
            assert!(PatchPath::parse(text).is_err(), "{text}");
        }
    }
}
