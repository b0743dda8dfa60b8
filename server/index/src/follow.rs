//! The thread that follows the disk: a watcher's events and what the caller reports.
//!
//! Must not hold up open buffers: they have a thread of their own.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::{
    admission::Admission,
    buffers, build,
    error::Error,
    index::Shared,
    options::Cancel,
    walk::{slashed, walk},
};

/// Files that change without a pause are read after so long nevertheless.
const LONGEST: Duration = Duration::from_secs(2);

/// A window that doesn't write looks so often whether the one that does is still there.
const SUCCESSION: Duration = Duration::from_secs(2);

/// More changed paths than this, and walking over everything is quicker.
const MANY: usize = 2000;

/// What it hears of.
pub(crate) enum Event {
    /// These changed, by their absolute paths.
    Changed(Vec<PathBuf>),
    /// Anything may have changed.
    Anything,
    /// Somebody found the cache to be damaged.
    Damaged,
    /// Watch the folder, and say whether that works.
    Follow(mpsc::Sender<Result<(), String>>),
    /// Take everything in now, then drop the sender.
    Settle(mpsc::Sender<()>),
    Stop,
}

/// Where the index's threads are told of things.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    pub(crate) disk: mpsc::Sender<Event>,
    pub(crate) buffers: mpsc::Sender<buffers::Event>,
}

impl Inbox {
    /// Passes on what changed. Which files are admitted is judged by the lists as they are now, from here on.
    pub(crate) fn changed(&self, shared: &Shared, paths: Vec<PathBuf>) {
        let is_list =
            |path: &PathBuf| Admission::is_list(path.strip_prefix(shared.root.path()).unwrap_or(path));
        if paths.iter().any(is_list) {
            shared.read_lists_anew();
            drop(self.buffers.send(buffers::Event::Relisted));
            drop(self.disk.send(Event::Anything));
        }
        drop(self.disk.send(Event::Changed(paths)));
    }
}

/// Follows the disk.
pub(crate) struct Follower {
    shared: Arc<Shared>,
    /// For the watcher to report to.
    inbox: Inbox,
    watcher: Option<RecommendedWatcher>,
    /// The folders that it watches, below the root.
    watched: BTreeSet<String>,
    pending: BTreeSet<PathBuf>,
    /// Everything has to be looked at.
    anything: bool,
    /// Everything has to be made anew.
    damaged: bool,
    /// When the first of what is pending came.
    since: Option<Instant>,
    cancel: Cancel,
}

impl Follower {
    /// `cancel` ends it in the middle of its work.
    pub(crate) fn new(shared: Arc<Shared>, inbox: Inbox, cancel: Cancel) -> Self {
        Self {
            shared,
            inbox,
            watcher: None,
            watched: BTreeSet::new(),
            pending: BTreeSet::new(),
            anything: false,
            damaged: false,
            since: None,
            cancel,
        }
    }

    /// Runs until it is stopped.
    pub(crate) fn run(&mut self, events: &mpsc::Receiver<Event>) {
        loop {
            let event = match self.since {
                Some(_) => events.recv_timeout(self.shared.options.debounce),
                None if self.shared.writes() => {
                    events.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected)
                }
                None => events.recv_timeout(SUCCESSION),
            };
            match event {
                Ok(Event::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Ok(event) => self.take(event),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // The other window may be gone, and what it left undone is to be done here.
                    self.anything |= self.since.is_none();
                    self.catch_up();
                }
            }
            if self.since.is_some_and(|since| since.elapsed() > LONGEST) {
                self.catch_up();
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Changed(paths) => self.pending.extend(paths),
            Event::Anything => self.anything = true,
            Event::Damaged => self.damaged = true,
            Event::Follow(answer) => {
                let followed = self.follow().map_err(|error| error.to_string());
                drop(answer.send(followed));
                return;
            }
            Event::Settle(settled) => {
                self.catch_up();
                drop(settled);
                return;
            }
            Event::Stop => return,
        }
        self.since.get_or_insert_with(Instant::now);
    }

