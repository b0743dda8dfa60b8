//! What a window and its gateway say to one another: a request for a provider, its exact bytes before they are sent, the answer as it
//! comes, and what it cost.
//!
//! Frames are those of [`crate::wire`]. Must not know a provider's protocol: requests are structure here, bytes are the gateway's.

use std::collections::BTreeMap;

use config::{Target, Task, Usd};
use serde::{Deserialize, Serialize};

use crate::wire::RequestId;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// A piece of what is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Words.
    Text(String),
    /// A file or an excerpt of one. Whatever stands in it is data: it is put between fences that it can't close.
    File {
        /// Relative to the workspace, `/` between parts.
        path: String,
        /// UTF-8.
        text: String,
    },
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part>,
}

/// What is asked of an instruct model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Why.
    pub task: Task,
    /// How the model is to answer; words of Hob's own.
    pub system: String,
    /// The conversation so far; the last turn is the user's.
    pub turns: Vec<Turn>,
    /// End the answer after this many tokens.
    pub max_tokens: u32,
}

impl Ask {
    /// The paths and texts of its files, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match part {
            Part::File { path, text } => Some((path.as_str(), text.as_str())),
            Part::Text(_) => None,
        })
    }
}

/// Why a request goes where it goes, for the ledger: words and numbers, never text of a file and never a path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The sentence.
    pub why: String,
    /// The rule that spoke; `None`: the default table.
    pub rule: Option<String>,
    /// Its line in the user's file, from 1; 0 without a rule.
    pub rule_line: u32,
    /// What was not chosen, and why.
    pub rejected: Vec<(String, String)>,
    /// What was decided by, as JSON: counts, sizes, speeds.
    pub inputs: String,
}

/// What a provider says of the tokens of one answer. `None`: it did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of the request, cached ones included.
    pub input: Option<u64>,
    /// Of those, the ones that the provider had in its cache.
    pub cached_input: Option<u64>,
    /// Of the answer, thinking included.
    pub output: Option<u64>,
    /// Of those, thinking.
    pub reasoning: Option<u64>,
}

/// Whether a model at a provider can be asked just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Health {
    /// It can.
    Ready,
    /// It failed lately; it is asked again in so many milliseconds.
    Resting {
        /// From now.
        for_ms: u64,
        /// What happened.
        why: String,
    },
    /// One request may try it.
    Probing,
    /// Its key is missing or was refused: nothing changes until the key or the configuration does.
    NoKey {
        /// What to do.
        why: String,
    },
}

impl Health {
    /// Whether a user's request may try it.
    pub fn may_try(&self) -> bool {
        matches!(self, Self::Ready | Self::Probing)
    }
}

/// One model at a provider, as the gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetStatus {
    /// Which.
    pub target: Target,
    /// Whether it can be asked.
    pub health: Health,
    /// Whether its price is known, so that it may be asked.
    pub priced: bool,
    /// What the request that was looked at costs at most; `None` where there was none, or no price.
    pub at_most: Option<Usd>,
}

/// What the router needs to know of the world outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every model of every provider.
    pub targets: Vec<TargetStatus>,
    /// Left of the day's budget, reservations taken off.
    pub left_today: Usd,
    /// Left of the month's.
    pub left_this_month: Usd,
    /// Why nothing can be sent at all, if so: a ledger that can't be written.
    pub closed: Option<String>,
    /// Secrets in the request that was looked at: the rules that found them, and how many each.
    pub secrets: BTreeMap<String, u32>,
}

/// The exact bytes of one request, as they would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// To whom.
    pub target: Target,
    /// `POST` to this URL.
    pub url: String,
    /// The names and values of its headers. In place of the key stands where it is found.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// SHA-256 of the body, in hexadecimal.
    pub sha256: String,
    /// Tokens that the request has, at most.
    pub input_tokens: u64,
    /// What it costs if the answer is as long as it may be.
    pub at_most: Usd,
    /// Says that prices are old, where they are.
    pub price_note: Option<String>,
}

/// A secret that was replaced; never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// The rule that found it.
    pub rule: String,
    /// In which file; empty for words outside of files.
    pub path: String,
    /// On which line of what is sent of it, from 1.
    pub line: u32,
}

