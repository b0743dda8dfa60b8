//! How long a suggestion is held back while somebody types past the ones before it. The answer itself is never held back: it is made as
//! the key arrives, and waits.
//!
//! Suggestions that come and go with each key are read by nobody and disturb whoever types. LSP reports no rejection, so it is inferred:
//! a suggestion that the next key contradicts sooner than it could be read. Must not look at a clock: it is told what time it is.

use std::time::{Duration, Instant};

use assist::GLANCE;

/// So many suggestions in a row have to be typed past before the next one waits for a pause.
const PATIENT: u32 = 2;

/// A key that comes later than this after the last says nothing about how quickly somebody types.
const PAUSE: Duration = Duration::from_secs(1);

/// How much the newest gap between two keys counts.
const NEWEST: f64 = 0.25;

/// A wait that is by so much longer than the usual gap between two keys ends in a pause.
const LONGER: f64 = 1.25;

/// One document's.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    last_key: Option<Instant>,
    /// The usual gap between keys.
    gap: Duration,
    /// Since when a suggestion is on screen.
    shown: Option<Instant>,
    /// Suggestions in a row that were typed past unread.
    ignored: u32,
}

impl Debounce {
    /// Notes a change of the text, which `agrees` with the suggestion on screen, if there is one.
    pub(super) fn typed(&mut self, now: Instant, agrees: bool) {
        if let Some(gap) = self.last_key.map(|last| now.saturating_duration_since(last))
            && gap < PAUSE
        {
            self.gap =
                if self.gap.is_zero() { gap } else { self.gap.mul_f64(1.0 - NEWEST) + gap.mul_f64(NEWEST) };
        }
        self.last_key = Some(now);
        if agrees {
            self.ignored = 0;
        } else if let Some(shown) = self.shown.take() {
            let unread = now.saturating_duration_since(shown) < GLANCE;
            self.ignored = if unread { self.ignored + 1 } else { 0 };
        }
    }

    /// Notes that a suggestion is shown.
    pub(super) fn shown(&mut self, now: Instant) {
        self.shown = Some(now);
    }

    /// Until when the next suggestion is to wait, at most `most` after the last key; `None`: not at all.
    pub(super) fn until(&self, most: Duration) -> Option<Instant> {
        let wait = self.gap.mul_f64(LONGER).min(most);
        (self.ignored >= PATIENT && !wait.is_zero()).then_some(self.last_key? + wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_millis(200);

    /// Somebody who types. Each suggestion is there 20 ms after its key, unless it has to wait.
    struct Typist {
        debounce: Debounce,
        now: Instant,
        /// When the next suggestion appears, if no key comes before.
        appears: Option<Instant>,
    }

    impl Typist {
        fn new() -> Self {
            Self { debounce: Debounce::default(), now: Instant::now(), appears: None }
        }

        /// Types a key after `gap` milliseconds and says after how many the suggestion is to appear.
        fn key(&mut self, gap: u64, agrees: bool) -> u128 {
            self.now += Duration::from_millis(gap);
            if let Some(appears) = self.appears.filter(|appears| *appears <= self.now) {
                self.debounce.shown(appears);
            }
            self.debounce.typed(self.now, agrees);
            let there = self.now + Duration::from_millis(20);
            let appears = self.debounce.until(MOST).map_or(there, |until| until.max(there));
            self.appears = Some(appears);
            (appears - self.now).as_millis()
        }
    }

    #[test]
    fn suggestions_that_are_typed_past_come_to_wait_for_a_pause() {
        let mut typist = Typist::new();
        let waits: Vec<_> = (0..6).map(|_| typist.key(120, false)).collect();
        assert_eq!(waits, [20, 20, 150, 150, 150, 150]);
        assert_eq!(typist.key(900, false), 20, "what was on screen for a while was read");
    }

    #[test]
    fn whoever_types_along_sees_them_at_once() {
        let mut typist = Typist::new();
        assert!((0..20).all(|_| typist.key(100, true) == 20));
        assert!((0..6).any(|_| typist.key(100, false) > 20));
        assert_eq!(typist.key(100, true), 20, "one that was right is enough");
    }

    #[test]
    fn a_slow_typist_waits_no_longer_than_the_limit() {
        let mut typist = Typist::new();
        let waits: Vec<_> = (0..6).map(|_| typist.key(350, false)).collect();
        assert_eq!(waits.last(), Some(&200));
        assert_eq!(typist.debounce.until(Duration::ZERO), None, "0 switches it off");
    }
}
