//! Entity tags (RFC 9110 section 8.8.3): who holds the present answer is told so in a few bytes.
//!
//! Every answer to a read that may be kept has one, the SHA-256 of its bytes where the route names
//! no other. What was answered to somebody in particular may not be kept, and has none.

use std::collections::BTreeMap;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use utoipa::IntoResponses;
use utoipa::openapi::RefOr;
use utoipa::openapi::response::ResponseBuilder;

use crate::ApiError;

/// Answers 304 where `If-None-Match` names the tag of what would be answered.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let asked = request.headers();
    let is_somebody =
        asked.contains_key(header::AUTHORIZATION) || asked.contains_key(header::COOKIE);
    let held: Vec<HeaderValue> = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .cloned()
        .collect();
    let mut response = next.run(request).await;
    if !is_read || response.status() != StatusCode::OK {
        return response;
    }
    let said = response.headers_mut();
    if is_somebody && !said.contains_key(header::CACHE_CONTROL) {
        said.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if said
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| value == "no-store")
    {
        return response;
    }
    let (tag, response) = match tagged(response).await {
        Ok(tagged) => tagged,
        Err(error) => return ApiError::internal(error).into_response(),
    };
    match tag {
        Some(tag) if names(&held, &tag) => unchanged(response.headers()),
        _ => response,
    }
}

/// The response with its tag; a stream has none.
async fn tagged(mut response: Response) -> Result<(Option<HeaderValue>, Response), axum::Error> {
    if let Some(tag) = response.headers().get(header::ETAG) {
        let tag = tag.clone();
        return Ok((Some(tag), response));
    }
    let Some(length) = response.body().size_hint().exact() else {
        return Ok((None, response));
    };
    let body = std::mem::take(response.body_mut());
    let bytes = to_bytes(body, usize::try_from(length).unwrap_or(usize::MAX)).await?;
    let tag = tag_of(&Sha256::digest(&bytes).into());
    *response.body_mut() = Body::from(bytes);
    response.headers_mut().insert(header::ETAG, tag.clone());
    Ok((Some(tag), response))
}

/// The tag of content with this SHA-256.
pub(crate) fn tag_of(hash: &[u8; 32]) -> HeaderValue {
    let mut text = String::with_capacity(66);
    text.push('"');
    text.push_str(&issuer::lists::hex(hash));
    text.push('"');
    // Hexadecimal digits are always a header's value.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names `tag` (RFC 9110 section 13.1.2: weak comparison).
fn names(held: &[HeaderValue], tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let values = held.iter().filter_map(|value| value.to_str().ok());
    let mut each = values.flat_map(|value| value.split(',')).map(str::trim);
    each.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// 304 with what a cache needs to keep its answer (RFC 9110 section 15.4.5).
fn unchanged(told: &HeaderMap) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    for name in [header::ETAG, header::CACHE_CONTROL] {
        if let Some(value) = told.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// What a route answers to whoever holds its present answer, for its description.
pub(crate) struct Unchanged;

impl IntoResponses for Unchanged {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let response = ResponseBuilder::new().description("`If-None-Match` names what is here.");
        BTreeMap::from([("304".to_owned(), RefOr::T(response.build()))])
    }
}
