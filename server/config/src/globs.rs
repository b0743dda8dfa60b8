//! Patterns of files, as in a `.gitignore` at the workspace's root, compiled once and asked often.
//!
//! Must not look at a disk, and must not know what follows from a match. No pattern takes back what another one says: a list of these
//! only ever grows, and whoever adds to it can't shrink it.

use std::{fmt, path::Path};

use globset::{Candidate, Glob, GlobBuilder, GlobSet};

/// A compiled list of patterns. They hold in any case: `.ENV` is no less private than `.env`.
#[derive(Clone)]
pub struct Globs {
    set: GlobSet,
    patterns: Vec<Pattern>,
}

/// One pattern, beside its compiled form.
#[derive(Debug, Clone)]
struct Pattern {
    written: String,
    /// It ends in a slash: it means a folder, and what is below it.
    folders_only: bool,
}

/// Bytes of all patterns of a list together. Compiling takes time, and a repository may have written some of them.
const MOST_BYTES: usize = 16 << 10;

impl Globs {
    /// Compiles patterns: one without a slash holds in every folder, one with a slash from the root on; one that names a folder holds for
    /// what is below it.
    ///
    /// # Errors
    /// A pattern can't be read, or all of them together have more than 16 KiB; the sentence says which. Who wanted to forbid something
    /// by them must then take everything as forbidden.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, String> {
        let bytes: usize = patterns.iter().map(|pattern| pattern.as_ref().len()).sum();
        if bytes > MOST_BYTES {
            return Err(format!("these patterns have {bytes} bytes together, more than {MOST_BYTES}"));
        }
        let mut set = GlobSet::builder();
        let mut read = Vec::with_capacity(patterns.len());
        for written in patterns.iter().map(AsRef::as_ref) {
            let (glob, folders_only) =
                glob(written).map_err(|why| format!("the pattern `{written}` {why}"))?;
            set.add(glob);
            read.push(Pattern { written: written.to_owned(), folders_only });
        }
        let set = set.build().map_err(|error| format!("these patterns can't be used together: {error}"))?;
        Ok(Self { set, patterns: read })
    }

    /// Why a pattern can't be used; the rest of a sentence that begins with its name.
    pub(crate) fn fault(pattern: &str) -> Option<String> {
        glob(pattern).err()
    }

    /// Whether a file is meant, by its path relative to the root, `/` between parts.
    pub fn matches(&self, path: impl AsRef<Path>) -> bool {
        self.find(path).is_some()
    }

    /// The first pattern that means a file, as it was written.
    pub fn find(&self, path: impl AsRef<Path>) -> Option<&str> {
        if self.patterns.is_empty() {
            return None;
        }
        let path = path.as_ref();
        let meant = |path: &Path, is_folder: bool| {
            let found = self.set.matches_candidate(&Candidate::new(path));
            found.into_iter().find(|at| is_folder || !self.patterns[*at].folders_only)
        };
        let above = path.ancestors().skip(1).filter_map(|folder| meant(folder, true));
        meant(path, false).into_iter().chain(above).min().map(|at| self.patterns[at].written.as_str())
    }
}

/// Compiled patterns fill pages.
impl fmt::Debug for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.patterns.iter().map(|pattern| &pattern.written)).finish()
    }
}

/// A pattern's glob, and whether it means folders only.
fn glob(written: &str) -> Result<(Glob, bool), String> {
    let pattern = if written.ends_with("\\ ") { written } else { written.trim_end() };
    if pattern.starts_with('!') {
        return Err("begins with `!`, and nothing is taken back here".into());
    }
    if pattern.starts_with("~/") || pattern.split('/').any(|part| part == "..") {
        return Err("leads out of the workspace, and patterns begin at its root".into());
    }
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let (pattern, folders_only) =
        pattern.strip_suffix('/').map_or((pattern, false), |pattern| (pattern, true));
    let (pattern, from_root) =
        pattern.strip_prefix('/').map_or((pattern, pattern.contains('/')), |pattern| (pattern, true));
    if pattern.is_empty() {
        return Err("means nothing".into());
    }
    let mut whole = if from_root { pattern.to_owned() } else { format!("**/{pattern}") };
    if whole.ends_with("/**") {
        // What is in the folder, and not the folder itself.
        whole.push_str("/*");
    }
    GlobBuilder::new(&whole)
        .literal_separator(true)
        .case_insensitive(true)
        .backslash_escape(true)
        .build()
        .map(|glob| (glob, folders_only))
        .map_err(|error| format!("can't be read: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds that `pattern` means each of `files`, and none of `others`.
    #[track_caller]
    fn check(pattern: &str, files: &[&str], others: &[&str]) {
        let globs = Globs::new(&[pattern]).unwrap();
        for file in files {
            assert_eq!(globs.find(file), Some(pattern), "{file}");
        }
        for other in others {
            assert_eq!(globs.find(other), None, "{other}");
        }
    }

    #[test]
    fn a_pattern_reads_as_in_a_gitignore() {
        check("*.key", &["a.key", "deep/down/b.KEY"], &["key", "a.keys"]);
        check("/a.rs", &["a.rs"], &["src/a.rs"]);
        check("src/*.rs", &["src/a.rs", "SRC/A.rs"], &["src/deep/a.rs", "other/src/a.rs"]);
        check("src/**/a.rs", &["src/a.rs", "src/x/y/a.rs"], &["a.rs"]);
        check("**/secrets/**", &["secrets/a", "x/Secrets/y/z"], &["secrets", "my-secrets/a"]);
        check("a?[!x-z]{1,22}", &["ab11", "abc22"], &["abx1", "a/b1"]);
        check("#notes", &["#notes"], &["notes"]);
        check("./src/a.rs", &["src/a.rs"], &["a.rs"]);
        check("a\\*", &["a*"], &["ab"]);
    }

    #[test]
    fn a_pattern_for_a_folder_covers_what_is_below_it() {
        check("private", &["private", "private/a.rs", "x/private/y/z.rs"], &["privates/a.rs"]);
        check("private/", &["private/a.rs", "x/private/y/z.rs"], &["private", "x/private"]);
        check("src/gen", &["src/gen/deep/a.rs"], &["x/src/gen/a.rs"]);
        check("**", &["a", "b/c"], &[]);
    }

    #[test]
    fn the_pattern_that_was_written_first_is_named() {
        let globs = Globs::new(&["*.rs", "src/", "src/a.rs"]).unwrap();
        assert_eq!(globs.find("src/a.rs"), Some("*.rs"));
        assert_eq!(globs.find("src/a.py"), Some("src/"));
        assert!(!Globs::new::<&str>(&[]).unwrap().matches("a"));
    }

    #[test]
    fn a_pattern_that_means_nothing_or_takes_back_is_refused() {
        for (pattern, why) in [
            ("!src/**", "nothing is taken back"),
            ("~/x", "leads out"),
            ("a/../../b", "leads out"),
            ("", "means nothing"),
            ("/", "means nothing"),
            ("  ", "means nothing"),
            ("a{b", "can't be read"),
        ] {
            let error = Globs::new(&["ok", pattern]).unwrap_err();
            assert!(error.contains(why) && error.contains(pattern), "{pattern}: {error}");
        }
    }
}
