//! A model that can't be used: one sentence with the file's name and what to do, and no crash.

mod harness;

use std::{path::Path, time::Duration};

use engine::{EMBER, ModelChoice};
use harness::{Engine, hole, into};
use model::{ModelError, wire::ModelState};

/// Serves `model` and returns the sentence that a client gets for its request, checked to be the model's state too.
fn sentence(model: &Path) -> String {
    let mut engine = Engine::start_with(|options| {
        options.model = ModelChoice::File(model.to_owned());
        options.idle_exit = Duration::from_hours(1);
    });
    let client = engine.client();
    let ask = || client.ask_and_wait(hole("x = $0\n"), &mut into(&mut String::new()));
    let (error, again) = (ask().expect_err("there is no model"), ask().expect_err("there is no model"));
    assert_eq!(error, again, "the engine is still there and says the same");
    assert_eq!(client.state(), ModelState::Failed(error.clone()));
    drop(client);
    engine.join().expect("it ends with its last client, long before it is idle");
    let ModelError::Unusable(text) = error else { panic!("{error:?}") };
    assert!(text.starts_with(&format!("the model {} ", model.display())), "{text}");
    assert!(text.ends_with("set `engine.model` in ~/.config/hob/config.toml to another GGUF file, or remove it to use the built-in model"), "{text}");
    text
}

fn sentence_about(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes).expect("room for a copy of the model");
    sentence(&path)
}

#[test]
fn a_file_that_is_not_there_or_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(sentence(&folder.path().join("none.gguf")).contains("does not exist"));
    assert!(sentence(folder.path()).contains("is a directory"));
}

#[test]
fn a_file_that_is_not_a_whole_gguf() {
    assert!(sentence_about(b"").contains("is empty"));
    assert!(sentence_about(b"hello").contains("is not a GGUF file"));
    for length in [5, 50, 5_000, EMBER.len() / 2, EMBER.len() - 1] {
        assert!(sentence_about(&EMBER[..length]).contains("is truncated"), "{length} bytes");
    }
}

/// Ember with its FIM tokens renamed, byte for byte as long: a model like any that was not trained to fill in the middle.
#[test]
fn a_model_without_fim_tokens() {
    let mut bytes = EMBER.to_vec();
    for (from, to) in [("<|fim_", "<|xyz_"), ("ggml.fim_", "ggml.xyz_")] {
        let mut at = 0;
        // The header is in the first megabyte; the weights are left alone.
        while let Some(found) =
            bytes[at..1 << 20].windows(from.len()).position(|window| window == from.as_bytes())
        {
            at += found;
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    let text = sentence_about(&bytes);
    assert!(text.contains("has no fill-in-the-middle tokens in its vocabulary"), "{text}");
}

/// Damage that the header does not show: llama.cpp refuses it, and the process lives.
#[test]
fn a_header_that_lies_about_the_weights() {
    let mut bytes = EMBER.to_vec();
    let key = b"embedding_length";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len() + 4;
    bytes[at..at + 4].copy_from_slice(&77u32.to_le_bytes());
    let text = sentence_about(&bytes);
    assert!(text.contains("could not be loaded"), "{text}");
}

#[test]
fn a_users_own_model_works_like_the_embedded_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-model.gguf");
    std::fs::write(&path, EMBER).unwrap();
    let engine = Engine::of(path);
    let client = engine.client();
    let mut text = String::new();
    client.ask_and_wait(hole("def add(a, b):\n    return a$0\n"), &mut into(&mut text)).unwrap();
    assert!(!text.is_empty());
    assert!(matches!(client.state(), ModelState::Ready(info) if info.name == "my-model"));
}
