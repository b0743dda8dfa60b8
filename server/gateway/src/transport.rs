//! What an attempt needs of the network: a request goes out, an answer's head comes back, then its body in pieces.
//!
//! There is one that opens sockets ([`crate::client::Client`]); tests bring others. Must not decide what a failure means.

use std::future::Future;

use reqwest::header::HeaderMap;
use secrecy::SecretString;

use crate::dialect::{KeyHeader, Outgoing};

/// One request, with what must not be seen in a preview.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    /// The bytes.
    pub outgoing: &'a Outgoing,
    /// Scheme, host and port that the user configured for this provider; the URL has to be below it.
    pub origin: &'a str,
    /// The key and where it goes; `None` where the provider needs none.
    pub key: Option<(KeyHeader, &'a SecretString)>,
}

/// The head of an answer. Its body follows.
pub struct Reply<B> {
    /// The HTTP status.
    pub status: u16,
    /// As they came.
    pub headers: HeaderMap,
    /// What follows.
    pub body: B,
}

/// Why nothing comes, or nothing more. The texts are for people and hold no URL, no key and nothing of a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// No connection: nothing was sent. What went wrong.
    #[error("can't be reached: {0}")]
    Unreachable(String),
    /// No connection in the time that there is for it: nothing was sent.
    #[error("can't be reached: no connection in time")]
    ConnectTimeout,
    /// Whoever answers can't prove to be the host: nothing was sent. In the words of the TLS library.
    #[error("can't prove to be the host that was asked for ({0})")]
    Untrusted(String),
    /// The request is not one for this provider, so nothing was sent. Why.
    #[error("was not asked: {0}")]
    Forbidden(String),
    /// The key can't be sent: nothing was.
    #[error("was not asked: its key holds characters that no key has")]
    BadKey,
    /// The connection ended too early. How.
    #[error("broke off: {0}")]
    Broken(String),
}

impl Lost {
    /// Whether it is certain that the provider has not seen the request.
    pub fn is_before_sending(&self) -> bool {
        !matches!(self, Self::Broken(_))
    }
}

/// Opens requests. Dropping a future or a body closes its connection.
pub trait Transport: Sync {
    /// The rest of an answer.
    type Body: Body;

    /// Sends the request; done once the answer's head is there.
    fn open(&self, sending: Sending<'_>) -> impl Future<Output = Result<Reply<Self::Body>, Lost>> + Send;
}

/// An answer's body.
pub trait Body: Send {
    /// The next piece; `None` once it has ended as HTTP says that it ends.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, Lost>> + Send;
}
