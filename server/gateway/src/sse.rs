//! Server-sent events, by the rules of the WHATWG HTML standard (§9.2.6, "Interpreting an event stream"), however the bytes are cut.
//!
//! Must not know what an event says, and must not hold more than its limits: lines and events that are longer are errors. Event ids
//! and reconnection times are read over, because nothing is ever asked twice.

use crate::{
    dialect::Malformed,
    lines::{Ends, Lines},
};

/// The longest line and the longest event that are taken, in bytes. A provider's events have some hundred; the largest that are known,
/// llama-server's last, repeat the prompt.
pub(crate) const LIMIT: usize = 4 << 20;

/// What one event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its `event` field; empty where there was none.
    pub(crate) name: String,
    /// Its `data` fields, LF between them.
    pub(crate) data: String,
}

/// The part of a stream that no blank line has followed yet.
#[derive(Debug)]
pub(crate) struct Decoder {
    lines: Lines,
    limit: usize,
    is_first_line: bool,
    /// A field that is read as an event of this name, though the standard does not know it.
    stray: Option<&'static str>,
    name: String,
    /// `None`: no `data` field yet, which is not the same as an empty one.
    data: Option<String>,
}

impl Decoder {
    /// A decoder as the standard says.
    pub(crate) fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// A decoder that also takes a line `FIELD: VALUE` for an event named FIELD.
    pub(crate) fn with_stray(field: &'static str) -> Self {
        Self { stray: Some(field), ..Self::new() }
    }

    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            lines: Lines::new(Ends::Any, limit),
            limit,
            is_first_line: true,
            stray: None,
            name: String::new(),
            data: None,
        }
    }

    /// Hands over each event that `bytes` completes. What no blank line follows is never an event.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Message) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let Self { lines, limit, is_first_line, stray, name, data } = self;
        lines.push(bytes, |line| {
            let mark = if std::mem::take(is_first_line) { "\u{FEFF}" } else { "" };
            let line = line.strip_prefix(mark.as_bytes()).unwrap_or(line);
            if line.is_empty() {
                let name = std::mem::take(name);
                return data.take().map_or(Ok(()), |data| each(Message { name, data }));
            }
            // A line is decoded whole: no character reaches over a line's end.
            let line = String::from_utf8_lossy(line);
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(name),
                "data" => append(data, value, *limit)?,
                _ if Some(field) == *stray => {
                    field.clone_into(name);
                    append(data, value, *limit)?;
                }
                // A comment (nothing before its colon), an id, a reconnection time, or what is not known.
                _ => {}
            }
            Ok(())
        })
    }
}

fn append(data: &mut Option<String>, value: &str, limit: usize) -> Result<(), Malformed> {
    match data {
        None => *data = Some(value.to_owned()),
        Some(data) if data.len() + value.len() < limit => {
            data.push('\n');
            data.push_str(value);
        }
        Some(_) => return Err(Malformed(format!("an event of the answer has more than {limit} bytes"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
