//! How long a person waits between two keys.
//!
//! Must not sleep and must not look at a clock: who replays does.

use std::{f64::consts::TAU, time::Duration};

use crate::cli::random::Random;

/// Median of what lies between two keys of a word. Dhakal et al. (CHI 2018) measured a mean of 239 ms over 168,000 people and 120 ms
/// for the quick; somebody who programs all day is near the quick.
const KEY_MS: f64 = 140.0;
/// Standard deviation of its logarithm: 95 % of the keys come within 290 ms.
const SPREAD: f64 = 0.45;
/// Nobody is quicker, but for keys that are rolled, and slower is a pause.
const KEY_RANGE_MS: (f64, f64) = (35.0, 900.0);
/// A look at what is there, at the end of a line or at another place.
const PAUSE_RANGE_MS: (f64, f64) = (500.0, 2000.0);

/// What the person does between two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// Goes on typing.
    Key,
    /// Thinks: at the end of a line, or on the way to another place.
    Thought,
}

impl Pause {
    /// Draws its length at natural speed.
    pub(super) fn length(self, random: &mut Random) -> Duration {
        let ms = match self {
            Self::Key => (KEY_MS.ln() + SPREAD * normal(random)).exp().clamp(KEY_RANGE_MS.0, KEY_RANGE_MS.1),
            Self::Thought => {
                let (least, most) = PAUSE_RANGE_MS;
                least + (most - least) * random.unit()
            }
        };
        Duration::from_secs_f64(ms / 1e3)
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(random: &mut Random) -> f64 {
    // The logarithm of 0 is none.
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (TAU * random.unit()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_as_people_type_them() {
        let mut random = Random::new(1);
        let mut ms: Vec<f64> =
            (0..2001).map(|_| Pause::Key.length(&mut random).as_secs_f64() * 1e3).collect();
        ms.sort_by(f64::total_cmp);
        assert!((130.0..150.0).contains(&ms[1000]) && (260.0..320.0).contains(&ms[1900]), "{}", ms[1900]);
        let thought = Pause::Thought.length(&mut random).as_secs_f64();
        assert!((0.5..2.0).contains(&thought));
    }
}
