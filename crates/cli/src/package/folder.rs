//! A package that is a folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Collected, FILES_MAX, Package, is_read};
use crate::progress;

/// Reads the files at the top and those one folder below.
///
/// # Errors
/// When a file cannot be read or a limit is passed.
pub(super) fn read(folder: &Path) -> Result<Package> {
    let mut paths = list(folder, "")?;
    let below: Vec<String> = paths
        .iter()
        .filter(|path| path.ends_with('/'))
        .cloned()
        .collect();
    paths.retain(|path| !path.ends_with('/'));
    for inside in below {
        // Folders of folders: a package inside one more folder.
        let more = list(&folder.join(&inside), &inside)?;
        for path in more {
            if path.ends_with('/') {
                let deep = list(&folder.join(&path), &path)?;
                paths.extend(deep.into_iter().filter(|path| !path.ends_with('/')));
            } else {
                paths.push(path);
            }
        }
        if paths.len() > FILES_MAX {
            bail!("{} holds more than {FILES_MAX} files", folder.display());
        }
    }
    paths.sort_unstable();
    let mut collected = Collected::new();
    for path in paths.iter().filter(|path| is_read(path)) {
        let place = folder.join(path);
        let said = || format!("cannot read {}", place.display());
        let file = fs::File::open(&place).with_context(said)?;
        let size = file.metadata().with_context(said)?.len();
        let source = progress::reading(path, size, file);
        collected.take(path, source).with_context(said)?;
    }
    Ok(collected.finish(Vec::new()))
}

/// The paths in a folder, each with `prefix`; folders end with `/`. Names that are no text and
/// hidden ones are left out.
fn list(folder: &Path, prefix: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let said = || format!("cannot list {}", folder.display());
    for entry in fs::read_dir(folder).with_context(said)? {
        let entry = entry.with_context(said)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let is_folder = entry.file_type().with_context(said)?.is_dir();
        paths.push(format!(
            "{prefix}{name}{}",
            if is_folder { "/" } else { "" }
        ));
        if paths.len() > FILES_MAX {
            bail!("{} holds more than {FILES_MAX} files", folder.display());
        }
    }
    Ok(paths)
}
