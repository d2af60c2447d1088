//! `GET /v1/me/activity`: a rider's day, every amount with its reason.

use api::schema;
use api::{
    Activity, ChargeBody, FareLineBody, JourneyBody, Problem, ProblemCode, Rfc3339, RuleBody,
    TapBody, TapBodyKind, Text,
};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use settlement::model::{self, StoredCharge, StoredFare, StoredJourney};
use settlement::statement::{self, Statement, StatementTap};
use tariff::TapKind;
use units::{AccountId, ServiceDay};
use utoipa::IntoParams;

use crate::document::{QUERY, SESSION, problems};
use crate::{ApiError, AppState, Parameters, Session};

problems! {
    Problems: SESSION, QUERY;
}

/// `?day=YYYY-MM-DD`; today's service day where it is left out.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Day {
    /// The service day; today's where it is absent.
    #[param(value_type = Option<schema::Day>, nullable = false)]
    day: Option<String>,
}

/// Answers with the day of the session's own rider; nobody can ask for another's.
#[utoipa::path(
    get,
    path = "/v1/me/activity",
    operation_id = "read_activity",
    tag = "riders",
    security(("session" = [])),
    params(Day),
    responses((status = 200, body = Activity, description = "The day."), Problems),
)]
pub(crate) async fn of_session(
    State(state): State<AppState>,
    Session(rider): Session,
    Parameters(query): Parameters<Day>,
) -> Result<Json<Activity>, ApiError> {
    let day = match query.day {
        None => state.city.service_day(state.now()),
        Some(text) => ServiceDay::parse(&text).map_err(|error| {
            Problem::new(ProblemCode::InvalidQuery, "a query parameter is wrong")
                .at("query:day", error.to_string())
        })?,
    };
    activity(&state, rider.account, day).await.map(Json)
}

/// The day of `account`: taps, journeys, charges.
///
/// # Errors
/// A problem of kind `internal` when the store cannot be read.
pub async fn activity(
    state: &AppState,
    account: AccountId,
    day: ServiceDay,
) -> Result<Activity, ApiError> {
    let currency = state.city.currency();
    let statement = statement::of_day(&state.store, account, day, currency)
        .await
        .map_err(ApiError::internal)?;
    Ok(describe(state, statement))
}

fn describe(state: &AppState, statement: Statement) -> Activity {
    let taps = statement
        .taps
        .iter()
        .map(|tap| describe_tap(state, tap))
        .collect();
    let journeys = statement
        .journeys
        .into_iter()
        .map(|journey| describe_journey(state, journey))
        .collect();
    let charges = statement.charges.into_iter().map(describe_charge).collect();
    Activity {
        day: Text(statement.day),
        currency: state.city.currency().to_string(),
        taps,
        journeys,
        charges,
        // The ledger writes a debt below zero; a rider reads what is still to pay.
        balance_minor: statement.balance.as_minor().saturating_neg(),
    }
}

fn describe_tap(state: &AppState, tap: &StatementTap) -> TapBody {
    let stop_name = state
        .city
        .stop(&tap.stop)
        .map_or_else(|| tap.stop.as_str().to_owned(), |stop| stop.name.clone());
    TapBody {
        tap_id: Text(tap.id),
        at: Rfc3339(tap.at),
        kind: match tap.kind {
            TapKind::On => TapBodyKind::On,
            TapKind::Off => TapBodyKind::Off,
        },
        stop_id: Text(tap.stop),
        stop_name,
        route_id: tap.route.map(Text),
        decision: validator::decision_name(tap.decision).to_owned(),
        flag: tap.flag.map(|flag| flag.as_str().to_owned()),
    }
}

fn describe_journey(state: &AppState, journey: StoredJourney) -> JourneyBody {
    let longest = state.city.longest_journey();
    let open = journey.is_open(state.now(), longest);
    let status = if open {
        "open"
    } else {
        model::status_as_str(journey.status)
    };
    let because = if open {
        let minutes = longest.as_secs() / 60;
        format!(
            "The journey is under way: tap off and its fare is known. Without a tap off within \
             {minutes} minutes it costs the maximum fare shown here."
        )
    } else {
        journey.because
    };
    let lines = journey.lines.into_iter().map(|line| FareLineBody {
        amount_minor: line.amount.as_minor(),
        because: line.because,
        rule: line.rule.map(|rule| RuleBody {
            file: rule.file,
            row: u32::try_from(rule.row).unwrap_or(u32::MAX),
        }),
    });
    JourneyBody {
        journey_id: Text(journey.id),
        status: status.to_owned(),
        taps: journey.taps.into_iter().map(Text).collect(),
        fare_minor: match journey.fare {
            StoredFare::Priced(amount) => Some(amount.as_minor()),
            StoredFare::Unpriced => None,
        },
        because,
        lines: if open { Vec::new() } else { lines.collect() },
    }
}

fn describe_charge(charge: StoredCharge) -> ChargeBody {
    ChargeBody {
        charge_id: Text(charge.id),
        amount_minor: charge.amount.as_minor(),
        state: charge.state.as_str().to_owned(),
        because: charge.because,
    }
}
