//! What a provider says when it fails: by which HTTP status, and in one sentence that can be shown and written down.
//!
//! Whatever comes is a stranger's text. Nothing of it passes that looks like a key, a quotation or a second line, because providers quote
//! what they were sent. Must not decide what follows from a failure.

use config::Dialect;
use model::cloud::{Ask, Part};
use serde_json::Value;

use super::{Event, Malformed, conversation::is_hidden, stream};

/// The longest sentence, in characters.
const SENTENCE: usize = 200;

/// The longest body that is looked at, in bytes. Errors are short; what is longer is a page for people.
const BODY: usize = 256 << 10;

/// The longest quotation that is left in a sentence, in characters: the name of a model or a field.
const QUOTATION: usize = 40;

/// The shortest stretch of a request that is not repeated, in bytes.
const ECHO: usize = 24;

/// The body of an answer that is no success, in one sentence without a full stop: in the provider's words where there are some, else in
/// ours. Of at most 200 characters, none of them hidden; without keys, quoted text and all but the first line. Give it to
/// [`without_echo`] before it is written down.
pub fn failure(dialect: Dialect, status: u16, body: &[u8]) -> String {
    let body = &body[..body.len().min(BODY)];
    let words = match serde_json::from_slice::<Value>(body) {
        Ok(value) => words(&value).unwrap_or_default(),
        Err(_) => plain(body),
    };
    let said = sentence(&words);
    if said.is_empty() { ours(dialect, status).to_owned() } else { said }
}

/// The sentence up to where it repeats something of the conversation that was sent (24 bytes or more in a row).
pub fn without_echo(sentence: &str, ask: &Ask) -> String {
    let sent = ask.turns.iter().flat_map(|turn| &turn.parts).flat_map(|part| match part {
        Part::Text(text) => [text.as_str(), ""],
        Part::File { path, text } => [text.as_str(), path.as_str()],
    });
    // Spaces and line breaks are told differently by whoever repeats.
    let sent: Vec<_> = sent.map(without_spaces).collect();
    let mut seen = Vec::new();
    for (at, c) in sentence.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        seen.push(at);
        let Some(start) = seen.len().checked_sub(ECHO).map(|first| seen[first]) else { continue };
        let window = without_spaces(&sentence[start..at + c.len_utf8()]);
        if sent.iter().any(|sent| sent.contains(&window)) {
            return format!("{}…", sentence[..start].trim_end());
        }
    }
    sentence.to_owned()
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The event for an error object, or for the text that stands in its place.
pub(crate) fn in_stream(error: &Value) -> Event {
    let status = status(error).unwrap_or(500);
    let said = sentence(&words(error).unwrap_or_default());
    let message = if said.is_empty() { "the provider failed while it answered".to_owned() } else { said };
    Event::Failed { status, message }
}

/// The event for a chunk of `OpenAI`'s protocol that reports a failure: by an error object of its own, or, as some servers do, by being
/// one (`is_error`), which `data` is then. `None`: it is a part of the answer.
pub(crate) fn in_chunk(
    error: Option<&Value>,
    is_error: bool,
    data: &str,
) -> Result<Option<Event>, Malformed> {
    Ok(match error {
        Some(error) => Some(in_stream(error)),
        None if is_error => Some(in_stream(&stream::parse(data)?)),
        None => None,
    })
}

/// What an error says for people, wherever its protocol puts that.
fn words(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.clone()),
        // Gemini's, where it was not asked for events.
        Value::Array(all) => all.first().and_then(words),
        Value::Object(fields) => {
            // FastAPI's: each complaint with the place that it is about. What it says of the input is not taken.
            let complaint = |fields: &serde_json::Map<String, Value>| fields.get("msg").and_then(words);
            ["error", "message", "detail"]
                .iter()
                .find_map(|name| words(fields.get(*name)?))
                .or_else(|| complaint(fields))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The HTTP status that an error has, says, or would have by its name.
fn status(error: &Value) -> Option<u16> {
    let error = error.get("error").filter(|inner| inner.is_object()).unwrap_or(error);
    let of = |name: &str| error.get(name);
    let number = |value: &Value| {
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        u16::try_from(number).ok().filter(|status| (400..600).contains(status))
    };
    let numbered = ["code", "status_code", "status"].iter().find_map(|name| of(name).and_then(number));
    numbered.or_else(|| ["code", "type", "status"].iter().find_map(|name| status_of(of(name)?.as_str()?)))
}

/// The names that providers give to what went wrong, by the status that each would have been.
#[rustfmt::skip]
const NAMES: &[(u16, &[&str])] = &[
    (400, &["invalid_request_error", "invalid_argument", "failed_precondition", "out_of_range", "badrequesterror",
            "context_length_exceeded", "exceed_context_size_error"]),
    (401, &["authentication_error", "invalid_api_key", "unauthenticated", "authenticationerror"]),
    (402, &["billing_error", "insufficient_balance"]),
    (403, &["permission_error", "permission_denied"]),
    (404, &["not_found_error", "model_not_found", "not_found", "notfounderror"]),
    (413, &["request_too_large"]),
    (429, &["rate_limit_error", "rate_limit_exceeded", "resource_exhausted", "insufficient_quota", "tokens", "requests"]),
    (500, &["api_error", "server_error", "internal_server_error", "internalservererror", "internal"]),
    (503, &["unavailable", "unavailable_error", "service_unavailable", "insufficient_system_resource"]),
    (504, &["timeout_error", "deadline_exceeded", "timeout", "gatewaytimeout"]),
    (529, &["overloaded_error", "overloaded"]),
];

fn status_of(name: &str) -> Option<u16> {
    let name = name.to_ascii_lowercase();
    NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(status, _)| *status)
}

