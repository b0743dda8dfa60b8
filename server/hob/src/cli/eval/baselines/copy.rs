//! The baseline that copies: the rest of the line, elsewhere in the file, whose beginning has most in common with what
//! was typed.
//!
//! Must not understand the text: it compares characters.

use super::Place;

/// What follows the longest match with the text before the cursor; of equally long ones the nearest above. `None` if
/// not even one character matches.
pub(super) fn continuation<'a>(place: &Place<'a>) -> Option<&'a str> {
    // The cursor's own line ends at the cursor: its rest is not known to be one.
    let above = place.before.rfind('\n').map_or("", |at| &place.before[..=at]);
    let mut best = (0, None);
    let mut consider = |length: usize, follows: &'a str| {
        if length > best.0 && place.may_begin(follows) {
            best = (length, Some(follows));
        }
    };
    for (at, _) in above.char_indices().rev() {
        consider(common_end(&above[..at], place.before), &above[at..]);
    }
    for (at, _) in place.after.char_indices().skip(1) {
        consider(common_end(&place.after[..at], place.before), &place.after[at..]);
    }
    best.1
}

/// How many bytes the two texts have in common at their ends: through line breaks, as long as whole lines are the same.
fn common_end(text: &str, other: &str) -> usize {
    text.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::super::{Baseline, tests};

    fn check(text: &str, want: &str) {
        tests::check(Baseline::Copy, text, want);
    }

    #[test]
    fn the_longest_match_wins() {
        check("    let a = first(1);\n    let b = second(2);\n    let a = $0x$1\n", "first(1);");
        check("one.push(a);\ntwo.push(b);\none.$0x$1\n", "push(a);");
    }

    #[test]
    fn a_match_goes_on_through_whole_lines() {
        check("open\n  x = 1\nshut\n  x = 2\nopen\n  x = $0y$1\n", "1");
    }

    #[test]
    fn the_nearest_above_wins_a_tie() {
        check("f(1)\nf(2)\nf($0x$1\nf(3)\n", "2)");
    }

    #[test]
    fn the_text_below_counts_too() {
        check("let x = $0y$1;\nlet x = z;\n", "z");
    }

    #[test]
    fn a_deeper_line_is_not_taken_for_this_one() {
        check("a\n    x\n      y\n    $0z$1\n", "x\n      y");
    }

    #[test]
    fn several_lines_where_the_line_is_blank() {
        check("fn a() {\n    one();\n    two();\n}\nfn b() {\n    $0x$1\n}\n", "one();\n    two();");
    }
}
