//! What the conditions of an object say, as findings with remedies: for whoever sees a cluster and neither its credentials
//! nor its store. Judges nothing that the operator has not judged.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{Finding, Severity};
use crate::api::condition;

/// What an object's status says.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The generation of the object.
    pub generation: Option<i64>,
    /// The generation that its status is about.
    pub observed: Option<i64>,
    /// The conditions.
    pub conditions: &'a [Condition],
}

/// The findings of one object, the worst kind of each condition: what is right is one line.
#[must_use]
pub fn of_status(told: &Told<'_>) -> Vec<Finding> {
    if told.conditions.is_empty() {
        let finding = Finding::broken("Status", "no operator has looked at it yet")
            .because("it has no conditions")
            .remedied_by("wait a minute; else see whether the operator runs and may read this namespace");
        return vec![finding];
    }
    let ready = condition::find(told.conditions, condition::READY);
    // That something differs is said by whatever keeps it from being put right.
    let is_said = |known: &&Condition| {
        known.type_ != condition::IN_SYNC
            || ready.is_none_or(|ready| ready.status == "True" || ready.reason != known.reason)
    };
    let mut findings: Vec<Finding> = told.conditions.iter().filter(is_said).filter_map(one).collect();
    if told.observed < told.generation {
        let finding = Finding::warning("Status", "the object was edited, and the operator has not looked since")
            .because("what follows is about the earlier text")
            .remedied_by("wait a minute; else see whether the operator runs");
        findings.insert(0, finding);
    }
    findings
}

fn one(known: &Condition) -> Option<Finding> {
    let (kind, is) = (known.type_.as_str(), known.status.as_str());
    let suspended = known.reason == condition::SUSPENDED;
    // Said by the condition of that name, with its remedy.
    let is_said = matches!(&*known.reason, condition::PLAN_HELD | condition::TASKS_OVERDUE);
    let by_nature = kind == condition::READ_COMPLETE && known.reason == "NotListable";
    let severity = match (kind, is) {
        (condition::READY, "True") if !suspended => Severity::Good,
        (condition::READY, "False") if is_said => return None,
        (
            condition::READY
            | condition::RESOLVED
            | condition::ACCEPTED
            | condition::CREDENTIALS_VALID
            | condition::REACHABLE
            | condition::READ_COMPLETE,
            "False",
        )
        | (condition::STALLED | condition::CONFLICT, "True")
            if !by_nature =>
        {
            Severity::Broken
        }
        (condition::PLAN_HELD | condition::TASKS_OVERDUE, "True") => Severity::Warning,
        (condition::EXPIRING | condition::SUSPENDED | condition::RECONCILING, "True")
        | (condition::IN_SYNC | condition::READ_COMPLETE, "False")
        | (condition::READY, _) => Severity::Note,
        _ => return None,
    };
    let what = if known.message.is_empty() { known.reason.clone() } else { known.message.clone() };
    let finding = Finding::new(severity, check(kind)?, what);
    if matches!(severity, Severity::Good) {
        return Some(finding);
    }
    Some(finding.because(format!("{kind} is {is}: {}", known.reason)).remedied_by(remedy(kind, &known.reason)))
}

/// The word of a check: that of the condition.
fn check(kind: &str) -> Option<&'static str> {
    const KNOWN: [&str; 14] = [
        condition::READY,
        condition::RECONCILING,
        condition::STALLED,
        condition::IN_SYNC,
        condition::CREDENTIALS_VALID,
        condition::REACHABLE,
        condition::READ_COMPLETE,
        condition::PLAN_HELD,
        condition::ACCEPTED,
        condition::RESOLVED,
        condition::CONFLICT,
        condition::EXPIRING,
        condition::SUSPENDED,
        condition::TASKS_OVERDUE,
    ];
    KNOWN.into_iter().find(|known| *known == kind)
}

