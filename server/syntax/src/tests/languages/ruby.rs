//! Ruby: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"require "set"
require_relative "a/b"

# A module.
module Geo
  LIMIT = 3

  # A point.
  class Point < Base
    # Reads.
    attr_reader :x

    include Comparable

    # Makes one.
    def initialize(x, y = 1, *rest, key: 2, **options, &block)
      @x = x
      @y = "a #{y + 1} é"
    end

    def self.zero
      new(0, 0)
    end

    class << self
      def one = new(1)
    end

    def each
      return enum_for(:each) unless block_given?

      items.each do |item, (a, b)|
        yield item if item.valid? && a =~ /x#{b}/i
      end
    rescue StandardError => e
      raise Error, <<~TEXT
        went #{wrong}
      TEXT
    ensure
      close
    end
  end

  Pair = Struct.new(:a, :b) do
    def sum
      a + b
    end
  end
end

case value
when 1, 2 then puts(:b)
when Hash
  x = { a: 1, "b" => %w[c d] }
else
  while x < 3
    x += 1
  end
end
"##;

#[test]
fn places() {
    places::check(
        "ruby",
        r#"def f
  a(1, $0)
end
"#,
        &expect![[r#"List "(1, )""#]],
    );
    places::check(
        "ruby",
        r#"def f
  x = 1
  $0
  y
end
"#,
        &expect![[r#"Block "x = 1\n  \n  y", blank line"#]],
    );
    places::check(
        "ruby",
        r#"def f
  x = y$0
end
"#,
        &expect![[r#"Statement "x = y""#]],
    );
    places::check(
        "ruby",
        r#"x = "a$0"
"#,
        &expect![[r#"Statement "x = \"a\"", string"#]],
    );
    places::check(
        "ruby",
        r#"x = "a #{b$0}"
"#,
        &expect![[r#"Statement "x = \"a #{b}\"""#]],
    );
    places::check(
        "ruby",
        r#"x = 1 # a$0
"#,
        &expect![[r##"Statement "# a", comment"##]],
    );
    places::check(
        "ruby",
        r#"class A
  $0
end
"#,
        &expect![[r#"Item "class A\n  \nend", blank line"#]],
    );
    places::check(
        "ruby",
        r#"x = <<~A
  b$0
A
"#,
        &expect![[r#"Statement "\n  b\nA", string"#]],
    );
    places::check(
        "ruby",
        r#"x = "a$0
"#,
        &expect![[r#"Statement "x = \"a", string"#]],
    );
}

#[test]
fn suggestions() {
    verification::check(
        "ruby",
        r#"def f
  $0
  g
end
"#,
        &[
            "x = 1",
            "x =",
            "return if x",
            "items.each do |item|",
            "items.map { |item|",
            "if x > 1",
            "puts \"a #{b}\"",
            "end",
            ")",
            "}",
            "x = )",
            "\"abc",
        ],
        &expect![[r#"
            ok    "x = 1"
            ok    "x ="
            ok    "return if x"
            open  "items.each do |item|"
            open  "items.map { |item|"
            open  "if x > 1"
            ok    "puts \"a #{b}\""
            ok    "end"
            +1    ")"
            +1    "}"
            +1    "x = )"
            +1    "\"abc"
        "#]],
    );
    verification::check(
        "ruby",
        r#"class A
  $0
end
"#,
        &["def f(a, b = 1)", "attr_reader :a", "def f", "include B", "class B < C", "end"],
        &expect![[r#"
            open  "def f(a, b = 1)"
            ok    "attr_reader :a"
            open  "def f"
            ok    "include B"
            open  "class B < C"
            ok    "end"
        "#]],
    );
    verification::check(
        "ruby",
        r#"x = $0
"#,
        &["[1, 2]", "{ a: 1 }", "foo(a", "a ? b : c", "if a", "1 + )"],
        &expect![[r#"
            ok    "[1, 2]"
            ok    "{ a: 1 }"
            open  "foo(a"
            ok    "a ? b : c"
            open  "if a"
            +1    "1 + )"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("ruby", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "ruby",
        SAMPLE,
        &expect![[r#"
            Module Geo [module Geo] 45 “# A module.”
              Constant LIMIT [LIMIT] 1
              Type Point [class Point < Base] 34 “# A point.”
                Method Point.initialize [def initialize(x, y = 1, *rest, key: 2, **options, &block)] 4 “# Makes one.”
                Method Point.zero [def self.zero] 3
                Method Point.one [def one] 1
                Method Point.each [def each] 13
              Type Pair [Pair = Struct.new(:a, :b)] 5
                Method Pair.sum [def sum] 3
        "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "ruby",
        r#"require "json"
require_relative "../a"
autoload :B, "b"
puts "c"
require File.join("d")
"#,
        &expect![[r#"
            1 ["json"]: *
            2 ["../a"]: *
            3 ["b"]: :B
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "ruby",
        r#"def f(a, b = 1, *c, d:, &e)
$0  g = Point.new(a, LIMIT)
  g.parts.each do |h, i|
    puts h.name, i, d
  end
  other(b) { |j| j + k }
$0end
"#,
        &expect!["Point Point→new LIMIT g→parts g.parts→each puts h→name other k"],
    );
    uses::check(
        "ruby",
        r#"x = 1
def f
  $0A::B.c(x)
  @d = self.y$0
end
"#,
        &expect!["A A→B A::B→c x self→y"],
    );
}

#[test]
fn parts() {
    parts::check(
        "ruby",
        r#"x = 1
def f(a)
  g(a, 1)
end
"#,
        &expect![[r#"
            Statement "x = 1"
            Statement "def f(a)\n  g(a, 1)\nend"
            Arguments "a"
            Statement "g(a, 1)"
            Body "g(a, 1)"
            Arguments "a, 1"
        "#]],
    );
}