/// Characters that nobody sees, and how many of each there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// Marks, embeddings, overrides and isolates of directional text: a line with them reads otherwise than it is.
    pub bidi: u32,
    /// Characters without a width.
    pub zero_width: u32,
    /// Tag characters, U+E0000 to U+E007F, in which an instruction can be written invisibly. They are not sent.
    pub tags: u32,
}

impl Hidden {
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// A request that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The decision's name in the ledger: what `hob why` takes.
    pub decision: String,
    /// Its bytes for each destination, in the order in which they are tried.
    pub previews: Vec<Preview>,
    /// What was taken out.
    pub redactions: Vec<Redaction>,
    /// What the request holds, as it came, that its reader would not see.
    pub hidden: Hidden,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// The model was done.
    Whole,
    /// It was as long as it may be.
    Length,
    /// The stream broke off: what is there is the beginning of an answer.
    Truncated {
        /// Why.
        why: String,
    },
    /// The provider held the answer back.
    Withheld {
        /// In its words.
        why: String,
    },
    /// The user took the request back.
    Cancelled,
}

/// An answer that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who answered.
    pub by: Target,
    /// How it ended.
    pub ending: Ending,
    /// What was counted.
    pub tokens: Tokens,
    /// What it cost.
    pub cost: Usd,
    /// Whether the cost was reckoned from what was received, because the provider did not say.
    pub estimated: bool,
    /// Milliseconds to the first text; `None`: there was none.
    pub first_ms: Option<u64>,
    /// Milliseconds altogether.
    pub total_ms: u64,
}

/// Why there is no answer. The text is for people: what is wrong, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{why}")]
pub struct Refused {
    /// The sentence.
    pub why: String,
    /// Whether another destination could still answer: nothing was refused on principle, and no text had come.
    pub elsewhere: bool,
}

/// From a window to its gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToGateway {
    /// The first frame.
    Hello {
        /// [`crate::wire::PROTOCOL`].
        protocol: u32,
        /// The window's version and build.
        build: String,
    },
    /// What the window's repository and editor forbid besides; replaces what it said before.
    Restrict(Box<config::Restriction>),
    /// Ask for a [`FromGateway::Snapshot`].
    Look {
        /// The request that is thought of; nothing is sent of it.
        ask: Option<Box<Ask>>,
    },
    /// Make the bytes. Answered by [`FromGateway::Prepared`].
    Prepare {
        /// Chosen by the window, never reused; the same number sends, cancels and drops.
        id: RequestId,
        /// The workspace's folder, of which nothing but a hash is written down; empty where there is none.
        workspace: String,
        /// What is asked.
        ask: Box<Ask>,
        /// Whom, in this order.
        chain: Vec<Target>,
        /// Why.
        decided: Box<Decided>,
    },
    /// Send what was prepared. Answered by chunks and one [`FromGateway::Done`].
    Send {
        /// Which.
        id: RequestId,
    },
    /// What was prepared or is being answered is not wanted any more. A request on its way still ends with its `Done`.
    Cancel {
        /// Which.
        id: RequestId,
    },
}

/// From a gateway to its window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromGateway {
    /// The first frame.
    Hello {
        /// [`crate::wire::PROTOCOL`].
        protocol: u32,
        /// The gateway's version and build.
        build: String,
    },
    /// The answer to [`ToGateway::Look`].
    Snapshot(Box<Snapshot>),
    /// The answer to [`ToGateway::Prepare`].
    Prepared {
        /// Of which request.
        id: RequestId,
        /// What would be sent, or why nothing is.
        result: Result<Box<Prepared>, Refused>,
    },
    /// Another destination is tried, before any text has come.
    Turned {
        /// Of which request.
        id: RequestId,
        /// Where to.
        to: Target,
        /// Why.
        why: String,
    },
    /// The next piece of an answer, placeholders already replaced by what they stand for.
    Chunk {
        /// Of which request.
        id: RequestId,
        /// Whole UTF-8 characters.
        text: String,
    },
    /// The one end of each [`ToGateway::Send`].
    Done {
        /// Of which request.
        id: RequestId,
        /// How it ended.
        result: Result<Box<Answered>, Refused>,
    },
}
