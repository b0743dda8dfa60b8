//! Java: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"package a.b;

import java.util.List;

/**
 * A point.
 */
@Sealed
public class Point<T> extends Base implements Shape {
    private static final int LIMIT = 3;
    int x, y;

    public Point(int x) {
        super(x);
    }

    // Its size.
    @Override
    public double area() throws IOException {
        for (String s : List.of("é")) {
            System.out.println(s + 'c');
        }
        Runnable r = () -> { work(x -> x + 1); };
        try (var in = open()) {
            return in.read();
        } catch (IOException | Error e) {
            throw e;
        }
    }

    static class Inner {}
}

interface Shape {
    double area();
    int MAX = 1;
}

enum Color {
    RED, GREEN(2) { };

    void mix() {}
}

record Pair(int a, int b) {
    Pair {
        check(a);
    }
}

@interface Marker {
    String value() default "";
}
"##;

#[test]
fn places() {
    places::check("java", r#"class A { void f() { a(1, $0); } }"#, &expect![[r#"List "(1, )""#]]);
    places::check(
        "java",
        r#"class A {
    void f() {
        $0
    }
}"#,
        &expect![[r#"Block "{\n        \n    }", blank line"#]],
    );
    places::check("java", r#"class A { int x = y$0; }"#, &expect![[r#"Statement "int x = y;""#]]);
    places::check(
        "java",
        r#"class A { String s = "a$0"; }"#,
        &expect![[r#"Statement "String s = \"a\";", string"#]],
    );
    places::check("java", r#"class A { } // a$0"#, &expect!["top level, comment"]);
    places::check("java", r#"/** a$0 */ class A { }"#, &expect!["top level, comment"]);
    places::check(
        "java",
        r#"class A {
    $0
}"#,
        &expect![[r#"Block "{\n    \n}", blank line"#]],
    );
    places::check(
        "java",
        r#"class A { String s = "a$0
}"#,
        &expect!["top level, string"],
    );
}

#[test]
fn suggestions() {
    verification::check(
        "java",
        r#"class A {
    void f() {
        $0
        g();
    }
}
"#,
        &[
            "int x = 1;",
            "int x =",
            "if (x) {",
            "for (String s : list)",
            "List<String> a = new ArrayList<>();",
            "list.stream().map(x -> {",
            "return switch (x) {",
            "try {",
            "}",
            ")",
            "x x x",
            "g());",
        ],
        &expect![[r#"
            ok    "int x = 1;"
            ok    "int x ="
            open  "if (x) {"
            ok    "for (String s : list)"
            ok    "List<String> a = new ArrayList<>();"
            open  "list.stream().map(x -> {"
            open  "return switch (x) {"
            open  "try {"
            +1    "}"
            +1    ")"
            +1    "x x x"
            +1    "g());"
        "#]],
    );
    verification::check(
        "java",
        r#"class A {
    $0
}
"#,
        &[
            "private final int x;",
            "public void f() {",
            "@Override",
            "public static void main(String[] args)",
            "public",
            "return 1;",
        ],
        &expect![[r#"
            ok    "private final int x;"
            open  "public void f() {"
            open  "@Override"
            open  "public static void main(String[] args)"
            open  "public"
            +1    "return 1;"
        "#]],
    );
    verification::check(
        "java",
        r#"$0
"#,
        &["import java.util.List;", "import java.util", "public class A {", "package a;"],
        &expect![[r#"
            ok    "import java.util.List;"
            open  "import java.util"
            open  "public class A {"
            ok    "package a;"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("java", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "java",
        SAMPLE,
        &expect![[r#"
        Type Point [@Sealed⏎public class Point<T> extends Base implements Shape] 25 “/**⏎ * A point.⏎ */”
          Field Point.LIMIT [private static final int LIMIT] 1
          Field Point.x [int x, y;] 1
          Field Point.y [int x, y;] 1
          Method Point.Point [public Point(int x)] 3
          Method Point.area [@Override⏎    public double area() throws IOException] 12 “// Its size.”
          Type Point.Inner [static class Inner] 1
        Interface Shape [interface Shape] 4
          Method Shape.area [double area();] 1
          Constant Shape.MAX [int MAX] 1
        Type Color [enum Color] 5
          Variant Color.RED [RED] 1
          Variant Color.GREEN [GREEN(2)] 1
          Method Color.mix [void mix()] 1
        Type Pair [record Pair(int a, int b)] 5
          Method Pair.Pair [Pair] 3
        Interface Marker [@interface Marker] 3
          Method Marker.value [String value() default "";] 1
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "java",
        r#"package a;
import java.util.List;
import static a.B.c;
import d.*;
import e;
"#,
        &expect![[r#"
            2 ["java.util"]: List
            3 ["a.B"]: c
            4 ["d"]: *
            5 []: e
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "java",
        r#"class A<T> extends B { int x; T f(List<T> a, int b) {$0
  var c = new Point(a, LIMIT);
  for (Part d : c.parts()) { System.out.println(d.name, x); }
  return g(e -> e + b, String::valueOf);
$0} }
"#,
        &expect![
            "var Point LIMIT Part c→parts System System→out System.out→println d→name x g String String→valueOf"
        ],
    );
    uses::check(
        "java",
        r#"class A { void f() { $0this.g(h); Map.Entry<K, V> i;$0 } }
"#,
        &expect!["this→g h Map Map→Entry K V"],
    );
}

#[test]
fn parts() {
    parts::check(
        "java",
        r#"class A {
    int x;
    void f(int a) {
        g(a, 1);
    }
}
"#,
        &expect![[r#"
            Statement "class A {\n    int x;\n    void f(int a) {\n        g(a, 1);\n    }\n}"
            Statement "int x;"
            Statement "void f(int a) {\n        g(a, 1);\n    }"
            Arguments "int a"
            Body "\n        g(a, 1);\n    "
            Statement "g(a, 1);"
            Arguments "a, 1"
        "#]],
    );
}
