//! Whether what was written is an option, and its value one that the option takes; and if not, what to say.
//!
//! Must not know any particular option, nor who wrote it. A value is checked part by part, against the schema that its declaration
//! made, so that what is wrong in the third of five tables is said of that part, at its place.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::{
    Declared, Options, Place,
    declare::{says_what_it_takes, takes},
    read::Written,
};

/// What is wrong, and where.
pub(crate) type Fault = (Option<Place>, String);

/// Finds the option that was written; `None` for a group without options.
pub(crate) fn find<'a>(declared: &'a [Declared], entry: &Written) -> Result<Option<&'a Declared>, Fault> {
    if let Some(option) = declared.iter().find(|option| option.path() == entry.path) {
        return Ok(Some(option));
    }
    let path = readable(&entry.path);
    if declared.iter().any(|option| option.group == entry.path) {
        return match &entry.value {
            Value::Object(nothing) if nothing.is_empty() => Ok(None),
            other => Err((entry.place, format!("`{path}` must be a table of options, not {}", shown(other)))),
        };
    }
    let hint = match nearest(declared, &entry.path) {
        Some(meant) => format!(" (did you mean `{meant}`?)"),
        None => beside(declared, &entry.path),
    };
    Err((entry.place, format!("there is no option `{path}`{hint}")))
}

/// Everything in a value that its option does not take.
pub(crate) fn faults(option: &Declared, entry: &Written) -> Vec<Fault> {
    let mut found = Vec::new();
    let part = Part { name: option.path(), address: String::new(), schema: &option.schema, is_unsaid: false };
    part.check(option, &entry.value, &mut |address, what| found.push((entry.place_of(address), what)));
    found.sort_by_key(|(place, _)| *place);
    found
}

/// A part of an option's value.
struct Part<'a> {
    /// What a message calls it: `cloud.provider.base_url`.
    name: String,
    /// Where in the value it is: `/1/base_url`.
    address: String,
    schema: &'a Value,
    /// What was written for it may be a key, and is not repeated.
    is_unsaid: bool,
}

impl Part<'_> {
    fn check(&self, option: &Declared, value: &Value, tell: &mut impl FnMut(&str, String)) {
        let is_unsaid = self.is_unsaid || self.schema["x-unsaid"] == true;
        let step = |key: &dyn Display| format!("{}/{key}", self.address);
        match (value, self.schema["properties"].as_object(), self.schema.get("items")) {
            (Value::Object(table), Some(known), _) => {
                for (key, value) in table {
                    let name = format!("{}.{key}", self.name);
                    let Some(schema) = known.get(key) else {
                        tell(&step(key), unknown(&self.name, key, known));
                        continue;
                    };
                    Part { name, address: step(key), schema, is_unsaid }.check(option, value, tell);
                }
            }
            (Value::Array(items), _, Some(schema)) if says_what_it_takes(schema) => {
                for (at, value) in items.iter().enumerate() {
                    let part = Part { name: self.name.clone(), address: step(&at), schema, is_unsaid };
                    part.check(option, value, tell);
                }
            }
            _ if is_taken(option, &self.address, value) => {}
            _ => {
                let not = if is_unsaid { String::new() } else { format!(", not {}", shown(value)) };
                let takes = takes(&self.name, self.schema);
                let entry = if self.is_entry() { "each entry of " } else { "" };
                tell(&self.address, format!("{entry}`{}` must be {takes}{not}", readable(&self.name)));
            }
        }
    }

    /// Whether it is an entry of a list.
    fn is_entry(&self) -> bool {
        self.address.rsplit('/').next().is_some_and(is_number)
    }
}

/// Whether a step of an address is one into a list.
fn is_number(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an option takes a value at an address, if nothing else is there. Tables are declared so that none of their keys needs another.
fn is_taken(option: &Declared, address: &str, value: &Value) -> bool {
    let steps = address.strip_prefix('/').into_iter().flat_map(|steps| steps.rsplit('/'));
    let value = steps.fold(value.clone(), |value, step| {
        if is_number(step) { Value::Array(vec![value]) } else { table(step, value) }
    });
    serde_json::from_value::<Options>(table(&option.group, table(&option.name, value))).is_ok()
}

fn table(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

/// What to say of a key that a table does not have.
fn unknown(name: &str, key: &str, known: &Map<String, Value>) -> String {
    let like = |other: &String| strsim::normalized_damerau_levenshtein(key, other);
    let meant = known.keys().map(|other| (like(other), other)).filter(|(likeness, _)| *likeness >= 0.6);
    let meant =
        meant.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, meant)| format!("did you mean `{name}.{meant}`?"));
    let hint = meant.unwrap_or_else(|| {
        let keys: Vec<_> = known.keys().map(String::as_str).collect();
        format!("there are {}", keys.join(", "))
    });
    format!("there is no option `{}` ({hint})", readable(&format!("{name}.{key}")))
}

/// The option, or the group, that was probably meant by a name that is none.
fn nearest(declared: &[Declared], path: &str) -> Option<String> {
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let options = declared.iter().map(Declared::path);
    let groups = declared.iter().map(|option| option.group.clone());
    options
        .chain(groups)
        .map(|known| {
            // Names decide, so that an option in the wrong table is found too; tables decide between equal names.
            let names = strsim::normalized_damerau_levenshtein(&name(path), &name(&known));
            (names, strsim::normalized_damerau_levenshtein(path, &known), known)
        })
        .filter(|(names, ..)| *names >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(.., known)| known)
}

/// The options of the group in which a name stands that resembles none.
fn beside(declared: &[Declared], path: &str) -> String {
    let group = path.split('.').next();
    let names: Vec<_> = declared
        .iter()
        .filter(|option| Some(option.group.as_str()) == group)
        .map(|option| option.name.as_str())
        .collect();
    if names.is_empty() { String::new() } else { format!(" (there are {})", names.join(", ")) }
}

/// A value as a message shows it: on one line, and no longer than a glance.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".into(),
        // Dates and infinities come as an object of one key and no value.
        Value::Object(table) => match table.iter().next() {
            Some((foreign, Value::Null)) if table.len() == 1 => readable(foreign),
            _ => "a table".into(),
        },
        Value::String(text) => format!("\"{}\"", readable(text)),
        other => other.to_string(),
    }
}

/// Somebody else's text, for a message: without control and bidirectional characters, and clipped.
pub(crate) fn readable(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut readable: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        readable.push('…');
    }
    readable
}
