//! Notices that the editor is gone when nobody says so: a `serve` that outlives its editor keeps a document open for nobody.
//!
//! stdin's end is the usual sign and the transport sees it; but a child of the editor may hold the pipe open. Must not poll faster
//! than a person could care.

use std::{sync::Arc, thread, time::Duration};

use tokio::sync::Notify;

/// Watches the editor's process, as `initialize` named it, and notifies when it has ended.
#[cfg(unix)]
pub(super) fn watch(process: i32, abandoned: Arc<Notify>) {
    use rustix::{
        io::Errno,
        process::{Pid, test_kill_process},
    };

    let Some(pid) = Pid::from_raw(process).filter(|pid| !pid.is_init()) else { return };
    let started = thread::Builder::new().name("watchdog".into()).spawn(move || {
        // EPERM means that it lives and is somebody else's.
        while test_kill_process(pid) != Err(Errno::SRCH) {
            thread::sleep(Duration::from_secs(1));
        }
        tracing::warn!(process, "the editor is gone");
        abandoned.notify_one();
    });
    if let Err(error) = started {
        tracing::warn!(%error, "the editor's process is not watched");
    }
}

/// Elsewhere only stdin's end tells.
#[cfg(not(unix))]
pub(super) fn watch(_process: i32, _abandoned: Arc<Notify>) {}
