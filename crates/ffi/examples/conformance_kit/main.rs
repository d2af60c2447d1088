//! Writes `proto/conformance`, from fixed seeds: `cargo run -p ffi --example conformance_kit`.
//!
//! A test of this crate fails when the committed kit differs from what this writes.
#![expect(
    clippy::unwrap_used,
    reason = "a tool for developers; shared with tests"
)]

mod base;
mod codes;
mod files;
#[path = "../../../validator/examples/conformance/model.rs"]
mod model;
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
#[path = "../../../wire/tests/suite/objects.rs"]
mod objects;
mod pictures;
mod readers;
mod riders;
mod sequences;

fn main() -> std::io::Result<()> {
    let folder = files::folder();
    let kit = files::kit();
    let shown = folder.join("pictures");
    if shown.exists() {
        std::fs::remove_dir_all(&shown)?;
    }
    std::fs::create_dir_all(&shown)?;
    std::fs::write(folder.join("kit.json"), files::json(&kit))?;
    std::fs::write(folder.join("kit.txt"), files::script(&kit))?;
    for (name, text) in files::pictures(&kit) {
        std::fs::write(folder.join(name), pictures::png(text))?;
    }
    Ok(())
}
