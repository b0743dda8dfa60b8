//! Where Hob keeps things on this machine, and which of its folders only their user can open.
//!
//! Must not create anything inside a workspace.

use std::path::PathBuf;

use anyhow::{Context, Result};
use engine::private_folder;
use etcetera::BaseStrategy;

/// The user's configuration: `$XDG_CONFIG_HOME/hob/config.toml`.
pub(crate) fn config_file() -> Result<PathBuf> {
    Ok(strategy()?.config_dir().join("hob").join("config.toml"))
}

/// Logs and the rows that `hob why` reads: `$XDG_STATE_HOME/hob`, made on demand, for this user's eyes only.
pub(crate) fn state_dir() -> Result<PathBuf> {
    let base = strategy()?;
    let dir = base.state_dir().unwrap_or_else(|| base.data_dir()).join("hob");
    private_folder(&dir).with_context(|| format!("can't make the state folder {}", dir.display()))?;
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
    private_folder(&dir).with_context(|| {
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
