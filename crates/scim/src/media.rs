//! Media types of SCIM over HTTP (RFC 7644 section 3.1). Knows nothing of HTTP libraries.

/// The media type that SCIM bodies are sent and asked for with.
pub const SCIM_JSON: &str = "application/scim+json";

/// The plain JSON media type, which every SCIM server must accept too.
pub const JSON: &str = "application/json";

/// Whether a `Content-Type` header value names a body that a SCIM server takes: either JSON type, with any parameters.
#[must_use]
pub fn is_accepted(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(SCIM_JSON) || essence.eq_ignore_ascii_case(JSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_json_types_are_accepted_in_any_case_and_with_parameters() {
        assert!(is_accepted("application/scim+json; charset=utf-8"));
        assert!(is_accepted("Application/JSON"));
        assert!(!is_accepted("text/html"));
        assert!(!is_accepted(""));
    }
}
