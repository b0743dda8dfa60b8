//! JavaScript: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##""use strict";
const a = require("a");

/** A point. */
class Point extends Base {
  static zero = 0;
  #x = 1;

  constructor(y) {
    super();
    this.y = y;
  }

  async *items() {
    yield* this.all();
  }
}

// Adds.
function add(a, b = 1, ...rest) {
  switch (a) {
    case 1:
      return b;
    default:
      throw new Error(`no ${a}`);
  }
}

const twice = (x) => x * 2;
var old = function () {
  return /a[/]b/g.test("é");
};
let count = 0;

Point.prototype.length = function () {
  return 1;
};

/** Exported. */
exports.make = () => new Point();

module.exports = { add, twice };
"##;

#[test]
fn places() {
    places::check("javascript", r#"function f() { a(1, $0) }"#, &expect![[r#"List "(1, )""#]]);
    places::check(
        "javascript",
        r#"function f() {
  $0
}"#,
        &expect![[r#"Block "{\n  \n}", blank line"#]],
    );
    places::check("javascript", r#"const x = y$0"#, &expect![[r#"Statement "const x = y""#]]);
    places::check("javascript", r#"const x = 'a$0';"#, &expect![[r#"Statement "const x = 'a';", string"#]]);
    places::check(
        "javascript",
        r#"const x = `a
$0"#,
        &expect!["top level, string, blank line"],
    );
    places::check("javascript", r#"x(); // a$0"#, &expect!["top level, comment"]);
    places::check("javascript", r#"class A { m() {}$0 }"#, &expect![[r#"Block "{ m() {} }""#]]);
}

#[test]
fn suggestions() {
    verification::check(
        "javascript",
        r#"function f() {
  $0
  g();
}
"#,
        &[
            "const x = 1;",
            "if (a) {",
            "else {",
            "items.forEach((item) => {",
            "return {",
            "class A extends",
            "}",
            "x x x",
            "g());",
            "'abc",
        ],
        &expect![[r#"
            ok    "const x = 1;"
            open  "if (a) {"
            +1    "else {"
            open  "items.forEach((item) => {"
            open  "return {"
            open  "class A extends"
            +1    "}"
            +1    "x x x"
            +1    "g());"
            +1    "'abc"
        "#]],
    );
    verification::check(
        "javascript",
        r#"const total = {
  a: 1,
  $0
};
"#,
        &["b: 2,", "b,", "b() {", "...c,", "b = 2;"],
        &expect![[r#"
            ok    "b: 2,"
            ok    "b,"
            open  "b() {"
            ok    "...c,"
            +1    "b = 2;"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("javascript", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "javascript",
        SAMPLE,
        &expect![[r#"
        Constant a [const a] 1
        Type Point [class Point extends Base] 13 “/** A point. */”
          Field Point.zero [static zero] 1
          Field Point.#x [#x] 1
          Method Point.constructor [constructor(y)] 4
          Method Point.items [async *items()] 3
        Function add [function add(a, b = 1, ...rest)] 8 “// Adds.”
        Function twice [const twice = (x)] 1
        Function old [var old = function ()] 3
        Constant count [let count] 1
        Method Point.length [Point.prototype.length = function ()] 3
        Function make [exports.make = ()] 1 “/** Exported. */”
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "javascript",
        r#"import React, { useState as s } from "react";
const { a } = require("b");
var c = require("d"), e = f("g");
export { default as h } from "i";
"#,
        &expect![[r#"
            1 ["react"]: React, useState as s
            2 ["b"]: a
            3 ["d"] as c: 
            4 ["i"]: default as h
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "javascript",
        r#"function f(a, { b = 1 }, ...c) {$0
  let [d, e] = g(a);
  for (const i in d) h(i, e, c);
  try { j.k(l); } catch (m) { n(m); }
  return function o() { return o(b); };
$0}
"#,
        &expect!["g h j j→k l n"],
    );
    uses::check(
        "javascript",
        r#"const x = 1;
$0y(x, { x, z: w })$0;
"#,
        &expect!["y x x w"],
    );
}

#[test]
fn parts() {
    parts::check(
        "javascript",
        r#"f(a);
const g = (x) => {
  return h(x);
};
"#,
        &expect![[r#"
            Statement "f(a);"
            Arguments "a"
            Statement "const g = (x) => {\n  return h(x);\n};"
            Arguments "x"
            Body "\n  return h(x);\n"
            Statement "return h(x);"
            Arguments "x"
        "#]],
    );
}
