//! Refunds, appeals and write-offs: asking, deciding, listing; and the audit trail.

use api::{
    AuditBody, Decide, MakeAppeal, OverdueBody, Page, Problem, ProblemCode, ProposeRefund,
    ProposeWriteOff, RequestBody, Rfc3339, Text,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use settlement::charging::{Payment, PaymentStore as _};
use settlement::corrections::{
    self, AuditLine, CaseError, CorrectionFilter, CorrectionStore as _, PageAfter, Refused,
};
use settlement::model::{
    Actor, Correction, CorrectionKind, Decision, Reason, Subject, UnknownValue, Verdict,
};
use units::{AccountId, Amount, CorrectionId, PaymentId};

use super::auth::{Looker, Proposer};
use super::books::find_charge;
use super::cursor::Paging;
use super::explain::describe_request;
use crate::routes::body::JsonBody;
use crate::{ApiError, AppState, Parameters, Session};

/// Why riders appeal: one code, their words say the rest.
const APPEAL: &str = "appeal";

/// `POST /v1/operator/refunds`.
pub(crate) async fn propose(
    State(state): State<AppState>,
    staff: Proposer,
    JsonBody(body): JsonBody<ProposeRefund>,
) -> Result<(StatusCode, Json<RequestBody>), ApiError> {
    let charge = find_charge(&state, &body.charge_id.0.to_string()).await?;
    let amount = Amount::new(body.amount_minor, charge.amount.currency());
    let amount = amount.map_err(|error| wrong("/amount_minor", error.to_string()))?;
    let reason = Reason::parse(&body.reason);
    let asked = Correction {
        id: body.refund_id.0,
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
        maker: staff.actor(),
        made_at: state.now(),
        decision: None,
    };
    asked_for(&state, &asked).await
}

/// A field of the body that is wrong.
fn wrong(place: &str, detail: String) -> ApiError {
    let problem = Problem::new(ProblemCode::InvalidBody, "a field of the body is wrong");
    problem.at(place, detail).into()
}

/// `POST /v1/operator/write-offs`.
pub(crate) async fn propose_write_off(
    State(state): State<AppState>,
    staff: Proposer,
    JsonBody(body): JsonBody<ProposeWriteOff>,
) -> Result<(StatusCode, Json<RequestBody>), ApiError> {
    let found = state.store.payment(body.payment_id.0).await;
    let unknown = || Problem::new(ProblemCode::NotFound, "There is no such payment.");
    let payment = found.map_err(ApiError::internal)?.ok_or_else(unknown)?;
    let amount = Amount::new(body.amount_minor, payment.currency());
    let reason = Reason::parse(&body.reason);
    let asked = Correction {
        id: body.write_off_id.0,
        account: payment.account,
        day: payment.window,
        kind: CorrectionKind::WriteOff,
        subject: Subject::Payment(payment.id),
        amount: amount.map_err(|error| wrong("/amount_minor", error.to_string()))?,
        reason: reason.map_err(|error| wrong("/reason", error.to_string()))?,
        note: body.note,
        maker: staff.actor(),
        made_at: state.now(),
        decision: None,
    };
    asked_for(&state, &asked).await
}

/// `GET /v1/operator/debts`: payments that are overdue, in order of (account, payment). `limit`
/// counts payments that are open, so a page may be empty and another follow.
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
pub(crate) async fn appeal(
    State(state): State<AppState>,
    Session(rider): Session,
    JsonBody(body): JsonBody<MakeAppeal>,
) -> Result<(StatusCode, Json<RequestBody>), ApiError> {
    let charge = find_charge(&state, &body.charge_id.0.to_string()).await?;
    if charge.account != rider.account {
        // Exactly as an unknown one.
        return Err(Problem::new(ProblemCode::NotFound, "There is no such charge.").into());
    }
    let asked = Correction {
        id: body.appeal_id.0,
        account: rider.account,
        day: charge.day,
        kind: CorrectionKind::Appeal,
        subject: Subject::Charge(charge.id),
        amount: Amount::zero(charge.amount.currency()),
        reason: Reason::parse(APPEAL).map_err(ApiError::internal)?,
        note: body.note,
        maker: Actor::Rider,
        made_at: state.now(),
        decision: None,
    };
    asked_for(&state, &asked).await
}

async fn asked_for(
    state: &AppState,
    asked: &Correction,
) -> Result<(StatusCode, Json<RequestBody>), ApiError> {
    let done = corrections::ask(&state.store, asked).await;
    done.map_err(refuse)?;
    let stored = find(state, asked.id).await?;
    Ok((StatusCode::CREATED, Json(describe_request(&stored))))
}

/// `GET /v1/me/appeals`: the session's own, and its refunds.
pub(crate) async fn appeals(
    State(state): State<AppState>,
    Session(rider): Session,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<RequestBody>>, ApiError> {
    let filter = CorrectionFilter {
        account: Some(rider.account),
        ..CorrectionFilter::default()
    };
    let mut page = page(&state, &filter, &paging).await?;
    for item in &mut page.items {
        // Who of the staff it was is not the rider's to know.
        let mask = |who: &mut String| {
            if who.starts_with("staff:") {
                "staff".clone_into(who);
            }
        };
        mask(&mut item.maker);
        if let Some(decision) = &mut item.decision {
            mask(&mut decision.by);
        }
    }
    Ok(Json(page))
}

/// `?kind=refund|appeal|write-off&open=true&account=…` and a page.
#[derive(Deserialize)]
pub(crate) struct OfRequests {
    kind: Option<String>,
    open: Option<bool>,
    account: Option<Text<AccountId>>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// `GET /v1/operator/requests`: the oldest first.
pub(crate) async fn list(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(query): Parameters<OfRequests>,
) -> Result<Json<Page<RequestBody>>, ApiError> {
    let wrong = |error: UnknownValue| {
        Problem::new(ProblemCode::InvalidQuery, "a query parameter is wrong")
            .at("query:kind", error.to_string())
    };
    let kind = query.kind.as_deref().map(CorrectionKind::parse);
    let filter = CorrectionFilter {
        kind: kind.transpose().map_err(wrong)?,
        open: query.open.unwrap_or(false),
        account: query.account.map(|account| account.0),
    };
    let (cursor, limit) = (query.cursor, query.limit);
    page(&state, &filter, &Paging { cursor, limit })
        .await
        .map(Json)
}

async fn page(
    state: &AppState,
    filter: &CorrectionFilter,
    paging: &Paging,
) -> Result<Page<RequestBody>, ApiError> {
    let (after, fetch) = (paging.after::<PageAfter>()?, paging.fetch());
    let found = state.store.corrections(filter, after, fetch).await;
    let found = found.map_err(ApiError::internal)?;
    let key = |one: &Correction| PageAfter {
        made_at: one.made_at,
        id: one.id,
    };
    Ok(paging.page(found, key, |one| describe_request(&one)))
}

/// `GET /v1/operator/requests/{id}`.
pub(crate) async fn one(
    State(state): State<AppState>,
    _staff: Looker,
    Path(id): Path<String>,
) -> Result<Json<RequestBody>, ApiError> {
    let found = find(&state, parse(&id)?).await?;
    Ok(Json(describe_request(&found)))
}

/// `POST /v1/operator/requests/{id}/decision`: a refund or a write-off takes an
/// approver, an appeal an agent.
pub(crate) async fn decide(
    State(state): State<AppState>,
    staff: Proposer,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<Decide>,
) -> Result<Json<RequestBody>, ApiError> {
    let id = parse(&id)?;
    if find(&state, id).await?.kind != CorrectionKind::Appeal {
        staff.check_may_decide()?;
    }
    let decision = Decision {
        verdict: Verdict::parse(&body.verdict)
            .map_err(|error| wrong("/verdict", error.to_string()))?,
        by: staff.actor(),
        at: state.now(),
        note: body.note,
    };
    let done = corrections::judge(&state.store, id, &decision).await;
    Ok(Json(describe_request(&done.map_err(refuse)?)))
}

/// `GET /v1/operator/audit`: the newest first.
pub(crate) async fn audit(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<AuditBody>>, ApiError> {
    let (before, fetch) = (paging.after()?, paging.fetch());
    let lines = state.store.audit_trail(before, fetch).await;
    let lines = lines.map_err(ApiError::internal)?;
    let body = |(line, told): (u64, AuditLine)| AuditBody {
        line,
        at: Rfc3339(told.at),
        who: told.who.to_string(),
        action: told.action,
        subject: told.subject,
        detail: told.detail,
    };
    Ok(Json(paging.page(lines, |(line, _)| *line, body)))
}

fn unknown() -> ApiError {
    Problem::new(ProblemCode::NotFound, "There is no such request.").into()
}

fn parse(id: &str) -> Result<CorrectionId, ApiError> {
    CorrectionId::parse(id).map_err(|_| unknown())
}

async fn find(state: &AppState, id: CorrectionId) -> Result<Correction, ApiError> {
    let found = state.store.correction(id).await;
    found.map_err(ApiError::internal)?.ok_or_else(unknown)
}

fn refuse(error: CaseError) -> ApiError {
    let refused = match error {
        CaseError::Refused(refused) => refused,
        other => return ApiError::internal(other),
    };
    let code = match &refused {
        Refused::Unknown => return unknown(),
        Refused::Money(_) => return ApiError::internal(refused),
        Refused::SamePerson => ProblemCode::Forbidden,
        Refused::IdTaken | Refused::Decided(_) => ProblemCode::Conflict,
        _ => ProblemCode::RefundRefused,
    };
    Problem::new(code, refused.to_string()).into()
}
