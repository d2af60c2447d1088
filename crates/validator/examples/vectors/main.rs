//! Writes `proto/vectors/*.json`, from fixed seeds: `cargo run -p validator --example vectors`.
//!
//! A test of this crate fails when the committed files differ from what this writes.
#![expect(
    clippy::unwrap_used,
    reason = "a tool for developers; shared with tests"
)]

use std::path::Path;

#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
#[path = "../../../wire/tests/suite/damage.rs"]
mod damage;
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
#[path = "../../../wire/tests/suite/hostile.rs"]
mod hostile;
mod model;
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
#[path = "../../../wire/tests/suite/objects.rs"]
mod objects;
mod refused;
mod taps;
mod vectors;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/vectors");
    std::fs::create_dir_all(&folder)?;
    for (name, content) in vectors::files() {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}
