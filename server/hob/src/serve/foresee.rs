//! On each change: guesses where the cursor is now, and has the answer for that place begun before the editor asks for it.
//!
//! A wrong guess costs the machine a little and the user nothing: the editor's own request then asks. Must not wait for anything: it
//! runs in the first poll of a notification.

use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
    time::{Duration, Instant},
};

use assist::{PAIRS, Plan, Query};
use engine::{Answer, EngineClient};
use model::{Asking, Finish, Kind, ModelError, Request};
use text::{Edit, Snapshot};
use tokio::time::sleep;

use super::{
    Server,
    flow::{Flow, lock},
    measure::{Place, Why},
    pace::{Effort, Pace},
    session::Places,
};

/// Edits of one notification that lie further apart than this many bytes are no typing.
const CLOSE: usize = 256;

/// A file's step of indentation is looked for in so many lines.
const STEP_LINES: usize = 200;

/// After how long without a change the place is read where the user was before: later than the engine reads the rest of this one.
const CALM: Duration = Duration::from_millis(900);

/// Begins the answer for where the cursor is in `places`, the text of the document `uri` as `edits` left it.
pub(super) fn foresee(server: &Server, uri: &str, places: &Places, edits: &[Edit]) {
    let config = &places.config;
    let mut flow = lock(&places.flow);
    let cursor = cursor(places.snapshot(), edits);
    flow.moved(edits, cursor);
    let settings = server.settings(config, places.language());
    let plan = cursor.and_then(|cursor| assist::plan(&places.at(cursor), &settings).ok());
    let now = Instant::now();
    flow.typed(plan.as_ref(), now);
    let (Some(plan), Some(engine)) = (plan, server.link.connected()) else { return flow.abandon() };
    let version = places.snapshot().version();
    let place = places.measures.then(|| Place { measure: server.measure.clone(), uri: uri.into(), version });
    let effort = server.pace.effort(config.engine.pace, now);
    begin(&mut flow, &engine, plan, place, effort, &server.pace);
    let before = flow.before().filter(|_| effort == Effort::Ahead);
    let before = before.and_then(|before| assist::plan(&places.at(before), &settings).ok());
    let reading = before.map(|before| tokio::spawn(read(engine, before.request)));
    flow.in_the_calm(reading);
}

/// Begins the answer for `plan`, unless there is one already or nobody asks here.
fn begin(
    flow: &mut Flow,
    engine: &EngineClient,
    mut plan: Plan,
    place: Option<Place>,
    effort: Effort,
    bill: &Pace,
) {
    if let Some(found) = flow.find(&plan) {
        if let Some(place) = place {
            found.stream.time(place, found.source, &found.typed);
        }
    } else if flow.is_asked_for() {
        if effort == Effort::Read {
            plan.request.kind = Kind::Prefill;
        }
        flow.ask(engine, &plan, place.map(|place| (place, Why::Change)), Some(bill.clone()));
    } else {
        flow.abandon();
    }
}

/// Has the engine read the text around another place, once it is calm here.
async fn read(engine: Arc<EngineClient>, request: Request) {
    sleep(CALM).await;
    prepare(&engine, request);
}

/// Has the engine read what `request` shows, for whoever asks next.
pub(super) fn prepare(engine: &EngineClient, mut request: Request) {
    // Nobody waits, so there is time for all of the text.
    (request.kind, request.asking) = (Kind::Prefill, Asking::patiently());
    engine.ask(request, Unheard).detach();
}

/// Nobody waits for what is read in the calm.
struct Unheard;

