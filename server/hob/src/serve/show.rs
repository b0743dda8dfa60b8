//! Shows a text to the user as a document: what `hob.why` explains, and whatever else is longer than a message.
//!
//! Must not make whoever asked wait for the editor, and writes nowhere but into Hob's own cache. Not to be used for secrets: a document is
//! a file as long as nobody shows another.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use engine::private_folder;
use tower_lsp::{
    Client,
    gen_lsp_types::{MessageType, ShowDocumentParams, Uri},
};
use url::Url;

use crate::paths;

/// Pages of windows that nobody has written to for so long are removed.
const OLD: Duration = Duration::from_hours(24);

/// A text to show.
#[derive(Debug)]
pub(super) struct Page {
    /// What it is: one word. A window has one page of each name.
    pub(super) name: &'static str,
    /// The text.
    pub(super) markdown: String,
    /// What of it fits into a message, for an editor that opens no documents.
    pub(super) brief: String,
}

/// Shows `page`, soon: as a document where the client `opens` any, else as a message. Must be called from within the runtime.
pub(super) fn show(client: Client, opens: bool, page: Page) {
    tokio::spawn(async move {
        let Page { name, markdown, brief } = page;
        if opens {
            let written = tokio::task::spawn_blocking(move || write(&folder()?, name, &markdown)).await;
            match written.map_err(anyhow::Error::from).flatten() {
                Ok(uri) => {
                    let shown =
                        client.show_document(ShowDocumentParams::new(uri, None, Some(true), None)).await;
                    if shown.is_ok_and(|shown| shown) {
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, name, "a page can't be written"),
            }
        }
        client.show_message(MessageType::Info, brief).await;
    });
}

/// The folder of pages, for this user's eyes only.
fn folder() -> Result<PathBuf> {
    let folder = paths::cache_dir()?.join("pages");
    private_folder(&folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    Ok(folder)
}

/// Writes this window's page of a name into `folder`, in place of its last one, and removes the old ones of others.
fn write(folder: &Path, name: &str, text: &str) -> Result<Uri> {
    remove_old(folder, SystemTime::now());
    let path = folder.join(format!("{name}-{}.md", std::process::id()));
    // In one step, so that the editor never reads half of it. Such a file is its owner's alone from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(&path)?;
    let uri = Url::from_file_path(&path).map_err(|()| anyhow::anyhow!("{} is no URI", path.display()))?;
    Ok(Uri(uri.into()))
}

/// Removes the pages that were written long before `now`.
fn remove_old(folder: &Path, now: SystemTime) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let written = entry.metadata().and_then(|meta| meta.modified());
        let is_old = written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > OLD));
        if is_old && let Err(error) = fs::remove_file(entry.path()) {
            tracing::warn!(%error, "an old page can't be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_one_page_of_each_name_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("why-1.md"), "of another window").unwrap();
        let first = write(folder.path(), "why", "one").unwrap();
        assert_eq!(write(folder.path(), "why", "two").unwrap(), first);
        let names = || {
            let entries = fs::read_dir(folder.path()).unwrap().flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let own = format!("why-{}.md", std::process::id());
        assert_eq!(names(), ["why-1.md".to_owned(), own.clone()]);
        assert_eq!(fs::read_to_string(folder.path().join(&own)).unwrap(), "two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(own)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        remove_old(folder.path(), SystemTime::now() + OLD * 2);
        assert!(names().is_empty());
    }
}
