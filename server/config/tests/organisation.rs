//! Who may tighten the user's policy, and how: an organisation, a repository. Must only use the public surface, as `hob` does.

use config::{Config, Declared, Mode, Problem, Scope, Source, Sources, Usd};
use expect_test::expect;

/// Providers that a policy is about; two lines.
const PROVIDERS: &str = r#"cloud.provider = [{ id = "anthropic", models = ["sonnet", "haiku"] }, { id = "own", dialect = "vllm",
base_url = "http://localhost:8000", models = ["org/qwen"] }]
"#;

fn organisation(files: &[Result<Source<'_>, Problem>]) -> (Config, Vec<Problem>) {
    let text = format!("cloud.mode = 'auto'\nbudget.day_usd = '50'\nlimits.attempts = 2\n{PROVIDERS}");
    let user = Some(Source { name: "config.toml", text: &text });
    config::load(&Sources { user, organisation: files, ..Sources::default() })
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a file that can be read is among those that can't")]
fn file(text: &str) -> Result<Source<'_>, Problem> {
    Ok(Source { name: config::ORGANISATION_FILE, text })
}

#[test]
fn an_organisation_tightens_above_the_user() {
    let (before, _) = organisation(&[]);
    assert_eq!(before.cloud.mode, Mode::Auto);
    let strict = "completion.enabled = false\n[cloud]\nmode = 'ask'\nnever = ['x/']\n[budget]\nday_usd = '1'\nmonth_usd = '900'\n";
    let (after, problems) = organisation(&[file(strict), file("cloud.hosts = ['api.anthropic.com']")]);
    assert_eq!(problems, []);
    assert_eq!((after.cloud.mode, after.cloud.budget.day), (Mode::Ask, Usd(Usd::DOLLAR)));
    assert_eq!(after.cloud.budget.month, before.cloud.budget.month);
    assert_eq!(after.cloud.hosts, Some(vec!["api.anthropic.com".to_owned()]));
    assert!(!after.completion.enabled);
    assert!(after.cloud.is_no_freer_than(&before.cloud));
}

#[test]
fn an_organisation_can_set_nothing_and_says_so_where_it_tried() {
    let (before, _) = organisation(&[]);
    let wish = "completion.max_tokens = 9\nengine.remote = 'own'\n[limits]\nattempts = 9\n[[cloud.provider]]\nid = 'evil'\n";
    let (after, problems) = organisation(&[file(wish)]);
    assert_eq!(after, before);
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    expect![[r#"
        /etc/hob/policy.toml:1:12: `completion.max_tokens` is not taken from here, because an organisation's file can only tighten; it may stand only in your own file, ~/.config/hob/config.toml
        /etc/hob/policy.toml:2:8: `engine.remote` is not taken from here, because an organisation's file can only tighten; it may stand only in your own file, ~/.config/hob/config.toml
        /etc/hob/policy.toml:4:1: `limits.attempts` is not taken from here, because an organisation's file can only tighten; it may stand only in your own file, ~/.config/hob/config.toml
        /etc/hob/policy.toml:5:9: `cloud.provider` is not taken from here, because an organisation's file can only tighten; it may stand only in your own file, ~/.config/hob/config.toml"#]].assert_eq(&said.join("\n"));
}

#[test]
fn an_organisations_file_that_is_broken_or_unreadable_keeps_everything_here() {
    let broken =
        ["cloud.mod = 'auto'", "cloud.mode = 'atuo'", "[cloud", "cloud.never = ['a{']", "evil.provider = 1"];
    for text in broken {
        let (config, problems) = organisation(&[file(text), file("cloud.mode = 'ask'")]);
        assert_eq!(config.cloud.mode, Mode::LocalOnly, "{text}");
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        assert!(problem.message.contains("so nothing leaves this machine until it is mended"), "{problem}");
    }
    let (config, problems) =
        organisation(&[Err(Problem::unreadable_policy(config::ORGANISATION_FILE, "permission denied"))]);
    assert_eq!(config.cloud.mode, Mode::LocalOnly);
    expect!["/etc/hob/policy.toml: this file can't be read (permission denied), so nothing leaves this machine until it can"].assert_eq(&problems[0].to_string());
}

#[test]
fn patterns_that_are_too_many_to_be_held_to_keep_everything_here() {
    let load = |count: usize| {
        let patterns: Vec<_> = (0..count).map(|n| format!("'{n:0>6}{}'", "*a?".repeat(64))).collect();
        let text = format!("cloud.never = [{}]", patterns.join(","));
        let user = Some(Source { name: "config.toml", text: PROVIDERS });
        let repository = Some(Source { name: ".hob.toml", text: &text });
        config::load(&Sources { user, repository, ..Sources::default() })
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
        let repository = Some(Source { name: ".hob.toml", text: &text });
        let (after, problems) = config::load(&Sources { user, repository, ..Sources::default() });
        assert_eq!(problems, []);
        assert!(after.cloud.is_no_freer_than(&before.cloud) && after.cloud != before.cloud, "{text}");
    }
}
