//! What was counted and what it cost, as tables for a person and as JSON for programs.
//!
//! Must not read a file or a clock: it is given sums.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

use super::{
    day,
    figures::{Figures, Kept, Sums},
    money::{Money, usd},
    store::{LOCAL, Sum},
};

/// Everything that `hob usage` tells.
#[derive(Debug)]
pub(crate) struct Report {
    /// Sums of all destinations.
    pub(crate) sums: Vec<Sum>,
    /// What was learned of them.
    pub(crate) learned: Vec<Value>,
    /// What they come to.
    pub(crate) money: Money,
    /// The first day and the last.
    pub(crate) span: (i64, i64),
}

impl Report {
    /// What happened on this machine.
    pub(crate) fn local(&self) -> Vec<Sum> {
        self.sums.iter().filter(|sum| sum.destination == LOCAL).cloned().collect()
    }

    /// What was sent.
    pub(crate) fn sent(&self) -> Vec<Sum> {
        self.sums.iter().filter(|sum| sum.destination != LOCAL).cloned().collect()
    }

    /// Sums by destination and task.
    pub(crate) fn traffic(&self) -> BTreeMap<(String, String), Sums> {
        let mut groups: BTreeMap<(String, String), Sums> = BTreeMap::new();
        // What is typed is counted as a task, but asks nobody.
        for sum in self.sums.iter().filter(|sum| sum.task != "typing") {
            groups
                .entry((sum.destination.clone(), sum.task.clone()))
                .or_default()
                .add(&sum.counter, sum.value);
        }
        groups
    }

    /// One object for programs.
    pub(crate) fn answer(&self) -> Value {
        let mut answer = answer(&self.local(), &self.learned, self.span);
        let sent = self.sent();
        answer["by_task"] = by_task(&self.sums).into();
        answer["sent"] = json!({ "total": total(&sent), "by_day": named("day", by_day(&sent)) });
        answer["money"] = json!(self.money);
        answer
    }

    /// Tables for a person.
    pub(crate) fn page(&self) -> String {
        let local = self.local();
        let mut text = String::new();
        if !local.is_empty() {
            text.push_str(&page(&local, &self.learned, self.span));
            text.push('\n');
        }
        traffic(&mut text, self);
        text.push('\n');
        money(&mut text, self);
        text
    }
}

/// Where answers came from.
fn traffic(text: &mut String, report: &Report) {
    // Writing to a string can't fail.
    let _ = writeln!(
        text,
        "{:<34} {:<16}{:>8}{:>12}{:>13}{:>12}{:>11}{:>11}{:>11}",
        "who answered",
        "task",
        "requests",
        "tokens in",
        "of it known",
        "tokens out",
        "half in",
        "95 % in",
        "spent"
    );
    let within = |bound: Option<u32>| bound.map_or("-".to_owned(), |ms| format!("{ms} ms"));
    for ((destination, task), sums) in report.traffic() {
        let figures = sums.figures();
        let spent = if destination == LOCAL {
            "-".to_owned()
        } else {
            config::Usd(figures.spent_nanousd).to_string()
        };
        let _ = writeln!(
            text,
            "{:<34} {:<16}{:>8}{:>12}{:>13}{:>12}{:>11}{:>11}{:>11}",
            destination,
            task,
            figures.requests,
            figures.tokens_prompt,
            figures.tokens_known,
            figures.tokens_decoded,
            within(figures.latency.p50_ms_at_most),
            within(figures.latency.p95_ms_at_most),
            spent
        );
    }
}

/// What it comes to.
fn money(text: &mut String, report: &Report) {
    let money = &report.money;
    for sentence in sentences(money) {
        let _ = writeln!(text, "{sentence}");
    }
    let _ = writeln!(text, "\nWhat this takes for granted:");
    for assumption in &money.assumptions {
        let _ = writeln!(text, "- {assumption}");
    }
}

/// The answers, each a sentence.
pub(crate) fn sentences(money: &Money) -> Vec<String> {
    let mut said =
        vec![format!("Spent: {}, which makes {} a month.", money.spent, usd(money.month_spent_usd))];
    if money.held > money.spent {
        said.push(format!("Held against the budgets: {}, as not all of it was counted yet.", money.held));
    }
    if let Some(saved) = &money.saved {
        said.push(format!(
            "Not spent: what this machine answered would have cost between {} and {} at {}.",
            saved.at_least, saved.at_most, saved.against
        ));
    }
    if let Some(all) = money.month_all_cloud_usd {
        said.push(format!("A month with all of it there: {}.", usd(all)));
    }
    said.extend(money.break_even.as_ref().map(super::money::BreakEven::sentence));
    said
}

