//! Why there is no index: sentences for the person whose folder or disk it is.
//!
//! A file that can't be indexed is no error; it is skipped and counted (see [`crate::Reason`]).

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workspace folder can't be opened.
    #[error("can't index {path}: {error}")]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A pattern of [`Options::exclude`](crate::Options::exclude) can't be read.
    #[error("can't tell what `{pattern}` excludes ({reason}), so nothing is indexed until it is mended")]
    Pattern {
        /// As it was written.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The cache can't be opened or written.
    #[error("there is no index, because its cache {path} can't be used: {reason}")]
    Cache {
        /// The cache file, or its folder.
        path: PathBuf,
        /// What the system or SQLite says.
        reason: String,
    },
    /// The disk is full, or the cache as large as it may become.
    #[error(
        "there is no index, because there is no room for its cache {path}: free some space, or exclude folders"
    )]
    Full {
        /// The cache file.
        path: PathBuf,
    },
    /// The cache is damaged. A build that finds this makes a new one and begins again, so only a second time gets out.
    #[error("the index's cache {path} is damaged")]
    Corrupt {
        /// The cache file.
        path: PathBuf,
    },
}

impl Error {
    /// What an error of SQLite means for the cache at `path`.
    pub(crate) fn cache(path: &std::path::Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { path },
            _ => Self::Cache { path, reason: error.to_string() },
        }
    }
}
