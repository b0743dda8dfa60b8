//! The part of a policy that only ever tightens, and what two of them forbid together.
//!
//! Must not know where a restriction comes from. Whatever is added here must keep to the one law: what two restrict is no freer than
//! what either of them leaves, in whichever order they are met.

use serde::{Deserialize, Serialize};

use crate::{Budget, Cloud, Mode, Provider, Requirements, Secrets, Usd};

/// What a window's repository and editor, or an organisation, forbid besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// No freer than this.
    pub mode: Mode,
    /// These never leave either.
    pub never: Vec<String>,
    /// No hosts but these.
    pub hosts: Option<Vec<String>>,
    /// Providers have to promise this too.
    pub require: Requirements,
    /// No laxer than this.
    pub secrets: Secrets,
    /// What looks like this is a secret too.
    pub secret_patterns: Vec<String>,
    /// No more than this.
    pub budget: Budget,
}

impl Restriction {
    /// Forbids nothing.
    pub const NONE: Self = Self {
        mode: Mode::Auto,
        never: Vec::new(),
        hosts: None,
        require: Requirements { retention: None, regions: None },
        secrets: Secrets::Redact,
        secret_patterns: Vec::new(),
        budget: Budget { per_call: Usd(u64::MAX), day: Usd(u64::MAX), month: Usd(u64::MAX) },
    };

    /// What is forbidden by either. Lists come out sorted, each entry once, so that it is one value whoever is met first.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            mode: self.mode.min(other.mode),
            never: sorted(self.never.iter().chain(&other.never)),
            hosts: common(self.hosts.as_deref(), other.hosts.as_deref()),
            require: self.require.and(&other.require),
            secrets: self.secrets.min(other.secrets),
            secret_patterns: sorted(self.secret_patterns.iter().chain(&other.secret_patterns)),
            budget: Budget {
                per_call: self.budget.per_call.min(other.budget.per_call),
                day: self.budget.day.min(other.budget.day),
                month: self.budget.month.min(other.budget.month),
            },
        }
    }
}

impl Requirements {
    /// What is required by either.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            retention: [self.retention, other.retention].into_iter().flatten().min(),
            regions: common(self.regions.as_deref(), other.regions.as_deref()),
        }
    }

    /// Whether a provider promises all of it. What is not known of it is not promised.
    pub fn are_met_by(&self, provider: &Provider) -> bool {
        let keeps_little =
            self.retention.is_none_or(|most| provider.retention.is_some_and(|kept| kept <= most));
        let lies_within = self
            .regions
            .as_ref()
            .is_none_or(|these| provider.region.as_ref().is_some_and(|region| these.contains(region)));
        keeps_little && lies_within
    }
}

impl Cloud {
    /// The part of it that tightens.
    pub fn restriction(&self) -> Restriction {
        Restriction {
            mode: self.mode,
            never: sorted(&self.never),
            hosts: common(self.hosts.as_deref(), None),
            require: self.require.and(&Requirements::default()),
            secrets: self.secrets,
            secret_patterns: sorted(&self.secret_patterns),
            budget: self.budget,
        }
    }

    /// The same policy, with more forbidden.
    #[must_use]
    pub fn restricted(self, by: &Restriction) -> Self {
        let Restriction { mode, never, hosts, require, secrets, secret_patterns, budget } =
            self.restriction().and(by);
        Self { mode, never, hosts, require, secrets, secret_patterns, budget, ..self }
    }

    /// Whether it is `other`, or `other` with more forbidden.
    pub fn is_no_freer_than(&self, other: &Self) -> bool {
        let lists_sorted = self.clone().restricted(&Restriction::NONE);
        lists_sorted == other.clone().restricted(&self.restriction())
    }

    /// Whether anything may be sent to a provider at all: by the mode, its host and what it promises.
    pub fn may_reach(&self, provider: &Provider) -> bool {
        self.mode > Mode::LocalOnly
            && self.hosts.as_ref().is_none_or(|these| these.iter().any(|host| host == provider.host()))
            && self.require.are_met_by(provider)
    }
}

/// In order, each once.
fn sorted<'a>(items: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut items: Vec<_> = items.into_iter().cloned().collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// What is in both lists; a list that is absent holds everything, and an empty one nothing.
fn common(one: Option<&[String]>, other: Option<&[String]>) -> Option<Vec<String>> {
    match (one, other) {
        (None, None) => None,
        (Some(list), None) | (None, Some(list)) => Some(sorted(list)),
        (Some(one), Some(other)) => Some(sorted(one.iter().filter(|item| other.contains(item)))),
    }
}
