//! A package that is a zip archive. Nothing is unpacked to disk; what the archive says of names
//! and sizes is not believed.

use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek, SeekFrom};

use anyhow::{Result, bail};
use zip::ZipArchive;

use crate::{Collected, FILES_MAX, Package, is_read};

/// Bytes of an archive: what deflate makes of the largest package that is read, with the files
/// that are not.
pub const ARCHIVE_BYTES_MAX: u64 = 2 << 30;

/// Reads the files of an archive; `advance` is called once for each entry.
///
/// # Errors
/// When it is no zip archive, or every problem of its entries, a line each.
pub fn read(source: impl Read + Seek, mut advance: impl FnMut()) -> Result<Package> {
    let mut source = BufReader::new(source);
    let size = source.seek(SeekFrom::End(0))?;
    if size > ARCHIVE_BYTES_MAX {
        bail!("it has {size} bytes, at most {ARCHIVE_BYTES_MAX} are read");
    }
    let archive = ZipArchive::new(source)?;
    let start = archive.central_directory_start();
    let mut source = archive.into_inner();
    let mut problems = entries_problems(&central_names(&mut source, start)?);
    let mut archive = ZipArchive::new(source)?;
    let mut collected = Collected::default();
    for index in 0..archive.len().min(FILES_MAX) {
        advance();
        if let Err((name, error)) = take(&mut archive, index, &mut collected) {
            problems.push(format!("{name}: {error:#}"));
        }
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n  "));
    }
    Ok(collected.finish())
}

fn take(
    archive: &mut ZipArchive<impl Read + Seek>,
    index: usize,
    collected: &mut Collected,
) -> Result<(), (String, anyhow::Error)> {
    let numbered = || format!("entry {}", index.saturating_add(1));
    // Raw: names and flags can be looked at although the content is encrypted.
    let (name, encrypted, is_file) = {
        let raw = archive
            .by_index_raw(index)
            .map_err(|error| (numbered(), error.into()))?;
        let name = raw.name().map_err(|error| (numbered(), error.into()))?;
        (name.into_owned(), raw.encrypted(), raw.is_file())
    };
    if !is_file || is_hidden(&name) || !is_read(&name) {
        return Ok(());
    }
    let fail = |error: anyhow::Error| (name.clone(), error);
    if encrypted {
        return Err(fail(anyhow::anyhow!(
            "expected no password, it is encrypted"
        )));
    }
    let entry = archive
        .by_index(index)
        .map_err(|error| fail(error.into()))?;
    collected.take(&name, entry).map_err(fail)
}

/// What archivers of one maker add beside the files (`__MACOSX/`, `._stops.txt`).
fn is_hidden(name: &str) -> bool {
    name.split('/')
        .any(|part| part.starts_with('.') && part != ".." || part == "__MACOSX")
}

/// What is wrong with the names: paths that lead out, one name twice, too many.
fn entries_problems(names: &[Vec<u8>]) -> Vec<String> {
    let mut problems = Vec::new();
    if names.len() > FILES_MAX {
        problems.push(format!(
            "expected at most {FILES_MAX} files, got {}",
            names.len()
        ));
    }
    let mut seen = BTreeSet::new();
    for name in names.iter().take(FILES_MAX) {
        let text = String::from_utf8_lossy(name);
        let shown: String = text.chars().take(80).collect();
        let leads_out = text.starts_with('/')
            || text.contains(['\\', '\0'])
            || text
                .split('/')
                .any(|part| part == ".." || part.ends_with(':'));
        if leads_out {
            problems.push(format!(
                "{shown:?}: expected a path inside the archive, with \"/\""
            ));
        }
        if !seen.insert(name) {
            problems.push(format!("{shown:?}: expected each name once"));
        }
    }
    problems
}

/// The names of the central directory as they stand: the archive's own index hides a name that
/// comes twice.
fn central_names<R: Read + Seek>(
    source: &mut BufReader<R>,
    start: u64,
) -> std::io::Result<Vec<Vec<u8>>> {
    const SIGNATURE: [u8; 4] = [b'P', b'K', 1, 2];
    const HEADER_BYTES: usize = 46;
    source.seek(SeekFrom::Start(start))?;
    let mut names = Vec::new();
    let mut header = [0; HEADER_BYTES];
    while source.read_exact(&mut header).is_ok() && header.starts_with(&SIGNATURE) {
        let length = |at: usize| {
            let low = header.get(at).copied().unwrap_or_default();
            let high = header
                .get(at.saturating_add(1))
                .copied()
                .unwrap_or_default();
            u16::from_le_bytes([low, high])
        };
        let mut name = vec![0; usize::from(length(28))];
        source.read_exact(&mut name)?;
        source.seek_relative(i64::from(length(30)).saturating_add(i64::from(length(32))))?;
        names.push(name);
        if names.len() > FILES_MAX {
            break;
        }
    }
    Ok(names)
}
