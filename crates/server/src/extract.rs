//! Extractors whose refusals are problems: raw bodies and query parameters.

use std::time::Duration;

use api::{Problem, ProblemCode};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::ApiError;
use crate::app::not_found;

/// How long a body may take: a full batch over the slowest cell modem needs less.
const BODY_TIME_MAX: Duration = Duration::from_mins(2);

/// A whole body, within the route's limit of bytes.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let reading = Bytes::from_request(request, state);
        let bytes = tokio::time::timeout(BODY_TIME_MAX, reading)
            .await
            .map_err(|_| {
                let detail = format!("the body took more than {} s", BODY_TIME_MAX.as_secs());
                Problem::new(ProblemCode::BodyUnreadable, detail)
            })?
            .map_err(|rejection| {
                let code = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    ProblemCode::BodyTooLarge
                } else {
                    ProblemCode::BodyUnreadable
                };
                Problem::new(code, rejection.body_text())
            })?;
        Ok(Self(bytes))
    }
}

/// The one variable segment of the path. What is no UTF-8 names nothing.
#[derive(Clone, Debug)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Path::from_request_parts(parts, state).await;
        let Path(text) = read.map_err(|_| not_found(parts.uri.path()))?;
        Ok(Self(text))
    }
}

/// The parameters of the query.
#[derive(Clone, Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(read) = Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::new(ProblemCode::InvalidQuery, rejection.body_text()))?;
        Ok(Self(read))
    }
}
