//! Which files are measured: those below a path that Hob has a grammar for, as far as the repository itself counts them
//! as its own.
//!
//! Must not read a file's text before it is asked for one, and must not follow a link out of the path.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use ignore::WalkBuilder;
use syntax::{Language, Tree};
use text::Snapshot;

/// Larger files are data, or made by a program.
const LARGEST: u64 = 200_000;

/// A file that may be measured.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// As the report and the model see it: relative to what was asked for, `/` between parts.
    pub(super) name: String,
    pub(super) language: Language,
    pub(super) bytes: usize,
}

/// The files below `path`, or the file that it is, in the order of their names.
pub(super) fn find(path: &Path) -> Result<Vec<Found>> {
    let meta = fs::metadata(path).with_context(|| format!("can't look at {}", path.display()))?;
    let mut found = Vec::new();
    let mut others = BTreeMap::new();
    // Files that the repository ignores were written by a program, or are somebody else's.
    for entry in WalkBuilder::new(path).require_git(false).build() {
        let entry = entry.with_context(|| format!("can't read what is below {}", path.display()))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file() || meta.is_file()) {
            continue;
        }
        let name = name(entry.path(), path);
        match Language::from_path(&name) {
            Some(language) => {
                let bytes = entry.metadata().map_or(0, |meta| meta.len());
                if (1..=LARGEST).contains(&bytes) {
                    let bytes = usize::try_from(bytes).unwrap_or_default();
                    found.push(Found { path: entry.into_path(), name, language, bytes });
                }
            }
            None => *others.entry(extension(&name)).or_insert(0) += 1,
        }
    }
    if found.is_empty() {
        bail!("{}", nothing_to_measure(path, others));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Names what is there instead, the most frequent first.
fn nothing_to_measure(path: &Path, others: BTreeMap<String, usize>) -> String {
    let known: Vec<&str> = Language::all().map(Language::name).collect();
    let mut others: Vec<(String, usize)> = others.into_iter().collect();
    others.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let there: Vec<String> =
        others.iter().take(5).map(|(extension, times)| format!("{times} × {extension}")).collect();
    let there = if there.is_empty() { "none at all".to_owned() } else { there.join(", ") };
    format!(
        "{} holds no file between 1 byte and {} kB that its .gitignore lets count in a language that Hob parses (other files: \
         {there}); name a folder or a file with code in one of them: {}",
        path.display(),
        LARGEST / 1000,
        known.join(", "),
    )
}

fn extension(name: &str) -> String {
    Path::new(name)
        .extension()
        .map_or_else(|| "without an ending".to_owned(), |end| format!(".{}", end.display()))
}

fn name(file: &Path, below: &Path) -> String {
    let relative = file.strip_prefix(below).unwrap_or(file);
    let relative =
        if relative.as_os_str().is_empty() { file.file_name().map_or(file, Path::new) } else { relative };
    let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}

/// The languages of the files, by name.
pub(super) fn languages(files: &[Found]) -> BTreeSet<&'static str> {
    files.iter().map(|file| file.language.name()).collect()
}

/// A file that has been read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) language: Language,
    /// With LF line ends only: what is measured is the text, and baselines and truths compare characters.
    pub(super) text: String,
    /// ERROR and MISSING nodes of the file as it is.
    pub(super) errors: u32,
    pub(super) tree: Tree,
}

impl Source {
    /// Reads a file; `None` for one that is no text, or gone.
    pub(super) fn read(file: &Found) -> Option<Arc<Self>> {
        let text = String::from_utf8(fs::read(&file.path).ok()?).ok()?;
        Self::of(file.name.clone(), file.language, &text).map(Arc::new)
    }

    /// A file with this text.
    pub(super) fn of(name: String, language: Language, text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let tree = Tree::parse(language, &Snapshot::new(&text, 0), None, None)?;
        Some(Self { name, language, errors: tree.errors(), text, tree })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn names(path: &Path) -> Vec<String> {
        find(path).unwrap().into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn what_is_ignored_hidden_or_unknown_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(".gitignore", "made/\n");
        for name in ["b.rs", "a/c.py", "made/d.rs", ".hidden/e.rs", "notes.md", "a/plain"] {
            put(name, "x = 1\n");
        }
        put("large.rs", &" ".repeat(200_001));
        put("empty.rs", "");
        assert_eq!(names(folder.path()), ["a/c.py", "b.rs"]);
        assert_eq!(names(&folder.path().join("b.rs")), ["b.rs"]);

        fs::remove_file(folder.path().join("b.rs")).unwrap();
        fs::remove_file(folder.path().join("a/c.py")).unwrap();
        let told = find(folder.path()).unwrap_err().to_string();
        expect!["FOLDER holds no file between 1 byte and 200 kB that its .gitignore lets count in a language that Hob parses (other files: 1 × .md, 1 × without an ending); name a folder or a file with code in one of them: rust, python, typescript, tsx, javascript, go, c, cpp, java, csharp, ruby, bash"]
            .assert_eq(&told.replace(&folder.path().display().to_string(), "FOLDER"));
    }
}
