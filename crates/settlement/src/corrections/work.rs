//! Corrections over a store.

use units::CorrectionId;

use super::port::{CorrectionStore, Refused};
use super::rules;
use crate::model::{Correction, CorrectionKind, Decision};
use crate::ports::StoreError;

/// Why a correction was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The rules refuse it; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes down what somebody asks: a refund or a write-off that staff propose, or a rider's
/// appeal.
///
/// # Errors
/// [`CaseError`].
pub async fn ask<S: CorrectionStore>(store: &S, asked: &Correction) -> Result<(), CaseError> {
    if let Some(known) = store.correction(asked.id).await?
        && (known.account, known.day) != (asked.account, asked.day)
    {
        return Err(Refused::IdTaken.into());
    }
    let propose = |case: &super::Case| rules::propose(case, asked);
    Ok(store.correct(asked.account, asked.day, propose).await??)
}

/// Decides a refund or a write-off, or answers an appeal. Answers with the correction as it stands
/// afterwards.
///
/// # Errors
/// [`CaseError`].
pub async fn judge<S: CorrectionStore>(
    store: &S,
    id: CorrectionId,
    decision: &Decision,
) -> Result<Correction, CaseError> {
    let correction = store.correction(id).await?.ok_or(Refused::Unknown)?;
    let (account, day) = (correction.account, correction.day);
    let made = |case: &super::Case| match correction.kind {
        CorrectionKind::Refund => rules::give_back(case, id, decision),
        CorrectionKind::WriteOff => rules::give_up(case, id, decision),
        CorrectionKind::Appeal => rules::answer(case, id, decision),
    };
    store.correct(account, day, made).await??;
    let after = store.correction(id).await?;
    Ok(after.ok_or(Refused::Unknown)?)
}
