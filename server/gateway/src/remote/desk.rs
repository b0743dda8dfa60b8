//! Who is there, what they have asked, and how the host is doing.
//!
//! Requests run side by side: the host has its own queue. A newer one for a document ends the older ones, as in the engine of this
//! machine. A host that fails costs the answers that were on their way; from then on everybody is told at once, until it is there again.
//! Must not lay out prompts or speak to the host itself.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use model::{
    Kind, ModelError, Request, SessionKey, WorkspaceKey,
    wire::{EngineStatus, FromEngine, ModelState, RequestId, ToEngine},
};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use tokio::sync::{Notify, mpsc, oneshot};

use super::{
    connection::{self, Outgoing},
    host::Trouble,
    socket::Socket,
    team::Team,
};

/// How long it waits for its first client, whatever `idle_exit` says.
const FIRST_CLIENT: Duration = Duration::from_secs(5);

/// Connections at once; more than any person has windows.
const MOST_CLIENTS: usize = 64;

/// Requests at once; whoever asks for more is broken.
const MOST_RUNNING: usize = 256;

/// Pauses before a host that failed is asked again.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

/// See the module.
pub(super) struct Desk {
    started: Instant,
    build: String,
    team: Team,
    roster: Mutex<Roster>,
    answered: AtomicU64,
    /// Somebody saw that the host is not what it was.
    troubled: Notify,
    events: mpsc::UnboundedSender<Event>,
    received: Mutex<Option<mpsc::UnboundedReceiver<Event>>>,
}

enum Event {
    Joined,
    Left,
    Stop(&'static str),
}

struct Roster {
    clients: BTreeMap<u64, Outgoing>,
    running: BTreeMap<(u64, RequestId), Running>,
    state: ModelState,
}

/// A request on its way. Dropped, it is cancelled.
struct Running {
    session: SessionKey,
    kind: Kind,
    _cancel: oneshot::Sender<()>,
}

/// Whether a new request of a document makes an older one pointless: a completion all, what is read for newer text what was read for older.
fn supersedes(new: Kind, old: Kind) -> bool {
    match new {
        Kind::Fim => true,
        Kind::Prefill => matches!(old, Kind::Prefill),
        Kind::Ahead | Kind::Alternatives(_) => false,
    }
}

impl Desk {
    pub(super) fn new(team: Team, build: String) -> Arc<Self> {
        let (events, received) = mpsc::unbounded_channel();
        let state = ModelState::Loading { progress: 0.0 };
        Arc::new(Self {
            started: Instant::now(),
            build,
            team,
            roster: Mutex::new(Roster { clients: BTreeMap::new(), running: BTreeMap::new(), state }),
            answered: AtomicU64::new(0),
            troubled: Notify::new(),
            events,
            received: Mutex::new(Some(received)),
        })
    }

