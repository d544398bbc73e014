//! Comparison of entity tags. SCIM compares them weakly, although plain HTTP would not (RFC 7644 section 3.14).

/// Whether two tags name the same version: the `W/` mark is disregarded, and so are missing quotes.
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    opaque(left) == opaque(right)
}

/// Whether an `If-Match` or `If-None-Match` header value (`*`, one tag or a list) covers a version.
#[must_use]
pub fn covers(header: &str, version: &str) -> bool {
    header.trim() == "*" || header.split(',').any(|tag| same(tag, version))
}

fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").or_else(|| tag.strip_prefix("w/")).unwrap_or(tag);
    tag.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_strong_tags_of_one_version_are_the_same() {
        assert!(same("W/\"a\"", "\"a\""));
        assert!(same("a", "W/\"a\""));
        assert!(!same("\"a\"", "\"b\""));
    }

    #[test]
    fn a_star_and_a_list_cover() {
        assert!(covers("*", "\"a\""));
        assert!(covers("W/\"x\", W/\"a\"", "\"a\""));
        assert!(!covers("W/\"x\"", "\"a\""));
    }
}
