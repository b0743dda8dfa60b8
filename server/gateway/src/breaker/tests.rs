//! When a line opens, how long for, who may try, and what closes it.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn line() -> Line {
    Line { provider: "p".into(), origin: "https://p.test".into(), model: "m".into() }
}

fn failure(retry_after: Option<u64>) -> Failure {
    Failure { why: "503".into(), is_limit: false, retry_after: retry_after.map(Duration::from_secs) }
}

/// Runs a history: `+` succeeds, `-` fails, `L` is a limit, `R` a limit with 7 seconds' Retry-After, `K` a refused key, `x` a request that
/// is cancelled, `1` to `9` wait for so many seconds, `|` shows the health.
#[expect(clippy::needless_pass_by_value, reason = "it is made for this call")]
fn check(history: &str, expected: Expect) {
    let breakers = Arc::new(Breakers::default());
    let mut now = Instant::now();
    let mut seen = String::new();
    for step in history.chars() {
        match step {
            '1'..='9' => now += Duration::from_secs(u64::from(step) - u64::from('0')),
            '|' => match breakers.health(&line(), now) {
                Health::Ready => seen += "ready ",
                Health::Resting { for_ms, .. } => seen += &(for_ms.to_string() + " "),
                Health::Probing => seen += "probing ",
                Health::NoKey { .. } => seen += "no-key ",
            },
            _ => match (breakers.admit(&line(), now), step) {
                (Err(_), _) => seen += "refused ",
                (Ok(permit), '+') => permit.succeeded(now),
                (Ok(permit), '-') => permit.failed(&failure(None), now, 0.0),
                (Ok(permit), 'L') => permit.failed(&Failure { is_limit: true, ..failure(None) }, now, 0.0),
                (Ok(permit), 'R') => permit.failed(&Failure { is_limit: true, ..failure(Some(7)) }, now, 0.0),
                (Ok(permit), 'K') => permit.key_refused("hob key"),
                (Ok(permit), _) => drop(permit),
            },
        }
    }
    expected.assert_eq(seen.trim_end());
}

#[test]
fn one_failure_or_two_are_no_reason() {
    check("-|-|", expect!["ready ready"]);
}

#[test]
fn three_in_a_row_open() {
    check("--|-|", expect!["ready 1000"]);
    check("+++--+--|-|", expect!["ready 1000"]);
}

#[test]
fn more_than_half_of_five_open() {
    check("-+-+|-|", expect!["ready 1000"]);
    check("+-+-+-|", expect!["ready"]);
    // The first two are forgotten after a minute.
    check("--+99999992-+-|", expect!["ready"]);
}

#[test]
fn the_pause_doubles_with_each_failed_try_up_to_a_minute() {
    check("---|1-|2-|4-|8-|97-|9995-|", expect!["1000 2000 4000 8000 16000 32000 60000"]);
    check("---1-2-4-8-97-9995-99999-|999999-96-|", expect!["refused 15000 refused 45000"]);
}

#[test]
fn a_success_begins_anew() {
    check("---1-2+|--|-|", expect!["ready ready 1000"]);
}

#[test]
fn a_limit_opens_at_once_and_for_exactly_as_long_as_it_says() {
    check("L|", expect!["1000"]);
    check("R|6|1|", expect!["7000 1000 probing"]);
    check("R7R|", expect!["7000"]);
}

#[test]
fn a_cancelled_try_leaves_the_door_as_it_was() {
    check("---1x|x|+|", expect!["probing probing ready"]);
    check("xxxxx|", expect!["ready"]);
}

#[test]
fn a_refused_key_waits_for_a_change() {
    check("K|99999|+|", expect!["no-key no-key refused no-key"]);
    let breakers = Arc::new(Breakers::default());
    breakers.no_key(&line(), "hob key");
    breakers.keys_changed();
    assert_eq!(breakers.health(&line(), Instant::now()), Health::Ready);
}

