//! Token healing: takes the cursor out of the middle of a token.
//!
//! A model has seen `self.len` as `self` `.len`, never as `self` `.l`; asked to go on after `.l` it is lost (healing is worth six times
//! the exact matches on a small model). So the last word typed is taken back out of the prompt, and the answer is bound to begin with
//! its bytes. Works on bytes, because a token may end inside a character. Must not decide which of the allowed tokens is best.

use crate::{Token, Tokens};

/// How many tokens are taken back at most. Each costs up to one decode step.
const MOST: usize = 4;

/// What the answer must begin with before anything new may come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Healing {
    rest: Vec<u8>,
    dropped: Vec<Token>,
}

impl Healing {
    /// Takes the tokens of the last word off the end of `tokens`, which spell `typed`.
    ///
    /// Back to the start of the last run of characters of one kind (word, space, line break, other), to the start of the token that
    /// holds that start, and never more than four tokens. `None` when the tokens don't spell `typed`, as with a tokenizer that
    /// normalizes: see [`word_start`] for the way out.
    pub(crate) fn take_back(tokens: &mut Vec<Token>, typed: &str, vocabulary: &dyn Tokens) -> Option<Self> {
        let word = word_start(typed);
        let (mut end, mut kept) = (typed.len(), tokens.len());
        while end > word && kept > 0 && tokens.len() - kept < MOST {
            let piece = vocabulary.piece(tokens[kept - 1]);
            if piece.is_empty() || !typed.as_bytes()[..end].ends_with(piece) {
                return None;
            }
            end -= piece.len();
            kept -= 1;
        }
        Some(Self { rest: typed.as_bytes()[end..].to_vec(), dropped: tokens.split_off(kept) })
    }

    /// The answer must begin with `text`, which tokenizes to `dropped`.
    pub fn of(text: &str, dropped: Vec<Token>) -> Self {
        Self { rest: text.as_bytes().to_vec(), dropped }
    }

    /// Whether everything taken back has been said again: the next token is free.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes still to be said.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// The tokens that were taken out of the prompt, for a vocabulary in which nothing else can say them again.
    pub fn dropped(&self) -> &[Token] {
        &self.dropped
    }

    /// Whether a token that stands for `piece` may come next.
    pub fn allows(&self, piece: &[u8]) -> bool {
        self.is_done()
            || (!piece.is_empty() && (piece.starts_with(&self.rest) || self.rest.starts_with(piece)))
    }

    /// Notes that `piece`, which must be allowed, was said, and returns the part of it that lies beyond the cursor.
    pub fn say<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        debug_assert!(self.allows(piece));
        let said = piece.len().min(self.rest.len());
        self.rest.drain(..said);
        &piece[said..]
    }
}

