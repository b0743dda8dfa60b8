//! The report as a person reads it in a terminal.
//!
//! Must not compute: every figure here is in the JSON too.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use super::{
    alternatives::Beside,
    compare::Comparison,
    context::Ablation,
    curve::{Bucket, Gate, Point},
    figures::Figures,
    interval::Interval,
    report::Report,
};

/// Columns of a bar that stands for 1.
const BAR: usize = 40;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holes = self.product.all.holes;
        let of = if holes < self.asked { format!(" of {}", self.asked) } else { String::new() };
        let files = if self.files == 1 { "file" } else { "files" };
        writeln!(f, "{holes}{of} holes in {} {files}, seed {}\n", self.files, self.seed)?;
        self.who(f)?;
        self.by_kind(f)?;
        surest(f, &self.shown, self.precision_at_20)?;
        gate(f, &self.default_gate)?;
        if self.default_gate_by_language.len() > 1 {
            by_language(f, &self.default_gate_by_language)?;
        }
        believed(f, &self.calibration)?;
        let silences: Vec<String> =
            self.silences.iter().map(|(code, times)| format!("{times} × {code}")).collect();
        if !silences.is_empty() {
            writeln!(f, "\nSilent: {}", silences.join(", "))?;
        }
        writeln!(
            f,
            "\nAn answer at a new place takes {:.0} ms (median), {:.0} ms (95 % take less); of this, the mixture takes {:.2} ms a token",
            self.ms.p50, self.ms.p95, self.ms.choosing
        )?;
        self.alternatives.as_ref().map_or(Ok(()), |beside| several(f, beside))?;
        self.compare.as_ref().map_or(Ok(()), |comparison| compared(f, comparison))?;
        self.context.as_ref().map_or(Ok(()), |ablation| from_elsewhere(f, ablation))
    }
}

impl Report {
    /// Everybody's figures over all holes.
    fn who(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.model.as_str();
        let width = name.chars().count().max(10);
        writeln!(
            f,
            "{:width$} {:>8} {:>15} {:>10} {:>11} {:>9} {:>9} {:>8}",
            "", "exact", "(95 %)", "similarity", "identifiers", "parses", "over-runs", "silent"
        )?;
        let baselines = &self.baselines;
        for (name, figures) in
            [(name, &self.product.all), ("n-grams", &baselines.ngram.all), ("copying", &baselines.copy.all)]
        {
            writeln!(
                f,
                "{name:width$} {:>8} {:>15} {:>10} {:>11} {:>9} {:>9} {:>8}",
                percent(figures.exact),
                between(figures.ci95.exact),
                percent(figures.edit_similarity),
                percent(figures.identifier_f1),
                percent(figures.parse_ok),
                percent(figures.over_run),
                percent(figures.empty)
            )?;
        }
        Ok(())
    }

    /// Exact answers by language and kind, of everybody.
    fn by_kind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:22} {:>6} {:>8} {:>15} {:>10} {:>10}",
            "Exact", "holes", "model", "(95 %)", "n-grams", "copying"
        )?;
        let baselines = &self.baselines;
        let line =
            |f: &mut fmt::Formatter<'_>, name: &str, figures: &Figures, ngram: &Figures, copy: &Figures| {
                writeln!(
                    f,
                    "{name:22} {:>6} {:>8} {:>15} {:>10} {:>10}",
                    figures.holes,
                    percent(figures.exact),
                    between(figures.ci95.exact),
                    percent(ngram.exact),
                    percent(copy.exact)
                )
            };
        for (language, figures) in &self.product.by_language {
            let (ngram, copy) = (&baselines.ngram, &baselines.copy);
            line(f, language, figures, &ngram.by_language[language], &copy.by_language[language])?;
            for (kind, figures) in &self.product.tables[language] {
                let name = format!("  {kind}");
                line(f, &name, figures, &ngram.tables[language][kind], &copy.tables[language][kind])?;
            }
        }
        Ok(())
    }
}

