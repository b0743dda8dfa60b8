//! Where Hob keeps things on this machine, and how each folder is made safe.
//!
//! Must not create anything inside a workspace.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;

/// The user's configuration: `$XDG_CONFIG_HOME/hob/config.toml`.
pub(crate) fn config_file() -> Result<PathBuf> {
    Ok(strategy()?.config_dir().join("hob").join("config.toml"))
}

/// Logs and the rows that `hob why` reads: `$XDG_STATE_HOME/hob`, made on demand, for this user's eyes only.
pub(crate) fn state_dir() -> Result<PathBuf> {
    let base = strategy()?;
    let dir = base.state_dir().unwrap_or_else(|| base.data_dir()).join("hob");
    private(&dir).with_context(|| format!("can't make the state folder {}", dir.display()))?;
    Ok(dir)
}

/// What can be made again: `$XDG_CACHE_HOME/hob`. Only named here; whoever uses it makes it.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    Ok(strategy()?.cache_dir().join("hob"))
}

/// Sockets and locks: `$XDG_RUNTIME_DIR/hob`, else a folder of this user's in the system's temporary folder.
///
/// Everything in it is only reachable by its owner: the folder is 0700, and one that somebody else made first is refused.
pub(crate) fn runtime_dir() -> Result<PathBuf> {
    let dir = match strategy()?.runtime_dir().filter(|dir| dir.is_dir()) {
        Some(dir) => dir.join("hob"),
        None => std::env::temp_dir().join(format!("hob-{}", user())),
    };
    private(&dir).with_context(|| {
        format!(
            "can't use {} for sockets: set XDG_RUNTIME_DIR to a folder that only you can open",
            dir.display()
        )
    })?;
    Ok(dir)
}

fn strategy() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().context("can't find the home folder: set HOME")
}

#[cfg(unix)]
fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[cfg(not(unix))]
fn user() -> String {
    std::env::var("USERNAME").unwrap_or_default()
}

/// Makes `dir` and sees to it that it is a real folder of this user's with mode 0700.
#[cfg(unix)]
fn private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let meta = fs::symlink_metadata(dir)?;
    if !meta.is_dir() || meta.uid() != rustix::process::getuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to somebody else"));
    }
    if meta.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_open_to_others_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("state/hob");
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        private(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, root.path().join("hob")).unwrap();
        assert!(private(&root.path().join("hob")).is_err());
    }
}
