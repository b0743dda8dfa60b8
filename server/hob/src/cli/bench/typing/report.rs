//! All that was measured, as `--json` prints it; programs rely on these names. docs/benchmarks.md says what each means.
//!
//! Must not hold text of a document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    figures::{Average, Spread, percentile, ratio, sorted},
    kind::Kind,
    processes::Use,
    session::{Answered, Event},
    trace::{FirstToken, Source, Why, Work},
};
use crate::cli::interval::count;

/// What `hob bench typing` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    /// Types the same again.
    pub(super) seed: u64,
    /// 1 is a person's.
    pub(super) speed: f64,
    /// Changes of a document: each is one key, or one command.
    pub(super) keystrokes: usize,
    /// From the key to the first token beyond the cursor.
    pub(super) ttft_ms: Spread,
    /// From the editor's question to an answer with text.
    pub(super) shown_ms: Spread,
    /// From the key to the first whole line.
    pub(super) first_line_ms: Spread,
    /// Prompt tokens of a key that were not in the KV cache.
    pub(super) evaluated_tokens: Average,
    /// Share of the prompts' tokens that were.
    pub(super) kv_reuse: Option<f64>,
    /// What Hob adds to the engine's time, where a first token was decoded.
    pub(super) overhead_ms: Spread,
    /// One decode step of this model on this machine, in this run.
    pub(super) floor_ms: Option<f64>,
    pub(super) ttft_over_floor: OverFloor,
    /// From a cancel's arrival in the engine to the end of its decode.
    pub(super) cancel_ms: Spread,
    /// All processes together.
    pub(super) rss_mb: Option<f64>,
    pub(super) cpu_s_per_1000_keys: Option<f64>,
    /// Share of all tokens evaluated and decoded that went into cancelled questions.
    pub(super) stale_share: Option<f64>,
    /// Tokens evaluated at idle, for each key.
    pub(super) background_tokens_per_key: Option<f64>,
    pub(super) cache: Origins,
    pub(super) outcomes: Outcomes,
    /// By a process's work, at the end; `cpu_s` is of the typing alone.
    pub(super) processes: BTreeMap<&'static str, Use>,
    /// By kind of key.
    pub(super) events: BTreeMap<&'static str, Group>,
}

/// Multiples of the floor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct OverFloor {
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// Where first tokens came from: how many each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Origins {
    pub(super) decode: usize,
    pub(super) stream: usize,
    pub(super) cache: usize,
    pub(super) ahead: usize,
    /// Share that nothing was decoded for.
    pub(super) reused: Option<f64>,
}

/// How many keys came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Outcomes {
    /// No first token, and nothing cut the question short: the model had nothing to say, or was not asked.
    pub(super) no_token: usize,
    /// No first token, because the next key came before it.
    pub(super) overtaken: usize,
    /// The editor asked.
    pub(super) asked: usize,
    pub(super) shown: usize,
    /// Answered without text.
    pub(super) empty: usize,
    /// Cancelled by the next key.
    pub(super) taken_back: usize,
    /// Answered with an error.
    pub(super) refused: usize,
}

/// One kind of key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Group {
    pub(super) n: usize,
    pub(super) no_token: usize,
    pub(super) overtaken: usize,
    pub(super) ttft_ms: Spread,
    pub(super) shown_ms: Spread,
    pub(super) first_line_ms: Spread,
    pub(super) evaluated_tokens: Average,
    /// Share of first tokens that nothing was decoded for.
    pub(super) reused: Option<f64>,
}

/// What is known of a run apart from its keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) model: String,
    pub(super) seed: u64,
    pub(super) speed: f64,
    pub(super) machine: Machine,
}

/// What the processes had taken before the first key and after the last.
#[derive(Debug, Clone, Default)]
pub(super) struct Machine {
    pub(super) before: BTreeMap<&'static str, Use>,
    pub(super) after: BTreeMap<&'static str, Use>,
}

