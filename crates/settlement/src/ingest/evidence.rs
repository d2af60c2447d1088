//! The rider's evidence: whether the code in a tap record was the rider's and of that moment.

use tariff::{Holder, Medium};
use units::{GateId, Span, Timestamp};
use wire::tap::TapRecord;
use wire::{Code, Issuer as _, VerifiedCode, VerifyError};

use super::judge::{IssuerKeys, kind_of};
use crate::model::{CodeUse, QuarantineReason, Quarantined};

/// How far a code's own times may lie from the tap's: a code lives 15 s, a phone's clock may be
/// 30 s off either way and a gate's some seconds; two minutes hold all of it and no more than one
/// screenshot's worth of fraud.
pub const EVIDENCE_SKEW_MAX: Span = Span::from_secs(120);

/// What a code says once its signatures hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Which use of which credential or ticket.
    pub(super) code: CodeUse,
    /// Who travels on it.
    pub(super) holder: Holder,
    /// SHA-256 over what the issuer signed.
    pub(super) issued_hash: Option<[u8; 32]>,
}

/// Checks the evidence of a permitted tap: shape, signatures of issuer and holder, key in force,
/// times that fit the tap, the gate it is bound to. Freshness to the second was the gate's to
/// judge.
pub(super) fn verify(record: &TapRecord<'_>, keys: &IssuerKeys) -> Result<Shown, Quarantined> {
    let code = verify_signatures(record, keys)?;
    let at = record.at;
    if at.plus(EVIDENCE_SKEW_MAX) < code.starts() || at.minus(EVIDENCE_SKEW_MAX) >= code.expires() {
        return Err(inconsistent(
            "valid from",
            code.starts(),
            "to",
            Some(code.expires()),
            at,
        ));
    }
    if let VerifiedCode::Presentation(presentation) = &code {
        let issued_at = presentation.issued_at();
        let apart = at.since(issued_at);
        if apart > EVIDENCE_SKEW_MAX || apart < Span::from_micros(-EVIDENCE_SKEW_MAX.as_micros()) {
            return Err(inconsistent("made at", issued_at, "", None, at));
        }
        check_gate(presentation.gate(), record.gate)?;
    }
    Ok(shown(&code, record))
}

fn shown(code: &VerifiedCode<'_>, record: &TapRecord<'_>) -> Shown {
    Shown {
        code: code_use(code, record),
        holder: holder(code),
        issued_hash: code.issued_hash(),
    }
}

/// Who travels on the code: its entitlement, and the phone's key as its name for pairing taps.
/// A ticket names no phone.
fn holder(code: &VerifiedCode<'_>) -> Holder {
    let (entitlement, medium) = match code {
        VerifiedCode::Presentation(presentation) => {
            let credential = presentation.credential();
            let key = credential.holder().as_bytes();
            // Half of a public key is as unlike all others as a random UUID.
            let name = key.first_chunk::<16>().copied().map(Medium::from_bytes);
            (credential.entitlement(), name)
        }
        VerifiedCode::Ticket(ticket) => (ticket.entitlement(), None),
    };
    Holder {
        category: entitlement.category.as_code(),
        companions: entitlement.party.as_riders().saturating_sub(1),
        product: entitlement.product.as_number(),
        medium,
    }
}

/// Which code a refused tap showed, when its signatures hold: whose attempt it was.
pub(super) fn attribute(record: &TapRecord<'_>, keys: &IssuerKeys) -> Option<Shown> {
    let code = verify_signatures(record, keys).ok()?;
    Some(shown(&code, record))
}

fn code_use(code: &VerifiedCode<'_>, record: &TapRecord<'_>) -> CodeUse {
    match code {
        VerifiedCode::Presentation(presentation) => {
            CodeUse::presentation(code.id(), presentation.issued_at())
        }
        VerifiedCode::Ticket(_) => CodeUse::ticket(code.id(), kind_of(record.kind)),
    }
}

fn verify_signatures<'r>(
    record: &TapRecord<'r>,
    keys: &IssuerKeys,
) -> Result<VerifiedCode<'r>, Quarantined> {
    let code: Code<'r> = wire::parse(record.evidence).map_err(|error| Quarantined {
        reason: QuarantineReason::MalformedEvidence,
        detail: error.to_string(),
    })?;
    let mut last: Option<VerifyError> = None;
    // Two issuers may use one key name, so every key of that name is tried.
    let named = keys.iter().filter(|key| key.kid() == code.kid());
    for key in named.filter(|key| key.is_in_force(record.at)) {
        match code.verify(key) {
            Ok(verified) => return Ok(verified),
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        Some(error) => Quarantined {
            reason: QuarantineReason::BadSignature,
            detail: error.to_string(),
        },
        None => Quarantined {
            reason: QuarantineReason::UnknownIssuer,
            detail: format!("no issuer key {} was in force at the tap", code.kid()),
        },
    })
}

fn check_gate(bound: Option<GateId>, gate: GateId) -> Result<(), Quarantined> {
    match bound {
        Some(expected) if expected != gate => Err(Quarantined {
            reason: QuarantineReason::OtherGate,
            detail: format!("the code is bound to gate {expected}, the tap was at gate {gate}"),
        }),
        _ => Ok(()),
    }
}

fn inconsistent(
    what: &str,
    from: Timestamp,
    joint: &str,
    to: Option<Timestamp>,
    at: Timestamp,
) -> Quarantined {
    let to = to.map_or_else(String::new, |to| format!(" {joint} {}", to.as_secs()));
    Quarantined {
        reason: QuarantineReason::InconsistentTime,
        detail: format!(
            "the code was {what} {}{to}, the tap was at {} (seconds since 1970; {} s may lie \
             between)",
            from.as_secs(),
            at.as_secs(),
            EVIDENCE_SKEW_MAX.as_secs()
        ),
    }
}
