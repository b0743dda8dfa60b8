//! What a decision is made from, as whoever asks for it has it at hand.
//!
//! Must not hold text of a file. Paths end here: what is kept of a decision is [`super::Facts`], which has none.

use std::collections::BTreeMap;

use config::{Target, Task, Usd};
use model::cloud::Snapshot;
use serde::{Deserialize, Serialize};

/// One thing that is wanted of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// What.
    pub task: Task,
    /// The files that would be shown, each once, whether whole or an excerpt.
    pub files: Vec<File>,
    /// Tokens of the request altogether: instructions, words and files.
    pub tokens: u32,
    /// Tokens that the answer may have.
    pub answer_tokens: u32,
    /// Secrets found in what would be shown: the rule that found them, and how many.
    pub secrets: BTreeMap<String, u32>,
    /// What the user wants for this one.
    pub choice: Choice,
}

/// A file of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the workspace, `/` between parts; absolute where it is not in it.
    pub path: String,
    /// Its LSP identifier; empty where it has none.
    pub language: String,
    /// It never leaves, whatever the policy says, because its user excluded it. Of names of secrets that holds in any case.
    pub private: bool,
}

/// What the user wants for one request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Nothing in particular.
    #[default]
    None,
    /// That it stays on this machine.
    Local,
    /// That a provider answers, whichever.
    Cloud,
    /// That this one answers.
    Target(Target),
}

/// What holds around a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// What the gateway tells. `None`: it was not asked, so nothing is known of any provider's health or of money.
    pub gateway: Option<Snapshot>,
    /// What the request costs at most, answer included, for those whose price is known.
    pub at_most: Vec<(Target, Usd)>,
    /// What the user said when asked.
    pub consent: Consent,
    /// The engine of this machine.
    pub local: Local,
    /// The provider that the user's own configuration names for completion, by its id: `engine.remote`.
    pub remote_engine: Option<String>,
    /// Nothing outside of this machine may be reached just now.
    pub offline: bool,
}

/// What the user said when asked whether something may leave this workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Never.
    pub never: bool,
    /// To these providers, by id.
    pub granted: Vec<(String, Grant)>,
}

/// For what a consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// For this request.
    Once,
    /// For every request of this workspace.
    Workspace,
}

/// The engine of this machine, as far as it is known. The default is one that can't do anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// It fills holes, as completion needs it.
    pub fills: bool,
    /// It follows instructions, as everything else needs it.
    pub instructs: bool,
    /// Tokens that a request and its answer may have together.
    pub context_tokens: u32,
    /// Tokens that it reads in a second, as measured; 0: not measured.
    pub reads_per_s: u32,
    /// Tokens that it writes in a second, as measured; 0: not measured.
    pub writes_per_s: u32,
    /// Requests that wait before this one.
    pub queued: u32,
}
