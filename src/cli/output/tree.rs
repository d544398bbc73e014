//! Draws what stands under what. Knows no width: whoever prints breaks the lines that are too long.

use std::fmt::Write as _;

/// One line with what stands under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// What it says, without control characters.
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
        let (branch, further) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let _ = writeln!(text, "{before}{branch}{}", node.text);
        draw_behind(text, &node.below, &format!("{before}{further}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_explains_a_line_stands_behind_a_branch_below_it() {
        let nodes = [Node::leaf("one").over([Node::leaf("why").over([Node::leaf("deeper")])]), Node::leaf("two")];
        let mut text = String::new();
        draw(&mut text, &nodes);
        assert_eq!(text, "├─ one\n│  └─ why\n│     └─ deeper\n└─ two\n");
    }
}
