//! The client over real sockets: whom it sends to, whom not, and how fast it lets go.
//!
//! Must not test a decision about failures: that is tests/matrix.rs.

mod fake;

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use fake::{Fake, Step};
use gateway::{
    client::Client,
    dialect::{KeyHeader, Outgoing},
    transport::{Body, Lost, Sending, Transport},
};
use secrecy::SecretString;

const KEY: &str = "sk-canary-1234567890";
const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

fn outgoing(origin: &str) -> Outgoing {
    let headers = vec![("content-type", "application/json".to_owned())];
    Outgoing {
        url: format!("{origin}/v1/chat?x=canary-query"),
        headers,
        body: "{\"secret\":\"canary-body\"}".into(),
    }
}

async fn send(fake_origin: &str) -> Result<(u16, Vec<u8>), Lost> {
    let client = Client::new(Duration::from_secs(10)).expect("a client");
    let outgoing = outgoing(fake_origin);
    let key = SecretString::from(KEY);
    let sending = Sending {
        outgoing: &outgoing,
        origin: fake_origin,
        key: Some((KeyHeader::Plain("x-api-key"), &key)),
    };
    let mut reply = client.open(sending).await?;
    let mut body = Vec::new();
    while let Some(piece) = reply.body.next().await? {
        body.extend(piece);
    }
    Ok((reply.status, body))
}

#[tokio::test]
async fn a_request_is_what_was_previewed_and_the_key() {
    let fake = Fake::start(vec![vec![Step::Read, Step::text(STREAM), Step::text("data: x\n\n")]]);
    assert_eq!(send(&fake.origin).await, Ok((200, b"data: x\n\n".to_vec())));
    let request = String::from_utf8(fake.requests().remove(0)).expect("ASCII");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines: Vec<_> = head.lines().filter(|line| !line.starts_with("host: 127.0.0.1:")).collect();
    assert_eq!(lines.remove(0), "POST /v1/chat?x=canary-query HTTP/1.1");
    lines.sort_unstable();
    let expected = [
        "accept-encoding: identity",
        "accept: */*",
        "content-length: 24",
        "content-type: application/json",
        "x-api-key: sk-canary-1234567890",
    ];
    assert_eq!(lines, expected);
    assert_eq!(body, "{\"secret\":\"canary-body\"}");
}

#[tokio::test]
async fn nobody_else_sees_what_a_redirect_asks_to_be_sent_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let trap = Fake::start(vec![vec![Step::Read, Step::text(STREAM)]]);
        for location in [format!("{}/steal", trap.origin), "/elsewhere".into(), "//127.0.0.2/steal".into()] {
            let head =
                format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let fake = Fake::start(vec![vec![Step::Read, Step::text(&head)]]);
            assert_eq!(send(&fake.origin).await, Ok((status, Vec::new())));
            assert_eq!(fake.requests().len(), 1);
        }
        assert_eq!(trap.requests().len(), 0);
    }
}

#[tokio::test]
async fn a_request_to_another_host_is_not_sent() {
    let (home, away) = (Fake::start(vec![vec![Step::Read]]), Fake::start(vec![vec![Step::Read]]));
    let client = Client::new(Duration::from_secs(10)).expect("a client");
    let outgoing = outgoing(&away.origin);
    let sent = client.open(Sending { outgoing: &outgoing, origin: &home.origin, key: None }).await;
    let refused = sent.err().map(|lost| lost.to_string());
    assert_eq!(refused.as_deref(), Some("was not asked: its address is not at the host that is configured"));
    assert!(home.requests().is_empty() && away.requests().is_empty());
}

