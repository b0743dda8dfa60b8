//! The client's side: asks an engine over its socket and hands the answers to callbacks.
//!
//! A thread reads and calls back, a thread writes; asking never blocks, so that it can be done from an async runtime as well as from a
//! plain main. Must not start an engine: whoever owns this does, and tries again until the socket answers (see [`EngineClient::connect`]).

use std::{
    collections::BTreeMap,
    fmt, io,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use interprocess::local_socket::{GenericFilePath, Stream, ToFsName, traits::Stream as _};
use model::{
    FileVersion, Finish, ModelError, Piece, Request, SessionKey, Sink, Stop, Wanted, WorkspaceKey,
    wire::{EngineStatus, FromEngine, ModelState, PROTOCOL, RequestId, ToEngine, read_frame, write_frame},
};

use crate::connection::shut_down;

/// Takes the answer to one request, on the client's reader thread: do little here, and don't wait.
pub trait Answer: Send {
    /// The next piece, decoded at `at_us` microseconds since 1970 by the engine's clock. `Break`: enough; the request is cancelled and
    /// ends with [`Stop::Sink`].
    fn chunk(&mut self, text: &str, at_us: u64) -> ControlFlow<()>;

    /// The one end. Called exactly once, also when the engine dies.
    fn done(self: Box<Self>, result: Result<Finish, ModelError>);
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens: no engine runs, or it has not got that far.
    #[error("no engine answers: {0}")]
    Nobody(io::Error),
    /// Somebody listens who is not an engine of this protocol.
    #[error("what answers is not an engine of this version: {0}")]
    Stranger(String),
}

/// How long an engine may take to answer the handshake. It does so before its model is loaded.
const HELLO: Duration = Duration::from_secs(5);

/// A connection to an engine. Dropping it closes the connection, which cancels what was asked through it.
pub struct EngineClient {
    shared: Arc<Shared>,
}

struct Shared {
    stream: Stream,
    frames: Sender<ToEngine>,
    inner: Mutex<Inner>,
    changed: Condvar,
    next_id: AtomicU64,
}

struct Inner {
    answers: BTreeMap<RequestId, Open>,
    state: ModelState,
    /// The newest status, and how many have come.
    status: (u64, Option<EngineStatus>),
    /// Why the connection ended.
    gone: Option<String>,
    /// Who hears what the engine lacks, by workspace.
    tellers: BTreeMap<WorkspaceKey, Teller>,
}

/// Hears what the engine lacks of a workspace; `None`: nothing.
type Teller = Arc<dyn Fn(Option<Wanted>) + Send + Sync>;

/// An open request. Its answer is out while a chunk is being handed over.
struct Open {
    answer: Option<Box<dyn Answer>>,
    /// The sink broke: a cancel is on its way, and what still comes is not for it.
    full: bool,
}

impl EngineClient {
    /// Connects to the engine at `path` (see [`crate::EngineOptions::socket_path`]) and shakes hands; `on_state` is told the model's
    /// state, now and at each change, on the reader thread.
    ///
    /// Starting an engine is a race: spawn it, then call this again and again (every few milliseconds) until it succeeds, until the child
    /// reports a failure, or until patience ends. A child that ends with [`crate::EngineError::AlreadyRunning`] lost to another window's: go on
    /// trying. A connection that ends right after the handshake met an engine that was ending: compute the path anew and start over.
    ///
    /// # Errors
    /// [`ConnectError::Nobody`]: try again, or start one. [`ConnectError::Stranger`]: don't.
    pub fn connect(
        path: &Path,
        build: &str,
        on_state: impl Fn(&ModelState) + Send + 'static,
    ) -> Result<Self, ConnectError> {
        let name = path.to_fs_name::<GenericFilePath>().map_err(ConnectError::Nobody)?;
        let stream = Stream::connect(name).map_err(ConnectError::Nobody)?;
        let state = shake_hands(&stream, build)?;
        let (frames, outgoing) = channel();
        on_state(&state);
        let inner = Inner {
            answers: BTreeMap::new(),
            state,
            status: (0, None),
            gone: None,
            tellers: BTreeMap::new(),
        };
        let shared = Arc::new(Shared {
            stream,
            frames,
            inner: Mutex::new(inner),
            changed: Condvar::new(),
            next_id: AtomicU64::new(1),
        });
        let (reading, writing) = (Arc::clone(&shared), Arc::downgrade(&shared));
        let spawn =
            |name: &str, body: Box<dyn FnOnce() + Send>| thread::Builder::new().name(name.into()).spawn(body);
        spawn("engine-read", Box::new(move || read(&reading, on_state))).map_err(ConnectError::Nobody)?;
        spawn("engine-write", Box::new(move || write(&writing, &outgoing))).map_err(ConnectError::Nobody)?;
        Ok(Self { shared })
    }

    /// Asks `request`; `answer` is called back. Never blocks. If the connection is gone already, `answer` is ended at once, on this thread.
    pub fn ask(&self, request: Request, answer: impl Answer + 'static) -> Ticket {
        let id = RequestId(self.shared.next_id.fetch_add(1, Ordering::Relaxed));
        let mut inner = self.shared.inner();
        if let Some(gone) = &inner.gone {
            let error = ModelError::EngineGone(gone.clone());
            drop(inner);
            Box::new(answer).done(Err(error));
        } else {
            inner.answers.insert(id, Open { answer: Some(Box::new(answer)), full: false });
            self.shared.send(ToEngine::Ask { id, request: Box::new(request) });
        }
        Ticket { shared: Arc::downgrade(&self.shared), id }
    }

    /// Asks `request` and waits for its end; `sink` is called on this thread. Not for an async runtime.
    pub fn ask_and_wait(&self, request: Request, sink: &mut dyn Sink) -> Result<Finish, ModelError> {
        let (parts, received) = channel();
        let ticket = self.ask(request, Forward(parts));
        let mut full = false;
        for part in received {
            match part {
                Part::Chunk(text) if !full && sink.chunk(&text) == ControlFlow::Break(()) => {
                    full = true;
                    ticket.cancel();
                }
                Part::Chunk(_) => {}
                Part::Done(Ok(finish)) if full => return Ok(Finish { stop: Stop::Sink, ..finish }),
                Part::Done(result) => return result,
            }
        }
        Err(ModelError::EngineGone("it ended without a word".into()))
    }

    /// Says that a document was closed.
    pub fn forget(&self, session: SessionKey) {
        self.shared.send(ToEngine::Forget { session });
    }

    /// Tells of a workspace from now on: `wants` hears what the engine lacks of the files that it is told of, and `None` once it lacks nothing. It
    /// is called on the thread that answers come in on, so it must hand over and return.
    pub fn tell(&self, workspace: WorkspaceKey, wants: impl Fn(Option<Wanted>) + Send + Sync + 'static) {
        self.shared.inner().tellers.insert(workspace, Arc::new(wants));
    }

    /// Says that a workspace has these files, and those not any more. The engine asks whoever tells of it for what it lacks.
    pub fn files(&self, workspace: WorkspaceKey, files: Vec<FileVersion>, gone: Vec<String>) {
        self.shared.send(ToEngine::Files { workspace, files, gone });
    }

    /// Hands over a piece that the engine wants.
    pub fn piece(&self, workspace: WorkspaceKey, piece: Piece) {
        self.shared.send(ToEngine::Piece { workspace, piece });
    }

    /// Says that this process has no more to do with a workspace.
    pub fn leave(&self, workspace: WorkspaceKey) {
        self.shared.inner().tellers.remove(&workspace);
        self.shared.send(ToEngine::Leave { workspace });
    }

    /// The model's state as last heard.
    pub fn state(&self) -> ModelState {
        self.shared.inner().state.clone()
    }

    /// Whether the connection is up.
    pub fn is_alive(&self) -> bool {
        self.shared.inner().gone.is_none()
    }

    /// Asks how the engine is doing, and waits for the answer as long as `patience`. Not for an async runtime.
    pub fn status(&self, patience: Duration) -> Result<EngineStatus, ModelError> {
        let until = Instant::now() + patience;
        let mut inner = self.shared.inner();
        let before = inner.status.0;
        self.shared.send(ToEngine::Status);
        loop {
            match (&inner.gone, &inner.status) {
                (_, (count, Some(status))) if *count > before => return Ok(status.clone()),
                (Some(gone), _) => return Err(ModelError::EngineGone(gone.clone())),
                _ => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ModelError::Failed("the engine did not say how it is doing".into()));
            }
            inner = self.shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Tells the engine to end, for everybody, and waits as long as `patience` for the connection to close; says whether it did.
    pub fn stop(&self, patience: Duration) -> bool {
        self.shared.send(ToEngine::Stop);
        let until = Instant::now() + patience;
        let mut inner = self.shared.inner();
        while inner.gone.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            inner = self.shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for EngineClient {
    fn drop(&mut self) {
        shut_down(&self.shared.stream);
    }
}

impl fmt::Debug for EngineClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineClient").field("alive", &self.is_alive()).finish_non_exhaustive()
    }
}

/// An open request. Dropping it cancels the request, which still ends with its one [`Answer::done`].
#[derive(Debug)]
#[must_use = "dropping a ticket cancels its request"]
pub struct Ticket {
    shared: Weak<Shared>,
    id: RequestId,
}

impl Ticket {
    /// Stops the request.
    pub fn cancel(&self) {
        if let Some(shared) = self.shared.upgrade()
            && shared.inner().answers.contains_key(&self.id)
        {
            shared.send(ToEngine::Cancel { id: self.id });
        }
    }

    /// Lets the request run to its end without this ticket.
    pub fn detach(mut self) {
        self.shared = Weak::new();
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Callbacks run without this lock: nothing can panic while it is held.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, frame: ToEngine) {
        // It fails when the writer has ended; the reader then has, or will, end every open request.
        let _gone = self.frames.send(frame);
    }

    fn chunk(&self, id: RequestId, text: &str, at_us: u64) {
        let taken =
            self.inner().answers.get_mut(&id).filter(|open| !open.full).and_then(|open| open.answer.take());
        let Some(mut answer) = taken else { return };
        // A callback that panics costs its own answer, not this thread and with it everybody's.
        let result = catch_unwind(AssertUnwindSafe(|| answer.chunk(text, at_us)));
        let full = !matches!(result, Ok(ControlFlow::Continue(())));
        if let Some(open) = self.inner().answers.get_mut(&id) {
            *open = Open { answer: result.is_ok().then_some(answer), full };
        }
        if full {
            self.send(ToEngine::Cancel { id });
        }
    }

    fn done(&self, id: RequestId, result: Result<Finish, ModelError>) {
        let Some(Open { answer: Some(answer), full }) = self.inner().answers.remove(&id) else { return };
        let result = if full { result.map(|finish| Finish { stop: Stop::Sink, ..finish }) } else { result };
        end_answer(answer, result);
    }

    /// Ends every open request.
    fn end(&self, reason: &str) {
        let mut inner = self.inner();
        inner.gone = Some(reason.to_owned());
        let open = std::mem::take(&mut inner.answers);
        let tellers = std::mem::take(&mut inner.tellers);
        drop(inner);
        drop(tellers);
        self.changed.notify_all();
        for open in open.into_values() {
            if let Some(answer) = open.answer {
                end_answer(answer, Err(ModelError::EngineGone(reason.to_owned())));
            }
        }
    }
}

fn end_answer(answer: Box<dyn Answer>, result: Result<Finish, ModelError>) {
    if catch_unwind(AssertUnwindSafe(|| answer.done(result))).is_err() {
        tracing::error!("a callback panicked at the end of an answer");
    }
}

/// Introduces this process as `build`; the model's state. An engine that is just ending is nobody.
pub(crate) fn shake_hands(stream: &Stream, build: &str) -> Result<ModelState, ConnectError> {
    let stranger = |error: io::Error| ConnectError::Stranger(error.to_string());
    stream.set_recv_timeout(Some(HELLO)).map_err(stranger)?;
    // An engine that is just ending closes without a word: that is nobody, not a stranger.
    write_frame(&mut &*stream, &ToEngine::Hello { protocol: PROTOCOL, build: build.to_owned() })
        .map_err(ConnectError::Nobody)?;
    let next = || read_frame::<FromEngine>(&mut &*stream);
    let ended = || ConnectError::Nobody(io::ErrorKind::UnexpectedEof.into());
    match next().map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidData { stranger(error) } else { ConnectError::Nobody(error) }
    })? {
        Some(FromEngine::Hello { protocol: PROTOCOL, .. }) => {}
        Some(other) => return Err(ConnectError::Stranger(format!("{other:?}"))),
        None => return Err(ended()),
    }
    match next().map_err(ConnectError::Nobody)? {
        Some(FromEngine::Model(state)) => {
            stream.set_recv_timeout(None).map_err(stranger)?;
            Ok(state)
        }
        Some(other) => Err(ConnectError::Stranger(format!("{other:?}"))),
        None => Err(ended()),
    }
}

