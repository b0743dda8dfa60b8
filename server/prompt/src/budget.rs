//! How much of each part fits, in the model's own tokens.
//!
//! The rule that matters is that nothing moves while a person types. Shares depend only on the size of the context and on parts that
//! stay the same from key to key; the typed text, which doesn't, is given room in steps. A prefix that doesn't fit is cut at a place
//! that its own content chooses (see `tail`), not at a distance from the cursor: a sliding cut would evaluate everything again on
//! each Enter.
//!
//! Must not tokenize and must not know a family.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::cache::Chunked;

/// Bytes of text that are worth tokenizing per token of room. Code is at 3 to 4; runs of spaces reach more.
const BYTES_PER_TOKEN: usize = 12;

/// Room for the tokens that healing takes back and decodes again, which may then be more of them.
const HEALING: usize = 8;

/// The room for the typed text grows in steps of at least as many tokens, some lines, where that is no more than a quarter of a prompt.
const STEP: usize = 48;

/// Tokens for each part of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Decoded tokens.
    pub(crate) answer: usize,
    /// Everything but the answer and what frames the parts.
    pub(crate) parts: usize,
    /// Of [`Self::parts`]: context blocks, headers included.
    pub(crate) blocks: usize,
    /// Of [`Self::parts`]: the typed text at most.
    pub(crate) typed: usize,
}

impl Room {
    /// Divides `context` tokens when the caller wants at most `max_tokens` decoded and special tokens take `frame`.
    pub(crate) fn new(context: usize, max_tokens: usize, frame: usize) -> Self {
        let answer = max_tokens.clamp(1, (context / 4).max(1));
        let parts = context.saturating_sub(answer + frame + HEALING);
        Self { answer, parts, blocks: parts * 35 / 100, typed: parts / 2 }
    }

    /// The room held for a typed text of `tokens` tokens: in steps, so that a key seldom changes what is left for the rest.
    pub(crate) fn for_typed(&self, tokens: usize) -> usize {
        let step = (self.parts / 16).max(STEP.min(self.parts / 4)).max(8);
        (tokens + 1).next_multiple_of(step).min(self.typed.max(tokens))
    }
}

/// Tokens for (prefix, suffix) out of `room`: a quarter is the suffix's, and what one leaves the other may have.
pub(crate) fn around_the_hole(room: usize, prefix: usize, suffix: usize) -> (usize, usize) {
    let for_prefix = room - suffix.min(room / 4);
    let for_suffix = room - prefix.min(for_prefix);
    (for_prefix, for_suffix)
}

/// The end of `text` that can matter to a budget of `tokens`, from the start of a line on where there is one.
pub(crate) fn last_bytes(text: &str, tokens: usize) -> &str {
    let Some(excess) = text.len().checked_sub(tokens * BYTES_PER_TOKEN).filter(|excess| *excess > 0) else {
        return text;
    };
    let rest = &text[text.ceil_char_boundary(excess)..];
    match rest.find('\n') {
        Some(line_break) if line_break + 1 < rest.len() => &rest[line_break + 1..],
        _ => rest,
    }
}

/// The beginning of `text` that can matter to a budget of `tokens`, to the end of a line where there is one.
pub(crate) fn first_bytes(text: &str, tokens: usize) -> &str {
    let limit = tokens * BYTES_PER_TOKEN;
    if text.len() <= limit {
        return text;
    }
    let part = &text[..text.floor_char_boundary(limit)];
    part.rfind('\n').map_or(part, |line_break| &part[..=line_break])
}