/// A body that is not JSON: its text, unless it is a page.
fn plain(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    let is_short = text.len() <= 4 * SENTENCE;
    if is_short && !text.starts_with(['<', '{', '[']) { text.to_owned() } else { String::new() }
}

/// The first line's first sentence, without its full stop, cleaned.
pub(crate) fn sentence(words: &str) -> String {
    let words = words.trim_start();
    let line = words.split(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default();
    let first = line.split_once(". ").map_or(line, |(first, _)| first);
    let shown: String = first.chars().filter(|c| !is_hidden(*c)).take(4 * SENTENCE).collect();
    let shown = without_keys(&without_quotations(&shown));
    let mut words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(SENTENCE - 1) {
        words.truncate(end);
        words.push('…');
    }
    words.trim_end_matches(['.', ' ']).to_owned()
}

/// Puts `…` for what stands between quotation marks, where it is longer than a name.
fn without_quotations(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(['"', '\'', '`', '“', '‘', '«']) {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let mark = from.chars().next().unwrap_or('"');
        let close = match mark {
            '“' => '”',
            '‘' => '’',
            '«' => '»',
            same => same,
        };
        out.push(mark);
        rest = &from[mark.len_utf8()..];
        // Behind a letter it is an apostrophe.
        if mark == '\'' && before.ends_with(char::is_alphanumeric) {
            continue;
        }
        match rest.find(close) {
            Some(end) if rest[..end].chars().count() <= QUOTATION => {
                out.push_str(&rest[..end]);
                out.push(close);
                rest = &rest[end + close.len_utf8()..];
            }
            Some(end) => {
                out.extend(['…', close]);
                rest = &rest[end + close.len_utf8()..];
            }
            None if rest.chars().count() > QUOTATION => {
                out.push('…');
                rest = "";
            }
            None => {}
        }
    }
    out + rest
}

/// Puts `[…]` for each word that may be a key, or what a provider shows of one.
fn without_keys(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_*+/~.…".contains(c);
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !is_part(c)) {
        let word = piece.trim_end_matches(|c| !is_part(c));
        if is_key(word) {
            out.push_str("[…]");
            out.push_str(&piece[word.len()..]);
        } else {
            out.push_str(piece);
        }
    }
    out
}

fn is_key(word: &str) -> bool {
    // A key may have a slash in it, and may stand behind one.
    looks_random(word) || word.split('/').any(looks_random)
}

fn looks_random(word: &str) -> bool {
    const BEGINNINGS: [&str; 9] = ["sk-", "sk_", "AIza", "gsk_", "xai-", "hf_", "pplx-", "r8_", "eyJ"];
    let has = |part: &str, of: fn(&char) -> bool| part.chars().any(|c| of(&c));
    let has_digit = has(word, char::is_ascii_digit);
    let is_mixed = has_digit && has(word, char::is_ascii_uppercase) && has(word, char::is_ascii_lowercase);
    let is_hex = has_digit && word.chars().all(|c| c.is_ascii_hexdigit() || "-.".contains(c));
    // Names of models are long too, but made of short parts.
    let is_long_part = |part: &str| {
        part.len() >= 24 && has(part, char::is_ascii_digit) && has(part, char::is_ascii_alphabetic)
    };
    BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
        || word.contains("***")
        || (word.len() >= 20 && is_mixed)
        || (word.len() >= 32 && is_hex)
        || word.split(['-', '.', '_']).any(is_long_part)
}

/// What a status means, in words that say what mends it.
fn ours(dialect: Dialect, status: u16) -> &'static str {
    match status {
        401 => "it did not accept the key",
        402 => "the account has no money left",
        403 => "the key may not use this",
        404 if dialect.is_own_hardware() => "it has no such model, or this is not its base URL",
        404 => "it knows no such model for this key, or this is not its base URL",
        408 | 504 => "it took too long",
        413 => "the request is too large for it",
        429 => "it was asked too often",
        500 => "it failed",
        502 | 503 | 529 => "it is overloaded or down",
        300..400 => "it wants to send the request elsewhere, which is never done",
        400..500 => "it did not take the request",
        _ => "it gave no reason",
    }
}

#[cfg(test)]
mod tests;
