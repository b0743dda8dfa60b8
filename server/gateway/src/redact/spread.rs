//! Known secrets, looked for where no rule finds them: in a comment, in another file, cut off in a log.
//!
//! Afterwards no secret stands in what is left of a text, and no twelve bytes of one in a row. Must not learn from blanks: a key's
//! indentation is everybody's.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::Range,
};

use super::Span;

/// So many bytes of a secret are as good as the secret: they are looked for too.
pub(super) const WINDOW: usize = 12;

/// Secrets, by what it takes to recognise them.
#[derive(Default)]
pub(super) struct Spread<'a> {
    /// Every window of those that are long enough, with the rule that found the secret.
    windows: HashMap<&'a [u8], usize>,
    /// Those that are shorter.
    short: HashMap<&'a str, usize>,
    /// Which four bytes windows begin with, as bits of their hash: most places of a text need no more than a look here.
    starts: Vec<u64>,
}

impl<'a> Spread<'a> {
    /// Looks for this one too.
    pub(super) fn add(&mut self, secret: &'a str, rule: usize) {
        if secret.len() < WINDOW {
            self.short.entry(secret).or_insert(rule);
            return;
        }
        self.starts.resize(1024, 0);
        for window in secret.as_bytes().windows(WINDOW).filter(|window| is_telling(window)) {
            if let Entry::Vacant(vacant) = self.windows.entry(window) {
                vacant.insert(rule);
                let (word, bit) = start(window);
                self.starts[word] |= bit;
            }
        }
    }

    /// Adds the places of known secrets between the spans of a text. Spans stay in order and without overlaps.
    pub(super) fn find(&self, text: &str, spans: &mut Vec<Span>) {
        if !self.windows.is_empty() {
            fill(text, spans, |gap| self.long(text, gap));
        }
        if !self.short.is_empty() {
            fill(text, spans, |gap| self.whole(text, gap));
        }
    }

    /// The longest stretches of a gap in which every window is one of a secret.
    fn long(&self, text: &str, gap: Range<usize>) -> Vec<Span> {
        let bytes = &text.as_bytes()[gap.clone()];
        let mut spans: Vec<Span> = Vec::new();
        for (at, window) in bytes.windows(WINDOW).enumerate() {
            let (word, bit) = start(window);
            if self.starts[word] & bit == 0 {
                continue;
            }
            let Some(rule) = self.windows.get(window) else { continue };
            // A placeholder takes the place of whole characters.
            let range =
                text.floor_char_boundary(gap.start + at)..text.ceil_char_boundary(gap.start + at + WINDOW);
            match spans.last_mut() {
                Some(last) if range.start < last.range.end => last.range.end = range.end.max(last.range.end),
                _ => spans.push(Span { range, rule: Some(*rule) }),
            }
        }
        spans
    }

    /// The short secrets in a gap, whole.
    fn whole(&self, text: &str, gap: Range<usize>) -> Vec<Span> {
        let mut secrets: Vec<_> = self.short.iter().collect();
        secrets.sort_by_key(|(secret, _)| std::cmp::Reverse((secret.len(), **secret)));
        let mut spans: Vec<Span> = Vec::new();
        for (secret, rule) in secrets {
            for (at, _) in text[gap.clone()].match_indices(secret) {
                let range = gap.start + at..gap.start + at + secret.len();
                spans.push(Span { range, rule: Some(*rule) });
            }
        }
        super::merged(spans)
    }
}

/// Whether a window is more than the blanks between a key's lines, of which every text is full.
pub(super) fn is_telling(window: &[u8]) -> bool {
    window.iter().filter(|byte| byte.is_ascii_whitespace()).count() <= 2
}

/// Adds what is found in the gaps between spans.
fn fill(text: &str, spans: &mut Vec<Span>, find: impl Fn(Range<usize>) -> Vec<Span>) {
    let mut found = Vec::new();
    let mut at = 0;
    for span in spans.iter() {
        found.extend(find(at..span.range.start));
        at = span.range.end;
    }
    found.extend(find(at..text.len()));
    if !found.is_empty() {
        spans.append(&mut found);
        spans.sort_by_key(|span| span.range.start);
    }
}

/// Where the bit of a window is.
fn start(window: &[u8]) -> (usize, u64) {
    let four = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
    let hash = four.wrapping_mul(0x9e37_79b1) >> 16;
    ((hash >> 6) as usize, 1 << (hash & 63))
}
