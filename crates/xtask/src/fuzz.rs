//! `cargo xtask fuzz`: the targets of `crates/fuzz` under libFuzzer, on the stable toolchain.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{announce, cargo, output, root, run, target_dir};

/// What `cargo fuzz` passes to the compiler; counters, comparisons and a table of places.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks";

/// Most memory of a target, MiB; most seconds for one input.
const MEMORY_MIB: u32 = 1_024;
const INPUT_SECONDS: u32 = 10;

/// How long and what.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The targets, all where none is named.
    targets: Vec<String>,
    /// Seconds for each.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Adds what finds new places to the committed corpus, then keeps the fewest of all that
    /// reach the same.
    #[arg(long)]
    keep: bool,
}

/// A short run of every target, as part of the tests.
///
/// # Errors
/// As [`run_with`].
pub(crate) fn smoke() -> Result<()> {
    run_with(&Options {
        targets: Vec::new(),
        seconds: 3,
        keep: false,
    })
}

/// Builds the targets and runs each.
///
/// # Errors
/// When they do not build, or one finds an input that breaks what must hold.
pub(crate) fn run_with(options: &Options) -> Result<()> {
    let binary = build()?;
    for (name, max_bytes) in chosen(&options.targets)? {
        fuzz(&binary, &name, max_bytes, options)?;
    }
    Ok(())
}

/// The binary under libFuzzer. It lies in a folder of its own: other flags, other objects.
fn build() -> Result<PathBuf> {
    announce("fuzz targets, built for libFuzzer");
    let folder = target_dir().join("fuzz");
    let host = host_triple()?;
    run(cargo()
        .args(["build", "--package", "fuzz", "--release", "--target", &host])
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        // The instrumentation is an unstable flag; the toolchain is the stable one.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS))?;
    Ok(folder.join(host).join("release/fuzz"))
}

/// Naming the target keeps the flags away from build scripts.
fn host_triple() -> Result<String> {
    let about = output(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map_or_else(
        || bail!("`rustc -vV` names no host"),
        |host| Ok(host.to_owned()),
    )
}

/// Name and longest input of each target that was asked for.
fn chosen(asked: &[String]) -> Result<Vec<(String, usize)>> {
    let list = output(cargo().args(["run", "--quiet", "--package", "fuzz"]))?;
    let mut all = Vec::new();
    for line in list.lines() {
        let Some((name, bytes)) = line.split_once('\t') else {
            bail!("expected a name, a tab and a number of bytes, got {line:?}");
        };
        all.push((name.to_owned(), bytes.parse()?));
    }
    if let Some(strange) = asked
        .iter()
        .find(|name| !all.iter().any(|(n, _)| n == *name))
    {
        bail!("no fuzz target is named {strange}");
    }
    all.retain(|(name, _)| asked.is_empty() || asked.contains(name));
    Ok(all)
}

fn fuzz(binary: &Path, name: &str, max_bytes: usize, options: &Options) -> Result<()> {
    announce(&format!("fuzz {name}, {} s", options.seconds));
    let corpus = root().join("crates/fuzz/corpus").join(name);
    let found = target_dir().join("fuzz-found").join(name);
    std::fs::create_dir_all(&found)?;
    let limits = [
        format!("-max_len={max_bytes}"),
        format!("-timeout={INPUT_SECONDS}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-artifact_prefix={}/broken-", found.display()),
    ];
    let mut command = Command::new(binary);
    command.env("FAREGATE_FUZZ_TARGET", name).args(&limits);
    run(command
        .arg(format!("-max_total_time={}", options.seconds))
        .args(["-print_final_stats=1", "-verbosity=0"])
        .arg(&found)
        .arg(&corpus))?;
    if options.keep {
        let mut merge = Command::new(binary);
        merge.env("FAREGATE_FUZZ_TARGET", name).args(&limits);
        run(merge.args(["-merge=1"]).arg(&corpus).arg(&found))?;
    }
    Ok(())
}
