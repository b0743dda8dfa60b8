//! A decision in words: for people, and for the rows that are kept.
//!
//! Must not decide, and must not name a file: what is said here is kept and shown elsewhere.

use std::collections::BTreeSet;

use config::{Destination, Mode, Retention, Target};
use model::cloud::Decided;

use super::{
    Chosen, Decision,
    errand::Choice,
    facts::Facts,
    gates::{self, Here},
    rejection::Rejection,
};

/// Who waits longer than this for this machine is told so beforehand; seconds. It is a remark and no rule: how long is too long is for the
/// user to say, and speeds that were measured a moment ago would make of the same request now this decision and now that one.
const LONG: u64 = 60;

/// More names than this are counted.
const NAMED: usize = 3;

impl Decision {
    /// The decision and its reasons: who, by which rule, why not this machine, why not others, at what cost.
    pub fn sentence(&self) -> String {
        let facts = &self.facts;
        let mut said = Vec::new();
        match &self.chosen {
            Chosen::Refused { why } => said.push(why.clone()),
            Chosen::Local { trimmed } => {
                let takes = grouped(u64::from(facts.local.context_tokens));
                let fitting = trimmed.then(|| format!(", with what fits into {takes} tokens"));
                said.push(format!("Stays on this machine{}.", fitting.unwrap_or_default()));
                said.push(self.because());
                said.extend(slow(facts));
                said.extend(self.not_asked());
            }
            Chosen::Cloud { chain, then_local, needs_consent } => {
                let [first, others @ ..] = chain.as_slice() else { return String::new() };
                said.push(format!("To {first}."));
                said.push(self.because());
                said.extend(self.not_asked());
                let mut others: Vec<_> = others.iter().map(Target::to_string).collect();
                others.extend(then_local.then(|| "local".to_owned()));
                if !others.is_empty() {
                    said.push(format!("If that fails: {}.", others.join(", then ")));
                }
                said.extend(replaced(facts));
                said.extend(money(facts, first));
                if *needs_consent {
                    said.push("You have not agreed to it yet.".to_owned());
                } else if facts.mode == Mode::Ask && facts.task.is_unattended() {
                    said.push("Your own configuration names it for completion.".to_owned());
                }
            }
        }
        said.join(" ")
    }

    /// The decision as the ledger keeps it. `inputs` is [`Decision::facts`] as JSON, which this crate does not write.
    pub fn record(&self, inputs: String) -> Decided {
        let (rule, rule_line) = self.rule.clone().map_or((None, 0), |(name, line)| (Some(name), line));
        let rejected = self.rejected.iter();
        let rejected = rejected.map(|(destination, why)| (destination.to_string(), why.word().to_owned()));
        Decided { why: self.sentence(), rule, rule_line, rejected: rejected.collect(), inputs }
    }

    /// What decided: the user, a rule or the default table; and what it is about.
    fn because(&self) -> String {
        let facts = &self.facts;
        let by = match (&facts.choice, &self.rule) {
            (Choice::Local, _) => "You chose this machine".to_owned(),
            (Choice::Cloud, _) => "You chose the cloud".to_owned(),
            (Choice::Target(target), _) => format!("You chose {target}"),
            (Choice::None, Some((name, line))) => format!("Rule {name:?} (config.toml:{line})"),
            (Choice::None, None) => format!("The default for {}", facts.task.name()),
        };
        let files = counted(facts.files, "file", "files");
        format!("{by}: {files}, {} tokens.", grouped(u64::from(facts.tokens)))
    }

    /// Why not the others, each reason once.
    fn not_asked(&self) -> Vec<String> {
        // What is asked later is named where that is said.
        let told = self.rejected.iter().filter(|(_, why)| *why != Rejection::Later);
        let mut reasons: Vec<(&Rejection, Vec<String>)> = Vec::new();
        for (destination, why) in told {
            match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(destination.to_string()),
                None => reasons.push((why, vec![destination.to_string()])),
            }
        }
        let all = self.facts.candidates.len();
        let phrase = |(why, names): (&Rejection, Vec<String>)| {
            let who = match names.len() {
                n if n == all && n > 1 => "any provider".to_owned(),
                n if n > NAMED => format!("{} and {} others", names[0], n - 1),
                _ => names.join(", "),
            };
            format!("Not {who}: {why}.")
        };
        reasons.into_iter().map(phrase).collect()
    }
}

