//! Which files of a workspace may be known: the one place that decides it, for the walk, for changes, for open buffers, for recent
//! edits, and once more for each answer.
//!
//! Each list can exclude, and none can take back what another excludes: a workspace may tighten what its user said, never loosen it.
//! Lists are read when a folder is first asked about and kept until somebody says that one changed. Must not follow a link.

use std::{
    collections::HashMap,
    fmt,
    path::{Component, Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::{error::Error, read::Root, skipped::Reason};

/// The workspace's own lists, one in any folder.
const GIT: &str = ".gitignore";
const HOB: &str = ".hobignore";
/// Git's list for one clone.
const GIT_CLONE: &str = ".git/info/exclude";

/// A longer list is not read, and then nothing in its folder is admitted.
const LARGEST_LIST: u64 = 1 << 20;

/// Decides about the files below one root. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    root: Root,
    always: Arc<Always>,
    folders: Arc<RwLock<HashMap<PathBuf, Arc<Folder>>>>,
}

/// What holds whatever the workspace says.
struct Always {
    private: Gitignore,
    excluded: Gitignore,
    /// The user's own list for all repositories.
    global: Gitignore,
}

/// What holds for the entries of one folder.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Whether the folder itself is admitted; if not, nothing in it is.
    verdict: Result<(), Reason>,
    /// The lists of this folder and those above, the nearest first.
    git: Vec<Arc<Gitignore>>,
    hob: Vec<Arc<Gitignore>>,
}

/// Compiled patterns fill pages.
impl fmt::Debug for Always {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Always").finish_non_exhaustive()
    }
}

impl Folder {
    /// Whether anything in it may be known.
    pub(crate) fn admits(&self) -> Result<(), Reason> {
        self.verdict
    }
}

impl Admission {
    pub(crate) fn new(root: &Root, exclude: &[String]) -> Result<Self, Error> {
        let always = Always {
            private: patterns(root.path(), config::PRIVATE.iter().copied())?,
            excluded: patterns(root.path(), exclude.iter().map(String::as_str))?,
            global: GitignoreBuilder::new(root.path()).build_global().0,
        };
        Ok(Self { root: root.clone(), always: Arc::new(always), folders: Arc::default() })
    }

    /// The same, with every list to be read again.
    pub(crate) fn anew(&self) -> Self {
        Self { folders: Arc::default(), ..self.clone() }
    }

    /// Whether a change of this file changes what is admitted. `file` is relative to the root.
    pub(crate) fn is_list(file: &Path) -> bool {
        file.file_name().is_some_and(|name| name == GIT || name == HOB) || file == Path::new(GIT_CLONE)
    }

