//! The engine as a process: the socket, its clients, and when to end.
//!
//! Who may connect: processes of the same user, through a socket file of mode 0600 in a folder of mode 0700. Who may run: one engine per
//! name, held by a file lock that dies with its process, so that a stale socket file is told from a live one without asking it.
//! Must not touch llama.cpp, which belongs to the model thread.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use interprocess::local_socket::{
    GenericFilePath, Listener, ListenerOptions, Stream, ToFsName,
    traits::{Listener as _, Stream as _, StreamCommon as _},
};
use model::wire::{EngineStatus, FromEngine, ModelState, PROTOCOL, ToEngine, read_frame};

use crate::{
    connection::{Outgoing, shut_down},
    options::EngineOptions,
    private::private_folder,
    queue::Job,
    worker::{self, Shared},
    workspaces::Told,
};

/// Why an engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Another engine serves this model here: connect to it.
    #[error("an engine already serves this model at {0}")]
    AlreadyRunning(PathBuf),
    /// The runtime folder can't be used.
    #[error("the runtime folder {0} can't be used: {1}")]
    RuntimeFolder(PathBuf, String),
    /// The socket can't be made.
    #[error("can't listen at {0}: {1}")]
    Listen(PathBuf, io::Error),
    /// A thread can't be started.
    #[error("can't start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// How long a started engine waits for its first client, whatever `idle_exit` says.
const FIRST_CLIENT: Duration = Duration::from_secs(5);
/// How long to wait for an engine that is just ending to let go of the name.
const TAKEOVER: Duration = Duration::from_secs(2);
/// How long a connection may take to introduce itself.
const HELLO: Duration = Duration::from_secs(5);
/// Bytes of stack for the model thread. Some vocabularies are split by `std::regex`, which recurses for each character of a long line.
const MODEL_STACK: usize = 64 << 20;
/// Connections at once; more than any person has windows.
const MOST_CLIENTS: usize = 64;

