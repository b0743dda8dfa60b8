//! From the sources to one [`Config`]: each source is checked alone, then those without mistakes are laid over one another.
//!
//! Must not fail: whatever the sources hold, there is a configuration, and what was not used is told.

use serde_json::{Map, Value};

use crate::{
    Config, Declared, Options, Problem, Scope,
    read::{self, Written},
};

/// A configuration file's text, and the name that problems call it by.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its path, as a person would look for it.
    pub name: &'a str,
    /// What it holds.
    pub text: &'a str,
}

/// What a problem calls the settings that came over LSP; they have no file.
const SETTINGS: &str = "the editor's settings for Hob";

/// Resolves the sources: the user's file, the repository's, the editor's settings. Each may be absent.
///
/// The problems are for the user's eyes, every one of them: none stops Hob, and each means that something written is not in force.
pub fn load(
    user: Option<Source<'_>>,
    repo: Option<Source<'_>>,
    settings: Option<&Value>,
) -> (Config, Vec<Problem>) {
    let mut resolved = Resolved {
        declared: Declared::all(),
        values: serde_json::to_value(Options::default()).unwrap_or_default(),
        problems: Vec::new(),
    };
    for (source, trusted) in [(user, true), (repo, false)] {
        if let Some(source) = source {
            match read::toml(&source) {
                Ok(written) => resolved.add(source.name, trusted, written),
                Err((place, what)) => resolved.ignore(source.name, place, &what),
            }
        }
    }
    if let Some(settings) = settings {
        match read::settings(settings) {
            Ok(written) => resolved.add(SETTINGS, false, written),
            Err(what) => resolved.ignore(SETTINGS, None, &what),
        }
    }
    // Every value was read by itself, so reading them together can't fail; defaults are the answer all the same.
    let options = serde_json::from_value::<Options>(resolved.values).unwrap_or_default();
    (options.into(), resolved.problems)
}

struct Resolved {
    declared: Vec<Declared>,
    values: Value,
    problems: Vec<Problem>,
}

impl Resolved {
    /// Checks all of one source, and takes it if nothing in it is wrong.
    fn add(&mut self, file: &str, trusted: bool, written: Vec<Written>) {
        let mut accepted = Vec::new();
        let mut broken = false;
        for entry in written {
            match self.check(&entry) {
                Err(mistake) => {
                    broken = true;
                    self.ignore(file, entry.place, &mistake);
                }
                Ok(Some(option)) if option.scope == Scope::UserOnly && !trusted => {
                    let message = format!(
                        "`{}` is not taken from here, because a repository could have written it; it may stand only in your own \
                         file, {}",
                        entry.path,
                        user_file(),
                    );
                    self.problems.push(Problem { file: file.to_owned(), place: entry.place, message });
                }
                Ok(Some(option)) => accepted.push((option.clone(), entry.value)),
                Ok(None) => {}
            }
        }
        if !broken {
            for (option, value) in accepted {
                self.set(&option, value, trusted);
            }
        }
    }

    /// Finds the option that was written, if its value is one that it takes; `None` for a group without options.
    fn check(&self, entry: &Written) -> Result<Option<&Declared>, String> {
        let path = readable(&entry.path);
        if let Some(option) = self.declared.iter().find(|option| option.path() == entry.path) {
            let alone = nested(&option.group, &option.name, entry.value.clone());
            return match serde_json::from_value::<Options>(alone) {
                Ok(_) => Ok(Some(option)),
                Err(_) => Err(format!("`{path}` must be {}, not {}", option.takes, shown(&entry.value))),
            };
        }
        if self.declared.iter().any(|option| option.group == entry.path) {
            return match &entry.value {
                Value::Object(nothing) if nothing.is_empty() => Ok(None),
                other => Err(format!("`{path}` must be a table of options, not {}", shown(other))),
            };
        }
        Err(match self.nearest(&entry.path) {
            Some(meant) => format!("there is no option `{path}` (did you mean `{meant}`?)"),
            None => format!("there is no option `{path}`{}", self.beside(&entry.path)),
        })
    }

    /// The option, or the group, that was probably meant by a name that is none.
    fn nearest(&self, path: &str) -> Option<String> {
        let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let options = self.declared.iter().map(Declared::path);
        let groups = self.declared.iter().map(|option| option.group.clone());
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
    fn beside(&self, path: &str) -> String {
        let group = path.split('.').next();
        let names: Vec<_> = self
            .declared
            .iter()
            .filter(|option| Some(option.group.as_str()) == group)
            .map(|option| option.name.as_str())
            .collect();
        if names.is_empty() { String::new() } else { format!(" (there are {})", names.join(", ")) }
    }

    fn set(&mut self, option: &Declared, value: Value, trusted: bool) {
        let Some(slot) = self.values.get_mut(&option.group).and_then(|group| group.get_mut(&option.name))
        else {
            return;
        };
        *slot = if option.scope == Scope::Tighten && !trusted { tightened(slot, value) } else { value };
    }

    fn ignore(&mut self, file: &str, place: Option<crate::Place>, mistake: &str) {
        let message = format!("{mistake}, so nothing from here is used until it is mended");
        self.problems.push(Problem { file: file.to_owned(), place, message });
    }
}

/// The stricter of two values: see [`Scope::Tighten`].
fn tightened(now: &Value, asked: Value) -> Value {
    match (now, asked) {
        (Value::Bool(now), Value::Bool(asked)) => Value::Bool(*now && asked),
        (Value::Array(now), Value::Array(asked)) => now.iter().cloned().chain(asked).collect(),
        // No other type has a stricter side, so the option keeps what trusted sources said.
        (now, _) => now.clone(),
    }
}

fn nested(group: &str, name: &str, value: Value) -> Value {
    let table = Map::from_iter([(name.to_owned(), value)]);
    Value::Object(Map::from_iter([(group.to_owned(), Value::Object(table))]))
}

/// Where a person finds [`crate::USER_FILE`].
pub(crate) fn user_file() -> String {
    format!("~/.config/{}", crate::USER_FILE)
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
fn readable(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut readable: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        readable.push('…');
    }
    readable
}
