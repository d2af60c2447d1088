//! Corrections and the audit trail in memory.

use units::{AccountId, ChargeId, CorrectionId, ServiceDay};

use super::{MemoryStore, State, repeated};
use crate::corrections::{
    AuditLine, Case, CaseChange, CorrectionFilter, CorrectionStore, PageAfter, Refused,
};
use crate::model::{Correction, StoredCharge};
use crate::ports::{ChargeChange, StoreError};

impl CorrectionStore for MemoryStore {
    async fn charge(&self, id: ChargeId) -> Result<Option<StoredCharge>, StoreError> {
        let state = self.lock();
        let found = state.charges.values().find(|charge| charge.id == id);
        Ok(found.cloned())
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        Ok(self.lock().corrections.get(&id).cloned())
    }

    async fn corrections(
        &self,
        filter: &CorrectionFilter,
        after: Option<PageAfter>,
        limit: u32,
    ) -> Result<Vec<Correction>, StoreError> {
        let state = self.lock();
        let mut found: Vec<Correction> = state
            .corrections
            .values()
            .filter(|one| filter.kind.is_none_or(|kind| kind == one.kind))
            .filter(|one| !filter.open || one.decision.is_none())
            .filter(|one| filter.account.is_none_or(|account| account == one.account))
            .filter(|one| {
                after.is_none_or(|after| (one.made_at, one.id) > (after.made_at, after.id))
            })
            .cloned()
            .collect();
        found.sort_by_key(|one| (one.made_at, one.id));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn correct<F>(
        &self,
        account: AccountId,
        day: ServiceDay,
        decide: F,
    ) -> Result<Result<(), Refused>, StoreError>
    where
        F: Fn(&Case) -> Result<CaseChange, Refused> + Send + Sync,
    {
        let mut state = self.lock();
        let change = match decide(&state.case(account, day)) {
            Ok(change) => change,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut next = state.clone();
        if let Some(asked) = change.asked {
            // The same id about another day is another request.
            if next.corrections.contains_key(&asked.id) {
                return Ok(Err(Refused::IdTaken));
            }
            next.corrections.insert(asked.id, asked);
        }
        if let Some((id, decision)) = change.decided
            && let Some(correction) = next.corrections.get_mut(&id)
        {
            correction.decision = Some(decision);
        }
        if let Some(books) = change.books {
            next.close_day(books)?;
        }
        if let Some((payment, entry)) = change.payment {
            if !next.put_payment(&payment) {
                return Err(repeated("payments"));
            }
            next.post(vec![entry])?;
        }
        next.audit.extend(change.audit);
        *state = next;
        Ok(Ok(()))
    }

    async fn audit(&self, line: &AuditLine) -> Result<(), StoreError> {
        self.lock().audit.push(line.clone());
        Ok(())
    }

    async fn audit_trail(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, AuditLine)>, StoreError> {
        let state = self.lock();
        let numbered = (1u64..).zip(state.audit.iter().cloned());
        let mut lines: Vec<(u64, AuditLine)> = numbered
            .filter(|(number, _)| before.is_none_or(|before| *number < before))
            .collect();
        lines.reverse();
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(lines)
    }
}

impl State {
    fn case(&self, account: AccountId, day: ServiceDay) -> Case {
        let charges = self.charges.values();
        Case {
            day: self.days.get(&(account, day)).cloned(),
            journeys: self
                .journeys
                .get(&(account, day))
                .cloned()
                .unwrap_or_default(),
            charges: charges
                .filter(|charge| (charge.account, charge.day) == (account, day))
                .cloned()
                .collect(),
            corrections: self.corrections_of(account, Some(day)),
            payments: self.payments_of_window(account, day),
        }
    }

    /// The corrections of an account, or of one of its days, in order of (made at, id).
    pub(super) fn corrections_of(
        &self,
        account: AccountId,
        day: Option<ServiceDay>,
    ) -> Vec<Correction> {
        let mut found: Vec<Correction> = self
            .corrections
            .values()
            .filter(|one| one.account == account && day.is_none_or(|day| day == one.day))
            .cloned()
            .collect();
        found.sort_by_key(|one| (one.made_at, one.id));
        found
    }

    /// Writes what closing a day comes to.
    pub(super) fn close_day(&mut self, change: ChargeChange) -> Result<(), StoreError> {
        self.note_fault(change.fault);
        let day = change.account_day;
        self.days.insert((day.account, day.day), day);
        if let Some(charge) = change.charge {
            let key = (charge.account, charge.day, charge.revision);
            if self.charges.insert(key, charge).is_some() {
                return Err(repeated("charges"));
            }
        }
        self.post(change.entries)
    }
}
