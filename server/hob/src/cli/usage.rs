//! `hob usage`: what came of suggestions, by day and by language; what was sent, and what it cost; and what staying here spared.
//!
//! Must not write anything but the page that it is asked for, nor work out a figure: `usage` does.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use config::{Target, price};
use serde_json::{Value, json};

use super::out;
use crate::{
    paths, row,
    settings::Sources,
    usage::{
        cloud, day, html, learn,
        money::{Against, Hardware, money},
        report::Report,
        store::Store,
    },
};

/// What is compared with, where nobody says: the least of what is sold, so that nothing looks dearer than it has to be.
const USUAL: &str = "anthropic/claude-haiku-5-5";

/// What the words of the tables mean: the end of `--help`.
const WORDS: &str = "\
All of it is counted on this machine and stays here: sums by day (UTC), language and kind of suggestion, without any text.

taken  suggestions of which you took something, all of it, a line or a word; rate is their share of those that were on screen for
       0.4 s or more
typed  those that you typed to their end instead, key by key
kept   how many of those taken still stood there, four fifths of their text or more, after 30 s and after 5 min, or when their document was
       closed, if that came first
keys   keys that changed a text: characters, Enter, Tab, deletions
saved  keystrokes saved per 100: of 100 keys that you would have had to press, so many you didn't. Without Hob each character that you took
       would have been a key, and so would a line break with its indentation, unless that text was gone again after 5 min. With it, each
       time that you took something was one key.

What went to a cloud and what it cost is read from the gateway's ledger. What was answered here is priced as if it had gone to the model that
--against names: its tokens at that model's prices, what this machine knew from before as cached. Versions before this one counted no tokens
of prompts. With --hardware-usd, --watts and --kwh-usd you are told when hardware of your own pays: for you, or for --people who share it.";

/// Flags of `hob usage`.
#[derive(Debug, Args)]
#[command(after_help = WORDS)]
pub(super) struct Usage {
    /// How many days, today's (UTC) included.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// One HTML page with charts instead of tables, for a browser; it loads nothing from anywhere.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
    /// The model whose prices are compared with: `provider/model`, of the bundled table or of a `[[cloud.price]]` of yours.
    #[arg(long, value_name = "PROVIDER/MODEL")]
    against: Option<Target>,
    /// What hardware of your own would cost, in dollars.
    #[arg(long, value_name = "USD", value_parser = amount, requires_all = ["watts", "kwh_usd"])]
    hardware_usd: Option<f64>,
    /// What it would draw, in watts.
    #[arg(long, value_name = "W", value_parser = amount, requires = "hardware_usd")]
    watts: Option<f64>,
    /// What a kilowatt-hour costs you, in dollars.
    #[arg(long, value_name = "USD", value_parser = amount, requires = "hardware_usd")]
    kwh_usd: Option<f64>,
    /// How many years it would last.
    #[arg(long, value_name = "N", value_parser = amount, default_value = "3")]
    years: f64,
    /// How many people would share it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
}

/// A number that can be reckoned with.
fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && (0.0..=1e12).contains(&number) => Ok(number),
        _ => Err("a number, such as 1999.90".into()),
    }
}

impl Usage {
    pub(super) fn run(self) -> Result<ExitCode> {
        let state = paths::state_dir()?;
        let to = day::of(row::now());
        let span = (to - i64::from(self.days) + 1, to);
        let report = self.report(&state, span)?;
        if let Some(file) = &self.html {
            std::fs::write(file, html::page(&report))
                .with_context(|| format!("can't write {}", file.display()))?;
            out::note(&format!("Written: {}. Open it in a browser.", file.display()));
        } else if self.json {
            out::json(&report.answer())?;
        } else if report.sums.is_empty() {
            out::note(&format!(
                "Nothing was counted in the last {}. Write in an editor that runs hob: what it suggests and what you take is counted \
                 here, on this machine and without text.",
                if self.days == 1 { "day".to_owned() } else { format!("{} days", self.days) }
            ));
        } else {
            out::piece(&report.page());
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Reads everything there is to tell.
    fn report(&self, state: &Path, (from, to): (i64, i64)) -> Result<Report> {
        let store = Store::of(state);
        let unreadable = || format!("can't read the counts in {}", store.path().display());
        let mut sums = store.sums(from).with_context(unreadable)?;
        let learned = learn(&store.decided(from.min(to - 120)).with_context(unreadable)?, to);
        if store.aside().exists() {
            out::note(&format!(
                "An older file of counts was damaged and is not counted in; it was put aside as {}.",
                store.aside().display()
            ));
        }
        sums.extend(cloud::sums(state, from)?);
        let learned: Vec<Value> = learned
            .into_iter()
            .map(|((model, language), least)| json!({ "model": model, "language": language, "least": least }))
            .collect();
        let against = self.against(&day::written(to))?;
        let hardware = self.hardware_usd.zip(self.watts).zip(self.kwh_usd).map(|((usd, watts), kwh_usd)| {
            Hardware { usd, watts, kwh_usd, years: self.years, people: self.people }
        });
        let money = money(&sums, Some(&against), hardware, to);
        Ok(Report { sums, learned, money, span: (from, to) })
    }

    /// The price that is compared with, as of `today`.
    fn against(&self, today: &str) -> Result<Against> {
        let target = match &self.against {
            Some(target) => target.clone(),
            None => USUAL.parse().map_err(anyhow::Error::msg)?,
        };
        let (config, _) = Sources::read(None).resolve(None);
        let own = config.cloud.prices.iter().find(|(own, _)| *own == target);
        let own = own.map(|(_, price)| price::Rate { price: price.clone(), long: None });
        if let Some(rate) = own.or_else(|| price::bundled(&target, today)) {
            return Ok(Against { target, rate });
        }
        let known: Vec<String> = price::known().map(|target| target.to_string()).collect();
        bail!("the price of {target} is not known. There is one for: {}", known.join(", "))
    }
}
