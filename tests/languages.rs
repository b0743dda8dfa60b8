//! Completion in each language that Hob parses, and in one that it doesn't: something is shown, and nothing falls over.
//!
//! Must not judge what is shown: the built-in model has learned two of these languages, and in the others copies what is there.

use e2e::World;

/// A file for each way in which a language may call itself, with the line that stands in it several times. `$0` is where its last
/// occurrence is cut.
const FILES: [(&str, &str, &str); 13] = [
    ("a.rs", "rust", "fn f() {\n    LINE;\n    LINE;\n    LINE;\n    $0\n}\n"),
    ("a.py", "python", "def f():\n    LINE\n    LINE\n    LINE\n    $0\n"),
    ("a.ts", "typescript", "function f(): void {\n  LINE;\n  LINE;\n  LINE;\n  $0\n}\n"),
    ("a.tsx", "typescriptreact", "function F() {\n  LINE;\n  LINE;\n  LINE;\n  $0\n  return <b>c</b>;\n}\n"),
    ("a.js", "javascript", "function f() {\n  LINE;\n  LINE;\n  LINE;\n  $0\n}\n"),
    ("a.go", "go", "package a\n\nfunc f() {\n\tLINE\n\tLINE\n\tLINE\n\t$0\n}\n"),
    ("a.c", "c", "int f(void)\n{\n    LINE;\n    LINE;\n    LINE;\n    $0\n}\n"),
    ("a.cc", "c++", "int f()\n{\n    LINE;\n    LINE;\n    LINE;\n    $0\n}\n"),
    (
        "A.java",
        "java",
        "class A {\n    void f() {\n        LINE;\n        LINE;\n        LINE;\n        $0\n    }\n}\n",
    ),
    (
        "A.cs",
        "cs",
        "class A\n{\n    void F()\n    {\n        LINE;\n        LINE;\n        LINE;\n        $0\n    }\n}\n",
    ),
    ("a.rb", "ruby", "def f\n  LINE\n  LINE\n  LINE\n  $0\nend\n"),
    ("a.sh", "shellscript", "f() {\n    x=\"$(LINE)\"\n    x=\"$(LINE)\"\n    x=\"$(LINE)\"\n    $0\n}\n"),
    ("a.lua", "lua", "function f()\n  LINE\n  LINE\n  LINE\n  $0\nend\n"),
];

const LINE: &str = "collect(total, weight)";

#[test]
fn something_is_shown_in_every_language() {
    let world = World::new();
    let editor = world.editor().start();
    for (name, language, text) in FILES {
        let text = text.replace("LINE", LINE);
        let (before, after) = text.split_once("$0").unwrap();
        let mut buffer = editor.open(name, language, &format!("{before}{after}"));
        buffer.put_after(before);
        buffer.type_in(if language == "shellscript" { "x=\"$(coll" } else { "coll" });
        let item = buffer.complete().unwrap_or_else(|| panic!("silence in {language}"));
        buffer.accept(&item);
        buffer.assert_in_sync();
        buffer.close();
    }
    editor.quit();
}
