//! The mutable state of one window: its documents, its client, its configuration.
//!
//! One `Mutex<Session>` holds it. It is locked only in a handler's first poll, which `transport` runs in the order of arrival, and
//! for moments by the parser's thread and when the client's settings have come; never across an await. Whoever has a snapshot works on that and not on the session.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use assist::{Context, Query, Selected, Silence};
use config::Problem;
use model::{SessionKey, WorkspaceKey};
use serde_json::Value;
use syntax::{Language, Tree};
use text::{Change, Document, Edit, Encoding, OutOfSync, Snapshot, WirePos, WireRange};
use tokio::sync::{oneshot, watch};
use url::Url;

use super::{
    acceptance::Acceptance,
    exclusions::Exclusions,
    flow::{Flow, lock},
};
#[cfg(feature = "gateway")]
use crate::cloud::Shown;
use crate::{settings::Sources, teaching};

/// A document larger than this many bytes is mirrored, but not parsed.
const PARSE_MAX: usize = 16 << 20;

/// What the client is able and willing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "abilities that have nothing to do with one another")]
pub(super) struct Client {
    /// The unit of every position on the wire.
    pub(super) encoding: Encoding,
    /// It announced `textDocument/inlineCompletion`. Some ask without announcing (Emacs).
    pub(super) inline: bool,
    /// It answers `workspace/configuration`.
    pub(super) configuration: bool,
    /// It shows work-done progress.
    pub(super) progress: bool,
    /// It watches files for who asks it to.
    pub(super) watches: bool,
    /// It opens a document that a server wants to be seen (`window/showDocument`).
    pub(super) opens: bool,
    /// It measures the server: it wants `hob/trace`.
    pub(super) measures: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            encoding: Encoding::Utf16,
            inline: false,
            configuration: false,
            progress: false,
            watches: false,
            opens: false,
            measures: false,
        }
    }
}

/// A window's state.
#[derive(Debug)]
pub(super) struct Session {
    /// What `initialize` told.
    pub(super) client: Client,
    /// Folders of the workspace, as paths.
    roots: Vec<PathBuf>,
    /// What holds, from all sources.
    pub(super) config: Arc<config::Config>,
    /// Whether the client wants to hear of each completion (`$/setTrace`).
    pub(super) trace: bool,
    /// What is wrong with the configuration and was not shown yet.
    unreported: Vec<Problem>,
    /// Shown already; not again.
    reported: Vec<Problem>,
    sources: Sources,
    /// The editor's, as it told them last.
    settings: Option<Value>,
    exclusions: Exclusions,
    /// The engine is a host elsewhere, which the user's own file names.
    is_remote: bool,
    documents: HashMap<String, Entry>,
    window: u64,
}

/// One open document.
#[derive(Debug)]
struct Entry {
    document: Document,
    language_id: String,
    language: Option<Language>,
    /// The newest tree, edited up to the document's version; `None` until the first parse and for languages without a grammar.
    tree: Option<Tree>,
    /// Announces each finished parse: its version and tree.
    parsed: watch::Sender<Option<Arc<Parsed>>>,
    /// Dropping it tells the completion in flight that it is superseded.
    in_flight: Option<oneshot::Sender<()>>,
    /// Its answers, locked apart from the session: a completion looks for one when the session is out of reach.
    flow: Arc<Mutex<Flow>>,
    /// What the model is shown from elsewhere, as of the last time that it was calm here.
    context: Arc<Context>,
    /// Why nothing is suggested in it whatever its text.
    excluded: Option<String>,
    /// Where it lies on disk, if it does.
    path: Option<PathBuf>,
    /// What becomes of its suggestions. Locked apart from the session, as its answers are.
    acceptance: Arc<Acceptance>,
}

/// A finished parse of one version of a document.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The document's version.
    pub(super) version: i32,
    /// Its tree.
    pub(super) tree: Tree,
}

/// What a completion takes with it when it leaves the session.
#[derive(Debug)]
pub(super) struct Asked {
    /// The place, as it was on arrival.
    pub(super) query: Query,
    /// Resolves when a newer completion for the same document has come.
    pub(super) superseded: oneshot::Receiver<()>,
    /// Finished parses of the document; `None` for a language without a grammar.
    pub(super) parsed: Option<watch::Receiver<Option<Arc<Parsed>>>>,
    /// The document's answers.
    pub(super) flow: Arc<Mutex<Flow>>,
    /// The document, as the client calls it.
    pub(super) uri: Arc<str>,
    /// What its prompts show from elsewhere.
    pub(super) context: Arc<Context>,
    /// What becomes of its suggestions.
    pub(super) acceptance: Arc<Acceptance>,
}