impl Report {
    pub(super) fn of(events: &[Event], run: &Run) -> Self {
        let all: Vec<&Event> = events.iter().collect();
        let keys = count(events.len());
        let work = || events.iter().flat_map(|event| &event.work);
        let keyed = || work().filter(|work| work.why != Why::Ahead);
        let sum = |of: &dyn Fn(&Work) -> u32| keyed().map(|work| f64::from(of(work))).sum::<f64>();
        let (prompt, evaluated) =
            (sum(&|work| work.stats.prompt_tokens), sum(&|work| work.stats.evaluated_tokens));
        let background: f64 = work().map(|work| f64::from(work.stats.background_tokens)).sum();
        let floor = percentile(&sorted(work().filter_map(|work| work.stats.step_ms)), 50);
        let ttft = Spread::of(events.iter().filter_map(Event::ttft_ms));
        let over = |ms: Option<f64>| ratio(ms?, floor?);
        let processes = run.machine.taken();
        let total = |of: &dyn Fn(&Use) -> f64| -> Option<f64> {
            (!processes.is_empty()).then(|| processes.values().map(of).sum())
        };
        Self {
            model: run.model.clone(),
            seed: run.seed,
            speed: run.speed,
            keystrokes: events.len(),
            ttft_ms: ttft,
            shown_ms: Spread::of(events.iter().filter_map(Event::shown_ms)),
            first_line_ms: Spread::of(events.iter().filter_map(Event::first_line_ms)),
            evaluated_tokens: Average::of(events.iter().filter_map(Event::evaluated)),
            kv_reuse: ratio(prompt - evaluated, prompt),
            overhead_ms: Spread::of(events.iter().filter_map(Event::overhead_ms)),
            floor_ms: floor,
            ttft_over_floor: OverFloor { p50: over(ttft.p50), p99: over(ttft.p99) },
            cancel_ms: Spread::of(work().filter_map(|work| work.stats.cancel_ms)),
            rss_mb: total(&|taken| taken.rss_mb),
            cpu_s_per_1000_keys: total(&|taken| taken.cpu_s).and_then(|s| ratio(s * 1000.0, keys)),
            stale_share: stale(work()),
            background_tokens_per_key: work().next().and_then(|_| ratio(background, keys)),
            cache: Origins::of(&all),
            outcomes: Outcomes::of(&all),
            processes,
            events: Kind::ALL.iter().map(|kind| (kind.name(), Group::of(*kind, &all))).collect(),
        }
    }
}

/// The share of tokens that were evaluated or decoded for nothing.
fn stale<'e>(work: impl Iterator<Item = &'e Work>) -> Option<f64> {
    let (mut for_nothing, mut all) = (0.0, 0.0);
    for work in work {
        let tokens = f64::from(work.stats.evaluated_tokens) + f64::from(work.stats.decoded_tokens);
        all += tokens;
        for_nothing += if work.is_cancelled() { tokens } else { 0.0 };
    }
    ratio(for_nothing, all)
}

impl Machine {
    /// What each process has at the end, and what it computed meanwhile.
    fn taken(&self) -> BTreeMap<&'static str, Use> {
        let taken = |(work, after): (&&'static str, &Use)| {
            let before = self.before.get(work).copied().unwrap_or_default();
            (*work, Use { rss_mb: after.rss_mb, cpu_s: (after.cpu_s - before.cpu_s).max(0.0) })
        };
        self.after.iter().map(taken).collect()
    }
}

impl Group {
    fn of(kind: Kind, events: &[&Event]) -> Self {
        let events: Vec<&Event> = events.iter().filter(|event| event.kind == kind).copied().collect();
        let each = |of: fn(&Event) -> Option<f64>| Spread::of(events.iter().filter_map(|event| of(event)));
        let Outcomes { no_token, overtaken, .. } = Outcomes::of(&events);
        Self {
            n: events.len(),
            no_token,
            overtaken,
            ttft_ms: each(Event::ttft_ms),
            shown_ms: each(Event::shown_ms),
            first_line_ms: each(Event::first_line_ms),
            evaluated_tokens: Average::of(events.iter().filter_map(|event| event.evaluated())),
            reused: Origins::of(&events).reused,
        }
    }
}

