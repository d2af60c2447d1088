//! One good object of each kind, from fixed seeds. Also used by the generator of `proto/vectors`.

use ed25519_dalek::{Signer, SigningKey};
use units::{CredentialId, GateId, KeyId, Timestamp};
use wire::{
    CredentialClaims, Entitlement, HolderKey, IssuerKey, LifeHours, PartySize, PresentationClaims,
    ProductCode, RiderCategory, TicketClaims,
};

/// 2019-01-07T00:00:00Z, in seconds: when the presentations are made and the ticket starts.
pub(crate) const NOW_SECS: i64 = 1_546_819_200;
/// The gate of gate-bound codes.
pub(crate) const GATE: GateId = GateId::from_number(42);
/// The issuer key's name.
pub(crate) const KID: KeyId = KeyId::from_bytes(*b"hz01");

/// The issuer's private key.
pub(crate) fn issuer() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32])
}

/// The phone's private key.
pub(crate) fn holder() -> SigningKey {
    SigningKey::from_bytes(&[0x22; 32])
}

/// A private key that neither issuer nor phone has.
pub(crate) fn stranger() -> SigningKey {
    SigningKey::from_bytes(&[0x33; 32])
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_secs(NOW_SECS)
}

/// The prepared issuer key, in force through 2019.
pub(crate) fn issuer_key() -> IssuerKey {
    let (start, end) = (
        Timestamp::from_secs(1_546_300_800),
        Timestamp::from_secs(1_577_836_799),
    );
    IssuerKey::new(KID, issuer().verifying_key().as_bytes(), start, end).unwrap()
}

pub(crate) fn entitlement() -> Entitlement {
    Entitlement {
        category: RiderCategory::from_code(3),
        party: PartySize::new(2).unwrap(),
        product: ProductCode::from_number(0x0102),
    }
}

/// Six hours before `now` until eighteen hours after.
pub(crate) fn credential_claims() -> CredentialClaims {
    CredentialClaims {
        id: CredentialId::from_bytes(*b"credential-id-01"),
        holder: HolderKey::from_bytes(holder().verifying_key().as_bytes()).unwrap(),
        entitlement: entitlement(),
        expires: Timestamp::from_secs(NOW_SECS + 18 * 3600),
        life: LifeHours::new(24).unwrap(),
    }
}

/// One minute from `now`.
pub(crate) fn ticket_claims() -> TicketClaims {
    TicketClaims {
        id: CredentialId::from_bytes(*b"ticket-id-000001"),
        starts: now(),
        expires: Timestamp::from_secs(NOW_SECS + 60),
        entitlement: entitlement(),
    }
}

pub(crate) fn signed_by(key: &SigningKey) -> impl FnOnce(&[u8]) -> [u8; 64] {
    |message| key.sign(message).to_bytes()
}

pub(crate) fn credential() -> Vec<u8> {
    credential_claims()
        .sign(KID, signed_by(&issuer()))
        .unwrap()
        .to_vec()
}

pub(crate) fn presentation(gate: Option<GateId>) -> Vec<u8> {
    let claims = PresentationClaims {
        issued_at: now(),
        gate,
    };
    claims
        .sign(&credential(), signed_by(&holder()))
        .unwrap()
        .to_vec()
}

pub(crate) fn ticket() -> Vec<u8> {
    ticket_claims()
        .sign(KID, signed_by(&issuer()))
        .unwrap()
        .to_vec()
}

/// The codes a gate takes.
pub(crate) fn codes() -> [(&'static str, Vec<u8>); 3] {
    [
        ("one_way", presentation(None)),
        ("gate_bound", presentation(Some(GATE))),
        ("ticket", ticket()),
    ]
}
