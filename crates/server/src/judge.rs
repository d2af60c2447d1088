//! Judging on a thread of its own: it keeps every core busy for tenths of a second at a time.

use std::sync::Arc;

use settlement::ingest::judge::{self, IssuerKeys};
use settlement::ports::StoreError;
use tokio::runtime::Handle;
use tokio::task::{JoinError, spawn_blocking};
use wire::{IssuerKey, KeyError};

use crate::{AllCores, AppState};

/// Why records could not be judged. What was judged before stays; the rest waits.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// An issuer key cannot be used.
    #[error("an issuer key cannot be prepared")]
    Key(#[from] KeyError),
    /// The store could not do its work.
    #[error("records could not be judged")]
    Store(#[from] StoreError),
    /// The work panicked, or the process ends.
    #[error("judging broke off")]
    BrokeOff(#[from] JoinError),
}

/// Judges what gates have uploaded, on every core, until nothing is unjudged. Answers how many
/// records it were.
///
/// # Errors
/// [`JudgeError`]; what was judged before stays.
pub async fn judge(state: &AppState) -> Result<u64, JudgeError> {
    Judge::default().all(state).await
}

/// A judge who remembers the issuer's keys, prepared.
#[derive(Default)]
pub(crate) struct Judge(Option<(Vec<IssuerKey>, Arc<IssuerKeys>)>);

impl Judge {
    pub(crate) async fn all(&mut self, state: &AppState) -> Result<u64, JudgeError> {
        let keys = self.keys(state.issuer.all_keys())?;
        let (state, runtime) = (state.clone(), Handle::current());
        let judged = spawn_blocking(move || {
            runtime.block_on(judge::all(&state.store, &state.city, &keys, &AllCores))
        });
        Ok(judged.await??)
    }

    fn keys(&mut self, keys: Vec<IssuerKey>) -> Result<Arc<IssuerKeys>, KeyError> {
        match &self.0 {
            Some((known, prepared)) if *known == keys => Ok(Arc::clone(prepared)),
            _ => {
                let prepared = Arc::new(IssuerKeys::prepare(&keys)?);
                self.0 = Some((keys, Arc::clone(&prepared)));
                Ok(prepared)
            }
        }
    }
}