/// What stands in the way of an answer, and the one thing that mends it.
pub(super) fn refusal(
    facts: &Facts,
    wanted: &[Destination],
    rejected: &[(Destination, Rejection)],
) -> String {
    let find = |is: &dyn Fn(&Destination) -> bool| {
        let mut found: Option<&(Destination, Rejection)> = None;
        for entry in rejected.iter().filter(|(destination, _)| is(destination)) {
            // Of several, the one that came furthest: least is missing there.
            if found.is_none_or(|best| entry.1.gate() > best.1.gate()) {
                found = Some(entry);
            }
        }
        found
    };
    let local = find(&|destination| *destination == Destination::Local);
    let cloud = find(&|destination| *destination != Destination::Local && wanted.contains(destination))
        .or_else(|| find(&|destination| *destination != Destination::Local))
        .filter(|_| facts.choice != Choice::Local);

    let mut reasons = Vec::new();
    reasons.extend(local.map(|(_, why)| match why {
        Rejection::LeftOut => "the rule leaves this machine out".to_owned(),
        Rejection::TooLarge { .. } => format!("local: {why}"),
        why => why.to_string(),
    }));
    reasons.extend(cloud.map(|(destination, why)| format!("{destination}: {why}")));
    let mend = match (cloud, local) {
        _ if facts.task.is_unattended() && local.is_some_and(|(_, why)| *why != Rejection::LeftOut) => {
            Some("name a fill-in-the-middle model in `engine.model`".to_owned())
        }
        (None, Some((_, why))) if facts.choice == Choice::Local => match why {
            Rejection::TooLarge { .. } => why.mend(),
            _ => Some("let a provider answer it".to_owned()),
        },
        (Some((_, why)), _) | (None, Some((_, why))) => why.mend(),
        (None, None) => None,
    };
    let mend = mend.map(|mend| format!(" What helps: {mend}.")).unwrap_or_default();
    format!("Nobody can answer this: {}.{mend}", reasons.join("; "))
}

/// How long this machine would take, in seconds, as far as its speed was measured. Who waits before is taken to want as much.
fn expected(facts: &Facts) -> Option<u64> {
    let local = &facts.local;
    let [reads, writes] = [local.reads_per_s, local.writes_per_s].map(u64::from);
    let shown = u64::from(facts.tokens.min(local.context_tokens.saturating_sub(facts.answer_tokens)));
    let read = (shown * 1000).checked_div(reads)?;
    let written = (u64::from(facts.answer_tokens) * 1000).checked_div(writes)?;
    Some((read + written).saturating_mul(u64::from(local.queued) + 1) / 1000)
}

fn slow(facts: &Facts) -> Option<String> {
    let expected = expected(facts).filter(|expected| *expected > LONG && !facts.task.is_unattended())?;
    debug_assert!(!matches!(gates::here(facts), Here::Not(_)), "what is done here can be done here");
    let queue = match facts.local.queued {
        0 => String::new(),
        queued => format!(", {} before it", counted(queued, "request", "requests")),
    };
    Some(format!("It may take {} here{queue}.", seconds(expected.saturating_mul(1000))))
}

fn replaced(facts: &Facts) -> Option<String> {
    let found = facts.secrets_found();
    let rules: BTreeSet<_> =
        facts.secrets.iter().filter(|(_, found)| **found > 0).map(|(rule, _)| rule).collect();
    let rules = rules.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (found > 0).then(|| format!("{} replaced ({rules}).", counted(found, "secret is", "secrets are")))
}

fn money(facts: &Facts, target: &Target) -> Option<String> {
    let candidate = facts.candidates.iter().find(|candidate| candidate.target == *target)?;
    let at_most = candidate.at_most.filter(|at_most| at_most.0 > 0)?;
    let left = facts.left_today?;
    Some(format!("At most {at_most}; {left} left today."))
}

/// `9,120`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 file`, `3 files`.
pub(super) fn counted(n: u32, one: &str, more: &str) -> String {
    format!("{} {}", grouped(u64::from(n)), if n == 1 { one } else { more })
}

/// A time to wait, never less than it is: `40 s`, `3 min`, `2 h`.
pub(super) fn seconds(ms: u64) -> String {
    match ms.div_ceil(1000) {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7199 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h", s.div_ceil(3600)),
    }
}

/// What is kept, behind "keeps" or "may keep".
pub(super) fn retention(retention: Retention) -> &'static str {
    match retention {
        Retention::Zero => "nothing",
        Retention::Limited => "what it gets for some time",
        Retention::Training => "what it gets to learn from",
    }
}
