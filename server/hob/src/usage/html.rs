//! The page of `hob usage --html`: one file with charts, and beside each chart its figures as a table.
//!
//! Must not load or run anything: no script, no style or font from elsewhere, and a policy in the page that forbids it. Every name that was
//! not written here is escaped.

mod chart;

use std::fmt::Write;

use config::Usd;

use super::{
    day,
    figures::{Figures, Sums},
    money::{BreakEven, dollars, span, usd},
    report::{Report, by_day, by_language, sentences, total},
    store::LOCAL,
};
use chart::{Series, Stand, bars, beside, escape, lines};

/// Longer tables scroll.
const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let (from, to) = report.span;
    let (from, to) = (day::written(from), day::written(to));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Hob: usage from {from} to {to}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>Usage</h1>\n\
         <p>{from} to {to} (UTC). Counted on this machine, without any text of yours.</p>\n</header>\n"
    );
    let local = total(&report.local());
    cards(&mut page, report, &local);
    let sections: [fn(&mut String, &Report); 6] =
        [requests, spending, tokens, latency, break_even, languages];
    for section in sections {
        section(&mut page, report);
    }
    page.push_str("<section>\n<h2>What this takes for granted</h2>\n<ul>\n");
    for assumption in &report.money.assumptions {
        // Writing to a string can't fail.
        let _ = writeln!(page, "<li>{}</li>", escape(assumption));
    }
    page.push_str("</ul>\n</section>\n</main>\n</body>\n</html>\n");
    page
}

/// What somebody wants to know at a glance.
fn cards(page: &mut String, report: &Report, local: &Figures) {
    let money = &report.money;
    let sent = total(&report.sent());
    let mut cards = vec![
        ("answered here", grouped(local.requests), "requests on this machine".to_owned()),
        ("taken", share(local.acceptance_rate), format!("{} of {} shown", local.accepted.total, local.shown)),
        (
            "sent",
            grouped(sent.requests),
            format!("{} tokens there, {} back", grouped(sent.tokens_prompt), grouped(sent.tokens_decoded)),
        ),
        (
            "spent",
            money.spent.to_string(),
            format!("{} a month, going on like this", usd(money.month_spent_usd)),
        ),
    ];
    if let Some(saved) = &money.saved {
        let what = format!("at least, at {}; at most {}", saved.against, saved.at_most);
        cards.push(("not spent", saved.at_least.to_string(), what));
    }
    page.push_str("<dl class=\"cards\">\n");
    for (name, value, about) in cards {
        let _ = writeln!(
            page,
            "<div><dt>{name}</dt><dd><strong>{}</strong><span>{}</span></dd></div>",
            escape(&value),
            escape(&about)
        );
    }
    page.push_str("</dl>\n<section class=\"words\">\n");
    for sentence in sentences(money) {
        let _ = writeln!(page, "<p>{}</p>", escape(&sentence));
    }
    page.push_str("</section>\n");
}

/// A chart and its table. `parts` are the names of its colours.
fn figure(page: &mut String, heading: &str, about: &str, parts: &[&str], svg: &str, table: &str) {
    let _ = write!(page, "<section>\n<h2>{}</h2>\n<p>{}</p>\n", escape(heading), escape(about));
    if parts.len() > 1 {
        page.push_str("<p class=\"key\">");
        for (number, part) in parts.iter().enumerate() {
            let _ = write!(page, "<span><i class=\"s{number}\"></i>{}</span>", escape(part));
        }
        page.push_str("</p>\n");
    }
    // A wide table has no room beside a chart.
    let class = if table.split("</tr>").next().is_some_and(|head| head.matches("<th").count() > 5) {
        "figure below"
    } else {
        "figure"
    };
    let _ = write!(
        page,
        "<div class=\"{class}\">\n<figure>{svg}</figure>\n<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{}: the figures\">\n{table}</div>\n</div>\n</section>\n",
        escape(heading)
    );
}

/// A table whose first column has names.
fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = "<table>\n<thead><tr>".to_owned();
    for head in heads {
        let _ = write!(text, "<th scope=\"col\">{}</th>", escape(head));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = if at == 0 {
                write!(text, "<th scope=\"row\">{cell}</th>")
            } else {
                write!(text, "<td>{cell}</td>")
            };
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
    text
}

/// The days that are shown: from the first that something was counted on.
fn days(report: &Report) -> Vec<i64> {
    let first = report.sums.iter().map(|sum| sum.day).min().unwrap_or(report.span.1);
    (first.max(report.span.0)..=report.span.1).collect()
}

/// A day on an axis: `11-22`.
fn short(day: i64) -> String {
    day::written(day).get(5..).unwrap_or_default().to_owned()
}

