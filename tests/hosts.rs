//! Questions to hosts as they really are: llama-server's chat, by both protocols that it speaks; a host with a certificate of one's own
//! authority; a provider whose key is in the system's keyring.
//!
//! Must not expect any particular words of a model.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test from its first line to its last")]

#[path = "../server/gateway/tests/fake/mod.rs"]
mod fake;

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use e2e::{LLAMA_SERVER_KEY, LlamaServer, Ran, World, not_tested};
use fake::{Fake, Step, read_request};
use serde_json::{Value, json};

/// What a scripted provider says.
fn answer(text: &str) -> String {
    let piece = json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 100, "completion_tokens": 10 } });
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
         data: {piece}\n\ndata: {usage}\n\ndata: [DONE]\n\n"
    )
}

/// A world whose user has the provider `lab` there; what speaks as a paid one does has a price.
fn world(dialect: &str, base_url: &str, key: &str) -> World {
    let world = World::new();
    let price = r#"cloud.price = [{ model = "lab/m", input_usd = "1.00", output_usd = "10.00", as_of = "2026-11-01" }]"#;
    let price = if dialect == "openai" { price } else { "" };
    world.configure(&format!(
        r#"
        cloud.provider = [{{ id = "lab", dialect = "{dialect}", base_url = "{base_url}", key = {key}, models = ["m"] }}]
        {price}
        "#
    ));
    world
}

/// Where a file with this key is, as the configuration says it.
fn file_with(world: &World, key: &str) -> String {
    let path = world.file("../key", key);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    format!("{{ file = {:?} }}", fs::canonicalize(path).unwrap().display().to_string())
}

#[test]
fn llama_server_answers_questions_by_either_protocol() {
    let Some(program) = LlamaServer::program() else { return };
    let host = LlamaServer::start(&program);
    let elsewhere = World::new();
    let key = file_with(&elsewhere, LLAMA_SERVER_KEY);
    for (dialect, is_paid) in [("openai", true), ("llama-server", false)] {
        let world = world(dialect, &format!("http://127.0.0.1:{}", host.port), &key);
        world.file("a.rs", "fn add(a: u32, b: u32) -> u32 { a + b }\n");
        // Ember was never told to end an answer: that it is as long as it may be is an exit code of its own.
        let ran = world.run(&["ask", "What is this?", "--file", "a.rs", "--use", "lab/m", "--yes", "--json"]);
        let told: Value = serde_json::from_str(&ran.stdout).expect(&ran.stderr);
        assert!(!told["answer"].as_str().unwrap().is_empty(), "{dialect}: {told:#}");
        let answered = &told["answered"];
        let tokens = |name: &str| answered["tokens"][name].as_u64().unwrap_or_default();
        assert!(tokens("input") > 20 && tokens("output") > 0, "{dialect} counts: {told:#}");
        let cost = if is_paid { 1000 * tokens("input") + 10_000 * tokens("output") } else { 0 };
        assert_eq!(answered["cost"], cost, "{dialect}: {told:#}");
        let why = world.run(&["why", told["decision"].as_str().unwrap()]);
        assert!(
            why.stdout.contains("sent to `lab/m`") || why.stdout.contains("sent to lab/m"),
            "{}",
            why.stdout
        );
    }
}

/// A provider behind TLS, whose certificate an authority of this test has signed.
struct Private {
    port: u16,
    /// The authority's certificate, in PEM.
    authority: PathBuf,
    /// Requests that came through.
    heard: Arc<AtomicUsize>,
}

impl Private {
    fn start(world: &World) -> Self {
        let mut parameters = rcgen::CertificateParams::new([]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = parameters.self_signed(&key).unwrap();
        let issuer = rcgen::Issuer::new(parameters, key);
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["localhost".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let (config, heard) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                // Who does not trust this one hangs up.
                drop(serve(rustls::StreamOwned::new(session, stream), &count));
            }
        });
        Self { port, authority: world.file("../authority.pem", authority.pem()), heard }
    }
}

fn serve(mut stream: impl Read + Write, heard: &AtomicUsize) -> std::io::Result<()> {
    if read_request(&mut stream)?.is_empty() {
        return Ok(());
    }
    heard.fetch_add(1, Ordering::SeqCst);
    stream.write_all(answer("Trusted.").as_bytes())?;
    stream.flush()
}

#[test]
fn a_host_proves_itself_by_the_certificate_of_an_authority_that_its_user_trusts() {
    let elsewhere = World::new();
    let host = Private::start(&elsewhere);
    let key = file_with(&elsewhere, "sesame");
    let world = world("openai", &format!("https://localhost:{}", host.port), &key);
    let ask = |authority: Option<&PathBuf>| {
        let mut command = world.command(&["ask", "Who are you?", "--yes", "--use", "lab/m"]);
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", authority);
        }
        ran(&mut command)
    };
    let refused = ask(None);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("can't prove to be the host"), "{}", refused.stderr);
    assert_eq!(host.heard.load(Ordering::SeqCst), 0, "nothing of the request got there");

    let answered = ask(Some(&host.authority));
    assert_eq!((answered.code, answered.stdout.as_str()), (0, "Trusted.\n"), "{}", answered.stderr);
    assert_eq!(host.heard.load(Ordering::SeqCst), 1);
}

#[test]
fn a_key_is_kept_in_the_keyring_and_found_there() {
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !has("gnome-keyring-daemon") || !has("dbus-run-session") {
        return not_tested(
            "there is no GNOME keyring here (scripts/deps dbus-run-session gnome-keyring-daemon)",
        );
    }
    let provider = Fake::start(vec![vec![Step::Read, Step::text(&answer("Opened."))]]);
    let world = world("openai", &provider.origin, "{ keyring = \"lab\" }");
    // A session of its own, whose keyring is locked with this password and unlocked.
    let script =
        "printf %s anything | gnome-keyring-daemon --components=secrets --unlock >/dev/null || exit 70
        \"$0\" ask 'Before?' --preview --use lab/m >/dev/null || exit 72
        \"$0\" ask 'Before?' --yes --use lab/m && exit 71
        printf %s sk-canary-in-the-keyring | \"$0\" cloud key lab && \"$0\" ask 'And now?' --yes --use lab/m";
    let hob = world.command(&[]);
    let mut session = Command::new("dbus-run-session");
    session.args(["--", "sh", "-c", script]).arg(hob.get_program()).stdin(Stdio::null());
    session.current_dir(world.workspace()).env_remove("DBUS_SESSION_BUS_ADDRESS");
    for (name, value) in hob.get_envs() {
        match value {
            Some(value) => session.env(name, value),
            None => session.env_remove(name),
        };
    }
    let ran = ran(&mut session);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("`hob cloud key lab` puts one there"), "{}", ran.stderr);
    assert!(ran.stdout.ends_with("Opened.\n"), "{}", ran.stdout);
    let request = String::from_utf8(provider.requests()[0].clone()).unwrap();
    assert!(request.contains("authorization: Bearer sk-canary-in-the-keyring\r\n"), "{request}");
    assert_eq!(provider.connections(), 1, "without a key nobody is asked");
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"), "{}{}", ran.stdout, ran.stderr);
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
