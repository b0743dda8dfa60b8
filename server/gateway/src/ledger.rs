//! The ledger: what was decided, reserved and spent, in `<state>/ledger.sqlite`, which all windows share.
//!
//! A decision is written before anything is sent. Money is reserved before a socket is opened, at the most that the request can cost and
//! in one transaction with the look at what is left, so that windows can't overspend together; and it is settled by what the provider
//! counted. What nobody counted goes on counting as reserved, so a budget holds though a stream dies, a process is killed or a provider
//! says nothing. Rows are only added. A ledger that can't be read or written closes the cloud.
//!
//! Must not hold a prompt, an answer or a path. Must not look at a clock: the time is an argument, in milliseconds since 1970. Must not
//! make a ledger anew where there was one: it holds money.

mod charge;
mod holder;
mod names;
mod read;
mod schema;
mod window;

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use config::{Budget, Destination, Target, Task, Usd};
use model::cloud::{Decided, Redaction, Tokens};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

pub use charge::{Charge, charge};
pub use names::is_decision;
pub use read::{Attempt, Entry, Reader, State};
pub use window::{Left, Refusal, Window};

use crate::price::Rate;
use holder::Holder;
use schema::Found;

/// The file, in the state folder.
pub const FILE: &str = "ledger.sqlite";

/// So often a window tries again that finds another one writing: for some 25 seconds. A write takes a few milliseconds, so it takes
/// thousands of windows, or a disk that has stopped, to be in its way for as long.
const TRIES: i32 = 1000;

/// The longest wait between two tries, in milliseconds.
const PAUSE: u64 = 24;

/// Bytes of each text that comes from elsewhere; more has no business here.
const LONGEST: usize = 4096;

/// Names of decisions are drawn by lot; so often one may be taken.
const DRAWS: u32 = 16;

/// Why the ledger can't be used, so that nothing may be sent.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file or its folder.
    #[error("the ledger {} can't be opened: {why}. Nothing is sent to a cloud without it", path.display())]
    Closed {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Its content.
    #[error(
        "the ledger {} is damaged: {why}. It says what was spent, so it isn't made anew and nothing is sent to a cloud. Put a copy of it \
         back; or, to begin again from nothing spent, move ledger.sqlite, ledger.sqlite-wal, ledger.sqlite-shm and ledger.key away",
        path.display()
    )]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version made it.
    #[error(
        "the ledger {} was made by a newer version of Hob. Nothing is sent to a cloud by this one; install the newer again",
        path.display()
    )]
    Newer {
        /// Where it is.
        path: PathBuf,
    },
    /// A read or a write.
    #[error("the ledger could not be used: {0}. What isn't in the ledger isn't sent")]
    Failed(#[from] rusqlite::Error),
    /// What was to be written.
    #[error("this is nothing for the ledger: {0}")]
    Odd(&'static str),
}

/// Why no money was reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// There is not enough left.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// See there.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<rusqlite::Error> for ReserveError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// A decision, as it is written down before anything is sent.
#[derive(Debug, Clone, Copy)]
pub struct Deciding<'a> {
    /// What is asked.
    pub task: Task,
    /// The workspace's root, of which only a hash is kept; empty where there is none.
    pub workspace: &'a str,
    /// SHA-256 of the policy that was decided by, in hexadecimal.
    pub policy_sha256: &'a str,
    /// Who is to answer.
    pub chosen: &'a Destination,
    /// Who is tried, in this order.
    pub chain: &'a [Target],
    /// What was taken out; only how often each rule found something is kept.
    pub redactions: &'a [Redaction],
    /// Why.
    pub decided: &'a Decided,
}

/// One attempt to send, for which money is to be reserved.
#[derive(Debug, Clone, Copy)]
pub struct Attempting<'a> {
    /// What [`Ledger::decide`] returned.
    pub decision: &'a str,
    /// From 1.
    pub number: u32,
    /// To whom.
    pub target: &'a Target,
    /// By what it is paid.
    pub rate: &'a Rate,
    /// What it costs at most: [`Rate::worst_case`].
    pub worst: Usd,
    /// Length of the body.
    pub body_bytes: u64,
    /// SHA-256 of the body, in hexadecimal.
    pub body_sha256: &'a str,
}

