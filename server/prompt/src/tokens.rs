//! What this crate needs of a vocabulary, and the one thing it must never get from it: a special token out of a user's text.
//!
//! Must not assume anything about how a tokenizer splits; what is assumed elsewhere is tested at load (see [`crate::cache`]).

use std::sync::Arc;

/// One entry of a model's vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub i32);

/// A model's vocabulary.
pub trait Tokens {
    /// Appends the tokens of `text` to `out`: plain text, without a token for the beginning of a text and without special tokens.
    fn tokenize(&self, text: &str, out: &mut Vec<Token>);

    /// The bytes that `token` stands for; empty for control tokens. A character may be split over several tokens.
    fn piece(&self, token: Token) -> &[u8];

    /// Entries in the vocabulary: tokens are `0..size`.
    fn size(&self) -> usize;
}

impl<T: Tokens + ?Sized> Tokens for &T {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        (**self).tokenize(text, out);
    }

    fn piece(&self, token: Token) -> &[u8] {
        (**self).piece(token)
    }

    fn size(&self) -> usize {
        (**self).size()
    }
}

impl<T: Tokens + ?Sized> Tokens for Arc<T> {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        (**self).tokenize(text, out);
    }

    fn piece(&self, token: Token) -> &[u8] {
        (**self).piece(token)
    }

    fn size(&self) -> usize {
        (**self).size()
    }
}

/// Tokenizes a user's text such that no token of `special` comes out.
///
/// Tokenizers parse a token that a GGUF declares "user defined" even when they are asked not to parse special ones, and there are
/// GGUFs that declare their FIM tokens so. Such a token is taken apart after its first character: the model then sees the text
/// `<|fim_middle|>`, not the command.
pub(crate) fn tokenize_plain(
    tokens: &dyn Tokens,
    special: &[(Token, String)],
    text: &str,
    out: &mut Vec<Token>,
) {
    let start = out.len();
    tokens.tokenize(text, out);
    let name = |token: Token| special.iter().find(|(known, _)| *known == token).map(|(_, name)| name);
    if out[start..].iter().all(|token| name(*token).is_none()) {
        return;
    }
    for token in out.split_off(start) {
        let Some(name) = name(token) else {
            out.push(token);
            continue;
        };
        let mut characters = name.chars();
        let first = characters.next().map(String::from).unwrap_or_default();
        for part in [first.as_str(), characters.as_str()] {
            let at = out.len();
            tokens.tokenize(part, out);
            // A vocabulary in which even the parts are commands leaves no way to say the text: say less.
            if out[at..].iter().any(|token| special.iter().any(|(known, _)| known == token)) {
                out.truncate(at);
            }
        }
    }
}
