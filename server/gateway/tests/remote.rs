//! The remote engine's process against a host that plays vLLM on loopback, spoken to by the frames that a window sends.
//!
//! The host's vocabulary is small enough to read: each byte is a token, and the special ones have numbers from 256 on.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test from its first line to its last")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use config::{Dialect, Provider};
use gateway::remote::{self, RemoteOptions};
use model::{
    Asking, Finish, Kind, ModelError, Request, SessionKey, Stop,
    wire::{FromEngine, ModelState, PROTOCOL, RequestId, ToEngine, read_frame, write_frame},
};
use serde_json::{Value, json};

const SPECIAL: [&str; 6] =
    ["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|repo_name|>", "<|file_sep|>", "<|endoftext|>"];

/// However busy the machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the host says, whatever it is asked, and what it was asked for holes.
#[derive(Default)]
struct Script {
    /// Its answer, letter by letter.
    says: &'static str,
    /// The status of every answer; 0: 200.
    status: u16,
    /// It takes requests for holes and says nothing.
    holds: bool,
    asked: Vec<Value>,
    keys: Vec<String>,
}

/// Starts the host; its port.
fn host(script: &Arc<Mutex<Script>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port left");
    let port = listener.local_addr().expect("a listener has an address").port();
    let script = Arc::clone(script);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = Arc::clone(&script);
            thread::spawn(move || while answer(&stream, &script).is_some() {});
        }
    });
    port
}

/// One request and its answer; `None` at the end of the connection.
fn answer(mut stream: &TcpStream, script: &Mutex<Script>) -> Option<()> {
    let mut input = BufReader::new(stream);
    let (mut path, mut length) = (String::new(), 0);
    for line in input.by_ref().lines() {
        let line = line.ok()?;
        if path.is_empty() {
            line.split(' ').nth(1)?.clone_into(&mut path);
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => script.lock().expect("nobody panicked with it").keys.push(value.to_owned()),
            _ => {}
        }
        if line.is_empty() {
            break;
        }
    }
    if path.is_empty() {
        return None;
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut script = script.lock().expect("nobody panicked with it");
    if script.status > 0 {
        return write!(stream, "HTTP/1.1 {} no\r\ncontent-length: 0\r\n\r\n", script.status).ok();
    }
    let (kind, text) = match path.as_str() {
        "/v1/models" => (
            "application/json",
            json!({ "data": [{ "id": "coder", "root": "toy-coder", "max_model_len": 1024 }] }).to_string(),
        ),
        "/tokenize" => ("application/json", tokenized(body["prompt"].as_str()?).to_string()),
        _ => {
            script.asked.push(body);
            if script.holds {
                drop(script);
                // Until the other side has gone.
                drop(stream.read(&mut [0]));
                return None;
            }
            ("text/event-stream", said(script.says))
        }
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", text.len());
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes())).ok()
}

fn tokenized(text: &str) -> Value {
    let (mut tokens, mut texts) = (Vec::new(), Vec::new());
    let mut rest = text.as_bytes();
    while let Some(byte) = rest.first() {
        if let Some(at) = SPECIAL.iter().position(|name| rest.starts_with(name.as_bytes())) {
            tokens.push(256 + at);
            texts.push(SPECIAL[at].to_owned());
            rest = &rest[SPECIAL[at].len()..];
        } else {
            tokens.push(usize::from(*byte));
            texts.push(spelled(*byte).to_string());
            rest = &rest[1..];
        }
    }
    json!({ "count": tokens.len(), "max_model_len": 1024, "tokens": tokens, "token_strs": texts })
}

/// A byte as GPT-2's vocabulary writes it: what prints as itself, the others as characters from U+0100 on, in order.
fn spelled(byte: u8) -> char {
    let prints = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if prints(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|other| !prints(*other)).count();
    char::from_u32(0x100 + u32::try_from(before).expect("a vocabulary is small")).expect("a letter")
}

