//! Faults at random: whatever happens, a user sees the beginning of one answer, once.
//!
//! Must not say what the right decision is: tests/matrix.rs does.

use proptest::prelude::*;

use super::*;

/// How an attempt goes.
#[derive(Debug, Clone)]
struct Plan {
    /// Milliseconds before each act.
    delays: Vec<u64>,
    head: Option<(u16, Option<u64>)>,
    words: usize,
    /// The stream is cut into pieces of so many bytes.
    cut: usize,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Reset,
    Close,
    Silence,
    Failed,
    Malformed,
    HalfALine,
}

fn plan() -> impl Strategy<Value = Plan> {
    let head = prop_oneof![
        6 => Just(Some((200, None))),
        1 => Just(None),
        1 => prop_oneof![Just(400), Just(401), Just(500), Just(503), Just(307)].prop_map(|status| Some((status, None))),
        1 => (0..90u64).prop_map(|seconds| Some((429, Some(seconds)))),
    ];
    let end = prop_oneof![
        Just(End::Whole),
        Just(End::Reset),
        Just(End::Close),
        Just(End::Silence),
        Just(End::Failed),
        Just(End::Malformed),
        Just(End::HalfALine),
    ];
    let delays = proptest::collection::vec(prop_oneof![9 => 0..50u64, 1 => 0..30_000u64], 1..8);
    let words = prop_oneof![1 => Just(0), 2 => 1..12usize];
    (delays, head, words, 1..40usize, end).prop_map(|(delays, head, words, cut, end)| Plan {
        delays,
        head,
        words,
        cut,
        end,
    })
}

/// Words that say which attempt they are of.
fn words(attempt: usize, count: usize) -> Vec<String> {
    (0..count).map(|word| format!("{attempt}.{word} ")).collect()
}

fn acts(attempt: usize, plan: &Plan) -> Vec<Act> {
    let mut delays = plan.delays.iter().cycle().copied();
    let mut wait = || Wait(delays.next().unwrap_or(0));
    let Some((status, retry_after)) = plan.head else {
        return vec![wait(), Fail(Lost::Unreachable("refused".into()))];
    };
    let mut acts = vec![wait(), Head(status, retry_after.map(|after| ("retry-after", after.to_string())))];
    let lines = words(attempt, plan.words).into_iter().flat_map(|word| ["+".into(), word, "\n".into()]);
    let mut body: String = lines.collect();
    body += match plan.end {
        End::Whole => ".\n~\n",
        End::Failed => "!\n",
        End::Malformed => "?\n",
        End::HalfALine => "+lost",
        End::Reset | End::Close | End::Silence => "",
    };
    for piece in body.as_bytes().chunks(plan.cut) {
        acts.push(wait());
        acts.push(Bytes(String::from_utf8_lossy(piece).into_owned()));
    }
    match plan.end {
        End::Reset => acts.push(Fail(Lost::Broken("reset".into()))),
        End::Silence => acts.push(Silence),
        _ => {}
    }
    acts
}

fn cases() -> u32 {
    std::env::var("HOB_TEST_FAULTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1000)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    /// `HOB_TEST_FAULTS` says how many; `make test-faults` sets it to 10,000.
    #[test]
    fn whatever_fails_the_text_is_the_beginning_of_one_answer(
        plans in proptest::collection::vec(plan(), 4),
        chain in prop_oneof![Just("a"), Just("a b"), Just("a b c")],
        attempts in 1..5u32,
        cancelled in proptest::option::weighted(0.2, 0..60_000u64),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let mut setting = Setting { cancelled, ..Setting::default() };
        setting.limits.attempts = attempts;
        let scripts = Scripts::new(plans.iter().enumerate().map(|(attempt, plan)| acts(attempt, plan)));
        let course = runtime.block_on(travel(chain, &scripts, &setting));

        let is_text = |said: &Said| matches!(said, Said::Text(_));
        let text_from = course.said.iter().position(is_text).unwrap_or(course.said.len());
        prop_assert!(course.said[text_from..].iter().all(is_text), "turned after the first text");
        let got: String = course.said.iter().map(|said| match said {
            Said::Text(text) => text.as_str(),
            Said::Turned { .. } => "",
        }).collect();

        prop_assert!(course.asked.len() <= attempts as usize);
        prop_assert!(course.took <= setting.limits.total + Duration::from_millis(1), "{:?}", course.took);
        prop_assert_eq!(course.log.len(), 2 * course.asked.len(), "each attempt is reserved and settled");

        // Text is that of the last attempt, from its beginning: none before it had any.
        let last = course.asked.len().checked_sub(1);
        let sent = last.map(|last| words(last, plans[last].words).concat()).unwrap_or_default();
        prop_assert!(sent.starts_with(&got), "{got:?} is no beginning of {sent:?}");
        match &course.result {
            Ok(Answered { ending: Ending::Whole, .. }) => prop_assert_eq!(&got, &sent),
            Ok(Answered { ending: Ending::Truncated { .. }, .. }) => {
                prop_assert!(!got.is_empty());
                // All that came in time is there.
                let plan = &plans[last.unwrap_or(0)];
                if plan.delays.iter().all(|delay| *delay < 50) {
                    prop_assert_eq!(&got, &sent);
                }
            }
            Ok(answered) => prop_assert_eq!(&answered.ending, &Ending::Cancelled),
            Err(refused) => prop_assert!(got.is_empty() && refused.elsewhere),
        }

        // Who asked to be left alone was.
        for (attempt, (_, who)) in course.asked.iter().enumerate() {
            // A head that came too late was not read.
            let was_read = plans[attempt].delays[0] < 15_000;
            if let Some((429, Some(seconds))) = plans[attempt].head
                && was_read
                && let Some((next, _)) = course.asked[attempt + 1..].iter().find(|(_, other)| other == who)
            {
                let answered = course.asked[attempt].0 + Duration::from_millis(plans[attempt].delays[0]);
                prop_assert!(*next >= answered + Duration::from_secs(seconds));
            }
        }
    }
}
