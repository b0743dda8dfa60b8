//! Which open documents are to be left alone: for who answers in a document itself, whatever an index knows of it.
//!
//! Must not need an index: what a user excluded is excluded where nothing is indexed, too.

use std::path::{Path, PathBuf};

use crate::{admission::Admission, error::Error, read::Root, skipped::Reason};

/// What the lists of one workspace folder exclude. They are read when a file near them is first asked about; a new one of these reads
/// them anew.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// The root as the caller calls it.
    called: PathBuf,
    root: Root,
    admission: Admission,
}

impl Exclusion {
    /// The lists of the workspace folder `root`, and `exclude`: patterns as in a `.gitignore` at the root.
    ///
    /// # Errors
    /// There is no such folder, or a pattern can't be read.
    pub fn new(root: &Path, exclude: &[String]) -> Result<Self, Error> {
        let called = root.to_owned();
        let root = Root::open(root).map_err(|error| Error::Root { path: called.clone(), error })?;
        Ok(Self { admission: Admission::new(&root, exclude)?, called, root })
    }

    /// Why a file, by its absolute path, is excluded: a `.hobignore` or a pattern says so, or its name is that of a secret. `None` for
    /// what is not below the root. Of a link, both its own path and that of what it leads to count.
    pub fn of(&self, file: &Path) -> Option<Reason> {
        let own = file.strip_prefix(&self.called).or_else(|_| file.strip_prefix(self.root.path()));
        let own = own.ok().and_then(|own| self.admission.excluded(own));
        own.or_else(|| self.admission.excluded(&self.root.relative(file)?))
    }

    /// Whether a change of this file, by its absolute path, may change what is excluded.
    pub fn is_list(file: &Path) -> bool {
        file.file_name().is_some_and(|name| Admission::is_list(Path::new(name)))
    }
}

/// Whether a file may hold a secret, by its absolute path alone.
pub fn is_private(file: &Path) -> bool {
    // What is not below the root of all has no name to judge by.
    file.strip_prefix("/").is_ok_and(config::is_private)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_is_excluded_by_its_own_path_and_by_that_of_what_it_leads_to() {
        let tree =
            crate::fixture::Folder::with(&[("a.rs", ""), ("b.rs", ""), (".hobignore", "/link.rs\n/b.rs\n")]);
        tree.link("a.rs", "link.rs");
        tree.link("b.rs", "other.rs");
        let exclusion = Exclusion::new(tree.path(), &[]).unwrap();
        let of = |file: &str| exclusion.of(&tree.path().join(file)).map(Reason::code);
        assert_eq!([of("a.rs"), of("link.rs"), of("other.rs")], [None, Some("hob"), Some("hob")]);
        assert_eq!(exclusion.of(Path::new("/elsewhere/b.rs")), None);
    }

    #[test]
    fn secrets_are_known_by_their_names_wherever_they_lie() {
        for private in ["/srv/a/.aws/credentials", "/srv/ID_RSA", "/x/.env.local", "/x/.ssh/config"] {
            assert!(is_private(Path::new(private)), "{private}");
        }
        for other in ["/srv/a/src/env.rs", "/x/keys.rs", "relative/.env"] {
            assert!(!is_private(Path::new(other)), "{other}");
        }
    }
}
