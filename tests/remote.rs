//! Ghost text from a team's llama-server, which the user's configuration names: Ember on loopback, served by the real thing.
//!
//! What a host is asked is seen by a relay between the two. Must not expect any particular words.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use e2e::{Buffer, Editor, LLAMA_SERVER_KEY, LlamaServer, PATIENCE, Role, World, eventually};
use serde_json::Value;

const FILE: &str = include_str!("fixtures/typing/gguf.rs");

/// Stands between Hob and its host, and keeps what Hob says.
struct Relay {
    port: u16,
    said: Arc<Mutex<Vec<u8>>>,
    over: Arc<AtomicBool>,
}

impl Relay {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (said, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (keeps, ends) = (Arc::clone(&said), Arc::clone(&over));
        thread::spawn(move || {
            for hob in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(host) = TcpStream::connect(("127.0.0.1", to)) {
                    join(&hob, &host, &keeps);
                }
            }
        });
        Self { port, said, over }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes it; whether anybody is there does not matter.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Carries bytes both ways, each way on a thread that ends with either side.
fn join(hob: &TcpStream, host: &TcpStream, keeps: &Arc<Mutex<Vec<u8>>>) {
    let ways = [
        (hob.try_clone(), host.try_clone(), Some(Arc::clone(keeps))),
        (host.try_clone(), hob.try_clone(), None),
    ];
    for (from, to, keeps) in ways {
        let (Ok(mut from), Ok(mut to)) = (from, to) else { return };
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if let Some(keeps) = &keeps {
                    keeps.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..count]);
                }
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            // Either may be closed already.
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}

/// A world whose configuration names the host at `port`, and `more`.
fn world(port: u16, more: &str) -> World {
    let world = World::new();
    let key = world.file("../key", LLAMA_SERVER_KEY);
    let private = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    fs::set_permissions(&key, private).expect("a file of this test");
    let provider = format!(
        r#"{{ id = "team", dialect = "llama-server", base_url = "http://127.0.0.1:{port}", models = ["ember"], key = {{ file = {:?} }} }}"#,
        key.display().to_string()
    );
    world.configure(&format!("engine.remote = \"team\"\ncloud.provider = [{provider}]\n{more}"));
    world
}

/// A document in which the model has something to say where `let file = File::` ends.
fn at_a_line<'e>(editor: &'e Editor, name: &str) -> Buffer<'e> {
    let mut buffer = editor.open(name, "rust", FILE);
    buffer.put_after("let file = File::");
    let rest = &buffer.text()[buffer.cursor()..];
    let end = buffer.cursor() + rest.find('\n').unwrap_or(rest.len());
    buffer.edit(buffer.cursor()..end, "");
    buffer
}

#[test]
fn ghost_text_comes_from_the_teams_host_and_a_key_costs_it_two_tokens() {
    let Some(program) = LlamaServer::program() else { return };
    let host = LlamaServer::start(&program);
    let relay = Relay::start(host.port);
    let world = world(relay.port, "");
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    let item = eventually(PATIENCE, || buffer.complete()).expect("the host has something to say here");
    assert!(buffer.with(&item).contains(&item.text));
    let status = world.engine_status().expect("a process in the engine's place");
    assert_eq!(status["model"]["ready"]["name"], "ember", "{status:#}");
    assert_eq!(world.processes_of(Role::Engine).len(), 1);

    // Back to the line's beginning, and typed anew in words that no suggestion has: each key is a question.
    buffer.edit(buffer.cursor() - "file = File::".len()..buffer.cursor(), "");
    buffer.complete();
    let before = world.rows().len();
    for key in "quxes = wobble(plinth, zygote);".chars() {
        buffer.key(key);
        buffer.complete();
    }
    let rows = world.rows().split_off(before);
    let evaluated: Vec<u64> =
        rows.iter().filter_map(|row| row["stats"]["evaluated_tokens"].as_u64()).collect();
    assert!(evaluated.len() >= 15, "too few keys were questions: {rows:#?}");
    let (keys, tokens) = (u64::try_from(evaluated.len()).unwrap(), evaluated.iter().sum::<u64>());
    assert!(tokens <= 2 * keys, "a key costs the host more than two tokens: {evaluated:?}");
    let said = relay.said();
    assert!(said.contains("Bearer sesame") && said.contains("/completion"), "the key goes in its header");
    editor.quit();
}

