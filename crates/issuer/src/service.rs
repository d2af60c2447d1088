//! The issuer: a store, a key ring and the lives of what it makes.

use std::sync::{Arc, PoisonError, RwLock};

use units::{CredentialId, Span, Timestamp};
use uuid::Builder;
use wire::{Entitlement, IssuerKey, LifeHours, PartySize, ProductCode, RiderCategory};

use crate::{Challenge, IssuanceStore, KeyRing, KeyRingError};

/// A source of random bytes: it fills what it is given. The operating system's in earnest, a
/// seeded one in tests and in the simulator.
pub type Chance<'a> = &'a (dyn Fn(&mut [u8]) + Send + Sync);

/// How long everything lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lives {
    /// A challenge, until it must be answered.
    pub challenge: Span,
    /// A session, until the device must register again (which keeps its account).
    pub session: Span,
    /// A credential: how long a phone can travel without a network.
    pub credential: LifeHours,
    /// A ticket, where nobody asks for another life.
    pub ticket: Span,
    /// The longest life of a ticket: one ride on paper.
    pub ticket_max: Span,
}

impl Default for Lives {
    /// Challenge 5 min, session 90 days, credential 24 h, ticket 60 s, at most 4 h.
    fn default() -> Self {
        const DAY: LifeHours = match LifeHours::new(24) {
            Some(hours) => hours,
            None => unreachable!(),
        };
        Self {
            challenge: Span::from_secs(300),
            session: Span::from_secs(90 * 86_400),
            credential: DAY,
            ticket: Span::from_secs(60),
            ticket_max: Span::from_secs(4 * 3600),
        }
    }
}

/// Signs credentials and tickets, and never off the record.
pub struct Issuer<S> {
    pub(crate) store: S,
    pub(crate) lives: Lives,
    ring: RwLock<Arc<KeyRing>>,
}

impl<S> core::fmt::Debug for Issuer<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Issuer")
            .field("lives", &self.lives)
            .finish_non_exhaustive()
    }
}

impl<S: IssuanceStore> Issuer<S> {
    /// What a new account may travel as: category 0, product 0, alone. A tap is priced for one
    /// rider, so a larger party would ride for one fare.
    pub const NEW_ACCOUNT: Entitlement = Entitlement {
        category: RiderCategory::from_code(0),
        party: PartySize::ONE,
        product: ProductCode::from_number(0),
    };

    /// An issuer that keeps its records in `store` and signs with `ring`.
    ///
    /// # Errors
    /// [`KeyRingError::CodesOutliveKey`] when codes of these lives would still be out when
    /// readers forget the key.
    pub fn new(
        store: S,
        ring: KeyRing,
        lives: Lives,
        now: Timestamp,
    ) -> Result<Self, KeyRingError> {
        ring.check_lives(lives.longest_code(), now)?;
        Ok(Self {
            store,
            lives,
            ring: RwLock::new(Arc::new(ring)),
        })
    }

    /// The store behind this issuer.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Signs with `ring` from now on: after a rotation or withdrawal, without a restart.
    ///
    /// # Errors
    /// As [`Issuer::new`]; the old ring stays then.
    pub fn replace_keys(&self, ring: KeyRing, now: Timestamp) -> Result<(), KeyRingError> {
        ring.check_lives(self.lives.longest_code(), now)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }

    /// The keys that readers should hold at `now`, in the order they start.
    #[must_use]
    pub fn issuer_keys(&self, now: Timestamp) -> Vec<IssuerKey> {
        self.ring().trusted_at(now).copied().collect()
    }

    /// Every key that was ever in the ring: for codes shown long ago and uploaded late.
    #[must_use]
    pub fn all_keys(&self) -> Vec<IssuerKey> {
        self.ring().keys().copied().collect()
    }

    /// A challenge for a device to sign. Writes nothing.
    #[must_use]
    pub fn challenge(&self, now: Timestamp, chance: Chance<'_>) -> Challenge {
        Challenge::make(
            self.ring().challenge_secret(),
            now,
            self.lives.challenge,
            chance,
        )
    }

    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lives {
    fn longest_code(&self) -> Span {
        self.credential
            .as_span()
            .max(self.ticket_max)
            .max(self.ticket)
    }
}

/// Sixteen bytes of a UUID version 7 (RFC 9562 section 5.7): rows sort by time.
pub(crate) fn new_id(now: Timestamp, chance: Chance<'_>) -> [u8; 16] {
    let mut random = [0; 10];
    chance(&mut random);
    let millis = u64::try_from(now.as_micros().div_euclid(1000)).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .into_bytes()
}

pub(crate) fn new_credential_id(now: Timestamp, chance: Chance<'_>) -> CredentialId {
    CredentialId::from_bytes(new_id(now, chance))
}
