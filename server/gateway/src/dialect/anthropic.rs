//! Anthropic's Messages.
//!
//! Must not ask for tools, for thinking or for a cache that costs more to write.

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

/// The version of the protocol that this file speaks.
const VERSION: &str = "2023-06-01";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    messages: Vec<Message>,
    stream: bool,
}

#[derive(Serialize)]
struct Message {
    role: Role,
    content: String,
}

/// `/v1/messages`.
pub(crate) fn chat(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    let body = Body {
        model,
        max_tokens: ask.max_tokens,
        system: conversation::system(ask),
        messages: conversation::turns(ask).map(|(role, content)| Message { role, content }).collect(),
        stream: true,
    };
    let url = address::versioned(&provider.base_url, "v1", "messages");
    post(url, EVENT_STREAM, &[("anthropic-version", VERSION)], &body)
}

/// For its stream.
pub(crate) fn decoder() -> Box<dyn Decoder> {
    stream::of_events(Anthropic::default())
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<Started>,
    content_block: Option<Piece>,
    delta: Option<Piece>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Started {
    usage: Option<Usage>,
}

/// A block's beginning, its next piece, or what changed of the whole.
#[derive(Deserialize)]
struct Piece {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    stop_reason: Option<String>,
}

/// Counts; those of a later message are for everything up to there, not to be added.
#[derive(Deserialize, Default)]
struct Usage {
    /// Without what a cache was used for.
    #[serde(rename = "input_tokens")]
    fresh: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens")]
    stored: Option<u64>,
    #[serde(rename = "cache_read_input_tokens")]
    cached: Option<u64>,
    #[serde(rename = "output_tokens")]
    output: Option<u64>,
}

#[derive(Default)]
struct Anthropic {
    /// The latest of each count.
    usage: Usage,
}

impl Protocol for Anthropic {
    fn message(&mut self, _name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let said: Said = stream::parse(data)?;
        match said.kind.as_deref() {
            Some("message_start") => {
                events.extend(said.message.and_then(|message| message.usage).map(|usage| self.count(&usage)));
            }
            Some("content_block_start") => {
                events.extend(said.content_block.and_then(|block| text(block, "text")));
            }
            Some("content_block_delta") => {
                events.extend(said.delta.and_then(|delta| text(delta, "text_delta")));
            }
            Some("message_delta") => {
                events.extend(said.usage.map(|usage| self.count(&usage)));
                events.extend(
                    said.delta.and_then(|delta| delta.stop_reason).map(|reason| Event::Ended(why(&reason))),
                );
            }
            Some("error") => events.push(failure::in_stream(&said.error.unwrap_or_default())),
            // Pings, the ends of blocks and of the message, and what is to come.
            _ => {}
        }
        Ok(())
    }
}

impl Anthropic {
    fn count(&mut self, usage: &Usage) -> Event {
        let latest = &mut self.usage;
        latest.fresh = usage.fresh.or(latest.fresh);
        latest.stored = usage.stored.or(latest.stored);
        latest.cached = usage.cached.or(latest.cached);
        latest.output = usage.output.or(latest.output);
        let beside = [latest.stored, latest.cached].into_iter().flatten();
        Event::Tokens(Tokens {
            input: latest.fresh.map(|fresh| beside.fold(fresh, u64::saturating_add)),
            cached_input: latest.cached,
            output: latest.output,
            reasoning: None,
        })
    }
}

/// The text of a piece of this kind, if there is some.
fn text(piece: Piece, kind: &str) -> Option<Event> {
    let is_text = piece.kind.as_deref() == Some(kind);
    piece.text.filter(|text| is_text && !text.is_empty()).map(Event::Text)
}

fn why(stop_reason: &str) -> Why {
    match stop_reason {
        "end_turn" | "stop_sequence" | "tool_use" => Why::Whole,
        "max_tokens" | "model_context_window_exceeded" => Why::Length,
        other => Why::Withheld(failure::sentence(other)),
    }
}
