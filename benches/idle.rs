//! What Hob costs while nobody types: three windows open on one engine, for a minute.
//!
//! `cargo bench --package benches --bench idle [-- SECONDS]`. Must not do anything in that time, and so sleeps, as no test may.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use benches::source;
use e2e::{Role, World};

/// Editors open.
const WINDOWS: usize = 3;
/// How long nothing happens, in seconds.
const CALM: u64 = 60;
/// What a window does just before is still worked on: reading the rest of a place, leaving a document parsed.
const SETTLED: Duration = Duration::from_secs(3);
/// Linux counts processor time in hundredths of a second.
const TICKS_PER_S: f64 = 100.0;

fn main() -> io::Result<()> {
    let calm = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(CALM);
    let text = source::rust(1000)?;
    let world = World::new();
    world.configure_nothing();
    let editors: Vec<_> = (0..WINDOWS).map(|_| world.editor().start()).collect();
    for (window, editor) in editors.iter().enumerate() {
        let mut buffer = editor.open(&format!("file{window}.rs"), "rust", &text);
        buffer.put_at_end();
        for letter in "fn idle() {".chars() {
            buffer.key(letter);
            buffer.complete();
        }
    }
    thread::sleep(SETTLED);
    let processes = world.processes();
    let ticks = || processes.iter().map(e2e::Process::ticks).sum::<u64>();
    let before = ticks();
    thread::sleep(Duration::from_secs(calm));
    let spent = ticks() - before;
    #[expect(clippy::cast_precision_loss, reason = "a few ticks")]
    let percent = spent as f64 / TICKS_PER_S / calm as f64 * 100.0;
    let engines = world.processes_of(Role::Engine).len();
    writeln!(
        io::stdout(),
        "{WINDOWS} windows, {} processes, {engines} engine: {spent} hundredths of a processor second in {calm} s, {percent:.2} % of one processor",
        processes.len()
    )?;
    for editor in editors {
        editor.quit();
    }
    Ok(())
}
