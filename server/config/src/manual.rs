//! The two documents that are made from the declarations: the JSON Schema for editors and the manual for people.
//!
//! Must not say anything about one particular option; what is to be said stands where the option is declared.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;

use crate::{
    Declared, ORGANISATION_FILE, Options, REPO_FILE, Scope,
    declare::{is_tables, takes, text},
    load::user_file,
};

/// The JSON Schema of a configuration file.
pub fn schema() -> Value {
    sorted(schemars::schema_for!(Options).to_value())
}

/// The same value with its keys in order, whichever features of `serde_json` the rest of a build has switched on.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(table) => {
            let table: BTreeMap<_, _> = table.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(table.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        plain => plain,
    }
}

/// The manual's page on configuration, in Markdown.
pub fn manual() -> String {
    let mut page = format!(
        "\
# Configuration

<!-- Made from server/config/src/options.rs; `UPDATE_DOCS=1 cargo test -p config` writes it anew. -->

Hob needs no configuration. What can be set, it reads from these places, each over the one before:

1. your own file, `{user}` (or `hob/config.toml` below `$XDG_CONFIG_HOME`);
2. a repository's file, `{REPO_FILE}` in the folder that the editor opened, and in no folder above it;
3. the editor's settings, under `hob`.

Only your own file can set everything. A repository may be somebody else's, and settings that come from an editor don't tell
whether you or the opened folder wrote them. So these two set what is harmless, and make Hob more careful, never less.

An organisation's file, `{organisation}`, holds for every user of a machine: whatever can be tightened can be tightened there, and
nothing else can be set. The environment variable `HOB_POLICY` may name a second one.

A key that Hob doesn't know, or a value that doesn't fit, is reported with its line, and then **nothing** from that place is used
until it is mended. Without your own file there is no provider, so nothing leaves the machine. Where an organisation's file is there and
can't be read, or has a mistake in it, nothing leaves the machine either. An option in a place that may not set it is reported too, and
only that option is left out.

For completion and checks while you edit a configuration file, give your TOML editor the schema `docs/config.schema.json`.

```toml
",
        user = user_file(),
        organisation = ORGANISATION_FILE,
    );
    let declared = Declared::all();
    let schema = schema();
    let mut groups: Vec<_> = declared.iter().map(|option| option.group.as_str()).collect();
    groups.dedup();
    for group in &groups {
        line(&mut page, &format!("[{group}]"));
        for option in declared.iter().filter(|option| option.group == *group) {
            if is_tables(&option.schema) {
                line(&mut page, &format!("# [[{}]] …", option.path()));
            } else if option.default.is_null() {
                line(&mut page, &format!("# {} = …", option.name));
            } else {
                line(&mut page, &format!("{} = {}", option.name, option.default));
            }
        }
        line(&mut page, if groups.last() == Some(group) { "```" } else { "" });
    }
    for group in groups {
        let about = text(&schema["properties"][group], "description");
        line(&mut page, &format!("\n## `[{group}]`\n\n{about}"));
        for option in declared.iter().filter(|option| option.group == group) {
            line(&mut page, &format!("\n### `{}`\n\n{}\n", option.path(), option.about));
            tables(&mut page, option);
            line(&mut page, &format!("- takes {}", option.takes));
            let default =
                if option.default.is_null() { "nothing".into() } else { format!("`{}`", option.default) };
            line(&mut page, &format!("- without it: {default}"));
            line(&mut page, &format!("- set by {}", set_by(option.scope)));
        }
    }
    page
}

/// What a list of tables looks like, and what may stand in one of them.
fn tables(page: &mut String, option: &Declared) {
    let example = text(&option.schema, "x-example");
    if !example.is_empty() {
        line(page, &format!("```toml\n{}\n```\n", example.trim_end()));
    }
    if is_tables(&option.schema) {
        keys(page, "", &option.schema["items"]);
        line(page, "");
    }
}

/// The keys of a table, and of those within it.
fn keys(page: &mut String, above: &str, table: &Value) {
    for (key, schema) in table["properties"].as_object().into_iter().flatten() {
        let name = format!("{above}{key}");
        let about = text(schema, "description").replace('\n', " ");
        if schema.get("properties").is_some() {
            line(page, &format!("- `{name}`: {about}"));
            keys(page, &format!("{name}."), schema);
        } else {
            line(page, &format!("- `{name}`: {about} Takes {}.", takes(&name, schema)));
        }
    }
}

fn set_by(scope: Scope) -> &'static str {
    match scope {
        Scope::UserOnly => "your own file only",
        Scope::Anyone => "your own file, a repository, an editor",
        Scope::Tighten => "your own file; a repository, an editor or an organisation can only tighten it",
    }
}

fn line(page: &mut String, line: &str) {
    // Writing to a `String` has no way to fail.
    let _ = writeln!(page, "{line}");
}