/// Money that is set aside for one attempt. It is held until [`Ledger::settle`] says what it cost, however its holder ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what is never settled counts in full"]
pub struct Reservation {
    id: i64,
    /// So much.
    pub worst: Usd,
}

/// Words that rows are written with.
macro_rules! words {
    ($(#[$about:meta])* $Type:ident { $($(#[$what:meta])* $Word:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Type { $($(#[$what])* $Word,)* }

        impl $Type {
            /// The word for it in a row.
            pub fn name(self) -> &'static str {
                match self { $(Self::$Word => $word,)* }
            }
        }
    };
}

words! {
    /// How an attempt ended.
    Outcome {
        /// With a whole answer.
        Ok = "ok",
        /// With the beginning of one.
        Partial = "partial",
        /// Before any text.
        FailedBeforeTokens = "failed_before_tokens",
        /// Because the user took it back.
        Cancelled = "cancelled",
        /// Nobody knows.
        Unknown = "unknown",
    }
}

words! {
    /// How far an attempt came.
    Phase {
        /// There was no connection.
        Connecting = "connecting",
        /// The request was on its way, or the answer had not begun.
        Waiting = "waiting",
        /// Text had come.
        Streaming = "streaming",
        /// The answer had ended.
        Ended = "ended",
    }
}

words! {
    /// Who counted the tokens.
    Counted {
        /// The provider.
        Provider = "provider",
        /// Nobody: the cost is a guess from what was received, and the reservation goes on counting.
        Estimated = "estimated",
        /// There was nothing to count: the provider was not reached, or refused.
        None = "none",
    }
}

words! {
    /// Why a cost is corrected.
    Reason {
        /// The provider's invoice says otherwise.
        Invoice = "invoice",
        /// It was never sent.
        Unsent = "unsent",
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Settled<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// How far it came.
    pub phase: Phase,
    /// The provider's status, if there was one.
    pub http_status: Option<u16>,
    /// The provider's own name for it, for complaints.
    pub request_id: Option<&'a str>,
    /// What it cost: [`charge`], or [`Charge::nothing`].
    pub charge: Charge,
    /// Milliseconds to the first text.
    pub first_ms: Option<u64>,
    /// Milliseconds altogether.
    pub total_ms: u64,
}

/// The open ledger.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    key: [u8; 32],
    holder: Holder,
}

impl Ledger {
    /// Opens the ledger in the folder `state`, and makes it if there was none before.
    pub fn open(state: &Path) -> Result<Self, LedgerError> {
        let path = state.join(FILE);
        let closed = |why: &dyn ToString| LedgerError::Closed { path: path.clone(), why: why.to_string() };
        let is_known = state.join(names::KEY_FILE).exists();
        if is_known && !path.exists() {
            return Err(LedgerError::Damaged { path, why: "it is gone".into() });
        }
        touch(&path).map_err(|error| closed(&error))?;
        let mut connection = Connection::open(&path).map_err(|error| closed(&error))?;
        prepare(&mut connection, is_known).map_err(|error| match error {
            Unfit::Newer => LedgerError::Newer { path: path.clone() },
            Unfit::Other(why) => LedgerError::Damaged { path: path.clone(), why: why.into() },
            Unfit::Sqlite(error) if is_damage(&error) => {
                LedgerError::Damaged { path: path.clone(), why: error.to_string() }
            }
            Unfit::Sqlite(error) => closed(&error),
        })?;
        // After the tables: whoever finds a key may expect them.
        let key = names::key(state).map_err(|error| closed(&error))?;
        Ok(Self { connection, key, holder: Holder::this() })
    }

