//! One row in full, for a person who wonders why nothing came, or why just this.
//!
//! Must not repeat what has no news: a line that would say "nothing" is left out.

use std::fmt::Write;

use assist::{Rejection, Rule, Silence};
use model::{Shown, Stats};

use super::{
    Style, age, count,
    facts::{Fact, page},
    table::{source, sure},
};
use crate::row::{By, CutOff, Ended, Excerpt, Rejected, Row, Wanted};

/// `row` in full; its age counts back from `now`, in milliseconds since 1970.
pub(crate) fn detail(row: &Row, now: u64, style: Style) -> String {
    let title = [style.say(&row.id), place(row, style), format!("{} ago", age(now.saturating_sub(row.at)))];
    let title = title.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    let facts = [
        Some(asked(row, style)),
        decided(row, style),
        said(row),
        cuts(row, style),
        prompt(row),
        elsewhere(row, style),
        left_out(row, style),
        Some(time(row)),
    ];
    page(&title, &verdict(row, style), facts.into_iter().flatten(), style)
}

/// What came of `row`, in a sentence that fits into a message.
pub(crate) fn brief(row: &Row) -> String {
    format!("{}: {}", place(row, Style::Plain), verdict(row, Style::Plain))
}

fn place(row: &Row, style: Style) -> String {
    if row.path.is_empty() { "?".to_owned() } else { style.name(&format!("{}:{}", row.path, row.line)) }
}

/// What came of it.
fn verdict(row: &Row, style: Style) -> String {
    if row.outcome == "shown" {
        let checked = if row.verified { ", syntax checked" } else { "" };
        return format!("shown: {}{checked}{}", count(row.chars, "character", "characters"), sure(row));
    }
    format!("silent: {} [{}]", style.say(&row.why), style.say(&row.outcome))
}

fn asked(row: &Row, style: Style) -> Fact {
    let who = match (row.asked.as_str(), row.explicit) {
        ("inline", false) => "while typing".to_owned(),
        ("inline", true) => "by a key".to_owned(),
        ("popup", false) => "by the popup".to_owned(),
        ("popup", true) => "by a key, for the popup".to_owned(),
        ("cli", _) => "by `hob complete`".to_owned(),
        (other, _) => style.say(other),
    };
    let what = match row.wanted {
        Some(Wanted::Line) => ", for the rest of a line",
        Some(Wanted::Block) => ", for whole lines",
        None => "",
    };
    let language =
        if row.language.is_empty() { String::new() } else { format!(", in {}", style.say(&row.language)) };
    Fact { name: "asked", text: format!("{who}{what}{language}"), below: Vec::new() }
}

/// Who decided, and what the reason means if it needs to be said.
fn decided(row: &Row, style: Style) -> Option<Fact> {
    let known = Silence::all().into_iter().find(|silence| silence.code() == row.outcome);
    let by = match row.by? {
        By::Gate => "a gate; the model was not asked".to_owned(),
        By::Model if row.model.is_empty() => "no model was there".to_owned(),
        By::Model => format!("{}{}", style.say(&row.model), source(row)),
    };
    let below = known.map(|silence| silence.meaning().to_owned()).into_iter().collect();
    Some(Fact { name: "decided", text: by, below })
}

/// How much the model said, and why no more.
fn said(row: &Row) -> Option<Fact> {
    let why = match row.ended? {
        Ended::EndOfHole => "it ended there by itself",
        Ended::Line => "the line ended there",
        Ended::MaxTokens => "it had said as much as it may (`completion.max_tokens`)",
        Ended::Full => "the place wanted no more",
        Ended::Loop => "it was stopped because it only repeated itself",
        Ended::Deadline => "it was stopped because time was up",
        Ended::Cancelled => "it was stopped because nobody waited any more",
    };
    let text = format!("{}; {why}", count(row.said, "character", "characters"));
    Some(Fact { name: "said", text, below: Vec::new() })
}

fn cuts(row: &Row, style: Style) -> Option<Fact> {
    let all: usize = row.cuts.iter().map(|cut| cut.chars).sum();
    let below = row.cuts.iter().map(|CutOff { rule, chars }| {
        let words = Rule::ALL.into_iter().find(|known| known.name() == rule);
        let words = words.map(|rule| format!(" {rule}")).unwrap_or_default();
        format!("{chars}:{words} [{}]", style.say(rule))
    });
    let below: Vec<_> = below.collect();
    (!below.is_empty()).then(|| Fact { name: "cut off", text: count(all, "character", "characters"), below })
}

