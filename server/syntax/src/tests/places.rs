//! What a place is inside of. `$0` marks it.

use expect_test::{Expect, expect};

use super::marked;

pub(super) fn check(language: &str, text: &str, expected: &Expect) {
    let (snapshot, tree, offset) = marked(language, text);
    let place = tree.place(&snapshot, offset);
    assert_eq!(place.scope, tree.enclosing(&snapshot, offset));
    let scope = place.scope.map_or_else(
        || "top level".to_owned(),
        |scope| format!("{:?} {:?}", scope.kind, snapshot.slice(scope.range)),
    );
    let flags =
        [(place.in_comment, "comment"), (place.in_string, "string"), (place.blank_line, "blank line")];
    let flags = flags.iter().filter(|(set, _)| *set).map(|(_, name)| format!(", {name}"));
    expected.assert_eq(&(scope + &flags.collect::<String>()));
}

#[test]
fn rust_scopes() {
    check("rust", "$0fn f() {}", &expect!["top level"]);
    check("rust", "fn f() {}\n$0\nfn g() {}", &expect!["top level, blank line"]);
    check("rust", "fn f() { a(1, $0) }", &expect![[r#"List "(1, )""#]]);
    check("rust", "fn f() {\n    $0\n    a();\n}", &expect![[r#"Block "{\n    \n    a();\n}", blank line"#]]);
    check("rust", "fn f() { let x = y$0; }", &expect![[r#"Statement "let x = y;""#]]);
    check("rust", "fn f() { let x = y;$0 }", &expect![[r#"Block "{ let x = y; }""#]]);
    check("rust", "fn f() { x.y$0 }", &expect![[r#"Statement "x.y""#]]);
    check("rust", "fn f() { match x { A => b$0, _ => c } }", &expect![[r#"Statement "A => b,""#]]);
    check("rust", "struct S { a: u8,$0 }", &expect![[r#"Block "{ a: u8, }""#]]);
    check("rust", "use a::{b$0};", &expect![[r#"List "{b}""#]]);
    check("rust", "fn f$0() {}", &expect![[r#"Item "fn f() {}""#]]);
}

#[test]
fn rust_strings_and_comments() {
    check("rust", r#"fn f() { a("b$0") }"#, &expect![[r#"List "(\"b\")", string"#]]);
    check("rust", r#"fn f() { a("b"$0) }"#, &expect![[r#"List "(\"b\")""#]]);
    check("rust", "fn f() {} // a$0", &expect!["top level, comment"]);
    check("rust", "/// a$0\nfn f() {}", &expect!["top level, comment"]);
    check("rust", "/// a\n$0fn f() {}", &expect!["top level"]);
    check("rust", "fn f() {} /* a */$0", &expect!["top level"]);
    check("rust", "fn f() {} /* $0 */", &expect!["top level, comment"]);
}

#[test]
fn python_scopes() {
    check("python", "$0x = 1\n", &expect!["top level"]);
    check("python", "def f(a, $0): pass\n", &expect![[r#"List "(a, )""#]]);
    check("python", "def f():\n    x = $0y\n", &expect![[r#"Statement "x = y""#]]);
    check("python", "def f():\n    x = y$0\n", &expect![[r#"Statement "x = y""#]]);
    check("python", "class A:\n    $0x = y\n", &expect![[r#"Block "x = y""#]]);
    check("python", "x = {'a': [1, $0]}\n", &expect![[r#"List "[1, ]""#]]);
}

#[test]
fn python_blank_lines_belong_to_the_block_at_their_indentation() {
    let body = "def f():\n    if a:\n        b()\n";
    check("python", &format!("{body}        $0\n"), &expect![[r#"Block "b()", blank line"#]]);
    check("python", &format!("{body}    $0\n"), &expect![[r#"Block "if a:\n        b()", blank line"#]]);
    check("python", &format!("{body}$0\n"), &expect!["top level, blank line"]);
    check(
        "python",
        &format!("{body}\n\n    $0\nx = 1\n"),
        &expect![[r#"Block "if a:\n        b()", blank line"#]],
    );
}

#[test]
fn python_strings_and_comments() {
    check("python", "x = 'a$0'\n", &expect![[r#"Statement "x = 'a'", string"#]]);
    check("python", "x = f'a {b$0} c'\n", &expect![[r#"Statement "x = f'a {b} c'""#]]);
    check("python", "x = f'a {b} c$0'\n", &expect![[r#"Statement "x = f'a {b} c'", string"#]]);
    check(
        "python",
        "def f():\n    \"\"\"A\n    $0\n    \"\"\"\n",
        &expect![[r#"Statement "\"\"\"A\n    \n    \"\"\"", string, blank line"#]],
    );
    check("python", "x = 1  # a$0\n", &expect!["top level, comment"]);
}

#[test]
fn unfinished_strings_are_strings() {
    check("python", "x = 'a$0\ny = 1\n", &expect![[r#"Statement "x = 'a", string"#]]);
    check("rust", "fn f() { let x = \"a$0\n}", &expect![[r#"Block "{ let x = \"a\n}", string"#]]);
    check("python", "def f():\n    \"\"\"A\n    b$0\n\nx = 1\n", &expect![[r#"Statement "b", string"#]]);
    check("python", "x = 'a\ny = 1$0\n", &expect![[r#"Statement "y = 1""#]]);
}
