//! Why something is not asked: one reason for each destination that was not chosen.
//!
//! Must not carry text or the path of a file: reasons go into rows and messages.

use std::fmt;

use config::{Retention, Usd};

use super::words::{counted, grouped, retention, seconds};

/// What a reason belongs to, in the order in which a destination meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// It must not get to see this.
    Privacy,
    /// It can't do this, or nothing can be said of what it would cost.
    Capability,
    /// It can't be asked just now.
    Health,
    /// There is no money for it.
    Budget,
    /// Something else was preferred.
    Preference,
}

/// Why a destination is not asked. [`Rejection::word`] is stable; [`fmt::Display`] is a clause for people that fits behind "Not x: ".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The request happens by itself while somebody types.
    Unattended,
    /// `mode` is `local-only`.
    LocalOnly,
    /// The user said "never" for this workspace.
    NeverConsented,
    /// A pattern of the policy can't be read, so what it protects is not known.
    UnreadablePattern,
    /// So many of the files are ones that never leave.
    Private(u32),
    /// So many of the files match a pattern of `never`.
    NeverFile(u32),
    /// A rule denies it.
    Denied {
        /// The rule's name.
        rule: String,
        /// Its line in the user's file, from 1.
        line: u32,
    },
    /// So many secrets were found, and they are not to be replaced.
    Secrets(u32),
    /// The configuration has no such provider, or none of its models is called so.
    Unknown,
    /// Its host is not one of those that there may be.
    Host,
    /// It has to say what it keeps, and nothing is known of it.
    RetentionUnknown,
    /// It keeps more than is allowed.
    Retention {
        /// What it keeps.
        keeps: Retention,
        /// What it may keep.
        allowed: Retention,
    },
    /// It has to say where it computes, and nothing is known of it.
    RegionUnknown,
    /// It computes in this region, which is none of those allowed.
    Region(String),

    /// The local model fills holes and can't follow instructions.
    OnlyFills,
    /// The local model can't fill holes.
    CantFill,
    /// There is no local model that can be used.
    NoModel,
    /// Request and answer have more tokens than it takes.
    TooLarge {
        /// What they have.
        tokens: u64,
        /// What it takes.
        takes: u32,
    },
    /// Nobody knows what it costs.
    Unpriced,

    /// The machine is offline.
    Offline,
    /// Nothing can be sent at all.
    Closed(String),
    /// The gateway has not said whether it can be asked.
    HealthUnknown,
    /// It failed lately.
    Resting {
        /// It is asked again in so many milliseconds.
        for_ms: u64,
        /// What happened.
        why: String,
    },
    /// Its key is missing or was refused.
    NoKey(String),

    /// It could cost more than one request may.
    OverCall {
        /// What it could cost.
        at_most: Usd,
        /// What it may.
        limit: Usd,
    },
    /// It could cost more than is left of the day's budget.
    OverDay {
        /// What it could cost.
        at_most: Usd,
        /// What is left.
        left: Usd,
    },
    /// It could cost more than is left of the month's budget.
    OverMonth {
        /// What it could cost.
        at_most: Usd,
        /// What is left.
        left: Usd,
    },

    /// The user chose something else for this one.
    NotChosen,
    /// The rule's chain does not name it.
    LeftOut,
    /// It comes behind the local model in the rule's chain.
    BehindLocal,
    /// The default table prefers something else.
    NotDefault,
    /// What was chosen comes first, and this is asked if that fails.
    Later,
}

