//! The faults of a provider, as what it does on a connection, and what has to follow from each.
//!
//! Must not ask the code under test what is right.

use std::time::{Duration, SystemTime};

use config::Dialect;

use crate::{
    fake::{Gate, Step},
    shapes::{HALF, Shape, WHOLE},
};

/// What has to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The same provider may be asked again, or another one.
    Again,
    /// It is not asked again; another one may be.
    Next,
    /// What came is kept and marked, and nobody is asked.
    Truncated,
    /// There is nothing wrong with it.
    Whole,
}
use Expect::{Again, Next, Truncated, Whole};

/// A fault.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: Expect,
    /// The text that comes before it.
    pub(crate) before: &'static str,
    /// It is seen by a deadline.
    pub(crate) is_slow: bool,
    /// Opened once `before` has been handed on.
    pub(crate) gate: Gate,
}

fn fault(name: impl Into<String>, expect: Expect, steps: Vec<Step>) -> Fault {
    Fault { name: name.into(), steps, expect, before: "", is_slow: false, gate: Gate::default() }
}

/// After the request was read.
fn answer(name: impl Into<String>, expect: Expect, steps: Vec<Step>) -> Fault {
    fault(name, expect, [vec![Step::Read], steps].concat())
}

fn slow(fault: Fault) -> Fault {
    Fault { is_slow: true, ..fault }
}

/// After the first half of a text.
fn late(name: &str, shape: Shape, head: &str, steps: Vec<Step>) -> Fault {
    let gate = Gate::default();
    let half = if head.contains("chunked") { chunk(shape.half) } else { shape.half.into() };
    let begin = vec![Step::Read, Step::text(&shape.head(head)), Step::text(&half), Step::Await(gate.clone())];
    let name = format!("{name}, in the text");
    Fault { before: HALF, gate, ..fault(name, Truncated, [begin, steps].concat()) }
}

fn whole(name: &str, steps: Vec<Step>) -> Fault {
    Fault { before: WHOLE, ..answer(name, Whole, steps) }
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// A provider that takes the request and says nothing.
pub(crate) fn silent() -> Fault {
    slow(answer("silence", Again, vec![Step::Hold]))
}

/// Every fault, as `shape` has it.
pub(crate) fn all(shape: Shape) -> Vec<Fault> {
    let mut all = before_the_head();
    all.extend(statuses(shape));
    all.extend(pauses());
    all.extend(heads(shape));
    all.extend(before_the_text(shape));
    all.extend(in_the_text(shape));
    all.extend(harmless(shape));
    all
}

fn before_the_head() -> Vec<Fault> {
    let half = "HTTP/1.1 200 OK\r\ncontent-ty";
    let many = (0..300).map(|n| format!("x-{n}: y\r\n")).collect::<Vec<_>>().concat();
    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "y".repeat(1 << 20));
    vec![
        fault("a reset at once", Again, vec![Step::Reset]),
        fault("an end at once", Again, vec![]),
        answer("a reset", Again, vec![Step::Reset]),
        answer("an end", Again, vec![]),
        answer("half a head and a reset", Again, vec![Step::text(half), Step::Reset]),
        answer("half a head and an end", Again, vec![Step::text(half)]),
        slow(answer("half a head and silence", Again, vec![Step::text(half), Step::Hold])),
        answer("no HTTP", Again, vec![Step::text("SSH-2.0-OpenSSH_9.9\r\n\r\n")]),
        answer("300 headers", Again, vec![Step::text(&format!("HTTP/1.1 200 OK\r\n{many}\r\n"))]),
        answer("a header of a megabyte", Again, vec![Step::text(&long)]),
        answer(
            "two lengths",
            Again,
            vec![Step::text("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n1234567")],
        ),
        answer(
            "an endless head",
            Again,
            vec![Step::text("HTTP/1.1 200 OK\r\n"), Step::Forever(vec![b'x'; 8192])],
        ),
        silent(),
        slow(answer(
            "100 Continue and silence",
            Again,
            vec![Step::text("HTTP/1.1 100 Continue\r\n\r\n"), Step::Hold],
        )),
    ]
}

