//! Who answers a request: this machine, or a provider that the user's policy lets see it.
//!
//! [`decide`] is a function of what it is given. First come the gates (`gates.rs`): privacy, capability, health, budget; each destination
//! is let through by all of them or has a reason why not. Then preference, among those that were let through and no others: what the
//! user chose for this one, else the first rule that speaks, else the default table. The user's choice therefore opens no gate, and a
//! chain for failover holds nobody who must not see the request.
//!
//! The default table: everything is done here, except that refactoring and explaining across files, and whatever has more tokens than
//! the local model takes, goes to the first provider that may and can, if there is one. Without a rule nothing fails over from one
//! provider to another: who gets to see a text is for the user to write down.
//!
//! Must not read a clock, draw by chance or look at a document. Must not keep a path ([`Facts`]).

mod errand;
mod facts;
mod gates;
mod rejection;
mod words;

use config::{Cloud, Destination, Mode, Target, Task};

pub use errand::{Choice, Consent, Errand, File, Grant, Local, World};
pub use facts::{Candidate, Facts, Speaks, Terms};
pub use rejection::{Gate, Rejection};

use gates::Here;

/// Who answers, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub chosen: Chosen,
    /// The rule that spoke, and its line in the user's file, from 1; `None`: the default table.
    pub rule: Option<(String, u32)>,
    /// Everybody else, local first and then in the policy's order, and the first reason against each.
    pub rejected: Vec<(Destination, Rejection)>,
    /// What was decided from: [`judge`] makes the same decision of it again.
    pub facts: Facts,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// The engine of this machine.
    Local {
        /// It is shown less than was asked about, because that is more than it takes.
        trimmed: bool,
    },
    /// A provider.
    Cloud {
        /// Never empty. The next is asked if one fails before its first token; each was let through by every gate.
        chain: Vec<Target>,
        /// The engine of this machine is asked if all fail.
        then_local: bool,
        /// The user has to agree before anything is sent.
        needs_consent: bool,
    },
    /// Nobody.
    Refused {
        /// What stands in the way, and the one thing that mends it.
        why: String,
    },
}

/// Decides who answers.
pub fn decide(errand: &Errand, policy: &Cloud, world: &World) -> Decision {
    judge(Facts::gather(errand, policy, world))
}

/// Whether what only the gateway knows can matter: asked before there is one, it saves starting it for what stays here anyway.
///
/// It decides as if every provider were well and free of charge.
pub fn asks_gateway(errand: &Errand, policy: &Cloud, world: &World) -> bool {
    let mut facts = Facts::gather(errand, policy, world);
    facts.closed = None;
    facts.left_today = Some(facts.budget.day);
    facts.left_this_month = Some(facts.budget.month);
    for candidate in &mut facts.candidates {
        candidate.health = Some(model::cloud::Health::Ready);
        candidate.at_most = Some(config::Usd(0));
    }
    matches!(judge(facts).chosen, Chosen::Cloud { .. })
}

/// Decides from what was gathered, now or long ago.
pub fn judge(facts: Facts) -> Decision {
    let gates: Vec<_> =
        facts.candidates.iter().map(|candidate| (candidate, gates::closed(&facts, candidate))).collect();
    let here = gates::here(&facts);
    let wanted = preference(&facts, &here);

    let mut chain: Vec<Target> = Vec::new();
    for destination in &wanted {
        match destination {
            // Where it can do all of it, nothing comes behind it.
            Destination::Local if here == Here::Whole => break,
            Destination::Local => {}
            Destination::Cloud(target) => {
                let is_open = gates.iter().any(|(of, closed)| of.target == *target && closed.is_none());
                if is_open && !chain.contains(target) {
                    chain.push(target.clone());
                }
            }
        }
    }
    let local_is_wanted = wanted.contains(&Destination::Local);
    let then_local = local_is_wanted && !matches!(here, Here::Not(_));

    let mut rejected = Vec::new();
    if !chain.is_empty() || !then_local {
        rejected.push((Destination::Local, against_local(&facts, &here, local_is_wanted)));
    }
    for (candidate, closed) in &gates {
        if !chain.contains(&candidate.target) {
            let destination = Destination::Cloud(candidate.target.clone());
            let rejection = closed.clone().unwrap_or_else(|| against(&facts, &wanted, &destination));
            rejected.push((destination, rejection));
        }
    }

    let chosen = if !chain.is_empty() {
        let needs_consent = needs_consent(&facts, &chain);
        Chosen::Cloud { chain, then_local, needs_consent }
    } else if then_local {
        Chosen::Local { trimmed: here != Here::Whole }
    } else {
        Chosen::Refused { why: words::refusal(&facts, &wanted, &rejected) }
    };
    let rule = facts.rule.as_ref().map(|rule| (rule.name.clone(), rule.line));
    Decision { chosen, rule, rejected, facts }
}

