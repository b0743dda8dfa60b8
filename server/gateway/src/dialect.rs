//! The protocols of providers, without I/O: a request becomes exact bytes, and bytes become events.
//!
//! One file each. Must not open a socket, read a key or look at a clock, so that what is previewed is what is sent, and what a provider
//! once answered can be replayed. Nothing that names the user, the machine or the workspace goes into a request; what the user's own text
//! says is not this file's to judge.

mod address;
mod anthropic;
mod conversation;
mod failure;
mod gemini;
mod llama_server;
mod ollama;
mod openai;
mod stream;
mod vllm;

use config::{Dialect, Provider};
use model::cloud::{Ask, Tokens};

pub use failure::{failure, without_echo};

/// A request as it goes out, but for its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The whole URL. Never a key in it.
    pub url: String,
    /// Names in lower case, in the order in which they are sent. The key's header is not among them.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, UTF-8.
    pub body: String,
}

/// In which header the key goes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// The header of this name, holding nothing but the key.
    Plain(&'static str),
}

/// What a provider's stream says.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The next piece of the answer. Thinking is no part of it.
    Text(String),
    /// The next tokens of the answer, where it was asked for by tokens. What they say comes as [`Event::Text`], right behind them or, where
    /// a character is not whole yet, later.
    Chosen(Vec<Chosen>),
    /// What was counted so far; later words replace earlier ones, field by field, and a field that says nothing replaces none.
    /// Before the end they are not the last word: a stream that breaks off cost more than it counted.
    Tokens(Tokens),
    /// The model is done. Comes once; what was counted may follow.
    Ended(Why),
    /// The provider reports a failure within the stream, by the HTTP status that it would have been. Nothing follows.
    Failed {
        /// As `overloaded_error` is 529.
        status: u16,
        /// Its own words: one sentence, fit to be shown.
        message: String,
    },
}

/// A token that the model chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its number in the model's vocabulary; `None` where the server says that there was a token, but not which.
    pub id: Option<u32>,
    /// Its log-probability (natural), where the server says it.
    pub logprob: Option<f64>,
    /// The likeliest tokens at its place with theirs, the likeliest first; as many as were asked for.
    pub likeliest: Vec<(u32, f64)>,
}

/// Why a model is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing more to say.
    Whole,
    /// `max_tokens`.
    Length,
    /// It, or a filter, refuses; in the provider's word.
    Withheld(String),
}

/// Turns a stream's bytes into events, however the bytes are cut.
pub trait Decoder: Send {
    /// Takes the next bytes. After an error nothing more of this stream is of use; what was told before it holds.
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed>;

    /// The body has ended. Whether the protocol said so too: without that the answer is a truncated one. What says so is the reason why
    /// the model stopped, so an answer is whole though its last count or a closing word got lost, and is not though a closing word
    /// (`[DONE]`) came without a reason.
    fn is_complete(&self) -> bool;
}

/// What came is not this protocol; in words, without the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A hole in words: for providers that lay the prompt out themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextHole<'a> {
    /// Text before the cursor.
    pub prefix: &'a str,
    /// Text after the cursor.
    pub suffix: &'a str,
    /// End the answer after this many tokens.
    pub max_tokens: u32,
}

/// A hole as the prompt's tokens, in the numbers of the model that is asked: for engines whose model's layout Hob knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHole<'a> {
    /// The prompt.
    pub prompt: &'a [u32],
    /// End the answer after this many tokens.
    pub max_tokens: u32,
    /// Tell so many of the likeliest tokens at each place, with the log-probabilities; 0: none, and perhaps no log-probabilities.
    pub likeliest: u32,
    /// The KV cache to continue, where the server has several and lets one choose (llama-server's `id_slot`); `None`: its own choice.
    pub slot: Option<u32>,
    /// Tokens that end the answer besides those that the server knows. Only vLLM can be told.
    pub ends: &'a [u32],
}

