//! Prints what three candidates cost beside one: `cargo run --release --example candidates -p engine [-- MODEL.gguf [ROUNDS]]`.
//!
//! For benches/runs; must not be more than that.

use std::{error::Error, io::Write, path::PathBuf};

use engine::measure::{Candidates, candidates};

fn main() -> Result<(), Box<dyn Error>> {
    let model = std::env::args().nth(1).filter(|model| model != "ember").map(PathBuf::from);
    let rounds = std::env::args().nth(2).map_or(Ok(20), |rounds| rounds.parse())?;
    let measured = candidates(model.as_deref(), rounds)?;
    let mut out = std::io::stdout();
    for (alone, name) in [(true, "one thread"), (false, "all threads")] {
        let of: Vec<&Candidates> = measured.iter().filter(|round| round.alone == alone).collect();
        let spread = |ms: fn(&Candidates) -> f64| {
            let mut ms: Vec<f64> = of.iter().map(|round| ms(round)).collect();
            ms.sort_by(f64::total_cmp);
            let at = |quarter: usize| ms.get((ms.len() * quarter / 4).min(ms.len() - 1)).copied();
            [1, 2, 3].map(|quarter| at(quarter).unwrap_or_default())
        };
        let [low, middle, high] = spread(|round| round.one);
        let [lower, median, upper] = spread(|round| round.three);
        let [least, times, most] = spread(|round| round.three / round.one);
        writeln!(
            out,
            "{name:>11}, {} rounds: one candidate {middle:.1} ms ({low:.1} to {high:.1}), three {median:.1} ms ({lower:.1} to {upper:.1}), \
             {times:.2} times as long ({least:.2} to {most:.2}); medians and quartiles",
            of.len()
        )?;
    }
    Ok(())
}
