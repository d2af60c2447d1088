//! Asking: refunds and write-offs that staff propose, appeals of riders; and what is overdue.

use api::schema;
use api::{
    MakeAppeal, OverdueBody, Page, Problem, ProblemCode, ProposeRefund, ProposeWriteOff,
    RequestBody, Rfc3339, Text,
};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use settlement::charging::{Payment, PaymentStore as _};
use settlement::corrections;
use settlement::ids;
use settlement::model::{Actor, Correction, CorrectionKind, Reason, Subject};
use units::{AccountId, Amount, CorrectionId, PaymentId};

use super::auth::{Looker, Proposer};
use super::books::find_charge;
use super::cursor::Paging;
use super::explain::describe_request;
use super::requests::{RULES, find, refuse};
use crate::document::{BYTES, JSON, QUERY, SESSION, STAFF, problems};
use crate::idempotent::{KEYED, Once};
use crate::{ApiError, AppState, Parameters, Session};

problems! {
    Proposing: STAFF, BYTES, JSON, KEYED, RULES;
    Appealing: SESSION, BYTES, JSON, KEYED, RULES;
    Listing: SESSION, QUERY;
}

/// Why riders appeal: one code, their words say the rest.
const APPEAL: &str = "appeal";

/// `POST /v1/operator/refunds`.
#[utoipa::path(
    post,
    path = "/v1/operator/refunds",
    operation_id = "propose_refund",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(
        ("Idempotency-Key" = schema::IdempotencyKey, Header, description = "One per thing."),
    ),
    request_body = ProposeRefund,
    responses((status = 201, body = RequestBody, description = "The proposal."), Proposing),
)]
pub(crate) async fn refund(
    State(state): State<AppState>,
    staff: Proposer,
    once: Once,
) -> Result<Response, ApiError> {
    let body: ProposeRefund = once.json()?;
    let who = staff.actor().to_string();
    let id = ids::correction_of(&who, once.key());
    let app = state.clone();
    let work = async move {
        let asked = refund_of(&app, staff.actor(), id, body).await?;
        asked_for(&app, &asked).await
    };
    once.run(&state, &who, work).await
}

async fn refund_of(
    state: &AppState,
    maker: Actor,
    id: CorrectionId,
    body: ProposeRefund,
) -> Result<Correction, ApiError> {
    let charge = find_charge(state, &body.charge_id.0.to_string()).await?;
    let amount = Amount::new(body.amount_minor, charge.amount.currency());
    let amount = amount.map_err(|error| wrong("/amount_minor", error.to_string()))?;
    let reason = Reason::parse(&body.reason);
    Ok(Correction {
        id,
        account: charge.account,
        day: charge.day,
        kind: CorrectionKind::Refund,
        subject: match body.journey_id {
            Some(journey) => Subject::Journey(journey.0),
            None => Subject::Charge(charge.id),
        },
        amount,
        reason: reason.map_err(|error| wrong("/reason", error.to_string()))?,
        note: body.note,
        maker,
        made_at: state.now(),
        decision: None,
    })
}

/// A field of the body that is wrong.
pub(super) fn wrong(place: &str, detail: String) -> ApiError {
    let problem = Problem::new(ProblemCode::InvalidBody, "a field of the body is wrong");
    problem.at(place, detail).into()
}

/// `POST /v1/operator/write-offs`.
#[utoipa::path(
    post,
    path = "/v1/operator/write-offs",
    operation_id = "propose_write_off",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(
        ("Idempotency-Key" = schema::IdempotencyKey, Header, description = "One per thing."),
    ),
    request_body = ProposeWriteOff,
    responses((status = 201, body = RequestBody, description = "The proposal."), Proposing),
)]
pub(crate) async fn write_off(
    State(state): State<AppState>,
    staff: Proposer,
    once: Once,
) -> Result<Response, ApiError> {
    let body: ProposeWriteOff = once.json()?;
    let who = staff.actor().to_string();
    let id = ids::correction_of(&who, once.key());
    let app = state.clone();
    let work = async move {
        let asked = write_off_of(&app, staff.actor(), id, body).await?;
        asked_for(&app, &asked).await
    };
    once.run(&state, &who, work).await
}

