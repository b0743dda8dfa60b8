//! What an organisation's files forbid, and what follows where one of them can't be read. Must only use the public surface, as `hob` does.

use config::{Config, Mode, Problem, Source, Sources, Usd};
use expect_test::expect;

/// Two providers.
const PROVIDERS: &str = r#"cloud.provider = [{ id = "anthropic", models = ["sonnet"] }, { id = "own", dialect = "vllm",
base_url = "http://localhost:8000", models = ["qwen"] }]
"#;

/// What an organisation's files make of a policy that allows much.
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
