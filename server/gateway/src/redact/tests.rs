//! What is found, by the rules' own examples and by the vectors in testdata/redact; and how much that is nothing.
//!
//! The figures are printed: `cargo test --release -p gateway redact -- --nocapture`.

mod forge;
mod laws;

use std::sync::LazyLock;

use config::Task;
use model::cloud::{Ask, Part, Role, Turn};
use serde::Deserialize;

use super::{Redacted, Redactor, rules::Rules};
use forge::{Dice, Forged, forge};

#[derive(Deserialize)]
struct Examples {
    rule: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    id: String,
    yes: Vec<String>,
    no: Vec<String>,
}

fn examples() -> Vec<Example> {
    toml::from_str::<Examples>(include_str!("rules.toml")).expect("rules.toml is TOML").rule
}

/// A request that asks about one file.
fn ask(path: &str, text: &str) -> Ask {
    let file = Part::File { path: path.into(), text: text.into() };
    let turns = vec![Turn { role: Role::User, parts: vec![Part::Text("What is this?".into()), file] }];
    Ask { task: Task::Question, system: "You answer.".into(), turns, max_tokens: 100 }
}

/// One that remembers nothing yet.
fn redactor() -> Redactor {
    Redactor::new(0x7f3a, &[]).expect("no patterns of the user's own")
}

/// One for texts that are judged one by one. Its rules are compiled once.
static SHARED: LazyLock<Redactor> = LazyLock::new(redactor);

fn redact(text: &str) -> (String, Redacted) {
    SHARED.forget();
    let redacted = SHARED.redact(&ask("src/main.rs", text));
    let text = redacted.ask.files().next().expect("the file").1.to_owned();
    (text, redacted)
}

/// Everything of a request as one text.
fn all(ask: &Ask) -> String {
    super::texts(ask).collect::<Vec<_>>().join("\u{0}")
}

#[test]
fn each_rule_finds_its_own_examples_and_nothing_more() {
    let rules = Rules::new(&[]).unwrap();
    let mut wrong = Vec::new();
    for (index, Example { id, yes, no }) in examples().iter().enumerate() {
        assert!(!yes.is_empty() && !no.is_empty(), "{id} has no examples");
        let find = |text: &str| {
            let mut finds = Vec::new();
            rules.find(text, false, &mut finds);
            finds.retain(|find| find.rule == index);
            finds
        };
        for (seed, template) in (0..20).flat_map(|seed| yes.iter().map(move |template| (seed, template))) {
            let Forged { text, secrets } = forge(template, &mut Dice(seed));
            let finds = find(&text);
            let found: Vec<_> = finds.iter().map(|find| &text[find.range.clone()]).collect();
            if !secrets.iter().all(|secret| found.contains(&secret.as_str())) {
                wrong.push(format!("{id}: seed {seed}: {template}: {text:?} gave {found:?}"));
            }
        }
        for text in no {
            for find in find(text) {
                wrong.push(format!("{id}: {text:?} is no secret, gave {:?}", &text[find.range]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_no_rule_means_is_found_by_no_other_rule() {
    let texts: Vec<_> = examples().into_iter().flat_map(|example| example.no).collect();
    let found: Vec<_> = texts
        .iter()
        .filter_map(|text| {
            let (_, redacted) = redact(text);
            redacted.redactions.first().map(|redaction| format!("{}: {text}", redaction.rule))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn rules_have_names_of_their_own_and_keywords() {
    let mut ids: Vec<_> = examples().into_iter().map(|example| example.id).collect();
    let many = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), many);
    assert!(many >= 70, "{many} rules");
}

/// A line of a vector file: a text, of which the secrets are marked.
#[derive(Deserialize)]
struct Vector {
    about: String,
    text: String,
}

fn vectors(lines: &str) -> Vec<Vector> {
    lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Whether so many bytes of the secret in a row are in the text.
fn leaks(secret: &str, text: &str, bytes: usize) -> bool {
    secret.as_bytes().windows(bytes).any(|part| text.as_bytes().windows(bytes).any(|place| place == part))
}

#[test]
fn secrets_in_realistic_surroundings_are_found() {
    let own = examples().into_iter().flat_map(|example| {
        example.yes.into_iter().map(move |text| Vector { about: example.id.clone(), text })
    });
    let vectors: Vec<_> =
        vectors(include_str!("../../testdata/redact/secrets.jsonl")).into_iter().chain(own).collect();
    let (mut all, mut missed) = (0, Vec::new());
    for (seed, Vector { about, text }) in
        (100..105).flat_map(|seed| vectors.iter().map(move |vector| (seed, vector)))
    {
        let Forged { text, secrets } = forge(text, &mut Dice(seed));
        let (left, redacted) = redact(&text);
        assert_eq!(redacted.vault.restore(&left), text);
        for secret in secrets {
            all += 1;
            if leaks(laws::own_part(&secret), &left, 8) {
                missed.push(format!("{about}, seed {seed}: {left}"));
            }
        }
    }
    println!("found: {} of {all} secrets in {} templates", all - missed.len(), vectors.len());
    println!("{}", missed.join("\n"));
    assert!(missed.len() * 100 <= all, "{} of {all} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    let vectors = vectors(include_str!("../../testdata/redact/clean.jsonl"));
    assert!(vectors.len() >= 300);
    let mut found = Vec::new();
    for (seed, Vector { about, text }) in (200_u64..).zip(&vectors) {
        let Forged { text, .. } = forge(text, &mut Dice(seed));
        let (left, redacted) = redact(&text);
        if let Some(first) = redacted.redactions.first() {
            found.push(format!("{about}: {}: {text} became {left}", first.rule));
        }
    }
    println!("taken for secrets: {} of {} texts without any", found.len(), vectors.len());
    println!("{}", found.join("\n"));
    assert!(found.len() * 100 <= 3 * vectors.len(), "{}:\n{}", found.len(), found.join("\n"));
}
