//! Bodies of the issuer's routes: JSON in, fresh secrets out.

use api::{Problem, ProblemCode, parse_json};
use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ApiError, RawBody};

/// A JSON body, read by `api::parse_json` so that every error names its place.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        check_is_json(request.headers())?;
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        Ok(Self(parse_json(&bytes)?))
    }
}

/// 201 with a body that no cache may keep: challenges, sessions and codes are for one asker.
pub(crate) fn created(body: &impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    keep_out_of_caches(response.headers_mut());
    response
}

/// Forbids caches to keep the response (RFC 9111 section 5.2.2.5).
pub(crate) fn keep_out_of_caches(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// `application/json`, with or without parameters.
pub(crate) fn check_is_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let named = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or("?"));
    let kind = named
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    let detail = format!(
        "expected application/json, got {}",
        named.unwrap_or("no media type")
    );
    let problem = Problem::new(ProblemCode::UnsupportedMediaType, detail.clone());
    Err(problem.at("header:content-type", detail).into())
}
