//! The number of this start: larger than that of any start before, so that what this reader said
//! before cannot be said again in its name.

use std::io;
use std::path::Path;

use units::Timestamp;

use crate::lists::write_whole;

/// Gives the number of this start and keeps it in `file`. It is the time, in seconds, or one more
/// than the last number where the clock is behind that: so a file restored from a copy does no
/// harm while the clock is right.
///
/// # Errors
/// When the file cannot be read or written. One of another content counts as none.
pub fn next_start(file: &Path, now: Timestamp) -> io::Result<u64> {
    let before = match std::fs::read_to_string(file) {
        Ok(text) => text.trim().parse::<u64>().unwrap_or(0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let seconds = u64::try_from(now.as_secs()).unwrap_or(0);
    let number = seconds.max(before.saturating_add(1));
    write_whole(file, format!("{number}\n").as_bytes()).map_err(io::Error::other)?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_only_grow_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("start");
        let times = [5, 5, 4, 100, 0, -3];
        let numbers: Vec<_> = times
            .iter()
            .map(|secs| next_start(&file, Timestamp::from_secs(*secs)).unwrap())
            .collect();
        assert_eq!(numbers, [5, 6, 7, 100, 101, 102]);
        std::fs::write(&file, "garbage").unwrap();
        assert_eq!(next_start(&file, Timestamp::from_secs(200)).unwrap(), 200);
    }
}
