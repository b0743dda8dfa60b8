//! What a file defines.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::{Language, Tree};

/// Each definition on a line, below its parent: kind, owner, name, signature, how much it spans, and its comment.
pub(super) fn check(language: &str, text: &str, want: &Expect) {
    let tree = Tree::of_text(Language::from_id(language).unwrap(), text).unwrap();
    let outline = tree.outline(text);
    let mut told = String::new();
    for definition in &outline {
        let mut parent = definition.parent;
        while let Some(above) = parent {
            told.push_str("  ");
            parent = outline[above].parent;
        }
        let part = |range: &std::ops::Range<usize>| text[range.clone()].replace('\n', "⏎");
        let owner = definition.owner.as_ref().map(|owner| format!("{}.", part(owner))).unwrap_or_default();
        let doc = definition.doc.as_ref().map(|doc| format!(" “{}”", part(doc))).unwrap_or_default();
        let (kind, name, signature) = (definition.kind, part(&definition.name), part(&definition.signature));
        let lines = text[definition.range.clone()].lines().count();
        writeln!(told, "{kind:?} {owner}{name} [{signature}] {lines}{doc}").unwrap();
    }
    want.assert_eq(&told);
}

#[test]
fn rust() {
    check(
        "rust",
        r"//! A file.

use a::b;

/// A point.
/// In a plane.
#[derive(Debug)]
pub struct Point<T> {
    /// Right.
    x: T, // trailing
    pub y: T,
}

impl<T: Copy> fmt::Display for Point<T> {
    /// Writes.
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result
    where
        T: Debug,
    {
        fn inner() {}
        Ok(())
    }
    const ZERO: u8 = 0;
}

// Not about E.

enum E { A, B(u8), C { d: u8 } }

pub trait Shape: Debug {
    type Unit;
    fn area(&self) -> f64;
    fn twice(&self) -> f64 { 2.0 * self.area() }
}

const TABLE: [u8; 2] = [
    1, 2,
];
pub(crate) mod tests {
    pub fn check() {}
}
mod far;
macro_rules! m { () => {} }
impl a::B<u8> { fn b() {} }
fn broken( {
",
        &expect![[r#"
            Type Point [pub struct Point<T>] 6 “/// A point.⏎/// In a plane.⏎”
              Field Point.x [x: T] 1 “/// Right.⏎”
              Field Point.y [pub y: T] 1
            Extension Point [impl<T: Copy> fmt::Display for Point<T>] 12
              Method Point.fmt [fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result⏎    where⏎        T: Debug,] 8 “/// Writes.⏎”
              Constant Point.ZERO [const ZERO: u8] 1
            Type E [enum E] 1
              Variant E.A [A] 1
              Variant E.B [B(u8)] 1
              Variant E.C [C { d: u8 }] 1
            Interface Shape [pub trait Shape: Debug] 5
              Type Shape.Unit [type Unit;] 1
              Method Shape.area [fn area(&self) -> f64;] 1
              Method Shape.twice [fn twice(&self) -> f64] 1
            Constant TABLE [const TABLE: [u8; 2]] 3
            Module tests [pub(crate) mod tests] 3
              Function check [pub fn check()] 1
            Module far [mod far;] 1
            Macro m [macro_rules! m] 1
            Extension B [impl a::B<u8>] 1
              Method B.b [fn b()] 1
        "#]],
    );
}

#[test]
fn python() {
    check(
        "python",
        r#"import os

LIMIT: int = 3  # lines
a, b = 1, 2

# Greets.
# Loudly.
@cache
def greet(name: str = "x") -> str:
    def inner(): pass
    x = 1
    return name

class Dog(Animal):
    """A dog."""

    legs: int = 4
    name: str

    @property
    def tail(self):
        """Wags."""
        self.wag = 1
        return 1

    class Meta:
        ordering = []

try:
    import json
except ImportError:
    json = None

if os.name == "nt":
    def only(): ...
else:
    async def only(): ...
"#,
        &expect![[r#"
            Constant LIMIT [LIMIT: int] 1
            Function greet [def greet(name: str = "x") -> str:] 5 “# Greets.⏎# Loudly.”
            Type Dog [class Dog(Animal):] 14 “"""A dog."""”
              Field Dog.legs [legs: int] 1
              Field Dog.name [name: str] 1
              Method Dog.tail [def tail(self):] 5 “"""Wags."""”
              Type Dog.Meta [class Meta:] 2
                Field Meta.ordering [ordering] 1
            Constant json [json] 1
            Function only [def only():] 1
            Function only [async def only():] 1
        "#]],
    );
}

#[test]
fn a_definition_in_broken_code_is_listed() {
    check(
        "rust",
        "impl A {\n    fn f() {}\n    fn g(\n",
        &expect![[r#"
        Function f [fn f()] 1
    "#]],
    );
    check(
        "python",
        "class A(\n\ndef f(): pass\n",
        &expect![[r#"
        Function f [def f():] 1
    "#]],
    );
}
