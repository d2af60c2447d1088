//! A count of this device's starts, on another partition than the journal: an image of the
//! journal's partition that is restored from a copy is noticed at once, not at the first contact
//! with the server.

use std::io;
use std::path::Path;

use crate::lists::write_whole;

/// Raises the count in `file` by one, durably, and gives it. A new file begins with 1.
///
/// # Errors
/// When the file cannot be read or written, or holds no number: a count that begins anew would
/// look like a restored image.
pub fn raise(file: &Path) -> io::Result<u64> {
    let before = match std::fs::read_to_string(file) {
        Ok(text) => text.trim().parse::<u64>().map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let count = before.saturating_add(1);
    write_whole(file, format!("{count}\n").as_bytes()).map_err(io::Error::other)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_rises_by_one_and_garbage_is_no_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("starts");
        let counts: Vec<_> = (0..3).map(|_| raise(&file).unwrap()).collect();
        assert_eq!(counts, [1, 2, 3]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "3\n");
        std::fs::write(&file, "three").unwrap();
        assert!(raise(&file).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "three");
    }
}
