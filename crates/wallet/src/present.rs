//! The wallet: a key, a credential, and the codes they make.

use core::fmt;

use arrayvec::ArrayVec;
use ed25519_dalek::{Signer as _, SigningKey};
use units::{CredentialId, GateId, Timestamp};
use wire::{CREDENTIAL_BYTES_MAX, Entitlement, IssuerKey, ParsedCredential, PresentationClaims};

use crate::{PresentError, StoreError};

/// What a device signs to register begins with this.
const DEVICE_PROOF_DOMAIN: &[u8; 17] = b"faregate device 1";

/// A phone's key and credential.
pub struct Wallet {
    /// Zeroed by its own crate when dropped.
    key: SigningKey,
    held: Option<HeldCredential>,
}

/// The credential a wallet keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldCredential {
    bytes: ArrayVec<u8, CREDENTIAL_BYTES_MAX>,
    id: CredentialId,
    entitlement: Entitlement,
    starts: Timestamp,
    expires: Timestamp,
}

impl HeldCredential {
    /// Its claim `cti`.
    #[must_use]
    pub const fn id(&self) -> CredentialId {
        self.id
    }

    /// What it entitles to.
    #[must_use]
    pub const fn entitlement(&self) -> Entitlement {
        self.entitlement
    }

    /// First instant at which it can be presented.
    #[must_use]
    pub const fn starts(&self) -> Timestamp {
        self.starts
    }

