//! One attempt at one provider: send, watch every phase's deadline, decode, hand the text on.
//!
//! Must not try twice, choose where to go, or know of money: it reports facts, and [`crate::course`] decides. Must not keep an answer:
//! what is decoded is handed on through a bounded channel.

use std::{sync::Arc, time::Duration};

use config::{Dialect, Limits, Provider, Target};
use model::cloud::{Ask, Ending, Tokens};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    course::{Clock, Said},
    dialect::{self, Decoder, Event, KeyHeader, Outgoing, Why},
    retry_after,
    transport::{Body, Lost, Reply, Sending, Transport},
};

/// More of an answer than this is an attack or an accident: bytes of its body.
const LONGEST_ANSWER: usize = 16 << 20;
/// More of an error's body is not read, in bytes.
const LONGEST_MESSAGE: usize = 64 << 10;
/// How long to wait for the words of an error.
const EXPLANATION: Duration = Duration::from_millis(500);
/// How long to wait for a protocol's own end, and for the count of tokens before it, once the model is done.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Characters of a provider's own words that are shown.
const SHOWN: usize = 300;

/// Makes a decoder for one stream.
pub type NewDecoder = Box<dyn Fn() -> Box<dyn Decoder> + Send + Sync>;

/// A request to one model, and what its answer looks like.
pub struct Call {
    /// Whom.
    pub target: Target,
    /// The provider's origin, as it was configured.
    pub origin: String,
    /// The bytes.
    pub outgoing: Outgoing,
    /// Where the key goes, and the key; `None` where none is needed.
    pub key: Option<(KeyHeader, SecretString)>,
    /// How errors are read.
    pub dialect: Dialect,
    /// The media types that the stream may have.
    pub media_types: &'static [&'static str],
    /// Reads the stream.
    pub decoder: NewDecoder,
    /// What was asked, so that no error repeats it.
    pub ask: Arc<Ask>,
}

impl Call {
    /// The request `outgoing`, which is `ask` in the protocol of `provider`, to its `model`.
    pub fn new(
        provider: &Provider,
        model: &str,
        key: Option<SecretString>,
        outgoing: Outgoing,
        ask: Arc<Ask>,
    ) -> Self {
        let dialect = provider.dialect;
        Self {
            target: Target { provider: provider.id.clone(), model: model.into() },
            origin: provider.origin().into(),
            outgoing,
            key: key.map(|key| (dialect::key_header(dialect), key)),
            dialect,
            media_types: dialect::content_types(dialect),
            decoder: Box::new(move || dialect::decoder(dialect)),
            ask,
        }
    }
}

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Nothing was sent yet.
    #[default]
    Connect,
    /// Sent, or being sent; nothing came.
    Headers,
    /// The head of an answer came, and no text.
    FirstToken,
    /// Text came.
    Stream,
    /// The answer ended.
    End,
}

impl Phase {
    /// Its name in a row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Headers => "headers",
            Self::FirstToken => "first-token",
            Self::Stream => "stream",
            Self::End => "end",
        }
    }
}

/// What is known of an attempt, however it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How far it came.
    pub phase: Phase,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The provider's own name for the request.
    pub provider_request: Option<String>,
    /// What the provider counted.
    pub tokens: Tokens,
    /// Bytes of text that were handed on.
    pub text_bytes: u64,
    /// How long the first text took.
    pub first: Option<Duration>,
    /// For how long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// Why an attempt did not end as an answer does. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The connection was not made, or broke.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// A deadline of this attempt passed. What did not come.
    #[error("was too slow: {0}")]
    Slow(&'static str),
    /// The deadline of the whole request passed.
    #[error("was asked, and then the time for the request was over")]
    OutOfTime,
    /// It answers with another address, which nobody follows.
    #[error("wants to send the request somewhere else (HTTP {0}), which is never done")]
    Redirected(u16),
    /// It answers with an error; in its own words, as far as there are any.
    #[error("answered with HTTP {status}: {message}")]
    Status {
        /// The HTTP status, or what it would have been where the stream itself reports the error.
        status: u16,
        /// In one sentence, without the key.
        message: String,
    },
    /// What it answers is not an answer: another media type, an encoding, another protocol. Which.
    #[error("did not answer in its protocol: {0}")]
    Foreign(String),
    /// There is no end to its answer.
    #[error("answered with more than {} MiB", LONGEST_ANSWER >> 20)]
    TooLong,
    /// The body ended before the answer did.
    #[error("ended its answer too early")]
    Cut,
}

