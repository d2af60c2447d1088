//! How long a journal of a million taps takes to be ready, on real files in a folder.
//!
//! `cargo run --release -p journal --features testing --example recovery [taps] [folder]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use journal::testing::chain_start;
use journal::{Journal, Media, MediaError, Options, Outcome, Record, SegmentId, Witness};
use units::DeviceId;

/// A tap record with a presentation as its evidence has about this many bytes.
const PAYLOAD_BYTES: usize = 330;

/// Segments as files of a folder; `synced` says whether a sync asks the disk.
struct Folder {
    path: PathBuf,
    files: BTreeMap<SegmentId, File>,
    synced: bool,
}

impl Folder {
    fn new(path: &Path, synced: bool) -> Self {
        let path = path.to_owned();
        Self {
            path,
            files: BTreeMap::new(),
            synced,
        }
    }

    fn name(&self, id: SegmentId) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn file(&mut self, id: SegmentId) -> Result<&File, MediaError> {
        if !self.files.contains_key(&id) {
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .open(self.name(id));
            self.files.insert(id, opened.map_err(failed)?);
        }
        self.files.get(&id).ok_or(MediaError::Missing { id })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn failed(error: std::io::Error) -> MediaError {
    MediaError::Failed {
        code: error.raw_os_error().unwrap_or(-1),
    }
}

impl Media for Folder {
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError> {
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name
                .to_str()
                .and_then(|text| u64::from_str_radix(text, 16).ok());
            into.extend(number.map(SegmentId::new));
        }
        Ok(())
    }

    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError> {
        let file = File::create_new(self.name(id)).map_err(failed)?;
        file.set_len(u64::from(bytes)).map_err(failed)
    }

    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        self.file(id)?
            .write_all_at(bytes, u64::from(offset))
            .map_err(failed)
    }

    fn sync(&mut self, id: SegmentId) -> Result<(), MediaError> {
        if self.synced {
            self.file(id)?.sync_data().map_err(failed)?;
        }
        Ok(())
    }

    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError> {
        let mut done = 0;
        while done < into.len() {
            let at = u64::from(offset) + done as u64;
            match self
                .file(id)?
                .read_at(&mut into[done..], at)
                .map_err(failed)?
            {
                0 => break,
                more => done += more,
            }
        }
        Ok(done)
    }

    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError> {
        self.files.remove(&id);
        fs::remove_file(self.name(id)).map_err(failed)
    }

    fn sync_directory(&mut self) -> Result<(), MediaError> {
        if self.synced {
            File::open(&self.path)
                .and_then(|folder| folder.sync_all())
                .map_err(failed)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let taps: u64 = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let parent = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let path = parent.join(format!("faregate-journal-{}", std::process::id()));
    fs::create_dir(&path)?;
    let outcome = measure(&path, taps);
    fs::remove_dir_all(&path)?;
    outcome
}

fn measure(path: &Path, taps: u64) -> Result<(), Box<dyn Error>> {
    let device = DeviceId::from_bytes([7; 16]);
    let options = Options::new(device, chain_start, 1);
    let (mut journal, _) = Journal::open(
        Folder::new(path, false),
        options,
        Witness::NONE,
        &mut |_| {},
    )?;
    let begun = Instant::now();
    for number in 0..taps {
        let mut payload = [0x5a; PAYLOAD_BYTES];
        payload[..8].copy_from_slice(&number.to_be_bytes());
        let tap = journal.append(&payload)?;
        journal.sync()?;
        journal.note(tap, Outcome::Opened)?;
    }
    journal.sync()?;
    println!(
        "{taps} taps of {PAYLOAD_BYTES} bytes and their notes written in {:.2?}",
        begun.elapsed()
    );
    println!("{} segments", journal.segments());
    drop(journal);

    let begun = Instant::now();
    let options = Options::new(device, chain_start, 2);
    let mut bytes = 0;
    let (journal, report) = Journal::open(
        Folder::new(path, true),
        options,
        Witness::NONE,
        &mut |record| {
            if let Record::Tap { payload, .. } = record {
                bytes += payload.len();
            }
        },
    )?;
    println!(
        "ready after {:.3?}: {} taps, {} notes, {bytes} bytes of payload, {} gaps, next {}",
        begun.elapsed(),
        report.taps,
        report.notes,
        report.gaps.len(),
        journal.next(),
    );
    Ok(())
}