    /// Ends politely on SIGTERM and SIGINT.
    pub(super) fn stop_on_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let events = self.events.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            for _signal in &mut signals {
                if events.send(Event::Stop("a signal")).is_err() {
                    return;
                }
            }
        })?;
        Ok(())
    }

    pub(super) fn build(&self) -> &str {
        &self.build
    }

    /// Serves until there is a reason to end, and says which.
    pub(super) async fn open(self: Arc<Self>, socket: Socket, idle_exit: Duration) -> &'static str {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(events) = received else { return "it was open already" };
        let caring = tokio::spawn(Arc::clone(&self).care());
        let reason = tokio::select! {
            reason = idle(events, idle_exit) => reason,
            () = self.accept(&socket) => "nobody can come any more",
        };
        caring.abort();
        // First the name, so that a client that comes now starts a new one.
        drop(socket);
        let clients = {
            let mut roster = self.roster();
            roster.running.clear();
            std::mem::take(&mut roster.clients)
        };
        drop(clients);
        reason
    }

    async fn accept(self: &Arc<Self>, socket: &Socket) {
        for client in 1.. {
            let stream = socket.client().await;
            if self.roster().clients.len() >= MOST_CLIENTS {
                tracing::warn!("{MOST_CLIENTS} clients are connected already");
                continue;
            }
            let desk = Arc::clone(self);
            // It keeps the engine from ending from its first moment: its Hello may be on its way.
            desk.post(Event::Joined);
            tokio::spawn(async move {
                connection::serve(&desk, client, stream).await;
                desk.post(Event::Left);
            });
        }
    }

    /// Learns what the host serves, and again whenever it has failed.
    async fn care(self: Arc<Self>) {
        let mut failures = 0;
        loop {
            match self.team.load().await {
                Ok(info) => {
                    tracing::info!(?info, "the host is there");
                    self.tell(ModelState::Ready(info));
                    failures = 0;
                    self.troubled.notified().await;
                }
                Err(trouble) => {
                    tracing::warn!(?trouble, "the host can't be used");
                    self.tell(ModelState::Failed(self.team.host.explain(&trouble)));
                }
            }
            tokio::time::sleep(PAUSES[failures.min(PAUSES.len() - 1)]).await;
            failures += 1;
        }
    }

    /// Tells every client how the host is doing, if that is news.
    fn tell(&self, state: ModelState) {
        let mut roster = self.roster();
        if roster.state == state {
            return;
        }
        for client in roster.clients.values() {
            client.send(FromEngine::Model(state.clone()));
        }
        roster.state = state;
    }

    /// A client has introduced itself.
    pub(super) fn join(&self, client: u64, outgoing: Outgoing) {
        let mut roster = self.roster();
        outgoing.send(FromEngine::Model(roster.state.clone()));
        roster.clients.insert(client, outgoing);
    }

    /// A client is gone, and with it what it asked.
    pub(super) fn leave(&self, client: u64) {
        let mut roster = self.roster();
        roster.clients.remove(&client);
        roster.running.retain(|(own, _), _| *own != client);
    }

    /// Obeys a frame; false for one that has no business there.
    pub(super) fn take(self: &Arc<Self>, client: u64, outgoing: &Outgoing, frame: ToEngine) -> bool {
        match frame {
            ToEngine::Ask { id, request } => self.ask(client, outgoing, id, *request),
            ToEngine::Cancel { id } => drop(self.roster().running.remove(&(client, id))),
            ToEngine::Forget { session } => self.team.forget(session),
            // Nothing of a workspace leaves the machine: all that is wanted of it is here.
            ToEngine::Files { workspace, .. } => all_is_known(outgoing, workspace),
            ToEngine::Piece { .. } | ToEngine::Leave { .. } => {}
            ToEngine::Status => outgoing.send(FromEngine::Status(self.status())),
            ToEngine::Stop => self.post(Event::Stop("a client said so")),
            ToEngine::Hello { .. } => return false,
        }
        true
    }

    fn ask(self: &Arc<Self>, client: u64, outgoing: &Outgoing, id: RequestId, request: Request) {
        let arrived = Instant::now();
        if let Some(why) = self.refusal(&request) {
            return self.done(outgoing, id, Err(why));
        }
        let (cancel, cancelled) = oneshot::channel();
        {
            let mut roster = self.roster();
            let (session, kind) = (request.session, request.kind);
            roster.running.retain(|(own, _), old| {
                *own != client || old.session != session || !supersedes(kind, old.kind)
            });
            roster.running.insert((client, id), Running { session, kind, _cancel: cancel });
        }
        let (desk, outgoing) = (Arc::clone(self), outgoing.clone());
        tokio::spawn(async move {
            let say = |text| outgoing.send(FromEngine::Chunk { id, text, at_us: now_us() });
            // It ends when the sender is dropped, too.
            let cancelled = async { drop(cancelled.await) };
            let result = desk.team.answer(request, arrived, cancelled, say).await;
            desk.roster().running.remove(&(client, id));
            let result = result.map_err(|trouble| desk.suffer(&trouble));
            desk.done(&outgoing, id, result);
        });
    }

    /// Why nobody is asked at all.
    fn refusal(&self, request: &Request) -> Option<ModelError> {
        if let Some(why) = self.team.withholds(&request.path) {
            return Some(ModelError::Unusable(why));
        }
        let roster = self.roster();
        match &roster.state {
            ModelState::Failed(error) => Some(error.clone()),
            ModelState::Loading { .. } => Some(ModelError::Loading),
            ModelState::Ready(_) if roster.running.len() >= MOST_RUNNING => {
                Some(ModelError::Failed(format!("{MOST_RUNNING} requests are waiting already")))
            }
            ModelState::Ready(_) => None,
        }
    }

    /// Notes that the host failed, and says so.
    fn suffer(&self, trouble: &Trouble) -> ModelError {
        tracing::warn!(?trouble, "the host did not answer");
        let error = self.team.host.explain(trouble);
        if trouble.lasts() {
            self.tell(ModelState::Failed(error.clone()));
            self.troubled.notify_one();
        }
        error
    }

    fn done(&self, outgoing: &Outgoing, id: RequestId, result: Result<model::Finish, ModelError>) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        outgoing.send(FromEngine::Done { id, result });
    }

    fn status(&self) -> EngineStatus {
        let roster = self.roster();
        EngineStatus {
            pid: std::process::id(),
            model: roster.state.clone(),
            clients: u32::try_from(roster.clients.len()).unwrap_or(u32::MAX),
            sessions: u32::try_from(self.team.sessions()).unwrap_or(u32::MAX),
            answered: self.answered.load(Ordering::Relaxed),
            learnt_tokens: 0,
            uptime_s: self.started.elapsed().as_secs(),
            rss_bytes: resident_bytes(),
        }
    }

    fn post(&self, event: Event) {
        if self.events.send(event).is_err() {
            tracing::debug!("ending already");
        }
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn all_is_known(outgoing: &Outgoing, workspace: WorkspaceKey) {
    outgoing.send(FromEngine::Wants { workspace, wanted: None });
}

/// Waits until nobody was there for as long as it is to wait, or somebody says stop.
async fn idle(mut events: mpsc::UnboundedReceiver<Event>, idle_exit: Duration) -> &'static str {
    let (mut clients, mut patience) = (0_usize, idle_exit.max(FIRST_CLIENT));
    loop {
        let event = if clients == 0 {
            match tokio::time::timeout(patience, events.recv()).await {
                Ok(event) => event,
                Err(_) => return "idle",
            }
        } else {
            events.recv().await
        };
        match event {
            Some(Event::Joined) => clients += 1,
            Some(Event::Left) => {
                clients = clients.saturating_sub(1);
                patience = idle_exit;
            }
            Some(Event::Stop(reason)) => return reason,
            None => return "nobody is left to wait for",
        }
    }
}

/// Microseconds since 1970, UTC.
fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Resident memory of this process, 0 where it can't be told.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
