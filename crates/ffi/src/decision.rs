//! The decision, as plain numbers that C reads.

use core::ffi::c_char;

use units::{CredentialId, GateId, Timestamp};
use validator::{
    CodeKind, Decision, NetworkCode, NotReady, Passage, Permit, Place, Reading, Refusal, Trust,
    ZoneCode,
};
use wire::tap::TapKind;

use crate::memory::{self, Plain};
use crate::replay::FgReplay;
use crate::setup::FgCredentialId;
use crate::status::{FgStatus, Outcome, status};
use crate::validator_memory::FgValidator;

/// The number of a decision that lets pass. All others are refusals: docs/WIRE.md lists them.
pub const FG_PERMITTED: u16 = 0;

/// A rider goes into the network.
pub const FG_TAP_ON: u8 = 1;
/// A rider goes out of it.
pub const FG_TAP_OFF: u8 = 2;

/// Not said: the code was refused, and not for its kind.
pub const FG_CODE_NONE: u8 = 0;
/// A presentation for any gate.
pub const FG_CODE_ONE_WAY: u8 = 1;
/// A presentation for this gate alone.
pub const FG_CODE_GATE_BOUND: u8 = 2;
/// A ticket.
pub const FG_CODE_TICKET: u8 = 3;

/// The gate lacks nothing, or the call itself failed: see its status.
pub const FG_LACK_NONE: u8 = 0;
/// The gate holds no issuer key.
pub const FG_LACK_NO_ISSUER_KEYS: u8 = 1;
/// All slots of the replay memory hold live codes.
pub const FG_LACK_MEMORY_FULL: u8 = 2;
/// The clock has gone back to when codes lived that the gate has forgotten.
pub const FG_LACK_CLOCK_WENT_BACK: u8 = 3;

/// The clock is not proven right, and policy lets no such code pass then.
pub const FG_LACK_CLOCK_NOT_PROVEN: u8 = 4;

/// Signed time confirms the clock.
pub const FG_CLOCK_PROVEN: u8 = 0;
/// Nothing confirms the clock and nothing contradicts it.
pub const FG_CLOCK_UNPROVEN: u8 = 1;
/// The clock is before what is certainly past, or absurdly far ahead.
pub const FG_CLOCK_WRONG: u8 = 2;

/// One code, shown to one gate at one instant.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FgScan {
    /// What the scanner read: bytes, not a C string; the scanner adds no newline.
    pub text: *const c_char,
    /// How many bytes.
    pub text_length: usize,
    /// The gate's clock, microseconds since 1970.
    pub now_micros: i64,
    /// The gate's number.
    pub gate: u32,
    /// The network's number in the city's lists; 0 in a city with one.
    pub network: u16,
    /// The fare zone's number in the city's lists; 0 in a city with one.
    pub zone: u16,
    /// FG_TAP_ON or FG_TAP_OFF.
    pub kind: u8,
    /// What the clock is worth: one of FG_CLOCK_..., as fg_clock_read says. FG_CLOCK_PROVEN when
    /// the reader proves its clock in another way.
    pub clock: u8,
}

/// One tap that let somebody pass: what the replay memory knows of it.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FgPassage {
    /// The id of the credential or ticket.
    pub id: FgCredentialId,
    /// The phone's clock when it made the code, microseconds since 1970; 0 for a ticket.
    pub made_micros: i64,
    /// When it passed, by the gate's clock, microseconds since 1970.
    pub at_micros: i64,
    /// Last instant at which the code could pass.
    pub live_until_micros: i64,
    /// First instant at which the credential may go through the same way again.
    pub back_from_micros: i64,
    /// FG_TAP_ON or FG_TAP_OFF.
    pub kind: u8,
    /// How many riders go through on this tap: the door stays open for so many.
    pub riders: u8,
}

/// May this code travel here and now, and what the sentence for the rider needs to know. Fields
/// without a meaning for the decision are 0.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FgDecision {
    /// FG_PERMITTED, or the refusal's number. What a tap record holds.
    pub code: u16,
    /// Permitted, 135: which of FG_CODE_....
    pub code_kind: u8,
    /// Permitted: the rider category's number in the city's table.
    pub category: u8,
    /// Permitted: how many riders the code admits, at least 1.
    pub party: u8,
    /// 160: which of FG_LACK_....
    pub lack: u8,
    /// Permitted: the product's number in the city's table.
    pub product: u16,
    /// Permitted, 110, 111: the name of the issuer's key.
    pub kid: [u8; 4],
    /// Permitted, 140: the id of the credential or ticket.
    pub id: FgCredentialId,
    /// 130: the gate for which the code is.
    pub code_gate: u32,
    /// 130: the gate to which it was shown.
    pub gate: u32,
    /// Permitted presentations: the phone's clock when it made it, microseconds since 1970.
    pub issued_at_micros: i64,
    /// 120: how long until it starts. 121: how long ago it ended. 122: how old it is by the
    /// phone's clock. 123: how far ahead the phone's clock is. 125: how long it lives. 151: how
    /// long until it may be used again.
    pub span_micros: i64,
    /// Permitted, 131: the issuer's number in the city's lists.
    pub issuer: u16,
    /// 134: how many riders pass at once.
    pub party_max: u8,
    /// Permitted: whether this tap repeats one of which nobody knew if somebody went through, and
    /// which is then not charged; again_micros is its time.
    pub is_again: u8,
    /// See is_again.
    pub again_micros: i64,
    /// Permitted: what the replay memory has noted; for fg_replay_forget.
    pub passage: FgPassage,
}

