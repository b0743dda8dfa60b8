//! What may leave the machine, for whom, to where and for how much: the policy as the code uses it.
//!
//! Must not decide anything about a request: `assist` decides, and the gateway enforces. Must not know how a policy is written.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is asked of a model, and what rules, rows and ledgers call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Ghost text.
    Inline,
    /// The completion popup.
    Popup,
    /// Explain a selection.
    Explain,
    /// Write documentation.
    Document,
    /// Write what a signature or a comment announces.
    Implement,
    /// Write tests.
    Tests,
    /// Mend what a diagnostic complains of.
    Fix,
    /// Word a commit message.
    CommitMessage,
    /// Summarise a file.
    Summary,
    /// Answer a question.
    Question,
    /// Change a selection by an instruction.
    Refactor,
    /// Change several files by an instruction.
    RefactorAcross,
    /// Explain with other files in view.
    ExplainAcross,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 13] = [
        Self::Inline,
        Self::Popup,
        Self::Explain,
        Self::Document,
        Self::Implement,
        Self::Tests,
        Self::Fix,
        Self::CommitMessage,
        Self::Summary,
        Self::Question,
        Self::Refactor,
        Self::RefactorAcross,
        Self::ExplainAcross,
    ];

    /// The word for it in a rule, a row and a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Popup => "popup",
            Self::Explain => "explain",
            Self::Document => "document",
            Self::Implement => "implement",
            Self::Tests => "tests",
            Self::Fix => "fix",
            Self::CommitMessage => "commit-message",
            Self::Summary => "summary",
            Self::Question => "question",
            Self::Refactor => "refactor",
            Self::RefactorAcross => "refactor-across",
            Self::ExplainAcross => "explain-across",
        }
    }

    /// Whether it happens by itself while somebody types: nobody reviewed what would leave.
    pub fn is_unattended(self) -> bool {
        matches!(self, Self::Inline | Self::Popup)
    }
}

/// An amount of money: whole nano-dollars (10⁻⁹ US dollars), so that sums are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Usd(pub u64);

impl Usd {
    /// One dollar, in nano-dollars.
    pub const DOLLAR: u64 = 1_000_000_000;

    /// The sum, or the most that can be said.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left; nothing where `other` is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl FromStr for Usd {
    type Err = &'static str;

    /// Reads decimal dollars, `0.25`: digits, and at most nine behind the point.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "an amount in dollars, such as \"0.25\"";
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 9 {
            return Err(SHAPE);
        }
        let whole: u64 = whole.parse().map_err(|_| SHAPE)?;
        let part: u64 = format!("{part:0<9}").parse().map_err(|_| SHAPE)?;
        whole.checked_mul(Self::DOLLAR).and_then(|nanos| nanos.checked_add(part)).map(Self).ok_or(SHAPE)
    }
}

impl fmt::Display for Usd {
    /// Dollars with two places at least, and as many more as it takes for two digits that say something: `$1.20`, `$0.0034`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / Self::DOLLAR, self.0 % Self::DOLLAR);
        let digits = format!("{part:09}");
        let zeros = digits.bytes().take_while(|byte| *byte == b'0').count();
        let places = if whole > 0 || part == 0 { 2 } else { (zeros + 2).clamp(2, 9) };
        write!(f, "${whole}.{}", &digits[..places])
    }
}

/// A model at a provider. Written `provider/model`; a provider's id has no slash in it, a model's name may.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The id of a [`Provider`].
    pub provider: String,
    /// What the provider calls the model.
    pub model: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Ok(Self { provider: provider.into(), model: model.into() })
            }
            _ => Err("a model at a provider, such as \"anthropic/claude-sonnet-5\""),
        }
    }
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Destination {
    /// The engine of this machine.
    Local,
    /// A provider.
    Cloud(Target),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Cloud(target) => target.fmt(f),
        }
    }
}

impl FromStr for Destination {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "local" { Ok(Self::Local) } else { text.parse().map(Self::Cloud) }
    }
}

/// Types that are one text in a file, a frame and a row.
macro_rules! as_text {
    ($($Type:ident),*) => {$(
        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}
as_text!(Target, Destination);

/// How free Hob is to send. The stricter of two is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is sent.
    LocalOnly,
    /// What the rules allow is sent once the user has agreed, for this time or for this workspace.
    Ask,
    /// What the rules allow is sent.
    Auto,
}

/// What a provider does with what it was sent, as its user knows it. The stricter is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retention {
    /// It keeps nothing.
    Zero,
    /// It keeps it for some time, for abuse and faults.
    Limited,
    /// It may learn from it.
    Training,
}

/// A provider's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `/v1/chat/completions` and `/v1/completions` as `OpenAI` has them, and many others.
    Openai,
    /// `/v1/messages`.
    Anthropic,
    /// `:streamGenerateContent`.
    Gemini,
    /// llama.cpp's own server: its chat, and `/completion` with token arrays.
    LlamaServer,
    /// `/api/chat`, lines of JSON.
    Ollama,
    /// `OpenAI`'s, and `/v1/completions` with token arrays.
    Vllm,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 6] =
        [Self::Openai, Self::Anthropic, Self::Gemini, Self::LlamaServer, Self::Ollama, Self::Vllm];

    /// Whether it is an engine that somebody runs on hardware of their own, where a request has no price.
    pub fn is_own_hardware(self) -> bool {
        matches!(self, Self::LlamaServer | Self::Ollama | Self::Vllm)
    }
}

