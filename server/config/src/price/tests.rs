//! That costs are exact, that a bound is one, and that the bundled table is fit to be sold by.

use proptest::prelude::*;

use super::*;

const TODAY: &str = "2026-11-22";

fn provider(id: &str, dialect: crate::Dialect, base_url: &str) -> Provider {
    Provider {
        id: id.into(),
        dialect,
        base_url: base_url.into(),
        key: None,
        models: Vec::new(),
        context_tokens: 8192,
        region: None,
        retention: None,
    }
}

fn anthropic() -> Provider {
    provider("mine", crate::Dialect::Anthropic, "https://api.anthropic.com")
}

fn price(input: u64, cached_input: u64, output: u64) -> Price {
    let [input, cached_input, output] = [input, cached_input, output].map(Usd);
    Price { input, cached_input, output, as_of: TODAY.into(), source: "test".into() }
}

/// A number as decimal digits, the least first: slow, and too simple to be wrong in the way that machine words are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Digits(Vec<u8>);

impl Digits {
    fn of(number: u64) -> Self {
        Self(number.to_string().bytes().rev().map(|digit| digit - b'0').collect())
    }

    fn carried(sums: Vec<u64>) -> Self {
        let (mut digits, mut carry) = (Vec::new(), 0);
        for sum in sums {
            let sum = sum + carry;
            digits.push(u8::try_from(sum % 10).unwrap());
            carry = sum / 10;
        }
        digits.extend(carry.to_string().bytes().rev().map(|digit| digit - b'0'));
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }

    fn times(&self, other: &Self) -> Self {
        let mut sums = vec![0; self.0.len() + other.0.len()];
        for (i, a) in self.0.iter().enumerate() {
            for (j, b) in other.0.iter().enumerate() {
                sums[i + j] += u64::from(*a) * u64::from(*b);
            }
        }
        Self::carried(sums)
    }

    fn plus(&self, other: &Self) -> Self {
        let digit = |digits: &Self, at: usize| digits.0.get(at).copied().map_or(0, u64::from);
        let long = self.0.len().max(other.0.len());
        Self::carried((0..long).map(|at| digit(self, at) + digit(other, at)).collect())
    }

    /// A millionth, rounded up, as far as a `u64` goes.
    fn millionth(&self) -> u64 {
        let (rest, whole) = self.0.split_at(self.0.len().min(6));
        let whole: String = whole.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
        let whole: Option<u64> = if whole.is_empty() { Some(0) } else { whole.parse().ok() };
        let up = u64::from(rest.iter().any(|digit| *digit != 0));
        whole.and_then(|whole| whole.checked_add(up)).unwrap_or(u64::MAX)
    }
}

/// Numbers of any size, small ones as often as large ones.
fn any_size() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift)
}

proptest! {
    #[test]
    fn a_cost_is_exact_and_rounded_up(
        input in any_size(), cached in any_size(), output in any_size(),
        prices in (any_size(), any_size(), any_size()),
    ) {
        let rate = Rate { price: price(prices.0, prices.1, prices.2), long: None };
        let cached = cached.min(input);
        let product = |a: u64, b: u64| Digits::of(a).times(&Digits::of(b));
        let exact = product(input - cached, prices.0)
            .plus(&product(cached, prices.1))
            .plus(&product(output, prices.2));
        prop_assert_eq!(rate.cost(input, cached, output), Usd(exact.millionth()));
    }

    #[test]
    fn nothing_costs_more_than_the_worst_case(
        most in any_size(), max_tokens in any_size(), shares in (0.0..=1.0, 0.0..=1.0, 0.0..=1.0),
        prices in (any_size(), any_size(), any_size()), long in (any_size(), any_size(), any_size()),
        above in proptest::option::of(any_size()),
    ) {
        let rate = Rate {
            price: price(prices.0, prices.1, prices.2),
            long: above.map(|above| (above, price(long.0, long.1, long.2))),
        };
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any part of it")]
        let part = |all: u64, share: f64| ((all as f64 * share) as u64).min(all);
        let input = part(most, shares.0);
        let cost = rate.cost(input, part(input, shares.1), part(max_tokens, shares.2));
        prop_assert!(cost <= rate.worst_case(most, max_tokens), "{:?}", cost);
    }

    #[test]
    fn no_text_has_more_tokens_than_are_allowed_for(text in any::<String>()) {
        prop_assert!(most_tokens(&text) >= text.len() as u64 + ADDED);
    }
}

#[test]
fn costs_that_a_person_can_check() {
    let rate = rate(&anthropic(), "claude-sonnet-5-5", &[], TODAY).expect("it is in the table");
    assert_eq!(rate.cost(9120, 0, 1500).to_string(), "$0.033", "9120 × $2 + 1500 × $10, for a million");
    assert_eq!(rate.cost(9120, 9120, 0), Usd(912_000));
    assert_eq!(rate.cost(0, 0, 0), Usd(0));
    // A part of a nano-dollar is one.
    assert_eq!(Rate { price: price(1, 1, 1), long: None }.cost(1, 0, 0), Usd(1));
}

