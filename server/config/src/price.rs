//! What a request costs: the bundled table, the user's own prices before it, and exact arithmetic.
//!
//! Must not guess: a model whose price is not known has none, and whoever wants to send there refuses. Must not look at a clock: the day
//! is an argument, `2026-11-22`, as prices have days. It stands in this crate, and not in the gateway, because `hob usage` tells in a build
//! without a gateway too what something would have cost elsewhere.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Price, Provider, Target, Usd};

/// A price that was read longer ago than this, in days, is shown with its date.
const OLD: i64 = 90;

/// Tokens to which prices are given.
const MILLION: u128 = 1_000_000;

/// What providers add to a request of their own accord, in tokens: marks of roles and turns, where ours has keys and quotes.
const ADDED: u64 = 512;

/// Bytes of code to a token, where nobody counted. A tokenizer for code takes between 3 and 4.
const BYTES_A_TOKEN: u64 = 3;

/// What a model costs, by the length of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// For an ordinary request.
    pub price: Price,
    /// For one with more tokens than this: all of them cost this.
    pub long: Option<(u64, Price)>,
}

impl Rate {
    /// Of somebody's own hardware.
    pub fn free() -> Self {
        let [input, cached_input, output] = [Usd(0); 3];
        let (as_of, source) = (String::new(), "own hardware".to_owned());
        Self { price: Price { input, cached_input, output, as_of, source }, long: None }
    }

    /// The price for a request of so many tokens, cached ones included.
    fn of(&self, input: u64) -> &Price {
        match &self.long {
            Some((above, price)) if input > *above => price,
            _ => &self.price,
        }
    }

    /// What these tokens cost, rounded up to a whole nano-dollar. `cached` of the `input` tokens were in the provider's cache.
    pub fn cost(&self, input: u64, cached: u64, output: u64) -> Usd {
        let price = self.of(input);
        let cached = cached.min(input);
        let part = |tokens: u64, a_million: Usd| u128::from(tokens) * u128::from(a_million.0);
        // Each product fits; three of them together may not, and then are more than there is money.
        let sum = part(input - cached, price.input)
            .saturating_add(part(cached, price.cached_input))
            .saturating_add(part(output, price.output));
        Usd(u64::try_from(sum.div_ceil(MILLION)).unwrap_or(u64::MAX))
    }

    /// What a request costs at most that has no more than these tokens, and no more than `max_tokens` in its answer, thinking included:
    /// providers count that too.
    pub fn worst_case(&self, input: u64, max_tokens: u64) -> Usd {
        // Of a request that turns out shorter than its bound the ordinary price holds, which some user may have made the higher one.
        let dearest = |price: &Price| Price {
            input: price.input.max(price.cached_input),
            cached_input: price.cached_input,
            output: price.output,
            as_of: String::new(),
            source: String::new(),
        };
        let tiers = [Some(&self.price), self.long.as_ref().map(|(_, price)| price)];
        let cost = |price: &Price| Self { price: dearest(price), long: None }.cost(input, 0, max_tokens);
        let reachable = self.long.as_ref().is_none_or(|(above, _)| input > *above);
        tiers.into_iter().flatten().take(if reachable { 2 } else { 1 }).map(cost).max().unwrap_or_default()
    }

    /// Says of what day the price is, where that is long ago.
    pub fn note(&self, today: &str) -> Option<String> {
        let is_old = match (days(&self.price.as_of), days(today)) {
            (Some(as_of), Some(today)) => today - as_of > OLD,
            // The user's own may be without a date: it is theirs to know.
            _ => false,
        };
        is_old.then(|| format!("prices of {}", self.price.as_of))
    }
}

/// What `model` of `provider` costs on the day `today`. The user's `own` prices go before the bundled ones; what runs on somebody's own
/// hardware costs nothing. `None`: nobody knows, and nothing may be sent.
pub fn rate(provider: &Provider, model: &str, own: &[(Target, Price)], today: &str) -> Option<Rate> {
    let is_own = |target: &Target| target.provider == provider.id && target.model == model;
    if let Some((_, price)) = own.iter().find(|(target, _)| is_own(target)) {
        return Some(Rate { price: price.clone(), long: None });
    }
    if provider.dialect.is_own_hardware() {
        return Some(Rate::free());
    }
    // By the host, not by the name that the user gave it: somebody who resells a model has prices of their own.
    let is_https = provider.base_url.starts_with("https://");
    latest(|entry| is_https && entry.host == provider.host(), model, today)
}

