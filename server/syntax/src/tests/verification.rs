//! Which suggestions break a file. `$0` marks the place, `$0..$0` what is replaced.

use expect_test::{Expect, expect};
use text::Snapshot;

use super::marked;
use crate::{Language, Tree};

/// Judges each suggestion: `ok`, `open` (fine if something follows), or how many errors it adds.
pub(super) fn check(language: &str, text: &str, suggestions: &[&str], expected: &Expect) {
    let (start, rest) = text.split_once("$0").unwrap();
    let (replaced, end) = rest.split_once("$0").unwrap_or(("", rest));
    let (snapshot, tree, start) = marked(language, &format!("{start}$0{replaced}{end}"));
    let verifier = tree.verifier(&snapshot, start..start + replaced.len());
    let judged = suggestions.iter().map(|suggestion| {
        let verdict = verifier.judge(suggestion);
        assert_eq!(verdict.added, tree.added_errors(&snapshot, start..start + replaced.len(), suggestion));
        match (verdict.added, verdict.open) {
            (0, false) => format!("ok    {suggestion:?}\n"),
            (0, true) => format!("open  {suggestion:?}\n"),
            (added, _) => format!("+{added}    {suggestion:?}\n"),
        }
    });
    expected.assert_eq(&judged.collect::<String>());
}

