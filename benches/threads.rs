//! Prints what one thread and all of them evaluate, for some lengths of OpenMP's spinning, on an idle machine and beside one endless loop
//! for each core.
//!
//! `cargo bench --package benches --bench threads [-- MODEL.gguf]`. For docs/decisions/0004-threads.md; must not be more than that.

use std::{
    error::Error,
    io::Write,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use engine::measure::{Speeds, speeds};

/// How long OpenMP may spin, in rounds; the last is libgomp's own choice.
const SPINS: [Option<&str>; 6] = [Some("0"), Some("1000"), Some("3000"), Some("5000"), Some("20000"), None];

/// Set for a process that measures: libgomp reads its environment before main, so each length takes a process of its own.
const MEASURING: &str = "HOB_BENCH_THREADS";

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`.
    let model = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let mut out = std::io::stdout();
    if std::env::var_os(MEASURING).is_some() {
        let Speeds { threads, steps, reading } = speeds(model.as_deref(), Duration::from_secs(3))?;
        let (step, read) = (steps.1 / steps.0, reading.1 / reading.0);
        writeln!(
            out,
            "decoding {:7.1} and {:7.1} tokens/s ({step:.2}x), reading {:7.1} and {:7.1} ({read:.2}x), 1 and {threads} threads",
            steps.0, steps.1, reading.0, reading.1
        )?;
        return Ok(());
    }
    for busy in [false, true] {
        for spins in SPINS {
            write!(
                out,
                "{} GOMP_SPINCOUNT={:7} ",
                if busy { "busy" } else { "idle" },
                spins.unwrap_or("not set")
            )?;
            out.flush()?;
            let measure = || {
                let mut command = Command::new(std::env::current_exe()?);
                command
                    .args(&model)
                    .env(MEASURING, "1")
                    .env_remove("GOMP_SPINCOUNT")
                    .env_remove("OMP_WAIT_POLICY");
                command.envs(spins.map(|spins| ("GOMP_SPINCOUNT", spins))).status()
            };
            if busy {
                beside_loops(measure)?
            } else {
                measure()?
            };
        }
    }
    Ok(())
}

/// What `measure` gives while each core has an endless loop to run.
fn beside_loops<T>(measure: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::black_box(&stop);
                }
            });
        }
        let result = measure();
        stop.store(true, Ordering::Relaxed);
        result
    })
}
