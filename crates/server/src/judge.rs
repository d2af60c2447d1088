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
        let all_keys = state.issuer.all_keys();
        let known = self.0.as_ref().filter(|(known, _)| *known == all_keys);
        let (is_new, keys) = match known {
            Some((_, prepared)) => (false, Arc::clone(prepared)),
            None => (true, Arc::new(IssuerKeys::prepare(&all_keys)?)),
        };
        let (state, runtime) = (state.clone(), Handle::current());
        let prepared = Arc::clone(&keys);
        let judged = spawn_blocking(move || {
            runtime.block_on(async {
                let (store, city) = (&state.store, &state.city);
                // What was set aside for want of a key may be somebody's now.
                if is_new {
                    let mended = judge::again(store, city, &keys, &AllCores).await?;
                    if mended > 0 {
                        tracing::warn!(mended, "records that were set aside are judged anew");
                    }
                }
                judge::all(store, city, &keys, &AllCores).await
            })
        });
        let judged: Result<u64, StoreError> = judged.await?;
        let judged = judged?;
        // Only now: what failed is tried again with these keys.
        self.0 = Some((all_keys, prepared));
        Ok(judged)
    }
}
