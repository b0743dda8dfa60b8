//! Which open documents are left alone, by the lists of all workspace folders and by their names.
//!
//! Reads lists, so it is made anew when one changes and asked when a document is opened, never for a key.

use std::path::PathBuf;

use index::{Exclusion, Reason, is_private};

use super::session::path;

/// The lists of the window's folders, as they were when this was read.
#[derive(Debug, Default)]
pub(super) struct Exclusions(Vec<Exclusion>);

impl Exclusions {
    /// Reads what the folders `roots` exclude, beside the patterns of `index.exclude`.
    pub(super) fn read(roots: &[PathBuf], exclude: &[String]) -> Self {
        let of_root = |root: &PathBuf| {
            let lists = Exclusion::new(root, exclude).or_else(|error| {
                // The index says so to the user; the workspace's own lists hold all the same.
                tracing::warn!(%error, "index.exclude excludes nothing");
                Exclusion::new(root, &[])
            });
            lists.inspect_err(|error| tracing::warn!(%error, "what is excluded is not known")).ok()
        };
        Self(roots.iter().filter_map(of_root).collect())
    }

    /// Why the document `uri` is excluded, in words that fit behind "is".
    pub(super) fn of(&self, uri: &str) -> Option<String> {
        let path = path(uri)?;
        let listed = self.0.iter().find_map(|exclusion| exclusion.of(&path));
        let reason = listed.or_else(|| is_private(&path).then_some(Reason::Private))?;
        Some(match reason {
            Reason::Hob | Reason::Excluded => reason.to_string(),
            Reason::Private => "one that may hold a secret, by its name".to_owned(),
            _ => format!("below a list of ignored files that is {reason}"),
        })
    }
}
