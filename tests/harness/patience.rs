//! Waiting for what nobody announces: a line in a log, the end of somebody else's child.
//!
//! Must not be used where an event can be waited for. A deadline here is there to end a test that would hang, never to make one pass.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take on a machine that builds and trains beside the tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks until `found` finds something; `None` when `patience` ran out.
pub fn eventually<T>(patience: Duration, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = found() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        thread::park_timeout(PAUSE);
    }
}
