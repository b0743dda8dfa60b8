//! Whole courses over a network that is a script, on a clock that nobody waits for.
//!
//! Must not open a socket: what sockets do is tests/matrix.rs.

use std::{fmt::Write as _, future};

use expect_test::{Expect, expect};

use self::scripts::*;
use super::*;
use crate::{breaker::Line, transport::Lost};

mod random;
mod scripts;

async fn check_with(setting: Setting, chain: &str, attempts: Vec<Vec<Act>>, expected: Expect) {
    let course = travel(chain, &Scripts::new(attempts), &setting).await;
    let mut told = String::new();
    for (at, who) in &course.asked {
        let _ = writeln!(told, "{} ms: {who}", at.as_millis());
    }
    for said in &course.said {
        let _ = match said {
            Said::Text(text) => writeln!(told, "+{text}"),
            Said::Turned { to, why } => writeln!(told, "to {to}: {why}"),
        };
    }
    told += &course.log.join("\n");
    let _ = match &course.result {
        Ok(answered) => {
            let cost = answered.cost.0;
            let Answered { by, ending, first_ms, total_ms, estimated, .. } = answered;
            writeln!(
                told,
                "\n{by} {ending:?}, first {first_ms:?}, {total_ms} ms, cost {cost}, estimated {estimated}"
            )
        }
        Err(refused) => writeln!(told, "\nrefused (elsewhere {}): {refused}", refused.elsewhere),
    };
    expected.assert_eq(&told);
}

async fn check(chain: &str, attempts: Vec<Vec<Act>>, expected: Expect) {
    check_with(Setting::default(), chain, attempts, expected).await;
}

fn bytes(text: &str) -> Act {
    Bytes(text.into())
}

fn good() -> Vec<Act> {
    vec![Wait(40), Head(200, None), bytes("+one \n"), Wait(10), bytes("+two\n.\n~\n")]
}

fn status(status: u16) -> Vec<Act> {
    vec![Head(status, None)]
}

