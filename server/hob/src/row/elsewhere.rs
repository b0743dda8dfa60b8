//! What a row says of the workspace: which places the model was shown, how many tokens each took, and which were left out and why.
//!
//! Names only what the index answered with, so no path that the user excluded. Must not hold a text.

use std::collections::BTreeMap;

use assist::{Considered, Context, Rejection};
use model::{Shown, ShownExcerpt};
use serde::{Deserialize, Serialize};

/// Places left out that a row names; the others it counts.
const NAMED: usize = 8;

/// What is shown from elsewhere, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    /// The places, in the order of the prompt: the worthiest file's first.
    pub(crate) shown: Vec<Excerpt>,
    /// The worthiest that were found and left out, but for places in the document itself.
    #[serde(default)]
    pub(crate) rejected: Vec<Rejected>,
    /// How much was found and left out, those included, by the code of the reason.
    pub(crate) left_out: BTreeMap<String, u32>,
}

/// A place that is shown, if the prompt has room for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Excerpt {
    /// The source: `definitions`, `edits`, `uses` or `neighbours`.
    pub(crate) from: String,
    /// The file, relative to its workspace.
    pub(crate) path: String,
    /// Its first line, from 1.
    pub(crate) line: usize,
    /// How much text.
    pub(crate) bytes: usize,
    /// What it took of the prompt; 0 where there was no room. `None` if the model had not read it yet, or nobody said.
    #[serde(default)]
    pub(crate) tokens: Option<u32>,
    /// Whether the prompt had no room for all of it.
    #[serde(default)]
    pub(crate) cut: bool,
}

/// A place that is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rejected {
    /// As in [`Excerpt`].
    pub(crate) from: String,
    /// As in [`Excerpt`].
    pub(crate) path: String,
    /// As in [`Excerpt`].
    pub(crate) line: usize,
    /// As in [`Excerpt`].
    pub(crate) bytes: usize,
    /// The code of the reason.
    pub(crate) why: String,
}

impl From<&Context> for Elsewhere {
    fn from(context: &Context) -> Self {
        let shown = context.shown().map(|Considered { source, path, lines, bytes, .. }| Excerpt {
            from: source.name().to_owned(),
            path: path.to_string(),
            line: lines.start + 1,
            bytes: *bytes,
            tokens: None,
            cut: false,
        });
        let mut elsewhere = Self { shown: shown.collect(), ..Self::default() };
        for (Considered { source, path, lines, bytes, .. }, why) in context.rejected() {
            *elsewhere.left_out.entry(why.code().to_owned()).or_insert(0) += 1;
            // Where the document itself is concerned there is nothing to wonder about, and it is found all the time.
            if why != Rejection::SameFile && elsewhere.rejected.len() < NAMED {
                elsewhere.rejected.push(Rejected {
                    from: source.name().to_owned(),
                    path: path.to_string(),
                    line: lines.start + 1,
                    bytes: *bytes,
                    why: why.code().to_owned(),
                });
            }
        }
        elsewhere
    }
}

impl Elsewhere {
    /// Notes what of it the prompt had room for, unless the prompt was of something else.
    pub(super) fn weigh(&mut self, prompt: &Shown) {
        if prompt.dated {
            return;
        }
        let nothing = ShownExcerpt { tokens: 0, cut: true };
        let parts = prompt.excerpts.iter().copied().chain(std::iter::repeat(nothing));
        for (excerpt, ShownExcerpt { tokens, cut }) in self.shown.iter_mut().zip(parts) {
            (excerpt.tokens, excerpt.cut) = (Some(tokens), cut);
        }
    }

    /// How many were left out without being named.
    pub(crate) fn unnamed(&self) -> usize {
        let all: u32 = self.left_out.values().sum();
        usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(self.rejected.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assist::Source;
    use model::Block;

    use super::*;

    fn found(path: &str, line: usize, outcome: Result<(), Rejection>) -> Considered {
        Considered { source: Source::Use, path: path.into(), lines: line..line + 3, bytes: 90, outcome }
    }

    #[test]
    fn few_are_named_and_all_are_counted() {
        let known = (0..20).map(|line| found("b.rs", line, Err(Rejection::Known)));
        let own = found("a.rs", 2, Err(Rejection::SameFile));
        let considered =
            [own].into_iter().chain(known).chain([found("c.rs", 7, Err(Rejection::NoRoom))]).collect();
        let elsewhere = Elsewhere::from(&Context { blocks: Arc::default(), considered });
        assert_eq!((elsewhere.rejected.len(), elsewhere.unnamed()), (NAMED, 14));
        let counts = [("known".into(), 20), ("no_room".into(), 1), ("same_file".into(), 1)];
        assert_eq!(elsewhere.left_out, BTreeMap::from(counts));
        assert_eq!((elsewhere.rejected[0].line, elsewhere.rejected[0].why.as_str()), (1, "known"));
    }

    #[test]
    fn excerpts_of_one_file_stand_together_as_in_the_prompt() {
        let block = |path: &str| Block { path: path.into(), text: String::new(), further: Vec::new() };
        let considered = vec![found("b.rs", 0, Ok(())), found("c.rs", 4, Ok(())), found("b.rs", 9, Ok(()))];
        let context = Context { blocks: [block("b.rs"), block("c.rs")].into(), considered };
        let mut elsewhere = Elsewhere::from(&context);
        let part = |tokens, cut| ShownExcerpt { tokens, cut };
        let prompt = Shown { excerpts: vec![part(30, false), part(12, true)], ..Shown::default() };
        elsewhere.weigh(&Shown { dated: true, ..prompt.clone() });
        assert!(elsewhere.shown.iter().all(|excerpt| excerpt.tokens.is_none()));
        elsewhere.weigh(&prompt);
        let told = |e: &Excerpt| format!("{}:{} {:?} {}", e.path, e.line, e.tokens, e.cut);
        let told: Vec<_> = elsewhere.shown.iter().map(told).collect();
        assert_eq!(told, ["b.rs:1 Some(30) false", "b.rs:10 Some(12) true", "c.rs:5 Some(0) true"]);
    }
}
