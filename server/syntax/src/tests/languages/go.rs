//! Go: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"// Package a is a package.
package a

import (
	"fmt"
)

// Limit is a limit.
const Limit = 3

const (
	// Red is red.
	Red Color = iota
	Green
)

var table, other = map[string]int{
	"é": 1,
}, 2

// Point is a point.
type Point struct {
	X, Y int // right and up
	name string `json:"name"`
}

type (
	// Shape has an area.
	Shape interface {
		Area() float64
	}
	Color int
)

type List[T any] struct{ items []T }

// Area is its size.
func (p *Point) Area() float64 {
	if p.X > 0 {
		return float64(p.X)
	}
	return 0
}

func (l List[T]) Len() int { return len(l.items) }

func main() {
	for i, x := range table {
		go func() { fmt.Println(i, x, `raw`, 'c') }()
	}
	switch y := f().(type) {
	case int:
		ch <- y
	default:
	}
}
"##;

#[test]
fn places() {
    places::check(
        "go",
        r#"package a
func f() { a(1, $0) }"#,
        &expect![[r#"List "(1, )""#]],
    );
    places::check(
        "go",
        r#"package a
func f() {
	$0
}"#,
        &expect![[r#"Block "{\n\t\n}", blank line"#]],
    );
    places::check(
        "go",
        r#"package a
func f() {
	x := y$0
}"#,
        &expect![[r#"Statement "x := y""#]],
    );
    places::check(
        "go",
        r#"package a
var x = "a$0""#,
        &expect![[r#"Statement "x = \"a\"", string"#]],
    );
    places::check(
        "go",
        r#"package a
var x = `a
$0b`"#,
        &expect![[r#"Statement "x = `a\nb`", string"#]],
    );
    places::check(
        "go",
        r#"package a
// a$0"#,
        &expect!["top level, comment"],
    );
    places::check(
        "go",
        r#"package a
/* a$0 */"#,
        &expect!["top level, comment"],
    );
    places::check(
        "go",
        r#"package a
type A struct {
	$0
}"#,
        &expect![[r#"Block "{\n\t\n}", blank line"#]],
    );
}

#[test]
fn suggestions() {
    verification::check(
        "go",
        r#"package a

func f() {
	$0
	g()
}
"#,
        &[
            "x := 1",
            "x :=",
            "if x > 0 {",
            "for i := range",
            "if err != nil {\n\t\treturn err\n\t}",
            "go func() {",
            "switch x {",
            "var x []string",
            "return a, b",
            "}",
            ")",
            "x x",
            "g())",
        ],
        &expect![[r#"
            ok    "x := 1"
            ok    "x :="
            open  "if x > 0 {"
            open  "for i := range"
            ok    "if err != nil {\n\t\treturn err\n\t}"
            open  "go func() {"
            open  "switch x {"
            ok    "var x []string"
            ok    "return a, b"
            +1    "}"
            +1    ")"
            +1    "x x"
            +1    "g())"
        "#]],
    );
    verification::check(
        "go",
        r#"package a

type A struct {
	$0
}
"#,
        &["Name string", "Name string `json:", "Name", "func f() {"],
        &expect![[r#"
            ok    "Name string"
            +1    "Name string `json:"
            ok    "Name"
            +2    "func f() {"
        "#]],
    );
    verification::check(
        "go",
        r#"package a

$0
"#,
        &["func f(a int) error {", "type A struct {", "import (", "var x = map[string]int{", "x := 1"],
        &expect![[r#"
            open  "func f(a int) error {"
            open  "type A struct {"
            open  "import ("
            open  "var x = map[string]int{"
            ok    "x := 1"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("go", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "go",
        SAMPLE,
        &expect![[r#"
        Constant Limit [const Limit = 3] 1 “// Limit is a limit.”
        Constant Red [Red Color = iota] 1 “// Red is red.”
        Constant Green [Green] 1
        Constant table [var table, other] 3
        Constant other [var table, other] 3
        Type Point [type Point struct] 4 “// Point is a point.”
          Field Point.X [X, Y int] 1
          Field Point.Y [X, Y int] 1
          Field Point.name [name string `json:"name"`] 1
        Interface Shape [Shape interface] 3 “// Shape has an area.”
          Method Shape.Area [Area() float64] 1
        Type Color [Color int] 1
        Type List [type List[T any] struct] 1
          Field List.items [items []T] 1
        Method Point.Area [func (p *Point) Area() float64] 6 “// Area is its size.”
        Method List.Len [func (l List[T]) Len() int] 1
        Function main [func main()] 10
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "go",
        r#"package a

import "fmt"
import (
	f "a/b"
	_ "c"
	. "d"
)
"#,
        &expect![[r#"
            3 ["fmt"]: 
            4 ["a/b"] as f: 
            4 ["c"]: 
            4 ["d"]: *
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "go",
        r#"package a
func f[T any](a []T, b, c int) Out {$0
	d, e := g(a)
	for i, x := range d.Items() { fmt.Println(i, x, e) }
	var h pkg.Type = Point{X: b}
	return h.Len(c)
$0}
"#,
        &expect!["g d→Items fmt fmt→Println pkg→Type Point h→Len"],
    );
    uses::check(
        "go",
        r#"package a
var x = 1
func f() { $0y(x)$0 }
"#,
        &expect!["y x"],
    );
}

#[test]
fn parts() {
    parts::check(
        "go",
        r#"package a

func f(x int) {
	g(x, 1)
}
"#,
        &expect![[r#"
            Statement "package a"
            Statement "func f(x int) {\n\tg(x, 1)\n}"
            Arguments "x int"
            Body "\n\tg(x, 1)\n"
            Statement "g(x, 1)"
            Arguments "x, 1"
        "#]],
    );
}
