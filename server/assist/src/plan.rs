//! Before the model: whether to ask at all, what to show it, and what kind of text the place wants.
//!
//! Must not be slow (it runs on every key) and must not guess: what does not fit is a [`Silence`] with its reason.

use std::{ops::Range, sync::Arc};

use model::{Asking, Block, Kind, Request, SessionKey, WorkspaceKey};
use syntax::Tree;
use text::Snapshot;

use crate::{
    Silence, closers,
    window::{lf, line_break, prefix, suffix},
};

/// A line longer than this many bytes is data, not something that a person types.
const LINE_MAX: usize = 4 << 10;

/// What the user's configuration says about completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether to suggest anything.
    pub enabled: bool,
    /// LSP language ids for which nothing is suggested.
    pub languages_off: Vec<String>,
    /// Whether something is suggested within a string that nothing but quotes and brackets follows.
    pub strings: bool,
    /// At most this many tokens are decoded for one answer.
    pub max_tokens: u32,
    /// How sure the model has to be before something is shown that nobody asked for, in per cent; 0 shows everything.
    pub min_confidence: u32,
    /// The same, as learned from what the user takes: [`least_confidence`](crate::least_confidence).
    pub learned_confidence: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            languages_off: Vec::new(),
            strings: true,
            max_tokens: 64,
            min_confidence: 0,
            learned_confidence: 0,
        }
    }
}

/// The item selected in the editor's completion popup: an answer must begin with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The bytes that it replaces.
    pub range: Range<usize>,
    /// What it inserts.
    pub text: String,
}

/// A place in a document where the user may want more text.
#[derive(Debug, Clone)]
pub struct Query {
    /// The document as it was when the request arrived.
    pub snapshot: Snapshot,
    /// Its syntax tree, edited up to the snapshot's version; `None` for a language without a grammar.
    pub tree: Option<Tree>,
    /// The cursor, in bytes.
    pub offset: usize,
    /// The LSP language id.
    pub language: String,
    /// Relative to the workspace, `/` between parts.
    pub path: String,
    /// The name of the workspace's folder; empty when there is none.
    pub repository: String,
    /// Whose KV cache to continue.
    pub session: SessionKey,
    /// The popup's selected item.
    pub selected: Option<Selected>,
    /// Whether the user asked for a suggestion, as opposed to going on typing.
    pub explicit: bool,
    /// Why the document is to be left alone, in words that fit behind "is"; `None` if it isn't.
    pub excluded: Option<String>,
    /// Whether a suggestion at this place was typed over a moment ago.
    pub typed_over: bool,
    /// What the model is shown from elsewhere: [`gather`](crate::gather)ed some time before.
    pub blocks: Arc<[Block]>,
    /// The workspace whose other files count for what the model says.
    pub workspace: Option<WorkspaceKey>,
}

impl Query {
    /// Whether the cursor stands behind a character of a word.
    pub fn follows_word(&self) -> bool {
        self.snapshot.char_before(self.offset).is_some_and(is_word)
    }
}

/// What kind of text the place wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The rest of the cursor's line.
    Line,
    /// Whole lines: the cursor stands on a blank line.
    Block,
}

/// A question to the model and what is needed to make an answer of its words.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The question.
    pub request: Request,
    /// One line or several.
    pub shape: Shape,
    /// The cursor, in bytes (with a selected popup item: the end of what it replaces).
    pub offset: usize,
    /// Bytes that the answer replaces before its text begins; empty unless a popup item is selected.
    pub replaced: Range<usize>,
    /// What the answer must begin with: the selected popup item, else empty.
    pub lead: String,
    /// Closing brackets and quotes right of the cursor, kept out of the prompt.
    pub closers: String,
    /// What ends the statement behind those: `;` or `,`, or nothing.
    pub separators: String,
    /// The rest of the cursor's line when it is more than closers, trimmed at its end.
    pub rest: String,
    /// The next line below the cursor that is not blank, trimmed.
    pub below: String,
    /// White space before the cursor's line, and before the cursor on a blank one.
    pub indent: String,
    /// The document's line break.
    pub line_break: &'static str,
    /// What of the model is shown, by how sure it is of it, in per cent: all of it to a user who asked, whatever the settings say.
    pub min_confidence: u32,
    /// The same, as learned. It is no minimum of the user's, and the silence says so.
    pub learned_confidence: u32,
    /// Whether the user asked by a key: then a beginning is shown too, where nothing complete was said.
    pub explicit: bool,
}

impl Plan {
    /// How sure the model has to be, in per cent, for whatever reason.
    pub fn least_confidence(&self) -> u32 {
        self.min_confidence.max(self.learned_confidence)
    }
}