/// What an attempt may use and must keep to.
pub(crate) struct Terms<'a, C> {
    pub(crate) limits: &'a Limits,
    /// When everything ends, all attempts together.
    pub(crate) deadline: Instant,
    pub(crate) clock: &'a C,
    /// Who listens.
    pub(crate) said: &'a mpsc::Sender<Said>,
}

impl<C> Terms<'_, C> {
    fn slow(&self, what: &'static str) -> Fault {
        if Instant::now() >= self.deadline { Fault::OutOfTime } else { Fault::Slow(what) }
    }
}

/// Asks once. `facts` is current whenever this is dropped, which closes the connection. Where nobody listens any more, the attempt ends
/// as cancelled.
pub(crate) async fn attempt<T: Transport>(
    transport: &T,
    call: &Call,
    terms: &Terms<'_, impl Clock>,
    facts: &mut Facts,
) -> Result<Ending, Fault> {
    let began = Instant::now();
    let first_by = terms.deadline.min(began + terms.limits.first_token);
    let key = call.key.as_ref().map(|(place, key)| (*place, key));
    let sending = Sending { outgoing: &call.outgoing, origin: &call.origin, key };
    facts.phase = Phase::Headers;
    let opened = timeout_at(first_by, transport.open(sending)).await;
    let reply = opened.map_err(|_| terms.slow("no answer began"))?.inspect_err(|lost| {
        if lost.is_before_sending() {
            facts.phase = Phase::Connect;
        }
    })?;
    facts.phase = Phase::FirstToken;
    facts.status = Some(reply.status);
    facts.provider_request = request_id(&reply.headers);
    if reply.status != 200 {
        facts.retry_after = retry_after::read(&reply.headers, terms.clock.today());
        return Err(refusal(call, reply, first_by).await);
    }
    accept(&reply.headers, call.media_types)?;
    Stream { call, terms, began, facts, why: None }.read(reply.body, first_by).await
}

/// An answer that is being read.
struct Stream<'a, C> {
    call: &'a Call,
    terms: &'a Terms<'a, C>,
    began: Instant,
    facts: &'a mut Facts,
    /// The model is done, though there may be more to learn of what it cost.
    why: Option<Why>,
}

impl<C: Clock> Stream<'_, C> {
    async fn read(&mut self, mut body: impl Body, first_by: Instant) -> Result<Ending, Fault> {
        let mut decoder = (self.call.decoder)();
        let (mut size, mut events, mut by) = (0, Vec::new(), first_by);
        let mut is_done = false;
        loop {
            let piece = match timeout_at(by, body.next()).await {
                Ok(Ok(Some(piece))) => piece,
                Ok(Ok(None)) => return self.end(decoder.as_ref(), Fault::Cut),
                Ok(Err(lost)) => return self.end(decoder.as_ref(), lost.into()),
                Err(_) => {
                    let what = if self.facts.first.is_some() { "its answer stopped" } else { "no text came" };
                    return self.end(decoder.as_ref(), self.terms.slow(what));
                }
            };
            size += piece.len();
            if size > LONGEST_ANSWER {
                return self.end(decoder.as_ref(), Fault::TooLong);
            }
            let decoded = decoder.push(&piece, &mut events);
            for event in events.drain(..) {
                match event {
                    // Whoever is done says nothing more.
                    Event::Text(_) | Event::Failed { .. } if self.why.is_some() => {}
                    Event::Text(text) if text.is_empty() => {}
                    Event::Text(text) => {
                        if !self.say(text).await? {
                            return Ok(Ending::Cancelled);
                        }
                        by = self.terms.deadline.min(Instant::now() + self.terms.limits.idle);
                    }
                    // Numbers of tokens are for who fills holes.
                    Event::Chosen(_) => {}
                    Event::Tokens(tokens) => merge(&mut self.facts.tokens, tokens),
                    Event::Ended(why) => self.why = Some(why),
                    Event::Failed { status, message } => {
                        return Err(Fault::Status { status, message: without_secrets(&message, self.call) });
                    }
                }
            }
            if let Err(malformed) = decoded {
                return self.end(decoder.as_ref(), Fault::Foreign(without_secrets(&malformed.0, self.call)));
            }
            // What follows the end is waited for a little: what the answer cost comes last.
            if !is_done && self.why.is_some() {
                (is_done, by) = (true, self.terms.deadline.min(Instant::now() + LAST_WORDS));
            }
        }
    }

    /// Hands a piece on; `false`: nobody wants it.
    async fn say(&mut self, text: String) -> Result<bool, Fault> {
        let length = text.len() as u64;
        let sent = timeout_at(self.terms.deadline, self.terms.said.send(Said::Text(text))).await;
        if sent.map_err(|_| Fault::OutOfTime)?.is_err() {
            return Ok(false);
        }
        self.facts.phase = Phase::Stream;
        self.facts.text_bytes += length;
        self.facts.first.get_or_insert_with(|| self.began.elapsed());
        Ok(true)
    }

    /// Nothing more comes. That is an ending if the model was done, or the protocol says so; else it is `otherwise`.
    fn end(&mut self, decoder: &dyn Decoder, otherwise: Fault) -> Result<Ending, Fault> {
        let ending = match self.why.take() {
            Some(Why::Whole) => Ending::Whole,
            Some(Why::Length) => Ending::Length,
            Some(Why::Withheld(why)) => Ending::Withheld { why: without_secrets(&why, self.call) },
            None if decoder.is_complete() => Ending::Whole,
            None => return Err(otherwise),
        };
        self.facts.phase = Phase::End;
        Ok(ending)
    }
}