    /// Whether a file may be known, by its own name and those of all folders above it. `file` is relative to the root.
    pub(crate) fn judge(&self, file: &Path) -> Result<(), Reason> {
        if !file.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Reason::Outside);
        }
        let folder = self.folder(file.parent().unwrap_or(Path::new("")));
        self.judge_entry(&folder, file, false)
    }

    /// Whether an entry of `folder` may be known.
    pub(crate) fn judge_entry(&self, folder: &Folder, entry: &Path, is_folder: bool) -> Result<(), Reason> {
        folder.verdict?;
        let Some(Component::Normal(name)) = entry.components().next_back() else {
            return Err(Reason::Outside);
        };
        let path = self.root.path().join(entry);
        let excluded = self.excludes(folder, &path, is_folder);
        if let Some(Reason::Private) = excluded {
            Err(Reason::Private)
        } else if name.as_encoded_bytes().starts_with(b".") {
            Err(Reason::Hidden)
        } else if let Some(reason) = excluded {
            Err(reason)
        } else if ignores(&folder.git, &path, is_folder)
            || self.always.global.matched(&path, is_folder).is_ignore()
        {
            Err(Reason::Git)
        } else {
            Ok(())
        }
    }

    /// Whether an entry of `folder` is private or was excluded by the user. `path` is absolute.
    fn excludes(&self, folder: &Folder, path: &Path, is_folder: bool) -> Option<Reason> {
        let Always { private, excluded, .. } = &*self.always;
        if private.matched(path, is_folder).is_ignore() {
            Some(Reason::Private)
        } else if excluded.matched(path, is_folder).is_ignore() {
            Some(Reason::Excluded)
        } else {
            ignores(&folder.hob, path, is_folder).then_some(Reason::Hob)
        }
    }

    /// Why nothing may be done with a file, not even by who has it open: its user excluded it or a folder above it, or the names say that
    /// it may hold a secret. Hidden files and what git ignores are another matter: they are left out of answers about other files.
    /// `file` is relative to the root.
    pub(crate) fn excluded(&self, file: &Path) -> Option<Reason> {
        let mut above = PathBuf::new();
        let mut parts = file.iter().peekable();
        while let Some(part) = parts.next() {
            let folder = self.folder(&above);
            above.push(part);
            let path = self.root.path().join(&above);
            if let Some(reason) = self.excludes(&folder, &path, parts.peek().is_some()) {
                return Some(reason);
            }
            if let Err(reason) = folder.verdict
                && !matches!(reason, Reason::Hidden | Reason::Git)
            {
                // A list that can't be read may exclude anything.
                return Some(reason);
            }
        }
        None
    }

    /// What holds in a folder, relative to the root; the root itself is the empty path.
    pub(crate) fn folder(&self, folder: &Path) -> Arc<Folder> {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        known.unwrap_or_else(|| {
            let found = Arc::new(self.look(folder));
            let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(folders.entry(folder.to_owned()).or_insert(found))
        })
    }

    fn look(&self, folder: &Path) -> Folder {
        let (mut git, mut hob) = (Vec::new(), Vec::new());
        let mut verdict = Ok(());
        if let Some(parent) = folder.parent() {
            let above = self.folder(parent);
            verdict = self.judge_entry(&above, folder, true);
            (git, hob) = (above.git.clone(), above.hob.clone());
        } else if let Ok(Some(list)) = self.list(Path::new(GIT_CLONE), folder) {
            git.push(Arc::new(list));
        }
        for (lists, name) in [(&mut git, GIT), (&mut hob, HOB)] {
            match self.list(&folder.join(name), folder) {
                Ok(Some(list)) => lists.insert(0, Arc::new(list)),
                Ok(None) => {}
                // It may exclude anything.
                Err(reason) => verdict = verdict.and(Err(reason)),
            }
        }
        Folder { verdict, git, hob }
    }

    /// A list's patterns, if it is there; like git, no link is followed to one.
    fn list(&self, file: &Path, folder: &Path) -> Result<Option<Gitignore>, Reason> {
        match self.root.path().join(file).symlink_metadata() {
            Ok(meta) if meta.is_file() => {}
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(Reason::Unreadable);
            }
            _ => return Ok(None),
        }
        let read = self.root.read(file, LARGEST_LIST).map_err(|(_, reason)| reason)?;
        let mut builder = GitignoreBuilder::new(self.root.path().join(folder));
        for line in read.text.trim_start_matches('\u{feff}').lines() {
            if let Err(error) = builder.add_line(None, line) {
                tracing::warn!(list = %file.display(), %error, "a pattern that can't be read excludes nothing");
            }
        }
        builder.build().map(Some).map_err(|_| Reason::Unreadable)
    }
}

/// Whether the first list that has an opinion, from the nearest folder up, excludes an absolute path.
fn ignores(lists: &[Arc<Gitignore>], path: &Path, is_folder: bool) -> bool {
    let opinion = lists.iter().map(|list| list.matched(path, is_folder)).find(|found| !found.is_none());
    opinion.is_some_and(|found| found.is_ignore())
}