// SAFETY: bytes and numbers, for which every bit pattern is a value.
unsafe impl Plain for FgPassage {}
// SAFETY: numbers and a pointer, for which every bit pattern is a value.
unsafe impl Plain for FgScan {}
// SAFETY: bytes and numbers, for which every bit pattern is a value.
unsafe impl Plain for FgDecision {}

const GATE_NOT_READY: u16 = 160;

const fn number_of(kind: CodeKind) -> u8 {
    match kind {
        CodeKind::OneWay => FG_CODE_ONE_WAY,
        CodeKind::GateBound => FG_CODE_GATE_BOUND,
        CodeKind::Ticket => FG_CODE_TICKET,
    }
}

impl FgDecision {
    const REFUSED: Self = Self {
        code: GATE_NOT_READY,
        code_kind: FG_CODE_NONE,
        category: 0,
        party: 0,
        lack: FG_LACK_NONE,
        product: 0,
        kid: [0; 4],
        id: FgCredentialId { bytes: [0; 16] },
        code_gate: 0,
        gate: 0,
        issued_at_micros: 0,
        span_micros: 0,
        issuer: 0,
        party_max: 0,
        is_again: 0,
        again_micros: 0,
        passage: FgPassage::NONE,
    };

    fn permitted(permit: &Permit) -> Self {
        Self {
            code: FG_PERMITTED,
            code_kind: number_of(permit.kind),
            category: permit.entitlement.category.as_code(),
            party: permit.entitlement.party.as_riders(),
            product: permit.entitlement.product.as_number(),
            kid: *permit.kid.as_bytes(),
            id: FgCredentialId {
                bytes: *permit.id.as_bytes(),
            },
            issued_at_micros: permit.issued_at.map_or(0, Timestamp::as_micros),
            issuer: permit.issuer.as_number(),
            is_again: u8::from(permit.again.is_some()),
            again_micros: permit.again.map_or(0, Timestamp::as_micros),
            passage: FgPassage::new(&permit.passage),
            ..Self::REFUSED
        }
    }

    fn refused(refusal: &Refusal) -> Self {
        let mut decision = Self {
            code: refusal.code(),
            ..Self::REFUSED
        };
        match refusal {
            Refusal::UnknownIssuer { kid } | Refusal::IssuerKeyNotInForce { kid } => {
                decision.kid = *kid.as_bytes();
            }
            Refusal::NotYetValid { starts_in: span }
            | Refusal::Expired { ended_ago: span }
            | Refusal::Stale { age: span }
            | Refusal::FromTheFuture { ahead: span }
            | Refusal::LivesTooLong { got: span, .. }
            | Refusal::PartyThrough { wait: span } => decision.span_micros = span.as_micros(),
            Refusal::IssuerNotTakenHere { issuer } => decision.issuer = issuer.as_number(),
            Refusal::ProductNotTakenHere { product } => decision.product = product.as_number(),
            Refusal::CategoryNotTakenHere { category } => decision.category = category.as_code(),
            Refusal::PartyTooLarge { max, got } => {
                decision.party_max = max.as_riders();
                decision.party = got.as_riders();
            }
            Refusal::KindNotTakenHere { kind } => decision.code_kind = number_of(*kind),
            Refusal::OtherGate { expected, got } => {
                decision.code_gate = expected.as_number();
                decision.gate = got.as_number();
            }
            Refusal::Denied { id } => decision.id.bytes = *id.as_bytes(),
            Refusal::GateNotReady(lack) => {
                decision.lack = match lack {
                    NotReady::NoIssuerKeys => FG_LACK_NO_ISSUER_KEYS,
                    NotReady::ReplayMemoryFull => FG_LACK_MEMORY_FULL,
                    NotReady::ClockWentBack => FG_LACK_CLOCK_WENT_BACK,
                    NotReady::ClockNotProven => FG_LACK_CLOCK_NOT_PROVEN,
                    _ => FG_LACK_NONE,
                };
            }
            _ => {}
        }
        decision
    }
}

impl FgPassage {
    /// Of no tap.
    pub(crate) const NONE: Self = Self {
        id: FgCredentialId { bytes: [0; 16] },
        made_micros: 0,
        at_micros: 0,
        live_until_micros: 0,
        back_from_micros: 0,
        kind: 0,
        riders: 0,
    };

    pub(crate) fn new(passage: &Passage) -> Self {
        Self {
            id: FgCredentialId {
                bytes: *passage.id.as_bytes(),
            },
            made_micros: passage.made.map_or(0, Timestamp::as_micros),
            at_micros: passage.at.as_micros(),
            live_until_micros: passage.live_until.as_micros(),
            back_from_micros: passage.back_from.as_micros(),
            kind: passage.kind.as_number(),
            riders: passage.riders,
        }
    }

