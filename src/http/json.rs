//! A bound on the depth of JSON, checked before any parser recurses into it. Knows nothing of what the JSON says.

use super::HttpError;

/// Refuses JSON whose arrays and objects nest deeper than `max`. It does not check that the text is well formed; a
/// parser does that afterwards.
///
/// # Errors
/// [`HttpError::TooDeep`].
pub fn check_depth(body: &[u8], max: usize) -> Result<(), HttpError> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > max {
                    return Err(HttpError::TooDeep { limit: max });
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
