//! A table against a list of files that is searched from end to end.

use proptest::prelude::*;

use super::*;

fn tokens(text: &str) -> Vec<Token> {
    text.bytes().map(|byte| Token(byte.into())).collect()
}

fn learn(table: &mut Table, path: &str, text: &str) {
    table.open(path, text.len() as u64);
    // In pieces, as it comes.
    for piece in tokens(text).chunks(7) {
        assert!(table.push(piece));
    }
    table.close();
}

/// What follows `context` in the table: how much matches, and the letter.
fn found(table: &Table, context: &str, except: &str) -> Vec<(usize, char)> {
    let context = tokens(context);
    let letter = |place: usize| char::from(u8::try_from(table.from(place)[0].0).unwrap_or(b'?'));
    table.find(&context, except).map(|(matched, place)| (matched, letter(place))).collect()
}

/// The same of files in the order in which they were learnt.
fn searched(files: &[(String, String)], context: &str, except: &str) -> Vec<(usize, char)> {
    let mut places = Vec::new();
    for (path, text) in files.iter().rev() {
        for end in (SHORTEST..text.len()).rev() {
            let common = text[..end].bytes().rev().zip(context.bytes().rev()).take(LONGEST);
            let matched = common.take_while(|(a, b)| a == b).count();
            if matched >= SHORTEST && path != except {
                places.push((matched, char::from(text.as_bytes()[end])));
            }
        }
    }
    places
}

#[test]
fn what_followed_elsewhere_is_found_the_latest_first() {
    let mut table = Table::new();
    learn(&mut table, "a", "let x = turn(1);");
    learn(&mut table, "b", "let y = turn(2);");
    assert_eq!(found(&table, "z = turn(", ""), [(8, '2'), (8, '1')]);
    assert_eq!(found(&table, "z = turn(", "b"), [(8, '1')], "a file is not asked about itself");
    assert_eq!(found(&table, "urn(", ""), [], "too short a context");
    assert_eq!(found(&table, "turn(2);", ""), [], "a file's end is followed by nothing");
}

#[test]
fn nothing_is_found_across_two_files() {
    let mut table = Table::new();
    learn(&mut table, "a", "let x = tu");
    learn(&mut table, "b", "rn(2);");
    assert_eq!(found(&table, "let x = tu", ""), []);
    assert_eq!(found(&table, "let x = turn(", ""), []);
}

#[test]
fn a_file_that_is_gone_is_gone_at_once_even_while_it_is_being_learnt() {
    let mut table = Table::new();
    learn(&mut table, "a", "a secret is kept");
    table.open("b", 1);
    table.push(&tokens("a secret is said"));
    assert_eq!(found(&table, "a secret is ", "").len(), 2);
    table.remove("b");
    assert!(!table.push(&tokens("and said again")));
    table.remove("a");
    assert_eq!(found(&table, "a secret is ", ""), []);
    assert_eq!(table.len(), 0);
    assert!(!table.tokens.iter().any(|token| *token != GAP));
}

#[test]
fn a_file_without_room_is_left_out_and_leaves_the_others_alone() {
    let mut table = Table::new();
    learn(&mut table, "small", "the quick brown fox");
    table.open("large", 1);
    let page = vec![Token(7); 1 << 16];
    let taken = (0..=MOST_TOKENS / page.len()).take_while(|_| table.push(&page)).count();
    table.close();
    assert_eq!(taken, MOST_TOKENS / page.len() - 1);
    assert_eq!(table.paths().collect::<Vec<_>>(), ["small"]);
    assert_eq!(found(&table, "the quick", ""), [(9, ' ')]);
    while table.is_blotted() {
        table.tidy();
    }
    assert!(table.tokens.len() < 100);
    assert_eq!(found(&table, "the quick", ""), [(9, ' ')]);
}

#[test]
fn a_chain_is_followed_only_so_far() {
    let mut table = Table::new();
    learn(&mut table, "a", &"=".repeat(1000));
    assert_eq!(found(&table, "==========", "").len(), MOST_PLACES);
}

/// What happens to a workspace.
#[derive(Debug, Clone)]
enum Event {
    Learnt(String, String),
    Gone(String),
    Tidied,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => ("[pqrs]", "(ab|a|aab){0,40}").prop_map(|(path, text)| Event::Learnt(path, text)),
        1 => "[pqrs]".prop_map(Event::Gone),
        2 => Just(Event::Tidied),
    ]
}

proptest! {
    #[test]
    fn a_table_that_changed_finds_what_a_search_finds(
        events in prop::collection::vec(event(), 0..24),
        context in "(ab|a|aab){0,20}",
        except in "[pqrst]",
    ) {
        let mut table = Table::new();
        let mut files: Vec<(String, String)> = Vec::new();
        for event in events {
            match event {
                Event::Learnt(path, text) => {
                    learn(&mut table, &path, &text);
                    files.retain(|(known, _)| *known != path);
                    files.push((path, text));
                }
                Event::Gone(path) => {
                    table.remove(&path);
                    files.retain(|(known, _)| *known != path);
                }
                // A step may be the last or be interrupted by what comes next.
                Event::Tidied => table.tidy(),
            }
            prop_assert_eq!(table.len(), files.iter().map(|(_, text)| text.len() + 1).sum::<usize>());
        }
        // A chain's other contexts count as places looked at, too.
        let mut expected = searched(&files, &context, &except);
        let mut actual = found(&table, &context, &except);
        let least = expected.len().min(actual.len()).min(16);
        expected.truncate(least);
        actual.truncate(least);
        prop_assert_eq!(actual, expected);
    }
}
