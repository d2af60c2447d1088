//! The arrows between crates: the table of `docs/ARCHITECTURE.md` is law.

use std::collections::{BTreeMap, BTreeSet};

use crate::root;

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Which crate may use which, read from the table under "Crates and arrows".
fn allowed(document: &str) -> Arrows {
    let section = document
        .split("## Crates and arrows")
        .nth(1)
        .expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let names = |cell: &str| -> BTreeSet<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut table = Arrows::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, krate, _layer, _purpose, uses, _] = cells[..] else {
            panic!("a row of the table has five bars: {row}");
        };
        for name in names(krate) {
            table.insert(name, names(uses));
        }
    }
    let all: BTreeSet<String> = table.keys().cloned().collect();
    for uses in table.values_mut() {
        if uses.remove("*") {
            uses.extend(all.iter().cloned());
        }
    }
    table
}

/// The arrows that the manifests draw, of every kind: normal, build and test.
fn drawn() -> Arrows {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata");
    let ours: BTreeSet<String> = metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let uses = |package: &cargo_metadata::Package| {
        let names = package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.clone());
        names.filter(|name| ours.contains(name)).collect()
    };
    metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), uses(package)))
        .collect()
}

/// Every arrow that is drawn and not allowed, as a sentence.
fn breaches(allowed: &Arrows, drawn: &Arrows) -> Vec<String> {
    let mut found = Vec::new();
    for (krate, uses) in drawn {
        let Some(may) = allowed.get(krate) else {
            found.push(format!(
                "crate `{krate}` is not in the table of docs/ARCHITECTURE.md"
            ));
            continue;
        };
        for used in uses.difference(may) {
            if used != krate {
                found.push(format!(
                    "`{krate}` uses `{used}`, which its row does not allow"
                ));
            }
        }
    }
    found
}

#[test]
fn no_crate_draws_an_arrow_that_the_design_does_not_allow() {
    let document = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let allowed = allowed(&document);
    assert!(allowed.len() > 15, "the table was read: {allowed:?}");
    let found = breaches(&allowed, &drawn());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_forbidden_arrow_is_seen() {
    let table = "## Crates and arrows\n\
        | `units` | L0 | values | — |\n\
        | `tariff` | L1 | fares | `units` |\n\
        | `oracle` | test | second opinion | `units` |\n";
    let allowed = allowed(table);
    let uses = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let drawn = |name: &str, to: &[&str]| Arrows::from([(name.to_owned(), uses(to))]);
    assert_eq!(
        breaches(&allowed, &drawn("tariff", &["units"])),
        Vec::<String>::new()
    );
    assert_eq!(
        breaches(&allowed, &drawn("oracle", &["tariff"])),
        ["`oracle` uses `tariff`, which its row does not allow"]
    );
    assert_eq!(breaches(&allowed, &drawn("novel", &[])).len(), 1);
}
