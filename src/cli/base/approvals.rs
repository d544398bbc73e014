//! Decisions among the files: those that a change adds, alters or takes out, and the one that approves its withdrawals.

use std::collections::BTreeSet;

use appaccess_core::access::{ObjectName, Text};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{compared::Compared, settings};
use crate::{
    api::{AccessApproval, access_approval::Decision, reference::Reference},
    cli::output::review::{DecisionRow, Setting, Touched},
    load::Loaded,
    sync::{declared_decisions, refusal},
};

/// How long an approval that is proposed counts, in days: long enough for a review, within what is permitted.
const DAYS: i64 = 14;

/// One decision that the change is about, with what becomes of it.
struct News<'a> {
    name: &'a ObjectName,
    approval: &'a AccessApproval,
    earlier: Option<&'a AccessApproval>,
    presence: &'static str,
}

/// All decisions that the change adds, alters or takes out.
fn news<'a>(before: &'a Loaded, after: &'a Loaded) -> Vec<News<'a>> {
    let names: BTreeSet<&ObjectName> = before.approvals.keys().chain(after.approvals.keys()).collect();
    let told = names.into_iter().filter_map(|name| {
        let side = |loaded: &'a Loaded| loaded.approvals.get(name).map(|located| &located.object);
        let (earlier, later) = (side(before), side(after));
        let presence = match (earlier, later) {
            (Some(earlier), Some(later)) if earlier.spec == later.spec => return None,
            (Some(_), Some(_)) => "changed",
            (None, _) => "added",
            (_, None) => "removed",
        };
        Some(News { name, approval: later.or(earlier)?, earlier, presence })
    });
    told.collect()
}

/// An `AccessApproval` of an intent, as YAML.
pub(super) fn approval(app: &ObjectName, digest: &str, now: Timestamp) -> String {
    let ObjectName { namespace, name } = app;
    let letters: String = digest.rsplit(':').next().unwrap_or_default().chars().take(8).collect();
    let midnight = now.as_second().div_euclid(86400) * 86400;
    let day = Timestamp::from_second(midnight).unwrap_or(now);
    let not_after = day.checked_add(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MAX);
    format!(
        "\
apiVersion: appaccess.dev/v1alpha1
kind: AccessApproval
metadata: {{name: {name}-{letters}, namespace: {namespace}}}
spec:
  appRef: {{name: {name}}}
  digest: {digest}
  decision: Approve
  notAfter: \"{not_after}\"
"
    )
}

/// The decisions about this app that the change adds, alters or takes out.
pub(super) fn decisions(compared: &Compared<'_>, digest: &Text) -> Vec<DecisionRow> {
    let row = |news: &News<'_>| {
        let spec = &news.approval.spec;
        let refused = refusal(news.name, news.approval, compared.now).filter(|_| news.presence != "removed");
        DecisionRow {
            object: news.name.to_string(),
            presence: news.presence,
            digest: spec.digest.clone(),
            decision: word(spec.decision),
            not_after: spec.not_after.timestamp().to_string(),
            of_this_change: *spec.digest == **digest && !compared.lost.is_empty(),
            refused: refused.map(str::to_owned),
        }
    };
    let all = news(compared.base.loaded, compared.head.loaded);
    all.iter().filter(|news| is_about(compared.name, news.name, news.approval.spec.app_ref.as_ref())).map(row).collect()
}

/// The decisions about directories that the change adds, alters or takes out, and about apps that neither side has.
pub(super) fn elsewhere(
    before: &Loaded,
    after: &Loaded,
    now: Timestamp,
    is_meant: impl Fn(&ObjectName) -> bool,
) -> Vec<Touched> {
    let told = news(before, after).into_iter().filter(|news| {
        news.approval.spec.app_ref.as_ref().is_none_or(|reference| {
            let app = subject(news.name, reference);
            let is_known = before.target_apps.contains_key(&app) || after.target_apps.contains_key(&app);
            !is_known && is_meant(&app)
        })
    });
    let row = |news: News<'_>| {
        let later = Some(news.approval).filter(|_| news.presence != "removed");
        let mut settings = settings::compared(&fields(news.name, news.earlier), &fields(news.name, later));
        if let Some(why) = later.and_then(|approval| refusal(news.name, approval, now)) {
            let to = Some(format!("no: {why}"));
            settings.push(Setting { field: "counts".into(), from: None, to, effect: "other" });
        }
        Touched { object: format!("AccessApproval {}", news.name), presence: news.presence, settings }
    };
    told.map(row).collect()
}

/// What a decision says, as fields.
fn fields(name: &ObjectName, approval: Option<&AccessApproval>) -> Value {
    let Some(spec) = approval.map(|approval| &approval.spec) else { return Value::Null };
    let named =
        |reference: &Option<Reference>| reference.as_ref().map(|reference| subject(name, reference).to_string());
    json!({
        "appRef": named(&spec.app_ref),
        "directoryRef": named(&spec.directory_ref),
        "digest": spec.digest,
        "decision": word(spec.decision),
        "notAfter": spec.not_after.timestamp().to_string(),
    })
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "Approve",
        Decision::Reject => "Reject",
    }
}

fn subject(approval: &ObjectName, reference: &Reference) -> ObjectName {
    ObjectName::new(reference.namespace.as_deref().unwrap_or(&approval.namespace), &reference.name)
}

fn is_about(app: &ObjectName, approval: &ObjectName, reference: Option<&Reference>) -> bool {
    reference.is_some_and(|reference| subject(approval, reference) == *app)
}

/// Which `AccessApproval` among the files lets these withdrawals pass; none where another says no.
pub(super) fn approved_by(compared: &Compared<'_>, digest: &Text) -> Option<String> {
    if compared.lost.is_empty() || !is_approved(compared, digest) {
        return None;
    }
    let named = compared.head.loaded.approvals.iter().find(|(name, located)| {
        let approval = &located.object;
        let spec = &approval.spec;
        *spec.digest == **digest
            && is_about(compared.name, name, spec.app_ref.as_ref())
            && refusal(name, approval, compared.now).is_none()
    });
    named.map(|(name, _)| name.to_string())
}

fn is_approved(compared: &Compared<'_>, digest: &Text) -> bool {
    use appaccess_core::access::Directive::{Approve, Reject};
    let decisions = declared_decisions(compared.head.loaded, compared.name, compared.now);
    let says = |word| decisions.iter().any(|decision| decision.digest == *digest && decision.directive == word);
    says(Approve) && !says(Reject)
}
