//! Charts as SVG: bars over days, bars beside names, lines over months.
//!
//! Must not load or run anything, and must not carry meaning by colour alone: each mark has its figures as a title, and each chart a table
//! beside it. Texts are escaped here.

use std::fmt::Write;

use crate::explain::inert;

/// Inner width and height of a chart, in its own units.
const WIDE: f64 = 640.0;
const HIGH: f64 = 270.0;
/// Room for the axes' words.
const LEFT: f64 = 66.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;
const RIGHT: f64 = 14.0;

/// The words of an amount.
pub(super) type Words = fn(f64) -> String;

/// One of the things that a chart compares.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) values: Vec<f64>,
}

/// `text` in HTML or in an attribute of it.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in inert(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A round number that is not below `most`, and how many steps lead there.
fn scale(most: f64) -> (f64, u32) {
    if most <= 0.0 || !most.is_finite() {
        return (1.0, 1);
    }
    let ten = 10_f64.powf(most.log10().floor());
    let steps = [(1.0, 5), (2.0, 4), (2.5, 5), (5.0, 5), (10.0, 5)];
    let (factor, count) =
        steps.into_iter().find(|(factor, _)| factor * ten >= most * 0.999_999).unwrap_or((10.0, 5));
    (factor * ten, count)
}

fn begin(svg: &mut String, id: &str, title: &str, description: &str, high: f64) {
    // Writing to a string can't fail.
    let _ = write!(
        svg,
        "<svg role=\"img\" aria-labelledby=\"{id}-t {id}-d\" viewBox=\"0 0 {} {}\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        LEFT + WIDE + RIGHT,
        TOP + high + BOTTOM,
        escape(title),
        escape(description)
    );
}

/// Lines across, with their amounts.
fn grid(svg: &mut String, top: f64, steps: u32, words: Words) {
    for step in 0..=steps {
        let share = f64::from(step) / f64::from(steps);
        let y = TOP + HIGH * (1.0 - share);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
            LEFT + WIDE,
            LEFT - 8.0,
            y + 4.0,
            escape(&words(top * share))
        );
    }
}

/// How the bars of one place stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// On one another: their sum means something.
    Stacked,
    /// Next to one another.
    Apart,
}

