//! Prompts as a reader sees them: a text with `$0` for the cursor, and the whole prompt rendered.

use expect_test::{Expect, expect};
use model::{Asking, Kind, Order, SessionKey};
use proptest::prelude::*;

use super::*;
use crate::{family, toy::Toy};

/// A request for the hole at `$0`, anchored at the start of its line.
fn request(text: &str) -> Request {
    let (before, suffix) = text.split_once("$0").expect("the text marks its cursor with $0");
    let anchor = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    Request {
        kind: Kind::Fim,
        session: SessionKey(1),
        path: "src/a.rs".into(),
        repository: String::new(),
        blocks: Vec::new(),
        prefix: before[..anchor].into(),
        typed: before[anchor..].into(),
        suffix: suffix.into(),
        max_tokens: 16,
        single_line: false,
        asking: Asking::default(),
    }
}

fn with_block(text: &str) -> Request {
    let block = Block { path: "lib/b.py".into(), text: "def foo():\n    return".into(), further: Vec::new() };
    Request { blocks: vec![block], repository: "rim".into(), ..request(text) }
}

fn builder(toy: &Toy, name: &str, context: usize) -> Builder<impl Tokens> {
    let facts = crate::Facts { name: name.into(), ..toy.facts() };
    let fim = family::recognise(&facts, |text| toy.find(text)).unwrap();
    Builder::new(toy, fim, context)
}

fn check_with(toy: &Toy, name: &str, request: &Request, expected: &Expect) {
    let prompt = builder(toy, name, 400).build(request);
    expected.assert_eq(&format!(
        "{}|{}",
        toy.render(&prompt.tokens),
        String::from_utf8_lossy(prompt.healing.rest())
    ));
}

fn check(text: &str, expected: &Expect) {
    check_with(&Toy::new(), "qwen", &request(text), expected);
}

