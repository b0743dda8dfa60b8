//! How far an evaluation has come, and how much of it was right so far.
//!
//! Must not be needed for the result.

use anyhow::Result;

use crate::cli::{
    interval::{count, share},
    progress,
};

/// A bar that tells the share of exact answers.
pub(super) struct Progress {
    bar: progress::Progress,
    done: usize,
    exact: usize,
}

impl Progress {
    /// Begins to draw and to listen.
    pub(super) fn start(holes: usize) -> Result<Self> {
        Ok(Self { bar: progress::Progress::start(holes, "holes")?, done: 0, exact: 0 })
    }

    /// One more hole is measured.
    pub(super) fn step(&mut self, exact: bool) {
        self.done += 1;
        self.exact += usize::from(exact);
        self.bar.step(self.done);
        let right = share(self.exact, self.done).unwrap_or_default() * count(100);
        self.bar.say(format!("{right:.0} % right, "));
    }

    /// Whether Ctrl-C was pressed.
    pub(super) fn stopped(&self) -> bool {
        self.bar.stopped()
    }
}
