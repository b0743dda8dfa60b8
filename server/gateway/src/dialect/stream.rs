//! What the decoders have in common: framing, and the order in which events may come.
//!
//! Must not know a provider's protocol, and must not quote what came in an error.

use model::cloud::Tokens;
use serde::de::DeserializeOwned;

use super::{Decoder, Event, Malformed};
use crate::{
    lines::{Ends, Lines},
    sse,
};

/// A provider's protocol: what one message of a stream says.
pub(crate) trait Protocol: Send {
    /// Adds what the message says. `name` is the event's, empty where there is none.
    fn message(&mut self, name: &str, data: &str, events: &mut Vec<Event>) -> Result<(), Malformed>;
}

/// How a stream is divided into messages.
enum Framing {
    Events(sse::Decoder),
    Lines(Lines),
}

/// A decoder for one stream.
struct Stream<P> {
    framing: Framing,
    protocol: P,
    ended: bool,
    failed: bool,
}

/// A stream of server-sent events.
pub(crate) fn of_events(protocol: impl Protocol + 'static) -> Box<dyn Decoder> {
    stream(Framing::Events(sse::Decoder::new()), protocol)
}

/// A stream of server-sent events in which a line `FIELD: VALUE` is an event too.
pub(crate) fn of_events_and(field: &'static str, protocol: impl Protocol + 'static) -> Box<dyn Decoder> {
    stream(Framing::Events(sse::Decoder::with_stray(field)), protocol)
}

/// A stream of JSON values, one a line.
pub(crate) fn of_lines(protocol: impl Protocol + 'static) -> Box<dyn Decoder> {
    stream(Framing::Lines(Lines::new(Ends::Lf, sse::LIMIT)), protocol)
}

fn stream(framing: Framing, protocol: impl Protocol + 'static) -> Box<dyn Decoder> {
    Box::new(Stream { framing, protocol, ended: false, failed: false })
}

impl<P: Protocol> Decoder for Stream<P> {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed> {
        let Self { framing, protocol, ended, failed } = self;
        let mut each = |name: &str, data: &str| {
            if *failed {
                return Ok(());
            }
            let mut said = Vec::new();
            let result = protocol.message(name, data, &mut said);
            for event in said {
                let is_news = match &event {
                    _ if *failed => false,
                    Event::Ended(_) => !std::mem::replace(ended, true),
                    Event::Tokens(tokens) => *tokens != Tokens::default(),
                    Event::Failed { .. } => {
                        *failed = true;
                        true
                    }
                    Event::Text(_) | Event::Chosen(_) => true,
                };
                if is_news {
                    events.push(event);
                }
            }
            result
        };
        match framing {
            Framing::Events(decoder) => decoder.push(bytes, |message| each(&message.name, &message.data)),
            Framing::Lines(lines) => lines.push(bytes, |line| each("", &String::from_utf8_lossy(line))),
        }
    }

    fn is_complete(&self) -> bool {
        self.ended && !self.failed
    }
}

/// Reads a message. The error says what kind of mistake is where, because serde's own words quote.
pub(crate) fn parse<T: DeserializeOwned>(data: &str) -> Result<T, Malformed> {
    serde_json::from_str(data).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "has a value of the wrong type",
            serde_json::error::Category::Syntax => "is not JSON",
            serde_json::error::Category::Io | serde_json::error::Category::Eof => "is JSON that breaks off",
        };
        Malformed(format!(
            "a message of {} bytes in the answer {what} (at its byte {})",
            data.len(),
            error.column()
        ))
    })
}
