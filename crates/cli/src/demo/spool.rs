//! Signed batches on disk, between the morning and its upload: what a kill cannot lose.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// What happened while the riders travelled, as the gates saw it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Travel {
    /// What the morning followed from; another start must ask for the same.
    pub(super) made_from: String,
    /// Batches of the morning; further ones in the spool are visitors'.
    pub(super) batches: usize,
    /// Riders who registered.
    pub(super) riders: u64,
    /// Scans that ended with a decision.
    pub(super) taps: u64,
    /// Codes that went through a rendered picture and its pixels.
    pub(super) pictures: u64,
    /// Codes that were tickets, fetched at the gate.
    pub(super) tickets: u64,
    pub(super) permitted: u64,
    pub(super) refused: u64,
    pub(super) refused_by_reason: BTreeMap<String, u64>,
    /// Honest taps that a gate refused.
    pub(super) honest_refused: u64,
    /// Attempts to ride free.
    pub(super) cheats: u64,
    /// Attempts that a gate refused, by kind of cheat.
    pub(super) cheats_refused: BTreeMap<String, u64>,
    /// Attempts that a gate let pass, by kind of cheat: settlement has to flag them.
    pub(super) cheats_let_pass: BTreeMap<String, u64>,
    /// What the honest taps must cost, added up journey by journey from the plan.
    pub(super) expected_charged_minor: i64,
    /// Microseconds that the validator took per scan, in the middle of all scans.
    pub(super) validate_us_median: u64,
    /// Seconds that registering every phone took.
    pub(super) registering_s: f64,
    /// Seconds that the travelling took.
    pub(super) travelling_s: f64,
}

/// A folder of batches. It counts only once the report of the morning lies in it.
pub(super) struct Spool {
    folder: PathBuf,
}

const REPORT: &str = "travel.json";

impl Spool {
    /// The spool in `folder`; made where it is missing.
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The report, where a morning was finished here.
    pub(super) fn finished(&self) -> Result<Option<Travel>> {
        let path = self.folder.join(REPORT);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text)
            .map(Some)
            .with_context(|| format!("{} is no report of a morning", path.display()))
    }

    /// Removes what an unfinished morning left.
    pub(super) fn clear(&self) -> Result<()> {
        for path in self.batches()? {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// Keeps one batch, on the disk when this returns.
    pub(super) fn keep(&self, number: usize, batch: &[u8]) -> Result<()> {
        write_durably(&self.folder.join(format!("{number:06}.pb")), batch)
    }

    /// Finishes the morning: from now on a new start goes on from here.
    pub(super) fn finish(&self, travel: &Travel) -> Result<()> {
        write_durably(
            &self.folder.join(REPORT),
            &serde_json::to_vec_pretty(travel)?,
        )?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// The kept batches, in order.
    pub(super) fn batches(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "pb") {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Writes a file so that after a power cut it is whole or absent.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
