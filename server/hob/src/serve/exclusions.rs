//! Which open documents are left alone, by the lists of all workspace folders and by their names.
//!
//! Reads lists, so it is made anew when one changes and asked when a document is opened, never for a key.

use std::path::PathBuf;

use index::{Exclusion, Reason, is_private};

use super::session::path;

/// The lists of the window's folders, as they were when this was read.
#[derive(Debug, Default)]
pub(super) struct Exclusions {
    lists: Vec<Exclusion>,
    /// Nothing of this window may be asked.
    is_closed: bool,
}

impl Exclusions {
    /// Reads what the folders `roots` exclude, beside the patterns of `index.exclude`. `is_closed`: everything is, because the engine is a
    /// host elsewhere that may not be asked here.
    pub(super) fn read(roots: &[PathBuf], exclude: &[String], is_closed: bool) -> Self {
        let of_root = |root: &PathBuf| {
            let lists = Exclusion::new(root, exclude).or_else(|error| {
                // The index says so to the user; the workspace's own lists hold all the same.
                tracing::warn!(%error, "index.exclude excludes nothing");
                Exclusion::new(root, &[])
            });
            lists.inspect_err(|error| tracing::warn!(%error, "what is excluded is not known")).ok()
        };
        Self { lists: roots.iter().filter_map(of_root).collect(), is_closed }
    }

    /// Why the document `uri` is excluded, in words that fit behind "is".
    pub(super) fn of(&self, uri: &str) -> Option<String> {
        if self.is_closed {
            return Some(
                "in a window that may not ask the team's engine, by `cloud.mode` or `cloud.hosts`".to_owned(),
            );
        }
        let path = path(uri)?;
        let listed = self.lists.iter().find_map(|exclusion| exclusion.of(&path));
        let reason = listed.or_else(|| is_private(&path).then_some(Reason::Private))?;
        Some(match reason {
            Reason::Hob | Reason::Excluded => reason.to_string(),
            Reason::Private => "one that may hold a secret, by its name".to_owned(),
            _ => format!("below a list of ignored files that is {reason}"),
        })
    }
}
