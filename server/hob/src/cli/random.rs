//! Chance that can be repeated: the same seed draws the same on every machine and in every version.
//!
//! Must not be used for secrets.

/// `SplitMix64` (Steele, Lea, Flood 2014): small enough to be written down here, so that no dependency's update moves
/// what is drawn.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // The high half of the product: no division, and a bias of bound / 2^64.
        let product = u128::from(self.next()) * bound as u128;
        usize::try_from(product >> 64).expect("a number below a usize is one")
    }

    /// A number from 0 up to 1.
    pub(super) fn unit(&mut self) -> f64 {
        // As many bits as a float holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let numerator = self.below(1 << 53) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Changes the order of `items`; each order is as likely as any other.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }

    /// An index, the more often the heavier it is. `None` if nothing weighs anything.
    pub(super) fn weighted(&mut self, weights: &[usize]) -> Option<usize> {
        let total: usize = weights.iter().sum();
        if total == 0 {
            return None;
        }
        let mut left = self.below(total);
        weights.iter().position(|weight| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let mut random = Random::new(1_234_567);
        // The reference implementation's.
        assert_eq!((random.next(), random.next()), (6_457_827_717_110_365_317, 3_203_168_211_198_807_973));
        let mut letters: Vec<char> = "abcdef".chars().collect();
        random.shuffle(&mut letters);
        letters.sort_unstable();
        assert_eq!(letters, ['a', 'b', 'c', 'd', 'e', 'f']);
    }

    #[test]
    fn the_heavy_is_drawn_more_often() {
        let mut random = Random::new(1);
        let mut times = [0; 3];
        for _ in 0..4000 {
            times[random.weighted(&[1, 0, 3]).unwrap()] += 1;
        }
        assert!(times[1] == 0 && (900..1100).contains(&times[0]), "{times:?}");
        assert_eq!(random.weighted(&[0, 0]), None);
    }
}
