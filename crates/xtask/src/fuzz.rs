//! `cargo xtask fuzz`: the targets of `crates/fuzz` under libFuzzer, on the stable toolchain.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{announce, cargo, root, run, target_dir};

/// What `cargo fuzz` passes to the compiler: counters, comparisons and a table of places.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longest input of all targets, bytes; each has its own limit below it.
const INPUT_BYTES_MAX: u32 = 8_192;
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
    let names = chosen(&options.targets)?;
    let binary = build()?;
    for name in names {
        fuzz(&binary, &name, options)?;
    }
    Ok(())
}

/// The binary under libFuzzer. Our own crates carry its counters; those of others are the release
/// build's, so that this costs a minute and not ten.
fn build() -> Result<PathBuf> {
    announce("fuzz targets, built for libFuzzer");
    let wrapper = target_dir().join("rustc-for-fuzzing");
    std::fs::create_dir_all(target_dir())?;
    // Build scripts are programs of their own, without libFuzzer's functions.
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *\" build_script_\"*) exec \"$@\";; esac\nexec \"$@\" {}\n",
        FLAGS.join(" ")
    );
    std::fs::write(&wrapper, script)?;
    std::fs::set_permissions(&wrapper, Permissions::from_mode(0o755))?;
    run(cargo()
        .args(["build", "--release", "--package", "fuzz"])
        .args(["--features", "libfuzzer"])
        .env("RUSTC_WORKSPACE_WRAPPER", &wrapper))?;
    Ok(target_dir().join("release/fuzz"))
}

/// The targets that were asked for; each has a folder of corpus.
fn chosen(asked: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(corpus())? {
        all.push(entry?.file_name().to_string_lossy().into_owned());
    }
    all.sort();
    if let Some(strange) = asked.iter().find(|name| !all.contains(name)) {
        bail!(
            "no fuzz target is named {strange}; there are {}",
            all.join(", ")
        );
    }
    all.retain(|name| asked.is_empty() || asked.contains(name));
    Ok(all)
}

fn corpus() -> PathBuf {
    root().join("crates/fuzz/corpus")
}

fn fuzz(binary: &Path, name: &str, options: &Options) -> Result<()> {
    announce(&format!("fuzz {name}, {} s", options.seconds));
    let corpus = corpus().join(name);
    let found = target_dir().join("fuzz-found").join(name);
    std::fs::create_dir_all(&found)?;
    let limits = [
        format!("-max_len={INPUT_BYTES_MAX}"),
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
