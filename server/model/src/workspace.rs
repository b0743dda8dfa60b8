//! What an engine is told of a workspace's files, so that it can learn what the workspace repeats.
//!
//! The teller says which files there are and how their contents are told apart; the engine asks for those that it lacks, piece by piece,
//! when it has nothing else to do. Must not decide which files are told of: that is the index's and its lists' part.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// Names what an engine has learnt of one workspace. Windows that name the same share it, and nobody else sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkspaceKey(pub u64);

impl WorkspaceKey {
    /// The key of the workspace at `root` of which as much is known as `rules` leave over: windows that exclude different files share
    /// nothing.
    pub fn new(root: &(impl Hash + ?Sized), rules: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = DefaultHasher::new();
        root.hash(&mut hasher);
        rules.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileVersion {
    /// Relative to the workspace, `/` between parts: as a [`crate::Request`] calls it.
    pub path: String,
    /// Another one for another content.
    pub hash: u64,
}

/// What the engine lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Of which file.
    pub file: FileVersion,
    /// From which byte on.
    pub from: u64,
}

/// A piece of a file: whole lines, but for the end of the file and for lines that are longer than a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What it answers.
    pub wanted: Wanted,
    /// The text from there on, UTF-8.
    pub text: String,
    /// Whether the file ends with it.
    pub is_last: bool,
}

impl Piece {
    /// Bytes of a piece at most: little enough that a question behind it in the stream waits no time.
    pub const LARGEST: usize = 16 << 10;

    /// The piece of `text`, the whole file, that is `wanted`; `None` if it is not so long.
    pub fn of(text: &str, wanted: Wanted) -> Option<Self> {
        let rest = usize::try_from(wanted.from).ok().and_then(|from| text.get(from..))?;
        let most = &rest[..rest.floor_char_boundary(Self::LARGEST)];
        let is_last = most.len() == rest.len();
        let end = if is_last { most.len() } else { most.rfind('\n').map_or(most.len(), |at| at + 1) };
        Some(Self { wanted, text: most[..end].to_owned(), is_last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_and_the_file_all_together() {
        for line in ["let x = 1;\n", "é", &format!("{}\n", "long ".repeat(5000))] {
            let text = line.repeat(4000);
            let mut whole = String::new();
            loop {
                let file = FileVersion { path: "a.rs".into(), hash: 1 };
                let piece = Piece::of(&text, Wanted { file, from: whole.len() as u64 }).unwrap();
                assert!(piece.text.len() <= Piece::LARGEST && !piece.text.is_empty());
                whole += &piece.text;
                if piece.is_last {
                    break;
                }
                assert!(piece.text.ends_with('\n') || piece.text.len() > Piece::LARGEST - 4);
            }
            assert_eq!(whole, text);
        }
    }

    #[test]
    fn what_is_beyond_a_file_is_no_piece() {
        let wanted = |from| Wanted { file: FileVersion { path: String::new(), hash: 0 }, from };
        assert_eq!(Piece::of("é", wanted(1)), None);
        assert_eq!(Piece::of("é", wanted(3)), None);
        assert!(Piece::of("", wanted(0)).unwrap().is_last);
    }

    #[test]
    fn windows_that_exclude_different_files_share_nothing() {
        let key = |root: &str, rules: &[&str]| WorkspaceKey::new(root, rules);
        assert_eq!(key("/a", &["b"]), key("/a", &["b"]));
        assert_ne!(key("/a", &["b"]), key("/a", &[]));
        assert_ne!(key("/a", &[]), key("/b", &[]));
    }
}
