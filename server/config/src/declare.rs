//! The declaration of options: a macro that makes one entry serve reading, schema and manual, and the list that it yields.
//!
//! Must not know any particular option.

use std::sync::LazyLock;

use serde_json::Value;

use crate::Options;

/// Who may set an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Only the user's own file: the option chooses what runs on the machine, or what it costs.
    UserOnly,
    /// Any source; the last one wins. The worst that a stranger can do with it is to annoy.
    Anyone,
    /// Any source, but whoever is not the user can only add to what is forbidden: a `bool` only becomes false, a list only grows, and of
    /// a policy the stricter holds ([`crate::Restriction`]).
    Tighten,
}

impl Scope {
    fn named(name: &str) -> Option<Self> {
        match name {
            "user_only" => Some(Self::UserOnly),
            "anyone" => Some(Self::Anyone),
            "tighten" => Some(Self::Tighten),
            _ => None,
        }
    }
}

/// Declares groups of options. Each entry reads `scope name: Type = default`, below the text that the manual prints.
///
/// It expands to one struct per group and one for the whole, both as written: every key may be absent, no other key is known.
macro_rules! options {
    ($(#[$about:meta])* $all:ident {
        $($(#[$group_doc:meta])* $group:ident: $Group:ident {
            $($(#[$doc:meta])* $scope:ident $name:ident: $Type:ty = $default:expr,)*
        })*
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $all {
            $($(#[$group_doc])* pub(crate) $group: $Group,)*
        }

        impl $all {
            /// Every option's group and name, in the order of declaration.
            pub(crate) const DECLARED: &[(&str, &str)] = &[$($((stringify!($group), stringify!($name)),)*)*];
        }

        $(
            $(#[$group_doc])*
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
            #[serde(default, deny_unknown_fields)]
            #[schemars(inline)]
            pub(crate) struct $Group {
                $($(#[$doc])* #[schemars(extend("x-scope" = stringify!($scope)))] pub(crate) $name: $Type,)*
            }

            impl Default for $Group {
                fn default() -> Self {
                    // `const`: a default outside the range of its own type does not compile.
                    Self { $($name: const { $default },)* }
                }
            }
        )*
    };
}
pub(crate) use options;

/// One option, as the schema describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// The table that it stands in.
    pub group: String,
    /// Its name there.
    pub name: String,
    /// Who may set it.
    pub scope: Scope,
    /// What it is for, in Markdown.
    pub about: String,
    /// What can be written, in words: `true or false`.
    pub takes: String,
    /// What holds when nobody writes it, as JSON.
    pub default: Value,
    /// Its part of the schema.
    pub(crate) schema: Value,
}

impl Declared {
    /// The option's full name: `engine.model`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.group, self.name)
    }

    /// Every option, in the order of declaration.
    pub fn all() -> &'static [Self] {
        // Made once: sources are read again whenever an editor's settings change.
        static ALL: LazyLock<Vec<Declared>> = LazyLock::new(Declared::list);
        &ALL
    }

    fn list() -> Vec<Self> {
        let schema = crate::schema();
        let declare = |&(group, name): &(&str, &str)| {
            let option = &schema["properties"][group]["properties"][name];
            Self {
                group: group.to_owned(),
                name: name.to_owned(),
                // An entry whose scope has a name unknown here is closed, not open.
                scope: Scope::named(text(option, "x-scope")).unwrap_or(Scope::UserOnly),
                about: text(option, "description").to_owned(),
                takes: takes(&format!("{group}.{name}"), option),
                default: option["default"].clone(),
                schema: option.clone(),
            }
        };
        Options::DECLARED.iter().map(declare).collect()
    }
}

/// A string of a schema; empty if there is none.
pub(crate) fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether an option is a list of tables.
pub(crate) fn is_tables(schema: &Value) -> bool {
    schema["items"].get("properties").is_some()
}

/// Whether the schema of a list's entry says more than that it is a text.
pub(crate) fn says_what_it_takes(entry: &Value) -> bool {
    ["properties", "enum", "x-takes"].iter().any(|key| entry.get(key).is_some())
}

/// Says in words what a schema admits, for what is called `name`. Types whose shape says too little bring their own words as `x-takes`.
pub(crate) fn takes(name: &str, schema: &Value) -> String {
    let own = text(schema, "x-takes");
    if !own.is_empty() {
        return own.to_owned();
    }
    if let Some(shapes) = schema.get("anyOf").and_then(Value::as_array) {
        return shapes.first().map_or_else(String::new, |shape| takes(name, shape));
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        // What may be absent may be null in a schema, but no file can write that.
        let choices: Vec<_> =
            choices.iter().filter(|choice| !choice.is_null()).map(Value::to_string).collect();
        return format!("one of {}", choices.join(", "));
    }
    let kinds = schema["type"].as_array().into_iter().flatten().chain([&schema["type"]]);
    match kinds.filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default() {
        "boolean" => "true or false".into(),
        "array" if is_tables(schema) => format!("tables that each begin with `[[{name}]]`"),
        "array" if says_what_it_takes(&schema["items"]) => {
            format!("a list, each entry {}", takes(name, &schema["items"]))
        }
        "array" => "a list of texts".into(),
        "object" => "a table".into(),
        other => other.into(),
    }
}