/// A list out of patterns that must all be readable. They hold in any case: `.ENV` is no less private.
fn patterns<'a>(root: &Path, patterns: impl Iterator<Item = &'a str>) -> Result<Gitignore, Error> {
    let unreadable = |pattern: &str, error: &ignore::Error| Error::Pattern {
        pattern: pattern.to_owned(),
        reason: error.to_string(),
    };
    let mut builder = GitignoreBuilder::new(root);
    builder.case_insensitive(true).map_err(|error| unreadable("", &error))?;
    for pattern in patterns {
        builder.add_line(None, pattern).map_err(|error| unreadable(pattern, &error))?;
    }
    builder.build().map_err(|error| unreadable("", &error))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::Folder as Tree;

    /// What is decided about each of `files` in a tree of `lists`.
    fn check(lists: &[(&str, &str)], exclude: &[&str], files: &[&str], expected: &Expect) {
        let tree = Tree::with(lists);
        let exclude: Vec<String> = exclude.iter().map(|&pattern| pattern.to_owned()).collect();
        let admission = Admission::new(&Root::open(tree.path()).unwrap(), &exclude).unwrap();
        let say = |file: &&str| match admission.judge(Path::new(file)) {
            Ok(()) => format!("{file}\n"),
            Err(reason) => format!("{file}: {}\n", reason.code()),
        };
        expected.assert_eq(&files.iter().map(say).collect::<String>());
    }

    #[test]
    fn each_list_excludes_and_none_takes_back() {
        check(
            &[
                (".gitignore", "/made/\n*.log\n!keep.log\n"),
                (".hobignore", "secret/\n!made/\n"),
                ("a/.gitignore", "!b.log\n"),
            ],
            &["*.gen.rs"],
            &[
                "src/a.rs",
                "made/a.rs",
                "x.log",
                "keep.log",
                "a/b.log",
                "secret/deep/x.txt",
                "a/secret/x",
                "a/x.gen.rs",
            ],
            &expect![[r#"
                src/a.rs
                made/a.rs: git
                x.log: git
                keep.log
                a/b.log
                secret/deep/x.txt: hob
                a/secret/x: hob
                a/x.gen.rs: excluded
            "#]],
        );
    }

    #[test]
    fn private_files_are_excluded_by_default_and_no_list_admits_them() {
        check(
            &[(".gitignore", "!*\n!.env\n"), (".hobignore", "!.env*\n!*.pem\n")],
            &["!*.pem"],
            &[
                ".env",
                "a/.ENV.local",
                "prod.env",
                "certs/server.pem",
                "id_rsa",
                "a/id_ed25519.pub",
                ".ssh/config",
                ".github/x.yml",
                "a/id.rs",
            ],
            &expect![[r#"
                .env: private
                a/.ENV.local: private
                prod.env: private
                certs/server.pem: private
                id_rsa: private
                a/id_ed25519.pub: private
                .ssh/config: private
                .github/x.yml: hidden
                a/id.rs
            "#]],
        );
    }

    #[test]
    fn what_the_user_excluded_is_told_from_what_is_only_left_out() {
        let tree = Tree::with(&[(".gitignore", "made/\n"), (".hobignore", "secret/\n.github/keys.yml\n")]);
        let root = Root::open(tree.path()).unwrap();
        let admission = Admission::new(&root, &["*.gen.rs".to_owned()]).unwrap();
        let say = |file| admission.excluded(Path::new(file)).map(Reason::code);
        for left_out in ["made/a.rs", ".github/x.yml", "a.rs", ".a.rs"] {
            assert_eq!(say(left_out), None, "{left_out}");
        }
        assert_eq!(say("secret/a/b.rs"), Some("hob"));
        assert_eq!(say(".github/keys.yml"), Some("hob"), "in a hidden folder");
        assert_eq!(say("made/a.gen.rs"), Some("excluded"), "where git ignores it");
        assert_eq!(say("a/.ssh/config"), Some("private"));
    }

    #[test]
    fn nothing_is_known_outside_of_the_root() {
        check(
            &[],
            &[],
            &["../x.rs", "a/../../x.rs", "/etc/passwd"],
            &expect![[r#"
            ../x.rs: outside
            a/../../x.rs: outside
            /etc/passwd: outside
        "#]],
        );
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_an_error() {
        let tree = Tree::with(&[]);
        let error = Admission::new(&Root::open(tree.path()).unwrap(), &["a{b".to_owned()]).unwrap_err();
        expect!["can't tell what `a{b` excludes (error parsing glob 'a{b': unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)), so nothing is indexed until it is mended"]
            .assert_eq(&error.to_string());
    }

    #[cfg(unix)]
    #[test]
    fn a_list_that_is_a_pipe_a_link_or_too_long_holds_nothing_up() {
        let tree = Tree::with(&[("a/x.rs", ""), ("b/x.rs", ""), ("b/.hobignore", &"#".repeat(2 << 20))]);
        tree.pipe("a/.gitignore");
        tree.link("b/x.rs", "a/.hobignore");
        let admission = Admission::new(&Root::open(tree.path()).unwrap(), &[]).unwrap();
        assert_eq!(admission.judge(Path::new("a/x.rs")), Ok(()));
        assert_eq!(admission.judge(Path::new("b/x.rs")), Err(Reason::Large), "it may exclude anything");
    }
}
