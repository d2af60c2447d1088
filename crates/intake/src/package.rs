//! A city package (`city.toml` beside folders of GTFS files) or a bare GTFS feed. Sizes and counts
//! are limited before anything is kept.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Result, bail};
use tariff::{CityFiles, FeedFiles};

/// Files of one package: a feed has some thirty.
pub const FILES_MAX: usize = 1_000;

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
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Package {
    /// Path below the package's top, with `/`, to bytes.
    pub files: CityFiles,
    /// What was put up with, one sentence each.
    pub notes: Vec<String>,
}

impl Package {
    /// Whether it is a city package; a bare feed otherwise.
    #[must_use]
    pub fn is_city(&self) -> bool {
        self.files.0.contains_key("city.toml")
    }

    /// The files of the bare feed, or of the folder `gtfs/` of a city package.
    #[must_use]
    pub fn feed(&self) -> FeedFiles<'_> {
        FeedFiles::of_city(&self.files, if self.is_city() { "gtfs/" } else { "" })
    }

    /// Whether a file of the GTFS reference is at its top.
    #[must_use]
    pub fn holds_fares(&self) -> bool {
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
#[must_use]
pub fn is_read(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let table = [".txt", ".csv"].iter().any(|ending| name.ends_with(ending));
    name == "city.toml" || (table && !NO_FARES.contains(&name) && path.split('/').count() <= 3)
}

/// The files read so far and what is left of the limits.
#[derive(Debug)]
pub struct Collected {
    files: BTreeMap<String, Vec<u8>>,
    bytes_left: u64,
}

impl Default for Collected {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            bytes_left: PACKAGE_BYTES_MAX,
        }
    }
}

impl Collected {
    /// Reads a file to its end, unless that is further than a limit. What a header says of a size
    /// is not believed.
    ///
    /// # Errors
    /// When the source fails or has too much.
    pub fn take(&mut self, path: &str, source: impl Read) -> Result<()> {
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

    /// The package; one folder around everything is taken away, with a note.
    #[must_use]
    pub fn finish(self) -> Package {
        let package = Package {
            files: CityFiles(self.files),
            notes: Vec::new(),
        };
        package.without_root()
    }
}
