//! Windows that tell of workspaces, with letters for tokens.

use proptest::prelude::*;

use super::*;

const ONE: WorkspaceKey = WorkspaceKey(1);
const OTHER: WorkspaceKey = WorkspaceKey(2);

/// An engine's part, and what the windows at its other end have on disk.
#[derive(Default)]
struct Desk {
    workspaces: Workspaces,
    texts: BTreeMap<(WorkspaceKey, String), String>,
    /// Who heard that nothing is lacking.
    content: Vec<u64>,
    /// Pieces handed over.
    pieces: usize,
}

fn version(path: &str, text: &str) -> FileVersion {
    let hash = text.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31) + u64::from(byte));
    FileVersion { path: path.into(), hash }
}

impl Desk {
    /// A window writes files and says so; an empty text removes one.
    fn say(&mut self, client: u64, workspace: WorkspaceKey, files: &[(&str, &str)]) {
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for (path, text) in files {
            if text.is_empty() {
                self.texts.remove(&(workspace, (*path).to_owned()));
                gone.push((*path).to_owned());
            } else {
                self.texts.insert((workspace, (*path).to_owned()), (*text).to_owned());
                there.push(version(path, text));
            }
        }
        self.workspaces.told(client, Told::Files { workspace, files: there, gone });
    }

    /// One turn: a question that is due is answered, else a little is learnt. Whether there was something to do.
    fn turn(&mut self) -> bool {
        if let Some(Question { client, workspace, wanted }) = self.workspaces.question() {
            let Some(wanted) = wanted else {
                self.content.push(client);
                return true;
            };
            let text = self.texts.get(&(workspace, wanted.file.path.clone()));
            let text = text.filter(|text| version(&wanted.file.path, text) == wanted.file);
            let told = match text.and_then(|text| Piece::of(text, wanted.clone())) {
                Some(piece) => Told::Piece { workspace, piece },
                None => Told::Files { workspace, files: Vec::new(), gone: vec![wanted.file.path] },
            };
            self.pieces += 1;
            self.workspaces.told(client, told);
            return true;
        }
        let has_work = self.workspaces.has_work();
        if has_work {
            let letters =
                |line: &str, out: &mut Vec<Token>| out.extend(line.bytes().map(|byte| Token(byte.into())));
            self.workspaces.work(letters);
        }
        has_work
    }

    fn settle(&mut self) {
        while self.turn() {}
    }

    /// What follows `context` in a workspace, the latest learnt first.
    fn follows(&self, workspace: WorkspaceKey, context: &str) -> String {
        let context: Vec<_> = context.bytes().map(|byte| Token(byte.into())).collect();
        let Some(table) = self.workspaces.table(workspace) else { return "unknown".into() };
        let letter = |place: usize| u8::try_from(table.from(place)[0].0).map_or('⏎', char::from);
        table.find(&context, "").map(|(_, place)| letter(place)).collect()
    }
}

#[test]
fn what_a_window_tells_of_is_learnt_and_the_window_hears_when() {
    let mut desk = Desk::default();
    desk.say(1, ONE, &[("a", "let a = turn(1);\n\n"), ("b", "let b = turn(2);\n")]);
    assert_eq!(desk.follows(ONE, "c = turn("), "");
    desk.settle();
    assert_eq!(desk.follows(ONE, "c = turn("), "21");
    assert_eq!(desk.follows(ONE, "b = turn(2);"), "⏎");
    assert_eq!(desk.content, [1]);
}

#[test]
fn a_changed_file_is_learnt_anew_and_one_that_is_gone_or_excluded_is_forgotten() {
    let mut desk = Desk::default();
    desk.say(1, ONE, &[("a", "let a = turn(1);\n"), ("b", "let b = turn(2);\n")]);
    desk.settle();
    desk.say(1, ONE, &[("a", "let a = turn(3);\n"), ("b", "")]);
    assert_eq!(desk.follows(ONE, "c = turn("), "1", "what is gone is gone at once");
    desk.settle();
    assert_eq!(desk.follows(ONE, "c = turn("), "3");
}

#[test]
fn a_long_file_comes_in_pieces_and_may_change_or_go_between_two() {
    let mut desk = Desk::default();
    let long = "let a = turn(1);\n".repeat(4000);
    desk.say(1, ONE, &[("a", &long)]);
    while desk.pieces < 3 {
        desk.turn();
    }
    assert!(!desk.follows(ONE, "c = turn(").is_empty());
    desk.say(1, ONE, &[("a", "let a = turn(2);\n")]);
    assert_eq!(desk.follows(ONE, "c = turn("), "");
    desk.settle();
    assert_eq!(desk.follows(ONE, "c = turn("), "2");
    desk.say(1, ONE, &[("a", &long)]);
    desk.turn();
    desk.say(1, ONE, &[("a", "")]);
    desk.settle();
    assert_eq!((desk.follows(ONE, "c = turn("), desk.workspaces.tokens()), (String::new(), 0));
}

