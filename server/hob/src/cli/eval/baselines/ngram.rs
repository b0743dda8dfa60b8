//! The baseline that counts: an n-gram model with backoff, of the words in the rest of the file.
//!
//! Must not learn from the word that is being typed: only whole ones count.

use std::collections::{HashMap, HashSet};

use super::{
    LINES, Place,
    tokens::{is_word, tokens},
};

/// A word is chosen by at most this many before it: order six.
const CONTEXT: usize = 5;

/// What the model says next, word by word the most likely one, until the place may want no more.
pub(super) fn continuation(place: &Place<'_>) -> String {
    let (before, typed) = whole_words(place.before);
    let mut words = Words::default();
    // What follows the cursor first: of equally frequent words the latest wins, and the nearest above is the latest.
    let after = words.numbers(place.after);
    let mut context = words.numbers(before);
    let learnt = context.clone();
    let mut states = HashSet::new();
    let mut text = String::new();
    let mut begun = typed;
    let mut lines = if place.block { LINES } else { 1 };
    while lines > 0 && !text.ends_with("\n\n") {
        let fits = |word: &str| word.starts_with(begun) && (!text.is_empty() || place.may_begin(word));
        let Some(next) = words.likeliest([&after, &learnt], &context, &fits) else { break };
        let word = words.list[next as usize];
        text += &word[begun.len()..];
        begun = "";
        context.push(next);
        lines -= usize::from(word == "\n");
        // What comes next depends on these words alone: seen twice, it goes in circles, and the line that it has begun
        // is no answer.
        let state = context[context.len().saturating_sub(CONTEXT)..].to_vec();
        if !states.insert(state) {
            text.truncate(text.rfind('\n').unwrap_or(text.len()));
            break;
        }
    }
    text
}

/// The text without its last word if that may go on behind the cursor, and that word.
fn whole_words(before: &str) -> (&str, &str) {
    let last = tokens(before).last().filter(|last| is_word(last)).unwrap_or_default();
    before.split_at(before.len() - last.len())
}

/// Words by number.
#[derive(Default)]
struct Words<'a> {
    list: Vec<&'a str>,
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Words<'a> {
    fn numbers(&mut self, text: &'a str) -> Vec<u32> {
        tokens(text).map(|word| self.number(word)).collect()
    }

    fn number(&mut self, word: &'a str) -> u32 {
        *self.numbers.entry(word).or_insert_with(|| {
            self.list.push(word);
            u32::try_from(self.list.len() - 1).expect("a file of 200 kB has fewer words")
        })
    }

    /// The word that most often followed the longest end of `context` that is found in `learnt`, among those that fit;
    /// of equally frequent ones the latest.
    fn likeliest(&self, learnt: [&[u32]; 2], context: &[u32], fits: &dyn Fn(&str) -> bool) -> Option<u32> {
        let mut longest = 0;
        let mut times = vec![0u32; self.list.len()];
        let mut best = None;
        for part in learnt {
            for (at, word) in part.iter().enumerate() {
                let common = common_end(&part[..at], context);
                if common < longest || !fits(self.list[*word as usize]) {
                    continue;
                }
                if common > longest {
                    longest = common;
                    times.fill(0);
                    best = None;
                }
                times[*word as usize] += 1;
                if best.is_none_or(|best: u32| times[*word as usize] >= times[best as usize]) {
                    best = Some(*word);
                }
            }
        }
        best
    }
}

/// How many words the two have in common at their ends, up to [`CONTEXT`].
fn common_end(words: &[u32], context: &[u32]) -> usize {
    words.iter().rev().zip(context.iter().rev()).take(CONTEXT).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::super::{Baseline, tests};

    fn check(text: &str, want: &str) {
        tests::check(Baseline::Ngram, text, want);
    }

    #[test]
    fn the_most_frequent_continuation_of_the_longest_context() {
        check("a = f(1);\nb = g(2);\nb = g(2);\nb = h(3);\nb = $0x$1\n", "g(2);");
    }

    #[test]
    fn the_latest_wins_a_tie() {
        check("f(1)\nf(2)\nf($0x$1\n", "2)");
    }

    #[test]
    fn a_word_that_was_begun_goes_on() {
        check("let total = count;\nlet t$0otal = x;$1\n", "otal = count;");
        check("if x {\n    one();\n        two();\n    $0x$1\n", "one();\n        two();");
    }

    #[test]
    fn a_circle_is_left() {
        check("a = a = $0x$1\n", "a = a");
    }

    #[test]
    fn the_text_below_counts_too() {
        check("let x = $0y$1;\nlet x = z;\n", "z");
    }
}
