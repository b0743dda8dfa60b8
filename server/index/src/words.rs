//! The words of a text, as they are searched for: identifiers whole and in their parts, in lower case.
//!
//! Must not know a language: what is a keyword in one is a name in another, and words that occur everywhere are left aside by whoever
//! searches.

/// A word of fewer bytes tells nothing, and neither does half a line of base64.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=64;

/// Calls `found` with each word of the text, in its order: an identifier in lower case, then its parts if it has several.
/// `parseHTTPHeader_2` is `parsehttpheader_2`, `parse`, `http`, `header`; numbers are no words.
pub(crate) fn words(text: &str, mut found: impl FnMut(&str)) {
    let mut lower = String::new();
    for identifier in identifiers(text).filter(|identifier| LENGTHS.contains(&identifier.len())) {
        found(folded(identifier, &mut lower));
        let mut parts = parts(identifier).peekable();
        let first = parts.next();
        if parts.peek().is_some() {
            for part in first.into_iter().chain(parts).filter(|part| LENGTHS.contains(&part.len())) {
                found(folded(part, &mut lower));
            }
        }
    }
}

/// The identifiers of a text as they stand there. What begins with a digit is a number.
pub(crate) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    let separates =
        |c: char| !(c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && c.is_alphanumeric()));
    text.split(separates).filter(|word| !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a text has an identifier, in this very case.
pub(crate) fn occurs(name: &str, text: &str) -> bool {
    // Most chunks that are asked about have it, and a search for bytes is quicker than a walk over all words.
    memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some()
        && identifiers(text).any(|identifier| identifier == name)
}

/// The parts of an identifier: between underscores, and where small letters are followed by a capital, or capitals by a word that
/// begins with one. Digits stay with what is before them.
fn parts(identifier: &str) -> impl Iterator<Item = &str> {
    identifier
        .split('_')
        .flat_map(|piece| Humps { rest: piece })
        .filter(|part| part.starts_with(char::is_alphabetic))
}

struct Humps<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Humps<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut chars = self.rest.char_indices();
        let (_, mut before) = chars.next()?;
        for (at, c) in chars {
            let next_is_small = || self.rest[at + c.len_utf8()..].starts_with(char::is_lowercase);
            if c.is_uppercase() && (!before.is_uppercase() || next_is_small()) {
                let (part, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(part);
            }
            before = c;
        }
        Some(std::mem::take(&mut self.rest))
    }
}

/// The word in lower case, without an allocation where it is in lower case already.
fn folded<'a>(word: &'a str, lower: &'a mut String) -> &'a str {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return word;
    }
    lower.clear();
    if word.is_ascii() {
        lower.push_str(word);
        lower.make_ascii_lowercase();
    } else {
        lower.extend(word.chars().flat_map(char::to_lowercase));
    }
    lower
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let mut all = Vec::new();
        words(text, |word| all.push(word.to_owned()));
        expected.assert_eq(&all.join(" "));
    }

    #[test]
    fn an_identifier_is_found_whole_and_in_parts() {
        check("fooBarBaz", &expect!["foobarbaz foo bar baz"]);
        check("snake_case_name", &expect!["snake_case_name snake case name"]);
        check(
            "HTTPServer, parseHTTP2Header",
            &expect!["httpserver http server parsehttp2header parse http2 header"],
        );
        check("MAX_LEN __init__ x T", &expect!["max_len max len __init__"]);
        check("Größe_Übung naïve", &expect!["größe_übung größe übung naïve"]);
    }

    #[test]
    fn numbers_and_letters_tell_nothing() {
        check("i + 0x7fff_u32 * 12e3 - x", &expect![""]);
        check(&format!("let data = \"{}\";", "A9".repeat(100)), &expect!["let data"]);
    }

    #[test]
    fn a_name_occurs_as_a_whole_and_in_its_case() {
        assert!(occurs("Tree", "fn of(tree: &Tree)"));
        assert!(!occurs("Tree", "fn of(tree: &TreeCursor)"));
    }
}
