//! vLLM: `/v1/completions` with a prompt of tokens, `/tokenize`, `/v1/models`.
//!
//! Written from its documentation and tested against what that shows; it needs version 0.12 or later (`structured_outputs`). Must not
//! keep anything from one answer to the next.

use std::{collections::BTreeMap, sync::LazyLock};

use model::Stop;
use serde_json::{Value, json};

use super::{Fill, Pieces, Profile, Said, Strange, Told, short, token};

/// As for llama-server; more than 20 are refused by default.
const LIKELIEST: u32 = 8;

/// Special tokens in a text are always read as such here; whoever lays a prompt out takes them apart.
pub(super) fn tokenize(model: &str, text: &str, begins: bool) -> Value {
    json!({ "model": model, "prompt": text, "add_special_tokens": begins, "return_token_strs": true })
}

pub(super) fn pieces(answer: &Value) -> Result<Pieces, Strange> {
    let list = |name| answer.get(name).and_then(Value::as_array);
    let (Some(tokens), Some(texts)) = (list("tokens"), list("token_strs")) else {
        return Err(Strange("does not say what its tokens stand for (`return_token_strs`): vLLM 0.12 does"));
    };
    let both = tokens.iter().zip(texts).map(|(id, text)| Some((token(id)?, spelled(text.as_str()?))));
    let both = both.collect::<Option<Vec<_>>>().filter(|both| both.len() == tokens.len());
    both.map(Pieces).ok_or(Strange("does not say what each of its tokens stands for"))
}

/// The bytes of a token as its vocabulary writes it. Byte-level ones (GPT-2's, and all that follow it) write each byte as a character of
/// its own; those of `SentencePiece` write `▁` for a space and `<0x0A>` for a byte.
fn spelled(text: &str) -> Vec<u8> {
    if let Some(byte) = text.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'))
        && let Ok(byte) = u8::from_str_radix(byte, 16)
    {
        return vec![byte];
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|character| BYTES.get(&character).copied()).collect();
    bytes.unwrap_or_else(|| text.replace('▁', " ").into_bytes())
}

/// GPT-2's characters for bytes: what prints stands for itself, the others for characters from U+0100 on, in order.
static BYTES: LazyLock<BTreeMap<char, u8>> = LazyLock::new(|| {
    let prints = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let own = (0..=u8::MAX).filter(prints).map(|byte| (char::from(byte), byte));
    let others = (0..=u8::MAX).filter(|byte| !prints(byte));
    own.chain(('\u{100}'..).zip(others)).collect()
});

pub(super) fn fill(model: &str, fill: &Fill<'_>) -> Value {
    let prompt: Vec<i32> = fill.tokens.iter().map(|token| token.0).collect();
    let mut body = json!({
        "model": model,
        "prompt": prompt,
        // It reads a prompt only to say something: one token is the least.
        "max_tokens": fill.most.max(1),
        "temperature": 0.0,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if fill.most > 0 {
        body["logprobs"] = json!(LIKELIEST);
    }
    if let Some(text) = std::str::from_utf8(fill.begins).ok().filter(|text| !text.is_empty()) {
        body["structured_outputs"] = json!({ "regex": format!("{}[\\s\\S]*", escaped(text)) });
    }
    body
}

/// `text` as a regular expression that nothing else matches.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        match character {
            '\n' => pattern.push_str("\\n"),
            '\r' => pattern.push_str("\\r"),
            '\t' => pattern.push_str("\\t"),
            mark if mark.is_ascii_punctuation() && mark != '_' => pattern.extend(['\\', mark]),
            other => pattern.push(other),
        }
    }
    pattern
}

pub(super) fn event(data: &str) -> Result<Vec<Told>, Strange> {
    if data == "[DONE]" {
        return Ok(Vec::new());
    }
    let event: Value = serde_json::from_str(data).map_err(|_| Strange("sends an event that is not JSON"))?;
    if event.get("error").is_some() {
        return Err(Strange("breaks its answer off with an error"));
    }
    let mut told = Vec::new();
    if let Some(usage) = event.get("usage").filter(|usage| !usage.is_null()) {
        let count = |path| usage.pointer(path).and_then(Value::as_u64);
        // Without `--enable-prompt-tokens-details` it does not say what it still had, and all of it counts.
        let cached = count("/prompt_tokens_details/cached_tokens").unwrap_or(0);
        let evaluated = count("/prompt_tokens").map(|all| all.saturating_sub(cached));
        told.extend(evaluated.map(|count| Told::Evaluated(u32::try_from(count).unwrap_or(u32::MAX))));
    }
    let Some(choice) = event.pointer("/choices/0") else { return Ok(told) };
    told.extend(said(choice).into_iter().map(Told::Said));
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => told.push(Told::Ended(Stop::Length)),
        Some(_) => told.push(Told::Ended(Stop::EndOfText)),
        None => {}
    }
    Ok(told)
}

