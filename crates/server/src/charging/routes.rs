//! `POST /v1/webhooks/{provider}`, `GET /v1/me/debt`, `POST /v1/me/pay`.

use api::{Debt, OverduePayment, Problem, ProblemCode, Rfc3339, Text};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use provider::Kind;
use provider::stripe::webhook;
use secrecy::ExposeSecret as _;
use settlement::charging::{PaymentStore as _, ask, wake, work_on};
use settlement::debt::exposure;
use settlement::debt::list::{self, DebtList as _};
use settlement::ports::StoreError;
use units::AccountId;

use super::SharedCharging;
use crate::app::wrong_method;
use crate::{ApiError, AppState, RawBody, Session};

/// A webhook may have this many bytes; Stripe's have some ten thousand.
const WEBHOOK_BYTES_MAX: usize = 256 * 1024;

/// The header that proves who sent a webhook (Stripe, "Verify webhook signatures").
const SIGNATURE: &str = "stripe-signature";

#[derive(Clone)]
struct Paying {
    app: AppState,
    charging: SharedCharging,
}

/// The routes of a city that collects, to be merged with [`crate::router`].
pub fn charging_router(app: AppState, charging: SharedCharging) -> Router {
    Router::new()
        .route(
            "/v1/webhooks/{provider}",
            post(hear).layer(DefaultBodyLimit::max(WEBHOOK_BYTES_MAX)),
        )
        .route("/v1/me/debt", get(debt))
        .route("/v1/me/pay", post(pay))
        .method_not_allowed_fallback(wrong_method)
        .with_state(Paying { app, charging })
}

/// Takes a webhook whose origin is proven as a reason to look the payment up, and nothing else.
async fn hear(
    State(paying): State<Paying>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, ApiError> {
    let providers = &paying.charging.providers;
    let Some(Kind::Stripe(stripe, Some(secret))) = providers.named(&name) else {
        return Err(Problem::new(ProblemCode::NotFound, "no such provider tells us").into());
    };
    let signature = headers
        .get(SIGNATURE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let now = paying.app.now();
    let event = webhook::verify(&body, signature, secret.expose_secret(), now)
        .map_err(|error| Problem::new(ProblemCode::WebhookUnproven, error.to_string()))?;
    let payment = match (event.payment, event.intent) {
        (Some(id), _) => Some(id),
        // Not answered well, it is told again later.
        (None, Some(intent)) => {
            let asked = stripe.payment_of_intent(&intent).await;
            asked.map_err(|error| Problem::new(ProblemCode::Unavailable, error.to_string()))?
        }
        (None, None) => None,
    };
    if let Some(id) = payment {
        let store = providers.store();
        let found = store.payment(id).await.map_err(ApiError::internal)?;
        if let Some(payment) = found {
            // Who writes it at this moment looks it up anyway.
            let woken = wake(&payment, now);
            let written = store.save(&woken, &[]).await;
            written.map_err(ApiError::internal)?;
            paying.charging.bell.notify_one();
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What the session's own rider has to pay.
async fn debt(State(paying): State<Paying>, headers: HeaderMap) -> Result<Json<Debt>, ApiError> {
    let rider = Session::from_headers(&paying.app, &headers).await?;
    read(&paying, rider.account).await.map(Json)
}

/// Collects everything that is overdue of the session's own rider now, and says what is left.
async fn pay(State(paying): State<Paying>, headers: HeaderMap) -> Result<Json<Debt>, ApiError> {
    let rider = Session::from_headers(&paying.app, &headers).await?;
    let account = rider.account;
    // Goes on where the phone hangs up: the answer is then at `GET /v1/me/debt`.
    let working = paying.clone();
    let collected = tokio::spawn(async move { collect(&working, account).await });
    let collected = collected.await.map_err(ApiError::internal)?;
    collected.map_err(ApiError::internal)?;
    read(&paying, account).await.map(Json)
}

async fn collect(paying: &Paying, account: AccountId) -> Result<(), StoreError> {
    let (charging, now) = (&paying.charging, paying.app.now());
    let store = charging.providers.store();
    for payment in store.payments_of(account).await? {
        let Some(mut wants) = ask(&payment, now) else {
            continue;
        };
        if !store.save(&wants, &[]).await? {
            continue;
        }
        wants.version = wants.version.saturating_add(1);
        work_on(store, &charging.providers, wants, now).await?;
    }
    let of = (account, paying.app.city.currency());
    list::update(store, of, &charging.policy, now).await?;
    Ok(())
}

async fn read(paying: &Paying, account: AccountId) -> Result<Debt, ApiError> {
    let store = paying.charging.providers.store();
    let currency = paying.app.city.currency();
    let payments = store.payments_of(account).await;
    let payments = payments.map_err(ApiError::internal)?;
    let listed = store.listed(account).await.map_err(ApiError::internal)?;
    let owes = exposure::of(account, currency, &payments);
    let mut overdue = Vec::new();
    for payment in payments.iter().filter(|payment| payment.is_overdue()) {
        let charges = store.charges_of(payment).await;
        let charges = charges.map_err(ApiError::internal)?;
        overdue.push(OverduePayment {
            payment_id: Text(payment.id),
            window: Text(payment.window),
            amount_minor: payment.amount.as_minor(),
            open_minor: payment.open_minor(),
            reason: payment.failed.last().map(|failure| failure.code.clone()),
            can_pay_now: ask(payment, paying.app.now()).is_some(),
            charges: charges.iter().map(|charge| Text(charge.id)).collect(),
        });
    }
    Ok(Debt {
        currency: currency.to_string(),
        overdue_minor: owes.overdue_minor,
        expected_minor: owes.expected_minor,
        overdue_since: owes.overdue_since.map(Rfc3339),
        denied: listed.map(|listed| listed.because),
        payments: overdue,
    })
}
