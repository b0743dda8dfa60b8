//! Answers that are none: an error or nothing, never a panic, and never much memory.

use proptest::prelude::*;

use crate::dialect::*;

const ALL: [Dialect; 6] = [
    Dialect::Openai,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::LlamaServer,
    Dialect::Ollama,
    Dialect::Vllm,
];

/// Makes a message out of its data.
type Framed = fn(&str) -> String;

/// A decoder of each kind, and how it wants a message to be framed.
fn decoders() -> Vec<(Box<dyn Decoder>, Framed)> {
    let event: Framed = |data| format!("data: {data}\n\n");
    let line: Framed = |data| format!("{data}\n");
    let chats = ALL.map(|dialect| (decoder(dialect), if dialect == Dialect::Ollama { line } else { event }));
    let fills = ALL.into_iter().filter_map(fill_tokens_decoder).map(|decoder| (decoder, event));
    chats.into_iter().chain(fills).collect()
}

/// That every decoder takes the message for an error, and does not quote it.
#[track_caller]
fn is_malformed(data: &str) {
    for (mut decoder, framed) in decoders() {
        let mut events = Vec::new();
        let error = decoder.push(framed(data).as_bytes(), &mut events).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
        assert!(!decoder.is_complete());
    }
}

#[test]
fn what_is_not_json_is_an_error() {
    for data in
        ["canary", "{\"canary\"", "{\"canary\": }", "\"canary", "{\"a\": \"\\ud800 canary\"}x", "nan", "01"]
    {
        is_malformed(data);
    }
}

