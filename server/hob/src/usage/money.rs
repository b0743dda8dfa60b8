//! What was spent, what this machine's answers would have cost elsewhere, and when hardware of one's own pays.
//!
//! What was spent is exact. The rest is arithmetic upon assumptions, and each of them is said ([`assumptions`]). Must not read a file or a
//! clock.

use std::collections::BTreeMap;

use config::{Target, Usd, price::Rate};
use serde::Serialize;

use super::{
    day,
    figures::Sums,
    store::{LOCAL, Sum},
};

/// Days of a month, on average.
const MONTH: f64 = 365.25 / 12.0;

/// Hours of a month.
const HOURS: f64 = MONTH * 24.0;

/// Hardware that somebody thinks of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Hardware {
    /// What it costs, in dollars.
    pub(crate) usd: f64,
    /// What it draws, in watts, day and night.
    pub(crate) watts: f64,
    /// What a kilowatt-hour costs, in dollars.
    pub(crate) kwh_usd: f64,
    /// How long it lasts.
    pub(crate) years: f64,
    /// How many share it.
    pub(crate) people: u32,
}

/// What the sums come to in money. Amounts are nano-dollars where they were counted, and dollars where they are projected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Money {
    /// What was spent.
    pub(crate) spent: Usd,
    /// Requests whose cost is a guess, as nobody counted their tokens.
    pub(crate) estimated: u64,
    /// What requests take of the budgets: more than they cost, where nobody counted.
    pub(crate) held: Usd,
    /// What this machine's answers would have cost elsewhere; `None` without a price.
    pub(crate) saved: Option<Saved>,
    /// Days from the first that something was counted on.
    pub(crate) days: i64,
    /// What is spent in a month that goes on like this, in dollars.
    pub(crate) month_spent_usd: f64,
    /// What a month would cost if all of it went to the cloud, in dollars.
    pub(crate) month_all_cloud_usd: Option<f64>,
    /// Whether hardware of one's own pays.
    pub(crate) break_even: Option<BreakEven>,
    /// What all of this takes for granted.
    pub(crate) assumptions: Vec<String>,
}

/// What this machine's answers would have cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Saved {
    /// Where.
    pub(crate) against: Target,
    /// The day of its price.
    pub(crate) price_as_of: String,
    /// If what this machine knew from before had been in the provider's cache too.
    pub(crate) at_least: Usd,
    /// If none of it had been.
    pub(crate) at_most: Usd,
    /// The lower of both, by day.
    #[serde(serialize_with = "dated")]
    pub(crate) by_day: BTreeMap<i64, Usd>,
}

/// A month of hardware beside a month of bills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BreakEven {
    pub(crate) hardware: Hardware,
    /// A month's share of what it costs.
    pub(crate) month_hardware_usd: f64,
    /// A month's power.
    pub(crate) month_power_usd: f64,
    /// A month's bill of one person, all in the cloud.
    pub(crate) month_bill_each_usd: f64,
    /// A month's bill of all.
    pub(crate) month_bill_usd: f64,
    /// After so many months it has cost less than the bills; `None`: not within its life.
    pub(crate) pays_after_months: Option<f64>,
    /// From so many people on it pays within its life; `None`: there is no bill.
    pub(crate) pays_from_people: Option<f64>,
}

/// What it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Against {
    pub(crate) target: Target,
    pub(crate) rate: Rate,
}