#[test]
fn lines_fail_alone() {
    let (breakers, now) = (Arc::new(Breakers::default()), Instant::now());
    breakers.admit(&line(), now).unwrap().failed(&failure(Some(5)), now, 0.0);
    let other = Line { model: "other".into(), ..line() };
    assert_eq!(breakers.health(&other, now), Health::Ready);
}

#[test]
fn of_many_threads_one_is_the_probe() {
    for _ in 0..100 {
        let (breakers, now) = (Arc::new(Breakers::default()), Instant::now());
        breakers.admit(&line(), now).unwrap().failed(&failure(Some(1)), now, 0.0);
        let later = now + Duration::from_secs(1);
        let permits: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| breakers.admit(&line(), later).ok())).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(permits.len(), 1);
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Wait(u64),
    Ask,
    Succeed(usize),
    Fail(usize, Option<u64>),
    Cancel(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..40_000u64).prop_map(Step::Wait),
        Just(Step::Ask),
        Just(Step::Ask),
        any::<usize>().prop_map(Step::Succeed),
        (any::<usize>(), proptest::option::of(1..90u64)).prop_map(|(which, after)| Step::Fail(which, after)),
        any::<usize>().prop_map(Step::Cancel),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_one_probe_at_a_time_and_nothing_closes_but_a_success(
        steps in proptest::collection::vec(step(), 1..120),
        jitter in 0.0..1.0f64,
    ) {
        let breakers = Arc::new(Breakers::default());
        let mut now = Instant::now();
        let mut open: Vec<Permit> = Vec::new();
        // The latest moment that the provider asked for.
        let mut not_before = now;
        let mut was_ready = true;
        for step in steps {
            let mut succeeded = false;
            match step {
                Step::Wait(ms) => now += Duration::from_millis(ms),
                Step::Ask => if let Ok(permit) = breakers.admit(&line(), now) {
                    prop_assert!(now >= not_before, "asked before the provider's moment");
                    open.push(permit);
                },
                Step::Succeed(which) if !open.is_empty() => {
                    succeeded = true;
                    let at = which % open.len();
                    open.swap_remove(at).succeeded(now);
                }
                Step::Fail(which, after) if !open.is_empty() => {
                    let at = which % open.len();
                    open.swap_remove(at).failed(&failure(after), now, jitter);
                    if let Some(after) = after {
                        not_before = not_before.max(now + Duration::from_secs(after));
                        let left = not_before.duration_since(now).as_millis();
                        let health = breakers.health(&line(), now);
                        let is_exact = matches!(health, Health::Resting { for_ms, .. } if u128::from(for_ms) >= left);
                        prop_assert!(is_exact, "{health:?}, {left}");
                    }
                }
                Step::Cancel(which) if !open.is_empty() => drop(open.swap_remove(which % open.len())),
                _ => {}
            }
            let probes = open.iter().filter(|permit| {
                breakers.with(&line(), |breaker| breaker.is_probe(permit.admitted))
            });
            prop_assert!(probes.count() <= 1);
            let is_ready = breakers.health(&line(), now) == Health::Ready;
            prop_assert!(was_ready || !is_ready || succeeded, "closed without a success");
            was_ready = is_ready;
        }
    }

    #[test]
    fn the_moment_of_a_first_retry_after_is_kept_to_the_millisecond(seconds in 1..86_400u64, early in 1..1000u64, jitter in 0.0..1.0f64) {
        let (breakers, now) = (Arc::new(Breakers::default()), Instant::now());
        breakers.admit(&line(), now).unwrap().failed(&failure(Some(seconds)), now, jitter);
        let wait = Duration::from_secs(seconds);
        let sooner = wait.saturating_sub(Duration::from_millis(early));
        prop_assert!(breakers.admit(&line(), now + sooner).is_err());
        prop_assert!(breakers.admit(&line(), now + wait).is_ok());
    }

    #[test]
    fn a_pause_is_between_three_quarters_and_the_whole(before in 0..100u32, jitter in 0.0..1.0f64) {
        let whole = Duration::from_secs(1 << before.min(6)).min(LONGEST_PAUSE);
        prop_assert!(pause(before, jitter) <= whole && pause(before, jitter) >= whole.mul_f64(0.75));
    }
}