/// Later words replace earlier ones, field by field.
fn merge(tokens: &mut Tokens, later: Tokens) {
    tokens.input = later.input.or(tokens.input);
    tokens.cached_input = later.cached_input.or(tokens.cached_input);
    tokens.output = later.output.or(tokens.output);
    tokens.reasoning = later.reasoning.or(tokens.reasoning);
}

/// What an answer that is not 200 means.
async fn refusal<B: Body>(call: &Call, mut reply: Reply<B>, by: Instant) -> Fault {
    let status = reply.status;
    match status {
        300..=399 => return Fault::Redirected(status),
        400.. => {}
        _ => return Fault::Foreign(format!("HTTP {status}")),
    }
    let mut body = Vec::new();
    let by = by.min(Instant::now() + EXPLANATION);
    while body.len() < LONGEST_MESSAGE {
        // What is there is enough, however it ended.
        let Ok(Ok(Some(piece))) = timeout_at(by, reply.body.next()).await else { break };
        body.extend(piece);
    }
    body.truncate(LONGEST_MESSAGE);
    let message = without_secrets(&dialect::failure(call.dialect, status, &body), call);
    Fault::Status { status, message }
}

/// Whether the head announces what was asked for.
fn accept(headers: &HeaderMap, media_types: &[&str]) -> Result<(), Fault> {
    if headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
        return Err(Fault::Foreign("it is compressed, which nobody asked for".into()));
    }
    let named: Vec<_> = headers
        .get_all(CONTENT_TYPE)
        .iter()
        .map(|value| {
            let whole = value.to_str().unwrap_or_default();
            whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
        })
        .collect();
    if named.is_empty() || named.iter().any(|named| !media_types.contains(&named.as_str())) {
        let named: String = named.join(", ").chars().take(60).collect();
        let wanted = media_types.join(" or ");
        return Err(Fault::Foreign(format!("its media type is \"{named}\" instead of {wanted}")));
    }
    Ok(())
}

/// The provider's name for a request, if it is one that can be written down.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = ["x-request-id", "request-id"].iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    let is_name = !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| id.to_owned())
}

/// A provider's words as they may be shown and written down: not long, without the key, which some repeat, and without the request.
fn without_secrets(words: &str, call: &Call) -> String {
    let mut words = words.to_owned();
    if let Some((_, key)) = call.key.as_ref().filter(|(_, key)| !key.expose_secret().is_empty()) {
        words = words.replace(key.expose_secret(), "(the key)");
    }
    let short: String = words.chars().filter(|char| !char.is_control()).take(SHOWN).collect();
    dialect::without_echo(&short, &call.ask)
}
