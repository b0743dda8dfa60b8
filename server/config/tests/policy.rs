//! How the policy is written, and what is said of a policy that can't be used. Must only use the public surface, as `hob` does.

use config::{
    Cloud, Config, Declared, Destination, Dialect, KeySource, Mode, Problem, Provider, Requirements,
    Retention, Scope, Secrets, Source, Sources, Task, Then, Usd,
};
use expect_test::{Expect, expect};

fn user(text: &str) -> (Config, Vec<Problem>) {
    let user = Some(Source { name: "config.toml", text });
    config::load(&Sources { user, ..Sources::default() })
}

/// A policy without mistakes.
#[track_caller]
fn cloud(text: &str) -> Cloud {
    let (config, problems) = user(text);
    assert_eq!(problems, []);
    config.cloud
}

/// What is said of a policy with mistakes, and that it counts for nothing.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    let (config, problems) = user(text);
    assert_eq!(config, Config::default());
    let follows = ", so nothing from here is used until it is mended";
    let lines = problems.iter().map(|problem| problem.to_string().replace(follows, "") + "\n");
    expected.assert_eq(&lines.collect::<String>());
}

/// Providers that rules can name; two lines.
const PROVIDERS: &str = r#"cloud.provider = [{ id = "anthropic", models = ["sonnet", "haiku"] }, { id = "own", dialect = "vllm",
base_url = "http://localhost:8000", models = ["org/qwen"] }]
"#;

