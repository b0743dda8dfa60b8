//! What is said to a host that computes for a team, and how its answers are read: bodies and events, without I/O.
//!
//! Must not open a socket and must not decide what is asked. Whatever a host says is checked before it is believed: it is another machine.

mod llama_server;
mod vllm;

use model::Stop;
use prompt::Token;
use serde_json::Value;

/// A hole as a host is asked to fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fill<'p> {
    /// The prompt.
    pub(super) tokens: &'p [Token],
    /// Bytes that the answer has to begin with: what healing took back.
    pub(super) begins: &'p [u8],
    /// Tokens to decode at most; 0: only read the prompt.
    pub(super) most: usize,
    /// The host's slot that the prompt is to be read in, whoever waits for it; `None`: the host's choice.
    pub(super) slot: Option<u32>,
}

/// What came of reading a prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// Tokens that were evaluated for it.
    pub(super) evaluated: u32,
    /// The slot that holds it.
    pub(super) slot: Option<u32>,
}

/// What a host says of its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// A short name for people, and for recognising its family.
    pub(super) name: String,
    /// Tokens of a prompt and its answer.
    pub(super) context: u32,
    /// Entries of its vocabulary; `None`: it does not say.
    pub(super) vocabulary: Option<usize>,
    /// Bytes of its weights, 0 where it does not say.
    pub(super) bytes: u64,
    /// The texts of tokens that end a text.
    pub(super) ends: Vec<String>,
    /// Changes when another model is served.
    pub(super) identity: String,
}

/// One token of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Said {
    /// Which, if the host says so.
    pub(super) token: Option<Token>,
    /// What it stands for.
    pub(super) bytes: Vec<u8>,
    /// The logarithm of how probable it was among all tokens.
    pub(super) logprob: Option<f64>,
    /// The likeliest tokens at its place, itself perhaps among them, and the logarithms of their probabilities.
    pub(super) likeliest: Vec<(Vec<u8>, f64)>,
}

/// What an event of an answer says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// The next token.
    Said(Said),
    /// Tokens of the prompt that the host evaluated for it, the others it still had.
    Evaluated(u32),
    /// Milliseconds that a decode step takes.
    Step(f64),
    /// It is over.
    Ended(Stop),
}

/// A text in tokens, each with the bytes that it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pieces(pub(super) Vec<(Token, Vec<u8>)>);

/// What came is not what was asked for; in words, without the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strange(pub(super) &'static str);

/// Which of the hosts' languages is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speech {
    /// llama.cpp's server.
    LlamaServer,
    /// vLLM, and the model's name there.
    Vllm(String),
}

impl Speech {
    /// Where a host is asked for the tokens of a user's text, and the body.
    pub(super) fn tokenize(&self, text: &str) -> (&'static str, Value) {
        match self {
            Self::LlamaServer => ("/tokenize", llama_server::tokenize(text, false, false)),
            Self::Vllm(model) => ("/tokenize", vllm::tokenize(model, text, false)),
        }
    }

    /// The same for names of special tokens; `begins`: with the token that a prompt begins with, if the model wants one.
    pub(super) fn tokenize_names(&self, names: &str, begins: bool) -> (&'static str, Value) {
        match self {
            Self::LlamaServer => ("/tokenize", llama_server::tokenize(names, true, begins)),
            Self::Vllm(model) => ("/tokenize", vllm::tokenize(model, names, begins)),
        }
    }

    /// The same for several texts at once, with `between` after each; `None` where a host takes one at a time.
    pub(super) fn tokenize_all(&self, texts: &[&str], between: Token) -> Option<(&'static str, Value)> {
        match self {
            Self::LlamaServer => Some(("/tokenize", llama_server::tokenize_all(texts, between))),
            Self::Vllm(_) => None,
        }
    }

    /// The answer to either.
    pub(super) fn pieces(&self, answer: &Value) -> Result<Pieces, Strange> {
        match self {
            Self::LlamaServer => llama_server::pieces(answer),
            Self::Vllm(_) => vllm::pieces(answer),
        }
    }

    /// Where a hole is filled, and the body.
    pub(super) fn fill(&self, fill: &Fill<'_>) -> (&'static str, Value) {
        match self {
            Self::LlamaServer => ("/completion", llama_server::fill(fill)),
            Self::Vllm(model) => ("/v1/completions", vllm::fill(model, fill)),
        }
    }

    /// Where a prompt is read and nothing decoded, and the body; `None` where that is no use: a host that keeps what it reads for
    /// whoever comes next has no slots to lose it in.
    pub(super) fn read(&self, fill: &Fill<'_>) -> Option<(&'static str, Value)> {
        match self {
            Self::LlamaServer => Some(("/completion", llama_server::read(fill))),
            Self::Vllm(_) => None,
        }
    }

    /// The answer to that.
    pub(super) fn was_read(&self, answer: &Value) -> Read {
        match self {
            Self::LlamaServer => llama_server::was_read(answer),
            Self::Vllm(_) => Read::default(),
        }
    }

    /// What one event of an answer, the text behind `data: `, says.
    pub(super) fn event(&self, data: &str) -> Result<Vec<Told>, Strange> {
        match self {
            Self::LlamaServer => llama_server::event(data),
            Self::Vllm(_) => vllm::event(data),
        }
    }

    /// Where a host says what it serves: one path or two, whose answers [`Self::profile`] reads in this order.
    pub(super) fn about(&self) -> &'static [&'static str] {
        match self {
            Self::LlamaServer => &["/v1/models", "/props"],
            Self::Vllm(_) => &["/v1/models"],
        }
    }

    /// What it serves.
    pub(super) fn profile(&self, answers: &[Value]) -> Result<Profile, Strange> {
        match (self, answers) {
            (Self::LlamaServer, [models, props]) => llama_server::profile(models, props),
            (Self::Vllm(model), [models]) => vllm::profile(model, models),
            _ => Err(Strange("says nothing of its model")),
        }
    }

    /// [`Profile::identity`] from the first of those answers.
    pub(super) fn identity(&self, models: &Value) -> String {
        match self {
            Self::LlamaServer => llama_server::identity(models),
            Self::Vllm(model) => vllm::identity(model, models),
        }
    }
}

/// A token's number, if it is one.
fn token(value: &Value) -> Option<Token> {
    value.as_i64().and_then(|id| i32::try_from(id).ok()).filter(|id| *id >= 0).map(Token)
}

/// A short name for people: what is left of a path, without the file's ending.
fn short(name: &str) -> String {
    let last = name.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or(name);
    last.strip_suffix(".gguf").unwrap_or(last).to_owned()
}
