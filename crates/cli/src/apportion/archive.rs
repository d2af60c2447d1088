//! The folder of statements: what operators are given, each statement chained to the one before.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use settlement::apportion::Earner;
use settlement::apportion::published::Published;
use settlement::apportion::shares::Shares;
use settlement::apportion::statement::{Adjustment, Statement};
use sha2::{Digest as _, Sha256};
use tariff::City;
use units::{ServiceDay, Timestamp};

use super::{journeys, paper};

/// `statement-N.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    city: String,
    currency: String,
    number: u32,
    first_day: String,
    last_day: String,
    made_at: String,
    /// SHA-256 of the file of the statement before this one; none for the first.
    previous_sha256: Option<String>,
    /// SHA-256 of `journeys-N.csv`.
    journeys_sha256: String,
    shares: Vec<Share>,
    adjustments: Vec<Change>,
    totals: Vec<Total>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    day: String,
    earner: String,
    minor: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    day: String,
    earner: String,
    was_minor: i64,
    is_minor: i64,
}

/// What one earner is to be paid by a statement.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Total {
    /// Its `agency_id`, or `(the city)`.
    pub(super) earner: String,
    pub(super) name: String,
    pub(super) minor: i64,
}

/// The statements of a folder, in order, whose chain holds.
pub(super) struct Archive {
    folder: PathBuf,
    pub(super) statements: Vec<Statement>,
    /// Of the last statement's file.
    head: Option<String>,
}

impl Archive {
    /// Reads the folder, which is made where it is missing.
    ///
    /// # Errors
    /// When a file cannot be read, is another city's, or the chain of digests is broken.
    pub(super) fn open(folder: &Path, city: &City) -> Result<Self> {
        let making = || format!("cannot make {}", folder.display());
        fs::create_dir_all(folder).with_context(making)?;
        let mut archive = Self {
            folder: folder.to_owned(),
            statements: Vec::new(),
            head: None,
        };
        loop {
            let number = u32::try_from(archive.statements.len())?.saturating_add(1);
            let path = archive.path("statement", number, "json");
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => bail!("cannot read {}: {error}", path.display()),
            };
            let read = archive.take(number, &bytes, city);
            read.with_context(|| path.display().to_string())?;
        }
        Ok(archive)
    }

    fn take(&mut self, number: u32, bytes: &[u8], city: &City) -> Result<()> {
        let file: File = serde_json::from_slice(bytes)?;
        ensure!(
            file.number == number,
            "number: expected {number}, got {}",
            file.number
        );
        let (wanted, got) = (city.currency().to_string(), &file.currency);
        ensure!(
            *got == wanted,
            "currency: expected the city's {wanted}, got {got}"
        );
        ensure!(
            file.previous_sha256 == self.head,
            "previous_sha256: the statement before is not the one that this one followed"
        );
        self.statements.push(file.statement()?);
        self.head = Some(hex::encode(Sha256::digest(bytes)));
        Ok(())
    }

    /// The published journeys of a statement, as they were published with it.
    ///
    /// # Errors
    /// When they cannot be read, or are not those that the statement names.
    pub(super) fn journeys(&self, number: u32) -> Result<Published> {
        let path = self.path("journeys", number, "csv");
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = fs::read(self.path("statement", number, "json"))?;
        let file: File = serde_json::from_slice(&file)?;
        ensure!(
            file.journeys_sha256 == hex::encode(Sha256::digest(&bytes)),
            "{}: not the journeys that statement {number} names by their SHA-256",
            path.display()
        );
        journeys::read(&path, &bytes)
    }

    /// Writes the next statement, its own file last, so that one that is there is whole. Answers
    /// the names of the files.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn add(
        &mut self,
        city: &City,
        statement: &Statement,
        published: &Published,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let number = statement.number;
        let journeys = journeys::write(published)?;
        let file = File {
            city: city.name().to_owned(),
            currency: city.currency().to_string(),
            number,
            first_day: statement.days.start().to_string(),
            last_day: statement.days.end().to_string(),
            made_at: api::Rfc3339(now).to_string(),
            previous_sha256: self.head.clone(),
            journeys_sha256: hex::encode(Sha256::digest(&journeys)),
            shares: shares(statement),
            adjustments: statement.adjustments.iter().map(change).collect(),
            totals: totals_of(city, statement)?,
        };
        let mut files = vec![self.write(&self.path("journeys", number, "csv"), &journeys)?];
        for total in &file.totals {
            let name = format!("{number:04}-{}", plain(&total.earner));
            let (table, page) = paper::of_earner(city, statement, total)?;
            let path = |ending: &str| self.folder.join(format!("agency-{name}.{ending}"));
            files.push(self.write(&path("csv"), &table)?);
            files.push(self.write(&path("pdf"), &page)?);
        }
        let text = serde_json::to_vec_pretty(&file)?;
        files.push(self.write(&self.path("statement", number, "json"), &text)?);
        self.head = Some(hex::encode(Sha256::digest(&text)));
        self.statements.push(statement.clone());
        Ok(files)
    }

    fn path(&self, kind: &str, number: u32, ending: &str) -> PathBuf {
        self.folder.join(format!("{kind}-{number:04}.{ending}"))
    }

    /// Writes a file whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<String> {
        let writing = || format!("cannot write {}", path.display());
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).with_context(writing)?;
        std::io::Write::write_all(&mut file, bytes).with_context(writing)?;
        file.as_file().sync_all().with_context(writing)?;
        file.persist(path).with_context(writing)?;
        let name = path.file_name().unwrap_or_default();
        Ok(name.to_string_lossy().into_owned())
    }
}

