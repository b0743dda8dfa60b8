//! What a person reads before something leaves: one sentence with the size, the host and the price, and a page with the exact bytes.
//!
//! Must not shorten the bytes, and must not show a key.

use std::fmt::Write;

use assist::route::Decision;
use config::Cloud;
use model::cloud::{Hidden, Prepared, Preview, Redaction};

/// The question.
pub(crate) fn offer(prepared: &Prepared, policy: &Cloud) -> String {
    let Some((first, others)) = prepared.previews.split_first() else { return String::new() };
    let host = policy.provider(&first.target.provider).map_or("", |provider| provider.host());
    let mut offer =
        format!("Hob would send {} to {} at {host}: {}.", size(first.body.len()), first.target, cost(first));
    let found = prepared.redactions.len();
    if found > 0 {
        let secrets = if found == 1 { "1 secret was" } else { &format!("{found} secrets were") };
        let _ = write!(offer, " {secrets} taken out.");
    }
    // Joiners and soft hyphens stand in many honest texts; they are told of on the page.
    if let Some(hidden) = unseen(Hidden { zero_width: 0, ..prepared.hidden }) {
        let _ = write!(offer, " There is something in it that you can't see: {hidden}.");
    }
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|preview| preview.target.to_string()).collect();
        let _ = write!(offer, " Should it not answer, the same goes to {}.", names.join(", then "));
    }
    offer
}

/// What would be sent, as a page of Markdown: for each destination the address, the headers and the body, byte for byte.
pub(crate) fn page(prepared: &Prepared, decision: &Decision) -> String {
    let mut page = format!(
        "# What would leave this machine\n\n{}\n\n`hob why {}` tells of it later.\n",
        decision.sentence(),
        prepared.decision,
    );
    if !prepared.redactions.is_empty() {
        page.push_str("\n## Taken out\n\n");
        for Redaction { rule, path, line } in &prepared.redactions {
            let place = if path.is_empty() { "your words" } else { path };
            let _ = writeln!(page, "- {rule}, {place}, line {line}");
        }
    }
    if let Some(hidden) = unseen(prepared.hidden) {
        let _ = write!(page, "\n## Not to be seen\n\nIn what you ask about: {hidden}.\n");
    }
    for (at, preview) in prepared.previews.iter().enumerate() {
        let when = if at == 0 { "To" } else { "If that does not answer, to" };
        let _ = write!(
            page,
            "\n## {when} {}\n\n{}; {} tokens at most in the request.\n\n",
            preview.target,
            cost(preview),
            preview.input_tokens
        );
        let mut head = format!("POST {}\n", preview.url);
        for (name, value) in &preview.headers {
            let _ = writeln!(head, "{name}: {value}");
        }
        page.push_str(&fenced(&head));
        let _ = write!(page, "\nThe body, {}, SHA-256 `{}`:\n\n", size(preview.body.len()), preview.sha256);
        page.push_str(&fenced(&preview.body));
    }
    page
}

/// The characters of a request that its reader can't see, if there are any.
fn unseen(hidden: Hidden) -> Option<String> {
    let Hidden { bidi, zero_width, tags } = hidden;
    let all = [
        (bidi, "turning the direction of reading"),
        (zero_width, "without a width"),
        (tags, "spelling an invisible text, which is left out"),
    ];
    let words = all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| {
        format!("{count} {} {what}", if *count == 1 { "character" } else { "characters" })
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn cost(preview: &Preview) -> String {
    let note = preview.price_note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    if preview.at_most.0 == 0 {
        format!("it costs nothing{note}")
    } else {
        format!("at most {}{note}", preview.at_most)
    }
}

/// Between fences that nothing in it can close.
fn fenced(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}\n{text}{end}{fence}\n")
}

/// Bytes as people read them.
fn size(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let kilobytes = bytes as f64 / 1000.0;
    if bytes < 1000 { format!("{bytes} bytes") } else { format!("{kilobytes:.1} kB") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_closes_its_fence() {
        assert_eq!(fenced("a"), "```\na\n```\n");
        assert_eq!(fenced("a\n````\nb\n"), "`````\na\n````\nb\n`````\n");
    }

    #[test]
    fn what_nobody_sees_is_told() {
        assert_eq!(unseen(Hidden::default()), None);
        assert_eq!(
            unseen(Hidden { bidi: 1, zero_width: 2, tags: 0 }).as_deref(),
            Some("1 character turning the direction of reading, 2 characters without a width")
        );
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!([size(999), size(31_402)], ["999 bytes", "31.4 kB"]);
    }
}
