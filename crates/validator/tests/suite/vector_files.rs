//! `proto/vectors`: the committed files are what the generator writes, and say what we decide.

use std::path::Path;

use units::{CredentialId, DeviceId, GateId, KeyId, Span, Timestamp};
use validator::{
    Decision, Malformed, Place, Policy, Refusal, ReplayMemory, ReplaySlot, SortedDenyList,
    Validator,
};
use wire::chain::{ChainHead, batch_message, verify_batch};
use wire::note::{Record, TapOutcome};
use wire::tap::{TapKind, TapRecord};
use wire::{DeviceKey, IssuerKey, ParsedCredential, VerifiedCode};

use crate::model::{Claims, CodeFile, CodeVector, CredentialFile, Key, Reader, TapFile};
use crate::vectors::files;

fn committed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../proto/vectors")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_committed_files_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/vectors");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut names: Vec<_> = files().into_iter().map(|(name, _)| name).collect();
    names.push("ledger_chain.json"); // Of crate `ledger`, whose tests hold it.
    names.sort_unstable();
    assert_eq!(found, names);
    for (name, fresh) in files() {
        let same = committed(name) == fresh;
        assert!(
            same,
            "{name} is not current: run `cargo run -p validator --example vectors`"
        );
    }
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn issuer_key(key: &Key) -> IssuerKey {
    let kid = KeyId::parse(&key.kid).unwrap();
    let [start, end] = [key.not_before, key.not_after].map(Timestamp::from_secs);
    IssuerKey::new(kid, &array(&key.public_key), start, end).unwrap()
}

fn policy(reader: &Reader) -> Policy {
    let secs = &reader.policy;
    Policy {
        code_life: Span::from_secs(secs.code_life),
        phone_slow_max: Span::from_secs(secs.phone_slow_max),
        phone_fast_max: Span::from_secs(secs.phone_fast_max),
        not_before_tolerance: Span::from_secs(secs.not_before_tolerance),
        expiry_tolerance: Span::from_secs(secs.expiry_tolerance),
        ..Policy::default()
    }
}

/// Shows the code of `vector` to the gate of its file.
fn decide(reader: &Reader, vector: &CodeVector) -> Decision {
    let mut keys: Vec<_> = reader.issuer_keys.iter().map(issuer_key).collect();
    let mut slots = 4;
    match vector.gate_state.as_str() {
        "ready" => {}
        "without_keys" => keys.clear(),
        "memory_full" => slots = 0,
        other => panic!("gate state {other}"),
    }
    let denied: Vec<_> = reader
        .denied
        .iter()
        .map(|id| CredentialId::from_bytes(array(id)))
        .collect();
    let denied = SortedDenyList::new(&denied).unwrap();
    let kind = if vector.tap == "on" {
        TapKind::On
    } else {
        TapKind::Off
    };
    let place = Place::new(GateId::parse(&vector.gate).unwrap(), kind);
    let validator = Validator::new(keys, policy(reader)).unwrap();
    let mut memory = ReplayMemory::new(vec![ReplaySlot::EMPTY; slots]);
    let mut show = |clock| {
        let clock = Timestamp::from_secs(clock);
        validator.validate(vector.text.as_bytes(), &place, clock, &denied, &mut memory)
    };
    if vector.shown_before {
        assert!(
            matches!(show(vector.clock - 1), Decision::Permitted(_)),
            "{}",
            vector.name
        );
    }
    show(vector.clock)
}

