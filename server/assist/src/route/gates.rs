//! The gates: whether a destination may and can be asked, before anybody asks which is preferred.
//!
//! In order: privacy, capability, health, budget. The first that is closed is the reason. Must not look at what the user prefers, chose
//! or put into a chain: nothing of that opens a gate.

use config::{Mode, Requirements, Secrets, Usd};
use model::cloud::Health;

use super::{
    facts::{Candidate, Facts, Terms},
    rejection::Rejection,
};

/// What the engine of this machine can do of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Here {
    /// All of it.
    Whole,
    /// It, with less shown; the reason is why.
    Trimmed(Rejection),
    /// Nothing.
    Not(Rejection),
}

/// What this machine can do. No gate of privacy, health or budget is in its way, and no network is needed.
pub(super) fn here(facts: &Facts) -> Here {
    let local = &facts.local;
    let does = if facts.task.is_unattended() { local.fills } else { local.instructs };
    if !does {
        return Here::Not(match (local.fills, local.instructs) {
            (false, false) => Rejection::NoModel,
            (true, _) => Rejection::OnlyFills,
            (false, _) => Rejection::CantFill,
        });
    }
    // What is completed is cut to size as it is laid out, and nothing is lost that was asked for.
    if facts.task.is_unattended() || facts.tokens_altogether() <= u64::from(local.context_tokens) {
        return Here::Whole;
    }
    let too_large = Rejection::TooLarge { tokens: facts.tokens_altogether(), takes: local.context_tokens };
    // Where the answer alone fills the model, there is nothing left to show it.
    if facts.answer_tokens < local.context_tokens { Here::Trimmed(too_large) } else { Here::Not(too_large) }
}

/// Why this one is not asked; `None`: every gate is open.
pub(super) fn closed(facts: &Facts, candidate: &Candidate) -> Option<Rejection> {
    match may_and_can(facts, candidate) {
        Err(rejection) => Some(rejection),
        Ok(_) => health(facts, candidate).or_else(|| budget(facts, candidate)),
    }
}

/// The gates that stay as they are from one request to the next: privacy and capability.
pub(super) fn may_and_can<'a>(facts: &Facts, candidate: &'a Candidate) -> Result<&'a Terms, Rejection> {
    // First, because nothing else helps: without any provider `cloud.mode` is local-only, and another mode would change nothing.
    let terms = candidate.terms.as_ref().ok_or(Rejection::Unknown)?;
    if let Some(rejection) = request(facts, candidate) {
        return Err(rejection);
    }
    match provider(facts, terms).or_else(|| capability(facts, candidate, terms)) {
        Some(rejection) => Err(rejection),
        None => Ok(terms),
    }
}

/// Privacy: what is the same for every provider, except that an engine that the user's own configuration names may complete.
fn request(facts: &Facts, candidate: &Candidate) -> Option<Rejection> {
    let is_engine = candidate.is_engine && candidate.terms.as_ref().is_some_and(|terms| terms.own_hardware);
    let secrets = facts.secrets_found();
    if facts.mode == Mode::LocalOnly {
        Some(Rejection::LocalOnly)
    } else if facts.never_consented {
        Some(Rejection::NeverConsented)
    } else if facts.unreadable {
        Some(Rejection::UnreadablePattern)
    } else if facts.never > 0 {
        Some(Rejection::NeverFile(facts.never))
    } else if facts.private > 0 {
        Some(Rejection::Private(facts.private))
    } else if let Some((rule, line)) = facts.denied.clone() {
        Some(Rejection::Denied { rule, line })
    } else if secrets > 0 && (facts.secrets_policy == Secrets::Refuse || facts.task.is_unattended()) {
        // Nobody looks at what took a secret's place in a completion.
        Some(Rejection::Secrets(secrets))
    } else if facts.task.is_unattended() && !is_engine {
        Some(Rejection::Unattended)
    } else {
        None
    }
}

/// Privacy: what differs from one provider to the next. What is not known of one is not promised.
fn provider(facts: &Facts, terms: &Terms) -> Option<Rejection> {
    if !terms.host_allowed {
        return Some(Rejection::Host);
    }
    facts.require.iter().find_map(|required| retention(required, terms).or_else(|| region(required, terms)))
}

fn retention(required: &Requirements, terms: &Terms) -> Option<Rejection> {
    let allowed = required.retention?;
    match terms.retention {
        None => Some(Rejection::RetentionUnknown),
        Some(keeps) => (keeps > allowed).then_some(Rejection::Retention { keeps, allowed }),
    }
}

fn region(required: &Requirements, terms: &Terms) -> Option<Rejection> {
    let regions = required.regions.as_ref()?;
    match &terms.region {
        None => Some(Rejection::RegionUnknown),
        Some(region) => {
            let is_allowed = regions.iter().any(|allowed| allowed.eq_ignore_ascii_case(region));
            (!is_allowed).then(|| Rejection::Region(region.clone()))
        }
    }
}

fn capability(facts: &Facts, candidate: &Candidate, terms: &Terms) -> Option<Rejection> {
    let takes = terms.context_tokens;
    // As above: what is completed is cut to size.
    if !facts.task.is_unattended() && facts.tokens_altogether() > u64::from(takes) {
        Some(Rejection::TooLarge { tokens: facts.tokens_altogether(), takes })
    } else if candidate.at_most.is_none() {
        Some(Rejection::Unpriced)
    } else {
        None
    }
}

fn health(facts: &Facts, candidate: &Candidate) -> Option<Rejection> {
    if facts.offline {
        return Some(Rejection::Offline);
    }
    if let Some(why) = &facts.closed {
        return Some(Rejection::Closed(why.clone()));
    }
    match &candidate.health {
        None => Some(Rejection::HealthUnknown),
        Some(Health::Ready | Health::Probing) => None,
        Some(Health::Resting { for_ms, why }) => {
            Some(Rejection::Resting { for_ms: *for_ms, why: why.clone() })
        }
        Some(Health::NoKey { why }) => Some(Rejection::NoKey(why.clone())),
    }
}

fn budget(facts: &Facts, candidate: &Candidate) -> Option<Rejection> {
    // Neither is missing here: the gates before this one saw to it. Were it otherwise, it would be dear and there would be no money.
    let at_most = candidate.at_most.unwrap_or(Usd(u64::MAX));
    let limit = facts.budget.per_call;
    let today = facts.left_today.unwrap_or_default().min(facts.budget.day);
    let month = facts.left_this_month.unwrap_or_default().min(facts.budget.month);
    if at_most > limit {
        Some(Rejection::OverCall { at_most, limit })
    } else if at_most > today {
        Some(Rejection::OverDay { at_most, left: today })
    } else if at_most > month {
        Some(Rejection::OverMonth { at_most, left: month })
    } else {
        None
    }
}
