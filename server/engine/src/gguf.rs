//! Looks a GGUF file over before llama.cpp opens it: is it whole, and is it a model that can fill in the middle.
//!
//! llama.cpp answers a bad file with an assert or a line in a log; a person needs the file's name and what is wrong with it. Reads the
//! header only, believes no length in it, and must not keep more of a vocabulary than the few special tokens asked for.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use prompt::{Facts, Token, family::FimIds};

/// What the header says.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// For [`prompt::family::recognise`]; `bos` and `ends` are left to whoever loads the vocabulary.
    pub(crate) facts: Facts,
    /// Ids of the special tokens that any family asks for, by their text.
    pub(crate) special: BTreeMap<String, Token>,
    /// How sure the model may say it is: `hob.confidence.slope` and `hob.confidence.offset`, which only Ember has.
    pub(crate) confidence: (Option<f32>, Option<f32>),
}

/// What is wrong with a file: the end of a sentence that begins with its path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem(pub(crate) String);

/// Above these counts a header is nonsense; real ones have a few dozen keys and a few thousand tensors.
const MOST_KEYS: u64 = 65_536;
const MOST_TENSORS: u64 = 1 << 20;
/// Longest string kept. A chat template may be longer; it is skipped, not kept.
const LONGEST_NAME: u64 = 4096;

/// Checks the file at `path` and reads what its header says.
pub(crate) fn check(path: &Path) -> Result<Header, Problem> {
    let problem = |text: &str| Problem(text.to_owned());
    let metadata = path.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(problem("is a directory, not a GGUF file"));
    }
    if !metadata.is_file() {
        return Err(problem("is not a regular file"));
    }
    if metadata.len() == 0 {
        return Err(problem("is empty: was the download interrupted?"));
    }
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut reader = Reader { input: BufReader::new(file), at: 0, length: metadata.len() };
    match header(&mut reader) {
        Ok(header) => Ok(header),
        Err(Fault::Problem(problem)) => Err(problem),
        Err(Fault::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Problem(format!(
            "is truncated: it ends inside its header, after {} bytes; download it again",
            metadata.len()
        ))),
        Err(Fault::Io(error)) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &io::Error) -> Problem {
    Problem(match error.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "can't be read: permission denied".into(),
        _ => format!("can't be read: {error}"),
    })
}

enum Fault {
    Io(io::Error),
    Problem(Problem),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn damaged(what: &str) -> Fault {
    Fault::Problem(Problem(format!("is damaged: {what}; download it again")))
}

fn header(reader: &mut Reader<impl Read + Seek>) -> Result<Header, Fault> {
    let mut magic = [0; 4];
    reader.fill(&mut magic)?;
    if magic != *b"GGUF" {
        let text = if magic.starts_with(b"vers") {
            "is a Git LFS pointer, not the model itself: run `git lfs pull`"
        } else {
            "is not a GGUF file"
        };
        return Err(Fault::Problem(Problem(text.into())));
    }
    let version = reader.u32()?;
    if !(2..=3).contains(&version) {
        return Err(Fault::Problem(Problem(format!(
            "is GGUF version {version}, and versions 2 and 3 are supported"
        ))));
    }
    let (tensors, keys) = (reader.u64()?, reader.u64()?);
    if tensors > MOST_TENSORS || keys > MOST_KEYS {
        return Err(damaged("its header claims an impossible number of tensors or keys"));
    }
    let mut header = Header::default();
    let mut alignment = 32;
    for _ in 0..keys {
        let key = reader.name()?;
        let kind = reader.u32()?;
        read_key(reader, &mut header, &mut alignment, &key, kind)?;
    }
    check_tensors(reader, tensors, alignment)?;
    Ok(header)
}

fn read_key(
    reader: &mut Reader<impl Read + Seek>,
    header: &mut Header,
    alignment: &mut u64,
    key: &str,
    kind: u32,
) -> Result<(), Fault> {
    let facts = &mut header.facts;
    match (key, kind) {
        ("general.architecture", STRING) => facts.architecture = reader.name()?,
        ("general.name", STRING) => facts.name = reader.name()?,
        ("general.alignment", U32) => *alignment = u64::from(reader.u32()?),
        ("tokenizer.ggml.fim_pre_token_id" | "tokenizer.ggml.prefix_token_id", U32) => {
            facts.ids.prefix = reader.token()?;
        }
        ("tokenizer.ggml.fim_suf_token_id" | "tokenizer.ggml.suffix_token_id", U32) => {
            facts.ids.suffix = reader.token()?;
        }
        ("tokenizer.ggml.fim_mid_token_id" | "tokenizer.ggml.middle_token_id", U32) => {
            facts.ids.middle = reader.token()?;
        }
        ("tokenizer.ggml.fim_sep_token_id", U32) => facts.ids.separator = reader.token()?,
        ("tokenizer.ggml.fim_rep_token_id", U32) => facts.ids.repository = reader.token()?,
        ("hob.confidence.slope", F32) => header.confidence.0 = Some(reader.f32()?),
        ("hob.confidence.offset", F32) => header.confidence.1 = Some(reader.f32()?),
        ("tokenizer.ggml.tokens", ARRAY) => header.special = reader.special_tokens()?,
        (_, kind) => {
            facts.chat_template |= key.starts_with("tokenizer.chat_template");
            reader.skip_value(kind)?;
        }
    }
    Ok(())
}

/// Reads the list of tensors and checks that the file holds each to its end.
fn check_tensors(reader: &mut Reader<impl Read + Seek>, tensors: u64, alignment: u64) -> Result<(), Fault> {
    if !alignment.is_power_of_two() {
        return Err(damaged("its tensors have an impossible alignment"));
    }
    let mut needed = 0;
    for _ in 0..tensors {
        reader.skip_string()?;
        let dimensions = reader.u32()?;
        if dimensions > 8 {
            return Err(damaged("a tensor claims more than 8 dimensions"));
        }
        let mut elements = 1u64;
        for _ in 0..dimensions {
            let size = reader.u64()?;
            elements =
                elements.checked_mul(size).ok_or_else(|| damaged("a tensor claims an impossible size"))?;
        }
        let kind = reader.u32()?;
        let offset = reader.u64()?;
        let end = bytes_of(kind, elements).and_then(|bytes| offset.checked_add(bytes));
        needed = needed.max(end.ok_or_else(|| damaged("a tensor claims an impossible size"))?);
    }
    let needed = reader
        .at
        .next_multiple_of(alignment)
        .checked_add(needed)
        .ok_or_else(|| damaged("a tensor claims an impossible size"))?;
    if needed > reader.length {
        let text = format!("is truncated: {} of {needed} bytes are there; download it again", reader.length);
        return Err(Fault::Problem(Problem(text)));
    }
    Ok(())
}

/// Bytes of `elements` numbers in ggml's type `kind`; 0 for a type that this table doesn't know, which llama.cpp may.
fn bytes_of(kind: u32, elements: u64) -> Option<u64> {
    let (block, bytes) = match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        24 => (1, 1),
        27 | 28 => (1, 8),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        _ => return Some(0),
    };
    elements.div_ceil(block).checked_mul(bytes)
}

