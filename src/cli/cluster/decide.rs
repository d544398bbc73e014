//! A decision on what the operator holds: every row of the `AccessPlan` is shown, and an `AccessApproval` is made.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::{
    Api,
    api::{ObjectMeta, PostParams},
};

use super::{answered, connect, rows};
use crate::{
    api::{
        AccessApproval, AccessPlan, Time,
        access_approval::{AccessApprovalSpec, Decision},
        access_plan::MOST_ROWS,
        reference::Reference,
    },
    cli::{
        decide::{Flags, Question, Verb, asked},
        error::CommandError,
        exit::Exit,
        output::build::whole_seconds,
    },
};

/// How long a decision counts.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Letters of a name that an approval takes.
const LONGEST_NAME: usize = 256;
/// How much of the digest stands in the name of the object.
const NAMED_BY: usize = 20;

/// Shows every row, asks, and makes the object.
pub(in crate::cli) async fn run(flags: &Flags, verb: Verb) -> Result<Exit, CommandError> {
    let client = connect(&flags.cluster).await?;
    let namespace = &*flags.name.namespace;
    let plans: Api<AccessPlan> = Api::namespaced(client.clone(), namespace);
    let plan = answered("read the AccessPlan", plans.get_opt(&flags.name.name)).await?;
    let plan = plan.filter(|plan| flags.means(&plan.spec.digest)).ok_or_else(|| not_held(flags))?;
    let all = usize::try_from(plan.spec.changes).unwrap_or(usize::MAX);
    if all > MOST_ROWS || all != plan.spec.rows.len() {
        let shown = plan.spec.rows.len();
        let what = format!("nothing was decided: {all} rows are held, and the AccessPlan shows {shown} of them");
        return Err(CommandError::refused(what, "split the change, or raise `safety.maxRemovals` for it"));
    }
    let question = Question::new(&plan.spec.digest, rows(&plan));
    asked(flags, verb, &question)?;
    let (not_after, recorded) = make(client, flags, verb, &plan.spec.digest).await?;
    flags.told(verb, question, &not_after, recorded)?;
    Ok(Exit::Done)
}

fn not_held(flags: &Flags) -> CommandError {
    let what = match &flags.digest {
        Some(digest) => format!("nothing was decided: the AccessPlan {} does not hold {digest}", flags.name),
        None => format!("nothing was decided: there is no AccessPlan {}, so nothing waits", flags.name),
    };
    CommandError::refused(what, "see what is held now by `appaccess plan --cluster`")
}

/// Makes the object, unless one stands there already that says the same and still counts: then until when, and whether it
/// is news.
async fn make(client: kube::Client, flags: &Flags, verb: Verb, digest: &str) -> Result<(Time, bool), CommandError> {
    let now = Timestamp::now();
    let approvals: Api<AccessApproval> = Api::namespaced(client.clone(), &flags.name.namespace);
    let short: String = digest.trim_start_matches("sha256:").chars().take(NAMED_BY).collect();
    let name = format!("{}-{short}", verb.word().to_ascii_lowercase());
    let earlier = answered("read the AccessApproval", approvals.get_opt(&name)).await?;
    if let Some(earlier) = &earlier
        && says(&earlier.spec, flags, verb, digest)
        && earlier.spec.not_after.timestamp() > now
    {
        return Ok((earlier.spec.not_after.clone(), false));
    }
    // A decision cannot be changed: one that counts no more stays as what was said once.
    let decided_by = match &flags.by {
        Some(name) => Some(name.clone()),
        None => myself(&client).await,
    };
    let name = if earlier.is_some() { format!("{name}-{}", now.as_second()) } else { name };
    let not_after = Time::from(whole_seconds(now.checked_add(COUNTS_FOR).unwrap_or(Timestamp::MAX)));
    let approval = AccessApproval {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some(flags.name.namespace.to_string()),
            ..ObjectMeta::default()
        },
        spec: AccessApprovalSpec {
            app_ref: Some(Reference { name: flags.name.name.to_string(), namespace: None }),
            directory_ref: None,
            digest: digest.to_owned(),
            decision: decision(verb),
            reason: None,
            decided_by,
            not_after: not_after.clone(),
        },
        status: None,
    };
    answered("make the AccessApproval", approvals.create(&PostParams::default(), &approval)).await?;
    Ok((not_after, true))
}

/// Who asks, as the API server knows them, which is how admission compares it; `None` where it does not say.
async fn myself(client: &kube::Client) -> Option<String> {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let review =
        answered("ask who you are", reviews.create(&PostParams::default(), &SelfSubjectReview::default())).await;
    let name = review.ok()?.status?.user_info?.username?;
    (!name.is_empty() && name.chars().count() <= LONGEST_NAME).then_some(name)
}

fn decision(verb: Verb) -> Decision {
    match verb {
        Verb::Approve => Decision::Approve,
        Verb::Reject => Decision::Reject,
    }
}

fn says(spec: &AccessApprovalSpec, flags: &Flags, verb: Verb, digest: &str) -> bool {
    let same_app = spec.app_ref.as_ref().is_some_and(|app| *app.name == *flags.name.name);
    same_app && spec.digest == digest && spec.decision == decision(verb)
}
