//! One window after the other: what is reserved, settled, refused and told. Windows at once, kills and damage: `tests/ledger.rs`.

use std::fs;

use super::*;
use crate::price::Rate;

/// 2026-11-22T03:45:00Z.
const NOW: u64 = 1_795_319_100_000;
const DAY: u64 = 86_400_000;

const BUDGET: Budget = Budget { per_call: Usd(100), day: Usd(250), month: Usd(400) };

struct Fixture {
    state: tempfile::TempDir,
    ledger: Ledger,
    target: Target,
    rate: Rate,
}

impl Fixture {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(state.path()).unwrap();
        let target = "anthropic/claude-haiku-5-5".parse().unwrap();
        let rate = crate::price::bundled(&target, "2026-11-22").unwrap();
        Self { state, ledger, target, rate }
    }

    fn decide(&mut self) -> String {
        let decided = Decided {
            why: "rule \"big-refactor\" (config.toml:14): 3 files".into(),
            rule: Some("big-refactor".into()),
            rule_line: 14,
            rejected: vec![("local".into(), "fits 8,192 tokens only".into())],
            inputs: r#"{"files":3,"tokens":9120}"#.into(),
        };
        let redaction =
            |line| Redaction { rule: "aws-access-token".into(), path: "src/config.rs".into(), line };
        let deciding = Deciding {
            task: Task::RefactorAcross,
            workspace: "/somewhere/project",
            policy_sha256: "ab12",
            chosen: &Destination::Cloud(self.target.clone()),
            chain: std::slice::from_ref(&self.target),
            redactions: &[redaction(12), redaction(40)],
            decided: &decided,
        };
        self.ledger.decide(&deciding, NOW).unwrap()
    }

    fn reserve(
        &mut self,
        decision: &str,
        number: u32,
        worst: u64,
        now: u64,
    ) -> Result<Reservation, ReserveError> {
        let attempting = Attempting {
            decision,
            number,
            target: &self.target,
            rate: &self.rate,
            worst: Usd(worst),
            body_bytes: 31_402,
            body_sha256: "cd34",
        };
        self.ledger.reserve(&attempting, &BUDGET, now)
    }

    fn settle(&mut self, reservation: Reservation, charge: Charge) -> bool {
        let settled = Settled {
            outcome: Outcome::Ok,
            phase: Phase::Ended,
            http_status: Some(200),
            request_id: Some("req_011"),
            charge,
            first_ms: Some(400),
            total_ms: 2100,
        };
        self.ledger.settle(reservation, &settled, NOW + 5).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::open(self.state.path()).unwrap().expect("there is a ledger")
    }

    fn left(&self) -> (u64, u64) {
        let left = self.ledger.left(&BUDGET, NOW).unwrap();
        (left.day.0, left.month.0)
    }
}

fn counted(cost: u64) -> Charge {
    let tokens = Tokens { input: Some(9000), output: Some(300), ..Tokens::default() };
    Charge { tokens, counted: Counted::Provider, cost: Usd(cost) }
}

