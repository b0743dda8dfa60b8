//! llama.cpp's server: `/completion` with a prompt of tokens, `/tokenize` with pieces, `/props`.
//!
//! Not `/infill`: that puts what is typed before the text after the cursor, and each key would have all of that evaluated again. Must
//! not keep anything from one answer to the next.

use std::fmt::Write as _;

use model::Stop;
use prompt::Token;
use serde_json::{Value, json};

use super::{Fill, Pieces, Profile, Read, Said, Strange, Told, short, token};

/// How many of the likeliest tokens are asked for with each: enough to see what else could have been said of a word that was begun.
const LIKELIEST: u32 = 8;

pub(super) fn tokenize(text: &str, special: bool, begins: bool) -> Value {
    json!({ "content": text, "add_special": begins, "parse_special": special, "with_pieces": true })
}

pub(super) fn tokenize_all(texts: &[&str], between: Token) -> Value {
    // Numbers in the list are tokens already, and come back as they are.
    let content: Vec<Value> = texts.iter().flat_map(|text| [json!(text), json!(between.0)]).collect();
    json!({ "content": content, "add_special": false, "parse_special": false, "with_pieces": true })
}

pub(super) fn pieces(answer: &Value) -> Result<Pieces, Strange> {
    let piece = |entry: &Value| Some((token(entry.get("id")?)?, bytes(entry.get("piece")?)?));
    let tokens = answer.get("tokens").and_then(Value::as_array);
    tokens
        .and_then(|tokens| tokens.iter().map(piece).collect())
        .map(Pieces)
        .ok_or(Strange("does not say what its tokens stand for (`with_pieces`): a newer llama-server does"))
}

/// A text, or the bytes of what is none by itself.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(bytes) => bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect(),
        _ => None,
    }
}

pub(super) fn fill(fill: &Fill<'_>) -> Value {
    let prompt: Vec<i32> = fill.tokens.iter().map(|token| token.0).collect();
    let mut body = json!({
        "prompt": prompt,
        "n_predict": fill.most,
        "cache_prompt": true,
        "stream": true,
        "timings_per_token": true,
        // The likeliest token each time, and nothing that would make it another one.
        "temperature": 0.0,
        "samplers": ["temperature"],
        "return_tokens": true,
        // The last event would otherwise bring the whole prompt back.
        "response_fields": ["stop", "stop_type", "timings"],
    });
    if fill.most > 0 {
        body["n_probs"] = json!(LIKELIEST);
    }
    if let Some(slot) = fill.slot {
        body["id_slot"] = json!(slot);
    }
    if let Some(grammar) = grammar(fill.begins) {
        body["grammar"] = json!(grammar);
    }
    body
}

pub(super) fn read(prompt: &Fill<'_>) -> Value {
    let mut body = fill(&Fill { begins: &[], most: 0, ..prompt.clone() });
    body["stream"] = json!(false);
    body["response_fields"] = json!(["id_slot", "timings"]);
    body
}

pub(super) fn was_read(answer: &Value) -> Read {
    let number =
        |path| answer.pointer(path).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    Read { evaluated: number("/timings/prompt_n").unwrap_or(0), slot: number("/id_slot") }
}

/// A grammar for texts that begin with these bytes; `None` where anything may come, or they are no text by themselves.
fn grammar(begins: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(begins).ok().filter(|text| !text.is_empty())?;
    let mut literal = String::new();
    for character in text.chars() {
        write!(literal, "\\U{:08X}", u32::from(character)).expect("a String takes everything");
    }
    Some(format!("root ::= \"{literal}\" [\\x00-\\U0010FFFF]*"))
}

pub(super) fn event(data: &str) -> Result<Vec<Told>, Strange> {
    let event: Value = serde_json::from_str(data).map_err(|_| Strange("sends an event that is not JSON"))?;
    if event.get("error").is_some() {
        return Err(Strange("breaks its answer off with an error"));
    }
    let mut told = Vec::new();
    if let Some(timings) = event.get("timings") {
        let evaluated = timings.get("prompt_n").and_then(Value::as_u64);
        told.extend(evaluated.map(|count| Told::Evaluated(u32::try_from(count).unwrap_or(u32::MAX))));
        told.extend(timings.get("predicted_per_token_ms").and_then(Value::as_f64).map(Told::Step));
    }
    if let Some(all) = event.get("completion_probabilities").and_then(Value::as_array) {
        told.extend(all.iter().filter_map(said).map(Told::Said));
    } else {
        let content = event.get("content").and_then(Value::as_str).unwrap_or_default();
        let said = Said { bytes: content.as_bytes().to_vec(), ..Said::default() };
        told.extend((!content.is_empty()).then_some(Told::Said(said)));
    }
    if event.get("stop").and_then(Value::as_bool) == Some(true) {
        let length = event.get("stop_type").and_then(Value::as_str) == Some("limit");
        told.push(Told::Ended(if length { Stop::Length } else { Stop::EndOfText }));
    }
    Ok(told)
}

fn said(entry: &Value) -> Option<Said> {
    let likely = |entry: &Value| Some((bytes(entry.get("bytes")?)?, entry.get("logprob")?.as_f64()?));
    let likeliest = entry.get("top_logprobs").and_then(Value::as_array);
    Some(Said {
        token: entry.get("id").and_then(token),
        bytes: bytes(entry.get("bytes")?)?,
        logprob: entry.get("logprob").and_then(Value::as_f64),
        likeliest: likeliest.into_iter().flatten().filter_map(likely).collect(),
    })
}

