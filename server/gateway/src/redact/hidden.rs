//! Characters that nobody sees: directional marks that make a line read otherwise than it is, zero-width ones, and Unicode's tag
//! characters, in which a whole instruction can be written invisibly.
//!
//! Must not touch what people use to write: a zero-width joiner within a word of Persian or an emoji is counted, not removed.

use std::{borrow::Cow, ops::Range};

use model::cloud::Hidden;

/// Counts what `text` hides, on top of what `hidden` has.
pub(super) fn count(text: &str, hidden: &mut Hidden) {
    for character in text.chars() {
        match kind(character) {
            Some(Kind::Bidi) => hidden.bidi += 1,
            Some(Kind::ZeroWidth) => hidden.zero_width += 1,
            Some(Kind::Tag) => hidden.tags += 1,
            None => {}
        }
    }
}

/// A text without tag characters. The flags of England, Scotland and Wales, which are written with them, become black.
pub(super) fn without_tags(text: &str) -> Cow<'_, str> {
    // Their UTF-8 begins with these bytes, and hardly any text has them.
    if !text.contains(|character| kind(character) == Some(Kind::Tag)) {
        return text.into();
    }
    text.chars().filter(|character| kind(*character) != Some(Kind::Tag)).collect::<String>().into()
}

/// Where invisible characters are.
pub(super) fn invisible(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.char_indices()
        .filter(|(_, character)| kind(*character).is_some())
        .map(|(at, character)| at..at + character.len_utf8())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bidi,
    ZeroWidth,
    Tag,
}

fn kind(character: char) -> Option<Kind> {
    if character.is_ascii() {
        return None;
    }
    match character {
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Kind::Bidi)
        }
        '\u{00ad}'
        | '\u{034f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' => Some(Kind::ZeroWidth),
        '\u{e0000}'..='\u{e007f}' => Some(Kind::Tag),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted() {
        let hidden = |text: &str| {
            let mut hidden = Hidden::default();
            count(text, &mut hidden);
            hidden
        };
        let text = "a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{e0041}\u{e0042}\u{e007f}";
        assert_eq!(hidden(text), Hidden { bidi: 2, zero_width: 2, tags: 3 });
        assert!(hidden("plain — text, 日本語, é").is_empty());
    }

    #[test]
    fn tag_characters_are_stripped_and_others_stay() {
        assert_eq!(without_tags("x\u{e0068}\u{e0069}y\u{200d}z"), "xy\u{200d}z");
        assert!(matches!(without_tags("nothing here"), Cow::Borrowed(_)));
    }
}
