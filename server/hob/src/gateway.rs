//! A window's line to its gateway: starts one when it is first needed, and again after it died.
//!
//! Must not decide what may be sent, and must not hold a key: it carries frames. Dropping an [`Answer`] takes its request back.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use config::{Restriction, Target};
use model::{
    cloud::{Answered, Ask, Decided, FromGateway, Prepared, Refused, Snapshot, ToGateway},
    wire::{PROTOCOL, RequestId, read_frame, write_frame},
};
use tokio::sync::{mpsc, oneshot};

use crate::spawn;

/// Opens a line to a gateway that was just started.
pub(crate) trait Opener: Send + Sync {
    /// One end; whoever is started has the other.
    fn open(&self) -> io::Result<UnixStream>;
}

/// Starts gateways itself: the command line's way.
#[derive(Debug)]
pub(crate) struct Direct;

impl Opener for Direct {
    fn open(&self) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut child = spawn::gateway(theirs.into())?;
        thread::spawn(move || child.wait());
        Ok(ours)
    }
}

/// The line, or the way to one. Clones are the same.
#[derive(Clone)]
pub(crate) struct Gateway {
    opener: Arc<dyn Opener>,
    open: Arc<Mutex<Option<Line>>>,
    next: Arc<AtomicU64>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

/// A connection, and who waits for what on it.
#[derive(Clone)]
struct Line {
    stream: Arc<UnixStream>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    answers: BTreeMap<RequestId, mpsc::UnboundedSender<FromGateway>>,
    looks: VecDeque<oneshot::Sender<Snapshot>>,
    gone: bool,
}

impl Waiting {
    /// Nobody will be answered any more: every receiver sees its sender dropped.
    fn end(&mut self) {
        self.gone = true;
        self.answers.clear();
        self.looks.clear();
    }
}

/// What a request on its way says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The next piece of the answer.
    Text(String),
    /// Somebody else is asked, before there was any text.
    Turned {
        /// Who.
        to: Target,
        /// Why.
        why: String,
    },
    /// The end.
    Done(Result<Box<Answered>, Refused>),
}

/// A request that was prepared, and then its answer.
#[derive(Debug)]
pub(crate) struct Answer {
    gateway: Gateway,
    id: RequestId,
    frames: mpsc::UnboundedReceiver<FromGateway>,
    ended: bool,
}

impl Gateway {
    /// A gateway that is not started yet.
    pub(crate) fn new(opener: impl Opener + 'static) -> Self {
        Self { opener: Arc::new(opener), open: Arc::default(), next: Arc::new(AtomicU64::new(1)) }
    }

    /// What the router needs to know of the world outside, under these restrictions, and of `ask` if there is one.
    pub(crate) async fn look(
        &self,
        restriction: &Restriction,
        ask: Option<Ask>,
    ) -> Result<Snapshot, Refused> {
        let (tell, told) = oneshot::channel();
        let line = self.line()?;
        {
            // In one hold, so that what is asked first is answered first.
            let mut waiting = lock(&line.waiting);
            if !waiting.gone {
                waiting.looks.push_back(tell);
                line.write(&ToGateway::Restrict(Box::new(restriction.clone())))?;
                line.write(&ToGateway::Look { ask: ask.map(Box::new) })?;
            }
        }
        told.await.map_err(|_| gone())
    }

    /// Has the bytes made, for the ledger in the name of `workspace`. The gateway is under the restriction of the last [`Gateway::look`].
    pub(crate) async fn prepare(
        &self,
        workspace: &str,
        ask: Ask,
        chain: Vec<Target>,
        decided: Decided,
    ) -> Result<(Prepared, Answer), Refused> {
        let id = RequestId(self.next.fetch_add(1, Ordering::Relaxed));
        let (tell, frames) = mpsc::unbounded_channel();
        let line = self.line()?;
        lock(&line.waiting).answers.insert(id, tell);
        let mut answer = Answer { gateway: self.clone(), id, frames, ended: false };
        line.write(&ToGateway::Prepare {
            id,
            workspace: workspace.to_owned(),
            ask: Box::new(ask),
            chain,
            decided: Box::new(decided),
        })?;
        match answer.frames.recv().await {
            Some(FromGateway::Prepared { result: Ok(prepared), .. }) => Ok((*prepared, answer)),
            Some(FromGateway::Prepared { result: Err(refused), .. }) => {
                answer.ended = true;
                Err(refused)
            }
            _ => Err(gone()),
        }
    }

