//! `POST /v1/webhooks/{provider}`, `GET /v1/me/debt`, `POST /v1/me/pay`.

use api::schema;
use api::{Debt, OverduePayment, Problem, ProblemCode, Rfc3339, Text};
use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use provider::Kind;
use provider::stripe::webhook;
use secrecy::ExposeSecret as _;
use settlement::charging::{PaymentStore as _, ask, wake, work_on};
use settlement::debt::exposure;
use settlement::debt::list::{self, DebtList as _};
use settlement::ports::StoreError;
use units::AccountId;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::SharedCharging;
use crate::document::{BYTES, SESSION, problems};
use crate::extract::Segment;
use crate::idempotent::{KEYED, Once};
use crate::{ApiError, AppState, RawBody, Session};

/// A webhook may have this many bytes; Stripe's have some ten thousand.
const WEBHOOK_BYTES_MAX: usize = 256 * 1024;

/// The header that proves who sent a webhook (Stripe, "Verify webhook signatures").
const SIGNATURE: &str = "stripe-signature";

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Paying {
    pub(crate) app: AppState,
    pub(crate) charging: SharedCharging,
}

impl FromRef<Paying> for AppState {
    fn from_ref(paying: &Paying) -> Self {
        paying.app.clone()
    }
}

problems! {
    Hearing: BYTES, &[
        ProblemCode::WebhookUnproven, ProblemCode::NotFound, ProblemCode::Unavailable,
    ];
    Reading: SESSION, &[ProblemCode::NotFound];
    Settling: SESSION, BYTES, KEYED, &[ProblemCode::NotFound];
}

/// The routes of a city that collects.
pub(crate) fn routes() -> OpenApiRouter<Paying> {
    OpenApiRouter::default()
        .routes(routes!(hear).layer(DefaultBodyLimit::max(WEBHOOK_BYTES_MAX)))
        .routes(routes!(debt))
        .routes(routes!(pay))
}

/// Takes a webhook whose origin is proven as a reason to look the payment up, and nothing else.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{provider}",
    operation_id = "hear_webhook",
    tag = "server",
    security(("provider_signature" = [])),
    params(("provider" = String, Path, description = "The provider's name here.")),
    request_body(content = String, content_type = "application/json"),
    responses((status = 204, description = "The payment will be looked up."), Hearing),
)]
async fn hear(
    State(paying): State<Paying>,
    Segment(name): Segment,
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
#[utoipa::path(
    get,
    path = "/v1/me/debt",
    operation_id = "read_debt",
    tag = "riders",
    security(("session" = [])),
    responses((status = 200, body = Debt, description = "What is open."), Reading),
)]
async fn debt(
    State(paying): State<Paying>,
    Session(rider): Session,
) -> Result<Json<Debt>, ApiError> {
    read(&paying, rider.account).await.map(Json)
}

/// Collects everything that is overdue of the session's own rider now, and says what is left.
#[utoipa::path(
    post,
    path = "/v1/me/pay",
    operation_id = "pay",
    tag = "riders",
    security(("session" = [])),
    params(
        ("Idempotency-Key" = schema::IdempotencyKey, Header, description = "One per thing."),
    ),
    responses((status = 200, body = Debt, description = "What is left."), Settling),
)]
async fn pay(
    State(paying): State<Paying>,
    Session(rider): Session,
    once: Once,
) -> Result<Response, ApiError> {
    let account = rider.account;
    let working = paying.clone();
    let work = Box::pin(async move {
        let collected = collect(&working, account).await;
        collected.map_err(ApiError::internal)?;
        Ok(Json(read(&working, account).await?).into_response())
    });
    once.run(&paying.app, &account.to_string(), work).await
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