fn check_codes(name: &str) {
    let file: CodeFile = serde_json::from_str(&committed(name)).unwrap();
    for vector in &file.vectors {
        let place = format!("{name}, {}", vector.name);
        if let Some(hex) = &vector.hex {
            let text = wire::text::encode(&hex::decode(hex).unwrap()).unwrap();
            assert_eq!(text.as_str(), vector.text, "{place}");
        }
        let decision = decide(&file.reader, vector);
        let (result, error) = match &decision {
            Decision::Permitted(_) => ("permitted", None),
            Decision::Refused(refusal) => (refusal.name(), Some(refusal)),
        };
        let expected = &vector.expected;
        assert_eq!(
            (decision.code(), result),
            (expected.code, &*expected.result),
            "{place}"
        );
        if let Some(name) = &expected.error {
            assert_eq!(&rule(error.unwrap()), name, "{place}");
        }
        if let Some(claims) = &expected.claims {
            check_claims(vector, claims, &file.reader);
        }
    }
    println!("{name}: {} codes", file.vectors.len());
    assert!(!file.vectors.is_empty());
}

/// The innermost name in a refusal's `Debug` form.
fn rule(refusal: &Refusal) -> String {
    let text = match refusal {
        Refusal::Malformed(Malformed::Text(error)) => format!("{error:?}"),
        Refusal::Malformed(Malformed::Object(error)) => format!("{error:?}"),
        Refusal::BadIssuerSignature(error) | Refusal::BadHolderSignature(error) => {
            let text = format!("{error:?}");
            text.split('(')
                .next_back()
                .unwrap()
                .trim_end_matches(')')
                .to_owned()
        }
        other => format!("{other:?}"),
    };
    text.split([' ', '{']).next().unwrap().to_owned()
}

fn check_claims(vector: &CodeVector, claims: &Claims, reader: &Reader) {
    let bytes = hex::decode(vector.hex.as_ref().unwrap()).unwrap();
    let parsed = wire::parse(&bytes).unwrap();
    assert_eq!(parsed.kid().to_string(), claims.kid);
    let mut keys = reader.issuer_keys.iter().map(issuer_key);
    let code = keys.find_map(|key| parsed.verify(&key).ok()).unwrap();
    assert_eq!(hex::encode(code.id().as_bytes()), claims.cti);
    assert_eq!(code.expires().as_secs(), claims.exp);
    assert_eq!(code.starts().as_secs(), claims.starts);
    let entitlement = code.entitlement();
    assert_eq!(entitlement.category.as_code(), claims.category);
    assert_eq!(entitlement.party.as_riders(), claims.party);
    assert_eq!(entitlement.product.as_number(), claims.product);
    if let VerifiedCode::Presentation(code) = code {
        let holder = hex::encode(code.credential().holder().as_bytes());
        assert_eq!(Some(holder), claims.holder);
        assert_eq!(Some(code.issued_at().as_secs()), claims.iat);
        assert_eq!(code.gate().map(|gate| gate.to_string()), claims.aud);
    }
}

#[test]
fn good() {
    check_codes("good.json");
}

#[test]
fn malformed() {
    check_codes("malformed.json");
}

#[test]
fn texts() {
    check_codes("texts.json");
}

#[test]
fn signatures() {
    check_codes("signatures.json");
}

#[test]
fn refused() {
    check_codes("refused.json");
}

#[test]
fn every_refusal_has_a_vector() {
    let mut codes = std::collections::BTreeSet::new();
    for name in [
        "good.json",
        "malformed.json",
        "texts.json",
        "signatures.json",
        "refused.json",
    ] {
        let file: CodeFile = serde_json::from_str(&committed(name)).unwrap();
        codes.extend(file.vectors.iter().map(|vector| vector.expected.code));
    }
    let all = [
        0, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123, 130, 140, 150, 160,
    ];
    assert_eq!(codes, all.into());
}

#[test]
fn credentials() {
    let file: CredentialFile = serde_json::from_str(&committed("credentials.json")).unwrap();
    let key = issuer_key(&file.issuer_key);
    for vector in &file.vectors {
        let bytes = hex::decode(&vector.hex).unwrap();
        let error = match ParsedCredential::parse(&bytes) {
            Err(error) => Some(format!("{error:?}")),
            Ok(parsed) => parsed.verify(&key).err().map(|error| format!("{error:?}")),
        };
        assert_eq!(error.is_none(), vector.verifies, "{}", vector.name);
        if let (Some(error), Some(expected)) = (error, &vector.error) {
            assert!(
                error.contains(expected.as_str()),
                "{}: {error}",
                vector.name
            );
        }
    }
    assert!(file.vectors.len() > 10);
}

