//! The ledger under many windows at once, under kills and with torn files: nothing is overspent, and nothing acknowledged is lost.
//!
//! Some tens of rounds by default. `HOB_TEST_LEDGER=1000` (`make test-ledger`) makes it so many, and ten times as many torn files.
//! Processes are this very binary, started again as [`a_window_of_its_own`].

#![expect(clippy::unwrap_used, reason = "a test from its first line to its last")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Barrier, mpsc},
    thread,
    time::{Duration, Instant},
};

use config::{Budget, Destination, Target, Task, Usd};
use gateway::{
    ledger::{
        Attempting, Charge, Counted, Deciding, FILE, Ledger, LedgerError, Outcome, Phase, Reader,
        Reservation, ReserveError, Settled, State,
    },
    price::Rate,
};
use model::cloud::{Decided, Tokens};
use rusqlite::{Connection, OpenFlags};

/// 2026-11-01T00:00:00Z.
const NOVEMBER: u64 = 1_793_491_200_000;
const DAY: u64 = 86_400_000;

/// Windows that race.
const WINDOWS: u64 = 64;

const RICH: Budget =
    Budget { per_call: Usd(u64::MAX >> 1), day: Usd(u64::MAX >> 1), month: Usd(u64::MAX >> 1) };

/// How often each thing is tried.
fn rounds() -> u64 {
    env::var("HOB_TEST_LEDGER").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.throw() % bound.max(1)
    }
}

/// One window's side of the ledger.
struct Window {
    ledger: Ledger,
    target: Target,
    rate: Rate,
}

impl Window {
    fn open(state: &Path) -> Self {
        let target: Target = "anthropic/claude-haiku-5-5".parse().unwrap();
        let rate = gateway::price::bundled(&target, "2026-11-22").unwrap();
        Self { ledger: Ledger::open(state).unwrap(), target, rate }
    }

    fn decide(&mut self, now: u64) -> String {
        self.try_to_decide(now).unwrap()
    }