fn said(text: &str) -> String {
    let event = |data: &Value| format!("data: {data}\n\n");
    let mut events = String::new();
    for letter in text.chars() {
        let letter = letter.to_string();
        let top = json!({ &letter: -0.1, "?": -2.5 });
        let logprobs = json!({ "tokens": [letter], "token_logprobs": [-0.1], "top_logprobs": [top] });
        let choice = json!({ "text": letter, "logprobs": logprobs, "finish_reason": null });
        events.push_str(&event(&json!({ "choices": [choice] })));
    }
    events.push_str(&event(&json!({ "choices": [{ "text": "", "finish_reason": "stop" }] })));
    let usage = json!({ "prompt_tokens": 30, "prompt_tokens_details": { "cached_tokens": 28 } });
    events + &event(&json!({ "choices": [], "usage": usage })) + "data: [DONE]\n\n"
}

/// A window that is connected to the remote engine of a host.
struct Window {
    stream: UnixStream,
    state: ModelState,
    asked: u64,
    _folder: tempfile::TempDir,
}

impl Window {
    fn open(port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let options = options(&socket, port);
        thread::spawn(move || remote::run(options).unwrap());
        let began = Instant::now();
        let mut stream = loop {
            match UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
            }
            thread::yield_now();
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write_frame(&mut stream, &ToEngine::Hello { protocol: PROTOCOL, build: "test".into() }).unwrap();
        let mut window =
            Self { stream, state: ModelState::Loading { progress: 0.0 }, asked: 0, _folder: folder };
        while matches!(window.state, ModelState::Loading { .. }) {
            match window.next() {
                FromEngine::Model(state) => window.state = state,
                FromEngine::Hello { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        window
    }

    fn next(&mut self) -> FromEngine {
        read_frame(&mut self.stream).unwrap().expect("the engine does not hang up")
    }

    /// Asks for what belongs at `$0`, and gathers it.
    fn fill(&mut self, path: &str, hole: &str) -> (String, Result<Finish, ModelError>) {
        let own = self.ask(path, hole);
        let mut text = String::new();
        loop {
            match self.next() {
                FromEngine::Chunk { id, text: more, .. } if id == own => text += &more,
                FromEngine::Done { id, result } if id == own => return (text, result),
                _ => {}
            }
        }
    }

    /// Asks for what belongs at `$0`.
    fn ask(&mut self, path: &str, hole: &str) -> RequestId {
        let (before, suffix) = hole.split_once("$0").unwrap();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        self.asked += 1;
        let request = Request {
            kind: Kind::Fim,
            session: SessionKey(1),
            path: path.into(),
            repository: String::new(),
            blocks: Vec::new(),
            prefix: before[..line].into(),
            typed: before[line..].into(),
            suffix: suffix.into(),
            max_tokens: 16,
            single_line: true,
            asking: Asking::default(),
        };
        let id = RequestId(self.asked);
        write_frame(&mut self.stream, &ToEngine::Ask { id, request: Box::new(request) }).unwrap();
        id
    }
}

fn options(socket: &Path, port: u16) -> RemoteOptions {
    RemoteOptions {
        provider: Provider {
            id: "team".into(),
            dialect: Dialect::Vllm,
            base_url: format!("http://127.0.0.1:{port}"),
            key: None,
            models: vec!["coder".into()],
            context_tokens: 1024,
            region: None,
            retention: None,
        },
        key: Arc::new(|| Ok(Some("sesame".to_owned().into()))),
        limits: config::Cloud::default().limits,
        withholds: Arc::new(|path| (path == "secret.rs").then(|| "it stays here".to_owned())),
        socket: socket.to_owned(),
        context_tokens: 512,
        order: None,
        idle_exit: Duration::ZERO,
        build: "test".into(),
    }
}

fn scripted(says: &'static str) -> (Arc<Mutex<Script>>, Window) {
    let script = Arc::new(Mutex::new(Script { says, ..Script::default() }));
    let window = Window::open(host(&script));
    (script, window)
}

#[test]
fn a_hole_is_laid_out_in_the_hosts_tokens_and_filled() {
    let (script, mut window) = scripted("len();\nmore");
    let ModelState::Ready(info) = &window.state else { panic!("{:?}", window.state) };
    assert_eq!((info.name.as_str(), info.family.as_str(), info.context_tokens), ("toy-coder", "qwen", 512));
    let (text, result) = window.fill("a.rs", "fn a() {\n    self.le$0\n}\n");
    assert_eq!(text, "n();");
    let finish = result.unwrap();
    assert_eq!(finish.stop, Stop::Line);
    assert!(finish.stats.confidence > 0.3 && finish.stats.decoded_tokens >= 6, "{:?}", finish.stats);

    let script = script.lock().expect("nobody panicked with it");
    let asked = script.asked.last().unwrap();
    let tokens: Vec<u64> = asked["prompt"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    let shown: String = tokens.iter().map(|token| show(*token)).collect();
    assert_eq!(
        shown, "<|fim_prefix|>fn a() {\n<|fim_suffix|>\n}\n<|fim_middle|>    self.",
        "the word that was begun is taken back"
    );
    assert_eq!(asked["structured_outputs"]["regex"], "le[\\s\\S]*");
    assert!(script.keys.iter().all(|key| key == "Bearer sesame") && !script.keys.is_empty());
}

fn show(token: u64) -> String {
    match usize::try_from(token).unwrap() {
        special @ 256.. => SPECIAL[special - 256].to_owned(),
        byte => char::from(u8::try_from(byte).unwrap()).to_string(),
    }
}

#[test]
fn an_answer_that_does_not_begin_with_what_is_typed_is_none() {
    let (_script, mut window) = scripted("width");
    let (text, result) = window.fill("a.rs", "self.le$0\n");
    assert_eq!((text.as_str(), result.unwrap().stop), ("", Stop::EndOfText));
}

#[test]
fn a_commands_name_in_a_text_is_text() {
    let (script, mut window) = scripted("x");
    window.fill("a.rs", "// <|fim_middle|> is a token\nlet $0;\n").1.unwrap();
    let asked = script.lock().expect("nobody panicked with it").asked.last().unwrap()["prompt"].to_string();
    assert_eq!(asked.matches("257").count(), 1, "{asked}");
}

#[test]
fn what_is_kept_back_is_not_sent() {
    let (script, mut window) = scripted("x");
    let (text, result) = window.fill("secret.rs", "let $0;\n");
    assert_eq!((text.as_str(), result), ("", Err(ModelError::Unusable("it stays here".into()))));
    assert!(script.lock().expect("nobody panicked with it").asked.is_empty());
}

#[test]
fn a_refused_key_is_said_without_the_key() {
    let script = Arc::new(Mutex::new(Script { status: 401, ..Script::default() }));
    let mut window = Window::open(host(&script));
    let ModelState::Failed(error) = window.state.clone() else { panic!("{:?}", window.state) };
    let sentence = error.to_string();
    assert!(sentence.contains("127.0.0.1") && sentence.contains("`key`"), "{sentence}");
    assert!(!sentence.contains("sesame"), "{sentence}");
    assert_eq!(window.fill("a.rs", "let $0;\n").1, Err(error), "nobody waits for a host that refuses");
}

#[test]
fn a_host_that_fails_costs_an_answer_and_is_found_again() {
    let (script, mut window) = scripted("len");
    assert_eq!(window.fill("a.rs", "self.le$0;\n").0, "n");
    script.lock().expect("nobody panicked with it").status = 503;
    assert!(matches!(window.fill("a.rs", "self.l$0;\n").1, Err(ModelError::Unusable(_))));
    script.lock().expect("nobody panicked with it").status = 0;
    loop {
        if let FromEngine::Model(ModelState::Ready(_)) = window.next() {
            break;
        }
    }
    let (text, result) = window.fill("a.rs", "self.le$0;\n");
    assert_eq!((text.as_str(), result.map(|finish| finish.stop)), ("n", Ok(Stop::EndOfText)));
}

#[test]
fn a_host_that_is_too_slow_is_spared_and_answers_the_pause() {
    let (script, mut window) = scripted("len");
    let script = || script.lock().expect("nobody panicked with it");
    script().holds = true;
    // Each key overtakes the one before, whose answer does not come.
    for asked in 1..=3 {
        window.ask("a.rs", "self.le$0;\n");
        assert!(eventually(|| script().asked.len() == asked), "{asked}");
    }
    for _ in 0..20 {
        window.ask("a.rs", "self.le$0;\n");
    }
    assert!(script().asked.len() < 3 + 10, "{} of 20 in a row reached it", script().asked.len() - 3);
    script().holds = false;
    assert_eq!(window.fill("a.rs", "self.le$0;\n").0, "n");
}

/// Whether it comes true before patience ends.
fn eventually(mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if is_so() {
            return true;
        }
        thread::yield_now();
    }
    false
}
