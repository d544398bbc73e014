//! What the objects show: pure functions from what is known to the status of each kind.

mod access;
mod app;
mod others;
mod plan;

use appaccess_core::status::{Condition as Judgement, Truth};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde_json::Value;

pub use access::{access_status, waiting_access_status};
pub use app::app_status;
pub use others::{Standing, approval_status, directory_status, team_status, undecodable_status};
pub use plan::{plan_spec, plan_status};

pub use super::guarded::Fault;

/// Largest status in bytes.
const LARGEST: usize = 16 * 1024;
/// Longest message of a condition, in characters.
const LONGEST_MESSAGE: usize = 512;

/// Conditions as objects carry them. The time of one moves only with its status.
pub(super) fn conditions(
    judgements: &[Judgement],
    before: &[Condition],
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let one = |judgement: &Judgement| {
        let status = judgement.status.as_str();
        let known = before.iter().find(|known| known.type_ == judgement.kind && known.status == status);
        let since = known.map_or_else(|| Time(whole_seconds(now)), |known| known.last_transition_time.clone());
        Condition {
            type_: judgement.kind.to_owned(),
            status: status.to_owned(),
            reason: judgement.reason.to_string(),
            message: sentence(&clipped(&judgement.message, LONGEST_MESSAGE)),
            observed_generation: generation,
            last_transition_time: since,
        }
    };
    judgements.iter().map(one).collect()
}

/// Objects carry whole seconds.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// A condition of an object as a judgement again, for what this pass could not judge.
fn kept(before: &[Condition], kind: &'static str) -> Option<Judgement> {
    let known = before.iter().find(|known| known.type_ == kind)?;
    let status = match known.status.as_str() {
        "True" => Truth::True,
        "False" => Truth::False,
        _ => Truth::Unknown,
    };
    Some(Judgement::new(kind, status, &known.reason, known.message.clone()))
}

/// A fragment as a sentence: a first word that is nobody's name gets its capital letter, and the end its full stop.
pub(super) fn sentence(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ';', ':']);
    let is_plain = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_lowercase());
    let (start, rest) = text.split_at(usize::from(is_plain));
    let stop = if text.is_empty() || text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{}{rest}{stop}", start.to_ascii_uppercase())
}

/// At most so many characters.
fn clipped(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Takes rows away until the status is small enough.
pub(super) fn fit(mut status: Value) -> Value {
    for rows in ["drift", "rows"] {
        while size(&status) > LARGEST && status[rows].as_array_mut().and_then(Vec::pop).is_some() {}
        if status[rows].as_array().is_some_and(Vec::is_empty)
            && let Some(fields) = status.as_object_mut()
        {
            fields.remove(rows);
        }
    }
    status
}

fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_time_of_a_condition_moves_only_with_its_status() {
        let first = conditions(&[Judgement::new("Ready", true, "InSync", "a")], &[], Some(1), at(10));
        let same = conditions(&[Judgement::new("Ready", true, "Settling", "b")], &first, Some(2), at(20));
        assert_eq!((same[0].last_transition_time.0, same[0].reason.as_str()), (at(10), "Settling"));
        let other = conditions(&[Judgement::new("Ready", false, "PlanHeld", "c")], &same, Some(2), at(30));
        assert_eq!(other[0].last_transition_time.0, at(30));
    }

    #[test]
    fn a_fragment_becomes_a_sentence_and_names_stay_as_they_are() {
        for (fragment, whole) in [
            ("nothing differs", "Nothing differs."),
            ("it/boards is older", "it/boards is older."),
            ("`spec` is wrong; correct it", "`spec` is wrong; correct it."),
            ("2 changes wait", "2 changes wait."),
            ("cut here…", "Cut here…"),
            ("Done.", "Done."),
            ("", ""),
        ] {
            assert_eq!(sentence(fragment), whole);
            assert_eq!(sentence(&sentence(fragment)), whole);
        }
    }

    #[test]
    fn a_status_is_never_larger_than_16_kib() {
        let row = json!({"label": "x".repeat(1000)});
        let status = fit(json!({"drift": vec![row; 20], "driftTotal": 20}));
        assert!(size(&status) <= LARGEST);
        assert_eq!(status["drift"].as_array().map(Vec::len), Some(16));
        assert_eq!(status["driftTotal"], 20);
    }
}
