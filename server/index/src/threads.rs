//! The index's own threads: they let everybody else go first.
//!
//! Must not run anything that a key press waits for.

use std::{io, thread};

/// How nice they are, of 19 at most: nicer than the parse of the open document, which a suggestion may wait for.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

/// Starts a thread at low priority.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        yield_to_others();
        work();
    })
}

/// Lowers the current thread's priority. On Linux a thread has one of its own; one that can't be lowered is no harm. Elsewhere nothing is
/// done, because it would take `unsafe` code.
#[cfg(target_os = "linux")]
pub fn yield_to_others() {
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
}

#[cfg(not(target_os = "linux"))]
pub fn yield_to_others() {}
