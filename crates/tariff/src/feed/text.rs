//! Whether bytes are text as the reference wants it (section "File Requirements"): UTF-8, a byte
//! order mark or none, lines that end with LF or CRLF.

use super::table::FILE_BYTES_MAX;
use crate::{Defect, LoadReport};

const UTF_8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// The text without its byte order mark; `None` where it is none, which is told.
pub(super) fn check<'a>(bytes: &'a [u8], path: &str, report: &mut LoadReport) -> Option<&'a [u8]> {
    let expected = expected(bytes);
    if let Some((offset, expected)) = expected {
        let row = row_of(bytes, offset);
        report.push(Defect {
            row,
            ..Defect::of_file(path, expected)
        });
        return None;
    }
    let text = bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes);
    let quotes = text
        .iter()
        .map(|byte| usize::from(*byte == b'"'))
        .sum::<usize>();
    if quotes % 2 == 1 {
        let expected = format!(
            "quotation marks in pairs (there are {quotes}); a mark inside a value is doubled and \
             the value quoted (reference, File Requirements)"
        );
        report.push(Defect::of_file(path, expected).warning());
    }
    Some(text)
}

/// What is wrong with the file as text: where, and what would be right.
fn expected(bytes: &[u8]) -> Option<(usize, String)> {
    if bytes.len() > FILE_BYTES_MAX {
        let megabytes = FILE_BYTES_MAX >> 20;
        let got = bytes.len();
        return Some((
            0,
            format!("at most {megabytes} MiB, the file has {got} bytes"),
        ));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Some((
            0,
            "UTF-8; byte 0 begins a byte order mark of UTF-16".to_owned(),
        ));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        let expected = format!("UTF-8 text; byte {offset} is 0, as in UTF-16 or a damaged file");
        return Some((offset, expected));
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let offset = error.valid_up_to();
        let byte = bytes.get(offset).copied().unwrap_or_default();
        let expected = format!("UTF-8; byte {offset} is 0x{byte:02X}, as in Latin-1 or a cut file");
        return Some((offset, expected));
    }
    let mut pairs = bytes.iter().zip(bytes.iter().skip(1).chain(&[0]));
    let bare = pairs.position(|(byte, next)| *byte == b'\r' && *next != b'\n');
    bare.map(|offset| {
        let expected = format!(
            "lines that end with LF or CRLF; byte {offset} is a CR alone (reference, File \
             Requirements)"
        );
        (offset, expected)
    })
}

fn row_of(bytes: &[u8], offset: usize) -> Option<u64> {
    let before = bytes.iter().take(offset);
    let breaks = before.filter(|byte| **byte == b'\n').count();
    u64::try_from(breaks).ok()?.checked_add(1)
}
