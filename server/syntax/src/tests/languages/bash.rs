//! Bash: one file in which everything occurs, and what is particular to the language.

use expect_test::expect;

use crate::tests::{imports, incremental, outline, parts, places, uses, verification};

const SAMPLE: &str = r##"#!/usr/bin/env bash
set -euo pipefail
source ./lib.sh

# Where.
LIMIT=3
export PATH="$HOME/bin:$PATH"
declare -a items=(one "two three")

# Says it.
say() {
    local name="$1" count=${2:-1}
    if [[ -n "$name" && $count -gt 0 ]]; then
        echo "é ${name^} $(date +%s)" | tr a b > /dev/null 2>&1
    elif [ -f x ]; then
        printf '%s\n' "$name"
    else
        return 1
    fi
}

function other {
    for i in "${items[@]}"; do
        (( i++ )) || continue
    done
    while read -r line; do
        case "$line" in
            a|b) say "$line" ;;
            *) ;;
        esac
    done < "$file"
    cat <<EOF
x $y
EOF
}

say a && other
"##;

#[test]
fn places() {
    places::check(
        "bash",
        r#"f() {
    $0
    b
}
"#,
        &expect![[r#"Block "{\n    \n    b\n}", blank line"#]],
    );
    places::check(
        "bash",
        r#"x="a$0"
"#,
        &expect![[r#"Statement "x=\"a\"", string"#]],
    );
    places::check(
        "bash",
        r#"x="a $(b $0) c"
"#,
        &expect![[r#"Statement "x=\"a $(b ) c\"""#]],
    );
    places::check(
        "bash",
        r#"x='a$0'
"#,
        &expect![[r#"Statement "x='a'", string"#]],
    );
    places::check(
        "bash",
        r#"echo a # b$0
"#,
        &expect!["top level, comment"],
    );
    places::check(
        "bash",
        r#"for i in a; do
    $0
    b
done
"#,
        &expect![[r#"Block "do\n    \n    b\ndone", blank line"#]],
    );
    places::check(
        "bash",
        r#"x="a$0
"#,
        &expect![[r#"Statement "x=\"a", string"#]],
    );
}

#[test]
fn suggestions() {
    verification::check(
        "bash",
        r#"f() {
    $0
    g
}
"#,
        &[
            "local x=1",
            "echo \"$x\"",
            "if [ -n \"$x\" ]; then",
            "for i in a b; do",
            "while read -r x; do",
            "x=$(date",
            "case $x in",
            "a | b",
            "}",
            ")",
            "fi",
            "echo \"abc",
        ],
        &expect![[r#"
            ok    "local x=1"
            ok    "echo \"$x\""
            open  "if [ -n \"$x\" ]; then"
            open  "for i in a b; do"
            open  "while read -r x; do"
            open  "x=$(date"
            open  "case $x in"
            ok    "a | b"
            ok    "}"
            +1    ")"
            ok    "fi"
            +1    "echo \"abc"
        "#]],
    );
    verification::check(
        "bash",
        r#"x=$0
"#,
        &["1", "\"$y\"", "$(date)", "(a b)", "(a", "$(a | b"],
        &expect![[r#"
            ok    "1"
            ok    "\"$y\""
            ok    "$(date)"
            ok    "(a b)"
            open  "(a"
            open  "$(a | b"
        "#]],
    );
}

#[test]
fn random_edits() {
    incremental::check("bash", SAMPLE);
}

#[test]
fn outline() {
    outline::check(
        "bash",
        SAMPLE,
        &expect![[r#"
        Constant LIMIT [LIMIT] 1 “# Where.”
        Constant PATH [export PATH] 1
        Constant items [declare -a items] 1
        Function say [say()] 10 “# Says it.”
        Function other [function other] 14
    "#]],
    );
}

#[test]
fn imports() {
    imports::check(
        "bash",
        r#"source ./lib.sh
. "$DIR/b.sh" arg
echo source
"#,
        &expect![[r#"
            1 ["./lib.sh"]: *
            2 ["\"$DIR/b.sh\""]: *
        "#]],
    );
}

#[test]
fn uses() {
    uses::check(
        "bash",
        r#"f() {
$0    local a="$1"
    for b in $items; do
        say "$a" "${b}" "$LIMIT"
    done
$0}
"#,
        &expect!["1 items say LIMIT"],
    );
    uses::check(
        "bash",
        r#"X=1
$0echo "$X" | tr a b$0
"#,
        &expect!["echo X tr"],
    );
}

#[test]
fn parts() {
    parts::check(
        "bash",
        r#"x=1
f() {
    g a
}
"#,
        &expect![[r#"
            Statement "x=1"
            Statement "f() {\n    g a\n}"
            Body "\n    g a\n"
            Statement "g a"
        "#]],
    );
}