async fn write_off_of(
    state: &AppState,
    maker: Actor,
    id: CorrectionId,
    body: ProposeWriteOff,
) -> Result<Correction, ApiError> {
    let found = state.store.payment(body.payment_id.0).await;
    let unknown = || Problem::new(ProblemCode::NotFound, "There is no such payment.");
    let payment = found.map_err(ApiError::internal)?.ok_or_else(unknown)?;
    let amount = Amount::new(body.amount_minor, payment.currency());
    let reason = Reason::parse(&body.reason);
    Ok(Correction {
        id,
        account: payment.account,
        day: payment.window,
        kind: CorrectionKind::WriteOff,
        subject: Subject::Payment(payment.id),
        amount: amount.map_err(|error| wrong("/amount_minor", error.to_string()))?,
        reason: reason.map_err(|error| wrong("/reason", error.to_string()))?,
        note: body.note,
        maker,
        made_at: state.now(),
        decision: None,
    })
}

/// `GET /v1/operator/debts`: payments that are overdue, in order of (account, payment). `limit`
/// counts payments that are open, so a page may be empty and another follow.
#[utoipa::path(
    get,
    path = "/v1/operator/debts",
    operation_id = "list_debts",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(Paging),
    responses((status = 200, body = Page<OverdueBody>, description = "Payments."), Listing),
)]
pub(crate) async fn debts(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<OverdueBody>>, ApiError> {
    let after = paging.after::<(AccountId, PaymentId)>()?;
    let open = state.store.open_payments(after, paging.fetch()).await;
    let open = open.map_err(ApiError::internal)?;
    let key = |one: &Payment| (one.account, one.id);
    let page = paging.page(open, key, |payment| payment);
    let overdue = page.items.iter().filter(|payment| payment.is_overdue());
    Ok(Json(Page {
        items: overdue.map(describe_debt).collect(),
        next: page.next,
    }))
}

fn describe_debt(payment: &Payment) -> OverdueBody {
    let failed = payment.failed.last();
    OverdueBody {
        payment_id: Text(payment.id),
        account_id: Text(payment.account),
        window: Text(payment.window),
        amount_minor: payment.amount.as_minor(),
        open_minor: payment.open_minor(),
        written_off_minor: payment.written_off,
        currency: payment.currency().to_string(),
        since: Rfc3339(
            payment
                .failed
                .first()
                .map_or(payment.made_at, |first| first.at),
        ),
        reason: failed.map(|failure| failure.code.clone()),
    }
}

/// `POST /v1/me/appeals`: about one of the session's own charges.
#[utoipa::path(
    post,
    path = "/v1/me/appeals",
    operation_id = "make_appeal",
    tag = "riders",
    security(("session" = [])),
    params(
        ("Idempotency-Key" = schema::IdempotencyKey, Header, description = "One per thing."),
    ),
    request_body = MakeAppeal,
    responses((status = 201, body = RequestBody, description = "The appeal."), Appealing),
)]
pub(crate) async fn appeal(
    State(state): State<AppState>,
    Session(rider): Session,
    once: Once,
) -> Result<Response, ApiError> {
    let body: MakeAppeal = once.json()?;
    let who = rider.account.to_string();
    let id = ids::correction_of(&who, once.key());
    let app = state.clone();
    let work = async move {
        let charge = find_charge(&app, &body.charge_id.0.to_string()).await?;
        if charge.account != rider.account {
            // Exactly as an unknown one.
            return Err(Problem::new(ProblemCode::NotFound, "There is no such charge.").into());
        }
        let asked = Correction {
            id,
            account: rider.account,
            day: charge.day,
            kind: CorrectionKind::Appeal,
            subject: Subject::Charge(charge.id),
            amount: Amount::zero(charge.amount.currency()),
            reason: Reason::parse(APPEAL).map_err(ApiError::internal)?,
            note: body.note,
            maker: Actor::Rider,
            made_at: app.now(),
            decision: None,
        };
        asked_for(&app, &asked).await
    };
    once.run(&state, &who, work).await
}

async fn asked_for(state: &AppState, asked: &Correction) -> Result<Response, ApiError> {
    let done = corrections::ask(&state.store, asked).await;
    done.map_err(refuse)?;
    let stored = find(state, asked.id).await?;
    Ok((StatusCode::CREATED, Json(describe_request(&stored))).into_response())
}