#[test]
fn rust_on_an_empty_line() {
    check(
        "rust",
        "fn main() {\n    $0\n    foo();\n}\n",
        &[
            "let y = 1;",
            "if x {",
            "foo(",
            "for a in b {\n        c();\n    }",
            "for a in",
            "match y {\n        A =>",
            "while let Some(x) = a",
            "fn f(a: u8,",
            "#[cfg(test)]",
            "let y: Vec<",
            "{ // why",
            "let x = y +",
            "use a::{b,",
            ")",
            "}",
            "}}",
            "x x x",
            "let = 3;",
            "log(\"total",
            "foo());",
        ],
        &expect![[r##"
            ok    "let y = 1;"
            open  "if x {"
            open  "foo("
            ok    "for a in b {\n        c();\n    }"
            open  "for a in"
            open  "match y {\n        A =>"
            open  "while let Some(x) = a"
            open  "fn f(a: u8,"
            ok    "#[cfg(test)]"
            open  "let y: Vec<"
            open  "{ // why"
            ok    "let x = y +"
            open  "use a::{b,"
            +1    ")"
            +1    "}"
            +2    "}}"
            +1    "x x x"
            +1    "let = 3;"
            +2    "log(\"total"
            +1    "foo());"
        "##]],
    );
}

#[test]
fn a_line_whose_block_is_there_must_begin_it() {
    check(
        "rust",
        "fn f() {\n    if a$0\n        b();\n    }\n}\n",
        &[" {", " == c {", " == c", "(", "();"],
        &expect![[r#"
            ok    " {"
            ok    " == c {"
            +2    " == c"
            +1    "("
            +2    "();"
        "#]],
    );
    check(
        "rust",
        "fn f() {\n    if a$0\n}\n",
        &[" == c {", " == c"],
        &expect![[r#"
        open  " == c {"
        open  " == c"
    "#]],
    );
    check(
        "rust",
        "fn f() {\n    g(a$0\n        b,\n    );\n}\n",
        &[",", ".c(),", ".c()", ".c("],
        &expect![[r#"
            ok    ","
            ok    ".c(),"
            +1    ".c()"
            +1    ".c("
        "#]],
    );
    check(
        "python",
        "def f():\n    if a$0\n        b()\n",
        &[":", " == c:", " == c", " == c: d()", "(:"],
        &expect![[r#"
            ok    ":"
            ok    " == c:"
            +2    " == c"
            ok    " == c: d()"
            +1    "(:"
        "#]],
    );
    check(
        "go",
        "func f() {\n\tif a$0\n\t\tb()\n\t}\n}\n",
        &[" {", " == c {", " == c"],
        &expect![[r#"
        ok    " {"
        ok    " == c {"
        +2    " == c"
    "#]],
    );
    check(
        "c",
        "int f(void)$0\n    return 1;\n}\n",
        &[" {", ";"],
        &expect![[r#"
        ok    " {"
        +1    ";"
    "#]],
    );
    check(
        "bash",
        "if a$0\n  b\nfi\n",
        &["; then", " c; then", " c"],
        &expect![[r#"
        ok    "; then"
        ok    " c; then"
        +1    " c"
    "#]],
    );
    check(
        "ruby",
        "a.each$0\n  b\nend\n",
        &[" do |c|", "(c)"],
        &expect![[r#"
        ok    " do |c|"
        ok    "(c)"
    "#]],
    );
}

#[test]
fn rust_behind_an_unfinished_statement() {
    check(
        "rust",
        "fn main() {\n    let x = $0\n    foo();\n}\n",
        &[
            "1;",
            "1",
            "foo(a",
            "foo(a)?;",
            "if x {",
            "a.b().c(|x| {",
            "a == b &&",
            ")",
            "}",
            "\"abc",
            "1;;)",
            "= 1;",
        ],
        &expect![[r#"
            ok    "1;"
            open  "1"
            open  "foo(a"
            ok    "foo(a)?;"
            open  "if x {"
            open  "a.b().c(|x| {"
            ok    "a == b &&"
            +1    ")"
            +1    "}"
            +1    "\"abc"
            +1    "1;;)"
            +1    "= 1;"
        "#]],
    );
}

#[test]
fn rust_between_brackets_that_the_client_closed() {
    let text = "fn main() {\n    foo($0)\n    bar();\n}\n";
    check(
        "rust",
        text,
        &["a", "a, b", "a, bar(", "|x| {", "a)", "a]", "a;"],
        &expect![[r#"
        open  "a"
        open  "a, b"
        open  "a, bar("
        open  "|x| {"
        +1    "a)"
        +1    "a]"
        +1    "a;"
    "#]],
    );
    // A range that covers the closed bracket replaces it.
    let text = "fn main() {\n    foo($0)$0\n    bar();\n}\n";
    check(
        "rust",
        text,
        &["a);", "a)", "a", "a))"],
        &expect![[r#"
        ok    "a);"
        open  "a)"
        open  "a"
        +1    "a))"
    "#]],
    );
}

#[test]
fn rust_in_the_middle_of_a_field() {
    let text = "struct S {\n    name$0\n    line: u32,\n}\n";
    check(
        "rust",
        text,
        &[": String,", ": Vec<String>,", ": String,)", "x x: String,"],
        &expect![[r#"
        ok    ": String,"
        ok    ": Vec<String>,"
        +1    ": String,)"
        +1    "x x: String,"
    "#]],
    );
}

#[test]
fn rust_in_a_file_that_is_broken_elsewhere() {
    let text = "fn main() {\n    $0\n}\n\nfn broken( {\n    let = ;\n}\n";
    check(
        "rust",
        text,
        &["let y = 1;", "if x {", "foo(a));", "}"],
        &expect![[r#"
        ok    "let y = 1;"
        open  "if x {"
        +1    "foo(a));"
        ok    "}"
    "#]],
    );
}

#[test]
fn python_on_an_empty_line() {
    check(
        "python",
        "def f(a):\n    $0\n    return 1\n\n\nclass A:\n    pass\n",
        &[
            "if x:",
            "if x",
            "for a in",
            "x = [1,",
            "x =",
            "foo(",
            "try:",
            "@property",
            "class B(",
            "while x:  # why",
            "from a import",
            "with open(a) as",
            "lambda x:",
            "if x:\n        y()\n    else:\n        z()",
            "else:",
            ")",
            "x = )",
            "x = 'abc",
            "x x",
            "x = {'a': 1]",
        ],
        &expect![[r#"
            ok    "if x:"
            open  "if x"
            open  "for a in"
            open  "x = [1,"
            open  "x ="
            open  "foo("
            ok    "try:"
            open  "@property"
            open  "class B("
            ok    "while x:  # why"
            open  "from a import"
            open  "with open(a) as"
            open  "lambda x:"
            ok    "if x:\n        y()\n    else:\n        z()"
            +1    "else:"
            +1    ")"
            +1    "x = )"
            +1    "x = 'abc"
            +1    "x x"
            +1    "x = {'a': 1]"
        "#]],
    );
}

#[test]
fn python_behind_an_unfinished_statement() {
    let text = "def f(a):\n    for x in $0\n    return 1\n";
    check(
        "python",
        text,
        &["a:", "a:\n        print(x)", "range(", ")", "a]:"],
        &expect![[r#"
        ok    "a:"
        ok    "a:\n        print(x)"
        open  "range("
        +1    ")"
        +1    "a]:"
    "#]],
    );
    let text = "def f(a):\n    try:\n        $0\n";
    check(
        "python",
        text,
        &["g()", "g(", "g()\n    except E:\n        pass", "g))"],
        &expect![[r#"
        ok    "g()"
        open  "g("
        ok    "g()\n    except E:\n        pass"
        +1    "g))"
    "#]],
    );
}

#[test]
fn prose_in_strings_and_comments_is_no_error() {
    check(
        "rust",
        "fn f() { log(\"$0\"); }\n",
        &["total is {", "it's", "a\" b"],
        &expect![[r#"
        ok    "total is {"
        ok    "it's"
        +1    "a\" b"
    "#]],
    );
    check(
        "rust",
        "// $0\nfn f() {}\n",
        &["if (this } is", "code"],
        &expect![[r#"
        ok    "if (this } is"
        ok    "code"
    "#]],
    );
    check(
        "python",
        "def f():\n    \"\"\"$0\n    \"\"\"\n",
        &["Do (it", "It's \"\"\" x"],
        &expect![[r#"
        ok    "Do (it"
        +1    "It's \"\"\" x"
    "#]],
    );
}

/// A large file is judged by a fragment: the same suggestions, the same verdicts.
#[test]
fn a_large_file_is_judged_like_a_small_one() {
    let filler = "fn filler(a: u8) -> u8 {\n    a + 1\n}\n\n".repeat(400);
    for place in [
        "fn main() {\n    $0\n    foo();\n}\n",
        "impl A {\n    fn main(&self) {\n        let x = $0\n        foo();\n    }\n}\n",
        "mod a {\n$0\nfn b() {}\n}\n",
    ] {
        let (_, small, at) = marked("rust", place);
        let small_text = Snapshot::new(&place.replacen("$0", "", 1), 0);
        let (large_text, large, offset) = marked("rust", &format!("{filler}{place}{filler}"));
        for suggestion in ["if x {", "1;", ")", "}", "foo(a", "\"abc", "fn c() {}"] {
            assert_eq!(
                large.added_errors(&large_text, offset..offset, suggestion),
                small.added_errors(&small_text, at..at, suggestion),
                "{suggestion} in {place}"
            );
        }
    }
}

/// Where a brace is missing, the next function is within this one, and the fragment around them lacks nothing.
#[test]
fn the_brace_that_a_large_file_lacks_is_not_one_too_many() {
    let filler = "    fn filler(a: u8) -> u8 {\n        a + 1\n    }\n\n".repeat(200);
    let text = format!(
        "impl A {{\n    fn f() {{\n        g();\n    $0\n\n    fn h() {{}}\n}}\n\nimpl B {{\n{filler}}}\n"
    );
    let (snapshot, tree, at) = marked("rust", &text);
    assert_eq!(tree.added_errors(&snapshot, at..at, "}"), 0);
    assert!(tree.added_errors(&snapshot, at..at, "}}") > 0);
    assert!(tree.added_errors(&snapshot, at..at, ")") > 0);
}

#[test]
fn a_long_string_stays_a_string() {
    let prose = "it's prose (of a sort\n".repeat(300);
    let (snapshot, tree, at) = marked("python", &format!("x = 1\n\"\"\"\n{prose}$0\n{prose}\"\"\"\n"));
    assert_eq!(tree.added_errors(&snapshot, at..at, "more prose: don't"), 0);
    assert!(tree.added_errors(&snapshot, at..at, "\"\"\" x") > 0);
}

#[test]
fn what_cannot_be_cut_small_is_not_judged() {
    let text = format!("x = '{}'\n", "a".repeat(1 << 20));
    let snapshot = Snapshot::new(&text, 0);
    let tree = Tree::parse(Language::from_id("python").unwrap(), &snapshot, None, None).unwrap();
    assert_eq!(tree.added_errors(&snapshot, 1000..1000, "' ) '"), 0);
}