fn statuses(shape: Shape) -> Vec<Fault> {
    let mut all = Vec::new();
    let mut add = |statuses: &[u16], expect| {
        for status in statuses {
            let body = "{\"error\":{\"message\":\"no, sk-canary\"}}";
            let head = format!(
                "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            all.push(answer(format!("status {status}"), expect, vec![Step::text(&head)]));
        }
    };
    add(
        &[400, 404, 405, 406, 410, 411, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426, 428, 431, 451],
        Next,
    );
    add(&[401, 402, 403], Next);
    add(&[408, 409, 425, 429], Again);
    add(&[500, 502, 503, 504, 506, 507, 508, 510, 511, 520, 521, 522, 523, 524, 529, 599], Again);
    add(&[501, 505], Next);
    add(&[201, 202, 203, 204, 206, 226], Next);
    for status in [301, 302, 303, 307, 308] {
        for (whither, location) in [("here", "/other"), ("elsewhere", "http://127.0.0.1:9/other")] {
            let head = format!("HTTP/1.1 {status} Go\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            all.push(answer(format!("status {status}, {whither}"), Next, vec![Step::text(&head)]));
        }
    }
    let head = "HTTP/1.1 503 No\r\ncontent-length: 900\r\n\r\nhalf";
    all.push(answer("a status and half its words", Again, vec![Step::text(head), Step::Reset]));
    all.push(answer("a status and silence", Again, vec![Step::text(head), Step::Hold]));
    all.push(answer(
        "a status and words without end",
        Again,
        vec![Step::text("HTTP/1.1 500 No\r\n\r\n"), Step::Forever(vec![b'x'; 8192])],
    ));
    let page =
        format!("{}<html><body>Bad gateway</body></html>", shape.head("").replace("200 OK", "502 Bad"));
    all.push(answer("a page and a status", Again, vec![Step::text(&page)]));
    all
}

/// 429 in all its forms; those that come within the time of a request can be waited for.
fn pauses() -> Vec<Fault> {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let past = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(100));
    let far = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100_000));
    let forms = [
        ("retry-after: 1", Again),
        ("retry-after: 0", Again),
        ("retry-after-ms: 300", Again),
        ("retry-after: 900\r\nretry-after-ms: 300", Again),
        (&format!("retry-after: {date}"), Again),
        (&format!("retry-after: {past}"), Again),
        ("retry-after: soon", Again),
        ("retry-after: -1", Again),
        ("retry-after: 1\r\nretry-after: 2", Again),
        ("retry-after: 900", Next),
        (&format!("retry-after: {far}"), Next),
        ("retry-after: 99999999999999999999", Next),
        ("retry-after-ms: 900000", Next),
    ];
    let status = |status: u16, form: &str, expect| {
        let head = format!("HTTP/1.1 {status} Later\r\n{form}\r\ncontent-length: 0\r\n\r\n");
        answer(
            format!("status {status} with {}", form.replace("\r\n", ", ")),
            expect,
            vec![Step::text(&head)],
        )
    };
    let mut all: Vec<_> = forms.iter().map(|(form, expect)| status(429, form, *expect)).collect();
    all.push(status(503, "retry-after: 1", Again));
    all.push(status(503, "retry-after: 900", Next));
    all
}

/// 200, and then a head that is no stream's.
fn heads(shape: Shape) -> Vec<Fault> {
    let with = |head: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n{}", shape.body());
    let typed = shape.media_type;
    vec![
        answer(
            "a page",
            Next,
            vec![Step::text("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>Log in</html>")],
        ),
        answer("a text", Next, vec![Step::text(&with("content-type: text/plain\r\n"))]),
        answer("no type", Next, vec![Step::text(&with(""))]),
        answer(
            "two types",
            Next,
            vec![Step::text(&with(&format!("content-type: {typed}\r\ncontent-type: text/html\r\n")))],
        ),
        answer(
            "gzip",
            Next,
            vec![Step::text(&with(&format!("content-type: {typed}\r\ncontent-encoding: gzip\r\n")))],
        ),
        answer(
            "two encodings",
            Next,
            vec![Step::text(&with(&format!(
                "content-type: {typed}\r\ncontent-encoding: identity\r\ncontent-encoding: br\r\n"
            )))],
        ),
    ]
}

fn before_the_text(shape: Shape) -> Vec<Fault> {
    let begin = |more: &str| Step::text(&shape.head(more));
    let preface = Step::text(shape.preface);
    let long = "x".repeat(9 << 20);
    vec![
        answer("an empty body", Again, vec![begin("")]),
        answer("an empty body by its length", Again, vec![begin("content-length: 0\r\n")]),
        answer("an end before the text", Again, vec![begin(""), preface.clone()]),
        answer("a reset before the text", Again, vec![begin(""), preface.clone(), Step::Reset]),
        answer(
            "a short length before the text",
            Again,
            vec![begin("content-length: 9999\r\n"), preface.clone()],
        ),
        answer(
            "a cut chunk before the text",
            Again,
            vec![begin("transfer-encoding: chunked\r\n"), Step::text("ff\r\n: x")],
        ),
        answer(
            "a wrong chunk before the text",
            Again,
            vec![begin("transfer-encoding: chunked\r\n"), Step::text("zz\r\n: x")],
        ),
        slow(answer("silence before the text", Again, vec![begin(""), preface.clone(), Step::Hold])),
        slow(answer(
            "an open end before the text",
            Again,
            vec![begin("content-length: 9999\r\n"), preface.clone(), Step::Hold],
        )),
        answer("overloaded", Again, vec![begin(""), preface.clone(), Step::text(shape.overloaded)]),
        answer("malformed", Next, vec![begin(""), preface.clone(), Step::text(shape.malformed)]),
        answer(
            "a page that claims to be a stream of one line",
            Next,
            vec![begin(""), Step::text(&long), Step::Hold],
        ),
        answer(
            "nothing without end",
            Next,
            vec![begin(""), Step::Forever(shape.idle.repeat(2000).into_bytes())],
        ),
    ]
}

