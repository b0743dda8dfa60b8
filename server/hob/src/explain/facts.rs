//! How one decision is laid out: a title, a verdict, and facts with their names, for a terminal or for an editor.
//!
//! Must not know what the facts are about.

use std::fmt::Write;

use super::Style;

/// A line with a name, and what stands below it. The texts are inert already.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) below: Vec<String>,
}

/// All of it, a line each.
pub(super) fn page(
    title: &str,
    verdict: &str,
    facts: impl IntoIterator<Item = Fact>,
    style: Style,
) -> String {
    let mut page = match style {
        Style::Plain => format!("{title}\n{verdict}\n"),
        Style::Markdown => format!("## {title}\n\n**{verdict}**\n\n"),
    };
    for Fact { name, text, below } in facts {
        // Writing to a string can't fail.
        let _ = match style {
            Style::Plain => writeln!(page, "  {name:<9}  {text}"),
            Style::Markdown => writeln!(page, "- {name}: {text}"),
        };
        for line in below {
            let _ = match style {
                Style::Plain => writeln!(page, "  {:<9}    {line}", ""),
                Style::Markdown => writeln!(page, "  - {line}"),
            };
        }
    }
    page
}
