//! Answers about whole files as they are on disk: which there are, and their texts.
//!
//! For who keeps something of each file and follows what becomes of it. Must not name a file that is not admitted now, nor show what an
//! editor has not saved.

use std::path::Path;

use crate::{
    answer::Listed,
    read::Hash,
    reader::{Reader, Source},
    store::uncount,
};

impl Reader {
    /// Files, those first that go first by `order`, of at most `bytes` bytes together; those larger than `largest` are left out, and those
    /// of languages without a grammar.
    pub fn files<K: Ord>(&self, largest: usize, bytes: usize, order: impl Fn(&Listed) -> K) -> Vec<Listed> {
        let listed = self.ask(|view| {
            view.rows("SELECT path, hash, size, modified FROM file", &[], |row| {
                let modified: i64 = row.get(3)?;
                Ok(Listed {
                    path: row.get::<_, String>(0)?.into(),
                    hash: short(row.get(1)?),
                    bytes: uncount(row, 2)?,
                    // The cache does not trust a time that is too recent.
                    modified: if modified < 0 { i64::MAX } else { modified },
                })
            })
        });
        let mut files: Vec<Listed> = listed
            .into_iter()
            .filter(|file| file.bytes <= largest && syntax::Language::from_path(&file.path).is_some())
            .collect();
        files.sort_by_cached_key(|file| (order(file), file.path.clone()));
        let admission = self.admission();
        let mut left = bytes;
        // Judged last, because that takes the longest.
        files.retain(|file| {
            let has_room = file.bytes <= left && admission.judge(Path::new(&*file.path)).is_ok();
            left -= if has_room { file.bytes } else { 0 };
            has_room
        });
        files
    }

    /// A file's text as it is on disk, with its hash as in [`Self::files`]; `None` if the index does not have it.
    pub fn file(&self, path: &str) -> Option<(u64, String)> {
        self.ask(|view| {
            if !view.admits(path) {
                return Ok(None);
            }
            let sql = "SELECT id, hash, length(text) FROM file JOIN content ON content.file = file.id WHERE path = ?";
            let found = view.rows(sql, &[&path], |row| Ok((row.get(0)?, short(row.get(1)?), uncount(row, 2)?)))?;
            let text = |(file, hash, bytes)| Some((hash, view.text(&Source::File(file), &(0..bytes))?));
            Ok(found.into_iter().next().and_then(text))
        })
    }
}

/// As much of a hash as tells one content of a file from another.
fn short(hash: Hash) -> u64 {
    hash.iter().take(8).fold(0, |short, byte| short << 8 | u64::from(*byte))
}
