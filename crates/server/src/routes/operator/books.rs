//! Looking into the books: days, queues, exceptions, fraud, charges.

use api::schema;
use api::{
    ChargeExplanation, Count, DayBody, ExceptionBody, FaultBody, FindingBody, FraudBody, GapBody,
    ListedCharge, Page, Problem, ProblemCode, Queues, Rfc3339, Text,
};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use settlement::corrections::{AuditLine, CorrectionFilter, CorrectionStore as _};
use settlement::fraud::{Limits, Search, Subject};
use settlement::model::{StoredCharge, StoredFare, status_as_str};
use settlement::operator::{ChargeFilter, ChargeKey, DaySummary, Gap, OperatorStore as _};
use settlement::ports::{DayFault, SettlementStore as _};
use tariff::JourneyStatus;
use tariff::explain::Language;
use units::{AccountId, ChargeId, ServiceDay};
use utoipa::IntoParams;

use super::auth::Looker;
use super::cursor::Paging;
use super::explain::{explain, fare_minor};
use crate::document::{QUERY, SESSION, problems};
use crate::extract::Segment;
use crate::{ApiError, AppState, Parameters};

problems! {
    Looking: SESSION;
    Listing: SESSION, QUERY;
    Explaining: SESSION, QUERY, &[ProblemCode::NotFound];
}

/// Gaps, open requests and corrections of one account that are listed at most.
const LISTED_MAX: u32 = 100;

/// `GET /v1/operator/days`: the newest first.
#[utoipa::path(
    get,
    path = "/v1/operator/days",
    operation_id = "list_days",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(Paging),
    responses(
        (status = 200, body = Page<DayBody>, description = "Days, the newest first."),
        Listing,
    ),
)]
pub(crate) async fn days(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<DayBody>>, ApiError> {
    let found = state.store.days(paging.after()?, paging.fetch()).await;
    let found = found.map_err(ApiError::internal)?;
    Ok(Json(paging.page(found, |day| day.day, describe_day)))
}

fn describe_day(day: DaySummary) -> DayBody {
    DayBody {
        day: Text(day.day),
        state: if day.open == 0 { "closed" } else { "open" }.to_owned(),
        open_days: day.open,
        riders: day.riders,
        taps: day.taps,
        journeys: day.journeys,
        incomplete: day.incomplete,
        unpriced: day.unpriced,
        fares_minor: day.fares_minor,
        charged_minor: day.charged_minor,
        refunded_minor: day.credited_minor,
    }
}

/// `GET /v1/operator/queues`.
#[utoipa::path(
    get,
    path = "/v1/operator/queues",
    operation_id = "read_queues",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    responses((status = 200, body = Queues, description = "What waits."), Looking),
)]
pub(crate) async fn queues(
    State(state): State<AppState>,
    _staff: Looker,
) -> Result<Json<Queues>, ApiError> {
    let counts = state.store.counts().await.map_err(ApiError::internal)?;
    let gaps = state.store.gaps(LISTED_MAX).await;
    let open = CorrectionFilter {
        open: true,
        ..CorrectionFilter::default()
    };
    let open = state.store.corrections(&open, None, LISTED_MAX).await;
    let open = open.map_err(ApiError::internal)?;
    let named = |(name, count)| Count { name, count };
    Ok(Json(Queues {
        dirty_days: counts.dirty_days,
        faulty_days: counts.faulty_days,
        unjudged: counts.unjudged,
        quarantined: counts.quarantined.into_iter().map(named).collect(),
        flagged: counts.flagged.into_iter().map(named).collect(),
        conflicts: counts.conflicts,
        chain_breaks: counts.chain_breaks,
        gaps: gaps
            .map_err(ApiError::internal)?
            .into_iter()
            .map(describe_gap)
            .collect(),
        open_requests: u64::try_from(open.len()).unwrap_or(u64::MAX),
    }))
}

fn describe_gap(gap: Gap) -> GapBody {
    GapBody {
        device_id: Text(gap.device),
        epoch: gap.epoch,
        first_missing: gap.first_missing,
        stored_beyond: gap.stored_beyond,
    }
}

/// `?day=YYYY-MM-DD` and a page of riders.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfDay {
    /// The service day.
    #[param(value_type = schema::Day, nullable = false)]
    day: Text<ServiceDay>,
    /// The `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Items of the page: 50 where it is absent, 200 at most.
    #[param(nullable = false)]
    limit: Option<u32>,
}

