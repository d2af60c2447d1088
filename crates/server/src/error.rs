//! Errors of routes: every one leaves as an RFC 9457 problem.

use api::{Problem, ProblemCode};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a route answers instead of what it was asked for.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    /// Our own failure. The cause goes to the log; the caller learns only that it may try again.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        let mut told = cause.to_string();
        let mut below = cause.source();
        while let Some(error) = below {
            told = format!("{told}: {error}");
            below = error.source();
        }
        tracing::error!(error = told, "a request failed");
        Problem::new(ProblemCode::Internal, "The request may be sent again.").into()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&*self.0)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 11.6.1: a 401 says how to authenticate.
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
