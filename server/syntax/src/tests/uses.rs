//! Which names code uses. `$0..$0` is the range.

use expect_test::{Expect, expect};

use super::marked;

/// The uses between the marks, each with its receiver.
pub(super) fn check(language: &str, text: &str, want: &Expect) {
    let (start, rest) = text.split_once("$0").unwrap();
    let (range, end) = rest.split_once("$0").unwrap();
    let (snapshot, tree, start) = marked(language, &format!("{start}$0{range}{end}"));
    let uses = tree.uses(&snapshot, start..start + range.len());
    // A snapshot and a text say the same.
    assert_eq!(uses, tree.uses(snapshot.to_string().as_str(), start..start + range.len()));
    let told: Vec<_> = uses
        .into_iter()
        .map(|used| match used.receiver {
            Some(receiver) => format!("{}→{}", snapshot.slice(receiver), snapshot.slice(used.name)),
            None => snapshot.slice(used.name).into_owned(),
        })
        .collect();
    want.assert_eq(&told.join(" "));
}

#[test]
fn rust() {
    check(
        "rust",
        "fn f<T: Copy>(a: Vec<T>, b: u8) -> Out {$0\n    let c = Point::new(a, LIMIT);\n    for d in c.parts() {\n        \
         println!(\"{}\", d.name);\n    }\n    match b { Some(e) => e, _ => other(|g| g + h) }\n$0}\n",
        &expect!["Point Point→new LIMIT c→parts println name Some other h"],
    );
    // What is bound in another function is not bound here, and neither is what stands at the top of the file.
    check(
        "rust",
        "fn f(a: u8) {}\nfn g() { $0f(a); self.b.c(x::y::Z { d: 1 })$0 }\n",
        &expect!["f a self→b self.b→c x x→y x::y→Z"],
    );
    check("rust", "fn f(a: u8) {}\n$0fn g(&self, b: A) -> B<'_> { b }$0\n", &expect!["A B"]);
    check("rust", "fn f(P { q, r: s }: P) { fn g() {}\n $0g(q, r, s) + broken($0 }\n", &expect!["r broken"]);
}

#[test]
fn python() {
    check(
        "python",
        "def f(self, a, b: int = 1, *args, **kw):\n    $0c = Point.of(a, key=LIMIT)\n    for d, e in c.parts():\n        \
         print(d.name, e)\n    with open(b) as g:\n        g.read(h)\n    return [i for i in j if i] + (lambda k: k + l)$0\n",
        &expect!["Point Point→of LIMIT c→parts print d→name open g→read h j l"],
    );
    check(
        "python",
        "def f(a): pass\ndef g():\n    $0f(a)\n    self.b.c(x)$0\n",
        &expect!["f a self self→b self.b→c x"],
    );
    check("python", "@cached\n$0def f(a: A) -> B:\n    return a$0\n", &expect!["A B"]);
}