    /// First instant at which it is over.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The `COSE_Sign1` as the issuer sent it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Wallet {
    /// A wallet whose private key is `seed` (RFC 8032 section 5.1.5), with no credential yet.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self {
            key: SigningKey::from_bytes(seed),
            held: None,
        }
    }

    /// The public key, for registration.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The signature that shows the issuer that this wallet holds its key: over
    /// `"faregate device 1" || challenge (32) || public key (32)`.
    #[must_use]
    pub fn prove(&self, challenge: &[u8; 32]) -> [u8; 64] {
        let public_key = self.public_key();
        let mut message = [0; 81];
        let parts = [DEVICE_PROOF_DOMAIN.as_slice(), challenge, &public_key];
        for (to, from) in message.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        self.key.sign(&message).to_bytes()
    }

    /// Keeps a credential that names this wallet's key, in place of the one it kept.
    ///
    /// The issuer's signature is not checked: gates check it. [`Wallet::store_verified`] does.
    ///
    /// # Errors
    /// [`StoreError`]; the wallet is unchanged then.
    pub fn store(&mut self, cose: &[u8]) -> Result<&HeldCredential, StoreError> {
        let parsed = ParsedCredential::parse(cose).map_err(StoreError::Decode)?;
        if *parsed.holder_bytes() != self.public_key() {
            return Err(StoreError::OtherKey);
        }
        // A parsed credential has exactly the size of one.
        let bytes = parsed
            .as_bytes()
            .iter()
            .copied()
            .take(CREDENTIAL_BYTES_MAX)
            .collect();
        Ok(self.held.insert(HeldCredential {
            bytes,
            id: parsed.id(),
            entitlement: parsed.entitlement(),
            starts: parsed.starts(),
            expires: parsed.expires(),
        }))
    }

    /// As [`Wallet::store`], after checking the issuer's signature under `issuer`.
    ///
    /// # Errors
    /// [`StoreError`]; the wallet is unchanged then.
    pub fn store_verified(
        &mut self,
        cose: &[u8],
        issuer: &IssuerKey,
    ) -> Result<&HeldCredential, StoreError> {
        let parsed = ParsedCredential::parse(cose).map_err(StoreError::Decode)?;
        parsed.verify(issuer).map_err(StoreError::Verify)?;
        self.store(cose)
    }

    /// The credential it keeps.
    #[must_use]
    pub const fn credential(&self) -> Option<&HeldCredential> {
        self.held.as_ref()
    }

    /// Whether to ask the issuer for a new credential: there is none, or less than half of its
    /// life is left, so that a phone with a network always has half a life in hand.
    #[must_use]
    pub fn wants_renewal(&self, now: Timestamp) -> bool {
        self.held.as_ref().is_none_or(|held| {
            let left = held.expires.since(now).as_micros();
            let life = held.expires.since(held.starts).as_micros();
            left.saturating_mul(2) < life
        })
    }

    /// The text of a code for this second, for a QR symbol: for any gate, or for `gate` alone.
    ///
    /// # Errors
    /// [`PresentError`] with a sentence for the rider, when the credential is missing, over or
    /// not yet in force at `now`.
    pub fn present(&self, now: Timestamp, gate: Option<GateId>) -> Result<String, PresentError> {
        let held = self.held.as_ref().ok_or(PresentError::NoCredential)?;
        if now < held.starts {
            let in_s = held.starts.since(now).as_secs();
            return Err(PresentError::NotYetValid {
                starts: held.starts,
                in_s,
            });
        }
        if now >= held.expires {
            let ago_s = now.since(held.expires).as_secs();
            return Err(PresentError::Expired {
                expired: held.expires,
                ago_s,
            });
        }
        let claims = PresentationClaims {
            issued_at: now,
            gate,
        };
        let code = claims
            .sign(&held.bytes, |message| self.key.sign(message).to_bytes())
            .map_err(PresentError::Encode)?;
        wire::text::encode(&code)
            .map(|text| text.to_string())
            .map_err(PresentError::Text)
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("held", &self.held.as_ref().map(HeldCredential::id))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::{KeyId, Span};
    use wire::{CredentialClaims, HolderKey, LifeHours, PartySize, ProductCode, RiderCategory};

    const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);
    const KID: KeyId = KeyId::from_bytes([1; 4]);

    fn secs(secs: i64) -> Timestamp {
        NOW.plus(Span::from_secs(secs))
    }

    fn issuer() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }

    fn issuer_key() -> IssuerKey {
        let public = issuer().verifying_key().to_bytes();
        IssuerKey::new(KID, &public, secs(-86_400), secs(864_000)).unwrap()
    }

    /// A credential for `wallet` of one hour from `NOW`.
    fn credential(wallet: &Wallet) -> Vec<u8> {
        let claims = CredentialClaims {
            id: CredentialId::from_bytes([3; 16]),
            holder: HolderKey::from_bytes(&wallet.public_key()).unwrap(),
            entitlement: Entitlement {
                category: RiderCategory::from_code(0),
                party: PartySize::ONE,
                product: ProductCode::from_number(1),
            },
            expires: secs(3600),
            life: LifeHours::new(1).unwrap(),
        };
        claims
            .sign(KID, |message| issuer().sign(message).to_bytes())
            .unwrap()
            .to_vec()
    }

    fn wallet() -> Wallet {
        let mut wallet = Wallet::new(&[7; 32]);
        let cose = credential(&wallet);
        wallet.store_verified(&cose, &issuer_key()).unwrap();
        wallet
    }

    #[test]
    fn a_code_verifies_and_says_when_and_where() {
        for gate in [None, Some(GateId::from_number(0xc0_ffee))] {
            let text = wallet().present(secs(30), gate).unwrap();
            let mut buffer = wire::text::CodeBuffer::new();
            let bytes = wire::text::decode(text.as_bytes(), &mut buffer).unwrap();
            let wire::Code::Presentation(parsed) = wire::parse(bytes).unwrap() else {
                panic!("a presentation")
            };
            let verified = parsed.verify(&issuer_key()).unwrap();
            assert_eq!((verified.issued_at(), verified.gate()), (secs(30), gate));
            assert_eq!(
                verified.credential().id(),
                CredentialId::from_bytes([3; 16])
            );
        }
        let one_way = wallet().present(NOW, None).unwrap();
        assert_eq!(
            one_way.len(),
            366,
            "QR version 11 at level M, to the last character"
        );
    }

    #[test]
    fn a_credential_that_is_not_in_force_is_not_presented() {
        let wallet = wallet();
        let check = |at: Timestamp, words: &str| {
            assert_eq!(wallet.present(at, None).unwrap_err().to_string(), words);
        };
        check(
            secs(-90),
            "the credential starts in 90 s: check the phone's clock",
        );
        check(
            secs(3605),
            "the credential expired 5 s ago: connect to the network to renew it",
        );
        check(
            secs(3600),
            "the credential expired 0 s ago: connect to the network to renew it",
        );
        assert!(wallet.present(secs(3599), None).is_ok());
        assert!(wallet.present(NOW, None).is_ok());
        let empty = Wallet::new(&[7; 32]);
        assert_eq!(empty.present(NOW, None), Err(PresentError::NoCredential));
    }

    #[test]
    fn only_its_own_credential_is_kept() {
        let mut mine = wallet();
        let kept = mine.credential().cloned();
        let theirs = credential(&Wallet::new(&[8; 32]));
        assert_eq!(mine.store(&theirs), Err(StoreError::OtherKey));
        assert!(matches!(mine.store(b"no"), Err(StoreError::Decode(_))));
        let mut forged = credential(&mine);
        if let Some(last) = forged.last_mut() {
            *last ^= 1;
        }
        let forged = mine.store_verified(&forged, &issuer_key());
        assert!(matches!(forged, Err(StoreError::Verify(_))), "{forged:?}");
        assert_eq!(mine.credential().cloned(), kept);
        assert_eq!(kept.unwrap().as_bytes(), credential(&mine));
    }

    #[test]
    fn the_proof_is_over_domain_challenge_key() {
        let wallet = Wallet::new(&[7; 32]);
        let challenge = [0xcc; 32];
        let message = [
            b"faregate device 1".as_slice(),
            &challenge,
            &wallet.public_key(),
        ]
        .concat();
        let key = HolderKey::from_bytes(&wallet.public_key()).unwrap();
        assert_eq!(key.verify(&message, &wallet.prove(&challenge)), Ok(()));
    }

    #[test]
    fn renewal_is_due_in_the_second_half() {
        let wallet = wallet();
        assert!(!wallet.wants_renewal(secs(1800)));
        assert!(wallet.wants_renewal(secs(1801)));
        assert!(wallet.wants_renewal(secs(4000)));
        assert!(Wallet::new(&[7; 32]).wants_renewal(NOW));
    }

    #[test]
    fn the_key_shows_in_no_debug() {
        insta::assert_snapshot!(
            format!("{:?}", wallet()),
            @"Wallet { held: Some(CredentialId(03030303-0303-0303-0303-030303030303)), .. }"
        );
    }
}