    /// Writes a decision down, and returns its name, which `hob why` takes.
    pub fn decide(&mut self, deciding: &Deciding<'_>, now: u64) -> Result<String, LedgerError> {
        let Deciding { task, workspace, policy_sha256, chosen, chain, redactions, decided } = *deciding;
        if serde_json::from_str::<serde::de::IgnoredAny>(&decided.inputs).is_err() {
            return Err(LedgerError::Odd("what it was decided by is no JSON"));
        }
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        for redaction in redactions {
            *found.entry(&redaction.rule).or_default() += 1;
        }
        let chain: Vec<String> = chain.iter().map(ToString::to_string).collect();
        let [chain, rejected, found] = [
            serde_json::to_string(&chain),
            serde_json::to_string(&decided.rejected),
            serde_json::to_string(&found),
        ]
        .map(Result::unwrap_or_default);
        let chosen = chosen.to_string();
        let workspace = match workspace {
            "" => String::new(),
            root => names::workspace(&self.key, root),
        };
        let texts = [&decided.inputs, &decided.why, &chosen, &chain, &rejected, &found];
        if texts.iter().any(|text| text.len() > LONGEST)
            || decided.rule.as_ref().is_some_and(|rule| rule.len() > LONGEST)
        {
            return Err(LedgerError::Odd("a decision takes more words than any can need"));
        }
        let transaction = immediate(&mut self.connection)?;
        for _ in 0..DRAWS {
            let name =
                names::decision().map_err(|_| LedgerError::Odd("no name can be drawn for a decision"))?;
            let inserted = transaction.execute(
                "INSERT INTO decision(id, at_utc_ms, task, workspace_hmac, policy_sha256, inputs_json, why, rule, rule_line, chosen,
                 chain_json, rejected_json, redactions_json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT(id) DO NOTHING",
                params![
                    name,
                    number(now),
                    task.name(),
                    workspace,
                    policy_sha256,
                    decided.inputs,
                    decided.why,
                    decided.rule,
                    decided.rule_line,
                    chosen,
                    chain,
                    rejected,
                    found
                ],
            )?;
            if inserted == 1 {
                transaction.commit()?;
                return Ok(name);
            }
        }
        Err(LedgerError::Odd("no name is free for a decision"))
    }

    /// Sets the worst case aside, if call, day and month have room for it. From here to the commit no other window can do the same.
    pub fn reserve(
        &mut self,
        attempting: &Attempting<'_>,
        budget: &Budget,
        now: u64,
    ) -> Result<Reservation, ReserveError> {
        let Attempting { decision, number: attempt, target, rate, worst, body_bytes, body_sha256 } =
            *attempting;
        let transaction = immediate(&mut self.connection)?;
        // What costs nothing is not refused because something else cost too much.
        if worst > Usd(0) {
            window::check(&transaction, decision, worst, budget, now)?;
        }
        let price = price(&transaction, target, rate)?;
        transaction.execute(
            "INSERT INTO reservation(decision_id, attempt_no, target, price_id, worst_nanousd, body_bytes, body_sha256, holder, at_utc_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                decision,
                attempt,
                target.to_string(),
                price,
                number(worst.0),
                number(body_bytes),
                body_sha256,
                self.holder.0,
                number(now)
            ],
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok(Reservation { id, worst })
    }

    /// Says what became of a reservation; whether this was the first to say so. What was said first stays.
    pub fn settle(
        &mut self,
        reservation: Reservation,
        settled: &Settled<'_>,
        now: u64,
    ) -> Result<bool, LedgerError> {
        let Settled { outcome, phase, http_status, request_id, charge, first_ms, total_ms } = *settled;
        let Tokens { input, cached_input, output, reasoning } = charge.tokens;
        let count = |tokens: Option<u64>| tokens.map(number);
        // Somebody else's word, in a header: what no name of a request has is none.
        let is_name = |id: &&str| id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
        let inserted = self.connection.execute(
            "INSERT INTO settlement VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT(reservation_id) DO NOTHING",
            params![
                reservation.id,
                outcome.name(),
                phase.name(),
                http_status,
                request_id.filter(is_name),
                count(input),
                count(cached_input),
                count(output),
                count(reasoning),
                charge.counted.name(),
                number(charge.cost.0),
                count(first_ms),
                number(total_ms),
                number(now)
            ],
        )?;
        Ok(inserted == 1)
    }

