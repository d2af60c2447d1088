//! City packages: the one inside the binary, and those in folders.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rust_embed::RustEmbed;
use tariff::{City, CityFiles};

/// A file of a city package may have this many bytes at the most.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The city of the demo, so that the binary runs anywhere.
#[derive(RustEmbed)]
#[folder = "../../deploy/cities/hangzhou"]
#[include = "city.toml"]
#[include = "gtfs/*.txt"]
struct Hangzhou;

/// Loads the city package in `folder`, or the built-in Hangzhou where none is named.
///
/// # Errors
/// When a file cannot be read, or the package has defects: all of them are listed.
pub(crate) fn load_city(folder: Option<&Path>) -> Result<City> {
    let (files, place) = match folder {
        Some(folder) => (read_folder(folder)?, folder.display().to_string()),
        None => (built_in(), "the built-in city package".to_owned()),
    };
    City::load(&files).map_err(|report| anyhow::anyhow!("{place} has defects:\n{report}"))
}

/// The files of the city package in `folder`, or of the built-in one.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn read_package(folder: Option<&Path>) -> Result<CityFiles> {
    folder.map_or_else(|| Ok(built_in()), read_folder)
}

fn built_in() -> CityFiles {
    let mut files = BTreeMap::new();
    for name in Hangzhou::iter() {
        if let Some(file) = Hangzhou::get(&name) {
            files.insert(name.into_owned(), file.data.into_owned());
        }
    }
    CityFiles(files)
}

fn read_folder(folder: &Path) -> Result<CityFiles> {
    let mut files = BTreeMap::new();
    read_into(folder, "city.toml", &mut files)?;
    read_tables(folder, "gtfs", &mut files)?;
    let said = || format!("cannot list {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(said)? {
        let entry = entry.with_context(said)?;
        let name = entry.file_name();
        // Later tariffs of the city stand in folders of their own.
        if entry.file_type().with_context(said)?.is_dir()
            && let Some(name) = name.to_str().filter(|name| *name != "gtfs")
        {
            read_tables(folder, name, &mut files)?;
        }
    }
    Ok(CityFiles(files))
}

fn read_tables(folder: &Path, inside: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let place = folder.join(inside);
    let entries = std::fs::read_dir(&place)
        .with_context(|| format!("cannot list {} (the city's GTFS files)", place.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        if Path::new(name)
            .extension()
            .is_some_and(|ending| ending == "txt" || ending == "csv")
        {
            read_into(folder, &format!("{inside}/{name}"), files)?;
        }
    }
    Ok(())
}

fn read_into(folder: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let path = folder.join(name);
    let size = std::fs::metadata(&path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .len();
    if size > FILE_BYTES_MAX {
        bail!(
            "{} has {size} bytes, at most {FILE_BYTES_MAX} are read",
            path.display()
        );
    }
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    files.insert(name.to_owned(), bytes);
    Ok(())
}