impl File {
    fn statement(&self) -> Result<Statement> {
        let day = |text: &str, field: &'static str| ServiceDay::parse(text).context(field);
        let earner = |text: &str| Earner::parse(text).context("earner");
        let mut statement = Statement {
            number: self.number,
            days: day(&self.first_day, "first_day")?..=day(&self.last_day, "last_day")?,
            shares: std::collections::BTreeMap::new(),
            adjustments: Vec::new(),
        };
        for share in &self.shares {
            let of_day = statement.shares.entry(day(&share.day, "shares, day")?);
            let before = of_day
                .or_default()
                .insert(earner(&share.earner)?, share.minor);
            ensure!(
                before.is_none(),
                "shares: {} twice on {}",
                share.earner,
                share.day
            );
        }
        for change in &self.adjustments {
            statement.adjustments.push(Adjustment {
                day: day(&change.day, "adjustments, day")?,
                earner: earner(&change.earner)?,
                was_minor: change.was_minor,
                is_minor: change.is_minor,
            });
        }
        Ok(statement)
    }
}

/// What each earner is to be paid by a statement, ordered by earner.
///
/// # Errors
/// When a sum leaves 64 bits.
pub(super) fn totals_of(city: &City, statement: &Statement) -> Result<Vec<Total>> {
    let totals: Shares = statement.totals()?;
    let named = totals.iter().map(|(earner, minor)| Total {
        earner: earner.to_string(),
        name: name(city, earner),
        minor: *minor,
    });
    Ok(named.collect())
}

fn name(city: &City, earner: &Earner) -> String {
    match earner {
        Earner::City => city.operator().name.clone(),
        Earner::Agency(id) => {
            let agencies = city.agencies();
            let name = agencies.get(id).copied().filter(|name| !name.is_empty());
            name.unwrap_or(id.as_str()).to_owned()
        }
    }
}

fn shares(statement: &Statement) -> Vec<Share> {
    let days = statement.shares.iter();
    let shares = days.flat_map(|(day, shares)| {
        shares.iter().map(|(earner, minor)| Share {
            day: day.to_string(),
            earner: earner.to_string(),
            minor: *minor,
        })
    });
    shares.collect()
}

fn change(change: &Adjustment) -> Change {
    Change {
        day: change.day.to_string(),
        earner: change.earner.to_string(),
        was_minor: change.was_minor,
        is_minor: change.is_minor,
    }
}

/// An id as a part of a file's name: what is no letter, digit or hyphen of ASCII stands as `_` and
/// its bytes in hexadecimal, so that no two ids give one name.
fn plain(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("_{byte:02x}")),
        }
    }
    name
}
