//! Our part of a file that others write in, too: where it stands, and the file with it put in. Pure.

/// What begins our part.
pub(super) const BEGIN: &str = "# appaccess: begin";
/// What ends it.
pub(super) const END: &str = "# appaccess: end";

/// Why it cannot be told which lines are ours. Lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PartError {
    #[error("`{BEGIN}` stands there, and no `{END}` ends it")]
    NoEnd { line: usize },
    #[error("`{END}` stands there, and no `{BEGIN}` before it")]
    NoBegin { line: usize },
    #[error("our part begins there a second time, after line {first}")]
    Second { line: usize, first: usize },
}

impl PartError {
    /// Where it shows.
    pub(super) const fn line(self) -> usize {
        match self {
            Self::NoEnd { line } | Self::NoBegin { line } | Self::Second { line, .. } => line,
        }
    }
}

/// The file with `part` in place of what it was; at the end, where there was none. What others wrote stays byte for byte, and
/// our lines end as theirs do.
///
/// # Errors
/// The marks do not enclose one part: then a line of somebody else could be lost.
pub(super) fn merged(existing: &str, part: &str) -> Result<String, PartError> {
    let lines: Vec<&str> = existing.split_inclusive('\n').collect();
    let crlf = lines.first().is_some_and(|line| line.ends_with("\r\n"));
    let end_of_line = if crlf { "\r\n" } else { "\n" };
    let part = part.replace('\n', end_of_line);
    let Some((begin, end)) = place(&lines)? else {
        let open = if existing.is_empty() || existing.ends_with('\n') { "" } else { end_of_line };
        let is_apart = lines.last().is_none_or(|line| line.trim().is_empty());
        let gap = if is_apart { "" } else { end_of_line };
        return Ok(format!("{existing}{open}{gap}{part}"));
    };
    let (before, after) = (lines.get(..begin).unwrap_or_default(), lines.get(end + 1..).unwrap_or_default());
    Ok(format!("{}{part}{}", before.concat(), after.concat()))
}

/// The first and the last line of our part, from 0; `None` where there is none.
fn place(lines: &[&str]) -> Result<Option<(usize, usize)>, PartError> {
    let mut open: Option<usize> = None;
    let mut found: Option<(usize, usize)> = None;
    for (index, line) in lines.iter().enumerate() {
        match (line.trim_end(), open) {
            (BEGIN, _) => {
                if let Some(first) = open.or_else(|| found.map(|(begin, _)| begin)) {
                    return Err(PartError::Second { line: index + 1, first: first + 1 });
                }
                open = Some(index);
            }
            (END, Some(begin)) => (open, found) = (None, Some((begin, index))),
            (END, None) => return Err(PartError::NoBegin { line: index + 1 }),
            _ => {}
        }
    }
    match open {
        Some(begin) => Err(PartError::NoEnd { line: begin + 1 }),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(owner: &str) -> String {
        format!("{BEGIN}\n/a {owner}\n{END}\n")
    }

    #[test]
    fn what_others_wrote_stays_and_our_part_is_replaced() {
        assert_eq!(merged("", &ours("@x")).unwrap(), ours("@x"));
        let first = merged("* @all\n", &ours("@x")).unwrap();
        assert_eq!(first, format!("* @all\n\n{}", ours("@x")));
        assert_eq!(merged("* @all", &ours("@x")).unwrap(), first, "an open last line is ended");
        let with_more = format!("{first}/b @y\n");
        assert_eq!(merged(&with_more, &ours("@z")).unwrap(), format!("* @all\n\n{}/b @y\n", ours("@z")));
        assert_eq!(merged(&with_more, &ours("@x")).unwrap(), with_more, "twice is once");
    }

    #[test]
    fn lines_end_as_they_did() {
        let checked_out = format!("* @all\n\n{}/b @y\n", ours("@x")).replace('\n', "\r\n");
        assert_eq!(merged(&checked_out, &ours("@x")).unwrap(), checked_out);
        assert_eq!(
            merged("* @all\r\n", &ours("@x")).unwrap(),
            format!("* @all\n\n{}", ours("@x")).replace('\n', "\r\n")
        );
    }

    #[test]
    fn marks_that_do_not_enclose_one_part_are_refused() {
        let no_end = format!("* @all\n{BEGIN}\n/a @x\n/b @y\n");
        assert_eq!(merged(&no_end, &ours("@z")), Err(PartError::NoEnd { line: 2 }));
        assert_eq!(merged(&format!("/a @x\n{END}\n"), &ours("@z")), Err(PartError::NoBegin { line: 2 }));
        let twice = format!("{}{}", ours("@x"), ours("@y"));
        assert_eq!(merged(&twice, &ours("@z")), Err(PartError::Second { line: 4, first: 1 }));
        let within = format!("{no_end}{}", ours("@x"));
        assert_eq!(merged(&within, &ours("@z")), Err(PartError::Second { line: 5, first: 2 }));
    }
}
