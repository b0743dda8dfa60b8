//! The report as a person reads it in a terminal.
//!
//! Must not compute: every figure here is in the JSON too.

use std::fmt;

use super::{
    figures::Spread,
    kind::Kind,
    report::{Group, Report},
};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let speed = if (self.speed - 1.0).abs() < 1e-9 {
            String::new()
        } else {
            format!(", {} × a person's speed", self.speed)
        };
        writeln!(f, "{} keys, {}, seed {}{speed}\n", self.keystrokes, self.model, self.seed)?;
        self.by_kind(f)?;
        self.latency(f)?;
        self.work(f)
    }
}

impl Report {
    fn by_kind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:20} {:>5} {:>5} {:>5}   {:^20}   {:^20}   {:^20}   {:^11}  {:>6}",
            "", "", "no", "over-", "first token, ms", "shown, ms", "first line, ms", "evaluated", ""
        )?;
        let (p, m) = (["p50", "p95", "p99"], ["mean", "p95"]);
        writeln!(
            f,
            "{:20} {:>5} {:>5} {:>5}   {}   {}   {}   {:>5} {:>5}  {:>6}",
            "key",
            "n",
            "token",
            "taken",
            row(p),
            row(p),
            row(p),
            m[0],
            m[1],
            "reused"
        )?;
        for kind in Kind::ALL {
            let group = &self.events[kind.name()];
            if group.n > 0 {
                line(f, kind.name(), group)?;
            }
        }
        line(
            f,
            "all",
            &Group {
                n: self.keystrokes,
                no_token: self.outcomes.no_token,
                overtaken: self.outcomes.overtaken,
                ttft_ms: self.ttft_ms,
                shown_ms: self.shown_ms,
                first_line_ms: self.first_line_ms,
                evaluated_tokens: self.evaluated_tokens,
                reused: self.cache.reused,
            },
        )
    }

    fn latency(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times =
            |times: Option<f64>| times.map_or_else(|| "-".to_owned(), |times| format!("{times:.1} ×"));
        writeln!(
            f,
            "\nThe floor, one decode step: {} ms. A first token takes {} (p50) and {} (p99) of it; {} first tokens in {} keys",
            number(self.floor_ms),
            times(self.ttft_over_floor.p50),
            times(self.ttft_over_floor.p99),
            self.ttft_ms.n,
            self.keystrokes
        )?;
        let cache = &self.cache;
        writeln!(
            f,
            "They came from: {} decoded, {} a running answer, {} a finished one, {} decoded ahead",
            cache.decode, cache.stream, cache.cache, cache.ahead
        )?;
        writeln!(
            f,
            "Hob adds to the engine's time {} ms (p99 of {}); a cancel takes {} ms (p95 of {})",
            number(self.overhead_ms.p99),
            self.overhead_ms.n,
            number(self.cancel_ms.p95),
            self.cancel_ms.n
        )?;
        let outcomes = &self.outcomes;
        writeln!(
            f,
            "The editor asked {} times: {} shown, {} empty, {} taken back by the next key, {} refused",
            outcomes.asked, outcomes.shown, outcomes.empty, outcomes.taken_back, outcomes.refused
        )
    }

    fn work(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        writeln!(
            f,
            "\nKV cache reuse {}; work for cancelled questions {}; {} tokens a key evaluated at idle",
            percent(self.kv_reuse),
            percent(self.stale_share),
            number(self.background_tokens_per_key)
        )?;
        writeln!(f, "{} processor seconds for 1,000 keys", number(self.cpu_s_per_1000_keys))?;
        for (work, taken) in &self.processes {
            writeln!(f, "{work:10} {:>8.1} MB {:>8.2} s", taken.rss_mb, taken.cpu_s)?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, group: &Group) -> fmt::Result {
    writeln!(
        f,
        "{name:20} {:>5} {:>5} {:>5}   {}   {}   {}   {:>5} {:>5}  {:>6}",
        group.n,
        group.no_token,
        group.overtaken,
        spread(&group.ttft_ms),
        spread(&group.shown_ms),
        spread(&group.first_line_ms),
        number(group.evaluated_tokens.mean),
        number(group.evaluated_tokens.p95),
        group.reused.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
    )
}

fn spread(spread: &Spread) -> String {
    let [p50, p95, p99] = [spread.p50, spread.p95, spread.p99].map(number);
    row([p50.as_str(), p95.as_str(), p99.as_str()])
}

fn row(cells: [&str; 3]) -> String {
    format!("{:>6} {:>6} {:>6}", cells[0], cells[1], cells[2])
}

/// Three digits that count.
fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value.abs() < 9.995 => format!("{value:.2}"),
        Some(value) if value.abs() < 99.95 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::cli::bench::typing::report::tests::{recorded, run};

    #[test]
    fn a_report_that_a_person_can_read() {
        let told = Report::of(&recorded(), &run()).to_string() + "|";
        let told: Vec<&str> = told.lines().map(str::trim_end).collect();
        expect![[r#"
            6 keys, ember, seed 1

                                          no over-     first token, ms           shown, ms            first line, ms       evaluated
            key                      n token taken      p50    p95    p99      p50    p95    p99      p50    p95    p99    mean   p95  reused
            key                      4     1     1     0.30   6.00   6.00     1.00   1.00   1.00     2.00   2.00   2.00    1.00  2.00    50 %
            enter                    1     1     0        -      -      -        -      -      -        -      -      -       -     -       -
            open                     1     0     0     90.0   90.0   90.0     40.0   40.0   40.0     99.0   99.0   99.0     900   900     0 %
            all                      6     2     1     6.00   90.0   90.0     1.00   40.0   40.0     2.00   99.0   99.0     181   900    33 %

            The floor, one decode step: 5.00 ms. A first token takes 1.2 × (p50) and 18.0 × (p99) of it; 3 first tokens in 6 keys
            They came from: 2 decoded, 1 a running answer, 0 a finished one, 0 decoded ahead
            Hob adds to the engine's time 2.00 ms (p99 of 2); a cancel takes 2.50 ms (p95 of 2)
            The editor asked 5 times: 2 shown, 1 empty, 1 taken back by the next key, 1 refused

            KV cache reuse 74.9 %; work for cancelled questions 0.4 %; 3.33 tokens a key evaluated at idle
            100 processor seconds for 1,000 keys
            engine         70.0 MB     0.30 s
            serve          30.0 MB     0.30 s
            |"#]].assert_eq(&told.join("\n"));
    }
}