/// What a model costs on the day `today` by the bundled table, by the provider's name there (`anthropic/claude-haiku-5-5`).
pub fn bundled(target: &Target, today: &str) -> Option<Rate> {
    latest(|entry| entry.provider == target.provider, &target.model, today)
}

/// Every model of the bundled table, in its order.
pub fn known() -> impl Iterator<Item = Target> {
    let ours = |entry: &'static Entry| {
        let target = |model: &String| Target { provider: entry.provider.clone(), model: model.clone() };
        entry.models.iter().map(target)
    };
    TABLE.iter().filter(|entry| entry.from.is_none()).flat_map(ours)
}

/// Why nothing is sent to a model without a price; what mends it.
pub fn unknown(target: &Target) -> String {
    format!(
        "the price of {target} is not known, so it could cost anything: nothing is sent there. Write what it costs into a \
         [[cloud.price]] of your config.toml"
    )
}

/// Tokens that a request has at most, reckoned from its body.
///
/// The tokenizers of today work on bytes, or fall back on them: each token stands for one byte of text at least, and the keys, quotes and
/// brackets of the JSON are more bytes than a provider's marks of turns are tokens, of which `ADDED` are allowed for besides. Two things
/// could break that. Escapes don't: they only lengthen a body. A tokenizer that normalises its text (NFKC) does, as one character can
/// become eighteen; so each counts for the bytes that it can become. For plain code that is its bytes: three or four times the tokens
/// that it will have, which is the price of a limit that holds.
pub fn most_tokens(body: &str) -> u64 {
    let bytes = |c: char| {
        let length = c.len_utf8() as u64;
        // Checked against Unicode 15's tables for every character.
        match c {
            '\0'..='\u{7f}' => 1,
            // Kana, Han and Hangul stay what they are; voicing marks and the digraph don't.
            '\u{309b}' | '\u{309c}' | '\u{309f}' => 6,
            '\u{3041}'..='\u{30fe}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => length,
            '\u{3200}'..='\u{33ff}' => 6 * length,
            '\u{fb00}'..='\u{fdff}' => 11 * length,
            _ => 4 * length,
        }
    };
    body.chars().map(bytes).fold(ADDED, u64::saturating_add)
}

/// Tokens that so many bytes may have been, for a cost that nobody counted and that is shown as an estimate.
pub fn likely_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_A_TOKEN)
}

/// Days since 1970-01-01 of a date such as `2026-11-22`, if it is one.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // March is the first month, so that a leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5;
    Some(before + day - 1 - 719_468)
}

/// One entry of `prices.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    provider: String,
    host: String,
    models: Vec<String>,
    from: Option<String>,
    input: String,
    written: Option<String>,
    cached_input: String,
    output: String,
    above: Option<u64>,
    long_input: Option<String>,
    long_written: Option<String>,
    long_cached_input: Option<String>,
    long_output: Option<String>,
    as_of: String,
    source: String,
}

impl Entry {
    fn rate(&self) -> Option<Rate> {
        let amount = |text: &str| text.parse::<Usd>().ok();
        let price = |input: &str, written: Option<&String>, cached: &str, output: &str| {
            let written = written.map_or(Some(Usd(0)), |written| amount(written))?;
            Some(Price {
                input: amount(input)?.max(written),
                cached_input: amount(cached)?,
                output: amount(output)?,
                as_of: self.as_of.clone(),
                source: self.source.clone(),
            })
        };
        let long = match self.above {
            None => None,
            Some(above) => {
                let (input, cached, output) =
                    (self.long_input.as_ref()?, self.long_cached_input.as_ref()?, self.long_output.as_ref()?);
                Some((above, price(input, self.long_written.as_ref(), cached, output)?))
            }
        };
        let price = price(&self.input, self.written.as_ref(), &self.cached_input, &self.output)?;
        Some(Rate { price, long })
    }
}

fn latest(is_there: impl Fn(&Entry) -> bool, model: &str, today: &str) -> Option<Rate> {
    let entries =
        TABLE.iter().filter(|entry| is_there(entry) && entry.models.iter().any(|name| name == model));
    let begun = entries.filter(|entry| entry.from.as_deref().is_none_or(|from| from <= today));
    begun.max_by_key(|entry| entry.from.as_deref().unwrap_or_default())?.rate()
}

/// `prices.toml`.
static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        price: Vec<Entry>,
    }
    let table: Table =
        toml::from_str(include_str!("prices.toml")).expect("prices.toml is part of this crate, and tested");
    table.price
});

#[cfg(test)]
mod tests;
