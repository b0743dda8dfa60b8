//! C: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"#ifndef A_H
#define A_H
#include <stdio.h>
#include "a.h"

#define LIMIT 10
/* The larger one. */
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/** A point. */
struct point {
    int x; /* right */
    char *name, tags[3];
    void (*draw)(struct point *);
};

typedef struct {
    int y;
} other_t;
typedef unsigned long count_t;
typedef int (*callback)(void *);

enum color { RED, GREEN = 2 };

static const int table[] = { 1, 2 };
extern int count;

// Its size.
int area(const struct point *p);

static char *name_of(struct point *p)
{
    if (p->x == LIMIT && sizeof(*p) > 3u) {
        return "a\n" "é";
    }
    for (int i = 0; i < 3; i++)
        p->tags[i] = 'c';
    switch (p->x) {
    case 1:
        break;
    default:
        goto out;
    }
out:
    return NULL;
}
#endif
"##;

#[test]
fn places() {
    places::check("c", r#"int f(void) { a(1, $0); }"#, &expect![[r#"List "(1, )""#]]);
    places::check(
        "c",
        r#"int f(void) {
    $0
}"#,
        &expect![[r#"Block "{\n    \n}", blank line"#]],
    );
    places::check("c", r#"int f(void) { int x = y$0; }"#, &expect![[r#"Statement "int x = y;""#]]);
    places::check("c", r#"int f(void) { return 1;$0 }"#, &expect![[r#"Block "{ return 1; }""#]]);
    places::check("c", r#"char *x = "a$0";"#, &expect![[r#"Statement "char *x = \"a\";", string"#]]);
    places::check("c", r#"int x; // a$0"#, &expect!["top level, comment"]);
    places::check("c", r#"int x; /* a$0 */"#, &expect!["top level, comment"]);
    places::check("c", r#"struct a { $0 };"#, &expect![[r#"Block "{  }""#]]);
}

#[test]
fn suggestions() {
    verification::check(
        "c",
        r#"int f(void)
{
    $0
    g();
}
"#,
        &[
            "int x = 1;",
            "int x =",
            "if (x) {",
            "if (x)",
            "for (int i = 0; i < n; i++)",
            "return a->b;",
            "char *s = \"a\";",
            "switch (x) {",
            "#define A 1",
            "}",
            ")",
            "x x x",
            "g());",
            "int = 3;",
        ],
        &expect![[r##"
            ok    "int x = 1;"
            ok    "int x ="
            open  "if (x) {"
            ok    "if (x)"
            ok    "for (int i = 0; i < n; i++)"
            ok    "return a->b;"
            ok    "char *s = \"a\";"
            open  "switch (x) {"
            ok    "#define A 1"
            +1    "}"
            +1    ")"
            +1    "x x x"
            +1    "g());"
            +1    "int = 3;"
        "##]],
    );
    verification::check(
        "c",
        r#"struct a {
    $0
};
"#,
        &["int x;", "int x", "struct b *next;", "void (*f)(int);", "return 1;"],
        &expect![[r#"
            ok    "int x;"
            open  "int x"
            ok    "struct b *next;"
            ok    "void (*f)(int);"
            +1    "return 1;"
        "#]],
    );
    verification::check(
        "c",
        r#"$0
"#,
        &["#include <a.h>", "int main(void) {", "static int f(", "typedef struct {", "struct a"],
        &expect![[r##"
            ok    "#include <a.h>"
            open  "int main(void) {"
            open  "static int f("
            open  "typedef struct {"
            open  "struct a"
        "##]],
    );
}

#[test]
fn random_edits() {
    incremental::check("c", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "c",
        SAMPLE,
        &expect![[r#"
            Macro LIMIT [#define LIMIT 10] 1
            Macro MAX [#define MAX(a, b)] 1 “/* The larger one. */”
            Type point [struct point] 5 “/** A point. */”
              Field point.x [int x;] 1
              Field point.name [char *name, tags[3];] 1
              Field point.tags [char *name, tags[3];] 1
              Field point.draw [void (*draw)(struct point *);] 1
            Type other_t [typedef struct] 3
              Field other_t.y [int y;] 1
            Type count_t [typedef unsigned long count_t;] 1
            Type callback [typedef int (*callback)(void *);] 1
            Type color [enum color] 1
              Variant color.RED [RED] 1
              Variant color.GREEN [GREEN = 2] 1
            Constant table [static const int table[]] 1
            Constant count [extern int count;] 1
            Function area [int area(const struct point *p);] 1 “// Its size.”
            Function name_of [static char *name_of(struct point *p)] 16
        "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "c",
        r#"#include <stdio.h>
#include "a/b.h"
#define X 1
"#,
        &expect![[r#"
            1 ["<stdio.h>"]: *
            2 ["a/b.h"]: *
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "c",
        r#"int f(struct point *a, int b[3]) {$0
    size_t c = LIMIT, *d = g(a->name);
    for (int i = 0; i < b[0]; i++) h(i, c, *d);
    point_t p = { .x = 1 };
    return p.y;
$0}
"#,
        &expect!["LIMIT g a→name h point_t p→y"],
    );
    uses::check(
        "c",
        r#"static int x;
int f(void) { $0return x + y;$0 }
"#,
        &expect!["x y"],
    );
}

#[test]
fn parts() {
    parts::check(
        "c",
        r#"int x;
int f(int a) {
    g(a, 1);
}
"#,
        &expect![[r#"
            Statement "int x;"
            Statement "int f(int a) {\n    g(a, 1);\n}"
            Arguments "int a"
            Body "\n    g(a, 1);\n"
            Statement "g(a, 1);"
            Arguments "a, 1"
        "#]],
    );
}