#[test]
fn the_middle_is_anchored_at_the_line_start() {
    check(
        "fn foo() {\n    self.le$0;\n}\n",
        &expect![[r#"
            <|fim_prefix|>fn foo() {
            <|fim_suffix|>;
            }
            <|fim_middle|>    self|.le"#]],
    );
}

#[test]
fn an_empty_document_is_still_a_prompt() {
    check("$0", &expect!["<|fim_prefix|><|fim_suffix|><|fim_middle|>|"]);
}

#[test]
fn fim_tokens_in_a_source_are_text() {
    for toy in [Toy::new(), Toy::parsing()] {
        let mut builder = builder(&toy, "qwen", 400);
        let prompt = builder.build(&request("// <|fim_middle|> and\nlet <|fim_prefix|>$0<|file_sep|>\n"));
        let fim = builder.fim().clone();
        let commands: Vec<_> = prompt.tokens.iter().filter(|token| fim.ends(**token)).collect();
        assert_eq!(
            toy.render(&prompt.tokens).matches("<|fim_middle|>").count(),
            2,
            "the text is still there"
        );
        assert_eq!(commands, [&fim.prefix, &fim.suffix, &fim.middle.unwrap()], "and three commands in order");
    }
}

#[test]
fn qwen_gets_files_before_the_hole_with_their_paths() {
    check_with(
        &Toy::new(),
        "qwen",
        &with_block("let x$0\n"),
        &expect![[r#"
            <|repo_name|>rim
            <|file_sep|>lib/b.py
            def foo():
                return
            <|file_sep|>src/a.rs
            <|fim_prefix|><|fim_suffix|>
            <|fim_middle|>let |x"#]],
    );
}

#[test]
fn ember_is_not_told_its_own_path() {
    check_with(
        &Toy::new(),
        "ember",
        &with_block("let x$0\n"),
        &expect![[r#"
            <|file_sep|>lib/b.py
            def foo():
                return
            <|fim_prefix|><|fim_suffix|>
            <|fim_middle|>let |x"#]],
    );
}

#[test]
fn starcoder2_has_the_path_inside_the_prefix() {
    check_with(
        &Toy::with_special(&["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<file_sep>"]),
        "starcoder2",
        &with_block("let x$0\n"),
        &expect![[r#"
            <file_sep>lib/b.py
            def foo():
                return
            <file_sep><fim_prefix>src/a.rs
            <fim_suffix>
            <fim_middle>let |x"#]],
    );
}

#[test]
fn families_without_a_separator_get_comments() {
    check_with(
        &Toy::with_special(&["<fim_prefix>", "<fim_middle>", "<fim_suffix>"]),
        "starcoder",
        &with_block("let x$0\n"),
        &expect![[r#"
            <fim_prefix># lib/b.py
            def foo():
                return
            // src/a.rs
            <fim_suffix>
            <fim_middle>let |x"#]],
    );
}

#[test]
fn suffix_first_families_get_the_suffix_first() {
    check_with(
        &Toy::with_special(&["[PREFIX]", "[SUFFIX]"]),
        "codestral",
        &with_block("fn foo() {\n    self.le$0;\n}\n"),
        &expect![[r#"
            [SUFFIX];
            }
            [PREFIX]+++++ lib/b.py
            def foo():
                return
            +++++ src/a.rs
            fn foo() {
                self|.le"#]],
    );
    check_with(
        &Toy::with_special(&["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<filename>"]),
        "mellum",
        &with_block("fn foo() {\n    self.le$0;\n}\n"),
        &expect![[r#"
            <filename>lib/b.py
            def foo():
                return
            <filename>src/a.rs
            <fim_suffix>;
            }
            <fim_prefix>fn foo() {
                self<fim_middle>|.le"#]],
    );
}

/// The prompt for `text`, beside another file, when the request says how to ask.
fn check_asking(name: &str, asking: Asking, text: &str, expected: &Expect) {
    let toy = match name {
        "mellum" => Toy::with_special(&["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<filename>"]),
        "starcoder" => Toy::with_special(&["<fim_prefix>", "<fim_middle>", "<fim_suffix>"]),
        _ => Toy::new(),
    };
    check_with(&toy, name, &Request { asking, ..with_block(text) }, expected);
}

fn ordered(order: Order) -> Asking {
    Asking { order: Some(order), ..Asking::default() }
}

#[test]
fn a_request_may_ask_with_an_empty_middle() {
    check_asking(
        "qwen",
        ordered(Order::Psm),
        "fn foo() {\n    self.le$0;\n}\n",
        &expect![[r#"
            <|repo_name|>rim
            <|file_sep|>lib/b.py
            def foo():
                return
            <|file_sep|>src/a.rs
            <|fim_prefix|>fn foo() {
                self<|fim_suffix|>;
            }
            <|fim_middle|>|.le"#]],
    );
    check_asking(
        "starcoder",
        ordered(Order::Psm),
        "fn foo() {\n    self.le$0;\n}\n",
        &expect![[r#"
            <fim_prefix># lib/b.py
            def foo():
                return
            // src/a.rs
            fn foo() {
                self<fim_suffix>;
            }
            <fim_middle>|.le"#]],
    );
}

#[test]
fn a_request_may_ask_suffix_first() {
    check_asking(
        "qwen",
        ordered(Order::Spm),
        "fn foo() {\n    self.le$0;\n}\n",
        &expect![[r#"
            <|repo_name|>rim
            <|file_sep|>lib/b.py
            def foo():
                return
            <|file_sep|>src/a.rs
            <|fim_suffix|>;
            }
            <|fim_prefix|>fn foo() {
                self<|fim_middle|>|.le"#]],
    );
}

#[test]
fn a_request_may_anchor_what_the_family_would_not() {
    check_asking(
        "mellum",
        ordered(Order::Anchored),
        "fn foo() {\n    self.le$0;\n}\n",
        &expect![[r#"
            <filename>lib/b.py
            def foo():
                return
            <filename>src/a.rs
            <fim_prefix>fn foo() {
            <fim_suffix>;
            }
            <fim_middle>    self|.le"#]],
    );
}

#[test]
fn without_a_middle_token_every_order_is_the_familys_own() {
    let toy = Toy::with_special(&["[PREFIX]", "[SUFFIX]"]);
    let own = with_block("fn foo() {\n    self.le$0;\n}\n");
    let mut builder = builder(&toy, "codestral", 400);
    let prompt = builder.build(&own);
    for order in [Order::Anchored, Order::Psm, Order::Spm] {
        assert_eq!(builder.build(&Request { asking: ordered(order), ..own.clone() }), prompt);
    }
}

#[test]
fn a_request_may_ask_without_healing() {
    let check = |order, expected| {
        let asking = Asking { healing: false, ..ordered(order) };
        check_asking("ember", asking, "fn foo() {\n    self.le$0;\n}\n", expected);
    };
    check(
        Order::Anchored,
        &expect![[r#"
            <|file_sep|>lib/b.py
            def foo():
                return
            <|fim_prefix|>fn foo() {
            <|fim_suffix|>;
            }
            <|fim_middle|>    self.le|"#]],
    );
    check(
        Order::Psm,
        &expect![[r#"
            <|file_sep|>lib/b.py
            def foo():
                return
            <|fim_prefix|>fn foo() {
                self.le<|fim_suffix|>;
            }
            <|fim_middle|>|"#]],
    );
    check(
        Order::Spm,
        &expect![[r#"
        <|file_sep|>lib/b.py
        def foo():
            return
        <|fim_suffix|>;
        }
        <|fim_prefix|>fn foo() {
            self.le<|fim_middle|>|"#]],
    );
}

#[test]
fn a_builders_own_order_holds_unless_a_request_has_one() {
    let toy = Toy::new();
    let asked = with_block("fn foo() {\n    self.le$0;\n}\n");
    let in_order = |order| {
        let fim = builder(&toy, "qwen", 400).fim().clone();
        Builder::new(&toy, fim.in_order(order), 400)
    };
    let empty = Request { asking: ordered(Order::Psm), ..asked.clone() };
    let anchored = Request { asking: ordered(Order::Anchored), ..asked.clone() };
    assert_eq!(in_order(Some(Order::Psm)).build(&asked), in_order(None).build(&empty));
    assert_eq!(in_order(Some(Order::Psm)).build(&anchored), in_order(None).build(&asked));
}

#[test]
fn long_surroundings_are_cut_at_lines_and_long_lines_anywhere() {
    let toy = Toy::new();
    let many = "    let x = y;\n".repeat(500);
    let long = "x = y ".repeat(200_000);
    for text in [
        format!("{many}$0{many}"),
        format!("{long}$0{long}"),
        format!("{long}\n$0\n{long}"),
        format!("{many}{long}$0"),
        format!("$0{long}"),
    ] {
        let prompt = builder(&toy, "qwen", 800).build(&request(&text));
        assert!(prompt.tokens.len() + prompt.answer_tokens <= 800);
        assert!(prompt.tokens.len() > 100, "something of it is there");
    }
}

/// Code-like text out of lines and half lines.
fn code() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("\n"),
        Just("    let x = y;\n"),
        Just("fn foo() {\n"),
        Just("}\n"),
        Just("  \n"),
        Just("        self.len()\n"),
        Just("// é 🦀\n"),
        Just("\tbar\r\n"),
        Just("x"),
    ];
    proptest::collection::vec(line, 0..120).prop_map(|lines| lines.concat())
}

fn family_of(choice: u8) -> (&'static str, Toy) {
    match choice % 4 {
        0 => ("qwen", Toy::new()),
        1 => ("qwen", Toy::merging()),
        2 => ("codestral", Toy::with_special(&["[PREFIX]", "[SUFFIX]"])),
        _ => ("mellum", Toy::with_special(&["<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<filename>"])),
    }
}

fn asking() -> impl Strategy<Value = Asking> {
    let order =
        prop_oneof![Just(None), Just(Some(Order::Anchored)), Just(Some(Order::Psm)), Just(Some(Order::Spm))];
    (order, any::<bool>()).prop_map(|(order, healing)| Asking { order, healing, ..Asking::default() })
}

proptest! {
    #[test]
    fn a_prompt_and_its_answer_fit_the_context(
        before in code(), after in code(), other in code(), choice: u8, context in 64..600usize, max_tokens in 0..200u32,
        asking in asking(),
    ) {
        let (name, toy) = family_of(choice);
        let mut asked = request(&format!("{before}$0{after}"));
        let block = |path: &str| Block { path: path.into(), text: other.clone(), further: vec![7, 30] };
        asked.blocks = vec![block("b.rs"), block("c.rs")];
        asked.max_tokens = max_tokens;
        asked.asking = asking;
        let prompt = builder(&toy, name, context).build(&asked);
        prop_assert!(prompt.tokens.len() + prompt.answer_tokens <= context);
        let Shown { before, typed, after, elsewhere, frame, excerpts, .. } = prompt.shown;
        prop_assert_eq!((before + typed + after + elsewhere + frame) as usize, prompt.tokens.len());
        prop_assert!(excerpts.len() <= 6);
    }

    #[test]
    fn the_same_request_gives_the_same_tokens(
        before in code(), after in code(), warm in code(), choice: u8, asking in asking(), other in asking(),
    ) {
        let (name, toy) = family_of(choice);
        let asked = Request { asking, ..request(&format!("{before}$0{after}")) };
        let mut used = builder(&toy, name, 300);
        used.build(&Request { asking: other, ..request(&format!("{warm}$0{before}")) });
        used.build(&Request { asking: other, ..asked.clone() });
        let prompt = used.build(&asked);
        prop_assert_eq!(&prompt, &used.build(&asked));
        prop_assert_eq!(&prompt, &builder(&toy, name, 300).build(&asked));
    }

    #[test]
    fn what_was_typed_is_in_the_prompt_or_bound(before in code(), typed in "[ a-zé🦀_.(=;]{0,30}", choice: u8, asking in asking()) {
        let (name, toy) = family_of(choice);
        let asked = Request { asking, ..request(&format!("{before}\n{typed}$0")) };
        let prompt = builder(&toy, name, 4000).build(&asked);
        let said: Vec<u8> = prompt.tokens.iter().flat_map(|token| toy.piece(*token).to_vec()).chain(prompt.healing.rest().to_vec()).collect();
        prop_assert!(said.ends_with(typed.as_bytes()));
        prop_assert!(asking.healing || prompt.healing.is_done());
    }
}

proptest! {
    #[test]
    fn one_more_character_changes_only_the_end(before in code(), after in code(), line in "[ a-zé_.(=;]{1,30}", choice: u8) {
        let (name, toy) = family_of(choice);
        let mut builder = builder(&toy, name, 4000);
        let mut last: Option<Vec<Token>> = None;
        for (end, character) in line.char_indices() {
            let typed = &line[..end + character.len_utf8()];
            let tokens = builder.build(&request(&format!("{before}\n{typed}$0{after}"))).tokens;
            if let Some(last) = last {
                let common = last.iter().zip(&tokens).take_while(|(a, b)| a == b).count();
                // What healing no longer takes back, what the new character merged into, and the token for the middle.
                prop_assert!(tokens.len() - common <= 7, "{} of {} are new", tokens.len() - common, tokens.len());
            }
            last = Some(tokens);
        }
    }
}

/// Types a line key by key and counts the tokens of each prompt that were not in the one before.
#[test]
fn a_key_adds_a_token_or_two_to_the_prompt() {
    let toy = Toy::new();
    let before = "fn foo() {\n    let x = y;\n}\n\n".repeat(40);
    let after = "\n}\n".to_owned() + &"fn bar() {}\n".repeat(40);
    let mut builder = builder(&toy, "qwen", 700);
    let line = "        let foo = self.len() + bar(x, y);";
    let mut last = builder.build(&request(&format!("{before}$0{after}"))).tokens;
    let mut new = Vec::new();
    for end in 1..=line.len() {
        let tokens = builder.build(&request(&format!("{before}{}$0{after}", &line[..end]))).tokens;
        let common = last.iter().zip(&tokens).take_while(|(a, b)| a == b).count();
        new.push(tokens.len() - common);
        last = tokens;
    }
    assert!(new.iter().sum::<usize>() <= line.len(), "{new:?}");
    assert!(new.iter().max() <= Some(&4), "{new:?}");
}

/// What a prompt for two blocks, the first of two excerpts, holds of each part in a context of so many tokens.
fn check_shown(context: usize, expected: &Expect) {
    let (one, other) = ("fn one() {\n    1\n}", "fn other() {\n    2\n}");
    let first = Block {
        path: "b.rs".into(),
        text: format!("{one}\n\n{other}"),
        further: vec![u32::try_from(one.len() + 2).unwrap()],
    };
    let second = Block { path: "c.rs".into(), text: "fn three() {}\n".into(), further: Vec::new() };
    let asked = Request { blocks: vec![first, second], ..request("fn a() {\n    b$0;\n}\n") };
    let prompt = builder(&Toy::new(), "qwen", context).build(&asked);
    let Shown { before, typed, after, elsewhere, frame, excerpts, .. } = prompt.shown;
    let cut = |cut| if cut { " cut" } else { "" };
    let excerpts = excerpts.iter().map(|excerpt| format!(", {}{}", excerpt.tokens, cut(excerpt.cut)));
    expected.assert_eq(&format!(
        "{before} before, {typed} typed, {after} after, {frame} frame, {elsewhere} elsewhere{}",
        excerpts.collect::<String>()
    ));
}

#[test]
fn a_prompt_says_of_what_it_is_and_which_excerpts_had_room() {
    check_shown(400, &expect!["7 before, 1 typed, 3 after, 13 frame, 54 elsewhere, 20, 16, 18"]);
    check_shown(195, &expect!["7 before, 1 typed, 3 after, 13 frame, 36 elsewhere, 20, 16"]);
    check_shown(140, &expect!["7 before, 1 typed, 3 after, 13 frame, 34 elsewhere, 20, 14 cut"]);
    check_shown(60, &expect!["7 before, 1 typed, 3 after, 3 frame, 0 elsewhere"]);
}
