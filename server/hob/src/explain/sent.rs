//! One decision about the cloud in words: where it went and by which rule, why not elsewhere, what was sent, and what it cost.
//!
//! Must not know a path or a text: the ledger has none.

use config::Usd;
use gateway::ledger::{Attempt, Entry, Left, State};

use super::{
    Style, age, count,
    facts::{Fact, page},
};

/// `entry` in full; its age counts back from `now`, in milliseconds since 1970. `left` is of today's budget and the month's.
pub(crate) fn sent(entry: &Entry, left: Option<Left>, now: u64, style: Style) -> String {
    let title = format!(
        "{}  {}  {} ago",
        style.say(&entry.id),
        style.say(&entry.task),
        age(now.saturating_sub(entry.at))
    );
    let fact = |name, text, below| Fact { name, text, below };
    let mut facts = vec![fact("decided", rule(entry, style), said(&entry.why, style))];
    let mut others =
        entry.rejected.iter().map(|(who, why)| format!("not {}: {}", style.name(who), style.say(why)));
    if let Some(first) = others.next() {
        facts.push(fact("others", first, others.collect()));
    }
    let known = inputs(entry, style);
    if !known.is_empty() {
        facts.push(fact("knowing", known, Vec::new()));
    }
    if !entry.redactions.is_empty() {
        let all: u32 = entry.redactions.iter().map(|(_, times)| times).sum();
        let rules = entry.redactions.iter().map(|(rule, times)| format!("{times} {}", style.say(rule)));
        let secrets = count(usize::try_from(all).unwrap_or(usize::MAX), "secret", "secrets");
        let rules = rules.collect::<Vec<_>>().join(", ");
        facts.push(fact("redacted", format!("{secrets}: {rules}"), Vec::new()));
    }
    for attempt in &entry.attempts {
        facts.push(fact("sent", bytes(attempt, style), attempted(attempt, style)));
    }
    if let Some(Left { day, month }) = left {
        facts.push(fact("left", format!("{day} today, {month} this month (UTC)"), Vec::new()));
    }
    page(&title, &verdict(entry, style), facts, style)
}

/// `entry` in a line of the table.
pub(crate) fn sent_line(entry: &Entry, now: u64) -> String {
    let first = entry.attempts.last().and_then(|attempt| attempt.first_ms);
    let total = entry.attempts.last().and_then(|attempt| attempt.total_ms);
    let ms = |ms: Option<u64>| ms.map_or("-".to_owned(), |ms| format!("{ms} ms"));
    format!(
        "{:<8}  {:>8}  {:<7} {:>9}  {:>9}  {}\n",
        Style::Plain.say(&entry.id),
        age(now.saturating_sub(entry.at)),
        "cloud",
        ms(first),
        ms(total),
        Style::Plain.say(&format!("{}: {}", entry.task, verdict(entry, Style::Plain)))
    )
}

/// What came of it.
fn verdict(entry: &Entry, style: Style) -> String {
    let Some(last) = entry.attempts.last() else {
        return format!("nothing was sent; {} was to answer", style.name(&entry.chosen));
    };
    let came = match (last.state, last.outcome.as_deref()) {
        (State::Open, _) => "it is on its way".to_owned(),
        (State::Unknown, _) => "what came of it was never said: whoever sent it has ended".to_owned(),
        (_, Some("ok")) => "answered".to_owned(),
        (_, Some("partial")) => "answered in part: the stream broke off".to_owned(),
        (_, Some("failed_before_tokens")) => match last.http_status {
            Some(status) => format!("no answer (status {status})"),
            None => "no answer".to_owned(),
        },
        (_, Some("cancelled")) => "taken back".to_owned(),
        (_, other) => style.say(other.unwrap_or("unknown")),
    };
    let cost = last.cost.map_or(String::new(), |_| {
        let all = entry.attempts.iter().filter_map(|attempt| attempt.cost).fold(Usd(0), Usd::plus);
        let guess = if entry.attempts.iter().any(Attempt::is_estimated) { ", an estimate" } else { "" };
        format!(", {all}{guess}")
    });
    format!("sent to {}: {came}{cost}", style.name(&last.target))
}

fn rule(entry: &Entry, style: Style) -> String {
    match &entry.rule {
        Some(rule) => format!("by your rule \"{}\" (config.toml:{})", style.say(rule), entry.rule_line),
        None => "by the default table; no rule of yours spoke".to_owned(),
    }
}

fn said(why: &str, style: Style) -> Vec<String> {
    if why.is_empty() { Vec::new() } else { vec![style.say(why)] }
}

/// What it was decided by.
fn inputs(entry: &Entry, style: Style) -> String {
    let Some(inputs) = entry.inputs.as_object() else { return String::new() };
    let words = inputs.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{} {}", style.say(&name.replace('_', " ")), style.say(&value))
    });
    words.collect::<Vec<_>>().join(", ")
}

fn bytes(attempt: &Attempt, style: Style) -> String {
    let sha256: String = attempt.body_sha256.chars().take(16).collect();
    let which = if attempt.number > 1 { format!("attempt {}: ", attempt.number) } else { String::new() };
    format!(
        "{which}{} bytes to {}, sha256 {}\u{2026}",
        attempt.body_bytes,
        style.name(&attempt.target),
        style.say(&sha256)
    )
}

/// What became of one attempt, and what it cost.
fn attempted(attempt: &Attempt, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let cost = match (attempt.cost, attempt.corrected.as_deref()) {
        (Some(cost), Some(reason)) => format!("{cost} (corrected: {})", style.say(reason)),
        (Some(cost), None) if attempt.is_estimated() => {
            format!(
                "{cost} by an estimate, as nobody counted; {} is held until it is corrected",
                attempt.held
            )
        }
        (Some(cost), None) => cost.to_string(),
        (None, _) => format!("not said yet, so {} is held", attempt.held),
    };
    let as_of = if attempt.price_as_of.is_empty() {
        style.say(&attempt.price_source)
    } else {
        format!("prices of {}", style.say(&attempt.price_as_of))
    };
    lines.push(format!("reserved {}, cost {cost} ({as_of})", attempt.reserved));
    let tokens = &attempt.tokens;
    if let (Some(input), Some(output)) = (tokens.input, tokens.output) {
        let cached = tokens
            .cached_input
            .filter(|cached| *cached > 0)
            .map(|cached| format!(", {cached} of them cached"));
        let thought = tokens
            .reasoning
            .filter(|thought| *thought > 0)
            .map(|thought| format!(", {thought} of them thinking"));
        lines.push(format!(
            "{input} tokens there{}, {output} back{}",
            cached.unwrap_or_default(),
            thought.unwrap_or_default()
        ));
    }
    let mut ended = Vec::new();
    if let Some(status) = attempt.http_status {
        ended.push(format!("status {status}"));
    }
    if let (Some(outcome), Some(phase)) = (&attempt.outcome, &attempt.phase) {
        ended.push(format!("{} while {}", style.say(&outcome.replace('_', " ")), style.say(phase)));
    }
    if let Some(total) = attempt.total_ms {
        let first =
            attempt.first_ms.map(|first| format!(", the first text after {first} ms")).unwrap_or_default();
        ended.push(format!("{total} ms{first}"));
    }
    if let Some(id) = &attempt.request_id {
        ended.push(format!("the provider calls it {}", style.name(id)));
    }
    if !ended.is_empty() {
        lines.push(ended.join("; "));
    }
    lines
}
