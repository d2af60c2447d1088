//! The file on disk: written whole or not at all, readable by its owner alone.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Bytes read at most: 128 keys of 256 bytes and age's header, with room to spare.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Why a key file was not read or written.
#[derive(Debug, thiserror::Error)]
#[error("{action} {path:?} failed")]
pub struct DiskError {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// Writes `sealed` at `path`, replacing what was there in one step: after a crash the path holds
/// the old file or the new one, and the new one survives power loss once this returns.
///
/// # Errors
/// [`DiskError`]; what was at `path` is unharmed.
pub fn store(path: &Path, sealed: &[u8]) -> Result<(), DiskError> {
    let mut name = OsString::from(path.as_os_str());
    name.push(".new");
    let temporary = PathBuf::from(name);
    let at = |action, place: &Path| {
        let path = place.to_path_buf();
        move |source| DiskError {
            action,
            path,
            source,
        }
    };
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(at("removing", &temporary)(error));
        }
        _ => {}
    }
    let mut file = create_private(&temporary).map_err(at("creating", &temporary))?;
    file.write_all(sealed).map_err(at("writing", &temporary))?;
    file.sync_all().map_err(at("syncing", &temporary))?;
    drop(file);
    fs::rename(&temporary, path).map_err(at("replacing", path))?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // The rename is durable only when the folder is.
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at("syncing", folder))
}

/// Reads the file at `path`.
///
/// # Errors
/// [`DiskError`], also when the file is larger than any key file.
pub fn load(path: &Path) -> Result<Vec<u8>, DiskError> {
    let failed = |source| DiskError {
        action: "reading",
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES_MAX) {
        return Err(failed(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "larger than any key file",
        )));
    }
    Ok(bytes)
}

/// A new file that only its owner can read; fails where something is there already.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
