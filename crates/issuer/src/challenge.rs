//! Challenges: 32 bytes a device signs to show that it holds its private key.
//!
//! A challenge carries its own expiry and a tag of the issuer's, so that asking for one writes
//! nothing; the store learns of it when it is used, and refuses it from then on.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | expiry, seconds since 1970, big endian |
//! | 4..16 | random |
//! | 16..32 | HMAC-SHA-256 over `"faregate challenge 1"` and bytes 0..16, first half |

use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use units::{Span, Timestamp};
use zeroize::Zeroizing;

use crate::Chance;

/// What a device signs begins with this, so that the signature fits nothing else.
pub const DEVICE_PROOF_DOMAIN: &[u8; 17] = b"faregate device 1";

const CHALLENGE_DOMAIN: &[u8; 20] = b"faregate challenge 1";
const TAGGED_BYTES: usize = 16;

/// The secret under which challenges are tagged; all servers of one issuer share it.
#[derive(Clone)]
pub struct ChallengeSecret(Zeroizing<[u8; 32]>);

/// A challenge and its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Challenge {
    bytes: [u8; 32],
    expires_at: Timestamp,
}

/// Why 32 bytes are no challenge to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The tag is not ours.
    #[error("the challenge was not made here")]
    Unknown,
    /// It was ours.
    #[error("the challenge expired {ago_s} s ago")]
    Expired {
        /// Seconds since its end.
        ago_s: i64,
    },
}

impl ChallengeSecret {
    /// The secret made of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn tag(&self, tagged: &[u8]) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of any length, so this is always `Some`.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(CHALLENGE_DOMAIN);
        mac.update(tagged);
        Some(mac)
    }
}

impl fmt::Debug for ChallengeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeSecret(..)")
    }
}

impl Challenge {
    /// Makes a challenge that is good until `life` after `now`, in whole seconds.
    #[must_use]
    pub fn make(secret: &ChallengeSecret, now: Timestamp, life: Span, chance: Chance<'_>) -> Self {
        let end = now.plus(life).as_secs();
        let expiry = u32::try_from(end).unwrap_or(if end < 0 { 0 } else { u32::MAX });
        let mut bytes = [0; 32];
        let (tagged, tag) = bytes.split_at_mut(TAGGED_BYTES);
        let (expiry_bytes, random) = tagged.split_at_mut(4);
        expiry_bytes.copy_from_slice(&expiry.to_be_bytes());
        chance(random);
        if let Some(mac) = secret.tag(tagged) {
            let full = mac.finalize().into_bytes();
            for (to, from) in tag.iter_mut().zip(full) {
                *to = from;
            }
        }
        Self {
            bytes,
            expires_at: Timestamp::from_secs(i64::from(expiry)),
        }
    }

    /// Takes 32 bytes as a challenge that was made with `secret` and is good at `now`.
    ///
    /// # Errors
    /// [`ChallengeError`]; the tag is checked first, so that an expiry is always our own.
    pub fn check(
        secret: &ChallengeSecret,
        bytes: [u8; 32],
        now: Timestamp,
    ) -> Result<Self, ChallengeError> {
        let (tagged, tag) = bytes.split_at(TAGGED_BYTES);
        secret
            .tag(tagged)
            .and_then(|mac| mac.verify_truncated_left(tag).ok())
            .ok_or(ChallengeError::Unknown)?;
        let expiry = tagged
            .first_chunk()
            .map_or(0, |secs| u32::from_be_bytes(*secs));
        let expires_at = Timestamp::from_secs(i64::from(expiry));
        if expires_at <= now {
            return Err(ChallengeError::Expired {
                ago_s: now.since(expires_at).as_secs(),
            });
        }
        Ok(Self { bytes, expires_at })
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// First instant at which it is good no more.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// What a device signs to register `public_key`:
/// `"faregate device 1" || challenge (32) || public_key (32)`.
#[must_use]
pub fn proof_message(challenge: &[u8; 32], public_key: &[u8; 32]) -> [u8; 81] {
    let mut message = [0; 81];
    let parts = [DEVICE_PROOF_DOMAIN.as_slice(), challenge, public_key];
    for (to, from) in message.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);
    const LIFE: Span = Span::from_secs(300);

    fn secret() -> ChallengeSecret {
        ChallengeSecret::from_bytes([9; 32])
    }

    fn make() -> Challenge {
        Challenge::make(&secret(), NOW, LIFE, &|bytes: &mut [u8]| bytes.fill(0x5a))
    }

    #[test]
    fn the_bytes_are_those_of_an_independent_computation() {
        // python3: hmac.new(b"\x09"*32, b"faregate challenge 1" + head, "sha256").digest()[:16]
        // with head = (1546819500).to_bytes(4, "big") + b"\x5a"*12
        assert_eq!(
            hex::encode(make().as_bytes()),
            "5c3297ac5a5a5a5a5a5a5a5a5a5a5a5a65b2899aa41073f71d74ed140579bc82"
        );
    }

    #[test]
    fn good_until_its_end_and_only_unchanged() {
        let challenge = make();
        let check = |bytes, now| Challenge::check(&secret(), bytes, now);
        assert_eq!(check(*challenge.as_bytes(), NOW), Ok(challenge));
        let end = NOW.plus(LIFE);
        assert_eq!(
            check(*challenge.as_bytes(), end.minus(Span::from_micros(1))),
            Ok(challenge)
        );
        assert_eq!(
            check(*challenge.as_bytes(), end.plus(Span::from_secs(7))),
            Err(ChallengeError::Expired { ago_s: 7 })
        );
        for bit in 0..256 {
            let mut bytes = *challenge.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(bytes, NOW), Err(ChallengeError::Unknown), "bit {bit}");
        }
        let other = ChallengeSecret::from_bytes([8; 32]);
        assert_eq!(
            Challenge::check(&other, *challenge.as_bytes(), NOW),
            Err(ChallengeError::Unknown)
        );
    }

    #[test]
    fn the_proof_message_is_domain_challenge_key() {
        let message = proof_message(&[0xcc; 32], &[0xaa; 32]);
        let by_hand = format!(
            "{}{}{}",
            hex::encode("faregate device 1"),
            "cc".repeat(32),
            "aa".repeat(32)
        );
        assert_eq!(hex::encode(message), by_hand);
    }

    #[test]
    fn the_secret_shows_in_no_debug() {
        insta::assert_snapshot!(format!("{:?}", secret()), @"ChallengeSecret(..)");
    }
}
