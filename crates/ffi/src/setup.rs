//! What a validator is set up with: issuer keys and the city's policy.

use units::{KeyId, Span, Timestamp};
use validator::Policy;
use wire::IssuerKey;

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
}

/// How far clocks may be apart, and how long a presentation lives. None may be negative.
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
}

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
        .map_err(|_| FgStatus::BadKey)
    }
}

impl FgPolicy {
    pub(crate) fn to_policy(self) -> Policy {
        Policy {
            code_life: Span::from_micros(self.code_life_micros),
            phone_slow_max: Span::from_micros(self.phone_slow_max_micros),
            phone_fast_max: Span::from_micros(self.phone_fast_max_micros),
            not_before_tolerance: Span::from_micros(self.not_before_tolerance_micros),
            expiry_tolerance: Span::from_micros(self.expiry_tolerance_micros),
        }
    }
}

/// Writes the default policy: presentations live 15 s, phones may be 30 s slow or fast, starts
/// are taken 30 s early, nothing passes after its end.
///
/// # Safety
/// `policy`: NULL, or memory for one policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_policy_default(policy: *mut FgPolicy) -> FgStatus {
    let default = Policy::default();
    let plain = FgPolicy {
        code_life_micros: default.code_life.as_micros(),
        phone_slow_max_micros: default.phone_slow_max.as_micros(),
        phone_fast_max_micros: default.phone_fast_max.as_micros(),
        not_before_tolerance_micros: default.not_before_tolerance.as_micros(),
        expiry_tolerance_micros: default.expiry_tolerance.as_micros(),
    };
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
