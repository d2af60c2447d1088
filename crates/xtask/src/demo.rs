//! `cargo xtask demo`: from a fresh clone to the main job on embedded SQLite.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process::{announce, cargo, prepare, root, run, target_dir};
use crate::setup;

/// Builds the pages and the one binary, then hands over to `faregate demo`.
///
/// # Errors
/// When a build fails or the demo does.
pub(crate) fn run_with(options: &[String]) -> Result<()> {
    let binary = build()?;
    announce("faregate demo");
    run(Command::new(binary)
        .arg("demo")
        .args(options)
        .current_dir(root()))
}

/// Builds `faregate` optimised, with the pages in it; gives back its path.
///
/// # Errors
/// When a build fails.
pub(crate) fn build() -> Result<PathBuf> {
    setup::web()?;
    announce("build: faregate, optimised");
    prepare(cargo().args(["build", "--release", "--package", "cli"]))?;
    Ok(target_dir().join("release/faregate"))
}
