//! The life of suggestions, told as a user types: each line of a snapshot is what one event added.

use expect_test::{Expect, expect};
use text::{Change as Told, Document, Encoding, Snapshot, WireRange};

use super::*;

/// A document with a cursor, and somebody who writes in it.
struct Scene {
    document: Document,
    cursor: usize,
    observer: Observer,
    now: Instant,
    id: u64,
    said: Vec<String>,
}

impl Scene {
    /// With the cursor at `$0`.
    #[expect(
        clippy::disallowed_methods,
        reason = "time passes as the test says, but it has to begin somewhere"
    )]
    fn new(text: &str) -> Self {
        let cursor = text.find("$0").expect("a cursor");
        Self {
            document: Document::new(&text.replacen("$0", "", 1), 1),
            cursor,
            observer: Observer::new(1),
            now: Instant::now(),
            id: 0,
            said: Vec::new(),
        }
    }

    fn note(&mut self, what: &str, noted: &Noted) -> &mut Self {
        self.said.push(format!("{what}: {noted:?}"));
        self
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self
    }

    /// Shows `text` at the cursor, which replaces as many bytes behind it as `closers` has, and gives it a second to be read.
    fn shows_over(&mut self, task: Task, text: &str, closers: &str) -> &mut Self {
        self.id += 1;
        let range = self.cursor..self.cursor + closers.len();
        let suggestion = Suggestion { text: text.into(), range, verified: true };
        let snapshot = self.document.snapshot();
        let shown = Shown {
            id: self.id,
            task,
            snapshot: &snapshot,
            at: self.cursor,
            suggestions: &[suggestion],
            confidence: Some(0.45),
        };
        let noted = self.observer.shows(&shown, self.now);
        self.note("shows", &noted).wait(1)
    }

    fn shows(&mut self, text: &str) -> &mut Self {
        self.shows_over(Task::Inline, text, "")
    }

    /// Edits of one notification, each as bytes of the text that those before it made.
    fn edits(&mut self, what: &str, edits: &[(Range<usize>, &str)]) -> &mut Self {
        let mut texts = vec![self.document.snapshot()];
        let mut told = Vec::new();
        for (range, text) in edits {
            let before = texts.last().expect("there is one").clone();
            let wire = |at| before.wire(at, Encoding::Utf8);
            let range = WireRange { start: wire(range.start), end: wire(range.end) };
            let change = Told::Range { range, text: (*text).to_owned() };
            told.push(change.clone());
            let mut copy = Document::new(&before.to_string(), 1);
            copy.apply(2, [change], Encoding::Utf8).unwrap();
            texts.push(copy.snapshot());
        }
        let edits = self.document.apply(self.document.version() + 1, told, Encoding::Utf8).unwrap();
        *texts.last_mut().expect("there is one") = self.document.snapshot();
        self.changed(what, &texts, &edits)
    }

    fn changed(&mut self, what: &str, texts: &[Snapshot], edits: &[text::Edit]) -> &mut Self {
        let changes: Vec<Change<'_>> = edits
            .iter()
            .zip(texts.windows(2))
            .map(|(edit, pair)| Change::new(&pair[0], &pair[1], edit))
            .collect();
        let noted = self.observer.changed(&changes, self.now);
        self.note(what, &noted)
    }

    /// Each character a notification of its own.
    fn types(&mut self, text: &str) -> &mut Self {
        for key in text.chars() {
            let at = self.cursor;
            self.cursor += key.len_utf8();
            self.edits(&format!("types {key:?}"), &[(at..at, key.encode_utf8(&mut [0; 4]))]);
        }
        self
    }

    /// At once, with the cursor behind it.
    fn writes(&mut self, text: &str, over: &str) -> &mut Self {
        let at = self.cursor;
        self.cursor += text.len();
        self.edits(&format!("writes {text:?}"), &[(at..at + over.len(), text)])
    }

    fn commands(&mut self) -> &mut Self {
        let noted = self.observer.accepted(self.id, self.now);
        self.note("commands", &noted)
    }

    fn judges(&mut self) -> &mut Self {
        let noted = self.observer.judge(self.now);
        self.note("judges", &noted)
    }

    fn closes(&mut self) -> &mut Self {
        let noted = self.observer.close(self.now);
        self.note("closes", &noted)
    }

    fn check(&self, want: &Expect) {
        want.assert_eq(&(self.said.join("\n") + "\n"));
    }
}