impl Origins {
    fn of(events: &[&Event]) -> Self {
        let from = |source| {
            let sources = events.iter().filter_map(|event| event.first_token.map(|first| first.source));
            sources.filter(|from| *from == source).count()
        };
        let (decode, stream, cache, ahead) =
            (from(Source::Decode), from(Source::Stream), from(Source::Cache), from(Source::Ahead));
        let reused = stream + cache + ahead;
        Self { decode, stream, cache, ahead, reused: ratio(count(reused), count(reused + decode)) }
    }
}

impl Outcomes {
    fn of(events: &[&Event]) -> Self {
        let times = |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
        let answered = |answer| move |event: &Event| event.answer == Some(answer);
        Self {
            no_token: times(&|event| event.first_token.is_none() && !event.is_overtaken()),
            overtaken: times(&Event::is_overtaken),
            asked: times(&|event| event.answer.is_some()),
            shown: times(&|event| event.shown_ms().is_some()),
            empty: times(&answered(Answered::Empty)),
            taken_back: times(&answered(Answered::TakenBack)),
            refused: times(&answered(Answered::Refused)),
        }
    }
}

impl Work {
    fn is_cancelled(&self) -> bool {
        self.stop == "cancelled"
    }
}

impl Event {
    /// Milliseconds from the key to a moment.
    fn since(&self, at_us: u64) -> f64 {
        // A clock that was set back meanwhile makes it 0, not centuries.
        let us = u32::try_from(at_us.saturating_sub(self.changed_us)).unwrap_or(u32::MAX);
        f64::from(us) / 1e3
    }

    /// From the key to the first token beyond the cursor.
    pub(super) fn ttft_ms(&self) -> Option<f64> {
        Some(self.since(self.first_token?.at_us))
    }

    fn first_line_ms(&self) -> Option<f64> {
        Some(self.since(self.first_line_us?))
    }

    fn shown_ms(&self) -> Option<f64> {
        match self.answer? {
            Answered::Shown(ms) => Some(ms),
            Answered::TakenBack | Answered::Empty | Answered::Refused => None,
        }
    }

    fn overhead_ms(&self) -> Option<f64> {
        let FirstToken { source, engine_ms, .. } = self.first_token?;
        (source == Source::Decode).then_some(self.ttft_ms()? - engine_ms?)
    }

    /// Prompt tokens that were evaluated for this key: 0 where its answer was there already, `None` where nothing is known of any.
    fn evaluated(&self) -> Option<f64> {
        let mut work = self.work.iter().filter(|work| work.why != Why::Ahead).peekable();
        if work.peek().is_none() && self.first_token.is_none() {
            return None;
        }
        Some(f64::from(work.map(|work| work.stats.evaluated_tokens).sum::<u32>()))
    }