/// The request that asks a model for an answer, to the byte. The same arguments give the same bytes.
pub fn outgoing(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    match provider.dialect {
        Dialect::Openai => openai::chat(provider, model, ask),
        Dialect::Anthropic => anthropic::chat(provider, model, ask),
        Dialect::Gemini => gemini::chat(provider, model, ask),
        Dialect::LlamaServer => llama_server::chat(provider, model, ask),
        Dialect::Ollama => ollama::chat(provider, model, ask),
        Dialect::Vllm => vllm::chat(provider, model, ask),
    }
}

/// For the answer to [`outgoing`].
pub fn decoder(dialect: Dialect) -> Box<dyn Decoder> {
    match dialect {
        Dialect::Openai | Dialect::Vllm => openai::decoder(),
        Dialect::Anthropic => anthropic::decoder(),
        Dialect::Gemini => gemini::decoder(),
        Dialect::LlamaServer => llama_server::chat_decoder(),
        Dialect::Ollama => ollama::decoder(),
    }
}

/// The request that has a hole filled, in words. `None`: this protocol has none, or its servers lay it out in a way that loses what is
/// typed.
pub fn fill_text(provider: &Provider, model: &str, hole: TextHole<'_>) -> Option<Outgoing> {
    match provider.dialect {
        // Ollama serves OpenAI's completions too.
        Dialect::Openai | Dialect::Ollama => Some(openai::fill(provider, model, hole)),
        Dialect::Anthropic | Dialect::Gemini | Dialect::LlamaServer | Dialect::Vllm => None,
    }
}

/// For the answer to [`fill_text`].
pub fn fill_text_decoder(dialect: Dialect) -> Option<Box<dyn Decoder>> {
    matches!(dialect, Dialect::Openai | Dialect::Ollama).then(openai::decoder)
}

/// The request that has a hole filled, by tokens. `None`: this protocol does not take any.
pub fn fill_tokens(provider: &Provider, model: &str, hole: TokenHole<'_>) -> Option<Outgoing> {
    match provider.dialect {
        Dialect::LlamaServer => Some(llama_server::fill(provider, hole)),
        Dialect::Vllm => Some(vllm::fill(provider, model, hole)),
        Dialect::Openai | Dialect::Anthropic | Dialect::Gemini | Dialect::Ollama => None,
    }
}

/// For the answer to [`fill_tokens`].
pub fn fill_tokens_decoder(dialect: Dialect) -> Option<Box<dyn Decoder>> {
    match dialect {
        Dialect::LlamaServer => Some(llama_server::fill_decoder()),
        Dialect::Vllm => Some(vllm::fill_decoder()),
        Dialect::Openai | Dialect::Anthropic | Dialect::Gemini | Dialect::Ollama => None,
    }
}

/// Where a provider's key goes.
pub fn key_header(dialect: Dialect) -> KeyHeader {
    match dialect {
        Dialect::Anthropic => KeyHeader::Plain("x-api-key"),
        Dialect::Gemini => KeyHeader::Plain("x-goog-api-key"),
        Dialect::Openai | Dialect::LlamaServer | Dialect::Ollama | Dialect::Vllm => KeyHeader::Bearer,
    }
}

/// The media types, without parameters and in lower case, that the stream of an answer to [`outgoing`] may have. Holes are always filled
/// in `text/event-stream`.
pub fn content_types(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        // The second is what some proxies in front of it say.
        Dialect::Ollama => &["application/x-ndjson", "application/json"],
        _ => &["text/event-stream"],
    }
}

/// The request with this body.
fn post(url: String, accept: &str, more: &[(&'static str, &str)], body: &impl serde::Serialize) -> Outgoing {
    let fixed = [("content-type", "application/json"), ("accept", accept), ("user-agent", "hob")];
    let headers = fixed.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect();
    // Structures of texts and numbers, whose fields are written in the order of their declaration.
    let body = serde_json::to_string(body).expect("a request of texts and numbers is JSON");
    Outgoing { url, headers, body }
}

#[cfg(test)]
mod tests;