fn in_the_text(shape: Shape) -> Vec<Fault> {
    let long = "x".repeat(9 << 20);
    let chunked = "transfer-encoding: chunked\r\n";
    vec![
        late("a reset", shape, "", vec![Step::Reset]),
        late("an end", shape, "", vec![]),
        late("a half close", shape, "", vec![Step::HalfClose]),
        late("half an event and an end", shape, "", vec![Step::text(&shape.rest[..shape.rest.len() / 2])]),
        late(
            "half an event and a reset",
            shape,
            "",
            vec![Step::text(&shape.rest[..shape.rest.len() / 2]), Step::Reset],
        ),
        late("a short length", shape, "content-length: 9999\r\n", vec![]),
        late("a cut chunk", shape, chunked, vec![Step::text("fff\r\n")]),
        late("a wrong chunk", shape, chunked, vec![Step::text("zz\r\n")]),
        late("an end without the last chunk", shape, chunked, vec![]),
        late("the last chunk without an end", shape, chunked, vec![Step::text("0\r\n\r\n")]),
        late("overloaded", shape, "", vec![Step::text(shape.overloaded)]),
        late("malformed", shape, "", vec![Step::text(shape.malformed)]),
        late(
            "malformed, and then the rest",
            shape,
            "",
            vec![Step::text(shape.malformed), Step::text(shape.rest), Step::text(shape.end)],
        ),
        late("a line without end", shape, "", vec![Step::text(&long), Step::Hold]),
        late("nothing without end", shape, "", vec![Step::Forever(shape.idle.repeat(2000).into_bytes())]),
        slow(late("silence", shape, "", vec![Step::Hold])),
        slow(late(
            "half an event and silence",
            shape,
            "",
            vec![Step::text(&shape.rest[..shape.rest.len() / 2]), Step::Hold],
        )),
    ]
}

fn harmless(shape: Shape) -> Vec<Fault> {
    let (head, body) = (shape.head(""), shape.body());
    let chunked = shape.head("transfer-encoding: chunked\r\n");
    let single: String = body.chars().map(|char| chunk(char.encode_utf8(&mut [0; 4]))).collect();
    let length = shape.head(&format!("content-length: {}\r\n", body.len()));
    let double = shape.head("x-request-id: a\r\nx-request-id: b\r\nset-cookie: a=b\r\nset-cookie: c=d\r\n");
    let after = [&body, shape.rest, shape.end].concat();
    let mut all = vec![
        whole("byte by byte", vec![Step::Drip((head.clone() + &body).into_bytes())]),
        whole("chunks of a byte", vec![Step::text(&chunked), Step::text(&(single + "0\r\n\r\n"))]),
        whole("a length", vec![Step::text(&length), Step::text(&body), Step::Hold]),
        whole(
            "100 Continue",
            vec![Step::text("HTTP/1.1 100 Continue\r\n\r\n"), Step::text(&(head.clone() + &body))],
        ),
        whole(
            "103 Early Hints",
            vec![Step::text("HTTP/1.1 103 Hints\r\nlink: </>\r\n\r\n"), Step::text(&(head.clone() + &body))],
        ),
        whole("headers twice", vec![Step::text(&(double + &body))]),
        whole("an open connection", vec![Step::text(&(head.clone() + &body)), Step::Hold]),
        whole("an answer that goes on behind its end", vec![Step::text(&(head.clone() + &after))]),
        whole("no chunk behind the end", vec![Step::text(&chunked), Step::text(&chunk(&body))]),
    ];
    if shape.dialect != Dialect::Ollama {
        all.push(whole("comments", vec![Step::text(&head), Step::text(": a\n\n:\n\n"), Step::text(&body)]));
    }
    let gate = Gate::default();
    let steps = vec![Step::text(&(head + &body)), Step::Await(gate.clone()), Step::Reset];
    all.push(Fault { gate, ..whole("a reset behind the end", steps) });
    all
}
