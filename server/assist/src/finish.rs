//! After the model: from its words to a suggestion that is fit to show, or the reason why there is none.
//!
//! Order matters: shape, overlap, repetition, confidence, closers, syntax. Must not add text that the model did not write, and cuts nothing
//! but through a named [`Rule`].

use std::ops::Range;

use syntax::Tree;
use text::Snapshot;

use crate::{
    Plan, Shape, Silence, clean, closers,
    cut::{Cut, Pruned, Rule},
    plan::is_word,
};

/// What came from the model.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Its words.
    pub text: &'a str,
    /// How probable it is, from 0 to 1, that their first line is what belongs there: [`model::Stats::confidence`]. `None` where the
    /// engine has not said so, because nobody waited for the end of the answer.
    pub confidence: Option<f64>,
}

/// Lets a suggestion pass whose model is at least `least` per cent sure of it.
///
/// What is unknown passes: an answer that took long would otherwise never be shown.
///
/// # Errors
/// [`Silence::LowConfidence`].
pub fn sure_enough(confidence: Option<f64>, least: u32) -> Result<(), Silence> {
    match confidence.map(|confidence| confidence * 100.0) {
        Some(percent) if percent < f64::from(least) => {
            // Down, so that nobody reads of 20 % that are less than 20 %.
            Err(Silence::LowConfidence { percent: whole(percent), least })
        }
        _ => Ok(()),
    }
}

/// Lets a suggestion pass whose like, by how sure the model is of it, is taken often enough.
fn taken_enough(confidence: Option<f64>, least: u32) -> Result<(), Silence> {
    sure_enough(confidence, least).map_err(|silence| match silence {
        Silence::LowConfidence { percent, least } => Silence::SeldomTaken { percent, least },
        other => other,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 100")]
fn whole(percent: f64) -> u32 {
    percent.clamp(0.0, 100.0) as u32
}

/// Text to show at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What `range` becomes, with the document's own line breaks.
    pub text: String,
    /// The bytes of the document that it replaces. Its end consumes closers that the text writes itself.
    pub range: Range<usize>,
    /// Whether the syntax was checked (there was a tree).
    pub verified: bool,
}

impl Suggestion {
    /// The same suggestion with the word left of the cursor in its range and its text.
    ///
    /// Editors match an item against the text that it replaces; with the word in it there is something to match.
    #[must_use]
    pub fn with_word(mut self, snapshot: &Snapshot) -> Self {
        let mut start = self.range.start;
        while let Some(c) = snapshot.char_before(start).filter(|c| is_word(*c)) {
            start -= c.len_utf8();
        }
        self.text.insert_str(0, &snapshot.slice(start..self.range.start));
        self.range.start = start;
        self
    }
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The suggestion, or the reason why nothing is fit to show.
    pub outcome: Result<Suggestion, Silence>,
    /// What was taken off the model's words, in this order, whatever came of the rest.
    pub cuts: Vec<Cut>,
}

/// Makes a suggestion of what the model `said` at the place of `plan`.
///
/// `tree` is the tree of `snapshot`, or an older one that was edited along with the text; `None` where the language has no grammar.
pub fn finish(plan: &Plan, said: Said<'_>, snapshot: &Snapshot, tree: Option<&Tree>) -> Finished {
    let mut answer = Pruned::new(said.text);
    let outcome = fit(plan, said.confidence, &mut answer, snapshot, tree);
    Finished { outcome, cuts: answer.cuts }
}

/// Cuts `answer` until it is fit to show.
fn fit(
    plan: &Plan,
    confidence: Option<f64>,
    answer: &mut Pruned<'_>,
    snapshot: &Snapshot,
    tree: Option<&Tree>,
) -> Result<Suggestion, Silence> {
    keep_missing(plan, answer)?;
    if clean::loops(answer.text) {
        return Err(Silence::Repetition);
    }
    sure_enough(confidence, plan.min_confidence)?;
    taken_enough(confidence, plan.learned_confidence)?;
    if let Some(tree) = tree {
        keep_valid(plan, answer, snapshot, tree)?;
    }
    let range = replaced(plan, answer.text);
    let text = (plan.lead.clone() + answer.text).replace('\n', plan.line_break);
    Ok(Suggestion { text, range, verified: tree.is_some() })
}

/// Leaves what the place wants and does not have yet.
fn keep_missing(plan: &Plan, answer: &mut Pruned<'_>) -> Result<(), Silence> {
    match plan.shape {
        Shape::Line => answer.cut(Rule::AfterLine, clean::first_line),
        Shape::Block => {
            answer.cut(Rule::BlankLine, clean::before_blank_line);
            answer.cut(Rule::Dedent, |said| clean::before_dedent(said, &plan.indent));
            answer.cut(Rule::Loop, clean::before_loop);
        }
    }
    let wanted = answer.text;
    // Behind something begun, a line may well end as the one below it does.
    if plan.below.len() >= 4 && is_complete(&plan.request.typed) {
        answer.cut(Rule::NextLine, |said| if said.trim() == plan.below { "" } else { said });
    }
    if plan.request.typed.trim().is_empty() {
        answer.cut(Rule::NextLine, |said| clean::before_repeat_of(said, &plan.below));
    }
    answer.cut(Rule::SuffixOverlap, |said| clean::without_overlap(said, &plan.rest));
    answer.cut(Rule::Separator, |said| without_separators(said, plan));
    // Blanks before other text on the line are part of it; before the line's end they are noise.
    if plan.rest.is_empty() {
        answer.cut(Rule::Blanks, str::trim_end);
    }
    if !answer.text.trim().is_empty() || !plan.lead.is_empty() {
        return Ok(());
    }
    Err(if wanted.trim().is_empty() { Silence::NothingMissing } else { Silence::RepeatsSuffix })
}

/// Whether all of the next line has no place behind what is typed: within a word, or behind what ends something.
fn is_complete(typed: &str) -> bool {
    typed.ends_with(is_word) || typed.trim_end().ends_with([';', ',', '.', '{', '}'])
}

/// `said` without the separators that stand right of the cursor already, once it has written every closer between.
fn without_separators<'s>(said: &'s str, plan: &Plan) -> &'s str {
    let whole = closers::written(said, &plan.closers) == plan.closers.len();
    said.strip_suffix(plan.separators.as_str()).filter(|_| whole).unwrap_or(said)
}

