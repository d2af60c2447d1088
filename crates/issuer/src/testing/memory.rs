//! A store that lives as long as its process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use units::{AccountId, CredentialId, Timestamp};

use crate::{
    ChallengeHash, Denial, DenyList, DeviceRegistration, IssuanceRecord, IssuanceStore, Recorded,
    RegistrationOutcome, Rider, SessionHash,
};

/// The issuer's records, in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

/// How the memory store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// A code of this id is on record already.
    #[error("code {0} is on record already")]
    Recorded(CredentialId),
}

#[derive(Debug, Default)]
struct State {
    /// By public key.
    riders: BTreeMap<[u8; 32], Rider>,
    /// By public key: one session per device.
    sessions: BTreeMap<[u8; 32], (SessionHash, Timestamp)>,
    challenges: BTreeMap<ChallengeHash, Timestamp>,
    records: BTreeMap<CredentialId, IssuanceRecord>,
    denied: BTreeMap<CredentialId, Denial>,
    version: u64,
}

impl MemoryStore {
    /// Every record, by id.
    #[must_use]
    pub fn records(&self) -> Vec<IssuanceRecord> {
        self.state().records.values().copied().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn account_of(&self, id: CredentialId) -> Option<AccountId> {
        self.records.get(&id).map(|record| record.account)
    }

    /// The code itself and the codes of its account that live after `now`.
    fn codes_with(&self, id: CredentialId, now: Timestamp) -> Vec<CredentialId> {
        let mut codes = vec![id];
        if let Some(account) = self.account_of(id) {
            let lives = |record: &&IssuanceRecord| {
                record.account == account && record.expires_at > now && record.id != id
            };
            codes.extend(self.records.values().filter(lives).map(|record| record.id));
        }
        codes
    }

    fn is_denied(&self, account: AccountId, now: Timestamp) -> bool {
        let mut denied = self.denied.values().filter(|denial| denial.until > now);
        denied.any(|denial| self.account_of(denial.credential) == Some(account))
    }
}

impl IssuanceStore for MemoryStore {
    type Error = MemoryError;

    async fn register(
        &self,
        registration: &DeviceRegistration,
    ) -> Result<RegistrationOutcome, MemoryError> {
        let mut state = self.state();
        state.challenges.retain(|_, until| *until > registration.at);
        if state.challenges.contains_key(&registration.challenge) {
            return Ok(RegistrationOutcome::ChallengeUsed);
        }
        state
            .challenges
            .insert(registration.challenge, registration.challenge_until);
        let key = *registration.holder.as_bytes();
        let rider = *state.riders.entry(key).or_insert(Rider {
            account: registration.account,
            holder: registration.holder,
            entitlement: registration.entitlement,
        });
        state
            .sessions
            .insert(key, (registration.session, registration.session_until));
        Ok(RegistrationOutcome::Registered(rider))
    }

    async fn rider(
        &self,
        session: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<Rider>, MemoryError> {
        let state = self.state();
        let mut sessions = state.sessions.iter();
        let found = sessions.find(|(_, (hash, until))| hash == session && *until > now);
        Ok(found.and_then(|(key, _)| state.riders.get(key).copied()))
    }

    async fn record(&self, record: &IssuanceRecord) -> Result<Recorded, MemoryError> {
        let mut state = self.state();
        if state.is_denied(record.account, record.recorded_at) {
            return Ok(Recorded::AccountDenied);
        }
        if state.records.contains_key(&record.id) {
            return Err(MemoryError::Recorded(record.id));
        }
        state.records.insert(record.id, *record);
        Ok(Recorded::Yes)
    }

    async fn issued(&self, id: CredentialId) -> Result<Option<IssuanceRecord>, MemoryError> {
        Ok(self.state().records.get(&id).copied())
    }

    async fn deny(&self, denial: &Denial) -> Result<u64, MemoryError> {
        let mut state = self.state();
        for credential in state.codes_with(denial.credential, denial.at) {
            state.denied.insert(
                credential,
                Denial {
                    credential,
                    ..denial.clone()
                },
            );
        }
        state.version = state.version.saturating_add(1);
        Ok(state.version)
    }

    async fn allow(&self, credential: CredentialId, _now: Timestamp) -> Result<u64, MemoryError> {
        let mut state = self.state();
        let account = state.account_of(credential);
        let before = state.denied.len();
        let mut denied = std::mem::take(&mut state.denied);
        denied.retain(|id, _| {
            *id != credential && (account.is_none() || state.account_of(*id) != account)
        });
        state.denied = denied;
        if state.denied.len() != before {
            state.version = state.version.saturating_add(1);
        }
        Ok(state.version)
    }

    async fn deny_list(&self, now: Timestamp) -> Result<DenyList, MemoryError> {
        let mut state = self.state();
        let before = state.denied.len();
        state.denied.retain(|_, denial| denial.until > now);
        if state.denied.len() != before {
            state.version = state.version.saturating_add(1);
        }
        Ok(DenyList {
            version: state.version,
            entries: state.denied.keys().copied().collect(),
        })
    }
}
