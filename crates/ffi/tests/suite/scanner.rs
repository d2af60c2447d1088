//! A gate through the C interface, as Rust tests call it.

use std::ffi::c_char;
use std::ptr;

use faregate_reader::{
    FG_CLOCK_PROVEN, FG_TAP_ON, FgDecision, FgIssuerKey, FgPassage, FgPolicy, FgReplay, FgScan,
    FgStatus, FgValidator, fg_policy_default, fg_replay_init, fg_validate, fg_validator_init,
};

use crate::codes::MICROS;
use crate::objects::{GATE, NOW_SECS, issuer_key};

/// Memory as aligned as the header's macros make it.
#[repr(C, align(64))]
#[derive(Clone)]
pub(crate) struct Memory(pub(crate) [u8; 8192]);

impl Memory {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self([0xa5; 8192]))
    }
}

pub(crate) const EMPTY: FgDecision = FgDecision {
    code: 999,
    code_kind: 9,
    category: 9,
    party: 9,
    lack: 9,
    product: 9,
    kid: [9; 4],
    id: faregate_reader::FgCredentialId { bytes: [9; 16] },
    code_gate: 9,
    gate: 9,
    issued_at_micros: 9,
    span_micros: 9,
    issuer: 9,
    party_max: 9,
    is_again: 9,
    again_micros: 9,
    passage: FgPassage {
        id: faregate_reader::FgCredentialId { bytes: [9; 16] },
        made_micros: 9,
        at_micros: 9,
        live_until_micros: 9,
        back_from_micros: 9,
        kind: 9,
        riders: 9,
    },
};

pub(crate) fn policy() -> FgPolicy {
    let mut policy = FgPolicy::default();
    // SAFETY: the pointer is to a policy that lives through the call.
    let status = unsafe { fg_policy_default(&raw mut policy) };
    assert_eq!(status, FgStatus::Ok);
    policy
}

pub(crate) fn key() -> FgIssuerKey {
    let key = issuer_key();
    FgIssuerKey {
        kid: *key.kid().as_bytes(),
        public_key: *key.public_key(),
        not_before_micros: key.not_before().as_micros(),
        not_after_micros: key.not_after().as_micros(),
        issuer: 0,
    }
}

/// A gate with keys, in memory of its own.
pub(crate) struct Gate {
    pub(crate) validator_memory: Box<Memory>,
    pub(crate) replay_memory: Box<Memory>,
    pub(crate) validator: *mut FgValidator,
    pub(crate) replay: *mut FgReplay,
}

impl Gate {
    pub(crate) fn new(keys: &[FgIssuerKey]) -> Self {
        let mut gate = Self {
            validator_memory: Memory::new(),
            replay_memory: Memory::new(),
            validator: ptr::null_mut(),
            replay: ptr::null_mut(),
        };
        let (memory, size) = (&raw mut *gate.validator_memory, size_of::<Memory>());
        let policy = policy();
        // SAFETY: memory of that size, which the gate keeps; keys and policy live through the call.
        let status = unsafe {
            fg_validator_init(
                memory.cast(),
                size,
                keys.as_ptr(),
                keys.len(),
                &raw const policy,
                &raw mut gate.validator,
            )
        };
        assert_eq!(status, FgStatus::Ok);
        let memory = &raw mut *gate.replay_memory;
        // SAFETY: memory of that size, which the gate keeps.
        let status = unsafe { fg_replay_init(memory.cast(), size, 8, &raw mut gate.replay) };
        assert_eq!(status, FgStatus::Ok);
        gate
    }

    pub(crate) fn show(&mut self, scan: &FgScan) -> (FgStatus, FgDecision) {
        let mut decision = EMPTY;
        // SAFETY: the gate's own validator and replay memory; the scan's text lives in the caller.
        let status = unsafe { fg_validate(self.validator, self.replay, scan, &raw mut decision) };
        (status, decision)
    }
}

/// A scan of `text` now, at the gate of gate-bound codes, to tap on.
pub(crate) fn scan(text: &[u8]) -> FgScan {
    FgScan {
        text: text.as_ptr().cast::<c_char>(),
        text_length: text.len(),
        now_micros: NOW_SECS * MICROS,
        gate: GATE.as_number(),
        network: 0,
        zone: 0,
        kind: FG_TAP_ON,
        clock: FG_CLOCK_PROVEN,
    }
}
