//! From the options to the policy: what was written becomes providers, rules, prices and limits, if it fits together.
//!
//! Must not trust anybody: that a source may only tighten is seen to where sources are laid over one another. What one source wrote is
//! judged alone, and every mistake has the address of what is wrong.

use std::time::Duration;

use crate::{
    Budget, Cloud, Destination, Dialect, KeySource, Limits, Mode, Options, Price, Provider, Requirements,
    Restriction, Rule, Target, Then, When,
    tables::{KeyTable, PriceTable, ProviderTable, RequireTable, RuleTable, WhenTable},
    terms::{Dollars, ProviderId, Region},
    values::Whole,
};

/// The groups whose options tighten as a [`Restriction`] and not one by one.
pub(crate) const GROUPS: &[&str] = &["cloud", "budget"];

/// Something that does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The option: `cloud.provider`.
    pub(crate) option: &'static str,
    /// What in its value: `/1/key`; empty for the whole.
    pub(crate) within: String,
    /// What is wrong, in words.
    pub(crate) what: String,
}

/// What trusted options allow, and what in them does not fit together; with a mistake, what is returned may lack something.
pub(crate) fn cloud(options: &Options) -> (Cloud, Vec<Mistake>) {
    let mut mistakes = Mistakes::default();
    let providers = providers(&options.cloud.provider, &mut mistakes);
    let restriction = restriction(options);
    let cloud = Cloud {
        mode: match options.cloud.mode {
            Some(mode) => mode,
            None if options.cloud.provider.is_empty() => Mode::LocalOnly,
            None => Mode::Ask,
        },
        rules: rules(&options.cloud.rule, &providers, &mut mistakes),
        prices: prices(&options.cloud.price, &providers, &mut mistakes),
        never: restriction.never,
        hosts: restriction.hosts,
        require: restriction.require,
        secrets: restriction.secrets,
        secret_patterns: restriction.secret_patterns,
        budget: restriction.budget,
        limits: limits(options),
        providers,
    };
    remote(options, &cloud, &mut mistakes);
    (cloud, mistakes.0)
}

/// What a source that only tightens asks for. Where it says nothing, its options have to be those of [`unbounded`].
pub(crate) fn restriction(options: &Options) -> Restriction {
    let asked = Restriction {
        mode: options.cloud.mode.unwrap_or(Mode::Auto),
        never: options.cloud.never.iter().map(|pattern| pattern.get().to_owned()).collect(),
        hosts: options
            .cloud
            .hosts
            .as_ref()
            .map(|hosts| hosts.iter().map(|host| host.get().to_owned()).collect()),
        require: Requirements {
            retention: options.cloud.require_retention,
            regions: regions(options.cloud.require_regions.as_deref()),
        },
        secrets: options.cloud.secrets,
        secret_patterns: options
            .cloud
            .secret_patterns
            .iter()
            .map(|pattern| pattern.get().to_owned())
            .collect(),
        budget: Budget {
            per_call: options.budget.per_call_usd.get(),
            day: options.budget.day_usd.get(),
            month: options.budget.month_usd.get(),
        },
    };
    asked.and(&Restriction::NONE)
}

/// Options that forbid nothing.
pub(crate) fn unbounded() -> Options {
    let mut options = Options::default();
    let budget = &mut options.budget;
    for amount in [&mut budget.per_call_usd, &mut budget.day_usd, &mut budget.month_usd] {
        *amount = Dollars::MOST;
    }
    options
}

#[derive(Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn add(&mut self, option: &'static str, within: String, what: impl Into<String>) {
        self.0.push(Mistake { option, within, what: what.into() });
    }

    /// A value that has to be there.
    fn required<T>(&mut self, value: Option<T>, option: &'static str, at: usize, name: &str) -> Option<T> {
        if value.is_none() {
            self.add(option, format!("/{at}"), format!("a `[[{option}]]` needs `{name}`"));
        }
        value
    }
}

const PROVIDER: &str = "cloud.provider";
const RULE: &str = "cloud.rule";
const PRICE: &str = "cloud.price";

fn providers(tables: &[ProviderTable], mistakes: &mut Mistakes) -> Vec<Provider> {
    let mut providers: Vec<Provider> = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let Some(provider) = provider(table, at, mistakes) else { continue };
        if providers.iter().any(|other| other.id == provider.id) {
            mistakes.add(PROVIDER, format!("/{at}/id"), format!("there are two providers `{}`", provider.id));
        }
        providers.push(provider);
    }
    providers
}