/// Bars, a place for each of `names`, of which as many are written as have room.
pub(super) fn bars(
    id: &str,
    title: &str,
    names: &[String],
    series: &[Series],
    stand: Stand,
    words: Words,
) -> String {
    let stacked = stand == Stand::Stacked;
    let of = |at: usize| series.iter().filter_map(move |series| series.values.get(at)).copied();
    let highest = |at: usize| if stacked { of(at).sum() } else { of(at).fold(0.0, f64::max) };
    let most = (0..names.len()).map(highest).fold(0.0, f64::max);
    let (top, steps) = scale(most);
    let mut svg = String::new();
    let description = format!("Bars for {} places, the highest {}.", names.len(), words(most));
    begin(&mut svg, id, title, &description, HIGH);
    grid(&mut svg, top, steps, words);
    let room = WIDE / float(names.len().max(1));
    let all = (room * 0.76).clamp(1.0, 60.0);
    let wide = if stacked { all } else { all / float(series.len().max(1)) };
    let longest = names.iter().map(String::len).max().unwrap_or(1);
    // A character of the axes takes some 6.6 units.
    let every = (float(longest) * 6.6 + 10.0) / room;
    let every = ceil(every).max(1);
    for (at, name) in names.iter().enumerate() {
        let left = LEFT + room * float(at) + (room - all) / 2.0;
        let mut y = TOP + HIGH;
        for (number, series) in series.iter().enumerate() {
            let value = series.values.get(at).copied().unwrap_or(0.0);
            let high = HIGH * value / top;
            if high <= 0.0 {
                continue;
            }
            let x = if stacked { left } else { left + wide * float(number) };
            y = if stacked { y } else { TOP + HIGH } - high;
            let _ = write!(
                svg,
                "<rect class=\"s{number}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.2}\" rx=\"1.5\"><title>{}: {} {}</title></rect>",
                escape(name),
                escape(series.name),
                escape(&words(value))
            );
        }
        // The last name is written, and those so many before it: today is what people look for.
        if (names.len() - 1 - at).is_multiple_of(every) {
            let _ = write!(
                svg,
                "<text class=\"mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left + all / 2.0,
                TOP + HIGH + 18.0,
                escape(name)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Bars beside names, each of `rows` as many parts as there are `parts`.
pub(super) fn beside(
    id: &str,
    title: &str,
    rows: &[(String, Vec<f64>)],
    parts: &[&str],
    words: Words,
) -> String {
    const ROW: f64 = 44.0;
    let most = rows.iter().map(|(_, values)| values.iter().sum()).fold(0.0, f64::max);
    let mut svg = String::new();
    let description = format!("A bar for each of {}, the longest {}.", rows.len(), words(most));
    begin(&mut svg, id, title, &description, ROW * float(rows.len()) - BOTTOM);
    for (at, (name, values)) in rows.iter().enumerate() {
        let y = TOP + ROW * float(at);
        let all: f64 = values.iter().sum();
        let _ = write!(
            svg,
            "<text x=\"4\" y=\"{:.1}\">{}</text><text class=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
            y + 8.0,
            escape(name),
            LEFT + WIDE,
            y + 8.0,
            escape(&words(all))
        );
        let mut x = 4.0;
        for (number, (value, part)) in values.iter().zip(parts).enumerate() {
            let wide = if most > 0.0 { (LEFT + WIDE - 4.0) * value / most } else { 0.0 };
            if wide <= 0.0 {
                continue;
            }
            // What is there is seen.
            let wide = wide.max(1.5);
            let _ = write!(
                svg,
                "<rect class=\"s{number}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.2}\" height=\"14\"><title>{}: {} {}</title></rect>",
                y + 14.0,
                escape(name),
                escape(part),
                escape(&words(*value))
            );
            x += wide;
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Lines over `names`, with a mark where they cross, at so many steps from the left.
pub(super) fn lines(
    id: &str,
    title: &str,
    names: &[String],
    series: &[Series],
    crossing: Option<(f64, f64, String)>,
    words: Words,
) -> String {
    let most = series.iter().flat_map(|series| &series.values).copied().fold(0.0, f64::max);
    let (top, steps) = scale(most);
    let mut svg = String::new();
    let description = match &crossing {
        Some((_, _, said)) => format!("{} lines that cross: {said}.", series.len()),
        None => format!("{} lines that don't cross.", series.len()),
    };
    begin(&mut svg, id, title, &description, HIGH);
    grid(&mut svg, top, steps, words);
    let step = WIDE / float(names.len().saturating_sub(1).max(1));
    let place = |at: f64, value: f64| (LEFT + step * at, TOP + HIGH * (1.0 - value / top));
    for (number, series) in series.iter().enumerate() {
        let points: Vec<String> = series
            .values
            .iter()
            .enumerate()
            .map(|(at, value)| place(float(at), *value))
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = write!(
            svg,
            "<polyline class=\"l{number}\" points=\"{}\"><title>{}</title></polyline>",
            points.join(" "),
            escape(series.name)
        );
    }
    let every = names.len().div_ceil(8).max(1);
    for (at, name) in names.iter().enumerate().filter(|(at, _)| at.is_multiple_of(every)) {
        let _ = write!(
            svg,
            "<text class=\"mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            place(float(at), 0.0).0,
            TOP + HIGH + 18.0,
            escape(name)
        );
    }
    if let Some((at, value, said)) = crossing {
        let (x, y) = place(at, value);
        // On the side that has room.
        let (class, gap) = if x > LEFT + WIDE / 2.0 { ("end", -10.0) } else { ("", 10.0) };
        let _ = write!(
            svg,
            "<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/><text class=\"{class} strong\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + gap,
            y + if gap > 0.0 { 18.0 } else { -8.0 },
            escape(&said)
        );
    }
    svg.push_str("</svg>");
    svg
}

#[expect(clippy::cast_precision_loss, reason = "places of a chart")]
fn float(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few places of a chart")]
fn ceil(number: f64) -> usize {
    number.ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_above_what_it_shows() {
        let ends = [0.0, 0.7, 1.0, 3.0, 12.0, 26.0, 99.0, 101.0].map(|most| scale(most).0);
        assert_eq!(format!("{ends:?}"), "[1.0, 1.0, 1.0, 5.0, 20.0, 50.0, 100.0, 200.0]");
    }

    #[test]
    fn names_cannot_leave_their_place() {
        let names = ["</svg><script>alert(1)</script>".to_owned(), "\" onload=\"x\u{202e}".to_owned()];
        let series = [Series { name: "here", values: vec![1.0, 2.0] }];
        let svg = bars("x", "A & B", &names, &series, Stand::Stacked, |value| format!("{value}"));
        assert!(
            !svg.contains("<script") && !svg.contains("\" onload=\"") && !svg.contains('\u{202e}'),
            "{svg}"
        );
        assert!(svg.contains("A &amp; B"));
    }
}
