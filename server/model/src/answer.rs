//! What comes back: chunks of text through a [`Sink`], then exactly one [`Finish`] or [`ModelError`].
//!
//! Must not hold text of a document beyond the chunk that is being handed over.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

/// Receives the answer piece by piece. Stop rules, streaming to a terminal and type-through are all sinks.
pub trait Sink {
    /// Takes the next piece, whole UTF-8 characters. `Break` ends the decode: nothing more is wanted.
    fn chunk(&mut self, text: &str) -> ControlFlow<()>;
}

impl<F: FnMut(&str) -> ControlFlow<()>> Sink for F {
    fn chunk(&mut self, text: &str) -> ControlFlow<()> {
        self(text)
    }
}

/// Why a decode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The model itself said that the middle is complete.
    EndOfText,
    /// A line break where one line was asked for.
    Line,
    /// `max_tokens`, or the end of the context.
    Length,
    /// The sink had enough.
    Sink,
    /// A `Cancel`, a newer request for the same session, or for [`crate::Kind::Ahead`] any request.
    Cancelled,
    /// A [`crate::Kind::Prefill`] is done: nothing was decoded.
    Prefilled,
}

/// Counts and times of one answer. Times are milliseconds on the answering side, from the arrival of the request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Tokens of the whole prompt, reused ones included.
    pub prompt_tokens: u32,
    /// Prompt tokens that had to be evaluated: those not found in the KV cache.
    pub evaluated_tokens: u32,
    /// Prompt tokens that were evaluated for this document since its last answer while nobody asked: the engine moves the beginning of
    /// the middle when it is idle.
    #[serde(default)]
    pub background_tokens: u32,
    /// Time that laying the prompt out took: tokenizing what is new, budgets, healing.
    #[serde(default)]
    pub prompt_ms: f64,
    /// Tokens decoded, token healing included.
    pub decoded_tokens: u32,
    /// Of those, tokens that were drafted and so evaluated together with the one before.
    #[serde(default)]
    pub drafted_tokens: u32,
    /// Time until the first token beyond the cursor was decoded; `None` if there was none.
    pub ttft_ms: Option<f64>,
    /// Time that choosing tokens took: the mixture of the model with the text around, without the model.
    #[serde(default)]
    pub choosing_ms: f64,
    /// Mean time of the decode steps that evaluated one token: what the model and the machine cost, without the text. `None` if there
    /// was no such step.
    #[serde(default)]
    pub step_ms: Option<f64>,
    /// Time from the moment that said "stop" to the end of the decode it stopped; `None` if nothing had to be stopped.
    #[serde(default)]
    pub cancel_ms: Option<f64>,
    /// Time until the answer ended.
    pub total_ms: f64,
    /// Time spent waiting for other requests before this one began.
    pub queued_ms: f64,
    /// Mean log-probability (natural) of the decoded tokens that reach beyond the cursor, the first one's given what was typed: how sure
    /// the model is of what it adds. 0 if there were none.
    pub mean_logprob: f64,
    /// How probable it is, by the engine's own reckoning, that the first line of the answer is exactly what belongs there: 0 to 1.
    #[serde(default)]
    pub confidence: f64,
}

/// The end of an answer that did not fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// Why it ended.
    pub stop: Stop,
    /// What it cost.
    pub stats: Stats,
    /// What the model was shown.
    #[serde(default)]
    pub shown: Shown,
}

/// What of a request's text its prompt holds. Counts are tokens; those of the parts add up to the prompt's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Text before the place where the middle begins; in a layout without an anchor what is typed is part of it.
    pub before: u32,
    /// What is typed behind the anchor.
    pub typed: u32,
    /// Text after the cursor.
    pub after: u32,
    /// What is shown from elsewhere, with the paths that announce it.
    pub elsewhere: u32,
    /// What holds the parts together: special tokens, and the path of the file itself.
    pub frame: u32,
    /// The excerpts of the request's blocks, in their order. For those that are missing at the end there was no room. Empty where the
    /// model was shown something else than these blocks.
    pub excerpts: Vec<ShownExcerpt>,
    /// Whether only a little around the cursor was shown, so that the answer comes at once, and nothing from elsewhere.
    pub glance: bool,
    /// Whether what is shown from elsewhere are blocks of an earlier request, because the newer ones were not read yet.
    pub dated: bool,
}

/// How much of one excerpt a prompt holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownExcerpt {
    /// Its tokens in the prompt; the path that announces a block counts with its first excerpt.
    pub tokens: u32,
    /// Whether there was no room for all of it.
    pub cut: bool,
}

/// What a loaded model is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// A short name for people: `ember`, or the file's stem.
    pub name: String,
    /// The FIM family whose layout and tokens are used, for example `qwen`.
    pub family: String,
    /// Tokens that fit into one prompt and its answer.
    pub context_tokens: u32,
    /// Bytes of weights.
    pub bytes: u64,
    /// Milliseconds that loading and warming took.
    pub load_ms: u64,
}

/// Why there is no answer. Each variant's text is a sentence for people: what is wrong, where, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code", content = "detail")]
pub enum ModelError {
    /// The model is still being loaded.
    #[error("the model is still loading")]
    Loading,
    /// The model can't be used at all; the text names the file and what to do.
    #[error("{0}")]
    Unusable(String),
    /// The engine process is not there, or went away while it held the request.
    #[error("the engine stopped: {0}")]
    EngineGone(String),
    /// The request itself can't be answered; the next one may be.
    #[error("the model could not answer: {0}")]
    Failed(String),
}
