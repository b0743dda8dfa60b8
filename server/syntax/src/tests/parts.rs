//! What an evaluation may take out of a file.

use expect_test::{Expect, expect};
use text::Snapshot;

use crate::{Language, Tree};

/// Each part of the text, by its kind.
pub(super) fn check(language: &str, text: &str, want: &Expect) {
    let snapshot = Snapshot::new(text, 0);
    let tree = Tree::parse(Language::from_id(language).unwrap(), &snapshot, None, None).unwrap();
    let told: Vec<String> =
        tree.parts().into_iter().map(|(part, range)| format!("{part:?} {:?}\n", &text[range])).collect();
    want.assert_eq(&told.concat());
}

#[test]
fn parts_of_rust() {
    check(
        "rust",
        "use a::b;\n\nfn f(x: u32) -> u32 {\n    // why\n    g(x, 1);\n    x\n}\n",
        &expect![[r#"
            Statement "use a::b;"
            Statement "fn f(x: u32) -> u32 {\n    // why\n    g(x, 1);\n    x\n}"
            Arguments "x: u32"
            Body "\n    // why\n    g(x, 1);\n    x\n"
            Statement "g(x, 1);"
            Arguments "x, 1"
            Statement "x"
        "#]],
    );
}

#[test]
fn parts_of_python() {
    check(
        "python",
        "import a\n\ndef f(x):\n    # why\n    g(x, 1)\n    return {x}\n",
        &expect![[r#"
            Statement "import a"
            Statement "def f(x):\n    # why\n    g(x, 1)\n    return {x}"
            Arguments "x"
            Body "g(x, 1)\n    return {x}"
            Statement "g(x, 1)"
            Arguments "x, 1"
            Statement "return {x}"
        "#]],
    );
}

#[test]
fn what_is_broken_is_no_part() {
    check(
        "rust",
        "fn f() { g(; }\n",
        &expect![[r#"
        Arguments ""
    "#]],
    );
}

#[test]
fn errors_are_counted() {
    let errors = |text: &str| {
        let snapshot = Snapshot::new(text, 0);
        Tree::parse(Language::from_id("rust").unwrap(), &snapshot, None, None).unwrap().errors()
    };
    assert_eq!(errors("fn f() {}\n"), 0);
    assert!(errors("fn f( {}\n") > 0);
}
