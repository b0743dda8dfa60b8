//! A drawing of how the time to the first token is distributed, one line for each kind of key: SVG, by hand.
//!
//! Must not need a font, a script or a second file; it is read in a browser or on a page, in light and in dark.

use std::fmt::Write;

use super::{figures::sorted, kind::Kind, report::Report, session::Event};
use crate::cli::interval::count;

/// Of the whole drawing, in user units.
const SIZE: (f64, f64) = (860.0, 460.0);
/// Of the plot within it: left, top, right, bottom.
const FRAME: (f64, f64, f64, f64) = (64.0, 56.0, 640.0, 400.0);
/// Fewer values are no distribution.
const ENOUGH: usize = 3;
/// What a human eye tells apart in both lights (Okabe and Ito, 2008, without its black), then again, dashed.
const COLOURS: [&str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b8a800"];

/// The drawing.
pub(super) fn draw(report: &Report, events: &[Event]) -> String {
    let lines: Vec<(Kind, Vec<f64>)> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let of_kind = events.iter().filter(|event| event.kind == kind);
            (kind, sorted(of_kind.filter_map(Event::ttft_ms)))
        })
        .filter(|(_, values)| values.len() >= ENOUGH)
        .collect();
    let axis = Axis::of(lines.iter().flat_map(|(_, values)| values).copied().chain(report.floor_ms));
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = begin(&mut svg, report);
    let _ = axis.draw(&mut svg);
    for (number, (kind, values)) in lines.iter().enumerate() {
        let _ = line(&mut svg, &axis, number, *kind, values);
    }
    if let Some(floor) = report.floor_ms {
        let x = axis.x(floor);
        let (_, top, _, bottom) = FRAME;
        let _ = writeln!(svg, "<path class=\"floor\" d=\"M{x:.1} {top}V{bottom}\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">one decode step: {floor:.1} ms</text>",
            top - 6.0
        );
    }
    if lines.is_empty() {
        let (left, top, right, bottom) = FRAME;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">no kind of key has {ENOUGH} first tokens</text>",
            f64::midpoint(left, right),
            f64::midpoint(top, bottom)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Title, and how it looks in either light.
fn begin(svg: &mut String, report: &Report) -> std::fmt::Result {
    let (width, height) = SIZE;
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>Time from a key to the first token, by kind of key</title>\n\
         <style>\n\
         svg {{ background: #fff; font: 13px system-ui, sans-serif; }}\n\
         text {{ fill: #24292f; }}\n\
         .grid {{ stroke: #d0d7de; fill: none; }}\n\
         .floor {{ stroke: #24292f; stroke-dasharray: 6 4; fill: none; }}\n\
         .line {{ stroke-width: 2; fill: none; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         svg {{ background: #0d1117; }} text {{ fill: #e6edf3; }}\n\
         .grid {{ stroke: #30363d; }} .floor {{ stroke: #e6edf3; }}\n\
         }}\n\
         </style>"
    )?;
    writeln!(
        svg,
        "<text x=\"{}\" y=\"24\" font-size=\"16\" font-weight=\"600\">From a key to the first token: {}, {} keys</text>",
        FRAME.0,
        escaped(&report.model),
        report.keystrokes
    )
}

/// Milliseconds, by their logarithm.
struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    /// From one power of ten to another, around all values.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for value in values.map(|value| value.max(0.01).log10()) {
            (least, most) = (least.min(value), most.max(value));
        }
        if least > most {
            (least, most) = (0.0, 1.0);
        }
        let from = least.floor();
        Self { from, to: most.ceil().max(from + 1.0) }
    }

    fn x(&self, ms: f64) -> f64 {
        let (left, _, right, _) = FRAME;
        left + (ms.max(0.01).log10() - self.from) / (self.to - self.from) * (right - left)
    }

    fn draw(&self, svg: &mut String) -> std::fmt::Result {
        let (left, top, right, bottom) = FRAME;
        let mut power = self.from;
        while power <= self.to + 1e-9 {
            let ms = readable(10f64.powf(power));
            let x = self.x(ms);
            writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {top}V{bottom}\"/>")?;
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{ms}</text>",
                bottom + 18.0
            )?;
            // Two and five between the powers, so that a place can be read.
            for between in
                [2.0, 5.0].map(|times| readable(ms * times)).into_iter().filter(|_| power < self.to - 0.5)
            {
                let x = self.x(between);
                writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {bottom}v-5\"/>")?;
                writeln!(
                    svg,
                    "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"10\">{between}</text>",
                    bottom + 16.0
                )?;
            }
            power += 1.0;
        }
        for percent in [0.0, 25.0, 50.0, 75.0, 95.0, 100.0] {
            let y = y(percent / 100.0);
            writeln!(svg, "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>")?;
            writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{percent} %</text>",
                left - 8.0,
                y + 4.0
            )?;
        }
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">ms, logarithmic: share of keys with their first token by then</text>",
            f64::midpoint(left, right),
            bottom + 42.0
        )
    }
}

/// Without what binary fractions add at the far end.
fn readable(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

fn y(share: f64) -> f64 {
    let (_, top, _, bottom) = FRAME;
    bottom - share * (bottom - top)
}

/// One kind's steps, and its name beside them.
fn line(svg: &mut String, axis: &Axis, number: usize, kind: Kind, values: &[f64]) -> std::fmt::Result {
    let colour = COLOURS[number % COLOURS.len()];
    let dash =
        ["", " stroke-dasharray=\"2 3\"", " stroke-dasharray=\"8 3\""][(number / COLOURS.len()).min(2)];
    let mut path = format!("M{:.1} {:.1}", axis.x(values.first().copied().unwrap_or_default()), y(0.0));
    for (at, ms) in values.iter().enumerate() {
        write!(path, "H{:.1}V{:.1}", axis.x(*ms), y(count(at + 1) / count(values.len())))?;
    }
    writeln!(svg, "<path class=\"line\" stroke=\"{colour}\"{dash} d=\"{path}\"/>")?;
    let (x, y) = (FRAME.2 + 16.0, FRAME.1 + 12.0 + count(number) * 20.0);
    writeln!(svg, "<path class=\"line\" stroke=\"{colour}\"{dash} d=\"M{x:.1} {:.1}h22\"/>", y - 4.0)?;
    let (name, n) = (kind.name(), values.len());
    writeln!(svg, "<text x=\"{:.1}\" y=\"{y:.1}\">{name} ({n})</text>", x + 28.0)
}

/// A model's name is a file's.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::typing::report::tests::{recorded, run};

    #[test]
    fn a_drawing() {
        let mut events = recorded();
        events.extend(recorded());
        let mut run = run();
        run.model = "a<b>".to_owned();
        let svg = draw(&Report::of(&events, &run), &events);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("a&lt;b&gt;"), "{svg}");
        // Of `open` there are two, which are no distribution; of `key` four.
        assert!(svg.contains(">key (4)<") && !svg.contains(">open ("), "{svg}");
        assert!(svg.contains("one decode step: 5.0 ms"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let nothing = draw(&Report::of(&[], &run), &[]);
        assert!(nothing.contains("no kind of key has") && !nothing.contains("NaN"), "{nothing}");
    }
}
