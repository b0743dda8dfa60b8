//! How far the typing has come, on stderr where that is a terminal, and whether somebody wants it to end.
//!
//! Must not be needed for the result: where nobody watches, nothing is drawn.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::{consts::SIGINT, flag};

/// A bar, and the first Ctrl-C. The second ends the process at once.
pub(super) struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// Begins to draw and to listen.
    pub(super) fn start(keys: usize) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        // In this order: the first finds the flag down, so only the second shuts down.
        flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&stop))?;
        flag::register(SIGINT, Arc::clone(&stop))?;
        let bar = ProgressBar::new(keys as u64);
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos} of {len} keys, {eta} left")?);
        Ok(Self { bar, stop })
    }

    /// So many keys were pressed.
    pub(super) fn step(&self, keys: usize) {
        self.bar.set_position(keys as u64);
    }

    /// Whether Ctrl-C was pressed.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
