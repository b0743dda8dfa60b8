//! Tokens kept per line and per text, so that a key tokenizes one line.
//!
//! A text is cut into chunks, each tokenized once. A chunk ends after a line break that is followed by a line with something on it:
//! pre-tokenizers of Qwen2's kind never join what such a cut parts (they do join runs of blank lines, so there is no cut in those).
//! GPT-2's kind joins a line break with the indentation after it, so nothing is taken on trust: `TokenCache::new` tokenizes a sample
//! whole and in chunks, and where the two differ texts are tokenized whole and kept by their content.
//!
//! Must not decide what a prompt holds.

use std::{num::NonZeroUsize, sync::Arc};

use lru::LruCache;

use crate::{Token, Tokens, surroundings::LINE_END, tokens::tokenize_plain};

/// A line longer than this many bytes is cut regardless: exactness there is not worth tokenizing a megabyte on each key.
const LONGEST_CHUNK: usize = 256;

const LINES: NonZeroUsize = NonZeroUsize::new(16 * 1024).expect("not zero");
const TEXTS: NonZeroUsize = NonZeroUsize::new(64).expect("not zero");

/// Where a chunk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Its first byte in the text.
    pub(crate) byte: usize,
    /// Its first token in [`Chunked::tokens`].
    pub(crate) token: usize,
    /// Whether it begins a line; false inside a very long line.
    pub(crate) starts_line: bool,
}

/// A text in tokens, chunk by chunk.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    /// All tokens. Where chunks are not exact they only say how many tokens a part is about.
    pub(crate) tokens: Vec<Token>,
    /// In order; empty for an empty text.
    pub(crate) chunks: Vec<Chunk>,
}

impl Chunked {
    /// Tokens before chunk `at`, which may be one past the last.
    pub(crate) fn tokens_before(&self, at: usize) -> usize {
        self.chunks.get(at).map_or(self.tokens.len(), |chunk| chunk.token)
    }

    /// Bytes before chunk `at`, which may be one past the last, of a text of `bytes` bytes.
    pub(crate) fn bytes_before(&self, at: usize, bytes: usize) -> usize {
        self.chunks.get(at).map_or(bytes, |chunk| chunk.byte)
    }
}

/// The tokens of texts seen before.
#[derive(Debug)]
pub(crate) struct TokenCache {
    /// Tokens of a chunk, by its text.
    lines: LruCache<Box<str>, Box<[Token]>>,
    /// Whole texts that stay the same for many keys: blocks, suffixes, prefixes.
    texts: LruCache<Box<str>, Arc<Chunked>>,
    /// The same for [`Self::exact`] being false: tokens of a text that was tokenized whole.
    wholes: LruCache<Box<str>, Arc<[Token]>>,
    /// Texts whose lines were tokenized each without its break.
    by_line: LruCache<Box<str>, Arc<[Token]>>,
    special: Vec<(Token, String)>,
    exact: bool,
}

impl TokenCache {
    /// An empty cache over `tokens`, after the test described above.
    pub(crate) fn new(tokens: &dyn Tokens, special: Vec<(Token, String)>) -> Self {
        let mut cache = Self {
            lines: LruCache::new(LINES),
            texts: LruCache::new(TEXTS),
            wholes: LruCache::new(TEXTS),
            by_line: LruCache::new(TEXTS),
            special,
            exact: true,
        };
        let mut whole = Vec::new();
        tokenize_plain(tokens, &cache.special, SAMPLE, &mut whole);
        cache.exact = cache.chunked(tokens, SAMPLE, true).tokens == whole;
        cache
    }

