//! The sink between the model and the answer: it gathers text and stops the model where the place ends.
//!
//! Must not judge syntax: that needs the tree and comes once, in [`crate::finish`].

use std::ops::ControlFlow;

use model::Sink;

use crate::{Plan, Shape, clean};

/// Lines that a block answer may have.
const BLOCK_LINES: usize = 12;

/// Gathers an answer's text until the place has enough of it.
#[derive(Debug)]
pub struct Collector {
    shape: Shape,
    /// Columns of white space before the block's first line.
    indent: usize,
    text: String,
    full: bool,
    loops: bool,
}

impl Collector {
    /// A collector for the answer to `plan`.
    pub fn new(plan: &Plan) -> Self {
        Self {
            shape: plan.shape,
            indent: clean::width(&plan.indent),
            text: String::new(),
            full: false,
            loops: false,
        }
    }

    /// The text so far, as the model wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text holds at least one whole line that says something, or all that the place wants.
    pub fn has_line(&self) -> bool {
        self.full || self.text.trim_start().contains('\n')
    }

    /// Whether the model was stopped because it only repeated itself.
    pub fn loops(&self) -> bool {
        self.loops
    }

    /// Whether the place wants no more.
    fn enough(&self) -> bool {
        match self.shape {
            Shape::Line => self.text.contains('\n'),
            Shape::Block => {
                let body = self.text.trim_start_matches(['\n', '\r']);
                let mut lines = body.split('\n').skip(1);
                let dedented = |line: &str| !line.trim().is_empty() && clean::width(line) < self.indent;
                // The last piece of the split is a line that may still grow: only its indentation counts, and only once
                // something follows it.
                body.matches('\n').count() >= BLOCK_LINES || body.contains("\n\n") || lines.any(dedented)
            }
        }
    }
}

impl Sink for Collector {
    fn chunk(&mut self, text: &str) -> ControlFlow<()> {
        self.text.push_str(text);
        let enough = self.enough();
        self.loops = !enough && clean::loops(&self.text);
        if enough || self.loops {
            self.full = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, fixture::query, plan};

    /// Feeds `said` character by character and says how much was taken before the collector had enough.
    fn check(place: &str, said: &str, want: &str) {
        let plan = plan(&query(place), &Settings::default()).unwrap();
        let mut collector = Collector::new(&plan);
        for c in said.chars() {
            if collector.chunk(c.encode_utf8(&mut [0; 4])).is_break() {
                break;
            }
        }
        assert_eq!(collector.text(), want);
    }

    #[test]
    fn a_line_ends_at_its_break() {
        check("let x = $0\n", "1;\nlet y", "1;\n");
    }

    #[test]
    fn a_line_that_ends_at_once_needs_nothing() {
        check("let x = 1;$0\n", "\nlet y", "\n");
    }

    #[test]
    fn a_loop_is_not_listened_to() {
        check(
            "let x = $0\n",
            "f(build, build, build, build, build, build);\n",
            "f(build, build, build, build",
        );
    }

    #[test]
    fn a_block_ends_at_a_dedent_or_a_blank_line() {
        check(
            "fn a() {\n    $0\n}\n",
            "let x = 1;\n    let y = 2;\n}\n\nfn",
            "let x = 1;\n    let y = 2;\n}",
        );
        check("fn a() {\n    $0\n}\n", "let x = 1;\n\n    let", "let x = 1;\n\n");
    }
}
