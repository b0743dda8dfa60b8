//! One sitting at the editor: presses keys, asks for ghost text as editors do, and writes down what came of each key.
//!
//! Must not compute figures.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use engine::now_us;
use serde_json::{Value, json};
use syntax::Language;

use super::{
    document::Document,
    kind::Kind,
    server::{Heard, Said, Server},
    timing::Pause,
    trace::{FirstToken, Trace, What, Work},
    typist::{Ghost, Stroke},
};
use crate::cli::random::Random;

/// How long after a change the editor asks. Neovim does so after about 50 ms, VS Code at once; between the two, a server that only begins
/// to work when it is asked can be told from one that has begun before.
const ASKS_AFTER: Duration = Duration::from_millis(30);
/// How long what was asked last may take, before a file is closed.
const LAST_ANSWER: Duration = Duration::from_secs(2);
/// How long the server may go on telling about work that has ended.
const LAST_TRACE: Duration = Duration::from_millis(300);
/// How long the server may take for what needs no model.
const PATIENCE: Duration = Duration::from_secs(10);

/// One key, and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) kind: Kind,
    /// When its `didChange` was written, in microseconds since 1970.
    pub(super) changed_us: u64,
    /// What the editor's question led to; `None` if the next key came before it was asked.
    pub(super) answer: Option<Answered>,
    pub(super) first_token: Option<FirstToken>,
    /// When a whole line was known.
    pub(super) first_line_us: Option<u64>,
    /// The engine's work for it.
    pub(super) work: Vec<Work>,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answered {
    /// The next key came first.
    TakenBack,
    /// There is nothing to show.
    Empty,
    /// Something to show, so many milliseconds after the question.
    Shown(f64),
    /// An error.
    Refused,
}

/// A question that is not answered yet.
#[derive(Debug)]
struct Pending {
    id: i64,
    event: usize,
    asked: Instant,
}

/// An editor with a server.
#[derive(Debug)]
pub(super) struct Session {
    server: Server,
    speed: f64,
    pauses: Random,
    uri: String,
    /// Grows from document to document, so that no two changes have the same.
    version: i32,
    document: Document,
    pending: Option<Pending>,
    ghost: Option<Ghost>,
    events: Vec<Event>,
    by_version: HashMap<(String, i32), usize>,
    remarks: Vec<String>,
    unread: usize,
}

impl Session {
    pub(super) fn new(server: Server, speed: f64, pauses: Random) -> Self {
        Self {
            server,
            speed,
            pauses,
            uri: String::new(),
            version: 0,
            document: Document::default(),
            pending: None,
            ghost: None,
            events: Vec::new(),
            by_version: HashMap::new(),
            remarks: Vec::new(),
            unread: 0,
        }
    }

    /// How many keys were pressed.
    pub(super) fn keys(&self) -> usize {
        self.events.len()
    }

    /// What is on the screen behind the cursor.
    pub(super) fn ghost(&self) -> Option<&Ghost> {
        self.ghost.as_ref()
    }

    /// Opens a document and looks at it.
    pub(super) fn open(&mut self, name: &str, language: Language, text: String) -> Result<()> {
        self.uri = self.server.document(name)?;
        self.version += 1;
        self.server.notify(
            "textDocument/didOpen",
            &json!({ "textDocument": {
                "uri": self.uri, "languageId": language.name(), "version": self.version, "text": text,
            }}),
        )?;
        self.document = Document { text, cursor: 0 };
        let pause = self.length(Pause::Thought);
        self.listen_until(Instant::now() + pause)
    }

    /// Presses a key, asks if there is time for it, and waits for as long as the person does before the next one.
    pub(super) fn press(&mut self, stroke: &Stroke) -> Result<()> {
        self.take_back()?;
        self.change(stroke)?;
        let pressed = Instant::now();
        let next = pressed + self.length(stroke.then);
        let asks = pressed + ASKS_AFTER.div_f64(self.speed);
        if asks < next {
            self.listen_until(asks)?;
            self.ask()?;
        }
        self.listen_until(next)
    }

    /// Waits for what is still on its way, compares the server's text with `text`, and closes the document.
    pub(super) fn close(&mut self, text: &str) -> Result<()> {
        let deadline = Instant::now() + LAST_ANSWER;
        while self.pending.is_some()
            && let Some(heard) = self.server.hear(deadline)?
        {
            self.take(heard);
        }
        self.take_back()?;
        self.listen_until(Instant::now() + LAST_TRACE)?;
        let view = self.view()?;
        if view["text"] != text || self.document.text != text {
            bail!(
                "the server's text of {} is not what was typed, so these figures mean nothing; please report it",
                self.uri
            );
        }
        self.server.notify("textDocument/didClose", &json!({ "textDocument": { "uri": self.uri } }))?;
        self.ghost = None;
        Ok(())
    }

