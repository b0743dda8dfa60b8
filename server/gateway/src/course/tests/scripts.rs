//! A network that is a script, a purse that writes down, and a course over both.
//!
//! Must not expect anything: that is for the tests.

use std::{
    collections::VecDeque,
    future,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use config::{Dialect, Task};
use model::cloud::Ask;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::super::*;
use crate::{
    dialect::{Decoder, Event, Malformed, Outgoing, Why},
    transport::{Body, Lost, Reply, Sending},
};

/// What happens in a scripted attempt, one after the other.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Milliseconds.
    Wait(u64),
    /// The head of an answer: its status, and a header besides its type.
    Head(u16, Option<(&'static str, String)>),
    /// A piece of the body.
    Bytes(String),
    Fail(Lost),
    Silence,
}
pub(super) use Act::{Bytes, Fail, Head, Silence, Wait};

/// Plays the next script to whoever asks, and notes who asked and when.
pub(super) struct Scripts {
    attempts: Mutex<VecDeque<Vec<Act>>>,
    asked: Mutex<Vec<(Instant, String)>>,
    open: Arc<AtomicU32>,
}

impl Scripts {
    pub(super) fn new(attempts: impl IntoIterator<Item = Vec<Act>>) -> Self {
        let attempts = Mutex::new(attempts.into_iter().collect());
        Self { attempts, asked: Mutex::default(), open: Arc::default() }
    }
}

/// An open connection.
pub(super) struct Playing {
    acts: VecDeque<Act>,
    open: Arc<AtomicU32>,
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Scripts {
    type Body = Playing;

    async fn open(&self, sending: Sending<'_>) -> Result<Reply<Playing>, Lost> {
        let acts = self.attempts.lock().unwrap().pop_front().expect("no more attempts than scripts");
        self.asked.lock().unwrap().push((Instant::now(), sending.outgoing.url.clone()));
        self.open.fetch_add(1, Ordering::SeqCst);
        let mut playing = Playing { acts: acts.into(), open: Arc::clone(&self.open) };
        loop {
            match playing.acts.pop_front() {
                Some(Wait(ms)) => sleep_until(Instant::now() + Duration::from_millis(ms)).await,
                Some(Head(status, more)) => {
                    let mut headers = HeaderMap::new();
                    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                    if let Some((name, value)) = more {
                        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
                    }
                    return Ok(Reply { status, headers, body: playing });
                }
                Some(Fail(lost)) => return Err(lost),
                Some(Silence) => future::pending().await,
                Some(Bytes(_)) | None => return Err(Lost::Broken("the connection ended".into())),
            }
        }
    }
}

impl Body for Playing {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Lost> {
        loop {
            match self.acts.pop_front() {
                Some(Wait(ms)) => sleep_until(Instant::now() + Duration::from_millis(ms)).await,
                Some(Bytes(text)) => return Ok(Some(text.into_bytes())),
                Some(Fail(lost)) => return Err(lost),
                Some(Silence | Head(..)) => future::pending().await,
                None => return Ok(None),
            }
        }
    }
}

/// Reads lines: `+word` is text, `.` the end, `~` a count of tokens, `!` a failure, anything else a mistake.
#[derive(Default)]
pub(super) struct Lines {
    held: String,
    ended: bool,
}

impl Decoder for Lines {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed> {
        self.held += &String::from_utf8_lossy(bytes);
        while let Some((line, rest)) = self.held.split_once('\n') {
            match line.split_at_checked(1) {
                Some(("+", word)) => events.push(Event::Text(word.into())),
                Some((".", _)) => {
                    self.ended = true;
                    events.push(Event::Ended(Why::Whole));
                }
                Some(("~", _)) => {
                    events
                        .push(Event::Tokens(model::cloud::Tokens { output: Some(7), ..Default::default() }));
                }
                Some(("!", _)) => events.push(Event::Failed { status: 529, message: "overloaded".into() }),
                Some((":", _)) | None => {}
                Some(_) => return Err(Malformed("no such line".into())),
            }
            self.held = rest.to_owned();
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.ended
    }
}

pub(super) fn call(provider: &str) -> Call {
    let ask = Ask { task: Task::Question, system: String::new(), turns: Vec::new(), max_tokens: 1 };
    Call {
        target: Target { provider: provider.into(), model: "m".into() },
        origin: format!("https://{provider}.test"),
        outgoing: Outgoing { url: provider.into(), headers: Vec::new(), body: String::new() },
        key: None,
        dialect: Dialect::Openai,
        media_types: &["text/event-stream"],
        decoder: Box::new(|| Box::new(Lines::default())),
        ask: Arc::new(ask),
    }
}

/// 2026-11-22, 03:00:00 UTC; no jitter.
pub(super) struct Fixed;

impl Clock for Fixed {
    fn today(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(498_699)
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

/// Reserves until its money is gone, and writes down what happens.
pub(super) struct Purse {
    pub(super) refuses: Option<(u32, bool)>,
    pub(super) log: Vec<String>,
    pub(super) is_reserved: bool,
}

impl Meter for Purse {
    type Reservation = u32;

    async fn reserve(&mut self, number: u32, target: &Target) -> Result<u32, Refused> {
        assert!(!std::mem::replace(&mut self.is_reserved, true), "the one before was not settled");
        match self.refuses {
            Some((which, elsewhere)) if which == number => {
                self.refuses = None;
                self.is_reserved = false;
                Err(Refused { why: "there is no money left".into(), elsewhere })
            }
            _ => {
                self.log.push(format!("{number} {target}"));
                Ok(number)
            }
        }
    }

    async fn settle(&mut self, reservation: u32, attempted: Attempted<'_>) -> Cost {
        assert!(std::mem::take(&mut self.is_reserved));
        let seen = if attempted.is_unseen() { " unseen" } else { "" };
        self.log.push(format!(
            "{reservation} {:?}{seen} {}",
            attempted.outcome,
            attempted.facts.phase.name()
        ));
        Cost { amount: Usd(10), estimated: attempted.facts.tokens.output.is_none() }
    }
}

/// What came of a course.
pub(super) struct Course {
    pub(super) said: Vec<Said>,
    pub(super) result: Result<Answered, Refused>,
    pub(super) asked: Vec<(Duration, String)>,
    pub(super) log: Vec<String>,
    pub(super) took: Duration,
}

pub(super) struct Setting {
    pub(super) limits: Limits,
    pub(super) breakers: Arc<Breakers>,
    pub(super) refuses: Option<(u32, bool)>,
    /// Milliseconds after which the user takes it back.
    pub(super) cancelled: Option<u64>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            limits: config::Cloud::default().limits,
            breakers: Arc::default(),
            refuses: None,
            cancelled: None,
        }
    }
}

pub(super) async fn travel(chain: &str, scripts: &Scripts, setting: &Setting) -> Course {
    let began = Instant::now();
    let chain: Vec<_> = chain.split(' ').map(call).collect();
    let (sender, mut receiver) = mpsc::channel(2);
    let mut purse = Purse { refuses: setting.refuses, log: Vec::new(), is_reserved: false };
    let (transport, breakers) = (scripts, &setting.breakers);
    let roads = Roads { transport, breakers, clock: &Fixed, limits: &setting.limits };
    let cancelled = async {
        match setting.cancelled {
            Some(ms) => sleep_until(began + Duration::from_millis(ms)).await,
            None => future::pending().await,
        }
    };
    let mut said = Vec::new();
    let result = tokio::join!(
        async {
            let result = roads.travel(&chain, &mut purse, &sender, cancelled).await;
            drop(sender);
            result
        },
        async {
            while let Some(more) = receiver.recv().await {
                said.push(more);
            }
        }
    );
    assert_eq!(scripts.open.load(Ordering::SeqCst), 0, "a connection was left open");
    assert!(!purse.is_reserved, "a reservation was not settled");
    let asked = scripts.asked.lock().unwrap().iter().map(|(at, who)| (*at - began, who.clone())).collect();
    Course { said, result: result.0, asked, log: purse.log, took: began.elapsed() }
}