#[test]
fn values_of_the_wrong_type_are_errors() {
    is_malformed("[\"canary\"]");
    is_malformed("\"canary\"");
    let mut events = Vec::new();
    for (dialect, data) in [
        (Dialect::Openai, r#"{"choices":"canary"}"#),
        (Dialect::Openai, r#"{"choices":[{"delta":{"content":7}}]}"#),
        (Dialect::Openai, r#"{"choices":[],"usage":{"prompt_tokens":-1}}"#),
        (Dialect::Openai, r#"{"choices":[],"usage":{"prompt_tokens":"canary"}}"#),
        (Dialect::Openai, r#"{"choices":[],"usage":{"prompt_tokens":1e400}}"#),
        (Dialect::Anthropic, r#"{"type":"message_delta","delta":"canary"}"#),
        (Dialect::Anthropic, r#"{"type":["canary"]}"#),
        (Dialect::Gemini, r#"{"candidates":{"canary":1}}"#),
        (Dialect::Gemini, r#"{"candidates":[{"content":{"parts":[{"text":{"canary":1}}]}}]}"#),
        (Dialect::LlamaServer, r#"{"choices":[["canary"]]}"#),
        (Dialect::Vllm, r#"{"choices":[{"index":"canary"}]}"#),
    ] {
        let error = decoder(dialect).push(format!("data: {data}\n\n").as_bytes(), &mut events).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{data}: {error}");
    }
    assert!(decoder(Dialect::Ollama).push(b"{\"message\":\"canary\"}\n", &mut events).is_err());
    assert_eq!(events, []);
}

#[test]
fn deep_nesting_is_an_error_or_read_over() {
    let deep = "[".repeat(1 << 20);
    is_malformed(&deep);
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for (mut decoder, framed) in decoders() {
        // In a field that nobody knows it is nothing; in one that is looked into it is an error.
        let mut events = Vec::new();
        decoder.push(framed(&format!("{{\"unknown\":{deep}}}")).as_bytes(), &mut events).unwrap();
        assert_eq!(events, []);
        assert!(
            decoder
                .push(framed(&format!("{{\"type\":\"error\",\"error\":{deep}}}")).as_bytes(), &mut events)
                .is_err()
        );
    }
}

#[test]
fn a_line_of_32_mib_is_refused_long_before_its_end() {
    let chunk = vec![b'a'; 1 << 16];
    for (mut decoder, _) in decoders() {
        let mut events = Vec::new();
        decoder.push(b"data: ", &mut events).unwrap();
        let taken = (0..512).take_while(|_| decoder.push(&chunk, &mut events).is_ok()).count();
        assert!(taken <= 64, "{taken} pieces of 64 KiB");
        assert_eq!(events, []);
    }
}

#[test]
fn numbers_at_the_edge_are_not_added_up_beyond_it() {
    let most = u64::MAX;
    for (dialect, data) in [
        (
            Dialect::Openai,
            format!(
                r#"{{"usage":{{"prompt_tokens":{most},"completion_tokens":{most},"total_tokens":{most},"completion_tokens_details":{{"reasoning_tokens":{most}}}}}}}"#
            ),
        ),
        (
            Dialect::Anthropic,
            format!(
                r#"{{"type":"message_start","message":{{"usage":{{"input_tokens":{most},"cache_read_input_tokens":{most}}}}}}}"#
            ),
        ),
        (
            Dialect::Gemini,
            format!(r#"{{"usageMetadata":{{"candidatesTokenCount":{most},"thoughtsTokenCount":{most}}}}}"#),
        ),
    ] {
        let mut events = Vec::new();
        decoder(dialect).push(format!("data: {data}\n\n").as_bytes(), &mut events).unwrap();
        assert!(matches!(events[..], [Event::Tokens(_)]), "{events:?}");
    }
    let mut decoder = fill_tokens_decoder(Dialect::LlamaServer).unwrap();
    let mut events = Vec::new();
    for _ in 0..3 {
        let data = format!("data: {{\"content\":\"a\",\"tokens\":[1],\"tokens_predicted\":{most}}}\n\n");
        decoder.push(data.as_bytes(), &mut events).unwrap();
    }
    let chosen = events.iter().map(|event| if let Event::Chosen(chosen) = event { chosen.len() } else { 0 });
    assert!(chosen.sum::<usize>() < 64);
}

#[test]
fn nothing_follows_a_failure_and_an_end_comes_once() {
    let mut decoder = decoder(Dialect::Openai);
    let mut events = Vec::new();
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    decoder.push(end.repeat(3).as_bytes(), &mut events).unwrap();
    assert_eq!(events, [Event::Ended(Why::Whole)]);
    assert!(decoder.is_complete());
    decoder
        .push(
            b"data: {\"error\":{\"message\":\"late\"}}\n\ndata: {\"error\":{}}\n\ndata: canary\n\n",
            &mut events,
        )
        .unwrap();
    assert_eq!(events[1..], [Event::Failed { status: 500, message: "late".into() }]);
    assert!(!decoder.is_complete());
}

/// JSON that may be something for a decoder: its own words, with values of any type.
fn json() -> impl Strategy<Value = String> {
    let words = [
        "type",
        "choices",
        "delta",
        "content",
        "text",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "error",
        "message",
        "code",
        "candidates",
        "parts",
        "usageMetadata",
        "tokens",
        "stop",
        "tokens_predicted",
        "timings",
        "done",
        "logprobs",
        "index",
        "message_start",
        "message_delta",
        "stop_reason",
    ];
    let word = prop::sample::select(words.to_vec());
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        word.clone().prop_map(|word| format!("\"{word}\"")),
        Just("1e999".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|all| {
                let fields: Vec<_> =
                    all.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_a_decoder_panic(all in prop::collection::vec(json(), 1..4)) {
        for (mut decoder, framed) in decoders() {
            let mut events = Vec::new();
            for data in &all {
                let _ = decoder.push(framed(data).as_bytes(), &mut events);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (mut decoder, _) in decoders() {
            let _ = decoder.push(&bytes, &mut Vec::new());
        }
        for dialect in ALL {
            let said = failure(dialect, 500, &bytes);
            prop_assert!(said.chars().count() <= 200 && !said.chars().any(char::is_control), "{said:?}");
        }
    }
}
