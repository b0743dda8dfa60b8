//! llama.cpp's own server: chat as `OpenAI` has it, and `/completion` with token arrays for holes.
//!
//! Its `/infill` is not used: it puts the typed part before the suffix, and each key would evaluate the suffix anew. Must not lay a prompt
//! out; tokens come from whoever knows the model's family.

use config::Provider;
use model::cloud::{Ask, Tokens};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Chosen, Decoder, Event, Malformed, Outgoing, TokenHole, Why, address, failure,
    openai::{self, EVENT_STREAM},
    post,
    stream::{self, Protocol},
};

/// `/v1/chat/completions`. The server counts in the stream when asked as `OpenAI` is.
pub(crate) fn chat(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    openai::chat(provider, model, ask)
}

/// For its stream. Until September 2025 errors came in a field `error`, which is none of server-sent events'.
pub(crate) fn chat_decoder() -> Box<dyn Decoder> {
    openai::decoder_with_stray_errors()
}

#[derive(Serialize)]
struct Body<'a> {
    prompt: &'a [u32],
    n_predict: u32,
    temperature: u8,
    n_probs: u32,
    cache_prompt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_slot: Option<u32>,
    return_tokens: bool,
    stream: bool,
    /// Without this the last message repeats the whole prompt.
    response_fields: [&'static str; 8],
}

/// `/completion`, beside the versions.
pub(crate) fn fill(provider: &Provider, hole: TokenHole<'_>) -> Outgoing {
    let body = Body {
        prompt: hole.prompt,
        n_predict: hole.max_tokens,
        temperature: 0,
        n_probs: hole.likeliest,
        cache_prompt: true,
        id_slot: hole.slot,
        return_tokens: true,
        stream: true,
        response_fields: [
            "content",
            "tokens",
            "completion_probabilities",
            "stop",
            "stop_type",
            "tokens_predicted",
            "tokens_evaluated",
            "timings",
        ],
    };
    post(address::beside_versions(&provider.base_url, "", "completion"), EVENT_STREAM, &[], &body)
}

/// For the stream of `/completion`.
pub(crate) fn fill_decoder() -> Box<dyn Decoder> {
    stream::of_events_and("error", Completion::default())
}

#[derive(Deserialize)]
struct Chunk {
    content: Option<String>,
    tokens: Option<Vec<u32>>,
    completion_probabilities: Option<Vec<Place>>,
    stop: Option<bool>,
    stop_type: Option<String>,
    tokens_predicted: Option<u64>,
    tokens_evaluated: Option<u64>,
    timings: Option<Timings>,
    error: Option<Value>,
}

/// What was likely at one place.
#[derive(Deserialize)]
struct Place {
    id: Option<u32>,
    logprob: Option<f64>,
    top_logprobs: Option<Vec<Likely>>,
}

#[derive(Deserialize)]
struct Likely {
    id: u32,
    logprob: Option<f64>,
}

#[derive(Deserialize)]
struct Timings {
    /// Tokens of the prompt that were in the KV cache.
    cache_n: Option<u64>,
    /// Those that were not.
    prompt_n: Option<u64>,
}

#[derive(Default)]
struct Completion {
    /// How many tokens were told of.
    told: u64,
}

impl Protocol for Completion {
    fn message(&mut self, name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        if name == "error" {
            events.push(failure::in_stream(&stream::parse(data)?));
            return Ok(());
        }
        let chunk: Chunk = stream::parse(data)?;
        if let Some(error) = chunk.error {
            events.push(failure::in_stream(&error));
            return Ok(());
        }
        self.chosen(&chunk, events);
        if let Some(text) = chunk.content.filter(|text| !text.is_empty()) {
            events.push(Event::Text(text));
        }
        if chunk.stop == Some(true) {
            let timings = chunk.timings.as_ref();
            let evaluated = timings.and_then(|timings| timings.prompt_n);
            // `tokens_evaluated` is the whole prompt, and `tokens_cached` what the cache holds now: the prompt and the answer.
            let input = chunk.tokens_evaluated;
            let cached = timings
                .and_then(|timings| timings.cache_n)
                .or_else(|| input.zip(evaluated).and_then(|(all, new)| all.checked_sub(new)));
            let output = chunk.tokens_predicted;
            events.push(Event::Tokens(Tokens { input, cached_input: cached, output, reasoning: None }));
            events.push(Event::Ended(match chunk.stop_type.as_deref() {
                Some("limit") => Why::Length,
                None | Some("eos" | "word" | "none" | "") => Why::Whole,
                Some(other) => Why::Withheld(failure::sentence(other)),
            }));
        }
        Ok(())
    }
}

impl Completion {
    /// Tells of the message's tokens, and first of those that came between: the server sends nothing while a character is not whole, and
    /// then only its last token.
    fn chosen(&mut self, chunk: &Chunk, events: &mut Vec<Event>) {
        let tokens = chunk.tokens.as_deref().unwrap_or_default();
        if tokens.is_empty() {
            return;
        }
        let count = u64::try_from(tokens.len()).unwrap_or(u64::MAX);
        let predicted = chunk.tokens_predicted.unwrap_or(0);
        // No model writes a character in more than a few tokens; a number that says so is wrong.
        let missing = predicted.saturating_sub(self.told.saturating_add(count)).min(16);
        self.told = self.told.saturating_add(missing).saturating_add(count);
        let places = chunk.completion_probabilities.as_deref().unwrap_or_default();
        let known = tokens.iter().enumerate().map(|(at, id)| {
            let place = places.get(at).filter(|place| place.id.is_none_or(|said| said == *id));
            let likeliest = place.and_then(|place| place.top_logprobs.as_deref()).unwrap_or_default();
            Chosen {
                id: Some(*id),
                logprob: place.and_then(|place| place.logprob),
                likeliest: likeliest.iter().filter_map(|likely| Some((likely.id, likely.logprob?))).collect(),
            }
        });
        let unknown = (0..missing).map(|_| Chosen { id: None, logprob: None, likeliest: Vec::new() });
        events.push(Event::Chosen(unknown.chain(known).collect()));
    }
}
