//! What is decided, as a table, and how it is explained.

use std::fmt::Write;

use config::{Cloud, Mode, Requirements, Retention, Rule, Secrets, Task, Then, When};
use expect_test::{Expect, expect};
use model::cloud::Health;

use super::{
    fixture::{brief, dollars, errand, policy, rule, target, with_team, world},
    *,
};

/// Decides after `change` was made to a request, a policy and a world in which everything is well.
fn decided(task: Task, change: impl FnOnce(&mut Errand, &mut Cloud, &mut World)) -> Decision {
    let (mut errand, mut policy, mut world) = (errand(task), policy(), world());
    change(&mut errand, &mut policy, &mut world);
    decide(&errand, &policy, &world)
}

#[track_caller]
fn check(task: Task, change: impl FnOnce(&mut Errand, &mut Cloud, &mut World), expected: &Expect) {
    let decision = decided(task, change);
    expected.assert_eq(&format!("{}\n{}\n", brief(&decision), decision.sentence()));
}

#[test]
fn the_default_table() {
    type Change = fn(&mut Errand, &mut Cloud, &mut World);
    let situations: [(&str, Change); 6] = [
        ("fits", |_, _, _| {}),
        ("too large", |errand, _, _| errand.tokens = 20_000),
        ("FIM only", |_, _, world| world.local.instructs = false),
        ("local-only", |_, policy, _| policy.mode = Mode::LocalOnly),
        ("and too large", |errand, policy, _| {
            policy.mode = Mode::LocalOnly;
            errand.tokens = 20_000;
        }),
        ("and FIM only", |_, policy, world| {
            policy.mode = Mode::LocalOnly;
            world.local.instructs = false;
        }),
    ];
    let mut table = format!("{:16}", "");
    for (name, _) in situations {
        write!(table, "{name:28}").unwrap();
    }
    for task in Task::ALL {
        table = format!("{}\n{:16}", table.trim_end(), task.name());
        for (_, change) in situations {
            write!(table, "{:28}", brief(&decided(task, change))).unwrap();
        }
    }
    expect![[r#"
                        fits                        too large                   FIM only                    local-only                  and too large               and FIM only
        inline          local                       local                       local                       local                       local                       local
        popup           local                       local                       local                       local                       local                       local
        explain         local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        document        local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        implement       local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        tests           local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        fix             local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        commit-message  local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        summary         local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        question        local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        refactor        local                       anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        refactor-across anthropic/model-a > local   anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused
        explain-across  anthropic/model-a > local   anthropic/model-a > local   anthropic/model-a           local                       local (trimmed)             refused"#]].assert_eq(table.trim_end());
}

#[test]
fn a_rule_is_named_with_its_line_and_everything_that_was_passed_over_with_its_reason() {
    check(
        Task::RefactorAcross,
        |errand, policy, world| {
            errand.tokens = 9_120;
            errand.secrets = [("aws-access-token".to_owned(), 1)].into();
            let chain = ["anthropic/model-a", "openai/model-b", "openai/model-c", "local"];
            policy.rules.push(rule("big-refactor", 14, Task::RefactorAcross, &chain));
            let resting = Health::Resting { for_ms: 39_500, why: "it answered 529 three times".to_owned() };
            world.gateway.as_mut().unwrap().targets[1].health = resting;
        },
        &expect![[r#"
            anthropic/model-a > openai/model-c > local
            To anthropic/model-a. Rule "big-refactor" (config.toml:14): 3 files, 9,120 tokens. Not local: it takes 8,192 tokens, and this has 10,120 with its answer. Not openai/model-b: it answered 529 three times; it rests for 40 s. If that fails: openai/model-c, then local. 1 secret is replaced (aws-access-token). At most $0.081; $1.12 left today.
        "#]],
    );
}

#[test]
fn what_stays_says_why() {
    check(
        Task::Explain,
        |_, _, _| {},
        &expect![[r#"
        local
        Stays on this machine. The default for explain: 3 files, 7,000 tokens. Not any provider: neither you nor a rule asked for it.
    "#]],
    );
    check(
        Task::Explain,
        |_, policy, _| policy.mode = Mode::LocalOnly,
        &expect![[r#"
        local
        Stays on this machine. The default for explain: 3 files, 7,000 tokens. Not any provider: `cloud.mode` is local-only.
    "#]],
    );
    check(
        Task::Explain,
        |errand, _, world| {
            errand.tokens = 20_000;
            errand.choice = Choice::Target(target("openai/model-b"));
            world.offline = true;
        },
        &expect![[r#"
            local (trimmed)
            Stays on this machine, with what fits into 8,192 tokens. You chose openai/model-b: 3 files, 20,000 tokens. Not any provider: this machine is offline.
        "#]],
    );
}

#[test]
fn what_would_take_minutes_here_is_a_remark_and_no_rule() {
    check(
        Task::Question,
        |_, _, world| {
            world.local.reads_per_s = 60;
            world.local.queued = 1;
        },
        &expect![[r#"
            local
            Stays on this machine. The default for question: 3 files, 7,000 tokens. It may take 5 min here, 1 request before it. Not any provider: neither you nor a rule asked for it.
        "#]],
    );
}

#[test]
fn a_rule_that_denies_denies_behind_others_too() {
    check(
        Task::ExplainAcross,
        |_, policy, _| {
            policy.rules.push(rule("explain", 3, Task::ExplainAcross, &["anthropic/model-a", "local"]));
            policy.rules.push(Rule {
                name: "customers".to_owned(),
                when: When { paths: vec!["src/b.*".to_owned()], ..When::default() },
                then: Then::DenyCloud,
                require: Requirements::default(),
                line: 9,
            });
        },
        &expect![[r#"
            local
            Stays on this machine. Rule "explain" (config.toml:3): 3 files, 7,000 tokens. Not any provider: rule "customers" (config.toml:9) denies it.
        "#]],
    );
}

#[test]
fn a_chain_is_what_it_says() {
    let chained = |chain: &'static [&'static str], tokens| {
        let decision = decided(Task::Summary, |errand, policy, _| {
            errand.tokens = tokens;
            policy.rules.push(rule("chain", 1, Task::Summary, chain));
        });
        brief(&decision)
    };
    let (small, large) = (1_000, 20_000);
    assert_eq!(
        chained(&["openai/model-c", "anthropic/model-a"], small),
        "openai/model-c > anthropic/model-a"
    );
    // Nothing is behind a machine that can do it; where it could do a part only, it is the last.
    assert_eq!(chained(&["openai/model-b", "local", "openai/model-c"], small), "openai/model-b > local");
    let all = "openai/model-b > openai/model-c > local";
    assert_eq!(chained(&["openai/model-b", "local", "openai/model-c"], large), all);
    assert_eq!(chained(&["local", "openai/model-c"], small), "local");
    assert_eq!(chained(&["local"], large), "local (trimmed)");
    assert_eq!(chained(&[], small), "refused");
    // What is not in the configuration is not asked.
    assert_eq!(chained(&["openai/model-x", "mistral/large", "local"], small), "local");
}

#[test]
fn without_a_rule_nothing_fails_over_from_one_provider_to_another() {
    let broken = |name: &str| {
        let decision = decided(Task::RefactorAcross, |_, _, world| {
            for status in &mut world.gateway.as_mut().unwrap().targets {
                if status.target == target(name) {
                    status.health = Health::NoKey { why: "its key was refused".to_owned() };
                }
            }
        });
        brief(&decision)
    };
    assert_eq!(broken("openai/model-b"), "anthropic/model-a > local");
    assert_eq!(broken("anthropic/model-a"), "local");
    // One that must not see it, or could not take it, is not the first.
    let decision = decided(Task::RefactorAcross, |_, policy, _| policy.providers[0].context_tokens = 4_000);
    assert_eq!(brief(&decision), "openai/model-b > openai/model-c > local");
}

#[test]
fn who_chooses_is_heard_unless_a_gate_is_closed() {
    let chosen = |choice: &Choice, change: fn(&mut Cloud, &mut World)| {
        let decision = decided(Task::Explain, |errand, policy, world| {
            errand.choice = choice.clone();
            change(policy, world);
        });
        brief(&decision)
    };
    let certain = Choice::Target(target("openai/model-c"));
    assert_eq!(chosen(&Choice::Cloud, |_, _| {}), "anthropic/model-a > local");
    assert_eq!(chosen(&certain, |_, _| {}), "openai/model-c > local");
    assert_eq!(chosen(&Choice::Local, |_, _| {}), "local");
    assert_eq!(chosen(&certain, |policy, _| policy.require.retention = Some(Retention::Zero)), "local");
    assert_eq!(chosen(&certain, |policy, _| policy.mode = Mode::LocalOnly), "local");
    assert_eq!(chosen(&Choice::Cloud, |_, world| world.consent.never = true), "local");
    assert_eq!(chosen(&Choice::Local, |_, world| world.local.instructs = false), "refused");
    // What a rule asks of providers holds for whom the user chose, too.
    let strict = |policy: &mut Cloud, _: &mut World| {
        let mut rule = rule("strict", 1, Task::Explain, &["local"]);
        rule.require.retention = Some(Retention::Zero);
        policy.rules.push(rule);
    };
    assert_eq!(chosen(&certain, strict), "local");
    assert_eq!(chosen(&Choice::Cloud, strict), "anthropic/model-a > local");
}

#[test]
fn who_has_not_agreed_is_asked() {
    let asked = |granted: &[(&str, Grant)]| {
        let decision = decided(Task::ExplainAcross, |_, policy, world| {
            policy.mode = Mode::Ask;
            let chain = ["anthropic/model-a", "openai/model-b", "local"];
            policy.rules.push(rule("across", 1, Task::ExplainAcross, &chain));
            world.consent.granted = granted.iter().map(|(id, grant)| ((*id).to_owned(), *grant)).collect();
        });
        brief(&decision)
    };
    let (both, ask) =
        ("anthropic/model-a > openai/model-b > local", "anthropic/model-a > openai/model-b > local ?");
    assert_eq!(asked(&[]), ask);
    assert_eq!(asked(&[("anthropic", Grant::Workspace)]), ask);
    assert_eq!(asked(&[("anthropic", Grant::Workspace), ("openai", Grant::Once)]), both);
}

#[test]
fn completion_leaves_for_an_engine_that_was_named_and_for_nothing_else() {
    let completed = |task, engine: Option<&str>, mode, change: fn(&mut Errand, &mut World)| {
        let decision = decided(task, |errand, policy, world| {
            *policy = with_team(policy);
            policy.mode = mode;
            world.remote_engine = engine.map(str::to_owned);
            change(errand, world);
        });
        brief(&decision)
    };
    for task in [Task::Inline, Task::Popup] {
        assert_eq!(completed(task, None, Mode::Auto, |_, _| {}), "local");
        // Naming it in one's own configuration is an answer: nobody is asked at each key.
        assert_eq!(completed(task, Some("team"), Mode::Ask, |_, _| {}), "team/coder > local");
        assert_eq!(completed(task, Some("team"), Mode::LocalOnly, |_, _| {}), "local");
        assert_eq!(completed(task, Some("team"), Mode::Ask, |_, world| world.offline = true), "local");
        let private = |errand: &mut Errand, _: &mut World| errand.files[2].path = "config/.env".to_owned();
        assert_eq!(completed(task, Some("team"), Mode::Ask, private), "local");
        let secret = |errand: &mut Errand, _: &mut World| {
            errand.secrets.insert("pem".to_owned(), 1);
        };
        assert_eq!(completed(task, Some("team"), Mode::Ask, secret), "local");
        // A provider is no engine of one's own.
        assert_eq!(completed(task, Some("openai"), Mode::Auto, |_, _| {}), "local");
        // Nor has the engine's name any weight where somebody asks a question.
        assert_eq!(
            completed(Task::ExplainAcross, Some("team"), Mode::Auto, |_, _| {}),
            "anthropic/model-a > local"
        );
    }
}

#[test]
fn each_gate_gives_its_reason() {
    let against = |change: fn(&mut Errand, &mut Cloud, &mut World)| {
        let decision = decided(Task::ExplainAcross, change);
        let (_, why) = decision.rejected.iter().find(|(of, _)| *of != Destination::Local).unwrap();
        format!("{:20}{:?}: {why}\n", why.word(), why.gate())
    };
    let reasons = [
        against(|_, policy, _| policy.mode = Mode::LocalOnly),
        against(|_, _, world| world.consent.never = true),
        against(|_, policy, _| policy.never.push("a{b".to_owned())),
        against(|_, policy, _| policy.never.push("src/*.rs".to_owned())),
        against(|errand, _, _| errand.files[0].private = true),
        against(|errand, _, _| errand.files[0].path = ".ssh/config".to_owned()),
        against(|errand, policy, _| {
            policy.secrets = Secrets::Refuse;
            errand.secrets.insert("pem".to_owned(), 2);
        }),
        against(|_, policy, _| policy.hosts = Some(vec!["api.openai.example".to_owned()])),
        against(|_, policy, _| {
            policy.require.retention = Some(Retention::Zero);
            policy.providers[0].retention = Some(Retention::Training);
        }),
        against(|_, policy, _| {
            policy.require.retention = Some(Retention::Training);
            policy.providers[0].retention = None;
        }),
        against(|_, policy, _| policy.require = in_region("ch")),
        against(|_, policy, _| {
            policy.require = in_region("eu");
            policy.providers[0].region = None;
        }),
        against(|errand, _, _| errand.tokens = 199_001),
        against(|_, _, world| world.at_most.clear()),
        against(|_, _, world| world.gateway.as_mut().unwrap().targets[0].priced = false),
        against(|_, _, world| world.offline = true),
        against(|_, _, world| {
            world.gateway.as_mut().unwrap().closed = Some("the ledger can't be written".to_owned());
        }),
        against(|_, _, world| world.gateway = None),
        against(|_, _, world| {
            let why = "ANTHROPIC_API_KEY is not set".to_owned();
            world.gateway.as_mut().unwrap().targets[0].health = Health::NoKey { why };
        }),
        against(|_, policy, _| policy.budget.per_call = dollars("0.08")),
        against(|_, _, world| world.gateway.as_mut().unwrap().left_today = dollars("0.08")),
        against(|_, _, world| world.gateway.as_mut().unwrap().left_this_month = dollars("0.05")),
    ];
    expect![[r#"
        local_only          Privacy: `cloud.mode` is local-only
        never_consented     Privacy: you said never for this workspace
        unreadable_pattern  Privacy: a pattern of the policy can't be read, so nothing leaves
        never_file          Privacy: 3 of the files never leave
        private             Privacy: one of the files is private
        private             Privacy: one of the files is private
        secrets             Privacy: 2 secrets were found
        host                Privacy: its host is not allowed
        retention           Privacy: it keeps what it gets to learn from, and may keep nothing
        retention_unknown   Privacy: it is not known what it keeps
        region              Privacy: it computes in "eu", which is not allowed
        region_unknown      Privacy: it is not known where it computes
        too_large           Capability: it takes 200,000 tokens, and this has 200,001 with its answer
        unpriced            Capability: its price is not known
        unpriced            Capability: its price is not known
        offline             Health: this machine is offline
        closed              Health: the ledger can't be written
        health_unknown      Health: it is not known whether it can be asked
        no_key              Health: ANTHROPIC_API_KEY is not set
        over_call           Budget: it could cost $0.081, and one request may cost $0.080
        over_day            Budget: it could cost $0.081, and $0.080 is left today
        over_month          Budget: it could cost $0.081, and $0.050 is left this month
    "#]]
    .assert_eq(&reasons.concat());
}

fn in_region(region: &str) -> Requirements {
    Requirements { retention: None, regions: Some(vec![region.to_owned()]) }
}

#[test]
fn who_gets_no_answer_is_told_what_helps() {
    let refused = |task, change: fn(&mut Errand, &mut Cloud, &mut World)| {
        let decision = decided(task, |errand, policy, world| {
            world.local.instructs = false;
            change(errand, policy, world);
        });
        assert_eq!(brief(&decision), "refused");
        decision.sentence() + "\n"
    };
    let reasons = [
        refused(Task::Explain, |_, policy, _| *policy = Cloud::default()),
        refused(Task::Explain, |_, policy, _| policy.mode = Mode::LocalOnly),
        refused(Task::Explain, |_, _, world| world.gateway.as_mut().unwrap().left_today = dollars("0.01")),
        refused(Task::Explain, |errand, _, _| errand.files[0].private = true),
        refused(Task::Explain, |errand, _, _| errand.choice = Choice::Local),
        refused(Task::Explain, |errand, _, _| errand.choice = Choice::Target(target("openai/model-x"))),
        refused(Task::Explain, |errand, _, _| errand.tokens = 1_000_000),
        refused(Task::Explain, |_, policy, world| {
            world.local.instructs = true;
            world.offline = true;
            policy.rules.push(rule("elsewhere", 1, Task::Explain, &["openai/model-b"]));
        }),
        refused(Task::Inline, |_, _, world| world.local = Local::default()),
        refused(Task::Summary, |errand, policy, world| {
            world.local.instructs = true;
            policy.mode = Mode::LocalOnly;
            errand.answer_tokens = 10_000;
        }),
    ];
    expect![[r#"
        Nobody can answer this: the local model fills holes and can't follow instructions. What helps: name a provider for it in your own config.toml.
        Nobody can answer this: the local model fills holes and can't follow instructions; anthropic/model-a: `cloud.mode` is local-only. What helps: `cloud.mode = "ask"` in your own config.toml, if nobody else says local-only.
        Nobody can answer this: the local model fills holes and can't follow instructions; anthropic/model-a: it could cost $0.081, and $0.010 is left today. What helps: ask tomorrow, or raise `budget.day_usd` in your own config.toml.
        Nobody can answer this: the local model fills holes and can't follow instructions; anthropic/model-a: one of the files is private. What helps: ask without it.
        Nobody can answer this: the local model fills holes and can't follow instructions. What helps: let a provider answer it.
        Nobody can answer this: the local model fills holes and can't follow instructions; openai/model-x: your configuration has no such model. What helps: name it in your own config.toml.
        Nobody can answer this: the local model fills holes and can't follow instructions; anthropic/model-a: it takes 200,000 tokens, and this has 1,001,000 with its answer. What helps: ask with less.
        Nobody can answer this: the rule leaves this machine out; openai/model-b: this machine is offline. What helps: ask again when there is a network.
        Nobody can answer this: there is no local model that can be used; anthropic/model-a: what happens while you type never leaves. What helps: name a fill-in-the-middle model in `engine.model`.
        Nobody can answer this: local: it takes 8,192 tokens, and this has 17,000 with its answer; anthropic/model-a: `cloud.mode` is local-only. What helps: `cloud.mode = "ask"` in your own config.toml, if nobody else says local-only.
    "#]].assert_eq(&reasons.concat());
}

#[test]
fn the_gateway_is_asked_where_its_word_counts() {
    let world = World { gateway: None, at_most: Vec::new(), ..world() };
    assert!(asks_gateway(&errand(Task::ExplainAcross), &policy(), &world));
    assert!(!asks_gateway(&errand(Task::Explain), &policy(), &world));
    assert!(!asks_gateway(&errand(Task::ExplainAcross), &Cloud::default(), &world));
    assert_eq!(brief(&decide(&errand(Task::ExplainAcross), &policy(), &world)), "local");
}

#[test]
fn what_is_kept_is_words_and_numbers() {
    let decision = decided(Task::Explain, |errand, _, _| errand.choice = Choice::Cloud);
    let kept = decision.record("{}".to_owned());
    assert_eq!(kept.why, decision.sentence());
    assert_eq!((kept.rule, kept.rule_line), (None, 0));
    let rejected: Vec<_> = kept.rejected.iter().map(|(who, why)| format!("{who} {why}")).collect();
    assert_eq!(rejected, ["local not_chosen", "openai/model-b not_chosen", "openai/model-c not_chosen"]);
}
