//! What a decision was made from: numbers, words and names of providers, and neither a path nor a text, so that it may be kept with the
//! decision and decided again from there.
//!
//! [`Facts::gather`] is the only place of the router that looks at a path. Must not decide.

use std::collections::BTreeMap;

use config::{
    Budget, Cloud, Destination, Globs, Mode, Provider, Requirements, Retention, Rule, Secrets, Target, Task,
    Then, Usd,
};
use model::cloud::Health;
use serde::{Deserialize, Serialize};

use super::errand::{Choice, Errand, File, Grant, Local, World};

/// Everything that [`super::judge`] looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What is wanted.
    pub task: Task,
    /// How many files would be shown.
    pub files: u32,
    /// Tokens of the request.
    pub tokens: u32,
    /// Tokens that the answer may have.
    pub answer_tokens: u32,
    /// Secrets found, by the rule that found them.
    pub secrets: BTreeMap<String, u32>,
    /// How many of the files never leave, whatever the policy says.
    pub private: u32,
    /// How many of the files match a pattern of the policy's `never`.
    pub never: u32,
    /// A pattern of the policy can't be read.
    pub unreadable: bool,
    /// What the user wants for this one.
    pub choice: Choice,
    /// How free Hob is.
    pub mode: Mode,
    /// The user said "never" for this workspace.
    pub never_consented: bool,
    /// What is done about secrets.
    pub secrets_policy: Secrets,
    /// The first rule that speaks.
    pub rule: Option<Speaks>,
    /// The first rule that denies, whether it is the first that speaks or not: its name and line.
    pub denied: Option<(String, u32)>,
    /// What a provider has to promise: each of these.
    pub require: Vec<Requirements>,
    /// What may be spent.
    pub budget: Budget,
    /// What is left of the day's budget; `None`: nobody said.
    pub left_today: Option<Usd>,
    /// What is left of the month's.
    pub left_this_month: Option<Usd>,
    /// Why nothing can be sent at all, if so.
    pub closed: Option<String>,
    /// Nothing outside of this machine may be reached.
    pub offline: bool,
    /// The engine of this machine.
    pub local: Local,
    /// Every destination but that: those of the policy in its order, then others that a rule or the user names.
    pub candidates: Vec<Candidate>,
}

/// A rule that speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaks {
    /// Its name.
    pub name: String,
    /// Its line in the user's file, from 1.
    pub line: u32,
    /// Where it sends the request; `None`: it denies.
    pub chain: Option<Vec<Destination>>,
}

/// A model at a provider, and what is known of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which.
    pub target: Target,
    /// What the policy says of it; `None` where it names no such provider or model.
    pub terms: Option<Terms>,
    /// Whether the user agreed to send to it.
    pub consent: Option<Grant>,
    /// It is the engine that the user's configuration names for completion.
    pub is_engine: bool,
    /// Whether it can be asked; `None`: nobody said.
    pub health: Option<Health>,
    /// What it costs at most; `None`: its price is not known.
    pub at_most: Option<Usd>,
}

/// What the policy says of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Somebody runs it on hardware of their own.
    pub own_hardware: bool,
    /// Its host is one that there may be.
    pub host_allowed: bool,
    /// Tokens that fit into a request and its answer.
    pub context_tokens: u32,
    /// Where it computes.
    pub region: Option<String>,
    /// What it keeps.
    pub retention: Option<Retention>,
}

impl Facts {
    /// Looks up what bears on this request.
    pub fn gather(errand: &Errand, policy: &Cloud, world: &World) -> Self {
        let never = matching(&policy.never, &errand.files);
        let matches: Vec<_> = policy.rules.iter().map(|rule| speaks(rule, errand)).collect();
        let unreadable = never.is_none() || matches.contains(&None);
        let speaking = || policy.rules.iter().zip(&matches).filter(|(_, speaks)| **speaks == Some(true));
        let first = speaking().next().map(|(rule, _)| rule);
        let denied = speaking().find(|(rule, _)| rule.then == Then::DenyCloud);
        let gateway = world.gateway.as_ref();
        Self {
            task: errand.task,
            files: count(errand.files.len()),
            tokens: errand.tokens,
            answer_tokens: errand.answer_tokens,
            secrets: errand.secrets.clone(),
            private: count(errand.files.iter().filter(|file| is_private(file)).count()),
            never: count(never.unwrap_or_default()),
            unreadable,
            choice: errand.choice.clone(),
            mode: policy.mode,
            never_consented: world.consent.never,
            secrets_policy: policy.secrets,
            rule: first.map(|rule| Speaks {
                name: rule.name.clone(),
                line: rule.line,
                chain: match &rule.then {
                    Then::DenyCloud => None,
                    Then::Chain(chain) => Some(chain.clone()),
                },
            }),
            denied: denied.map(|(rule, _)| (rule.name.clone(), rule.line)),
            require: first.map(|rule| &rule.require).into_iter().chain([&policy.require]).cloned().collect(),
            budget: policy.budget,
            left_today: gateway.map(|snapshot| snapshot.left_today),
            left_this_month: gateway.map(|snapshot| snapshot.left_this_month),
            closed: gateway.and_then(|snapshot| snapshot.closed.clone()),
            offline: world.offline,
            local: world.local,
            candidates: targets(errand, policy, first)
                .into_iter()
                .map(|target| Candidate::look_up(target, policy, world))
                .collect(),
        }
    }

