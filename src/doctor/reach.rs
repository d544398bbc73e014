//! Whether an app can be reached at all: each step that was taken, and the one that failed.

use appaccess_core::status::Failure;

use super::Finding;
use crate::{
    load::Place,
    sync::{Examination, Examined},
};

/// The steps of a first look, in their order, each with what is right once the next began.
const STEPS: [(&str, &str); 7] = [
    ("Secret", "the Secret is there, with the keys that the connector needs"),
    ("Settings", "the connector's settings are valid"),
    ("HostBinding", "the credential is bound to the host that it is sent to"),
    ("Reachable", "the app answers"),
    ("Credential", "the app accepts the credential"),
    ("Rights", "the credential may read what is needed"),
    ("Answer", "the app answers as documented"),
];

/// Clocks that are further apart than this disagree, in seconds: the engine judges by the same.
const FURTHEST_CLOCK: i64 = 5 * 60;

/// `sends` says whether the connector sends anything to anybody: a roster is read as it lies there.
pub(super) fn findings(examination: &Examination, place: Option<&Place>, sends: bool) -> Vec<Finding> {
    match &examination.outcome {
        Examined::Suspended(why) => {
            let finding = Finding::note("Suspended", why.clone());
            vec![finding.remedied_by("take `suspend` out of the TargetApp to go on")]
        }
        Examined::Failed(failure) => failed(examination, failure, place, sends),
        Examined::Looked(_) if !sends => vec![Finding::good("Roster", "the roster is there and can be read")],
        Examined::Looked(_) => {
            let mut findings: Vec<Finding> = STEPS.iter().map(|step| passed(examination, *step)).collect();
            findings.extend(clock(examination));
            findings
        }
    }
}

fn passed(examination: &Examination, (check, what): (&'static str, &str)) -> Finding {
    match &examination.host {
        Some(host) if check == "HostBinding" => Finding::good(check, format!("the credential goes to {host} alone")),
        _ => Finding::good(check, what),
    }
}

fn failed(examination: &Examination, failure: &Failure, place: Option<&Place>, sends: bool) -> Vec<Finding> {
    let check = step_of(&failure.reason);
    let before = STEPS.iter().take_while(|(step, _)| Some(*step) != check);
    let mut findings: Vec<Finding> = match check {
        Some(_) if sends => before.map(|step| passed(examination, *step)).collect(),
        _ => Vec::new(),
    };
    // These are no steps: nothing can be said of those before them.
    let name = check.unwrap_or(match failure.reason.as_str() {
        "RateLimited" => "Quota",
        "DuplicateTarget" => "Settings",
        _ => "Pass",
    });
    let broken = Finding::broken(name, failure.message.clone()).remedied_by(failure.remedy.clone());
    let broken = broken.because(why(&failure.reason));
    findings.push(match place {
        Some(place) => broken.at(place),
        None => broken,
    });
    findings.extend(clock(examination));
    findings
}

/// The step that a failure belongs to.
fn step_of(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "SecretMissing" | "KeyMissing" | "SecretInvalid" | "SecretUnreadable" | "SecretAmbiguous"
        | "SecretNameInvalid" => "Secret",
        "SettingsInvalid" | "NotSupported" => "Settings",
        "CredentialHostMismatch" => "HostBinding",
        "Unreachable" => "Reachable",
        "CredentialsInvalid" => "Credential",
        "Forbidden" => "Rights",
        "UnexpectedAnswer" | "Refused" => "Answer",
        _ => return None,
    })
}

/// What the failure keeps from being done.
fn why(reason: &str) -> &'static str {
    match reason {
        "DuplicateTarget" => "two objects for one tenant would undo each other, so the later one does nothing",
        "CredentialHostMismatch" => "nothing was sent: a credential goes only to the hosts that its owner names",
        "UnexpectedAnswer" => "a wrong address, tenant or profile answers like this, and so does a proxy in between",
        "RateLimited" => "what was asked for does not fit into what is left of the quota",
        _ => "until it is right, nobody gains or loses anything in this app",
    }
}

/// Whether the clocks agree.
fn clock(examination: &Examination) -> Option<Finding> {
    let seconds = examination.skew?.as_secs();
    if seconds.abs() <= FURTHEST_CLOCK {
        return Some(Finding::good("Clock", "the app's clock and this machine's agree"));
    }
    let direction = if seconds > 0 { "ahead of" } else { "behind" };
    let what = format!("the app's clock is {} min {direction} this machine's", seconds.abs() / 60);
    let finding = Finding::warning("Clock", what).because(
        "while they disagree an end that passed proves nothing by itself: what expires is judged like a withdrawal",
    );
    Some(finding.remedied_by("set the clock of this machine; if it is right, tell the vendor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_that_can_fail_is_one_that_can_pass() {
        let reasons = [
            "SecretMissing",
            "KeyMissing",
            "SettingsInvalid",
            "CredentialHostMismatch",
            "Unreachable",
            "CredentialsInvalid",
            "Forbidden",
            "UnexpectedAnswer",
        ];
        for reason in reasons {
            let step = step_of(reason).unwrap();
            assert!(STEPS.iter().any(|(known, _)| *known == step), "{reason}");
        }
        assert_eq!(step_of("RateLimited"), None);
    }
}
