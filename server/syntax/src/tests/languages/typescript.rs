//! TypeScript, and TSX: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"import { a } from "./a";

/** A point. */
@sealed
export class Point<T> extends Base implements Shape {
  static zero = 0;
  private x: T;

  constructor(public y: number) {
    super();
  }

  /** Its size. */
  get size(): number {
    return this.y;
  }

  map = (f: (x: T) => T): Point<T> => {
    return new Point<T>(1);
  };
}

export interface Shape {
  area(): number;
  readonly name?: string;
}

// Either.
type Either = { left: string } | number;
export type Pair = { first: string };

enum Color {
  Red,
  Green = "green",
}

abstract class Animal {
  abstract speak(): void;
}

declare function external(a: string): void;

namespace Deep {
  export const inner = 1;
}

export default async function main(): Promise<void> {
  const local = `a ${b} c`;
  if (local) {
    return;
  }
}

export const arrow = async (a: number) => {
  function nested() {}
};
const LIMIT: number = 3, other = 4;
"##;

#[test]
fn places() {
    places::check("typescript", r#"function f() { a(1, $0) }"#, &expect![[r#"List "(1, )""#]]);
    places::check(
        "typescript",
        r#"function f() {
  $0
}"#,
        &expect![[r#"Block "{\n  \n}", blank line"#]],
    );
    places::check("typescript", r#"const x = y$0"#, &expect![[r#"Statement "const x = y""#]]);
    places::check("typescript", r#"const x = y;$0"#, &expect!["top level"]);
    places::check(
        "typescript",
        r#"const x = `a $0 ${b}`;"#,
        &expect![[r#"Statement "const x = `a  ${b}`;", string"#]],
    );
    places::check("typescript", r#"const x = `a ${b$0}`;"#, &expect![[r#"Statement "const x = `a ${b}`;""#]]);
    places::check("typescript", r#"x(); // a$0"#, &expect!["top level, comment"]);
    places::check("typescript", r#"/* a$0 */ x();"#, &expect!["top level, comment"]);
    places::check("typescript", r#"const x = "a$0"#, &expect!["top level, string"]);
    places::check("typescript", r#"interface A { $0 }"#, &expect![[r#"Block "{  }""#]]);
}

#[test]
fn suggestions() {
    verification::check(
        "typescript",
        r#"function f() {
  $0
  g();
}
"#,
        &[
            "const x = 1;",
            "const x = 1",
            "if (a) {",
            "for (const a of",
            "const f = (a: string) =>",
            "interface A {",
            "return items.map((item) => {",
            "x: string",
            "}",
            ")",
            "const = 3;",
            "g());",
        ],
        &expect![[r#"
            ok    "const x = 1;"
            ok    "const x = 1"
            open  "if (a) {"
            open  "for (const a of"
            ok    "const f = (a: string) =>"
            open  "interface A {"
            open  "return items.map((item) => {"
            ok    "x: string"
            +1    "}"
            +1    ")"
            +1    "const = 3;"
            +1    "g());"
        "#]],
    );
    verification::check(
        "typescript",
        r#"const total = $0
"#,
        &["items.map((item) => item.cost);", "items.map(", "`a ${b}`;", "`a", "a ?? b", "await f()) + 1;"],
        &expect![[r#"
            ok    "items.map((item) => item.cost);"
            open  "items.map("
            ok    "`a ${b}`;"
            +1    "`a"
            ok    "a ?? b"
            +1    "await f()) + 1;"
        "#]],
    );
    verification::check(
        "typescript",
        r#"interface A {
  $0
}
"#,
        &["name: string;", "name?:", "area(): number;", "const x = 1;"],
        &expect![[r#"
            ok    "name: string;"
            open  "name?:"
            ok    "area(): number;"
            +2    "const x = 1;"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("typescript", SAMPLE);
    incremental::check("tsx", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "typescript",
        SAMPLE,
        &expect![[r#"
        Type Point [class Point<T> extends Base implements Shape] 18 “/** A point. */”
          Field Point.zero [static zero] 1
          Field Point.x [private x: T] 1
          Method Point.constructor [constructor(public y: number)] 3
          Method Point.size [get size(): number] 3 “/** Its size. */”
          Field Point.map [map] 3
        Interface Shape [interface Shape] 4
          Method Shape.area [area(): number] 1
          Field Shape.name [readonly name?: string] 1
        Type Either [type Either = { left: string } | number;] 1 “// Either.”
        Type Pair [type Pair] 1
          Field Pair.first [first: string] 1
        Type Color [enum Color] 4
          Variant Color.Red [Red] 1
          Variant Color.Green [Green] 1
        Type Animal [abstract class Animal] 3
          Method Animal.speak [abstract speak(): void] 1
        Function external [function external(a: string): void;] 1
        Module Deep [namespace Deep] 3
          Constant inner [const inner] 1
        Function main [async function main(): Promise<void>] 6
        Function arrow [const arrow = async (a: number)] 3
        Constant LIMIT [const LIMIT: number] 1
        Constant other [const LIMIT: number = 3, other] 1
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "typescript",
        r#"import d, { a, b as c, type T } from "./m";
import * as ns from "n";
import "effect";
import type { U } from "u";
export { e } from "f";
export * from "g";
export * as h from "i";
import j = require("k");
const l = require("m");
const { n, o: p } = require("q");
export { local };
"#,
        &expect![[r#"
            1 ["./m"]: d, a, b as c, T
            2 ["n"] as ns: 
            3 ["effect"]: 
            4 ["u"]: U
            5 ["f"]: e
            6 ["g"]: *
            7 ["i"] as h: 
            8 ["k"] as j: 
            9 ["m"] as l: 
            10 ["q"]: n, o as p
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "typescript",
        r#"function f<T>(a: Vec<T>, { b, c: d }: Opts): Out {$0
  const e = a.map((g) => g + LIMIT);
  for (const h of d) { other(h, b); }
  return { e, k: c };
$0}
"#,
        &expect!["a→map LIMIT other c"],
    );
    uses::check(
        "typescript",
        r#"class A<T> { m(x: T): ns.B { $0return this.n(x as T)$0 } }"#,
        &expect!["this→n"],
    );
}

#[test]
fn parts() {
    parts::check(
        "typescript",
        r#"f(a);
class A { m(x: number) {
  return g(x, 1);
} }
"#,
        &expect![[r#"
            Statement "f(a);"
            Arguments "a"
            Statement "class A { m(x: number) {\n  return g(x, 1);\n} }"
            Statement "m(x: number) {\n  return g(x, 1);\n}"
            Arguments "x: number"
            Body "\n  return g(x, 1);\n"
            Statement "return g(x, 1);"
            Arguments "x, 1"
        "#]],
    );
}

#[test]
fn what_an_angle_bracket_begins() {
    let errors = |language: &str, text: &str| {
        let language = crate::Language::from_id(language).unwrap();
        crate::Tree::of_text(language, text).unwrap().errors()
    };
    assert_eq!(errors("typescriptreact", "const a = <A b={c}>d {e}</A>;\n"), 0);
    assert!(errors("typescript", "const a = <A b={c}>d {e}</A>;\n") > 0);
    assert_eq!(errors("typescript", "const a = <T>b;\n"), 0);
    verification::check(
        "tsx",
        "const App = () => (\n  <View>\n    $0\n  </View>\n);\n",
        &[
            "<Text>hi</Text>",
            "<Text",
            "{items.map((item) => <Text key={item} />)}",
            "{items.map((item) =>",
            "</View>",
        ],
        &expect![[r#"
            ok    "<Text>hi</Text>"
            open  "<Text"
            ok    "{items.map((item) => <Text key={item} />)}"
            open  "{items.map((item) =>"
            +1    "</View>"
        "#]],
    );
}
