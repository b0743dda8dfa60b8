//! Budgets: a call, a UTC day, a UTC month, and what is left of each.
//!
//! Must be asked inside the transaction that then reserves, or two windows see the same money.

use std::fmt;

use config::{Budget, Usd};
use jiff::{Timestamp, tz::TimeZone};
use rusqlite::{Connection, params};

use super::{ReserveError, number, unsigned};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// One request, retries included.
    Call,
    /// A day, UTC.
    Day,
    /// A month, UTC.
    Month,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "what one request may cost",
            Self::Day => "today's budget (UTC)",
            Self::Month => "this month's budget (UTC)",
        })
    }
}

/// A window has less left than a request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it could cost up to {wanted}, and {left} is left of {window}")]
pub struct Refusal {
    /// The first that has too little.
    pub window: Window,
    /// What it has.
    pub left: Usd,
    /// What the request may cost.
    pub wanted: Usd,
}

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Of the day.
    pub day: Usd,
    /// Of the month.
    pub month: Usd,
}

/// The first millisecond of the day of `now`, and the first of the next.
pub(super) fn day(now: u64) -> (u64, u64) {
    let first = now - now % DAY;
    (first, first.saturating_add(DAY))
}

/// The first millisecond of the month of `now`, and the first of the next.
pub(super) fn month(now: u64) -> (u64, u64) {
    let month = || -> Result<(u64, u64), jiff::Error> {
        let date = Timestamp::from_millisecond(number(now))?.to_zoned(TimeZone::UTC).date();
        let begin = |date: jiff::civil::Date| -> Result<u64, jiff::Error> {
            Ok(unsigned(date.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond()))
        };
        Ok((begin(date.first_of_month())?, begin(date.last_of_month().tomorrow()?)?))
    };
    // A clock that shows no time that a calendar has: everything that was ever spent counts.
    month().unwrap_or((0, u64::MAX))
}

/// Whether each window has room for `worst`.
pub(super) fn check(
    connection: &Connection,
    decision: &str,
    worst: Usd,
    budget: &Budget,
    now: u64,
) -> Result<(), ReserveError> {
    let call = connection
        .prepare_cached("SELECT nanousd FROM held WHERE decision_id = ?")?
        .query_map([decision], |row| row.get::<_, i64>(0))?
        .try_fold(Usd(0), |sum, held| held.map(|held| sum.plus(Usd(unsigned(held)))))?;
    let left = left(connection, budget, now)?;
    let windows =
        [(Window::Call, budget.per_call.minus(call)), (Window::Day, left.day), (Window::Month, left.month)];
    match windows.into_iter().find(|(_, left)| *left < worst) {
        Some((window, left)) => Err(Refusal { window, left, wanted: worst }.into()),
        None => Ok(()),
    }
}

/// What is left of day and month.
pub(super) fn left(connection: &Connection, budget: &Budget, now: u64) -> rusqlite::Result<Left> {
    Ok(Left {
        day: budget.day.minus(held(connection, day(now))?),
        month: budget.month.minus(held(connection, month(now))?),
    })
}

/// What reservations of this span hold: its first millisecond, and the first that is not of it.
pub(super) fn held(connection: &Connection, (from, to): (u64, u64)) -> rusqlite::Result<Usd> {
    let mut rows =
        connection.prepare_cached("SELECT nanousd FROM held WHERE at_utc_ms >= ? AND at_utc_ms < ?")?;
    // Summed here, where a sum that is too large is the largest, and not an error or a floating point number.
    rows.query_map(params![number(from), number(to)], |row| row.get::<_, i64>(0))?
        .try_fold(Usd(0), |sum, held| held.map(|held| sum.plus(Usd(unsigned(held)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_where_calendars_have_it() {
        // 2026-11-22T03:45:00Z.
        let now = 1_795_319_100_000;
        assert_eq!(day(now), (1_795_305_600_000, 1_795_392_000_000));
        assert_eq!(month(now), (1_793_491_200_000, 1_796_083_200_000));
        let (_, december) = month(now);
        assert_eq!(month(december).0, december);
        assert_eq!(month(december - 1), month(now));
        // 2028 has a 29th of February.
        let february = month(1_835_000_000_000);
        assert_eq!((february.1 - february.0) / DAY, 29);
        assert_eq!(month(u64::MAX), (0, u64::MAX));
    }
}
