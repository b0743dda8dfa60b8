//! `OpenAI`'s protocol, and that of the many who speak it: `DeepSeek`, Mistral, `OpenRouter`, `LiteLLM`, vLLM, llama-server.
//!
//! Where they differ in what they refuse, the host's name decides, because there is nothing else to tell them apart by. Must not ask for
//! tools, for several answers, or for anything to be kept.

use config::{Provider, Retention};
use model::cloud::{Ask, Role, Tokens};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Decoder, Event, Malformed, Outgoing, TextHole, Why, address, conversation, failure, post,
    stream::{self, Protocol},
};

#[derive(Serialize)]
struct ChatBody<'a> {
    model: &'a str,
    messages: Vec<Message>,
    #[serde(flatten)]
    limit: Limit,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Routing>,
}

/// One turn; also in Ollama's protocol.
#[derive(Serialize)]
pub(crate) struct Message {
    role: &'static str,
    content: String,
}

/// The same number under two names: `OpenAI`'s newer models refuse the first, others don't know the second.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Limit {
    MaxTokens(u32),
    MaxCompletionTokens(u32),
}

#[derive(Serialize)]
pub(crate) struct StreamOptions {
    include_usage: bool,
}

impl StreamOptions {
    /// Count in the stream.
    pub(crate) const USAGE: Self = Self { include_usage: true };
}

/// To whom `OpenRouter` may pass a request on.
#[derive(Serialize)]
struct Routing {
    data_collection: &'static str,
    zdr: bool,
}

#[derive(Serialize)]
struct FillBody<'a> {
    model: &'a str,
    prompt: &'a str,
    suffix: &'a str,
    max_tokens: u32,
    temperature: u8,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// Who is behind the protocol, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Openai,
    Mistral,
    OpenRouter,
    Other,
}

fn who(provider: &Provider) -> Who {
    let host = provider.host();
    let is = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match () {
        () if is("api.openai.com") || is("openai.azure.com") => Who::Openai,
        () if is("mistral.ai") => Who::Mistral,
        () if is("openrouter.ai") => Who::OpenRouter,
        () => Who::Other,
    }
}

impl Who {
    /// Mistral counts without being asked, and refuses to be.
    fn stream_options(self) -> Option<StreamOptions> {
        (self != Self::Mistral).then_some(StreamOptions::USAGE)
    }
}

/// `/v1/chat/completions`.
pub(crate) fn chat(provider: &Provider, model: &str, ask: &Ask) -> Outgoing {
    let who = who(provider);
    let body = ChatBody {
        model,
        messages: messages(ask),
        limit: match who {
            Who::Openai => Limit::MaxCompletionTokens(ask.max_tokens),
            Who::Mistral | Who::OpenRouter | Who::Other => Limit::MaxTokens(ask.max_tokens),
        },
        stream: true,
        stream_options: who.stream_options(),
        // Accounts can be set to keep conversations; this request is not to be kept.
        store: (who == Who::Openai).then_some(false),
        provider: routing(who, provider.retention),
    };
    post(address::versioned(&provider.base_url, "v1", "chat/completions"), EVENT_STREAM, &[], &body)
}

/// What `OpenRouter`'s user declares of it is asked of those to whom it passes the request on.
fn routing(who: Who, retention: Option<Retention>) -> Option<Routing> {
    match retention {
        Some(retention @ (Retention::Zero | Retention::Limited)) if who == Who::OpenRouter => {
            Some(Routing { data_collection: "deny", zdr: retention == Retention::Zero })
        }
        _ => None,
    }
}

/// The conversation, what the system says first.
pub(crate) fn messages(ask: &Ask) -> Vec<Message> {
    let system = conversation::system(ask).map(|content| Message { role: "system", content });
    let turns = conversation::turns(ask).map(|(role, content)| {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        Message { role, content }
    });
    system.into_iter().chain(turns).collect()
}

/// `/v1/completions`; Mistral has a path of its own for it.
pub(crate) fn fill(provider: &Provider, model: &str, hole: TextHole<'_>) -> Outgoing {
    let who = who(provider);
    let body = FillBody {
        model,
        prompt: hole.prefix,
        suffix: hole.suffix,
        max_tokens: hole.max_tokens,
        temperature: 0,
        stream: true,
        stream_options: who.stream_options(),
    };
    let path = if who == Who::Mistral { "fim/completions" } else { "completions" };
    post(address::versioned(&provider.base_url, "v1", path), EVENT_STREAM, &[], &body)
}

pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// For both.
pub(crate) fn decoder() -> Box<dyn Decoder> {
    stream::of_events(Openai::default())
}

/// For servers that report errors in a field `error` of their own.
pub(crate) fn decoder_with_stray_errors() -> Box<dyn Decoder> {
    stream::of_events_and("error", Openai::default())
}

/// What one message says; `null` is the same as nothing.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
    error: Option<Value>,
    /// `error` where the whole message is one.
    object: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u64>,
    delta: Option<Delta>,
    /// In completions.
    text: Option<String>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Content>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    /// Mistral's models that think.
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
struct ContentPart {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// `DeepSeek`'s name for cached tokens.
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl Usage {
    /// As an event.
    pub(crate) fn tokens(&self) -> Event {
        let reasoning = self.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
        let cached = self.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
        let mut output = self.completion_tokens;
        if let (Some(input), Some(said), Some(total), Some(thought)) =
            (self.prompt_tokens, output, self.total_tokens, reasoning)
            // Some (xAI) count thinking beside the answer, which shows in the total alone.
            && input.checked_add(said).and_then(|sum| sum.checked_add(thought)) == Some(total)
        {
            output = said.checked_add(thought);
        }
        Event::Tokens(Tokens {
            input: self.prompt_tokens,
            cached_input: cached.or(self.prompt_cache_hit_tokens),
            output,
            reasoning,
        })
    }
}

#[derive(Default)]
struct Openai {
    /// Why the model does not answer, in its own words, as far as they came.
    refusal: String,
}

/// A refusal is a sentence or two; no more of it is kept.
const REFUSAL_LIMIT: usize = 4096;

impl Protocol for Openai {
    fn message(&mut self, name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        let chunk: Chunk = stream::parse(data)?;
        let is_error = name == "error" || chunk.object.as_deref() == Some("error");
        if let Some(failed) = failure::in_chunk(chunk.error.as_ref(), is_error, data)? {
            events.push(failed);
            return Ok(());
        }
        // A second answer was not asked for.
        for choice in
            chunk.choices.unwrap_or_default().into_iter().filter(|choice| choice.index.unwrap_or(0) == 0)
        {
            self.choice(choice, events);
        }
        events.extend(chunk.usage.map(|usage| usage.tokens()));
        Ok(())
    }
}

impl Openai {
    fn choice(&mut self, choice: Choice, events: &mut Vec<Event>) {
        let Delta { content, refusal } = choice.delta.unwrap_or(Delta { content: None, refusal: None });
        let text = match content {
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => {
                let is_text = |part: &ContentPart| part.kind.as_deref().is_none_or(|kind| kind == "text");
                parts.into_iter().filter(is_text).filter_map(|part| part.text).collect()
            }
            None => choice.text.unwrap_or_default(),
        };
        if !text.is_empty() {
            events.push(Event::Text(text));
        }
        if let Some(refusal) = refusal
            && self.refusal.len() + refusal.len() <= REFUSAL_LIMIT
        {
            self.refusal.push_str(&refusal);
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            events.push(if self.refusal.is_empty() {
                finish(&reason)
            } else {
                Event::Ended(Why::Withheld(failure::sentence(&self.refusal)))
            });
        }
    }
}

/// What a finish reason means. A word that nobody knows is passed on rather than taken for a whole answer.
pub(crate) fn finish(reason: &str) -> Event {
    let failed = |status, message: &str| Event::Failed { status, message: message.to_owned() };
    match reason {
        "stop" | "eos" | "eos_token" | "stop_sequence" | "end_turn" | "tool_calls" | "function_call" => {
            Event::Ended(Why::Whole)
        }
        // The second is Mistral's, for the end of the model's context.
        "length" | "model_length" | "max_tokens" => Event::Ended(Why::Length),
        "error" => failed(500, "the model failed while it answered"),
        // DeepSeek's and vLLM's.
        "insufficient_system_resource" => failed(503, "the provider ran out of resources while it answered"),
        "abort" => failed(500, "the answer was given up at the other end"),
        other => Event::Ended(Why::Withheld(failure::sentence(other))),
    }
}
