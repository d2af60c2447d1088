//! What the functions answer when they are called as they should not be: always a status, never
//! an open gate, and never a byte written outside.

use std::ptr;

use faregate_reader::{
    FG_ALIGN, FG_SENTENCE_BYTES, FgCredentialId, FgDecision, FgIssuerKey, FgPolicy, FgReplay,
    FgScan, FgStatus, FgValidator, fg_chain_after, fg_decision_name, fg_evidence, fg_filter_size,
    fg_issuer_key_check, fg_policy_default, fg_replay_init, fg_replay_size, fg_sentence,
    fg_tables_size, fg_validate, fg_validator_deny, fg_validator_deny_filtered, fg_validator_init,
    fg_validator_prepare, fg_validator_size,
};

use crate::objects::{presentation, ticket};
use crate::scanner::{EMPTY, Gate, Memory, key, policy, scan};

fn init(memory: *mut u8, size: usize, keys: &[FgIssuerKey], policy: &FgPolicy) -> FgStatus {
    let mut validator: *mut FgValidator = ptr::null_mut();
    // SAFETY: the callers give memory of at least `size` bytes, or null; keys, policy and the
    // pointer live through the call.
    let status = unsafe {
        fg_validator_init(
            memory.cast(),
            size,
            keys.as_ptr(),
            keys.len(),
            policy,
            &raw mut validator,
        )
    };
    assert_eq!(validator.is_null(), status != FgStatus::Ok);
    status
}

#[test]
fn setting_up_is_checked() {
    let mut memory = Memory::new();
    let start = (&raw mut *memory).cast::<u8>();
    let (good, size) = (policy(), size_of::<Memory>());
    assert_eq!(init(start, size, &[key()], &good), FgStatus::Ok);
    assert_eq!(init(ptr::null_mut(), size, &[], &good), FgStatus::Null);
    for offset in 1..8 {
        let inside = start.wrapping_add(offset);
        assert_eq!(
            init(inside, size - offset, &[], &good),
            FgStatus::Misaligned
        );
    }
    let needed = fg_validator_size(1);
    for small in 0..needed {
        assert_eq!(init(start, small, &[key()], &good), FgStatus::TooSmall);
    }
    assert_eq!(init(start, needed, &[key()], &good), FgStatus::Ok);
    let bad = FgIssuerKey {
        public_key: [0; 32],
        ..key()
    };
    assert_eq!(init(start, size, &[key(), bad], &good), FgStatus::BadKey);
    // SAFETY: the key lives through the call.
    let checked = unsafe { fg_issuer_key_check(&raw const bad) };
    assert_eq!(checked, FgStatus::BadKey);
    assert_eq!(init(start, size, &[key(); 5], &good), FgStatus::TooManyKeys);
    assert_eq!(
        init(start, size, &[key(); 65], &good),
        FgStatus::TooManyKeys
    );
    let negative = FgPolicy {
        expiry_tolerance_micros: -1,
        ..good
    };
    assert_eq!(init(start, size, &[key()], &negative), FgStatus::BadPolicy);
    for kinds in [0, 8, u8::MAX] {
        let no_kinds = FgPolicy { kinds, ..good };
        assert_eq!(init(start, size, &[key()], &no_kinds), FgStatus::BadPolicy);
    }
    // SAFETY: nothing is behind these pointers, which the function finds out by itself.
    unsafe {
        let mut validator = ptr::null_mut();
        let (none, all) = (ptr::null(), &raw const good);
        let at = &raw mut validator;
        let call = |keys, count, policy, at| {
            fg_validator_init(start.cast(), size, keys, count, policy, at)
        };
        assert_eq!(call(none, 1, all, at), FgStatus::Null);
        assert_eq!(call(none, 0, ptr::null(), at), FgStatus::Null);
        assert_eq!(call(none, 0, all, ptr::null_mut()), FgStatus::Null);
        assert_eq!(call(none, usize::MAX, all, at), FgStatus::TooLarge);
        assert_eq!(fg_policy_default(ptr::null_mut()), FgStatus::Null);
    }
}

