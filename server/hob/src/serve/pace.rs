//! How much is done before anybody asks: decoding on each change and ahead of what is shown, or only reading the text.
//!
//! `engine.pace` says it. Left to Hob, nothing is decoded ahead on battery or on a busy machine; what is typed still is, for the editor
//! asks for it a moment later anyway. And there is a budget: decoding that nobody waits for may take half of one engine's time, averaged
//! over some seconds. Reading the text is never held back: it is a token or two a key, and without it the answer itself is late. Must
//! not hold a lock across anything.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Seconds of decoding that a second of time brings into the budget.
const SHARE: f64 = 0.5;

/// Seconds of decoding that the budget holds at most: a paragraph is typed at full speed before it counts.
const BUDGET: f64 = 6.0;

/// How long an answer to "is the machine busy" holds.
const LOOK: Duration = Duration::from_secs(5);

/// What may be done before anybody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effort {
    /// Read the text, so that decoding can begin at once.
    Read,
    /// And decode for the place where the user types.
    Decode,
    /// And for places where the user may soon be.
    Ahead,
}

/// Decides it, for one window.
#[derive(Debug, Clone)]
pub(super) struct Pace(Arc<Mutex<Budget>>);

#[derive(Debug)]
struct Budget {
    /// Seconds of decoding left; below zero after a long answer.
    left: f64,
    /// When that was so.
    at: Instant,
    /// Whether the machine has better things to do, and when it was looked at.
    machine: Option<(bool, Instant)>,
    /// How to look at the machine.
    is_strained: fn() -> bool,
}

impl Pace {
    /// A full budget, on this machine.
    pub(super) fn new(now: Instant) -> Self {
        Self::on(is_strained, now)
    }

    fn on(is_strained: fn() -> bool, now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Budget { left: BUDGET, at: now, machine: None, is_strained })))
    }

    /// What may be done now where `engine.pace` is `pace`.
    pub(super) fn effort(&self, pace: config::Pace, now: Instant) -> Effort {
        match pace {
            config::Pace::Full => Effort::Ahead,
            config::Pace::Gentle => Effort::Read,
            config::Pace::Auto => {
                let mut budget = self.lock();
                budget.refill(now);
                if budget.left <= 0.0 {
                    Effort::Read
                } else if budget.is_strained(now) {
                    Effort::Decode
                } else {
                    Effort::Ahead
                }
            }
        }
    }

    /// Notes that decoding which nobody waited for took `seconds`.
    pub(super) fn spend(&self, seconds: f64, now: Instant) {
        let mut budget = self.lock();
        budget.refill(now);
        budget.left -= seconds;
    }

    fn lock(&self) -> MutexGuard<'_, Budget> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budget {
    fn refill(&mut self, now: Instant) {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * SHARE;
        (self.left, self.at) = ((self.left + earned).min(BUDGET), now);
    }

    fn is_strained(&mut self, now: Instant) -> bool {
        match self.machine {
            Some((strained, looked)) if now.saturating_duration_since(looked) < LOOK => strained,
            _ => {
                let strained = (self.is_strained)();
                self.machine = Some((strained, now));
                strained
            }
        }
    }
}

/// Whether the machine runs on battery, or more wants to run on it than it has processors. Linux tells; elsewhere nobody knows here.
fn is_strained() -> bool {
    on_battery(Path::new("/sys/class/power_supply")) || is_busy()
}

/// Whether there is a battery and no other supply gives power.
fn on_battery(supplies: &Path) -> bool {
    let Ok(supplies) = std::fs::read_dir(supplies) else { return false };
    let says = |supply: &Path, file: &str| {
        std::fs::read_to_string(supply.join(file)).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let (mut battery, mut mains) = (false, false);
    for supply in supplies.flatten().map(|entry| entry.path()) {
        // The battery of a mouse is a device's.
        battery |= says(&supply, "type") == "Battery" && says(&supply, "scope") != "Device";
        mains |= says(&supply, "online") == "1";
    }
    battery && !mains
}

/// Whether over the last minute one process more than there are processors wanted to run.
fn is_busy() -> bool {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = load.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or(0.0);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    load > f64::from(u32::try_from(processors).unwrap_or(u32::MAX)) + 1.0
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn who_decodes_more_than_half_of_the_time_is_held_back_until_it_is_less() {
        let start = Instant::now();
        let pace = Pace::on(|| false, start);
        let mut decoded = 0.0;
        // A tenth of a second of decoding, ten times a second, for a minute.
        for key in 0..600 {
            let now = start + seconds(f64::from(key) * 0.1);
            if pace.effort(config::Pace::Auto, now) > Effort::Read {
                decoded += 0.1;
                pace.spend(0.1, now);
            }
        }
        assert!((30.0..=BUDGET + 30.5).contains(&decoded), "{decoded} of 60 s");
    }

    #[test]
    fn the_user_has_the_last_word() {
        let now = Instant::now();
        let strained = Pace::on(|| true, now);
        assert_eq!(strained.effort(config::Pace::Auto, now), Effort::Decode);
        assert_eq!(strained.effort(config::Pace::Full, now), Effort::Ahead);
        let idle = Pace::on(|| false, now);
        assert_eq!(idle.effort(config::Pace::Auto, now), Effort::Ahead);
        assert_eq!(idle.effort(config::Pace::Gentle, now), Effort::Read);
    }

    #[test]
    fn a_laptop_without_its_charger_is_on_battery_and_a_desktop_with_a_wireless_mouse_is_not() {
        let check = |supplies: &[(&str, &str, &str)], expected: bool| {
            let folder = tempfile::tempdir().unwrap();
            for (number, (kind, online, scope)) in supplies.iter().enumerate() {
                let supply = folder.path().join(number.to_string());
                fs::create_dir(&supply).unwrap();
                for (file, text) in [("type", kind), ("online", online), ("scope", scope)] {
                    fs::write(supply.join(file), format!("{text}\n")).unwrap();
                }
            }
            assert_eq!(on_battery(folder.path()), expected, "{supplies:?}");
        };
        check(&[], false);
        check(&[("Mains", "1", ""), ("Battery", "", "")], false);
        check(&[("Mains", "0", ""), ("Battery", "", "System")], true);
        check(&[("Battery", "", "Device")], false);
        assert!(!on_battery(Path::new("/nowhere")));
    }
}
