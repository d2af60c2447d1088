//! Writes `include/faregate.h`: `cargo run -p ffi --example header`.
//!
//! A test of this crate fails when the committed header differs from what this writes.

mod generate;

fn main() -> std::io::Result<()> {
    let header = generate::header().map_err(std::io::Error::other)?;
    std::fs::write(generate::path(), header)
}