fn requests(page: &mut String, report: &Report) {
    let days = days(report);
    let [here, sent] = [report.local(), report.sent()].map(|sums| {
        let sums = by_day(&sums);
        let count = |day: &i64| sums.get(&day::written(*day)).map_or(0, |sums| sums.figures().requests);
        days.iter().map(count).collect::<Vec<u64>>()
    });
    let names: Vec<String> = days.iter().map(|day| short(*day)).collect();
    let series = [
        Series { name: "answered here", values: here.iter().map(|count| float(*count)).collect() },
        Series { name: "sent", values: sent.iter().map(|count| float(*count)).collect() },
    ];
    let rows = days.iter().zip(here.iter().zip(&sent)).rev();
    let rows: Vec<Vec<String>> =
        rows.map(|(day, (here, sent))| vec![day::written(*day), grouped(*here), grouped(*sent)]).collect();
    figure(
        page,
        "Requests by day",
        "How often something was asked: of this machine, and of others.",
        &["answered here", "sent"],
        &bars("requests", "Requests by day", &names, &series, Stand::Stacked, count),
        &table(&["day", "here", "sent"], &rows),
    );
}

fn spending(page: &mut String, report: &Report) {
    let days = days(report);
    let sent = by_day(&report.sent());
    let spent: Vec<Usd> = days
        .iter()
        .map(|day| Usd(sent.get(&day::written(*day)).map_or(0, |sums| sums.figures().spent_nanousd)))
        .collect();
    let saved = |day: &i64| {
        let saved = report.money.saved.as_ref().and_then(|saved| saved.by_day.get(day));
        saved.copied().unwrap_or_default()
    };
    let names: Vec<String> = days.iter().map(|day| short(*day)).collect();
    let series = [
        Series { name: "not spent", values: days.iter().map(|day| dollars(saved(day))).collect() },
        Series { name: "spent", values: spent.iter().map(|amount| dollars(*amount)).collect() },
    ];
    let rows = days.iter().zip(&spent).rev();
    let rows: Vec<Vec<String>> =
        rows.map(|(day, spent)| vec![day::written(*day), amount(*spent), amount(saved(day))]).collect();
    figure(
        page,
        "Money by day",
        "What was spent, and what this machine's answers would have cost at least.",
        &["not spent", "spent"],
        &bars("money", "Money by day", &names, &series, Stand::Stacked, usd),
        &table(&["day", "spent", "not spent"], &rows),
    );
}

fn tokens(page: &mut String, report: &Report) {
    let mut rows = Vec::new();
    let mut marks: Vec<(String, Vec<f64>)> = Vec::new();
    for ((destination, task), sums) in report.traffic() {
        let figures = sums.figures();
        let (known, decoded) = (figures.tokens_known, figures.tokens_decoded);
        let read = figures.tokens_prompt.saturating_sub(known);
        let who = if destination == LOCAL { "this machine".to_owned() } else { destination.clone() };
        let bound = |bound: Option<u32>| {
            bound.map_or("\u{2013}".to_owned(), |ms| format!("{} ms", grouped(ms.into())))
        };
        rows.push(vec![
            format!("{who}, {task}"),
            grouped(figures.requests),
            grouped(figures.tokens_prompt),
            grouped(decoded),
            bound(figures.latency.p50_ms_at_most),
            bound(figures.latency.p95_ms_at_most),
            if destination == LOCAL { "\u{2013}".to_owned() } else { Usd(figures.spent_nanousd).to_string() },
        ]);
        let values = [known, read, decoded].map(float);
        match marks.last_mut().filter(|(name, _)| *name == who) {
            Some((_, sums)) => sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
            None => marks.push((who, values.to_vec())),
        }
    }
    let parts = ["prompts, known from before", "prompts, read anew", "answers"];
    figure(
        page,
        "Tokens by who answered",
        "Prompts and answers. What was known from before was in a cache, this machine's or the provider's.",
        &parts,
        &beside("tokens", "Tokens by who answered", &marks, &parts, count),
        &table(&["who, for what", "requests", "tokens in", "out", "half in", "95 % in", "spent"], &rows),
    );
}

fn latency(page: &mut String, report: &Report) {
    let of = |sums: Vec<super::store::Sum>| {
        let mut all = Sums::default();
        for sum in &sums {
            all.add(&sum.counter, sum.value);
        }
        all.latencies()
    };
    let [here, sent] = [of(report.local()), of(report.sent())];
    let mut bounds: Vec<Option<u32>> = here.iter().chain(&sent).map(|(bound, _)| *bound).collect();
    bounds.sort_by_key(|bound| bound.unwrap_or(u32::MAX));
    bounds.dedup();
    if bounds.is_empty() {
        return;
    }
    let words = |bound: &Option<u32>| match bound {
        Some(ms @ ..1000) => format!("{ms} ms"),
        Some(ms) => format!("{} s", f64::from(*ms) / 1000.0),
        None => "more".to_owned(),
    };
    let names: Vec<String> = bounds.iter().map(words).collect();
    let at = |counts: &[(Option<u32>, u64)], bound: &Option<u32>| {
        counts.iter().find(|(other, _)| other == bound).map_or(0, |(_, count)| *count)
    };
    // Of each kind its own share: there are thousands of the one and a few of the other.
    let values = |counts: &[(Option<u32>, u64)]| {
        let all = counts.iter().map(|(_, count)| count).sum::<u64>().max(1);
        bounds.iter().map(|bound| 100.0 * float(at(counts, bound)) / float(all)).collect()
    };
    let series =
        [Series { name: "here", values: values(&here) }, Series { name: "sent", values: values(&sent) }];
    let rows = bounds.iter().zip(&names).map(|(bound, name)| {
        vec![format!("at most {name}"), grouped(at(&here, bound)), grouped(at(&sent, bound))]
    });
    figure(
        page,
        "How long answers took",
        "From the request to what was shown here, and to the end of an answer from elsewhere. Each bar is the share of the answers \
         between the time below it and the one before.",
        &["here", "sent"],
        &bars("latency", "How long answers took", &names, &series, Stand::Apart, percent),
        &table(&["within", "here", "sent"], &rows.collect::<Vec<_>>()),
    );
}

