//! What a fresh machine lacks, installed once: web build, Python checks, cargo-deny, a browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{announce, answers, cargo, output, prepare, root, target_dir};

/// `cargo deny` is installed at this version where none answers.
const CARGO_DENY: &str = "0.20.2";

/// Builds the pages into `web/dist`, which the server embeds.
///
/// # Errors
/// When Node.js or the target for WebAssembly is missing, or the build fails.
pub(crate) fn web() -> Result<()> {
    announce("web: install and build the pages");
    if !answers("npm") {
        bail!("the web pages need Node.js 20.19 or later with npm: install it and run this again");
    }
    wasm()?;
    let web = root().join("web");
    let lock = std::fs::read(web.join("package-lock.json")).context("web/package-lock.json")?;
    // npm writes this copy of the lock file last, so it tells a finished installation.
    let stamp = web.join("node_modules/.faregate-lock.json");
    if std::fs::read(&stamp).ok().as_deref() != Some(&lock) {
        prepare(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&web),
        )?;
        std::fs::write(&stamp, &lock)?;
    }
    prepare(Command::new("npm").args(["run", "build"]).current_dir(&web))
}

/// Lets Rust compile the validator for the inspector's page, which is WebAssembly.
fn wasm() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let printed =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(printed.trim()).exists() {
        return Ok(());
    }
    if !answers("rustup") {
        bail!("the inspector's page needs Rust's target {TARGET}: install it and run this again");
    }
    prepare(Command::new("rustup").args(["target", "add", TARGET]))
}

/// A Python environment under `target/` with what the checks in `proto/check` and `tests` need.
///
/// # Errors
/// When Python 3 is missing or its packages cannot be installed.
pub(crate) fn python() -> Result<PathBuf> {
    announce("python: an environment for the checks with pycose, cbor2 and pyarrow");
    let venv = target_dir().join("python-checks");
    let python = venv.join("bin/python");
    let wanted = std::fs::read(root().join("proto/check/requirements.txt"))
        .context("proto/check/requirements.txt")?;
    let stamp = venv.join("faregate-requirements.txt");
    if std::fs::read(&stamp).ok().as_deref() != Some(&wanted) {
        if !answers("python3") {
            bail!("the checks need Python 3 with venv: install python3-venv and run this again");
        }
        prepare(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&venv),
        )?;
        prepare(
            Command::new(&python)
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "-r",
                ])
                .arg("proto/check/requirements.txt")
                .current_dir(root()),
        )?;
        std::fs::write(&stamp, &wanted)?;
    }
    Ok(python)
}

/// Makes `cargo deny` answer.
///
/// # Errors
/// When it cannot be installed.
pub(crate) fn cargo_deny() -> Result<()> {
    announce("cargo deny: licences, bans and sources of dependencies");
    if output(cargo().args(["deny", "--version"])).is_ok() {
        return Ok(());
    }
    prepare(cargo().args(["install", "cargo-deny", "--locked", "--version", CARGO_DENY]))
}

/// The path of a Chromium for the browser tests, installed from Debian's packages when missing.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(crate) fn chromium() -> Result<PathBuf> {
    announce("browser: Chromium");
    let known = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let find = || known.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = find() {
        return Ok(path);
    }
    install("chromium")?;
    find().context("the browser tests need Chromium: install it and run this again")
}

/// Installs one of Debian's packages, where there is `apt-get`.
///
/// # Errors
/// When the installation fails.
pub(crate) fn install(package: &str) -> Result<()> {
    if !answers("apt-get") {
        return Ok(());
    }
    prepare(Command::new("apt-get").args(["update", "-q"]))?;
    prepare(
        Command::new("apt-get")
            .args(["install", "-q", "-y", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
