//! What can be asked, and in which order the answers come.

use expect_test::expect;

use super::{chunks, definitions, indexed, paths};

const SHAPES: &str = "\
use std::fmt::{self, Display as Show};
use crate::units::*;

/// What has an area.
pub trait Shape {
    fn area(&self) -> f64;
}

/// A circle.
pub struct Circle {
    pub radius: f64,
}

impl Shape for Circle {
    /// In square metres.
    fn area(&self) -> f64 {
        PI * self.radius * self.radius
    }
}
";

const MAIN: &str = "\
use shapes::Circle;

fn main() {
    let totalArea = Circle { radius: 2.0 }.area();
    print_total_area(totalArea);
}
";

const TOOL: &str = "\
import os.path as p
from shapes.round import Circle as C

class Square:
    \"\"\"Has four corners.\"\"\"

    def area(self, scale=1):
        return C(scale)
";

fn files() -> [(&'static str, &'static str); 4] {
    [
        ("src/shapes.rs", SHAPES),
        ("src/main.rs", MAIN),
        ("tools/square.py", TOOL),
        ("notes.md", "# Areas\n\nA Circle has an area.\n"),
    ]
}

#[test]
fn definitions_by_name_come_with_signature_doc_and_owner_nearest_first() {
    let (_folder, index) = indexed(&files());
    let reader = index.reader();
    expect![[r#"
        src/shapes.rs:6 Method of Shape: fn area(&self) -> f64;
        src/shapes.rs:16 Method of Circle: fn area(&self) -> f64  /// In square metres.
        tools/square.py:7 Method of Square: def area(self, scale=1):
    "#]]
    .assert_eq(&definitions(&reader.definitions("area", None, "src/main.rs", 10)));
    expect![[r#"
        tools/square.py:7 Method of Square: def area(self, scale=1):
    "#]]
    .assert_eq(&definitions(&reader.definitions("area", None, "tools/other.py", 1)));
    expect![[r#"
        src/shapes.rs:16 Method of Circle: fn area(&self) -> f64  /// In square metres.
    "#]]
    .assert_eq(&definitions(&reader.definitions("area", Some("Circle"), "", 10)));
    expect![[r#"
        src/shapes.rs:11 Field of Circle: pub radius: f64
        src/shapes.rs:16 Method of Circle: fn area(&self) -> f64  /// In square metres.
    "#]]
    .assert_eq(&definitions(&reader.members("Circle", "", 10)));
}

#[test]
fn a_definition_has_its_body() {
    let (_folder, index) = indexed(&files());
    let reader = index.reader();
    let area = &reader.definitions("area", Some("Circle"), "", 1)[0];
    expect![[r#"
        fn area(&self) -> f64 {
                PI * self.radius * self.radius
            }"#]]
    .assert_eq(&reader.text("src/shapes.rs", area.place.bytes.clone()).unwrap());
    assert_eq!(reader.text("src/shapes.rs", 0..1_000_000), None, "beyond the end");
}

#[test]
fn imports_tell_module_name_and_alias() {
    let (_folder, index) = indexed(&files());
    let reader = index.reader();
    let said = |path| {
        let imports = reader.imports(path);
        let say = |import: crate::Import| {
            let crate::Import { line, module, name, alias, wildcard } = import;
            format!("{line} {module:?} {name:?} {alias:?} {wildcard}\n")
        };
        imports.into_iter().map(say).collect::<String>()
    };
    expect![[r#"
        0 ["std::fmt"] Some("self") None false
        0 ["std::fmt"] Some("Display") Some("Show") false
        1 ["crate::units"] None None true
    "#]]
    .assert_eq(&said("src/shapes.rs"));
    expect![[r#"
        0 ["os.path"] None Some("p") false
        1 ["shapes.round"] Some("Circle") Some("C") false
    "#]]
    .assert_eq(&said("tools/square.py"));
}

#[test]
fn a_module_is_found_by_the_end_of_its_path() {
    let names = ["a/units.rs", "b/units/mod.rs", "b/units/area.rs", "c/units/__init__.py", "core/src/lib.rs"];
    let (_folder, index) = indexed(&names.map(|name| (name, "")));
    let reader = index.reader();
    let files = |module: &str, near| reader.files_of(&[module.to_owned()], near, 10).join(" ");
    assert_eq!(files("crate::units", "b/main.rs"), "b/units/mod.rs a/units.rs c/units/__init__.py");
    assert_eq!(files("b::units", ""), "b/units/mod.rs a/units.rs c/units/__init__.py");
    assert_eq!(files("units::area", ""), "b/units/area.rs");
    assert_eq!(files("core", ""), "core/src/lib.rs");
    assert_eq!(files("nowhere", ""), "");
}

#[test]
fn uses_of_a_name_are_found_as_a_whole_and_in_its_case() {
    let (_folder, index) = indexed(&files());
    let reader = index.reader();
    expect![[r#"
        src/shapes.rs:1-19 use std::fmt::{self, Display as Show};
        notes.md:1-3 # Areas
        tools/square.py:1-8 import os.path as p
    "#]]
    .assert_eq(&chunks(&reader.uses("Circle", "src/main.rs", 10)));
    assert_eq!(paths(&reader.uses("totalArea", "", 10)), ["src/main.rs"]);
    assert_eq!(paths(&reader.uses("CIRCLE", "", 10)), [""; 0], "another case");
    assert_eq!(paths(&reader.uses("total", "", 10)), [""; 0], "a part");
}

#[test]
fn neighbours_are_found_by_parts_of_identifiers() {
    let (_folder, index) = indexed(&[
        ("a.rs", "fn parse_http_header(text: &str) {}\n"),
        ("b.rs", "fn parseHttpBody() {}\n"),
        ("c.rs", "fn draw() {}\n"),
        ("d.txt", "The header of a letter.\n"),
        ("e.txt", "Nothing at all.\n"),
        ("f.txt", "Nothing more.\n"),
        ("g.txt", "Nor this.\n"),
    ]);
    let reader = index.reader();
    assert_eq!(paths(&reader.neighbours("HttpHeader", "", 10)), ["a.rs", "d.txt", "b.rs"]);
    assert_eq!(paths(&reader.neighbours("HttpHeader", "", 1)), ["a.rs"]);
    assert_eq!(paths(&reader.neighbours("HttpHeader", "a.rs", 10)), ["d.txt", "b.rs"], "of other files");
    assert_eq!(paths(&reader.neighbours("nowhere, \"quoted\" OR 1", "", 10)), [""; 0]);
}

#[test]
fn answers_that_are_equally_good_come_in_the_order_of_path_and_line() {
    let text = "fn same() {}\n";
    let names = ["z/b.rs", "a/b.rs", "a/a.rs", "m.rs"];
    let (_folder, index) = indexed(&names.map(|name| (name, text)));
    let reader = index.reader();
    assert_eq!(paths(&reader.neighbours("same", "", 3)), ["a/a.rs", "a/b.rs", "m.rs"]);
    assert_eq!(paths(&reader.uses("same", "", 3)), ["a/a.rs", "a/b.rs", "m.rs"]);
    assert_eq!(paths(&reader.uses("same", "z/x.rs", 2)), ["z/b.rs", "a/a.rs"]);
}

#[test]
fn what_is_everywhere_has_no_answer() {
    let folder = crate::fixture::Folder::with(&[]);
    for number in 0..1100 {
        folder.put(&format!("{number}.rs"), format!("fn new() {{ only_{number}() }}\n"));
    }
    let index = super::open(&folder);
    super::build(&index);
    let reader = index.reader();
    assert!(reader.definitions("new", None, "", 10).is_empty());
    assert!(reader.uses("new", "", 10).is_empty());
    assert_eq!(paths(&reader.neighbours("new only_7", "", 10)), ["7.rs"]);
}