    /// Whether chunks tokenize as the whole does.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// `text` in chunks, remembered as a whole: for texts that stay the same from key to key.
    pub(crate) fn lasting(&mut self, tokens: &dyn Tokens, text: &str) -> Arc<Chunked> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let chunked = Arc::new(self.chunked(tokens, text, true));
        self.texts.put(text.into(), Arc::clone(&chunked));
        chunked
    }

    /// `text` in chunks, of which only the last is new: for the text that is being typed.
    pub(crate) fn passing(&mut self, tokens: &dyn Tokens, text: &str) -> Chunked {
        self.chunked(tokens, text, false)
    }

    /// Appends the tokens of the chunks `from..to` of `text`, which `chunked` holds.
    pub(crate) fn append(
        &mut self,
        tokens: &dyn Tokens,
        text: &str,
        chunked: &Chunked,
        (from, to): (usize, usize),
        out: &mut Vec<Token>,
    ) {
        if self.exact {
            out.extend_from_slice(&chunked.tokens[chunked.tokens_before(from)..chunked.tokens_before(to)]);
            return;
        }
        let part = &text[chunked.bytes_before(from, text.len())..chunked.bytes_before(to, text.len())];
        out.extend_from_slice(&self.whole(tokens, part));
    }

    /// The tokens of all of `text`.
    pub(crate) fn whole(&mut self, tokens: &dyn Tokens, text: &str) -> Arc<[Token]> {
        if self.exact {
            return self.lasting(tokens, text).tokens.as_slice().into();
        }
        if let Some(known) = self.wholes.get(text) {
            return Arc::clone(known);
        }
        let mut out = Vec::new();
        tokenize_plain(tokens, &self.special, text, &mut out);
        let out: Arc<[Token]> = out.into();
        self.wholes.put(text.into(), Arc::clone(&out));
        out
    }

    /// The tokens of each line of `text` that is not blank, without its break, and a [`LINE_END`] after each that had one.
    pub(crate) fn by_line(&mut self, tokens: &dyn Tokens, text: &str) -> Arc<[Token]> {
        if let Some(known) = self.by_line.get(text) {
            return Arc::clone(known);
        }
        let mut out = Vec::new();
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            if !content.trim().is_empty() {
                out.extend(self.chunked(tokens, content, true).tokens);
            }
            // Blank lines are no lines of their own.
            if content.len() < line.len() && out.last() != Some(&LINE_END) {
                out.push(LINE_END);
            }
        }
        let out: Arc<[Token]> = out.into();
        self.by_line.put(text.into(), Arc::clone(&out));
        out
    }

    /// Appends the tokens of `line`, which has no break, as [`Self::by_line`] has them; nothing is looked up or remembered, for texts that
    /// are seen once.
    pub(crate) fn line(&self, tokens: &dyn Tokens, line: &str, out: &mut Vec<Token>) {
        for (chunk, _) in chunks(line) {
            tokenize_plain(tokens, &self.special, chunk, out);
        }
    }

    fn chunked(&mut self, tokens: &dyn Tokens, text: &str, keep_last: bool) -> Chunked {
        let mut chunked = Chunked::default();
        let mut byte = 0;
        for (chunk, starts_line) in chunks(text) {
            chunked.chunks.push(Chunk { byte, token: chunked.tokens.len(), starts_line });
            byte += chunk.len();
            if let Some(known) = self.lines.get(chunk) {
                chunked.tokens.extend_from_slice(known);
                continue;
            }
            let start = chunked.tokens.len();
            tokenize_plain(tokens, &self.special, chunk, &mut chunked.tokens);
            if keep_last || byte < text.len() {
                self.lines.put(chunk.into(), chunked.tokens[start..].into());
            }
        }
        chunked
    }
}

/// The texts that a new [`crate::Builder`] has tokenized, to find out whether they can be cut.
pub fn sample() -> impl Iterator<Item = &'static str> {
    std::iter::once(SAMPLE).chain(chunks(SAMPLE).map(|(chunk, _)| chunk))
}