/// What `sums` come to, of days up to `to`.
pub(crate) fn money(sums: &[Sum], against: Option<&Against>, hardware: Option<Hardware>, to: i64) -> Money {
    let total = |is_of: &dyn Fn(&Sum) -> bool| {
        let mut total = Sums::default();
        sums.iter().filter(|sum| is_of(sum)).for_each(|sum| total.add(&sum.counter, sum.value));
        total.figures()
    };
    let cloud = total(&|sum| sum.destination != LOCAL);
    let days = sums.iter().map(|sum| sum.day).min().map_or(0, |first| (to - first + 1).max(1));
    let saved = against.map(|against| saved(sums, against));
    let a_month = |amount: Usd| if days == 0 { 0.0 } else { dollars(amount) / as_float(days) * MONTH };
    let month_spent_usd = a_month(Usd(cloud.spent_nanousd));
    let month_all_cloud_usd = saved.as_ref().map(|saved| month_spent_usd + a_month(saved.at_least));
    let break_even = hardware.zip(month_all_cloud_usd).map(|(hardware, each)| BreakEven::of(hardware, each));
    let mut money = Money {
        spent: Usd(cloud.spent_nanousd),
        estimated: cloud.estimated,
        held: Usd(cloud.held_nanousd),
        saved,
        days,
        month_spent_usd,
        month_all_cloud_usd,
        break_even,
        assumptions: Vec::new(),
    };
    money.assumptions = assumptions(&money, against);
    money
}

/// What the local answers of `sums` would have cost, each request a prompt of its own.
fn saved(sums: &[Sum], against: &Against) -> Saved {
    let mut days: BTreeMap<i64, Sums> = BTreeMap::new();
    for sum in sums.iter().filter(|sum| sum.destination == LOCAL) {
        days.entry(sum.day).or_default().add(&sum.counter, sum.value);
    }
    let mut saved = Saved {
        against: against.target.clone(),
        price_as_of: against.rate.price.as_of.clone(),
        at_least: Usd(0),
        at_most: Usd(0),
        by_day: BTreeMap::new(),
    };
    // The price of a day's requests is that of short ones: each of them is.
    let rate = Rate { long: None, ..against.rate.clone() };
    for (day, sums) in days {
        let figures = sums.figures();
        let (prompt, known, decoded) = (figures.tokens_prompt, figures.tokens_known, figures.tokens_decoded);
        let least = rate.cost(prompt, known, decoded);
        saved.at_least = saved.at_least.plus(least);
        saved.at_most = saved.at_most.plus(rate.cost(prompt, 0, decoded));
        if least > Usd(0) {
            saved.by_day.insert(day, least);
        }
    }
    saved
}

impl BreakEven {
    fn of(hardware: Hardware, month_bill_each_usd: f64) -> Self {
        let life = (hardware.years * 12.0).max(f64::MIN_POSITIVE);
        let month_hardware_usd = hardware.usd / life;
        let month_power_usd = hardware.watts / 1000.0 * HOURS * hardware.kwh_usd;
        let month_bill_usd = month_bill_each_usd * f64::from(hardware.people);
        let spared = month_bill_usd - month_power_usd;
        Self {
            hardware,
            month_hardware_usd,
            month_power_usd,
            month_bill_each_usd,
            month_bill_usd,
            pays_after_months: (spared > 0.0).then(|| hardware.usd / spared).filter(|months| *months <= life),
            pays_from_people: (month_bill_each_usd > 0.0)
                .then(|| ((month_hardware_usd + month_power_usd) / month_bill_each_usd).ceil().max(1.0)),
        }
    }

    /// What the bills and the hardware have cost after so many months.
    pub(crate) fn after(&self, months: f64) -> (f64, f64) {
        (self.month_bill_usd * months, self.hardware.usd + self.month_power_usd * months)
    }

    /// The answer.
    pub(crate) fn sentence(&self) -> String {
        let Hardware { people, years, .. } = self.hardware;
        let whom = if people == 1 { "one person".to_owned() } else { format!("{people} people") };
        let pays = match self.pays_after_months {
            Some(months) => format!("it pays for itself after {}", span(months)),
            None => format!("it does not pay for itself within {}", span(years * 12.0)),
        };
        let from = match self.pays_from_people {
            Some(from) if from > f64::from(people) => format!("; it would from {from:.0} people on"),
            Some(_) if self.pays_after_months.is_none() => String::new(),
            Some(from) if from < f64::from(people) => format!("; it does from {from:.0} people on"),
            Some(_) => String::new(),
            None => "; there is no bill to compare it with yet".to_owned(),
        };
        format!(
            "For {whom}: the bill would be {} a month, the hardware {} and its power {}: {pays}{from}.",
            usd(self.month_bill_usd),
            usd(self.month_hardware_usd),
            usd(self.month_power_usd)
        )
    }
}