#[test]
fn a_whole_policy_is_read() {
    let cloud = cloud(
        r#"
[cloud]
mode = "auto"
never = ["**/secrets/**", "/legal/"]
hosts = ["API.anthropic.com", "gpu.example.com"]
secrets = "refuse"
require_retention = "limited"
require_regions = ["EU", "us"]

[[cloud.provider]]
id = "anthropic"
key = { env = "ANTHROPIC_API_KEY" }
models = ["claude-sonnet-5"]
region = "us"
retention = "zero"

[[cloud.provider]]
id = "team"
dialect = "llama-server"
base_url = "https://GPU.example.com:443/llm/"
key = { file = "~/.config/hob/team.key" }
models = ["qwen"]
context_tokens = 16384

[[cloud.rule]]
name = "stays"
when = { path = ["billing/"], language = ["sql"] }
then = "deny-cloud"

[[cloud.rule]]
name = "large"
then = ["anthropic/claude-sonnet-5", "team/qwen", "local"]
[cloud.rule.when]
task = ["refactor-across"]
files_min = 2
tokens_min = 6000
[cloud.rule.require]
retention = "zero"
regions = ["us"]

[[cloud.price]]
model = "anthropic/claude-sonnet-5"
input_usd = "3.00"
output_usd = "15"
as_of = "2026-11-01"

[budget]
day_usd = "5"

[limits]
idle_ms = 1000
attempts = 1
"#,
    );
    expect![[r#"
        Cloud {
            mode: Auto,
            providers: [
                Provider {
                    id: "anthropic",
                    dialect: Anthropic,
                    base_url: "https://api.anthropic.com",
                    key: Some(
                        Env(
                            "ANTHROPIC_API_KEY",
                        ),
                    ),
                    models: [
                        "claude-sonnet-5",
                    ],
                    context_tokens: 200000,
                    region: Some(
                        "us",
                    ),
                    retention: Some(
                        Zero,
                    ),
                },
                Provider {
                    id: "team",
                    dialect: LlamaServer,
                    base_url: "https://gpu.example.com/llm",
                    key: Some(
                        File(
                            "~/.config/hob/team.key",
                        ),
                    ),
                    models: [
                        "qwen",
                    ],
                    context_tokens: 16384,
                    region: None,
                    retention: None,
                },
            ],
            rules: [
                Rule {
                    name: "stays",
                    when: When {
                        tasks: [],
                        paths: [
                            "billing/",
                        ],
                        languages: [
                            "sql",
                        ],
                        files_min: 0,
                        tokens_min: 0,
                    },
                    then: DenyCloud,
                    require: Requirements {
                        retention: None,
                        regions: None,
                    },
                    line: 25,
                },
                Rule {
                    name: "large",
                    when: When {
                        tasks: [
                            RefactorAcross,
                        ],
                        paths: [],
                        languages: [],
                        files_min: 2,
                        tokens_min: 6000,
                    },
                    then: Chain(
                        [
                            Cloud(
                                Target {
                                    provider: "anthropic",
                                    model: "claude-sonnet-5",
                                },
                            ),
                            Cloud(
                                Target {
                                    provider: "team",
                                    model: "qwen",
                                },
                            ),
                            Local,
                        ],
                    ),
                    require: Requirements {
                        retention: Some(
                            Zero,
                        ),
                        regions: Some(
                            [
                                "us",
                            ],
                        ),
                    },
                    line: 30,
                },
            ],
            never: [
                "**/secrets/**",
                "/legal/",
            ],
            hosts: Some(
                [
                    "api.anthropic.com",
                    "gpu.example.com",
                ],
            ),
            require: Requirements {
                retention: Some(
                    Limited,
                ),
                regions: Some(
                    [
                        "eu",
                        "us",
                    ],
                ),
            },
            secrets: Refuse,
            secret_patterns: [],
            budget: Budget {
                per_call: Usd(
                    250000000,
                ),
                day: Usd(
                    5000000000,
                ),
                month: Usd(
                    20000000000,
                ),
            },
            limits: Limits {
                connect: 3s,
                first_token: 15s,
                idle: 1s,
                total: 180s,
                attempts: 1,
            },
            prices: [
                (
                    Target {
                        provider: "anthropic",
                        model: "claude-sonnet-5",
                    },
                    Price {
                        input: Usd(
                            3000000000,
                        ),
                        cached_input: Usd(
                            3000000000,
                        ),
                        output: Usd(
                            15000000000,
                        ),
                        as_of: "2026-11-01",
                        source: "your own configuration",
                    },
                ),
            ],
        }
    "#]]
    .assert_debug_eq(&cloud);
}

#[test]
fn a_provider_needs_little_where_its_protocol_says_the_rest() {
    let cloud = cloud(
        r#"
        [[cloud.provider]]
        id = "gemini"
        key = { keyring = "gemini" }
        models = ["flash"]
        [[cloud.provider]]
        id = "router"
        dialect = "openai"
        base_url = "https://openrouter.ai/api/v1"
        models = ["meta/llama", "x"]
        "#,
    );
    assert_eq!(cloud.mode, Mode::Ask, "a provider is there, so there is something to ask");
    let [gemini, router] = &cloud.providers[..] else { panic!("two providers") };
    assert_eq!((gemini.dialect, gemini.context_tokens), (Dialect::Gemini, 1_000_000));
    assert_eq!(gemini.base_url, "https://generativelanguage.googleapis.com");
    assert_eq!(gemini.key, Some(KeySource::Keyring("gemini".into())));
    assert_eq!((router.base_url.as_str(), router.context_tokens), ("https://openrouter.ai/api/v1", 128_000));
    let targets: Vec<_> = cloud.targets().map(|target| target.to_string()).collect();
    assert_eq!(targets, ["gemini/flash", "router/meta/llama", "router/x"]);
}

#[test]
fn without_a_provider_nothing_leaves_whatever_else_is_set() {
    assert_eq!(Cloud::default().mode, Mode::LocalOnly);
    assert_eq!(cloud("[budget]\nday_usd = \"100\"").mode, Mode::LocalOnly);
    assert_eq!(Cloud::default(), Config::default().cloud);
}

#[test]
fn who_answers_is_one_or_several_or_nobody_elsewhere() {
    let then = |then: &str| {
        let text = format!("{PROVIDERS}[[cloud.rule]]\nname = 'a'\nthen = {then}\n");
        cloud(&text).rules.remove(0).then
    };
    assert_eq!(then("'deny-cloud'"), Then::DenyCloud);
    assert_eq!(then("'local'"), Then::Chain(vec![Destination::Local]));
    let qwen = Destination::Cloud("own/org/qwen".parse().unwrap());
    assert_eq!(then("['own/org/qwen', 'local']"), Then::Chain(vec![qwen, Destination::Local]));
}

#[test]
fn a_price_for_cached_tokens_is_that_of_others_until_it_is_told() {
    let text = format!(
        "{PROVIDERS}[[cloud.price]]\nmodel = 'anthropic/sonnet'\ninput_usd = '3'\noutput_usd = '15.5'\nas_of = '2026-11-01'\n"
    );
    let (_, price) = cloud(&text).prices.remove(0);
    assert_eq!([price.input, price.cached_input], [Usd(3 * Usd::DOLLAR); 2]);
    assert_eq!(price.output, Usd(15 * Usd::DOLLAR + Usd::DOLLAR / 2));
}

#[test]
fn a_word_that_is_none_is_told_with_its_place_and_what_was_meant() {
    check(
        "[[cloud.provider]]\nid = 'anthropic'\nmodel = ['x']\n",
        &expect![[r#"
        config.toml:3:1: there is no option `cloud.provider.model` (did you mean `cloud.provider.models`?)
    "#]],
    );
    check(
        "[cloud]\nmode = 'always'\nnevr = []\n[[cloud.providers]]\n[[cloud.rule]]\nwen = {}\nwhen = { taks = [], task = ['refactor', 'refacter'], path = ['ok', '!x'] }\n",
        &expect![[r#"
            config.toml:2:1: `cloud.mode` must be one of "local-only", "ask", "auto", not "always"
            config.toml:3:1: there is no option `cloud.nevr` (did you mean `cloud.never`?)
            config.toml:4:9: there is no option `cloud.providers` (did you mean `cloud.provider`?)
            config.toml:6:1: there is no option `cloud.rule.wen` (did you mean `cloud.rule.when`?)
            config.toml:7:10: there is no option `cloud.rule.when.taks` (did you mean `cloud.rule.when.task`?)
            config.toml:7:41: each entry of `cloud.rule.when.task` must be one of "inline", "popup", "explain", "document", "implement", "tests", "fix", "commit-message", "summary", "question", "refactor", "refactor-across", "explain-across", not "refacter"
            config.toml:7:68: each entry of `cloud.rule.when.path` must be a pattern as in a `.gitignore` at the workspace's root, of at most 200 bytes; none that begins with `!` or leads out of the workspace, not "!x"
        "#]],
    );
    check(
        "[cloud]\nprovider = [\n  { id = 'a/b', dialect = 'claude',\n    context_tokens = 10 },\n  'anthropic' ]\n[budget]\nday_usd = 2.5\n",
        &expect![[r#"
            config.toml:3:5: `cloud.provider.id` must be a name of letters, digits, `-`, `_` and `.` other than "local", not "a/b"
            config.toml:3:17: `cloud.provider.dialect` must be one of "openai", "anthropic", "gemini", "llama-server", "ollama", "vllm", not "claude"
            config.toml:4:5: `cloud.provider.context_tokens` must be a whole number from 256 to 10000000, not 10
            config.toml:5:3: each entry of `cloud.provider` must be a table, not "anthropic"
            config.toml:7:1: `budget.day_usd` must be an amount in dollars, in quotes: "0.25", not 2.5
        "#]],
    );
    check(
        "[cloud.provider]\nid = 'anthropic'\n[cloud.price]\n[cloud.rule]\n",
        &expect![[r#"
        config.toml:1:8: `cloud.provider` must be tables that each begin with `[[cloud.provider]]`, not a table
        config.toml:3:8: `cloud.price` must be tables that each begin with `[[cloud.price]]`, not a table
        config.toml:4:8: `cloud.rule` must be tables that each begin with `[[cloud.rule]]`, not a table
    "#]],
    );
    check(
        "[[cloud.price]]\nas_of = 2026-11-01\nmodel = 'sonnet'\ninput_usd = '-1'\n[[cloud.rule]]\nthen = []\nrequire = { retention = 'none', regions = 'eu' }\nwhen = { files_min = -1, language = 'rust' }\n",
        &expect![[r#"
            config.toml:2:1: `cloud.price.as_of` must be a day in quotes, such as "2026-11-01", not 2026-11-01
            config.toml:3:1: `cloud.price.model` must be a model at a provider, such as "anthropic/claude-sonnet-5", not "sonnet"
            config.toml:4:1: `cloud.price.input_usd` must be an amount in dollars, in quotes: "0.25", not "-1"
            config.toml:6:1: `cloud.rule.then` must be "deny-cloud", or a list of who is asked, in this order: "local", or a model at a provider such as "anthropic/claude-sonnet-5", not a list
            config.toml:7:13: `cloud.rule.require.retention` must be one of "zero", "limited", "training", not "none"
            config.toml:7:33: `cloud.rule.require.regions` must be a list, each entry a word such as "eu", not "eu"
            config.toml:8:10: `cloud.rule.when.files_min` must be a whole number from 0 to 1000000, not -1
            config.toml:8:26: `cloud.rule.when.language` must be a list, each entry a name on one line, not "rust"
        "#]],
    );
    check(
        "[cloud]\nhosts = ['https://api.anthropic.com']\nnever = 'secrets'\nrequire_regions = ['']\nengine.remote = 3\n[engine]\nremote = 'local'\n",
        &expect![[r#"
            config.toml:2:10: each entry of `cloud.hosts` must be a host's name, such as "api.anthropic.com", without scheme, port or path, not "https://api.anthropic.com"
            config.toml:3:1: `cloud.never` must be a list, each entry a pattern as in a `.gitignore` at the workspace's root, of at most 200 bytes; none that begins with `!` or leads out of the workspace, not "secrets"
            config.toml:4:20: each entry of `cloud.require_regions` must be a word such as "eu", not ""
            config.toml:5:1: there is no option `cloud.engine` (did you mean `engine`?)
            config.toml:7:1: `engine.remote` must be a name of letters, digits, `-`, `_` and `.` other than "local", not "local"
        "#]],
    );
}

#[test]
fn what_does_not_fit_together_is_told_where_it_stands() {
    check(
        "[[cloud.provider]]\nid = 'anthropic'\n\n[[cloud.provider]]\nmodels = ['x']\n\n[[cloud.provider]]\nid = 'own'\nmodels = ['m']\n\n[[cloud.provider]]\nid = 'own'\ndialect = 'ollama'\nmodels = ['m']\n",
        &expect![[r#"
            config.toml:1:1: a `[[cloud.provider]]` needs `models`
            config.toml:4:1: a `[[cloud.provider]]` needs `id`
            config.toml:7:1: the provider `own` needs a `dialect` (one of openai, anthropic, gemini, llama-server, ollama, vllm)
            config.toml:11:1: the provider `own` needs a `base_url`: where it is
        "#]],
    );
    check(
        "[[cloud.provider]]\nid = 'openai'\nmodels = ['a']\nkey = {}\n[[cloud.provider]]\nid = 'openai'\nmodels = ['a']\nkey = { env = 'A', file = '/k' }\n",
        &expect![[r#"
            config.toml:4:1: a provider's `key` is in one place: `env`, `keyring` or `file`
            config.toml:6:1: there are two providers `openai`
            config.toml:8:1: a provider's `key` is in one place: `env`, `keyring` or `file`
        "#]],
    );
    check(
        &format!(
            "{PROVIDERS}[[cloud.rule]]\nname = 'a'\nthen = ['anthropic/sonet', 'local']\n[[cloud.rule]]\nname = 'b'\nthen = 'gemini/x'\n[[cloud.rule]]\nwhen.task = ['inline']\n[[cloud.rule]]\nname = 'c'\nwhen.task = ['fix', 'inline']\nthen = 'own/org/qwen'\n"
        ),
        &expect![[r#"
            config.toml:5:1: no `[[cloud.provider]]` has the model `anthropic/sonet` (did you mean `anthropic/sonnet`?)
            config.toml:8:1: no `[[cloud.provider]]` has the model `gemini/x`
            config.toml:9:1: a `[[cloud.rule]]` needs `name`
            config.toml:9:1: a `[[cloud.rule]]` needs `then`
            config.toml:13:6: no rule sends `inline` anywhere, because nobody sees what would leave; an engine of your own can answer it: `engine.remote`
        "#]],
    );
    check(
        &format!(
            "{PROVIDERS}[[cloud.price]]\nmodel = 'anthropic/opus'\ninput_usd = '1'\noutput_usd = '1'\nas_of = '2026-01-01'\n[[cloud.price]]\nmodel = 'anthropic/haiku'\n"
        ),
        &expect![[r#"
            config.toml:4:1: no `[[cloud.provider]]` has the model `anthropic/opus` (did you mean `anthropic/sonnet`?)
            config.toml:8:1: a `[[cloud.price]]` needs `input_usd`
            config.toml:8:1: a `[[cloud.price]]` needs `output_usd`
            config.toml:8:1: a `[[cloud.price]]` needs `as_of`
        "#]],
    );
    check(
        &format!("engine.remote = 'won'\n{PROVIDERS}"),
        &expect![[r#"
        config.toml:1:8: there is no provider `won` (did you mean `own`?)
    "#]],
    );
    check(
        &format!("engine.remote = 'anthropic'\n{PROVIDERS}"),
        &expect![[r#"
        config.toml:1:8: `anthropic` can't answer completions: only `llama-server` and `vllm` take the prompts of a fill-in-the-middle model
    "#]],
    );
}

#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    for wrong in [
        "key = 'sk-ant-S3CRET'",
        "key = ['sk-ant-S3CRET']",
        "key = { env = 'sk-ant-S3CRET' }",
        "key = { env = ['sk-ant-S3CRET'] }",
        "key = { keyring = 'sk-ant-S3CRET' }",
        "key = { file = 'sk-ant-S3CRET' }",
        "key = { env = { name = 'sk-ant-S3CRET' } }",
        "key = { value = 'sk-ant-S3CRET' }",
        "key = { command = 'echo sk-ant-S3CRET' }",
        "api_key = 'sk-ant-S3CRET'",
        "key = sk-ant-S3CRET",
        "key = 'sk-ant-S3CRET",
        "base_url = 'https://sk-ant-S3CRET@api.anthropic.com'",
        "base_url = 'https://api.anthropic.com?key=sk-ant-S3CRET'",
        "base_url = ['sk-ant-S3CRET']",
        "headers = { x-api-key = 'sk-ant-S3CRET' }",
    ] {
        let (config, problems) =
            user(&format!("[[cloud.provider]]\nid = 'anthropic'\nmodels = ['x']\n{wrong}\n"));
        assert_eq!(config, Config::default(), "{wrong}");
        let [problem] = &problems[..] else { panic!("{wrong}: {problems:?}") };
        let said = format!("{problem} {problem:?}");
        assert!(!said.contains("S3CRET") && !said.contains("sk-"), "{wrong}: {said}");
        assert_eq!(problem.place.map(|place| place.line), Some(4), "{wrong}: {said}");
    }
    check(
        "[[cloud.provider]]\nid = 'openai'\nmodels = ['a']\nkey = 'sk-1'\n",
        &expect![[r#"
        config.toml:4:1: `cloud.provider.key` must be a table that says where the key is, never the key itself: { env = "NAME" }, { keyring = "NAME" } or { file = "PATH" }
    "#]],
    );
}

#[test]
fn an_engine_elsewhere_is_used_where_the_policy_reaches_it() {
    let text = |more: &str| format!("engine.remote = 'own'\n{more}\n{PROVIDERS}");
    let (config, problems) = user(&text(""));
    assert_eq!((config.engine.remote.as_deref(), problems), (Some("own"), vec![]));
    for more in
        ["cloud.mode = 'local-only'", "cloud.hosts = ['gpu.example.com']", "cloud.require_regions = ['eu']"]
    {
        let (config, problems) = user(&text(more));
        assert_eq!(config.engine.remote, None, "{more}");
        assert_eq!(problems.len(), 1, "{more}");
        assert_eq!(config.cloud.providers.len(), 2, "the rest of the file holds");
    }
    let (_, problems) = user(&text("cloud.mode = 'local-only'"));
    expect!["config.toml:1:8: `engine.remote` is not used, because the policy lets nothing be sent there (see `cloud.mode`, `cloud.hosts` and what `cloud` requires, wherever they are written)"].assert_eq(&problems[0].to_string());
}

#[test]
fn what_is_not_known_of_a_provider_is_not_promised() {
    let provider = |region: Option<&str>, retention| Provider {
        region: region.map(str::to_owned),
        retention,
        ..cloud(PROVIDERS).providers.remove(0)
    };
    let require = |retention, regions: Option<&[&str]>| Requirements {
        retention,
        regions: regions.map(|regions| regions.iter().map(|region| (*region).to_owned()).collect()),
    };
    let limited = Some(Retention::Limited);
    assert!(require(None, None).are_met_by(&provider(None, None)));
    assert!(require(limited, None).are_met_by(&provider(None, Some(Retention::Zero))));
    assert!(!require(limited, None).are_met_by(&provider(None, Some(Retention::Training))));
    assert!(!require(limited, None).are_met_by(&provider(None, None)));
    assert!(require(None, Some(&["eu", "us"])).are_met_by(&provider(Some("us"), None)));
    assert!(!require(None, Some(&["eu"])).are_met_by(&provider(None, None)));
    assert!(!require(None, Some(&[])).are_met_by(&provider(Some("eu"), None)), "nowhere is not anywhere");
}

#[test]
fn the_manuals_examples_are_a_policy() {
    let manual = config::manual();
    let examples = manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let tables: Vec<_> = examples.filter(|example| example.starts_with("[[")).collect();
    assert_eq!(tables.len(), 3);
    let cloud = cloud(&tables.concat());
    assert_eq!((cloud.providers.len(), cloud.rules.len(), cloud.prices.len()), (2, 2, 1));
}

#[test]
fn every_word_of_the_policy_reads_as_it_is_written_elsewhere() {
    let written = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    for dialect in Dialect::ALL {
        assert_eq!(written(serde_json::to_value(dialect).unwrap()), dialect.as_str());
    }
    for task in Task::ALL {
        assert_eq!(written(serde_json::to_value(task).unwrap()), task.name());
    }
    for mode in [Mode::LocalOnly, Mode::Ask, Mode::Auto] {
        assert_eq!(written(serde_json::to_value(mode).unwrap()), mode.as_str());
    }
    for retention in [Retention::Zero, Retention::Limited, Retention::Training] {
        assert_eq!(written(serde_json::to_value(retention).unwrap()), retention.as_str());
    }
    for secrets in [Secrets::Refuse, Secrets::Redact] {
        assert_eq!(written(serde_json::to_value(secrets).unwrap()), secrets.as_str());
    }
}

#[test]
fn patterns_that_are_too_many_to_be_held_to_keep_everything_here() {
    let load = |count: usize| {
        let patterns: Vec<_> = (0..count).map(|n| format!("'{n:0>6}{}'", "*a?".repeat(64))).collect();
        let text = format!("cloud.never = [{}]", patterns.join(","));
        let user = Some(Source { name: "config.toml", text: PROVIDERS });
        let repositories = &[Source { name: ".hob.toml", text: &text }];
        config::load(&Sources { user, repositories, ..Sources::default() })
    };
    let (config, problems) = load(80);
    assert_eq!((config.cloud.mode, problems), (Mode::Ask, vec![]));
    let (config, problems) = load(1000);
    assert_eq!(config.cloud.mode, Mode::LocalOnly);
    expect!["cloud.never, from all sources together: these patterns have 198000 bytes together, more than 16384, so nothing leaves this machine until it is mended"].assert_eq(&problems[0].to_string());
}

#[test]
fn every_option_of_the_policy_that_may_tighten_can() {
    let tighter = [
        ("cloud.mode", "'local-only'"),
        ("cloud.never", "['x']"),
        ("cloud.hosts", "['api.anthropic.com']"),
        ("cloud.secrets", "'refuse'"),
        ("cloud.secret_patterns", "['x']"),
        ("cloud.require_retention", "'limited'"),
        ("cloud.require_regions", "['eu']"),
        ("budget.per_call_usd", "'0.01'"),
        ("budget.day_usd", "'0.01'"),
        ("budget.month_usd", "'0.01'"),
    ];
    let declared = Declared::all();
    let may = declared.iter().filter(|option| option.scope == Scope::Tighten);
    let may =
        may.map(Declared::path).filter(|path| path.starts_with("cloud.") || path.starts_with("budget."));
    assert_eq!(may.collect::<Vec<_>>(), tighter.map(|(path, _)| path));
    let user = Some(Source { name: "config.toml", text: PROVIDERS });
    let (before, _) = config::load(&Sources { user, ..Sources::default() });
    for (path, value) in tighter {
        let text = format!("{path} = {value}");
        let repositories = &[Source { name: ".hob.toml", text: &text }];
        let (after, problems) = config::load(&Sources { user, repositories, ..Sources::default() });
        assert_eq!(problems, []);
        assert!(after.cloud.is_no_freer_than(&before.cloud) && after.cloud != before.cloud, "{text}");
    }
}
