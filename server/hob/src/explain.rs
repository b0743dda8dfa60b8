//! Rows in words: as a table, one by one in full, and counted; for the command line and for an editor.
//!
//! Must not read a file or a clock: it is given rows and the time. Whatever it prints of a row is made inert first, because a path is
//! whatever somebody called a file.

mod detail;
mod facts;
#[cfg(feature = "gateway")]
mod sent;
mod stats;
mod table;

pub(crate) use detail::{brief, detail};
#[cfg(feature = "gateway")]
pub(crate) use sent::{sent, sent_line};
pub(crate) use stats::Statistics;
pub(crate) use table::{head, line};

/// Where the words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// To a terminal.
    Plain,
    /// Into a Markdown document.
    Markdown,
}

impl Style {
    /// Words of a row that are no name.
    fn say(self, text: &str) -> String {
        match self {
            Self::Plain => inert(text),
            Self::Markdown => {
                let mut escaped = String::new();
                for c in inert(text).chars() {
                    if "\\`*[]<&".contains(c) {
                        escaped.push('\\');
                    }
                    escaped.push(c);
                }
                escaped
            }
        }
    }

    /// A path or another name.
    fn name(self, text: &str) -> String {
        let text = inert(text);
        match self {
            Self::Plain => text,
            Self::Markdown => {
                // A fence that is longer than any run of the same in what it holds.
                let runs = text.split(|c| c != '`').map(str::len);
                let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
                let space = if text.contains('`') { " " } else { "" };
                format!("{fence}{space}{text}{space}{fence}")
            }
        }
    }
}

/// `text` without anything that a terminal obeys or that turns the direction of reading.
pub(crate) fn inert(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut inert = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) { inert.extend(c.escape_unicode()) } else { inert.push(c) }
    }
    inert
}

/// A span of milliseconds in the largest unit that fits.
pub(crate) fn age(ms: u64) -> String {
    match ms / 1000 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}

/// So many of something.
fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests;