fn read(shared: &Shared, on_state: impl Fn(&ModelState)) {
    let mut input = io::BufReader::new(&shared.stream);
    let reason = loop {
        match read_frame(&mut input) {
            Ok(Some(FromEngine::Chunk { id, text, at_us })) => shared.chunk(id, &text, at_us),
            Ok(Some(FromEngine::Done { id, result })) => shared.done(id, result),
            Ok(Some(FromEngine::Model(state))) => {
                shared.inner().state = state.clone();
                on_state(&state);
            }
            Ok(Some(FromEngine::Status(status))) => {
                let mut inner = shared.inner();
                inner.status = (inner.status.0 + 1, Some(status));
                drop(inner);
                shared.changed.notify_all();
            }
            Ok(Some(FromEngine::Wants { workspace, wanted })) => {
                let teller = shared.inner().tellers.get(&workspace).cloned();
                if let Some(teller) = teller {
                    teller(wanted);
                }
            }
            Ok(Some(FromEngine::Hello { .. })) => break "it said Hello twice".to_owned(),
            Ok(None) => break "it closed the connection".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    shut_down(&shared.stream);
    shared.end(&reason);
}

fn write(shared: &Weak<Shared>, frames: &Receiver<ToEngine>) {
    while let Ok(frame) = frames.recv() {
        let Some(shared) = shared.upgrade() else { return };
        if write_frame(&mut &shared.stream, &frame).is_err() {
            // The reader sees the end too, and tells whoever waits.
            return shut_down(&shared.stream);
        }
    }
}

/// Parts of an answer on their way to [`EngineClient::ask_and_wait`].
enum Part {
    Chunk(String),
    Done(Result<Finish, ModelError>),
}

struct Forward(Sender<Part>);

impl Answer for Forward {
    fn chunk(&mut self, text: &str, _at_us: u64) -> ControlFlow<()> {
        match self.0.send(Part::Chunk(text.to_owned())) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn done(self: Box<Self>, result: Result<Finish, ModelError>) {
        // Nobody listens any more when this fails: fine.
        let _unheard = self.0.send(Part::Done(result));
    }
}