    /// The line that is open; else a new one.
    fn line(&self) -> Result<Line, Refused> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = open.as_ref().filter(|line| !lock(&line.waiting).gone) {
            return Ok(line.clone());
        }
        let failed = |error: io::Error| Refused {
            why: format!("the gateway could not be started: {error}"),
            elsewhere: false,
        };
        let stream = Arc::new(self.opener.open().map_err(failed)?);
        let line = Line { stream, waiting: Arc::default() };
        let reader = line.clone();
        thread::Builder::new().name("gateway".into()).spawn(move || reader.read()).map_err(failed)?;
        line.write(&ToGateway::Hello { protocol: PROTOCOL, build: env!("CARGO_PKG_VERSION").into() })?;
        *open = Some(line.clone());
        Ok(line)
    }

    /// Writes on the open line, if there is one.
    fn write(&self, frame: &ToGateway) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(line) = open {
            // A line that is broken ends its answers by itself.
            drop(line.write(frame));
        }
    }
}

impl Line {
    fn write(&self, frame: &ToGateway) -> Result<(), Refused> {
        write_frame(&mut &*self.stream, frame).map_err(|error| {
            tracing::warn!(%error, "the gateway can't be reached");
            if error.kind() == io::ErrorKind::InvalidInput {
                Refused { why: format!("the request is too large: {error}"), elsewhere: false }
            } else {
                gone()
            }
        })
    }

    /// Hands frames to whoever waits for them, until the gateway ends.
    fn read(self) {
        let why = loop {
            match read_frame(&mut &*self.stream) {
                Ok(Some(frame)) => self.hand_over(frame),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        if let Some(error) = why {
            tracing::warn!(%error, "the gateway's line broke");
        }
        drop(self.stream.shutdown(Shutdown::Both));
        lock(&self.waiting).end();
    }

    fn hand_over(&self, frame: FromGateway) {
        let mut waiting = lock(&self.waiting);
        let id = match &frame {
            FromGateway::Hello { protocol, .. } if *protocol != PROTOCOL => {
                waiting.end();
                return;
            }
            FromGateway::Hello { .. } => return,
            FromGateway::Snapshot(snapshot) => {
                if let Some(look) = waiting.looks.pop_front() {
                    drop(look.send((**snapshot).clone()));
                }
                return;
            }
            FromGateway::Prepared { id, .. }
            | FromGateway::Turned { id, .. }
            | FromGateway::Chunk { id, .. }
            | FromGateway::Done { id, .. } => *id,
        };
        if let Some(answer) = waiting.answers.get(&id) {
            // Whoever asked may have gone.
            drop(answer.send(frame));
        }
    }
}

impl Answer {
    /// Has it sent. What it says comes from [`Answer::next`].
    pub(crate) fn send(&self) {
        self.gateway.write(&ToGateway::Send { id: self.id });
    }

    /// The next that is said; after [`Said::Done`] nothing more is.
    pub(crate) async fn next(&mut self) -> Said {
        loop {
            match self.frames.recv().await {
                Some(FromGateway::Chunk { text, .. }) => return Said::Text(text),
                Some(FromGateway::Turned { to, why, .. }) => return Said::Turned { to, why },
                Some(FromGateway::Done { result, .. }) => {
                    self.ended = true;
                    return Said::Done(result);
                }
                Some(_) => {}
                None => {
                    self.ended = true;
                    return Said::Done(Err(gone()));
                }
            }
        }
    }

    /// Takes the request back. It still ends with [`Said::Done`].
    pub(crate) fn cancel(&self) {
        self.gateway.write(&ToGateway::Cancel { id: self.id });
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.ended {
            self.cancel();
        }
        let open = self.gateway.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(line) = open {
            lock(&line.waiting).answers.remove(&self.id);
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone() -> Refused {
    Refused {
        why: "the gateway stopped; ask again, and it is started anew (its log says why: `gateway.log` in the state folder)".into(),
        elsewhere: true,
    }
}