const U32: u32 = 4;
const F32: u32 = 6;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// Bytes of a value of a GGUF type of fixed size.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

struct Reader<R> {
    input: BufReader<R>,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    fn fill(&mut self, out: &mut [u8]) -> io::Result<()> {
        self.input.read_exact(out)?;
        self.at += out.len() as u64;
        Ok(())
    }

    fn u32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn f32(&mut self) -> io::Result<f32> {
        self.u32().map(f32::from_bits)
    }

    fn u64(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn token(&mut self) -> io::Result<Option<Token>> {
        Ok(i32::try_from(self.u32()?).ok().map(Token))
    }

    /// A length that the rest of the file can hold, or the end of the file.
    fn length(&mut self) -> io::Result<u64> {
        let length = self.u64()?;
        if length > self.length - self.at { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(length) }
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        if bytes > self.length - self.at {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.input.seek_relative(i64::try_from(bytes).map_err(|_| io::ErrorKind::UnexpectedEof)?)?;
        self.at += bytes;
        Ok(())
    }

    fn skip_string(&mut self) -> io::Result<()> {
        let length = self.length()?;
        self.skip(length)
    }

    /// A short string, invalid UTF-8 replaced; a long one comes back empty.
    fn name(&mut self) -> io::Result<String> {
        let length = self.length()?;
        if length > LONGEST_NAME {
            self.skip(length)?;
            return Ok(String::new());
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::UnexpectedEof)?];
        self.fill(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn skip_value(&mut self, kind: u32) -> Result<(), Fault> {
        if let Some(size) = fixed_size(kind) {
            return Ok(self.skip(size)?);
        }
        match kind {
            STRING => Ok(self.skip_string()?),
            ARRAY => {
                let (kind, count) = (self.u32()?, self.u64()?);
                self.skip_array(kind, count)
            }
            _ => Err(damaged("its header holds a value of an unknown type")),
        }
    }

    fn skip_array(&mut self, kind: u32, count: u64) -> Result<(), Fault> {
        if let Some(size) = fixed_size(kind) {
            let bytes =
                count.checked_mul(size).ok_or_else(|| damaged("a list claims an impossible length"))?;
            return Ok(self.skip(bytes)?);
        }
        if kind != STRING {
            return Err(damaged("its header holds a list of an unknown type"));
        }
        // Each string takes at least its length's 8 bytes: a false count ends at the end of the file.
        for _ in 0..count {
            self.skip_string()?;
        }
        Ok(())
    }

    /// Reads the vocabulary and keeps the tokens that a FIM family may ask for.
    fn special_tokens(&mut self) -> Result<BTreeMap<String, Token>, Fault> {
        let (kind, count) = (self.u32()?, self.u64()?);
        let mut special = BTreeMap::new();
        if kind != STRING {
            self.skip_array(kind, count)?;
            return Ok(special);
        }
        for id in 0..count {
            let text = self.name()?;
            if prompt::family::token_names().any(|name| name == text) {
                let id = i32::try_from(id).map_err(|_| damaged("its vocabulary is too large"))?;
                special.insert(text, Token(id));
            }
        }
        Ok(special)
    }
}

impl Header {
    /// The facts, with `name` where the file has none.
    pub(crate) fn facts_or_name(&self, name: &str) -> Facts {
        let mut facts = self.facts.clone();
        if facts.name.is_empty() {
            name.clone_into(&mut facts.name);
        }
        facts
    }

    /// Looks a special token up by its text.
    pub(crate) fn find(&self, text: &str) -> Option<Token> {
        self.special.get(text).copied()
    }
}

const _: () = {
    // `FimIds` is filled field by field above; a new field must be read there too.
    let FimIds { prefix: _, suffix: _, middle: _, separator: _, repository: _ } =
        FimIds { prefix: None, suffix: None, middle: None, separator: None, repository: None };
};

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::EMBER;

    fn check_bytes(bytes: &[u8], expected: &Expect) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.gguf");
        std::fs::write(&path, bytes).unwrap();
        expected.assert_eq(&match check(&path) {
            Ok(header) => format!("fine: {}", header.facts.architecture),
            Err(Problem(text)) => format!("model.gguf {text}"),
        });
    }

    /// A header with these keys, written as GGUF values, and one tensor of `elements` floats.
    fn tiny(keys: &[(&str, u32, &[u8])], elements: u64) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(3u32.to_le_bytes());
        out.extend(1u64.to_le_bytes());
        out.extend((keys.len() as u64).to_le_bytes());
        for (key, kind, value) in keys {
            out.extend((key.len() as u64).to_le_bytes());
            out.extend(key.as_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(*value);
        }
        out.extend(1u64.to_le_bytes());
        out.extend(b"t");
        out.extend(1u32.to_le_bytes());
        out.extend(elements.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(0u64.to_le_bytes());
        out
    }

    #[test]
    fn the_embedded_model_is_fine() {
        check_bytes(EMBER, &expect!["fine: llama"]);
    }

    #[test]
    fn each_fault_is_one_sentence() {
        check_bytes(b"", &expect!["model.gguf is empty: was the download interrupted?"]);
        check_bytes(b"#!/bin/sh\nexit 1\n", &expect!["model.gguf is not a GGUF file"]);
        check_bytes(
            b"version https://git-lfs.github.com/spec/v1\n",
            &expect!["model.gguf is a Git LFS pointer, not the model itself: run `git lfs pull`"],
        );
        check_bytes(
            b"GGUF\x01\0\0\0",
            &expect!["model.gguf is GGUF version 1, and versions 2 and 3 are supported"],
        );
        check_bytes(
            &EMBER[..100],
            &expect![
                "model.gguf is truncated: it ends inside its header, after 100 bytes; download it again"
            ],
        );
        let mut liar = EMBER[..64].to_vec();
        liar[8..16].fill(0xff);
        check_bytes(
            &liar,
            &expect![
                "model.gguf is damaged: its header claims an impossible number of tensors or keys; download it again"
            ],
        );
        check_bytes(
            &tiny(&[], 1000),
            &expect!["model.gguf is truncated: 57 of 4064 bytes are there; download it again"],
        );
        check_bytes(
            &tiny(&[], u64::MAX / 2),
            &expect!["model.gguf is damaged: a tensor claims an impossible size; download it again"],
        );
        check_bytes(
            &tiny(&[("x", 99, b"")], 0),
            &expect!["model.gguf is damaged: its header holds a value of an unknown type; download it again"],
        );
        check_bytes(
            &tiny(&[("x", STRING, &u64::MAX.to_le_bytes())], 0),
            &expect!["model.gguf is truncated: it ends inside its header, after 78 bytes; download it again"],
        );
    }

    #[test]
    fn a_missing_file_and_a_folder_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check(&dir.path().join("none")).unwrap_err().0, "does not exist");
        assert_eq!(check(dir.path()).unwrap_err().0, "is a directory, not a GGUF file");
    }

    #[test]
    fn every_truncation_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.gguf");
        for eighths in 1..8 {
            std::fs::write(&path, &EMBER[..EMBER.len() * eighths / 8]).unwrap();
            let Problem(text) = check(&path).unwrap_err();
            assert!(text.starts_with("is truncated"), "{eighths}/8: {text}");
        }
        std::fs::write(&path, &EMBER[..EMBER.len() - 1]).unwrap();
        assert!(check(&path).unwrap_err().0.starts_with("is truncated"));
    }

    #[test]
    fn noise_after_the_magic_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.gguf");
        let mut state = 1u64;
        for _ in 0..200 {
            let noise = (0..300).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_le_bytes()[7] & if state & 1 == 0 { 0x0f } else { 0xff }
            });
            let bytes: Vec<u8> =
                b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0".iter().copied().chain(noise).collect();
            std::fs::write(&path, bytes).unwrap();
            assert!(check(&path).is_err());
        }
    }
}
