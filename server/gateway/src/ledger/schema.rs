//! The tables of the ledger, and how a file is known to be one.
//!
//! Must not have a row that can change: what was written stays, and what was wrong is corrected by a further row.

use rusqlite::Connection;

/// Goes up with each change of the tables.
pub(super) const VERSION: i64 = 1;

/// "Hobl".
const APPLICATION: i64 = 0x486f_626c;

/// For each connection that writes. Every commit reaches the disk before it is acknowledged: a `synchronous` of NORMAL may forget the
/// last ones in a power cut, and they are money. `recursive_triggers` has an `INSERT OR REPLACE` meet the trigger that refuses to delete.
pub(super) const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA recursive_triggers = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_size_limit = 1048576;
";

const TABLES: &str = "
CREATE TABLE decision(
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_utc_ms INTEGER NOT NULL, task TEXT NOT NULL, workspace_hmac TEXT NOT NULL,
    policy_sha256 TEXT NOT NULL, inputs_json TEXT NOT NULL, why TEXT NOT NULL, rule TEXT, rule_line INTEGER NOT NULL,
    chosen TEXT NOT NULL, chain_json TEXT NOT NULL, rejected_json TEXT NOT NULL, redactions_json TEXT NOT NULL
) STRICT;

CREATE TABLE price(
    id TEXT PRIMARY KEY NOT NULL, target TEXT NOT NULL, as_of TEXT NOT NULL, source TEXT NOT NULL,
    in_nanousd_per_mtok INTEGER NOT NULL, cached_nanousd_per_mtok INTEGER NOT NULL, out_nanousd_per_mtok INTEGER NOT NULL,
    long_above_tok INTEGER, long_in_nanousd_per_mtok INTEGER, long_cached_nanousd_per_mtok INTEGER, long_out_nanousd_per_mtok INTEGER
) STRICT;

CREATE TABLE reservation(
    id INTEGER PRIMARY KEY, decision_id TEXT NOT NULL REFERENCES decision(id), attempt_no INTEGER NOT NULL, target TEXT NOT NULL,
    price_id TEXT NOT NULL REFERENCES price(id), worst_nanousd INTEGER NOT NULL CHECK(worst_nanousd >= 0),
    body_bytes INTEGER NOT NULL, body_sha256 TEXT NOT NULL, holder TEXT NOT NULL, at_utc_ms INTEGER NOT NULL,
    UNIQUE(decision_id, attempt_no)
) STRICT;
CREATE INDEX reservation_by_time ON reservation(at_utc_ms);

CREATE TABLE settlement(
    reservation_id INTEGER PRIMARY KEY REFERENCES reservation(id),
    outcome TEXT NOT NULL CHECK(outcome IN ('ok', 'partial', 'failed_before_tokens', 'cancelled', 'unknown')),
    phase TEXT NOT NULL, http_status INTEGER, provider_request_id TEXT,
    in_tok INTEGER, cached_tok INTEGER, out_tok INTEGER, reasoning_tok INTEGER,
    usage_source TEXT NOT NULL CHECK(usage_source IN ('provider', 'estimated', 'none')),
    cost_nanousd INTEGER NOT NULL CHECK(cost_nanousd >= 0), first_ms INTEGER, total_ms INTEGER NOT NULL, at_utc_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE correction(
    id INTEGER PRIMARY KEY, reservation_id INTEGER NOT NULL REFERENCES reservation(id),
    cost_nanousd INTEGER NOT NULL CHECK(cost_nanousd >= 0), reason TEXT NOT NULL CHECK(reason IN ('invoice', 'unsent')),
    at_utc_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX correction_by_reservation ON correction(reservation_id);

-- What each reservation takes of a budget: what it cost where the provider said so, else all that was reserved.
CREATE VIEW held AS
    SELECT r.id, r.decision_id, r.at_utc_ms, COALESCE(
        (SELECT c.cost_nanousd FROM correction c WHERE c.reservation_id = r.id ORDER BY c.id DESC LIMIT 1),
        CASE WHEN s.usage_source IN ('provider', 'none') THEN s.cost_nanousd ELSE MAX(r.worst_nanousd, COALESCE(s.cost_nanousd, 0)) END
    ) AS nanousd
    FROM reservation r LEFT JOIN settlement s ON s.reservation_id = r.id;
";

const APPENDED_TO: [&str; 5] = ["decision", "price", "reservation", "settlement", "correction"];

/// Everything that makes an empty file a ledger, but for the numbers in its header.
fn tables() -> String {
    let refusals = APPENDED_TO.map(|table| {
        format!(
            "CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END;\n\
             CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END;\n"
        )
    });
    format!("{TABLES}{}", refusals.concat())
}

/// Makes the tables in `connection`, which is in a transaction.
pub(super) fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&tables())?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// What a file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: no table and no number in its header.
    Empty,
    /// A ledger of this version, whole.
    Ledger,
    /// Of a newer Hob.
    Newer,
    /// Something else, or a ledger that somebody has changed.
    Other,
}

/// Looks at what is in `connection`.
pub(super) fn find(connection: &Connection) -> rusqlite::Result<Found> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let there = objects(connection)?;
    if application == 0 && version == 0 && there.is_empty() {
        return Ok(Found::Empty);
    }
    if application != APPLICATION || version < VERSION {
        return Ok(Found::Other);
    }
    if version > VERSION {
        return Ok(Found::Newer);
    }
    let model = Connection::open_in_memory()?;
    model.execute_batch(&tables())?;
    let is_whole = objects(&model)? == there
        && connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))? == "ok";
    Ok(if is_whole { Found::Ledger } else { Found::Other })
}

/// Every table, index, view and trigger, as it was written.
fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut rows = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
