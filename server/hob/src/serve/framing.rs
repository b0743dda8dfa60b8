//! Cuts the client's byte stream into message bodies, and finds its way again after bytes that are no message.
//!
//! Must not believe a length: nothing is allocated for bytes that have not come, and a body that turns out not to be JSON gives back
//! what looks like the next header inside it. Must not look into a body otherwise.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest body that is accepted, in bytes.
pub(super) const MAX_BODY: usize = 64 << 20;

/// The longest header line, in bytes. More without a line break is noise.
const MAX_HEADER: usize = 8 << 10;

const CONTENT_LENGTH: &[u8] = b"content-length:";

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A body of the announced length.
    Body(Vec<u8>),
    /// Bytes that are no message; reading goes on behind them.
    Noise(&'static str),
    /// The client closed the stream.
    End,
}

/// Reads frames from `input`.
#[derive(Debug)]
pub(super) struct Frames<R> {
    input: R,
    /// Bytes that came and were not used yet: `buffer[at..]`.
    buffer: Vec<u8>,
    at: usize,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: 0 }
    }

    /// The next frame. Only an error of the stream itself is an error.
    pub(super) async fn next(&mut self) -> io::Result<Frame> {
        let mut length = None;
        let mut noise = false;
        loop {
            let Some(line) = self.line().await? else { return Ok(Frame::End) };
            let line = match line {
                Line::Whole(line) => line,
                Line::TooLong => {
                    noise = true;
                    continue;
                }
            };
            let line = line.trim_ascii();
            if line.is_empty() {
                match length {
                    Some(length) => return self.body(length).await,
                    None if noise => return Ok(Frame::Noise("no Content-Length header")),
                    // Blank lines between messages do no harm.
                    None => continue,
                }
            }
            match find_length(line) {
                Some(Ok(found)) => length = Some(found),
                Some(Err(why)) => return Ok(Frame::Noise(why)),
                // Another header (`Content-Type`), or the tail of a message whose length was too small.
                None => noise = true,
            }
        }
    }

    /// Gives back the part of a `body` that looks like the next message's header: the length before it was too large.
    ///
    /// Returns whether there was one.
    pub(super) fn give_back(&mut self, body: &[u8]) -> bool {
        let Some(at) = position_ignoring_case(body, CONTENT_LENGTH) else { return false };
        let rest = self.buffer.split_off(self.at);
        self.buffer.clear();
        self.buffer.extend_from_slice(&body[at..]);
        self.buffer.extend_from_slice(&rest);
        self.at = 0;
        true
    }

    /// The next line without its break; `None` at the end of the stream.
    async fn line(&mut self) -> io::Result<Option<Line>> {
        let mut searched = 0;
        loop {
            let fresh = &self.buffer[self.at..];
            if let Some(length) = fresh[searched..].iter().position(|b| *b == b'\n') {
                let line = fresh[..searched + length].to_vec();
                self.at += searched + length + 1;
                return Ok(Some(Line::Whole(line)));
            }
            searched = fresh.len();
            if searched > MAX_HEADER {
                // A header may stand in the last bytes: keep more than one can have.
                self.at = self.buffer.len() - 64;
                return Ok(Some(Line::TooLong));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn body(&mut self, length: usize) -> io::Result<Frame> {
        while self.buffer.len() - self.at < length {
            if !self.fill().await? {
                return Ok(Frame::End);
            }
        }
        let body = self.buffer[self.at..self.at + length].to_vec();
        self.at += length;
        Ok(Frame::Body(body))
    }

    /// Reads what there is; `false` at the end of the stream.
    async fn fill(&mut self) -> io::Result<bool> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        Ok(self.input.read_buf(&mut self.buffer).await? > 0)
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// The length that a header line announces. The header may stand behind the unread tail of the message before it.
fn find_length(line: &[u8]) -> Option<Result<usize, &'static str>> {
    let at = position_ignoring_case(line, CONTENT_LENGTH)?;
    let digits = line[at + CONTENT_LENGTH.len()..].trim_ascii();
    let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Some(match length {
        Some(length) if length <= MAX_BODY => Ok(length),
        Some(_) => Err("the message is too large"),
        None => Err("Content-Length is not a number"),
    })
}

fn position_ignoring_case(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// Feeds `input` in pieces of `step` bytes, as a slow pipe would, and treats a body that is not JSON as `transport` does.
    fn read(input: &[u8], step: usize) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut far, near) = tokio::io::duplex(step);
            let feed = async move {
                tokio::io::AsyncWriteExt::write_all(&mut far, input).await.unwrap();
            };
            let take = async {
                let mut frames = Frames::new(near);
                let mut seen: Vec<String> = Vec::new();
                loop {
                    match frames.next().await.unwrap() {
                        Frame::Body(body) => {
                            let json = serde_json::from_slice::<serde_json::Value>(&body).is_ok();
                            let back = !json && frames.give_back(&body);
                            seen.push(if json {
                                String::from_utf8_lossy(&body).into_owned()
                            } else {
                                format!("not JSON, next header inside: {back}")
                            });
                        }
                        Frame::Noise(why) => seen.push(format!("noise: {why}")),
                        Frame::End => return seen.iter().flat_map(|line| [line, "\n"]).collect::<String>(),
                    }
                }
            };
            tokio::join!(feed, take).1
        })
    }

    fn check(input: &str, want: &Expect) {
        let whole = read(input.as_bytes(), 1 << 20);
        want.assert_eq(&whole);
        for step in [1, 7] {
            assert_eq!(read(input.as_bytes(), step), whole, "in pieces of {step}");
        }
    }

    const OK: &str = "Content-Length: 4\r\n\r\ntrue";

    #[test]
    fn messages_one_after_the_other() {
        check(
            &format!("{OK}content-length:2\r\nContent-Type: x\r\n\r\n{{}}{OK}"),
            &expect![[r"
            true
            {}
            true
        "]],
        );
    }

    #[test]
    fn a_length_that_is_too_small() {
        check(
            &format!("Content-Length: 3\r\n\r\n[1,2]{OK}"),
            &expect![[r"
            not JSON, next header inside: false
            true
        "]],
        );
    }

    #[test]
    fn a_length_that_is_too_large() {
        check(
            &format!("Content-Length: 30\r\n\r\n[1,2]{OK}{OK}"),
            &expect![[r"
            not JSON, next header inside: true
            true
            true
        "]],
        );
    }

    #[test]
    fn lengths_that_nobody_should_believe() {
        check(
            &format!("Content-Length: 8589934592\r\n\r\n{OK}Content-Length: -1\r\n\r\n{OK}"),
            &expect![[r"
            noise: the message is too large
            true
            noise: Content-Length is not a number
            true
        "]],
        );
    }

    #[test]
    fn noise_before_a_message() {
        check(
            &format!("GET / HTTP/1.1\r\nHost: x\r\n\r\n{OK}"),
            &expect![[r"
            noise: no Content-Length header
            true
        "]],
        );
        check(
            &format!("{}{OK}", "x".repeat(3 * MAX_HEADER)),
            &expect![[r"
            true
        "]],
        );
    }

    #[test]
    fn the_end_inside_a_message_is_the_end() {
        check("Content-Length: 10\r\n\r\n[1", &expect![""]);
        check("Content-Len", &expect![""]);
    }
}
