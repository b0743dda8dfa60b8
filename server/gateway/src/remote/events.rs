//! The events of a stream, however its bytes are cut: the text behind `data: ` of each.
//!
//! Must not read what is in them.

use super::speech::Strange;

/// Bytes of one event at most.
const LARGEST: usize = 1 << 20;

/// What has come of an event that has not ended.
#[derive(Debug, Default)]
pub(super) struct Events(Vec<u8>);

impl Events {
    /// Takes the next bytes; the events that are whole now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, Strange> {
        self.0.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            let line = std::str::from_utf8(&line).map_err(|_| Strange("sends an event that is no text"))?;
            let line = line.trim_end_matches(['\r', '\n']);
            if line.starts_with("error:") {
                return Err(Strange("breaks its answer off with an error"));
            }
            whole.extend(line.strip_prefix("data:").map(|data| data.trim_start().to_owned()));
        }
        if self.0.len() > LARGEST {
            return Err(Strange("sends an event without an end"));
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_they_are_cut() {
        let stream = "data: {\"a\":\"é\"}\n\n: a comment\r\ndata:{}\r\n\ndata: [DONE]\n\n".as_bytes();
        for size in 1..stream.len() {
            let mut events = Events::default();
            let all: Vec<String> = stream.chunks(size).flat_map(|part| events.push(part).unwrap()).collect();
            assert_eq!(all, ["{\"a\":\"é\"}", "{}", "[DONE]"]);
        }
    }

    #[test]
    fn what_never_ends_is_not_kept() {
        assert!(Events::default().push(&vec![b'x'; LARGEST + 1]).is_err());
        assert!(Events::default().push(b"error: {}\n").is_err());
        assert!(Events::default().push(b"data: \xff\n").is_err());
    }
}
