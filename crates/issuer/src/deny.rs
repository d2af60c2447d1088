//! The deny list: codes that open no gate, and accounts that get no new ones.

use units::{AccountId, CredentialId, Timestamp};

use crate::{Denial, DenyError, DenyList, IssuanceStore, Issuer};

/// Why a code is denied, for staff: 1 to 200 bytes of text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DenyReason(String);

/// Why a text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to {max} bytes and no control characters", max = DenyReason::BYTES_MAX)]
pub struct DenyReasonError;

impl DenyReason {
    /// The longest reason, in bytes: one line on a screen.
    pub const BYTES_MAX: usize = 200;

    /// Takes a text as a reason.
    ///
    /// # Errors
    /// [`DenyReasonError`].
    pub fn new(text: &str) -> Result<Self, DenyReasonError> {
        if text.is_empty() || text.len() > Self::BYTES_MAX || text.chars().any(char::is_control) {
            return Err(DenyReasonError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: IssuanceStore> Issuer<S> {
    /// Denies a code and every live code of its account until `until`; the account gets no new
    /// ones either, else the next renewal would undo it. Gives the list's version.
    ///
    /// # Errors
    /// [`DenyError`].
    pub async fn deny(
        &self,
        credential: CredentialId,
        reason: DenyReason,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u64, DenyError<S::Error>> {
        if until <= now {
            return Err(DenyError::EndsInThePast { until });
        }
        let denial = Denial {
            credential,
            reason,
            at: now,
            until,
        };
        self.store.deny(&denial).await.map_err(DenyError::Store)
    }

    /// Takes a code and every code of its account off the list. Gives the list's version.
    ///
    /// # Errors
    /// [`DenyError::Store`].
    pub async fn allow(
        &self,
        credential: CredentialId,
        now: Timestamp,
    ) -> Result<u64, DenyError<S::Error>> {
        self.store
            .allow(credential, now)
            .await
            .map_err(DenyError::Store)
    }

    /// The list that readers should hold at `now`.
    ///
    /// # Errors
    /// [`DenyError::Store`].
    pub async fn deny_list(&self, now: Timestamp) -> Result<DenyList, DenyError<S::Error>> {
        self.store.deny_list(now).await.map_err(DenyError::Store)
    }

    /// The version of that list alone: whether there is anything new.
    ///
    /// # Errors
    /// [`DenyError::Store`].
    pub async fn deny_version(&self, now: Timestamp) -> Result<u64, DenyError<S::Error>> {
        self.store.deny_version(now).await.map_err(DenyError::Store)
    }

    /// Who is charged for the taps of a code; `None` for a code that was never recorded here:
    /// another issuer's, or one signed off the books.
    ///
    /// # Errors
    /// [`DenyError::Store`].
    pub async fn account_of(
        &self,
        id: CredentialId,
    ) -> Result<Option<AccountId>, DenyError<S::Error>> {
        let record = self.store.issued(id).await.map_err(DenyError::Store)?;
        Ok(record.map(|record| record.account))
    }
}
