//! What a validator is set up with: issuer keys and the city's policy.

use units::{KeyId, Span, Timestamp};
use validator::{Companions, Degraded, Kinds, Pass, Policy};
use wire::{IssuerCode, IssuerKey};

use crate::memory::{self, Plain};
use crate::status::{FgStatus, Outcome, status};

/// Most issuer keys of a validator.
pub const FG_KEYS_MAX: usize = 64;

/// Most issuer keys that share a name (kid).
pub const FG_SAME_KID_MAX: usize = 4;

/// The id (cti) of a credential or ticket.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct FgCredentialId {
    /// Its bytes, as they are in the code.
    pub bytes: [u8; 16],
}

/// A public key whose codes the gate lets pass.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FgIssuerKey {
    /// Its name in the codes (kid).
    pub kid: [u8; 4],
    /// Ed25519 public key (RFC 8032 section 5.1.5).
    pub public_key: [u8; 32],
    /// First instant at which the gate accepts what it signed, microseconds since 1970.
    pub not_before_micros: i64,
    /// Last instant at which the gate accepts what it signed, microseconds since 1970.
    pub not_after_micros: i64,
    /// Whose key it is: the number that acceptance rules name; 0 for the city's own.
    pub issuer: u16,
}

/// How far clocks may be apart, how long codes live, and how parties go through. No span may be
/// negative.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FgPolicy {
    /// How long a presentation may be shown after it was made.
    pub code_life_micros: i64,
    /// How far a phone's clock may be behind the gate's.
    pub phone_slow_max_micros: i64,
    /// How far a phone's clock may be ahead of the gate's.
    pub phone_fast_max_micros: i64,
    /// How long before its start a credential or ticket is let pass.
    pub not_before_tolerance_micros: i64,
    /// How long after its end a credential or ticket is let pass.
    pub expiry_tolerance_micros: i64,
    /// Longest life of a ticket, from its start to its end.
    pub ticket_life_max_micros: i64,
    /// Anti-passback: time between two parties on one credential the same way; 0 for none.
    pub passback_micros: i64,
    /// How long after a doubtful tap (fg_replay_doubt) the rider may repeat it.
    pub retry_micros: i64,
    /// FG_TOGETHER or FG_ONE_BY_ONE.
    pub companions: u8,
    /// Which codes pass while the clock is FG_CLOCK_UNPROVEN: one of FG_PASS_....
    pub pass_unproven: u8,
    /// Which codes pass while the clock is FG_CLOCK_WRONG: one of FG_PASS_....
    pub pass_wrong: u8,
    /// Kinds of codes that are taken: the sum of FG_TAKES_....
    pub kinds: u8,
}

/// Presentations for any gate are taken.
pub const FG_TAKES_ONE_WAY: u8 = 1;
/// Presentations for one gate are taken there.
pub const FG_TAKES_GATE_BOUND: u8 = 2;
/// Tickets are taken.
pub const FG_TAKES_TICKETS: u8 = 4;

/// One tap for all riders of a code: the door stays open for so many.
pub const FG_TOGETHER: u8 = 0;
/// One tap for each rider of a code: a fresh code of the phone, or the same ticket again.
pub const FG_ONE_BY_ONE: u8 = 1;

/// No code passes.
pub const FG_PASS_NOTHING: u8 = 0;
/// Presentations pass, tickets do not.
pub const FG_PASS_PRESENTATIONS: u8 = 1;
/// All codes pass.
pub const FG_PASS_EVERYTHING: u8 = 2;

// SAFETY: sixteen bytes; every bit pattern is sixteen bytes.
unsafe impl Plain for FgCredentialId {}
// SAFETY: bytes and numbers, for which every bit pattern is a value.
unsafe impl Plain for FgIssuerKey {}
// SAFETY: numbers, for which every bit pattern is a value.
unsafe impl Plain for FgPolicy {}