/// What the main thread waits for.
enum Event {
    Joined,
    Left,
    /// The model can't be used: stay for the clients that are there, to tell them, and no longer.
    Useless,
    Stop(&'static str),
}

/// Serves one model until it is idle, told to stop, or sent SIGTERM.
///
/// A model that can't be used is no error here: clients are told why, and the engine stays for them, so that nobody starts it again and
/// again. Starting is a race that everybody wins: two engines of one name end with one [`EngineError::AlreadyRunning`], and both
/// clients connect to the other.
///
/// # Errors
/// When the engine can't listen at all.
pub fn run(options: EngineOptions) -> Result<(), EngineError> {
    let started = Instant::now();
    let path = options.socket_path();
    private_folder(&options.runtime_dir)
        .map_err(|error| EngineError::RuntimeFolder(options.runtime_dir.clone(), error.to_string()))?;
    let _lock = Lock::take(&path)?;
    let listener = listen(&path)?;
    if std::env::var("OMP_WAIT_POLICY").as_deref() != Ok("passive") {
        tracing::warn!(
            "OMP_WAIT_POLICY is not `passive`: on a busy machine spinning threads are slow, and cost others"
        );
    }
    tracing::info!(path = %path.display(), build = options.build, "listening");

    let (events, received) = channel();
    let shared = Arc::new(Shared::new());
    let desk = Arc::new(Desk {
        started,
        build: options.build.clone(),
        shared: Arc::clone(&shared),
        roster: Mutex::new(Roster::default()),
        events: events.clone(),
    });
    stop_on_signals(events)?;
    let idle_exit = options.idle_exit;
    let model = {
        let (shared, desk) = (Arc::clone(&shared), Arc::clone(&desk));
        let body = move || worker::work(&options, &shared, move |state| desk.tell(state));
        thread::Builder::new().name("model".into()).stack_size(MODEL_STACK).spawn(body)?
    };
    let accepting = Arc::clone(&desk);
    thread::Builder::new().name("accept".into()).spawn(move || accept(&accepting, &listener))?;

    let reason = wait(&received, idle_exit, || desk.closes_if_empty(&path));
    tracing::info!(reason, "ending");
    desk.roster().close(&path);
    shared.cancelled(shared.queue.close());
    if model.join().is_err() {
        tracing::error!("the model thread panicked");
    }
    desk.hang_up();
    Ok(())
}

/// Waits for a reason to end. `is_over` says whether being idle still is one: somebody may come at the last moment.
fn wait(events: &Receiver<Event>, mut idle_exit: Duration, is_over: impl Fn() -> bool) -> &'static str {
    let (mut clients, mut patience) = (0usize, idle_exit.max(FIRST_CLIENT));
    loop {
        let event = if clients == 0 {
            events.recv_timeout(patience)
        } else {
            events.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match event {
            Ok(Event::Joined) => clients += 1,
            Ok(Event::Left) => {
                clients -= 1;
                patience = idle_exit;
            }
            Ok(Event::Useless) => idle_exit = Duration::ZERO,
            Ok(Event::Stop(reason)) => return reason,
            Err(RecvTimeoutError::Timeout) if is_over() => return "idle",
            // Whoever came has said so: that is the next event.
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return "nobody is left to wait for",
        }
    }
}

/// Clients, and what they have been told about the model. One lock: a client that joins hears each state exactly once.
#[derive(Debug)]
struct Roster {
    clients: BTreeMap<u64, Arc<Outgoing>>,
    /// Connections that have not said Hello yet.
    introducing: usize,
    state: ModelState,
    /// Nobody joins any more: the engine ends.
    is_closed: bool,
}

impl Default for Roster {
    fn default() -> Self {
        let state = ModelState::Loading { progress: 0.0 };
        Self { clients: BTreeMap::new(), introducing: 0, state, is_closed: false }
    }
}

impl Roster {
    /// Takes the name away and lets nobody join from now on. In this order, and both before anybody can look: whoever comes too late and
    /// is not let in finds the name free, and starts another engine.
    fn close(&mut self, socket: &Path) {
        if self.is_closed {
            return;
        }
        if let Err(error) = fs::remove_file(socket) {
            tracing::debug!(%error, "the socket file was gone");
        }
        self.is_closed = true;
    }
}

/// What the threads of the clients share.
#[derive(Debug)]
struct Desk {
    started: Instant,
    build: String,
    shared: Arc<Shared>,
    roster: Mutex<Roster>,
    events: Sender<Event>,
}

impl Desk {
    /// Tells every client how the model is doing.
    fn tell(&self, state: ModelState) {
        if matches!(state, ModelState::Failed(_)) {
            self.post(Event::Useless);
        }
        let mut roster = self.roster();
        for client in roster.clients.values() {
            client.send(FromEngine::Model(state.clone()));
        }
        roster.state = state;
    }

    fn status(&self) -> EngineStatus {
        let roster = self.roster();
        EngineStatus {
            pid: std::process::id(),
            model: roster.state.clone(),
            clients: u32::try_from(roster.clients.len()).unwrap_or(u32::MAX),
            sessions: self.shared.sessions.load(Ordering::Relaxed),
            answered: self.shared.answered.load(Ordering::Relaxed),
            learnt_tokens: self.shared.learnt.load(Ordering::Relaxed),
            uptime_s: self.started.elapsed().as_secs(),
            rss_bytes: resident_bytes(),
        }
    }

    /// Lets nobody join from now on, unless somebody is there: the idle end and a client that comes are never both.
    fn closes_if_empty(&self, socket: &Path) -> bool {
        let mut roster = self.roster();
        if roster.clients.is_empty() && roster.introducing == 0 {
            roster.close(socket);
        }
        roster.is_closed
    }

    /// Ends every connection, after what was sent is written.
    fn hang_up(&self) {
        let clients = std::mem::take(&mut self.roster().clients);
        for client in clients.values() {
            client.finish();
        }
    }

