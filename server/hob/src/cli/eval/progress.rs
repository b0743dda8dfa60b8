//! How far a measurement has come, on stderr where that is a terminal, and whether somebody wants it to end.
//!
//! Must not be needed for the result: where nobody watches, nothing is drawn.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::{consts::SIGINT, flag};

use super::interval::{count, share};

/// A bar, and the first Ctrl-C. The second ends the process at once.
pub(super) struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
    exact: usize,
}

impl Progress {
    /// Begins to draw and to listen.
    pub(super) fn start(holes: usize) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        // In this order: the first finds the flag down, so only the second shuts down.
        flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&stop))?;
        flag::register(SIGINT, Arc::clone(&stop))?;
        let bar = ProgressBar::new(holes as u64);
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos} of {len} holes, {msg}{eta} left")?);
        Ok(Self { bar, stop, exact: 0 })
    }

    /// One more hole is measured.
    pub(super) fn step(&mut self, exact: bool) {
        self.exact += usize::from(exact);
        self.bar.inc(1);
        let done = usize::try_from(self.bar.position()).unwrap_or(usize::MAX);
        let right = share(self.exact, done).unwrap_or_default() * count(100);
        self.bar.set_message(format!("{right:.0} % right, "));
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
