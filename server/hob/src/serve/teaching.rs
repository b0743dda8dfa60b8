//! Keeps the engine told of a workspace folder, for as long as the folder is indexed: a thread that waits for changes, for the engine's
//! wishes, and for another engine.
//!
//! Must not hold up the index, the engine's answers or a key: what they say is noted and seen to here, at low priority.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use engine::EngineClient;
use index::Index;
use model::{Wanted, WorkspaceKey};

use super::session::Session;
use crate::{link::Link, teaching::Teacher};

/// How long nothing has to change before it is told: a build changes the index again and again.
const CALM: Duration = Duration::from_millis(300);

/// Nor is it waited for longer than this: somebody who types changes it with each key, and what is excluded meanwhile is to be forgotten.
const LONGEST: Duration = Duration::from_secs(2);

/// Ends the thread when it is dropped.
#[derive(Debug)]
pub(super) struct Teaching(mpsc::Sender<Event>);

/// What the thread hears of.
#[derive(Debug)]
enum Event {
    /// Answers of the index may be others.
    Changed,
    /// The engine, or its model, may be another.
    Link,
    /// The engine wants this.
    Wants(Wanted),
    Stop,
}

impl Drop for Teaching {
    fn drop(&mut self) {
        drop(self.0.send(Event::Stop));
    }
}

/// Teaches whatever engine `link` leads to what `index` knows of the folder at `root`, under the name `workspace`. Must be called where
/// `runtime` can be used.
pub(super) fn start(
    index: &Index,
    workspace: WorkspaceKey,
    root: PathBuf,
    (session, link): (Arc<Mutex<Session>>, Link),
    runtime: &tokio::runtime::Handle,
) -> std::io::Result<Teaching> {
    let (tell, told) = mpsc::channel();
    let changed = tell.clone();
    index.on_change(move || drop(changed.send(Event::Changed)));
    let mut states = link.watch();
    let linked = tell.clone();
    runtime.spawn(async move { while states.changed().await.is_ok() && linked.send(Event::Link).is_ok() {} });
    let teacher = Teacher::new(index.reader(), workspace);
    let mut pupil = Pupil { teacher, workspace, root, session, link, engine: None, tell: tell.clone() };
    thread::Builder::new().name("teaching".into()).spawn(move || {
        index::yield_to_others();
        pupil.run(&told);
    })?;
    drop(tell.send(Event::Changed));
    Ok(Teaching(tell))
}

/// The engine at the other end, and what to tell it.
struct Pupil {
    teacher: Teacher,
    workspace: WorkspaceKey,
    root: PathBuf,
    session: Arc<Mutex<Session>>,
    link: Link,
    /// The one that was told, as long as it lives.
    engine: Option<Arc<EngineClient>>,
    tell: mpsc::Sender<Event>,
}

impl Pupil {
    fn run(&mut self, told: &mpsc::Receiver<Event>) {
        // When the first change came that the engine was not told of.
        let mut since = None;
        loop {
            let event = match since {
                Some(since) => told.recv_timeout(patience(since, Instant::now())),
                None => told.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(Event::Changed) => since = since.or_else(|| Some(Instant::now())),
                Ok(Event::Link) if self.is_another() => since = since.or_else(|| Some(Instant::now())),
                Ok(Event::Link) => {}
                Ok(Event::Wants(wanted)) => {
                    if let Some(engine) = &self.engine {
                        self.teacher.give(engine, wanted);
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    since = None;
                    self.bring_up_to_date();
                }
                Ok(Event::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                    if let Some(engine) = &self.engine {
                        engine.leave(self.workspace);
                    }
                    return;
                }
            }
        }
    }

    /// Whether there is an engine with a model that was told of nothing.
    fn is_another(&self) -> bool {
        let connected = self.link.connected();
        connected.is_some_and(|now| self.engine.as_ref().is_none_or(|told| !Arc::ptr_eq(told, &now)))
    }

    fn bring_up_to_date(&mut self) {
        if self.is_another() {
            self.engine = self.link.connected();
            self.teacher.begin_anew();
            if let Some(engine) = &self.engine {
                let tell = self.tell.clone();
                engine.tell(self.workspace, move |wanted| {
                    if let Some(wanted) = wanted {
                        drop(tell.send(Event::Wants(wanted)));
                    }
                });
            }
        }
        let Some(engine) = &self.engine else { return };
        let near = self.session.lock().unwrap_or_else(PoisonError::into_inner).below(&self.root);
        self.teacher.tell(engine, &near);
    }
}

/// How long nothing more has to change, where the first change came at `since`.
fn patience(since: Instant, now: Instant) -> Duration {
    CALM.min(LONGEST.saturating_sub(now.saturating_duration_since(since)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_on_and_on_is_not_waited_for() {
        let since = Instant::now();
        let after = |ms| patience(since, since + Duration::from_millis(ms));
        assert_eq!([after(0), after(1500)], [CALM; 2]);
        assert_eq!(after(1900), Duration::from_millis(100));
        assert_eq!(after(60_000), Duration::ZERO);
    }
}