    /// How many secrets were found.
    pub fn secrets_found(&self) -> u32 {
        self.secrets.values().fold(0, |sum, found| sum.saturating_add(*found))
    }

    /// Tokens of request and answer.
    pub fn tokens_altogether(&self) -> u64 {
        u64::from(self.tokens) + u64::from(self.answer_tokens)
    }
}

impl Candidate {
    fn look_up(target: Target, policy: &Cloud, world: &World) -> Self {
        let provider = policy.provider(&target.provider);
        let provider = provider.filter(|provider| provider.models.contains(&target.model));
        let mut statuses = world.gateway.iter().flat_map(|snapshot| &snapshot.targets);
        let status = statuses.find(|status| status.target == target);
        let price = world.at_most.iter().find(|(of, _)| *of == target).map(|(_, at_most)| *at_most);
        let free = provider.filter(|provider| provider.dialect.is_own_hardware()).map(|_| Usd(0));
        let granted = world.consent.granted.iter().find(|(id, _)| *id == target.provider);
        Self {
            terms: provider.map(|provider| Terms::of(provider, policy)),
            consent: granted.map(|(_, grant)| *grant),
            // An engine has one model loaded; of several that are written down, the first.
            is_engine: provider.is_some_and(|provider| {
                world.remote_engine.as_ref() == Some(&provider.id)
                    && provider.models.first() == Some(&target.model)
            }),
            health: status.map(|status| status.health.clone()),
            // Both have to know it: who reckons here, and who will pay.
            at_most: price.or(free).filter(|_| status.is_none_or(|status| status.priced)),
            target,
        }
    }
}

impl Terms {
    fn of(provider: &Provider, policy: &Cloud) -> Self {
        let is_host = |host: &String| host.eq_ignore_ascii_case(provider.host());
        Self {
            own_hardware: provider.dialect.is_own_hardware(),
            host_allowed: policy.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(is_host)),
            context_tokens: provider.context_tokens,
            region: provider.region.clone(),
            retention: provider.retention,
        }
    }
}

/// Whether a rule speaks; `None` where that can't be said, because a pattern of it can't be read.
fn speaks(rule: &Rule, errand: &Errand) -> Option<bool> {
    let when = &rule.when;
    // Read in any case: a mistake in a rule must not wait for the request that it is about.
    let paths = matching(&when.paths, &errand.files)?;
    let in_language = |file: &File| when.languages.contains(&file.language);
    Some(
        (when.tasks.is_empty() || when.tasks.contains(&errand.task))
            && (when.paths.is_empty() || paths > 0)
            && (when.languages.is_empty() || errand.files.iter().any(in_language))
            && count(errand.files.len()) >= when.files_min
            && errand.tokens >= when.tokens_min,
    )
}

/// How many of the files match any of the patterns; `None` where one of these can't be read.
fn matching(patterns: &[String], files: &[File]) -> Option<usize> {
    if patterns.is_empty() {
        return Some(0);
    }
    let globs = Globs::new(patterns).ok()?;
    Some(files.iter().filter(|file| globs.matches(&file.path)).count())
}

/// Whether a file never leaves. The caller knows of lists that are not in the policy; the names of secrets are known here, too.
fn is_private(file: &File) -> bool {
    file.private || config::is_private(&file.path)
}

/// Every destination that is named somewhere, once.
fn targets(errand: &Errand, policy: &Cloud, rule: Option<&Rule>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let chain = match rule.map(|rule| &rule.then) {
        Some(Then::Chain(chain)) => chain.as_slice(),
        Some(Then::DenyCloud) | None => &[],
    };
    let in_chain = chain.iter().filter_map(|destination| match destination {
        Destination::Cloud(target) => Some(target.clone()),
        Destination::Local => None,
    });
    let chosen = match &errand.choice {
        Choice::Target(target) => Some(target.clone()),
        Choice::None | Choice::Local | Choice::Cloud => None,
    };
    for target in policy.targets().chain(in_chain).chain(chosen) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
