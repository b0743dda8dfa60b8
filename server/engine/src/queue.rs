//! Which request is next, and which no longer matters.
//!
//! The newest completion for a document wins; completions go before what is prepared for later; nothing is dropped without an answer.
//! Readers push and cancel, the one model thread pops. Must not evaluate anything, nor write to a client: what it drops it hands back
//! to be answered.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use model::{Kind, ModelError, Request, SessionKey, wire::RequestId};

use crate::{interrupt::Interrupt, workspaces::Told};

/// More requests than this wait for nobody: a client that asks so much faster than it is answered is broken.
const MOST: usize = 256;

/// Nor does more than this that is said of workspaces: a client says a thing and waits to be asked.
const MOST_TOLD: usize = 1024;

/// A request that waits, and who is told about it.
#[derive(Debug)]
pub(crate) struct Job<C> {
    /// Numbers the client within this process.
    pub(crate) client: u64,
    /// Where the answer goes.
    pub(crate) reply: C,
    pub(crate) id: RequestId,
    pub(crate) request: Box<Request>,
    pub(crate) arrived: Instant,
    /// [`text_read`] of the request.
    text: u64,
}

impl<C> Job<C> {
    /// A request that has just arrived.
    pub(crate) fn new(client: u64, reply: C, id: RequestId, request: Box<Request>) -> Self {
        let text = text_read(&request);
        Self { client, reply, id, request, arrived: Instant::now(), text }
    }
}

/// What the model thread is to do next.
#[derive(Debug)]
pub(crate) enum Next<C> {
    /// Answer this.
    Answer(Job<C>),
    /// Give up the KV cache of a closed document.
    Forget(SessionKey),
    /// Take in what a client says of a workspace.
    Told(u64, C, Told),
    /// Learn a little of a workspace.
    Learn,
    /// Nobody asked for as long as it was to wait: do what can be done now, and stop at the flag.
    Calm,
    /// Nothing more will come.
    Closed,
}

/// Waiting requests, and what stops the running one.
#[derive(Debug)]
pub(crate) struct Queue<C> {
    state: Mutex<State<C>>,
    changed: Condvar,
    interrupt: Arc<Interrupt>,
}

#[derive(Debug)]
struct State<C> {
    waiting: VecDeque<Job<C>>,
    forget: Vec<SessionKey>,
    /// What clients say of workspaces, and who: for when nobody waits for an answer.
    told: VecDeque<(u64, C, Told)>,
    running: Option<Running>,
    /// Since when what runs is to stop.
    aborted: Option<Instant>,
    /// Set when the model can never answer.
    failed: Option<ModelError>,
    closed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Running {
    Request {
        client: u64,
        id: RequestId,
        session: SessionKey,
        kind: Kind,
        /// [`text_read`] of it.
        text: u64,
        /// Whether it has made way for one that goes on with what it reads.
        succeeded: bool,
    },
    /// What nobody asked for.
    Calm,
}

/// Whether a request that is asked by `(client, session, kind)` makes an older one for the same document pointless.
///
/// A completion does so with all. What is read for newer text does it only with what was prepared for older text: a completion's text
/// may still fit what is typed. What is decoded ahead comes in pairs, and replaces nothing.
fn supersedes(new: (u64, SessionKey, Kind), old: (u64, SessionKey, Kind)) -> bool {
    let prevails = match new.2 {
        Kind::Fim => true,
        Kind::Alternatives(_) => matches!(old.2, Kind::Alternatives(_)),
        Kind::Prefill => matches!(old.2, Kind::Prefill | Kind::Ahead),
        Kind::Ahead => false,
    };
    prevails && (new.0, new.1) == (old.0, old.1)
}

/// Who goes first, and whom the others make way for: the lower number. For an answer somebody waits who has nothing yet, for alternatives
/// somebody who has one.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Fim => 0,
        Kind::Alternatives(_) => 1,
        Kind::Prefill | Kind::Ahead => 2,
    }
}

/// A number for what a request has the model read before the text that is being typed.
fn text_read(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&request.path, &request.prefix, &request.suffix).hash(&mut hasher);
    hasher.finish()
}

