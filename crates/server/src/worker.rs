//! The worker that judges what gates upload, settles what is dirty, and closes days that are over.

use std::time::Duration;

use settlement::ports::StoreError;
use settlement::{charge, settle};
use units::ServiceDay;

use crate::AppState;
use crate::judge::Judge;

/// How long the worker rests between two rounds. A rider's page shows a fare this much later.
const REST: Duration = Duration::from_millis(500);

/// Judges, settles and charges until the task is dropped. What fails, or panics, is logged and
/// tried again.
pub async fn settle_forever(state: AppState) {
    let mut judge = Judge::default();
    loop {
        if let Err(error) = judge.all(&state).await {
            tracing::error!(error = &error as &dyn std::error::Error, "judging failed");
        }
        let round = state.clone();
        match tokio::spawn(async move { settle_once(&round).await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "settling failed");
            }
            Err(error) => tracing::error!(%error, "settling broke off"),
        }
        tokio::time::sleep(REST).await;
    }
}

/// Settles every dirty day and charges every service day that is over.
///
/// # Errors
/// [`StoreError`]; what was committed before stays.
async fn settle_once(state: &AppState) -> Result<(), StoreError> {
    let now = state.now();
    settle::all(&state.store, &state.city, now).await?;
    let today = state.city.service_day(now);
    let yesterday = ServiceDay::from_days(today.as_days().saturating_sub(1));
    charge::close(&state.store, &state.city, &charge::through(yesterday), now).await?;
    Ok(())
}
