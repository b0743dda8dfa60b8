//! Finds the files of a workspace, without reading any.
//!
//! `ignore` walks; which lists count, and how, is `admission`'s alone, so that a walk and a single file are judged alike. Must not follow a
//! link.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use ignore::{DirEntry, WalkBuilder};

use crate::{
    admission::Admission,
    options::Cancel,
    read::{Root, Stamp},
    skipped::{Reason, Skipped},
};

/// A file that may be indexed.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// Relative to the root, with `/` between parts.
    pub(crate) path: String,
    pub(crate) stamp: Stamp,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// In the order of their paths.
    pub(crate) files: Vec<Candidate>,
    /// The folders that were looked into, relative to the root; the root itself is the empty path.
    pub(crate) folders: Vec<String>,
    pub(crate) skipped: Skipped,
}

/// What a walk makes of an entry.
enum Look {
    File(Candidate),
    Folder(String),
}

/// Walks a folder, relative to the root. A walk that is cancelled ends early.
pub(crate) fn walk(root: &Root, admission: &Admission, folder: &Path, largest: u64, cancel: &Cancel) -> Walk {
    let found = Arc::new(Mutex::new(Walk::default()));
    let take = {
        let (found, root, admission) = (Arc::clone(&found), root.clone(), admission.clone());
        move |entry: &DirEntry| {
            let look = look(&root, &admission, entry, largest);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            match look {
                Ok(Look::File(file)) => found.files.push(file),
                Ok(Look::Folder(folder)) => {
                    found.folders.push(folder);
                    return true;
                }
                Err(reason) => found.skipped.count(reason),
            }
            false
        }
    };
    let start = root.path().join(folder);
    let entries =
        WalkBuilder::new(start).standard_filters(false).follow_links(false).filter_entry(take).build();
    let mut unreadable = 0;
    for entry in entries {
        unreadable += u64::from(entry.is_err());
        if cancel.is_cancelled() {
            break;
        }
    }
    let mut found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    // The walk begins at its folder without asking.
    let start = folder.to_str().map(|folder| folder.replace(std::path::MAIN_SEPARATOR, "/"));
    found.folders.extend(start);
    (0..unreadable).for_each(|_| found.skipped.count(Reason::Unreadable));
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn look(root: &Root, admission: &Admission, entry: &DirEntry, largest: u64) -> Result<Look, Reason> {
    let kind = entry.file_type().ok_or(Reason::Special)?;
    let below = entry.path().strip_prefix(root.path()).map_err(|_| Reason::Outside)?;
    let folder = admission.folder(below.parent().unwrap_or(Path::new("")));
    admission.judge_entry(&folder, below, kind.is_dir())?;
    if kind.is_symlink() {
        return Err(Reason::Link);
    }
    let path = slashed(below).ok_or(Reason::Name)?;
    if kind.is_dir() {
        // A folder may exclude itself, by a list that can't be read.
        return admission.folder(below).admits().map(|()| Look::Folder(path));
    }
    if !kind.is_file() {
        return Err(Reason::Special);
    }
    let meta = entry.metadata().map_err(|_| Reason::Unreadable)?;
    if meta.len() > largest {
        return Err(Reason::Large);
    }
    Ok(Look::File(Candidate { path, stamp: Stamp::of(&meta) }))
}

/// A path as answers have it; `None` if it is no UTF-8.
pub(crate) fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}
