//! What goes in beside the code, and what comes out.

use units::{CredentialId, GateId, KeyId, Timestamp};
use wire::Entitlement;
use wire::tap::TapKind;

use crate::refusal::Refusal;

/// Where a code is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Which gate.
    pub gate: GateId,
    /// Which way riders pass it.
    pub kind: TapKind,
}

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
