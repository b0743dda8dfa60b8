//! C#: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"using System;
using Alias = System.Text;

namespace A.B
{
    /// <summary>A point.</summary>
    [Serializable]
    public class Point<T> : Base, IShape where T : struct
    {
        private const int Limit = 3;
        public int X { get; set; } = 1;
        public event EventHandler Changed;
        int y, z;

        public Point(int x) : base(x) { }

        // Its size.
        public async Task<double> AreaAsync(CancellationToken token = default)
        {
            foreach (var (key, value) in items)
            {
                Console.WriteLine($"{key}: {value:N2} é", @"raw ""x""");
            }
            var f = (int a) => a switch { 1 => "b", _ => null };
            using var stream = Open();
            return await stream?.ReadAsync(token) ?? 0;
        }

        public double Twice() => 2 * X;

        struct Inner { }
    }

    interface IShape
    {
        double Area();
    }

    enum Color { Red, Green = 2 }
    public record Pair(int First, int Second);
    delegate void Callback(int a);
}
"##;

#[test]
fn places() {
    places::check("csharp", r#"class A { void F() { a(1, $0); } }"#, &expect![[r#"List "(1, )""#]]);
    places::check(
        "csharp",
        r#"class A
{
    void F()
    {
        $0
    }
}"#,
        &expect![[r#"Block "{\n        \n    }", blank line"#]],
    );
    places::check("csharp", r#"class A { int x = y$0; }"#, &expect![[r#"Statement "int x = y;""#]]);
    places::check(
        "csharp",
        r#"class A { string s = "a$0"; }"#,
        &expect![[r#"Statement "string s = \"a\";", string"#]],
    );
    places::check(
        "csharp",
        r#"class A { string s = $"a {b$0}"; }"#,
        &expect![[r#"Statement "string s = $\"a {b}\";""#]],
    );
    places::check("csharp", r#"class A { } // a$0"#, &expect!["top level, comment"]);
    places::check("csharp", r#"/* a$0 */ class A { }"#, &expect!["top level, comment"]);
    places::check(
        "csharp",
        r#"class A
{
    $0
}"#,
        &expect![[r#"Block "{\n    \n}", blank line"#]],
    );
}

#[test]
fn suggestions() {
    verification::check(
        "csharp",
        r#"class A
{
    void F()
    {
        $0
        G();
    }
}
"#,
        &[
            "var x = 1;",
            "var x =",
            "if (x)",
            "foreach (var a in",
            "var s = $\"{a}\";",
            "items.Select(x => {",
            "return x switch {",
            "await F(",
            "using var a = b;",
            "}",
            ")",
            "x x x",
            "G());",
        ],
        &expect![[r#"
            ok    "var x = 1;"
            ok    "var x ="
            ok    "if (x)"
            open  "foreach (var a in"
            ok    "var s = $\"{a}\";"
            open  "items.Select(x => {"
            open  "return x switch {"
            open  "await F("
            ok    "using var a = b;"
            +1    "}"
            +1    ")"
            +1    "x x x"
            +1    "G());"
        "#]],
    );
    verification::check(
        "csharp",
        r#"class A
{
    $0
}
"#,
        &[
            "public int X { get; set; }",
            "private readonly int x;",
            "public void F()",
            "public void F() {",
            "public int X { get",
            "[Test]",
            "public",
            "return 1;",
        ],
        &expect![[r#"
            ok    "public int X { get; set; }"
            ok    "private readonly int x;"
            open  "public void F()"
            open  "public void F() {"
            open  "public int X { get"
            open  "[Test]"
            open  "public"
            +1    "return 1;"
        "#]],
    );
    verification::check(
        "csharp",
        r#"$0
"#,
        &["using System;", "using System", "namespace A", "public class A"],
        &expect![[r#"
            ok    "using System;"
            open  "using System"
            open  "namespace A"
            open  "public class A"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("csharp", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "csharp",
        SAMPLE,
        &expect![[r#"
        Module A.B [namespace A.B] 39
          Type Point [[Serializable]⏎    public class Point<T> : Base, IShape where T : struct] 26 “/// <summary>A point.</summary>”
            Field Point.Limit [private const int Limit = 3;] 1
            Field Point.X [public int X] 1
            Field Point.Changed [public event EventHandler Changed;] 1
            Field Point.y [int y, z;] 1
            Field Point.z [int y, z;] 1
            Method Point.Point [public Point(int x) : base(x)] 1
            Method Point.AreaAsync [public async Task<double> AreaAsync(CancellationToken token = default)] 10 “// Its size.”
            Method Point.Twice [public double Twice()] 1
            Type Point.Inner [struct Inner] 1
          Interface IShape [interface IShape] 4
            Method IShape.Area [double Area();] 1
          Type Color [enum Color] 1
            Variant Color.Red [Red] 1
            Variant Color.Green [Green = 2] 1
          Type Pair [public record Pair(int First, int Second);] 1
          Type Callback [delegate void Callback(int a);] 1
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "csharp",
        r#"using System;
using static System.Math;
using Alias = System.Text.Json;
global using A.B;
"#,
        &expect![[r#"
            1 ["System"]: *
            2 ["System.Math"]: *
            3 ["System.Text.Json"] as Alias: 
            4 ["A.B"]: *
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "csharp",
        r#"class A<T> : B { int x; T F(List<T> a, int b) {$0
  var c = new Point(a, key: Limit);
  foreach (var d in c.Parts()) { Console.WriteLine(d.Name, x); }
  return G(e => e + b, out var f) ?? f;
$0} }
"#,
        &expect!["Point Limit c→Parts Console Console→WriteLine d→Name x G"],
    );
    uses::check(
        "csharp",
        r#"class A { void F() { $0this.G(h); System.Text.Json i = new K { L = m };$0 } }
"#,
        &expect!["G h System System→Text System.Text→Json K m"],
    );
}

#[test]
fn parts() {
    parts::check(
        "csharp",
        r#"class A
{
    int x;
    void F(int a)
    {
        G(a, 1);
    }
}
"#,
        &expect![[r#"
            Statement "class A\n{\n    int x;\n    void F(int a)\n    {\n        G(a, 1);\n    }\n}"
            Statement "int x;"
            Statement "void F(int a)\n    {\n        G(a, 1);\n    }"
            Arguments "int a"
            Body "\n        G(a, 1);\n    "
            Statement "G(a, 1);"
            Arguments "a, 1"
        "#]],
    );
}
