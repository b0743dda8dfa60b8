//! What is learnt of workspaces: which there are, who tells of them, and the file that is being taken in.
//!
//! A window tells which files there are; what is lacking is asked for one piece at a time and taken in line by line, so that whoever
//! asks for a completion waits for a line at most. A workspace goes with its last window. Must not read a file or a socket, and must not
//! let one workspace's text into another's.

mod table;

use std::collections::{BTreeMap, VecDeque};

use model::{FileVersion, Piece, Wanted, WorkspaceKey};
use prompt::{LINE_END, Token};

pub(crate) use self::table::Table;

/// Workspaces at once: more than people have windows in front of them. Each takes 64 MB at most, while it is tidied, and some 20 MB as a
/// rule.
const MOST: usize = 4;

/// Files that one window may tell of.
const MOST_FILES: usize = 1 << 14;

/// Bytes that are taken in at once, however long a line is: no more than `prompt` tokenizes at once, either.
const LONGEST_LINE: usize = 256;

/// What a window says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// These files are there as they are named, and these are not, or not to be known, any more.
    Files { workspace: WorkspaceKey, files: Vec<FileVersion>, gone: Vec<String> },
    /// What it was asked for.
    Piece { workspace: WorkspaceKey, piece: Piece },
    /// It has no more to do with this workspace.
    Leaves { workspace: WorkspaceKey },
    /// It is gone.
    Left,
}

/// What to ask a window for; with nothing lacking, what to tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// Whom to ask.
    pub(crate) client: u64,
    pub(crate) workspace: WorkspaceKey,
    /// `None`: everything that this window told of is learnt, or has no room.
    pub(crate) wanted: Option<Wanted>,
}

/// All that is learnt.
#[derive(Debug, Default)]
pub(crate) struct Workspaces {
    all: BTreeMap<WorkspaceKey, Workspace>,
    /// Goes up with each use of a workspace.
    uses: u64,
}

#[derive(Debug)]
struct Workspace {
    table: Table,
    tellers: Vec<Teller>,
    /// Each workspace has its own, because a window that was put to sleep answers late.
    lesson: Option<Lesson>,
    /// When it was used last.
    used: u64,
}

/// A window that tells of a workspace.
#[derive(Debug)]
struct Teller {
    client: u64,
    /// Files that may be lacking.
    files: VecDeque<FileVersion>,
    /// Whether it is to hear when nothing is lacking any more.
    waits: bool,
}

/// The file that is being taken in.
#[derive(Debug)]
struct Lesson {
    client: u64,
    /// What is asked for, or has come.
    wanted: Wanted,
    /// Whether it was asked for.
    is_asked: bool,
    /// What has come and is not taken in yet, as far as from `at` on.
    piece: Option<Piece>,
    at: usize,
}

impl Workspaces {
    /// What is learnt of a workspace.
    pub(crate) fn table(&self, workspace: WorkspaceKey) -> Option<&Table> {
        self.all.get(&workspace).map(|workspace| &workspace.table)
    }

    /// Notes that somebody asks from within a workspace.
    pub(crate) fn uses(&mut self, workspace: WorkspaceKey) {
        self.uses += 1;
        if let Some(workspace) = self.all.get_mut(&workspace) {
            workspace.used = self.uses;
        }
    }

    /// Tokens that are learnt, of all workspaces.
    pub(crate) fn tokens(&self) -> usize {
        self.all.values().map(|workspace| workspace.table.len()).sum()
    }

    /// Takes in what `client` says.
    pub(crate) fn told(&mut self, client: u64, told: Told) {
        match told {
            Told::Files { workspace, files, gone } => {
                self.uses += 1;
                self.make_room(workspace);
                let workspace = self.all.entry(workspace).or_insert_with(Workspace::new);
                workspace.used = self.uses;
                workspace.files(client, &files, &gone);
            }
            Told::Piece { workspace, piece } => {
                if let Some(workspace) = self.all.get_mut(&workspace) {
                    workspace.piece(client, piece);
                }
            }
            Told::Leaves { workspace } => self.leave(client, Some(workspace)),
            Told::Left => self.leave(client, None),
        }
    }

    /// Lets the workspace go that was not used for longest, if there are too many for another one.
    fn make_room(&mut self, key: WorkspaceKey) {
        if self.all.len() < MOST || self.all.contains_key(&key) {
            return;
        }
        let oldest = self.all.iter().min_by_key(|(_, workspace)| workspace.used).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            tracing::info!("more than {MOST} workspaces: what was learnt of one goes");
            self.all.remove(&oldest);
        }
    }

    fn leave(&mut self, client: u64, left: Option<WorkspaceKey>) {
        self.all.retain(|key, workspace| {
            if left.is_none_or(|left| left == *key) {
                workspace.leave(client);
            }
            !workspace.tellers.is_empty()
        });
    }

    /// Whether there is something to take in, or to tidy up.
    pub(crate) fn has_work(&self) -> bool {
        self.all.values().any(Workspace::has_work)
    }

    /// Takes in one line, or tidies up for about as long. `tokenize` is for a line without its break.
    pub(crate) fn work(&mut self, tokenize: impl FnOnce(&str, &mut Vec<Token>)) {
        if let Some(workspace) = self.all.values_mut().find(|workspace| workspace.has_work()) {
            workspace.work(tokenize);
        }
    }

    /// What to ask for now, and of whom; `None` while that is on its way or being taken in, and when nothing is lacking. To be called after
    /// whatever happens, until it is `None`.
    pub(crate) fn question(&mut self) -> Option<Question> {
        self.all.iter_mut().find_map(|(key, workspace)| {
            let (client, wanted) = workspace.question()?;
            Some(Question { client, workspace: *key, wanted })
        })
    }
}