/// The text of a choice, token by token where it says how probable each was. A character that several tokens make comes with the last.
fn said(choice: &Value) -> Vec<Said> {
    let text = choice.get("text").and_then(Value::as_str).unwrap_or_default();
    let list = |name: &str| choice.pointer(&format!("/logprobs/{name}")).and_then(Value::as_array);
    let tokens: Vec<&str> = list("tokens").into_iter().flatten().filter_map(Value::as_str).collect();
    if tokens.concat() != text {
        let logprob = list("token_logprobs").map(|all| all.iter().filter_map(Value::as_f64).sum());
        let said = Said { bytes: text.as_bytes().to_vec(), logprob, ..Said::default() };
        return if text.is_empty() { Vec::new() } else { vec![said] };
    }
    let likely = |at: usize| {
        let likeliest = list("top_logprobs").and_then(|all| all.get(at)?.as_object());
        let entry = |(text, logprob): (&String, &Value)| Some((text.clone().into_bytes(), logprob.as_f64()?));
        likeliest.into_iter().flatten().filter_map(entry).collect()
    };
    let one = |(at, text): (usize, &&str)| Said {
        token: None,
        bytes: text.as_bytes().to_vec(),
        logprob: list("token_logprobs").and_then(|all| all.get(at)?.as_f64()),
        likeliest: likely(at),
    };
    tokens.iter().enumerate().map(one).collect()
}

pub(super) fn profile(model: &str, models: &Value) -> Result<Profile, Strange> {
    let served = find(model, models)
        .ok_or(Strange("does not serve the model that stands first in the provider's `models`"))?;
    let text = |name: &str| served.get(name).and_then(Value::as_str).unwrap_or_default();
    let context = served.get("max_model_len").and_then(Value::as_u64);
    let context = context.ok_or(Strange("does not say how much fits into its context: it is no vLLM"))?;
    Ok(Profile {
        name: short(if text("root").is_empty() { text("id") } else { text("root") }),
        context: u32::try_from(context).unwrap_or(u32::MAX),
        identity: identity(model, models),
        ..Profile::default()
    })
}

pub(super) fn identity(model: &str, models: &Value) -> String {
    let of = |name: &str| find(model, models).and_then(|served| served.get(name)).map(Value::to_string);
    ["id", "root", "max_model_len"].map(|name| of(name).unwrap_or_default()).join(" ")
}

fn find<'v>(model: &str, models: &'v Value) -> Option<&'v Value> {
    let all = models.get("data").and_then(Value::as_array)?;
    all.iter().find(|served| served.get("id").and_then(Value::as_str) == Some(model))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use prompt::Token;

    use super::*;

    #[test]
    fn a_hole_is_asked_for_in_tokens_and_bound_to_what_is_typed() {
        let body = fill(
            "qwen",
            &Fill { tokens: &[Token(7), Token(8)], begins: ".le(\n".as_bytes(), most: 24, slot: None },
        );
        expect![[r#"{"logprobs":8,"max_tokens":24,"model":"qwen","prompt":[7,8],"stream":true,"stream_options":{"include_usage":true},"structured_outputs":{"regex":"\\.le\\(\\n[\\s\\S]*"},"temperature":0.0}"#]].assert_eq(&body.to_string());
    }

    #[test]
    fn an_answers_events_are_read() {
        let said = r#"{"id":"cmpl-1","object":"text_completion","model":"qwen","choices":[{"index":0,"text":".len","logprobs":{"text_offset":[0],"token_logprobs":[-0.25],"tokens":[".len"],"top_logprobs":[{".len":-0.25,".iter":-1.5}]},"finish_reason":null}]}"#;
        expect!["[Said(Said { token: None, bytes: [46, 108, 101, 110], logprob: Some(-0.25), likeliest: [([46, 105, 116, 101, 114], -1.5), ([46, 108, 101, 110], -0.25)] })]"].assert_eq(&format!("{:?}", event(said).unwrap()));
        let end = r#"{"choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}]}"#;
        assert_eq!(event(end).unwrap(), [Told::Ended(Stop::EndOfText)]);
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":812,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":800}}}"#;
        assert_eq!(event(usage).unwrap(), [Told::Evaluated(12)]);
        assert_eq!(event("[DONE]").unwrap(), []);
        let split = r#"{"choices":[{"text":"é","logprobs":{"tokens":["","é"],"token_logprobs":[-1.0,-0.5],"top_logprobs":[]},"finish_reason":null}]}"#;
        assert_eq!(event(split).unwrap().len(), 2);
        assert!(event(r#"{"error":{"message":"no"}}"#).is_err());
    }

    #[test]
    fn tokens_are_spelled_as_their_vocabulary_writes_them() {
        assert_eq!(spelled("Ġself"), b" self");
        assert_eq!(spelled("ĊĊ"), b"\n\n");
        assert_eq!(spelled("Ã"), [0xc3]);
        assert_eq!(spelled("▁self"), b" self");
        assert_eq!(spelled("<0x0A>"), b"\n");
        assert_eq!(spelled("<|fim_prefix|>"), b"<|fim_prefix|>");
        let answer =
            json!({ "count": 2, "max_model_len": 4096, "tokens": [656, 13], "token_strs": ["Ġself", "."] });
        let expected = vec![(prompt::Token(656), b" self".to_vec()), (prompt::Token(13), b".".to_vec())];
        assert_eq!(pieces(&answer), Ok(Pieces(expected)));
        assert!(pieces(&json!({ "tokens": [1], "token_strs": null })).is_err());
    }

    #[test]
    fn what_it_serves_is_found_by_name() {
        let models =
            json!({ "data": [{ "id": "coder", "root": "Qwen/Qwen2.5-Coder-7B", "max_model_len": 8192 }] });
        let profile = profile("coder", &models).unwrap();
        assert_eq!((profile.name.as_str(), profile.context), ("Qwen2.5-Coder-7B", 8192));
        assert!(super::profile("other", &models).is_err());
    }
}
