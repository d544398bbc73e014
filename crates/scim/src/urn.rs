//! Schema and message URNs (RFC 7643 section 10, RFC 7644 section 8) and how to find where one ends. Knows no resource.

/// Core schema of a user.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Core schema of a group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of a user.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Schema of the document that tells a server's features.
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// Schema of the document that tells a resource type.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// Schema of the document that tells a schema.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// Message: one page of a listing.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Message: a query sent as a body.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// Message: a PATCH request.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Message: a bulk request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// Message: a bulk response.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// Message: an error body.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The schemas of resources, longest first, so that the first match is the longest.
const RESOURCE_SCHEMAS: [&str; 3] = [ENTERPRISE_USER, GROUP, USER];

/// Whether the text starts like a URN, in any case.
#[must_use]
pub fn is_urn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Splits a URN-qualified attribute path into the schema and what follows it.
///
/// A URN holds dots and colons itself, so the split is by longest match against the known schemas; for an unknown one
/// the schema ends with the name after its version number (`…:2.0:User`), else at the last colon. The rest is empty
/// when the path is a schema alone. `None` for a path without a URN. A known schema comes back in its usual spelling.
#[must_use]
pub fn split(path: &str) -> Option<(&str, &str)> {
    if !is_urn(path) {
        return None;
    }
    for known in RESOURCE_SCHEMAS {
        let Some(start) = path.get(..known.len()) else { continue };
        if start.eq_ignore_ascii_case(known) {
            let rest = &path[known.len()..];
            if rest.is_empty() {
                return Some((known, ""));
            }
            if let Some(rest) = rest.strip_prefix(':') {
                return Some((known, rest));
            }
        }
    }
    split_unknown(path)
}

fn split_unknown(path: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    let mut after_version = false;
    for segment in path.split(':') {
        end += segment.len();
        if after_version {
            let rest = &path[end..];
            return Some((&path[..end], rest.strip_prefix(':').unwrap_or(rest)));
        }
        after_version = is_version(segment);
        end += 1;
    }
    path.rsplit_once(':')
}

fn is_version(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_digit())
        && segment.contains('.')
        && segment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_schema_is_split_off_by_longest_match() {
        let path = format!("{ENTERPRISE_USER}:manager.value");
        assert_eq!(split(&path), Some((ENTERPRISE_USER, "manager.value")));
        assert_eq!(split(ENTERPRISE_USER), Some((ENTERPRISE_USER, "")));
        assert_eq!(split(&path.to_uppercase()), Some((ENTERPRISE_USER, "MANAGER.VALUE")));
    }

    #[test]
    fn an_unknown_schema_ends_with_the_name_after_its_version() {
        assert_eq!(split("urn:acme:scim:1.0:Person:badge.colour"), Some(("urn:acme:scim:1.0:Person", "badge.colour")));
        assert_eq!(split("urn:acme:scim:1.0:Person"), Some(("urn:acme:scim:1.0:Person", "")));
        assert_eq!(split("urn:acme:badge"), Some(("urn:acme", "badge")));
        assert_eq!(split("userName"), None);
    }
}
