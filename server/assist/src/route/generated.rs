//! Requests, policies and worlds at random, over few enough names that they meet; and what only ever forbids.
//!
//! Must not hold an expectation.

use config::{
    Cloud, Destination, Dialect, Mode, Provider, Requirements, Retention, Rule, Secrets, Target, Task, Then,
    Usd, When,
};
use model::cloud::{Health, Snapshot, TargetStatus};
use proptest::prelude::*;

use super::{Choice, Consent, Errand, File, Grant, Local, World, fixture};

const TARGETS: [&str; 6] =
    ["one/small", "one/large", "two/small", "three/small", "team/coder", "nowhere/model"];
const PATHS: [&str; 6] =
    ["src/a.rs", "src/deep/b.py", "client/c.rs", "docs/d.md", "keys/id_rsa", "client/.env"];
const PATTERNS: [&str; 6] = ["*.py", "client/", "src/**", "docs/*.md", "/nothing", "a{b"];
const LANGUAGES: [&str; 3] = ["rust", "python", ""];
const REGIONS: [&str; 2] = ["eu", "us"];

/// One case: what is wanted, of whom, and in what world.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) errand: Errand,
    pub(super) policy: Cloud,
    pub(super) world: World,
}

impl Case {
    pub(super) fn decide(&self) -> super::Decision {
        super::decide(&self.errand, &self.policy, &self.world)
    }
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
    (errands(), policies(), worlds()).prop_map(|(errand, policy, world)| Case { errand, policy, world })
}

/// One of them.
fn of<T: Clone + std::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(all.to_vec())
}

/// Some of them, in their order; seldom many.
fn some(all: &[&str], most: usize) -> impl Strategy<Value = Vec<String>> + use<> {
    let all: Vec<_> = all.iter().map(|text| (*text).to_owned()).collect();
    prop::sample::subsequence(all, 0..=most)
}

fn targets() -> impl Strategy<Value = Target> {
    of(&TARGETS).prop_map(fixture::target)
}

fn destinations() -> impl Strategy<Value = Destination> {
    prop_oneof![1 => Just(Destination::Local), 3 => targets().prop_map(Destination::Cloud)]
}

pub(super) fn tasks() -> impl Strategy<Value = Task> {
    // Across files more often than the other tasks: there the cloud is wanted.
    prop_oneof![of(&Task::ALL), of(&[Task::RefactorAcross, Task::ExplainAcross, Task::Inline])]
}

pub(super) fn choices() -> impl Strategy<Value = Choice> {
    prop_oneof![
        6 => Just(Choice::None),
        1 => Just(Choice::Local),
        2 => Just(Choice::Cloud),
        2 => targets().prop_map(Choice::Target),
    ]
}

fn errands() -> impl Strategy<Value = Errand> {
    let file = |(path, language, private): (String, &str, bool)| File {
        path,
        language: language.to_owned(),
        private,
    };
    // Mostly files that may be seen, or nothing else would be tried.
    let paths = prop_oneof![19 => some(&PATHS[..4], 3), 1 => some(&PATHS, 3)];
    let files = paths.prop_flat_map(move |paths| {
        let file = |path| (Just(path), of(&LANGUAGES), prop::bool::weighted(0.01)).prop_map(file);
        paths.into_iter().map(file).collect::<Vec<_>>()
    });
    let secrets = prop_oneof![9 => Just(0), 1 => 1..3_u32];
    (tasks(), files, 0..40_000_u32, 0..9_000_u32, secrets, choices()).prop_map(
        |(task, files, tokens, answer_tokens, secrets, choice)| Errand {
            task,
            files,
            tokens,
            answer_tokens,
            secrets: [("a-rule".to_owned(), secrets)].into_iter().filter(|(_, found)| *found > 0).collect(),
            choice,
        },
    )
}

fn requirements() -> impl Strategy<Value = Requirements> {
    let retention = prop_oneof![6 => Just(None), 1 => retentions().prop_map(Some)];
    (retention, prop::option::weighted(0.15, some(&REGIONS, 2)))
        .prop_map(|(retention, regions)| Requirements { retention, regions })
}

fn retentions() -> impl Strategy<Value = Retention> {
    of(&[Retention::Zero, Retention::Limited, Retention::Training])
}

pub(super) fn whens() -> impl Strategy<Value = When> {
    let tasks = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(tasks(), 1..4)];
    let paths = prop_oneof![3 => Just(Vec::new()), 1 => some(&PATTERNS[..5], 2)];
    let languages = prop_oneof![3 => Just(Vec::new()), 1 => some(&LANGUAGES, 2)];
    let tokens = prop_oneof![Just(0), 0..40_000_u32];
    (tasks, paths, languages, 0..3_u32, tokens).prop_map(
        |(tasks, paths, languages, files_min, tokens_min)| When {
            tasks,
            paths,
            languages,
            files_min,
            tokens_min,
        },
    )
}

