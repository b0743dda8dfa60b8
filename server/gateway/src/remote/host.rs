//! One host over HTTP: its address, its key, and what is wrong with it in words for people.
//!
//! Must not follow a redirect, must not speak to another origin than the one that the user's configuration names, and must not put the
//! key or a word of a request into an error: a host's own words may quote what it was sent.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use config::{Limits, Provider};
use model::ModelError;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{FindsKey, speech::Strange};
use crate::client;

/// Bytes of an answer that is read whole, at most. The tokens of all that a prompt may show are some megabytes.
const LARGEST: usize = 32 << 20;

/// What went wrong with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nobody answers there, or not in time.
    Silent(String),
    /// Its key is not where it should be.
    NoKey(String),
    /// It wants another key.
    Key(StatusCode),
    /// It can't, by its own word.
    Status(StatusCode),
    /// It is not what it was taken for.
    Strange(&'static str),
    /// It can be spoken to, but not with this model; the rest of a sentence that begins with its name.
    Model(String),
    /// It serves something else than a moment ago.
    Changed,
}

impl From<Strange> for Trouble {
    fn from(Strange(what): Strange) -> Self {
        Self::Strange(what)
    }
}

impl Trouble {
    /// Whether asking it again right away is of no use.
    pub(super) fn lasts(&self) -> bool {
        !matches!(self, Self::Status(status) if status.is_client_error())
    }
}

/// A host that computes for a team.
#[derive(Clone)]
pub(super) struct Host {
    client: Client,
    base: String,
    origin: String,
    finds_key: FindsKey,
    key: Arc<RwLock<Option<SecretString>>>,
    limits: Limits,
}

/// Never the key.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Host {
    /// The host of `provider`, to be asked with the key that is found like this.
    pub(super) fn new(
        provider: &Provider,
        finds_key: FindsKey,
        limits: Limits,
    ) -> Result<Self, &'static str> {
        if provider.base_url.starts_with("http:") && !client::is_loopback(provider.host()) {
            return Err(
                "would be spoken to in the clear: `http` is for this machine itself; use https, or a tunnel",
            );
        }
        // A key is answered sooner over a connection that is there.
        let client = client::builder(limits.connect)
            .pool_idle_timeout(Duration::from_mins(5))
            .build()
            .map_err(|_| "can't be spoken to: TLS can't be set up on this machine")?;
        let (base, origin) = (provider.base_url.clone(), provider.origin().to_owned());
        Ok(Self { client, base, origin, finds_key, key: Arc::default(), limits })
    }

    /// Looks where the key should be.
    pub(super) async fn find_key(&self) -> Result<(), Trouble> {
        let finds = Arc::clone(&self.finds_key);
        let found = tokio::task::spawn_blocking(move || finds()).await;
        let key = found.map_err(|_| Trouble::NoKey("a fault in Hob; its log has the details".into()))?;
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key.map_err(Trouble::NoKey)?;
        Ok(())
    }

    /// The sentence for a person.
    pub(super) fn explain(&self, trouble: &Trouble) -> ModelError {
        let host = &self.origin;
        let instead = "or remove `engine.remote` from ~/.config/hob/config.toml to use this machine's engine";
        ModelError::Unusable(match trouble {
            Trouble::Silent(why) => {
                format!("the team's engine at {host} does not answer ({why}): start it there, {instead}")
            }
            Trouble::NoKey(why) => {
                format!("the team's engine at {host} can't be asked without its key: {why}")
            }
            Trouble::Key(status) => format!(
                "the team's engine at {host} wants another key (HTTP {}): set the provider's `key`, {instead}",
                status.as_u16()
            ),
            Trouble::Status(status) => format!(
                "the team's engine at {host} could not answer (HTTP {}): its own log says why",
                status.as_u16()
            ),
            Trouble::Strange(what) => {
                format!("the team's engine at {host} {what}; look at the provider's `base_url` and `dialect`")
            }
            Trouble::Model(what) => format!("the model of the team's engine at {host} {what}"),
            Trouble::Changed => {
                format!("the team's engine at {host} serves another model now; it is asked what it is like")
            }
        })
    }

    /// Asks for something that it knows.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        let response = self.send(self.client.get(format!("{}{path}", self.base))).await?;
        self.whole(response).await
    }

    /// Sends a body and reads the whole answer.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        let response = self.send(self.with(path, body)).await?;
        self.whole(response).await
    }

    /// Sends a body; the answer's body is still to be read. Dropping it closes the connection.
    pub(super) async fn stream(&self, path: &str, body: &Value) -> Result<Response, Trouble> {
        self.send(self.with(path, body)).await
    }

    /// The next bytes of an answer; `None` at its end.
    pub(super) async fn next(&self, response: &mut Response) -> Result<Option<Vec<u8>>, Trouble> {
        match tokio::time::timeout(self.limits.idle, response.chunk()).await {
            Ok(Ok(bytes)) => Ok(bytes.map(|bytes| bytes.to_vec())),
            Ok(Err(error)) => Err(silent(&error)),
            Err(_) => Err(Trouble::Silent("it stopped in the middle of an answer".into())),
        }
    }

    fn with(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base));
        request.header(header::CONTENT_TYPE, "application/json").body(body.to_string())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Trouble> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner).clone();
        let request = match key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        };
        let sent = tokio::time::timeout(self.limits.first_token, request.send()).await;
        let response =
            sent.map_err(|_| Trouble::Silent("it took too long".into()))?.map_err(|error| silent(&error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Err(Trouble::Key(status)),
            StatusCode::SERVICE_UNAVAILABLE => {
                Err(Trouble::Silent("it is loading its model, or has no time".into()))
            }
            StatusCode::NOT_FOUND => Err(Trouble::Strange("knows nothing of what it is asked")),
            status if status.is_redirection() => {
                Err(Trouble::Strange("points elsewhere, and nobody goes there"))
            }
            status => Err(Trouble::Status(status)),
        }
    }

    async fn whole(&self, mut response: Response) -> Result<Value, Trouble> {
        let mut body = Vec::new();
        while let Some(bytes) = self.next(&mut response).await? {
            if body.len() + bytes.len() > LARGEST {
                return Err(Trouble::Strange("says more than can be listened to"));
            }
            body.extend(bytes);
        }
        serde_json::from_slice(&body).map_err(|_| Trouble::Strange("does not answer in JSON"))
    }
}

/// Why there was no answer, in words without an address or a body.
fn silent(error: &reqwest::Error) -> Trouble {
    Trouble::Silent(
        if error.is_timeout() {
            "it took too long"
        } else if error.is_connect() {
            "there is no connection"
        } else {
            "the connection broke"
        }
        .to_owned(),
    )
}
