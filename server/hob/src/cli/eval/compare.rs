//! `--compare`: the same holes asked in several ways, to see what healing and mixture are worth, and which order of the prompt suits a
//! model. That a line's tokens are counted as what they show is part of every way.
//!
//! Must not compare what was not measured on the same holes.

use model::{Asking, Order};
use serde::Serialize;

use super::{
    Measured,
    interval::{Interval, bootstrap, chance, mean, share, wilson},
};

/// A way of asking.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) asking: Asking,
    /// What `engine.order` would have to be, if the way stands for an order.
    order: Option<&'static str>,
}

/// The ways beside the product's own. The first is the product's without its mixture: orders are compared with that
/// one, because the mixture would hide what they do.
pub(super) const WAYS: [Way; 6] = [
    way("configured order, no mixture", None, true, None),
    way("anchored, no mixture", Some(Order::Anchored), true, Some("anchored")),
    way("anchored, no healing, no mixture", Some(Order::Anchored), false, None),
    way("psm, no mixture", Some(Order::Psm), true, Some("psm")),
    way("psm, no healing, no mixture", Some(Order::Psm), false, None),
    way("spm, no mixture", Some(Order::Spm), true, Some("spm")),
];

const fn way(
    name: &'static str,
    order: Option<Order>,
    healing: bool,
    configured: Option<&'static str>,
) -> Way {
    Way {
        name,
        asking: Asking { order, healing, mixture: false, drafts: true, glance: false, workspace: None },
        order: configured,
    }
}

/// All ways, the product's first, and what follows for the configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Comparison {
    pub(super) ways: Vec<Row>,
    /// The order with the most exact answers, as `engine.order` spells it; the configured one, if no other has more.
    pub(super) best_order: &'static str,
    /// How much more often it is right than the configured order is, both without the mixture.
    pub(super) gain: Option<f64>,
    pub(super) gain_ci95: Option<Interval>,
    /// How probable such a gain is by chance alone (`McNemar`'s exact test).
    pub(super) gain_p: f64,
    /// Less probable than one in twenty.
    pub(super) clearly_better: bool,
}

/// One way against the product's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) way: &'static str,
    pub(super) exact: Option<f64>,
    exact_ci95: Option<Interval>,
    /// Its share of exact answers less the product's.
    pub(super) difference: Option<f64>,
    pub(super) difference_ci95: Option<Interval>,
    /// Holes where it is right and the product is not.
    pub(super) gained: usize,
    /// Holes where the product is right and it is not.
    pub(super) lost: usize,
}

impl Comparison {
    /// Of holes that were all asked in every way; `None` if they were not.
    pub(super) fn of(measured: &[Measured], configured: &'static str, seed: u64) -> Option<Self> {
        let asked = !measured.is_empty() && measured.iter().all(|one| one.ways.len() == WAYS.len());
        let exact =
            |way: usize| -> Vec<bool> { measured.iter().map(|one| one.ways[way].marks.exact).collect() };
        let product: Vec<bool> = measured.iter().map(|one| one.marks.exact).collect();
        asked.then(|| Self::of_marks(&product, &[0, 1, 2, 3, 4, 5].map(exact), configured, seed))
    }

    /// From whether each hole was answered exactly: by the product, and in each of [`WAYS`]. `order` is the configured one.
    fn of_marks(product: &[bool], ways: &[Vec<bool>; WAYS.len()], order: &'static str, seed: u64) -> Self {
        let row = |name, exact: &[bool]| Row {
            way: name,
            exact: share(hits(exact), exact.len()),
            exact_ci95: wilson(hits(exact), exact.len()),
            difference: mean(&differences(exact, product)),
            difference_ci95: bootstrap(&differences(exact, product), seed),
            gained: gained(exact, product),
            lost: gained(product, exact),
        };
        let mut rows = vec![row("as configured", product)];
        rows.extend(WAYS.iter().zip(ways).map(|(way, exact)| row(way.name, exact)));

        let configured = &ways[0];
        let mut best = (order, configured);
        for (way, exact) in WAYS.iter().zip(ways) {
            if let Some(other) = way.order
                && hits(exact) > hits(best.1)
            {
                best = (other, exact);
            }
        }
        let gains = differences(best.1, configured);
        let gain_p = chance(gained(best.1, configured), gained(configured, best.1));
        Self {
            ways: rows,
            best_order: best.0,
            gain: mean(&gains),
            gain_ci95: bootstrap(&gains, seed),
            gain_p,
            clearly_better: best.0 != order && gain_p < 0.05,
        }
    }
}

/// Holes that one fills and the other doesn't.
fn gained(exact: &[bool], other: &[bool]) -> usize {
    exact.iter().zip(other).filter(|(it, other)| **it && !**other).count()
}

fn hits(exact: &[bool]) -> usize {
    exact.iter().filter(|exact| **exact).count()
}

fn differences(exact: &[bool], other: &[bool]) -> Vec<f64> {
    let number = |exact: &bool| f64::from(u8::from(*exact));
    exact.iter().zip(other).map(|(it, other)| number(it) - number(other)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 holes of which the first `n` are right.
    fn first(n: usize) -> Vec<bool> {
        (0..100).map(|at| at < n).collect()
    }

    #[test]
    fn a_way_is_compared_hole_by_hole() {
        let found = Comparison::of_marks(&first(40), &[20, 20, 10, 45, 5, 0].map(first), "spm", 1);
        let psm = &found.ways[4];
        assert_eq!((psm.way, psm.exact, psm.gained, psm.lost), ("psm, no mixture", Some(0.45), 5, 0));
        assert!(psm.difference_ci95.is_some_and(|[from, to]| from > 0.0 && to < 0.11), "{psm:?}");
        assert_eq!((found.best_order, found.clearly_better), ("psm", true));
        assert!(found.gain.is_some_and(|gain| (gain - 0.25).abs() < 1e-9));
    }

    #[test]
    fn what_is_as_good_is_not_better() {
        let found = Comparison::of_marks(&first(40), &[20, 20, 10, 20, 5, 0].map(first), "spm", 1);
        assert_eq!((found.best_order, found.clearly_better), ("spm", false));
        let found = Comparison::of_marks(&first(40), &[20, 20, 10, 21, 5, 0].map(first), "spm", 1);
        assert_eq!((found.best_order, found.clearly_better), ("psm", false));
    }
}