impl FgIssuerKey {
    pub(crate) fn prepare(&self) -> Result<IssuerKey, FgStatus> {
        IssuerKey::new(
            KeyId::from_bytes(self.kid),
            &self.public_key,
            Timestamp::from_micros(self.not_before_micros),
            Timestamp::from_micros(self.not_after_micros),
        )
        .map(|key| key.of_issuer(IssuerCode::from_number(self.issuer)))
        .map_err(|_| FgStatus::BadKey)
    }
}

impl FgPolicy {
    /// A policy as C has it.
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            code_life_micros: policy.code_life.as_micros(),
            phone_slow_max_micros: policy.phone_slow_max.as_micros(),
            phone_fast_max_micros: policy.phone_fast_max.as_micros(),
            not_before_tolerance_micros: policy.not_before_tolerance.as_micros(),
            expiry_tolerance_micros: policy.expiry_tolerance.as_micros(),
            ticket_life_max_micros: policy.ticket_life_max.as_micros(),
            passback_micros: policy.passback.as_micros(),
            retry_micros: policy.retry.as_micros(),
            companions: match policy.companions {
                Companions::Together => FG_TOGETHER,
                Companions::OneByOne => FG_ONE_BY_ONE,
            },
            pass_unproven: number_of(policy.degraded.unproven),
            pass_wrong: number_of(policy.degraded.wrong),
            kinds: policy.kinds.as_modes(),
        }
    }

    pub(crate) fn to_policy(self) -> Result<Policy, FgStatus> {
        Ok(Policy {
            code_life: Span::from_micros(self.code_life_micros),
            phone_slow_max: Span::from_micros(self.phone_slow_max_micros),
            phone_fast_max: Span::from_micros(self.phone_fast_max_micros),
            not_before_tolerance: Span::from_micros(self.not_before_tolerance_micros),
            expiry_tolerance: Span::from_micros(self.expiry_tolerance_micros),
            ticket_life_max: Span::from_micros(self.ticket_life_max_micros),
            passback: Span::from_micros(self.passback_micros),
            retry: Span::from_micros(self.retry_micros),
            companions: match self.companions {
                FG_TOGETHER => Companions::Together,
                FG_ONE_BY_ONE => Companions::OneByOne,
                _ => return Err(FgStatus::BadPolicy),
            },
            degraded: Degraded {
                unproven: pass(self.pass_unproven)?,
                wrong: pass(self.pass_wrong)?,
            },
            kinds: Kinds::from_modes(self.kinds).ok_or(FgStatus::BadPolicy)?,
        })
    }
}

fn pass(number: u8) -> Result<Pass, FgStatus> {
    match number {
        FG_PASS_NOTHING => Ok(Pass::Nothing),
        FG_PASS_PRESENTATIONS => Ok(Pass::Presentations),
        FG_PASS_EVERYTHING => Ok(Pass::Everything),
        _ => Err(FgStatus::BadPolicy),
    }
}

const fn number_of(pass: Pass) -> u8 {
    match pass {
        Pass::Nothing => FG_PASS_NOTHING,
        Pass::Presentations => FG_PASS_PRESENTATIONS,
        Pass::Everything => FG_PASS_EVERYTHING,
    }
}

/// Writes the default policy: presentations live 15 s, phones may be 30 s slow or fast, starts
/// are taken 30 s early, nothing passes after its end; tickets live a day at most; no
/// anti-passback; 5 min to repeat a doubtful tap; one tap for a party; all codes pass on an
/// unproven clock and none on a wrong one; codes of every kind are taken.
///
/// # Safety
/// `policy`: NULL, or memory for one policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_policy_default(policy: *mut FgPolicy) -> FgStatus {
    let plain = FgPolicy::of(&Policy::default());
    // SAFETY: what is asked of the pointer is this function's own contract.
    status(unsafe { memory::write(policy, plain) })
}

/// Says whether a validator would take this key: FG_STATUS_OK or FG_STATUS_BAD_KEY. To find the
/// wrong one in a list that fg_validator_init does not take.
///
/// # Safety
/// `key`: NULL, or a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_issuer_key_check(key: *const FgIssuerKey) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let key = unsafe { memory::read(key) };
    let checked: Outcome = key.and_then(|key| key.prepare().map(|_| ()));
    status(checked)
}
