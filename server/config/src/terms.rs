//! The types of options about what may leave the machine: endpoints, keys' places, amounts, patterns.
//!
//! A type checks itself when it is read, so that a value once made is right everywhere. Must not look anything up: no name is resolved,
//! no file opened, no variable read.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    Destination, Dialect, Globs, Mode, Retention, Secrets, Target, Task, Then, Usd, origin,
    values::{schema, words},
};

words!(Mode: LocalOnly = "local-only", Ask = "ask", Auto = "auto");
words!(Retention: Zero = "zero", Limited = "limited", Training = "training");
words!(Secrets: Refuse = "refuse", Redact = "redact");
words!(Dialect: Openai = "openai", Anthropic = "anthropic", Gemini = "gemini", LlamaServer = "llama-server", Ollama = "ollama",
    Vllm = "vllm");

schema!(Task: { "enum": Task::ALL.map(Task::name) });

/// Texts of a certain shape: what the manual says that they are, and a function that yields the text as it is kept, if it is one.
macro_rules! texts {
    ($($(#[$about:meta])* $Type:ident, $takes:expr, $read:expr;)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub(crate) struct $Type(String);

        impl $Type {
            pub(crate) fn get(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let read: fn(&str) -> Option<String> = $read;
                // Without the text: it may be a key in the wrong place.
                read(&text).map(Self).ok_or_else(|| de::Error::custom(concat!("not a ", stringify!($Type))))
            }
        }

        schema!($Type: { "type": "string", "x-takes": $takes });
    )*};
}

texts! {
    /// What a provider is called in rules and rows.
    ProviderId, "a name of letters, digits, `-`, `_` and `.` other than \"local\"",
        |text| (is_name(text, "-_.") && text != "local").then(|| text.to_owned());

    /// What a provider calls a model.
    ModelName, "a model's name, as its provider writes it",
        |text| (is_line(text) && !text.contains(char::is_whitespace)).then(|| text.to_owned());

    /// Where a provider is.
    BaseUrl, "\"https://host[:port][/path]\", without a name, a password, a `?` or a `#` in it; `http` only for this machine itself",
        origin::base_url;

    /// A host, without scheme and port.
    HostName, "a host's name, such as \"api.anthropic.com\", without scheme, port or path", origin::host;

    /// A region, in its user's own word. Regions are compared in lower case.
    Region, "a word such as \"eu\"", |text| is_line(text).then(|| text.trim().to_lowercase());

    /// A title of the user's own.
    Title, "a name on one line", |text| is_line(text).then(|| text.trim().to_owned());

    /// A pattern of files.
    Pattern, "a pattern as in a `.gitignore` at the workspace's root, of at most 200 bytes; none that begins with `!` or leads out of \
        the workspace",
        |text| (text.len() <= 200 && Globs::fault(text).is_none()).then(|| text.to_owned());

    /// What a secret of the user's own looks like.
    SecretPattern, "a regular expression of at most 200 bytes, in the syntax of Rust's `regex`, that matches no empty text",
        |text| (text.len() <= 200 && secret_pattern(text).is_ok()).then(|| text.to_owned());

    /// An environment variable.
    EnvName, "the name of an environment variable, such as \"ANTHROPIC_API_KEY\", never the key itself",
        |text| (is_name(text, "_") && !text.starts_with(|first: char| first.is_ascii_digit())).then(|| text.to_owned());

    /// An account in the keyring.
    Account, "the name of an entry in the keyring, never the key itself",
        |text| (is_name(text, "-_.@") && !text.starts_with("sk-")).then(|| text.to_owned());

    /// A file that holds a key.
    KeyFile, "the path of a file that holds the key, absolute or beginning with \"~/\", never the key itself", |text| {
        let path = text.strip_prefix("~/").or_else(|| text.strip_prefix('/'))?;
        (!path.is_empty() && !path.ends_with('/') && is_line(text)).then(|| text.to_owned())
    };

    /// A day.
    Day, "a day in quotes, such as \"2026-11-01\"", |text| is_day(text).then(|| text.to_owned());
}

/// Compiles a pattern of `cloud.secret_patterns`, if it is one that is taken: bounded in size, so that a repository's can't cost memory, and
/// none that finds a secret where there is nothing.
///
/// # Errors
/// What is wrong with it, in words.
pub fn secret_pattern(pattern: &str) -> Result<Regex, String> {
    let compiled =
        RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| error.to_string())?;
    if compiled.is_match("") { Err("it matches an empty text".into()) } else { Ok(compiled) }
}

/// Letters, digits and `others`; neither empty nor longer than a name is.
fn is_name(text: &str, others: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

/// Something, on one line.
fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= 200 && !text.contains(char::is_control)
}

