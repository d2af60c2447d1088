//! A file of taps, rider by rider, in bounded memory whatever the order of its rows.
//!
//! The file is read once and its rows are dealt out by account to parts on disk, so that each part
//! fits memory and holds all taps of its riders.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use settlement::ids;
use settlement::ingest::csv::{Format, Row, Rows};
use tariff::{City, Holder, Tap, TapKind};
use tempfile::{SpooledTempFile, spooled_tempfile};
use units::{AccountId, RouteId, StopId, TextId, Timestamp};

use crate::progress;

/// Bytes of the file in one part: as taps some 80 MiB.
const PART_BYTES: u64 = 16 << 20;
/// Parts, each an open file.
const PARTS_MAX: u64 = 512;
/// Bytes of a part that stay in memory before it goes to disk.
const SPOOL_BYTES: usize = 64 << 10;
/// Rows of the file with riders' categories.
const RIDERS_MAX: usize = 5_000_000;
/// Rows left out that are told one by one.
const REJECTED_TOLD: u64 = 10;

/// The rider category of each account that a file names.
#[derive(Debug, Default)]
pub(super) struct Categories(BTreeMap<TextId, TextId>);

/// One rider's taps.
#[derive(Debug)]
pub(super) struct Rider {
    /// `account_id` as the file has it.
    pub(super) account: TextId,
    pub(super) id: AccountId,
    /// The category that the file of riders names.
    pub(super) category: Option<TextId>,
    /// Each tap once, in the order of the file, with its `tap_id`.
    pub(super) taps: Vec<(TextId, Tap)>,
}

/// What came of reading.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(super) struct Counts {
    /// Taps that are rated.
    pub(super) taps: u64,
    /// Rows that repeat the `tap_id` of an earlier row of the account.
    pub(super) repeated: u64,
    /// Rows that cannot be used.
    pub(super) rejected: u64,
}

/// A file of taps dealt out to parts.
pub(super) struct Dealt {
    parts: Vec<SpooledTempFile>,
    counts: Counts,
}

impl Categories {
    /// Reads CSV with the header `account_id,rider_category_id`; no file names nobody.
    ///
    /// # Errors
    /// When it cannot be read, with the row that is wrong.
    pub(super) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let said = || format!("cannot use {}", path.display());
        let mut text = String::new();
        File::open(path)
            .and_then(|mut file| file.read_to_string(&mut text))
            .with_context(said)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut lines = text.lines().zip(1_u64..);
        let header = lines.next().map_or("", |(line, _)| line);
        if header != "account_id,rider_category_id" {
            bail!(
                "{}: row 1: expected the header account_id,rider_category_id, got {header:?}",
                path.display()
            );
        }
        let mut categories = BTreeMap::new();
        for (line, row) in lines.filter(|(line, _)| !line.is_empty()) {
            let place = || format!("{}: row {row}", path.display());
            let Some((account, category)) = line.split_once(',') else {
                bail!("{}: expected two fields", place());
            };
            let account = TextId::new(account).with_context(place)?;
            let category = TextId::new(category).with_context(place)?;
            categories.insert(account, category);
            if categories.len() > RIDERS_MAX {
                bail!("{}: at most {RIDERS_MAX} riders are read", path.display());
            }
        }
        Ok(Self(categories))
    }

    fn of(&self, account: &TextId) -> Option<TextId> {
        self.0.get(account).copied()
    }
}

impl Rider {
    /// The taps as `city` rates them: with the number that the rider's category has there.
    ///
    /// # Errors
    /// When the city has no such category.
    pub(super) fn taps_in(&self, city: &City) -> Result<Vec<Tap>> {
        let number = match &self.category {
            None => 0,
            Some(id) => number_of(city, id).with_context(|| {
                format!(
                    "the rider {} is of category {id}, which {} does not have",
                    self.account,
                    city.name()
                )
            })?,
        };
        let holder = Holder {
            category: number,
            ..Holder::default()
        };
        Ok(self
            .taps
            .iter()
            .map(|(_, tap)| Tap { holder, ..*tap })
            .collect())
    }
}

/// The number that taps give a rider category in a city.
pub(super) fn number_of(city: &City, category: &TextId) -> Option<u8> {
    let categories = city.rider_categories();
    let place = categories.iter().position(|id| id == category)?;
    u8::try_from(place.checked_add(1)?).ok()
}