    fn try_to_decide(&mut self, now: u64) -> Result<String, LedgerError> {
        let decided = Decided { inputs: r#"{"files":3}"#.into(), why: "a test".into(), ..Decided::default() };
        let deciding = Deciding {
            task: Task::Refactor,
            workspace: "/w",
            policy_sha256: "ab",
            chosen: &Destination::Cloud(self.target.clone()),
            chain: std::slice::from_ref(&self.target),
            redactions: &[],
            decided: &decided,
        };
        self.ledger.decide(&deciding, now)
    }

    fn reserve(&mut self, decision: &str, worst: u64, budget: &Budget, now: u64) -> Option<Reservation> {
        match self.try_to_reserve(decision, worst, budget, now) {
            Ok(reservation) => Some(reservation),
            Err(ReserveError::Refused(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn try_to_reserve(
        &mut self,
        decision: &str,
        worst: u64,
        budget: &Budget,
        now: u64,
    ) -> Result<Reservation, ReserveError> {
        let attempting = Attempting {
            decision,
            number: 1,
            target: &self.target,
            rate: &self.rate,
            worst: Usd(worst),
            body_bytes: 1000,
            body_sha256: "cd",
        };
        self.ledger.reserve(&attempting, budget, now)
    }

    fn settle(&mut self, reservation: Reservation, cost: u64, now: u64) {
        let tokens = Tokens { input: Some(300), output: Some(40), ..Tokens::default() };
        let settled = Settled {
            outcome: Outcome::Ok,
            phase: Phase::Ended,
            http_status: Some(200),
            request_id: None,
            charge: Charge { tokens, counted: Counted::Provider, cost: Usd(cost) },
            first_ms: Some(300),
            total_ms: 900,
        };
        assert!(self.ledger.settle(reservation, &settled, now).unwrap());
    }
}

/// The file itself, past the code that is on trial.
fn look(state: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(state.join(FILE), flags).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

/// What is held between two times, without the view that the code uses.
fn held(connection: &Connection, from: u64, to: u64) -> u64 {
    let sum = "SELECT COALESCE(SUM(COALESCE(s.cost_nanousd, r.worst_nanousd)), 0) FROM reservation r
               LEFT JOIN settlement s ON s.reservation_id = r.id WHERE r.at_utc_ms >= ? AND r.at_utc_ms < ?";
    let span = [from, to].map(|time| i64::try_from(time).unwrap());
    connection.query_row(sum, span, |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

fn is_sound(connection: &Connection) -> bool {
    connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap() == "ok"
}

/// The days of the rounds: one each, and for some of the months more than is left of them.
fn budget(round: u64) -> Budget {
    let day = 1000 + Dice(round).below(9000);
    Budget { per_call: Usd(day), day: Usd(day), month: Usd(60_000) }
}

/// What came of one racer's requests.
#[derive(Debug, Default)]
struct Came {
    taken: u64,
    refused: u64,
    /// What else went wrong. A racer that gave up would leave the others waiting at the start.
    failed: Vec<String>,
}

/// One of the racers: in each round it asks once, and settles now and then where the round is for that.
fn race(mut this: Window, mut dice: Dice, start: &Barrier, look: &mpsc::Sender<u64>) -> Came {
    let mut came = Came::default();
    for round in 0..rounds() {
        let now = NOVEMBER + round * DAY + dice.below(DAY);
        let decision = this.try_to_decide(now).map_err(ReserveError::from);
        start.wait();
        let worst = 1 + dice.below(600);
        let reserved =
            decision.and_then(|decision| this.try_to_reserve(&decision, worst, &budget(round), now));
        match reserved {
            Ok(reservation) => {
                came.taken += 1;
                look.send(round).expect("who looks does so to the end");
                if round % 2 == 1 && dice.below(2) == 0 {
                    this.settle(reservation, dice.below(worst + 1), now);
                }
            }
            Err(ReserveError::Refused(_)) => came.refused += 1,
            Err(error) => came.failed.push(error.to_string()),
        }
    }
    came
}

/// Windows of one process race for a day's money, and later in the month for the month's. In every other round they also settle, so that
/// money comes back while others ask; somebody looks whenever money was taken.
#[test]
fn sixty_four_windows_overspend_nothing() {
    let state = tempfile::tempdir().unwrap();
    let began = Instant::now();
    drop(Window::open(state.path()));
    let start = Barrier::new(usize::try_from(WINDOWS).unwrap());
    let (now, looks) = mpsc::channel();
    let check_day = |connection: &Connection, round: u64| {
        let today = NOVEMBER + round * DAY;
        assert!(held(connection, today, today + DAY) <= budget(round).day.0, "the day of round {round}");
    };
    let came: Vec<Came> = thread::scope(|scope| {
        let racer = |window: u64| {
            let (path, start, now) = (state.path(), &start, now.clone());
            scope.spawn(move || race(Window::open(path), Dice(window << 32), start, &now))
        };
        let racers: Vec<_> = (0..WINDOWS).map(racer).collect();
        drop(now);
        let connection = look(state.path());
        for round in looks {
            check_day(&connection, round);
        }
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let sum = |of: fn(&Came) -> u64| came.iter().map(of).sum::<u64>();
    let (taken, refused) = (sum(|came| came.taken), sum(|came| came.refused));
    let failed: Vec<&String> = came.iter().flat_map(|came| &came.failed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let connection = look(state.path());
    (0..rounds()).for_each(|round| check_day(&connection, round));
    let mut first = jiff::civil::date(2026, 11, 1);
    let ms = |date: jiff::civil::Date| {
        u64::try_from(date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond()).unwrap()
    };
    while ms(first) < NOVEMBER + rounds() * DAY {
        let next = first.last_of_month().tomorrow().unwrap();
        assert!(held(&connection, ms(first), ms(next)) <= 60_000, "the month from {first}");
        first = next;
    }
    assert!(is_sound(&connection));
    println!(
        "{} rounds of {WINDOWS} windows: {taken} reserved, {refused} refused, overspent 0 whenever looked; {:.0} s",
        rounds(),
        began.elapsed().as_secs_f64()
    );
    assert!(taken > 0 && refused > 0, "nobody was in anybody's way");
}

/// The same with processes, as windows really are.
#[test]
fn processes_overspend_nothing() {
    let rounds = rounds().div_ceil(20);
    for round in 0..rounds {
        let state = tempfile::tempdir().unwrap();
        let children: Vec<Child> =
            (0..8).map(|child| start("race", state.path(), round * 8 + child)).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let connection = look(state.path());
        let spent = held(&connection, NOVEMBER, NOVEMBER + DAY);
        // Each asked for more than its share, for at most 1,000 at a time.
        assert!((19_000..=20_000).contains(&spent), "{spent}");
        assert!(is_sound(&connection));
    }
    println!("{rounds} rounds of 8 processes: overspent 0");
}

/// A process that writes, and says of each row that it is written, is killed at any moment.
#[cfg(unix)]
#[test]
fn no_acknowledged_row_is_lost_to_a_kill() {
    let mut dice = Dice(7);
    let mut state = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut all, mut unknown) = (Vec::new(), 0, 0);
    for round in 0..rounds() {
        // A new one now and then, so that its making is interrupted too.
        if round % 25 == 0 {
            (state, acknowledged) = (tempfile::tempdir().unwrap(), Vec::new());
        }
        let mut child = start("write", state.path(), round);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut rows = lines.filter_map(|line| line.strip_prefix("ack ").map(str::to_owned));
        let before = acknowledged.len();
        let most = usize::try_from(dice.below(60)).unwrap();
        acknowledged.extend(rows.by_ref().take(most));
        let (moment, began) = (Duration::from_micros(dice.below(3000)), Instant::now());
        while began.elapsed() < moment {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died it had done.
        acknowledged.extend(rows);
        all += acknowledged.len() - before;
        drop(Ledger::open(state.path()).unwrap());
        let connection = look(state.path());
        assert!(is_sound(&connection), "round {round}");
        for row in &acknowledged {
            assert!(is_there(&connection, row), "round {round}: {row}");
        }
        let attempts = Reader::open(state.path()).unwrap().unwrap().attempts(0).unwrap();
        assert!(attempts.iter().all(|attempt| attempt.state != State::Open), "its holder is dead");
        let orphans: Vec<_> = attempts.iter().filter(|attempt| attempt.state == State::Unknown).collect();
        assert!(orphans.iter().all(|attempt| attempt.held == attempt.reserved), "they count in full");
        unknown = unknown.max(orphans.len());
    }
    println!(
        "{} kills: 0 of {all} acknowledged rows lost; up to {unknown} reservations without a word in one ledger",
        rounds()
    );
}

/// Whether the row that was acknowledged by these words is in the ledger.
fn is_there(connection: &Connection, row: &str) -> bool {
    let (kind, decision) = row.split_once(' ').unwrap();
    let count = match kind {
        "decided" => "SELECT COUNT(*) FROM decision WHERE id = ?",
        "reserved" => "SELECT COUNT(*) FROM reservation WHERE decision_id = ?",
        _ => {
            "SELECT COUNT(*) FROM settlement s JOIN reservation r ON r.id = s.reservation_id WHERE r.decision_id = ?"
        }
    };
    connection.prepare_cached(count).unwrap().query_row([decision], |row| row.get::<_, i64>(0)).unwrap() == 1
}

/// What was in a ledger after one of its commits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Content {
    decisions: Vec<(i64, String, String)>,
    reserved: Vec<(i64, String, i64)>,
    settled: Vec<(i64, String, i64)>,
}

impl Content {
    fn of(connection: &Connection) -> Self {
        let rows = |query: &str| {
            let mut query = connection.prepare(query).unwrap();
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.map(Result::unwrap).collect::<Vec<(i64, String, i64)>>()
        };
        let mut decisions =
            connection.prepare("SELECT seq, id, inputs_json FROM decision ORDER BY seq").unwrap();
        let decisions = decisions.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        Self {
            decisions: decisions.map(Result::unwrap).collect(),
            reserved: rows("SELECT id, decision_id, worst_nanousd FROM reservation ORDER BY id"),
            settled: rows(
                "SELECT reservation_id, outcome, cost_nanousd FROM settlement ORDER BY reservation_id",
            ),
        }
    }
}

/// Logs that end early, have bits turned over, or hold zeros or nonsense: what is found is what was there after one of the commits, or it
/// is refused.
#[test]
fn a_torn_log_opens_to_a_clean_beginning_or_not_at_all() {
    let made = tempfile::tempdir().unwrap();
    let mut window = Window::open(made.path());
    let connection = look(made.path());
    let mut contents = vec![Content::of(&connection)];
    for n in 0..30 {
        let decision = window.decide(NOVEMBER + n);
        contents.push(Content::of(&connection));
        let reservation = window.reserve(&decision, 500 + n, &RICH, NOVEMBER + n).unwrap();
        contents.push(Content::of(&connection));
        window.settle(reservation, 100 + n, NOVEMBER + n);
        contents.push(Content::of(&connection));
    }
    let [file, key, wal] =
        [FILE, "ledger.key", &format!("{FILE}-wal")].map(|name| fs::read(made.path().join(name)).unwrap());
    assert!(wal.len() > 100_000, "nothing was moved out of the log, so all of it is there");
    let (mut dice, mut opened, mut refused, mut kept) = (Dice(11), 0, 0, 0);
    let tries = rounds() * 10;
    for _ in 0..tries {
        let torn = tempfile::tempdir().unwrap();
        fs::write(torn.path().join(FILE), &file).unwrap();
        fs::write(torn.path().join("ledger.key"), &key).unwrap();
        fs::write(torn.path().join(format!("{FILE}-wal")), tear(&wal, &mut dice)).unwrap();
        match Ledger::open(torn.path()) {
            Ok(ledger) => {
                let connection = look(torn.path());
                assert!(is_sound(&connection));
                let found = Content::of(&connection);
                let at = contents.iter().position(|content| *content == found);
                kept += at.expect("what is found was there after one of the commits");
                opened += 1;
                drop(ledger);
            }
            Err(LedgerError::Damaged { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    println!(
        "{tries} torn logs: {opened} opened to a clean beginning ({} of {} commits on average), {refused} refused",
        kept / opened.max(1),
        contents.len() - 1
    );
}

fn tear(wal: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut log = wal.to_vec();
    let at = |dice: &mut Dice| usize::try_from(dice.below(wal.len() as u64)).unwrap();
    match dice.below(5) {
        0 => log.truncate(at(dice)),
        1 => {
            for _ in 0..=dice.below(8) {
                let place = at(dice);
                log[place] ^= 1 << dice.below(8);
            }
        }
        2 => {
            let from = at(dice);
            log[from..].fill(0);
        }
        3 => {
            let from = at(dice);
            log[from..].iter_mut().for_each(|byte| *byte = dice.throw().to_le_bytes()[0]);
        }
        // A block that the disk wrote later than the ones behind it.
        _ => {
            let from = at(dice) / 4096 * 4096;
            let to = (from + 4096).min(log.len());
            log[from..to].fill(0);
        }
    }
    log
}

/// What `make test-ledger` writes down: how long a request waits for its money.
#[test]
fn a_reservation_and_its_settlement_are_measured() {
    let state = tempfile::tempdir().unwrap();
    let mut window = Window::open(state.path());
    let mut measure = |n: u64| {
        let now = NOVEMBER + n;
        let decision = window.decide(now);
        let began = Instant::now();
        let reservation = window.reserve(&decision, 500, &RICH, now).unwrap();
        window.settle(reservation, 100, now);
        began.elapsed()
    };
    let mut spans: Vec<Duration> = (0..rounds()).map(&mut measure).collect();
    spans.sort();
    let at = |percent: usize| spans[(spans.len() * percent).div_ceil(100).max(1) - 1];
    println!("reserve and settle, {} times: p50 {:.2?}, p99 {:.2?}", spans.len(), at(50), at(99));
}

/// This binary.
fn own_binary() -> PathBuf {
    env::current_exe().unwrap()
}

fn start(role: &str, state: &Path, seed: u64) -> Child {
    Command::new(own_binary())
        .args(["--exact", "a_window_of_its_own", "--nocapture"])
        .env("HOB_LEDGER_ROLE", role)
        .env("HOB_LEDGER_STATE", state)
        .env("HOB_LEDGER_SEED", seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The process that [`start`] starts; in a run of the tests it does nothing.
#[test]
fn a_window_of_its_own() {
    let Ok(role) = env::var("HOB_LEDGER_ROLE") else { return };
    let state = PathBuf::from(env::var_os("HOB_LEDGER_STATE").unwrap());
    let mut dice = Dice(env::var("HOB_LEDGER_SEED").unwrap().parse().unwrap());
    let mut window = Window::open(&state);
    if role == "race" {
        let budget = Budget { per_call: Usd(1000), day: Usd(20_000), month: Usd(20_000) };
        for _ in 0..25 {
            let decision = window.decide(NOVEMBER);
            let _held = window.reserve(&decision, 1 + dice.below(1000), &budget, NOVEMBER);
        }
        return;
    }
    let acknowledge = |what: &str, id: &str| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("ack {what} {id}\n").as_bytes()).and_then(|()| out.flush()).is_ok()
    };
    // Until it is killed, or whoever started it is gone.
    loop {
        let decision = window.decide(NOVEMBER);
        if !acknowledge("decided", &decision) {
            return;
        }
        let reservation = window.reserve(&decision, 500, &RICH, NOVEMBER).unwrap();
        acknowledge("reserved", &decision);
        if dice.below(4) > 0 {
            window.settle(reservation, 100, NOVEMBER);
            acknowledge("settled", &decision);
        }
    }
}
