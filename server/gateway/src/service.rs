//! The gateway's process: frames from its window in, bytes to providers out, under the user's own policy.
//!
//! The window decided; this enforces, whatever the window says: origins and hosts, what a provider has to promise, files that never leave,
//! secrets, money. Nothing is sent that was not prepared, and what is sent is what was prepared, byte for byte. It ends with its window.

mod meter;
mod outbox;
mod prepare;

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hasher, RandomState},
    io,
    net::Shutdown,
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use config::{Cloud, Provider, Restriction, Target, Usd};
use model::{
    cloud::{Ask, FromGateway, Health, Refused, Snapshot, TargetStatus, ToGateway},
    wire::{PROTOCOL, RequestId, read_frame},
};
use tokio::sync::{mpsc, oneshot};

use self::{
    meter::Purse,
    outbox::Outbox,
    prepare::{Desk, Ready},
};
use crate::{
    attempt::Call,
    breaker::{Breakers, Line},
    client::Client,
    course::{Machine, Roads, Said},
    keys,
    ledger::Ledger,
    redact::{BadPattern, Redactor, Restorer},
};

/// Requests that were prepared and neither sent nor dropped; a window that forgets more loses the oldest.
const MOST_PREPARED: usize = 64;

/// Pieces of an answer that wait for a window that does not read.
const WAITING: usize = 256;

/// What a gateway is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The user's policy, tightened by the organisation's.
    pub policy: Cloud,
    /// The folder of the ledger.
    pub state: PathBuf,
    /// What `~` stands for in the name of a key's file.
    pub home: PathBuf,
    /// The version and build, for the handshake.
    pub build: String,
}