    fn post(&self, event: Event) {
        if self.events.send(event).is_err() {
            tracing::debug!("the engine is ending already");
        }
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(desk: &Arc<Desk>, listener: &Listener) {
    for client in 1.. {
        let stream = match listener.accept() {
            Ok(stream) => stream,
            Err(error) => {
                // Out of file descriptors, usually: the next one may work.
                tracing::warn!(%error, "a connection could not be accepted");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        if let Err(error) = same_user(&stream) {
            tracing::warn!(%error, "a connection was refused");
            continue;
        }
        let desk = Arc::clone(desk);
        let serving =
            thread::Builder::new().name(format!("read-{client}")).spawn(move || serve(&desk, client, stream));
        if let Err(error) = serving {
            tracing::warn!(%error, "no thread for a connection");
        }
    }
}

/// The whole life of one connection.
fn serve(desk: &Desk, client: u64, stream: Stream) {
    let stream = Arc::new(stream);
    // It keeps the engine from ending from its first moment: its Hello may be on its way.
    desk.roster().introducing += 1;
    desk.post(Event::Joined);
    let introduced = introduce(desk, client, &stream);
    desk.roster().introducing -= 1;
    let outgoing = match introduced {
        Ok(outgoing) => outgoing,
        Err(error) => {
            tracing::warn!(client, %error, "a connection did not introduce itself");
            desk.post(Event::Left);
            return shut_down(&stream);
        }
    };
    let result = read(desk, &outgoing, &stream);
    tracing::info!(client, ?result, "a client left");
    desk.shared.queue.drop_client(client);
    desk.shared.queue.told(client, Arc::clone(&outgoing), Told::Left);
    desk.roster().clients.remove(&client);
    outgoing.hang_up();
    desk.post(Event::Left);
}

/// The handshake: `Hello` each way, then the model's state.
fn introduce(desk: &Desk, client: u64, stream: &Arc<Stream>) -> io::Result<Arc<Outgoing>> {
    stream.set_recv_timeout(Some(HELLO))?;
    let build = match read_frame(&mut &**stream)? {
        Some(ToEngine::Hello { protocol: PROTOCOL, build }) => build,
        Some(ToEngine::Hello { protocol, .. }) => {
            return Err(io::Error::other(format!("it speaks protocol {protocol}, not {PROTOCOL}")));
        }
        _ => return Err(io::Error::other("its first frame is not a Hello")),
    };
    stream.set_recv_timeout(None)?;
    let outgoing = Outgoing::start(client, Arc::clone(stream))?;
    outgoing.send(FromEngine::Hello { protocol: PROTOCOL, build: desk.build.clone() });
    let mut roster = desk.roster();
    if roster.is_closed {
        // Without a word about the model, by which the client knows that it has met nobody.
        return Err(io::Error::other("it came when the engine was ending"));
    }
    if roster.clients.len() >= MOST_CLIENTS {
        return Err(io::Error::other(format!("{MOST_CLIENTS} clients are connected already")));
    }
    outgoing.send(FromEngine::Model(roster.state.clone()));
    roster.clients.insert(client, Arc::clone(&outgoing));
    tracing::info!(client, build, "a client joined");
    Ok(outgoing)
}

/// Takes frames until the stream ends. Nothing here waits for the model: a `Cancel` takes effect at once.
fn read(desk: &Desk, outgoing: &Arc<Outgoing>, stream: &Arc<Stream>) -> io::Result<()> {
    let shared = &desk.shared;
    let mut input = io::BufReader::new(&**stream);
    while let Some(frame) = read_frame(&mut input)? {
        match frame {
            ToEngine::Ask { id, request } => {
                let job = Job::new(outgoing.client, Arc::clone(outgoing), id, request);
                match shared.queue.push(job) {
                    Ok(superseded) => shared.cancelled(superseded),
                    Err((job, error)) => shared.done(&job.reply, job.id, Err(error)),
                }
            }
            ToEngine::Cancel { id } => shared.cancelled(shared.queue.cancel(outgoing.client, id)),
            ToEngine::Forget { session } => shared.queue.forget(session),
            ToEngine::Files { workspace, files, gone } => {
                shared.queue.told(
                    outgoing.client,
                    Arc::clone(outgoing),
                    Told::Files { workspace, files, gone },
                );
            }
            ToEngine::Piece { workspace, piece } => {
                shared.queue.told(outgoing.client, Arc::clone(outgoing), Told::Piece { workspace, piece });
            }
            ToEngine::Leave { workspace } => {
                shared.queue.told(outgoing.client, Arc::clone(outgoing), Told::Leaves { workspace });
            }
            ToEngine::Status => outgoing.send(FromEngine::Status(desk.status())),
            ToEngine::Stop => desk.post(Event::Stop("a client said so")),
            ToEngine::Hello { .. } => return Err(io::Error::other("a second Hello")),
        }
    }
    Ok(())
}

/// A file lock beside the socket, held while the engine lives and gone with its process.
struct Lock {
    _file: fs::File,
}

impl Lock {
    fn take(socket: &Path) -> Result<Self, EngineError> {
        let path = if cfg!(windows) {
            std::env::temp_dir().join(socket.file_name().unwrap_or_default())
        } else {
            socket.to_owned()
        };
        let path = path.with_extension("lock");
        let file = fs::File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| EngineError::RuntimeFolder(path.clone(), error.to_string()))?;
        let until = Instant::now() + TAKEOVER;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                // One that is ending has removed its socket already, and lets go soon; one that lives keeps both.
                Err(fs::TryLockError::WouldBlock) if Instant::now() < until && !socket.exists() => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(EngineError::AlreadyRunning(socket.to_owned()));
                }
                Err(fs::TryLockError::Error(error)) => {
                    return Err(EngineError::RuntimeFolder(path, error.to_string()));
                }
            }
        }
    }
}

/// Listens at `path`. The lock is held, so a file that lies there is a dead engine's.
fn listen(path: &Path) -> Result<Listener, EngineError> {
    let failed = |error| EngineError::Listen(path.to_owned(), error);
    match fs::remove_file(path) {
        Ok(()) => tracing::info!("replaced the socket of an engine that died"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if cfg!(windows) => tracing::debug!(%error, "no pipe of an engine that died"),
        Err(error) => return Err(failed(error)),
    }
    let name = path.to_fs_name::<GenericFilePath>().map_err(failed)?;
    let options = ListenerOptions::new().name(name).reclaim_name(false);
    #[cfg(unix)]
    let options = interprocess::os::unix::local_socket::ListenerOptionsExt::mode(options, 0o600);
    options.create_sync().map_err(failed)
}

/// Refuses a peer that runs as somebody else. The folder's mode does so already; this holds where that was loosened.
fn same_user(stream: &Stream) -> io::Result<()> {
    #[cfg(unix)]
    {
        let peer = stream.peer_creds()?.euid();
        let own = rustix::process::geteuid().as_raw();
        if peer != Some(own) {
            return Err(io::Error::other(format!("the peer is user {peer:?}, not {own}")));
        }
    }
    // Windows: a named pipe's default access list lets only its creator and administrators write.
    #[cfg(not(unix))]
    let _ = stream.peer_creds()?;
    Ok(())
}

/// Ends the engine politely on SIGTERM and SIGINT.
fn stop_on_signals(events: Sender<Event>) -> io::Result<()> {
    #[cfg(unix)]
    {
        use signal_hook::{
            consts::{SIGINT, SIGTERM},
            iterator::Signals,
        };
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for _signal in &mut signals {
                if events.send(Event::Stop("a signal")).is_err() {
                    return;
                }
            }
        })?;
    }
    #[cfg(not(unix))]
    drop(events);
    Ok(())
}

/// Resident memory of this process, 0 where it can't be told.
fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    #[cfg(unix)]
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    #[cfg(not(unix))]
    let page = 4096;
    pages * page
}

#[cfg(test)]
mod tests;