    pub(crate) fn to_passage(self) -> Result<Passage, FgStatus> {
        // No code is made in 1970 (docs/WIRE.md): 0 is a ticket.
        let made = (self.made_micros != 0).then_some(Timestamp::from_micros(self.made_micros));
        Ok(Passage {
            id: CredentialId::from_bytes(self.id.bytes),
            made,
            kind: tap_kind(self.kind)?,
            at: Timestamp::from_micros(self.at_micros),
            riders: self.riders,
            live_until: Timestamp::from_micros(self.live_until_micros),
            back_from: Timestamp::from_micros(self.back_from_micros),
        })
    }
}

/// The worth of a clock of a number from C.
fn trust(number: u8) -> Result<Trust, FgStatus> {
    match number {
        FG_CLOCK_PROVEN => Ok(Trust::Proven),
        FG_CLOCK_UNPROVEN => Ok(Trust::Unproven),
        FG_CLOCK_WRONG => Ok(Trust::Wrong),
        _ => Err(FgStatus::BadClock),
    }
}

/// The tap kind of a number from C.
pub(crate) fn tap_kind(number: u8) -> Result<TapKind, FgStatus> {
    match number {
        FG_TAP_ON => Ok(TapKind::On),
        FG_TAP_OFF => Ok(TapKind::Off),
        _ => Err(FgStatus::BadKind),
    }
}

/// Decides about one code. A permit is noted in `replay`; a refusal changes nothing.
///
/// Equal inputs give equal decisions. Takes bounded time whatever the text. When the status is not
/// OK, `decision`, unless it is NULL or misaligned itself, says 160: never open for a status other
/// than OK.
///
/// # Safety
/// `validator`, `replay`: NULL, or memory in which fg_validator_init and fg_replay_init made them;
/// nobody changes the first and nobody else uses the second during the call. `scan`: NULL, or a
/// scan whose text has as many bytes as it says. `decision`: NULL, or memory for a decision. They
/// do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_validate(
    validator: *const FgValidator,
    replay: *mut FgReplay,
    scan: *const FgScan,
    decision: *mut FgDecision,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { validate(validator, replay, scan, decision) })
}

/// Reads what the replay memory is to know of a tap that was permitted before a restart, or by
/// another reader of the station: `evidence` and the rest are those of its record. Signatures are
/// not checked again: give it what the journal or a signed message of the station holds.
///
/// FG_STATUS_UNKNOWN_CODE when the evidence is no code.
///
/// # Safety
/// `validator`: as in fg_validate. `evidence`: `length` bytes. `passage`: NULL, or memory for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_passage_read(
    validator: *const FgValidator,
    evidence: *const u8,
    length: usize,
    kind: u8,
    at_micros: i64,
    passage: *mut FgPassage,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { read(validator, (evidence, length), kind, at_micros, passage) })
}

/// # Safety
/// As [`fg_passage_read`].
unsafe fn read(
    validator: *const FgValidator,
    (evidence, length): (*const u8, usize),
    kind: u8,
    at_micros: i64,
    passage: *mut FgPassage,
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let validator = unsafe { FgValidator::at(validator) }?;
    // SAFETY: as above.
    let evidence = unsafe { memory::slice(evidence, length) }?;
    let at = Timestamp::from_micros(at_micros);
    let read = validator.passage(evidence, tap_kind(kind)?, at);
    let plain = FgPassage::new(&read.ok_or(FgStatus::UnknownCode)?);
    // SAFETY: as above.
    unsafe { memory::write(passage, plain) }
}

/// # Safety
/// As [`fg_validate`].
unsafe fn validate(
    validator: *const FgValidator,
    replay: *mut FgReplay,
    scan: *const FgScan,
    decision: *mut FgDecision,
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    unsafe { memory::write(decision, FgDecision::REFUSED) }?;
    // SAFETY: as above.
    let validator = unsafe { FgValidator::at(validator) }?;
    // SAFETY: as above.
    let replay = unsafe { FgReplay::at(replay) }?;
    // SAFETY: as above.
    let scan = unsafe { memory::read(scan) }?;
    // SAFETY: as above.
    let text = unsafe { memory::slice(scan.text.cast::<u8>(), scan.text_length) }?;
    let place = Place {
        gate: GateId::from_number(scan.gate),
        kind: tap_kind(scan.kind)?,
        network: NetworkCode::from_number(scan.network),
        zone: ZoneCode::from_number(scan.zone),
    };
    let now = Reading {
        trust: trust(scan.clock)?,
        ..Reading::from(Timestamp::from_micros(scan.now_micros))
    };
    let decided = validator.decide(text, &place, &now, replay.memory());
    let plain = match &decided {
        Decision::Permitted(permit) => FgDecision::permitted(permit),
        Decision::Refused(refusal) => FgDecision::refused(refusal),
    };
    // SAFETY: as above.
    unsafe { memory::write(decision, plain) }
}