/// What the figures take for granted, in sentences.
fn assumptions(money: &Money, against: Option<&Against>) -> Vec<String> {
    let mut said = vec![format!(
        "A month is {MONTH:.1} days like the {} counted here, work or not.",
        if money.days == 1 { "one day".to_owned() } else { format!("{} days", money.days) }
    )];
    if money.estimated > 0 {
        said.push(format!(
            "Nobody counted the tokens of {} of what was sent: that cost is a guess, and what it may have been at most is held against the \
             budgets until you correct it.",
            if money.estimated == 1 { "one request".to_owned() } else { format!("{} requests", money.estimated) }
        ));
    }
    if let Some(Against { target, rate }) = against {
        let price = &rate.price;
        let of = if price.as_of.is_empty() { String::new() } else { format!(" of {}", price.as_of) };
        said.push(format!(
            "What this machine answered is priced as if each request had gone to {target} with the same prompt and the same answer, at its \
             prices{of}: {} for a million tokens of prompts, {} of cached ones, {} of answers. What this machine knew from before counts as \
             cached there too, which is the lower figure. Another model takes a text apart into other tokens, and answers differently.",
            price.input, price.cached_input, price.output
        ));
    }
    if let Some(BreakEven { hardware, .. }) = &money.break_even {
        said.push(format!(
            "The hardware draws {} W day and night at {} a kWh, lasts {}, and answers as well as that model for all who share it. \
             Each of them uses as much as was counted here. Nobody's time to run it is in this.",
            hardware.watts,
            usd(hardware.kwh_usd),
            span(hardware.years * 12.0)
        ));
    }
    said
}

/// Dollars, for a projection.
pub(crate) fn usd(amount: f64) -> String {
    match amount.abs() {
        ..0.000_05 => "$0.00".to_owned(),
        ..0.1 => {
            let text = format!("${amount:.4}");
            let short = text.trim_end_matches('0');
            // Cents are written out.
            if short.len() < "$0.00".len() { format!("${amount:.2}") } else { short.to_owned() }
        }
        ..1000.0 => format!("${amount:.2}"),
        _ => format!("${amount:.0}"),
    }
}

/// A number of months, as people say it.
pub(crate) fn span(months: f64) -> String {
    let of = |number: f64, one: &str, more: &str| {
        let number = format!("{number:.1}");
        let number = number.strip_suffix(".0").unwrap_or(&number);
        format!("{number} {}", if number == "1" { one } else { more })
    };
    match months {
        ..1.0 => of((months * MONTH).ceil(), "day", "days"),
        ..24.0 => of(months, "month", "months"),
        _ => of(months / 12.0, "year", "years"),
    }
}

fn dated<S: serde::Serializer>(days: &BTreeMap<i64, Usd>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(days.iter().map(|(day, amount)| (day::written(*day), amount)))
}

#[expect(clippy::cast_precision_loss, reason = "a chart, or a projection")]
pub(crate) fn dollars(amount: Usd) -> f64 {
    amount.0 as f64 / Usd::DOLLAR as f64
}