/// What to do about a reason, else about the condition.
fn remedy(kind: &str, reason: &str) -> &'static str {
    match reason {
        "CredentialsInvalid" => "put a valid credential into the Secret",
        "SecretMissing" | "KeyMissing" | "SecretInvalid" => {
            "correct the Secret that the object names, in its namespace"
        }
        "SecretUnreadable" => "let the operator `get` Secrets in this namespace",
        "RosterMissing" | "RosterInvalid" => "export the accounts of the app again, and put them where the object says",
        "RosterUnreadable" => "let the operator `get` ConfigMaps in this namespace",
        reason if reason.starts_with("Store") => "see `/readyz` and the log of the operator: its store cannot be used",
        "WriterLost" | "WriterBusy" => "nothing, unless it stays: another process writes to the store",
        "InternalError" => "report it with the log of the operator around this time",
        "Forbidden" | "NotAdmin" | "GroupsNotReadable" => "give the credential's account the right that is named",
        "CredentialHostMismatch" => "list the host under `credentials.hosts`",
        "Unreachable" => "check the address, the network policy and the vendor's status page",
        "RateLimited" => "wait, or set `rateLimit` to what the vendor grants",
        "SettingsInvalid" => "correct what is named under `connector`, or in the Secret",
        "DuplicateTarget" => "remove one of the two objects: they manage the same tenant",
        "DuplicateDomain" => "leave the mail domain to one of the two directories",
        "Undecodable" | "Invalid" => "correct the object, or run an operator that knows it",
        "NotPermitted" => "ask the owner of the target app to name it under `allow`",
        "NotSupported" => "take out what the app does not have; the other claims go on",
        "Unresolved" => "correct the subject; until then nobody of it gains or loses anything",
        "Conflict" => "withdraw one of the two values",
        "TargetAppNotRead" => "see the findings of the target app",
        "StaleDirectory" => "look at the directory; `appaccess approve --directory` decides its breaker",
        "Rejected" => "write into git what was decided: the rows go when nothing wants them",
        "LastAdmin" | "LeaverBlocked" => "give the role to somebody else first",
        "Protected" => "take the person out of `safety.protected`, if that is what you mean",
        "SeatLimit" => "buy a seat and raise `seats.purchased`, or withdraw a claim",
        "Cliff" => "read what it means, then name it in `acknowledgedCliffs`",
        "AmbiguousMatch" | "IdentityReused" => "link account and person under `accounts`",
        "Contended" => "find who else manages it, and leave it to one of the two",
        _ => by_condition(kind),
    }
}

fn by_condition(kind: &str) -> &'static str {
    match kind {
        condition::PLAN_HELD => {
            "`appaccess plan --cluster` shows the rows; `appaccess approve NS/NAME --cluster` decides"
        }
        condition::TASKS_OVERDUE => "do the tasks, or bring a newer roster; `appaccess tasks` lists them",
        condition::READ_COMPLETE => "nothing is removed meanwhile; where it stays so, ask the vendor",
        condition::EXPIRING => "prolong `until` in git where it is still needed",
        condition::SUSPENDED => "take `suspend` out when work may go on",
        condition::READY | condition::STALLED | condition::REACHABLE | condition::CREDENTIALS_VALID => {
            "docs/safety.md says what the reason asks for"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

    use super::*;

    fn told(kind: &str, status: &str, reason: &str) -> Condition {
        Condition {
            type_: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: format!("message of {reason}"),
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
            observed_generation: None,
        }
    }

    fn found(conditions: &[Condition]) -> Vec<(&'static str, Severity)> {
        let told = Told { generation: Some(1), observed: Some(1), conditions };
        let findings = of_status(&told);
        for finding in &findings {
            let wants_remedy = finding.severity >= Severity::Warning;
            assert!(!wants_remedy || !finding.remedy.is_empty(), "{finding:?}");
        }
        findings.into_iter().map(|finding| (finding.check, finding.severity)).collect()
    }

    #[test]
    fn an_object_that_is_well_is_one_line() {
        let conditions =
            [told("Ready", "True", "InSync"), told("InSync", "True", "InSync"), told("Reachable", "True", "Answered")];
        assert_eq!(found(&conditions), [("Ready", Severity::Good)]);
    }

    #[test]
    fn what_is_broken_comes_with_its_remedy_and_a_hold_is_told_once() {
        let held = [
            told("Ready", "False", "PlanHeld"),
            told("InSync", "False", "PlanHeld"),
            told("PlanHeld", "True", "ApprovalRequired"),
        ];
        assert_eq!(found(&held), [("PlanHeld", Severity::Warning)]);
        let locked_out = [
            told("Ready", "False", "CredentialsInvalid"),
            told("CredentialsValid", "False", "CredentialsInvalid"),
            told("ReadComplete", "False", "NotListable"),
        ];
        let broken = Severity::Broken;
        assert_eq!(
            found(&locked_out),
            [("Ready", broken), ("CredentialsValid", broken), ("ReadComplete", Severity::Note)]
        );
    }

    #[test]
    fn nobody_having_looked_is_a_finding() {
        assert_eq!(found(&[]), [("Status", Severity::Broken)]);
        let conditions = [told("Ready", "True", "InSync")];
        let late = of_status(&Told { generation: Some(2), observed: Some(1), conditions: &conditions });
        assert_eq!((late[0].check, late[0].severity), ("Status", Severity::Warning));
    }

    #[test]
    fn a_word_that_nobody_knows_is_passed_over() {
        assert_eq!(
            found(&[told("Novelty", "False", "X"), told("Ready", "Unknown", "Progressing")]),
            [("Ready", Severity::Note)]
        );
    }
}
