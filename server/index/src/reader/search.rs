//! Chunks by their words: where a name is used, and what is about the same things (BM25).
//!
//! Must not weigh chunks by anything but their words: what is worth showing to a model is decided by whoever asks.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use super::{EVERYWHERE, Found, Reader, Source, View, sort_by_nearness};
use crate::{
    analysis::Piece,
    answer::{Chunk, Place},
    overlay::Buffer,
    store::uncount,
    words::{occurs, words},
};

/// How many chunks one search weighs at most: this is what bounds the time it takes.
const WEIGHED: usize = 250;
/// How many of its words are looked up at most, to see which are rare: those that come first.
const LOOKED_UP: usize = 40;
/// And how many are searched for.
const WORDS: usize = 24;

/// BM25's constants, as SQLite has them.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// And its weight of a word that most chunks have.
const LEAST: f64 = 1e-6;

/// How often words occur over all, as far as a search needs it.
struct Statistics {
    chunks: f64,
    /// Words of a chunk, on average.
    length: f64,
    /// How many chunks have each word that is looked for.
    occurrences: BTreeMap<String, usize>,
}

impl Reader {
    /// Chunks of other files than `near` in which a name occurs as a whole and in its case, at most `limit`: those near that file first.
    /// Names of one letter, and those that occur everywhere, have no answer.
    pub fn uses(&self, name: &str, near: &str, limit: usize) -> Vec<Chunk> {
        // The first word of a name is all of it.
        let Some(word) = distinct_words(name).into_iter().next() else { return Vec::new() };
        self.ask(|view| {
            let Some(mut found) = view.chunks_with(&word)? else { return Ok(Vec::new()) };
            for (path, buffer) in &*view.buffers {
                for (chunk, words) in buffer.analysis.chunks.iter().zip(&buffer.words) {
                    if words.contains_key(word.as_str()) {
                        found.push(of_buffer(path, buffer, chunk, ()));
                    }
                }
            }
            found.retain(|found| *found.place.path != *near);
            sort_by_nearness(&mut found, near);
            let admitted = found.into_iter().filter(|found| view.admits(&found.place.path));
            // The search knows no case.
            let told = admitted.filter_map(|found| view.chunk(found.place, &found.source, 0.0));
            Ok(told.filter(|chunk| occurs(name, &chunk.text)).take(limit).collect())
        })
    }

    /// The chunks of other files than `own` that are most about `query`, a text of which the words count, at most `limit`: the best first, by
    /// BM25. Only the rarest words are looked for, as many as a search has time for.
    pub fn neighbours(&self, query: &str, own: &str, limit: usize) -> Vec<Chunk> {
        self.ask(|view| {
            let statistics = view.statistics(query)?;
            let mut found = view.weighed(&statistics)?;
            found.retain(|found| !view.buffers.contains_key(&found.place.path));
            for (path, buffer) in &*view.buffers {
                for (chunk, words) in buffer.analysis.chunks.iter().zip(&buffer.words) {
                    let weight =
                        statistics.weigh(chunk.count, |word| words.get(word).copied().unwrap_or_default());
                    if weight > 0.0 {
                        found.push(of_buffer(path, buffer, chunk, weight));
                    }
                }
            }
            found.retain(|found| *found.place.path != *own);
            found.sort_by_cached_key(|Found { place, what, .. }| {
                (Reverse(rounded(*what)), Arc::clone(&place.path), place.bytes.start)
            });
            let admitted = found.into_iter().filter(|found| view.admits(&found.place.path));
            Ok(admitted
                .filter_map(|found| view.chunk(found.place, &found.source, found.what))
                .take(limit)
                .collect())
        })
    }
}

