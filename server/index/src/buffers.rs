//! The thread that follows open buffers and recent edits, in memory.
//!
//! Apart from the disk's thread, so that a build never holds it up. Must not touch the cache.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use text::Snapshot;

use crate::{edits::Edit, index::Shared, overlay::Buffer, walk::slashed};

/// What it hears of. Paths are absolute.
pub(crate) enum Event {
    Updated(PathBuf, Snapshot),
    Closed(PathBuf),
    Edited(PathBuf, Edit),
    /// Other files are admitted than before.
    Relisted,
    /// Take everything in now, then drop the sender.
    Settle(mpsc::Sender<()>),
    Stop,
}

/// The buffers that are open.
pub(crate) struct Opened {
    shared: Arc<Shared>,
    /// Every open buffer's newest text, and when it came if it was not looked at yet.
    buffers: BTreeMap<PathBuf, (Snapshot, Option<Instant>)>,
    /// What each path is below the root; looked up once, because it takes system calls.
    paths: HashMap<PathBuf, Option<String>>,
}

impl Opened {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, buffers: BTreeMap::new(), paths: HashMap::new() }
    }

    /// Runs until it is stopped.
    pub(crate) fn run(&mut self, events: &mpsc::Receiver<Event>) {
        loop {
            let event = match self.patience() {
                None => events.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(patience) => events.recv_timeout(patience),
            };
            match event {
                Ok(Event::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Ok(event) => self.take(event),
                Err(mpsc::RecvTimeoutError::Timeout) => self.look(false),
            }
        }
    }

    /// How long until the next buffer has been left alone for long enough; `None` if none waits.
    fn patience(&self) -> Option<Duration> {
        let since = self.buffers.values().filter_map(|(_, since)| *since).min()?;
        Some(self.shared.options.debounce.saturating_sub(since.elapsed()))
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Updated(path, text) => {
                // Whoever opens an index tells it of all buffers, and one of them may have been changed meanwhile.
                let is_old = |(known, _): &(Snapshot, _)| known.version() > text.version();
                if !self.buffers.get(&path).is_some_and(is_old) {
                    self.buffers.insert(path, (text, Some(Instant::now())));
                }
            }
            Event::Closed(path) => {
                self.buffers.remove(&path);
                if let Some(path) = self.paths.remove(&path).flatten() {
                    self.shared.overlay.set(&path, None);
                    self.shared.has_changed();
                }
            }
            Event::Edited(path, edit) => {
                if let Some(path) = self.admitted(&path) {
                    self.shared.edits().note(&path, &edit);
                }
            }
            Event::Relisted => self.judge_anew(),
            Event::Settle(settled) => {
                self.look(true);
                drop(settled);
            }
            Event::Stop => {}
        }
    }

    /// Looks at the buffers that have been left alone for long enough, or at all.
    fn look(&mut self, all: bool) {
        let debounce = self.shared.options.debounce;
        let due = |since: Instant| all || since.elapsed() >= debounce;
        let ready: Vec<PathBuf> = self
            .buffers
            .iter()
            .filter(|(_, (_, since))| since.is_some_and(due))
            .map(|(path, _)| path.clone())
            .collect();
        for path in ready {
            let admitted = self.admitted(&path);
            let Some((text, since)) = self.buffers.get_mut(&path) else { continue };
            *since = None;
            let Some(relative) = admitted else { continue };
            // What is too large is not known by its file either.
            let fits = text.len() as u64 <= self.shared.options.largest_file;
            let text = if fits { text.to_string() } else { String::new() };
            self.shared.overlay.set(&relative, Some(Buffer::of(&relative, text)));
            self.shared.has_changed();
        }
    }

    /// Forgets what is not admitted any more, and looks at all buffers again.
    fn judge_anew(&mut self) {
        self.paths.clear();
        let admission = self.shared.admission();
        for path in self.shared.overlay.snapshot().keys() {
            if admission.judge(Path::new(&**path)).is_err() {
                self.shared.overlay.set(path, None);
            }
        }
        self.shared.edits().retain(|edited| admission.judge(Path::new(&*edited.path)).is_ok());
        for (_, since) in self.buffers.values_mut() {
            since.get_or_insert_with(Instant::now);
        }
        self.shared.has_changed();
    }

    /// A buffer's path below the root, if it may be known.
    fn admitted(&mut self, path: &Path) -> Option<String> {
        let shared = &self.shared;
        let relative =
            self.paths.entry(path.to_owned()).or_insert_with(|| slashed(&shared.root.relative(path)?));
        let relative = relative.clone()?;
        shared.admission().judge(Path::new(&relative)).is_ok().then_some(relative)
    }
}