/// Serves `window` until it hangs up.
///
/// # Errors
/// When threads or the TLS library can't be had. What is wrong with the ledger or a key is told to the window instead.
pub fn run(window: UnixStream, options: Options) -> io::Result<()> {
    let reading = window.try_clone()?;
    let (arrive, frames) = mpsc::unbounded_channel();
    thread::Builder::new().name("window".into()).spawn(move || {
        while let Ok(Some(frame)) = read_frame(&mut &reading) {
            if arrive.send(frame).is_err() {
                break;
            }
        }
        drop(reading.shutdown(Shutdown::Both));
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let outbox = Outbox::start(window)?;
    let service = Service::new(options, outbox)?;
    runtime.block_on(service.serve(frames));
    // Answers still on their way are settled as they are dropped: their reservations count until somebody knows better.
    runtime.shutdown_background();
    Ok(())
}

/// What all requests of a window share.
struct Service {
    options: Options,
    /// The policy with what the window's repository and editor forbid.
    policy: Cloud,
    outbox: Outbox,
    client: Arc<Client>,
    breakers: Arc<Breakers>,
    redactor: Arc<Redactor>,
    /// Why nothing can be sent, where the ledger can't be written.
    ledger: Result<Arc<Mutex<Ledger>>, String>,
    prepared: BTreeMap<RequestId, Ready>,
    /// Dropping one takes its request back.
    running: HashMap<RequestId, oneshot::Sender<()>>,
    ended: mpsc::UnboundedSender<RequestId>,
    ends: mpsc::UnboundedReceiver<RequestId>,
}

impl Service {
    fn new(options: Options, outbox: Outbox) -> io::Result<Self> {
        let client = Client::new(options.policy.limits.connect).map_err(io::Error::other)?;
        let redactor = redactor(&options.policy).map_err(io::Error::other)?;
        let ledger = Ledger::open(&options.state);
        if let Err(error) = &ledger {
            tracing::error!(%error, "nothing can be sent");
        }
        let (ended, ends) = mpsc::unbounded_channel();
        Ok(Self {
            policy: options.policy.clone(),
            outbox,
            client: Arc::new(client),
            breakers: Arc::default(),
            redactor: Arc::new(redactor),
            ledger: ledger.map(|ledger| Arc::new(Mutex::new(ledger))).map_err(|error| error.to_string()),
            prepared: BTreeMap::new(),
            running: HashMap::new(),
            ended,
            ends,
            options,
        })
    }

    async fn serve(mut self, mut frames: mpsc::UnboundedReceiver<ToGateway>) {
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some(frame) => self.obey(frame),
                    None => break,
                },
                Some(id) = self.ends.recv() => {
                    self.running.remove(&id);
                }
            }
        }
        // The window is gone, and nobody wants the answers: sockets are closed and reservations settled, then this process ends.
        self.running.clear();
        drop(self.ended);
        while self.ends.recv().await.is_some() {}
    }

    fn obey(&mut self, frame: ToGateway) {
        match frame {
            ToGateway::Hello { protocol, build } => {
                tracing::info!(protocol, build, "a window");
                self.outbox.put(FromGateway::Hello { protocol: PROTOCOL, build: self.options.build.clone() });
            }
            ToGateway::Restrict(restriction) => self.restrict(&restriction),
            ToGateway::Look { ask } => {
                let snapshot = self.look(ask.as_deref());
                self.outbox.put(FromGateway::Snapshot(Box::new(snapshot)));
            }
            ToGateway::Prepare { id, workspace, ask, chain, decided } => {
                let result = self.desk().and_then(|desk| desk.prepare(&workspace, &ask, &chain, &decided));
                let result = result.map(|(prepared, ready)| {
                    while self.prepared.len() >= MOST_PREPARED {
                        self.prepared.pop_first();
                    }
                    self.prepared.insert(id, ready);
                    Box::new(prepared)
                });
                self.outbox.put(FromGateway::Prepared { id, result });
            }
            ToGateway::Send { id } => self.send(id),
            ToGateway::Cancel { id } => {
                self.prepared.remove(&id);
                self.running.remove(&id);
            }
        }
    }

    fn restrict(&mut self, restriction: &Restriction) {
        let policy = self.options.policy.clone().restricted(restriction);
        if policy.secret_patterns != self.policy.secret_patterns {
            match redactor(&policy) {
                Ok(redactor) => self.redactor = Arc::new(redactor),
                Err(error) => {
                    // The window has checked them; one that did not is not served.
                    tracing::error!(%error, "nothing can be sent");
                    self.ledger = Err(error.to_string());
                }
            }
        }
        self.policy = policy;
    }

    fn desk(&self) -> Result<Desk<'_>, Refused> {
        let ledger = self.ledger.as_ref().map_err(|why| never(why))?;
        Ok(Desk { policy: &self.policy, redactor: &self.redactor, ledger, today: today() })
    }

    /// What can be asked just now, and what `ask` would cost.
    fn look(&self, ask: Option<&Ask>) -> Snapshot {
        let left = self.ledger.as_ref().map_err(Clone::clone).and_then(|ledger| {
            let ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.left(&self.policy.budget, now_ms()).map_err(|error| error.to_string())
        });
        let estimate = ask.map(|ask| prepare::estimate(&self.policy, &self.redactor, ask, &today()));
        let (costs, secrets) = estimate.unwrap_or_default();
        let targets = self.policy.targets().map(|target| TargetStatus {
            health: self.health(&target),
            priced: prepare::rate(&self.policy, &target, &today()).is_ok(),
            at_most: costs.get(&target).copied(),
            target,
        });
        Snapshot {
            targets: targets.collect(),
            left_today: left.as_ref().map_or(Usd(0), |left| left.day),
            left_this_month: left.as_ref().map_or(Usd(0), |left| left.month),
            closed: left.err(),
            secrets,
        }
    }

    /// Whether a target can be asked. A keyring is not opened for that: it could ask its user for a password.
    fn health(&self, target: &Target) -> Health {
        let Some(provider) = self.policy.provider(&target.provider) else {
            return Health::NoKey { why: format!("there is no provider `{}`", target.provider) };
        };
        let line = line(provider, &target.model);
        if let Some(source) =
            provider.key.as_ref().filter(|key| !matches!(key, config::KeySource::Keyring(_)))
            && let Err(why) = keys::find(source, &self.options.home)
        {
            return Health::NoKey { why };
        }
        self.breakers.health(&line, std::time::Instant::now())
    }

    /// Sends what was prepared, on a task of its own.
    fn send(&mut self, id: RequestId) {
        let Some(ready) = self.prepared.remove(&id) else {
            let result = Err(never("there is nothing prepared under this number"));
            self.outbox.put(FromGateway::Done { id, result });
            return;
        };
        let Ok(ledger) = &self.ledger else { return };
        let (cancel, cancelled) = oneshot::channel();
        self.running.insert(id, cancel);
        let sending = Sending {
            id,
            ready,
            purse: Purse { ledger: Arc::clone(ledger), budget: self.policy.budget },
            limits: self.policy.limits,
            home: self.options.home.clone(),
            outbox: self.outbox.clone(),
            client: Arc::clone(&self.client),
            breakers: Arc::clone(&self.breakers),
        };
        let ended = self.ended.clone();
        tokio::spawn(async move {
            sending.go(cancelled).await;
            let _ = ended.send(id);
        });
    }
}