impl View<'_> {
    /// Chunks of the cache that have a word, without those of open buffers; `None` if it is everywhere.
    fn chunks_with(&self, word: &str) -> rusqlite::Result<Option<Vec<Found<()>>>> {
        let sql = format!(
            "SELECT c.file, c.start, c.end, c.first_line, c.end_line
             FROM (SELECT rowid FROM fts WHERE fts MATCH ? LIMIT {}) AS hit JOIN chunk AS c ON c.id = hit.rowid",
            EVERYWHERE + 1
        );
        let mut found = self.rows(&sql, &[&quoted(word)], |row| {
            let (path, language) = self.file(row.get(0)?)?;
            let (bytes, lines) = (uncount(row, 1)?..uncount(row, 2)?, uncount(row, 3)?..uncount(row, 4)?);
            Ok(Found {
                place: Place { path, language, lines, bytes },
                source: Source::File(row.get(0)?),
                what: (),
            })
        })?;
        if found.len() > EVERYWHERE {
            return Ok(None);
        }
        found.retain(|found| !self.buffers.contains_key(&found.place.path));
        Ok(Some(found))
    }

    /// Counts the words of a query, and keeps the rarest.
    fn statistics(&self, query: &str) -> rusqlite::Result<Statistics> {
        let totals = self
            .rows("SELECT chunks, words FROM totals", &[], |row| Ok((uncount(row, 0)?, uncount(row, 1)?)))?;
        let (chunks, all) = totals.first().copied().unwrap_or_default();
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT {})", WEIGHED + 1);
        let mut counted = Vec::new();
        for word in distinct_words(query).into_iter().take(LOOKED_UP) {
            let occurrences = self.rows(&sql, &[&quoted(&word)], |row| uncount(row, 0))?;
            counted.push((occurrences.first().copied().unwrap_or_default(), word));
        }
        counted.sort();
        let mut room = WEIGHED;
        counted.truncate(WORDS);
        let rare = counted.into_iter().map_while(|(occurrences, word)| {
            room = room.checked_sub(occurrences)?;
            Some((word, occurrences))
        });
        let precise = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
        Ok(Statistics {
            chunks: precise(chunks),
            length: precise(all) / precise(chunks.max(1)),
            occurrences: rare.collect(),
        })
    }

    /// The chunks of the cache that have any of the words, with their weights.
    fn weighed(&self, statistics: &Statistics) -> rusqlite::Result<Vec<Found<f64>>> {
        let words: Vec<String> = statistics.occurrences.keys().map(|word| quoted(word)).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT c.file, c.start, c.end, c.first_line, c.end_line, bm25(fts)
                   FROM fts JOIN chunk AS c ON c.id = fts.rowid WHERE fts MATCH ?";
        self.rows(sql, &[&words.join(" OR ")], |row| {
            let (path, language) = self.file(row.get(0)?)?;
            let (bytes, lines) = (uncount(row, 1)?..uncount(row, 2)?, uncount(row, 3)?..uncount(row, 4)?);
            let place = Place { path, language, lines, bytes };
            // SQLite's is the less the better.
            Ok(Found { place, source: Source::File(row.get(0)?), what: -row.get::<_, f64>(5)? })
        })
    }

    fn chunk(&self, place: Place, source: &Source, score: f64) -> Option<Chunk> {
        let text = self.text(source, &place.bytes)?;
        Some(Chunk { place, text, score })
    }
}

impl Statistics {
    /// What SQLite would make of a chunk that is not in the cache: how many words it has, and how often each.
    fn weigh(&self, length: usize, occurs: impl Fn(&str) -> u32) -> f64 {
        let precise = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
        let normal = K1 * (1.0 - B + B * precise(length) / self.length.max(1.0));
        let weight = |(word, occurrences): (&String, &usize)| {
            let (often, chunks_with) = (f64::from(occurs(word)), precise(*occurrences));
            let rarity = ((self.chunks - chunks_with + 0.5) / (chunks_with + 0.5)).ln();
            let rarity = if rarity > 0.0 { rarity } else { LEAST };
            rarity * often * (K1 + 1.0) / (often + normal)
        };
        self.occurrences.iter().map(weight).sum()
    }
}

/// A chunk of an open buffer.
fn of_buffer<T>(path: &Arc<str>, buffer: &Arc<Buffer>, chunk: &Piece, what: T) -> Found<T> {
    let place = Place {
        path: Arc::clone(path),
        language: buffer.analysis.language,
        lines: chunk.lines.clone(),
        bytes: chunk.range.clone(),
    };
    Found { place, source: Source::Buffer(Arc::clone(buffer)), what }
}

/// The words of a text, each where it comes first.
fn distinct_words(text: &str) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    words(text, |word| {
        if !distinct.iter().any(|known| known == word) {
            distinct.push(word.to_owned());
        }
    });
    distinct
}

/// A weight as it is compared: to the millionth, because sums of the same numbers may differ behind that.
#[expect(clippy::cast_possible_truncation, reason = "weights are small, and a cast saturates")]
fn rounded(weight: f64) -> i64 {
    (weight * 1e6).round() as i64
}

/// A word as FTS5 takes it. It has neither quotes nor blanks.
fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}
