//! The one HTTP client of Hob: no redirects, no proxies, no cookies, no referrer, no decompression, no retries of its own.
//!
//! Must not decide anything: it sends what it is given to where that belongs, and says what came or why nothing did. No error holds a
//! URL, a key or a body: errors end in logs.

use std::{
    error::Error,
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Method, Url,
    header::{self, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    dialect::{KeyHeader, Outgoing},
    transport::{Body, Lost, Reply, Sending, Transport},
};

/// What is decompressed could be larger than anybody foresees, and what is not compressed can be shown as it comes.
const IDENTITY: &str = "identity";

/// Sends over TCP and TLS. HTTP/1.1, a connection for each request: to drop a request is then to close its socket, and there is no
/// connection that somebody closed in the meantime.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// A client whose connections take at most `connect`, name and TLS included. Fails where the machine has no certificates of
    /// authorities that it trusts.
    pub fn new(connect: Duration) -> Result<Self, Unusable> {
        let http =
            builder(connect).pool_max_idle_per_host(0).build().map_err(|error| Unusable(roots(&error)))?;
        Ok(Self { http })
    }
}

/// What every client here has in common: it speaks to the host that it is told to speak to and to nobody else, and asks once.
pub(crate) fn builder(connect: Duration) -> reqwest::ClientBuilder {
    // An error says that one is installed already, which is as good: nobody in this process installs another one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(connect)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .tcp_nodelay(true)
        // The name of this machine itself is nothing to ask a resolver about.
        .resolve_to_addrs(
            "localhost",
            &[SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))],
        )
}

/// There is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be sent: TLS can't be set up ({0})")]
pub struct Unusable(String);

impl Transport for Client {
    type Body = Answer;

    async fn open(&self, sending: Sending<'_>) -> Result<Reply<Answer>, Lost> {
        let url = checked(&sending.outgoing.url, sending.origin)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(IDENTITY));
        for (name, value) in &sending.outgoing.headers {
            let value = HeaderValue::from_str(value);
            let value = value.map_err(|_| Lost::Forbidden(format!("its header {name} can't be written")))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        if let Some((place, key)) = sending.key {
            let (name, value) = key_header(place, key)?;
            headers.insert(name, value);
        }
        let request =
            self.http.request(Method::POST, url).headers(headers).body(sending.outgoing.body.clone());
        let mut response = request.send().await.map_err(|error| lost(&error))?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Reply { status: response.status().as_u16(), headers, body: Answer(response) })
    }
}

/// A body that comes over a socket; dropped, it closes that.
pub struct Answer(reqwest::Response);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl Body for Answer {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Lost> {
        let piece = self.0.chunk().await.map_err(|error| lost(&error))?;
        Ok(piece.map(|bytes| bytes.to_vec()))
    }
}

/// The headers that every request has besides its own, as a preview shows them.
pub(crate) fn added(outgoing: &Outgoing) -> Vec<(String, String)> {
    let host = Url::parse(&outgoing.url).ok().and_then(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
    });
    let host = host.map(|host| (header::HOST, host));
    let others = [
        (header::ACCEPT_ENCODING, IDENTITY.to_owned()),
        (header::CONTENT_LENGTH, outgoing.body.len().to_string()),
    ];
    host.into_iter().chain(others).map(|(name, value)| (name.to_string(), value)).collect()
}