/// `GET /v1/operator/exceptions?day=`: journeys without a fare or an end. `limit` counts riders.
#[utoipa::path(
    get,
    path = "/v1/operator/exceptions",
    operation_id = "list_exceptions",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(OfDay),
    responses((status = 200, body = Page<ExceptionBody>, description = "Journeys."), Listing),
)]
pub(crate) async fn exceptions(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(query): Parameters<OfDay>,
) -> Result<Json<Page<ExceptionBody>>, ApiError> {
    let (cursor, limit) = (query.cursor, query.limit);
    let paging = Paging { cursor, limit };
    let day = query.day.0;
    let (after, fetch) = (paging.after()?, paging.fetch());
    let riders = state.store.exceptions(day, after, fetch).await;
    let riders = riders.map_err(ApiError::internal)?;
    let riders = paging.page(riders, |account| *account, |account| account);
    let mut items = Vec::new();
    for account in riders.items {
        let record = state.store.day_record(account, day).await;
        let journeys = record.map_err(ApiError::internal)?.journeys;
        let odd = journeys.into_iter().filter(|journey| {
            journey.status != JourneyStatus::Complete || journey.fare == StoredFare::Unpriced
        });
        items.extend(odd.map(|journey| ExceptionBody {
            account_id: Text(account),
            journey_id: Text(journey.id),
            status: status_as_str(journey.status).to_owned(),
            fare_minor: fare_minor(&journey),
            started_at: Rfc3339(journey.started_at),
            because: journey.because,
        }));
    }
    let next = riders.next;
    Ok(Json(Page { items, next }))
}

/// `GET /v1/operator/faults`: riders' days that cannot be settled or charged, in order of (day,
/// account).
#[utoipa::path(
    get,
    path = "/v1/operator/faults",
    operation_id = "list_faults",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(Paging),
    responses((status = 200, body = Page<FaultBody>, description = "Days with a fault."), Listing),
)]
pub(crate) async fn faults(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<FaultBody>>, ApiError> {
    let found = state
        .store
        .day_faults(paging.after()?, paging.fetch())
        .await;
    let found = found.map_err(ApiError::internal)?;
    let key = |fault: &DayFault| (fault.day, fault.account);
    let body = |fault: DayFault| FaultBody {
        account_id: Text(fault.account),
        day: Text(fault.day),
        because: fault.because,
        since: Rfc3339(fault.at),
    };
    Ok(Json(paging.page(found, key, body)))
}

/// `GET /v1/operator/fraud`: findings among the next riders. `limit` counts riders looked at, so a
/// page may be empty and another follow.
#[utoipa::path(
    get,
    path = "/v1/operator/fraud",
    operation_id = "list_findings",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(Paging),
    responses((status = 200, body = Page<FraudBody>, description = "Findings."), Listing),
)]
pub(crate) async fn fraud(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<FraudBody>>, ApiError> {
    let (after, fetch) = (paging.after::<AccountId>()?, paging.fetch());
    let records = state.store.accounts_page(after, fetch).await;
    let records = records.map_err(ApiError::internal)?;
    let read = paging.page(records, |record| record.account, |record| record);
    let mut search = Search::new(&state.city, Limits::default());
    let days = ServiceDay::from_days(i32::MIN)..=ServiceDay::from_days(i32::MAX);
    for record in &read.items {
        search.account(record, &days);
    }
    let cases = search.finish().into_iter();
    let items = cases.filter_map(|case| match case.subject {
        Subject::Account(account) => Some(FraudBody {
            account_id: Text(account),
            advice: case.advice().as_str().to_owned(),
            findings: case
                .findings
                .into_iter()
                .map(|finding| FindingBody {
                    day: Text(finding.day),
                    kind: finding.kind.as_str().to_owned(),
                    because: finding.because,
                })
                .collect(),
        }),
        // A device's findings need every rider's taps: `faregate fraud` looks at them all.
        Subject::Device(_) => None,
    });
    Ok(Json(Page {
        items: items.collect(),
        next: read.next,
    }))
}

/// `?account=…&day=…` and a page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfCharges {
    /// Only of this account.
    #[param(value_type = Option<schema::Uuid>, nullable = false)]
    account: Option<Text<AccountId>>,
    /// The service day.
    #[param(value_type = Option<schema::Day>, nullable = false)]
    day: Option<Text<ServiceDay>>,
    /// The `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Items of the page: 50 where it is absent, 200 at most.
    #[param(nullable = false)]
    limit: Option<u32>,
}

