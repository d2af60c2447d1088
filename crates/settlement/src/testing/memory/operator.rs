//! Pages for an operator, staff and their sessions in memory.

use std::collections::BTreeSet;

use tariff::JourneyStatus;
use units::{AccountId, ServiceDay, Timestamp};

use super::{MemoryStore, State, count};
use crate::corrections::AuditLine;
use crate::model::{StaffName, StoredCharge, StoredFare, StoredJourney};
use crate::operator::{ChargeFilter, ChargeKey, DaySummary, Gap, OperatorStore};
use crate::ports::StoreError;
use crate::staff::{Staff, StaffStore};

impl OperatorStore for MemoryStore {
    async fn days(
        &self,
        before: Option<ServiceDay>,
        limit: u32,
    ) -> Result<Vec<DaySummary>, StoreError> {
        let state = self.lock();
        let days: BTreeSet<ServiceDay> = state.days.keys().map(|key| key.1).collect();
        let newest = days.into_iter().rev();
        Ok(newest
            .filter(|day| before.is_none_or(|before| *day < before))
            .take(places(limit))
            .filter_map(|day| state.summary(day))
            .collect())
    }

    async fn exceptions(
        &self,
        day: ServiceDay,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let state = self.lock();
        let of_day = state.journeys.iter().filter(|(key, journeys)| {
            key.1 == day
                && journeys
                    .iter()
                    .any(|one| is_incomplete(one) || is_unpriced(one))
        });
        Ok(of_day
            .map(|(key, _)| key.0)
            .filter(|account| after.is_none_or(|after| *account > after))
            .take(places(limit))
            .collect())
    }

    async fn gaps(&self, limit: u32) -> Result<Vec<Gap>, StoreError> {
        let state = self.lock();
        let journals: BTreeSet<_> = state.records.keys().map(|key| (key.0, key.1)).collect();
        let gaps = journals.into_iter().filter_map(|(device, epoch)| {
            let cursor = state.cursor(device, epoch);
            cursor.stored_beyond.map(|stored_beyond| Gap {
                device,
                epoch,
                first_missing: cursor.next_seq,
                stored_beyond,
            })
        });
        Ok(gaps.take(places(limit)).collect())
    }

    async fn charges(
        &self,
        filter: &ChargeFilter,
        after: Option<ChargeKey>,
        limit: u32,
    ) -> Result<Vec<StoredCharge>, StoreError> {
        let state = self.lock();
        let place = |key: ChargeKey| (key.day, key.account, key.revision);
        let mut found: Vec<StoredCharge> = state
            .charges
            .values()
            .filter(|one| filter.account.is_none_or(|account| account == one.account))
            .filter(|one| filter.day.is_none_or(|day| day == one.day))
            .filter(|one| after.is_none_or(|after| place(ChargeKey::of(one)) > place(after)))
            .cloned()
            .collect();
        found.sort_by_key(|one| place(ChargeKey::of(one)));
        found.truncate(places(limit));
        Ok(found)
    }
}

impl StaffStore for MemoryStore {
    async fn add_staff(
        &self,
        staff: &Staff,
        token_hash: &[u8; 32],
        line: &AuditLine,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        if state.staff.contains_key(&staff.name) {
            return Ok(false);
        }
        let row = (staff.clone(), *token_hash);
        state.staff.insert(staff.name.clone(), row);
        state.audit.push(line.clone());
        Ok(true)
    }

    async fn remove_staff(&self, name: &StaffName, line: &AuditLine) -> Result<bool, StoreError> {
        let mut state = self.lock();
        if state.staff.remove(name).is_none() {
            return Ok(false);
        }
        state.sessions.retain(|_, (of, _)| of != name);
        state.audit.push(line.clone());
        Ok(true)
    }

    async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        let state = self.lock();
        Ok(state
            .staff
            .values()
            .map(|(staff, _)| staff.clone())
            .collect())
    }

    async fn staff_of_token(&self, token_hash: &[u8; 32]) -> Result<Option<Staff>, StoreError> {
        let state = self.lock();
        let found = state.staff.values().find(|(_, hash)| hash == token_hash);
        Ok(found.map(|(staff, _)| staff.clone()))
    }

    async fn open_session(
        &self,
        session_hash: &[u8; 32],
        name: &StaffName,
        expires_at: Timestamp,
        line: &AuditLine,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.sessions.retain(|_, (_, ends)| *ends > line.at);
        let row = (name.clone(), expires_at);
        state.sessions.insert(*session_hash, row);
        state.audit.push(line.clone());
        Ok(())
    }

    async fn staff_of_session(
        &self,
        session_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Staff>, StoreError> {
        let state = self.lock();
        let session = state.sessions.get(session_hash);
        let name = session
            .filter(|(_, ends)| *ends > now)
            .map(|(name, _)| name);
        let staff = name.and_then(|name| state.staff.get(name));
        Ok(staff.map(|(staff, _)| staff.clone()))
    }

    async fn close_session(&self, session_hash: &[u8; 32]) -> Result<(), StoreError> {
        self.lock().sessions.remove(session_hash);
        Ok(())
    }
}

impl State {
    fn summary(&self, day: ServiceDay) -> Option<DaySummary> {
        let days = || self.days.values().filter(|one| one.day == day);
        let journeys: Vec<&StoredJourney> = self
            .journeys
            .iter()
            .filter(|(key, _)| key.1 == day)
            .flat_map(|(_, journeys)| journeys)
            .collect();
        let number = |is: fn(&StoredJourney) -> bool| {
            count(journeys.iter().filter(|journey| is(journey)).count())
        };
        Some(DaySummary {
            day,
            currency: days().next()?.fares.currency(),
            riders: count(days().count()),
            taps: count(self.taps.keys().filter(|key| key.1 == day).count()),
            journeys: count(journeys.len()),
            incomplete: number(is_incomplete),
            unpriced: number(is_unpriced),
            fares_minor: days().map(|one| one.fares.as_minor()).sum(),
            charged_minor: days().map(|one| one.charged.as_minor()).sum(),
            credited_minor: days().map(|one| one.credited.as_minor()).sum(),
            open: count(days().filter(|one| !one.closed).count()),
        })
    }
}

fn is_incomplete(journey: &StoredJourney) -> bool {
    journey.status != JourneyStatus::Complete
}

fn is_unpriced(journey: &StoredJourney) -> bool {
    journey.fare == StoredFare::Unpriced
}

fn places(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
