//! What holds after every source was read, and what people are told. Must only use the public surface, as `hob` does.

use std::{path::Path, time::Duration};

use config::{Config, Declared, Scope, Source, Sources};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// Loads the three sources (empty text: absent) and shows the options that are not at their default, then the problems.
#[track_caller]
fn check(user: &str, repo: &str, settings: &Value, expected: &Expect) {
    let (config, problems) = load(user, repo, settings);
    let before = format!("{:#?}", Config::default());
    let after = format!("{config:#?}");
    let changed = after.lines().filter(|line| !before.lines().any(|old| old == *line)).map(str::trim);
    let lines = changed.map(str::to_owned).chain(problems.iter().map(ToString::to_string));
    expected.assert_eq(&lines.flat_map(|line| [line, "\n".to_owned()]).collect::<String>());
}

fn load(user: &str, repo: &str, settings: &Value) -> (Config, Vec<config::Problem>) {
    config::load(&Sources {
        user: source("config.toml", user),
        repositories: source(".hob.toml", repo).as_slice(),
        settings: Some(settings),
        ..Sources::default()
    })
}

fn source<'a>(name: &'a str, text: &'a str) -> Option<Source<'a>> {
    (!text.is_empty()).then_some(Source { name, text })
}

#[test]
fn without_sources_every_default_holds() {
    let (config, problems) = config::load(&Sources::default());
    assert_eq!(problems, []);
    assert_eq!(config, Config::default());
    expect![[r#"
        Config {
            engine: Engine {
                model: None,
                idle_exit: 600s,
                threads: None,
                context_tokens: 2048,
                order: Auto,
                pace: Auto,
                remote: None,
            },
            completion: Completion {
                enabled: true,
                popup: Auto,
                popup_deadline: 150ms,
                deadline: 250ms,
                debounce: 200ms,
                max_tokens: 64,
                min_confidence: 40,
                strings: true,
                learn: true,
                languages_off: {},
            },
            index: Index {
                enabled: true,
                exclude: [],
                largest_file: 1000000,
                most_files: 200000,
            },
            context: [
                Edits,
                Uses,
                Neighbours,
            ],
            ngrams: true,
            cloud: Cloud {
                mode: LocalOnly,
                providers: [],
                rules: [],
                never: [],
                hosts: None,
                require: Requirements {
                    retention: None,
                    regions: None,
                },
                secrets: Redact,
                secret_patterns: [],
                budget: Budget {
                    per_call: Usd(
                        250000000,
                    ),
                    day: Usd(
                        2000000000,
                    ),
                    month: Usd(
                        20000000000,
                    ),
                },
                limits: Limits {
                    connect: 3s,
                    first_token: 15s,
                    idle: 20s,
                    total: 180s,
                    attempts: 3,
                },
                prices: [],
            },
            log: Log {
                level: Info,
            },
        }
    "#]]
    .assert_debug_eq(&config);
}

#[test]
fn the_users_file_sets_anything() {
    check(
        r#"
            engine.model = "~/models/qwen.gguf"
            log.level = "debug"
            [completion]
            popup = "never"
            max_tokens = 0x20
        "#,
        "",
        &Value::Null,
        &expect![[r#"
            model: Some(
            ModelFile(
            "~/models/qwen.gguf",
            ),
            popup: Never,
            max_tokens: 32,
            level: Debug,
        "#]],
    );
}

#[test]
fn a_misspelt_option_is_named_with_the_one_that_was_meant() {
    check(
        "[engine]\nmodle = '/m.gguf'\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:1: there is no option `engine.modle` (did you mean `engine.model`?), so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[completions]\nenabled = false\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:1: there is no option `completions.enabled` (did you mean `completion.enabled`?), so nothing from here is used until it is mended
        "#]],
    );
    check(
        "max_tokens = 3\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:1: there is no option `max_tokens` (did you mean `completion.max_tokens`?), so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[engin]\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:2: there is no option `engin` (did you mean `engine`?), so nothing from here is used until it is mended
        "#]],
    );
    check(
        "engine.idleexit = 1\nengine.model_file = ''\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:8: there is no option `engine.idleexit` (did you mean `engine.idle_exit`?), so nothing from here is used until it is mended
            config.toml:2:8: there is no option `engine.model_file` (there are model, idle_exit, threads, context_tokens, order, pace, remote), so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[engine]\nkey = 'sk-1'\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:1: there is no option `engine.key` (there are model, idle_exit, threads, context_tokens, order, pace, remote), so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn a_value_that_does_not_fit_is_told_what_would() {
    check(
        "[engine]\ncontext_tokens = 100\nthreads = 'four'\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:1: `engine.context_tokens` must be a whole number from 256 to 131072, not 100, so nothing from here is used until it is mended
            config.toml:3:1: `engine.threads` must be a whole number from 0 to 1024, not "four", so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[engine]\nidle_exit = '10 parsecs'\nmodel = 'models/m.gguf'\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:1: `engine.idle_exit` must be a number of seconds, or a text such as "90s", "10min" or "2h", up to 30 days, not "10 parsecs", so nothing from here is used until it is mended
            config.toml:3:1: `engine.model` must be the path of a file, absolute or beginning with "~/", not "models/m.gguf", so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[completion]\npopup = 'sometimes'\nenabled = 'yes'\nlanguages_off = 'rust'\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:1: `completion.popup` must be one of "auto", "always", "never", not "sometimes", so nothing from here is used until it is mended
            config.toml:3:1: `completion.enabled` must be true or false, not "yes", so nothing from here is used until it is mended
            config.toml:4:1: `completion.languages_off` must be a list of texts, not "rust", so nothing from here is used until it is mended
        "#]],
    );
    check(
        "log.level = 2020-02-02\n[completion]\nmax_tokens = inf\nlanguages_off = [1]\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:5: `log.level` must be one of "error", "warn", "info", "debug", "trace", not 2020-02-02, so nothing from here is used until it is mended
            config.toml:3:1: `completion.max_tokens` must be a whole number from 1 to 512, not inf, so nothing from here is used until it is mended
            config.toml:4:1: `completion.languages_off` must be a list of texts, not a list, so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[[completion]]\nenabled = true\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:3: `completion` must be a table of options, not a list, so nothing from here is used until it is mended
        "#]],
    );
    check(
        "engine = 1\n[log.level]\ndebug = true\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:1: `engine` must be a table of options, not 1, so nothing from here is used until it is mended
            config.toml:2:6: `log.level` must be one of "error", "warn", "info", "debug", "trace", not a table, so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn a_file_with_one_mistake_counts_for_nothing() {
    check(
        "[completion]\nmax_tokens = 8\npopup = 'nevr'\n",
        "[completion]\nmax_tokens = 9\n",
        &Value::Null,
        &expect![[r#"
            max_tokens: 9,
            config.toml:3:1: `completion.popup` must be one of "auto", "always", "never", not "nevr", so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn a_file_cut_off_anywhere_counts_whole_or_for_nothing() {
    let whole = "[completion] # ünï\npopup = 'never'\nmax_tokens = 20\nlanguages_off = [\"a\", \"\\u00e9\"]\n[log]\nlevel = 'debug'\n";
    for (cut, _) in whole.char_indices() {
        let (config, problems) = load(&whole[..cut], "", &Value::Null);
        assert!(problems.is_empty() || config == Config::default(), "cut at {cut}: {problems:?}");
    }
}

#[test]
fn what_is_not_toml_is_shown_where_it_stops_being_toml() {
    check(
        "[completion]\nmax_tokens = \n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:14: this is not TOML: string values must be quoted, expected literal string, so nothing from here is used until it is mended
        "#]],
    );
    check(
        "[completion\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:12: this is not TOML: unclosed table, expected `]`, so nothing from here is used until it is mended
        "#]],
    );
    check(
        "log.level = 'info'\nlog.level = 'warn'\n",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:5: this is not TOML: duplicate key, so nothing from here is used until it is mended
        "#]],
    );
    check(
        "# ünï\n  é = 1",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:2:3: this is not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`, so nothing from here is used until it is mended
        "#]],
    );
    check(
        &"[".repeat(100_000),
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:3: this is not TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`, so nothing from here is used until it is mended
        "#]],
    );
    check(
        &"#".repeat(300_000),
        "",
        &Value::Null,
        &expect![[r#"
            config.toml: this file has more than 256 KiB, so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn of_several_repositories_the_first_is_heeded_and_all_of_them_tighten() {
    let file = |text| Source { name: ".hob.toml", text };
    let repositories = [
        file("completion.max_tokens = 20\ncloud.never = ['a']"),
        file("completion.max_tokens = 40\ncloud.never = ['b']\ncloud.mode = 'local-only'"),
    ];
    let (config, problems) = config::load(&Sources { repositories: &repositories, ..Sources::default() });
    assert_eq!((problems, config.completion.max_tokens), (vec![], 20));
    assert_eq!((config.cloud.never.join(" ").as_str(), config.cloud.mode), ("a b", config::Mode::LocalOnly));
}

#[test]
fn a_repository_cannot_choose_what_runs() {
    check(
        "",
        "[completion]\ndeadline_ms = 400\n[engine]\nmodel = '/tmp/evil.gguf'\nthreads = 64\n[log]\nlevel = 'trace'\n",
        &json!({ "engine": { "model": "/tmp/evil.gguf" } }),
        &expect![[r#"
            deadline: 400ms,
            .hob.toml:4:1: `engine.model` is not taken from here, because a repository could have written it; it may stand only in your own file, ~/.config/hob/config.toml
            .hob.toml:5:1: `engine.threads` is not taken from here, because a repository could have written it; it may stand only in your own file, ~/.config/hob/config.toml
            .hob.toml:7:1: `log.level` is not taken from here, because a repository could have written it; it may stand only in your own file, ~/.config/hob/config.toml
            the editor's settings for Hob: `engine.model` is not taken from here, because a repository could have written it; it may stand only in your own file, ~/.config/hob/config.toml
        "#]],
    );
}

#[test]
fn a_repository_or_an_editor_only_tightens() {
    check(
        "[completion]\nenabled = false\nlanguages_off = ['markdown']\n",
        "[completion]\nenabled = true\nlanguages_off = ['python']\n",
        &json!({ "completion": { "enabled": true, "languages_off": [] } }),
        &expect![[r#"
            enabled: false,
            languages_off: {
            "markdown",
            "python",
        "#]],
    );
    check(
        "",
        "[completion]\nenabled = false\n",
        &json!({ "completion": { "enabled": true } }),
        &expect![[r#"
            enabled: false,
        "#]],
    );
}

#[test]
fn an_editor_comes_last_among_equals() {
    check(
        "completion.popup = 'never'",
        "completion.popup = 'auto'",
        &json!({ "completion": { "popup": "always" } }),
        &expect![[r#"
            popup: Always,
        "#]],
    );
}

#[test]
fn settings_may_come_with_or_without_their_key() {
    check(
        "",
        "",
        &json!({ "hob": { "completion": { "max_tokens": 5 } }, "other": 1 }),
        &expect![[r#"
            max_tokens: 5,
        "#]],
    );
    // An editor sends null for what nobody set, and a Lua one [] for an empty table.
    check("", "", &json!({ "completion": { "max_tokens": null }, "engine": [], "log": null }), &expect![""]);
    check("", "", &json!([]), &expect![""]);
    check(
        "",
        "",
        &json!("on"),
        &expect![[r#"
            the editor's settings for Hob: the settings for Hob must be an object, so nothing from here is used until it is mended
        "#]],
    );
    check(
        "",
        "",
        &json!({ "completion": { "max_token": 5 } }),
        &expect![[r#"
            the editor's settings for Hob: there is no option `completion.max_token` (did you mean `completion.max_tokens`?), so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn a_strangers_text_cannot_dress_up_a_message() {
    check(
        "",
        "\"evil\\u001b[2J\\u202e\" = 1\n",
        &Value::Null,
        &expect![[r#"
            .hob.toml:1:1: there is no option `evil\u{1b}[2J\u{202e}`, so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn a_length_of_time_takes_units() {
    for (written, seconds) in
        [("0", 0), ("90", 90), ("'90s'", 90), ("'10 min'", 600), ("'2h'", 7200), ("2_592_000", 2_592_000)]
    {
        let (config, problems) = load(&format!("engine.idle_exit = {written}"), "", &Value::Null);
        assert_eq!(problems, [], "{written}");
        assert_eq!(config.engine.idle_exit, Duration::from_secs(seconds), "{written}");
    }
    for written in
        ["-1", "1.5", "'min'", "'1d'", "''", "'99999999999999999999s'", "'5124095576030432h'", "2592001"]
    {
        let (config, problems) = load(&format!("engine.idle_exit = {written}"), "", &Value::Null);
        assert_eq!(problems.len(), 1, "{written}");
        assert_eq!(config, Config::default(), "{written}");
    }
}

#[test]
fn a_model_file_is_absolute_or_below_home() {
    let path = |written: &str| {
        let (config, problems) = load(&format!("engine.model = '{written}'"), "", &Value::Null);
        config.engine.model.ok_or(problems.len()).map(|model| model.path(Path::new("/ann")))
    };
    assert_eq!(path("/m/a.gguf"), Ok("/m/a.gguf".into()));
    assert_eq!(path("~/m/a.gguf"), Ok("/ann/m/a.gguf".into()));
    for refused in ["", "a.gguf", "./a.gguf", "~", "~/", "~bob/a.gguf", "/"] {
        assert_eq!(path(refused), Err(1), "{refused}");
    }
}

#[test]
fn the_order_of_a_prompt_is_the_users_and_how_sure_to_be_is_anyones() {
    check(
        "engine.order = 'psm'",
        "completion.min_confidence = 20\nengine.order = 'spm'",
        &Value::Null,
        &expect![[r#"
            order: Psm,
            min_confidence: 20,
            .hob.toml:2:8: `engine.order` is not taken from here, because a repository could have written it; it may stand only in your own file, ~/.config/hob/config.toml
        "#]],
    );
    check(
        "engine.order = 'pms'\ncompletion.min_confidence = 0.2",
        "",
        &Value::Null,
        &expect![[r#"
            config.toml:1:8: `engine.order` must be one of "auto", "anchored", "psm", "spm", not "pms", so nothing from here is used until it is mended
            config.toml:2:12: `completion.min_confidence` must be a whole number from 0 to 100, not 0.2, so nothing from here is used until it is mended
        "#]],
    );
}

#[test]
fn silence_is_per_language() {
    let (config, _) = load("completion.languages_off = ['markdown']", "", &Value::Null);
    assert!(config.completion.speaks("rust"));
    assert!(!config.completion.speaks("markdown"));
    let (config, _) = load("completion.enabled = false", "", &Value::Null);
    assert!(!config.completion.speaks("rust"));
}

#[test]
fn what_chooses_files_threads_and_logs_is_the_users() {
    let scopes: Vec<_> =
        Declared::all().iter().map(|option| format!("{} {:?}", option.path(), option.scope)).collect();
    expect![[r#"
        engine.model UserOnly
        engine.idle_exit UserOnly
        engine.threads UserOnly
        engine.context_tokens UserOnly
        engine.order UserOnly
        engine.pace UserOnly
        engine.remote UserOnly
        completion.enabled Tighten
        completion.popup Anyone
        completion.popup_deadline_ms Anyone
        completion.deadline_ms Anyone
        completion.debounce_ms Anyone
        completion.max_tokens Anyone
        completion.min_confidence Anyone
        completion.strings Anyone
        completion.learn Anyone
        completion.languages_off Tighten
        index.enabled Tighten
        index.exclude Tighten
        index.largest_file_kb UserOnly
        index.file_limit UserOnly
        context.definitions Anyone
        context.edits Anyone
        context.uses Anyone
        context.neighbours Anyone
        context.ngrams Anyone
        cloud.mode Tighten
        cloud.never Tighten
        cloud.hosts Tighten
        cloud.secrets Tighten
        cloud.secret_patterns Tighten
        cloud.require_retention Tighten
        cloud.require_regions Tighten
        cloud.provider UserOnly
        cloud.rule UserOnly
        cloud.price UserOnly
        budget.per_call_usd Tighten
        budget.day_usd Tighten
        budget.month_usd Tighten
        limits.connect_ms UserOnly
        limits.first_token_ms UserOnly
        limits.idle_ms UserOnly
        limits.total_ms UserOnly
        limits.attempts UserOnly
        log.level UserOnly"#]]
    .assert_eq(&scopes.join("\n"));
    // A type without a stricter side can't be tightened: `load` would never take it from a repository. How those of the policy are is
    // held in tests/policy.rs.
    let is_policy = |option: &Declared| option.group == "cloud" || option.group == "budget";
    let declared = Declared::all();
    for option in declared.iter().filter(|option| option.scope == Scope::Tighten && !is_policy(option)) {
        assert!(option.default.is_boolean() || option.default.is_array(), "{}", option.path());
    }
}