#[test]
fn taps() {
    let file: TapFile = serde_json::from_str(&committed("taps.json")).unwrap();
    let device = DeviceId::from_bytes(array(&file.device));
    let before = ChainHead::from_bytes(array(&file.chain_before));
    assert_eq!(before, ChainHead::start(device, file.epoch));
    let mut head = before;
    let records: Vec<_> = file
        .records
        .iter()
        .map(|record| hex::decode(&record.hex).unwrap())
        .collect();
    for (bytes, expected) in records.iter().zip(&file.records) {
        let record = TapRecord::decode(bytes).unwrap();
        head = head.after(bytes);
        assert_eq!(hex::encode(head.as_bytes()), expected.chain);
        assert_eq!(
            (record.seq, record.at.as_micros()),
            (expected.seq, expected.at)
        );
        assert_eq!(record.kind == TapKind::On, expected.kind == "on");
        assert_eq!(record.gate.to_string(), expected.gate);
        assert_eq!(record.stop.as_str(), expected.stop);
        assert_eq!(record.route.map(|route| route.to_string()), expected.route);
        assert_eq!(record.decision, expected.decision);
        assert_eq!(hex::encode(record.evidence), expected.evidence);
        let [bundle, deny, policy, tariff, age_s] =
            expected.lists.unwrap_or([0, 0, 0, 0, u32::MAX]);
        let lists = wire::ListVersions {
            bundle,
            deny,
            policy,
            tariff,
            age_s,
        };
        assert_eq!(record.lists, lists);
        let proven = record.clock == wire::ClockState::Proven;
        assert_eq!(proven, expected.clock_proven);
    }
    let notes: Vec<_> = file
        .notes
        .iter()
        .map(|note| hex::decode(&note.hex).unwrap())
        .collect();
    for (bytes, expected) in notes.iter().zip(&file.notes) {
        let Ok(Record::Note(note)) = Record::decode(bytes) else {
            panic!("not a note: {}", expected.hex)
        };
        head = head.after(bytes);
        assert_eq!(hex::encode(head.as_bytes()), expected.chain);
        assert_eq!((note.seq, note.at.as_micros()), (expected.seq, expected.at));
        let tap = (note.tap_epoch, note.tap_seq);
        assert_eq!(tap, (expected.tap_epoch, expected.tap_seq));
        let outcome = match expected.outcome.as_str() {
            "opened" => TapOutcome::Opened,
            "did_not_open" => TapOutcome::DidNotOpen,
            "nobody_passed" => TapOutcome::NobodyPassed,
            other => panic!("{other}"),
        };
        assert_eq!(note.outcome, outcome);
    }
    let records = [records, notes].concat();
    let count = u32::try_from(records.len()).unwrap();
    let message = batch_message(device, file.epoch, file.first_seq, count, before, head);
    assert_eq!(hex::encode(message), file.batch_message);
    let key = DeviceKey::from_bytes(&array(&file.device_public_key)).unwrap();
    let bytes = records.iter().map(Vec::as_slice);
    let signature = array(&file.batch_signature);
    let after = verify_batch(
        &key,
        device,
        file.epoch,
        file.first_seq,
        before,
        bytes,
        &signature,
    );
    assert_eq!(
        after.map(|head| hex::encode(head.as_bytes())),
        Ok(file.chain_after)
    );
    for refused in file.refused_records.iter().chain(&file.refused_notes) {
        let error = Record::decode(&hex::decode(&refused.hex).unwrap()).unwrap_err();
        assert!(
            format!("{error:?}").starts_with(&refused.error),
            "{}: {error}",
            refused.name
        );
    }
}
