//! `cargo xtask bench`: figures with the command that makes them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process::{announce, cargo, output, prepare, root, run, target_dir};
use crate::services;

/// What is measured where nothing is named.
const ALL: [&str; 3] = ["gate", "fares", "settle"];

/// Builds the benchmarks optimised and runs those that are named, or all.
///
/// # Errors
/// When the build or a benchmark fails.
pub(crate) fn run_with(options: &[String]) -> Result<()> {
    announce("build: the benchmarks, optimised");
    prepare(cargo().args(["build", "--release", "--package", "bench"]))?;
    let (groups, options) = match options.split_first() {
        Some((first, rest)) if !first.starts_with('-') => (vec![first.as_str()], rest),
        _ => (ALL.to_vec(), options),
    };
    let mut commands = Vec::new();
    for group in groups {
        if group == "settle" {
            services::postgres()?;
        }
        let mut bench = Command::new(target_dir().join("release/bench"));
        bench.arg(group).args(options).current_dir(root());
        if group == "gate" && has_avx512() {
            bench.arg("--avx512").arg(build_for_avx512()?);
        }
        commands.push(bench);
        if group == "gate" {
            commands.push(agent()?);
        }
    }
    announce("bench");
    if options.iter().any(|option| option == "--json") {
        return print_joined(commands);
    }
    commands.iter_mut().try_for_each(run)
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

/// The arrays of rows that the commands print, as one.
fn print_joined(commands: Vec<Command>) -> Result<()> {
    let mut rows: Vec<serde_json::Value> = Vec::new();
    for mut command in commands {
        let agent = command.get_program() != target_dir().join("release/bench");
        let array = if agent {
            // It ends with a failure where a promise is not kept: the rows say which.
            let measured = command.arg("--json").stderr(Stdio::inherit()).output()?;
            String::from_utf8(measured.stdout)?
        } else {
            output(&mut command)?
        };
        rows.extend(serde_json::from_str::<Vec<_>>(&array)?);
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