/// Of what the prompt was, and what of it was new.
fn prompt(row: &Row) -> Option<Fact> {
    let Stats { prompt_tokens, evaluated_tokens, background_tokens, .. } = row.stats?;
    let mut below = Vec::new();
    if let Some(Shown { before, typed, after, elsewhere, frame, glance, dated, .. }) = &row.prompt {
        let parts = [
            (*before, "before the line"),
            (*typed, "typed"),
            (*after, "after the cursor"),
            (*elsewhere, "from elsewhere"),
            (*frame, "between them"),
        ];
        let parts = parts.into_iter().filter(|(tokens, _)| *tokens > 0);
        below.push(parts.map(|(tokens, what)| format!("{tokens} {what}")).collect::<Vec<_>>().join(", "));
        if *glance {
            below.push(
                "a glance: the place was new, and all of it would have taken too long to read".to_owned(),
            );
        }
        if *dated {
            below.push(
                "what is shown from elsewhere was that of an earlier request: the newer was not read yet"
                    .to_owned(),
            );
        }
    }
    let reused = prompt_tokens.saturating_sub(evaluated_tokens);
    let mut text = format!("{prompt_tokens} tokens: {evaluated_tokens} read for this answer, {reused} known");
    if background_tokens > 0 {
        let _ = write!(text, "; {background_tokens} read before, when nobody asked");
    }
    (prompt_tokens > 0).then_some(Fact { name: "prompt", text, below })
}

fn elsewhere(row: &Row, style: Style) -> Option<Fact> {
    let shown = &row.context.shown;
    let glance = row.prompt.as_ref().is_some_and(|prompt| prompt.glance);
    let below = shown.iter().map(|Excerpt { from, path, line, bytes, tokens, cut }| {
        let tokens = match (tokens, cut) {
            _ if glance => "not in this glance".to_owned(),
            (None, _) => "not read yet".to_owned(),
            (Some(0), true) => "no room".to_owned(),
            (Some(tokens), true) => format!("{tokens} tokens, cut"),
            (Some(tokens), false) => format!("{tokens} tokens"),
        };
        let place = style.name(&format!("{path}:{line}"));
        format!("{tokens}: {place} ({}, {bytes} bytes)", style.say(from))
    });
    let read: u32 = shown.iter().filter_map(|excerpt| excerpt.tokens).sum();
    let text = format!("{}, {read} tokens", count(shown.len(), "place", "places"));
    (!shown.is_empty()).then(|| Fact { name: "knowing", text, below: below.collect() })
}

fn left_out(row: &Row, style: Style) -> Option<Fact> {
    let all: u32 = row.context.left_out.values().sum();
    let mut below: Vec<String> = row.context.rejected.iter().map(|left| rejected(left, style)).collect();
    let reasons = row.context.left_out.iter();
    let reasons =
        reasons.map(|(code, count)| format!("{count} {}", style.say(code))).collect::<Vec<_>>().join(", ");
    if row.context.unnamed() > 0 && !below.is_empty() {
        below.push(format!("and {} more", row.context.unnamed()));
    }
    let text = format!("{}: {reasons}", count(usize::try_from(all).unwrap_or(usize::MAX), "place", "places"));
    (all > 0).then_some(Fact { name: "left out", text, below })
}

fn rejected(Rejected { from, path, line, bytes, why }: &Rejected, style: Style) -> String {
    let words = Rejection::ALL.into_iter().find(|known| known.code() == why);
    let words = words.map_or_else(|| style.say(why), |rejection| rejection.to_string());
    format!("{} ({}, {bytes} bytes): {words}", style.name(&format!("{path}:{line}")), style.say(from))
}

fn time(row: &Row) -> Fact {
    // The wait for the model's words begins with that for somebody to ask.
    let model = row.model_ms.map(|ms| ms - row.engine_ms.unwrap_or_default());
    let spans = [
        (row.engine_ms, "waiting for an engine"),
        (model, "with the model"),
        (row.check_ms, "checking"),
        (row.held_ms, "held back for a pause in the typing"),
    ];
    let spans = spans.into_iter().filter_map(|(ms, what)| Some((ms?, what))).filter(|(ms, _)| *ms >= 0.05);
    let mut below: Vec<String> = Vec::new();
    let spans = spans.map(|(ms, what)| format!("{ms:.1} ms {what}")).collect::<Vec<_>>().join(", ");
    if !spans.is_empty() {
        below.push(spans);
    }
    if let Some(first) = row.first_ms {
        below.push(format!("the first word was there after {first:.1} ms"));
    }
    if let Some(Stats { ttft_ms: Some(ttft), queued_ms, total_ms, .. }) = row.stats {
        let queued = if queued_ms >= 0.05 {
            format!(", of which {queued_ms:.1} ms waiting for others")
        } else {
            String::new()
        };
        below.push(format!(
            "the engine took {ttft:.1} ms to its first token{queued}, and {total_ms:.1} ms in all"
        ));
    }
    Fact { name: "time", text: format!("{:.1} ms", row.total_ms), below }
}
