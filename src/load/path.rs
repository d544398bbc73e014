//! Paths into a document, such as `spec.grants[0].until`.

use std::fmt;

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Into a mapping, by key.
    Key(String),
    /// Into a list, by index from 0.
    Index(usize),
}

/// The way from the top of a document to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(pub(crate) Vec<Step>);

impl Path {
    /// One step further, by key.
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// One step further, by index.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// This path, then `further`.
    pub(crate) fn join(&self, further: &Self) -> Self {
        Self(self.0.iter().chain(&further.0).cloned().collect())
    }

    /// Reads what rules print: names, dots and `[n]`. Keys that hold a dot come out as several; then the nearest known
    /// node is shown.
    pub(crate) fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let mut rest = part;
            while let Some((name, tail)) = rest.split_once('[') {
                let Some((inner, after)) = tail.split_once(']') else { break };
                if !name.is_empty() {
                    steps.push(Step::Key(name.to_owned()));
                }
                steps.push(inner.parse().map_or_else(|_| Step::Key(inner.trim_matches('"').to_owned()), Step::Index));
                rest = after;
            }
            if !rest.is_empty() {
                steps.push(Step::Key(rest.to_owned()));
            }
        }
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Key(key) if position == 0 => formatter.write_str(key)?,
                Step::Key(key) if key.contains(['.', '/']) => write!(formatter, "[{key:?}]")?,
                Step::Key(key) => write!(formatter, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_are_written() {
        for text in ["spec", "spec.grants[0].until", "spec.allow[3].groups[1]"] {
            assert_eq!(Path::parse(text).to_string(), text);
        }
    }
}
