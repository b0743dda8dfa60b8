//! What a provider says of when to come again.
//!
//! Must not read a clock: the date of today is an argument.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// A provider that asks for more is tried again after this: its day is over, or it is mistaken.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);

/// How long to stay away, by `retry-after-ms`, else by `retry-after` in either form. `None` where nothing is said that can be
/// understood, or where it means *now*. Of several, the longest; more than [`LONGEST`] is that.
pub(crate) fn read(headers: &HeaderMap, today: SystemTime) -> Option<Duration> {
    let longest = |name: &str, read: &dyn Fn(&str) -> Option<Duration>| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.filter_map(|text| read(text.trim())).max()
    };
    longest("retry-after-ms", &|text| number(text, 1e3))
        .or_else(|| longest("retry-after", &|text| number(text, 1.0).or_else(|| date(text, today))))
        .filter(|wait| !wait.is_zero())
        .map(|wait| wait.min(LONGEST))
}

/// A count of which `per_second` are a second. Decimals are not in the standard, and are sent.
fn number(text: &str, per_second: f64) -> Option<Duration> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = plain.then(|| text.parse::<f64>().ok())?? / per_second;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST))
}

fn date(text: &str, today: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(today).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    /// 2026-11-22, 03:00:00 UTC.
    const TODAY: u64 = 1_795_316_400;

    fn check(headers: &[(&str, &str)]) -> Option<u128> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let today = SystemTime::UNIX_EPOCH + Duration::from_secs(TODAY);
        read(&map, today).map(|wait| wait.as_millis())
    }

    #[test]
    fn seconds_dates_and_milliseconds_are_understood() {
        assert_eq!(check(&[("retry-after", "7")]), Some(7_000));
        assert_eq!(check(&[("retry-after", " 7 ")]), Some(7_000));
        assert_eq!(check(&[("retry-after", "0.25")]), Some(250));
        assert_eq!(check(&[("retry-after-ms", "1500")]), Some(1_500));
        assert_eq!(check(&[("retry-after", "Sun, 22 Nov 2026 03:00:09 GMT")]), Some(9_000));
        assert_eq!(check(&[("retry-after", "Sunday, 22-Nov-26 03:00:09 GMT")]), Some(9_000));
        assert_eq!(check(&[("retry-after", "Sun Nov 22 03:00:09 2026")]), Some(9_000));
    }

    #[test]
    fn milliseconds_go_before_seconds_and_the_longest_of_two_counts() {
        assert_eq!(check(&[("retry-after", "2"), ("retry-after-ms", "1500")]), Some(1_500));
        assert_eq!(check(&[("retry-after", "2"), ("retry-after-ms", "soon")]), Some(2_000));
        assert_eq!(check(&[("retry-after", "2"), ("retry-after", "5")]), Some(5_000));
    }

    #[test]
    fn what_is_absurd_is_at_most_a_day() {
        let day = Some(LONGEST.as_millis());
        assert_eq!(check(&[("retry-after", "99999999999999999999999999")]), day);
        assert_eq!(check(&[("retry-after", "86401")]), day);
        assert_eq!(check(&[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")]), day);
    }

    #[test]
    fn now_and_nonsense_say_nothing() {
        for value in
            ["0", "0.0", "", "-5", "soon", "1e9", "inf", "NaN", "1.2.3", "Thu, 01 Jan 1970 00:00:00 GMT"]
        {
            assert_eq!(check(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(check(&[]), None);
        assert_eq!(check(&[("retry-after", "\u{e9}5")]), None);
    }
}
