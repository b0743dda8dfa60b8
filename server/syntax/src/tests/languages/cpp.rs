//! C++: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"#pragma once
#include <vector>

using namespace std;

namespace geo::flat {

/// A point.
template <typename T>
class Point : public Base {
public:
    explicit Point(T x) : x_(x) {}
    virtual ~Point() = default;
    Point &operator+=(const Point &other);
    // Its size.
    [[nodiscard]] double area() const noexcept { return x_ * 2; }
    static int count;

private:
    T x_{};
};

enum class Color : int { Red, Green = 2 };
using Points = std::vector<Point<int>>;

struct Plain { int a = 1; };

namespace {
constexpr int kLimit = 3;
}

} // namespace geo::flat

template <typename T>
Point<T> &Point<T>::operator+=(const Point<T> &other) { return *this; }

double geo::Circle::area() const
{
    auto f = [this, &x = y](int a) -> int { return a + 1'000; };
    for (const auto &[key, value] : map_) {
        if (auto it = find(key); it != end()) throw std::runtime_error(R"(raw "é")");
    }
    return static_cast<double>(f(1));
}
"##;

#[test]
fn places() {
    places::check("cpp", r#"int f() { a(1, $0); }"#, &expect![[r#"List "(1, )""#]]);
    places::check(
        "cpp",
        r#"class A {
    $0
};"#,
        &expect![[r#"Block "{\n    \n}", blank line"#]],
    );
    places::check("cpp", r#"void f() { std::vector<$0> x; }"#, &expect![[r#"List "<>""#]]);
    places::check("cpp", r#"auto x = R"(a$0)";"#, &expect![[r#"Statement "auto x = R\"(a)\";", string"#]]);
    places::check("cpp", r#"int x; // a$0"#, &expect!["top level, comment"]);
    places::check("cpp", r#"void f() { g([&]() { $0 }); }"#, &expect![[r#"Block "{  }""#]]);
}

#[test]
fn suggestions() {
    verification::check(
        "cpp",
        r#"void f()
{
    $0
    g();
}
"#,
        &[
            "auto x = 1;",
            "for (const auto &a :",
            "std::vector<int> v{1, 2};",
            "std::sort(v.begin(), v.end(), [](int a, int b) {",
            "if (auto it = m.find(k); it != m.end()) {",
            "return std::make_unique<A>(",
            "std::cout << a <<",
            "try {",
            "}",
            "x x x",
            "g());",
        ],
        &expect![[r#"
            ok    "auto x = 1;"
            open  "for (const auto &a :"
            ok    "std::vector<int> v{1, 2};"
            open  "std::sort(v.begin(), v.end(), [](int a, int b) {"
            open  "if (auto it = m.find(k); it != m.end()) {"
            open  "return std::make_unique<A>("
            ok    "std::cout << a <<"
            open  "try {"
            +1    "}"
            +1    "x x x"
            +1    "g());"
        "#]],
    );
    verification::check(
        "cpp",
        r#"class A {
public:
    $0
};
"#,
        &[
            "A();",
            "int x = 1;",
            "virtual void f() = 0;",
            "int f() const {",
            "A(int a) : a_(a) {}",
            "private:",
            "return 1;",
        ],
        &expect![[r#"
            ok    "A();"
            ok    "int x = 1;"
            ok    "virtual void f() = 0;"
            open  "int f() const {"
            ok    "A(int a) : a_(a) {}"
            ok    "private:"
            +1    "return 1;"
        "#]],
    );
    verification::check(
        "cpp",
        r#"$0
"#,
        &["#include <a>", "namespace a {", "template <typename T>", "int A::f() {", "class A :"],
        &expect![[r##"
            ok    "#include <a>"
            open  "namespace a {"
            open  "template <typename T>"
            open  "int A::f() {"
            open  "class A :"
        "##]],
    );
}

#[test]
fn random_edits() {
    incremental::check("cpp", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "cpp",
        SAMPLE,
        &expect![[r#"
        Module geo::flat [namespace geo::flat] 27
          Type Point [class Point : public Base] 12
            Method Point.Point [explicit Point(T x) : x_(x)] 1
            Method Point.~Point [virtual ~Point() = default;] 1
            Method Point.operator+= [Point &operator+=(const Point &other);] 1
            Method Point.area [[[nodiscard]] double area() const noexcept] 1 “// Its size.”
            Field Point.count [static int count;] 1
            Field Point.x_ [T x_{};] 1
          Type Color [enum class Color : int] 1
            Variant Color.Red [Red] 1
            Variant Color.Green [Green = 2] 1
          Type Points [using Points = std::vector<Point<int>>;] 1
          Type Plain [struct Plain] 1
            Field Plain.a [int a = 1;] 1
          Constant kLimit [constexpr int kLimit] 1
        Method Point.operator+= [Point<T> &Point<T>::operator+=(const Point<T> &other)] 1
        Method Circle.area [double geo::Circle::area() const] 8
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "cpp",
        r#"#include <vector>
using namespace std::chrono;
using std::string;
"#,
        &expect![[r#"
            1 ["<vector>"]: *
            2 ["std::chrono"]: *
            2 ["std"]: chrono
            3 ["std"]: string
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "cpp",
        r#"template <typename T>
Out f(const std::vector<T> &a, int b = 1) {$0
    auto c = std::make_unique<Point>(a);
    for (const auto &d : c->parts) { h(d, b); }
    return [&](int e) { return e + LIMIT; }(1);
$0}
"#,
        &expect!["make_unique Point c→parts h LIMIT"],
    );
    uses::check(
        "cpp",
        r#"class A : public B { int x; void f() { $0this->x = y.z; g<T>(x)$0; } };
"#,
        &expect!["this→x y y→z g T x"],
    );
}

#[test]
fn parts() {
    parts::check(
        "cpp",
        r#"int x;
class A { void f(int a) {
    g(a, 1);
} };
"#,
        &expect![[r#"
            Statement "int x;"
            Statement "class A { void f(int a) {\n    g(a, 1);\n} }"
            Statement "void f(int a) {\n    g(a, 1);\n}"
            Arguments "int a"
            Body "\n    g(a, 1);\n"
            Statement "g(a, 1);"
            Arguments "a, 1"
        "#]],
    );
}
