//! Extractors whose refusals are problems: raw bodies and query parameters.

use api::{Problem, ProblemCode};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// A whole body, within the route's limit of bytes.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state)
            .await
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