fn provider(table: &ProviderTable, at: usize, mistakes: &mut Mistakes) -> Option<Provider> {
    let id = mistakes.required(table.id.as_ref(), PROVIDER, at, "id");
    let models: Vec<_> = table.models.iter().map(|model| model.get().to_owned()).collect();
    mistakes.required((!models.is_empty()).then_some(()), PROVIDER, at, "models");
    let id = id?.get();
    let dialect = table.dialect.or_else(|| Dialect::ALL.into_iter().find(|dialect| dialect.as_str() == id));
    if dialect.is_none() {
        let known = Dialect::ALL.map(Dialect::as_str).join(", ");
        mistakes.add(
            PROVIDER,
            format!("/{at}"),
            format!("the provider `{id}` needs a `dialect` (one of {known})"),
        );
    }
    let dialect = dialect?;
    let base_url =
        table.base_url.as_ref().map(|url| url.get().to_owned()).or_else(|| home(dialect).map(str::to_owned));
    if base_url.is_none() {
        mistakes.add(
            PROVIDER,
            format!("/{at}"),
            format!("the provider `{id}` needs a `base_url`: where it is"),
        );
    }
    let base_url = base_url?;
    Some(Provider {
        id: id.to_owned(),
        dialect,
        base_url,
        key: table.key.as_ref().and_then(|table| key(table, at, mistakes)),
        models,
        context_tokens: table.context_tokens.map_or_else(|| context(dialect), Whole::get),
        region: table.region.as_ref().map(|region| region.get().to_owned()),
        retention: table.retention,
    })
}

fn key(table: &KeyTable, at: usize, mistakes: &mut Mistakes) -> Option<KeySource> {
    let KeyTable { env, keyring, file } = table;
    let sources = [
        env.as_ref().map(|name| KeySource::Env(name.get().to_owned())),
        keyring.as_ref().map(|name| KeySource::Keyring(name.get().to_owned())),
        file.as_ref().map(|path| KeySource::File(path.get().to_owned())),
    ];
    let mut sources = sources.into_iter().flatten();
    let one = sources.next();
    if one.is_none() || sources.next().is_some() {
        let what = "a provider's `key` is in one place: `env`, `keyring` or `file`";
        mistakes.add(PROVIDER, format!("/{at}/key"), what);
    }
    one
}

/// Where those who made a protocol are themselves.
fn home(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Openai => Some("https://api.openai.com"),
        Dialect::Anthropic => Some("https://api.anthropic.com"),
        Dialect::Gemini => Some("https://generativelanguage.googleapis.com"),
        Dialect::LlamaServer | Dialect::Ollama | Dialect::Vllm => None,
    }
}

/// Tokens that can be counted on where nobody says how many there are.
fn context(dialect: Dialect) -> u32 {
    match dialect {
        Dialect::Openai => 128_000,
        Dialect::Anthropic => 200_000,
        Dialect::Gemini => 1_000_000,
        Dialect::LlamaServer | Dialect::Ollama | Dialect::Vllm => 8192,
    }
}

fn rules(tables: &[RuleTable], providers: &[Provider], mistakes: &mut Mistakes) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let name = mistakes.required(table.name.as_ref(), RULE, at, "name");
        let then = mistakes.required(table.then.as_ref(), RULE, at, "then");
        let (Some(name), Some(then)) = (name, then) else { continue };
        let WhenTable { task, path, language, files_min, tokens_min } = &table.when;
        if let Then::Chain(chain) = &then.0 {
            for target in chain.iter().filter_map(cloud_target) {
                if let Some(what) = unknown(target, providers) {
                    mistakes.add(RULE, format!("/{at}/then"), what);
                }
            }
            if let Some(task) = task.iter().find(|task| task.is_unattended())
                && chain.iter().any(|destination| cloud_target(destination).is_some())
            {
                let what = format!(
                    "no rule sends `{}` anywhere, because nobody sees what would leave; an engine of your own can answer it: \
                     `engine.remote`",
                    task.name(),
                );
                mistakes.add(RULE, format!("/{at}/when/task"), what);
            }
        }
        let RequireTable { retention, regions: within } = &table.require;
        rules.push(Rule {
            name: name.get().to_owned(),
            when: When {
                tasks: task.clone(),
                paths: path.iter().map(|pattern| pattern.get().to_owned()).collect(),
                languages: language.iter().map(|language| language.get().to_owned()).collect(),
                files_min: files_min.get(),
                tokens_min: tokens_min.get(),
            },
            then: then.0.clone(),
            require: Requirements { retention: *retention, regions: regions(within.as_deref()) },
            line: 0,
        });
    }
    rules
}

