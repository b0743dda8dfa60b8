//! Texts and JSON to one flat list of what was written where, so that all sources are checked by the same code.
//!
//! Must not know which options exist, beyond how deep they stand: a table holds options, an option holds a value.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::{Place, Source};

/// One thing that was written. A group in which nothing stands is one too: its name may be wrong all the same.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// The key, with its group's in front: `engine.model`; the group's alone if nothing stands in it.
    pub(crate) path: String,
    /// Where the key is.
    pub(crate) place: Option<Place>,
    /// What was written for it.
    pub(crate) value: Value,
    /// Where the parts of the value are, by their addresses in it: `/1/base_url`. Empty for what did not come from a file.
    pub(crate) within: BTreeMap<String, Place>,
}

impl Written {
    /// Where a part of the value is, or the next larger part of which that is known.
    pub(crate) fn place_of(&self, mut address: &str) -> Option<Place> {
        while !address.is_empty() {
            if let Some(place) = self.within.get(address) {
                return Some(*place);
            }
            address = address.rfind('/').map_or("", |slash| &address[..slash]);
        }
        self.place
    }

    fn from_json(path: String, value: &Value) -> Self {
        Self { path, place: None, value: value.clone(), within: BTreeMap::new() }
    }
}

/// More than anybody writes by hand; a repository's file is a stranger's.
const MAX_BYTES: usize = 256 << 10;

/// Reads a configuration file. The error says where it stops being one, and how.
pub(crate) fn toml(source: &Source<'_>) -> Result<Vec<Written>, (Option<Place>, String)> {
    let text = source.text;
    if text.len() > MAX_BYTES {
        return Err((None, format!("this file has more than {} KiB", MAX_BYTES >> 10)));
    }
    let document = DeTable::parse(text).map_err(|error| {
        let place = error.span().map(|span| Place::of(text, span.start));
        (place, format!("this is not TOML: {}", error.message().replace('\n', ", ")))
    })?;
    let entry = |path: String, at: usize, value: &DeValue<'_>| {
        let mut places = Places { text, found: BTreeMap::new() };
        let value = places.json(value, "");
        Written { path, place: Some(Place::of(text, at)), value, within: places.found }
    };
    let mut written = Vec::new();
    for (group, value) in document.get_ref() {
        match value.get_ref() {
            DeValue::Table(table) if !table.is_empty() => {
                for (name, value) in table {
                    let path = format!("{}.{}", group.get_ref(), name.get_ref());
                    written.push(entry(path, name.span().start, value.get_ref()));
                }
            }
            other => written.push(entry(group.get_ref().to_string(), group.span().start, other)),
        }
    }
    written.sort_by_key(|entry| entry.place);
    Ok(written)
}

/// Collects where the parts of a value are.
struct Places<'a> {
    text: &'a str,
    found: BTreeMap<String, Place>,
}

impl Places<'_> {
    /// TOML's values in JSON's. What JSON can't say (dates, infinities) becomes an object, which no option takes.
    fn json(&mut self, value: &DeValue<'_>, address: &str) -> Value {
        let foreign = |text: String| Value::Object(Map::from_iter([(text, Value::Null)]));
        match value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| foreign(number.to_string()), Value::from),
            DeValue::Float(number) => number
                .as_str()
                .parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map_or_else(|| foreign(number.to_string()), Value::Number),
            DeValue::Datetime(date) => foreign(date.to_string()),
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(at, item)| self.part(address, &at, item.span().start, item.get_ref()).1).collect()
            }
            DeValue::Table(table) => {
                let entries = table.iter();
                entries
                    .map(|(key, value)| self.part(address, key.get_ref(), key.span().start, value.get_ref()))
                    .collect()
            }
        }
    }

    fn part(
        &mut self,
        address: &str,
        step: &dyn fmt::Display,
        at: usize,
        value: &DeValue<'_>,
    ) -> (String, Value) {
        let step = step.to_string();
        let address = format!("{address}/{step}");
        let value = self.json(value, &address);
        self.found.insert(address, Place::of(self.text, at));
        (step, value)
    }
}

/// Reads an editor's settings: the value under the key `hob`, or one that holds this key.
///
/// `null` is what an editor sends for a setting that nobody set, and `[]` is what a Lua one sends for an empty table.
pub(crate) fn settings(value: &Value) -> Result<Vec<Written>, String> {
    let value = value.get(crate::SETTINGS_KEY).unwrap_or(value);
    let groups = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) if items.is_empty() => return Ok(Vec::new()),
        Value::Object(groups) => groups,
        _ => return Err("the settings for Hob must be an object".into()),
    };
    let mut written = Vec::new();
    for (group, value) in groups {
        match value {
            Value::Null => {}
            Value::Object(options) if !options.is_empty() => {
                for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
                    let path = format!("{group}.{name}");
                    written.push(Written::from_json(path, value));
                }
            }
            Value::Array(items) if items.is_empty() => {
                written.push(Written::from_json(group.clone(), &Value::Object(Map::new())));
            }
            other => written.push(Written::from_json(group.clone(), other)),
        }
    }
    Ok(written)
}