/// How long a provider keeps a socket after the request was dropped.
async fn until_closed(script: Vec<Step>) -> Duration {
    let fake = Fake::start(vec![script]);
    let client = Client::new(Duration::from_secs(10)).expect("a client");
    let outgoing = outgoing(&fake.origin);
    {
        let mut read = std::pin::pin!(async {
            let sending = Sending { outgoing: &outgoing, origin: &fake.origin, key: None };
            let mut reply = client.open(sending).await.expect("a head");
            while let Ok(Some(_)) = reply.body.next().await {}
        });
        // Until the provider has read the request, and its first words are here if it has any.
        while fake.requests().is_empty() {
            let waited = tokio::time::timeout(Duration::from_millis(1), &mut read).await;
            assert!(waited.is_err(), "the provider holds the connection");
        }
        let _ = tokio::time::timeout(Duration::from_millis(20), &mut read).await;
    }
    let dropped = Instant::now();
    let left = tokio::task::spawn_blocking(move || fake.left()).await.expect("a connection that was left");
    left.saturating_duration_since(dropped)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_request_closes_its_socket_within_100_ms() {
    let shapes = [
        ("before the head", vec![Step::Read, Step::Hold]),
        ("before the first text", vec![Step::Read, Step::text(STREAM), Step::Hold]),
        ("in the stream", vec![Step::Read, Step::text(STREAM), Step::text("data: x\n\n"), Step::Hold]),
        ("in a flood", vec![Step::Read, Step::text(STREAM), Step::Forever(vec![b':'; 4096])]),
    ];
    for (phase, script) in shapes {
        let mut times = Vec::new();
        for _ in 0..20 {
            times.push(until_closed(script.clone()).await);
        }
        times.sort_unstable();
        println!("closed after a drop {phase}: p50 {:?}, max {:?} of {}", times[10], times[19], times.len());
        assert!(times[19] <= Duration::from_millis(100), "{phase}: {times:?}");
    }
}

#[tokio::test]
async fn no_error_tells_a_key_a_body_or_a_query() {
    let scripts = [
        vec![Step::Reset],
        vec![Step::Read, Step::Reset],
        vec![Step::Read, Step::text("canary? no HTTP\r\n\r\n")],
    ];
    let mut errors: Vec<Lost> = Vec::new();
    for script in scripts {
        let fake = Fake::start(vec![script]);
        errors.push(send(&fake.origin).await.expect_err("no answer"));
    }
    errors.push(send("http://127.0.0.1:1").await.expect_err("nobody listens there"));
    for error in errors {
        let told = format!("{error} {error:?}");
        assert!(!told.contains("canary") && !told.contains("127.0.0.1"), "{told}");
    }
}

#[tokio::test]
async fn who_can_not_prove_to_be_the_host_gets_nothing() {
    // Not TLS at all: what matters is that no byte of the request is sent before the proof.
    let fake = Fake::start(vec![vec![Step::Read]]);
    let https = fake.origin.replace("http://", "https://");
    let reset = Fake::start(vec![vec![Step::text("HTTP/1.1 200 OK\r\n\r\n")]]);
    let lost = send(&reset.origin.replace("http://", "https://")).await.expect_err("no TLS");
    assert!(matches!(lost, Lost::Untrusted(_)), "{lost:?}");
    let client = Client::new(Duration::from_millis(200)).expect("a client");
    let outgoing = outgoing(&https);
    let lost = client.open(Sending { outgoing: &outgoing, origin: &https, key: None }).await.err();
    assert_eq!(lost, Some(Lost::ConnectTimeout));
    for request in fake.requests() {
        assert!(!String::from_utf8_lossy(&request).contains("canary"));
    }
}

fn own_binary() -> PathBuf {
    std::env::current_exe().expect("a test is a program")
}

/// The environment is read by libraries when they please, so a process of its own has these set from its beginning.
#[test]
fn no_proxy_of_the_environment_sees_anything() {
    let trap = Fake::start(vec![vec![Step::Read, Step::text(STREAM)]]);
    let mut child = Command::new(own_binary());
    child.args(["--exact", "a_child_of_the_proxy_test_sends", "--nocapture"]).env("HOB_TEST_PROXIED", "1");
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &trap.origin);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    let output = child.output().expect("the child runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("sent directly"));
    assert_eq!(trap.requests().len(), 0);
}

#[tokio::test]
async fn a_child_of_the_proxy_test_sends() {
    if std::env::var_os("HOB_TEST_PROXIED").is_none() {
        return;
    }
    let fake = Fake::start(vec![vec![Step::Read, Step::text(STREAM), Step::text("data: x\n\n")]]);
    assert_eq!(send(&fake.origin).await, Ok((200, b"data: x\n\n".to_vec())));
    assert_eq!(send(&fake.origin.replace("127.0.0.1", "localhost")).await.map(|answer| answer.0), Ok(200));
    // A name that nobody has: asking a proxy for it would be an answer.
    for url in ["https://provider.invalid"] {
        assert!(matches!(send(url).await, Err(Lost::Unreachable(_))));
    }
    assert_eq!(fake.requests().len(), 2);
    println!("sent directly");
}
