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

/// A bar, and the first Ctrl-C. The second ends the process at once.
pub(super) struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// Begins to draw and to listen: `count` things that are called `what`.
    pub(super) fn start(count: usize, what: &str) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        // In this order: the first finds the flag down, so only the second shuts down.
        flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&stop))?;
        flag::register(SIGINT, Arc::clone(&stop))?;
        let bar = ProgressBar::new(count as u64);
        let template = format!("{{bar:30}} {{pos}} of {{len}} {what}, {{msg}}{{eta}} left");
        bar.set_style(ProgressStyle::with_template(&template)?);
        Ok(Self { bar, stop })
    }

    /// There are so many.
    pub(super) fn of(&self, count: usize) {
        self.bar.set_length(count as u64);
    }

    /// So many are done.
    pub(super) fn step(&self, done: usize) {
        self.bar.set_position(done as u64);
    }

    /// What else there is to say about them, with a comma and a blank at its end.
    pub(super) fn say(&self, message: String) {
        self.bar.set_message(message);
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
