//! `cargo xtask bench`: figures with the command that makes them.

use std::process::Command;

use anyhow::Result;

use crate::process::{announce, cargo, prepare, root, run, target_dir};

/// Builds the benchmarks optimised and hands over to them.
///
/// # Errors
/// When the build or a benchmark fails.
pub(crate) fn run_with(options: &[String]) -> Result<()> {
    announce("build: the benchmarks, optimised");
    prepare(cargo().args(["build", "--release", "--package", "bench"]))?;
    announce("bench");
    let named = options.first().is_some_and(|first| !first.starts_with('-'));
    let what: &[&str] = if named { &[] } else { &["gate"] };
    run(Command::new(target_dir().join("release/bench"))
        .args(what)
        .args(options)
        .current_dir(root()))
}
