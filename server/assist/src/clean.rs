//! Rules over text alone: where a line ends, what repeats, what overlaps the suffix.
//!
//! Each rule is a small function with its own test. Must not look at a syntax tree.

/// Columns of leading white space; a tab counts as one, because only lines of one file are compared.
pub(crate) fn width(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ' || *c == '\t').count()
}

/// The text up to the first line break.
pub(crate) fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default()
}

/// The lines of a block before the first blank one. It may begin with blank ones.
pub(crate) fn before_blank_line(text: &str) -> &str {
    before_line(text, |line| line.trim().is_empty())
}

/// The lines of a block before the first that is indented less than `indent`.
pub(crate) fn before_dedent<'a>(text: &'a str, indent: &str) -> &'a str {
    before_line(text, |line| width(line) < width(indent))
}

/// The text up to the first line that `ends` it; never the line that the cursor is on.
fn before_line(text: &str, ends: impl Fn(&str) -> bool) -> &str {
    let mut at = 0;
    for (n, line) in text.split_inclusive('\n').enumerate() {
        if n > 0 && ends(line) {
            break;
        }
        at += line.len();
    }
    &text[..at]
}

/// Without the tail of `text` that already stands right of the cursor as `rest`.
///
/// One character in common is no overlap: `)` after a call that itself needs a `)` is the usual case.
pub(crate) fn without_overlap<'a>(text: &'a str, rest: &str) -> &'a str {
    let rest = rest.trim();
    if rest.chars().count() > 1 { text.strip_suffix(rest).unwrap_or(text) } else { text }
}

/// The block's lines before the first one that already stands below the cursor.
pub(crate) fn before_repeat_of<'a>(text: &'a str, below: &str) -> &'a str {
    // A lone closer is no sign of repetition: the block may have one of its own.
    if below.len() < 4 || !below.chars().any(char::is_alphanumeric) {
        return text;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim() == below {
            return text[..at].trim_end();
        }
        at += line.len();
    }
    text
}

/// Whether `text` holds a unit over and over, as a small model's loops do: the shorter the unit, the more often people repeat it too
/// (`0, 0, 0, 0`).
pub(crate) fn loops(text: &str) -> bool {
    let body: Vec<char> = text.chars().collect();
    (1..=body.len().div_ceil(3)).any(|unit| {
        let times = match unit {
            1..4 => 6,
            4..8 => 4,
            _ => 3,
        };
        // `times` units one after the other are a run of this many characters, each equal to the one a unit before it; the last
        // unit may lack its separator (`, `).
        let enough = (unit * (times - 1) - 2).max(12);
        let mut run = 0;
        body.iter().zip(&body[unit..]).enumerate().any(|(at, (before, c))| {
            run = if before == c { run + 1 } else { 0 };
            // A rule of dashes or equal signs is what people write.
            run >= enough && body[at + 1 - unit.min(at + 1)..=at].iter().any(|c| c.is_alphanumeric())
        })
    })
}

/// The block without lines that repeat the line before them twice or more.
pub(crate) fn before_loop(text: &str) -> &str {
    let mut at = 0;
    let mut ends: Vec<(&str, usize)> = Vec::new();
    for line in text.split_inclusive('\n') {
        at += line.len();
        let trimmed = line.trim();
        if trimmed.len() > 3 && ends.len() >= 2 && ends[ends.len() - 2..].iter().all(|(l, _)| *l == trimmed) {
            let keep = ends[ends.len() - 2].1;
            return text[..keep].trim_end();
        }
        ends.push((trimmed, at));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_with_the_suffix_is_cut_but_not_one_character() {
        assert_eq!(without_overlap("a, b);", ");"), "a, b");
        assert_eq!(without_overlap("f(a)", ")"), "f(a)");
        assert_eq!(without_overlap("a + 1", " + 1"), "a ");
        assert_eq!(without_overlap("abc", ""), "abc");
    }

    #[test]
    fn a_block_stops_before_what_is_already_there() {
        assert_eq!(before_repeat_of("x = 1\ny = 2\nreturn x", "y = 2"), "x = 1");
        assert_eq!(before_repeat_of("x = 1\n}", "}"), "x = 1\n}");
    }

    #[test]
    fn loops_are_heard() {
        assert!(loops("ab, ab, ab, ab, ab, ab"));
        assert!(loops("aaaaaaaaaaaaaaaaaaa"));
        assert!(loops("Arc::new(build, build, build, build, build, bui"));
        assert!(loops("state.len(), state.len(), state.len()"));
        assert!(!loops("--------------------"));
        assert!(!loops("[0, 0, 0, 0, 0]"));
        assert!(!loops("PartialEq, Eq, PartialOrd, Ord, Hash)]"));
        assert!(!loops("let mut total = 0;"));
        assert_eq!(before_loop("next();\nnext();\nnext();\nnext();"), "next();");
        assert_eq!(before_loop("one();\ntwo();\none();"), "one();\ntwo();\none();");
    }
}
