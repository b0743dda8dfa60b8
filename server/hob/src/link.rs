//! Keeps a connection to the user's engine: starts one when there is none, and again when it dies.
//!
//! Must not lose a request silently: whoever asks while there is no engine waits for it or is told why not. Must not loop: an
//! engine that dies young is restarted later and later.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use engine::{ConnectError, EngineClient, EngineOptions};
use model::{ModelError, wire::ModelState};
use tokio::sync::watch;

/// Pauses before the next attempt, by the number of engines that died young in a row.
const BACKOFF: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// An engine that lived this long did not die young.
const GROWN_UP: Duration = Duration::from_secs(20);

/// How long an engine may take from its start until it listens. Loading the model comes after that.
const LISTENING: Duration = Duration::from_secs(10);

/// How long after an engine ended by its own decision there may be another at work whom nobody has reached yet; then one is started again.
const AGAIN: Duration = Duration::from_millis(200);

/// Starts engines. `serve` asks its supervisor, the command line does it itself.
pub(crate) trait Starter: Send + 'static {
    /// Starts one, or one that asks a host elsewhere (`remote`); it may find another at work and end at once.
    fn start(&mut self, remote: bool) -> io::Result<()>;
    /// How an engine that it started has ended since the last call; `Ok` when by its own decision.
    fn ended(&mut self) -> Option<Result<(), String>>;
}

/// What is known about the engine.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Not connected yet, or not any more; an engine is on its way. Says how the last one ended, if one did.
    Starting(Option<String>),
    /// Connected.
    Connected(Arc<EngineClient>, ModelState),
}

/// A connection that heals itself.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    state: watch::Receiver<State>,
}

impl Link {
    /// Starts to connect to the engine of `options`, on a thread of its own that ends with the process.
    pub(crate) fn start(options: EngineOptions, starter: impl Starter) -> io::Result<Self> {
        let (publish, state) = watch::channel(State::Starting(None));
        thread::Builder::new().name("engine-link".into()).spawn(move || keep(&options, starter, &publish))?;
        Ok(Self { state })
    }

    /// What is known now, and every change of it.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// The engine, if there is a connection and the model is warm.
    pub(crate) fn connected(&self) -> Option<Arc<EngineClient>> {
        match &*self.state.borrow() {
            State::Connected(client, ModelState::Ready(_)) => Some(Arc::clone(client)),
            _ => None,
        }
    }

    /// The engine, as soon as there is a connection. Its model may still be loading: requests wait for it there.
    ///
    /// # Errors
    /// [`ModelError::Unusable`] at once if the model is known to be, [`ModelError::EngineGone`] after `patience`.
    pub(crate) async fn client(&self, patience: Duration) -> Result<Arc<EngineClient>, ModelError> {
        let mut state = self.state.clone();
        let connected = |state: &State| matches!(state, State::Connected(..));
        let found = match tokio::time::timeout(patience, state.wait_for(connected)).await {
            Ok(Ok(state)) => match &*state {
                State::Connected(_, ModelState::Failed(error)) => Some(Err(error.clone())),
                State::Connected(client, _) => Some(Ok(Arc::clone(client))),
                State::Starting(_) => None,
            },
            Ok(Err(_)) | Err(_) => None,
        };
        found.unwrap_or_else(|| {
            Err(match &*self.state.borrow() {
                State::Starting(Some(how)) => ModelError::EngineGone(how.clone()),
                _ => ModelError::Loading,
            })
        })
    }

    /// The loaded model's name; empty when none is.
    pub(crate) fn model_name(&self) -> String {
        // The client hears of its model before it hears an answer; what is published here may come after the first one.
        let client = match &*self.state.borrow() {
            State::Connected(client, _) => Arc::clone(client),
            State::Starting(_) => return String::new(),
        };
        match client.state() {
            ModelState::Ready(info) => info.name,
            _ => String::new(),
        }
    }
}

/// Connects, waits for the end of the connection, and begins again; until nobody watches.
fn keep(options: &EngineOptions, mut starter: impl Starter, publish: &watch::Sender<State>) {
    let mut young_deaths = 0;
    while !publish.is_closed() {
        let born = Instant::now();
        let how = match reach(options, &mut starter) {
            Ok((client, states)) => {
                follow(&client, &states, publish);
                last_report(&mut starter)
            }
            Err(how) => how,
        };
        tracing::warn!(how, "the engine is gone");
        publish.send_replace(State::Starting(Some(how)));
        if born.elapsed() > GROWN_UP {
            young_deaths = 0;
        }
        // The first to die young is replaced at once.
        thread::sleep(BACKOFF[young_deaths.min(BACKOFF.len() - 1)]);
        young_deaths += 1;
    }
}

/// Publishes the model's state until the connection ends.
fn follow(client: &Arc<EngineClient>, states: &mpsc::Receiver<ModelState>, publish: &watch::Sender<State>) {
    // The sender lives in the client's reader, which ends with the connection.
    for model in states {
        publish.send_replace(State::Connected(Arc::clone(client), model));
    }
}

/// A connection to the engine of `options`, which is started if nobody listens at its socket.
fn reach(
    options: &EngineOptions,
    starter: &mut impl Starter,
) -> Result<(Arc<EngineClient>, mpsc::Receiver<ModelState>), String> {
    let connect = || {
        let (send, states) = mpsc::channel();
        // Computed anew each time: its name follows the model's file, which may be replaced meanwhile.
        let client = EngineClient::connect(&options.socket_path(), &options.build, move |state| {
            drop(send.send(state.clone()));
        })?;
        Ok::<_, ConnectError>((Arc::new(client), states))
    };
    if let Ok(connected) = connect() {
        return Ok(connected);
    }
    // How earlier ones ended is no news about the one that starts now.
    while starter.ended().is_some() {}
    let start = |starter: &mut dyn Starter| {
        let started = starter.start(options.remote.is_some());
        started.map_err(|error| format!("the engine could not be started: {error}"))
    };
    start(starter)?;
    let deadline = Instant::now() + LISTENING;
    let mut ended = None;
    loop {
        match connect() {
            Ok(connected) => return Ok(connected),
            Err(error) if Instant::now() > deadline => {
                return Err(format!(
                    "the engine does not answer at {}: {error}",
                    options.socket_path().display()
                ));
            }
            Err(_) => {}
        }
        match starter.ended() {
            Some(Err(how)) => return Err(how),
            // It found another at work, or had its last client go before this one had come.
            Some(Ok(())) => ended = Some(Instant::now()),
            None => {}
        }
        if ended.is_some_and(|at| at.elapsed() > AGAIN) {
            ended = None;
            start(starter)?;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// How the engine ended, if this process or its supervisor started it; the report comes a moment after the connection breaks.
fn last_report(starter: &mut impl Starter) -> String {
    let deadline = Instant::now() + Duration::from_millis(200);
    while Instant::now() < deadline {
        match starter.ended() {
            Some(Err(how)) => return how,
            Some(Ok(())) => return "it has ended".to_owned(),
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
    "the connection was closed".to_owned()
}
