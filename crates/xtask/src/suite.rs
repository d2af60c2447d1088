//! `cargo xtask test` and `check`: every test, in the order that fails soonest.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{announce, cargo, output, prepare, root, run, target_dir};
use crate::{city, demo, fuzz, services, setup};

/// Formatting, lints and the tests of the workspace.
///
/// # Errors
/// When one of them fails.
pub(crate) fn check() -> Result<()> {
    announce("format and lints");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    announce("city packages are what their tables generate");
    city::run(true)?;
    services::redis()?;
    services::postgres()?;
    let hledger = services::hledger()?;
    announce("tests of the workspace");
    run(cargo()
        .args(["test", "--workspace", "--all-features"])
        .env("FAREGATE_HLEDGER", hledger))
}

/// Everything: set-up, [`check`], licences, documentation, other languages, the demo, a browser.
///
/// # Errors
/// When a step cannot be set up or fails.
pub(crate) fn test() -> Result<()> {
    setup::web()?;
    check()?;
    announce("documentation builds without a broken link");
    run(cargo()
        .args([
            "doc",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--quiet",
        ])
        .env("RUSTDOCFLAGS", "-D warnings"))?;
    setup::cargo_deny()?;
    run(cargo().args([
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    let python = setup::python()?;
    announce("vectors verify with pycose and cbor2");
    run(Command::new(&python)
        .arg("proto/check/verify_vectors.py")
        .current_dir(root()))?;
    web_tests()?;
    fuzz::smoke()?;
    let faregate = demo::build()?;
    whole_city(&faregate)?;
    parquet(&python, &faregate)?;
    browser(&faregate)?;
    london(&python, &faregate)?;
    eprintln!("\nAll of cargo xtask test passed.");
    Ok(())
}

fn web_tests() -> Result<()> {
    announce("web: lint, types, unit tests");
    for script in ["lint", "check", "test"] {
        run(Command::new("npm")
            .args(["run", script])
            .current_dir(root().join("web")))?;
    }
    Ok(())
}

/// The demo at the size that the README promises, with its promises checked.
fn whole_city(faregate: &Path) -> Result<()> {
    announce("a morning of the whole city");
    let data = tempfile::tempdir()?;
    let printed = output(
        Command::new(faregate)
            .args(["demo", "--once", "--json", "--data"])
            .arg(data.path())
            .current_dir(root()),
    )?;
    let seen: serde_json::Value = serde_json::from_str(&printed)?;
    eprintln!("{seen:#}");
    let number = |key: &str| seen[key].as_i64().unwrap_or(-1);
    if number("riders") < 2_000 {
        bail!(
            "the demo has {} riders, 2,000 are promised",
            number("riders")
        );
    }
    if number("ledger_sum_minor") != 0 || seen["recompute_equal"] != true {
        bail!("the demo's ledger does not balance or does not recompute");
    }
    if number("journeys") < 1 || number("charges") < 1 || number("refused") < 1 {
        bail!("the demo shows no journey, no charge or no refusal");
    }
    if seen["cheats_unnoticed"] != 0 {
        bail!("{} cheats went unnoticed", seen["cheats_unnoticed"]);
    }
    Ok(())
}

fn browser(faregate: &Path) -> Result<()> {
    let chromium = setup::chromium()?;
    announce("the pages in a real browser");
    prepare(cargo().args(["build", "--release", "--package", "gate"]))?;
    run(Command::new("npm")
        .args(["run", "e2e"])
        .env("FAREGATE_BIN", faregate)
        .env(
            "FAREGATE_GATE_BIN",
            target_dir().join("release/faregate-gate"),
        )
        .env("CHROMIUM_BIN", chromium)
        .current_dir(root().join("web")))
}

/// Reads the export as Parquet with a reader that is none of ours.
fn parquet(python: &Path, faregate: &Path) -> Result<()> {
    announce("the Parquet export is read by pyarrow");
    run(Command::new(python)
        .args([
            "tests/parquet/check_parquet.py".as_ref(),
            faregate.as_os_str(),
        ])
        .arg("deploy/cities/hangzhou")
        .current_dir(root()))
}

/// Settles London's real taps where the data lies beside the repository.
fn london(python: &Path, faregate: &Path) -> Result<()> {
    announce("real taps of London, November 2009");
    let data = root().join("../shared/data/afc/london_oyster_journeys_nov2009_Mon_Tue_Wed.csv.gz");
    if !data.exists() {
        eprintln!("not run: the data is not here ({})", data.display());
        return Ok(());
    }
    run(Command::new(python)
        .arg("tests/real/check_london.py")
        .arg(faregate)
        .arg(data)
        .current_dir(root()))
}
