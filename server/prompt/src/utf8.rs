//! Bytes that arrive in pieces, handed on as whole characters.
//!
//! A byte-level vocabulary splits `é` or an emoji over several tokens. Must not replace anything: a broken sequence is an error, never
//! U+FFFD in a user's file.

/// Holds back the bytes of a character that has not ended yet.
#[derive(Debug, Clone, Default)]
pub struct Assembler {
    pending: Vec<u8>,
}

/// The bytes can't be UTF-8, whatever follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl Assembler {
    /// Takes the next bytes and appends the characters that are whole to `out`.
    ///
    /// # Errors
    /// [`Broken`] when the bytes can't be UTF-8. What was whole before is in `out`; nothing more will come.
    pub fn push(&mut self, bytes: &[u8], out: &mut String) -> Result<(), Broken> {
        self.pending.extend_from_slice(bytes);
        let (whole, broken) = match std::str::from_utf8(&self.pending) {
            Ok(_) => (self.pending.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some()),
        };
        let rest = self.pending.split_off(whole);
        let text = std::mem::replace(&mut self.pending, rest);
        out.push_str(std::str::from_utf8(&text).expect("cut where the check above said it is valid"));
        if broken { Err(Broken) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_split_over_pieces_arrives_whole() {
        let text = "aé→🦀b";
        for cut in 0..=text.len() {
            for second in cut..=text.len() {
                let (mut assembler, mut out) = (Assembler::default(), String::new());
                for part in
                    [&text.as_bytes()[..cut], &text.as_bytes()[cut..second], &text.as_bytes()[second..]]
                {
                    assembler.push(part, &mut out).unwrap();
                    assert!(text.starts_with(&out));
                }
                assert_eq!(out, text);
            }
        }
    }

    #[test]
    fn broken_bytes_end_the_text_and_are_not_replaced() {
        let (mut assembler, mut out) = (Assembler::default(), String::new());
        assert_eq!(assembler.push(b"ok\xff\xffno", &mut out), Err(Broken));
        assert_eq!(out, "ok");
    }
}
