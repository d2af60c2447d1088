//! Runs the conformance kit: `cargo run -p validator --example conformance`.
//!
//! A model for a reader in Rust, and for the runner of a port.

use std::path::Path;

mod model;
mod run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/conformance");
    let kit = std::fs::read_to_string(folder.join("kit.json"))?;
    let kit: model::Kit = serde_json::from_str(&kit)?;
    let report = run::run(&kit)?;
    for mismatch in &report.mismatches {
        eprintln!("{mismatch}");
    }
    eprintln!(
        "{} cases, {} scans, {} not as expected",
        kit.cases.len(),
        report.lines.len(),
        report.mismatches.len()
    );
    if report.mismatches.is_empty() {
        Ok(())
    } else {
        Err("not conformant".into())
    }
}