/// Precision against coverage.
fn surest(f: &mut fmt::Formatter<'_>, points: &[Point], at_20: Option<f64>) -> fmt::Result {
    writeln!(f, "\nIf only the surest answers were shown")?;
    writeln!(f, "{:>8} {:>11} {:>10}", "coverage", "confidence", "precision")?;
    for point in points {
        let Point { confidence, coverage, precision } = *point;
        writeln!(
            f,
            "{:>8} {:>11} {:>10}  {}",
            percent(Some(coverage)),
            percent(Some(confidence)),
            percent(Some(precision)),
            bar(precision)
        )?;
    }
    writeln!(f, "precision at 20 % coverage: {}", percent(at_20))
}

/// What the configuration shows.
fn gate(f: &mut fmt::Formatter<'_>, gate: &Gate) -> fmt::Result {
    writeln!(
        f,
        "\nWith completion.min_confidence = {:.0} an editor shows an answer at {} of the holes; {} of these are exact, {} add a \
         syntax error, {} leave one that was not there once, and {} say again what follows",
        gate.min_confidence * 100.0,
        percent(gate.coverage),
        percent(gate.precision),
        percent(gate.added_parse_errors),
        percent(gate.left_parse_errors),
        percent(gate.doubled)
    )
}

/// What it shows of each language.
fn by_language(f: &mut fmt::Formatter<'_>, gates: &BTreeMap<&'static str, Gate>) -> fmt::Result {
    writeln!(
        f,
        "\n{:12} {:>6} {:>9} {:>8} {:>11} {:>12} {:>6}",
        "", "shown", "coverage", "exact", "adds error", "leaves error", "again"
    )?;
    for (language, gate) in gates {
        writeln!(
            f,
            "{language:12} {:>6} {:>9} {:>8} {:>11} {:>12} {:>6}",
            gate.shown,
            percent(gate.coverage),
            percent(gate.precision),
            percent(gate.added_parse_errors),
            percent(gate.left_parse_errors),
            percent(gate.doubled)
        )?;
    }
    Ok(())
}

/// Stated confidence against what came.
fn believed(f: &mut fmt::Formatter<'_>, buckets: &[Bucket]) -> fmt::Result {
    writeln!(f, "\nHow sure the engine says it is of the first line, and how often that was right")?;
    writeln!(f, "{:>10} {:>8} {:>8} {:>8}", "confidence", "answers", "stated", "right")?;
    for bucket in buckets.iter().filter(|bucket| bucket.holes > 0) {
        let range = format!("{:.0}–{:.0} %", bucket.from * 100.0, bucket.to * 100.0);
        let bar = bar(bucket.observed.unwrap_or_default());
        writeln!(
            f,
            "{range:>10} {:>8} {:>8} {:>8}  {bar}",
            bucket.holes,
            percent(bucket.stated),
            percent(bucket.observed)
        )?;
    }
    Ok(())
}

/// What several suggestions are worth, and what they cost.
fn several(f: &mut fmt::Formatter<'_>, beside: &Beside) -> fmt::Result {
    writeln!(f, "\n{:34} {:>8} {:>15}", "What was there is among", "holes", "(95 %)")?;
    for among in &beside.among {
        let name =
            if among.count == 1 { "the first".to_owned() } else { format!("the first {}", among.count) };
        writeln!(f, "{name:34} {:>8} {:>15}", percent(among.exact), between(among.exact_ci95))?;
    }
    writeln!(
        f,
        "Where there is a suggestion there are {:.2}; the first takes {:.0} ms (median; 95 %: {:.0}), the others {:.0} ms more (95 %: {:.0})",
        beside.suggestions.unwrap_or_default(),
        beside.first_ms.p50,
        beside.first_ms.p95,
        beside.others_ms.p50,
        beside.others_ms.p95
    )
}