/// Sums under a name each of them has.
fn by(sums: &[Sum], name: impl Fn(&Sum) -> String) -> BTreeMap<String, Sums> {
    let mut groups: BTreeMap<String, Sums> = BTreeMap::new();
    for sum in sums {
        groups.entry(name(sum)).or_default().add(&sum.counter, sum.value);
    }
    groups
}

pub(super) fn total(sums: &[Sum]) -> Figures {
    by(sums, |_| String::new()).remove("").unwrap_or_default().figures()
}

pub(super) fn by_day(sums: &[Sum]) -> BTreeMap<String, Sums> {
    by(sums, |sum| day::written(sum.day))
}

pub(super) fn by_language(sums: &[Sum]) -> BTreeMap<String, Sums> {
    by(sums, |sum| sum.language.clone())
}

fn answer(sums: &[Sum], learned: &[Value], (from, to): (i64, i64)) -> Value {
    json!({
        "from": day::written(from),
        "to": day::written(to),
        "total": total(sums),
        "by_day": named("day", by_day(sums)),
        "by_language": named("language", by_language(sums)),
        "by_task": by_task(sums),
        "learned": learned,
    })
}

/// Each group's figures, with its name in `key`.
fn named(key: &str, groups: BTreeMap<String, Sums>) -> Vec<Value> {
    let group = |(name, sums): (String, Sums)| {
        let mut figures = json!(sums.figures());
        figures[key] = name.into();
        figures
    };
    groups.into_iter().map(group).collect()
}

/// Figures by destination and task.
fn by_task(sums: &[Sum]) -> Vec<Value> {
    let mut tasks = Vec::new();
    for (destination, sums) in by_destination(sums) {
        for mut figures in named("task", by(&sums, |sum| sum.task.clone())) {
            figures["destination"] = destination.clone().into();
            tasks.push(figures);
        }
    }
    tasks
}

fn by_destination(sums: &[Sum]) -> BTreeMap<String, Vec<Sum>> {
    let mut destinations: BTreeMap<String, Vec<Sum>> = BTreeMap::new();
    for sum in sums {
        destinations.entry(sum.destination.clone()).or_default().push(sum.clone());
    }
    destinations
}

/// Tables for a person.
fn page(sums: &[Sum], learned: &[Value], (from, to): (i64, i64)) -> String {
    let mut text = format!("On this machine, {} to {} (UTC)\n\n", day::written(from), day::written(to));
    table(&mut text, "day", by_day(sums));
    text.push('\n');
    table(&mut text, "language", by_language(sums));
    let total = total(sums);
    text.push('\n');
    line(&mut text, "total", &total);
    // Writing to a string can't fail.
    let accepted = total.accepted;
    let _ = writeln!(
        text,
        "\ntaken: {} whole, {} by line, {} by word; {} more typed to their end, {} typed over, {} gone before they could be read",
        accepted.whole,
        accepted.by_line,
        accepted.by_word,
        total.typed_through,
        total.typed_over,
        total.unread
    );
    if let Some(saved) = total.keystrokes_saved_per_100 {
        let _ = writeln!(text, "keystrokes saved per 100: {saved}");
    }
    let early = total.kept_5min.early;
    if early > 0 {
        let _ = writeln!(
            text,
            "{early} of {} were looked at before 5 min, as their document was closed",
            total.kept_5min.judged
        );
    }
    let bound =
        |bound: Option<u32>| bound.map_or("more than 2 min".to_owned(), |ms| format!("at most {ms} ms"));
    if total.shown > 0 {
        let _ = writeln!(
            text,
            "from the request to what is shown: half of them {}, 95 % {}",
            bound(total.latency.p50_ms_at_most),
            bound(total.latency.p95_ms_at_most)
        );
    }
    let mut silences: Vec<_> = total.silences.iter().collect();
    silences.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let silences: Vec<_> = silences.iter().map(|(code, count)| format!("{code} {count}")).collect();
    if !silences.is_empty() {
        let _ = writeln!(text, "silent: {}", silences.join(", "));
    }
    for learned in learned {
        let _ = writeln!(
            text,
            "learned: {} in {} shows what it is {} % sure of (completion.learn = false switches that off)",
            learned["model"].as_str().unwrap_or_default(),
            learned["language"].as_str().unwrap_or_default(),
            learned["least"]
        );
    }
    text
}

/// A heading and a line for each group.
fn table(text: &mut String, heading: &str, groups: BTreeMap<String, Sums>) {
    let _ = writeln!(
        text,
        "{heading:<16}{:>9}{:>7}{:>7}{:>7}{:>7}{:>11}{:>12}{:>8}{:>7}",
        "requests", "shown", "taken", "rate", "typed", "kept 30 s", "kept 5 min", "keys", "saved"
    );
    for (name, sums) in groups {
        line(text, &name, &sums.figures());
    }
}

