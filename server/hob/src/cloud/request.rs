//! What a person asks, as a request for a model and as what the router decides by.
//!
//! Must not read a file: texts and what is private among them are handed in.

use std::collections::BTreeMap;

use assist::route::{Choice, Errand, File};
use config::Task;
use model::cloud::{Ask, Part, Role, Turn};

/// Tokens of an answer at most.
const ANSWER_TOKENS: u32 = 2048;

/// Source code has at least so many bytes to a token, with the vocabularies in use; only what fits a context is reckoned by it, never money.
const BYTES_PER_TOKEN: usize = 3;

/// Something to be answered, with what is shown along with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Why.
    pub(crate) task: Task,
    /// The person's words.
    pub(crate) words: String,
    /// What is shown.
    pub(crate) files: Vec<Shown>,
    /// What the person wants for this one.
    pub(crate) choice: Choice,
}

/// A file, or an excerpt of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Relative to the workspace, `/` between parts.
    pub(crate) path: String,
    /// Its LSP identifier; empty where it has none.
    pub(crate) language: String,
    /// UTF-8.
    pub(crate) text: String,
    /// It never leaves: its name is a secret's, or its user excluded it.
    pub(crate) private: bool,
}

impl Request {
    /// For a model.
    pub(crate) fn ask(&self) -> Ask {
        let files =
            self.files.iter().map(|file| Part::File { path: file.path.clone(), text: file.text.clone() });
        let mut parts: Vec<Part> = files.collect();
        // What is asked comes last, where models heed it most.
        parts.push(Part::Text(self.words.clone()));
        Ask {
            task: self.task,
            system: system(self.task).into(),
            turns: vec![Turn { role: Role::User, parts }],
            max_tokens: ANSWER_TOKENS,
        }
    }

    /// For the router; `secrets` were found in it.
    pub(crate) fn errand(&self, secrets: BTreeMap<String, u32>) -> Errand {
        let file = |file: &Shown| File {
            path: file.path.clone(),
            language: file.language.clone(),
            private: file.private,
        };
        Errand {
            task: self.task,
            files: self.files.iter().map(file).collect(),
            tokens: self.tokens(),
            answer_tokens: ANSWER_TOKENS,
            secrets,
            choice: self.choice.clone(),
        }
    }

    /// Tokens that it has, about; more rather than less.
    fn tokens(&self) -> u32 {
        let files = self.files.iter().map(|file| file.path.len() + file.text.len());
        let bytes = system(self.task).len() + self.words.len() + files.sum::<usize>();
        u32::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
    }
}

/// How a model is to answer.
fn system(task: Task) -> &'static str {
    match task {
        Task::Explain | Task::ExplainAcross => {
            "You explain source code to the person who works on it. Say what it is for and how it works, then what could surprise. \
             Name files and lines. Answer in Markdown, briefly."
        }
        Task::Summary => {
            "You summarise a source file for somebody who has not read it. Answer in Markdown, in at most ten lines."
        }
        _ => {
            "You answer a programmer's question about the code that is shown. If the code does not tell, say so. Name files and lines. \
             Answer in Markdown, briefly."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_comes_behind_what_is_shown() {
        let request = Request {
            task: Task::Question,
            words: "Why?".into(),
            files: vec![Shown {
                path: "src/a.rs".into(),
                language: "rust".into(),
                text: "fn a() {}\n".into(),
                private: false,
            }],
            choice: Choice::None,
        };
        let ask = request.ask();
        assert_eq!(
            ask.turns[0].parts,
            [Part::File { path: "src/a.rs".into(), text: "fn a() {}\n".into() }, Part::Text("Why?".into())]
        );
        let errand = request.errand(BTreeMap::new());
        assert_eq!((errand.files.len(), errand.files[0].path.as_str()), (1, "src/a.rs"));
        assert!(errand.tokens > 50, "instructions count too");
    }
}
