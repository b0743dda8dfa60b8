//! Logs: one file a role and day in the state folder, the last five days kept.
//!
//! Nothing may log text of a document above `trace`. stdout is the protocol, so nothing may be printed there.

use std::{fmt::Debug, path::Path};

use anyhow::{Context, Result};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer, prelude::*};

/// What llama.cpp logs as.
const LLAMA: &str = "llama-cpp-2";

/// What llama.cpp says, as errors and a warning, of each evaluation that it was told to stop: an ordinary cancel. The numbers are its
/// `GGML_STATUS_ABORTED`, and what it makes of that; a fault has others. The last follows a fault too, and says nothing of it.
const STOPPED: [&str; 4] = [
    "ggml_backend_sched_graph_compute_async failed with error 1",
    "failed to compute graph, compute status: 1",
    "failed to decode, ret = 2",
    "removing memory module entries for seq_id = ",
];

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
    let filter = EnvFilter::builder().parse_lossy(format!("{level},tower_lsp_server=warn,{LLAMA}=warn"));
    let subscriber = fmt().with_env_filter(filter).with_writer(appender).with_ansi(false).with_target(true);
    // A second call (tests of one process) keeps the first log.
    let _ = subscriber.finish().with(Faults).try_init();
    tracing::info!(pid = std::process::id(), version = env!("CARGO_PKG_VERSION"), role, "started");
    Ok(())
}

/// Leaves out what is no fault of llama.cpp's: [`STOPPED`].
struct Faults;

impl<S: Subscriber> Layer<S> for Faults {
    fn event_enabled(&self, event: &Event<'_>, _: layer::Context<'_, S>) -> bool {
        let mut stopped = Stopped(false);
        if event.metadata().target() == LLAMA {
            event.record(&mut stopped);
        }
        !stopped.0
    }
}

/// Whether a message is one of [`STOPPED`].
struct Stopped(bool);

impl Visit for Stopped {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_it = |said: &&str| if said.ends_with(' ') { value.starts_with(said) } else { value == *said };
        self.0 |= field.name() == "message" && STOPPED.iter().any(is_it);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {
        // llama.cpp's messages are strings.
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Notes the messages that get as far as here.
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
            event.record(&mut self.clone());
        }
    }

    impl Visit for Seen {
        fn record_str(&mut self, _: &Field, value: &str) {
            self.0.lock().unwrap().push(value.to_owned());
        }

        fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
    }

    #[test]
    fn a_cancel_is_no_error_and_a_fault_is_one() {
        let seen = Seen::default();
        let log = tracing_subscriber::registry().with(seen.clone()).with(Faults);
        tracing::subscriber::with_default(log, || {
            tracing::error!(target: "llama-cpp-2", message = "failed to compute graph, compute status: 1");
            tracing::error!(target: "llama-cpp-2", message = "failed to compute graph, compute status: -1");
            tracing::warn!(target: "llama-cpp-2", message = "removing memory module entries for seq_id = 0, pos = [7, +inf)");
            tracing::error!(target: "llama-cpp-2", message = "failed to decode, ret = 2");
            tracing::error!(target: "llama-cpp-2", message = "failed to decode, ret = -3");
            tracing::error!(message = "failed to decode, ret = 2");
        });
        let faults = [
            "failed to compute graph, compute status: -1",
            "failed to decode, ret = -3",
            "failed to decode, ret = 2",
        ];
        assert_eq!(*seen.0.lock().unwrap(), faults);
    }
}