/// Decides whether to ask the model about `query`.
///
/// # Errors
/// The reason to stay silent.
pub fn plan(query: &Query, settings: &Settings) -> Result<Plan, Silence> {
    gate(query, settings)?;
    let snapshot = &query.snapshot;
    let replaced = query.selected.as_ref().map_or(query.offset..query.offset, |s| s.range.clone());
    let line = snapshot.line_of(query.offset);
    let (anchor, line_end) = (snapshot.line_start(line), snapshot.line_end(line));
    if replaced.start < anchor || replaced.end > line_end || replaced.start > replaced.end {
        return Err(Silence::OutsideText);
    }
    let lead = query.selected.as_ref().map_or(String::new(), |s| s.text.clone());
    let typed = snapshot.slice(anchor..replaced.start).into_owned() + &lead;
    let rest = snapshot.slice(replaced.end..line_end);
    let closers = closers::pending(&rest).to_owned();
    let mut suffix_from = replaced.end + closers.len();
    if rest[closers.len()..].trim().is_empty() {
        // What closes the block stays out too: on the cursor's line it was until Enter moved it down.
        suffix_from = closers::below(&snapshot.line(line + 1))
            .map_or(suffix_from, |closed| snapshot.line_start(line + 1) + closed);
    }

    let shape = if typed.trim().is_empty() && rest.trim().is_empty() { Shape::Block } else { Shape::Line };
    let request = Request {
        kind: Kind::Fim,
        session: query.session,
        path: query.path.clone(),
        repository: query.repository.clone(),
        blocks: query.blocks.to_vec(),
        prefix: lf(&snapshot.slice(prefix(snapshot, anchor))),
        suffix: lf(&snapshot.slice(suffix(snapshot, suffix_from))),
        max_tokens: settings.max_tokens,
        single_line: shape == Shape::Line,
        asking: Asking { workspace: query.workspace, ..Asking::default() },
        typed: typed.clone(),
    };
    Ok(Plan {
        request,
        shape,
        offset: replaced.end,
        replaced,
        rest: if closers.is_empty() { rest.trim_end().to_owned() } else { String::new() },
        below: below(snapshot, line),
        indent: typed.chars().take_while(|c| c.is_whitespace()).collect(),
        line_break: line_break(snapshot, line),
        min_confidence: if query.explicit { 0 } else { settings.min_confidence },
        learned_confidence: if query.explicit { 0 } else { settings.learned_confidence },
        explicit: query.explicit,
        separators: closers::separators(&rest, &closers).to_owned(),
        lead,
        closers,
    })
}

fn gate(query: &Query, settings: &Settings) -> Result<(), Silence> {
    let snapshot = &query.snapshot;
    if !settings.enabled {
        return Err(Silence::Disabled);
    }
    if settings.languages_off.contains(&query.language) {
        return Err(Silence::LanguageOff);
    }
    if let Some(why) = &query.excluded {
        return Err(Silence::Excluded(why.clone()));
    }
    if query.offset > snapshot.len() || !snapshot.is_char_boundary(query.offset) {
        return Err(Silence::OutsideText);
    }
    let line = snapshot.line_of(query.offset);
    if snapshot.line_end(line) - snapshot.line_start(line) > LINE_MAX {
        return Err(Silence::LineTooLong);
    }
    let word = |c: Option<char>| c.is_some_and(is_word);
    if word(snapshot.char_before(query.offset)) && word(snapshot.char_after(query.offset)) {
        return Err(Silence::InsideWord);
    }
    if query.explicit {
        return Ok(());
    }
    if !settings.strings && ends_string(query) {
        return Err(Silence::InsideString);
    }
    if query.typed_over {
        return Err(Silence::TypedOver);
    }
    Ok(())
}

/// Whether the cursor stands in a string whose rest is only what closes it.
fn ends_string(query: &Query) -> bool {
    let Query { snapshot, offset, .. } = query;
    let rest = snapshot.slice(*offset..snapshot.line_end(snapshot.line_of(*offset)));
    let closes = rest.starts_with(['"', '\'', '`']) && !closers::pending(&rest).is_empty();
    closes && query.tree.as_ref().is_some_and(|tree| tree.place(snapshot, *offset).in_string)
}

