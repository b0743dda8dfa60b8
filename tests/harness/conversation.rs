//! One JSON-RPC conversation over a process's stdio: who was asked what, and what came back.
//!
//! Must answer what the server asks, as every editor does, or the server would wait for it; and must forget nothing: a second answer
//! to one request is remembered until the end of the test.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, ExitStatus},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// An error that the server answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// JSON-RPC's or LSP's number.
    pub code: i64,
    /// For people.
    pub message: String,
}

/// What came back for a request.
pub type Answer = Result<Value, RpcError>;

/// What was heard so far.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Answers by request; the second of two is a mistake of the server.
    pub(crate) answers: BTreeMap<i64, Vec<Answer>>,
    /// Errors about messages that no answer could be matched with.
    pub(crate) unmatched: Vec<RpcError>,
    /// Notifications, in order.
    pub(crate) notifications: Vec<Value>,
    /// Requests of the server, in order; all were answered.
    pub(crate) asked: Vec<Value>,
    /// The process ended.
    pub(crate) exit: Option<ExitStatus>,
    /// stdout was closed.
    pub(crate) silent: bool,
    /// Bytes on stdout that were no message.
    pub(crate) garbage: Vec<String>,
}

/// Both directions.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    heard: Arc<(Mutex<Heard>, Condvar)>,
    out: Arc<Mutex<Option<ChildStdin>>>,
    settings: Arc<Mutex<Value>>,
    /// Titles of buttons that a person will press, the next one first.
    choices: Arc<Mutex<VecDeque<String>>>,
}

impl Conversation {
    /// Begins to listen. `settings` is the answer to `workspace/configuration`.
    pub(crate) fn begin(stdin: ChildStdin, stdout: ChildStdout, settings: Value) -> Self {
        let this = Self {
            heard: Arc::default(),
            out: Arc::new(Mutex::new(Some(stdin))),
            settings: Arc::new(Mutex::new(settings)),
            choices: Arc::default(),
        };
        let listener = this.clone();
        thread::spawn(move || listener.listen(stdout));
        this
    }

    fn listen(&self, stdout: ChildStdout) {
        let mut input = BufReader::new(stdout);
        loop {
            match read_message(&mut input) {
                Ok(Some(message)) => self.hear(message),
                Ok(None) => break,
                Err(error) => {
                    self.note(|heard| heard.garbage.push(error.to_string()));
                    break;
                }
            }
        }
        self.note(|heard| heard.silent = true);
    }

    fn hear(&self, message: Value) {
        if message.get("method").is_none() {
            let answer = match message.get("error") {
                Some(error) => Err(RpcError {
                    code: error["code"].as_i64().unwrap_or_default(),
                    message: error["message"].as_str().unwrap_or_default().to_owned(),
                }),
                None => Ok(message["result"].clone()),
            };
            self.note(|heard| match (message["id"].as_i64(), answer) {
                (Some(id), answer) => heard.answers.entry(id).or_default().push(answer),
                (None, Err(error)) => heard.unmatched.push(error),
                (None, Ok(_)) => heard.garbage.push(format!("an answer to nothing: {message}")),
            });
        } else if let Some(id) = message.get("id").cloned() {
            let result = match message["method"].as_str() {
                Some("workspace/configuration") => {
                    let items = message["params"]["items"].as_array().map_or(0, Vec::len);
                    let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    json!(vec![settings; items])
                }
                Some("window/showDocument") => json!({ "success": true }),
                Some("window/showMessageRequest") => self.choose(&message["params"]["actions"]),
                _ => Value::Null,
            };
            self.note(|heard| heard.asked.push(message));
            // A server that does not listen any more shows in the test by other means.
            let _ = self.say(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        } else {
            self.note(|heard| heard.notifications.push(message));
        }
    }

    /// The button that is pressed next, if it is one of `actions`; else none is.
    fn choose(&self, actions: &Value) -> Value {
        let next = self.choices.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let is_next = |action: &&Value| next.as_deref().is_some_and(|title| action["title"] == title);
        actions.as_array().and_then(|actions| actions.iter().find(is_next)).cloned().unwrap_or_default()
    }

    /// The buttons that will be pressed, in this order.
    pub(crate) fn will_choose(&self, titles: &[&str]) {
        let mut choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        choices.extend(titles.iter().map(|title| (*title).to_owned()));
    }

    /// From now on the answer to `workspace/configuration`.
    pub(crate) fn set_settings(&self, settings: Value) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Sends one message.
    pub(crate) fn say(&self, message: &Value) -> io::Result<()> {
        let body = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }

    /// Sends bytes as they are.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match &mut *self.out.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(out) => out.write_all(bytes).and_then(|()| out.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Closes the server's stdin.
    pub(crate) fn hang_up(&self) {
        *self.out.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Changes what is known and wakes who waits for it.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.heard.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.heard.1.notify_all();
    }

    /// Looks at what was heard.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Heard) -> T) -> T {
        look(&self.heard.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `found` finds what it looks for; `None` when `patience` ran out.
    pub(crate) fn wait<T>(
        &self,
        patience: Duration,
        mut found: impl FnMut(&Heard) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = found(&heard) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            heard = self.heard.1.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// One message; `None` at the end of the stream.
fn read_message(input: &mut impl BufRead) -> io::Result<Option<Value>> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end_matches("\r\n") {
            "" => break,
            header => {
                let (name, value) =
                    header.split_once(": ").ok_or_else(|| bad(&format!("header {header:?}")))?;
                if name == "Content-Length" {
                    length = value.parse().ok();
                }
            }
        }
    }
    let mut body = vec![0; length.ok_or_else(|| bad("no Content-Length"))?];
    input.read_exact(&mut body)?;
    serde_json::from_slice(&body).map(Some).map_err(|error| bad(&format!("a body that is not JSON: {error}")))
}
