//! The table of vectors, and a naive reading of the standard that any stream is compared with.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    why: String,
    #[serde(rename = "in")]
    text: Option<String>,
    hex: Option<String>,
    out: Vec<(String, String)>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.hex) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, hex) => {
                let hex = hex.as_deref().unwrap_or_default();
                (0..hex.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                    .collect()
            }
        }
    }
}

fn vectors() -> Vec<Vector> {
    let file = include_str!("../../testdata/sse.jsonl");
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the chunks say, one after the other.
fn decoded<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let mut decoder = Decoder::new();
    let mut all = Vec::new();
    for chunk in chunks {
        decoder
            .push(chunk, |message| {
                all.push((message.name, message.data));
                Ok(())
            })
            .unwrap();
    }
    all
}

/// The standard's rules applied to the whole text at once.
fn by_the_standard(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let Some((whole, _unfinished)) = text.rsplit_once('\n') else { return Vec::new() };
    let (mut all, mut name, mut data) = (Vec::new(), String::new(), String::new());
    for line in whole.split('\n') {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                all.push((name.clone(), data.to_owned()));
            }
            (name, data) = Default::default();
        } else {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => name = value.to_owned(),
                "data" => data.extend([value, "\n"]),
                _ => {}
            }
        }
    }
    all
}

#[test]
fn there_are_enough_vectors() {
    assert!(vectors().len() >= 86);
}

#[test]
fn every_vector_is_read_as_it_says_whole_and_byte_by_byte_and_in_any_two_pieces() {
    for vector in vectors() {
        let bytes = vector.bytes();
        assert_eq!(decoded([&*bytes]), vector.out, "{}", vector.why);
        assert_eq!(decoded(bytes.chunks(1)), vector.out, "{}, byte by byte", vector.why);
        for at in 0..=bytes.len() {
            let (a, b) = bytes.split_at(at);
            assert_eq!(decoded([a, b]), vector.out, "{}, cut at {at}", vector.why);
        }
    }
}

#[test]
fn the_vectors_agree_with_the_naive_reading() {
    for vector in vectors() {
        assert_eq!(by_the_standard(&vector.bytes()), vector.out, "{}", vector.why);
    }
}

/// Pieces of which streams are made; any bytes alone would hardly ever make an event.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec!["data", "event", "id", "error", ":", " ", "\n", "\r", "\r\n", "\n\n", "a", "é👍", "\u{FEFF}"])
            .prop_map(|text| text.as_bytes().to_vec()),
        3 => Just(b"data: x\n\n".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_it_says_what_the_standard_reads(
        stream in stream(),
        sizes in prop::collection::vec(1..9_usize, 1..40),
    ) {
        let mut rest = &*stream;
        let mut chunks = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, next) = rest.split_at((*size).min(rest.len()));
            chunks.push(chunk);
            rest = next;
        }
        prop_assert_eq!(decoded(chunks), by_the_standard(&stream));
    }
}

#[test]
fn a_field_that_a_server_invented_is_read_where_that_is_asked_for() {
    let mut decoder = Decoder::with_stray("error");
    let mut all = Vec::new();
    let mut push = |bytes: &[u8]| {
        decoder.push(bytes, |message| {
            all.push((message.name, message.data));
            Ok(())
        })
    };
    push(b"data: a\n\nerror: {}\n\ndata: b\n\n").unwrap();
    let expected = [("", "a"), ("error", "{}"), ("", "b")];
    assert_eq!(all, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
}

/// Pushes pieces until one is refused; how many bytes were taken.
fn taken(piece: &[u8], limit: usize) -> Result<usize, (usize, Malformed)> {
    let mut decoder = Decoder::with_limit(limit);
    let mut taken = 0;
    for _ in 0..10_000 {
        decoder.push(piece, |_| Ok(())).map_err(|error| (taken, error))?;
        taken += piece.len();
    }
    Ok(taken)
}

#[test]
fn a_line_without_an_end_is_refused_at_the_limit() {
    let (taken, error) = taken(b"data: aaaaaaaaaa", 1000).unwrap_err();
    assert!(taken <= 1000);
    assert_eq!(error.to_string(), "a line of the answer has more than 1000 bytes");
}

#[test]
fn an_event_without_an_end_is_refused_at_the_limit() {
    let (taken, error) = taken(b"data: aaaaaaaaaa\n", 1000).unwrap_err();
    assert!(taken <= 2000);
    assert_eq!(error.to_string(), "an event of the answer has more than 1000 bytes");
}

#[test]
fn an_event_of_empty_lines_is_refused_at_the_limit_too() {
    assert!(taken(b"data\n", 1000).is_err());
}

#[test]
fn events_that_end_are_never_too_many() {
    assert_eq!(taken(b"data: aaaaaaaaaa\n\n", 1000), Ok(180_000));
}