/// `YYYY-MM-DD`, with a month and a day that exist in some year.
fn is_day(text: &str) -> bool {
    let shape = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let longest = match number(5, 7) {
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) => 29,
        Some(1..=12) => 31,
        _ => 0,
    };
    shape && text.len() == 10 && number(8, 10).is_some_and(|day| (1..=longest).contains(&day))
}

/// An amount of money, in decimal dollars within quotes: a number in TOML would be a binary fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dollars(Usd);

impl Dollars {
    /// More than anybody has.
    pub(crate) const MOST: Self = Self(Usd(u64::MAX));

    pub(crate) const fn cents(cents: u64) -> Self {
        Self(Usd(cents * (Usd::DOLLAR / 100)))
    }

    pub(crate) fn get(self) -> Usd {
        self.0
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, part) = (self.0.0 / Usd::DOLLAR, self.0.0 % Usd::DOLLAR);
        let part = format!("{part:09}");
        let places = part.trim_end_matches('0').len().max(2);
        serializer.collect_str(&format_args!("{whole}.{}", &part[..places]))
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}

schema!(Dollars: {
    "type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,9})?$",
    "x-takes": "an amount in dollars, in quotes: \"0.25\"",
});

schema!(Target: {
    "type": "string",
    "x-takes": "a model at a provider, such as \"anthropic/claude-sonnet-5\"",
});

/// What follows from a rule, as written: one word, or a list of destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consequence(pub(crate) Then);

/// The word for what never leaves.
const DENY: &str = "deny-cloud";

impl Serialize for Consequence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Then::DenyCloud => serializer.serialize_str(DENY),
            Then::Chain(chain) => chain.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Consequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Word(String),
            Chain(Vec<Destination>),
        }
        match Written::deserialize(deserializer)? {
            Written::Word(word) if word == DENY => Ok(Self(Then::DenyCloud)),
            Written::Word(word) => {
                word.parse().map(|only| Self(Then::Chain(vec![only]))).map_err(de::Error::custom)
            }
            Written::Chain(chain) if chain.is_empty() => Err(de::Error::custom("nobody would answer")),
            Written::Chain(chain) => Ok(Self(Then::Chain(chain))),
        }
    }
}

schema!(Consequence: {
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }],
    "x-takes": "\"deny-cloud\", or a list of who is asked, in this order: \"local\", or a model at a provider such as \
        \"anthropic/claude-sonnet-5\"",
});

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn an_amount_is_exact_and_reads_as_it_was_written() {
        for (written, nanos, kept) in [
            ("0.25", 250_000_000, "0.25"),
            ("2", 2_000_000_000, "2.00"),
            ("0.000000001", 1, "0.000000001"),
            ("18446744073.709551615", u64::MAX, "18446744073.709551615"),
        ] {
            let amount: Dollars = from_value(json!(written)).unwrap();
            assert_eq!(amount.get(), Usd(nanos));
            assert_eq!(to_value(amount).unwrap(), json!(kept));
        }
        for refused in
            [json!(0.25), json!(1), json!("-1"), json!("1e3"), json!("$1"), json!(""), json!("18446744073.8")]
        {
            assert!(from_value::<Dollars>(refused.clone()).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_day_has_a_month_and_a_number() {
        for day in ["2026-11-01", "2028-02-29", "2026-12-31"] {
            assert!(is_day(day), "{day}");
        }
        for other in [
            "2026-13-01",
            "2026-02-30",
            "2026-04-31",
            "2026-00-10",
            "2026-1-1",
            "26-11-01",
            "2026-11-01T",
            "२०२६-१",
        ] {
            assert!(!is_day(other), "{other}");
        }
    }

    #[test]
    fn where_a_key_lies_is_no_key() {
        let read = |kind: &str, text: &str| match kind {
            "env" => from_value::<EnvName>(json!(text)).is_ok(),
            "keyring" => from_value::<Account>(json!(text)).is_ok(),
            _ => from_value::<KeyFile>(json!(text)).is_ok(),
        };
        for (kind, right) in [
            ("env", "ANTHROPIC_API_KEY"),
            ("keyring", "anthropic"),
            ("keyring", "me@work"),
            ("file", "~/.config/k"),
            ("file", "/k"),
        ] {
            assert!(read(kind, right), "{kind} {right}");
        }
        for (kind, wrong) in [
            ("env", "sk-ant-api03-abc"),
            ("env", "1A"),
            ("env", ""),
            ("keyring", "sk-proj-abc"),
            ("keyring", "a b"),
            ("file", "keys/a"),
            ("file", "~/"),
            ("file", "sk-ant-abc"),
        ] {
            assert!(!read(kind, wrong), "{kind} {wrong}");
        }
    }
}
