//! What goes in beside the code, and what comes out.

use units::{CredentialId, KeyId, Timestamp};
use wire::{ClockState, Entitlement, IssuerCode};

use crate::refusal::Refusal;
use crate::replay::Passage;

/// May this code travel here and now?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Decision {
    /// It may. The replay memory has noted it.
    Permitted(Permit),
    /// It may not. Nothing was noted.
    Refused(Refusal),
}

/// What the gate let pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permit {
    /// The id (`cti`) of the credential or ticket.
    pub id: CredentialId,
    /// The issuer key that signed it.
    pub kid: KeyId,
    /// Who travels, how many, on which product.
    pub entitlement: Entitlement,
    /// What kind of code it was.
    pub kind: CodeKind,
    /// When the phone's clock says it was made; tickets do not say.
    pub issued_at: Option<Timestamp>,
    /// Whose key signed it.
    pub issuer: IssuerCode,
    /// What the gate's clock was worth.
    pub clock: ClockState,
    /// What the memory has noted, with how many riders go through on this tap. To be given back
    /// to it when nobody did ([`crate::ReplayMemory::forget`]).
    pub passage: Passage,
    /// The tap, by its time, that this one repeats: one of which nobody knew whether somebody went
    /// through. That one then counts as not opened, and is not charged.
    pub again: Option<Timestamp>,
}

/// The kinds of code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeKind {
    /// A presentation for any gate.
    OneWay,
    /// A presentation for this gate alone.
    GateBound,
    /// A ticket.
    Ticket,
}

impl Decision {
    /// The number in tap records: 0 when permitted, else the refusal's.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Permitted(_) => wire::tap::PERMITTED,
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// What a tap record's decision is called: `permitted`, or the refusal's name; `unknown` for a
/// number that no version before this one wrote.
#[must_use]
pub fn decision_name(code: u16) -> &'static str {
    if code == wire::tap::PERMITTED {
        return "permitted";
    }
    Refusal::name_of(code).unwrap_or("unknown")
}
