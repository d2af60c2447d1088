//! Refunds, appeals and write-offs: deciding, listing; and the audit trail.

use api::schema;
use api::{AuditBody, Decide, Page, Problem, ProblemCode, RequestBody, Rfc3339, Text};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use settlement::corrections::{
    self, AuditLine, CaseError, CorrectionFilter, CorrectionStore as _, PageAfter, Refused,
};
use settlement::model::{Correction, CorrectionKind, Decision, UnknownValue, Verdict};
use units::{AccountId, CorrectionId};
use utoipa::IntoParams;

use super::auth::{Looker, Proposer};
use super::cursor::Paging;
use super::explain::describe_request;
use super::proposals::wrong;
use crate::document::{BYTES, JSON, QUERY, SESSION, STAFF, problems};
use crate::extract::Segment;
use crate::idempotent::{KEYED, Once};
use crate::{ApiError, AppState, Parameters, Session};

problems! {
    Listing: SESSION, QUERY;
    Finding: SESSION, &[ProblemCode::NotFound];
    Deciding: STAFF, BYTES, JSON, KEYED, RULES;
}

/// What the rules of corrections answer.
pub(super) const RULES: &[ProblemCode] = &[
    ProblemCode::NotFound,
    ProblemCode::Forbidden,
    ProblemCode::Conflict,
    ProblemCode::RefundRefused,
];

/// `GET /v1/me/appeals`: the session's own, and its refunds.
#[utoipa::path(
    get,
    path = "/v1/me/appeals",
    operation_id = "list_appeals",
    tag = "riders",
    security(("session" = [])),
    params(Paging),
    responses((status = 200, body = Page<RequestBody>, description = "The own."), Listing),
)]
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
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfRequests {
    /// `refund`, `appeal` or `write-off`.
    #[param(nullable = false)]
    kind: Option<String>,
    /// Only those that wait for a decision.
    #[param(nullable = false)]
    open: Option<bool>,
    /// Only of this account.
    #[param(value_type = Option<schema::Uuid>, nullable = false)]
    account: Option<Text<AccountId>>,
    /// The `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Items of the page: 50 where it is absent, 200 at most.
    #[param(nullable = false)]
    limit: Option<u32>,
}

/// `GET /v1/operator/requests`: the oldest first.
#[utoipa::path(
    get,
    path = "/v1/operator/requests",
    operation_id = "list_requests",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(OfRequests),
    responses((status = 200, body = Page<RequestBody>, description = "The oldest first."), Listing),
)]
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
#[utoipa::path(
    get,
    path = "/v1/operator/requests/{id}",
    operation_id = "read_request",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(("id" = schema::Uuid, Path, description = "The request.")),
    responses((status = 200, body = RequestBody, description = "The request."), Finding),
)]
pub(crate) async fn one(
    State(state): State<AppState>,
    _staff: Looker,
    Segment(id): Segment,
) -> Result<Json<RequestBody>, ApiError> {
    let found = find(&state, parse(&id)?).await?;
    Ok(Json(describe_request(&found)))
}

/// `POST /v1/operator/requests/{id}/decision`: a refund or a write-off takes an
/// approver, an appeal an agent.
#[utoipa::path(
    post,
    path = "/v1/operator/requests/{id}/decision",
    operation_id = "decide_request",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(
        ("id" = schema::Uuid, Path, description = "The request."),
        ("Idempotency-Key" = schema::IdempotencyKey, Header, description = "One per thing."),
    ),
    request_body = Decide,
    responses((status = 200, body = RequestBody, description = "As decided."), Deciding),
)]
pub(crate) async fn decide(
    State(state): State<AppState>,
    staff: Proposer,
    Segment(id): Segment,
    once: Once,
) -> Result<Response, ApiError> {
    let (id, body): (_, Decide) = (parse(&id)?, once.json()?);
    let decision = Decision {
        verdict: Verdict::parse(&body.verdict)
            .map_err(|error| wrong("/verdict", error.to_string()))?,
        by: staff.actor(),
        at: state.now(),
        note: body.note,
    };
    if find(&state, id).await?.kind != CorrectionKind::Appeal {
        staff.check_may_decide()?;
    }
    let app = state.clone();
    let work = async move {
        let done = corrections::judge(&app.store, id, &decision).await;
        Ok(Json(describe_request(&done.map_err(refuse)?)).into_response())
    };
    once.run(&state, &staff.actor().to_string(), work).await
}

/// `GET /v1/operator/audit`: the newest first.
#[utoipa::path(
    get,
    path = "/v1/operator/audit",
    operation_id = "list_audit",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(Paging),
    responses((status = 200, body = Page<AuditBody>, description = "The newest first."), Listing),
)]
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

pub(super) async fn find(state: &AppState, id: CorrectionId) -> Result<Correction, ApiError> {
    let found = state.store.correction(id).await;
    found.map_err(ApiError::internal)?.ok_or_else(unknown)
}

pub(super) fn refuse(error: CaseError) -> ApiError {
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