/// Who is wanted, in this order, whether a gate lets them through or not.
fn preference(facts: &Facts, here: &Here) -> Vec<Destination> {
    let ruled = facts.rule.as_ref().and_then(|rule| rule.chain.as_deref());
    let last_resort = ruled.is_none_or(|chain| chain.contains(&Destination::Local));
    let with_local = |mut wanted: Vec<Destination>| {
        wanted.extend(last_resort.then_some(Destination::Local));
        wanted
    };
    match (&facts.choice, ruled) {
        (Choice::Target(target), _) => with_local(vec![Destination::Cloud(target.clone())]),
        (Choice::Cloud, Some(chain))
            if chain.iter().any(|destination| *destination != Destination::Local) =>
        {
            with_local(
                chain.iter().filter(|destination| **destination != Destination::Local).cloned().collect(),
            )
        }
        (Choice::Cloud, _) => with_local(usual(facts)),
        (Choice::None, Some(chain)) => chain.to_vec(),
        (Choice::None, None) if is_for_cloud(facts, here) => with_local(usual(facts)),
        (Choice::None, None) | (Choice::Local, _) => vec![Destination::Local],
    }
}

/// What the default table says: better done elsewhere than here, or not done here at all.
fn is_for_cloud(facts: &Facts, here: &Here) -> bool {
    // Of those that complete there is one at most, and whoever names it wants it asked.
    let across = matches!(facts.task, Task::RefactorAcross | Task::ExplainAcross);
    across || facts.task.is_unattended() || *here != Here::Whole
}

/// Whom the default table asks: the models of the first provider that may and can, and for completion the engine that was named for it.
/// How they are just now does not count, or a provider would get to see what it was not meant for because another is tired.
fn usual(facts: &Facts) -> Vec<Destination> {
    let mut open =
        facts.candidates.iter().filter(|candidate| gates::may_and_can(facts, candidate).is_ok()).peekable();
    let first = open.peek().map(|candidate| candidate.target.provider.clone());
    open.filter(|candidate| Some(&candidate.target.provider) == first.as_ref())
        .map(|candidate| Destination::Cloud(candidate.target.clone()))
        .collect()
}

/// Whether the user has to be asked. Naming an engine for completion in one's own configuration is an answer.
fn needs_consent(facts: &Facts, chain: &[Target]) -> bool {
    facts.mode == Mode::Ask
        && !facts.task.is_unattended()
        && facts
            .candidates
            .iter()
            .any(|candidate| candidate.consent.is_none() && chain.contains(&candidate.target))
}

/// Why this machine does not answer, or not first.
fn against_local(facts: &Facts, here: &Here, is_wanted: bool) -> Rejection {
    match here {
        Here::Not(why) => why.clone(),
        _ if !is_wanted => Rejection::LeftOut,
        Here::Trimmed(why) => why.clone(),
        Here::Whole if facts.choice != Choice::None => Rejection::NotChosen,
        Here::Whole => Rejection::Later,
    }
}

/// Why somebody does not answer whom every gate lets through.
fn against(facts: &Facts, wanted: &[Destination], destination: &Destination) -> Rejection {
    if wanted.contains(destination) {
        Rejection::BehindLocal
    } else if facts.choice != Choice::None {
        Rejection::NotChosen
    } else if facts.rule.is_some() {
        Rejection::LeftOut
    } else {
        Rejection::NotDefault
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
