//! Where the middle of a prompt begins: at the start of a line, and there it stays while a person types on.
//!
//! What is typed behind the anchor is appended to the prompt, so a key costs the tokens that it adds, and so does Enter. Were the
//! anchor to follow the cursor's line, each Enter would move the text after the cursor, and all of it would be evaluated again.
//! Must not know a KV cache: whoever has one decides when to drop a kept anchor.

use std::borrow::Cow;

use model::{Block, Request};

/// The text around the place where a middle began, and what was shown from elsewhere: as long as the anchor stands that stays as it was,
/// because it stands before everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    before: Box<str>,
    suffix: Box<str>,
    blocks: Box<[Block]>,
}

impl Anchor {
    /// The anchor of a middle that begins with `hole`.
    pub fn of(hole: &Hole<'_>) -> Self {
        Self {
            before: hole.prefix.into(),
            suffix: hole.request.suffix.as_str().into(),
            blocks: hole.blocks.as_ref().into(),
        }
    }

    /// The hole of `request`, seen from this anchor; `None` if the text before it or after the cursor is not what it was, for then
    /// everything behind the change is to be evaluated anew anyway.
    pub fn hole<'r>(&self, request: &'r Request) -> Option<Hole<'r>> {
        let stands = request.prefix.starts_with(&*self.before) && request.suffix == *self.suffix;
        stands.then(|| {
            let hole = Hole::anchored_at(request, self.before.len());
            if *hole.blocks == *self.blocks {
                hole
            } else {
                Hole { blocks: self.blocks.to_vec().into(), ..hole }
            }
        })
    }
}

/// A request's hole with the place where its middle begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole<'r> {
    /// What is asked.
    pub request: &'r Request,
    /// Text before the anchor.
    pub prefix: &'r str,
    /// Text from the anchor to the cursor: whole lines, perhaps, and the beginning of the cursor's.
    pub typed: Cow<'r, str>,
    /// What is shown from elsewhere.
    pub blocks: Cow<'r, [Block]>,
}

impl<'r> Hole<'r> {
    /// The hole as it is asked about: its middle begins with the cursor's line.
    pub fn of(request: &'r Request) -> Self {
        Self {
            request,
            prefix: &request.prefix,
            typed: Cow::Borrowed(&request.typed),
            blocks: Cow::Borrowed(&request.blocks),
        }
    }

    /// The hole whose middle begins at byte `at` of the request's prefix, a character boundary and the start of a line.
    fn anchored_at(request: &'r Request, at: usize) -> Self {
        let (prefix, lines) = request.prefix.split_at(at);
        if lines.is_empty() {
            return Self::of(request);
        }
        Self { prefix, typed: Cow::Owned(format!("{lines}{}", request.typed)), ..Self::of(request) }
    }

    /// Whether what is shown from elsewhere is not what the request would have shown.
    pub fn is_dated(&self) -> bool {
        *self.blocks != *self.request.blocks
    }

    /// Lines between the anchor and the cursor's line.
    pub fn lines(&self) -> usize {
        self.typed.matches('\n').count()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::{Asking, Kind, SessionKey};

    use super::*;

    fn request(hole: &str) -> Request {
        let (before, suffix) = hole.split_once("$0").unwrap();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        Request {
            kind: Kind::Fim,
            session: SessionKey(1),
            path: String::new(),
            repository: String::new(),
            blocks: Vec::new(),
            prefix: before[..line].into(),
            typed: before[line..].into(),
            suffix: suffix.into(),
            max_tokens: 16,
            single_line: true,
            asking: Asking::default(),
        }
    }

    /// How the hole of `now` is seen by an anchor that was set when the text was `then`.
    fn check(then: &str, now: &str, expected: &Expect) {
        let (then, now) = (request(then), request(now));
        let anchor = Anchor::of(&Hole::of(&then));
        let seen = anchor.hole(&now).map(|hole| format!("{:?} {:?}", hole.prefix, hole.typed));
        expected.assert_eq(&seen.unwrap_or_else(|| "elsewhere".into()));
    }

    #[test]
    fn it_stays_while_lines_are_typed() {
        check("a\n  b$0\nz", "a\n  bc$0\nz", &expect![[r#""a\n" "  bc""#]]);
        check("a\n  b$0\nz", "a\n  bc;\n  $0\nz", &expect![[r#""a\n" "  bc;\n  ""#]]);
        check("a\n  b;\n  c$0\nz", "a\n  b;\n  $0\nz", &expect![[r#""a\n  b;\n" "  ""#]]);
    }

    #[test]
    fn what_is_shown_from_elsewhere_stays_with_it() {
        let block = |text: &str| vec![Block { path: "b.rs".into(), text: text.into(), further: Vec::new() }];
        let then = Request { blocks: block("then"), ..request("a\n  b$0\nz") };
        let now = Request { blocks: block("now"), ..request("a\n  bc$0\nz") };
        let seen = Anchor::of(&Hole::of(&then)).hole(&now).unwrap();
        assert_eq!((seen.blocks.as_ref(), seen.is_dated()), (block("then").as_slice(), true));
        assert!(!Hole::of(&now).is_dated());
    }

    #[test]
    fn an_edit_elsewhere_moves_it() {
        check("a\n  b$0\nz", "A\n  b$0\nz", &expect!["elsewhere"]);
        check("a\n  b$0\nz", "a\n  b$0\nZ", &expect!["elsewhere"]);
        check("a\nb\n  c$0\nz", "a\nb$0\nz", &expect!["elsewhere"]);
    }
}
