//! The indices of the window's workspace folders: opened, built and followed in the background, and told of what happens in the editor.
//!
//! Must not make a key press wait: a handler hands over and returns, and the one lock here is held for the moment of a look-up. Must not
//! ask an index anything: who does gets a reader.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use index::{Cancel, Index, Progress, Reader};
use text::Snapshot;
use tokio::sync::watch;
use tower_lsp::{Client, gen_lsp_types::MessageType};

use super::{
    judge_anew,
    progress::index::show,
    session::{Session, path},
    teaching::Teaching,
};
use crate::{link::Link, settings, teaching};

/// The window's indices. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Indexing {
    client: Client,
    session: Arc<Mutex<Session>>,
    link: Link,
    folders: Arc<Mutex<Folders>>,
}

/// The folders that are to be indexed, and how.
#[derive(Debug, Default)]
struct Folders {
    /// Of the index, and whether the engine is told of it.
    settings: Option<(config::Index, bool)>,
    all: BTreeMap<PathBuf, Folder>,
    /// Goes up with each folder, so that no two share a progress token.
    count: u64,
}

/// One of them.
#[derive(Debug)]
struct Folder {
    token: String,
    /// Ends its build.
    cancel: Cancel,
    /// `None` until it is open.
    index: Option<Arc<Index>>,
    /// Tells the engine of its files; `None` until it is built, and where that is not wanted.
    teaching: Option<Teaching>,
}

/// How far a build is.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// Under way.
    Building(Progress),
    /// Over: what to say of it.
    Over(String),
}

impl Indexing {
    pub(super) fn new(client: Client, session: Arc<Mutex<Session>>, link: Link) -> Self {
        Self { client, session, link, folders: Arc::default() }
    }

    /// Sees to it that the folders of the session are indexed as its configuration says, and no others. Must be called from within the
    /// runtime.
    pub(super) fn arrange(&self) {
        let (roots, config) = {
            let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            (session.roots().to_vec(), Arc::clone(&session.config))
        };
        let mut folders = self.folders();
        let wanted = |root: &PathBuf| config.index.enabled && roots.contains(root) && outermost(root, &roots);
        let settings = Some((config.index.clone(), config.ngrams));
        let same = folders.settings == settings;
        let all = std::mem::take(&mut folders.all);
        let (kept, dropped) = all.into_iter().partition(|(root, _)| same && wanted(root));
        folders.all = kept;
        folders.settings = settings;
        give_up(dropped);
        for root in roots.iter().filter(|root| wanted(root)) {
            if !folders.all.contains_key(root) {
                folders.count += 1;
                let token = format!("hob/index/{}", folders.count);
                let cancel = Cancel::default();
                folders.all.insert(
                    root.clone(),
                    Folder { token: token.clone(), cancel: cancel.clone(), index: None, teaching: None },
                );
                self.begin(root, &config, token, cancel);
            }
        }
    }

    /// Opens and builds the index of a folder, on a thread of its own.
    fn begin(&self, root: &Path, config: &Arc<config::Config>, token: String, cancel: Cancel) {
        let (tell, told) =
            watch::channel(State::Building(Progress { stage: index::Stage::Looking, done: 0, total: 0 }));
        let shows = self.session.lock().unwrap_or_else(PoisonError::into_inner).client.progress;
        tokio::spawn(show(self.client.clone(), told, token, shows));
        let (this, root, config) = (self.clone(), root.to_owned(), Arc::clone(config));
        let runtime = tokio::runtime::Handle::current();
        let work = move || {
            let came = this.build((&root, &config), &runtime, &cancel, &tell);
            if let Err(error) = &came {
                tracing::error!(%error, "index");
                let (client, text) = (this.client.clone(), format!("Hob: {error:#}"));
                runtime.spawn(async move { client.show_message(MessageType::Warning, text).await });
            }
            tell.send_replace(State::Over(came.unwrap_or_else(|_| "failed".to_owned())));
        };
        if let Err(error) = thread::Builder::new().name("index".into()).spawn(work) {
            tracing::error!(%error, "the index's thread can't be started");
        }
    }

