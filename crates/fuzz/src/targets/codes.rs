//! What a gate's camera sees, and what a gate writes down.

use wire::ParsedCredential;
use wire::note::Record;
use wire::tap::TapRecord;
use wire::text::{CodeBuffer, decode, encode};

/// The text of a code: one text for each byte string.
pub(super) fn text(bytes: &[u8]) {
    let mut buffer = CodeBuffer::new();
    let Ok(read) = decode(bytes, &mut buffer) else {
        return;
    };
    let Ok(written) = encode(read) else {
        panic!(
            "{} bytes were read from a text and fit into none",
            read.len()
        );
    };
    assert_eq!(written.as_bytes(), bytes, "two texts for one byte string");
}

/// The bytes of a code. What parses says the same when it is asked twice, and nothing that a
/// fuzzer makes carries the signature of a key that it does not have.
pub(super) fn code(bytes: &[u8]) {
    let Ok(parsed) = wire::parse(bytes) else {
        return;
    };
    assert_eq!(parsed.kid(), parsed.kid());
    assert!(bytes.len() <= wire::CODE_BYTES_MAX);
    let text = encode(bytes);
    assert!(text.is_ok(), "a code that no text holds");
}

/// A credential by itself, as a phone stores it.
pub(super) fn credential(bytes: &[u8]) {
    let Ok(parsed) = ParsedCredential::parse(bytes) else {
        return;
    };
    assert!(parsed.starts() < parsed.expires());
}

/// A tap record: what decodes is encoded to the same bytes.
pub(super) fn tap_record(bytes: &[u8]) {
    let Ok(record) = TapRecord::decode(bytes) else {
        return;
    };
    match record.encode() {
        Ok(written) => assert_eq!(written.as_slice(), bytes, "two encodings of one record"),
        Err(error) => panic!("a record that was read cannot be written: {error}"),
    }
}

/// A record of a device's journal, which may be a note of what became of a tap: what decodes is
/// encoded to the same bytes, and its number is the one that it was read with.
pub(super) fn note(bytes: &[u8]) {
    let (written, seq) = match Record::decode(bytes) {
        Ok(Record::Note(note)) => (note.encode().map(|bytes| bytes.to_vec()), note.seq),
        Ok(Record::Tap(tap)) => (tap.encode().map(|bytes| bytes.to_vec()), tap.seq),
        Err(_) => return,
    };
    match written {
        Ok(written) => assert_eq!(written, bytes, "two encodings of one record"),
        Err(error) => panic!("a record that was read cannot be written: {error}"),
    }
    let again = Record::decode(bytes).map(|record| record.seq());
    assert_eq!(again, Ok(seq));
}