/// The first chunk to keep of `text`, such that the rest fits into `budget` tokens.
///
/// A text that fits is kept whole, unless it is `cut` already (a window of something longer). Otherwise the cut is the line start of
/// the highest rank among those that leave between half the budget and all of it. A line's rank is whether it begins an item (no
/// indentation and a letter, `#` or `@`), then a hash of it and the next chunk: a property of the content, so that the cut stays where
/// it is while text is added below, whatever window of the document is sent, until it no longer fits. It then moves by up to half a
/// budget.
pub(crate) fn tail(text: &str, chunked: &Chunked, budget: usize, cut: bool) -> usize {
    let total = chunked.tokens.len();
    if total <= budget && !cut {
        return 0;
    }
    let left = |at: usize| total - chunked.tokens_before(at);
    let first = (0..chunked.chunks.len()).find(|at| left(*at) <= budget).unwrap_or(chunked.chunks.len());
    let candidates = (first..chunked.chunks.len()).take_while(|at| *at == first || left(*at) >= budget / 2);
    candidates
        .filter(|at| chunked.chunks[*at].starts_line)
        .max_by_key(|at| (rank(text, chunked, *at), std::cmp::Reverse(*at)))
        .unwrap_or(first)
}

fn rank(text: &str, chunked: &Chunked, at: usize) -> (bool, u64) {
    let start = chunked.chunks[at].byte;
    let end = chunked.bytes_before(at + 2, text.len());
    let begins_item = text[start..].starts_with(|c: char| c.is_alphabetic() || c == '#' || c == '@');
    // `DefaultHasher::new()` has fixed keys: the same text has the same rank in each run.
    let mut hasher = DefaultHasher::new();
    text[start..end].hash(&mut hasher);
    (begins_item, hasher.finish())
}

/// One past the last chunk to keep, such that the beginning fits into `budget` tokens.
pub(crate) fn head(chunked: &Chunked, budget: usize) -> usize {
    (0..=chunked.chunks.len()).rev().find(|at| chunked.tokens_before(*at) <= budget).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cache::TokenCache, toy::Toy};

    fn function(n: usize) -> String {
        format!("fn item_{n}() {{\n    let x = {n};\n    return x;\n}}\n\n")
    }

    #[test]
    fn the_head_of_a_long_prefix_stays_while_lines_are_added() {
        let toy = Toy::new();
        let mut cache = TokenCache::new(&toy, Vec::new());
        let budget = 1200;
        let (mut text, mut cuts) = ((0..100).map(function).collect::<String>(), Vec::new());
        for n in 0..400 {
            let line = if n % 5 == 4 { "\n".into() } else { format!("    let y = {n};\n") };
            text.push_str(&line);
            let chunked = cache.lasting(&toy, &text);
            let at = tail(&text, &chunked, budget, false);
            assert!(chunked.tokens.len() - chunked.tokens_before(at) <= budget);
            cuts.push(chunked.chunks[at].byte);
        }
        assert!(cuts.is_sorted(), "the cut never moves back");
        cuts.dedup();
        assert!(cuts.len() <= 16, "400 lines moved the head {} times", cuts.len());
    }

    #[test]
    fn the_cut_is_the_same_in_any_window_of_the_document() {
        let toy = Toy::new();
        let mut cache = TokenCache::new(&toy, Vec::new());
        let text = (0..200).map(function).collect::<String>();
        let mut kept = Vec::new();
        for window in [0, 1000, 1013, 2500] {
            let window = last_bytes(&text[window..], 1200);
            let chunked = cache.lasting(&toy, window);
            kept.push(&window[chunked.chunks[tail(window, &chunked, 900, true)].byte..]);
        }
        assert!(kept.iter().all(|part| *part == kept[0]));
        assert!(kept[0].starts_with("fn item_"), "a cut before an item is preferred");
    }

    #[test]
    fn what_one_side_leaves_the_other_may_have() {
        assert_eq!(around_the_hole(100, 1000, 1000), (75, 25));
        assert_eq!(around_the_hole(100, 1000, 10), (90, 10));
        assert_eq!(around_the_hole(100, 10, 1000), (75, 90));
        assert_eq!(around_the_hole(100, 0, 0), (100, 100));
    }

    #[test]
    fn typing_changes_the_room_for_the_rest_in_steps() {
        let room = Room::new(2048, 64, 8);
        let mut rooms: Vec<_> = (0..120).map(|typed| room.for_typed(typed)).collect();
        assert!(rooms.iter().enumerate().all(|(typed, room)| *room > typed));
        rooms.dedup();
        assert_eq!(rooms, [123]);
    }
}
