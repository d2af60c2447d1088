//! Sizes: what is too much is said, and only so much is kept.

use tariff::feed::{COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX};

use super::{Files, files, read};

fn one(name: &str, bytes: Vec<u8>) -> Files {
    [(name.to_owned(), bytes)].into()
}

fn first(files: &Files) -> String {
    read(files).unwrap_err().defects()[0].to_string()
}

#[test]
fn ten_million_rows_are_refused_at_the_limit() {
    let mut bytes = b"area_id\n".to_vec();
    for number in 0..10_000_000u32 {
        bytes.extend_from_slice(number.to_string().as_bytes());
        bytes.push(b'\n');
    }
    let report = read(&one("areas.txt", bytes)).unwrap_err();
    let expect = format!("areas.txt: expected at most {ROWS_MAX} rows; the others are not read");
    assert_eq!(report.defects().len(), 1);
    assert_eq!(report.defects()[0].to_string(), expect);
}

#[test]
fn a_million_bad_rows_keep_a_thousand_defects() {
    let bytes = "area_id\n".to_owned() + &"a\n".repeat(900_000);
    let report = read(&one("areas.txt", bytes.into_bytes())).unwrap_err();
    assert_eq!(
        (report.defects().len(), report.left_off()),
        (1_000, 898_999)
    );
}

#[test]
fn a_file_of_too_many_bytes_is_not_read() {
    let report = first(&one("areas.txt", vec![b'a'; FILE_BYTES_MAX + 1]));
    let expect = "areas.txt, row 1: expected at most 128 MiB, the file has 134217729 bytes";
    assert_eq!(report, expect);
}

#[test]
fn a_header_has_so_many_columns() {
    let header = "c,".repeat(COLUMNS_MAX) + "area_id\n1\n";
    let report = first(&one("areas.txt", header.into_bytes()));
    assert_eq!(report, "areas.txt: expected at most 256 columns");
}

#[test]
fn an_id_and_a_name_have_a_length() {
    let long = "x".repeat(256);
    let text = format!("area_id,area_name\n{long},A\n");
    assert!(first(&files(&[("areas.txt", &text)])).contains("an id of at most 255 bytes"));
    let text = format!("area_id,area_name\na,{}\n", "é".repeat(257));
    assert!(first(&files(&[("areas.txt", &text)])).contains("a name of at most 512 bytes"));
}