/// `GET /v1/operator/charges`: in order of (day, account, revision).
#[utoipa::path(
    get,
    path = "/v1/operator/charges",
    operation_id = "list_charges",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(OfCharges),
    responses((status = 200, body = Page<ListedCharge>, description = "Charges."), Listing),
)]
pub(crate) async fn charges(
    State(state): State<AppState>,
    _staff: Looker,
    Parameters(query): Parameters<OfCharges>,
) -> Result<Json<Page<ListedCharge>>, ApiError> {
    let filter = ChargeFilter {
        account: query.account.map(|account| account.0),
        day: query.day.map(|day| day.0),
    };
    let (cursor, limit) = (query.cursor, query.limit);
    let paging = Paging { cursor, limit };
    let (after, fetch) = (paging.after()?, paging.fetch());
    let found = state.store.charges(&filter, after, fetch).await;
    let found = found.map_err(ApiError::internal)?;
    Ok(Json(paging.page(found, ChargeKey::of, describe_charge)))
}

fn describe_charge(charge: StoredCharge) -> ListedCharge {
    ListedCharge {
        charge_id: Text(charge.id),
        account_id: Text(charge.account),
        day: Text(charge.day),
        revision: charge.revision,
        amount_minor: charge.amount.as_minor(),
        state: charge.state.as_str().to_owned(),
        at: Rfc3339(charge.at),
        because: charge.because,
    }
}

/// `?language=`, a tag like `zh-CN`; English where it is left out.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct In {
    /// A tag like `zh-CN`; English where it is left out.
    #[param(nullable = false)]
    language: Option<String>,
}

impl In {
    fn language(&self) -> Result<Language, ApiError> {
        let Some(tag) = &self.language else {
            return Ok(Language::English);
        };
        Language::of_tag(tag).ok_or_else(|| {
            Problem::new(ProblemCode::InvalidQuery, "a query parameter is wrong")
                .at("query:language", "expected en, zh or ko")
                .into()
        })
    }
}

/// `GET /v1/operator/charges/{id}?language=`: why it is what it is. Who looked is in the audit
/// trail: it is where somebody was and when.
#[utoipa::path(
    get,
    path = "/v1/operator/charges/{id}",
    operation_id = "explain_charge",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    params(("id" = schema::Uuid, Path, description = "The charge."), In),
    responses((status = 200, body = ChargeExplanation, description = "Why."), Explaining),
)]
pub(crate) async fn charge(
    State(state): State<AppState>,
    staff: Looker,
    Segment(id): Segment,
    Parameters(spoken): Parameters<In>,
) -> Result<Json<ChargeExplanation>, ApiError> {
    let language = spoken.language()?;
    let charge = find_charge(&state, &id).await?;
    let (account, day) = (charge.account, charge.day);
    let of_account = CorrectionFilter {
        account: Some(account),
        ..CorrectionFilter::default()
    };
    let requests = state.store.corrections(&of_account, None, LISTED_MAX).await;
    let line = AuditLine {
        at: state.now(),
        who: staff.actor(),
        action: "charge.look".to_owned(),
        subject: charge.id.to_string(),
        detail: format!("account {account}, {day}"),
    };
    state.store.audit(&line).await.map_err(ApiError::internal)?;
    let requests = requests.map_err(ApiError::internal)?;
    let explained = explain(&state.store, &state.city, &charge, &requests, language).await;
    Ok(Json(explained.map_err(ApiError::internal)?))
}

/// The charge of that id.
///
/// # Errors
/// 404 for an id that is unknown, and for a text that is none: both answer alike.
pub(crate) async fn find_charge(state: &AppState, id: &str) -> Result<StoredCharge, ApiError> {
    let unknown = || Problem::new(ProblemCode::NotFound, "There is no such charge.");
    let id = ChargeId::parse(id).map_err(|_| unknown())?;
    let found = state.store.charge(id).await.map_err(ApiError::internal)?;
    Ok(found.ok_or_else(unknown)?)
}
