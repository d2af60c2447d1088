//! The worker that judges what gates upload, settles what is dirty, and closes days that are over.

use std::collections::BTreeSet;
use std::time::Duration;

use settlement::ports::{Again, SettlementStore as _, StoreError};
use settlement::{charge, settle};
use units::{AccountId, ServiceDay};

use crate::AppState;
use crate::judge::Judge;

/// How long the worker rests between two rounds. A rider's page shows a fare this much later.
const REST: Duration = Duration::from_millis(500);

/// Days that cannot be settled are logged one by one, so many of them.
const FAULTS_TOLD_MAX: u32 = 100;

/// Judges, settles and charges until the task is dropped. What fails, or panics, is logged and
/// tried again.
pub async fn settle_forever(state: AppState) {
    let mut judge = Judge::default();
    // What was wrong with them may be mended by the release or the package that just started.
    if let Err(error) = settle::again(&state.store, &Again::Faulty).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "faults stay as they were"
        );
    }
    let mut told = BTreeSet::new();
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
        tell_faults(&state, &mut told).await;
        tokio::time::sleep(REST).await;
    }
}

/// Logs days that cannot be settled, each once while it lasts.
async fn tell_faults(state: &AppState, told: &mut BTreeSet<(ServiceDay, AccountId)>) {
    let faults = match state.store.day_faults(None, FAULTS_TOLD_MAX).await {
        Ok(faults) => faults,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "faults cannot be read"
            );
            return;
        }
    };
    told.retain(|key| {
        faults
            .iter()
            .any(|fault| (fault.day, fault.account) == *key)
    });
    for fault in faults {
        if told.insert((fault.day, fault.account)) {
            let (account, day, because) = (fault.account, fault.day, fault.because);
            tracing::error!(%account, %day, because, "a rider's day cannot be settled");
        }
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
