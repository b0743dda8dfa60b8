//! An engine in this process, with its socket in a folder of its own, and short ways to ask it.
//!
//! `Drop` stops the engine and fails the test if it didn't end well.

#![expect(dead_code, reason = "each test file uses its part")]

use std::{
    ops::ControlFlow,
    path::PathBuf,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use engine::{ConnectError, EngineClient, EngineError, EngineOptions, ModelChoice};
use model::{Asking, Kind, Request, SessionKey, Sink, wire::ModelState};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct Engine {
    pub(crate) options: EngineOptions,
    thread: Option<JoinHandle<Result<(), EngineError>>>,
    _folder: tempfile::TempDir,
}

impl Engine {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn of(model: PathBuf) -> Self {
        Self::start_with(|options| options.model = ModelChoice::File(model))
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut EngineOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut options = EngineOptions::new(folder.path().join("run"), folder.path().join("cache"));
        change(&mut options);
        let thread = std::thread::spawn({
            let options = options.clone();
            move || engine::run(options)
        });
        Self { options, thread: Some(thread), _folder: folder }
    }

    /// Connects, as the supervisor does: again and again until the socket answers.
    pub(crate) fn client(&self) -> EngineClient {
        self.try_client(|_| {}).expect("the engine answers")
    }

    pub(crate) fn try_client(
        &self,
        on_state: impl Fn(&ModelState) + Send + Clone + 'static,
    ) -> Result<EngineClient, ConnectError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match EngineClient::connect(&self.options.socket_path(), "test", on_state.clone()) {
                Err(ConnectError::Nobody(_)) if Instant::now() < until && !self.has_ended() => {
                    std::thread::yield_now();
                }
                result => return result,
            }
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the engine to end by itself.
    pub(crate) fn join(&mut self) -> Result<(), EngineError> {
        self.thread.take().expect("joined once").join().expect("the engine does not panic")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.thread.is_none() || std::thread::panicking() {
            return;
        }
        if let Ok(client) = self.try_client(|_| {}) {
            assert!(client.stop(PATIENCE), "the engine ends when told to");
        }
        self.join().expect("the engine ends well");
    }
}

/// A request for the hole at `$0`, anchored at the start of its line.
pub(crate) fn hole(text: &str) -> Request {
    let (before, suffix) = text.split_once("$0").expect("the text marks its cursor with $0");
    let anchor = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    Request {
        kind: Kind::Fim,
        session: SessionKey(1),
        path: "src/a.rs".into(),
        repository: String::new(),
        blocks: Vec::new(),
        prefix: before[..anchor].into(),
        typed: before[anchor..].into(),
        suffix: suffix.into(),
        max_tokens: 24,
        single_line: true,
        asking: Asking::default(),
    }
}

/// A sink that collects.
pub(crate) fn into(text: &mut String) -> impl Sink {
    |chunk: &str| {
        text.push_str(chunk);
        ControlFlow::Continue(())
    }
}