    /// Ends the server; what came of the keys, and what is worth a remark.
    pub(super) fn end(mut self) -> Result<(Vec<Event>, Vec<String>)> {
        self.server.quit()?;
        if self.unread > 0 {
            let remark = format!("{} of the server's traces can't be read and don't count", self.unread);
            self.remarks.push(remark);
        }
        if self.events.iter().all(|event| event.first_token.is_none() && event.work.is_empty()) {
            self.remarks
                .push("the server told nothing of its work (hob/trace), so most figures are missing".into());
        }
        Ok((self.events, self.remarks))
    }

    fn length(&mut self, pause: Pause) -> Duration {
        pause.length(&mut self.pauses).div_f64(self.speed)
    }

    fn change(&mut self, stroke: &Stroke) -> Result<()> {
        let changes: Vec<Value> = stroke.edits.iter().map(|edit| self.document.apply(edit)).collect();
        self.document.cursor = stroke.cursor;
        self.ghost = None;
        self.version += 1;
        let message = json!({
            "textDocument": { "uri": self.uri, "version": self.version }, "contentChanges": changes,
        });
        self.by_version.insert((self.uri.clone(), self.version), self.events.len());
        self.events.push(Event {
            kind: stroke.kind,
            changed_us: now_us(),
            answer: None,
            first_token: None,
            first_line_us: None,
            work: Vec::new(),
        });
        self.server.notify("textDocument/didChange", &message)?;
        if stroke.saves {
            self.server.notify("textDocument/didSave", &json!({ "textDocument": { "uri": self.uri } }))?;
        }
        Ok(())
    }

    fn ask(&mut self) -> Result<()> {
        let params = json!({
            "textDocument": { "uri": self.uri },
            "position": self.document.position(self.document.cursor),
            // Automatic: nobody pressed a key for it.
            "context": { "triggerKind": 2 },
        });
        let asked = Instant::now();
        let id = self.server.request("textDocument/inlineCompletion", &params)?;
        self.pending = Some(Pending { id, event: self.events.len() - 1, asked });
        Ok(())
    }

    /// Cancels the question that is still open.
    fn take_back(&mut self) -> Result<()> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        self.events[pending.event].answer = Some(Answered::TakenBack);
        self.server.notify("$/cancelRequest", &json!({ "id": pending.id }))
    }

    fn listen_until(&mut self, deadline: Instant) -> Result<()> {
        while let Some(heard) = self.server.hear(deadline)? {
            self.take(heard);
        }
        Ok(())
    }

    /// The document as the server has it.
    fn view(&mut self) -> Result<Value> {
        let params = json!({ "command": "hob.viewFileText", "arguments": [self.uri] });
        let view = self.server.request("workspace/executeCommand", &params)?;
        let deadline = Instant::now() + PATIENCE;
        while let Some(heard) = self.server.hear(deadline)? {
            match heard.what {
                Said::Answer(id, answer) if id == view => {
                    return answer
                        .map_err(|error| anyhow::anyhow!("the server can't show its text: {error}"));
                }
                _ => self.take(heard),
            }
        }
        bail!("the server did not show its text within {} s", PATIENCE.as_secs())
    }

    fn take(&mut self, heard: Heard) {
        let Heard { at, what } = heard;
        match what {
            Said::Answer(id, answer) => {
                let Some(pending) = self.pending.take_if(|pending| pending.id == id) else { return };
                self.ghost = answer.as_ref().ok().and_then(|answer| self.document.ghost(answer));
                let ms = at.saturating_duration_since(pending.asked).as_secs_f64() * 1e3;
                self.events[pending.event].answer = Some(match (&answer, &self.ghost) {
                    (Err(_), _) => Answered::Refused,
                    (Ok(_), None) => Answered::Empty,
                    (Ok(_), Some(_)) => Answered::Shown(ms),
                });
            }
            Said::Notification(method, params) => match method.as_str() {
                "hob/trace" => self.note(&params),
                "window/showMessage" => {
                    self.remarks
                        .extend(params["message"].as_str().map(|text| format!("the server says: {text}")));
                }
                _ => {}
            },
        }
    }

    fn note(&mut self, params: &Value) {
        let Ok(trace) = Trace::read(params) else {
            self.unread += 1;
            return;
        };
        // Work for a version that no key made is the opening's.
        let Some(index) = self.by_version.get(&(trace.uri, trace.version)) else { return };
        let event = &mut self.events[*index];
        match trace.what {
            What::FirstToken(first) => event.first_token = event.first_token.or(Some(first)),
            What::FirstLine { at_us } => event.first_line_us = event.first_line_us.or(Some(at_us)),
            What::Work(work) => event.work.push(work),
            What::Unknown => {}
        }
    }
}
