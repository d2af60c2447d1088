//! Folders and zip archives on their way into `tariff`, from the disk.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use intake::{Collected, FILES_MAX, Package, archive, is_read};
use tariff::{City, Feed};

use crate::progress;

/// Reads a folder or a zip archive.
///
/// # Errors
/// When it cannot be read, is too large, or is no honest archive: every problem is named.
pub(crate) fn read(path: &Path) -> Result<Package> {
    let shown = path.display();
    let package = if path.is_dir() {
        of_folder(path)?
    } else {
        let file = fs::File::open(path).with_context(|| format!("cannot read {shown}"))?;
        let bar = progress::counter("reading the archive");
        let read = archive::read(file, || bar.inc(1));
        bar.finish_and_clear();
        read.with_context(|| format!("{shown} cannot be read as a zip archive"))?
    };
    if !package.is_city() && !package.holds_fares() {
        bail!(
            "{shown} is no city package and no GTFS feed: expected city.toml, or files like \
             stops.txt and fare_products.txt at its top"
        );
    }
    Ok(package)
}

/// The city that this package, read from `path`, is.
///
/// # Errors
/// When it is a bare feed, or has defects: all of them are listed.
pub(crate) fn city(package: &Package, path: &Path) -> Result<City> {
    let path = path.display();
    if !package.is_city() {
        bail!("{path} is a GTFS feed; a city package is wanted (city.toml beside gtfs/)");
    }
    City::load(&package.files).map_err(|report| anyhow::anyhow!("{path} has defects:\n{report}"))
}

/// The feed of this package, read from `path`.
///
/// # Errors
/// When it has defects: all of them are listed.
pub(crate) fn feed(package: &Package, path: &Path) -> Result<Feed> {
    Feed::read(&package.feed())
        .map_err(|report| anyhow::anyhow!("{} has defects:\n{report}", path.display()))
}

/// Reads the files at the top and those one folder below.
///
/// # Errors
/// When a file cannot be read or a limit is passed.
fn of_folder(folder: &Path) -> Result<Package> {
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
    let mut collected = Collected::default();
    for path in paths.iter().filter(|path| is_read(path)) {
        let place = folder.join(path);
        let said = || format!("cannot read {}", place.display());
        let file = fs::File::open(&place).with_context(said)?;
        let size = file.metadata().with_context(said)?.len();
        let source = progress::reading(path, size, file);
        collected.take(path, source).with_context(said)?;
    }
    Ok(collected.finish())
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
