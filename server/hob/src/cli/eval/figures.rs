//! Figures of a group of holes: means and rates, each with its 95 % interval.
//!
//! Must not round: that is for whoever shows them.

use serde::Serialize;

use super::{
    interval::{Interval, bootstrap, mean, share, wilson},
    judge::Marks,
};

/// What is said of a group of answers. Shares are from 0 to 1, and `None` where there is nothing to share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figures {
    /// How many holes.
    pub(super) holes: usize,
    /// Share of holes answered with what was there.
    pub(super) exact: Option<f64>,
    /// Share of holes of which at least the first line was answered with what was there: of several lines a person
    /// often wants one.
    pub(super) first_line: Option<f64>,
    /// Mean over the holes.
    pub(super) edit_similarity: Option<f64>,
    /// Mean over the holes.
    pub(super) identifier_f1: Option<f64>,
    /// Share of the answers after which the file has no more syntax errors than it had.
    pub(super) parse_ok: Option<f64>,
    /// Share of the answers that go on where the truth ends.
    pub(super) over_run: Option<f64>,
    /// Share of the answers that end with what stands behind them anyhow.
    pub(super) doubled: Option<f64>,
    /// Share of holes without an answer.
    pub(super) empty: Option<f64>,
    pub(super) ci95: Intervals,
}

/// From and to of each figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Intervals {
    pub(super) exact: Option<Interval>,
    first_line: Option<Interval>,
    edit_similarity: Option<Interval>,
    identifier_f1: Option<Interval>,
    parse_ok: Option<Interval>,
    over_run: Option<Interval>,
    doubled: Option<Interval>,
    empty: Option<Interval>,
}

impl Figures {
    /// The figures of these answers; `seed` is the bootstrap's.
    pub(super) fn of(marks: &[Marks], seed: u64) -> Self {
        let holes = marks.len();
        let count = |wanted: &dyn Fn(&Marks) -> bool| marks.iter().filter(|marks| wanted(marks)).count();
        let exact = count(&|marks| marks.exact);
        let first_line = count(&|marks| marks.first_line);
        let answers = count(&|marks| marks.parse_ok.is_some());
        let parse_ok = count(&|marks| marks.parse_ok == Some(true));
        let over_run = count(&|marks| marks.over_run);
        let doubled = count(&|marks| marks.doubled);
        let similarity: Vec<f64> = marks.iter().map(|marks| marks.edit_similarity).collect();
        let f1: Vec<f64> = marks.iter().map(|marks| marks.identifier_f1).collect();
        Self {
            holes,
            exact: share(exact, holes),
            first_line: share(first_line, holes),
            edit_similarity: mean(&similarity),
            identifier_f1: mean(&f1),
            parse_ok: share(parse_ok, answers),
            over_run: share(over_run, answers),
            doubled: share(doubled, answers),
            empty: share(holes - answers, holes),
            ci95: Intervals {
                exact: wilson(exact, holes),
                first_line: wilson(first_line, holes),
                edit_similarity: bootstrap(&similarity, seed),
                identifier_f1: bootstrap(&f1, seed),
                parse_ok: wilson(parse_ok, answers),
                over_run: wilson(over_run, answers),
                doubled: wilson(doubled, answers),
                empty: wilson(holes - answers, holes),
            },
        }
    }
}