/// The ways of asking, and what to write into the configuration.
fn compared(f: &mut fmt::Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    writeln!(
        f,
        "\n{:34} {:>8} {:>10} {:>15} {:>8} {:>8}",
        "Ways of asking", "exact", "difference", "(95 %)", "gained", "lost"
    )?;
    for row in &comparison.ways {
        writeln!(
            f,
            "{:34} {:>8} {:>10} {:>15} {:>8} {:>8}",
            row.way,
            percent(row.exact),
            points(row.difference),
            between(row.difference_ci95),
            row.gained,
            row.lost
        )?;
    }
    let gain = format!(
        "{:+.1} points {}",
        comparison.gain.unwrap_or_default() * 100.0,
        between(comparison.gain_ci95)
    );
    if comparison.clearly_better {
        let mut advice = String::new();
        writeln!(
            advice,
            "\nThe order `{0}` is clearly better for this model ({gain}). To use it, in Hob's config.toml:\n",
            comparison.best_order
        )?;
        write!(advice, "[engine]\norder = \"{}\"", comparison.best_order)?;
        writeln!(f, "{advice}")
    } else if comparison.gain.is_none_or(|gain| gain <= 0.0) {
        writeln!(f, "\nNo other order is better for this model than the configured one.")
    } else {
        writeln!(
            f,
            "\nThe order `{}` came out best ({gain}), but not clearly: measure more holes before you change `engine.order`.",
            comparison.best_order
        )
    }
}

/// What is worth showing from elsewhere in the workspace.
fn from_elsewhere(f: &mut fmt::Formatter<'_>, ablation: &Ablation) -> fmt::Result {
    let Ablation { all, cross_file, ngrams } = ablation;
    let parts = [
        ("All holes", all.as_slice()),
        ("Calls into another file", cross_file),
        ("The same without n-grams", std::slice::from_ref(ngrams)),
    ];
    for (title, rows) in parts {
        writeln!(
            f,
            "\n{title:34} {:>6} {:>8} {:>10} {:>13} {:>11} {:>10} {:>13}",
            "holes", "exact", "difference", "(95 %)", "identifiers", "difference", "(95 %)"
        )?;
        for row in rows {
            writeln!(
                f,
                "{:34} {:>6} {:>8} {:>10} {:>13} {:>11} {:>10} {:>13}",
                row.shown,
                row.holes,
                percent(row.exact),
                points(row.exact_difference),
                between(row.exact_difference_ci95),
                percent(row.identifier_f1),
                points(row.f1_difference),
                between(row.f1_difference_ci95)
            )?;
        }
    }
    Ok(())
}