/// One request on its way.
struct Sending {
    id: RequestId,
    ready: Ready,
    purse: Purse,
    limits: config::Limits,
    home: PathBuf,
    outbox: Outbox,
    client: Arc<Client>,
    breakers: Arc<Breakers>,
}

impl Sending {
    async fn go(self, cancelled: oneshot::Receiver<()>) {
        let Self { id, ready, purse, limits, home, outbox, client, breakers } = self;
        let Ready { decision, ask, legs, vault } = ready;
        let mut meter = purse.meter(decision, &legs);
        let calls = match with_keys(legs, ask, home, &breakers).await {
            Ok(calls) => calls,
            Err(refused) => {
                outbox.put(FromGateway::Done { id, result: Err(refused) });
                return;
            }
        };
        let (say, mut said) = mpsc::channel(WAITING);
        let roads = Roads { transport: &*client, breakers: &breakers, clock: &Machine, limits: &limits };
        let travel = async {
            let say = say;
            // Dropped, not sent: an error is the signal.
            let cancelled = async { drop(cancelled.await) };
            roads.travel(&calls, &mut meter, &say, cancelled).await
        };
        let forward = async {
            let mut restorer = Restorer::new(vault);
            while let Some(said) = said.recv().await {
                match said {
                    Said::Text(piece) => {
                        let mut text = String::new();
                        restorer.push(&piece, &mut text);
                        outbox.chunk(id, text).await;
                    }
                    Said::Turned { to, why } => outbox.put(FromGateway::Turned { id, to, why }),
                }
            }
            let mut rest = String::new();
            restorer.finish(&mut rest);
            outbox.chunk(id, rest).await;
        };
        let (result, ()) = tokio::join!(travel, forward);
        outbox.put(FromGateway::Done { id, result: result.map(Box::new) });
    }
}

/// The calls of those legs whose keys are found; a refusal that says what is missing where none is.
async fn with_keys(
    legs: Vec<prepare::Leg>,
    ask: Ask,
    home: PathBuf,
    breakers: &Breakers,
) -> Result<Vec<Call>, Refused> {
    let ask = Arc::new(ask);
    let (mut calls, mut missing) = (Vec::new(), Vec::new());
    for leg in legs {
        let found = match leg.provider.key.clone() {
            None => Ok(None),
            Some(source) => {
                let home = home.clone();
                // A keyring may wait for a person.
                let found = tokio::task::spawn_blocking(move || keys::find(&source, &home)).await;
                found.unwrap_or_else(|_| Err("its key can't be looked up".into())).map(Some)
            }
        };
        match found {
            Ok(key) => {
                let prepare::Leg { provider, target, outgoing, .. } = leg;
                calls.push(Call::new(&provider, &target.model, key, outgoing, Arc::clone(&ask)));
            }
            Err(why) => {
                breakers.no_key(&line(&leg.provider, &leg.target.model), &why);
                missing.push(format!("{}: {why}", leg.target));
            }
        }
    }
    if calls.is_empty() { Err(Refused { why: missing.join("; "), elsewhere: true }) } else { Ok(calls) }
}

/// Finds secrets as the policy says.
fn redactor(policy: &Cloud) -> Result<Redactor, BadPattern> {
    // It keeps placeholders apart from what somebody wrote into a file on purpose, and need not be better than that.
    let tag = (RandomState::new().build_hasher().finish() & 0xffff) as u16;
    Redactor::new(tag, &policy.secret_patterns)
}

/// What health is known by.
fn line(provider: &Provider, model: &str) -> Line {
    Line { provider: provider.id.clone(), origin: provider.origin().to_owned(), model: model.to_owned() }
}

/// Refused on principle: nobody else is to be asked.
fn never(why: &str) -> Refused {
    Refused { why: why.to_owned(), elsewhere: false }
}

/// Milliseconds since 1970, UTC.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The day, UTC: `2026-11-22`.
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
