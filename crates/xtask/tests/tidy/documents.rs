//! What documents promise and other documents must name.

use std::path::Path;

use crate::root;

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_crate_opens_with_its_five_headings() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let library = entry.unwrap().path().join("src/lib.rs");
        if !library.exists() {
            continue;
        }
        let text = read(&library);
        for heading in [
            "**What**",
            "**Why it exists**",
            "**Where it sits**",
            "**Invariants**",
        ] {
            assert!(
                text.contains(heading),
                "{}: lacks {heading}",
                library.display()
            );
        }
        assert!(
            text.contains("//! ```"),
            "{}: lacks an example",
            library.display()
        );
    }
}

#[test]
fn every_vector_file_is_named_by_a_test() {
    let tests = [
        "crates/wire/tests",
        "crates/validator/tests",
        "web/packages/wallet",
    ];
    let mut sources = String::new();
    for folder in tests {
        collect(&root().join(folder), &mut sources);
    }
    for entry in std::fs::read_dir(root().join("proto/vectors")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name)
            .extension()
            .is_some_and(|ending| ending == "json")
        {
            assert!(
                sources.contains(&name),
                "no test names proto/vectors/{name}"
            );
        }
    }
}

fn collect(folder: &Path, into: &mut String) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            collect(&path, into);
        } else if path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "ts")
        {
            into.push_str(&read(&path));
        }
    }
}

#[test]
fn every_refusal_stands_once_in_the_wire_document() {
    let document = read("docs/WIRE.md");
    let refusals = read("crates/validator/src/refusal.rs");
    let mut codes: Vec<&str> = refusals
        .split("\n    (")
        .skip(1)
        .filter_map(|rest| rest.get(..3))
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() > 10, "the codes were read: {codes:?}");
    for code in codes {
        let rows = document
            .lines()
            .filter(|line| line.starts_with(&format!("| {code} |")))
            .count();
        assert_eq!(rows, 1, "docs/WIRE.md has {rows} rows for refusal {code}");
    }
}
