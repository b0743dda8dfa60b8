//! What is shown of a provider's error, and what never is.

use config::Task;
use expect_test::{Expect, expect};
use model::cloud::{Role, Turn};

use super::*;

#[track_caller]
fn check(status: u16, body: &str, expect: &Expect) {
    expect.assert_eq(&failure(Dialect::Openai, status, body.as_bytes()));
}

#[test]
fn a_providers_own_words_are_one_sentence() {
    check(
        400,
        r#"{"error":{"message":"max_tokens is too large: 99. This model supports 8.","code":null}}"#,
        &expect!["max_tokens is too large: 99"],
    );
    check(
        404,
        r#"{"error":"model \"llama9\" not found, try pulling it first"}"#,
        &expect![[r#"model "llama9" not found, try pulling it first"#]],
    );
    check(
        422,
        r#"{"detail":[{"loc":["body","x"],"msg":"Extra inputs are not permitted","input":"fn main"}]}"#,
        &expect!["Extra inputs are not permitted"],
    );
    check(
        422,
        r#"{"object":"error","message":{"detail":[{"msg":"Extra inputs are not permitted"}]}}"#,
        &expect!["Extra inputs are not permitted"],
    );
    check(
        503,
        "upstream connect error or disconnect/reset before headers",
        &expect!["upstream connect error or disconnect/reset before headers"],
    );
}

#[test]
fn where_a_provider_says_nothing_the_status_does() {
    check(502, "<html><body><h1>502 Bad Gateway</h1></body></html>", &expect!["it is overloaded or down"]);
    check(401, "", &expect!["it did not accept the key"]);
    check(429, "{}", &expect!["it was asked too often"]);
    check(400, "{\"error\": {\"message\": ", &expect!["it did not take the request"]);
    check(302, "", &expect!["it wants to send the request elsewhere, which is never done"]);
    check(500, "[[[[", &expect!["it failed"]);
}

#[test]
fn keys_are_never_shown() {
    let keys = [
        "sk-proj-abcdefghijkl",
        "sk-ant-api03-Q2FuYXJ5",
        "AIzaSyCanaryCanaryCanaryCanaryCanary123",
        "gsk_canarycanary",
        "sk-a***********xyz",
        "9f86d081884c7d659a2feaa0c55ad015",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "CanaryCanaryCanary0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    ];
    for key in keys {
        for shape in
            ["Incorrect API key provided: K", "key=K is bad", "the key (K) expired", "K", "Bearer K.", "a/K"]
        {
            let message = shape.replace('K', key);
            let body = serde_json::json!({ "error": { "message": message } }).to_string();
            let said = failure(Dialect::Openai, 401, body.as_bytes());
            assert!(!said.contains(key), "{said}");
            assert!(said.contains("[…]"), "{said}");
        }
    }
    // A model's name is none.
    check(
        404,
        r#"{"message":"model: claude-sonnet-4-5-20250929 was not found"}"#,
        &expect!["model: claude-sonnet-4-5-20250929 was not found"],
    );
}

#[test]
fn what_is_hidden_or_long_or_on_a_second_line_is_not_shown() {
    check(400, "one\u{1b}[31m\u{202e}red\u{200b}\u{e0041}\nsecond", &expect!["one[31mred"]);
    let long = failure(Dialect::Openai, 400, format!("{{\"message\":\"{}\"}}", "é ".repeat(5000)).as_bytes());
    assert_eq!(long.chars().count(), 200);
}

#[test]
fn quotations_longer_than_a_name_are_left_out() {
    check(
        400,
        r#"{"message":"Invalid value 'fn main() { println!(\"my secret program\") } // and so on' for 'prompt'"}"#,
        &expect!["Invalid value '…' for 'prompt'"],
    );
    check(
        400,
        r#"{"message":"It's too long: \"fn main() { let everything = that_i_wrote(); never ends"}"#,
        &expect![[r#"It's too long: "…"#]],
    );
}

#[test]
fn what_was_sent_is_not_repeated() {
    let file = "fn main() {\n    let everything = that_i_wrote();\n}\n";
    let parts = vec![
        Part::Text("Please explain this".into()),
        Part::File { path: "src/main.rs".into(), text: file.into() },
    ];
    let ask = Ask {
        task: Task::Explain,
        system: String::new(),
        turns: vec![Turn { role: Role::User, parts }],
        max_tokens: 1,
    };
    let said = |words| without_echo(words, &ask);
    assert_eq!(said("bad input: fn main() { let everything = that_i_wrote(); }"), "bad input:…");
    assert_eq!(said("bad input: let everything = that_i_wrote"), "bad input:…");
    assert_eq!(
        said("the model is overloaded, please explain later"),
        "the model is overloaded, please explain later"
    );
    assert_eq!(said("größer als erlaubt – weniger"), "größer als erlaubt – weniger");
}

#[test]
fn an_error_within_a_stream_has_the_status_that_it_would_have_been() {
    let of = |error: &str| match in_stream(&serde_json::from_str(error).unwrap()) {
        Event::Failed { status, message } => (status, message),
        other => panic!("{other:?}"),
    };
    for (error, status) in [
        (r#"{"type":"overloaded_error","message":"x"}"#, 529),
        (r#"{"type":"rate_limit_error","message":"x"}"#, 429),
        (r#"{"type":"api_error","message":"x"}"#, 500),
        (r#"{"type":"timeout_error","message":"x"}"#, 504),
        (r#"{"code":"429","message":"x"}"#, 429),
        (r#"{"code":502,"message":"x"}"#, 502),
        (r#"{"code":"rate_limit_exceeded","type":"requests","message":"x"}"#, 429),
        (r#"{"code":8,"status":"RESOURCE_EXHAUSTED","message":"x"}"#, 429),
        (r#"{"error":"x","status":"502 Bad Gateway","status_code":502}"#, 502),
        (r#"{"code":1e99,"message":"x"}"#, 500),
        (r#"{"code":200,"message":"x"}"#, 500),
        (r#""x""#, 500),
    ] {
        assert_eq!(of(error), (status, "x".to_owned()), "{error}");
    }
    assert_eq!(of("{}"), (500, "the provider failed while it answered".to_owned()));
    assert_eq!(of("null").0, 500);
}