pub(super) fn profile(models: &Value, props: &Value) -> Result<Profile, Strange> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let settings = props.get("default_generation_settings");
    let context = settings.and_then(|settings| settings.get("n_ctx")).and_then(Value::as_u64);
    let context =
        context.ok_or(Strange("does not say how much fits into its context: it is no llama-server"))?;
    let meta = models.pointer("/data/0/meta");
    let number = |name| meta.and_then(|meta| meta.get(name)).and_then(Value::as_u64);
    let (path, alias) = (text(props.get("model_path")), text(props.get("model_alias")));
    Ok(Profile {
        name: short(if path.is_empty() { &alias } else { &path }),
        context: u32::try_from(context).unwrap_or(u32::MAX),
        vocabulary: number("n_vocab").and_then(|count| usize::try_from(count).ok()),
        bytes: number("size").unwrap_or(0),
        ends: vec![text(props.get("eos_token"))],
        identity: identity(models),
    })
}

pub(super) fn identity(models: &Value) -> String {
    let first = models.pointer("/data/0");
    let of = |name: &str| first.and_then(|model| model.pointer(name)).map(Value::to_string);
    ["/id", "/meta/n_vocab", "/meta/n_params", "/meta/size"]
        .map(|name| of(name).unwrap_or_default())
        .join(" ")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_hole_is_asked_for_in_tokens_and_bound_to_what_is_typed() {
        let tokens = [1, 1036, 3, 205, 2, 265].map(Token);
        let body = fill(&Fill { tokens: &tokens, begins: "\"é".as_bytes(), most: 24, slot: None });
        expect![[r#"{"cache_prompt":true,"grammar":"root ::= \"\\U00000022\\U000000E9\" [\\x00-\\U0010FFFF]*","n_predict":24,"n_probs":8,"prompt":[1,1036,3,205,2,265],"response_fields":["stop","stop_type","timings"],"return_tokens":true,"samplers":["temperature"],"stream":true,"temperature":0.0,"timings_per_token":true}"#]].assert_eq(&body.to_string());
        let reading = read(&Fill { tokens: &tokens, begins: b"x", most: 24, slot: Some(3) });
        assert!(reading.get("grammar").is_none() && reading.get("n_probs").is_none());
        assert_eq!((&reading["n_predict"], &reading["id_slot"]), (&json!(0), &json!(3)));
        let answer = json!({ "id_slot": 3, "timings": { "prompt_n": 812 } });
        assert_eq!(was_read(&answer), Read { evaluated: 812, slot: Some(3) });
        assert!(grammar(b"\xc3").is_none(), "half a character is no text");
    }

    /// As llama-server b11669 said it.
    #[test]
    fn an_answers_events_are_read() {
        let said = r#"{"index":0,"content":"(","tokens":[14],"stop":false,"id_slot":-1,"tokens_predicted":3,"tokens_evaluated":16,"completion_probabilities":[{"id":14,"token":"(","bytes":[40],"logprob":-2.182,"top_logprobs":[{"id":14,"token":"(","bytes":[40],"logprob":-2.182},{"id":76,"token":"f","bytes":[102],"logprob":-2.676}]}],"timings":{"cache_n":15,"prompt_n":1,"predicted_n":3,"predicted_per_token_ms":1.5}}"#;
        expect!["[Evaluated(1), Step(1.5), Said(Said { token: Some(Token(14)), bytes: [40], logprob: Some(-2.182), likeliest: [([40], -2.182), ([102], -2.676)] })]"].assert_eq(&format!("{:?}", event(said).unwrap()));
        let end = r#"{"stop":true,"stop_type":"limit","timings":{"prompt_n":16}}"#;
        assert_eq!(event(end).unwrap(), [Told::Evaluated(16), Told::Ended(Stop::Length)]);
        assert_eq!(event(r#"{"stop":true,"stop_type":"eos"}"#).unwrap(), [Told::Ended(Stop::EndOfText)]);
        let plain = event(r#"{"content":"é","stop":false}"#).unwrap();
        assert_eq!(plain, [Told::Said(Said { bytes: "é".into(), ..Said::default() })]);
        for strange in ["", "[", r#"{"error":{"code":500}}"#] {
            assert!(event(strange).is_err(), "{strange}");
        }
    }

    #[test]
    fn pieces_may_be_bytes() {
        let answer = json!({ "tokens": [{ "id": 324, "piece": " self" }, { "id": 134, "piece": [195] }] });
        let expected = vec![(Token(324), b" self".to_vec()), (Token(134), vec![195])];
        assert_eq!(pieces(&answer), Ok(Pieces(expected)));
        for strange in
            [json!({ "tokens": [324] }), json!({ "tokens": [{ "id": -1, "piece": "" }] }), json!({})]
        {
            assert!(pieces(&strange).is_err(), "{strange}");
        }
    }

    #[test]
    fn what_it_serves_is_told_from_two_answers() {
        let meta = json!({ "n_vocab": 4096, "size": 4_047_872, "n_params": 3_803_392 });
        let models = json!({ "data": [{ "id": "coder", "meta": meta }] });
        let props = json!({
            "default_generation_settings": { "n_ctx": 512 },
            "model_alias": "coder",
            "model_path": "/models/ember.gguf",
            "eos_token": "<|endoftext|>",
        });
        let profile = profile(&models, &props).unwrap();
        assert_eq!((profile.name.as_str(), profile.context, profile.vocabulary), ("ember", 512, Some(4096)));
        assert_eq!(profile.identity, identity(&models));
        assert!(super::profile(&models, &json!({})).is_err());
    }
}
