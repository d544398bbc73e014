//! Names of declared objects.

use std::fmt;

use super::Text;

/// Namespace and name of one declared object, written `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// The namespace; `default` where none was written.
    pub namespace: Text,
    /// The name within the namespace.
    pub name: Text,
}

/// Why a text is not the name of an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// More than one slash, or an empty part.
    #[error("`{0}` is not `NAMESPACE/NAME` or `NAME`")]
    Form(String),
}

impl ObjectName {
    /// A name from its two parts.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// Reads `NAMESPACE/NAME`, or `NAME` in namespace `default`.
    ///
    /// # Errors
    /// [`NameError::Form`] for an empty part or more than one slash.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (namespace, name) = text.split_once('/').unwrap_or(("default", text));
        if namespace.is_empty() || name.is_empty() || name.contains('/') {
            return Err(NameError::Form(text.to_owned()));
        }
        Ok(Self::new(namespace, name))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_default_namespace() {
        assert_eq!(ObjectName::parse("clockify").unwrap().to_string(), "default/clockify");
        assert_eq!(ObjectName::parse("it/clockify").unwrap(), ObjectName::new("it", "clockify"));
        for wrong in ["", "/", "a/", "/a", "a/b/c"] {
            assert_eq!(ObjectName::parse(wrong), Err(NameError::Form(wrong.to_owned())), "{wrong:?}");
        }
    }
}
