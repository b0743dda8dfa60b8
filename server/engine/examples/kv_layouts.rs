//! Prints what both layouts of the KV cache cost: `cargo run --release --example kv_layouts -p engine [-- MODEL.gguf]`.
//!
//! For docs/decisions/0003-key-path.md; must not be more than that.

use std::{error::Error, io::Write, path::PathBuf};

use engine::measure::layouts;

fn main() -> Result<(), Box<dyn Error>> {
    let model = std::env::args().nth(1).map(PathBuf::from);
    let mut out = std::io::stdout();
    for layout in layouts(model.as_deref(), 3)? {
        let name = if layout.unified { "one buffer for all" } else { "one buffer each" };
        writeln!(
            out,
            "{name:>18}: a step {:.2} ms alone, {:.2} ms among 6 documents; a copy {:.2} ms",
            layout.step_alone, layout.step_among, layout.copy
        )?;
    }
    Ok(())
}