#[test]
fn nothing_is_written_outside_the_memory() {
    let mut memory = Memory::new();
    let start = (&raw mut *memory).cast::<u8>();
    let keys = [key(); 3];
    let needed = fg_validator_size(keys.len());
    assert_eq!(init(start, needed, &keys, &policy()), FgStatus::Ok);
    assert!(memory.0[needed..].iter().all(|byte| *byte == 0xa5));
    let mut memory = Memory::new();
    let mut replay: *mut FgReplay = ptr::null_mut();
    let needed = fg_replay_size(7);
    // SAFETY: the memory is larger than `needed`, and lives through the call.
    unsafe {
        let start = (&raw mut *memory).cast();
        let at = &raw mut replay;
        assert_eq!(fg_replay_init(start, needed - 1, 7, at), FgStatus::TooSmall);
        assert_eq!(
            fg_replay_init(start, needed, usize::MAX, at),
            FgStatus::TooLarge
        );
        assert_eq!(
            fg_replay_init(start.byte_add(1), needed, 7, at),
            FgStatus::Misaligned
        );
        assert_eq!(
            fg_replay_init(ptr::null_mut(), needed, 7, at),
            FgStatus::Null
        );
        assert_eq!(
            fg_replay_init(start, needed, 7, ptr::null_mut()),
            FgStatus::Null
        );
        assert!(replay.is_null());
        assert_eq!(fg_replay_init(start, needed, 7, at), FgStatus::Ok);
    }
    assert!(memory.0[needed..].iter().all(|byte| *byte == 0xa5));
}

/// Every way to call `fg_validate` wrongly refuses with 160.
#[test]
fn a_failed_call_never_opens() {
    let mut gate = Gate::new(&[key()]);
    let code = wire::text::encode(&presentation(None)).unwrap();
    let good = scan(code.as_bytes());
    let (validator, replay) = (gate.validator.cast_const(), gate.replay);
    let call = |validator, replay, scan| {
        let mut decision = EMPTY;
        // SAFETY: what is not null is the gate's own or memory of their size.
        let status = unsafe { fg_validate(validator, replay, scan, &raw mut decision) };
        (status, decision.code, decision.lack)
    };
    let wrong_kind = FgScan { kind: 0, ..good };
    let no_text = FgScan {
        text: ptr::null(),
        ..good
    };
    let endless = FgScan {
        text_length: usize::MAX,
        ..good
    };
    let mut raw = Memory::new();
    let raw: *mut u8 = (&raw mut *raw).cast();
    let odd = |pointer: *const FgScan| pointer.wrapping_byte_add(1);
    let refused = |status| (status, 160, 0);
    let at = &raw const good;
    assert_eq!(call(ptr::null(), replay, at), refused(FgStatus::Null));
    assert_eq!(
        call(validator, ptr::null_mut(), at),
        refused(FgStatus::Null)
    );
    assert_eq!(
        call(validator, replay, ptr::null()),
        refused(FgStatus::Null)
    );
    assert_eq!(
        call(validator, replay, odd(at)),
        refused(FgStatus::Misaligned)
    );
    assert_eq!(
        call(validator, replay, &raw const wrong_kind),
        refused(FgStatus::BadKind)
    );
    assert_eq!(
        call(validator, replay, &raw const no_text),
        refused(FgStatus::Null)
    );
    assert_eq!(
        call(validator, replay, &raw const endless),
        refused(FgStatus::TooLarge)
    );
    assert_eq!(
        call(raw.cast(), replay, at),
        refused(FgStatus::NotInitialised)
    );
    assert_eq!(
        call(validator, raw.cast(), at),
        refused(FgStatus::NotInitialised)
    );
    assert_eq!(
        call(replay.cast(), replay, at),
        refused(FgStatus::NotInitialised)
    );
    let copied = gate.validator_memory.clone();
    let copied = (&raw const *copied).cast();
    assert_eq!(call(copied, replay, at), refused(FgStatus::NotInitialised));
    // SAFETY: the decision is missing, which the function finds out by itself.
    let status = unsafe { fg_validate(validator, replay, at, ptr::null_mut()) };
    assert_eq!(status, FgStatus::Null);
    assert_eq!(gate.show(&good).1.code, 0, "none of it used the code up");
}

#[test]
fn a_failed_set_up_leaves_no_validator() {
    let mut gate = Gate::new(&[key()]);
    let memory = (&raw mut *gate.validator_memory).cast();
    let bad = FgIssuerKey {
        public_key: [0xff; 32],
        ..key()
    };
    assert_eq!(
        init(memory, size_of::<Memory>(), &[bad], &policy()),
        FgStatus::BadKey
    );
    let code = wire::text::encode(&ticket()).unwrap();
    let (status, decision) = gate.show(&scan(code.as_bytes()));
    assert_eq!((status, decision.code), (FgStatus::NotInitialised, 160));
    // SAFETY: memory of a validator's size, in which there is none.
    let status = unsafe { fg_validator_deny(gate.validator, ptr::null(), 0) };
    assert_eq!(status, FgStatus::NotInitialised);
}

