//! The texts that a prompt is made of, cut as they are tokenized: for a vocabulary that lies on another machine, so that all that is not
//! known yet is asked for at once and not a line at a time.
//!
//! Must not decide what a prompt shows: it names what may be looked at, and more of it than is shown.

use std::collections::BTreeSet;

use crate::{Builder, Hole, Tokens, budget, cache::chunks, family::Files};

impl<T: Tokens> Builder<T> {
    /// The texts that [`Builder::build_view`] may tokenize for `hole`, each once. Where lines can't be kept apart (see
    /// [`Builder::caches_lines`]) some others may be needed besides.
    pub fn sources(&self, hole: &Hole<'_>) -> BTreeSet<String> {
        let room = self.context();
        let mut texts = BTreeSet::new();
        let mut add = |text: &str| texts.extend(chunks(text).map(|(chunk, _)| chunk.to_owned()));
        let before = budget::last_bytes(hole.prefix, room);
        add(before);
        add(budget::first_bytes(&hole.request.suffix, room));
        let typed = budget::last_bytes(&hole.typed, room / 2);
        add(typed);
        // Layouts without an anchor have both in one text, which may be cut elsewhere where the two meet.
        let last = before.trim_end().rfind('\n').map_or(0, |at| at + 1);
        add(&format!("{}{typed}", &before[last..]));
        for block in hole.blocks.iter() {
            add(budget::first_bytes(&block.text, room));
            add("\n");
            add(&self.announcement(&block.path));
        }
        if !hole.request.path.is_empty() {
            add(&self.announcement(&hole.request.path));
        }
        if matches!(self.fim().files, Files::Separator { repository: Some(_), .. }) {
            add(&format!("{}\n", hole.request.repository));
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use model::{Asking, Block, Kind, Order, Request, SessionKey};

    use super::*;
    use crate::{Token, View, family, toy::Toy};

    /// Notes what it is asked for.
    struct Asked<'t>(&'t Toy, &'t RefCell<BTreeSet<String>>);

    impl Tokens for Asked<'_> {
        fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
            self.1.borrow_mut().insert(text.to_owned());
            self.0.tokenize(text, out);
        }

        fn piece(&self, token: Token) -> &[u8] {
            self.0.piece(token)
        }

        fn size(&self) -> usize {
            self.0.size()
        }
    }

    #[test]
    fn nothing_is_tokenized_that_was_not_named() {
        let toy = Toy::new();
        let block = |text: &str| Block { path: "src/b.rs".into(), text: text.into(), further: Vec::new() };
        for order in [None, Some(Order::Psm), Some(Order::Spm)] {
            for typed in ["", "    ", "    self.le"] {
                let request = Request {
                    kind: Kind::Fim,
                    session: SessionKey(1),
                    path: "src/a.rs".into(),
                    repository: "hob".into(),
                    blocks: vec![block("use x;\n\nfn b() {\n}\n"), block("let y = 1")],
                    prefix: "fn a() {\n    foo();\n\n".into(),
                    typed: typed.into(),
                    suffix: "\n}\n\nfn c() {\n}\n".into(),
                    max_tokens: 16,
                    single_line: true,
                    asking: Asking { order, ..Asking::default() },
                };
                let asked = RefCell::default();
                let fim = family::recognise(&toy.facts(), |text| toy.find(text)).unwrap();
                let mut builder = Builder::new(Asked(&toy, &asked), fim, 1024);
                let hole = Hole::of(&request);
                let sources = builder.sources(&hole);
                asked.borrow_mut().clear();
                builder.build_view(&hole, View::Whole);
                let unnamed: Vec<_> = asked.borrow().difference(&sources).cloned().collect();
                assert!(unnamed.is_empty(), "{order:?} {typed:?}: {unnamed:?}");
            }
        }
    }
}
