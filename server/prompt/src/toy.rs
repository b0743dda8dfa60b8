//! A vocabulary small enough to read: bytes, some words, and special tokens. Greedy, longest match first.
//!
//! Test only. Must behave like the real ones where it matters: no token holds text on both sides of a line start, characters may be
//! split, and [`Toy::parsing`] parses special tokens out of a user's text as careless vocabularies do.

use crate::{Facts, Token, Tokens, family::FimIds};

const WORDS: &[&str] = &[
    "    ", "  ", " =", ";\n", "\n\n", "\r\n", "fn", "let", "self", " self", ".len", ".le", "len", "()",
    "foo", " foo", "bar", "return", "struct", "impl", "def", "use", "pub", "// ", "x", "y",
];

const SPECIAL: &[&str] =
    &["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|repo_name|>", "<|file_sep|>", "<|endoftext|>"];

pub(crate) struct Toy {
    pieces: Vec<Vec<u8>>,
    special: &'static [&'static str],
    parses_special: bool,
}

impl Toy {
    pub(crate) fn new() -> Self {
        Self::with_special(SPECIAL)
    }

    pub(crate) fn with_special(special: &'static [&'static str]) -> Self {
        let bytes = (0..=255u8).map(|byte| vec![byte]);
        let pieces = bytes.chain(WORDS.iter().map(|word| word.as_bytes().to_vec())).collect();
        Self { pieces, special, parses_special: false }
    }

    pub(crate) fn parsing() -> Self {
        Self { parses_special: true, ..Self::new() }
    }

    /// As GPT-2's pre-tokenizer: a line break takes the indentation after it along.
    pub(crate) fn merging() -> Self {
        let mut toy = Self::new();
        toy.pieces.push(b"\n    ".to_vec());
        toy
    }

    pub(crate) fn find(&self, text: &str) -> Option<Token> {
        let at = self.special.iter().position(|special| *special == text)?;
        Some(Token(i32::try_from(self.pieces.len() + at).unwrap()))
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts {
            architecture: "llama".into(),
            name: "toy".into(),
            chat_template: false,
            ids: FimIds::default(),
            bos: None,
            ends: self.find("<|endoftext|>").into_iter().collect(),
        }
    }

    /// The tokens as a person can read them: `⟨piece⟩`, and special ones by name.
    pub(crate) fn show(&self, tokens: &[Token]) -> String {
        let one = |token: &Token| match self.name(*token) {
            Some(name) => name.to_owned(),
            None => format!("⟨{}⟩", String::from_utf8_lossy(self.piece(*token)).replace('\n', "⏎")),
        };
        tokens.iter().map(one).collect()
    }

    /// The tokens as text, special ones by name.
    pub(crate) fn render(&self, tokens: &[Token]) -> String {
        let mut bytes = Vec::new();
        for token in tokens {
            bytes.extend_from_slice(self.name(*token).map_or(self.piece(*token), str::as_bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn name(&self, token: Token) -> Option<&'static str> {
        self.special.get(usize::try_from(token.0).unwrap().checked_sub(self.pieces.len())?).copied()
    }
}

impl Tokens for Toy {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        let mut at_byte = 0;
        while at_byte < text.len() {
            if self.parses_special
                && text.is_char_boundary(at_byte)
                && let Some(special) =
                    self.special.iter().find(|special| text[at_byte..].starts_with(**special))
            {
                out.extend(self.find(special));
                at_byte += special.len();
                continue;
            }
            let left = &text.as_bytes()[at_byte..];
            let best = (0..self.pieces.len())
                .filter(|piece| left.starts_with(&self.pieces[*piece]))
                .max_by_key(|piece| self.pieces[*piece].len())
                .unwrap();
            out.push(Token(i32::try_from(best).unwrap()));
            at_byte += self.pieces[best].len();
        }
    }

    fn piece(&self, token: Token) -> &[u8] {
        usize::try_from(token.0).ok().and_then(|at| self.pieces.get(at)).map_or(&[], Vec::as_slice)
    }

    fn size(&self) -> usize {
        self.pieces.len() + self.special.len()
    }
}