fn break_even(page: &mut String, report: &Report) {
    let Some(compared) = &report.money.break_even else { return };
    let BreakEven { hardware, pays_after_months, .. } = compared;
    // Up to twice the point where they cross, so that it is seen what follows; else all its life.
    let life = hardware.years * 12.0;
    let end = pays_after_months.map_or(life, |months| (months * 2.0).min(life)).max(1.0);
    let places = 24;
    let at = |place: u32| end * f64::from(place) / f64::from(places);
    let points: Vec<(f64, f64)> = (0..=places).map(|place| compared.after(at(place))).collect();
    let names: Vec<String> = (0..=places).map(|place| plain(at(place))).collect();
    let series = [
        Series { name: "hardware and its power", values: points.iter().map(|(_, own)| *own).collect() },
        Series { name: "bills", values: points.iter().map(|(bills, _)| *bills).collect() },
    ];
    let crossing = pays_after_months.map(|months| {
        (months / end * f64::from(places), compared.after(months).0, format!("after {}", span(months)))
    });
    let rows = points.iter().enumerate().filter(|(place, _)| place.is_multiple_of(2));
    let rows =
        rows.map(|(place, (bills, own))| vec![format!("{} months", names[place]), usd(*own), usd(*bills)]);
    figure(
        page,
        "Hardware of one's own, or bills",
        "What has been paid after so many months.",
        &["hardware and its power", "bills"],
        &lines("even", "Hardware of one's own, or bills", &names, &series, crossing, usd),
        &table(&["after", "hardware, power", "bills"], &rows.collect::<Vec<_>>()),
    );
}

fn languages(page: &mut String, report: &Report) {
    let languages = by_language(&report.local());
    if languages.is_empty() {
        return;
    }
    let mut languages: Vec<(String, Figures)> =
        languages.into_iter().map(|(name, sums)| (name, sums.figures())).collect();
    languages.sort_by(|(a, one), (b, other)| other.requests.cmp(&one.requests).then_with(|| a.cmp(b)));
    let rows: Vec<Vec<String>> = languages
        .iter()
        .map(|(name, figures)| {
            vec![
                name.clone(),
                grouped(figures.shown),
                grouped(figures.accepted.total),
                share(figures.acceptance_rate),
                share(figures.kept_5min.rate),
                figures.keystrokes_saved_per_100.map_or("\u{2013}".to_owned(), |saved| format!("{saved:.1}")),
            ]
        })
        .collect();
    let marks: Vec<(String, Vec<f64>)> = languages
        .iter()
        .map(|(name, figures)| {
            let taken = figures.accepted.total;
            (name.clone(), vec![float(taken), float(figures.shown.saturating_sub(taken))])
        })
        .collect();
    figure(
        page,
        "Suggestions by language",
        "What was shown here, and what of it was taken. Saved: of 100 keys, so many were not pressed.",
        &["taken", "not taken"],
        &beside("languages", "Suggestions by language", &marks, &["taken", "not taken"], count),
        &table(&["language", "shown", "taken", "rate", "kept 5 min", "saved"], &rows),
    );
}

/// A count with gaps between its thousands.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count on an axis.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn count(count: f64) -> String {
    match count {
        ..10.0 if count.fract() != 0.0 => format!("{count:.1}"),
        ..1e6 => grouped(count.round() as u64),
        _ => format!("{:.1} M", count / 1e6),
    }
}

/// A rate, where there is one.
fn share(rate: Option<f64>) -> String {
    rate.map_or("\u{2013}".to_owned(), |rate| percent(rate * 100.0))
}

/// An amount, where there is one.
fn amount(amount: Usd) -> String {
    if amount == Usd(0) { "\u{2013}".to_owned() } else { amount.to_string() }
}

/// A share on an axis.
fn percent(share: f64) -> String {
    format!("{share:.0} %")
}

/// A number without a fraction that says nothing.
fn plain(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "a chart")]
fn float(count: u64) -> f64 {
    count as f64
}
