//! vLLM: chat as `OpenAI` has it, and `/v1/completions` with token arrays for holes.
//!
//! Must not lay a prompt out; tokens come from whoever knows the model's family.

use std::collections::BTreeMap;

use config::Provider;
use model::cloud::Ask;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Chosen, Decoder, Event, Malformed, Outgoing, TokenHole, address, failure,
    openai::{self, EVENT_STREAM, StreamOptions},
    post,
    stream::{self, Protocol},
};

/// More of the likeliest tokens than this the server refuses to tell, unless it is started with another `--max-logprobs`.
const MOST_LOGPROBS: u32 = 20;

/// `/v1/chat/completions`.
pub(crate) fn chat(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    openai::chat(provider, model, ask)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    prompt: &'a [u32],
    max_tokens: u32,
    temperature: u8,
    stream: bool,
    stream_options: StreamOptions,
    logprobs: u32,
    /// Tokens are named by number where log-probabilities name them.
    return_tokens_as_token_ids: bool,
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    stop_token_ids: &'a [u32],
}

/// `/v1/completions`.
pub(crate) fn fill(provider: &Provider, model: &str, hole: TokenHole<'_>) -> Outgoing {
    let body = Body {
        model,
        prompt: hole.prompt,
        max_tokens: hole.max_tokens,
        temperature: 0,
        stream: true,
        stream_options: StreamOptions::USAGE,
        logprobs: hole.likeliest.min(MOST_LOGPROBS),
        return_tokens_as_token_ids: true,
        stop_token_ids: hole.ends,
    };
    post(address::versioned(&provider.base_url, "v1", "completions"), EVENT_STREAM, &[], &body)
}

/// For the stream of [`fill`].
pub(crate) fn fill_decoder() -> Box<dyn Decoder> {
    stream::of_events(Completion)
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<openai::Usage>,
    error: Option<Value>,
    /// `error` where the whole message is one, as before 2025.
    object: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    text: Option<String>,
    logprobs: Option<Likelihoods>,
    finish_reason: Option<String>,
}

/// One entry for each token of the message.
#[derive(Deserialize)]
struct Likelihoods {
    tokens: Option<Vec<String>>,
    token_logprobs: Option<Vec<Option<f64>>>,
    top_logprobs: Option<Vec<Option<BTreeMap<String, f64>>>>,
}

struct Completion;

impl Protocol for Completion {
    fn message(&mut self, _name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        let chunk: Chunk = stream::parse(data)?;
        let is_error = chunk.object.as_deref() == Some("error");
        if let Some(failed) = failure::in_chunk(chunk.error.as_ref(), is_error, data)? {
            events.push(failed);
            return Ok(());
        }
        for choice in chunk.choices.unwrap_or_default() {
            let chosen = choice.logprobs.map(Likelihoods::chosen).unwrap_or_default();
            if !chosen.is_empty() {
                events.push(Event::Chosen(chosen));
            }
            events.extend(choice.text.filter(|text| !text.is_empty()).map(Event::Text));
            events.extend(choice.finish_reason.map(|reason| openai::finish(&reason)));
        }
        events.extend(chunk.usage.map(|usage| usage.tokens()));
        Ok(())
    }
}

impl Likelihoods {
    fn chosen(self) -> Vec<Chosen> {
        let logprobs = self.token_logprobs.unwrap_or_default();
        let mut likeliest = self.top_logprobs.unwrap_or_default().into_iter();
        let tokens = self.tokens.unwrap_or_default().into_iter().enumerate();
        tokens
            .map(|(at, token)| Chosen {
                id: id(&token),
                logprob: logprobs.get(at).copied().flatten(),
                likeliest: likeliest.next().flatten().map(by_likelihood).unwrap_or_default(),
            })
            .collect()
    }
}

/// Equally likely ones by number, so that the order is the same each time.
fn by_likelihood(likely: BTreeMap<String, f64>) -> Vec<(u32, f64)> {
    let mut likely: Vec<_> =
        likely.into_iter().filter_map(|(token, logprob)| Some((id(&token)?, logprob))).collect();
    likely.sort_by(|(a, a_logprob), (b, b_logprob)| b_logprob.total_cmp(a_logprob).then(a.cmp(b)));
    likely
}

/// `token_id:NUMBER`.
fn id(token: &str) -> Option<u32> {
    token.strip_prefix("token_id:")?.parse().ok()
}
