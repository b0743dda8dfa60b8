//! What the server tells of its own work: `hob/trace`, as it comes over the wire.
//!
//! Must not judge it; the report does.

use serde::Deserialize;
use serde_json::Value;

/// One notification.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Trace {
    pub(super) uri: String,
    /// Of the document.
    pub(super) version: i32,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What is told. Wall-clock times are in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum What {
    /// The first token beyond the cursor is known.
    FirstToken(FirstToken),
    /// A whole first line is known.
    FirstLine { at_us: u64 },
    /// A question to the engine has ended.
    Work(Work),
    /// A newer server tells more than this client reads.
    #[serde(other)]
    Unknown,
}

/// When a first token was known, and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct FirstToken {
    pub(super) at_us: u64,
    pub(super) source: Source,
    /// In the engine, waiting included; only of what was decoded for this version.
    pub(super) engine_ms: Option<f64>,
}

/// Where a first token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Decode,
    Stream,
    Cache,
    Ahead,
}

/// A question to the engine.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Work {
    pub(super) why: Why,
    /// Why it ended.
    pub(super) stop: String,
    #[serde(default)]
    pub(super) stats: Cost,
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    Change,
    Request,
    Ahead,
}

/// What a question cost; of `model::Stats` what the report needs. A server that doesn't know a figure leaves it out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Cost {
    pub(super) prompt_tokens: u32,
    pub(super) evaluated_tokens: u32,
    pub(super) decoded_tokens: u32,
    /// Evaluated at idle since the last answer.
    pub(super) background_tokens: u32,
    /// Mean of the steps that evaluated one token.
    pub(super) step_ms: Option<f64>,
    /// From the cancel's arrival to the end of the decode.
    pub(super) cancel_ms: Option<f64>,
}

impl Trace {
    /// Reads a notification's parameters.
    pub(super) fn read(params: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(params)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(mut event: Value) -> What {
        event["uri"] = json!("file:///a.rs");
        event["version"] = json!(7);
        let trace = Trace::read(&event).unwrap();
        assert_eq!((trace.uri.as_str(), trace.version), ("file:///a.rs", 7));
        trace.what
    }

    #[test]
    fn what_a_server_tells() {
        let told = json!({ "event": "first_token", "at_us": 5, "source": "decode", "engine_ms": 6.5 });
        let first = FirstToken { at_us: 5, source: Source::Decode, engine_ms: Some(6.5) };
        assert_eq!(read(told), What::FirstToken(first));
        let told = json!({ "event": "first_token", "at_us": 5, "source": "ahead", "engine_ms": null });
        let first = FirstToken { at_us: 5, source: Source::Ahead, engine_ms: None };
        assert_eq!(read(told), What::FirstToken(first));
        assert_eq!(read(json!({ "event": "first_line", "at_us": 9 })), What::FirstLine { at_us: 9 });
        assert_eq!(read(json!({ "event": "weather", "rain": true })), What::Unknown);

        let told = json!({ "event": "work", "why": "change", "stop": "cancelled", "stats": {
            "prompt_tokens": 900, "evaluated_tokens": 2, "decoded_tokens": 3, "drafted_tokens": 0, "ttft_ms": null,
            "total_ms": 9.5, "queued_ms": 0.1, "background_tokens": 0, "step_ms": null, "cancel_ms": 1.5,
        }});
        let stats = Cost {
            prompt_tokens: 900,
            evaluated_tokens: 2,
            decoded_tokens: 3,
            cancel_ms: Some(1.5),
            ..Cost::default()
        };
        assert_eq!(read(told), What::Work(Work { why: Why::Change, stop: "cancelled".to_owned(), stats }));
    }

    #[test]
    fn what_is_no_trace() {
        for told in [json!({ "event": "work" }), json!({ "uri": "file:///a.rs", "version": "7" })] {
            assert!(Trace::read(&told).is_err(), "{told}");
        }
    }
}
