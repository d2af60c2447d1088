//! Folders and zip archives on their way into `tariff`: a city package (`city.toml` beside folders
//! of GTFS files) or a bare GTFS feed. Sizes and counts are limited before anything is read.

mod archive;
mod folder;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use tariff::{City, CityFiles, Feed, FeedFiles};

/// Files of one package: a feed has some thirty.
const FILES_MAX: usize = 1_000;

/// Bytes of all files that are read: four of the largest.
const PACKAGE_BYTES_MAX: u64 = 512 << 20;

/// Files of the GTFS reference in which no fare stands. They are the largest of a feed, and they
/// are not read.
const NO_FARES: &[&str] = &[
    "stop_times.txt",
    "trips.txt",
    "shapes.txt",
    "transfers.txt",
    "frequencies.txt",
    "pathways.txt",
    "levels.txt",
    "location_groups.txt",
    "location_group_stops.txt",
    "booking_rules.txt",
    "translations.txt",
    "attributions.txt",
];

/// What a folder or an archive holds.
#[derive(Debug, Default)]
pub(crate) struct Package {
    /// Path below the package's top, with `/`, to bytes.
    pub(crate) files: CityFiles,
    /// What was put up with, one sentence each.
    pub(crate) notes: Vec<String>,
}

impl Package {
    /// Reads a folder or a zip archive.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is no honest archive: every problem is named.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let package = if path.is_dir() {
            folder::read(path)?
        } else {
            archive::read(path)?
        };
        let package = package.without_root();
        if !package.is_city() && !package.holds_fares() {
            bail!(
                "{} is no city package and no GTFS feed: expected city.toml, or files like \
                 stops.txt and fare_products.txt at its top",
                path.display()
            );
        }
        Ok(package)
    }

    /// Whether it is a city package; a bare feed otherwise.
    pub(crate) fn is_city(&self) -> bool {
        self.files.0.contains_key("city.toml")
    }

    /// The city that this package, read from `path`, is.
    ///
    /// # Errors
    /// When it is a bare feed, or has defects: all of them are listed.
    pub(crate) fn city(&self, path: &Path) -> Result<City> {
        let path = path.display();
        if !self.is_city() {
            bail!("{path} is a GTFS feed; a city package is wanted (city.toml beside gtfs/)");
        }
        City::load(&self.files).map_err(|report| anyhow::anyhow!("{path} has defects:\n{report}"))
    }

    /// The feed of this package, read from `path`.
    ///
    /// # Errors
    /// When it has defects: all of them are listed.
    pub(crate) fn read_feed(&self, path: &Path) -> Result<Feed> {
        Feed::read(&self.feed())
            .map_err(|report| anyhow::anyhow!("{} has defects:\n{report}", path.display()))
    }

    /// The files of the bare feed, or of the folder `gtfs/` of a city package.
    pub(crate) fn feed(&self) -> FeedFiles<'_> {
        FeedFiles::of_city(&self.files, if self.is_city() { "gtfs/" } else { "" })
    }

    fn holds_fares(&self) -> bool {
        let known = |path: &String| {
            tariff::feed::FeedFile::ALL
                .iter()
                .any(|file| file.name() == path)
        };
        self.files.0.keys().any(known)
    }

    /// Takes one folder around everything away, as archives of a folder have it.
    fn without_root(mut self) -> Self {
        if self.is_city() || self.holds_fares() {
            return self;
        }
        let roots = self.files.0.keys().map(|path| path.split_once('/'));
        let mut roots = roots.collect::<Option<Vec<_>>>().unwrap_or_default();
        roots.dedup_by_key(|(root, _)| *root);
        let [(root, _)] = roots.as_slice() else {
            return self;
        };
        let root = format!("{root}/");
        let note = format!("all files are in the folder {root}; it should be the top itself");
        self.notes.push(note);
        let inside = std::mem::take(&mut self.files.0).into_iter();
        let moved = inside.map(|(path, bytes)| {
            let path = path.strip_prefix(&root).map(str::to_owned).unwrap_or(path);
            (path, bytes)
        });
        self.files = CityFiles(moved.collect());
        self
    }
}

/// Whether `tariff` has a use for the file at this path.
fn is_read(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let table = [".txt", ".csv"].iter().any(|ending| name.ends_with(ending));
    name == "city.toml" || (table && !NO_FARES.contains(&name) && path.split('/').count() <= 3)
}

/// The files read so far and what is left of the limits.
struct Collected {
    files: BTreeMap<String, Vec<u8>>,
    bytes_left: u64,
}

impl Collected {
    const fn new() -> Self {
        Self {
            files: BTreeMap::new(),
            bytes_left: PACKAGE_BYTES_MAX,
        }
    }

    /// Reads a file to its end, unless that is further than a limit. What a header says of a size
    /// is not believed.
    ///
    /// # Errors
    /// When the source fails or has too much.
    fn take(&mut self, path: &str, source: impl std::io::Read) -> Result<()> {
        use std::io::Read as _;
        let file_max = u64::try_from(tariff::feed::FILE_BYTES_MAX)?;
        let most = file_max.min(self.bytes_left);
        let mut bytes = Vec::new();
        source
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)?;
        let size = u64::try_from(bytes.len())?;
        if size > file_max {
            bail!("at most {} MiB, unpacked", file_max >> 20);
        }
        if size > self.bytes_left {
            bail!(
                "at most {} MiB in all files together",
                PACKAGE_BYTES_MAX >> 20
            );
        }
        self.bytes_left = self.bytes_left.saturating_sub(size);
        self.files.insert(path.to_owned(), bytes);
        Ok(())
    }

    fn finish(self, notes: Vec<String>) -> Package {
        Package {
            files: CityFiles(self.files),
            notes,
        }
    }
}
