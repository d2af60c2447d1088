//! Kept answers in memory.

use units::Timestamp;

use super::MemoryStore;
use crate::idempotency::{AnswerStore, Asked, Begun, KEPT_FOR, KeptAnswer, WORKED_FOR};
use crate::ports::StoreError;

/// A request: its fingerprint, its answer, and when it is over.
pub(super) type Kept = ([u8; 32], Option<KeptAnswer>, Timestamp);

impl AnswerStore for MemoryStore {
    async fn begin_request(&self, asked: &Asked, now: Timestamp) -> Result<Begun, StoreError> {
        let mut state = self.lock();
        state.answers.retain(|_, (_, _, over)| *over > now);
        Ok(match state.answers.get(&asked.key) {
            Some((fingerprint, _, _)) if *fingerprint != asked.fingerprint => Begun::Different,
            Some((_, Some(answer), _)) => Begun::Answered(answer.clone()),
            Some(_) => Begun::UnderWay,
            None => {
                let over = now.plus(WORKED_FOR);
                state
                    .answers
                    .insert(asked.key, (asked.fingerprint, None, over));
                Begun::First
            }
        })
    }

    async fn end_request(
        &self,
        asked: &Asked,
        answer: Option<&KeptAnswer>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let Some(answer) = answer else {
            state.answers.remove(&asked.key);
            return Ok(());
        };
        let kept = (asked.fingerprint, Some(answer.clone()), now.plus(KEPT_FOR));
        state.answers.insert(asked.key, kept);
        Ok(())
    }
}