#[test]
fn a_host_that_goes_costs_an_answer_and_is_found_again() {
    let Some(program) = LlamaServer::program() else { return };
    let host = LlamaServer::start(&program);
    let port = host.port;
    let world = world(port, "");
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    eventually(PATIENCE, || buffer.complete()).expect("the host has something to say here");
    drop(host);
    buffer.paste("Xyz");
    assert_eq!(buffer.complete(), None);
    let row = world.row(|row| row["outcome"] == "model_unusable");
    let why = row["why"].as_str().unwrap_or_default();
    assert!(why.contains(&format!("127.0.0.1:{port}")) && why.contains("engine.remote"), "{row:#}");
    assert!(!why.contains("sesame"), "{why}");

    let _host = LlamaServer::start_at(&program, port);
    buffer.edit(buffer.cursor() - 3..buffer.cursor(), "");
    let found = eventually(PATIENCE, || {
        buffer.paste(" ");
        buffer.backspace();
        buffer.complete()
    });
    assert!(found.is_some(), "the host is there again, and nobody asks it");
    editor.quit();
}

#[test]
fn what_its_user_keeps_back_never_reaches_the_host() {
    let Some(program) = LlamaServer::program() else { return };
    let host = LlamaServer::start(&program);
    let relay = Relay::start(host.port);
    let world = world(relay.port, "cloud.never = [\"secret/**\"]");
    let editor = world.editor().start();
    let open = at_a_line(&editor, "gguf.rs");
    eventually(PATIENCE, || open.complete()).expect("the host has something to say here");
    let mut kept = editor.open(
        "secret/plan.rs",
        "rust",
        "fn canary_7f3a() {\n    let tulip = canary_7f3a();\n    \n}\n",
    );
    kept.put_after("canary_7f3a();\n    ");
    kept.type_in("let x = can");
    assert_eq!(kept.complete(), None);
    let row = world.row(|row| row["outcome"] == "model_unusable");
    assert!(row["why"].as_str().is_some_and(|why| why.contains("cloud.never")), "{row:#}");
    let said = relay.said();
    assert!(said.contains("metadata"), "what may be sent is");
    assert!(!said.contains("canary_7f3a") && !said.contains("tulip"), "what is kept back was sent");
    editor.quit();
}

#[test]
fn a_repository_cannot_name_a_host() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    world.file(
        ".hob.toml",
        format!("[engine]\nremote = \"evil\"\n[[cloud.provider]]\nid = \"evil\"\ndialect = \"llama-server\"\nbase_url = \"http://127.0.0.1:{port}\"\n"),
    );
    let editor = world.editor().start();
    let buffer = at_a_line(&editor, "gguf.rs");
    eventually(PATIENCE, || buffer.complete()).expect("this machine's engine answers");
    let status: Value = world.engine_status().expect("an engine");
    assert!(status["model"]["ready"]["load_ms"].is_u64(), "{status:#}");
    assert!(listener.accept().is_err(), "somebody was called whom only a repository names");
    editor.quit();
}

#[test]
fn a_repository_can_keep_everything_from_the_host() {
    let Some(program) = LlamaServer::program() else { return };
    let host = LlamaServer::start(&program);
    let relay = Relay::start(host.port);
    let world = world(relay.port, "");
    world.file(".hob.toml", "cloud.mode = \"local-only\"\n");
    let editor = world.editor().start();
    let buffer = at_a_line(&editor, "gguf.rs");
    assert_eq!(buffer.complete(), None);
    let row = world.row(|row| row["outcome"] == "excluded");
    assert!(row["why"].as_str().is_some_and(|why| why.contains("cloud.mode")), "{row:#}");
    assert!(!relay.said().contains("metadata"), "something of the file was sent");
    editor.quit();
}