/// A document's newest text and what goes with it, for asking about places in it that nobody asked about yet.
#[derive(Debug)]
pub(super) struct Places {
    /// The beginning of the text.
    query: Query,
    /// The document's answers.
    pub(super) flow: Arc<Mutex<Flow>>,
    /// What becomes of its suggestions.
    pub(super) acceptance: Arc<Acceptance>,
    /// What holds.
    pub(super) config: Arc<config::Config>,
    /// Whether the client measures.
    pub(super) measures: bool,
}

/// What a batch of changes did, and all that a key needs of the session.
#[derive(Debug)]
pub(super) struct Changed {
    /// What each change did.
    pub(super) edits: Vec<Edit>,
    /// The text before, and the one after each change.
    pub(super) texts: Vec<Snapshot>,
    /// The places of the newest text.
    pub(super) places: Places,
}

impl Places {
    /// The text.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.query.snapshot
    }

    /// The LSP language id.
    pub(super) fn language(&self) -> &str {
        &self.query.language
    }

    /// The place at byte `offset`.
    pub(super) fn at(&self, offset: usize) -> Query {
        Query { offset, typed_over: self.acceptance.is_typed_over(offset), ..self.query.clone() }
    }
}

impl Asked {
    /// The same, where the user asked for a suggestion instead of going on typing.
    pub(super) fn explicitly(mut self, explicit: bool) -> Self {
        self.query.explicit = explicit;
        self
    }
}

/// What the parser needs to make a tree.
#[derive(Debug)]
pub(super) struct ParseJob {
    pub(super) snapshot: Snapshot,
    pub(super) language: Language,
    pub(super) old: Option<Tree>,
}

impl Session {
    pub(super) fn new(sources: Sources) -> Self {
        let (config, unreported) = sources.resolve(None);
        let is_remote = config.engine.remote.is_some();
        Self {
            client: Client::default(),
            roots: Vec::new(),
            config: Arc::new(config),
            trace: false,
            unreported,
            reported: Vec::new(),
            sources,
            settings: None,
            exclusions: Exclusions::default(),
            is_remote,
            documents: HashMap::new(),
            window: std::process::id().into(),
        }
    }

    /// Sets the workspace's folders and reads the configuration that lies in them.
    pub(super) fn enter(&mut self, roots: Vec<PathBuf>) {
        self.sources = Sources::read(roots.iter().map(PathBuf::as_path));
        self.roots = roots;
    }

    /// The workspace's folders.
    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Adds and removes folders, and reads the configuration anew: what one of them forbids holds as long as it is open.
    pub(super) fn change_roots(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        self.roots.retain(|root| !removed.contains(root));
        for root in added {
            if !self.roots.contains(&root) {
                self.roots.push(root);
            }
        }
        self.sources = Sources::read(self.roots.iter().map(PathBuf::as_path));
        self.resolve();
    }

    /// Takes the editor's settings and works out what holds now. Whether something else may be shown from elsewhere than before.
    pub(super) fn configure(&mut self, settings: Option<Value>) -> bool {
        self.settings = settings;
        self.resolve()
    }

    fn resolve(&mut self) -> bool {
        let (config, problems) = self.sources.resolve(self.settings.as_ref());
        let (old, new) = (std::mem::replace(&mut self.config, Arc::new(config)), &self.config);
        let changed =
            (&old.index, &old.context, &old.engine.remote) != (&new.index, &new.context, &new.engine.remote);
        for problem in problems {
            if !self.reported.contains(&problem) && !self.unreported.contains(&problem) {
                self.unreported.push(problem);
            }
        }
        changed
    }

