//! The held part of a plan and its digest.

use std::fmt::Write as _;

/// A digest as people and documents write it: `sha256:` and lower-case hexadecimal.
#[must_use]
pub fn digest_text(digest: &[u8]) -> String {
    let mut text = String::with_capacity(7 + digest.len() * 2);
    text.push_str("sha256:");
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
