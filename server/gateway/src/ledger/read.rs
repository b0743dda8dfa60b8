//! The ledger's other side: what `hob usage` and `hob why` are told of it.
//!
//! Must not write, nor make a ledger where there is none.

use std::path::Path;

use config::{Budget, Usd};
use model::cloud::Tokens;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde::Serialize;

use super::{
    FILE, Holder, LedgerError, Left, again, is_damage, names, number,
    schema::{self, Found},
    unsigned, window,
};

/// The ledger, to read.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

/// How it stands with a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was said what became of it.
    Settled,
    /// Whoever holds it is still there.
    Open,
    /// Its holder has ended without a word: it counts in full until it is corrected.
    Unknown,
}

/// One attempt to send, and what is known of its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The decision that it belongs to.
    pub decision: String,
    /// The task's name.
    pub task: String,
    /// From 1.
    pub number: u32,
    /// `provider/model`.
    pub target: String,
    /// When money was reserved for it, in milliseconds since 1970.
    pub at: u64,
    /// Length of what was sent.
    pub body_bytes: u64,
    /// SHA-256 of what was sent, in hexadecimal.
    pub body_sha256: String,
    /// What was reserved, in nano-dollars.
    pub reserved: Usd,
    /// What it takes of the budgets, in nano-dollars.
    pub held: Usd,
    /// What it cost, in nano-dollars, as far as somebody said so; `None` while nobody has.
    pub cost: Option<Usd>,
    /// How it stands with it.
    pub state: State,
    /// [`super::Outcome::name`], once it is settled.
    pub outcome: Option<String>,
    /// [`super::Phase::name`].
    pub phase: Option<String>,
    /// The provider's status.
    pub http_status: Option<u16>,
    /// The provider's own name for it.
    pub request_id: Option<String>,
    /// What was counted, or estimated.
    pub tokens: Tokens,
    /// [`super::Counted::name`].
    pub counted: Option<String>,
    /// [`super::Reason::name`], where the cost was corrected afterwards.
    pub corrected: Option<String>,
    /// Milliseconds to the first text.
    pub first_ms: Option<u64>,
    /// Milliseconds altogether.
    pub total_ms: Option<u64>,
    /// The day of its price.
    pub price_as_of: String,
    /// Where that was read.
    pub price_source: String,
}

impl Attempt {
    /// Whether its cost is a guess.
    pub fn is_estimated(&self) -> bool {
        self.corrected.is_none() && self.counted.as_deref() == Some("estimated")
    }
}

/// A decision with all that came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// Its place in the order of all.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The task's name.
    pub task: String,
    /// A hash that tells workspaces apart.
    pub workspace: String,
    /// SHA-256 of the policy that was decided by.
    pub policy_sha256: String,
    /// What was decided by.
    pub inputs: serde_json::Value,
    /// The sentence.
    pub why: String,
    /// The rule that spoke; `None`: the default table.
    pub rule: Option<String>,
    /// Its line, from 1.
    pub rule_line: u32,
    /// `local`, or `provider/model`.
    pub chosen: String,
    /// Who was to be tried, in order.
    pub chain: Vec<String>,
    /// What was not chosen, and why.
    pub rejected: Vec<(String, String)>,
    /// What was taken out, by the rule that found it.
    pub redactions: Vec<(String, u32)>,
    /// Each attempt to send it.
    pub attempts: Vec<Attempt>,
}

const ENTRY: &str = "SELECT id, seq, at_utc_ms, task, workspace_hmac, policy_sha256, inputs_json, why, rule, rule_line, chosen, chain_json,
    rejected_json, redactions_json FROM decision";

const ATTEMPT: &str = "SELECT r.decision_id, d.task, r.attempt_no, r.target, r.at_utc_ms, r.body_bytes, r.body_sha256, r.worst_nanousd,
    h.nanousd, s.cost_nanousd, s.outcome, s.phase, s.http_status, s.provider_request_id, s.in_tok, s.cached_tok, s.out_tok,
    s.reasoning_tok, s.usage_source, (SELECT c.reason FROM correction c WHERE c.reservation_id = r.id ORDER BY c.id DESC LIMIT 1),
    s.first_ms, s.total_ms, p.as_of, p.source, r.holder
    FROM reservation r JOIN held h ON h.id = r.id JOIN decision d ON d.id = r.decision_id JOIN price p ON p.id = r.price_id
    LEFT JOIN settlement s ON s.reservation_id = r.id";

