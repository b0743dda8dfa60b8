//! Days, as numbers and as people write them. UTC, so that a traveller's days don't overlap.

/// Days since 1970-01-01 of a time in milliseconds since then.
pub(crate) fn of(ms: u64) -> i64 {
    i64::try_from(ms / 86_400_000).unwrap_or(i64::MAX)
}

/// `2026-11-22`.
pub(crate) fn written(day: i64) -> String {
    // From the first of March of the year 0, so that a leap day is a year's last: days in 400 years, in 100, in 4 and in one.
    let since = day.saturating_add(719_468);
    let (era, day) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (year, month) =
        (era * 400 + year + i64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
    format!("{year:04}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        assert_eq!(written(0), "1970-01-01");
        assert_eq!(written(of(951_782_400_000)), "2000-02-29");
        assert_eq!(written(of(951_868_799_999)), "2000-02-29");
        assert_eq!(written(of(951_868_800_000)), "2000-03-01");
        assert_eq!(written(of(1_795_305_600_000)), "2026-11-22");
        assert_eq!(written(47_540), "2100-02-28");
        assert_eq!(written(47_541), "2100-03-01");
    }
}
