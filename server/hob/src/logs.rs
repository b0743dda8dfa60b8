//! Logs: one file a role and day in the state folder, the last five days kept.
//!
//! Nothing may log text of a document above `trace`. stdout is the protocol, so nothing may be printed there.

use std::path::Path;

use anyhow::{Context, Result};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{EnvFilter, fmt};

/// Days of log files that are kept for each role.
const DAYS: usize = 5;

/// Sends this process's log to `<state>/log/<role>.<date>`; a folder that can't be written costs the log, not the process.
pub(crate) fn start(state: &Path, role: &str, level: &str) -> Result<()> {
    let folder = state.join("log");
    // The appender makes it too, but complains on stderr, the editor's log, that it was not there.
    std::fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(role)
        .max_log_files(DAYS)
        .build(&folder)
        .with_context(|| format!("can't write logs under {}", state.display()))?;
    let filter = EnvFilter::builder().parse_lossy(format!("{level},tower_lsp_server=warn,llama-cpp-2=warn"));
    let subscriber = fmt().with_env_filter(filter).with_writer(appender).with_ansi(false).with_target(true);
    // A second call (tests of one process) keeps the first log.
    let _ = subscriber.try_init();
    tracing::info!(pid = std::process::id(), version = env!("CARGO_PKG_VERSION"), role, "started");
    Ok(())
}