fn refusal(result: Result<Reservation, ReserveError>) -> String {
    match result {
        Err(ReserveError::Refused(refusal)) => refusal.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_reserved_counts_until_it_is_settled_by_what_it_cost() {
    let mut fixture = Fixture::new();
    let decision = fixture.decide();
    let reservation = fixture.reserve(&decision, 1, 90, NOW).unwrap();
    assert_eq!(fixture.left(), (160, 310));
    assert!(fixture.settle(reservation, counted(30)));
    assert_eq!(fixture.left(), (220, 370));
    assert!(!fixture.settle(reservation, counted(77)), "what was said first stays");
    assert_eq!(fixture.left(), (220, 370));
}

#[test]
fn each_window_refuses_and_says_what_it_has_left() {
    let mut fixture = Fixture::new();
    let decision = fixture.decide();
    assert_eq!(
        refusal(fixture.reserve(&decision, 1, 101, NOW)),
        "it could cost up to $0.00000010, and $0.00000010 is left of what one request may cost"
    );
    // Retries are paid from the same purse.
    let first = fixture.reserve(&decision, 1, 60, NOW).unwrap();
    assert!(
        refusal(fixture.reserve(&decision, 2, 41, NOW)).ends_with("is left of what one request may cost")
    );
    assert!(fixture.settle(first, counted(50)));
    let _second = fixture.reserve(&decision, 2, 50, NOW).unwrap();
    let other = fixture.decide();
    let _third = fixture.reserve(&other, 1, 100, NOW).unwrap();
    let third = fixture.decide();
    assert!(refusal(fixture.reserve(&third, 1, 51, NOW)).contains("today's budget"));
    let _tomorrow = fixture.reserve(&third, 1, 51, NOW + DAY).unwrap();
    let fourth = fixture.decide();
    let _tomorrow = fixture.reserve(&fourth, 1, 100, NOW + DAY).unwrap();
    let fifth = fixture.decide();
    assert!(refusal(fixture.reserve(&fifth, 1, 50, NOW + DAY)).contains("this month's budget"));
    let _next_month = fixture.reserve(&fifth, 1, 50, NOW + 9 * DAY).unwrap();
}

#[test]
fn what_costs_nothing_is_never_refused_for_money() {
    let mut fixture = Fixture::new();
    fixture.rate = Rate::free();
    let decision = fixture.decide();
    let nothing = Budget { per_call: Usd(0), day: Usd(0), month: Usd(0) };
    let attempting = Attempting {
        decision: &decision,
        number: 1,
        target: &fixture.target,
        rate: &fixture.rate,
        worst: Usd(0),
        body_bytes: 1,
        body_sha256: "",
    };
    let _free = fixture.ledger.reserve(&attempting, &nothing, NOW).unwrap();
}

#[test]
fn what_nobody_counted_goes_on_counting_as_reserved() {
    let mut fixture = Fixture::new();
    let decision = fixture.decide();
    let reservation = fixture.reserve(&decision, 1, 90, NOW).unwrap();
    fixture.settle(reservation, Charge { counted: Counted::Estimated, ..counted(20) });
    assert_eq!(fixture.left(), (160, 310));
    let attempt = fixture.reader().attempts(0).unwrap().remove(0);
    assert_eq!((attempt.cost, attempt.held, attempt.is_estimated()), (Some(Usd(20)), Usd(90), true));
    // Until the invoice is there.
    assert!(fixture.ledger.correct(&decision, 1, Usd(25), Reason::Invoice, NOW).unwrap());
    assert!(!fixture.ledger.correct(&decision, 2, Usd(25), Reason::Invoice, NOW).unwrap());
    assert_eq!(fixture.left(), (225, 375));
    let attempt = fixture.reader().attempts(0).unwrap().remove(0);
    assert_eq!((attempt.cost, attempt.corrected.as_deref()), (Some(Usd(25)), Some("invoice")));
}

#[test]
fn an_attempt_has_one_reservation_and_needs_a_decision() {
    let mut fixture = Fixture::new();
    let decision = fixture.decide();
    let _first = fixture.reserve(&decision, 1, 10, NOW).unwrap();
    assert!(matches!(
        fixture.reserve(&decision, 1, 10, NOW),
        Err(ReserveError::Ledger(LedgerError::Failed(_)))
    ));
    assert!(matches!(
        fixture.reserve("nosuchid", 1, 10, NOW),
        Err(ReserveError::Ledger(LedgerError::Failed(_)))
    ));
    assert_eq!(fixture.left(), (240, 390));
}

#[test]
fn a_decision_is_told_whole_and_without_a_path() {
    let mut fixture = Fixture::new();
    let id = fixture.decide();
    let reservation = fixture.reserve(&id, 1, 90, NOW).unwrap();
    let entry = fixture.reader().entry(&id).unwrap().unwrap();
    assert_eq!(entry.attempts[0].state, State::Open);
    fixture.settle(reservation, counted(30));
    let entry = fixture.reader().entry(&id).unwrap().unwrap();
    assert_eq!((entry.rule.as_deref(), entry.rule_line), (Some("big-refactor"), 14));
    assert_eq!(entry.redactions, [("aws-access-token".to_owned(), 2)]);
    assert_eq!(entry.rejected, [("local".to_owned(), "fits 8,192 tokens only".to_owned())]);
    assert_eq!(entry.inputs["tokens"], 9120);
    let attempt = &entry.attempts[0];
    assert_eq!((attempt.state, attempt.cost, attempt.held), (State::Settled, Some(Usd(30)), Usd(30)));
    assert_eq!((attempt.request_id.as_deref(), attempt.http_status), (Some("req_011"), Some(200)));
    assert_eq!((attempt.price_as_of.as_str(), attempt.tokens.input), ("2026-10-24", Some(9000)));
    assert_eq!(fixture.reader().newest(9).unwrap(), [entry]);
    assert_eq!(fixture.reader().entry("nosuchid").unwrap(), None);
    drop(fixture.ledger);
    for file in fs::read_dir(fixture.state.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for path in ["somewhere", "config.rs"] {
            assert!(!bytes.windows(path.len()).any(|window| window == path.as_bytes()), "{path}");
        }
    }
}

#[test]
fn a_workspace_has_one_name_here_and_another_elsewhere() {
    let (mut here, mut elsewhere) = (Fixture::new(), Fixture::new());
    let ids = [here.decide(), here.decide(), elsewhere.decide()];
    let name = |fixture: &Fixture, id: &str| fixture.reader().entry(id).unwrap().unwrap().workspace;
    assert_eq!(name(&here, &ids[0]), name(&here, &ids[1]));
    assert_ne!(name(&here, &ids[0]), name(&elsewhere, &ids[2]));
}

#[test]
fn nothing_is_changed_or_deleted() {
    let mut fixture = Fixture::new();
    let decision = fixture.decide();
    let reservation = fixture.reserve(&decision, 1, 90, NOW).unwrap();
    fixture.settle(reservation, counted(30));
    fixture.ledger.correct(&decision, 1, Usd(3), Reason::Unsent, NOW).unwrap();
    let connection = &fixture.ledger.connection;
    for statement in [
        "UPDATE settlement SET cost_nanousd = 0",
        "DELETE FROM settlement",
        "UPDATE reservation SET worst_nanousd = 0",
        "DELETE FROM reservation",
        "INSERT OR REPLACE INTO settlement SELECT reservation_id, outcome, phase, http_status, provider_request_id, in_tok, cached_tok,
         out_tok, reasoning_tok, usage_source, 0, first_ms, total_ms, at_utc_ms FROM settlement",
        "UPDATE decision SET chosen = 'local'",
        "DELETE FROM decision",
        "DELETE FROM correction",
        "UPDATE price SET in_nanousd_per_mtok = 0",
    ] {
        let error = connection.execute_batch(statement).expect_err(statement).to_string();
        assert!(error.contains("only appended to"), "{statement}: {error}");
    }
}

#[test]
fn words_that_are_none_stay_out() {
    let mut fixture = Fixture::new();
    let id = fixture.decide();
    let reservation = fixture.reserve(&id, 1, 90, NOW).unwrap();
    let settled = Settled {
        outcome: Outcome::FailedBeforeTokens,
        phase: Phase::Waiting,
        http_status: Some(529),
        request_id: Some("two words"),
        charge: Charge::nothing(),
        first_ms: None,
        total_ms: 90,
    };
    fixture.ledger.settle(reservation, &settled, NOW).unwrap();
    let attempt = fixture.reader().attempts(0).unwrap().remove(0);
    assert_eq!((attempt.request_id, attempt.cost, attempt.held), (None, Some(Usd(0)), Usd(0)));
    let long = Decided { why: "x".repeat(LONGEST + 1), inputs: "{}".into(), ..Decided::default() };
    let no_json = Decided { inputs: "not JSON".into(), ..Decided::default() };
    for decided in [long, no_json] {
        let deciding = Deciding {
            task: Task::Fix,
            workspace: "",
            policy_sha256: "",
            chosen: &Destination::Local,
            chain: &[],
            redactions: &[],
            decided: &decided,
        };
        assert!(matches!(fixture.ledger.decide(&deciding, NOW), Err(LedgerError::Odd(_))));
    }
}

#[test]
fn who_reads_makes_nothing() {
    let state = tempfile::tempdir().unwrap();
    assert!(Reader::open(state.path()).unwrap().is_none());
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}

/// What is said of a ledger that `harm` has been done to.
fn harmed(harm: impl Fn(&Path)) -> String {
    let mut fixture = Fixture::new();
    let decision = fixture.decide();
    let _open = fixture.reserve(&decision, 1, 90, NOW).unwrap();
    let state = fixture.state;
    drop(fixture.ledger);
    let path = state.path().join(FILE);
    harm(&path);
    let before = fs::read(&path).ok();
    let said = Ledger::open(state.path()).expect_err("it is harmed").to_string();
    let read = Reader::open(state.path()).expect_err("it is harmed").to_string();
    assert_eq!(said, read);
    assert!(fs::read(&path).ok() == before, "something is mended");
    said.replace(&path.display().to_string(), "LEDGER")
}

#[test]
fn a_ledger_that_is_harmed_closes_the_cloud() {
    let begins = |said: &str, with: &str| assert!(said.starts_with(with), "{said}");
    begins(
        &harmed(|path| fs::remove_file(path).unwrap()),
        "the ledger LEDGER is damaged: it is gone. It says what was spent",
    );
    begins(&harmed(|path| fs::write(path, "").unwrap()), "the ledger LEDGER is damaged: it is empty");
    begins(
        &harmed(|path| fs::write(path, "no database ".repeat(99)).unwrap()),
        "the ledger LEDGER is damaged: file is not a database",
    );
    begins(
        &harmed(|path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[8192..].fill(0xa5);
            fs::write(path, bytes).unwrap();
        }),
        "the ledger LEDGER is damaged: ",
    );
    let with = |statement: &'static str| {
        move |path: &Path| Connection::open(path).unwrap().execute_batch(statement).unwrap()
    };
    begins(
        &harmed(with("DROP TRIGGER settlement_stays")),
        "the ledger LEDGER is damaged: its tables are not those",
    );
    begins(&harmed(with("PRAGMA user_version = 2")), "the ledger LEDGER was made by a newer version of Hob");
}

#[cfg(unix)]
#[test]
fn only_its_user_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let mut fixture = Fixture::new();
    fixture.decide();
    let mut seen = 0;
    for file in fs::read_dir(fixture.state.path()).unwrap().map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        seen += 1;
    }
    assert_eq!(seen, 4, "the ledger, its two companions and the key");
}
