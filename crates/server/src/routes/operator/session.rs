//! Signing a browser in and out.

use api::{Problem, ProblemCode, SessionToken, SignIn, StaffBody};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use settlement::corrections::AuditLine;
use settlement::model::Actor;
use settlement::staff::{SESSION_LIFE, Staff, StaffStore as _, Task};

use super::auth::{COOKIE, Looker, cookie, hash};
use crate::document::{BYTES, JSON, SESSION, STAFF, problems};
use crate::routes::body::{JsonBody, keep_out_of_caches};
use crate::{ApiError, AppState};

problems! {
    Opening: BYTES, JSON, SESSION;
    Closing: STAFF;
    Looking: SESSION;
}

/// `POST /v1/operator/session`: the token of staff becomes a session's cookie.
#[utoipa::path(
    post,
    path = "/v1/operator/session",
    operation_id = "sign_in",
    tag = "staff",
    request_body = SignIn,
    responses(
        (status = 200, body = StaffBody, description = "Signed in: the cookie is set."),
        Opening,
    ),
)]
pub(crate) async fn open(
    State(state): State<AppState>,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<Response, ApiError> {
    let unknown = || {
        let problem = Problem::new(
            ProblemCode::Unauthorized,
            "Nobody of the staff has this token.",
        );
        ApiError::from(problem.at("/token", "expected the token of `faregate staff add`"))
    };
    let token = SessionToken::from_text(body.token.trim()).map_err(|_| unknown())?;
    let staff = state.store.staff_of_token(&hash(&token)).await;
    let staff = staff.map_err(ApiError::internal)?.ok_or_else(unknown)?;
    let mut bytes = [0; 32];
    (state.rng)(&mut bytes);
    let session = SessionToken::from_bytes(bytes);
    let now = state.now();
    let line = AuditLine {
        at: now,
        who: Actor::Staff(staff.name.clone()),
        action: "session.open".to_owned(),
        subject: staff.name.to_string(),
        detail: String::new(),
    };
    let ends = now.plus(SESSION_LIFE);
    let key = hash(&session);
    let opened = state.store.open_session(&key, &staff.name, ends, &line);
    opened.await.map_err(ApiError::internal)?;
    let mut response = Json(describe(&state, &staff)).into_response();
    set_cookie(&mut response, &session.to_text(), SESSION_LIFE.as_secs())?;
    Ok(response)
}

/// `DELETE /v1/operator/session`: ends the session of the cookie.
#[utoipa::path(
    delete,
    path = "/v1/operator/session",
    operation_id = "sign_out",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    responses((status = 204, description = "Signed out."), Closing),
)]
pub(crate) async fn close(
    State(state): State<AppState>,
    _staff: Looker,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = cookie(&headers) {
        let closed = state.store.close_session(&hash(&token)).await;
        closed.map_err(ApiError::internal)?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, "", 0)?;
    Ok(response)
}

/// `GET /v1/operator/me`: who is signed in.
#[utoipa::path(
    get,
    path = "/v1/operator/me",
    operation_id = "read_staff",
    tag = "staff",
    security(("staff_token" = []), ("staff_cookie" = [])),
    responses((status = 200, body = StaffBody, description = "Who is signed in."), Looking),
)]
pub(crate) async fn me(State(state): State<AppState>, staff: Looker) -> Json<StaffBody> {
    Json(describe(&state, &staff.0))
}

fn describe(state: &AppState, staff: &Staff) -> StaffBody {
    let currency = state.city.currency();
    StaffBody {
        name: staff.name.to_string(),
        role: staff.role.as_str().to_owned(),
        may_propose: staff.role.may(Task::Propose),
        may_decide: staff.role.may(Task::Decide),
        city: state.city.name().to_owned(),
        exponent: u8::try_from(currency.minor_digits()).unwrap_or(2),
        currency: currency.to_string(),
    }
}

fn set_cookie(response: &mut Response, value: &str, seconds: i64) -> Result<(), ApiError> {
    let cookie =
        format!("{COOKIE}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict");
    let cookie = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
    let headers = response.headers_mut();
    headers.insert(header::SET_COOKIE, cookie);
    keep_out_of_caches(headers);
    Ok(())
}