fn limited(name: &'static str, value: &str) -> Vec<Act> {
    vec![Head(429, Some((name, value.into())))]
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_handed_on_as_it_comes() {
    check(
        "a",
        vec![good()],
        expect![[r#"
        0 ms: a
        +one 
        +two
        1 a/m
        1 Answered end
        a/m Whole, first Some(40), 50 ms, cost 10, estimated false
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_is_asked_again_where_an_attempt_is_left_for_the_other() {
    check(
        "a b",
        vec![status(500), status(500), good()],
        expect![[r#"
        0 ms: a
        1000 ms: a
        1000 ms: b
        to b/m: answered with HTTP 500: it failed
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 a/m
        2 Failed first-token
        3 b/m
        3 Answered end
        b/m Whole, first Some(1040), 1050 ms, cost 30, estimated true
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_is_asked_once_where_there_are_as_many_as_attempts() {
    check(
        "a b c",
        vec![status(500), status(529), good()],
        expect![[r#"
        0 ms: a
        0 ms: b
        0 ms: c
        to b/m: answered with HTTP 500: it failed
        to c/m: answered with HTTP 529: it is overloaded or down
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 b/m
        2 Failed first-token
        3 c/m
        3 Answered end
        c/m Whole, first Some(40), 50 ms, cost 30, estimated true
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_is_asked_again_after_one_and_two_seconds() {
    check(
        "a",
        vec![status(500), vec![Fail(Lost::Broken("reset".into()))], status(503)],
        expect![[r#"
        0 ms: a
        1000 ms: a
        3000 ms: a
        1 a/m
        1 Failed first-token
        2 a/m
        2 Failed headers
        3 a/m
        3 Failed first-token
        refused (elsewhere true): nobody answered: a/m answered with HTTP 503: it is overloaded or down
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_is_too_slow_is_left_at_once() {
    check(
        "a b",
        vec![vec![Silence], good()],
        expect![[r#"
        0 ms: a
        15000 ms: b
        to b/m: was too slow: no answer began
        +one 
        +two
        1 a/m
        1 Failed headers
        2 b/m
        2 Answered end
        b/m Whole, first Some(15040), 15050 ms, cost 20, estimated true
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_is_waited_for_to_the_millisecond() {
    check(
        "a",
        vec![limited("retry-after", "7"), good()],
        expect![[r#"
        0 ms: a
        7000 ms: a
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 a/m
        2 Answered end
        a/m Whole, first Some(7040), 7050 ms, cost 20, estimated true
    "#]],
    )
    .await;
    check(
        "a",
        vec![limited("retry-after-ms", "1234"), good()],
        expect![[r#"
        0 ms: a
        1234 ms: a
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 a/m
        2 Answered end
        a/m Whole, first Some(1274), 1284 ms, cost 20, estimated true
    "#]],
    )
    .await;
    check(
        "a",
        vec![limited("retry-after", "Sun, 22 Nov 2026 03:00:30 GMT"), good()],
        expect![[r#"
        0 ms: a
        30000 ms: a
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 a/m
        2 Answered end
        a/m Whole, first Some(30040), 30050 ms, cost 20, estimated true
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_patience_or_deadline_goes_to_the_next() {
    check(
        "a b",
        vec![limited("retry-after", "60"), good()],
        expect![[r#"
        0 ms: a
        0 ms: b
        to b/m: answered with HTTP 429: it was asked too often
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 b/m
        2 Answered end
        b/m Whole, first Some(40), 50 ms, cost 20, estimated true
    "#]],
    )
    .await;
    check(
        "a",
        vec![limited("retry-after", "600")],
        expect![[r#"
        0 ms: a
        1 a/m
        1 Failed first-token
        refused (elsewhere true): nobody answered: a/m answered with HTTP 429: it was asked too often
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_wrong_is_not_repeated_and_blames_nobody() {
    let setting = Setting::default();
    let breakers = Arc::clone(&setting.breakers);
    check_with(
        setting,
        "a",
        vec![status(422)],
        expect![[r#"
        0 ms: a
        1 a/m
        1 Failed first-token
        refused (elsewhere true): nobody answered: a/m answered with HTTP 422: it did not take the request
    "#]],
    )
    .await;
    let line = Line { provider: "a".into(), origin: "https://a.test".into(), model: "m".into() };
    for _ in 0..10 {
        let setting = Setting { breakers: Arc::clone(&breakers), ..Setting::default() };
        travel("a", &Scripts::new([status(400)]), &setting).await;
    }
    assert_eq!(breakers.health(&line, Instant::now().into_std()), Health::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_waits_for_another_one() {
    let breakers = Arc::default();
    let setting = || Setting { breakers: Arc::clone(&breakers), ..Setting::default() };
    check_with(
        setting(),
        "a b",
        vec![status(401), good()],
        expect![[r#"
        0 ms: a
        0 ms: b
        to b/m: answered with HTTP 401: it did not accept the key
        +one 
        +two
        1 a/m
        1 Failed first-token
        2 b/m
        2 Answered end
        b/m Whole, first Some(40), 50 ms, cost 20, estimated true
    "#]],
    )
    .await;
    check_with(setting(), "a b", vec![good()], expect![[r#"
        0 ms: b
        to b/m: answered with HTTP 401: it did not accept the key. It is asked again once its key or the configuration changes
        +one 
        +two
        1 b/m
        1 Answered end
        b/m Whole, first Some(40), 50 ms, cost 10, estimated false
    "#]]).await;
    check_with(setting(), "a", vec![], expect![[r#"

        refused (elsewhere true): nobody answered: a/m answered with HTTP 401: it did not accept the key. It is asked again once its key or the configuration changes
    "#]]).await;
    breakers.keys_changed();
    check_with(
        setting(),
        "a",
        vec![good()],
        expect![[r#"
        0 ms: a
        +one 
        +two
        1 a/m
        1 Answered end
        a/m Whole, first Some(40), 50 ms, cost 10, estimated false
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_rests_is_left_out() {
    let breakers = Arc::default();
    let setting = || Setting { breakers: Arc::clone(&breakers), ..Setting::default() };
    check_with(
        setting(),
        "a",
        vec![status(500), status(500), status(500)],
        expect![[r#"
        0 ms: a
        1000 ms: a
        3000 ms: a
        1 a/m
        1 Failed first-token
        2 a/m
        2 Failed first-token
        3 a/m
        3 Failed first-token
        refused (elsewhere true): nobody answered: a/m answered with HTTP 500: it failed
    "#]],
    )
    .await;
    check_with(
        setting(),
        "a b",
        vec![good()],
        expect![[r#"
        0 ms: b
        to b/m: answered with HTTP 500: it failed; it is asked again in 1 s
        +one 
        +two
        1 b/m
        1 Answered end
        b/m Whole, first Some(40), 50 ms, cost 10, estimated false
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn from_the_first_text_on_nobody_else_is_asked() {
    let cut = || vec![Head(200, None), bytes("+one \n")];
    check(
        "a b",
        vec![[cut(), vec![Fail(Lost::Broken("reset".into()))]].concat()],
        expect![[r#"
        0 ms: a
        +one 
        1 a/m
        1 Partial stream
        a/m Truncated { why: "broke off: reset" }, first Some(0), 0 ms, cost 10, estimated true
    "#]],
    )
    .await;
    check("a b", vec![[cut(), vec![bytes("!\n")]].concat()], expect![[r#"
        0 ms: a
        +one 
        1 a/m
        1 Partial stream
        a/m Truncated { why: "answered with HTTP 529: overloaded" }, first Some(0), 0 ms, cost 10, estimated true
    "#]]).await;
    check("a b", vec![[cut(), vec![Silence]].concat()], expect![[r#"
        0 ms: a
        +one 
        1 a/m
        1 Partial stream
        a/m Truncated { why: "was too slow: its answer stopped" }, first Some(0), 20000 ms, cost 10, estimated true
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn all_attempts_together_have_one_deadline() {
    let mut setting = Setting::default();
    setting.limits.total = Duration::from_secs(20);
    check_with(setting, "a b c", vec![vec![Silence], vec![Silence]], expect![[r#"
        0 ms: a
        15000 ms: b
        to b/m: was too slow: no answer began
        1 a/m
        1 Failed headers
        2 b/m
        2 Failed headers
        refused (elsewhere true): nobody answered: a/m was too slow: no answer began; b/m was asked, and then the time for the request was over
    "#]]).await;
    // Drops that never stop.
    let drip = (0..50).flat_map(|_| [Wait(5_000), bytes("+x\n")]);
    let drip = [Head(200, None)].into_iter().chain(drip).collect();
    let mut setting = Setting::default();
    setting.limits.total = Duration::from_secs(17);
    check_with(setting, "a", vec![drip], expect![[r#"
        0 ms: a
        +x
        +x
        +x
        1 a/m
        1 Partial stream
        a/m Truncated { why: "was asked, and then the time for the request was over" }, first Some(5000), 17000 ms, cost 10, estimated true
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn no_attempt_without_money() {
    let refuses = |which, elsewhere| Setting { refuses: Some((which, elsewhere)), ..Setting::default() };
    check_with(
        refuses(1, false),
        "a b",
        vec![],
        expect![[r#"

        refused (elsewhere false): there is no money left
    "#]],
    )
    .await;
    check_with(
        refuses(1, true),
        "a b",
        vec![good()],
        expect![[r#"
        0 ms: b
        to b/m: there is no money left
        +one 
        +two
        1 b/m
        1 Answered end
        b/m Whole, first Some(40), 50 ms, cost 10, estimated false
    "#]],
    )
    .await;
    check_with(
        refuses(2, false),
        "a",
        vec![status(500)],
        expect![[r#"
        0 ms: a
        1 a/m
        1 Failed first-token
        refused (elsewhere false): there is no money left
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_is_settled() {
    let after = |ms| Setting { cancelled: Some(ms), ..Setting::default() };
    check_with(
        after(10),
        "a",
        vec![good()],
        expect![[r#"
        0 ms: a
        1 a/m
        1 Cancelled headers
        a/m Cancelled, first None, 10 ms, cost 10, estimated true
    "#]],
    )
    .await;
    check_with(
        after(45),
        "a",
        vec![good()],
        expect![[r#"
        0 ms: a
        +one 
        1 a/m
        1 Cancelled stream
        a/m Cancelled, first Some(40), 45 ms, cost 10, estimated true
    "#]],
    )
    .await;
    check_with(
        after(500),
        "a",
        vec![status(500)],
        expect![[r#"
        0 ms: a
        1 a/m
        1 Failed first-token
        a/m Cancelled, first None, 500 ms, cost 10, estimated true
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_listen_any_more_has_cancelled() {
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let (scripts, setting) = (Scripts::new([]), Setting::default());
    let roads =
        Roads { transport: &scripts, breakers: &setting.breakers, clock: &Fixed, limits: &setting.limits };
    let mut purse = Purse { refuses: None, log: Vec::new(), is_reserved: false };
    let answered = roads.travel(&[call("a")], &mut purse, &sender, future::pending()).await.unwrap();
    assert_eq!((answered.ending, purse.log.len()), (Ending::Cancelled, 0));
}