fn prices(tables: &[PriceTable], providers: &[Provider], mistakes: &mut Mistakes) -> Vec<(Target, Price)> {
    let mut prices: Vec<(Target, Price)> = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let model = mistakes.required(table.model.as_ref(), PRICE, at, "model");
        let input = mistakes.required(table.input_usd, PRICE, at, "input_usd");
        let output = mistakes.required(table.output_usd, PRICE, at, "output_usd");
        let as_of = mistakes.required(table.as_of.as_ref(), PRICE, at, "as_of");
        let (Some(model), Some(input), Some(output), Some(as_of)) = (model, input, output, as_of) else {
            continue;
        };
        if let Some(what) = unknown(model, providers) {
            mistakes.add(PRICE, format!("/{at}/model"), what);
        }
        if prices.iter().any(|(other, _)| other == model) {
            mistakes.add(PRICE, format!("/{at}/model"), format!("there are two prices of `{model}`"));
        }
        let price = Price {
            input: input.get(),
            cached_input: table.cached_input_usd.unwrap_or(input).get(),
            output: output.get(),
            as_of: as_of.get().to_owned(),
            source: table.source.as_ref().map_or("your own configuration", |source| source.get()).to_owned(),
        };
        prices.push((model.clone(), price));
    }
    prices
}

/// Holds the engine elsewhere against the providers: it has to be one that takes token arrays.
fn remote(options: &Options, cloud: &Cloud, mistakes: &mut Mistakes) {
    let Some(id) = options.engine.remote.as_ref().map(ProviderId::get) else { return };
    let what = match cloud.provider(id) {
        Some(provider) if matches!(provider.dialect, Dialect::LlamaServer | Dialect::Vllm) => return,
        Some(_) => format!(
            "`{id}` can't answer completions: only `llama-server` and `vllm` take the prompts of a fill-in-the-middle model"
        ),
        None => format!(
            "there is no provider `{id}`{}",
            meant(id, cloud.providers.iter().map(|known| known.id.clone()))
        ),
    };
    mistakes.add("engine.remote", String::new(), what);
}

fn limits(options: &Options) -> Limits {
    let limits = &options.limits;
    let ms = |ms: u32| Duration::from_millis(ms.into());
    Limits {
        connect: ms(limits.connect_ms.get()),
        first_token: ms(limits.first_token_ms.get()),
        idle: ms(limits.idle_ms.get()),
        total: ms(limits.total_ms.get()),
        attempts: limits.attempts.get(),
    }
}

fn regions(written: Option<&[Region]>) -> Option<Vec<String>> {
    let mut regions: Vec<_> = written?.iter().map(|region| region.get().to_owned()).collect();
    regions.sort_unstable();
    regions.dedup();
    Some(regions)
}

fn cloud_target(destination: &Destination) -> Option<&Target> {
    match destination {
        Destination::Local => None,
        Destination::Cloud(target) => Some(target),
    }
}

/// What is to be said of a model that no provider has.
fn unknown(target: &Target, providers: &[Provider]) -> Option<String> {
    let all = providers.iter().flat_map(|provider| {
        provider.models.iter().map(|model| Target { provider: provider.id.clone(), model: model.clone() })
    });
    let mut all = all.map(|known| known.to_string());
    let target = target.to_string();
    if all.clone().any(|known| known == target) {
        return None;
    }
    Some(format!("no `[[{PROVIDER}]]` has the model `{target}`{}", meant(&target, &mut all)))
}

/// A hint at the name that is most like one that is none.
fn meant(name: &str, known: impl Iterator<Item = String>) -> String {
    known
        .map(|known| (strsim::normalized_damerau_levenshtein(name, &known), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, known)| format!(" (did you mean `{known}`?)"))
}
