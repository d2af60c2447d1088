//! The files of the kit.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::model::{Kit, Reader, Rule, Scan};
use crate::{base, readers, riders, sequences};

/// Where the kit is committed.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/conformance")
}

/// The kit: the codes of `proto/vectors`, then cases of several scans, each text with a picture.
pub(crate) fn kit() -> Kit {
    let mut cases = base::cases();
    cases.extend(sequences::cases());
    cases.extend(riders::cases());
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for case in &mut cases {
        for (number, scan) in case.scans.iter_mut().enumerate() {
            if scan.text.is_empty() {
                continue;
            }
            let name = names.entry(scan.text.clone()).or_insert_with(|| {
                let suffix = match number {
                    0 => String::new(),
                    _ => format!("_{}", number + 1),
                };
                format!("pictures/{}{suffix}.png", case.name)
            });
            scan.picture = Some(name.clone());
        }
    }
    Kit {
        about: "Codes that a reader permits and refuses, with what it knows. See README.md."
            .to_owned(),
        format: 2,
        readers: readers::all(),
        cases,
    }
}

/// `kit.json`.
pub(crate) fn json(kit: &Kit) -> String {
    let mut text = serde_json::to_string_pretty(kit).unwrap();
    text.push('\n');
    text
}

/// Names and texts of the pictures.
pub(crate) fn pictures(kit: &Kit) -> BTreeMap<&str, &str> {
    let scans = kit.cases.iter().flat_map(|case| &case.scans);
    scans
        .filter_map(|scan| Some((scan.picture.as_deref()?, scan.text.as_str())))
        .collect()
}

/// `kit.txt`: the same as commands, one in a line, for readers that have no JSON.
pub(crate) fn script(kit: &Kit) -> String {
    let mut text = String::from(
        "# The kit as commands for crates/ffi/examples/reader; README.md explains them.\n",
    );
    for case in &kit.cases {
        write!(text, "\n# {}: {}\n", case.name, case.about).unwrap();
        set_up(&mut text, &kit.readers[&case.reader]);
        for scan in &case.scans {
            show(&mut text, scan);
        }
    }
    text
}

fn set_up(text: &mut String, reader: &Reader) {
    text.push_str("@reader\n");
    for key in &reader.issuer_keys {
        let (from, until) = (key.not_before_micros, key.not_after_micros);
        let issuer = key.issuer;
        writeln!(
            text,
            "@key {} {} {from} {until} {issuer}",
            key.kid, key.public_key
        )
        .unwrap();
    }
    let policy = &reader.policy;
    let number = |text: &str| match text {
        "together" | "nothing" => 0,
        "one_by_one" | "presentations" => 1,
        _ => 2,
    };
    writeln!(
        text,
        "@policy {} {} {} {} {} {} {} {} {} {} {} {}",
        policy.code_life_micros,
        policy.phone_slow_max_micros,
        policy.phone_fast_max_micros,
        policy.not_before_tolerance_micros,
        policy.expiry_tolerance_micros,
        policy.ticket_life_max_micros,
        policy.passback_micros,
        policy.retry_micros,
        number(&policy.companions),
        number(&policy.pass_unproven),
        number(&policy.pass_wrong),
        taken(policy.kinds.as_deref())
    )
    .unwrap();
    for id in &reader.denied {
        writeln!(text, "@deny {id}").unwrap();
    }
    writeln!(text, "@slots {}", reader.replay_slots).unwrap();
    if let Some(rules) = &reader.rules {
        text.push_str("@rules\n");
        for rule in rules {
            write_rule(text, rule);
        }
    }
}

/// The sum of the kinds' numbers in the header; of all kinds when the policy names none.
fn taken(kinds: Option<&[String]>) -> u8 {
    let number = |kind: &String| match kind.as_str() {
        "one_way" => 1,
        "gate_bound" => 2,
        _ => 4,
    };
    kinds.map_or(7, |kinds| kinds.iter().map(number).sum())
}

/// What a rule does not say is −1; a party without a limit is 0.
fn write_rule(text: &mut String, rule: &Rule) {
    let said = |number: Option<u16>| number.map_or(-1, i64::from);
    let span = |micros: Option<i64>| micros.unwrap_or(-1);
    writeln!(
        text,
        "@rule {} {} {} {} {} {} {} {}",
        said(rule.issuer),
        said(rule.network),
        said(rule.zone),
        said(rule.product),
        said(rule.category.map(u16::from)),
        rule.party_max.unwrap_or(0),
        span(rule.ticket_life_max_micros),
        span(rule.passback_micros)
    )
    .unwrap();
}

fn show(text: &mut String, scan: &Scan) {
    writeln!(text, "@clock {}", scan.clock_micros).unwrap();
    writeln!(text, "@gate {} {}", scan.gate, scan.tap).unwrap();
    writeln!(text, "@place {} {}", scan.network, scan.zone).unwrap();
    writeln!(text, "@trust {}", scan.clock).unwrap();
    let expected = &scan.expected;
    writeln!(text, "@expect {} {}", expected.code, expected.name).unwrap();
    writeln!(text, "@code {}", hex::encode(&scan.text)).unwrap();
    if let Some(then) = &scan.then {
        writeln!(text, "@{then}").unwrap();
    }
}
