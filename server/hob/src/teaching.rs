//! Tells the engine of a workspace's files, and gives it those that it asks for: for the mixture's n-grams.
//!
//! Only files that the index has, and so none that is excluded. Must not wait for the engine, and must not decide when any of it is done.

use std::{cmp::Reverse, collections::BTreeMap, path::Path, sync::Arc};

use engine::EngineClient;
use index::{Listed, Reader};
use model::{FileVersion, Piece, Wanted, WorkspaceKey};

/// Bytes of a file at most: what is larger is made by a program, most often.
const LARGEST: usize = 128 << 10;

/// Bytes of all files together: what the engine has room for, at three bytes a token and more.
const ALL: usize = 6 << 20;

/// Files that are told of at once: what is behind them in the stream is not to wait.
const AT_ONCE: usize = 128;

/// The name of the workspace at `root`, of which the index knows as much as `index` says.
pub(crate) fn key(root: &Path, index: &config::Index) -> WorkspaceKey {
    WorkspaceKey::new(root, &(&index.exclude, index.largest_file, index.most_files))
}

/// One workspace's files, as one engine was told of them.
pub(crate) struct Teacher {
    reader: Reader,
    workspace: WorkspaceKey,
    told: BTreeMap<Arc<str>, u64>,
    /// The file that was read last, because it is wanted piece by piece.
    read: Option<(FileVersion, String)>,
}

impl Teacher {
    /// An engine that was told of nothing yet.
    pub(crate) fn new(reader: Reader, workspace: WorkspaceKey) -> Self {
        Self { reader, workspace, told: BTreeMap::new(), read: None }
    }

    /// The engine is another one, that was told of nothing.
    pub(crate) fn begin_anew(&mut self) {
        self.told.clear();
    }

    /// Tells `engine` what is other than it was told: first of the files that share the most folders with one of `near`, and of those
    /// what was written last. Says whether there was something.
    pub(crate) fn tell(&mut self, engine: &EngineClient, near: &[String]) -> bool {
        let order = |file: &Listed| {
            let shared = near.iter().map(|near| shared_folders(&file.path, near)).max();
            (Reverse(shared), Reverse(file.modified))
        };
        let files = self.reader.files(LARGEST, ALL, order);
        let now: BTreeMap<_, _> = files.iter().map(|file| (Arc::clone(&file.path), file.hash)).collect();
        let gone: Vec<String> =
            self.told.keys().filter(|path| !now.contains_key(*path)).map(ToString::to_string).collect();
        let changed = files.iter().filter(|file| self.told.get(&file.path) != Some(&file.hash));
        let changed: Vec<_> =
            changed.map(|file| FileVersion { path: file.path.to_string(), hash: file.hash }).collect();
        self.told = now;
        // What is gone first: it may be excluded now.
        for gone in gone.chunks(AT_ONCE) {
            engine.files(self.workspace, Vec::new(), gone.to_vec());
        }
        for changed in changed.chunks(AT_ONCE) {
            engine.files(self.workspace, changed.to_vec(), Vec::new());
        }
        !(gone.is_empty() && changed.is_empty())
    }

    /// Gives `engine` what it wants; if that is not there any more, says so.
    pub(crate) fn give(&mut self, engine: &EngineClient, wanted: Wanted) {
        let path = wanted.file.path.clone();
        if self.read.as_ref().is_none_or(|(file, _)| *file != wanted.file) || wanted.from == 0 {
            let read = self.reader.file(&path);
            self.read = read.map(|(hash, text)| (FileVersion { path: path.clone(), hash }, text));
        }
        let text = self.read.as_ref().filter(|(file, _)| *file == wanted.file).map(|(_, text)| text);
        let piece = text.and_then(|text| Piece::of(text, wanted));
        if piece.as_ref().is_none_or(|piece| piece.is_last) {
            self.read = None;
        }
        if let Some(piece) = piece {
            engine.piece(self.workspace, piece);
        } else {
            // What it is now is told of with the next change, which is on its way.
            self.told.remove(path.as_str());
            engine.files(self.workspace, Vec::new(), vec![path]);
        }
    }
}

/// How many folders two paths share, from the workspace's own on.
fn shared_folders(path: &str, near: &str) -> usize {
    path.split('/').zip(near.split('/')).take_while(|(a, b)| a == b).count()
}
