//! Each family by the tokens and names that the research table gives for it, and the sentences for models that are none.

use expect_test::{Expect, expect};

use super::*;

/// Recognises a model of this architecture and name whose vocabulary holds these special tokens, numbered from 100.
fn check(architecture: &str, name: &str, vocabulary: &[&str], expected: &Expect) {
    let facts = Facts { architecture: architecture.into(), name: name.into(), ..Facts::default() };
    let find = |text: &str| {
        let at = vocabulary.iter().position(|known| *known == text)?;
        Some(Token(100 + i32::try_from(at).unwrap()))
    };
    expected.assert_eq(&match recognise(&facts, find) {
        Ok(fim) => {
            format!("{} {:?} {:?}, {} special", fim.family, fim.layout, fim.files, fim.special.len())
        }
        Err(Refusal(reason)) => format!("{name} {reason}"),
    });
}

const QWEN: &[&str] =
    &["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"];
const STAR: &[&str] = &["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<filename>"];

#[test]
fn families_are_told_apart_by_tokens_then_by_names() {
    check(
        "llama",
        "Ember v0",
        QWEN,
        &expect![
            "ember AnchoredMiddle Separator { token: Token(105), own_path: Nowhere, repository: None }, 6 special"
        ],
    );
    check(
        "qwen2",
        "Qwen2.5 Coder 1.5B",
        QWEN,
        &expect![
            "qwen AnchoredMiddle Separator { token: Token(105), own_path: BeforePrefix, repository: Some(Token(104)) }, 6 special"
        ],
    );
    check(
        "gemma",
        "codegemma-2b",
        &["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"],
        &expect![
            "codegemma AnchoredMiddle Separator { token: Token(103), own_path: AfterPrefix, repository: None }, 4 special"
        ],
    );
    check("llama", "Granite 3b code base", STAR, &expect!["granite AnchoredMiddle Comment, 4 special"]);
    check(
        "llama",
        "Mellum 4b base",
        STAR,
        &expect![
            "mellum SuffixFirst Separator { token: Token(103), own_path: BeforePrefix, repository: None }, 4 special"
        ],
    );
    check(
        "starcoder2",
        "starcoder2-3b",
        &["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<file_sep>", "<repo_name>"],
        &expect![
            "starcoder2 AnchoredMiddle Separator { token: Token(103), own_path: AfterPrefix, repository: Some(Token(104)) }, 5 special"
        ],
    );
    check("starcoder", "tiny_starcoder", STAR, &expect!["starcoder AnchoredMiddle Comment, 4 special"]);
    check(
        "llama",
        "deepseek-coder-1.3b-base",
        &["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"],
        &expect![[r##"deepseek AnchoredMiddle Header("#"), 3 special"##]],
    );
    check(
        "llama",
        "Seed-Coder-8B-Base",
        &["<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"],
        &expect!["seed-coder SuffixFirst Comment, 3 special"],
    );
    check(
        "llama",
        "Codestral-22B",
        &["[PREFIX]", "[SUFFIX]"],
        &expect![[r#"codestral SuffixFirst Header("+++++ "), 2 special"#]],
    );
    check(
        "llama",
        "CodeLlama-7b",
        &["▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"],
        &expect!["codellama AnchoredMiddle Comment, 4 special"],
    );
}

#[test]
fn a_model_of_no_known_family_is_asked_by_its_metadata() {
    let ids = FimIds {
        prefix: Some(Token(7)),
        suffix: Some(Token(8)),
        middle: Some(Token(9)),
        ..FimIds::default()
    };
    let fim = recognise(&Facts { ids, ..Facts::default() }, |_| None).unwrap();
    assert_eq!(
        (fim.family, fim.prefix, fim.suffix, fim.middle),
        ("generic", Token(7), Token(8), Some(Token(9)))
    );
    assert!(fim.ends(Token(9)));
}

#[test]
fn models_that_cannot_fill_are_refused_with_advice() {
    check(
        "llama",
        "Llama 3.2 1B Instruct",
        &[],
        &expect![
            "Llama 3.2 1B Instruct is a chat model without fill-in-the-middle tokens, which would answer in prose: use a model that was trained to fill in the middle, for example the GGUF of Qwen2.5-Coder-1.5B (the base model, not the Instruct one)"
        ],
    );
    check(
        "gpt2",
        "gpt2",
        &[],
        &expect![
            "gpt2 has no fill-in-the-middle tokens in its vocabulary, so it can't see what follows the cursor: use a model that was trained to fill in the middle, for example the GGUF of Qwen2.5-Coder-1.5B (the base model, not the Instruct one)"
        ],
    );
    check(
        "qwen2",
        "Qwen2.5 7B Instruct",
        QWEN,
        &expect![
            "Qwen2.5 7B Instruct is a general chat model: its vocabulary has fill-in-the-middle tokens, but it was not trained on code with them: use a model that was trained to fill in the middle, for example the GGUF of Qwen2.5-Coder-1.5B (the base model, not the Instruct one)"
        ],
    );
}
