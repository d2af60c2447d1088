//! Registering devices and opening sessions.

use api::SessionToken;
use units::{AccountId, Timestamp};
use wire::HolderKey;
use zeroize::Zeroizing;

use crate::service::new_id;
use crate::{
    Challenge, ChallengeHash, Chance, DeviceRegistration, IssuanceStore, IssuedCredential, Issuer,
    RegisterError, RegistrationOutcome, Rider, SessionError, SessionHash, proof_message,
};

/// A device that wants to register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// The challenge it answers.
    pub challenge: [u8; 32],
    /// Its signature over [`proof_message`].
    pub proof: [u8; 64],
}

/// A device that is registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registered {
    /// The account: the same whenever the same key registers.
    pub account: AccountId,
    /// The new session; told once.
    pub session: SessionToken,
    /// First instant at which the session is over.
    pub session_until: Timestamp,
    /// The first credential.
    pub credential: IssuedCredential,
}

impl<S: IssuanceStore> Issuer<S> {
    /// Registers a device that proves to hold its private key, opens its session and issues a
    /// credential. A key that is known keeps its account; its earlier session ends.
    ///
    /// # Errors
    /// [`RegisterError`]. After [`RegisterError::Issue`] the device is registered and may try
    /// again with a new challenge.
    pub async fn register(
        &self,
        registration: &Registration,
        now: Timestamp,
        chance: Chance<'_>,
    ) -> Result<Registered, RegisterError<S::Error>> {
        let Registration {
            public_key,
            challenge,
            proof,
        } = registration;
        let holder = HolderKey::from_bytes(public_key).map_err(RegisterError::PublicKey)?;
        let challenge = Challenge::check(self.ring().challenge_secret(), *challenge, now)
            .map_err(RegisterError::Challenge)?;
        holder
            .verify(&proof_message(challenge.as_bytes(), public_key), proof)
            .map_err(RegisterError::Proof)?;

        let mut token = Zeroizing::new([0; 32]);
        chance(token.as_mut_slice());
        let session = SessionToken::from_bytes(*token);
        let session_until = now.plus(self.lives.session);
        let outcome = self
            .store
            .register(&DeviceRegistration {
                account: AccountId::from_bytes(new_id(now, chance)),
                holder,
                entitlement: Self::NEW_ACCOUNT,
                challenge: ChallengeHash::of(challenge.as_bytes()),
                challenge_until: challenge.expires_at(),
                session: SessionHash::of(session.as_bytes()),
                session_until,
                at: now,
            })
            .await
            .map_err(RegisterError::Store)?;
        let rider = match outcome {
            RegistrationOutcome::Registered(rider) => rider,
            RegistrationOutcome::ChallengeUsed => return Err(RegisterError::ChallengeUsed),
        };
        let credential = self
            .issue_credential(&rider, now, chance)
            .await
            .map_err(RegisterError::Issue)?;
        Ok(Registered {
            account: rider.account,
            session,
            session_until,
            credential,
        })
    }

    /// The rider of a session; `None` when it is unknown or over, which nobody can tell apart.
    ///
    /// # Errors
    /// [`SessionError`] when the store fails.
    pub async fn rider(
        &self,
        session: &SessionToken,
        now: Timestamp,
    ) -> Result<Option<Rider>, SessionError<S::Error>> {
        // Looking up a hash leaks by timing, at most, a prefix of the hash: not of the token.
        let hash = SessionHash::of(session.as_bytes());
        self.store.rider(&hash, now).await.map_err(SessionError)
    }
}
