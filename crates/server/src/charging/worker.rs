//! The worker that charges: a turn every few seconds or when somebody rings, a sweep now and then.

use std::sync::Arc;
use std::time::Duration;

use settlement::ports::StoreError;
use units::{Span, Timestamp};

use super::{SharedCharging, sweep, turn};
use crate::AppState;

/// How long the worker rests: a payment that comes due waits so long at the most, and a rider who
/// paid is off the list so much later where no bell rang.
const REST: Duration = Duration::from_secs(5);

/// From one sweep to the next.
const SWEEP_EVERY: Span = Span::from_secs(600);

/// How far back the first sweep of a process looks: what it may have missed while it was down.
const FIRST_SWEEP: Span = Span::from_secs(86_400);

/// Charges until the task is dropped. What fails, or panics, is logged and tried again.
pub async fn charge_forever(state: AppState, charging: SharedCharging) {
    let mut swept = state.now().minus(FIRST_SWEEP);
    loop {
        let now = state.now();
        let sweeps = (now.since(swept) >= SWEEP_EVERY).then_some((swept, now));
        let (round, with) = (state.clone(), Arc::clone(&charging));
        match tokio::spawn(async move { once(&round, &with, sweeps).await }).await {
            Ok(Ok(())) => swept = sweeps.map_or(swept, |(_, now)| now),
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "charging failed");
            }
            Err(error) => tracing::error!(%error, "charging broke off"),
        }
        // A bell that rang meanwhile is heard at once.
        let _ = tokio::time::timeout(REST, charging.bell.notified()).await;
    }
}

async fn once(
    state: &AppState,
    charging: &SharedCharging,
    sweeps: Option<(Timestamp, Timestamp)>,
) -> Result<(), StoreError> {
    if let Some(span) = sweeps {
        sweep(charging, &state.city, span).await?;
    }
    let done = turn(charging, &state.city, state.now(), |_| ()).await?;
    if done.worked.unpostable > 0 || done.refused > 0 {
        tracing::error!(
            payments = done.worked.unpostable,
            accounts = done.refused,
            "charges or sums at a provider do not add up: see faregate charge status"
        );
    }
    Ok(())
}