    /// Opens and builds; says what came of it.
    fn build(
        &self,
        (root, config): (&Path, &config::Config),
        runtime: &tokio::runtime::Handle,
        cancel: &Cancel,
        tell: &watch::Sender<State>,
    ) -> anyhow::Result<String> {
        let index = Arc::new(Index::open(settings::index(config, root)?)?);
        {
            let mut folders = self.folders();
            match folders.all.get_mut(root) {
                // It may be another one by now: the settings changed meanwhile.
                Some(folder) if !cancel.is_cancelled() => folder.index = Some(Arc::clone(&index)),
                _ => return Ok("not wanted any more".to_owned()),
            }
        }
        let (buffers, watches) = {
            let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            (session.texts(), session.client.watches)
        };
        for (uri, text) in buffers {
            if let Some(path) = path(&uri) {
                index.update(&path, text);
            }
        }
        if !watches {
            let (session, link) = (Arc::clone(&self.session), self.link.clone());
            index.on_lists(move || judge_anew(&session, &link));
            if let Err(error) = index.follow() {
                tracing::warn!(
                    error,
                    "the workspace can't be watched: only what is saved in this editor is read again"
                );
            }
        }
        let built =
            index.build(&mut |progress| drop(tell.send_replace(State::Building(progress))), cancel)?;
        if config.ngrams {
            self.teach(&index, (root, config), runtime, cancel)?;
        }
        let skipped: Vec<String> =
            built.skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        tracing::info!(
            files = built.held.files,
            lines = built.held.lines,
            symbols = built.held.symbols,
            read = built.read,
            elsewhere = built.is_elsewhere,
            skipped = skipped.join(", "),
            "indexed"
        );
        Ok(match (built.is_elsewhere, built.is_complete) {
            (true, _) => "another window keeps the index".to_owned(),
            (false, true) => format!("{} files", built.held.files),
            (false, false) => "stopped".to_owned(),
        })
    }

    /// Has the engine learn what the folder's files repeat, from now on.
    fn teach(
        &self,
        index: &Index,
        (root, config): (&Path, &config::Config),
        runtime: &tokio::runtime::Handle,
        cancel: &Cancel,
    ) -> anyhow::Result<()> {
        let workspace = teaching::key(root, &config.index);
        let parts = (Arc::clone(&self.session), self.link.clone());
        let teaching = super::teaching::start(index, workspace, root.to_owned(), parts, runtime)?;
        if let Some(folder) = self.folders().all.get_mut(root)
            && !cancel.is_cancelled()
        {
            folder.teaching = Some(teaching);
        }
        Ok(())
    }

    /// Ends the build whose progress has this token.
    pub(super) fn cancel(&self, token: &str) {
        for folder in self.folders().all.values().filter(|folder| folder.token == token) {
            folder.cancel.cancel();
        }
    }

    /// A document's text as it is in the editor now.
    pub(super) fn update(&self, uri: &str, text: &Snapshot) {
        self.tell(uri, |index, path| index.update(path, text.clone()));
    }

    /// These lines of a document were edited just now.
    pub(super) fn edited(&self, uri: &str, text: &Snapshot, lines: Range<usize>) {
        let now = crate::row::now();
        self.tell(uri, |index, path| {
            index.update(path, text.clone());
            index.edited(path, text.clone(), lines.clone(), now);
        });
    }

    /// A document was closed.
    pub(super) fn close(&self, uri: &str) {
        self.tell(uri, Index::close);
    }

    /// Files were written, made or removed.
    pub(super) fn changed(&self, uris: impl IntoIterator<Item = String>) {
        let paths: Vec<PathBuf> = uris.into_iter().filter_map(|uri| path(&uri)).collect();
        for (root, folder) in &self.folders().all {
            let below: Vec<PathBuf> = paths.iter().filter(|path| path.starts_with(root)).cloned().collect();
            if let Some(index) = folder.index.as_ref().filter(|_| !below.is_empty()) {
                index.changed(below);
            }
        }
    }

    /// Tells the index that a document belongs to.
    fn tell(&self, uri: &str, say: impl Fn(&Index, &Path)) {
        let folders = self.folders();
        if folders.all.is_empty() {
            return;
        }
        let Some(path) = path(uri) else { return };
        for (_, folder) in folders.all.iter().filter(|(root, _)| path.starts_with(root)) {
            if let Some(index) = &folder.index {
                say(index, &path);
            }
        }
    }

    /// Somebody to ask about the workspace folder that a document belongs to, and what answers call the document. `None` where there is no
    /// index, or not yet.
    pub(super) fn reader(&self, uri: &str) -> Option<(Reader, String)> {
        let path = path(uri)?;
        let folders = self.folders();
        let (_, folder) = folders.all.iter().find(|(root, _)| path.starts_with(root))?;
        let reader = folder.index.as_ref()?.reader();
        let relative = reader.relative(&path)?;
        Some((reader, relative))
    }

    fn folders(&self) -> MutexGuard<'_, Folders> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends what is not wanted any more. An index that is dropped waits for its threads, so that is done on another one.
fn give_up(folders: BTreeMap<PathBuf, Folder>) {
    for folder in folders.values() {
        folder.cancel.cancel();
    }
    if folders.values().any(|folder| folder.index.is_some()) {
        thread::spawn(move || drop(folders));
    }
}

/// Whether no other root holds this one: its files would be in two indices.
fn outermost(root: &Path, roots: &[PathBuf]) -> bool {
    !roots.iter().any(|other| other != root && root.starts_with(other))
}