#[expect(clippy::cast_precision_loss, reason = "days")]
fn as_float(days: i64) -> f64 {
    days as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::figures;

    fn sum(day: i64, destination: &str, counter: &str, value: u64) -> Sum {
        Sum {
            day,
            task: "inline".into(),
            destination: destination.into(),
            language: String::new(),
            counter: counter.into(),
            value,
        }
    }

    fn against() -> Against {
        let target: Target = "anthropic/claude-haiku-5-5".parse().unwrap();
        let rate = config::price::bundled(&target, "2026-11-22").unwrap();
        Against { target, rate }
    }

    /// Ten days: a million tokens of prompts, half of them known, and a hundred thousand of answers here; a dollar spent elsewhere.
    fn some() -> Vec<Sum> {
        vec![
            sum(100, LOCAL, figures::PROMPT, 1_000_000),
            sum(100, LOCAL, figures::KNOWN, 500_000),
            sum(105, LOCAL, figures::DECODED, 100_000),
            sum(109, "anthropic/claude-sonnet-5-5", figures::SPENT, Usd::DOLLAR),
            sum(109, "anthropic/claude-sonnet-5-5", figures::HELD, Usd::DOLLAR + 5),
            sum(109, "anthropic/claude-sonnet-5-5", figures::PROMPT, 400_000),
        ]
    }

    #[test]
    fn what_stayed_here_is_priced_as_if_it_had_gone_there() {
        let money = money(&some(), Some(&against()), None, 109);
        assert_eq!((money.spent, money.held), (Usd(Usd::DOLLAR), Usd(Usd::DOLLAR + 5)));
        let saved = money.saved.unwrap();
        // Half a million at $0.10, half at $0.01, and 100,000 at $0.50 for a million.
        assert_eq!(saved.at_least.to_string(), "$0.10");
        assert_eq!((saved.at_least, saved.at_most), (Usd(105_000_000), Usd(150_000_000)));
        assert_eq!(saved.by_day, BTreeMap::from([(100, Usd(55_000_000)), (105, Usd(50_000_000))]));
        assert_eq!(money.days, 10);
        assert!((money.month_spent_usd - 3.043_75).abs() < 1e-9, "{}", money.month_spent_usd);
        assert!((money.month_all_cloud_usd.unwrap() - 3.363_343_75).abs() < 1e-9);
    }

    #[test]
    fn hardware_pays_for_those_who_are_enough() {
        let hardware = |people| Hardware { usd: 2000.0, watts: 300.0, kwh_usd: 0.30, years: 3.0, people };
        let alone = BreakEven::of(hardware(1), 20.0);
        assert_eq!(
            alone.sentence(),
            "For one person: the bill would be $20.00 a month, the hardware $55.56 and its power $65.75: it does not pay for itself \
             within 3 years; it would from 7 people on."
        );
        let team = BreakEven::of(hardware(25), 20.0);
        assert_eq!(
            team.sentence(),
            "For 25 people: the bill would be $500.00 a month, the hardware $55.56 and its power $65.75: it pays for itself after 4.6 \
             months; it does from 7 people on."
        );
        let (bills, own) = team.after(team.pays_after_months.unwrap());
        assert!((bills - own).abs() < 1e-9, "{bills} {own}");
        // Who is just enough pays it off just in time.
        assert!(BreakEven::of(hardware(7), 20.0).pays_after_months.is_some());
        assert!(BreakEven::of(hardware(6), 20.0).pays_after_months.is_none());
        assert!(BreakEven::of(hardware(6), 0.0).sentence().contains("no bill to compare"));
    }

    #[test]
    fn nothing_counted_costs_nothing() {
        let money = money(&[], Some(&against()), None, 109);
        assert_eq!((money.days, money.spent, money.month_spent_usd.to_bits()), (0, Usd(0), 0));
    }

    #[test]
    fn amounts_and_spans_are_said_as_people_say_them() {
        let said = [0.0, 0.001_234, 0.05, 0.5, 12.346, 12_345.6].map(usd);
        assert_eq!(said, ["$0.00", "$0.0012", "$0.05", "$0.50", "$12.35", "$12346"]);
        assert_eq!([0.5, 1.0, 4.58, 36.0].map(span), ["16 days", "1 month", "4.6 months", "3 years"]);
    }
}
