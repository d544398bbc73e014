//! Turns what a vendor said into a short line that is safe to show. Knows the secrets to hide, not what they are for.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

/// The most characters of a vendor's message that are kept.
const DETAIL_CHARACTERS: usize = 300;

/// The most bytes of a body in which a message is looked for.
const MESSAGE_BYTES: usize = 64 * 1024;

/// What stands in place of a secret.
const PLACEHOLDER: &str = "[redacted]";

/// A vendor's message out of an error body: its usual JSON fields, else a plain text. HTML says nothing useful.
pub(super) fn detail(body: &[u8], secrets: &[SecretString]) -> Option<String> {
    let message = message(body)?;
    let shown = sanitise(&message, secrets);
    (!shown.is_empty()).then_some(shown)
}

/// One line of at most 300 characters with secrets replaced and control, line and direction characters escaped.
pub(super) fn sanitise(text: &str, secrets: &[SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()) {
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        text = text.replace(secret, PLACEHOLDER).replace(&encoded, PLACEHOLDER);
    }
    let text = text.trim();
    let mut shown = String::new();
    for character in text.chars().take(DETAIL_CHARACTERS) {
        if character.is_control() || is_deceptive(character) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(DETAIL_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// Characters that change the direction, the line or nothing visible at all (Unicode UAX 9, zero-width characters).
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn message(body: &[u8]) -> Option<String> {
    let body = body.get(..body.len().min(MESSAGE_BYTES))?;
    if super::check_depth(body, 16).is_ok()
        && let Ok(json) = serde_json::from_slice::<serde_json::Value>(body)
    {
        return json_message(&json);
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    (!text.is_empty() && !text.starts_with(['<', '{', '['])).then(|| text.to_owned())
}

fn json_message(json: &serde_json::Value) -> Option<String> {
    if let Some(text) = json.as_str() {
        return Some(text.to_owned());
    }
    ["detail", "message", "error_description", "errorSummary", "error"].into_iter().find_map(|name| {
        let field = json.get(name)?;
        field.as_str().or_else(|| field.get("message")?.as_str()).map(ToOwned::to_owned)
    })
}