fn line(text: &mut String, name: &str, figures: &Figures) {
    let percent = |rate: Option<f64>| rate.map_or("-".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
    let kept = |kept: &Kept| percent(kept.rate);
    let _ = writeln!(
        text,
        "{name:<16}{:>9}{:>7}{:>7}{:>7}{:>7}{:>11}{:>12}{:>8}{:>7}",
        figures.requests,
        figures.shown,
        figures.accepted.total,
        percent(figures.acceptance_rate),
        figures.typed_through,
        kept(&figures.kept_30s),
        kept(&figures.kept_5min),
        figures.keys,
        figures.keystrokes_saved_per_100.map_or("-".to_owned(), |saved| format!("{saved:.1}"))
    );
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn sum(day: i64, task: &str, language: &str, counter: &str, value: u64) -> Sum {
        Sum {
            day,
            task: task.into(),
            destination: "local".into(),
            language: language.into(),
            counter: counter.into(),
            value,
        }
    }

    fn some() -> Vec<Sum> {
        vec![
            sum(20_778, "inline", "rust", "requests", 140),
            sum(20_778, "inline", "rust", "shown", 80),
            sum(20_778, "inline", "rust", "unread", 20),
            sum(20_778, "inline", "rust", "whole", 12),
            sum(20_778, "inline", "rust", "by_word", 3),
            sum(20_778, "inline", "rust", "typed_through", 4),
            sum(20_778, "inline", "rust", "typed_over", 30),
            sum(20_778, "inline", "rust", "takes", 18),
            sum(20_778, "inline", "rust", "keys_taken", 200),
            sum(20_778, "inline", "rust", "keys_lost", 20),
            sum(20_778, "inline", "rust", "judged_30s", 15),
            sum(20_778, "inline", "rust", "kept_30s", 14),
            sum(20_778, "inline", "rust", "judged_5min", 15),
            sum(20_778, "inline", "rust", "kept_5min", 13),
            sum(20_778, "inline", "rust", "early_5min", 2),
            sum(20_778, "inline", "rust", "shown_within_ms.15", 70),
            sum(20_778, "inline", "rust", "shown_within_ms.100", 10),
            sum(20_778, "inline", "rust", "silent.superseded", 50),
            sum(20_778, "inline", "rust", "silent.low_confidence", 10),
            sum(20_778, "typing", "rust", "keys", 720),
            sum(20_779, "typing", "python", "keys", 5),
        ]
    }

    #[test]
    fn tables_that_a_person_can_read() {
        let learned = [json!({ "model": "ember", "language": "rust", "least": 50 })];
        expect![[r#"
            On this machine, 2026-10-24 to 2026-11-22 (UTC)

            day              requests  shown  taken   rate  typed  kept 30 s  kept 5 min    keys  saved
            2026-11-21            140     80     15   25 %      4       93 %        87 %     720   18.0
            2026-11-22              0      0      0      -      0          -           -       5    0.0

            language         requests  shown  taken   rate  typed  kept 30 s  kept 5 min    keys  saved
            python                  0      0      0      -      0          -           -       5    0.0
            rust                  140     80     15   25 %      4       93 %        87 %     720   18.0

            total                 140     80     15   25 %      4       93 %        87 %     725   17.9

            taken: 12 whole, 0 by line, 3 by word; 4 more typed to their end, 30 typed over, 20 gone before they could be read
            keystrokes saved per 100: 17.9
            2 of 15 were looked at before 5 min, as their document was closed
            from the request to what is shown: half of them at most 15 ms, 95 % at most 100 ms
            silent: superseded 50, low_confidence 10
            learned: ember in rust shows what it is 50 % sure of (completion.learn = false switches that off)
            |"#]].assert_eq(&(page(&some(), &learned, (20_750, 20_779)) + "|"));
    }

    #[test]
    fn programs_get_the_same_by_day_language_and_task() {
        let answer = answer(&some(), &[], (20_750, 20_779));
        assert_eq!((&answer["from"], &answer["to"]), (&json!("2026-10-24"), &json!("2026-11-22")));
        assert_eq!(answer["by_day"][1]["keys"], 5);
        assert_eq!(answer["by_language"][1]["language"], "rust");
        assert_eq!(
            answer["by_language"][1]["accepted"],
            json!({ "total": 15, "whole": 12, "by_line": 0, "by_word": 3 })
        );
        assert_eq!(answer["by_task"][0]["destination"], "local");
        assert_eq!(answer["total"]["keystrokes_saved_per_100"], 17.9);
    }
}