#[test]
fn pointers_and_lengths_are_checked_everywhere() {
    let gate = Gate::new(&[key()]);
    let id = FgCredentialId { bytes: [1; 16] };
    let (mut written, mut small) = (77, [0x55u8; 4]);
    let code = wire::text::encode(&ticket()).unwrap();
    let (mut name, unknown) = ([0; FG_SENTENCE_BYTES], EMPTY);
    // SAFETY: what is not null points at what the length says, or the function refuses the length.
    unsafe {
        let deny = |ids, count| fg_validator_deny(gate.validator, ids, count);
        assert_eq!(deny(ptr::null(), 1), FgStatus::Null);
        assert_eq!(deny(&raw const id, usize::MAX / 16), FgStatus::TooLarge);
        assert_eq!(deny(&raw const id, usize::MAX), FgStatus::TooLarge);
        let text = code.as_ptr().cast();
        let mut evidence = |size| {
            let buffer = (&raw mut small).cast();
            fg_evidence(text, code.len(), buffer, size, &raw mut written)
        };
        assert_eq!(evidence(3), FgStatus::TooSmall);
        let length = code.len();
        let null = fg_evidence(text, length, ptr::null_mut(), 999, &raw mut written);
        assert_eq!(null, FgStatus::Null);
        assert_eq!((written, small), (77, [0x55; 4]));
        let decision: *const FgDecision = ptr::null();
        assert_eq!(
            fg_sentence(decision, 0, name.as_mut_ptr(), 161),
            FgStatus::Null
        );
        assert_eq!(
            fg_sentence(&raw const unknown, 0, ptr::null_mut(), 161),
            FgStatus::UnknownCode
        );
        assert_eq!(fg_decision_name(150, ptr::null_mut(), 32), FgStatus::Null);
        // "already_used" has 12 characters and a 0.
        assert_eq!(
            fg_decision_name(150, name.as_mut_ptr(), 12),
            FgStatus::TooSmall
        );
        assert_eq!(name[0], 0);
        assert_eq!(fg_decision_name(150, name.as_mut_ptr(), 13), FgStatus::Ok);
        assert_eq!(
            fg_chain_after(ptr::null_mut(), ptr::null(), 0),
            FgStatus::Null
        );
    }
    assert!(FG_ALIGN.is_power_of_two());
}

/// Every truncation and every change of one byte of a code: a status and a decision, each time the
/// one of crate `validator`.
#[test]
fn hostile_codes_decide_as_in_rust() {
    let code = wire::text::encode(&ticket()).unwrap();
    let code = code.as_bytes();
    let mut shown = 0;
    let mut check = |text: &[u8]| {
        let (status, decision) = Gate::new(&[key()]).show(&scan(text));
        assert_eq!((status, decision.code), (FgStatus::Ok, in_rust(text)));
        shown += 1;
    };
    for length in 0..=code.len() {
        check(&code[..length]);
    }
    for at in 0..code.len() {
        for changed in [0, b'0', b'Z', b':', 0x7f, 0x80, 0xff] {
            let mut text = code.to_vec();
            text[at] = changed;
            check(&text);
        }
    }
    for length in [480, 484, 485, 486, 100_000] {
        check(&vec![b'0'; length]);
        check(&[b"FG1:", &vec![b'0'; length][..]].concat());
    }
    println!("{shown} codes");
}

fn in_rust(text: &[u8]) -> u16 {
    let keys = [crate::objects::issuer_key()];
    let validator = validator::Validator::new(&keys[..], validator::Policy::default()).unwrap();
    let mut memory = validator::ReplayMemory::new([validator::ReplaySlot::EMPTY; 1]);
    let place = validator::Place::new(crate::objects::GATE, wire::tap::TapKind::On);
    let now = crate::objects::now();
    let decision = validator.validate(text, &place, now, &validator::NothingDenied, &mut memory);
    decision.code()
}

