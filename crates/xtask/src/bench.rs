//! `cargo xtask bench`: figures with the command that makes them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process::{announce, cargo, output, prepare, root, run, target_dir};

/// Builds the benchmarks optimised and hands over to them.
///
/// # Errors
/// When the build or a benchmark fails.
pub(crate) fn run_with(options: &[String]) -> Result<()> {
    announce("build: the benchmarks, optimised");
    prepare(cargo().args(["build", "--release", "--package", "bench"]))?;
    let named = options.first().is_some_and(|first| !first.starts_with('-'));
    let what: &[&str] = if named { &[] } else { &["gate"] };
    let mut bench = Command::new(target_dir().join("release/bench"));
    bench.args(what).args(options).current_dir(root());
    let gate = !named || options.first().is_some_and(|first| first == "gate");
    if gate && has_avx512() {
        bench.arg("--avx512").arg(build_for_avx512()?);
    }
    announce("bench");
    if !gate {
        return run(&mut bench);
    }
    let mut agent = agent()?;
    if options.iter().any(|option| option == "--json") {
        // It ends with a failure where a promise is not kept: the rows say which.
        let measured = agent.arg("--json").stderr(Stdio::inherit()).output()?;
        let rows = [output(&mut bench)?, String::from_utf8(measured.stdout)?];
        return print_joined(&rows);
    }
    run(&mut bench)?;
    run(&mut agent)
}

/// Builds the agent, and gives the command that measures it with real files, in the target
/// directory: a folder for temporary files may be no disk.
fn agent() -> Result<Command> {
    announce("build: the agent, optimised");
    let packages = ["--package", "cli", "--package", "gate"];
    prepare(cargo().args(["build", "--release"]).args(packages))?;
    let mut agent = Command::new(target_dir().join("release/faregate"));
    agent.args(["bench", "gate", "--dir"]).arg(target_dir());
    Ok(agent)
}

/// Arrays of rows as one.
fn print_joined(arrays: &[String]) -> Result<()> {
    let mut rows: Vec<serde_json::Value> = Vec::new();
    for array in arrays {
        rows.extend(serde_json::from_str::<Vec<_>>(array)?);
    }
    let text = serde_json::to_string_pretty(&rows)?;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Whether dalek's AVX-512 backend, which no build selects by itself, would run here.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512ifma")
        && std::arch::is_x86_feature_detected!("avx512vl")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

/// Builds the benchmarks a second time, in a directory of their own, and gives the program.
fn build_for_avx512() -> Result<std::path::PathBuf> {
    announce("build: the benchmarks with dalek's avx512 backend");
    let directory = target_dir().join("avx512");
    let flags = "--cfg curve25519_dalek_backend=\"avx512\"";
    prepare(
        cargo()
            .args(["build", "--release", "--package", "bench", "--target-dir"])
            .arg(&directory)
            .env("RUSTFLAGS", flags),
    )?;
    Ok(directory.join("release/bench"))
}