#[test]
fn windows_on_one_workspace_share_it_and_it_goes_with_the_last() {
    let mut desk = Desk::default();
    let files = [("a", "let a = turn(1);\n"), ("b", "let b = turn(2);\n")];
    desk.say(1, ONE, &files);
    desk.settle();
    let pieces = desk.pieces;
    desk.say(2, ONE, &files);
    desk.settle();
    assert_eq!(desk.pieces, pieces, "what is known is not asked for");
    assert_eq!(desk.content, [1, 2]);
    desk.workspaces.told(1, Told::Left);
    assert_eq!(desk.follows(ONE, "c = turn("), "21");
    desk.workspaces.told(2, Told::Leaves { workspace: ONE });
    assert_eq!(desk.follows(ONE, "c = turn("), "unknown");
}

#[test]
fn what_a_window_that_left_was_bringing_another_brings() {
    let mut desk = Desk::default();
    let long = "let a = turn(1);\n".repeat(4000);
    let files = [("a", long.as_str()), ("b", "let b = turn(2);\n")];
    desk.say(1, ONE, &files);
    desk.say(2, ONE, &files);
    while desk.pieces < 2 {
        desk.turn();
    }
    desk.workspaces.told(1, Told::Left);
    desk.settle();
    assert_eq!(desk.workspaces.tokens(), 4000 * 17 + 1 + 18);
}

#[test]
fn two_workspaces_know_nothing_of_one_another() {
    let mut desk = Desk::default();
    desk.say(1, ONE, &[("a", "let a = turn(1);\n")]);
    desk.say(1, OTHER, &[("a", "let a = turn(2);\n")]);
    desk.settle();
    assert_eq!((desk.follows(ONE, "c = turn("), desk.follows(OTHER, "c = turn(")), ("1".into(), "2".into()));
    // A piece for one workspace that was asked for by another is not taken.
    desk.say(1, ONE, &[("b", "let b = turn(3);\n")]);
    let question = desk.workspaces.question().unwrap();
    let piece = Piece::of("let b = turn(3);\n", question.wanted.unwrap()).unwrap();
    desk.workspaces.told(1, Told::Piece { workspace: OTHER, piece: piece.clone() });
    desk.workspaces.told(2, Told::Piece { workspace: ONE, piece });
    assert!(!desk.workspaces.has_work());
}

#[test]
fn of_too_many_workspaces_the_one_unused_for_longest_goes() {
    let mut desk = Desk::default();
    for key in 0..MOST as u64 {
        desk.say(key, WorkspaceKey(key), &[("a", "let a = turn(1);\n")]);
    }
    desk.settle();
    desk.workspaces.uses(WorkspaceKey(0));
    desk.say(9, WorkspaceKey(9), &[("a", "let a = turn(1);\n")]);
    desk.settle();
    let known = |key| desk.workspaces.table(WorkspaceKey(key)).is_some();
    assert!(known(0) && !known(1) && known(2) && known(9));
}

#[test]
fn a_line_without_end_is_taken_in_bit_by_bit() {
    let mut desk = Desk::default();
    desk.say(1, ONE, &[("a", &"é".repeat(700))]);
    while !desk.workspaces.has_work() {
        desk.turn();
    }
    let mut longest = 0;
    while desk.workspaces.has_work() {
        desk.workspaces.work(|line, out| {
            longest = longest.max(line.len());
            out.extend(line.bytes().map(|byte| Token(byte.into())));
        });
    }
    assert_eq!((longest, desk.workspaces.tokens()), (LONGEST_LINE, 1401));
}

#[test]
fn a_window_that_sleeps_holds_up_its_own_workspace_only() {
    let mut desk = Desk::default();
    desk.say(1, ONE, &[("a", "let a = turn(1);\n")]);
    assert_eq!(desk.workspaces.question().map(|question| question.client), Some(1));
    // And says no more.
    desk.say(2, OTHER, &[("a", "let a = turn(2);\n")]);
    desk.settle();
    assert_eq!(
        (desk.follows(ONE, "c = turn("), desk.follows(OTHER, "c = turn(")),
        (String::new(), "2".into())
    );
}

/// A window's files in one moment.
fn change() -> impl Strategy<Value = (u64, String, String, usize)> {
    // Path, text (none: it is gone), and how many turns the engine has before the next change.
    (1u64..3, "[pqr]", "((ab|b){6,9}\n){0,3}", 0usize..9)
}

proptest! {
    #[test]
    fn whatever_changed_when_what_is_known_in_the_end_is_what_is_there(changes in prop::collection::vec(change(), 1..20)) {
        let mut desk = Desk::default();
        for (client, path, text, turns) in changes {
            desk.say(client, ONE, &[(&path, &text)]);
            for _ in 0..turns {
                desk.turn();
            }
        }
        desk.settle();
        let mut anew = Desk::default();
        anew.say(1, ONE, &[]);
        for ((_, path), text) in desk.texts.clone() {
            anew.say(1, ONE, &[(&path, &text)]);
        }
        anew.settle();
        prop_assert_eq!(desk.workspaces.tokens(), anew.workspaces.tokens());
        for context in ["abababab", "bbbbbbbb", "abbabbab", "babbabab"] {
            let sorted = |desk: &Desk| {
                let mut follows: Vec<char> = desk.follows(ONE, context).chars().collect();
                follows.sort_unstable();
                follows
            };
            prop_assert_eq!(sorted(&desk), sorted(&anew), "after {}", context);
        }
    }
}