/// Whether `c` belongs to an identifier in the languages that people complete in.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first line after `line` that is not blank, trimmed; empty when the next few are all blank.
fn below(snapshot: &Snapshot, line: usize) -> String {
    (line + 1..snapshot.line_count())
        .take(8)
        .map(|line| snapshot.line(line).trim().to_owned())
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::query;

    fn check(text: &str, want: &Expect) {
        let got = match plan(&query(text), &Settings::default()) {
            Ok(plan) => format!(
                "{:?} prefix {:?} typed {:?} suffix {:?} closers {:?} rest {:?} below {:?} indent {:?} break {:?}",
                plan.shape,
                plan.request.prefix,
                plan.request.typed,
                plan.request.suffix,
                plan.closers,
                plan.rest,
                plan.below,
                plan.indent,
                plan.line_break
            ),
            Err(silence) => silence.code().to_owned(),
        };
        want.assert_eq(&got);
    }

    #[test]
    fn a_line_is_anchored_at_its_start() {
        check(
            "fn a() {\n    let x = $0\n}\n",
            &expect![[
                r#"Line prefix "fn a() {\n" typed "    let x = " suffix "\n" closers "" rest "" below "}" indent "    " break "\n""#
            ]],
        );
    }

    #[test]
    fn a_blank_line_asks_for_a_block() {
        check(
            "fn a() {\n    $0\n}\n",
            &expect![[
                r#"Block prefix "fn a() {\n" typed "    " suffix "\n" closers "" rest "" below "}" indent "    " break "\n""#
            ]],
        );
    }

    #[test]
    fn auto_closed_pairs_stay_out_of_the_prompt() {
        check(
            "f(g($0));\n",
            &expect![[
                r#"Line prefix "" typed "f(g(" suffix ";\n" closers "))" rest "" below "" indent "" break "\n""#
            ]],
        );
        check(
            "f($0 + 1);\n",
            &expect![[
                r#"Line prefix "" typed "f(" suffix " + 1);\n" closers "" rest " + 1);" below "" indent "" break "\n""#
            ]],
        );
    }

    #[test]
    fn enter_between_two_brackets_leaves_the_suffix_as_it_was() {
        check(
            "a(|| {$0});\nb();\n",
            &expect![[
                r#"Line prefix "" typed "a(|| {" suffix ";\nb();\n" closers "})" rest "" below "b();" indent "" break "\n""#
            ]],
        );
        check(
            "a(|| {\n    $0\n});\nb();\n",
            &expect![[
                r#"Block prefix "a(|| {\n" typed "    " suffix ";\nb();\n" closers "" rest "" below "});" indent "    " break "\n""#
            ]],
        );
        check(
            "if a {\n    b$0\n} else {\n",
            &expect![[
                r#"Line prefix "if a {\n" typed "    b" suffix "\n} else {\n" closers "" rest "" below "} else {" indent "    " break "\n""#
            ]],
        );
    }

    #[test]
    fn carriage_returns_are_not_shown_to_the_model() {
        check(
            "a\r\n  b$0\r\nc\r\n",
            &expect![[
                r#"Line prefix "a\n" typed "  b" suffix "\nc\n" closers "" rest "" below "c" indent "  " break "\r\n""#
            ]],
        );
    }

    #[test]
    fn inside_a_word_is_silent() {
        check("let wo$0rd = 1;", &expect!["inside_word"]);
        check("let naïv$0eté = 1;", &expect!["inside_word"]);
    }

    #[test]
    fn what_is_excluded_is_silent_even_to_a_key() {
        let excluded = Some("ignored by .hobignore".to_owned());
        let query = Query { excluded, explicit: true, ..query("let x = $0\n") };
        let silence = plan(&query, &Settings::default()).unwrap_err();
        assert_eq!(
            (silence.code(), silence.to_string().as_str()),
            ("excluded", "the file is ignored by .hobignore")
        );
    }

    #[test]
    fn strings_are_silent_to_who_wants_none_in_them() {
        let asks = |text: &str, strings: bool, explicit: bool| {
            let query = Query { explicit, ..query(text) };
            plan(&query, &Settings { strings, ..Settings::default() }).map_err(|silence| silence.code()).err()
        };
        let within = "fn a() {\n    f(\"one $0\");\n}\n";
        assert_eq!(asks(within, false, false), Some("inside_string"));
        assert_eq!(asks(within, true, false), None);
        assert_eq!(asks(within, false, true), None, "who asks is answered");
        assert_eq!(
            asks("fn a() {\n    f(\"one $0two\");\n}\n", false, false),
            None,
            "more than quotes follow"
        );
        assert_eq!(asks("fn a() {\n    f(\"one\", $0);\n}\n", false, false), None);
    }

    #[test]
    fn where_a_suggestion_was_typed_over_only_a_key_asks_again() {
        let asks = |typed_over, explicit| {
            let query = Query { explicit, typed_over, ..query("let x = $0\n") };
            plan(&query, &Settings::default()).map_err(|silence| silence.code()).err()
        };
        assert_eq!(asks(true, false), Some("typed_over"));
        assert_eq!(asks(true, true), None);
    }

    #[test]
    fn a_very_long_line_is_silent() {
        check(&format!("{}$0", "x ".repeat(LINE_MAX)), &expect!["line_too_long"]);
    }

    #[test]
    fn the_selected_popup_item_is_part_of_what_was_typed() {
        let mut query = query("list.pu$0\n");
        query.selected = Some(Selected { range: 5..7, text: "push".into() });
        let plan = plan(&query, &Settings::default()).unwrap();
        assert_eq!(
            (plan.request.typed.as_str(), plan.lead.as_str(), plan.replaced),
            ("list.push", "push", 5..7)
        );
    }
}
