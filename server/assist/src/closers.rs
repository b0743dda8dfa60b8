//! Closing brackets and quotes right of the cursor: editors put them there when the opening one is typed.
//!
//! They are kept out of the prompt (each would re-prefill the whole suffix) and consumed by the answer's range when the model writes
//! them itself. So is a line of nothing else right below. Must not look further.

/// The closers at the head of `rest` (the text from the cursor to the end of its line) if nothing but closers, separators and blanks
/// follows there; else empty: then `rest` is ordinary text that the model must see.
///
/// Bytes and characters are the same here: every closer is ASCII.
pub(crate) fn pending(rest: &str) -> &str {
    let body = rest.trim_end();
    if !body.chars().all(|c| matches!(c, ')' | ']' | '}' | '"' | '\'' | '`' | ';' | ',')) {
        return "";
    }
    // The separators that close the statement (`);`) stay where they are: nobody's editor typed them.
    let closers = body.trim_end_matches([';', ',']);
    if closers.contains([';', ',']) { "" } else { closers }
}

/// What follows `pending` at the head of `rest`, if nothing but separators does.
pub(crate) fn separators<'r>(rest: &'r str, pending: &str) -> &'r str {
    let behind = rest.trim_end().strip_prefix(pending).unwrap_or_default();
    if behind.chars().all(|c| matches!(c, ';' | ',')) { behind } else { "" }
}

/// The bytes of a line up to the end of its closing brackets, if it holds nothing else but what ends the statement behind them: it
/// closes what stands above it, and Enter between two brackets may just have put it there.
pub(crate) fn below(line: &str) -> Option<usize> {
    let closed = line.trim_end().trim_end_matches([';', ',']);
    let brackets = closed.trim_start();
    let only = !brackets.is_empty() && brackets.chars().all(|c| matches!(c, ')' | ']' | '}'));
    only.then_some(closed.len())
}

/// How many of `pending` the `text` wrote itself: it closes them in order, innermost first.
///
/// A quote in `pending` counts as written at the first such quote in `text` that is not escaped; a bracket at the first closing
/// bracket that `text` did not open.
pub(crate) fn written(text: &str, pending: &str) -> usize {
    let mut waiting = pending.chars();
    let mut next = waiting.next();
    let mut count = 0;
    let mut open = Vec::new();
    let mut escaped = false;
    for c in text.chars() {
        let Some(expected) = next else { break };
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' => escaped = true,
            '"' | '\'' | '`' if c == expected => {
                count += 1;
                next = waiting.next();
            }
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' if open.pop().is_none() => {
                if c != expected {
                    break;
                }
                count += 1;
                next = waiting.next();
            }
            _ => {}
        }
    }
    count
}

/// Byte offset of the first bracket in `text` that closes what `text` did not open and `allowed` does not account for.
pub(crate) fn first_stray(text: &str, allowed: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut allowed = allowed;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' | ']' | '}' if allowed > 0 => allowed -= 1,
            ')' | ']' | '}' => return Some(at),
            _ => {}
        }
    }
    None
}

/// The longest beginning of `text` that ends before a line break with every bracket closed that it opened; empty if there is none.
pub(crate) fn closed_lines(text: &str) -> &str {
    let mut depth = 0usize;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '\n' if depth == 0 => end = at,
            _ => {}
        }
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_closers_are_pending() {
        for (rest, want) in [
            (")", ")"),
            ("\")]", "\")]"),
            (");", ")"),
            ("}),", "})"),
            ("", ""),
            (" + 1)", ""),
            ("; )", ""),
            (") {", ""),
            ("name)", ""),
        ] {
            assert_eq!(pending(rest), want, "{rest:?}");
        }
    }

    #[test]
    fn the_model_closes_innermost_first() {
        for (text, closers, want) in [
            ("a, b)", ")", 1),
            ("a, b", ")", 0),
            ("f(a)", ")", 0),
            ("f(a)]", "])", 1),
            ("f(a)])", "])", 2),
            ("text\")", "\")", 2),
            ("say \\\"hi", "\"", 0),
            ("a }", ")", 0),
        ] {
            assert_eq!(written(text, closers), want, "{text:?} before {closers:?}");
        }
    }

    #[test]
    fn lines_are_closed_where_their_brackets_are() {
        assert_eq!(closed_lines("a();\nif b {\n    c();\n"), "a();");
        assert_eq!(closed_lines("if b {\n    c();\n}\nd("), "if b {\n    c();\n}");
        assert_eq!(closed_lines("if b {\n    c();"), "");
    }

    #[test]
    fn a_stray_closer_is_found() {
        assert_eq!(first_stray("f(a))", 0), Some(4));
        assert_eq!(first_stray("f(a))", 1), None);
        assert_eq!(first_stray("[x]", 0), None);
    }
}
