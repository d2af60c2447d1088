//! A city package: the input is cut at NUL bytes into a file's name and its contents.

use tariff::City;

/// Files given in the input take the place of those of a small city that loads.
pub(super) fn files(bytes: &[u8]) {
    let mut files = tariff::testing::city_files();
    let mut parts = bytes.split(|byte| *byte == 0);
    while let (Some(name), Some(contents)) = (parts.next(), parts.next()) {
        let name = String::from_utf8_lossy(name).into_owned();
        files.0.insert(name, contents.to_vec());
    }
    match City::load(&files) {
        Ok(_) => {}
        Err(report) => assert!(!report.to_string().is_empty(), "refused without a reason"),
    }
}