impl Answer for Unheard {
    fn chunk(&mut self, _text: &str, _at_us: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn done(self: Box<Self>, _result: Result<Finish, ModelError>) {}
}

/// Where the cursor stands in `snapshot`, in bytes, if `edits` were typed there and were its last; `None` where that is anybody's guess.
fn cursor(snapshot: &Snapshot, edits: &[Edit]) -> Option<usize> {
    let (last, others) = edits.split_last()?;
    let everything = last.old_end > 0 && last.start == 0 && last.new_end == snapshot.len();
    if everything || others.iter().any(|other| other.start.abs_diff(last.start) > CLOSE) {
        return None;
    }
    let inserted = last.start..last.new_end;
    Some(
        inside_pair(snapshot, &inserted)
            .or_else(|| above_closer(snapshot, &inserted))
            .unwrap_or(last.new_end),
    )
}

/// Between the two characters of a pair that an editor closed.
fn inside_pair(snapshot: &Snapshot, inserted: &Range<usize>) -> Option<usize> {
    (inserted.len() == 2 && PAIRS.contains(&&*snapshot.slice(inserted.clone()))).then_some(inserted.start + 1)
}

/// At the end of the first of the lines that Enter makes between two brackets: the second holds the closing one.
fn above_closer(snapshot: &Snapshot, inserted: &Range<usize>) -> Option<usize> {
    let text = snapshot.slice(inserted.clone());
    let breaks = text.matches('\n').count();
    if breaks != 2 || !text.chars().all(char::is_whitespace) {
        return None;
    }
    let first = text.find('\n')? + 1;
    let line = text[first..].trim_end_matches([' ', '\t']);
    Some(inserted.start + first + line.trim_end_matches(['\n', '\r']).len())
}

/// The place after `query`'s suggestion is accepted, and where that ends a line the place after Enter, where the next line begins.
pub(super) fn accepted(query: &Query, range: Range<usize>, text: &str) -> Vec<Query> {
    let offset = range.start + text.len();
    let (snapshot, _) = query.snapshot.with(range, text);
    let here = Query {
        snapshot,
        offset,
        tree: None,
        selected: None,
        explicit: false,
        typed_over: false,
        ..query.clone()
    };
    let line = here.snapshot.line_of(offset);
    let ends_line = here.snapshot.slice(offset..here.snapshot.line_end(line)).trim().is_empty();
    let below = ends_line.then(|| {
        let added = format!("\n{}", next_indent(&here.snapshot, line));
        let (snapshot, _) = here.snapshot.with(offset..offset, &added);
        Query { snapshot, offset: offset + added.len(), ..here.clone() }
    });
    [Some(here), below].into_iter().flatten().collect()
}

/// The indentation that editors give the line below `line`: its own, and one step of the file's more behind what opens a block.
fn next_indent(snapshot: &Snapshot, line: usize) -> String {
    let text = snapshot.line(line);
    let own = indent(&text).to_owned();
    let opens = text.trim_end().ends_with(['{', '(', '[', ':']);
    if opens { own + &step(snapshot, line) } else { own }
}

/// One step of indentation as the lines above make it, or, at the top of a file, those below; four spaces where none does.
fn step(snapshot: &Snapshot, line: usize) -> String {
    let taken = |lines: &mut dyn Iterator<Item = usize>| {
        lines.take(STEP_LINES).find_map(|line| {
            let (line, next) = (snapshot.line(line), snapshot.line(line + 1));
            let deeper = indent(&next).strip_prefix(indent(&line))?;
            let is_step = !deeper.is_empty() && !line.trim().is_empty() && !next.trim().is_empty();
            is_step.then(|| deeper.to_owned())
        })
    };
    taken(&mut (0..line).rev())
        .or_else(|| taken(&mut (line..snapshot.line_count().saturating_sub(1))))
        .unwrap_or_else(|| "    ".to_owned())
}

/// The white space that a line begins with.
fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

#[cfg(test)]
mod tests {
    use text::{Change, Document, Encoding, WirePos, WireRange};

    use super::*;

    /// Replaces `⟦…⟧` of `before` by `text`; the cursor is to be guessed at `$0` of `after`.
    fn check(before: &str, text: &str, after: &str) {
        let (start, rest) = before.split_once('⟦').unwrap();
        let (replaced, end) = rest.split_once('⟧').unwrap();
        let mut document = Document::new(&format!("{start}{replaced}{end}"), 1);
        let wire = |offset| document.snapshot().wire(offset, Encoding::Utf8);
        let (from, to): (WirePos, WirePos) = (wire(start.len()), wire(start.len() + replaced.len()));
        let change = Change::Range { range: WireRange { start: from, end: to }, text: text.to_owned() };
        let edits = document.apply(2, [change], Encoding::Utf8).unwrap();
        let snapshot = document.snapshot();
        let mut shown = snapshot.to_string();
        shown.insert_str(cursor(&snapshot, &edits).unwrap(), "$0");
        assert_eq!(shown, after);
    }

    #[test]
    fn behind_what_was_typed() {
        check("let x⟦⟧ = 1;", "é", "let xé$0 = 1;");
        check("f(x⟦)⟧;", ")", "f(x)$0;");
        check("let x⟦yz⟧ = 1;", "", "let x$0 = 1;");
        check("fn a() {⟦⟧", "\n    ", "fn a() {\n    $0");
        check("a⟦⟧", "\r\n", "a\r\n$0");
    }

    #[test]
    fn inside_what_the_editor_closed() {
        check("f⟦⟧;", "()", "f($0);");
        check("x = ⟦⟧", "\"\"", "x = \"$0\"");
        check("fn a() {⟦⟧}", "\n    \n", "fn a() {\n    $0\n}");
        check("  a {⟦⟧}", "\n    \n  ", "  a {\n    $0\n  }");
        check("  a {⟦⟧}", "\r\n    \r\n  ", "  a {\r\n    $0\r\n  }");
    }

    /// What is expected below the last line of `text`, in front of the rest of it.
    fn check_indent(text: &str, want: &str) {
        let snapshot = Document::new(text, 1).snapshot();
        assert_eq!(next_indent(&snapshot, snapshot.line_count() - 1), want, "{text:?}");
    }

    #[test]
    fn the_next_line_is_indented_as_the_file_is() {
        check_indent("fn a() {", "    ");
        check_indent("if a:\n  b\nif c:", "  ");
        check_indent("if a:\n   b\n   if c:", "      ");
        check_indent("fn a() {\n\tb();\n\tif c {", "\t\t");
        check_indent("if a {\n\tb\n}\nif a {\n    if c {", "        ");
        check_indent("fn a() {\n  b();\n  c();", "  ");
    }

    #[test]
    fn edits_all_over_a_file_are_no_typing() {
        let text = "x \n".repeat(200);
        let mut document = Document::new(&text, 1);
        let trim = |line| {
            let range =
                WireRange { start: WirePos { line, character: 1 }, end: WirePos { line, character: 2 } };
            Change::Range { range, text: String::new() }
        };
        let edits = document.apply(2, [trim(190), trim(3)], Encoding::Utf8).unwrap();
        assert_eq!(cursor(&document.snapshot(), &edits), None);
    }
}
