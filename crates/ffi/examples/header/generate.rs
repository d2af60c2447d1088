//! The C header, from the sources by `cbindgen`.

use std::path::{Path, PathBuf};

/// Where the header is committed.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include/faregate.h")
}

/// Sources in the order in which their items stand in the header.
const SOURCES: [&str; 16] = [
    "status.rs",
    "setup.rs",
    "validator_memory.rs",
    "deny.rs",
    "prepare.rs",
    "accept.rs",
    "replay.rs",
    "clock.rs",
    "decision.rs",
    "sentence.rs",
    "tap.rs",
    "note.rs",
    "chain.rs",
    "lists.rs",
    "lists_take.rs",
    "lists_delta.rs",
];

/// The text of the header.
///
/// # Errors
/// What `cbindgen` says about its configuration or the sources.
pub(crate) fn header() -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(root.join("src").join(source));
    }
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    Ok(text.replace("// # Safety\n", "// The caller sees to:\n"))
}