impl Reader {
    /// Opens the ledger in the folder `state`; `None` where there has never been one.
    pub fn open(state: &Path) -> Result<Option<Self>, LedgerError> {
        let path = state.join(FILE);
        let is_known = state.join(names::KEY_FILE).exists();
        let damaged = |why: String| LedgerError::Damaged { path: path.clone(), why };
        if !path.exists() {
            return if is_known { Err(damaged("it is gone".into())) } else { Ok(None) };
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let mut connection = Connection::open_with_flags(&path, flags)?;
            connection.busy_handler(Some(again))?;
            schema::find(&connection).map(|found| (connection, found))
        };
        match open() {
            Ok((connection, Found::Ledger)) => Ok(Some(Self { connection })),
            // Another window is just making it.
            Ok((_, Found::Empty)) if !is_known => Ok(None),
            Ok((_, Found::Empty)) => Err(damaged("it is empty".into())),
            Ok((_, Found::Newer)) => Err(LedgerError::Newer { path }),
            Ok((_, Found::Other)) => {
                Err(damaged("its tables are not those of a ledger, or contradict one another".into()))
            }
            Err(error) if is_damage(&error) => Err(damaged(error.to_string())),
            Err(error) => Err(LedgerError::Closed { path, why: error.to_string() }),
        }
    }

    /// The decision of this name.
    pub fn entry(&self, id: &str) -> Result<Option<Entry>, LedgerError> {
        let found = self.connection.query_row(&format!("{ENTRY} WHERE id = ?"), [id], entry).optional()?;
        found.map(|entry| self.with_attempts(entry)).transpose()
    }

    /// The newest decisions, the oldest of them first.
    pub fn newest(&self, most: usize) -> Result<Vec<Entry>, LedgerError> {
        let mut rows = self.connection.prepare(&format!("{ENTRY} ORDER BY seq DESC LIMIT ?"))?;
        let entries: Vec<Entry> =
            rows.query_map([i64::try_from(most).unwrap_or(i64::MAX)], entry)?.collect::<Result<_, _>>()?;
        entries.into_iter().rev().map(|entry| self.with_attempts(entry)).collect()
    }

    /// Every attempt from `from` on, in milliseconds since 1970, in order.
    pub fn attempts(&self, from: u64) -> Result<Vec<Attempt>, LedgerError> {
        let mut rows = self
            .connection
            .prepare(&format!("{ATTEMPT} WHERE r.at_utc_ms >= ? ORDER BY r.at_utc_ms, r.id"))?;
        Ok(rows.query_map(params![number(from)], attempt)?.collect::<Result<_, _>>()?)
    }

    /// What is left of the day and of the month.
    pub fn left(&self, budget: &Budget, now: u64) -> Result<Left, LedgerError> {
        Ok(window::left(&self.connection, budget, now)?)
    }

    fn with_attempts(&self, entry: Entry) -> Result<Entry, LedgerError> {
        let mut rows = self
            .connection
            .prepare_cached(&format!("{ATTEMPT} WHERE r.decision_id = ? ORDER BY r.attempt_no"))?;
        let attempts = rows.query_map([&entry.id], attempt)?.collect::<Result<_, _>>()?;
        Ok(Entry { attempts, ..entry })
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let json = |at: usize| row.get::<_, String>(at);
    let redactions: std::collections::BTreeMap<String, u32> =
        serde_json::from_str(&json(13)?).unwrap_or_default();
    Ok(Entry {
        id: row.get(0)?,
        seq: unsigned(row.get(1)?),
        at: unsigned(row.get(2)?),
        task: row.get(3)?,
        workspace: row.get(4)?,
        policy_sha256: row.get(5)?,
        inputs: serde_json::from_str(&json(6)?).unwrap_or_default(),
        why: row.get(7)?,
        rule: row.get(8)?,
        rule_line: row.get(9)?,
        chosen: row.get(10)?,
        chain: serde_json::from_str(&json(11)?).unwrap_or_default(),
        rejected: serde_json::from_str(&json(12)?).unwrap_or_default(),
        redactions: redactions.into_iter().collect(),
        attempts: Vec::new(),
    })
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let count = |at: usize| row.get::<_, i64>(at).map(unsigned);
    let maybe = |at: usize| row.get::<_, Option<i64>>(at).map(|count| count.map(unsigned));
    let (held, said): (u64, Option<u64>) = (count(8)?, maybe(9)?);
    let (outcome, corrected): (Option<String>, Option<String>) = (row.get(10)?, row.get(19)?);
    let state = match &outcome {
        Some(_) => State::Settled,
        None if Holder(row.get(24)?).has_ended() == Some(true) => State::Unknown,
        None => State::Open,
    };
    Ok(Attempt {
        decision: row.get(0)?,
        task: row.get(1)?,
        number: row.get(2)?,
        target: row.get(3)?,
        at: count(4)?,
        body_bytes: count(5)?,
        body_sha256: row.get(6)?,
        reserved: Usd(count(7)?),
        held: Usd(held),
        // A correction is what counts, so it is what is held.
        cost: if corrected.is_some() { Some(Usd(held)) } else { said.map(Usd) },
        state,
        outcome,
        phase: row.get(11)?,
        http_status: row.get(12)?,
        request_id: row.get(13)?,
        tokens: Tokens {
            input: maybe(14)?,
            cached_input: maybe(15)?,
            output: maybe(16)?,
            reasoning: maybe(17)?,
        },
        counted: row.get(18)?,
        corrected,
        first_ms: maybe(20)?,
        total_ms: maybe(21)?,
        price_as_of: row.get(22)?,
        price_source: row.get(23)?,
    })
}
