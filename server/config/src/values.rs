//! The types of options: what can be written for each, and which writings are refused.
//!
//! A type checks itself when it is read, so that a value once made is right everywhere. Must not know which options use it.

use std::{
    borrow::Cow,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// Where suggestions appear besides ghost text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Popup {
    /// In the popup only if the client doesn't announce inline completion.
    Auto,
    /// In the popup too.
    Always,
    /// Never in the popup.
    Never,
}

/// The order in which a model is shown the text before and after the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptOrder {
    /// As suits the model's family.
    Auto,
    /// What is typed last, after both.
    Anchored,
    /// Before, then after.
    Psm,
    /// After, then before.
    Spm,
}

/// How much is done before anybody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// As much as the machine can spare.
    Auto,
    /// Everything that makes an answer come sooner.
    Full,
    /// Only reading.
    Gentle,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what is wrong but was survived.
    Warn,
    /// And what happened.
    Info,
    /// And why.
    Debug,
    /// And with which text.
    Trace,
}

/// The schema of a type that is written as one value: spelled out where it is used, under no name of its own.
macro_rules! schema {
    ($Type:ident: $schema:tt) => {
        impl JsonSchema for $Type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($Type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}
pub(crate) use schema;

/// The schema of an enum whose variants are plain words. Not derived: a derived one repeats each variant's Rust documentation.
macro_rules! words {
    ($Type:ident: $($Variant:ident = $word:literal),*) => {
        impl $Type {
            /// The word that is written for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $word,)* }
            }
        }

        schema!($Type: { "enum": [$($word),*] });
    };
}
pub(crate) use words;

words!(Popup: Auto = "auto", Always = "always", Never = "never");
words!(PromptOrder: Auto = "auto", Anchored = "anchored", Psm = "psm", Spm = "spm");
words!(Pace: Auto = "auto", Full = "full", Gentle = "gentle");
words!(LogLevel: Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace");

/// A whole number from `MIN` to `MAX`. By itself it is `MIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Whole<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// For defaults, which are constants: out of range, it does not compile.
    pub(crate) const fn of(number: u32) -> Self {
        assert!(MIN <= number && number <= MAX);
        Self(number)
    }

    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> Default for Whole<MIN, MAX> {
    fn default() -> Self {
        Self(MIN)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(de::Error::custom(format_args!("{number} is not within {MIN} to {MAX}")))
        }
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Whole<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer", "minimum": MIN, "maximum": MAX,
            "x-takes": format!("a whole number from {MIN} to {MAX}"),
        })
    }
}

/// A length of time in whole seconds: a number of seconds, or a text with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period(Duration);

impl Period {
    /// Nothing that runs waits longer. It also keeps `Instant + Duration` far from its end.
    const LONGEST_S: u64 = 30 * 24 * 60 * 60;
    const UNITS: [(&str, u64); 3] = [("h", 60 * 60), ("min", 60), ("s", 1)];

    pub(crate) const fn minutes(minutes: u64) -> Self {
        assert!(minutes * 60 <= Self::LONGEST_S);
        Self(Duration::from_secs(minutes * 60))
    }

    pub(crate) fn get(self) -> Duration {
        self.0
    }

    fn seconds(seconds: u64) -> Option<Self> {
        (seconds <= Self::LONGEST_S).then(|| Self(Duration::from_secs(seconds)))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, length) = Self::UNITS.into_iter().find(|(name, _)| *name == unit.trim_start())?;
        Self::seconds(number.parse::<u64>().ok()?.checked_mul(length)?)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let whole =
            Self::UNITS.into_iter().find(|(_, length)| seconds != 0 && seconds.is_multiple_of(*length));
        let (unit, length) = whole.unwrap_or(("s", 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) => number.as_u64().and_then(Self::seconds),
            Value::String(text) => Self::parse(&text),
            _ => None,
        }
        .ok_or_else(|| de::Error::custom("not a length of time"))
    }
}

schema!(Period: {
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": Self::LONGEST_S },
        { "type": "string", "pattern": "^[0-9]+ *(h|min|s)$" },
    ],
    "x-takes": "a number of seconds, or a text such as \"90s\", \"10min\" or \"2h\", up to 30 days",
});

/// A model file, as the user names it: absolute, or below the home folder (`~/…`).
///
/// A relative path is refused: it would mean another file for each folder that an editor is started in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFile(PathBuf);

impl ModelFile {
    /// The file's path for a user whose home folder is `home`.
    pub fn path(&self, home: &Path) -> PathBuf {
        match self.0.strip_prefix("~") {
            Ok(below) => home.join(below),
            Err(_) => self.0.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for ModelFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        let below_home = path.strip_prefix("~").is_ok_and(|below| below.file_name().is_some());
        if below_home || (path.is_absolute() && path.file_name().is_some()) {
            Ok(Self(path))
        } else {
            Err(de::Error::custom("not an absolute path"))
        }
    }
}

schema!(ModelFile: {
    "type": "string",
    "x-takes": "the path of a file, absolute or beginning with \"~/\"",
});
