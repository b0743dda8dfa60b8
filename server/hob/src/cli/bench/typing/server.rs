//! The server under test, and the conversation with it: JSON-RPC over its stdio.
//!
//! Must answer what it asks, as every editor does, or it would wait; and must not outlive the run.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use url::Url;

use super::home::Home;

/// How long an answer may take that nothing has to be computed for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the server may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the server said, and when it was read.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) at: Instant,
    pub(super) what: Said,
}

/// What the server may say to an editor.
#[derive(Debug)]
pub(super) enum Said {
    /// To a request of ours; an error as its message.
    Answer(i64, Result<Value, String>),
    /// Method and parameters.
    Notification(String, Value),
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    /// `None` once it was hung up.
    stdin: Option<ChildStdin>,
    heard: Receiver<(Instant, Value)>,
    next: i64,
    // Last: it goes after the server does.
    home: Home,
}

impl Server {
    /// Starts it and shakes hands. `name` stands for this program.
    pub(super) fn start(home: Home) -> Result<Self> {
        let mut child = home.serve()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the server has no stdout")?;
        let (send, heard) = mpsc::channel();
        thread::Builder::new().name("server".into()).spawn(move || listen(stdout, &send))?;
        let mut server = Self { child, stdin, heard, next: 1, home };
        let root = uri(&server.home.workspace())?;
        let answer = server.call(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "clientInfo": { "name": "hob bench", "version": env!("CARGO_PKG_VERSION") },
                "rootUri": root,
                "workspaceFolders": [{ "uri": root, "name": "bench" }],
                "capabilities": {
                    // One unit for both sides: bytes.
                    "general": { "positionEncodings": ["utf-8"] },
                    "textDocument": {
                        "synchronization": { "didSave": true },
                        "inlineCompletion": { "dynamicRegistration": false },
                    },
                    "experimental": { "hobTrace": true },
                },
            }),
        )?;
        if answer["capabilities"]["positionEncoding"] != "utf-8" {
            bail!("the server refused to count positions in bytes");
        }
        server.notify("initialized", &json!({}))?;
        Ok(server)
    }

    /// Waits for the model, unless somebody wants it to stop; its name.
    pub(super) fn warm(&mut self, stopped: impl Fn() -> bool) -> Result<String> {
        let child = &mut self.child;
        let goes_on = || match child.try_wait()? {
            Some(status) => Err(anyhow!("the server ended ({status})")),
            None if stopped() => Err(anyhow!("stopped before the first key")),
            None => Ok(()),
        };
        let warm = self.home.warm(goes_on);
        warm.map_err(|error| self.explained(&error))
    }

    /// The process that was started.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// A document of the workspace.
    pub(super) fn document(&self, name: &str) -> Result<String> {
        uri(&self.home.workspace().join(name))
    }

    /// Sends a request; its number.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> Result<i64> {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params.clone();
        }
        self.say(&message)?;
        Ok(id)
    }

    /// Sends a notification.
    pub(super) fn notify(&mut self, method: &str, params: &Value) -> Result<()> {
        self.say(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn say(&mut self, message: &Value) -> Result<()> {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let stdin = self.stdin.as_mut().context("the server's stdin is closed")?;
        let written = stdin.write_all(frame.as_bytes()).and_then(|()| stdin.flush());
        written.map_err(|error| self.explained(&anyhow!("the server does not listen any more: {error}")))
    }

    /// The next thing that it says before `deadline`; `None` if it says nothing.
    pub(super) fn hear(&mut self, deadline: Instant) -> Result<Option<Heard>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (at, mut message) = match self.heard.recv_timeout(left) {
                Ok(heard) => heard,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.explained(&anyhow!("the server ended in the middle of the run")));
                }
            };
            let method = message["method"].as_str().map(str::to_owned);
            let what = match (method, message["id"].as_i64()) {
                (Some(method), None) => Said::Notification(method, message["params"].take()),
                (Some(_), Some(id)) => {
                    // It may ask for settings, for which `null` means the default, or tell of its progress.
                    let items =
                        message["params"]["items"].as_array().map(|items| vec![Value::Null; items.len()]);
                    self.say(&json!({ "jsonrpc": "2.0", "id": id, "result": items }))?;
                    continue;
                }
                (None, Some(id)) => Said::Answer(id, answer(&mut message)),
                (None, None) => continue,
            };
            return Ok(Some(Heard { at, what }));
        }
    }

    /// Sends a request and waits for its answer; whatever else is said meanwhile is lost.
    fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        let id = self.request(method, params)?;
        let deadline = Instant::now() + PATIENCE;
        while let Some(heard) = self.hear(deadline)? {
            match heard.what {
                Said::Answer(to, answer) if to == id => {
                    return answer.map_err(|error| anyhow!("`{method}` was refused: {error}"));
                }
                _ => {}
            }
        }
        Err(self.explained(&anyhow!("`{method}` was not answered within {} s", PATIENCE.as_secs())))
    }

    /// Ends the conversation as the protocol asks.
    pub(super) fn quit(mut self) -> Result<()> {
        self.call("shutdown", &Value::Null)?;
        self.say(&json!({ "jsonrpc": "2.0", "method": "exit" }))
    }

    /// The error with what the server said before it.
    fn explained(&self, error: &anyhow::Error) -> anyhow::Error {
        let words = self.home.last_words();
        if words.is_empty() { anyhow!("{error:#}") } else { anyhow!("{error:#}: {words}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without its stdin it ends by itself, and with it what it started; then its stdout is closed, too.
        self.stdin = None;
        let deadline = Instant::now() + FAREWELL;
        loop {
            match self.heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    drop(self.child.kill());
                    break;
                }
            }
        }
        drop(self.child.wait());
    }
}

fn answer(message: &mut Value) -> Result<Value, String> {
    match message.get("error") {
        Some(error) => Err(error["message"].as_str().unwrap_or("an error without a message").to_owned()),
        None => Ok(message["result"].take()),
    }
}

/// A path as a URI.
fn uri(path: &Path) -> Result<String> {
    let uri = Url::from_file_path(path);
    Ok(uri.map_err(|()| anyhow!("{} is not absolute: set TMPDIR to a path that is", path.display()))?.into())
}

/// Passes on what the server says, until it has nothing more to say.
fn listen(stdout: ChildStdout, send: &Sender<(Instant, Value)>) {
    let mut input = BufReader::new(stdout);
    while let Ok(Some(message)) = read(&mut input) {
        if send.send((Instant::now(), message)).is_err() {
            return;
        }
    }
}

/// One message; `None` at the end of the stream.
fn read(input: &mut impl BufRead) -> io::Result<Option<Value>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok();
        }
    }
    let mut body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    input.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body).map(Some)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_as_they_come() {
        let mut input = &b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}Content-Length: 3\r\n\r\n[1]"[..];
        assert_eq!(read(&mut input).unwrap(), Some(json!({})));
        assert_eq!(read(&mut input).unwrap(), Some(json!([1])));
        assert_eq!(read(&mut input).unwrap(), None);
        assert!(read(&mut &b"Length: 2\r\n\r\n{}"[..]).is_err());
        assert!(read(&mut &b"Content-Length: 9\r\n\r\n{}"[..]).is_err());
    }
}
