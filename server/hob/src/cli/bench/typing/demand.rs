//! `--assert`: what has to hold of the report, `ttft_ms.p99<=15`.
//!
//! Must not let a misspelt name pass: it is an error before the first key.

use serde_json::Value;

use super::report::{Report, Run};

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Demand {
    path: String,
    comparison: Comparison,
    number: f64,
}

/// How a value and a number are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtMost,
    AtLeast,
    Equal,
    Below,
    Above,
}

/// The longer ones first: `<=` begins like `<`.
const COMPARISONS: [(&str, Comparison); 5] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

impl Comparison {
    fn sign(self) -> &'static str {
        COMPARISONS.iter().find(|(_, comparison)| *comparison == self).map_or("", |(sign, _)| sign)
    }

    fn holds(self, value: f64, number: f64) -> bool {
        match self {
            Self::AtMost => value <= number,
            Self::AtLeast => value >= number,
            Self::Equal => (value - number).abs() < f64::EPSILON,
            Self::Below => value < number,
            Self::Above => value > number,
        }
    }
}

impl Demand {
    /// Reads `path op number`, with or without blanks.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let found = text.find(['<', '>', '=']).and_then(|at| {
            let comparison = COMPARISONS.iter().find(|(sign, _)| text[at..].starts_with(sign));
            comparison.map(|(sign, comparison)| (&text[..at], *comparison, &text[at + sign.len()..]))
        });
        let Some((path, comparison, number)) = found else {
            return Err(
                "a name, one of <=, >=, <, >, == and a number are needed: 'ttft_ms.p99<=15'".to_owned()
            );
        };
        let (path, number) = (path.trim(), number.trim());
        let parsed = number.parse::<f64>().ok().filter(|number| number.is_finite());
        let number = parsed.ok_or_else(|| format!("`{number}` is not a number"))?;
        is_known(path)?;
        Ok(Self { path: path.to_owned(), comparison, number })
    }

    /// Whether it is met, and a line that says so.
    pub(super) fn judge(&self, report: &Value) -> (bool, String) {
        let value = self.path.split('.').fold(report, |value, name| &value[name]).as_f64();
        let met = value.is_some_and(|value| self.comparison.holds(value, self.number));
        let verdict = if met { "ok    " } else { "FAILED" };
        let found = value.map_or_else(|| "nothing was measured".to_owned(), |value| format!("{value:.3}"));
        (met, format!("{verdict} {} {} {} ({found})", self.path, self.comparison.sign(), self.number))
    }
}

/// Whether the report has a figure of this name; if not, why not.
fn is_known(path: &str) -> Result<(), String> {
    // A report of nothing has all names but those of processes, which no demand can count on.
    let report = serde_json::to_value(Report::of(&[], &Run::default())).map_err(|error| error.to_string())?;
    let mut value = &report;
    for name in path.split('.') {
        let names: Vec<&str> =
            value.as_object().into_iter().flat_map(|names| names.keys()).map(String::as_str).collect();
        value = value.get(name).ok_or_else(|| match names.as_slice() {
            [] => format!("`{path}`: there is nothing below the figure before `{name}`"),
            names => format!("the report has no `{name}` in `{path}`; here it has {}", names.join(", ")),
        })?;
    }
    match value {
        Value::Object(names) => {
            let names: Vec<&str> = names.keys().map(String::as_str).collect();
            Err(format!("`{path}` is a group of figures: add one of .{}", names.join(", .")))
        }
        Value::String(_) => Err(format!("`{path}` is no number")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::cli::bench::typing::report::tests::{recorded, run};

    #[test]
    fn what_holds_and_what_does_not() {
        let report = serde_json::to_value(Report::of(&recorded(), &run())).unwrap();
        let told: Vec<String> = [
            "ttft_ms.p50<=6",
            "ttft_ms.p99 < 15",
            "kv_reuse>0.7",
            "keystrokes == 6",
            "events.key.n>=5",
            "events.paste.ttft_ms.p99<1",
        ]
        .iter()
        .map(|text| Demand::read(text).unwrap().judge(&report).1)
        .collect();
        expect![[r#"
            ok     ttft_ms.p50 <= 6 (6.000)
            FAILED ttft_ms.p99 < 15 (90.000)
            ok     kv_reuse > 0.7 (0.749)
            ok     keystrokes == 6 (6.000)
            FAILED events.key.n >= 5 (4.000)
            FAILED events.paste.ttft_ms.p99 < 1 (nothing was measured)"#]]
        .assert_eq(&told.join("\n"));
    }

    #[test]
    fn what_can_not_be_demanded() {
        let told: Vec<String> =
            ["ttft", "ttft_ms.p90<1", "ttft_ms<1", "model==1", "seed.x<1", "rss_mb<much", "<1"]
                .iter()
                .map(|text| Demand::read(text).unwrap_err())
                .collect();
        expect![[r#"
            a name, one of <=, >=, <, >, == and a number are needed: 'ttft_ms.p99<=15'
            the report has no `p90` in `ttft_ms.p90`; here it has n, p50, p95, p99
            `ttft_ms` is a group of figures: add one of .n, .p50, .p95, .p99
            `model` is no number
            `seed.x`: there is nothing below the figure before `x`
            `much` is not a number
            the report has no `` in ``; here it has background_tokens_per_key, cache, cancel_ms, cpu_s_per_1000_keys, evaluated_tokens, events, first_line_ms, floor_ms, keystrokes, kv_reuse, model, outcomes, overhead_ms, processes, rss_mb, seed, shown_ms, speed, stale_share, ttft_ms, ttft_over_floor"#]].assert_eq(&told.join("\n"));
    }
}
