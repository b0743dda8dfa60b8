//! Timings and their percentiles, as a table for people and as JSON for scripts.
//!
//! A mean hides the key press that stutters, so there is none here. Each timing is taken twice: by the wall clock, which is
//! what a person waits for, and by the thread's processor clock, which leaves out what the machine's other users took. The
//! targets are for the wall clock. Must not decide what to measure.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// One timing.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Time that passed.
    pub wall: Duration,
    /// Time that this thread spent on a processor.
    pub cpu: Duration,
}

/// Times one piece of work on the current thread.
pub fn time<T>(work: impl FnOnce() -> T) -> (T, Timing) {
    let (wall, cpu) = (Instant::now(), thread_time());
    let done = work();
    let timing = Timing { wall: wall.elapsed(), cpu: thread_time().saturating_sub(cpu) };
    (done, timing)
}

fn thread_time() -> Duration {
    // The clock of a thread counts up from its start, so it is never negative.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Timings of one kind of thing.
pub struct Series {
    /// What was timed.
    pub name: String,
    /// The percentile 99 to reach by the wall clock, if one is set.
    pub target: Option<Duration>,
    /// Each single timing, in the order they were taken.
    pub timings: Vec<Timing>,
}

impl Series {
    /// An empty series; the target is in milliseconds.
    pub fn new(name: impl Into<String>, target: Option<u64>) -> Self {
        Self { name: name.into(), target: target.map(Duration::from_millis), timings: Vec::new() }
    }

    /// The duration, in milliseconds, that `percent` of all timings do not exceed (nearest rank); zero where there are none.
    fn percentile(&self, percent: usize, of: impl Fn(&Timing) -> Duration) -> f64 {
        let mut sorted: Vec<_> = self.timings.iter().map(of).collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default().as_secs_f64() * 1000.0
    }
}

/// A Markdown table: count, percentiles and maximum in milliseconds by the wall clock, percentiles by the processor clock, target.
pub fn table(series: &[Series]) -> String {
    let mut table = String::from(
        "| what | n | p50 ms | p99 ms | max ms | cpu p50 | cpu p99 | target p99 |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for series in series {
        let [p50, p99, max] = [50, 99, 100].map(|percent| series.percentile(percent, |timing| timing.wall));
        let [cpu50, cpu99] = [50, 99].map(|percent| series.percentile(percent, |timing| timing.cpu));
        let target = series.target.map_or_else(String::new, |target| target.as_millis().to_string());
        let (name, n) = (&series.name, series.timings.len());
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {name} | {n} | {p50:.3} | {p99:.3} | {max:.3} | {cpu50:.3} | {cpu99:.3} | {target} |"
        );
    }
    table
}

/// The same as one line of JSON: an array of objects with the keys of the columns.
pub fn json(series: &[Series]) -> String {
    let rows = series.iter().map(|series| {
        let wall = |percent| series.percentile(percent, |timing| timing.wall);
        let cpu = |percent| series.percentile(percent, |timing| timing.cpu);
        serde_json::json!({
            "what": series.name, "n": series.timings.len(),
            "p50_ms": wall(50), "p99_ms": wall(99), "max_ms": wall(100),
            "cpu_p50_ms": cpu(50), "cpu_p99_ms": cpu(99),
            "target_p99_ms": series.target.map(|target| target.as_secs_f64() * 1000.0),
        })
    });
    rows.collect::<serde_json::Value>().to_string()
}
