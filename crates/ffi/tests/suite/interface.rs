//! What the functions answer when they are called as they should be.

use std::ffi::{CStr, c_char};

use faregate_reader::{
    FG_LANGUAGE_CHINESE, FG_LANGUAGE_ENGLISH, FG_LANGUAGE_KOREAN, FG_NAME_BYTES, FG_PERMITTED,
    FG_SENTENCE_BYTES, FG_TAP_OFF, FgCredentialId, FgDecision, FgScan, FgStatus, fg_decision_name,
    fg_sentence, fg_validator_deny,
};

use crate::codes::one_way;
use crate::objects::{NOW_SECS, presentation, ticket};
use crate::scanner::{EMPTY, Gate, key, scan};

fn text(bytes: &[u8]) -> String {
    wire::text::encode(bytes).unwrap().to_string()
}

fn sentence(decision: &FgDecision) -> Result<String, FgStatus> {
    sentence_in(decision, FG_LANGUAGE_ENGLISH)
}

fn sentence_in(decision: &FgDecision, language: u8) -> Result<String, FgStatus> {
    let mut buffer = [0x7f; FG_SENTENCE_BYTES];
    // SAFETY: decision and buffer live through the call; the size is the buffer's.
    let status = unsafe { fg_sentence(decision, language, buffer.as_mut_ptr(), buffer.len()) };
    read(status, &buffer)
}

fn name(code: u16) -> Result<String, FgStatus> {
    let mut buffer = [0x7f; FG_NAME_BYTES];
    // SAFETY: the buffer lives through the call; the size is its own.
    let status = unsafe { fg_decision_name(code, buffer.as_mut_ptr(), buffer.len()) };
    read(status, &buffer)
}

fn read(status: FgStatus, buffer: &[c_char]) -> Result<String, FgStatus> {
    if status != FgStatus::Ok {
        return Err(status);
    }
    assert!(buffer.contains(&0), "a 0 at the end");
    // SAFETY: the line above found the 0 inside the buffer.
    let text = unsafe { CStr::from_ptr(buffer.as_ptr()) };
    Ok(text.to_str().unwrap().to_owned())
}

#[test]
fn a_code_passes_once() {
    let mut gate = Gate::new(&[key()]);
    let code = text(&presentation(None));
    let (status, decision) = gate.show(&scan(code.as_bytes()));
    assert_eq!((status, decision.code), (FgStatus::Ok, FG_PERMITTED));
    assert_eq!(decision.id.bytes, *b"credential-id-01");
    assert_eq!((decision.party, decision.product), (2, 0x0102));
    assert_eq!(sentence(&decision).unwrap(), "");
    let (status, decision) = gate.show(&scan(code.as_bytes()));
    assert_eq!((status, decision.code), (FgStatus::Ok, 150));
    assert_eq!(name(150).unwrap(), "already_used");
}

#[test]
fn taps_off_count_apart() {
    let mut gate = Gate::new(&[key()]);
    let code = text(&ticket());
    assert_eq!(gate.show(&scan(code.as_bytes())).1.code, 0);
    let off = FgScan {
        kind: FG_TAP_OFF,
        ..scan(code.as_bytes())
    };
    assert_eq!(gate.show(&off).1.code, 0);
    assert_eq!(gate.show(&off).1.code, 150);
}

#[test]
fn deny_lists_replace_each_other() {
    let mut gate = Gate::new(&[key()]);
    let ids = [*b"credential-id-00", *b"credential-id-01"].map(|bytes| FgCredentialId { bytes });
    let deny = |gate: &Gate, ids: &[FgCredentialId]| {
        // SAFETY: the gate's own validator; the ids outlive the gate's use of them.
        unsafe { fg_validator_deny(gate.validator, ids.as_ptr(), ids.len()) }
    };
    let shown = text(&presentation(None));
    assert_eq!(deny(&gate, &ids), FgStatus::Ok);
    let (_, decision) = gate.show(&scan(shown.as_bytes()));
    assert_eq!((decision.code, decision.id), (140, ids[1]));
    let reversed = [ids[1], ids[0]];
    let twice = [ids[0], ids[0]];
    assert_eq!(deny(&gate, &reversed), FgStatus::NotSorted);
    assert_eq!(deny(&gate, &twice), FgStatus::NotSorted);
    assert_eq!(
        gate.show(&scan(shown.as_bytes())).1.code,
        140,
        "the list from before"
    );
    assert_eq!(deny(&gate, &ids[..1]), FgStatus::Ok);
    assert_eq!(gate.show(&scan(shown.as_bytes())).1.code, 0);
    let later = text(&one_way(NOW_SECS + 1).bytes);
    assert_eq!(deny(&gate, &ids), FgStatus::Ok);
    assert_eq!(gate.show(&scan(later.as_bytes())).1.code, 140);
    assert_eq!(deny(&gate, &[]), FgStatus::Ok);
    assert_eq!(gate.show(&scan(later.as_bytes())).1.code, 0);
}

#[test]
fn every_number_has_its_name_and_sentence() {
    let mut named = 0;
    for code in 0..=u16::MAX {
        let decision = FgDecision { code, ..EMPTY };
        match validator::Refusal::name_of(code) {
            Some(expected) => {
                assert_eq!(name(code).unwrap(), expected);
                assert!(!sentence(&decision).unwrap().is_empty(), "{code}");
                named += 1;
            }
            None if code == FG_PERMITTED => assert_eq!(name(code).unwrap(), "permitted"),
            None => {
                assert_eq!(name(code), Err(FgStatus::UnknownCode), "{code}");
                assert_eq!(sentence(&decision), Err(FgStatus::UnknownCode), "{code}");
            }
        }
    }
    assert_eq!(named, 22);
}

#[test]
fn the_longest_sentences_fit() {
    for code in (0..=999).filter(|code| validator::Refusal::name_of(*code).is_some()) {
        for span_micros in [i64::MIN, -1, 0, 119_999_999, i64::MAX] {
            for lack in 0..=u8::MAX {
                let decision = FgDecision {
                    code,
                    lack,
                    span_micros,
                    code_gate: u32::MAX,
                    gate: u32::MAX,
                    kid: [0xff; 4],
                    ..EMPTY
                };
                for language in 0..=3 {
                    let said = sentence_in(&decision, language).unwrap();
                    assert!(said.ends_with(['.', '?', '。', '？']), "{said}");
                }
            }
        }
    }
}

/// The sentences of `fg_sentence` are those of crate `validator`, in each language.
#[test]
fn sentences_are_the_validators() {
    let mut gate = Gate::new(&[key()]);
    let code = text(&presentation(None));
    let late = FgScan {
        now_micros: scan(b"").now_micros + 240_000_000,
        ..scan(code.as_bytes())
    };
    let (_, stale) = gate.show(&late);
    let expected = validator::Refusal::Stale {
        age: units::Span::from_secs(240),
    };
    let languages = [
        (FG_LANGUAGE_ENGLISH, validator::Language::English),
        (FG_LANGUAGE_CHINESE, validator::Language::Chinese),
        (FG_LANGUAGE_KOREAN, validator::Language::Korean),
        (3, validator::Language::English),
    ];
    let failed = FgDecision {
        code: 160,
        lack: 0,
        ..EMPTY
    };
    for (number, language) in languages {
        let said = sentence_in(&stale, number).unwrap();
        assert_eq!(said, expected.sentence_in(language).as_str());
        assert!(said.contains('4'), "4 minutes: {said}");
        assert!(!sentence_in(&failed, number).unwrap().contains(['(', '（']));
    }
}
