//! `e` to the power of many numbers at once, fast enough to be taken of a whole vocabulary at each token.
//!
//! `f32::exp` is a call for each number, a tenth of a small model's decode step. This is arithmetic that the compiler does on several
//! numbers at a time. Must stay within a few units in the last place: the mixture compares what it makes.

/// 1.5 · 2²³: added to a number of moderate size it leaves the nearest whole number in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// The logarithm of about the smallest normal number.
const LEAST: f32 = -87.0;

/// The natural logarithm of 2 in two parts, so that a multiple of it can be taken away without rounding: the first has few digits (Cody
/// and Waite).
const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);

/// `exp(x)` for `x` not above 0, 0 or nearly so for very small ones; whatever is not a number stays none.
#[inline]
pub(super) fn exp(x: f32) -> f32 {
    let within = x.max(LEAST);
    let rounded = within * std::f32::consts::LOG2_E + ROUND;
    let powers = rounded - ROUND;
    let rest = within - powers * LN_2.0 - powers * LN_2.1;
    // Taylor's series: the remainder is below 0.35⁷ / 7!, a unit in the last place.
    let series = 1.0 / 720.0;
    let series = series * rest + 1.0 / 120.0;
    let series = series * rest + 1.0 / 24.0;
    let series = series * rest + 1.0 / 6.0;
    let series = series * rest + 0.5;
    let series = series * rest + 1.0;
    let series = series * rest + 1.0;
    // The whole number goes into the exponent's bits, 127 of which mean 2⁰.
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    if x.is_nan() { x } else { power * series }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_the_exponential_function_to_a_few_units_in_the_last_place() {
        for step in 0..=u16::MAX {
            let x = f32::from(step) / -65_536.0 * 87.0;
            let (ours, exact) = (exp(x), x.exp());
            assert!((ours - exact).abs() <= exact * 1e-6, "exp({x}) is {exact}, not {ours}");
        }
        assert!((exp(0.0) - 1.0).abs() < f32::EPSILON);
        assert!(exp(f32::MIN) < 1e-37 && exp(f32::NEG_INFINITY) < 1e-37 && exp(f32::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn a_larger_number_has_no_smaller_power(a in -80.0f32..0.0, b in -80.0f32..0.0) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(exp(low) <= exp(high) * (1.0 + 1e-6));
        }
    }
}