#[test]
fn tables_are_checked_and_change_no_decision() {
    let mut gate = Gate::new(&[key(); 2]);
    let needed = fg_tables_size(2);
    let mut memory = vec![0xa5u8; needed + 2 * FG_ALIGN];
    let aligned = memory.as_ptr().align_offset(FG_ALIGN);
    let start = memory[aligned..].as_mut_ptr();
    let validator = gate.validator;
    let prepare = |validator, memory: *mut u8, size| {
        // SAFETY: the gate's own validator or none, and memory larger than `needed` or none.
        unsafe { fg_validator_prepare(validator, memory.cast(), size) }
    };
    assert_eq!(prepare(ptr::null_mut(), start, needed), FgStatus::Null);
    assert_eq!(prepare(validator, ptr::null_mut(), needed), FgStatus::Null);
    assert_eq!(prepare(validator, start, needed - 1), FgStatus::TooSmall);
    let odd = start.wrapping_add(1);
    assert_eq!(prepare(validator, odd, needed), FgStatus::Misaligned);
    let code = wire::text::encode(&presentation(None)).unwrap();
    assert_eq!(gate.show(&scan(code.as_bytes())).1.code, 0);
    assert_eq!(prepare(validator, start, needed), FgStatus::Ok);
    assert!(memory[aligned + needed..].iter().all(|byte| *byte == 0xa5));
    let code = wire::text::encode(&ticket()).unwrap();
    let (status, decision) = gate.show(&scan(code.as_bytes()));
    assert_eq!((status, decision.code), (FgStatus::Ok, 0));
    assert_eq!(gate.show(&scan(code.as_bytes())).1.code, 150);
}

/// A filter of any size changes no decision, and is written nowhere but in its memory.
#[test]
fn a_filter_is_checked_and_changes_no_decision() {
    let mut gate = Gate::new(&[key()]);
    let denied = *crate::objects::ticket_claims().id.as_bytes();
    let mut ids: Vec<_> = (0..200_u8)
        .map(|number| FgCredentialId {
            bytes: [number; 16],
        })
        .chain([FgCredentialId { bytes: denied }])
        .collect();
    ids.sort_unstable();
    let without: Vec<_> = ids
        .iter()
        .copied()
        .filter(|id| id.bytes != denied)
        .collect();
    let code = wire::text::encode(&ticket()).unwrap();
    let mut memory = Memory::new();
    let start = (&raw mut *memory).cast::<u8>();
    let call = |ids: &[FgCredentialId], filter: *mut u8, size| {
        let (first, count) = (ids.as_ptr(), ids.len());
        // SAFETY: the gate's own validator; ids and memory outlive its use; the memory is larger
        // than `size`, or the function refuses it.
        unsafe { fg_validator_deny_filtered(gate.validator, first, count, filter.cast(), size) }
    };
    let needed = fg_filter_size(ids.len());
    assert_eq!(needed, 7 * 64, "201 ids: six blocks of 32, and one");
    assert_eq!(call(&ids, ptr::null_mut(), needed), FgStatus::Null);
    assert_eq!(
        call(&ids, start.wrapping_add(8), needed),
        FgStatus::Misaligned
    );
    assert_eq!(call(&ids, start, 63), FgStatus::TooSmall);
    assert_eq!(call(&ids, start, usize::MAX), FgStatus::TooLarge);
    let twice = [ids[0], ids[0]];
    assert_eq!(call(&twice, start, needed), FgStatus::NotSorted);
    assert!(memory.0.iter().all(|byte| *byte == 0xa5), "unchanged");
    assert_eq!(fg_filter_size(usize::MAX), usize::MAX);
    for size in [64, 127, 128, needed, 4096] {
        assert_eq!(call(&ids, start, size), FgStatus::Ok);
        assert_eq!(gate_shows(&gate, code.as_bytes()), 140, "{size} bytes");
    }
    assert!(memory.0[4096..].iter().all(|byte| *byte == 0xa5));
    assert_eq!(call(&without, start, needed), FgStatus::Ok);
    assert_eq!(gate.show(&scan(code.as_bytes())).1.code, 0);
}

fn gate_shows(gate: &Gate, text: &[u8]) -> u16 {
    let (scan, mut decision) = (scan(text), EMPTY);
    // SAFETY: the gate's own validator and replay memory; scan and decision live through the call.
    let status = unsafe {
        fg_validate(
            gate.validator,
            gate.replay,
            &raw const scan,
            &raw mut decision,
        )
    };
    assert_eq!(status, FgStatus::Ok);
    decision.code
}
