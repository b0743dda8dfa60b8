//! A text as somebody else reads it: string pieces put together, escapes taken back, invisible characters left out, base64 decoded.
//!
//! Must keep the way back: every byte of a view knows where in the text it comes from. Views hold secrets, so they are wiped when
//! they are done with.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;
use secrecy::zeroize::Zeroizing;

use super::hidden;

/// Another reading of a text.
pub(super) struct View {
    /// What is read.
    pub(super) text: Zeroizing<String>,
    /// Where each byte of it begins in the text; one more for the end.
    from: Vec<usize>,
}

impl View {
    fn new(capacity: usize) -> Self {
        Self { text: Zeroizing::new(String::with_capacity(capacity)), from: Vec::with_capacity(capacity + 1) }
    }

    fn push(&mut self, piece: &str, at: usize) {
        self.text.push_str(piece);
        self.from.extend(at..at + piece.len());
    }

    fn push_decoded(&mut self, byte: u8, at: usize) {
        self.text.push(char::from(byte));
        self.from.push(at);
    }

    /// Where in the text a range of the view is.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        // From the last byte, not from the one behind it: between them may stand what the view leaves out.
        let last = range.end.saturating_sub(1).max(range.start);
        self.from[range.start]..self.from.get(last + 1).copied().unwrap_or_default()
    }
}

/// What stands between two pieces of one string: quotes with an operator or a line end between them, or an escaped line end.
static JOINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"["'`][ \t]*(?:\\?\r?\n[ \t]*)?(?:\+|\.\.?|&|<>|\+\+|\\\r?\n)?[ \t]*(?:\r?\n[ \t]*)?[bfru]?["'`]"#,
        r"|\\\r?\n[ \t]*",
    ))
    .expect("a literal pattern")
});

/// The readings of a text that differ from it.
pub(super) fn of(text: &str) -> Vec<View> {
    [joined(text), unescaped(text), visible(text)].into_iter().flatten().collect()
}

/// `"sk-" + "abc"` as `"sk-abc"`.
fn joined(text: &str) -> Option<View> {
    without(text, JOINT.find_iter(text).map(|joint| joint.range()))
}

/// Without zero-width and directional characters.
fn visible(text: &str) -> Option<View> {
    without(text, hidden::invisible(text))
}

fn without(text: &str, gaps: impl Iterator<Item = Range<usize>>) -> Option<View> {
    let mut gaps = gaps.peekable();
    gaps.peek()?;
    let mut view = View::new(text.len());
    let mut at = 0;
    for gap in gaps {
        view.push(&text[at..gap.start], at);
        at = gap.end;
    }
    view.push(&text[at..], at);
    view.from.push(text.len());
    Some(view)
}

/// `%2B` as `+`, and `\u002b`, `\x2b` and `&#43;` too, as far as they stand for printable ASCII or a line end.
fn unescaped(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut view: Option<View> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'%' | b'\\' | b'&')) {
        let start = at + found;
        let Some((byte, len)) = escape(&bytes[start..]) else {
            at = start + 1;
            continue;
        };
        let view = view.get_or_insert_with(|| View::new(text.len()));
        view.push(&text[copied..start], copied);
        view.push_decoded(byte, start);
        (copied, at) = (start + len, start + len);
    }
    let mut view = view?;
    view.push(&text[copied..], copied);
    view.from.push(text.len());
    Some(view)
}

/// The character that an escape stands for, and the escape's length.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let (digits, close) = match bytes {
        [b'%', rest @ ..] => (rest.get(..2)?, 1),
        [b'\\', b'x', rest @ ..] => (rest.get(..2)?, 2),
        [b'\\', b'u', b'0', b'0', rest @ ..] => (rest.get(..2)?, 4),
        // JSON may write `/` so.
        [b'\\', b'/', ..] => return Some((b'/', 2)),
        [b'&', b'#', b'x', a, b, b';', ..] => return character(&[*a, *b], 16).map(|byte| (byte, 6)),
        [b'&', b'#', a, b, b';', ..] => return character(&[*a, *b], 10).map(|byte| (byte, 5)),
        [b'&', b'a', b'm', b'p', b';', ..] => return Some((b'&', 5)),
        _ => return None,
    };
    character(digits, 16).map(|byte| (byte, close + 2))
}

