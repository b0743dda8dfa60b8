//! What an answer cost, by what its provider counted; or, where it did not, by what was received.
//!
//! Must not take a count for final that a stream gave on its way: providers say `1` before the first word and the sum behind the last.

use config::Usd;
use model::cloud::Tokens;

use super::Counted;
use crate::price::{Rate, likely_tokens};

/// The cost of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// What is taken for the tokens: the provider's counts, and guesses where there are none.
    pub tokens: Tokens,
    /// Who counted.
    pub counted: Counted,
    /// What they cost.
    pub cost: Usd,
}

impl Charge {
    /// For what was never sent, or was refused with an error: providers take nothing for that.
    pub fn nothing() -> Self {
        Self { tokens: Tokens::default(), counted: Counted::None, cost: Usd(0) }
    }
}

/// What an attempt cost at `rate` whose body had `sent` bytes, and of whose answer `received` bytes of text came. `is_final`: the stream
/// ended as its protocol has it, so that what it said of tokens is its last word. An explicit 0 stays 0.
pub fn charge(rate: &Rate, sent: u64, received: u64, said: Tokens, is_final: bool) -> Charge {
    let cost = |tokens: Tokens| {
        let count = |tokens: Option<u64>| tokens.unwrap_or(0);
        rate.cost(count(tokens.input), count(tokens.cached_input), count(tokens.output))
    };
    if let (true, Tokens { input: Some(_), output: Some(_), .. }) = (is_final, said) {
        return Charge { tokens: said, counted: Counted::Provider, cost: cost(said) };
    }
    let at_least = |said: Option<u64>, bytes: u64| match said {
        Some(said) if is_final => said,
        Some(said) => said.max(likely_tokens(bytes)),
        None => likely_tokens(bytes),
    };
    // The request was whole when its tokens were counted; the answer was not.
    let input = said.input.unwrap_or_else(|| likely_tokens(sent));
    let tokens = Tokens { input: Some(input), output: Some(at_least(said.output, received)), ..said };
    Charge { tokens, counted: Counted::Estimated, cost: cost(tokens) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> Rate {
        let free = Rate::free();
        let price = config::Price {
            input: Usd(2 * Usd::DOLLAR),
            cached_input: Usd(Usd::DOLLAR / 10),
            output: Usd(10 * Usd::DOLLAR),
            ..free.price
        };
        Rate { price, long: None }
    }

    fn said(input: impl Into<Option<u64>>, output: impl Into<Option<u64>>) -> Tokens {
        Tokens { input: input.into(), output: output.into(), ..Tokens::default() }
    }

    #[test]
    fn what_the_provider_counted_is_what_it_cost() {
        let charge = charge(&rate(), 9000, 600, Tokens { cached_input: Some(1000), ..said(3000, 200) }, true);
        assert_eq!((charge.counted, charge.cost), (Counted::Provider, Usd(4_000_000 + 100_000 + 2_000_000)));
    }

    #[test]
    fn an_explicit_zero_stays_zero() {
        let charge = charge(&rate(), 9000, 600, said(0, 0), true);
        assert_eq!((charge.counted, charge.cost), (Counted::Provider, Usd(0)));
    }

    #[test]
    fn what_nobody_counted_is_estimated_and_says_so() {
        let none = charge(&rate(), 9000, 600, said(None, None), true);
        assert_eq!((none.counted, none.tokens), (Counted::Estimated, said(3000, 200)));
        let half = charge(&rate(), 9000, 600, said(2500, None), true);
        assert_eq!((half.counted, half.tokens), (Counted::Estimated, said(2500, 200)));
    }

    #[test]
    fn a_count_on_the_way_is_not_the_last_word() {
        // A stream that broke off after `message_start`, which counts one token.
        let broken = charge(&rate(), 9000, 600, said(2500, 1), false);
        assert_eq!((broken.counted, broken.tokens), (Counted::Estimated, said(2500, 200)));
        assert_eq!(charge(&rate(), 9000, 0, said(2500, 7), false).tokens, said(2500, 7));
    }
}