/// The URL, if it is below `origin` and nobody on the way can read along.
fn checked(url: &str, origin: &str) -> Result<Url, Lost> {
    let forbidden = |why: &str| Lost::Forbidden(why.into());
    let url = Url::parse(url).map_err(|_| forbidden("its address is not a URL"))?;
    let home = Url::parse(origin).map_err(|_| forbidden("its configured address is not a URL"))?;
    if url.origin() != home.origin() || !url.origin().is_tuple() {
        return Err(forbidden("its address is not at the host that is configured"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(forbidden("its address holds a name or a password"));
    }
    let is_here = url.host_str().is_some_and(is_loopback);
    if url.scheme() == "https" || (url.scheme() == "http" && is_here) {
        Ok(url)
    } else {
        Err(forbidden("its address is not https, and not this machine"))
    }
}

/// Whether a URL's host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn key_header(place: KeyHeader, key: &SecretString) -> Result<(HeaderName, HeaderValue), Lost> {
    let (name, text) = match place {
        KeyHeader::Bearer => (AUTHORIZATION, SecretString::from(format!("Bearer {}", key.expose_secret()))),
        KeyHeader::Plain(name) => (HeaderName::from_static(name), key.clone()),
    };
    let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| Lost::BadKey)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// What an error means, without its own words, which hold the URL.
fn lost(error: &reqwest::Error) -> Lost {
    if error.is_connect() && error.is_timeout() {
        Lost::ConnectTimeout
    } else if error.is_dns() {
        Lost::Unreachable("its name is not known".into())
    } else if error.is_connect() {
        match find::<rustls::Error>(error) {
            Some(error) => Lost::Untrusted(error.to_string()),
            None => Lost::Unreachable(io_words(error).unwrap_or_else(|| "no connection".into())),
        }
    } else {
        Lost::Broken(io_words(error).unwrap_or_else(|| "what came is not HTTP, or ended too early".into()))
    }
}

/// What the system or TLS says, beneath what other layers say.
fn roots(error: &reqwest::Error) -> String {
    find::<rustls::Error>(error)
        .map(ToString::to_string)
        .or_else(|| io_words(error))
        .unwrap_or_else(|| "no trusted certificates were found".into())
}

fn io_words(error: &(dyn Error + 'static)) -> Option<String> {
    find::<io::Error>(error).map(|error| error.kind().to_string())
}

/// The innermost `E` among the causes of an error; `io::Error` hides what it wraps from `source`.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let (mut found, mut next) = (None, Some(error));
    while let Some(error) = next {
        found = error.downcast_ref::<E>().or(found);
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, origin: &str) -> Result<(), String> {
        checked(url, origin).map(drop).map_err(|lost| lost.to_string())
    }

    #[test]
    fn a_request_stays_at_the_configured_host() {
        for (url, origin) in [
            ("https://api.test/v1/messages", "https://api.test"),
            ("https://api.test:443/v1", "https://api.test"),
            ("http://127.0.0.1:8080/completion", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/completion", "http://[::1]:8080"),
            ("http://localhost:8080/completion", "http://localhost:8080"),
        ] {
            assert_eq!(check(url, origin), Ok(()), "{url}");
        }
        for (url, origin) in [
            ("https://evil.test/v1", "https://api.test"),
            ("https://api.test.evil.test/v1", "https://api.test"),
            ("https://api.test@evil.test/v1", "https://api.test"),
            ("https://api.test:444/v1", "https://api.test"),
            ("http://api.test/v1", "https://api.test"),
            ("http://api.test/v1", "http://api.test"),
            ("http://127.0.0.1.evil.test/v1", "http://127.0.0.1.evil.test"),
            ("http://localhost.evil.test/v1", "http://localhost.evil.test"),
            ("http://192.168.0.1/v1", "http://192.168.0.1"),
            ("https://user:word@api.test/v1", "https://api.test"),
            ("file:///etc/passwd", "file:///"),
            ("data:text/plain,x", "data:text/plain,x"),
            ("/v1", "https://api.test"),
            ("", ""),
        ] {
            assert!(check(url, origin).is_err(), "{url}");
        }
    }

    #[test]
    fn a_key_is_a_header_that_nobody_prints() {
        let key = SecretString::from("sk-canary");
        for (place, expected) in
            [(KeyHeader::Bearer, "Bearer sk-canary"), (KeyHeader::Plain("x-api-key"), "sk-canary")]
        {
            let (_, value) = key_header(place, &key).unwrap();
            assert_eq!(value.to_str().unwrap(), expected);
            assert!(!format!("{value:?}").contains("canary"));
        }
        let broken = key_header(KeyHeader::Bearer, &SecretString::from("sk-\ncanary")).unwrap_err();
        assert_eq!(broken.to_string(), "was not asked: its key holds characters that no key has");
    }
}
