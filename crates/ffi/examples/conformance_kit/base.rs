//! The codes of `proto/vectors`, each shown to a reader of its own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::codes::MICROS;
use crate::model::{Case, Expected, Permit, Scan};
use crate::readers::NEIGHBOUR;

/// A file of `proto/vectors`; what the kit has no use for is left out.
#[derive(Deserialize)]
struct CodeFile {
    about: String,
    vectors: Vec<CodeVector>,
}

#[derive(Deserialize)]
struct CodeVector {
    name: String,
    text: String,
    clock: i64,
    gate: String,
    tap: String,
    gate_state: String,
    shown_before: bool,
    expected: Decided,
}

#[derive(Deserialize)]
struct Decided {
    code: u16,
    result: String,
    claims: Option<Claims>,
}

#[derive(Deserialize)]
struct Claims {
    kid: String,
    cti: String,
    category: u8,
    party: u8,
    product: u16,
    holder: Option<String>,
    iat: Option<i64>,
    aud: Option<String>,
}

const FILES: [&str; 5] = ["good", "malformed", "texts", "signatures", "refused"];

pub(crate) fn cases() -> Vec<Case> {
    let files: Vec<_> = FILES.into_iter().map(|name| (name, read(name))).collect();
    let all = files.iter().flat_map(|(_, file)| &file.vectors);
    let permits: BTreeMap<_, _> = all
        .filter_map(|vector| {
            let mut permit = permit(vector.expected.claims.as_ref()?);
            if vector.name.contains("neighbour") {
                permit.issuer = NEIGHBOUR;
            }
            Some((&*vector.text, permit))
        })
        .collect();
    let mut cases = Vec::new();
    for (file, content) in &files {
        for vector in &content.vectors {
            let mut scans = Vec::new();
            if vector.shown_before {
                let before = (vector.clock - 1, 0, "permitted");
                scans.push(scan(vector, before, permits.get(&*vector.text)));
            }
            let expected = &vector.expected;
            let last = (vector.clock, expected.code, expected.result.as_str());
            let permit = permits.get(&*vector.text).filter(|_| expected.code == 0);
            scans.push(scan(vector, last, permit));
            cases.push(Case {
                name: format!("{file}_{}", vector.name),
                about: content.about.clone(),
                reader: match vector.gate_state.as_str() {
                    "ready" => "city".to_owned(),
                    other => other.to_owned(),
                },
                scans,
            });
        }
    }
    cases
}

fn read(name: &str) -> CodeFile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/vectors");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn permit(claims: &Claims) -> Permit {
    let kind = match (&claims.holder, &claims.aud) {
        (None, _) => "ticket",
        (Some(_), None) => "one_way",
        (Some(_), Some(_)) => "gate_bound",
    };
    Permit {
        kind: kind.to_owned(),
        id: claims.cti.clone(),
        kid: claims.kid.clone(),
        category: claims.category,
        party: claims.party,
        riders: claims.party,
        product: claims.product,
        issuer: 0,
        again_micros: None,
        issued_at_micros: claims.iat.map(|secs| secs * MICROS),
    }
}

fn scan(
    vector: &CodeVector,
    (clock, code, name): (i64, u16, &str),
    permit: Option<&Permit>,
) -> Scan {
    Scan {
        text: vector.text.clone(),
        picture: None,
        clock_micros: clock * MICROS,
        gate: vector.gate.clone(),
        tap: vector.tap.clone(),
        network: 0,
        zone: 0,
        clock: "proven".to_owned(),
        then: None,
        expected: Expected {
            code,
            name: name.to_owned(),
            permit: permit.cloned(),
        },
    }
}
