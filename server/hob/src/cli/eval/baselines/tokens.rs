//! Words of a text, for counting: what a person would call one, whatever the language.
//!
//! Must not lose a byte: the words, one after the other, are the text.

/// Words and numbers; runs of blanks; line breaks; everything else character by character.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let class = class(first);
        let end = match class {
            Class::Single => first.len_utf8(),
            _ => rest.find(|c| self::class(c) != class).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

/// Whether the token is a word or a number: a cursor behind it may be inside of it.
pub(super) fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(|c| class(c) == Class::Word)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Blank,
    Single,
}

fn class(c: char) -> Class {
    match c {
        ' ' | '\t' => Class::Blank,
        '_' => Class::Word,
        c if c.is_alphanumeric() => Class::Word,
        _ => Class::Single,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_blanks_breaks_and_the_rest() {
        let found: Vec<&str> = tokens("  naïve_1  += f((2));\n\n").collect();
        assert_eq!(
            found,
            ["  ", "naïve_1", "  ", "+", "=", " ", "f", "(", "(", "2", ")", ")", ";", "\n", "\n"]
        );
        assert!(is_word("a") && is_word("1") && !is_word(" ") && !is_word("("));
    }
}