#[test]
fn a_long_request_costs_its_own_price_from_the_first_token() {
    let rate = rate(&anthropic(), "claude-haiku-5-5", &[], TODAY).expect("it is in the table");
    assert_eq!(rate.cost(100_000, 0, 0), Usd(10_000_000));
    assert_eq!(rate.cost(100_001, 0, 0), Usd(50_000_500));
    assert_eq!(rate.worst_case(100_000, 0), Usd(10_000_000));
    assert_eq!(rate.worst_case(200_000, 0), Usd(100_000_000));
}

#[test]
fn what_is_not_known_has_no_price() {
    assert_eq!(rate(&anthropic(), "claude-sonnet-99", &[], TODAY), None);
    let elsewhere = provider("anthropic", crate::Dialect::Anthropic, "https://api.anthropic.com.example");
    assert_eq!(
        rate(&elsewhere, "claude-sonnet-5-5", &[], TODAY),
        None,
        "the name says nothing, the host does"
    );
    let plain = provider("anthropic", crate::Dialect::Anthropic, "http://api.anthropic.com");
    assert_eq!(rate(&plain, "claude-sonnet-5-5", &[], TODAY), None);
}

#[test]
fn the_users_own_price_goes_first_and_own_hardware_costs_nothing() {
    let target = Target { provider: "mine".into(), model: "claude-sonnet-5-5".into() };
    let own = [(target, price(7, 7, 7))];
    assert_eq!(rate(&anthropic(), "claude-sonnet-5-5", &own, TODAY).unwrap().price.input, Usd(7));
    let team = provider("team", crate::Dialect::Vllm, "https://gpu.example");
    assert_eq!(rate(&team, "anything", &own, TODAY), Some(Rate::free()));
    assert_eq!(Rate::free().worst_case(u64::MAX, u64::MAX), Usd(0));
}

#[test]
fn a_price_holds_from_its_day_on() {
    let flash: Target = "gemini/gemini-3.8-flash".parse().unwrap();
    assert_eq!(bundled(&flash, "2026-12-31").unwrap().price.input, Usd(750_000_000));
    assert_eq!(bundled(&flash, "2027-01-01").unwrap().price.input, Usd(1_500_000_000));
}

#[test]
fn an_old_price_says_of_when_it_is() {
    let rate = Rate { price: Price { as_of: "2026-08-24".into(), ..price(1, 1, 1) }, long: None };
    assert_eq!(rate.note(TODAY), None, "90 days");
    assert_eq!(rate.note("2026-11-23").as_deref(), Some("prices of 2026-08-24"));
    let undated = Rate { price: Price { as_of: String::new(), ..price(1, 1, 1) }, long: None };
    assert_eq!(undated.note(TODAY), None);
}

#[test]
fn days_are_counted_over_leap_years() {
    let known = [("1970-01-01", 0), ("2000-02-29", 11_016), ("2000-03-01", 11_017), ("2026-11-22", 20_779)];
    for (date, day) in known {
        assert_eq!(days(date), Some(day), "{date}");
    }
    for odd in ["", "2026", "2026-13-01", "2026-11-32", "a-b-c", "2026-11"] {
        assert_eq!(days(odd), None, "{odd}");
    }
}

#[test]
fn every_entry_of_the_table_is_whole() {
    for entry in &*TABLE {
        let rate = entry.rate().unwrap_or_else(|| panic!("{:?}: an amount can't be read", entry.models));
        assert!(entry.source.starts_with("https://") && !entry.models.is_empty(), "{:?}", entry.models);
        assert!(days(&entry.as_of).is_some_and(|day| day <= days(TODAY).unwrap()), "{:?}", entry.models);
        assert!(entry.from.as_deref().is_none_or(|from| days(from).is_some()), "{:?}", entry.models);
        let tiers = [Some(&rate.price), rate.long.as_ref().map(|(_, price)| price)];
        for price in tiers.into_iter().flatten() {
            assert!(price.cached_input > Usd(0), "{:?}: free?", entry.models);
            assert!(price.cached_input <= price.input && price.input <= price.output, "{:?}", entry.models);
        }
        if let Some((_, long)) = &rate.long {
            assert!(long.input >= rate.price.input && long.output >= rate.price.output, "{:?}", entry.models);
        }
    }
    let all: Vec<Target> = known().collect();
    let names: std::collections::BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), all.len(), "a model has one price at a time");
}

#[test]
fn a_bound_is_one_for_text_that_a_tokenizer_rewrites_too() {
    assert_eq!(most_tokens("fn main() {}"), 12 + ADDED);
    // One character of three bytes that normalises to eighteen of thirty-three.
    assert_eq!(most_tokens("\u{fdfa}"), 33 + ADDED);
    assert_eq!(most_tokens("\u{6587}\u{5b57}"), 6 + ADDED);
}
