//! Replays what providers answered, files under `testdata`: whole, byte by byte, and in any two pieces.
//!
//! Each file says in a header where its shape is from. What comes of it stands in `replay.rs`.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use config::Dialect;
use expect_test::Expect;
use model::cloud::Tokens;

use crate::dialect::{Chosen, Decoder, Event, content_types, decoder, failure, fill_tokens_decoder};

fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// One answer.
struct Transcript {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

fn transcript(name: &str) -> Transcript {
    let bytes = fs::read(testdata().join(name)).unwrap();
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    assert!(head.contains("\nx-shape-from: "), "{name} does not say where its shape is from");
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
    Transcript {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: content_type.split(';').next().unwrap().to_owned(),
        body: bytes[end + 2..].to_vec(),
    }
}

fn decoded<'a>(
    mut decoder: Box<dyn Decoder>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, bool) {
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk, &mut events).unwrap();
    }
    (events, decoder.is_complete())
}

fn shown(events: &[Event], is_complete: bool) -> String {
    let mut shown = String::new();
    for event in events {
        match event {
            Event::Text(text) => writeln!(shown, "text {text:?}"),
            Event::Chosen(chosen) => chosen.iter().try_for_each(|Chosen { id, logprob, likeliest }| {
                let number = |logprob: f64| format!("{logprob:.3}");
                let likeliest: Vec<_> =
                    likeliest.iter().map(|(id, logprob)| format!("{id} {}", number(*logprob))).collect();
                writeln!(shown, "chosen {id:?} {:?} [{}]", logprob.map(number), likeliest.join(", "))
            }),
            Event::Tokens(Tokens { input, cached_input, output, reasoning }) => {
                writeln!(
                    shown,
                    "input {input:?}, cached {cached_input:?}, output {output:?}, reasoning {reasoning:?}"
                )
            }
            Event::Ended(why) => writeln!(shown, "ended {why:?}"),
            Event::Failed { status, message } => writeln!(shown, "failed {status}: {message}"),
        }
        .unwrap();
    }
    shown + if is_complete { "complete" } else { "not complete" }
}

#[track_caller]
fn check_stream(name: &str, content_types: &[&str], decoder: impl Fn() -> Box<dyn Decoder>, expect: &Expect) {
    let Transcript { status, content_type, body } = transcript(name);
    assert_eq!(status, 200);
    assert!(content_types.contains(&content_type.as_str()), "{content_type}");
    let whole = decoded(decoder(), [&*body]);
    expect.assert_eq(&shown(&whole.0, whole.1));
    assert_eq!(decoded(decoder(), body.chunks(1)), whole, "byte by byte");
    for at in 0..body.len() {
        let (a, b) = body.split_at(at);
        assert_eq!(decoded(decoder(), [a, b]), whole, "cut at {at}");
    }
}

/// An answer to [`outgoing`].
#[track_caller]
pub(super) fn check(dialect: Dialect, name: &str, expect: &Expect) {
    check_stream(name, content_types(dialect), || decoder(dialect), expect);
}

/// An answer to [`fill_tokens`].
#[track_caller]
pub(super) fn check_fill(dialect: Dialect, name: &str, expect: &Expect) {
    check_stream(name, &["text/event-stream"], || fill_tokens_decoder(dialect).unwrap(), expect);
}

/// An answer that is an error from the start.
#[track_caller]
pub(super) fn check_failure(dialect: Dialect, name: &str, expect: &Expect) {
    let Transcript { status, body, .. } = transcript(name);
    expect.assert_eq(&format!("{status}: {}", failure(dialect, status, &body)));
}

#[test]
fn every_transcript_is_replayed() {
    let mut found = BTreeSet::new();
    for folder in
        fs::read_dir(testdata()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            if Path::new(&file).extension() == Some("http".as_ref()) {
                found.insert(format!("{}/{file}", folder.file_name().unwrap().to_str().unwrap()));
            }
        }
    }
    let source = include_str!("replay.rs");
    let forgotten: Vec<_> = found.iter().filter(|name| !source.contains(&format!("{name:?}"))).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}