fn rules() -> impl Strategy<Value = Rule> {
    let then = prop_oneof![
        1 => Just(Then::DenyCloud),
        9 => prop::collection::vec(destinations(), 0..5).prop_map(Then::Chain),
    ];
    (whens(), then, requirements()).prop_map(|(when, then, require)| Rule {
        name: String::new(),
        when,
        then,
        require,
        line: 0,
    })
}

fn providers() -> impl Strategy<Value = Vec<Provider>> {
    let known = |id: &'static str, models: &'static [&'static str], dialect| {
        let region = prop::option::weighted(0.8, of(&REGIONS));
        let retention = prop::option::weighted(0.8, retentions());
        (region, retention, of(&[8_000, 60_000, 200_000])).prop_map(
            move |(region, retention, context_tokens)| Provider {
                dialect,
                region: region.map(str::to_owned),
                retention,
                context_tokens,
                ..fixture::provider(id, models)
            },
        )
    };
    let all = (
        known("one", &["small", "large"], Dialect::Anthropic),
        known("two", &["small"], Dialect::Openai),
        known("three", &["small"], Dialect::Gemini),
        known("team", &["coder"], Dialect::LlamaServer),
    );
    all.prop_flat_map(|(one, two, three, team)| {
        prop::sample::subsequence(vec![one, two, three, team], 1..=4).prop_shuffle()
    })
}

fn policies() -> impl Strategy<Value = Cloud> {
    let mode = prop_oneof![1 => Just(Mode::LocalOnly), 8 => Just(Mode::Ask), 8 => Just(Mode::Auto)];
    let never = prop_oneof![14 => Just(Vec::new()), 1 => some(&PATTERNS, 1)];
    let hosts = prop::option::weighted(0.1, some(&["api.one.example", "API.two.example"], 2));
    let secrets = of(&[Secrets::Refuse, Secrets::Redact]);
    let rules = prop::collection::vec(rules(), 0..4);
    (mode, providers(), rules, never, hosts, requirements(), secrets, budgets()).prop_map(
        |(mode, providers, mut rules, never, hosts, require, secrets, budget)| {
            name(&mut rules);
            Cloud { mode, providers, rules, never, hosts, require, secrets, budget, ..Cloud::default() }
        },
    )
}

/// Gives each rule the name and line of its place.
fn name(rules: &mut [Rule]) {
    for (rule, line) in rules.iter_mut().zip(1..) {
        rule.name = format!("rule {line}");
        rule.line = line;
    }
}

fn budgets() -> impl Strategy<Value = config::Budget> {
    (amounts(), amounts(), amounts()).prop_map(|(per_call, day, month)| config::Budget {
        per_call,
        day,
        month,
    })
}

/// Mostly enough.
fn amounts() -> impl Strategy<Value = Usd> {
    prop_oneof![1 => (0..100_u64).prop_map(Usd), 14 => Just(Usd(1_000))]
}

fn health() -> impl Strategy<Value = Health> {
    prop_oneof![
        9 => Just(Health::Ready),
        1 => Just(Health::Probing),
        1 => (0..90_000_u64).prop_map(|for_ms| Health::Resting { for_ms, why: "it answered 529".to_owned() }),
        1 => Just(Health::NoKey { why: "its key was refused".to_owned() }),
    ]
}

fn worlds() -> impl Strategy<Value = World> {
    let statuses = TARGETS[..5].iter().map(|name| {
        let status = (health(), prop::bool::weighted(0.97)).prop_map(|(health, priced)| TargetStatus {
            target: fixture::target(name),
            health,
            priced,
            at_most: None,
        });
        prop::option::weighted(0.97, status)
    });
    let closed = prop::option::weighted(0.05, Just("the ledger can't be written".to_owned()));
    let snapshot = (statuses.collect::<Vec<_>>(), amounts(), amounts(), closed).prop_map(
        |(targets, left_today, left_this_month, closed)| Snapshot {
            targets: targets.into_iter().flatten().collect(),
            left_today,
            left_this_month,
            closed,
            ..Snapshot::default()
        },
    );
    let priced = |name: &&str| {
        let target = fixture::target(name);
        prop::option::weighted(0.95, (Just(target), (0..100_u64).prop_map(Usd)))
    };
    let at_most = TARGETS.iter().map(priced).collect::<Vec<_>>();
    (
        prop::option::weighted(0.95, snapshot),
        at_most,
        consents(),
        locals(),
        prop::option::weighted(0.4, Just("team".to_owned())),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(gateway, at_most, consent, local, remote_engine, offline)| World {
            gateway,
            at_most: at_most.into_iter().flatten().collect(),
            consent,
            local,
            remote_engine,
            offline,
        })
}

