//! Work-done progress: what the window shows of work that takes long enough for a person to notice.
//!
//! Must not flicker: what is over before a person could read about it is not shown.

pub(super) mod index;
pub(super) mod model;

use std::time::Duration;

/// Work shorter than this is not worth a message.
const UNNOTICED: Duration = Duration::from_millis(400);
