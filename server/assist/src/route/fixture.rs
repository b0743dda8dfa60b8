//! A policy, a request and a world to begin with, and decisions in a word.
//!
//! Must not hold an expectation.

use std::collections::BTreeMap;

use config::{
    Budget, Cloud, Destination, Dialect, Mode, Provider, Requirements, Retention, Rule, Target, Task, Then,
    Usd, When,
};
use model::cloud::{Health, Snapshot, TargetStatus};

use super::{Choice, Chosen, Consent, Decision, Errand, File, Local, World};

pub(super) fn target(text: &str) -> Target {
    text.parse().unwrap()
}

pub(super) fn dollars(text: &str) -> Usd {
    text.parse().unwrap()
}

pub(super) fn provider(id: &str, models: &[&str]) -> Provider {
    Provider {
        id: id.to_owned(),
        dialect: Dialect::Openai,
        base_url: format!("https://api.{id}.example/v1"),
        key: None,
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        context_tokens: 200_000,
        region: Some("eu".to_owned()),
        retention: Some(Retention::Limited),
    }
}

/// What is sent without being asked for: two providers, no rule.
pub(super) fn policy() -> Cloud {
    Cloud {
        mode: Mode::Auto,
        providers: vec![
            Provider { retention: Some(Retention::Zero), ..provider("anthropic", &["model-a"]) },
            provider("openai", &["model-b", "model-c"]),
        ],
        budget: Budget { per_call: dollars("0.25"), day: dollars("2"), month: dollars("20") },
        ..Cloud::default()
    }
}

/// The same, and `team/coder` on somebody's own hardware behind the others.
pub(super) fn with_team(policy: &Cloud) -> Cloud {
    let team = Provider { dialect: Dialect::LlamaServer, ..provider("team", &["coder"]) };
    Cloud { providers: policy.providers.iter().cloned().chain([team]).collect(), ..policy.clone() }
}

/// A rule for a task, in the line that its place in the list would give it.
pub(super) fn rule(name: &str, line: u32, task: Task, chain: &[&str]) -> Rule {
    Rule {
        name: name.to_owned(),
        when: When { tasks: vec![task], ..When::default() },
        then: Then::Chain(
            chain.iter().map(|destination| destination.parse::<Destination>().unwrap()).collect(),
        ),
        require: Requirements::default(),
        line,
    }
}

/// Three files, 7,000 tokens, 1,000 for the answer.
pub(super) fn errand(task: Task) -> Errand {
    let file = |path: &str| File { path: path.to_owned(), language: "rust".to_owned(), private: false };
    Errand {
        task,
        files: ["src/a.rs", "src/b.rs", "src/c.rs"].map(file).to_vec(),
        tokens: 7_000,
        answer_tokens: 1_000,
        secrets: BTreeMap::new(),
        choice: Choice::None,
    }
}

/// Everybody is well, a request costs eight cents, and the local model takes 8,192 tokens.
pub(super) fn world() -> World {
    let all = ["anthropic/model-a", "openai/model-b", "openai/model-c", "team/coder"];
    let ready =
        |name| TargetStatus { target: target(name), health: Health::Ready, priced: true, at_most: None };
    World {
        gateway: Some(Snapshot {
            targets: all.map(ready).to_vec(),
            left_today: dollars("1.12"),
            left_this_month: dollars("15"),
            ..Snapshot::default()
        }),
        at_most: all[..3].iter().map(|name| (target(name), dollars("0.081"))).collect(),
        consent: Consent::default(),
        local: Local {
            fills: true,
            instructs: true,
            context_tokens: 8_192,
            reads_per_s: 1_000,
            writes_per_s: 50,
            queued: 0,
        },
        remote_engine: None,
        offline: false,
    }
}

/// `local`, `local (trimmed)`, `anthropic/model-a > local`, `refused`; with `?` where the user has to agree.
pub(super) fn brief(decision: &Decision) -> String {
    match &decision.chosen {
        Chosen::Local { trimmed: false } => "local".to_owned(),
        Chosen::Local { trimmed: true } => "local (trimmed)".to_owned(),
        Chosen::Refused { .. } => "refused".to_owned(),
        Chosen::Cloud { chain, then_local, needs_consent } => {
            let mut names: Vec<_> = chain.iter().map(Target::to_string).collect();
            names.extend(then_local.then(|| "local".to_owned()));
            format!("{}{}", names.join(" > "), if *needs_consent { " ?" } else { "" })
        }
    }
}
