//! The index of one workspace folder: what its owner can do with it.
//!
//! Composes the rest. Nothing here waits for work to be done but [`Index::build`] and [`Index::settle`]: the other calls hand over and
//! return, so that they may be made where a key press is handled.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, mpsc},
    thread,
    time::Duration,
};

use text::Snapshot;

use crate::{
    admission::Admission,
    buffers::{self, Opened},
    build::{self, Built, Progress, Site},
    cache::Cache,
    edits::{Edit, Ring},
    error::Error,
    follow::{self, Follower, Inbox},
    options::{Cancel, Options},
    overlay::Overlay,
    read::Root,
    reader::Reader,
    store::Store,
    threads,
};

/// An index. Dropping it ends its threads and lets another window write.
#[derive(Debug)]
pub struct Index {
    shared: Arc<Shared>,
    inbox: Inbox,
    threads: Vec<thread::JoinHandle<()>>,
    /// Ends what the disk's thread is doing.
    cancel: Cancel,
}

/// What the index's threads and readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) root: Root,
    pub(crate) options: Options,
    pub(crate) cache: Cache,
    admission: RwLock<Admission>,
    pub(crate) overlay: Overlay,
    edits: Mutex<Ring>,
    /// `None` while another window writes. Held for as long as somebody writes, and by nobody who answers.
    writer: Mutex<Option<Store>>,
    changes: Changes,
    listener: OnceLock<Listener>,
}

/// Who hears of changed lists.
struct Listener(Box<dyn Fn() + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

/// Counts the moments at which answers may have become others.
#[derive(Debug, Default)]
struct Changes {
    count: Mutex<u64>,
    changed: Condvar,
    hears: Mutex<Vec<Hearer>>,
}

/// Who hears of each such moment.
struct Hearer(Box<dyn Fn() + Send>);

impl fmt::Debug for Hearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hearer")
    }
}

impl Index {
    /// Opens the index of a workspace folder. What an earlier run knew can be asked at once; [`Self::build`] brings it up to date.
    pub fn open(options: Options) -> Result<Self, Error> {
        let root =
            Root::open(&options.root).map_err(|error| Error::Root { path: options.root.clone(), error })?;
        let admission = Admission::new(&root, &options.exclude)?;
        let cache = Cache::of(root.path(), &options.cache_dir);
        let store = Store::open(&cache, options.largest_cache)?;
        let failed =
            |error: std::io::Error| Error::Cache { path: cache.path().to_owned(), reason: error.to_string() };
        let shared = Arc::new(Shared {
            root,
            options,
            cache: cache.clone(),
            admission: RwLock::new(admission),
            overlay: Overlay::default(),
            edits: Mutex::default(),
            writer: Mutex::new(store),
            changes: Changes::default(),
            listener: OnceLock::new(),
        });
        let ((disk, of_disk), (buffers, of_buffers)) = (mpsc::channel(), mpsc::channel());
        let inbox = Inbox { disk, buffers };
        let cancel = Cancel::default();
        let mut index = Self {
            shared: Arc::clone(&shared),
            inbox: inbox.clone(),
            threads: Vec::new(),
            cancel: cancel.clone(),
        };
        let mut follower = Follower::new(Arc::clone(&shared), inbox, cancel);
        index.threads.push(threads::spawn("index disk", move || follower.run(&of_disk)).map_err(failed)?);
        let mut opened = Opened::new(shared);
        index.threads.push(threads::spawn("index buffers", move || opened.run(&of_buffers)).map_err(failed)?);
        Ok(index)
    }