impl<C> Queue<C> {
    /// An empty queue that tells `interrupt` when the running request is to stop.
    pub(crate) fn new(interrupt: Arc<Interrupt>) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            forget: Vec::new(),
            told: VecDeque::new(),
            running: None,
            aborted: None,
            failed: None,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), interrupt }
    }

    /// Takes `job` in, and returns the waiting jobs that it makes pointless: they are to be answered as cancelled.
    ///
    /// # Errors
    /// The job itself and the reason, when it can't be taken.
    pub(crate) fn push(&self, job: Job<C>) -> Result<Vec<Job<C>>, (Job<C>, ModelError)> {
        let mut state = self.lock();
        if let Some(error) = &state.failed {
            let error = error.clone();
            return Err((job, error));
        }
        if state.closed {
            return Err((job, ModelError::EngineGone("it is shutting down".into())));
        }
        if state.waiting.len() >= MOST {
            return Err((job, ModelError::Failed(format!("{MOST} requests are waiting already"))));
        }
        let new = (job.client, job.request.session, job.request.kind);
        self.make_way(&mut state, new, job.text);
        let dropped = extract(&mut state.waiting, |other| {
            supersedes(new, (other.client, other.request.session, other.request.kind))
        });
        state.waiting.push_back(job);
        self.changed.notify_one();
        Ok(dropped)
    }

    /// Stops what runs if the `new` request is more urgent.
    fn make_way(&self, state: &mut State<C>, new: (u64, SessionKey, Kind), new_text: u64) {
        match &mut state.running {
            None => {}
            Some(Running::Calm) => self.abort(state),
            Some(Running::Request { client, session, kind, text, succeeded, .. }) => {
                let superseded = supersedes(new, (*client, *session, *kind));
                if superseded && *kind != Kind::Ahead && *text == new_text {
                    *succeeded = self.interrupt.stop_once_read();
                    if !*succeeded {
                        self.abort(state);
                    }
                } else if superseded || rank(new.2) < rank(*kind) {
                    self.abort(state);
                }
            }
        }
    }

    /// Stops a request: a waiting one is handed back to be answered as cancelled, the running one is aborted.
    pub(crate) fn cancel(&self, client: u64, id: RequestId) -> Option<Job<C>> {
        let mut state = self.lock();
        // What makes way already is stopped as it should be.
        let runs = |running| {
            let Running::Request { client: its, id: number, succeeded, .. } = running else { return false };
            (its, number) == (client, id) && !succeeded
        };
        if state.running.is_some_and(runs) {
            self.abort(&mut state);
        }
        extract(&mut state.waiting, |job| job.client == client && job.id == id).pop()
    }

    /// Stops everything a client asked for; nobody is there to be answered.
    pub(crate) fn drop_client(&self, client: u64) {
        let mut state = self.lock();
        if state
            .running
            .is_some_and(|running| matches!(running, Running::Request { client: c, .. } if c == client))
        {
            self.abort(&mut state);
        }
        extract(&mut state.waiting, |job| job.client == client);
    }

    /// Notes that a document was closed.
    pub(crate) fn forget(&self, session: SessionKey) {
        self.lock().forget.push(session);
        self.changed.notify_one();
    }

    /// Notes what a client says of a workspace.
    pub(crate) fn told(&self, client: u64, reply: C, told: Told) {
        let mut state = self.lock();
        if state.failed.is_some() {
            return;
        }
        if state.told.len() >= MOST_TOLD && told != Told::Left {
            tracing::warn!(client, "a client says more of its workspace than anybody can take in");
            return;
        }
        state.told.push_back((client, reply, told));
        self.changed.notify_one();
    }

    /// How long ago what runs was told to stop; `None` if it was not.
    pub(crate) fn aborted_for(&self) -> Option<Duration> {
        self.lock().aborted.map(|since| since.elapsed())
    }

    /// Waits for the next thing to do, at most until it is `calm`, and notes that it is running. The one before is over. With `lessons`
    /// there is something to learn, for as long as there is nothing else to do.
    pub(crate) fn next(&self, calm: Option<Instant>, lessons: bool) -> Next<C> {
        let mut state = self.lock();
        state.running = None;
        loop {
            if state.closed {
                return Next::Closed;
            }
            if let Some(session) = state.forget.pop() {
                return Next::Forget(session);
            }
            let first = (0..state.waiting.len()).min_by_key(|at| rank(state.waiting[*at].request.kind));
            if let Some(job) = state.waiting.remove(first.unwrap_or(0)) {
                let (session, kind) = (job.request.session, job.request.kind);
                let (client, id, text) = (job.client, job.id, job.text);
                let running = Running::Request { client, id, session, kind, text, succeeded: false };
                self.run(&mut state, running);
                return Next::Answer(job);
            }
            let left = calm.map(|calm| calm.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                self.run(&mut state, Running::Calm);
                return Next::Calm;
            }
            if let Some((client, reply, told)) = state.told.pop_front() {
                return Next::Told(client, reply, told);
            }
            if lessons {
                return Next::Learn;
            }
            state = match left {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn run(&self, state: &mut State<C>, running: Running) {
        (state.running, state.aborted) = (Some(running), None);
        self.interrupt.clear();
    }

    fn abort(&self, state: &mut State<C>) {
        state.aborted.get_or_insert_with(Instant::now);
        self.interrupt.stop();
    }

    /// Refuses everything from now on, because the model can't be used; returns what was waiting.
    pub(crate) fn fail(&self, error: &ModelError) -> Vec<Job<C>> {
        let mut state = self.lock();
        state.failed = Some(error.clone());
        state.waiting.drain(..).collect()
    }

    /// Ends: aborts what runs, and returns what was waiting.
    pub(crate) fn close(&self) -> Vec<Job<C>> {
        let mut state = self.lock();
        state.closed = true;
        self.abort(&mut state);
        self.changed.notify_all();
        state.waiting.drain(..).collect()
    }

    /// Whether [`Self::close`] was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        // Nothing panics while the lock is held; if something did, the queue itself would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes out what `matches`, keeping the order of both.
fn extract<T>(queue: &mut VecDeque<T>, matches: impl Fn(&T) -> bool) -> Vec<T> {
    let mut taken = Vec::new();
    for _ in 0..queue.len() {
        if let Some(item) = queue.pop_front() {
            if matches(&item) {
                taken.push(item);
            } else {
                queue.push_back(item);
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests;
