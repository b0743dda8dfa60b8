//! Small workspaces in temporary folders, for tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder that goes with its owner. The workspace is a folder in it, so that a test can put things beside it.
pub(crate) struct Folder {
    holder: tempfile::TempDir,
    path: PathBuf,
}

impl Folder {
    /// A workspace with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let holder = tempfile::tempdir().unwrap();
        let path = holder.path().canonicalize().unwrap().join("workspace");
        fs::create_dir(&path).unwrap();
        let folder = Self { holder, path };
        for (name, text) in files {
            folder.put(name, text);
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Beside the workspace: where its cache lies.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.holder.path().join(name)
    }

    /// The absolute path of a file.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        let path = self.at(name);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// A link at `name` to `target`, which is relative to the workspace or absolute.
    #[cfg(unix)]
    pub(crate) fn link(&self, target: &str, name: &str) {
        std::os::unix::fs::symlink(self.at(target), self.at(name)).unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn pipe(&self, name: &str) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, self.at(name), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }
}

/// The bytes of a file that a test made.
#[expect(clippy::disallowed_methods, reason = "no workspace chose it")]
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}