/// Cuts `text` where a tokenizer of Qwen2's kind would not notice; says of each chunk whether it begins a line.
pub fn chunks(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let chunk;
        (chunk, rest) = rest.split_at(chunk_end(rest));
        Some(chunk)
    })
    .flat_map(|chunk| {
        let mut rest = chunk;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let starts_line = rest.len() == chunk.len();
            let part;
            (part, rest) = rest.split_at(rest.floor_char_boundary(LONGEST_CHUNK));
            Some((part, starts_line))
        })
    })
}

/// The end of the first chunk of `text`, before very long ones are cut.
fn chunk_end(text: &str) -> usize {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if end > 0 && !line.trim().is_empty() {
            return end;
        }
        end += line.len();
    }
    end
}

/// What makes tokenizers differ at a cut: indentation after breaks, blank runs with and without spaces, CRLF, punctuation before a
/// break, tabs, digits, letters of several scripts, a comment of spaces, a character outside the BMP.
const SAMPLE: &str = "fn main() {\n    let x = 12;\n\n\n    if x > 3 {\n\t\treturn;\n    }\n}\n\n  \n\t\nclass A(B):\r\n\r\n    def f(self):\r\n        \
    pass\r\n# ——— ünïcode 漢字 🦀\n  'single' \"double\" \n);\n\n/* a\n * b\n */\n        deep()\n    .chain()\n\u{a0}x\n-1\n...\n  - y:\n";

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::toy::Toy;

    fn check(text: &str, expected: &Expect) {
        let parts: Vec<_> = chunks(text).map(|(chunk, _)| format!("{chunk:?}")).collect();
        expected.assert_eq(&parts.join(" "));
    }

    #[test]
    fn a_chunk_ends_before_a_line_with_something_on_it() {
        check("a\nb\n", &expect![[r#""a\n" "b\n""#]]);
        check("a;\n\n  \n    b\n\n", &expect![[r#""a;\n\n  \n" "    b\n\n""#]]);
        check("\n\na\r\nb", &expect![[r#""\n\n" "a\r\n" "b""#]]);
        check("a\n    ", &expect![[r#""a\n    ""#]]);
        check("", &expect![""]);
    }

    #[test]
    fn a_very_long_line_is_cut_and_says_so() {
        let text = format!("{}\nb", "é".repeat(200));
        let parts: Vec<_> = chunks(&text).map(|(chunk, starts_line)| (chunk.len(), starts_line)).collect();
        assert_eq!(parts, [(256, true), (145, false), (1, true)]);
    }

    #[test]
    fn a_vocabulary_that_joins_lines_is_found_out() {
        assert!(TokenCache::new(&Toy::new(), Vec::new()).is_exact());
        assert!(!TokenCache::new(&Toy::merging(), Vec::new()).is_exact());
    }

    proptest! {
        #[test]
        fn a_line_by_itself_is_tokenized_as_within_its_text(lines in prop::collection::vec("[ a-z(;\té🦀]{0,300}x", 0..6)) {
            let toy = Toy::new();
            let mut cache = TokenCache::new(&toy, Vec::new());
            let (mut alone, mut text) = (Vec::new(), String::new());
            for line in &lines {
                cache.line(&toy, line, &mut alone);
                alone.push(LINE_END);
                text = text + line + "\n";
            }
            prop_assert_eq!(&*cache.by_line(&toy, &text), alone.as_slice());
        }

        #[test]
        fn chunks_tokenize_as_the_whole_does(text in "[ a-z(;\n\r\té🦀]{0,120}", merging: bool) {
            let toy = if merging { Toy::merging() } else { Toy::new() };
            let mut cache = TokenCache::new(&toy, Vec::new());
            let mut whole = Vec::new();
            toy.tokenize(&text, &mut whole);
            for _ in 0..2 {
                let chunked = cache.lasting(&toy, &text);
                let mut out = Vec::new();
                cache.append(&toy, &text, &chunked, (0, chunked.chunks.len()), &mut out);
                prop_assert_eq!(&out, &whole);
            }
        }
    }
}