const PLACE: &str = "fn a() {\n    let x = $0\n}\n";

#[test]
fn taken_at_once() {
    Scene::new(PLACE).shows("1 + 2;").writes("1 + 2;", "").check(&expect![[r#"
        shows: shown 1, characters_shown 6
        writes "1 + 2;": whole 1, takes 1, characters_taken 6, keys_taken 6; 40 %: accepted
    "#]]);
}

#[test]
fn the_command_says_it_once_more_and_before_the_edit_or_behind_it() {
    Scene::new(PLACE).shows("1 + 2;").writes("1 + 2;", "").commands().types("\n").check(&expect![[r#"
        shows: shown 1, characters_shown 6
        writes "1 + 2;": whole 1, takes 1, characters_taken 6, keys_taken 6; 40 %: accepted
        commands: nothing
        types '\n': keys 1
    "#]]);
    Scene::new(PLACE).shows("1 + 2;").commands().writes("1 + 2;", "").types("\n").check(&expect![[r#"
        shows: shown 1, characters_shown 6
        commands: nothing
        writes "1 + 2;": whole 1, takes 1, characters_taken 6, keys_taken 6; 40 %: accepted
        types '\n': keys 1
    "#]]);
    // One character: without the command it might as well have been typed.
    Scene::new(PLACE).shows(";").writes(";", "").commands().check(&expect![[r#"
        shows: shown 1, characters_shown 1
        writes ";": keys 1
        commands: whole 1, takes 1, characters_taken 1, keys_taken 1; 40 %: accepted
    "#]]);
    Scene::new(PLACE).shows(";").commands().writes(";", "").closes().check(&expect![[r#"
        shows: shown 1, characters_shown 1
        commands: nothing
        writes ";": whole 1, takes 1, characters_taken 1, keys_taken 1; 40 %: accepted
        closes: judged_30s 1, kept_30s 1, early_30s 1, judged_5min 1, kept_5min 1, early_5min 1
    "#]]);
}

#[test]
fn what_the_editor_writes_otherwise_is_taken_if_the_command_says_so() {
    Scene::new(PLACE).shows("f(1,2);").writes("f(1, 2);", "").commands().closes().check(&expect![[r#"
        shows: shown 1, characters_shown 7
        writes "f(1, 2);": nothing
        commands: whole 1, takes 1, characters_taken 7, keys_taken 7; 40 %: accepted
        closes: judged_30s 1, kept_30s 1, early_30s 1, judged_5min 1, kept_5min 1, early_5min 1
    "#]]);
    Scene::new(PLACE).shows("f(1,2);").commands().writes("f(1, 2);", "").closes().check(&expect![[r#"
        shows: shown 1, characters_shown 7
        commands: nothing
        writes "f(1, 2);": whole 1, takes 1, characters_taken 7, keys_taken 7; 40 %: accepted
        closes: judged_30s 1, kept_30s 1, early_30s 1, judged_5min 1, kept_5min 1, early_5min 1
    "#]]);
    Scene::new(PLACE).shows("f(1,2);").writes("f(1, 2);", "").types("\n").commands().check(&expect![[r#"
        shows: shown 1, characters_shown 7
        writes "f(1, 2);": nothing
        types '\n': keys 1, typed_over 1; 40 %: typed over
        commands: nothing
    "#]]);
    Scene::new(PLACE).shows("f();").commands().closes().check(&expect![[r#"
        shows: shown 1, characters_shown 4
        commands: nothing
        closes: whole 1, takes 1, characters_taken 4, keys_taken 4; 40 %: accepted
    "#]]);
}

#[test]
fn word_by_word() {
    Scene::new(PLACE)
        .shows("first + second;")
        .writes("first", "")
        .shows(" + second;")
        .writes(" + second", "")
        .types(";")
        .closes()
        .check(&expect![[r#"
            shows: shown 1, characters_shown 15
            writes "first": by_word 1, takes 1, characters_taken 5, keys_taken 5; 40 %: accepted
            shows: nothing
            writes " + second": takes 1, characters_taken 9, keys_taken 9
            types ';': keys 1
            closes: judged_30s 1, kept_30s 1, early_30s 1, judged_5min 1, kept_5min 1, early_5min 1
        "#]]);
}

#[test]
fn line_by_line() {
    Scene::new("fn a() {\n    $0\n}\n")
        .shows("f();\n    g();\n    h();")
        .writes("f();", "")
        .writes("\n    g();", "")
        .writes("\n    h();", "")
        .closes()
        .check(&expect![[r#"
            shows: shown 1, characters_shown 22
            writes "f();": by_line 1, takes 1, characters_taken 4, keys_taken 4; 40 %: accepted
            writes "\n    g();": takes 1, characters_taken 9, keys_taken 5
            writes "\n    h();": takes 1, characters_taken 9, keys_taken 5
            closes: judged_30s 1, kept_30s 1, early_30s 1, judged_5min 1, kept_5min 1, early_5min 1
        "#]]);
}

#[test]
fn in_a_file_from_windows() {
    Scene::new("fn a() {\r\n    $0\r\n}\r\n")
        .shows("f();\r\n    g();")
        .types("f();")
        .edits("Enter", &[(18..18, "\r\n    ")])
        .check(&expect![[r#"
            shows: shown 1, characters_shown 14
            types 'f': keys 1
            types '(': keys 1
            types ')': keys 1
            types ';': keys 1
            Enter: keys 1
        "#]]);
    Scene::new("a\r\n$0\r\nb").shows("c\r\nd").writes("c\r\nd", "").closes().check(&expect![[r#"
        shows: shown 1, characters_shown 4
        writes "c\r\nd": whole 1, takes 1, characters_taken 4, keys_taken 3; 40 %: accepted
        closes: judged_30s 1, kept_30s 1, early_30s 1, judged_5min 1, kept_5min 1, early_5min 1
    "#]]);
}

#[test]
fn typed_through() {
    Scene::new(PLACE).shows("a+b").types("a").shows("+b").types("+b").closes().check(&expect![[r#"
        shows: shown 1, characters_shown 3
        types 'a': keys 1
        shows: nothing
        types '+': keys 1
        types 'b': keys 1
        closes: typed_through 1; 40 %: accepted
    "#]]);
    // Two keys in one notification, and one of them taken back.
    Scene::new(PLACE)
        .shows("ab;")
        .edits("ab", &[(21..21, "a"), (22..22, "b")])
        .edits("Backspace", &[(22..23, "")])
        .edits("b;", &[(22..22, "b"), (23..23, ";")])
        .closes()
        .check(&expect![[r#"
            shows: shown 1, characters_shown 3
            ab: keys 1, keys 1
            Backspace: keys 1
            b;: keys 1, keys 1
            closes: typed_through 1; 40 %: accepted
        "#]]);
}

#[test]
fn typed_along_and_then_taken() {
    Scene::new(PLACE).shows("foo(bar)").types("fo").writes("o(bar)", "").check(&expect![[r#"
        shows: shown 1, characters_shown 8
        types 'f': keys 1
        types 'o': keys 1
        writes "o(bar)": whole 1, takes 1, characters_taken 6, keys_taken 6; 40 %: accepted
    "#]]);
}

#[test]
fn brackets_that_the_editor_closed() {
    // It writes the closing one itself, and takes the editor's.
    let place = "fn a() {\n    f($0)\n}\n";
    Scene::new(place).shows_over(Task::Inline, "1, 2);", ")").writes("1, 2);", ")").check(&expect![[r#"
        shows: shown 1, characters_shown 6
        writes "1, 2);": whole 1, takes 1, characters_taken 6, keys_taken 6; 40 %: accepted
    "#]]);
    // The smallest difference that an editor finds: what is before the bracket, or what is behind.
    Scene::new(place).shows_over(Task::Inline, "1, 2)", ")").edits("inserts", &[(15..15, "1, 2")]).check(
        &expect![[r#"
            shows: shown 1, characters_shown 5
            inserts: whole 1, takes 1, characters_taken 5, keys_taken 5; 40 %: accepted
        "#]],
    );
    // Typed: the bracket is typed over, of which the server hears nothing.
    Scene::new(place)
        .shows_over(Task::Inline, "1);", ")")
        .types("1")
        .edits("behind the bracket", &[(17..17, ";")])
        .closes()
        .check(&expect![[r#"
            shows: shown 1, characters_shown 3
            types '1': keys 1
            behind the bracket: keys 1
            closes: typed_through 1; 40 %: accepted
        "#]]);
    // An opening one is typed, and the editor closes it.
    Scene::new(PLACE)
        .shows("(1)")
        .edits("pair", &[(21..21, "()")])
        .edits("inside", &[(22..22, "1")])
        .closes()
        .check(&expect![[r#"
            shows: shown 1, characters_shown 3
            pair: keys 1
            inside: keys 1
            closes: typed_through 1; 40 %: accepted
        "#]]);
}

#[test]
fn the_word_before_the_cursor_is_written_anew() {
    Scene::new("let x = le$0\n").shows("ngth();").edits("with the word", &[(8..10, "length();")]).check(
        &expect![[r#"
            shows: shown 1, characters_shown 7
            with the word: whole 1, takes 1, characters_taken 7, keys_taken 7; 40 %: accepted
        "#]],
    );
    let mut scene = Scene::new("let x = le$0\n");
    scene.shows("ngth();");
    let (before, edits) = (scene.document.snapshot(), {
        let whole = Told::Full("let x = length();\n".into());
        scene.document.apply(2, [whole], Encoding::Utf8).unwrap()
    });
    let texts = [before, scene.document.snapshot()];
    scene.changed("the whole text", &texts, &edits).check(&expect![[r#"
        shows: shown 1, characters_shown 7
        the whole text: whole 1, takes 1, characters_taken 7, keys_taken 7; 40 %: accepted
    "#]]);
}

#[test]
fn typed_over() {
    let mut scene = Scene::new(PLACE);
    scene.shows("1 + 2;").types("y").check(&expect![[r#"
        shows: shown 1, characters_shown 6
        types 'y': keys 1, typed_over 1; 40 %: typed over
    "#]]);
    let (at, now) = (scene.cursor, scene.now);
    assert!(scene.observer.is_typed_over(at - 1, now), "where it appeared");
    assert!(!scene.observer.is_typed_over(at, now), "the letter says more than was known");
    assert!(!scene.observer.is_typed_over(at - 1, now + REMEMBERED));
    scene.edits("a line above", &[(0..0, "// one\n")]);
    assert!(scene.observer.is_typed_over(at - 1 + 7, now), "it moves with the text");
    scene.edits("the line is deleted", &[(16..29, "")]);
    assert!((0..60).all(|at| !scene.observer.is_typed_over(at, now)));
}

#[test]
fn what_was_gone_before_it_could_be_read_is_no_opinion() {
    let mut scene = Scene::new(PLACE);
    scene.shows("1 + 2;");
    scene.now -= Duration::from_millis(900);
    scene.types("y").check(&expect![[r#"
        shows: shown 1, characters_shown 6
        types 'y': keys 1, unread 1
    "#]]);
    assert!(!scene.observer.is_typed_over(scene.cursor - 1, scene.now));
}

#[test]
fn ignored() {
    Scene::new(PLACE).shows("1;").edits("elsewhere", &[(0..0, "x")]).check(&expect![[r#"
        shows: shown 1, characters_shown 2
        elsewhere: keys 1; 40 %: ignored
    "#]]);
    Scene::new(PLACE).shows("1;").shows("2;").closes().check(&expect![[r#"
        shows: shown 1, characters_shown 2
        shows: shown 1, characters_shown 2; 40 %: ignored
        closes: ; 40 %: ignored
    "#]]);
    Scene::new(PLACE).shows("1;").edits("deletes", &[(20..21, "")]).check(&expect![[r#"
        shows: shown 1, characters_shown 2
        deletes: keys 1; 40 %: ignored
    "#]]);
    let mut scene = Scene::new(PLACE);
    scene.shows("1;");
    let noted = scene.observer.asked(Task::Inline, 3, scene.now);
    scene.note("asks elsewhere", &noted).check(&expect![[r#"
        shows: shown 1, characters_shown 2
        asks elsewhere: ; 40 %: ignored
    "#]]);
}

#[test]
fn an_answer_for_an_older_text_is_not_seen() {
    let mut scene = Scene::new(PLACE);
    let old = scene.document.snapshot();
    scene.types("y");
    let suggestion = Suggestion { text: "1;".into(), range: 21..21, verified: true };
    let (snapshot, suggestions) = (&old, &[suggestion][..]);
    let shown = Shown { id: 9, task: Task::Inline, snapshot, at: 21, suggestions, confidence: None };
    let noted = scene.observer.shows(&shown, scene.now);
    assert!(noted.is_empty());
}

#[test]
fn the_same_text_in_both_places_is_taken_once() {
    Scene::new(PLACE)
        .shows("1 + 2;")
        .shows_over(Task::Popup, "1 + 2;", "")
        .commands()
        .writes("1 + 2;", "")
        .closes()
        .check(&expect![[r#"
            shows: shown 1, characters_shown 6
            shows: popup shown 1, popup characters_shown 6
            commands: nothing
            writes "1 + 2;": popup whole 1, popup takes 1, popup characters_taken 6, popup keys_taken 6
            closes: popup judged_30s 1, popup kept_30s 1, popup early_30s 1, popup judged_5min 1, popup kept_5min 1, popup early_5min 1
        "#]]);
}

#[test]
fn one_of_several_choices() {
    let mut scene = Scene::new(PLACE);
    let suggestion = |text: &str| Suggestion { text: text.into(), range: 21..21, verified: true };
    let suggestions = &["one();", "other();", "onwards();"].map(suggestion)[..];
    let snapshot = &scene.document.snapshot();
    let shown = Shown { id: 1, task: Task::Inline, snapshot, at: 21, suggestions, confidence: None };
    scene.id = 1;
    let noted = scene.observer.shows(&shown, scene.now);
    scene.note("shows", &noted).types("on").writes("wards();", "").commands().check(&expect![[r#"
        shows: shown 1, characters_shown 10
        types 'o': keys 1
        types 'n': keys 1
        writes "wards();": whole 1, takes 1, characters_taken 8, keys_taken 8
        commands: nothing
    "#]]);
}

#[test]
fn what_is_taken_stays_or_does_not() {
    let taken = || {
        let mut scene = Scene::new(PLACE);
        scene.shows("alpha(beta, gamma);").writes("alpha(beta, gamma);", "");
        scene.said.clear();
        scene
    };
    let mut scene = taken();
    scene.wait(29).judges().wait(1).judges().wait(269).judges().wait(1).judges().closes();
    scene.check(&expect![[r#"
        judges: nothing
        judges: judged_30s 1, kept_30s 1
        judges: nothing
        judges: judged_5min 1, kept_5min 1
        closes: nothing
    "#]]);
    // A word in the middle of it, and a line above.
    taken().edits("inside", &[(27..27, "1, ")]).edits("above", &[(0..0, "// x\n")]).wait(30).judges().check(
        &expect![[r#"
            inside: nothing
            above: nothing
            judges: judged_30s 1, kept_30s 1
        "#]],
    );
    // Half of it.
    taken().edits("half", &[(26..39, "")]).wait(300).judges().check(&expect![[r#"
        half: keys 1
        judges: judged_30s 1, judged_5min 1, keys_lost 13
    "#]]);
    // Undone.
    taken().edits("undo", &[(21..40, "")]).wait(10).closes().check(&expect![[r#"
        undo: keys 1
        closes: judged_30s 1, early_30s 1, judged_5min 1, early_5min 1, keys_lost 19
    "#]]);
}