impl Rejection {
    /// The stable name, `snake_case`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unattended => "unattended",
            Self::LocalOnly => "local_only",
            Self::NeverConsented => "never_consented",
            Self::UnreadablePattern => "unreadable_pattern",
            Self::Private(_) => "private",
            Self::NeverFile(_) => "never_file",
            Self::Denied { .. } => "denied",
            Self::Secrets(_) => "secrets",
            Self::Unknown => "unknown",
            Self::Host => "host",
            Self::RetentionUnknown => "retention_unknown",
            Self::Retention { .. } => "retention",
            Self::RegionUnknown => "region_unknown",
            Self::Region(_) => "region",
            Self::OnlyFills => "only_fills",
            Self::CantFill => "cant_fill",
            Self::NoModel => "no_model",
            Self::TooLarge { .. } => "too_large",
            Self::Unpriced => "unpriced",
            Self::Offline => "offline",
            Self::Closed(_) => "closed",
            Self::HealthUnknown => "health_unknown",
            Self::Resting { .. } => "resting",
            Self::NoKey(_) => "no_key",
            Self::OverCall { .. } => "over_call",
            Self::OverDay { .. } => "over_day",
            Self::OverMonth { .. } => "over_month",
            Self::NotChosen => "not_chosen",
            Self::LeftOut => "left_out",
            Self::BehindLocal => "behind_local",
            Self::NotDefault => "not_default",
            Self::Later => "later",
        }
    }

    /// Which gate it failed.
    pub fn gate(&self) -> Gate {
        match self {
            Self::Unattended
            | Self::LocalOnly
            | Self::NeverConsented
            | Self::UnreadablePattern
            | Self::Private(_)
            | Self::NeverFile(_)
            | Self::Denied { .. }
            | Self::Secrets(_)
            | Self::Unknown
            | Self::Host
            | Self::RetentionUnknown
            | Self::Retention { .. }
            | Self::RegionUnknown
            | Self::Region(_) => Gate::Privacy,
            Self::OnlyFills | Self::CantFill | Self::NoModel | Self::TooLarge { .. } | Self::Unpriced => {
                Gate::Capability
            }
            Self::Offline | Self::Closed(_) | Self::HealthUnknown | Self::Resting { .. } | Self::NoKey(_) => {
                Gate::Health
            }
            Self::OverCall { .. } | Self::OverDay { .. } | Self::OverMonth { .. } => Gate::Budget,
            Self::NotChosen | Self::LeftOut | Self::BehindLocal | Self::NotDefault | Self::Later => {
                Gate::Preference
            }
        }
    }

    /// The one thing that mends it, as an advice; `None` where the reason brings its own, or it is only a matter of order.
    pub fn mend(&self) -> Option<String> {
        Some(match self {
            Self::LocalOnly => {
                "`cloud.mode = \"ask\"` in your own config.toml, if nobody else says local-only".to_owned()
            }
            Self::NeverConsented => "take back what you said for this workspace".to_owned(),
            Self::UnreadablePattern => "mend the pattern that Hob complains of".to_owned(),
            Self::Private(_) | Self::NeverFile(_) => "ask without it".to_owned(),
            Self::Secrets(_) => "take them out".to_owned(),
            Self::Unknown => "name it in your own config.toml".to_owned(),
            Self::RetentionUnknown => "say what it keeps: its `retention` in your own config.toml".to_owned(),
            Self::RegionUnknown => "say where it computes: its `region` in your own config.toml".to_owned(),
            Self::Unattended => "ask for it by an action".to_owned(),
            Self::Denied { .. } => "change the rule if it is not meant for this".to_owned(),
            Self::Host => "add its host where `cloud.hosts` is set".to_owned(),
            Self::Retention { .. } => "choose a provider that keeps less".to_owned(),
            Self::Region(_) => "choose a provider in a region that is allowed".to_owned(),
            Self::OnlyFills | Self::CantFill | Self::NoModel => {
                "name a provider for it in your own config.toml".to_owned()
            }
            Self::TooLarge { .. } => "ask with less".to_owned(),
            Self::Unpriced => "put its price into your own config.toml".to_owned(),
            Self::Offline => "ask again when there is a network".to_owned(),
            Self::HealthUnknown => "ask again".to_owned(),
            Self::Resting { for_ms, .. } => format!("ask again in {}", seconds(*for_ms)),
            Self::OverCall { .. } => {
                "ask with less, or raise `budget.per_call_usd` in your own config.toml".to_owned()
            }
            Self::OverDay { .. } => {
                "ask tomorrow, or raise `budget.day_usd` in your own config.toml".to_owned()
            }
            Self::OverMonth { .. } => "raise `budget.month_usd` in your own config.toml".to_owned(),
            Self::LeftOut => "add it to the chain of the rule".to_owned(),
            Self::NotChosen => "choose something else".to_owned(),
            Self::NotDefault | Self::BehindLocal => "choose it for this one".to_owned(),
            Self::Closed(_) | Self::NoKey(_) | Self::Later => return None,
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unattended => "what happens while you type never leaves",
            Self::LocalOnly => "`cloud.mode` is local-only",
            Self::NeverConsented => "you said never for this workspace",
            Self::UnreadablePattern => "a pattern of the policy can't be read, so nothing leaves",
            Self::Private(1) => "one of the files is private",
            Self::Private(files) => return write!(f, "{files} of the files are private"),
            Self::NeverFile(1) => "one of the files never leaves",
            Self::NeverFile(files) => return write!(f, "{files} of the files never leave"),
            Self::Denied { rule, line } => return write!(f, "rule {rule:?} (config.toml:{line}) denies it"),
            Self::Secrets(found) => {
                return write!(f, "{} found", counted(*found, "secret was", "secrets were"));
            }
            Self::Unknown => "your configuration has no such model",
            Self::Host => "its host is not allowed",
            Self::RetentionUnknown => "it is not known what it keeps",
            Self::Retention { keeps, allowed } => {
                return write!(f, "it keeps {}, and may keep {}", retention(*keeps), retention(*allowed));
            }
            Self::RegionUnknown => "it is not known where it computes",
            Self::Region(region) => return write!(f, "it computes in {region:?}, which is not allowed"),
            Self::OnlyFills => "the local model fills holes and can't follow instructions",
            Self::CantFill => "the local model can't fill holes",
            Self::NoModel => "there is no local model that can be used",
            Self::TooLarge { tokens, takes } => {
                let [tokens, takes] = [grouped(*tokens), grouped(u64::from(*takes))];
                return write!(f, "it takes {takes} tokens, and this has {tokens} with its answer");
            }
            Self::Unpriced => "its price is not known",
            Self::Offline => "this machine is offline",
            Self::HealthUnknown => "it is not known whether it can be asked",
            Self::Resting { for_ms, why } => return write!(f, "{why}; it rests for {}", seconds(*for_ms)),
            Self::Closed(why) | Self::NoKey(why) => why,
            Self::OverCall { at_most, limit } => {
                return write!(f, "it could cost {at_most}, and one request may cost {limit}");
            }
            Self::OverDay { at_most, left } => {
                return write!(f, "it could cost {at_most}, and {left} is left today");
            }
            Self::OverMonth { at_most, left } => {
                return write!(f, "it could cost {at_most}, and {left} is left this month");
            }
            Self::NotChosen => "you chose otherwise",
            Self::LeftOut => "the rule leaves it out",
            Self::BehindLocal => "local comes before it",
            Self::NotDefault => "neither you nor a rule asked for it",
            Self::Later => "it is asked if the others fail",
        })
    }
}
