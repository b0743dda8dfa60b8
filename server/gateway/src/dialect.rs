//! The protocols of providers, without I/O: a request becomes exact bytes, and bytes become events.
//!
//! One file each. Must not open a socket, read a key or look at a clock, so that what is previewed is what is sent, and what a provider
//! once answered can be replayed.

use config::{Dialect, Provider};
use model::cloud::{Ask, Tokens};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The next piece of the answer.
    Text(String),
    /// What was counted so far; later words replace earlier ones, field by field.
    Tokens(Tokens),
    /// The model is done.
    Ended(Why),
    /// The provider reports a failure within the stream, by the HTTP status that it would have been.
    Failed {
        /// As `overloaded_error` is 529.
        status: u16,
        /// Its own words.
        message: String,
    },
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
    /// Takes the next bytes. After an error nothing more of this stream is of use.
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed>;

    /// The body has ended. Whether the protocol said so too: without that the answer is a truncated one.
    fn is_complete(&self) -> bool;
}

/// What came is not this protocol; in words, without the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);