    /// Brings the cache up to date with what is pending.
    fn catch_up(&mut self) {
        self.since = None;
        let pending = std::mem::take(&mut self.pending);
        let anything = std::mem::take(&mut self.anything);
        let root = &self.shared.root;
        let mut paths: Vec<String> =
            pending.iter().filter_map(|path| slashed(&root.relative(path)?)).collect();
        paths.sort();
        paths.dedup();
        let damaged = std::mem::take(&mut self.damaged);
        if damaged && let Err(error) = self.shared.write(|_, store| store.start_over(), &self.cancel) {
            tracing::error!(%error, "the index's cache can't be made anew");
        }
        let anything = anything || damaged;
        if !anything && paths.is_empty() {
            return;
        }
        // Where another window wrote until now, what changed meanwhile is not known.
        let done = if anything || paths.len() > MANY || !self.shared.writes() {
            self.shared.build(&self.cancel, &mut |_| {}).map(|_| self.watch_all())
        } else {
            self.refresh(&paths)
        };
        if let Err(error) = done {
            tracing::error!(%error, "the index is not up to date");
        }
    }

    fn refresh(&mut self, paths: &[String]) -> Result<(), Error> {
        let folders = self.shared.write(|site, store| build::refresh(site, store, paths), &self.cancel);
        let folders = match folders {
            Err(Error::Corrupt { .. }) => return self.shared.build(&self.cancel, &mut |_| {}).map(drop),
            other => other?.unwrap_or_default(),
        };
        // A folder that went took its watch along; should it come back, it is a new one.
        let went = |watched: &String| {
            let below = |path: &String| {
                watched
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            paths.iter().any(below) && !self.shared.root.path().join(watched).is_dir()
        };
        self.watched.retain(|watched| !went(watched));
        self.watch(folders);
        Ok(())
    }

    /// Begins to watch.
    fn follow(&mut self) -> notify::Result<()> {
        let (shared, inbox) = (Arc::downgrade(&self.shared), self.inbox.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Some(shared) = shared.upgrade() else { return };
            match event {
                // Reading a file, as we do, is no change of it.
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
                Ok(event) if event.need_rescan() => drop(inbox.disk.send(Event::Anything)),
                Ok(event) => inbox.changed(&shared, event.paths),
                Err(error) => {
                    tracing::warn!(%error, "watching");
                    drop(inbox.disk.send(Event::Anything));
                }
            }
        })?;
        watcher.watch(self.shared.root.path(), mode())?;
        self.watcher = Some(watcher);
        self.watched.insert(String::new());
        self.watch_all();
        Ok(())
    }

    fn watch_all(&mut self) {
        if self.watcher.is_some() && mode() == RecursiveMode::NonRecursive {
            let admission = self.shared.admission();
            let largest = self.shared.options.largest_file;
            let found = walk(&self.shared.root, &admission, Path::new(""), largest, &self.cancel);
            self.watch(found.folders);
        }
    }

    /// Watches folders, by their paths below the root.
    fn watch(&mut self, mut folders: Vec<String>) {
        let Some(watcher) = self.watcher.as_mut().filter(|_| mode() == RecursiveMode::NonRecursive) else {
            return;
        };
        folders.sort();
        for folder in folders {
            if self.watched.contains(&folder) {
                continue;
            }
            let path = self.shared.root.path().join(&folder);
            if let Err(error) = watcher.watch(&path, RecursiveMode::NonRecursive) {
                let hint = "the system's limit of watches may be reached (fs.inotify.max_user_watches)";
                tracing::warn!(%error, folder, hint, "a folder can't be watched");
                return;
            }
            // What was put into it before it was watched is only seen by a look.
            self.watched.insert(folder);
            self.pending.insert(path);
            self.since.get_or_insert_with(Instant::now);
        }
    }
}

/// inotify takes a watch for each folder, and what is ignored (`target`, `node_modules`) has most of them: there only what is admitted is
/// watched.
fn mode() -> RecursiveMode {
    if cfg!(target_os = "linux") { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive }
}