/// What the suggestion `said` replaces: the selected item's range, and the closers that it writes itself.
fn replaced(plan: &Plan, said: &str) -> Range<usize> {
    plan.replaced.start..plan.offset + closers::written(said, &plan.closers)
}

/// Leaves a beginning, as long as a few attempts find it, that adds no syntax error.
///
/// What is said for a new line must also be complete: who takes a function that breaks off has to mend it. Only to a user who asked is
/// its first line shown. The rest of a line that the user began may open what the next key goes on with.
fn keep_valid(plan: &Plan, answer: &mut Pruned<'_>, snapshot: &Snapshot, tree: &Tree) -> Result<(), Silence> {
    let mut judged = replaced(plan, answer.text);
    let mut verifier = tree.verifier(snapshot, judged.clone());
    for attempt in 0.. {
        let candidate = answer.text;
        let range = replaced(plan, candidate);
        if range != judged {
            verifier = tree.verifier(snapshot, range.clone());
            judged = range;
        }
        let verdict = verifier.judge(&(plan.lead.clone() + candidate));
        let one_line = !candidate.contains('\n');
        // Nobody goes on with what the answer opens where the line goes on already, be it with brackets alone.
        let goes_on =
            || plan.rest.is_empty() && closers::written(candidate, &plan.closers) == plan.closers.len();
        let may_be_open = one_line && (plan.explicit || plan.shape == Shape::Line && goes_on());
        if verdict.added == 0 && (!verdict.open || may_be_open) {
            return Ok(());
        }
        if verdict.added == 0 && one_line {
            return Err(Silence::Unfinished);
        }
        let allowed = closers::written(candidate, &plan.closers);
        let Some((rule, next)) = shorter(candidate, attempt, allowed) else { break };
        answer.cut(rule, |_| next);
        if next.trim().is_empty() {
            break;
        }
    }
    Err(Silence::SyntaxError)
}

/// The next candidate: of a block first all but the last line, then as many lines as close their own brackets, then the first line alone
/// (a bad text costs more to judge than a good one, so there are few attempts); of a line the part before the first bracket that it closes
/// but did not open.
fn shorter(text: &str, attempt: usize, allowed: usize) -> Option<(Rule, &str)> {
    let Some((but_last, _)) = text.rsplit_once('\n') else {
        return closers::first_stray(text, allowed).map(|at| (Rule::StrayCloser, text[..at].trim_end()));
    };
    let (rule, next) = match (attempt, closers::closed_lines(text)) {
        (0, _) => (Rule::LastLine, but_last),
        (1, closed) if !closed.is_empty() => (Rule::OpenLines, closed),
        _ => (Rule::LaterLines, clean::first_line(text)),
    };
    Some((rule, next.trim_end()))
}

#[cfg(test)]
mod tests;
