//! What a file takes from elsewhere.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::{Language, Tree};

/// Each import on a line: the module's pieces, what it is called, and the names.
pub(super) fn check(language: &str, text: &str, want: &Expect) {
    let tree = Tree::of_text(Language::from_id(language).unwrap(), text).unwrap();
    let mut told = String::new();
    for import in tree.imports(text) {
        let part = |range: std::ops::Range<usize>| text[range].to_owned();
        let known_as = |alias: Option<std::ops::Range<usize>>| {
            alias.map(|alias| format!(" as {}", part(alias))).unwrap_or_default()
        };
        let module: Vec<_> = import.module.into_iter().map(part).collect();
        let names = import.names.into_iter().map(|name| part(name.name) + &known_as(name.alias));
        let names: Vec<_> = names.chain(import.wildcard.then(|| "*".to_owned())).collect();
        let line = text[..import.range.start].matches('\n').count() + 1;
        let alias = known_as(import.alias);
        writeln!(told, "{line} {module:?}{alias}: {}", names.join(", ")).unwrap();
    }
    want.assert_eq(&told);
}

#[test]
fn rust() {
    check(
        "rust",
        "use std::collections::HashMap;\nuse std::{fmt::{self, Debug as D}, io, ops::*};\nuse a;\n\
         pub use crate::b::c as e;\nuse super::*;\nextern crate core as k;\nuse {x, y::z};\n\
         fn f() { use self::g; }\n",
        &expect![[r#"
            1 ["std::collections"]: HashMap
            2 ["std", "fmt"]: self, Debug as D
            2 ["std"]: io
            2 ["std", "ops"]: *
            3 []: a
            4 ["crate::b"]: c as e
            5 ["super"]: *
            6 ["core"] as k: 
            7 []: x
            7 ["y"]: z
            8 ["self"]: g
        "#]],
    );
}

#[test]
fn python() {
    check(
        "python",
        "import os\nimport a.b as c, d\nfrom e.f import g, h as i\nfrom . import j\nfrom ..k import *\n\
         from __future__ import annotations\ndef f():\n    from l import (\n        m,\n    )\n",
        &expect![[r#"
            1 ["os"]: 
            2 ["a.b"] as c: 
            2 ["d"]: 
            3 ["e.f"]: g, h as i
            4 ["."]: j
            5 ["..k"]: *
            8 ["l"]: m
        "#]],
    );
}
