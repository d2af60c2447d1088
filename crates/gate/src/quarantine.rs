//! Records that the server refuses, kept on disk: to be looked at, and to be sent again.
//!
//! Of each request there are two files, named by the place of its first record:
//! `EPOCH-SEQ.batch.pb` is the request's body, signed as it was, and `EPOCH-SEQ.problem.txt` what
//! the server said. A file goes only after the server's committed answer.

use std::path::{Path, PathBuf};

use api::{Rfc3339, TapAck, TapBatch};
use journal::Position;
use prost::Message as _;
use reqwest::StatusCode;
use serde::Serialize;
use wire::note::Record;

use crate::lists::{ListError, read_if_there, write_whole};

/// Most of a problem that is shown, in characters.
const PROBLEM_SHOWN: usize = 500;

/// What a batch holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Content {
    /// Taps.
    pub taps: u64,
    /// Notes of what became of taps; and what can be read as neither.
    pub notes: u64,
}

impl Content {
    /// Of records as they stand in the journal.
    #[must_use]
    pub fn of(records: &[Vec<u8>]) -> Self {
        let is_tap = |bytes: &&Vec<u8>| matches!(Record::decode(bytes), Ok(Record::Tap(_)));
        let taps = records.iter().filter(is_tap).count();
        let count = |records: usize| u64::try_from(records).unwrap_or(u64::MAX);
        Self {
            taps: count(taps),
            notes: count(records.len() - taps),
        }
    }
}

/// One request that was refused. It shows no code and no key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Kept {
    /// What it is called by: epoch and number of its first record.
    pub name: String,
    /// The first record's epoch.
    pub epoch: u32,
    /// The first record's number.
    pub first_seq: u64,
    /// Taps in it.
    pub taps: u64,
    /// Notes in it.
    pub notes: u64,
    /// When its first tap was, if there is one.
    pub first_at: Option<Rfc3339>,
    /// What the server said, shortened.
    pub problem: String,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Quarantine(PathBuf);

impl Quarantine {
    /// The quarantine of an agent with this folder of state.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self(state.join("quarantine"))
    }

    /// Keeps a request that the server refused, durably.
    ///
    /// # Errors
    /// [`ListError::Store`] when the disk does not take it.
    pub fn set_aside(
        &self,
        first: Position,
        body: &[u8],
        status: StatusCode,
        answer: &[u8],
    ) -> Result<(), ListError> {
        std::fs::create_dir_all(&self.0).map_err(|source| self.failed(source))?;
        let name = format!("{}-{}", first.epoch(), first.seq());
        self.say(&name, status, answer)?;
        write_whole(&self.body_path(&name), body)
    }

    /// Notes what the server says of a request now.
    ///
    /// # Errors
    /// [`ListError::Store`].
    pub fn say(&self, name: &str, status: StatusCode, answer: &[u8]) -> Result<(), ListError> {
        let problem = format!("{status}\n{}\n", String::from_utf8_lossy(answer));
        write_whole(&self.problem_path(name), problem.as_bytes())
    }

    /// What is kept, oldest first. A file that is no batch is left out, and logged.
    ///
    /// # Errors
    /// [`ListError::Store`] when the folder or a file cannot be read.
    pub fn list(&self) -> Result<Vec<Kept>, ListError> {
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|source| self.failed(source))?,
        };
        let mut kept = Vec::new();
        for entry in entries {
            let file = entry.map_err(|source| self.failed(source))?.file_name();
            let Some(name) = file
                .to_str()
                .and_then(|file| file.strip_suffix(".batch.pb"))
            else {
                continue;
            };
            let Some(body) = self.body(name)? else {
                continue;
            };
            match TapBatch::decode(&*body) {
                Ok(batch) => kept.push(self.describe(name, &batch)?),
                Err(error) => tracing::error!(%error, name, "the quarantine holds no batch there"),
            }
        }
        kept.sort_by_key(|kept| (kept.epoch, kept.first_seq));
        Ok(kept)
    }

    fn describe(&self, name: &str, batch: &TapBatch) -> Result<Kept, ListError> {
        let content = Content::of(&batch.records);
        let mut records = batch.records.iter();
        let first_at = records.find_map(|bytes| match Record::decode(bytes) {
            Ok(Record::Tap(tap)) => Some(Rfc3339(tap.at)),
            _ => None,
        });
        let problem = read_if_there(&self.problem_path(name))?.unwrap_or_default();
        let problem = String::from_utf8_lossy(&problem);
        Ok(Kept {
            name: name.to_owned(),
            epoch: batch.epoch,
            first_seq: batch.first_seq,
            taps: content.taps,
            notes: content.notes,
            first_at,
            problem: problem.trim().chars().take(PROBLEM_SHOWN).collect(),
        })
    }

    /// The body of a request that is kept.
    ///
    /// # Errors
    /// [`ListError::Store`] when it cannot be read.
    pub fn body(&self, name: &str) -> Result<Option<Vec<u8>>, ListError> {
        read_if_there(&self.body_path(name))
    }

    /// The server has committed it: it is kept no longer.
    ///
    /// # Errors
    /// [`ListError::Store`] when it cannot be removed; sent again it changes nothing.
    pub fn release(&self, name: &str) -> Result<(), ListError> {
        for path in [self.body_path(name), self.problem_path(name)] {
            std::fs::remove_file(&path).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    fn body_path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.batch.pb"))
    }

    fn problem_path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.problem.txt"))
    }

    fn failed(&self, source: std::io::Error) -> ListError {
        let path = self.0.clone();
        ListError::Store { path, source }
    }
}

/// Whether an acknowledgement covers all of so many records, of which `last` is the last number.
#[must_use]
pub fn covers(ack: &TapAck, last: u64, records: usize) -> bool {
    let parts = [ack.stored, ack.duplicates, ack.conflicts];
    let counted: u64 = parts.into_iter().map(u64::from).sum();
    let reached = ack.acked_through_seq.is_some_and(|seq| seq >= last);
    // Behind a gap in the journal the server cannot acknowledge in a row; it then counts them all.
    reached || u64::try_from(records).is_ok_and(|all| all == counted)
}
