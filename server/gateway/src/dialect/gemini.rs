//! Gemini's `streamGenerateContent`, as server-sent events.
//!
//! Must not put a key into the URL, where logs and errors would find it, and must not change what its filters hold back.

use config::Provider;
use model::cloud::{Ask, Role, Tokens};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Decoder, Event, Malformed, Outgoing, Why, address, conversation, failure,
    openai::EVENT_STREAM,
    post,
    stream::{self, Protocol},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content>,
    contents: Vec<Content>,
    generation_config: GenerationConfig,
}

#[derive(Serialize)]
struct Content {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: [Text; 1],
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    max_output_tokens: u32,
}

/// `/v1beta/models/MODEL:streamGenerateContent?alt=sse`.
pub(crate) fn chat(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    let content = |role, text| Content { role, parts: [Text { text }] };
    let turns = conversation::turns(ask).map(|(role, words)| {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "model",
        };
        content(Some(role), words)
    });
    let body = Body {
        system_instruction: conversation::system(ask).map(|words| content(None, words)),
        contents: turns.collect(),
        generation_config: GenerationConfig { max_output_tokens: ask.max_tokens },
    };
    // Its own lists call models by their path.
    let model = address::as_segment(model.strip_prefix("models/").unwrap_or(model));
    let path = format!("models/{model}:streamGenerateContent?alt=sse");
    post(address::versioned(&provider.base_url, "v1beta", &path), EVENT_STREAM, &[], &body)
}

/// For its stream.
pub(crate) fn decoder() -> Box<dyn Decoder> {
    stream::of_events(Gemini)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    index: Option<u64>,
    content: Option<Parts>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Parts {
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    /// Whether this is thinking.
    thought: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

/// Counts; each message's are for everything up to there.
#[derive(Deserialize)]
struct Usage {
    /// With what was in a cache.
    #[serde(rename = "promptTokenCount")]
    prompt: Option<u64>,
    #[serde(rename = "cachedContentTokenCount")]
    cached: Option<u64>,
    /// What is said, without thinking.
    #[serde(rename = "candidatesTokenCount")]
    said: Option<u64>,
    #[serde(rename = "thoughtsTokenCount")]
    thought: Option<u64>,
}

struct Gemini;

impl Protocol for Gemini {
    fn message(&mut self, _name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let chunk: Chunk = stream::parse(data)?;
        if let Some(error) = chunk.error {
            events.push(failure::in_stream(&error));
            return Ok(());
        }
        let blocked = chunk.prompt_feedback.and_then(|feedback| feedback.block_reason);
        let mut end = blocked.map(|reason| Why::Withheld(failure::sentence(&reason)));
        // A second answer was not asked for.
        let first = |candidate: &Candidate| candidate.index.unwrap_or(0) == 0;
        for candidate in chunk.candidates.unwrap_or_default().into_iter().filter(first) {
            let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
            let said =
                parts.into_iter().filter(|part| part.thought != Some(true)).filter_map(|part| part.text);
            events.extend(said.filter(|text| !text.is_empty()).map(Event::Text));
            end = end.or(candidate.finish_reason.and_then(|reason| why(&reason)));
        }
        events.extend(chunk.usage_metadata.map(|usage| usage.tokens()));
        events.extend(end.map(Event::Ended));
        Ok(())
    }
}

impl Usage {
    fn tokens(&self) -> Event {
        Event::Tokens(Tokens {
            input: self.prompt,
            cached_input: self.cached,
            output: [self.said, self.thought].into_iter().flatten().reduce(u64::saturating_add),
            reasoning: self.thought,
        })
    }
}

/// `None`: not the end. All the many other reasons are filters and refusals.
fn why(finish_reason: &str) -> Option<Why> {
    match finish_reason {
        "" | "FINISH_REASON_UNSPECIFIED" => None,
        "STOP" => Some(Why::Whole),
        "MAX_TOKENS" => Some(Why::Length),
        other => Some(Why::Withheld(failure::sentence(other))),
    }
}
