//! The recursive-descent parser of filters. Its recursion is bounded by a counted depth, its work by a count of nodes.

use serde_json::Number;

use super::{DEPTH_MAX, Filter, FilterError, LENGTH_MAX, Literal, NODES_MAX, Operator};
use crate::path::{AttributePath, is_path_character};

/// A cursor over the text.
pub(crate) struct Parser<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
    nodes: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Result<Self, FilterError> {
        if text.len() > LENGTH_MAX {
            return Err(FilterError::TooLong);
        }
        Ok(Self { text, position: 0, depth: 0, nodes: 0 })
    }

    pub(crate) fn expression(&mut self) -> Result<Filter, FilterError> {
        self.joined("or", Self::conjunction, Filter::Or)
    }

    /// An expression and the bracket that closes it.
    pub(crate) fn expression_until(&mut self, close: char) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(FilterError::TooDeep);
        }
        let filter = self.expression()?;
        if !self.take(close) {
            return Err(self.unexpected(if close == ')' { "`)`" } else { "`]`" }));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn conjunction(&mut self) -> Result<Filter, FilterError> {
        self.joined("and", Self::term, Filter::And)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Filter, FilterError>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, FilterError> {
        let first = part(self)?;
        if !self.take_word(word) {
            return Ok(first);
        }
        self.count_node()?;
        let mut parts = vec![first, part(self)?];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        self.count_node()?;
        if self.take('(') {
            return self.expression_until(')');
        }
        if self.negates() {
            return Ok(Filter::Not(Box::new(self.expression_until(')')?)));
        }
        let path = self.attribute_path()?;
        if self.take('[') {
            if path.sub_attribute.is_some() {
                return Err(self.unexpected("no filter after a sub-attribute"));
            }
            return self.value_path(path);
        }
        self.comparison(path)
    }

    /// Takes `not (`. A `not` without a parenthesis may be an attribute of that name.
    fn negates(&mut self) -> bool {
        let before = self.position;
        if self.take_word("not") && self.take('(') {
            return true;
        }
        self.position = before;
        false
    }

    fn value_path(&mut self, path: AttributePath) -> Result<Filter, FilterError> {
        let inner = self.expression_until(']')?;
        let filter = match self.suffix()? {
            None => inner,
            Some(sub) => {
                self.count_node()?;
                Filter::And(vec![inner, self.comparison(AttributePath::core(&sub))?])
            }
        };
        Ok(Filter::Any { path, filter: Box::new(filter) })
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Filter, FilterError> {
        if self.take_word("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::ALL.into_iter().find(|operator| self.take_word(operator.as_str())) else {
            return Err(self.unexpected("an operator"));
        };
        let value = self.literal()?;
        if operator.is_order() && matches!(value, Literal::Boolean(_)) {
            return Err(FilterError::Unordered);
        }
        Ok(Filter::Compare { path, operator, value })
    }

    fn literal(&mut self) -> Result<Literal, FilterError> {
        self.skip_space();
        let rest = self.rest();
        match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            Some(first) if first == '-' || first.is_ascii_digit() => self.number(),
            _ => {
                for (word, value) in
                    [("true", Literal::Boolean(true)), ("false", Literal::Boolean(false)), ("null", Literal::Null)]
                {
                    if self.take_word(word) {
                        return Ok(value);
                    }
                }
                Err(self.unexpected("a text in quotes, a number, true, false or null"))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Literal, FilterError> {
        let position = self.position;
        let bad = FilterError::BadText { position };
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find_map(|(index, letter)| {
            let closes = letter == quote && !escaped;
            escaped = letter == '\\' && !escaped;
            closes.then_some(index)
        });
        let Some(end) = end else { return Err(bad) };
        self.position += end + 1;
        let inner = &rest[1..end];
        if quote == '"' {
            return serde_json::from_str(&rest[..=end]).map(Literal::Text).map_err(|_| bad);
        }
        let inner = inner.replace("\\'", "'").replace('"', "\\\"");
        serde_json::from_str(&format!("\"{inner}\"")).map(Literal::Text).map_err(|_| bad)
    }

    fn number(&mut self) -> Result<Literal, FilterError> {
        let rest = self.rest();
        let length = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter));
        let text = &rest[..length.unwrap_or(rest.len())];
        let number = if let Ok(number) = text.parse::<i64>() {
            Some(Number::from(number))
        } else if let Ok(number) = text.parse::<u64>() {
            Some(Number::from(number))
        } else {
            text.parse().ok().and_then(Number::from_f64)
        };
        let number = number.ok_or_else(|| self.unexpected("a number"))?;
        self.position += text.len();
        Ok(Literal::Number(number))
    }

    pub(crate) fn attribute_path(&mut self) -> Result<AttributePath, FilterError> {
        self.skip_space();
        let rest = self.rest();
        let length = rest.find(|letter| !is_path_character(letter)).unwrap_or(rest.len());
        let path = AttributePath::parse(&rest[..length]).ok_or_else(|| self.unexpected("an attribute"))?;
        self.position += length;
        Ok(path)
    }

    /// The sub-attribute that may follow a closing bracket at once.
    pub(crate) fn suffix(&mut self) -> Result<Option<String>, FilterError> {
        if !self.rest().starts_with('.') {
            return Ok(None);
        }
        self.position += 1;
        let path = self.attribute_path()?;
        if path.schema.is_some() || path.sub_attribute.is_some() || path.attribute.contains(':') {
            return Err(self.unexpected("one sub-attribute"));
        }
        Ok(Some(path.attribute))
    }

    pub(crate) fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    /// Takes a word in any case, if it ends there.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(is_path_character);
        if found {
            self.position += word.len();
        }
        found
    }

    pub(crate) fn end(&mut self) -> Result<(), FilterError> {
        self.skip_space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.unexpected("the end, `and` or `or`")) }
    }

    pub(crate) fn unexpected(&self, expected: &'static str) -> FilterError {
        FilterError::Unexpected { expected, position: self.position }
    }

    fn count_node(&mut self) -> Result<(), FilterError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX { Err(FilterError::TooManyNodes) } else { Ok(()) }
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }
}