fn character(digits: &[u8], radix: u32) -> Option<u8> {
    let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    is_text(value).then_some(value)
}

fn is_text(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) || b"\t\r\n".contains(&byte)
}

/// Shorter runs hold no secret with its mark.
const SHORTEST_RUN: usize = 24;

/// The runs of base64 in a text, of either alphabet. A run goes on in the next line if its line is full, as mail and PEM break them.
pub(super) fn base64_runs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    let mut runs = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !in_alphabet(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        let mut line = start;
        loop {
            at += bytes[at..].iter().take_while(|byte| in_alphabet(**byte)).count();
            let is_full = at - line >= 60 && (at - line) % 4 == 0;
            let blank = bytes[at..].iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            let next = bytes[at + blank..].iter().take_while(|byte| in_alphabet(**byte)).count();
            if !(is_full && next >= 4 && bytes[at..at + blank].contains(&b'\n')) {
                break;
            }
            line = at + blank;
            at = line;
        }
        at += bytes[at..].iter().take(2).take_while(|byte| **byte == b'=').count();
        if at - start >= SHORTEST_RUN {
            runs.push(start..at);
        }
    }
    runs
}

/// The text below a run of base64; `None` where it is no text.
pub(super) fn from_base64(run: &str) -> Option<Zeroizing<String>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(run.len() * 3 / 4));
    let (mut bits, mut held) = (0_u32, 0);
    for byte in run.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., byte] = (bits >> held).to_be_bytes();
            // Most runs are names or hashes, and their bytes no text: that shows soon.
            if !is_text(byte) {
                return None;
            }
            decoded.push(byte);
        }
    }
    String::from_utf8(std::mem::take(&mut decoded)).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, read: &str, part: &str, source: &str) {
        let views = of(text);
        let view = views.iter().find(|view| *view.text == read).expect("one of the views reads so");
        let at = view.text.find(part).unwrap();
        assert_eq!(&text[view.source(&(at..at + part.len()))], source);
    }

    #[test]
    fn pieces_of_a_string_are_read_together() {
        check(r#"k = "sk-" + "abc";"#, r#"k = "sk-abc";"#, "sk-abc", r#"sk-" + "abc"#);
        check("k = (\"sk-\"\n     \"abc\")", "k = (\"sk-abc\")", "sk-abc", "sk-\"\n     \"abc");
        check("a=sk-\\\n  abc", "a=sk-abc", "sk-abc", "sk-\\\n  abc");
        check("$k = 'sk-' . 'abc'", "$k = 'sk-abc'", "sk-abc", "sk-' . 'abc");
    }

    #[test]
    fn escapes_are_read_as_what_they_stand_for() {
        check("?k=sk%2Dabc&b", "?k=sk-abc&b", "sk-abc", "sk%2Dabc");
        check(r"sk\u002dabc", "sk-abc", "sk-abc", r"sk\u002dabc");
        check("s\u{200b}k-abc", "sk-abc", "sk-abc", "s\u{200b}k-abc");
    }

    #[test]
    fn a_view_is_there_only_where_it_differs() {
        assert!(of("plain text, 100 % of it & more").is_empty());
    }

    #[test]
    fn base64_is_decoded_where_it_is_text() {
        let text = "data: c2VjcmV0IHdvcmRzIGJlbG93IGJhc2U2NA==, next";
        let runs = base64_runs(text);
        assert_eq!(runs.len(), 1);
        assert_eq!(from_base64(&text[runs[0].clone()]).unwrap().as_str(), "secret words below base64");
        assert!(from_base64("aLongIdentifierThatIsNoBase64AtAll").is_none());
    }
}
