//! How long a host is spared after a key, by how it kept up lately.
//!
//! A host that is slower than its users type would begin an answer for each key and finish none. So whoever is overtaken several times in
//! a row waits a little before asking, longer each time, and what a key ends in that time costs the host nothing: then the pauses get
//! answers, which are what people look at. Must not know a clock: it says how long, others wait.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Answers in a row that may be overtaken by the next key before anybody waits. A quick word is no sign of a slow host.
const PATIENCE: u32 = 3;
/// The first wait: less than lies between two keys.
const FIRST: Duration = Duration::from_millis(50);
/// How often that is doubled, to 400 ms: a pause that is longer is one in which somebody looks.
const DOUBLINGS: u32 = 3;
/// How much an answer that came counts against those that did not.
const RELIEF: u32 = 2;

/// See the module. For one user and one host.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU32);

impl Pace {
    /// How long to wait before the next question.
    pub(super) fn wait(&self) -> Duration {
        match self.0.load(Ordering::Relaxed).checked_sub(PATIENCE) {
            None => Duration::ZERO,
            Some(over) => FIRST * (1 << over.min(DOUBLINGS)),
        }
    }

    /// A question was asked, and taken back before a word came.
    pub(super) fn overtaken(&self) {
        let more = |strain: u32| (strain < PATIENCE + DOUBLINGS).then_some(strain + 1);
        // An error says that it was as high as it gets.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// A word came in time.
    pub(super) fn kept_up(&self) {
        let less = |strain: u32| Some(strain.saturating_sub(RELIEF));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_spared_the_longer_the_less_it_keeps_up() {
        let pace = Pace::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(pace.wait().as_millis());
            pace.overtaken();
        }
        assert_eq!(waits, [0, 0, 0, 50, 100, 200, 400, 400, 400]);
        let mut waits = Vec::new();
        for _ in 0..3 {
            waits.push(pace.wait().as_millis());
            pace.kept_up();
        }
        assert_eq!(waits, [400, 100, 0]);
    }
}
