//! What follows elsewhere in the text, and in the workspace, on what stands before the hole: n-grams of several lengths, counted when
//! they are asked for.
//!
//! The text of a request is some ten thousand tokens, and a pass over them takes microseconds; an index (a suffix automaton, say)
//! would have to be made anew for each edit. The workspace has a table. Must not know the model: it gets a distribution and corrects it.

use std::collections::BTreeMap;

use prompt::{GAP, LINE_END, Token};

use crate::workspaces::Table;

/// The longest match that is told from a longer one, in tokens.
const LONGEST: usize = 24;

/// Match lengths, in tokens, whose counts correct each other in turn: shorter contexts say what is usual, longer ones know better.
const LENGTHS: [usize; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 13, 17, LONGEST];

/// A match shorter than this says little about what comes next.
const LEAST_FOR_A_DRAFT: usize = 3;

/// What a seen token gives up for tokens that were not seen: the absolute discount of Kneser and Ney (1995), and of a Pitman–Yor
/// process. Chosen on development packages, where everything from 0.1 to 0.5 did about the same.
const DISCOUNT: f64 = 0.4;

/// How many sightings after one token of context the opinion of a model weighs that is trusted as far as Ember is. Each further entry of
/// [`LENGTHS`] divides it by e, so that it is 40 after three tokens, 5 after five and less than one after eight. Chosen with
/// [`DISCOUNT`] on development packages (docs/decisions/0002-mixture.md).
const SIGHTINGS: f64 = 300.0;

/// How much more a model's opinion weighs against sightings elsewhere in the workspace than in the text around: what is near is the
/// likelier to be meant. Chosen on development packages, where everything from 1 to 10 did the same (docs/decisions/0006-workspace-ngrams.md).
const ELSEWHERE: f64 = 3.0;

/// The places in a text that a context leads to.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    /// (index into [`LENGTHS`] of the longest one that matches, symbol that follows), one for each place.
    places: Vec<(usize, usize)>,
}

impl Followers {
    /// Finds each place in `text` where the end of `context` is followed by something that `symbol` knows by number.
    pub(crate) fn find(text: &[Token], context: &[Token], symbol: impl Fn(Token) -> Option<usize>) -> Self {
        let Some((last, before)) = context.split_last() else { return Self::default() };
        let mut places = Vec::new();
        for (at, token) in text.iter().enumerate() {
            if token != last {
                continue;
            }
            let Some(next) = text.get(at + 1).and_then(|next| symbol(*next)) else { continue };
            let matching = text[..at]
                .iter()
                .rev()
                .zip(before.iter().rev())
                .take(LONGEST - 1)
                .take_while(|(a, b)| a == b);
            let length = 1 + matching.count();
            places.push((LENGTHS.partition_point(|known| *known <= length) - 1, next));
        }
        Self { places }
    }

    /// Finds the places in a workspace's files, but for the file `except`, where the end of `context` is followed by something that
    /// `symbol` knows by number.
    pub(crate) fn elsewhere(
        table: &Table,
        context: &[Token],
        except: &str,
        symbol: impl Fn(Token) -> Option<usize>,
    ) -> Self {
        let found = table.find(context, except).filter_map(|(length, place)| {
            let next = symbol(*table.from(place).first()?)?;
            Some((LENGTHS.partition_point(|known| *known <= length) - 1, next))
        });
        Self { places: found.collect() }
    }

    /// How to correct a distribution over symbols that a model made which is trusted `trust` times as far as Ember.
    ///
    /// For each match length, from short to long: a symbol seen `c` times among `n`, of which `t` differ, becomes
    /// `(c − d + (α + d·t)·p) / (n + α)`, where `p` is what the shorter lengths made of it and the model is the shortest of all. This
    /// is the Pitman–Yor backoff of Teh (2006) with the model in the uniform base's place. `α` falls with the length: a model
    /// knows better than a pair of tokens what comes next, and copies worse than a long match. Of one length what is `elsewhere` counts
    /// first, so that the text around has the last word.
    pub(crate) fn correction(&self, elsewhere: &Self, trust: f64) -> Correction {
        let mut correction = Correction { share: 1.0, seen: BTreeMap::new() };
        let longest = self.places.iter().chain(&elsewhere.places).map(|(length, _)| *length).max();
        let mut concentration = SIGHTINGS * trust;
        for length in 0..longest.map_or(0, |longest| longest + 1) {
            correction.count(&elsewhere.places, length, concentration * ELSEWHERE);
            correction.count(&self.places, length, concentration);
            concentration /= std::f64::consts::E;
        }
        correction
    }
}

/// What may well come next: what follows the last of the places in `text` that match `context` the longest, down to the end of the line;
/// and the length of that match, in tokens. `None` unless at least [`LEAST_FOR_A_DRAFT`] tokens match.
pub(crate) fn draft<'t>(text: &'t [Token], context: &[Token]) -> Option<(&'t [Token], usize)> {
    let matching =
        |at: usize| text[..at].iter().rev().zip(context.iter().rev()).take_while(|(a, b)| a == b).count();
    let places = (1..text.len()).filter(|at| context.last() == Some(&text[at - 1]));
    let longest = places.map(|at| (matching(at), at)).max();
    let (matched, from) = longest.filter(|(length, _)| *length >= LEAST_FOR_A_DRAFT)?;
    line(&text[from..]).map(|next| (next, matched))
}

