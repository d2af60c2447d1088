//! Codes to decide on: many, so that no branch predictor learns one signature.

use anyhow::Context as _;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use units::{CredentialId, GateId, KeyId, Timestamp};
use validator::Place;
use wire::tap::TapKind;
use wire::{
    CredentialClaims, Entitlement, HolderKey, IssuerKey, LifeHours, PartySize, PresentationClaims,
    ProductCode, RiderCategory, TicketClaims,
};

/// How many codes of each kind.
pub(crate) const CODES: usize = 256;
/// The issuer's key.
pub(crate) const KID: KeyId = KeyId::from_bytes(*b"hz01");
/// Where the codes are shown.
pub(crate) const PLACE: Place = Place::new(GateId::from_number(42), TapKind::On);
/// What they entitle to.
pub(crate) const ENTITLEMENT: Entitlement = Entitlement {
    category: RiderCategory::from_code(0),
    party: PartySize::ONE,
    product: ProductCode::from_number(7),
};
/// When the first code is shown; each later one two minutes after the one in front of it, when
/// that is over, as at a quiet gate. So the replay memory never fills.
const START_SECS: i64 = 1_800_000_000;
const STEP_SECS: i64 = 120;

/// A code and when it is shown.
pub(crate) struct Shown {
    pub(crate) id: CredentialId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
    /// The phone's public key, of a presentation.
    pub(crate) holder: Option<[u8; 32]>,
}

/// 32 bytes that depend on what they are for and a number.
pub(crate) fn bytes(what: &str, number: usize) -> [u8; 32] {
    let hash = Sha256::new()
        .chain_update(what)
        .chain_update(number.to_le_bytes());
    hash.finalize().into()
}

/// The issuer's private key.
pub(crate) fn issuer() -> SigningKey {
    SigningKey::from_bytes(&bytes("issuer", 0))
}

/// The issuer's public key, in force for ever.
pub(crate) fn issuer_key() -> anyhow::Result<IssuerKey> {
    let (from, to) = (Timestamp::from_secs(0), Timestamp::from_secs(4_000_000_000));
    Ok(IssuerKey::new(
        KID,
        issuer().verifying_key().as_bytes(),
        from,
        to,
    )?)
}

pub(crate) fn id(what: &str, number: usize) -> anyhow::Result<CredentialId> {
    let bytes = bytes(what, number);
    let first = bytes.first_chunk().context("32 bytes hold 16")?;
    Ok(CredentialId::from_bytes(*first))
}

fn secs(number: usize) -> anyhow::Result<i64> {
    Ok(START_SECS + STEP_SECS * i64::try_from(number)?)
}

fn shown(
    bytes: &[u8],
    id: CredentialId,
    number: usize,
    holder: Option<[u8; 32]>,
) -> anyhow::Result<Shown> {
    Ok(Shown {
        id,
        bytes: bytes.to_vec(),
        text: wire::text::encode(bytes)?.to_string(),
        at: Timestamp::from_secs(secs(number)? + 2),
        holder,
    })
}

/// Tickets of a minute each.
pub(crate) fn tickets() -> anyhow::Result<Vec<Shown>> {
    let issuer = issuer();
    let one = |number| {
        let id = id("ticket", number)?;
        let ticket = TicketClaims {
            id,
            starts: Timestamp::from_secs(secs(number)?),
            expires: Timestamp::from_secs(secs(number)? + 60),
            entitlement: ENTITLEMENT,
        };
        let bytes = ticket.sign(KID, |message| issuer.sign(message).to_bytes())?;
        shown(&bytes, id, number, None)
    };
    (0..CODES).map(one).collect()
}

/// Presentations, each of another phone.
pub(crate) fn presentations() -> anyhow::Result<Vec<Shown>> {
    let issuer = issuer();
    let one = |number| {
        let phone = SigningKey::from_bytes(&bytes("phone", number));
        let holder = phone.verifying_key().to_bytes();
        let id = id("credential", number)?;
        let credential = CredentialClaims {
            id,
            holder: HolderKey::from_bytes(&holder)?,
            entitlement: ENTITLEMENT,
            expires: Timestamp::from_secs(secs(number)? + 3600),
            life: LifeHours::new(24).context("24 hours")?,
        };
        let credential = credential.sign(KID, |message| issuer.sign(message).to_bytes())?;
        let presentation = PresentationClaims {
            issued_at: Timestamp::from_secs(secs(number)?),
            gate: None,
        };
        let bytes = presentation.sign(&credential, |message| phone.sign(message).to_bytes())?;
        shown(&bytes, id, number, Some(holder))
    };
    (0..CODES).map(one).collect()
}