impl Workspace {
    fn new() -> Self {
        Self { table: Table::new(), tellers: Vec::new(), lesson: None, used: 0 }
    }

    /// A window tells of files that are there and of some that are gone.
    fn files(&mut self, client: u64, files: &[FileVersion], gone: &[String]) {
        // What holds for one window holds for all: they have the same lists.
        let now: BTreeMap<&str, Option<u64>> = (gone.iter().map(|path| (path.as_str(), None)))
            .chain(files.iter().map(|file| (file.path.as_str(), Some(file.hash))))
            .collect();
        let is_dated =
            |file: &FileVersion| now.get(file.path.as_str()).is_some_and(|now| *now != Some(file.hash));
        if let Some(lesson) = self.lesson.take_if(|lesson| is_dated(&lesson.wanted.file)) {
            self.table.remove(&lesson.wanted.file.path);
        }
        for path in gone {
            self.table.remove(path);
        }
        for teller in &mut self.tellers {
            let is_client = teller.client == client;
            teller
                .files
                .retain(|known| !(is_dated(known) || is_client && now.contains_key(known.path.as_str())));
        }
        if !self.tellers.iter().any(|teller| teller.client == client) {
            self.tellers.push(Teller { client, files: VecDeque::new(), waits: true });
        }
        for teller in self.tellers.iter_mut().filter(|teller| teller.client == client) {
            let room = MOST_FILES.saturating_sub(teller.files.len());
            teller.files.extend(files.iter().take(room).cloned());
            teller.waits = true;
        }
    }

    /// A window hands over a piece. One that nobody asked for, or does not any more, comes too late.
    fn piece(&mut self, client: u64, piece: Piece) {
        if let Some(lesson) = &mut self.lesson
            && lesson.client == client
            && lesson.piece.is_none()
            && lesson.wanted == piece.wanted
        {
            (lesson.piece, lesson.at) = (Some(piece), 0);
        }
    }

    fn leave(&mut self, client: u64) {
        self.tellers.retain(|teller| teller.client != client);
        if let Some(lesson) = self.lesson.take_if(|lesson| lesson.client == client) {
            // Half a file is none; another window may bring it.
            self.table.remove(&lesson.wanted.file.path);
        }
    }

    fn has_work(&self) -> bool {
        self.lesson.as_ref().is_some_and(|lesson| lesson.piece.is_some()) || self.table.is_blotted()
    }

    fn work(&mut self, tokenize: impl FnOnce(&str, &mut Vec<Token>)) {
        if self.table.is_blotted() {
            return self.table.tidy();
        }
        let Some(lesson) = &mut self.lesson else { return };
        let Some(piece) = &lesson.piece else { return };
        let line = piece.text[lesson.at..].split_inclusive('\n').next().unwrap_or_default();
        let line = &line[..line.floor_char_boundary(LONGEST_LINE)];
        lesson.at += line.len();
        let mut has_room = true;
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.trim().is_empty() {
            let mut tokens = Vec::new();
            tokenize(content, &mut tokens);
            if content.len() < line.len() {
                tokens.push(LINE_END);
            }
            has_room = self.table.push(&tokens);
        }
        if !has_room {
            tracing::info!("a workspace has more than is learnt of one");
            self.lesson = None;
        } else if lesson.at == piece.text.len() {
            if piece.is_last {
                self.table.close();
                self.lesson = None;
            } else {
                lesson.wanted.from += u64::try_from(lesson.at).unwrap_or(u64::MAX);
                (lesson.piece, lesson.is_asked) = (None, false);
            }
        }
    }

    /// What to ask for now, and of whom.
    fn question(&mut self) -> Option<(u64, Option<Wanted>)> {
        if self.lesson.is_none() {
            let told = self.next_file();
            if told.is_some() {
                return told;
            }
        }
        let lesson = self.lesson.as_mut().filter(|lesson| !lesson.is_asked)?;
        lesson.is_asked = true;
        Some((lesson.client, Some(lesson.wanted.clone())))
    }

    /// Begins with the next file that is lacking. Where a window has told of none any more, that is to be said to it.
    fn next_file(&mut self) -> Option<(u64, Option<Wanted>)> {
        for teller in &mut self.tellers {
            let client = teller.client;
            while let Some(file) = teller.files.pop_front() {
                if !self.table.knows(&file.path, file.hash) {
                    self.table.open(&file.path, file.hash);
                    let wanted = Wanted { file, from: 0 };
                    self.lesson = Some(Lesson { client, wanted, is_asked: false, piece: None, at: 0 });
                    return None;
                }
            }
            if std::mem::take(&mut teller.waits) {
                return Some((client, None));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
