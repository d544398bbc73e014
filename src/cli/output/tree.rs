//! Lines that fit a terminal: breaks texts between words, and draws what stands under what. Knows no colour but that it
//! has no width.

use std::fmt::Write as _;

/// Columns of a terminal.
pub(super) const WIDTH: usize = 100;

/// One line with what stands under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// What it says, without control characters. What stands before the first gap of two spaces may be painted.
    pub(super) text: String,
    /// What explains it.
    pub(super) below: Vec<Node>,
}

impl Node {
    /// A line with nothing under it.
    pub(super) fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), below: Vec::new() }
    }

    /// The same with these under it.
    pub(super) fn over(mut self, below: impl IntoIterator<Item = Self>) -> Self {
        self.below.extend(below);
        self
    }
}

/// Draws nodes one below the other, each behind its branch.
pub(super) fn draw(text: &mut String, nodes: &[Node]) {
    draw_behind(text, nodes, "");
}

fn draw_behind(text: &mut String, nodes: &[Node], before: &str) {
    for (index, node) in nodes.iter().enumerate() {
        let last = index + 1 == nodes.len();
        let branch = if last { "└─ " } else { "├─ " };
        let further = if last { "   " } else { "│  " };
        let below = if node.below.is_empty() { "  " } else { "│ " };
        let first = format!("{before}{branch}");
        wrap(text, &node.text, &first, &format!("{before}{further}{below}"));
        draw_behind(text, &node.below, &format!("{before}{further}"));
    }
}

/// Writes a text behind `first`, and what does not fit behind `further`; a word that is longer than a line stays whole.
pub(super) fn wrap(text: &mut String, what: &str, first: &str, further: &str) {
    let mut line = first.to_owned();
    let mut is_bare = true;
    for word in what.split(' ') {
        if !is_bare && width(&line) + 1 + width(word) > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            further.clone_into(&mut line);
            is_bare = true;
        }
        if !is_bare {
            line.push(' ');
        }
        line.push_str(word);
        is_bare = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// Columns of a text, styles apart. Wide letters count as one: their width is the terminal's.
pub(super) fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(|part| part.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_below_its_branch() {
        let long = "word ".repeat(30);
        let nodes = [Node::leaf(long.trim()).over([Node::leaf("why")]), Node::leaf("other")];
        let mut text = String::new();
        draw(&mut text, &nodes);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| width(line) <= WIDTH), "{text}");
        assert!(lines[0].starts_with("├─ word") && lines[1].starts_with("│  │ word"), "{text}");
        assert_eq!(lines[2..], ["│  └─ why", "└─ other"]);
    }

    #[test]
    fn a_long_word_stays_whole_and_paint_has_no_width() {
        let mut text = String::new();
        wrap(&mut text, &format!("at {}", "x".repeat(200)), "", "  ");
        assert_eq!(text.lines().count(), 2);
        assert_eq!(width("\u{1b}[1mab\u{1b}[0m"), 2);
    }
}