/// Reads the taps at `path` with the stops and routes of `city`; of one account alone where `only`
/// names it.
///
/// # Errors
/// When the file has no proper header or cannot be read.
pub(super) fn deal(city: &City, path: &Path, only: Option<&str>) -> Result<Dealt> {
    let said = || format!("cannot use {}", path.display());
    let file = File::open(path).with_context(said)?;
    let size = file.metadata().with_context(said)?.len();
    let parts = (size / PART_BYTES + 1).min(PARTS_MAX);
    let mut dealt = Dealt {
        parts: (0..parts).map(|_| spooled_tempfile(SPOOL_BYTES)).collect(),
        counts: Counts::default(),
    };
    let source = progress::reading("reading taps", size, file);
    let mut rows = Rows::new(city, Format::Taps, source).with_context(said)?;
    let mut record = Vec::new();
    while let Some(row) = rows.next_row().with_context(said)? {
        match row {
            Ok(row) if only.is_none_or(|only| only == row.account.as_str()) => {
                dealt.put(&row, &mut record)?;
            }
            Ok(_) => {}
            Err(rejected) => {
                dealt.counts.rejected += 1;
                if dealt.counts.rejected <= REJECTED_TOLD {
                    eprintln!("left out: row {}: {}", rejected.number, rejected.reason);
                }
            }
        }
    }
    if dealt.counts.rejected > REJECTED_TOLD {
        eprintln!("left out: {} rows in all", dealt.counts.rejected);
    }
    Ok(dealt)
}

impl Dealt {
    fn put(&mut self, row: &Row, record: &mut Vec<u8>) -> Result<()> {
        record.clear();
        let route = row.route.as_ref().map_or("", |id| id.as_str());
        let texts = [
            row.account.as_str(),
            row.tap.as_str(),
            row.stop.as_str(),
            route,
        ];
        for text in texts {
            record.push(u8::try_from(text.len())?);
            record.extend_from_slice(text.as_bytes());
        }
        record.extend_from_slice(&row.at.as_micros().to_le_bytes());
        record.push(u8::from(row.kind == TapKind::Off));
        let parts = self.parts.len();
        // FNV-1a: which part does not matter, as long as an account is in one.
        let hash = row
            .account
            .as_str()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let part = usize::try_from(hash % u64::try_from(parts)?)?;
        if let Some(part) = self.parts.get_mut(part) {
            part.write_all(record)
                .context("no room for a temporary file")?;
        }
        self.counts.taps += 1;
        Ok(())
    }

    /// Gives each rider to `take`, those of a part in order of their accounts.
    ///
    /// # Errors
    /// The first that `take` gives, and when a temporary file cannot be read.
    pub(super) fn each(
        mut self,
        categories: &Categories,
        mut take: impl FnMut(Rider) -> Result<()>,
    ) -> Result<Counts> {
        let bar = progress::bar("rating riders' taps", self.counts.taps);
        for mut part in self.parts {
            part.seek(SeekFrom::Start(0))?;
            let mut source = BufReader::new(part);
            let mut riders: BTreeMap<TextId, Vec<(TextId, Tap)>> = BTreeMap::new();
            while let Some((account, tap)) = next(&mut source)? {
                riders.entry(account).or_default().push(tap);
            }
            for (account, mut taps) in riders {
                bar.inc(u64::try_from(taps.len())?);
                let before = taps.len();
                // Stable: of rows with one id the first of the file stays.
                taps.sort_by_key(|(id, _)| *id);
                taps.dedup_by_key(|(id, _)| *id);
                let repeated = u64::try_from(before - taps.len())?;
                self.counts.repeated += repeated;
                self.counts.taps -= repeated;
                take(Rider {
                    account,
                    id: ids::account_of_text(account.as_str()),
                    category: categories.of(&account),
                    taps,
                })?;
            }
        }
        bar.finish_and_clear();
        Ok(self.counts)
    }
}

/// The next record of a part.
fn next(source: &mut impl Read) -> Result<Option<(TextId, (TextId, Tap))>> {
    let mut length = [0];
    if source.read(&mut length)? == 0 {
        return Ok(None);
    }
    let account = TextId::new(&text(source, length)?)?;
    let mut following = || -> Result<String> {
        let mut length = [0];
        source.read_exact(&mut length)?;
        text(source, length)
    };
    let (id, stop, route) = (TextId::new(&following()?)?, following()?, following()?);
    let (mut at, mut kind) = ([0; 8], [0]);
    source.read_exact(&mut at)?;
    source.read_exact(&mut kind)?;
    let tap = Tap {
        at: Timestamp::from_micros(i64::from_le_bytes(at)),
        kind: if kind == [0] {
            TapKind::On
        } else {
            TapKind::Off
        },
        id: ids::tap_of_text(id.as_str()),
        stop: StopId::new(&stop)?,
        route: match route.as_str() {
            "" => None,
            route => Some(RouteId::new(route)?),
        },
        holder: Holder::default(),
    };
    Ok(Some((account, (id, tap))))
}

fn text(source: &mut impl Read, length: [u8; 1]) -> Result<String> {
    let mut bytes = vec![0; usize::from(length[0])];
    source.read_exact(&mut bytes)?;
    Ok(String::from_utf8(bytes)?)
}