    /// Brings the index up to date with the disk, and returns when it is. `on` hears of the progress, on this thread; the work is done on
    /// others, at low priority. Where another window writes the index, there is nothing to do.
    pub fn build(&self, on: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<Built, Error> {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let building = scope.spawn(move || {
                threads::yield_to_others();
                self.shared.build(cancel, &mut |progress| {
                    // Whoever listens listens to the end.
                    let _ = tell.send(progress);
                })
            });
            told.iter().for_each(on);
            building.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Watches the folder from now on. An error says why that can't be; the index then changes by [`Self::changed`] alone.
    pub fn follow(&self) -> Result<(), String> {
        let (answer, answered) = mpsc::channel();
        drop(self.inbox.disk.send(follow::Event::Follow(answer)));
        answered.recv().unwrap_or_else(|_| Err("the index's thread has ended".to_owned()))
    }

    /// Has `hear` called after each change of a list of what is excluded, on whichever thread learns of it. Only the first one counts.
    pub fn on_lists(&self, hear: impl Fn() + Send + Sync + 'static) {
        drop(self.shared.listener.set(Listener(Box::new(hear))));
    }

    /// Tells that files or folders, by their absolute paths, were written, made or removed. A list of what is excluded counts at once.
    pub fn changed(&self, paths: Vec<PathBuf>) {
        self.inbox.changed(&self.shared, paths);
    }

    /// An open buffer's text, which goes before the file's from now on.
    pub fn update(&self, path: &Path, text: Snapshot) {
        drop(self.inbox.buffers.send(buffers::Event::Updated(path.to_owned(), text)));
    }

    /// The buffer was closed: the file counts again.
    pub fn close(&self, path: &Path) {
        drop(self.inbox.buffers.send(buffers::Event::Closed(path.to_owned())));
    }

    /// Somebody edited these lines of a buffer, whose text is now `text`. `at` is the caller's time, in a unit of its own.
    pub fn edited(&self, path: &Path, text: Snapshot, lines: Range<usize>, at: u64) {
        let edit = Edit { snapshot: text, lines, at };
        drop(self.inbox.buffers.send(buffers::Event::Edited(path.to_owned(), edit)));
    }

    /// Asks questions, on any thread.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared), self.inbox.disk.clone())
    }

    /// The cache file.
    pub fn cache(&self) -> &Path {
        self.shared.cache.path()
    }

    /// Waits until everything that it was told so far has been taken in.
    pub fn settle(&self) {
        let (disk, disk_settled) = mpsc::channel();
        let (buffers, buffers_settled) = mpsc::channel();
        drop(self.inbox.disk.send(follow::Event::Settle(disk)));
        // Whoever settles waits until the other end is dropped.
        let _ = disk_settled.recv();
        drop(self.inbox.buffers.send(buffers::Event::Settle(buffers)));
        let _ = buffers_settled.recv();
    }

    /// How often answers may have become others since the index was opened.
    pub fn changes(&self) -> u64 {
        *self.shared.changes.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `hear` called at each of these moments from now on, on whatever thread: it must hand over and return.
    pub fn on_change(&self, hear: impl Fn() + Send + 'static) {
        let mut hears = self.shared.changes.hears.lock().unwrap_or_else(PoisonError::into_inner);
        hears.push(Hearer(Box::new(hear)));
    }

    /// Waits until that is more than `seen`, but no longer than `patience`; says how often it is then.
    pub fn wait(&self, seen: u64, patience: Duration) -> u64 {
        let Changes { count, changed, .. } = &self.shared.changes;
        let count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(count, patience, |count| *count <= seen);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.cancel.cancel();
        drop(self.inbox.disk.send(follow::Event::Stop));
        drop(self.inbox.buffers.send(buffers::Event::Stop));
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
        // Readers may live on; the right to write does not.
        *self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Shared {
    /// What is admitted now.
    pub(crate) fn admission(&self) -> Admission {
        self.admission.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has every list be read again, from now on.
    pub(crate) fn read_lists_anew(&self) {
        let mut admission = self.admission.write().unwrap_or_else(PoisonError::into_inner);
        *admission = admission.anew();
        drop(admission);
        self.has_changed();
        if let Some(Listener(hear)) = self.listener.get() {
            hear();
        }
    }

    /// The recent edits.
    pub(crate) fn edits(&self) -> MutexGuard<'_, Ring> {
        self.edits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers may be others from now on.
    pub(crate) fn has_changed(&self) {
        *self.changes.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changes.changed.notify_all();
        for Hearer(hear) in &*self.changes.hears.lock().unwrap_or_else(PoisonError::into_inner) {
            hear();
        }
    }

    /// Brings everything up to date with the disk.
    pub(crate) fn build(&self, cancel: &Cancel, on: &mut dyn FnMut(Progress)) -> Result<Built, Error> {
        let built = self.write(|site, store| build::build(site, store, on), cancel)?;
        Ok(built.unwrap_or(Built { is_elsewhere: true, is_complete: true, ..Built::default() }))
    }

    /// Writes to the cache; `None` where another window does.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Site<'_>, &mut Store) -> Result<T, Error>,
        cancel: &Cancel,
    ) -> Result<Option<T>, Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.is_none() {
            // The window that wrote may have been closed since.
            *writer = Store::open(&self.cache, self.options.largest_cache)?;
        }
        let Some(store) = &mut *writer else { return Ok(None) };
        let admission = self.admission();
        let site = Site { root: &self.root, admission: &admission, options: &self.options, cancel };
        let done = work(&site, store);
        drop(writer);
        self.has_changed();
        done.map(Some)
    }

    /// Whether this window writes.
    pub(crate) fn writes(&self) -> bool {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}
