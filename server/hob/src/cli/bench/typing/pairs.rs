//! Which closing bracket or quote an editor would have written along with the opening one.
//!
//! Must not parse: an editor's auto-close doesn't either. A pair that is missed here is typed as two plain keys.

use std::{collections::BTreeMap, ops::Range};

use syntax::Language;

/// Opening places of `range`, each with its closing one, both one byte long.
pub(super) fn pairs(text: &str, range: &Range<usize>, language: Language) -> BTreeMap<usize, usize> {
    // A lone `'` is a lifetime in Rust, and its editors don't close it.
    let quotes: &[u8] = if language.name() == "rust" { b"\"" } else { b"\"'" };
    let bytes = &text.as_bytes()[..range.end];
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut found = BTreeMap::new();
    let mut at = range.start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'(' => open.push((at, b')')),
            b'[' => open.push((at, b']')),
            b'{' => open.push((at, b'}')),
            b')' | b']' | b'}' => match open.pop() {
                Some((start, wanted)) if wanted == byte => {
                    found.insert(start, at);
                }
                // Brackets that don't nest are a comment's or a pattern's: nothing around them is believed.
                _ => open.clear(),
            },
            _ if quotes.contains(&byte) => {
                if let Some(end) = closing_quote(bytes, at) {
                    found.insert(at, end);
                    // Inside of a string editors close nothing.
                    at = end;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where the string that begins at `start` ends, if it does so on its line.
fn closing_quote(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\n' => return None,
            b'\\' => at += 2,
            byte if byte == bytes[start] => return Some(at),
            _ => at += 1,
        }
    }
}

/// Whether an editor types over this character where it wrote it itself.
pub(super) fn is_closing(byte: u8) -> bool {
    matches!(byte, b')' | b']' | b'}' | b'"' | b'\'')
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn shown(name: &str, text: &str) -> String {
        let language = Language::from_path(name).unwrap();
        let spans = pairs(text, &(0..text.len()), language);
        spans.into_iter().map(|(start, end)| text[start..=end].to_owned() + "\n").collect()
    }

    #[test]
    fn brackets_and_quotes() {
        expect![[r#"
            (&'a str, "a \" (")
            "a \" ("
            {
              [1]
            }
            [1]
        "#]]
        .assert_eq(&shown("a.rs", "f(&'a str, \"a \\\" (\") {\n  [1]\n}"));
        expect![[r#"
            ""
            "Doc."
            ""
            ('(')
            '('
        "#]]
        .assert_eq(&shown("a.py", "\"\"\"Doc.\"\"\"\nf('(') # don't ("));
        expect![""].assert_eq(&shown("a.rs", "(]\""));
    }
}
