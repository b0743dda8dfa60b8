//! Ollama's `/api/chat`: lines of JSON.
//!
//! Must not rely on the server's own size of context: it cuts what is longer off without a word.

use config::Provider;
use model::cloud::{Ask, Tokens};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Decoder, Event, Malformed, Outgoing, Why, address, failure, openai, post,
    stream::{self, Protocol},
};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<openai::Message>,
    stream: bool,
    options: Options,
}

#[derive(Serialize)]
struct Options {
    num_ctx: u32,
    num_predict: u32,
}

/// `/api/chat`.
pub(crate) fn chat(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    let body = Body {
        model,
        messages: openai::messages(ask),
        stream: true,
        options: Options { num_ctx: provider.context_tokens, num_predict: ask.max_tokens },
    };
    let url = address::beside_versions(&provider.base_url, "api", "api/chat");
    post(url, "application/x-ndjson", &[], &body)
}

/// For its stream.
pub(crate) fn decoder() -> Box<dyn Decoder> {
    stream::of_lines(Ollama)
}

#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
    done: Option<bool>,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    error: Option<Value>,
}

/// Thinking stands in a field of its own, which is not read.
#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

struct Ollama;

impl Protocol for Ollama {
    fn message(&mut self, _name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.trim().is_empty() {
            return Ok(());
        }
        let line: Line = stream::parse(data)?;
        if line.error.is_some() {
            // The status, where there is one, stands beside the words.
            events.push(failure::in_stream(&stream::parse(data)?));
            return Ok(());
        }
        let text = line.message.and_then(|message| message.content).filter(|text| !text.is_empty());
        events.extend(text.map(Event::Text));
        if line.done == Some(true) {
            if line.prompt_eval_count.is_some() || line.eval_count.is_some() {
                let (input, output) = (line.prompt_eval_count, line.eval_count);
                events.push(Event::Tokens(Tokens { input, output, ..Tokens::default() }));
            }
            events.push(Event::Ended(match line.done_reason.as_deref() {
                None | Some("" | "stop") => Why::Whole,
                Some("length") => Why::Length,
                Some(other) => Why::Withheld(failure::sentence(other)),
            }));
        }
        Ok(())
    }
}
