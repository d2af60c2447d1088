//! The shape of files: their opening, their length, what may not lie about in them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;

/// Lines that a file of product code may have at the most.
const FILE_LINES_MAX: usize = 600;
/// Columns that a line may have at the most.
const LINE_COLUMNS_MAX: usize = 100;

fn tracked(ending: &str) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git ls-files");
    let names = String::from_utf8(listed.stdout).unwrap();
    let paths = names
        .lines()
        .filter(|name| name.ends_with(ending))
        .map(PathBuf::from);
    let found: Vec<PathBuf> = paths.filter(|path| root().join(path).exists()).collect();
    assert!(!found.is_empty(), "no {ending} file is tracked");
    found
}

fn is_test(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.contains("/tests/") || name.ends_with("tests.rs") || name.contains("/benches/")
}

fn check(path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let name = path.display();
    if !text.starts_with("//!") && !text.starts_with("#![") {
        found.push(format!("{name}: does not open with //!"));
    }
    let product = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    if !is_test(path) && product.lines().count() > FILE_LINES_MAX {
        found.push(format!("{name}: {} lines", product.lines().count()));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if line.chars().count() > LINE_COLUMNS_MAX && !line.contains("://") {
            found.push(format!("{name}:{number}: {} columns", line.chars().count()));
        }
        if line.ends_with(' ') {
            found.push(format!("{name}:{number}: trailing blank"));
        }
        let left_over = [
            concat!("FIX", "ME"),
            concat!("TO", "DO"),
            concat!("#[ign", "ore"),
        ];
        for word in left_over.iter().filter(|word| line.contains(**word)) {
            found.push(format!("{name}:{number}: {word} left over"));
        }
    }
    found
}

#[test]
fn every_rust_file_keeps_its_shape() {
    let mut found = Vec::new();
    for path in tracked(".rs") {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        found.extend(check(&path, &text));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_median_product_file_is_short() {
    let mut lengths: Vec<usize> = tracked(".rs")
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            text.split("\n#[cfg(test)]\nmod ")
                .next()
                .unwrap_or("")
                .lines()
                .count()
        })
        .collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 200, "the median file has {median} lines");
}

#[test]
fn a_file_out_of_shape_is_seen() {
    let check = |text: &str| check(Path::new("crates/x/src/y.rs"), text).len();
    assert_eq!(check("//! Fine.\n"), 0);
    assert_eq!(check("fn bare() {}\n"), 1);
    assert_eq!(check(&format!("//! Wide.\n// {}\n", "x".repeat(100))), 1);
    assert_eq!(check(concat!("//! Left.\n// FIX", "ME later\n")), 1);
    assert_eq!(
        check(&format!("//! Long.\n{}", "//\n".repeat(FILE_LINES_MAX))),
        1
    );
}