/// The same from elsewhere in the workspace: of places that match equally long the one that was learnt last.
pub(crate) fn draft_elsewhere<'t>(
    table: &'t Table,
    context: &[Token],
    except: &str,
) -> Option<(&'t [Token], usize)> {
    let (matched, place) = table.find(context, except).max()?;
    line(table.from(place)).map(|next| (next, matched))
}

/// What of `rest` belongs to its first line; `None` if nothing does.
fn line(rest: &[Token]) -> Option<&[Token]> {
    let end = rest.iter().position(|token| matches!(*token, LINE_END | GAP)).unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

/// A distribution's correction: each symbol keeps `share` of its probability, and those in `seen` get so much more.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Correction {
    pub(crate) share: f64,
    pub(crate) seen: BTreeMap<usize, f64>,
}

impl Correction {
    /// Corrects it once more, by those of `places` that match at least as long as the entry `length` of [`LENGTHS`], where what it says
    /// already weighs `concentration` sightings.
    fn count(&mut self, places: &[(usize, usize)], length: usize, concentration: f64) {
        let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
        for (_, symbol) in places.iter().filter(|(matched, _)| *matched >= length) {
            *counts.entry(*symbol).or_default() += 1;
        }
        if counts.is_empty() {
            return;
        }
        let all = f64::from(counts.values().sum::<u32>());
        let different = f64::from(u32::try_from(counts.len()).unwrap_or(u32::MAX));
        let kept = (concentration + DISCOUNT * different) / (all + concentration);
        self.share *= kept;
        self.seen.values_mut().for_each(|mass| *mass *= kept);
        for (symbol, count) in counts {
            *self.seen.entry(symbol).or_default() += (f64::from(count) - DISCOUNT) / (all + concentration);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        text.bytes().map(|byte| Token(byte.into())).collect()
    }

    fn correction(text: &str, context: &str, concentration: f64) -> Vec<(char, f64)> {
        let symbol = |token: Token| usize::try_from(token.0).ok();
        let followers = Followers::find(&tokens(text), &tokens(context), symbol);
        let rounded = |mass: f64| (mass * 100.0).round() / 100.0;
        let correction = followers.correction(&Followers::default(), concentration);
        let letter = |symbol: usize| char::from(u8::try_from(symbol).unwrap());
        let seen = correction.seen.iter().map(|(symbol, mass)| (letter(*symbol), rounded(*mass)));
        seen.chain([('*', rounded(correction.share))]).collect()
    }

    #[test]
    fn a_long_match_outweighs_many_short_ones() {
        let text = "function_call(a) bar(b) bar(b) bar(b) bar(b)";
        let seen = correction(text, "x function_call(", 1.0);
        let mass = |wanted| seen.iter().find(|(symbol, _)| *symbol == wanted).map_or(0.0, |(_, mass)| *mass);
        assert!(mass('a') > 2.0 * mass('b'), "{seen:?}");
    }

    #[test]
    fn what_was_never_seen_is_left_to_the_model() {
        assert_eq!(correction("abc", "x", 1.0), [('*', 1.0)]);
        assert_eq!(correction("abc", "", 1.0), [('*', 1.0)]);
    }

    #[test]
    fn a_model_of_great_trust_is_hardly_corrected() {
        let seen = correction("foo(a) foo(a)", "foo(", 100.0);
        assert!(seen.last().unwrap().1 > 0.98, "{seen:?}");
    }

    #[test]
    fn a_draft_is_what_followed_the_longest_match() {
        let text = tokens("let x = foo(a); y = foo(b); z");
        let drafted = |context: &str| -> Option<(String, usize)> {
            let (drafted, matched) = draft(&text, &tokens(context))?;
            Some((drafted.iter().map(|token| char::from(u8::try_from(token.0).unwrap())).collect(), matched))
        };
        assert_eq!(drafted("y = foo("), Some(("b); z".to_owned(), 8)));
        assert_eq!(drafted("x = foo("), Some(("a); y = foo(b); z".to_owned(), 8)));
        assert_eq!(drafted("oo("), Some(("b); z".to_owned(), 3)), "of equals the last");
        assert_eq!(drafted("o("), None, "too little matches");
        assert_eq!(drafted("; z"), None, "nothing follows");
    }

    proptest! {
        #[test]
        fn a_corrected_distribution_still_sums_to_one(text in "[abc]{0,60}", context in "[abc]{0,40}", trust in 0.1..100.0) {
            let symbol = |token: Token| usize::try_from(token.0).ok();
            let correction = Followers::find(&tokens(&text), &tokens(&context), symbol).correction(&Followers::default(), trust);
            let sum = correction.share + correction.seen.values().sum::<f64>();
            prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            prop_assert!(correction.seen.values().all(|mass| *mass >= 0.0));
        }

        #[test]
        fn a_match_is_as_long_as_a_naive_comparison_says(text in "[ab]{1,40}", context in "[ab]{1,30}") {
            let (text, context) = (tokens(&text), tokens(&context));
            let found = Followers::find(&text, &context, |token| usize::try_from(token.0).ok());
            let mut naive = Vec::new();
            for end in 1..text.len() {
                let longest = (1..=context.len().min(end).min(LONGEST))
                    .take_while(|length| text[end - length..end] == context[context.len() - length..])
                    .last();
                if let Some(longest) = longest {
                    let class = LENGTHS.iter().rposition(|known| *known <= longest).unwrap();
                    naive.push((class, usize::try_from(text[end].0).unwrap()));
                }
            }
            prop_assert_eq!(found.places, naive);
        }
    }
}