/// Where the last run of characters of one kind begins in `text`, in bytes.
pub(crate) fn word_start(text: &str) -> usize {
    let Some(last) = text.chars().next_back().map(kind) else { return 0 };
    text.char_indices()
        .rev()
        .take_while(|(_, character)| kind(*character) == last)
        .last()
        .map_or(0, |(at, _)| at)
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum CharKind {
    Word,
    Space,
    Break,
    Other,
}

fn kind(character: char) -> CharKind {
    match character {
        '\n' | '\r' => CharKind::Break,
        '_' => CharKind::Word,
        c if c.is_alphanumeric() => CharKind::Word,
        c if c.is_whitespace() => CharKind::Space,
        _ => CharKind::Other,
    }
}

/// Every piece of a vocabulary in byte order: finds the tokens that healing allows without looking at the whole vocabulary.
#[derive(Debug)]
pub struct PieceIndex {
    sorted: Vec<(Box<[u8]>, Token)>,
}

impl PieceIndex {
    /// Sorts the pieces of `vocabulary`; control tokens, which have none, are left out.
    pub fn new(vocabulary: &dyn Tokens) -> Self {
        let all = (0..i32::try_from(vocabulary.size()).unwrap_or(i32::MAX)).map(Token);
        let mut sorted: Vec<(Box<[u8]>, Token)> = all
            .filter(|token| !vocabulary.piece(*token).is_empty())
            .map(|token| (Box::from(vocabulary.piece(token)), token))
            .collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// The tokens that may come next when `rest`, which must not be empty, is still to be said: those that begin with all of it, and
    /// those that are a beginning of it.
    pub fn allowed<'i>(&'i self, rest: &'i [u8]) -> impl Iterator<Item = Token> + Clone + 'i {
        let beyond = self.range(move |piece| piece.starts_with(rest), rest);
        let within = (1..rest.len()).flat_map(move |length| {
            let part = &rest[..length];
            self.range(move |piece| piece == part, part)
        });
        beyond.chain(within)
    }

    /// The run of entries from `from` on for which `holds`.
    fn range<'i>(
        &'i self,
        holds: impl Fn(&[u8]) -> bool + Clone + 'i,
        from: &[u8],
    ) -> impl Iterator<Item = Token> + Clone + 'i {
        let start = self.sorted.partition_point(|(piece, _)| piece.as_ref() < from);
        self.sorted[start..].iter().take_while(move |(piece, _)| holds(piece)).map(|(_, token)| *token)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::toy::Toy;

    fn check(typed: &str, expected: &Expect) {
        let toy = Toy::new();
        let mut tokens = Vec::new();
        toy.tokenize(typed, &mut tokens);
        let healing = Healing::take_back(&mut tokens, typed, &toy).unwrap();
        expected.assert_eq(&format!("{} + {:?}", toy.show(&tokens), String::from_utf8_lossy(healing.rest())));
    }

    #[test]
    fn the_last_word_is_taken_back() {
        check("    self.le", &expect![[r#"⟨    ⟩⟨self⟩ + ".le""#]]);
        check("    let x = ", &expect![[r#"⟨    ⟩⟨let⟩⟨ ⟩⟨x⟩⟨ =⟩ + " ""#]]);
        check("    foo(", &expect![[r#"⟨    ⟩⟨foo⟩ + "(""#]]);
        check("        ", &expect![[r#" + "        ""#]]);
        check("    return", &expect![[r#"⟨    ⟩ + "return""#]]);
        check("x;\n", &expect![[r#"⟨x⟩ + ";\n""#]]);
        check("", &expect![[r#" + """#]]);
    }

    #[test]
    fn no_more_than_four_tokens_are_taken_back() {
        check("    zqxwvkjy", &expect![[r#"⟨    ⟩⟨z⟩⟨q⟩⟨x⟩⟨w⟩ + "vkjy""#]]);
    }

    #[test]
    fn a_character_split_over_tokens_is_bound_byte_by_byte() {
        let toy = Toy::new();
        let (typed, mut tokens) = ("é", Vec::new());
        toy.tokenize(typed, &mut tokens);
        assert_eq!(tokens.len(), 2, "the toy has no token for it");
        let mut healing = Healing::take_back(&mut tokens, typed, &toy).unwrap();
        assert_eq!(healing.say(b"\xc3"), b"");
        assert!(!healing.allows(b"\xc3"));
        assert_eq!(healing.say(b"\xa9t"), b"t");
        assert!(healing.is_done());
    }

    #[test]
    fn the_index_finds_what_a_walk_over_the_vocabulary_finds() {
        let toy = Toy::new();
        let index = PieceIndex::new(&toy);
        for rest in ["s", "se", "self", ".l", "    ", " =", ";\n", "é", "r"] {
            let healing = Healing::of(rest, Vec::new());
            let all = (0..i32::try_from(toy.size()).unwrap()).map(Token);
            let mut walked: Vec<_> = all.filter(|token| healing.allows(toy.piece(*token))).collect();
            let mut found: Vec<_> = index.allowed(rest.as_bytes()).collect();
            walked.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, walked, "after {rest:?}");
        }
    }

    proptest! {
        #[test]
        fn saying_the_dropped_tokens_again_gives_back_the_typed_text(typed in "[ a-zé🦀_.(=;\n]{0,40}") {
            let toy = Toy::new();
            let mut tokens = Vec::new();
            toy.tokenize(&typed, &mut tokens);
            let mut healing = Healing::take_back(&mut tokens, &typed, &toy).unwrap();
            let mut bytes: Vec<u8> = tokens.iter().flat_map(|token| toy.piece(*token).to_vec()).collect();
            for token in healing.dropped().to_vec() {
                prop_assert!(healing.allows(toy.piece(token)));
                bytes.extend_from_slice(toy.piece(token));
                prop_assert!(healing.say(toy.piece(token)).is_empty());
            }
            prop_assert!(healing.is_done());
            prop_assert_eq!(bytes, typed.into_bytes());
        }
    }
}