fn points(difference: Option<f64>) -> String {
    difference.map_or_else(|| "-".to_owned(), |points| format!("{:+.1}", points * 100.0))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

fn between(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "-".to_owned(), |[from, to]| format!("{:.1} to {:.1}", from * 100.0, to * 100.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the width of a bar"
)]
fn bar(share: f64) -> String {
    "█".repeat((share.clamp(0.0, 1.0) * super::interval::count(BAR)).round() as usize)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::Stats;

    use super::*;
    use crate::cli::eval::{
        Judged, Measured,
        ask::Answer,
        compare,
        cut::Kind,
        holes::fixture,
        judge::{Said, judge},
        report::Run,
    };

    /// A hole whose truth is `g(y);`, and what the model and both baselines said there; every other way of asking is right.
    fn measured(kind: Kind, said: &str, confidence: f64, baseline: &str) -> Measured {
        let hole = fixture(kind, "fn f() {\n    let x = $0g(y);$1\n}\n");
        let judged = |text: &str| {
            let said = (!text.is_empty()).then(|| Said { text: text.to_owned(), consumed: 0 });
            Judged { marks: judge(&hole, said.as_ref()), said }
        };
        let Judged { said, marks } = judged(said);
        let reason = if said.is_some() { "shown" } else { "nothing_missing" };
        let stats = Stats { confidence, decoded_tokens: 5, choosing_ms: 0.6, ..Stats::default() };
        let right = |way: &compare::Way| judged(if way.name.starts_with("psm") { "g(y);" } else { "" });
        Measured {
            answer: Answer { said, reason, stats, ms: 12.0, others: Vec::new(), others_ms: None },
            marks,
            others: Vec::new(),
            ngram: judged(baseline),
            copy: judged("g(z);"),
            ways: compare::WAYS.iter().map(right).collect(),
            shown: None,
            hole,
        }
    }

    #[test]
    fn a_report_that_a_person_can_read() {
        let mut holes =
            vec![measured(Kind::Line, "g(y);", 0.93, "g(y);"), measured(Kind::Statement, "", 0.0, "")];
        holes.extend((0..6).map(|_| measured(Kind::Line, "g(y", 0.4, "")));
        let run =
            Run { model: "ember".to_owned(), seed: 7, asked: 9, threshold: 0.5, order: "auto", most: 1 };
        // The bar marks the margin.
        let told = Report::of(&holes, run).to_string() + "|";
        let told: Vec<&str> = told.lines().map(str::trim_end).collect();
        expect![[r#"
            8 of 9 holes in 1 file, seed 7

                          exact          (95 %) similarity identifiers    parses over-runs   silent
            ember        12.5 %     2.2 to 47.1     57.5 %      87.5 %    14.3 %     0.0 %   12.5 %
            n-grams      12.5 %     2.2 to 47.1     12.5 %      12.5 %   100.0 %     0.0 %   87.5 %
            copying       0.0 %     0.0 to 32.4     80.0 %      50.0 %   100.0 %     0.0 %    0.0 %

            Exact                   holes    model          (95 %)    n-grams    copying
            rust                        8   12.5 %     2.2 to 47.1     12.5 %      0.0 %
              line                      7   14.3 %     2.6 to 51.3     14.3 %      0.0 %
              statement                 1    0.0 %     0.0 to 79.3      0.0 %      0.0 %

            If only the surest answers were shown
            coverage  confidence  precision
              12.5 %      93.0 %    100.0 %  ████████████████████████████████████████
              25.0 %      40.0 %     50.0 %  ████████████████████
              37.5 %      40.0 %     33.3 %  █████████████
              50.0 %      40.0 %     25.0 %  ██████████
              62.5 %      40.0 %     20.0 %  ████████
              75.0 %      40.0 %     16.7 %  ███████
              87.5 %      40.0 %     14.3 %  ██████
            precision at 20 % coverage: 50.0 %

            With completion.min_confidence = 50 an editor shows an answer at 12.5 % of the holes; 100.0 % of these are exact, 0.0 % add a syntax error, 0.0 % leave one that was not there once, and 0.0 % say again what follows

            How sure the engine says it is of the first line, and how often that was right
            confidence  answers   stated    right
               40–50 %        6   40.0 %    0.0 %
              90–100 %        1   93.0 %  100.0 %  ████████████████████████████████████████

            Silent: 1 × nothing_missing

            An answer at a new place takes 12 ms (median), 12 ms (95 % take less); of this, the mixture takes 0.12 ms a token

            Ways of asking                        exact difference          (95 %)   gained     lost
            as configured                        12.5 %       +0.0      0.0 to 0.0        0        0
            configured order, no mixture          0.0 %      -12.5    -37.5 to 0.0        0        1
            anchored, no mixture                  0.0 %      -12.5    -37.5 to 0.0        0        1
            anchored, no healing, no mixture      0.0 %      -12.5    -37.5 to 0.0        0        1
            psm, no mixture                     100.0 %      +87.5   62.5 to 100.0        7        0
            psm, no healing, no mixture         100.0 %      +87.5   62.5 to 100.0        7        0
            spm, no mixture                       0.0 %      -12.5    -37.5 to 0.0        0        1

            The order `psm` is clearly better for this model (+100.0 points 100.0 to 100.0). To use it, in Hob's config.toml:

            [engine]
            order = "psm"
            |"#]].assert_eq(&told.join("\n"));
    }
}