    /// The problems that nobody has seen yet, for showing now.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        let problems = std::mem::take(&mut self.unreported);
        self.reported.extend(problems.iter().cloned());
        problems
    }

    /// Begins to mirror a document; one that was open already starts anew.
    pub(super) fn open(&mut self, uri: &str, language_id: &str, version: i32, text: &str) {
        let excluded = self.exclusions.of(uri);
        let language = (text.len() <= PARSE_MAX)
            .then(|| Language::from_id(language_id).or_else(|| Language::from_path(uri)))
            .flatten();
        self.documents.insert(
            uri.to_owned(),
            Entry {
                document: Document::new(text, version),
                language_id: language_id.to_owned(),
                language,
                tree: None,
                parsed: watch::Sender::new(None),
                in_flight: None,
                flow: Arc::default(),
                context: Arc::default(),
                excluded,
                path: path(uri),
                acceptance: Arc::new(Acceptance::new(language_id, version)),
            },
        );
    }

    /// Applies a batch of changes to the text and moves the tree's nodes with it; the parse comes later, elsewhere.
    pub(super) fn change(
        &mut self,
        uri: &str,
        version: i32,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<Changed, ChangeError> {
        let encoding = self.client.encoding;
        let entry = self.documents.get_mut(uri).ok_or(ChangeError::NotOpen)?;
        let (edits, texts) =
            entry.document.apply_in_steps(version, changes, encoding).inspect_err(|_| entry.tree = None)?;
        if let Some(tree) = &mut entry.tree {
            for edit in &edits {
                tree.edit(edit);
            }
        }
        let places = self.places(uri).ok_or(ChangeError::NotOpen)?;
        Ok(Changed { edits, texts, places })
    }

    /// What becomes of a document's suggestions.
    pub(super) fn acceptance(&self, uri: &str) -> Option<Arc<Acceptance>> {
        self.documents.get(uri).map(|entry| Arc::clone(&entry.acceptance))
    }

    /// The same, of every open document.
    pub(super) fn acceptances(&self) -> Vec<Arc<Acceptance>> {
        self.documents.values().map(|entry| Arc::clone(&entry.acceptance)).collect()
    }

    /// A document's places.
    fn places(&self, uri: &str) -> Option<Places> {
        let entry = self.documents.get(uri)?;
        Some(Places {
            query: self.query(uri, entry, entry.document.snapshot(), 0),
            flow: Arc::clone(&entry.flow),
            acceptance: Arc::clone(&entry.acceptance),
            config: Arc::clone(&self.config),
            measures: self.client.measures,
        })
    }

    /// A place in a document, as nobody asked about it in particular.
    fn query(&self, uri: &str, entry: &Entry, snapshot: Snapshot, offset: usize) -> Query {
        let (repository, path) = self.relative(uri, entry);
        Query {
            offset,
            snapshot,
            tree: entry.tree.clone(),
            language: entry.language_id.clone(),
            repository,
            path,
            session: SessionKey::new(self.window, uri),
            selected: None,
            explicit: false,
            excluded: entry.excluded.clone(),
            typed_over: false,
            blocks: Arc::clone(&entry.context.blocks),
            workspace: self.workspace(entry),
        }
    }

    /// The name of the workspace folder that a document belongs to, where the engine learns what that repeats.
    fn workspace(&self, entry: &Entry) -> Option<WorkspaceKey> {
        let config = &self.config;
        let path = entry.path.as_ref().filter(|_| config.ngrams && config.index.enabled)?;
        // The outermost, which is the one that is indexed.
        let roots = self.roots.iter().filter(|root| path.starts_with(root));
        roots.min_by_key(|root| root.as_os_str().len()).map(|root| teaching::key(root, &config.index))
    }

    /// The open documents below `root`, relative to it.
    pub(super) fn below(&self, root: &Path) -> Vec<String> {
        let mut below: Vec<String> = self
            .documents
            .values()
            .filter_map(|entry| Some(slashed(entry.path.as_ref()?.strip_prefix(root).ok()?)))
            .collect();
        below.sort();
        below
    }

    /// From now on prompts for this document show this from elsewhere, as long as it is open. Whether that is something else than before.
    pub(super) fn show(&mut self, uri: &str, context: Context) -> bool {
        let Some(entry) = self.documents.get_mut(uri) else { return false };
        let dated = entry.context.blocks != context.blocks;
        entry.context = Arc::new(context);
        dated
    }

    /// Reads anew which files are excluded, and judges every open document by that. What is shown from elsewhere may have come from one of
    /// them, and is gathered anew. The keys of the KV caches that hold such text.
    pub(super) fn judge_anew(&mut self) -> Vec<SessionKey> {
        let is_closed = self.is_remote && self.config.engine.remote.is_none();
        self.exclusions = Exclusions::read(&self.roots, &self.config.index.exclude, is_closed);
        let judged: Vec<_> =
            self.documents.keys().map(|uri| (uri.clone(), self.exclusions.of(uri))).collect();
        let mut stale = Vec::new();
        for (uri, excluded) in judged {
            let Some(entry) = self.documents.get_mut(&uri) else { continue };
            if !entry.context.blocks.is_empty() || excluded.is_some() {
                stale.push(SessionKey::new(self.window, &uri));
            }
            entry.excluded = excluded;
            entry.context = Arc::default();
            lock(&entry.flow).forget_elsewhere();
        }
        stale
    }

    /// Forgets a document; the key of its KV cache, if it was open.
    pub(super) fn close(&mut self, uri: &str) -> Option<SessionKey> {
        self.documents.remove(uri).map(|_| SessionKey::new(self.window, uri))
    }

    /// The document's version and text, as the server has them.
    pub(super) fn view(&self, uri: &str) -> Option<(i32, Snapshot)> {
        self.documents.get(uri).map(|entry| (entry.document.version(), entry.document.snapshot()))
    }

    /// An open document, or the part of it in `range`, to be shown to a model; `None` where there is no such thing.
    #[cfg(feature = "gateway")]
    pub(super) fn excerpt(&self, uri: &str, range: Option<WireRange>) -> Option<Shown> {
        let entry = self.documents.get(uri).filter(|entry| !entry.document.is_out_of_sync())?;
        let snapshot = entry.document.snapshot();
        let at = |position| snapshot.offset(position, self.client.encoding).ok();
        let text = match range {
            Some(range) => snapshot.slice(at(range.start)?..at(range.end)?).to_string(),
            None => snapshot.to_string(),
        };
        let (_, path) = self.relative(uri, entry);
        Some(Shown { path, language: entry.language_id.clone(), text, private: entry.excluded.is_some() })
    }

    /// Every open document with its text.
    pub(super) fn texts(&self) -> Vec<(String, Snapshot)> {
        self.documents.iter().map(|(uri, entry)| (uri.clone(), entry.document.snapshot())).collect()
    }

    /// Takes the snapshot for a completion at `position` and makes it the newest of its document.
    pub(super) fn ask(
        &mut self,
        uri: &str,
        position: WirePos,
        selected: Option<(WireRange, String)>,
    ) -> Result<Asked, Silence> {
        let encoding = self.client.encoding;
        let entry = self.documents.get(uri).ok_or(Silence::NotOpen)?;
        if entry.document.is_out_of_sync() {
            return Err(Silence::OutOfSync);
        }
        let snapshot = entry.document.snapshot();
        let at = |position| snapshot.offset(position, encoding).map_err(|_| Silence::OutsideText);
        let selected = match selected {
            Some((range, text)) => Some(Selected { range: at(range.start)?..at(range.end)?, text }),
            None => None,
        };
        let offset = at(position)?;
        let query = Query { selected, ..self.query(uri, entry, snapshot, offset) };
        let (alive, superseded) = oneshot::channel();
        let asked = Asked {
            query,
            superseded,
            parsed: entry.language.map(|_| entry.parsed.subscribe()),
            flow: Arc::clone(&entry.flow),
            uri: uri.into(),
            context: Arc::clone(&entry.context),
            acceptance: Arc::clone(&entry.acceptance),
        };
        if let Some(entry) = self.documents.get_mut(uri) {
            // The older completion's receiver wakes here, because its sender is dropped.
            entry.in_flight = Some(alive);
        }
        Ok(asked)
    }

    /// What is to be parsed for `uri` now: nothing if its tree is that of its text already.
    pub(super) fn parse_job(&self, uri: &str) -> Option<ParseJob> {
        let entry = self.documents.get(uri)?;
        let snapshot = entry.document.snapshot();
        let fresh = entry.parsed.borrow().as_ref().is_some_and(|parsed| parsed.version == snapshot.version());
        (!fresh && !entry.document.is_out_of_sync()).then_some(ParseJob {
            snapshot,
            language: entry.language?,
            old: entry.tree.clone(),
        })
    }

    /// Takes a finished parse. If the text has moved on meanwhile the parse is of no use but to be thrown away: the old tree has been
    /// edited along with the text, and the next parse starts from that.
    pub(super) fn parsed(&mut self, uri: &str, tree: Tree, version: i32) -> bool {
        let Some(entry) = self.documents.get_mut(uri) else { return true };
        if entry.document.version() != version || entry.document.is_out_of_sync() {
            return false;
        }
        entry.tree = Some(tree.clone());
        entry.parsed.send_replace(Some(Arc::new(Parsed { version, tree })));
        true
    }

    /// The name of the workspace's folder that a document lies in, and the document's path below it, `/` between parts; no name and its
    /// file name when it lies elsewhere.
    fn relative(&self, uri: &str, entry: &Entry) -> (String, String) {
        let Some(path) = &entry.path else {
            return (String::new(), uri.rsplit('/').next().unwrap_or_default().to_owned());
        };
        let name = |path: &Path| {
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        };
        let below =
            self.roots.iter().find_map(|root| Some((name(root), slashed(path.strip_prefix(root).ok()?))));
        below.unwrap_or_else(|| (String::new(), name(path)))
    }
}

/// A path with `/` between parts.
fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The path on disk of what a client calls `uri`, if it has one.
pub(super) fn path(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok()?.to_file_path().ok()
}

/// Why a change was not applied.
#[derive(Debug)]
pub(super) enum ChangeError {
    /// The client never opened the document.
    NotOpen,
    /// The change does not fit; the document waits for its full text.
    OutOfSync(OutOfSync),
}

impl From<OutOfSync> for ChangeError {
    fn from(error: OutOfSync) -> Self {
        Self::OutOfSync(error)
    }
}