fn consents() -> impl Strategy<Value = Consent> {
    let grant = of(&[Grant::Once, Grant::Workspace]);
    let granted = prop::collection::vec((of(&["one", "two", "team"]).prop_map(str::to_owned), grant), 0..3);
    (prop::bool::weighted(0.05), granted).prop_map(|(never, granted)| Consent { never, granted })
}

fn locals() -> impl Strategy<Value = Local> {
    let speed = || prop_oneof![Just(0), 1..2_000_u32];
    (any::<[bool; 2]>(), of(&[0, 2_048, 8_192, 32_768]), speed(), speed(), 0..4_u32).prop_map(
        |([fills, instructs], context_tokens, reads_per_s, writes_per_s, queued)| Local {
            fills,
            instructs,
            context_tokens,
            reads_per_s,
            writes_per_s,
            queued,
        },
    )
}

/// Something that forbids, laid over a case.
#[derive(Debug, Clone)]
pub(super) enum Forbids {
    Rule(usize, When),
    Pattern(&'static str),
    Mode(Mode),
    Hosts(Vec<String>),
    Retention(Retention),
    Region(&'static str),
    Secrets,
    Never,
    Private(usize),
    Budget(config::Budget),
}

pub(super) fn forbidding() -> impl Strategy<Value = Forbids> {
    prop_oneof![
        (0..5_usize, whens()).prop_map(|(at, when)| Forbids::Rule(at, when)),
        of(&PATTERNS).prop_map(Forbids::Pattern),
        of(&[Mode::LocalOnly, Mode::Ask]).prop_map(Forbids::Mode),
        some(&["api.one.example", "api.team.example"], 2).prop_map(Forbids::Hosts),
        retentions().prop_map(Forbids::Retention),
        of(&REGIONS).prop_map(Forbids::Region),
        Just(Forbids::Secrets),
        Just(Forbids::Never),
        (0..3_usize).prop_map(Forbids::Private),
        budgets().prop_map(Forbids::Budget),
    ]
}

impl Forbids {
    /// The case with it: the stricter of two, everywhere.
    pub(super) fn over(self, case: &Case) -> Case {
        let Case { mut errand, mut policy, mut world } = case.clone();
        match self {
            Self::Rule(at, when) => {
                let rule = Rule {
                    name: "denies".to_owned(),
                    when,
                    then: Then::DenyCloud,
                    require: Requirements::default(),
                    line: 99,
                };
                policy.rules.insert(at.min(policy.rules.len()), rule);
            }
            Self::Pattern(pattern) => policy.never.push(pattern.to_owned()),
            Self::Mode(mode) => policy.mode = policy.mode.min(mode),
            Self::Hosts(hosts) => {
                let both = |known: Vec<String>| {
                    let known = known
                        .into_iter()
                        .filter(|known| hosts.iter().any(|host| host.eq_ignore_ascii_case(known)));
                    known.collect()
                };
                policy.hosts = Some(policy.hosts.take().map_or_else(|| hosts.clone(), both));
            }
            Self::Retention(retention) => {
                let stricter = policy.require.retention.map_or(retention, |known| known.min(retention));
                policy.require.retention = Some(stricter);
            }
            Self::Region(region) => {
                let known = policy.require.regions.take();
                let within = known.is_none_or(|known| known.iter().any(|known| known == region));
                policy.require.regions = Some(within.then(|| region.to_owned()).into_iter().collect());
            }
            Self::Secrets => policy.secrets = Secrets::Refuse,
            Self::Never => world.consent.never = true,
            Self::Private(at) => {
                if let Some(file) = errand.files.get_mut(at) {
                    file.private = true;
                }
            }
            Self::Budget(budget) => {
                policy.budget.per_call = policy.budget.per_call.min(budget.per_call);
                policy.budget.day = policy.budget.day.min(budget.day);
                policy.budget.month = policy.budget.month.min(budget.month);
            }
        }
        Case { errand, policy, world }
    }
}

/// Makes a world poorer or sicker.
pub(super) fn worsened() -> impl Strategy<Value = (Usd, Usd, Vec<Option<Health>>, bool)> {
    let health = prop::option::of(health().prop_filter("worse than ready", |health| !health.may_try()));
    (amounts(), amounts(), prop::collection::vec(health, 5), prop::bool::weighted(0.1))
}
