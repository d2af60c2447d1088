//! The committed header: current, documented, valid C and C++, with the right numbers.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use faregate_reader::{
    FG_ALIGN, FG_BATCH_MESSAGE_BYTES, FG_BLOCK_BYTES, FG_BLOCK_IDS, FG_CODE_BYTES_MAX,
    FG_KEY_BYTES, FG_KEYS_MAX, FG_NAME_BYTES, FG_NOTE_BYTES_MAX, FG_SAME_KID_MAX,
    FG_SENTENCE_BYTES, FG_SLOT_BYTES, FG_TABLE_BYTES, FG_TAP_RECORD_BYTES_MAX, fg_filter_size,
    fg_replay_align, fg_replay_size, fg_tables_size, fg_validator_align, fg_validator_size,
};

use crate::generate;

fn committed() -> String {
    std::fs::read_to_string(generate::path()).unwrap()
}

/// The functions that the header declares.
pub(crate) fn functions() -> BTreeSet<String> {
    let text = committed();
    text.lines().filter_map(declared).collect()
}

/// The function that a line begins to declare: `enum fg_status fg_name(…`.
fn declared(line: &str) -> Option<String> {
    if line.starts_with([' ', '/', '#']) {
        return None;
    }
    let (before, _) = line.split_once('(')?;
    let (_, name) = before.rsplit_once(' ')?;
    name.starts_with("fg_").then(|| name.to_owned())
}

#[test]
fn it_is_current() {
    let same = committed() == generate::header().unwrap();
    assert!(same, "not current: run `cargo run -p ffi --example header`");
}

#[test]
fn everything_in_it_is_documented() {
    let text = committed();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(functions().len(), 47);
    for (number, line) in lines.iter().enumerate() {
        let function = declared(line).is_some();
        let constant = line.starts_with("#define FG_") && !line.contains('(');
        let field = line.starts_with("  ") && line.ends_with(';') && !line.contains(')');
        if function || constant || field {
            let above = lines[number - 1].trim_start();
            assert!(above.starts_with("//"), "line {}: {line}", number + 1);
        }
    }
}

/// Compiles a file that only includes the header. Whether the compiler is there.
fn compiles(compiler: &str, options: &[&str], extension: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("header").with_extension(extension);
    std::fs::write(&source, "#include \"faregate.h\"\n").unwrap();
    let found = Command::new(compiler)
        .args(options)
        .args([
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-fsyntax-only",
            "-I",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .arg(&source)
        .output();
    let Ok(output) = found else { return false };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} {options:?}: {said}");
    true
}

#[test]
fn it_is_c_and_cpp() {
    assert!(compiles("cc", &["-std=c99"], "c"), "no C compiler `cc`");
    assert!(compiles("cc", &["-std=c11"], "c"));
    if !compiles("c++", &["-std=c++11"], "cpp") {
        println!("not checked as C++: there is no compiler `c++`");
    }
}

#[test]
fn its_numbers_are_those_of_the_crates() {
    assert_eq!(FG_KEYS_MAX, validator::KEYS_MAX);
    assert_eq!(FG_SAME_KID_MAX, validator::SAME_KID_MAX);
    assert_eq!(FG_SENTENCE_BYTES, validator::SENTENCE_BYTES_MAX + 1);
    assert_eq!(FG_CODE_BYTES_MAX, wire::CODE_BYTES_MAX);
    assert_eq!(FG_TAP_RECORD_BYTES_MAX, wire::tap::RECORD_BYTES_MAX);
    assert_eq!(FG_BATCH_MESSAGE_BYTES, wire::chain::BATCH_MESSAGE_BYTES);
    assert_eq!(FG_NOTE_BYTES_MAX, wire::note::NOTE_BYTES_MAX);
    let longest = (0..=999)
        .filter_map(validator::Refusal::name_of)
        .map(str::len)
        .max();
    assert!(longest.unwrap() < FG_NAME_BYTES);
}

#[test]
fn static_memory_by_its_macros_is_enough() {
    let text = committed();
    assert!(text.contains("(FG_KEY_BYTES * ((size_t)(keys) + 1))"));
    assert!(text.contains("(FG_SLOT_BYTES * ((size_t)(slots) + 2))"));
    assert!(text.contains("(FG_TABLE_BYTES * (size_t)(keys))"));
    assert!(text.contains("(FG_BLOCK_BYTES * ((size_t)(ids) / FG_BLOCK_IDS + 1))"));
    assert!(align_of::<wire::KeyTable>() <= FG_ALIGN);
    for count in 0..=1000 {
        let filter = FG_BLOCK_BYTES * (count / FG_BLOCK_IDS + 1);
        assert_eq!(fg_filter_size(count), filter, "{count}");
        assert!(fg_tables_size(count) <= FG_TABLE_BYTES * count, "{count}");
        assert!(
            fg_validator_size(count) <= FG_KEY_BYTES * (count + 1),
            "{count}"
        );
        assert!(
            fg_replay_size(count) <= FG_SLOT_BYTES * (count + 2),
            "{count}"
        );
    }
    assert!(fg_validator_align() <= FG_ALIGN && fg_replay_align() <= FG_ALIGN);
    assert_eq!(fg_validator_size(usize::MAX), usize::MAX);
    assert_eq!(fg_replay_size(usize::MAX), usize::MAX);
}