    /// The next key came before the first token did.
    fn is_overtaken(&self) -> bool {
        self.first_token.is_none()
            && self.work.iter().any(|work| work.why != Why::Ahead && work.is_cancelled())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::cli::bench::typing::trace::{Trace, What};

    /// Keys with what a server told of each, as it comes over the wire, and the answers' times.
    pub(in crate::cli::bench::typing) fn recorded() -> Vec<Event> {
        let work = |why: &str, stop: &str, prompt: u32, evaluated: u32, decoded: u32, cancel: Option<f64>| {
            json!({ "event": "work", "why": why, "stop": stop, "stats": {
                "prompt_tokens": prompt, "evaluated_tokens": evaluated, "decoded_tokens": decoded,
                "background_tokens": 4, "step_ms": 3.0 + f64::from(decoded), "cancel_ms": cancel,
            }})
        };
        let first = |at: u64, source: &str, engine: Option<f64>| json!({ "event": "first_token", "at_us": 1000 + at, "source": source, "engine_ms": engine });
        let line = |at: u64| json!({ "event": "first_line", "at_us": 1000 + at });
        let keys = [
            (
                Kind::Open,
                Some(Answered::Shown(40.0)),
                vec![
                    first(90_000, "decode", Some(88.0)),
                    line(99_000),
                    work("change", "line", 900, 900, 5, None),
                ],
            ),
            (
                Kind::Key,
                Some(Answered::TakenBack),
                vec![first(6000, "decode", Some(5.0)), work("change", "cancelled", 901, 1, 2, Some(2.5))],
            ),
            (Kind::Key, None, vec![work("change", "cancelled", 902, 1, 0, Some(1.5))]),
            (Kind::Key, Some(Answered::Shown(1.0)), vec![first(300, "stream", None), line(2000)]),
            (
                Kind::Key,
                Some(Answered::Empty),
                vec![work("change", "end_of_text", 903, 2, 1, None), work("ahead", "line", 905, 1, 6, None)],
            ),
            (Kind::Enter, Some(Answered::Refused), vec![]),
        ];
        let event = |(kind, answer, told): (Kind, Option<Answered>, Vec<serde_json::Value>)| {
            let mut event = Event {
                kind,
                changed_us: 1000,
                answer,
                first_token: None,
                first_line_us: None,
                work: Vec::new(),
            };
            for mut told in told {
                told["uri"] = json!("file:///a.rs");
                told["version"] = json!(1);
                match Trace::read(&told).unwrap().what {
                    What::FirstToken(first) => event.first_token = Some(first),
                    What::FirstLine { at_us } => event.first_line_us = Some(at_us),
                    What::Work(work) => event.work.push(work),
                    What::Unknown => {}
                }
            }
            event
        };
        keys.into_iter().map(event).collect()
    }

    /// A run on a machine that takes what it is.
    pub(in crate::cli::bench::typing) fn run() -> Run {
        let before = [("serve", Use { rss_mb: 20.0, cpu_s: 1.0 })].into();
        let after =
            [("serve", Use { rss_mb: 30.0, cpu_s: 1.3 }), ("engine", Use { rss_mb: 70.0, cpu_s: 0.3 })]
                .into();
        Run { model: "ember".to_owned(), seed: 1, speed: 1.0, machine: Machine { before, after } }
    }

    #[test]
    fn a_report_of_what_was_recorded() {
        let report = Report::of(&recorded(), &run());
        assert_eq!(report.keystrokes, 6);
        assert_eq!(report.ttft_ms, Spread { n: 3, p50: Some(6.0), p95: Some(90.0), p99: Some(90.0) });
        assert_eq!(report.shown_ms.n, 2);
        // What was decoded ahead is not the key's.
        let key = &report.events["key"];
        assert_eq!((key.n, key.no_token, key.overtaken), (4, 1, 1));
        assert_eq!(key.evaluated_tokens, Average { n: 4, mean: Some(1.0), p95: Some(2.0) });
        assert_eq!(key.reused, Some(0.5));
        assert_eq!(report.overhead_ms.p99, Some(2.0));
        assert_eq!(report.floor_ms, Some(5.0));
        assert_eq!(report.ttft_over_floor, OverFloor { p50: Some(1.2), p99: Some(18.0) });
        assert_eq!((report.cancel_ms.n, report.cancel_ms.p95), (2, Some(2.5)));
        assert_eq!(report.stale_share, Some(4.0 / 919.0));
        assert_eq!(report.kv_reuse, Some(1.0 - 904.0 / 3606.0));
        assert_eq!(report.background_tokens_per_key, Some(20.0 / 6.0));
        assert_eq!(report.rss_mb, Some(100.0));
        assert!((report.cpu_s_per_1000_keys.unwrap() - 100.0).abs() < 1e-9);
        expect![[r#"
            Outcomes {
                no_token: 2,
                overtaken: 1,
                asked: 5,
                shown: 2,
                empty: 1,
                taken_back: 1,
                refused: 1,
            }
        "#]]
        .assert_debug_eq(&report.outcomes);
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        let report = serde_json::to_value(Report::of(&[], &Run::default())).unwrap();
        for name in ["kv_reuse", "floor_ms", "rss_mb", "stale_share", "cpu_s_per_1000_keys"] {
            assert!(report[name].is_null(), "{name}");
        }
        assert_eq!(report["events"].as_object().unwrap().len(), Kind::ALL.len());
    }
}