    /// Says what an attempt really cost, when it is known better: the `attempt`th of `decision`. From then on that counts, also for what
    /// nobody settled. Whether there is such an attempt.
    pub fn correct(
        &mut self,
        decision: &str,
        attempt: u32,
        cost: Usd,
        reason: Reason,
        now: u64,
    ) -> Result<bool, LedgerError> {
        let inserted = self.connection.execute(
            "INSERT INTO correction(reservation_id, cost_nanousd, reason, at_utc_ms)
             SELECT id, ?3, ?4, ?5 FROM reservation WHERE decision_id = ?1 AND attempt_no = ?2",
            params![decision, attempt, number(cost.0), reason.name(), number(now)],
        )?;
        Ok(inserted == 1)
    }

    /// What is left of the day and of the month.
    pub fn left(&self, budget: &Budget, now: u64) -> Result<Left, LedgerError> {
        Ok(window::left(&self.connection, budget, now)?)
    }
}

/// Makes an empty file that only its user can read, unless there is one.
fn touch(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Why a file is not to be written to.
enum Unfit {
    Newer,
    Other(&'static str),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Readies a connection, and makes the tables where there was never one.
fn prepare(connection: &mut Connection, is_known: bool) -> Result<(), Unfit> {
    connection.busy_handler(Some(again))?;
    if schema::find(connection)? == Found::Empty {
        if is_known {
            return Err(Unfit::Other("it is empty"));
        }
        connection.execute_batch(schema::SETTINGS)?;
        // Two windows may come here at once: the second finds everything done.
        let transaction = immediate(connection)?;
        if schema::find(&transaction)? == Found::Empty {
            schema::make(&transaction)?;
        }
        transaction.commit()?;
    }
    match schema::find(connection)? {
        Found::Ledger => Ok(connection.execute_batch(schema::SETTINGS)?),
        Found::Newer => Err(Unfit::Newer),
        Found::Empty => Err(Unfit::Other("it is empty")),
        Found::Other => Err(Unfit::Other("its tables are not those of a ledger, or contradict one another")),
    }
}

/// Whether to try again, after a moment: `SQLite`'s own waits grow to a tenth of a second, in which nobody may be writing at all, and
/// shorter ones than these would have many windows keep the one that writes from its processor.
fn again(tries: i32) -> bool {
    let tried = u64::from(tries.unsigned_abs());
    // Not in step with the others who wait.
    let spread = (u64::from(std::process::id()) * 31 + tried * 7) % 4;
    std::thread::sleep(Duration::from_millis(1 + tried.min(PAUSE) + spread));
    tries < TRIES
}

fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// The name of a price, which is written down by the way if it is new. What is in it makes the name, so it never changes.
fn price(transaction: &Transaction<'_>, target: &Target, rate: &Rate) -> rusqlite::Result<String> {
    let target = target.to_string();
    let (price, long) = (&rate.price, rate.long.as_ref());
    let amounts = |price: &config::Price| {
        [price.input, price.cached_input, price.output].map(|amount| number(amount.0))
    };
    let long_above = long.map(|(above, _)| number(*above));
    let ([input, cached, output], long) = (amounts(price), long.map(|(_, price)| amounts(price)));
    let named = format!(
        "{target}\n{}\n{}\n{:?}",
        price.as_of,
        price.source,
        (input, cached, output, long_above, long)
    );
    let id = names::hex(&Sha256::digest(named)[..8]);
    let is_there = transaction.query_row("SELECT 1 FROM price WHERE id = ?", [&id], |_| Ok(())).optional()?;
    if is_there.is_none() {
        transaction.execute(
            "INSERT INTO price VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                id,
                target,
                price.as_of,
                price.source,
                input,
                cached,
                output,
                long_above,
                long.map(|long| long[0]),
                long.map(|long| long[1]),
                long.map(|long| long[2])
            ],
        )?;
    }
    Ok(id)
}

/// Whether the file itself is at fault.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// As `SQLite` has numbers. There is less money than would not fit.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What somebody may have made negative.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests;
