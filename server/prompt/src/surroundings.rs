//! The text around a hole in tokens, all of it that a request holds and not only what a prompt has room for: an engine counts n-grams
//! in it.
//!
//! Must not weigh or match anything: that is the engine's part.

use std::sync::Arc;

use model::Request;

use crate::{Builder, Healing, Token, Tokens};

/// The end of a line, in tokens by line: no vocabulary has it, because tokenizers join it with what stands before.
pub const LINE_END: Token = Token(-1);

/// Where two texts meet that do not follow one another. It is equal to no token of a context.
pub const GAP: Token = Token(-2);

/// How far back a context reaches, in tokens.
const CONTEXT: usize = 32;

/// A hole's text and the hole's place in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Blocks, the text before the anchor and the text after the cursor, with a [`GAP`] after each.
    pub text: Vec<Token>,
    /// What stands before the first token of the answer: the end of the text before the anchor, then what is typed, without the end that
    /// healing took back.
    pub context: Vec<Token>,
}

impl<T: Tokens> Builder<T> {
    /// The surroundings of `request`'s hole, whose prompt left `healing` to be said again.
    ///
    /// `by_line`: each line is tokenized without its break and followed by a [`LINE_END`], and blank lines are left out. So is the
    /// rest of one line said: what a vocabulary has as `);⏎` is `)`, `;` and the end there. Otherwise tokens are the vocabulary's own.
    pub fn surroundings(&mut self, request: &Request, healing: &Healing, by_line: bool) -> Surroundings {
        let mut text = Vec::new();
        for block in &request.blocks {
            text.extend_from_slice(&self.all_tokens(&block.text, by_line));
            text.push(GAP);
        }
        let before = self.all_tokens(&request.prefix, by_line);
        text.extend_from_slice(&before);
        text.push(GAP);
        text.extend_from_slice(&self.all_tokens(&request.suffix, by_line));
        text.push(GAP);
        let mut context = before[before.len().saturating_sub(CONTEXT)..].to_vec();
        let typed = self.cache.passing(&self.tokens, &request.typed).tokens;
        context.extend_from_slice(&typed);
        // In a layout without an anchor healing may take back more than what is typed.
        context.truncate(context.len().saturating_sub(healing.dropped().len()));
        Surroundings { text, context }
    }

    /// Appends the tokens of one line of some text, without its break, as in the text of surroundings by line.
    pub fn line(&self, line: &str, out: &mut Vec<Token>) {
        self.cache.line(&self.tokens, line, out);
    }

    fn all_tokens(&mut self, text: &str, by_line: bool) -> Arc<[Token]> {
        if by_line { self.cache.by_line(&self.tokens, text) } else { self.cache.whole(&self.tokens, text) }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::{Asking, Kind, Order, SessionKey};

    use super::*;
    use crate::{family, toy::Toy};

    fn check(hole: &str, by_line: bool, order: Option<Order>, expected: &Expect) {
        let (before, suffix) = hole.split_once("$0").unwrap();
        let anchor = before.rfind('\n').map_or(0, |at| at + 1);
        let request = Request {
            kind: Kind::Fim,
            session: SessionKey(1),
            path: String::new(),
            repository: String::new(),
            blocks: Vec::new(),
            prefix: before[..anchor].into(),
            typed: before[anchor..].into(),
            suffix: suffix.into(),
            max_tokens: 16,
            single_line: by_line,
            asking: Asking { order, ..Asking::default() },
        };
        let toy = Toy::new();
        let fim = family::recognise(&toy.facts(), |text| toy.find(text)).unwrap();
        let mut builder = Builder::new(&toy, fim, 1024);
        let healing = builder.build(&request).healing;
        let around = builder.surroundings(&request, &healing, by_line);
        let show = |tokens: &[Token]| -> String {
            let one = |token: &Token| match *token {
                LINE_END => "⏎".to_owned(),
                GAP => "…".to_owned(),
                token => toy.render(&[token]),
            };
            tokens.iter().map(one).collect()
        };
        expected.assert_eq(&format!("{} | {}", show(&around.text), show(&around.context)));
    }

    #[test]
    fn lines_lose_their_breaks_and_what_healing_took_back_is_no_context() {
        check(
            "foo(x);\n\n    self.le$0\nreturn x;\n",
            true,
            None,
            &expect!["foo(x);⏎…⏎return x;⏎… | foo(x);⏎    self"],
        );
        check(
            "foo(x);\n\n    self.le$0\nreturn x;\n",
            false,
            None,
            &expect![[r#"
            foo(x);

            …
            return x;
            … | foo(x);

                self"#]],
        );
    }

    #[test]
    fn without_an_anchor_healing_may_take_more_back_than_was_typed() {
        check(
            "foo(x);\n$0",
            false,
            Some(Order::Psm),
            &expect![[r#"
            foo(x);
            …… | foo(x)"#]],
        );
    }
}