/// Where a provider's key is found; never the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeySource {
    /// An environment variable's name.
    Env(String),
    /// An account under the service `hob` in the system's keyring.
    Keyring(String),
    /// A file that only its user can read (mode 0600); `~` is the home folder.
    File(String),
}

/// Where requests may go, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in rules, rows and ledgers; no slash.
    pub id: String,
    /// How it is spoken to.
    pub dialect: Dialect,
    /// `https://host[:port][/path]` without a slash at the end; `http` only for this machine itself.
    pub base_url: String,
    /// Where its key is; `None` where it needs none.
    pub key: Option<KeySource>,
    /// The models that may be used, the preferred one first.
    pub models: Vec<String>,
    /// Tokens that fit into a request and its answer.
    pub context_tokens: u32,
    /// Where it computes, in its user's own word (`eu`), in lower case.
    pub region: Option<String>,
    /// What it keeps.
    pub retention: Option<Retention>,
}

impl Provider {
    /// Scheme, host and port: what a key and a consent are bound to.
    pub fn origin(&self) -> &str {
        let after = self.base_url.find("://").map_or(0, |at| at + 3);
        let end = self.base_url[after..].find('/').map_or(self.base_url.len(), |at| after + at);
        &self.base_url[..end]
    }

    /// The host's name, without its port.
    pub fn host(&self) -> &str {
        let authority = self.origin().split_once("://").map_or("", |(_, rest)| rest);
        match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((ipv6, _)) => ipv6,
            None => authority.split_once(':').map_or(authority, |(host, _)| host),
        }
    }
}

/// What a provider has to promise before something is sent there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// It keeps no more than this.
    pub retention: Option<Retention>,
    /// It computes in one of these regions; `None`: anywhere. None at all: nowhere, for nobody can promise that.
    pub regions: Option<Vec<String>>,
}

/// When a rule speaks. What is empty or absent holds for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// One of these tasks.
    pub tasks: Vec<Task>,
    /// Any file of the request matches one of these patterns.
    pub paths: Vec<String>,
    /// Any file of the request is in one of these languages, by LSP identifier.
    pub languages: Vec<String>,
    /// At least so many files.
    pub files_min: u32,
    /// At least so many tokens.
    pub tokens_min: u32,
}

/// What follows when a rule speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// This request never leaves, whatever other rules say.
    DenyCloud,
    /// These, in this order, as far as nothing forbids them.
    Chain(Vec<Destination>),
}

/// One of the user's rules; the first that speaks decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called in an explanation.
    pub name: String,
    /// When it speaks.
    pub when: When,
    /// What follows.
    pub then: Then,
    /// What is asked of a provider besides.
    pub require: Requirements,
    /// The line it begins in, in the user's file, from 1.
    pub line: u32,
}

/// What may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// On one request, retries included.
    pub per_call: Usd,
    /// On one day (UTC).
    pub day: Usd,
    /// In one month (UTC).
    pub month: Usd,
}

/// How long a provider may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the first token.
    pub first_token: Duration,
    /// Between two tokens.
    pub idle: Duration,
    /// For everything, all attempts together.
    pub total: Duration,
    /// Attempts at most, at all providers together.
    pub attempts: u32,
}

/// What a model costs. Amounts are for a million tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Tokens of the request.
    pub input: Usd,
    /// Tokens of the request that the provider had in its cache.
    pub cached_input: Usd,
    /// Tokens of the answer.
    pub output: Usd,
    /// The day that this was so, `2026-11-01`.
    pub as_of: String,
    /// Where that was read.
    pub source: String,
}

/// What is done about a secret in an admitted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrets {
    /// The request does not leave.
    Refuse,
    /// A placeholder takes its place.
    Redact,
}

/// What may leave the machine; see the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// How free Hob is.
    pub mode: Mode,
    /// Where requests may go.
    pub providers: Vec<Provider>,
    /// What goes where; the first that speaks.
    pub rules: Vec<Rule>,
    /// Patterns of files that never leave, as in a `.gitignore` at the workspace's root.
    pub never: Vec<String>,
    /// The only hosts there may be, in lower case; `None`: those of the providers.
    pub hosts: Option<Vec<String>>,
    /// What every provider has to promise.
    pub require: Requirements,
    /// What is done about secrets.
    pub secrets: Secrets,
    /// What looks like this is a secret too: see [`crate::secret_pattern`].
    pub secret_patterns: Vec<String>,
    /// What may be spent.
    pub budget: Budget,
    /// How long a provider may take.
    pub limits: Limits,
    /// The user's own prices, which go before the bundled ones.
    pub prices: Vec<(Target, Price)>,
}

impl Cloud {
    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// Every model that may be used, in the order in which they are written.
    pub fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        self.providers.iter().flat_map(|provider| {
            let target = |model: &String| Target { provider: provider.id.clone(), model: model.clone() };
            provider.models.iter().map(target)
        })
    }
}

impl Default for Cloud {
    /// What holds when nobody wrote anything: nothing leaves.
    fn default() -> Self {
        crate::Config::default().cloud
    }
}
